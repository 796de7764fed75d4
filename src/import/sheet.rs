//! Spreadsheets: .xlsx cell by cell, .xls and .ods as a whole, as `calamine` reads them.
//!
//! A sheet is held in memory. What an archive unpacks to is bounded before it is opened, cells while they are read; .ods
//! and .xls are unpacked by the library at one go, so their bounds are tighter.

use std::fs::File;
use std::io::{BufReader, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use calamine::{Data, DataRef, ExcelDateTime, Ods, Reader, Xls, Xlsx};

use super::table::{Progress, Raw, Row, too_many_columns};
use super::{MAX_COLUMNS, MAX_ROWS, zip};
use crate::say;
use crate::source::Message;

/// Bytes that an .xlsx may unpack to.
const MAX_XLSX: u64 = 2 << 30;
/// Bytes that an .ods may unpack to, and that an .xls may have.
const MAX_WHOLE: u64 = 256 << 20;
/// How long an .ods or .xls may take: ten times what one of that size does.
const LONGEST: Duration = Duration::from_secs(120);
/// Bytes of all cells of a sheet together.
const MAX_CELLS: usize = 1 << 30;

/// A format of spreadsheets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Xlsx,
    Xls,
    Ods,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Format::Xlsx => "Excel .xlsx",
            Format::Xls => "Excel .xls",
            Format::Ods => "OpenDocument .ods",
        }
    }
}

pub(super) fn open(
    mut file: File,
    format: Format,
    sheet: Option<&str>,
    progress: &mut Progress,
) -> Result<Raw, Message> {
    let failed = |error: std::io::Error| say!("读取失败：{error}", "reading failed: {error}");
    let (size, most) = match format {
        Format::Xls => (file.metadata().map(|metadata| metadata.len()).map_err(failed)?, MAX_WHOLE),
        _ => {
            let size = zip::unpacked_size(&mut file).map_err(failed)?;
            let broken = || say!("文件已损坏：压缩目录读不出来", "is damaged: the archive's directory cannot be read");
            (size.ok_or_else(broken)?, if format == Format::Xlsx { MAX_XLSX } else { MAX_WHOLE })
        }
    };
    if size > most {
        let (size, most) = (size >> 20, most >> 20);
        return Err(say!(
            "解压后有 {size} MB，最多 {most} MB；请另存为 CSV 或分成几个文件",
            "unpacks to {size} MB, at most {most} MB: save it as CSV, or split it"
        ));
    }
    file.rewind().map_err(failed)?;
    let wanted = sheet.map(str::to_owned);
    let (sheet, rows) = match format {
        Format::Xlsx => guarded(|| xlsx(file, sheet)),
        Format::Xls => within(LONGEST, move || {
            let mut book = Xls::new(BufReader::new(file)).map_err(|error| damaged(&error))?;
            whole(&mut book, wanted.as_deref())
        }),
        Format::Ods => within(LONGEST, move || {
            let mut book = Ods::new(BufReader::new(file)).map_err(|error| damaged(&error))?;
            whole(&mut book, wanted.as_deref())
        }),
    }?;
    progress.total = rows.len() as u64;
    let done = Arc::clone(&progress.done);
    let rows = rows.into_iter().map(move |row| {
        done.fetch_add(1, Ordering::Relaxed);
        Ok(row)
    });
    Ok(Raw { columns: None, rows: Box::new(rows), format: format.name(), encoding: None, sheet: Some(sheet) })
}

/// Runs the library on a thread of its own and waits for it so long, at the most: in some damaged files it follows a
/// chain of sectors that leads back to itself. Such a thread is left to itself and ends with the program.
fn within<T: Send + 'static>(
    longest: Duration,
    read: impl FnOnce() -> Result<T, Message> + Send + 'static,
) -> Result<T, Message> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(guarded(read)));
    receive.recv_timeout(longest).unwrap_or_else(|_| {
        let seconds = longest.as_secs();
        Err(say!(
            "读了 {seconds} 秒还没有读完，文件多半已损坏；请在表格软件里打开后另存为 .xlsx 或 CSV",
            "was not read within {seconds} s and is most likely damaged: open it in a spreadsheet program and save it as .xlsx or CSV"
        ))
    })
}

/// Runs the library, which panics on some damaged files, and makes an error of that.
fn guarded<T>(read: impl FnOnce() -> Result<T, Message>) -> Result<T, Message> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = catch_unwind(AssertUnwindSafe(read));
    std::panic::set_hook(hook);
    result.unwrap_or_else(|_| Err(say!("文件已损坏，无法读取", "is damaged and cannot be read")))
}

fn damaged(error: &dyn std::error::Error) -> Message {
    say!("打不开，文件可能已损坏或有密码：{error}", "cannot be opened, it may be damaged or have a password: {error}")
}

