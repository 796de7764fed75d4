//! Rows that became nothing, kept in a file beside the one they came from: mended there, that file is imported again.
//! Tables go to CSV with their own columns, JSON Lines to JSON Lines. It holds what citizens wrote, unmasked, so only its
//! owner may read it.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::target::{NewFile, cannot_write};
use crate::source::Message;

/// What stands beside each row: where it came from, what is wrong. Columns of these names become nothing when the file is
/// imported.
const ADDED: [&str; 3] = ["_row", "_column", "_why"];
/// Files of bad rows of one file, at the most.
const MOST_FILES: u16 = 100;
/// The key of a line that is no object.
const RAW: &str = "_raw";

/// Rows of one file that became nothing. The file appears when it is finished, and only where there is such a row.
pub(super) struct BadRows {
    path: PathBuf,
    columns: Vec<String>,
    /// Columns of the file that this program has added before.
    added_before: Vec<bool>,
    is_json: bool,
    file: Option<NewFile>,
}

/// A row that became nothing.
pub(super) struct Bad<'a> {
    pub(super) row: u64,
    pub(super) column: &'a str,
    pub(super) why: &'a str,
    pub(super) cells: &'a [String],
    /// Whether the cells are those of the columns, and not a line that could not be read.
    pub(super) is_row: bool,
}

impl BadRows {
    /// For a file with these columns: `工单.csv` has its bad rows in `工单.bad.csv`.
    pub(super) fn beside(path: &Path, columns: &[String], is_json: bool) -> BadRows {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        // What is left of the bad rows when they are imported stands beside them: `工单.bad-2.csv`.
        let number = |tail: &str| tail.strip_prefix('-').unwrap_or("0").parse::<u16>().is_ok();
        let name = name.rsplit_once(".bad").filter(|(_, tail)| number(tail)).map_or(&*name, |(name, _)| name);
        let path = path.with_file_name(format!("{name}.bad.{}", if is_json { "jsonl" } else { "csv" }));
        let added_before = columns.iter().map(|column| ADDED.contains(&column.as_str()) || column == RAW).collect();
        BadRows { path, columns: columns.to_vec(), added_before, is_json, file: None }
    }

    /// # Errors
    /// It cannot be written.
    pub(super) fn add(&mut self, bad: &Bad<'_>) -> Result<(), Message> {
        let mut line = Vec::new();
        if self.file.is_none() {
            self.file = Some(NewFile::begin_private(&self.path)?);
            if !self.is_json {
                // The mark by which Excel knows UTF-8.
                line.extend_from_slice(b"\xEF\xBB\xBF");
                let own = self.columns.iter().zip(&self.added_before).filter(|(_, added)| !**added);
                write_record(&mut line, own.map(|(column, _)| column.as_str()).chain(ADDED));
            }
        }
        if self.is_json {
            self.object(bad, &mut line);
        } else {
            self.record(bad, &mut line);
        }
        let failed = |error: std::io::Error| cannot_write(&self.path, &error);
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(&line)).map_err(failed)
    }

    fn record(&self, bad: &Bad<'_>, line: &mut Vec<u8>) {
        let row = bad.row.to_string();
        let own = (0..self.columns.len()).filter(|place| !self.added_before[*place]);
        let own = own.map(|place| bad.cells.get(place).map_or("", String::as_str));
        // A row that has come apart keeps its further cells behind what is said of it.
        let further = bad.cells.iter().skip(self.columns.len()).map(String::as_str);
        write_record(line, own.chain([row.as_str(), bad.column, bad.why]).chain(further));
    }

    fn object(&self, bad: &Bad<'_>, line: &mut Vec<u8>) {
        // Every column in every line, so that the mapping finds its columns here too.
        let own = self.columns.iter().zip(&self.added_before).enumerate().filter(|(_, (_, added))| !**added);
        let cell = |place: usize| bad.cells.get(place).filter(|_| bad.is_row).map_or("", String::as_str);
        let mut object: Map<String, Value> =
            own.map(|(place, (column, _))| (column.clone(), Value::from(cell(place)))).collect();
        if let ([raw], false) = (bad.cells, bad.is_row) {
            object.insert(RAW.to_owned(), Value::from(raw.as_str()));
        }
        let said = [Value::from(bad.row), Value::from(bad.column), Value::from(bad.why)];
        object.extend(ADDED.iter().map(|key| (*key).to_owned()).zip(said));
        line.extend_from_slice(Value::Object(object).to_string().as_bytes());
        line.push(b'\n');
    }

    /// Puts the file in its place, or beside one that is there: that may have been mended already. Gives where it is, where
    /// there is one.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn finish(self) -> Result<Option<PathBuf>, Message> {
        let Some(file) = self.file else { return Ok(None) };
        let ending = if self.is_json { "jsonl" } else { "csv" };
        let further = (2..=MOST_FILES)
            .map(|number| self.path.with_extension("").with_extension(format!("bad-{number}.{ending}")));
        file.finish_beside(further).map(Some)
    }
}

/// One record of CSV (RFC 4180). Every cell stands in quotation marks, so that a first cell that is empty or begins with a
/// mark of its own is read back as it is.
fn write_record<'a>(line: &mut Vec<u8>, cells: impl Iterator<Item = &'a str>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            line.push(b',');
        }
        line.push(b'"');
        line.extend_from_slice(cell.replace('"', "\"\"").as_bytes());
        line.push(b'"');
    }
    line.extend_from_slice(b"\r\n");
}
