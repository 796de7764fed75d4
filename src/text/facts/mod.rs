//! Facts: what can be read out of a text without knowing what it is about — telephone numbers, amounts, dates, places.
//!
//! Each kind has a file whose reader looks at the characters from given positions on and adds what it finds; nothing
//! here calls back into rules or places of a certain city. Readers work on characters, not on words: a segmenter may
//! err, and a fact must not be lost to it.

mod address;
mod address_words;
mod amount;
mod bus_line;
mod card;
mod date;
mod duration;
mod order;
mod phone;
mod plate;
mod scan;
mod time;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use jiff::civil::DateTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::Text;
use date::When;
use scan::{Scan, mark};

/// What a fact is.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// A telephone number that reaches a person or a shop: mobile, fixed, 400 or 800.
    Phone,
    /// A resident identity number (GB 11643-1999).
    IdCard,
    /// A bank card number (ISO/IEC 7812-1).
    BankCard,
    /// A vehicle's registration plate (GA 36-2018).
    Plate,
    /// A sum of money.
    Amount,
    /// A day, month or year.
    Date,
    /// A time of day or a range of them.
    Time,
    /// How long something takes.
    Duration,
    /// A number that something is filed under.
    OrderNumber,
    /// A web address.
    Url,
    /// A named place that can be found on a map.
    Address,
    /// A bus or metro line.
    BusLine,
}

impl FactKind {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Self; 12] = [
        Self::Phone,
        Self::IdCard,
        Self::BankCard,
        Self::Plate,
        Self::Amount,
        Self::Date,
        Self::Time,
        Self::Duration,
        Self::OrderNumber,
        Self::Url,
        Self::Address,
        Self::BusLine,
    ];

    /// The name in rules, in JSON and for people: `id_card`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::IdCard => "id_card",
            Self::BankCard => "bank_card",
            Self::Plate => "plate",
            Self::Amount => "amount",
            Self::Date => "date",
            Self::Time => "time",
            Self::Duration => "duration",
            Self::OrderNumber => "order_number",
            Self::Url => "url",
            Self::Address => "address",
            Self::BusLine => "bus_line",
        }
    }
}

impl fmt::Display for FactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The name of no kind of fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFactKind(String);

impl fmt::Display for UnknownFactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = FactKind::ALL.iter().map(|kind| kind.as_str()).collect();
        write!(f, "unknown kind of fact `{}`; there are {}", self.0, names.join(", "))
    }
}

impl std::error::Error for UnknownFactKind {}

impl FromStr for FactKind {
    type Err = UnknownFactKind;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| UnknownFactKind(name.to_owned()))
    }
}

/// A fact, where it stands and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub kind: FactKind,
    /// Where it stands, in normalised characters.
    pub range: Range<u32>,
    value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    /// The same at any time.
    Fixed(Box<str>),
    /// A date that may depend on the day it is said.
    When(When),
}

impl Fact {
    /// The value in one form for all ways of writing it, given the local time at which the text was written:
    ///
    /// | kind | form |
    /// |---|---|
    /// | phone | digits: `13800138000`, `0898-66668888`, `4001234567`; masked digits stay `*` |
    /// | id_card, bank_card, plate | without separators, upper case: `粤A12345` |
    /// | amount | yuan as a decimal: `3500`, `1234.5`; a range `3000-5000`; `约` before what is inexact, whose number is the lower bound |
    /// | date | ISO 8601 as exact as was said: `2018`, `2018-05`, `2018-W18`, `2018-05-03` |
    /// | time | `22:30`, a range `07:00-21:00`, `约` before what is inexact |
    /// | duration | ISO 8601: `P3M`, `PT20M`; `P5D工作日` for working days; `约` before what is inexact |
    /// | order_number, url | as the citizen wrote it |
    /// | bus_line | `12路`, `K3路`, `2号线` |
    /// | address | the normalised text |
    ///
    /// A date without a year is the most recent one that is not after `at`.
    pub fn value(&self, at: DateTime) -> String {
        match &self.value {
            Value::Fixed(value) => value.to_string(),
            Value::When(when) => when.resolve(at.date()),
        }
    }
}

/// All facts of a text, sorted and apart from one another (a date and a time may touch). Where readers claim the same
/// characters the longer fact wins, then the kind that comes first in [`PRIORITY`].
pub(super) fn extract(text: &Text) -> Vec<Fact> {
    let characters: Vec<char> = text.normalised().chars().collect();
    let scan = Scan::new(&characters);
    let mut found = Found { facts: Vec::new() };
    if scan.has(mark::LETTER) {
        order::read_urls(&scan, text, &mut found);
        plate::read(&scan, &mut found);
    }
    if scan.has(mark::DIGIT) {
        phone::read(&scan, &mut found);
        card::read(&scan, &mut found);
        order::read(&scan, text, &mut found);
    }
    for number in scan.numbers() {
        amount::read(&scan, number, &mut found);
        duration::read(&scan, number, &mut found);
        bus_line::read(&scan, number, &mut found);
    }
    date::read(&scan, &mut found);
    time::read(&scan, &mut found);
    address::read(&scan, &mut found);
    found.settle(characters.len())
}

/// Who wins between facts of the same length: what is checked or marked before what is guessed from its shape.
const PRIORITY: [FactKind; 12] = [
    FactKind::Url,
    FactKind::IdCard,
    FactKind::BankCard,
    FactKind::OrderNumber,
    FactKind::Phone,
    FactKind::Plate,
    FactKind::Date,
    FactKind::Time,
    FactKind::Amount,
    FactKind::Duration,
    FactKind::BusLine,
    FactKind::Address,
];

/// What the readers have found so far.
struct Found {
    facts: Vec<Fact>,
}

impl Found {
    fn add(&mut self, kind: FactKind, range: Range<usize>, value: impl Into<Box<str>>) {
        self.push(kind, range, Value::Fixed(value.into()));
    }

    /// Whether a reader has taken exactly these characters already.
    fn has(&self, range: &Range<usize>) -> bool {
        self.facts.iter().any(|f| f.range.start as usize == range.start && f.range.end as usize == range.end)
    }

    fn add_date(&mut self, range: Range<usize>, when: When) {
        self.push(FactKind::Date, range, Value::When(when));
    }

    fn push(&mut self, kind: FactKind, range: Range<usize>, value: Value) {
        self.facts.push(Fact { kind, range: range.start as u32..range.end as u32, value });
    }

    fn settle(mut self, length: usize) -> Vec<Fact> {
        let rank = |kind: FactKind| PRIORITY.iter().position(|k| *k == kind);
        self.facts.sort_by_key(|f| (std::cmp::Reverse(f.range.len()), rank(f.kind), f.range.start));
        let mut taken = vec![false; length];
        self.facts.retain(|fact| {
            let range = fact.range.start as usize..fact.range.end as usize;
            // What was taken before is at least as long, so an overlap shows at one of the ends.
            let free = !taken[range.start] && !taken[range.end - 1];
            if free {
                taken[range].fill(true);
            }
            free
        });
        self.facts.sort_by_key(|fact| fact.range.start);
        self.facts
    }
}

#[cfg(test)]
mod tests;