/// The sheet that was asked for, or the only one with a name.
fn choose(names: &[String], wanted: Option<&str>) -> Result<String, Message> {
    let list = || names.join("、");
    match (wanted, names) {
        (Some(wanted), _) => names.iter().find(|name| *name == wanted).cloned().ok_or_else(|| {
            let list = list();
            say!("没有工作表“{wanted}”，有：{list}", "there is no sheet `{wanted}`; there are: {list}")
        }),
        (None, [first, ..]) => Ok(first.clone()),
        (None, []) => Err(say!("没有工作表", "has no sheets")),
    }
}

/// Rows as they are put together from cells.
#[derive(Default)]
struct Sheet {
    rows: Vec<Row>,
    bytes: usize,
}

impl Sheet {
    /// Adds a cell; rows and columns count from 0. Cells of a row come one after the other, rows in order.
    fn add(&mut self, row: u32, column: u32, text: String) -> Result<(), Message> {
        if text.is_empty() {
            return Ok(());
        }
        let (number, column) = (u64::from(row) + 1, column as usize);
        if column >= MAX_COLUMNS {
            return Err(too_many_columns(column + 1));
        }
        self.bytes += text.len() + size_of::<String>();
        if self.bytes > MAX_CELLS || self.rows.len() as u64 > MAX_ROWS {
            return Err(say!("内容太多，请分成几个文件", "holds too much: please split it"));
        }
        if self.rows.last().is_none_or(|last| last.number < number) {
            self.rows.push(Row { number, cells: Vec::new() });
        }
        let Some(last) = self.rows.last_mut().filter(|last| last.number == number) else {
            return Err(say!("文件已损坏：行的顺序不对", "is damaged: its rows are out of order"));
        };
        if last.cells.len() <= column {
            // Cells that are not there take room too.
            self.bytes += (column + 1 - last.cells.len()) * size_of::<String>();
            last.cells.resize(column + 1, String::new());
        }
        last.cells[column] = text;
        Ok(())
    }
}

fn xlsx(file: File, wanted: Option<&str>) -> Result<(String, Vec<Row>), Message> {
    let mut book = Xlsx::new(BufReader::new(file)).map_err(|error| damaged(&error))?;
    let name = choose(&book.sheet_names(), wanted)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(|error| damaged(&error))?;
    let mut sheet = Sheet::default();
    while let Some(cell) = cells.next_cell().map_err(|error| damaged(&error))? {
        let (row, column) = cell.get_position();
        let text = match cell.get_value() {
            DataRef::SharedString(text) => unescaped(text),
            DataRef::String(text) => unescaped(text),
            DataRef::Int(number) => number.to_string(),
            DataRef::Float(number) => float(*number),
            DataRef::Bool(value) => value.to_string(),
            DataRef::DateTime(moment) => date_time(*moment),
            DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
            DataRef::Error(_) | DataRef::Empty => String::new(),
        };
        sheet.add(row, column, text)?;
    }
    Ok((name, sheet.rows))
}

fn whole<B: Reader<BufReader<File>>>(book: &mut B, wanted: Option<&str>) -> Result<(String, Vec<Row>), Message>
where
    B::Error: std::error::Error,
{
    let name = choose(&book.sheet_names(), wanted)?;
    let range = book.worksheet_range(&name).map_err(|error| damaged(&error))?;
    let (first_row, first_column) = range.start().unwrap_or_default();
    let mut sheet = Sheet::default();
    for (row, column, value) in range.used_cells() {
        let text = match value {
            Data::String(text) => unescaped(text),
            Data::Int(number) => number.to_string(),
            Data::Float(number) => float(*number),
            Data::Bool(value) => value.to_string(),
            Data::DateTime(moment) => date_time(*moment),
            Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
            Data::Error(_) | Data::Empty => String::new(),
        };
        sheet.add(first_row + row as u32, first_column + column as u32, text)?;
    }
    Ok((name, sheet.rows))
}

/// Line breaks as people mean them: Excel writes a carriage return as `_x000D_`.
fn unescaped(text: &str) -> String {
    if text.contains("_x000D_") { text.replace("_x000D_", "") } else { text.to_owned() }
}

/// A number as a person would write it: an id has no `.0`.
fn float(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e18 { format!("{number:.0}") } else { number.to_string() }
}

fn date_time(moment: ExcelDateTime) -> String {
    if moment.is_duration() {
        return float(moment.as_f64());
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_never_read_to_its_end_is_an_error() {
        let endless = || -> Result<(), Message> {
            loop {
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        let refused = within(Duration::from_millis(50), endless).map_err(|message| message.en);
        assert!(refused.is_err_and(|why| why.contains("most likely damaged")));
        assert_eq!(within(Duration::from_secs(60), || Ok(7)).map_err(|message| message.en), Ok(7));
        let panics = || -> Result<u8, Message> { Ok(Vec::new().remove(0)) };
        assert!(within(Duration::from_secs(60), panics).is_err_and(|message| message.en.contains("is damaged")));
    }
}
