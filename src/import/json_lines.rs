//! JSON Lines with any keys: each key is a column. Objects within are columns of their own, `承办.单位`; lists are joined.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::delimited::Counting;
use super::encoding::Decoded;
use super::report::Reason;
use super::table::{Progress, Raw, Row, SAMPLE, Unread, Unreadable, too_many_columns};
use super::{Encoding, MAX_COLUMNS};
use crate::say;
use crate::source::Message;

/// Bytes of a line, at the most.
const MAX_LINE: u64 = 8 << 20;

pub(super) fn open(file: File, encoding: Encoding, progress: &Progress) -> Result<Raw, Message> {
    let counted = Counting { inner: file, done: Arc::clone(&progress.done) };
    let decoded = Decoded::new(counted, encoding, Arc::clone(&progress.replaced));
    let mut lines = Lines { reader: BufReader::new(decoded), number: 0, failed: false };
    // Columns are the keys of the first lines, in the order in which they are met.
    let first: Vec<_> = lines.by_ref().take(SAMPLE).collect();
    let mut columns: Vec<String> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (_, cells) in first.iter().flatten() {
        for (key, _) in cells {
            if !places.contains_key(key) {
                places.insert(key.clone(), columns.len());
                columns.push(key.clone());
            }
        }
        if columns.len() > MAX_COLUMNS {
            return Err(too_many_columns(columns.len()));
        }
    }
    if columns.is_empty() {
        return Err(match first.into_iter().next() {
            Some(Err(Unreadable::File(message))) => message,
            _ => say!("第一行不是 JSON 对象", "the first line is not a JSON object"),
        });
    }
    let count = columns.len();
    let rows = first.into_iter().chain(lines).map(move |line| {
        let (number, found) = line?;
        let mut cells = vec![String::new(); count];
        for (key, value) in found {
            if let Some(place) = places.get(&key) {
                cells[*place] = value;
            }
        }
        Ok(Row { number, cells })
    });
    Ok(Raw {
        columns: Some(columns),
        rows: Box::new(rows),
        format: "JSON Lines",
        encoding: Some(encoding),
        sheet: None,
    })
}

struct Lines<R> {
    reader: R,
    number: u64,
    failed: bool,
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<(u64, Vec<(String, String)>), Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.failed {
                return None;
            }
            let mut line = Vec::new();
            let read = self.reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
            self.number += 1;
            let number = self.number;
            let skipped = match read {
                Ok(0) => return None,
                Ok(_) if line.last() != Some(&b'\n') && line.len() as u64 == MAX_LINE => {
                    self.reader.skip_until(b'\n').map(|_| true)
                }
                Ok(_) => Ok(false),
                Err(error) => Err(error),
            };
            match skipped {
                Err(error) => {
                    self.failed = true;
                    let message = say!("第 {number} 行读取失败：{error}", "reading failed at line {number}: {error}");
                    return Some(Err(Unreadable::File(message)));
                }
                Ok(true) => return Some(unread(number, Reason::TooLong, "", &[])),
                Ok(false) => {}
            }
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            // An error's words may hold words of the line, and those may be a person's.
            return Some(match serde_json::from_slice::<Map<String, Value>>(&line) {
                Ok(object) => Ok((number, flat(object))),
                Err(_) => unread(number, Reason::Damaged, "JSON", &line),
            });
        }
    }
}

fn unread<T>(number: u64, reason: Reason, detail: &str, line: &[u8]) -> Result<T, Unreadable> {
    let cells = vec![String::from_utf8_lossy(line.trim_ascii()).into_owned()];
    Err(Unreadable::Row(Unread { number, reason, detail: detail.to_owned(), cells }))
}

/// Keys and values of an object, those of objects within under `outer.inner`. The depth is bounded by the parser.
fn flat(object: Map<String, Value>) -> Vec<(String, String)> {
    let mut cells = Vec::new();
    for (key, value) in object {
        match value {
            Value::Object(inner) => {
                cells.extend(flat(inner).into_iter().map(|(name, value)| (format!("{key}.{name}"), value)));
            }
            other => cells.push((key, text(other))),
        }
    }
    cells
}

fn text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Array(values) => values.into_iter().map(text).collect::<Vec<_>>().join("、"),
        other => other.to_string(),
    }
}
