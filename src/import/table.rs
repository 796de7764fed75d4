//! A table of any format: columns and rows of text.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::report::Reason;
use super::sheet::{self, SheetReader};
use super::{Encoding, MAX_COLUMNS, MAX_FILE, delimited, json_lines};
use crate::say;
use crate::source::Message;

/// Rows among which the header is looked for: some exports put a title above it.
const HEADER_WITHIN: usize = 10;
/// Rows that are looked at before anything is decided.
pub(super) const SAMPLE: usize = 1_000;
/// Characters of a column's name, at the most.
const MAX_NAME: usize = 100;

/// A row as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Line or row number in the file, from 1.
    pub(super) number: u64,
    /// One text a column; there may be fewer or more than columns.
    pub(super) cells: Vec<String>,
}

/// Why a row could not be had.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// This row alone.
    Row(Unread),
    /// The file from here on.
    File(Message),
}

/// A row that could not be read.
#[derive(Debug)]
pub(super) struct Unread {
    /// Line or row number in the file, from 1.
    pub(super) number: u64,
    pub(super) reason: Reason,
    /// What exactly.
    pub(super) detail: String,
    /// What stands there, as far as it could be told; the line as a whole where that has no cells.
    pub(super) cells: Vec<String>,
}

pub(super) type Rows = Box<dyn Iterator<Item = Result<Row, Unreadable>>>;

/// What a reader of one format gives.
pub(super) struct Raw {
    /// Columns, where the format names them itself.
    pub(super) columns: Option<Vec<String>>,
    pub(super) rows: Rows,
    pub(super) format: &'static str,
    pub(super) encoding: Option<Encoding>,
    pub(super) sheet: Option<String>,
}

/// How to open a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opening<'a> {
    pub(super) sheet: Option<&'a str>,
    pub(super) encoding: Option<Encoding>,
    pub(super) reader: &'a SheetReader,
}

/// Bytes (or rows, of sheets) read and to be read.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) done: Arc<AtomicU64>,
    pub(super) total: u64,
    /// Characters that could not be decoded.
    pub(super) replaced: Arc<AtomicU64>,
}

/// A table with its header read; rows come as they are asked for.
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) format: &'static str,
    pub(super) encoding: Option<Encoding>,
    pub(super) sheet: Option<String>,
    /// The row the header stands in, from 1; none where the format has no header.
    pub(super) header_row: Option<u64>,
    pub(super) progress: Progress,
    sample: VecDeque<Result<Row, Unreadable>>,
    rows: Rows,
}

impl Table {
    /// Opens a file by what is in it, whatever its name says. `score` says how much a row looks like the header.
    ///
    /// # Errors
    /// It cannot be opened, is too large, is no table, or has nothing in it.
    pub(super) fn open(
        path: &Path,
        opening: Opening<'_>,
        score: impl Fn(&[String]) -> usize,
    ) -> Result<Table, Message> {
        let shown = path.display();
        let at = |message: Message| {
            let Message { zh, en } = message;
            say!("{shown}：{zh}", "{shown}: {en}")
        };
        let mut file = File::open(path).map_err(|error| at(say!("打不开：{error}", "cannot be opened: {error}")))?;
        let metadata = file.metadata().map_err(|error| at(say!("打不开：{error}", "cannot be opened: {error}")))?;
        if !metadata.is_file() {
            return Err(at(say!("不是文件", "is not a file")));
        }
        if metadata.len() > MAX_FILE {
            let most = MAX_FILE >> 20;
            return Err(at(say!(
                "太大，最多 {most} MB，请分成几个文件",
                "is too large: at most {most} MB; please split it"
            )));
        }
        let mut start = [0; 512];
        let length = file.read(&mut start).and_then(|length| file.rewind().map(|()| length));
        let length = length.map_err(|error| at(say!("读取失败：{error}", "reading failed: {error}")))?;
        let mut progress = Progress { total: metadata.len(), ..Progress::default() };
        let raw = match kind(&start[..length]).map_err(at)? {
            Kind::Sheet(format) => sheet::open(path, format, opening.sheet, opening.reader, &mut progress),
            Kind::Text => text(file, &start[..length], opening, &progress),
        };
        Table::with_header(raw.map_err(at)?, progress, score).map_err(at)
    }

    fn with_header(raw: Raw, progress: Progress, score: impl Fn(&[String]) -> usize) -> Result<Table, Message> {
        let Raw { columns, mut rows, format, encoding, sheet } = raw;
        let mut sample: VecDeque<_> = rows.by_ref().take(SAMPLE).collect();
        // What ends the file among its first rows ends the import: it is told before anything else is.
        if let Some(place) = sample.iter().position(|row| matches!(row, Err(Unreadable::File(_))))
            && let Some(Err(Unreadable::File(message))) = sample.remove(place)
        {
            return Err(message);
        }
        let (columns, header_row) = match columns {
            Some(columns) => (columns, None),
            None => {
                let (columns, number) = header(&mut sample, score)?;
                (columns, Some(number))
            }
        };
        if columns.len() > MAX_COLUMNS {
            return Err(too_many_columns(columns.len()));
        }
        Ok(Table { columns, format, encoding, sheet, header_row, progress, sample, rows })
    }

