//! What an import did, for people and machines. No text of a citizen stands in it unmasked.

use std::collections::BTreeMap;

use serde::Serialize;

use super::field::Field;
use crate::say;
use crate::source::{Lang, Message};
use crate::text::mask::{Counts, MaskKind};

/// Examples that are kept of each reason.
const EXAMPLES: usize = 5;

/// Why a row was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There is no text, or nothing in it but punctuation.
    NoText,
    /// A text, title, reply, label or id is longer than a case may have.
    TooLong,
    /// The date is none, or can be read in two ways.
    BadDate,
    /// It has more cells than there are columns, or fewer than are needed: a delimiter or line break in a text.
    WrongColumns,
    /// The row itself cannot be read: not JSON, or with NUL bytes.
    Damaged,
    /// The id is a telephone or identity number.
    BadId,
    /// A row before it has the id.
    SameId,
    /// A row before it has the same text and labels.
    SameText,
    /// A row before it has nearly the same text, and such copies were to be dropped.
    NearCopy,
    /// The id is in the file that is added to.
    AlreadyThere,
    /// The id is that of a case in another file of the bundle.
    ElsewhereInBundle,
}

impl Reason {
    /// Whether the row has a fault, rather than being there already.
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Reason::NoText | Reason::TooLong | Reason::BadDate | Reason::WrongColumns | Reason::Damaged | Reason::BadId
        )
    }

    /// What to tell people.
    pub fn message(self) -> Message {
        match self {
            Reason::NoText => say!("没有诉求内容", "no text"),
            Reason::TooLong => say!("太长", "too long"),
            Reason::BadDate => say!("日期读不懂", "unreadable date"),
            Reason::WrongColumns => say!("列数不对", "wrong number of cells"),
            Reason::Damaged => say!("这一行读不懂", "unreadable row"),
            Reason::BadId => say!("编号不能用", "unusable id"),
            Reason::SameId => say!("编号重复", "id seen before"),
            Reason::SameText => say!("内容和标注都相同", "same text and labels"),
            Reason::NearCopy => say!("内容几乎相同", "nearly the same text"),
            Reason::AlreadyThere => say!("目标文件里已有", "already in the file"),
            Reason::ElsewhereInBundle => say!("规则包的其他案例文件里已有", "in another file of the bundle"),
        }
    }
}

/// Where a row that was left out stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The file.
    pub file: String,
    /// Its line or row, from 1.
    pub row: u64,
    /// What exactly, masked.
    pub detail: String,
}

/// Rows left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The reason.
    pub reason: Reason,
    /// How many.
    pub count: u64,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// A file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// Its path.
    pub path: String,
    /// Its format.
    pub format: String,
    /// The encoding, of files of text.
    pub encoding: Option<String>,
    /// The sheet that was read, of spreadsheets.
    pub sheet: Option<String>,
    /// The row the header stands in, where there is one.
    pub header_row: Option<u64>,
    /// Rows below the header.
    pub rows: u64,
    /// Characters that could not be decoded and stand as `�`.
    pub undecodable: u64,
}

/// What one field is taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chosen {
    /// The field of a case.
    pub field: Field,
    /// The columns.
    pub columns: Vec<String>,
    /// Why these.
    pub why: Message,
    /// What stands there in the first row that has something, masked and cut short.
    pub sample: String,
}

/// A name that nothing in the bundle has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnmatchedLabel {
    /// The name in the tickets.
    pub name: String,
    /// Rows with it.
    pub count: u64,
    /// The id and name of what is called nearly so. Only a proposal.
    pub near: Option<(String, String)>,
}

/// Names that were looked up in the bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LabelReport {
    /// Rows whose name was found.
    pub matched: u64,
    /// Rows whose name was not, and stands as it is.
    pub unmatched: u64,
    /// Those names, the most frequent first; a thousand at the most.
    pub names: Vec<UnmatchedLabel>,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// The files, in the order given.
    pub files: Vec<FileReport>,
    /// What each field was taken from.
    pub mapping: Vec<Chosen>,
    /// Columns that hold who complained; never taken.
    pub personal: Vec<String>,
    /// Columns that were not taken for anything.
    pub unused: Vec<String>,
    /// The mapping that was read or written.
    pub mapping_file: Option<String>,
    /// Whether it was written now.
    pub mapping_saved: bool,
    /// Rows read.
    pub read: u64,
    /// Cases written, or that would be.
    pub written: u64,
    /// Rows left out, by reason.
    pub left_out: Vec<LeftOut>,
    /// Cases written whose text nearly is that of one before.
    pub near_copies: u64,
    /// What was masked.
    pub masked: BTreeMap<MaskKind, u64>,
    /// The first and the last day of the cases written.
    pub days: Option<(String, String)>,
    /// Cases without a date.
    pub undated: u64,
    /// Names of departments and units.
    pub departments: LabelReport,
    /// Names of regions.
    pub regions: LabelReport,
    /// What else there is to know.
    pub notes: Vec<Message>,
    /// The file of cases.
    pub to: String,
    /// Whether nothing was to be written.
    pub dry_run: bool,
}

impl Report {
    /// Notes a row that is left out.
    pub(super) fn leave_out(&mut self, reason: Reason, example: Example) {
        let place = match self.left_out.binary_search_by_key(&reason, |left| left.reason) {
            Ok(place) => place,
            Err(place) => {
                self.left_out.insert(place, LeftOut { reason, count: 0, examples: Vec::new() });
                place
            }
        };
        let left = &mut self.left_out[place];
        left.count += 1;
        if left.examples.len() < EXAMPLES {
            left.examples.push(example);
        }
    }

    pub(super) fn count_masked(&mut self, counts: &Counts) {
        for (kind, count) in counts {
            *self.masked.entry(*kind).or_default() += count;
        }
    }

    /// The report for people.
    pub fn in_lang(&self, lang: Lang) -> String {
        super::show::text(self, lang)
    }

    /// Whether rows were left out because something is wrong with them.
    pub fn has_faults(&self) -> bool {
        self.left_out.iter().any(|left| left.reason.is_fault())
    }
}
