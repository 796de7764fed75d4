//! Tables of text with a delimiter: CSV after RFC 4180, with `,`, `;`, tab or `|` between cells.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ByteRecord, ReaderBuilder};

use super::encoding::Decoded;
use super::report::Reason;
use super::table::{Progress, Raw, Row, Unread, Unreadable, too_many_columns};
use super::{Encoding, MAX_COLUMNS};
use crate::say;
use crate::source::Message;

/// Bytes of a row, at the most. A quotation mark that is opened and not closed makes one row of all that follows.
const MAX_RECORD: u64 = 8 << 20;
/// Delimiters that are told apart; of two that fit equally well the first.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// Bytes in which the delimiter is looked for.
const LOOKED_AT: usize = 64 << 10;

/// Counts the bytes it hands on.
pub(super) struct Counting<R> {
    pub(super) inner: R,
    pub(super) done: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.done.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// Fails when too much is read before anybody says that a row is over.
struct Bounded<R> {
    inner: R,
    since: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since.get() > MAX_RECORD {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a row of more than 8 MB"));
        }
        let length = self.inner.read(buffer)?;
        self.since.set(self.since.get() + length as u64);
        Ok(length)
    }
}

pub(super) fn open(file: File, encoding: Encoding, progress: &Progress) -> Result<Raw, Message> {
    let counted = Counting { inner: file, done: Arc::clone(&progress.done) };
    let mut decoded = Decoded::new(counted, encoding, Arc::clone(&progress.replaced));
    let mut begin = Vec::new();
    decoded.by_ref().take(LOOKED_AT as u64).read_to_end(&mut begin).map_err(|error| unreadable(&error, 1))?;
    if begin.contains(&0) {
        return Err(say!("里面有空字节，不是文本表格", "has NUL bytes in it: no table of text"));
    }
    let delimiter = delimiter(&begin);
    let since = Rc::new(Cell::new(0));
    let whole = io::Cursor::new(begin).chain(decoded);
    let reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(Bounded { inner: whole, since: Rc::clone(&since) });
    let rows = Records { reader, since, failed: false, is_first: true };
    let format = if delimiter == b'\t' { "TSV" } else { "CSV" };
    Ok(Raw { columns: None, rows: Box::new(rows), format, encoding: Some(encoding), sheet: None })
}

/// The delimiter that cuts the first lines into the same number of cells, and into most.
fn delimiter(begin: &[u8]) -> u8 {
    let score = |delimiter: u8| {
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(begin);
        let lengths: Vec<usize> = reader.byte_records().take(20).filter_map(Result::ok).map(|row| row.len()).collect();
        let usual = lengths.iter().copied().max_by_key(|length| lengths.iter().filter(|l| *l == length).count());
        let usual = usual.filter(|length| *length > 1).unwrap_or(0);
        let share = lengths.iter().filter(|length| **length == usual).count() * 100 / lengths.len().max(1);
        if usual == 0 { (0, 0) } else { (share / 25, usual) }
    };
    let best = DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter));
    best.unwrap_or(b',')
}

struct Records<R> {
    reader: csv::Reader<R>,
    since: Rc<Cell<u64>>,
    failed: bool,
    is_first: bool,
}

impl<R: Read> Iterator for Records<R> {
    type Item = Result<Row, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let number = self.reader.position().line();
        let mut record = ByteRecord::new();
        self.since.set(0);
        match self.reader.read_byte_record(&mut record) {
            Ok(true) => {
                // Where the row began, after blank lines.
                let number = record.position().map_or(number, csv::Position::line);
                let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
                let cells = |record: &ByteRecord| record.iter().map(text).collect::<Vec<String>>();
                let unread = |reason, detail| Unreadable::Row(Unread { number, reason, detail, cells: cells(&record) });
                if record.len() > MAX_COLUMNS {
                    // The first row says how wide the table is; a later one may have come apart.
                    let too_wide = too_many_columns(record.len());
                    self.failed = self.is_first;
                    let row = || unread(Reason::WrongColumns, record.len().to_string());
                    return Some(Err(if self.is_first { Unreadable::File(too_wide) } else { row() }));
                }
                self.is_first = false;
                if record.iter().any(|cell| cell.contains(&0)) {
                    return Some(Err(unread(Reason::Damaged, "NUL".to_owned())));
                }
                Some(Ok(Row { number, cells: cells(&record) }))
            }
            Ok(false) => None,
            Err(error) => {
                self.failed = true;
                let message = match error.into_kind() {
                    csv::ErrorKind::Io(error) => unreadable(&error, number),
                    other => say!("第 {number} 行读不懂：{other:?}", "cannot read line {number}: {other:?}"),
                };
                Some(Err(Unreadable::File(message)))
            }
        }
    }
}

fn unreadable(error: &io::Error, line: u64) -> Message {
    if error.kind() != io::ErrorKind::InvalidData {
        return say!("读取失败：{error}", "reading failed: {error}");
    }
    say!(
        "第 {line} 行起读不懂：{error}。可能是引号没有成对，或编码不对（用 --encoding 指定）",
        "cannot be read from line {line} on: {error}. Perhaps a quotation mark is not closed, or the encoding is another (see --encoding)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_found() {
        for (text, expect) in [
            ("编号,内容\n1,一，二；三\n2,a;b;c\n", b','),
            ("编号\t内容\n1\t一,二,三\n2\ta,b\n", b'\t'),
            ("编号;内容\n1;a,b\n2;a\n", b';'),
            ("编号|内容|备注\n1|a,b|\n2|a|\n", b'|'),
            ("内容\n路灯不亮\n", b','),
            ("a,b\n\"1;2;3\n4;5\",x\n", b','),
            ("", b','),
        ] {
            assert_eq!(delimiter(text.as_bytes()) as char, expect as char, "{text}");
        }
    }
}