    /// The first rows that can be read, for looking at.
    pub(super) fn sample(&self) -> impl Iterator<Item = &Row> {
        self.sample.iter().filter_map(|row| row.as_ref().ok())
    }

    /// The next row.
    pub(super) fn next_row(&mut self) -> Option<Result<Row, Unreadable>> {
        self.sample.pop_front().or_else(|| self.rows.next())
    }

    /// Bytes or rows read, of how many.
    pub(super) fn position(&self) -> (u64, u64) {
        (self.progress.done.load(Ordering::Relaxed), self.progress.total)
    }
}

pub(super) fn too_many_columns(count: usize) -> Message {
    say!("有 {count} 列，最多 {MAX_COLUMNS} 列", "has {count} columns: at most {MAX_COLUMNS}")
}

/// Takes the rows up to the header off the sample.
fn header(
    sample: &mut VecDeque<Result<Row, Unreadable>>,
    score: impl Fn(&[String]) -> usize,
) -> Result<(Vec<String>, u64), Message> {
    let mut best: Option<(usize, usize)> = None;
    for (place, row) in sample.iter().take(HEADER_WITHIN).enumerate() {
        let Ok(row) = row else { continue };
        if row.cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let score = score(&row.cells);
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, place));
        }
    }
    let Some((_, place)) = best else {
        return Err(say!("里面没有内容", "has nothing in it"));
    };
    let Some(Ok(row)) = sample.drain(..=place).next_back() else {
        return Err(say!("里面没有内容", "has nothing in it"));
    };
    let name = |(place, cell): (usize, &String)| {
        let name: String = cell.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_NAME).collect();
        // A column without a name can be named by its place.
        if name.is_empty() { format!("#{}", place + 1) } else { name }
    };
    Ok((row.cells.iter().enumerate().map(name).collect(), row.number))
}

enum Kind {
    Sheet(sheet::Format),
    Text,
}

/// What a file is by its first bytes.
fn kind(start: &[u8]) -> Result<Kind, Message> {
    // [MS-CFB] 2.2, and APPNOTE.TXT 4.3.7 of the ZIP format.
    if start.starts_with(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
        return Ok(Kind::Sheet(sheet::Format::Xls));
    }
    if start.starts_with(b"PK\x03\x04") {
        // OpenDocument 1.2 part 3, 3.3: the type is the first file, stored as it is.
        let is_open_document = start.windows(46).any(|part| part == b"application/vnd.oasis.opendocument.spreadsheet");
        return Ok(Kind::Sheet(if is_open_document { sheet::Format::Ods } else { sheet::Format::Xlsx }));
    }
    let begin: Vec<u8> = start.iter().copied().filter(|b| !b.is_ascii_whitespace() && *b != 0).take(64).collect();
    let begin = begin.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&begin).to_ascii_lowercase();
    if [&b"<html"[..], b"<!doctype", b"<table", b"<?xml", b"<meta", b"<head"].iter().any(|tag| begin.starts_with(tag)) {
        return Err(say!(
            "是网页或 XML 格式的表格（有些系统导出的 .xls 其实是网页）；请用 Excel 或 WPS 打开，另存为 .xlsx 或 CSV",
            "is a web page or XML (what some systems export as .xls): open it in Excel and save it as .xlsx or CSV"
        ));
    }
    if begin.starts_with(b"%pdf") || begin.starts_with(b"{\\rtf") || begin.starts_with(b"\x1f\x8b") {
        return Err(say!("不是表格文件", "is not a table"));
    }
    Ok(Kind::Text)
}

/// Opens CSV or JSON Lines.
fn text(file: File, start: &[u8], opening: Opening<'_>, progress: &Progress) -> Result<Raw, Message> {
    let encoding = match opening.encoding {
        Some(encoding) => encoding,
        None => {
            let mut whole = &file;
            let encoding = super::encoding::detect(&mut whole)?;
            whole.rewind().map_err(|error| say!("读取失败：{error}", "reading failed: {error}"))?;
            encoding
        }
    };
    if opening.sheet.is_some() {
        return Err(say!("没有工作表，--sheet 只用于 Excel 文件", "has no sheets: --sheet is for Excel files"));
    }
    let first = start.iter().find(|b| !b.is_ascii_whitespace() && !matches!(b, 0 | 0xEF | 0xBB | 0xBF | 0xFF | 0xFE));
    match first {
        Some(b'{') => json_lines::open(file, encoding, progress),
        Some(b'[') => Err(say!(
            "是一个 JSON 数组；请改成 JSON Lines，一行一个对象",
            "is a JSON array: make it JSON Lines, one object a line"
        )),
        _ => delimited::open(file, encoding, progress),
    }
}
