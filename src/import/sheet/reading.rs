//! In the process of its own: cells of a spreadsheet, as `calamine` reads them, written as lines of JSON.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use calamine::{Data, DataRef, ExcelDateTime, Ods, Reader, Xls, Xlsx};

use super::super::table::{Row, too_many_columns};
use super::super::{MAX_COLUMNS, MAX_ROWS};
use super::{Format, Line};
use crate::say;
use crate::source::Message;

/// Bytes of memory that the process may ask for: what a sheet at its largest takes, with the shared texts of its book.
#[cfg(unix)]
const MOST_MEMORY: u64 = 4 << 30;
/// Bytes of all cells of a sheet together.
const MAX_CELLS: usize = 1 << 30;

/// Reads a sheet and writes what it holds, or why it cannot be read; the process should end then. Memory is bounded where
/// the system can do that, and a file that needs more ends the process.
///
/// # Errors
/// Nobody reads what is written.
pub fn read_sheet(path: &Path, format: Format, sheet: Option<&str>, out: &mut dyn Write) -> std::io::Result<()> {
    bound_memory();
    let mut writer = Writer { out, row: None, bytes: 0, rows: 0, lost: None };
    let ended = match read(path, format, sheet, &mut writer).and_then(|()| writer.flush()) {
        Ok(()) => Line::End(writer.rows),
        Err(message) => Line::Error { zh: message.zh, en: message.en },
    };
    writer.lost.take().map_or(Ok(()), Err)?;
    ended.write(out)
}

#[cfg(unix)]
fn bound_memory() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let most = getrlimit(Resource::As).maximum.map_or(MOST_MEMORY, |most| most.min(MOST_MEMORY));
    // Where it cannot be bounded the time still is.
    let _ = setrlimit(Resource::As, Rlimit { current: Some(most), maximum: Some(most) });
}

#[cfg(not(unix))]
fn bound_memory() {}

fn read(path: &Path, format: Format, sheet: Option<&str>, writer: &mut Writer<'_>) -> Result<(), Message> {
    let file = File::open(path).map_err(|error| say!("打不开：{error}", "cannot be opened: {error}"))?;
    let file = BufReader::new(file);
    match format {
        Format::Xlsx => xlsx(Xlsx::new(file).map_err(|error| damaged(&error))?, sheet, writer),
        Format::Xls => whole(Xls::new(file).map_err(|error| damaged(&error))?, sheet, writer),
        Format::Ods => whole(Ods::new(file).map_err(|error| damaged(&error))?, sheet, writer),
    }
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

/// Rows as they are put together from cells, each written when the next begins.
struct Writer<'o> {
    out: &'o mut dyn Write,
    row: Option<Row>,
    bytes: usize,
    rows: u64,
    /// Why nothing can be written any more.
    lost: Option<std::io::Error>,
}

impl Writer<'_> {
    fn line(&mut self, line: &Line) -> Result<(), Message> {
        line.write(&mut *self.out).map_err(|error| {
            let message = say!("读取中断：{error}", "reading was interrupted: {error}");
            self.lost = Some(error);
            message
        })
    }

    fn flush(&mut self) -> Result<(), Message> {
        let Some(Row { number, cells }) = self.row.take() else { return Ok(()) };
        self.rows += 1;
        self.line(&Line::Row(number, cells))
    }

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
        if self.bytes > MAX_CELLS || self.rows > MAX_ROWS {
            return Err(say!("内容太多，请分成几个文件", "holds too much: please split it"));
        }
        match &self.row {
            Some(last) if last.number > number => {
                return Err(say!("文件已损坏：行的顺序不对", "is damaged: its rows are out of order"));
            }
            Some(last) if last.number < number => self.flush()?,
            _ => {}
        }
        let cells = &mut self.row.get_or_insert_with(|| Row { number, cells: Vec::new() }).cells;
        if cells.len() <= column {
            // Cells that are not there take room too.
            self.bytes += (column + 1 - cells.len()) * size_of::<String>();
            cells.resize(column + 1, String::new());
        }
        cells[column] = text;
        Ok(())
    }
}

fn xlsx(mut book: Xlsx<BufReader<File>>, wanted: Option<&str>, writer: &mut Writer<'_>) -> Result<(), Message> {
    let name = choose(&book.sheet_names(), wanted)?;
    writer.line(&Line::Sheet(name.clone()))?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(|error| damaged(&error))?;
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
        writer.add(row, column, text)?;
    }
    Ok(())
}

fn whole<B: Reader<BufReader<File>>>(mut book: B, wanted: Option<&str>, writer: &mut Writer<'_>) -> Result<(), Message>
where
    B::Error: std::error::Error,
{
    let name = choose(&book.sheet_names(), wanted)?;
    writer.line(&Line::Sheet(name.clone()))?;
    let range = book.worksheet_range(&name).map_err(|error| damaged(&error))?;
    let (first_row, first_column) = range.start().unwrap_or_default();
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
        writer.add(first_row + row as u32, first_column + column as u32, text)?;
    }
    Ok(())
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
