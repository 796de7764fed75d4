//! From a row to a complaint that is to become a ticket. Nothing is masked: the ticket needs it as it is, and keeps it
//! where it can be erased.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::copies::fingerprint;
use super::dates::{self, DateOrder};
use super::draft::{cells, is_rounded, some};
use super::field::Field;
use super::labels::Labels;
use super::mapping::Plan;
use super::table::Row;
use crate::say;
use crate::source::Message;
use crate::text::normalise;

/// A complaint as a row says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// The same for the same row, whenever it is imported, and different for every other: by the number of the other
    /// system and the channel, where there is one, else by all that the row says.
    pub key: String,
    /// What was said, with the address below it where the text does not name it.
    pub text: String,
    /// Its title.
    pub title: Option<String>,
    /// How it came in.
    pub channel: Option<String>,
    /// Where it was: a region's id, or the name that stands in the row.
    pub district: Option<String>,
    /// Who called.
    pub contact_name: Option<String>,
    /// Their number.
    pub contact_phone: Option<String>,
    /// Another way to reach them.
    pub contact_other: Option<String>,
    /// Its number in the other system.
    pub external_id: Option<String>,
    /// When it came in; now, where the row does not say.
    pub received_at: Option<Timestamp>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The field whose column is wrong; none for the row as a whole.
    pub(super) field: Option<Field>,
    pub(super) why: Message,
}

/// How rows of a table are read.
pub(super) struct Reading<'a> {
    pub(super) plan: &'a Plan,
    /// Columns of the table.
    pub(super) columns: usize,
    pub(super) order: DateOrder,
    pub(super) zone: &'a TimeZone,
    /// The channel of rows that name none.
    pub(super) channel: Option<&'a str>,
}

impl Reading<'_> {
    /// The complaint of a row, or what is wrong with it.
    pub(super) fn incoming(&self, row: &Row, regions: &mut Labels<'_>) -> Result<Incoming, Fault> {
        self.width(row)?;
        let joined = |field: Field, by: &str| cells(row, self.plan, field).collect::<Vec<_>>().join(by);
        let one = |field: Field| some(joined(field, " "));
        let fault = |field, why| Fault { field: Some(field), why };
        let mut text = joined(Field::Text, "\n");
        if text.chars().filter(|c| c.is_alphanumeric()).nth(1).is_none() {
            return Err(fault(Field::Text, say!("没有诉求内容", "there is no text")));
        }
        if let Some(address) = one(Field::Address).filter(|address| !normalise(&text).contains(&normalise(address))) {
            text.push_str("\n地址：");
            text.push_str(&address);
        }
        let external_id = some(joined(Field::ExternalId, "-"));
        if external_id.as_deref().is_some_and(is_rounded) {
            let why = say!(
                "编号被表格软件四舍五入过（如 2.01805E+15）；请把该列设成文本后重新导出",
                "the id was rounded by a spreadsheet (such as 2.01805E+15): export it as text"
            );
            return Err(fault(Field::ExternalId, why));
        }
        let received_at = match cells(row, self.plan, Field::ReceivedAt).next() {
            None => None,
            Some(cell) => {
                let moment = dates::moment(&cell, self.order, self.zone);
                Some(moment.ok_or_else(|| fault(Field::ReceivedAt, say!("时间读不懂", "the time cannot be read")))?)
            }
        };
        let districts: Vec<String> = cells(row, self.plan, Field::District).collect();
        // Of several the narrowest that is known, else the narrowest.
        let district = districts.iter().rev().find(|name| regions.knows(name)).or(districts.last());
        let mut incoming = Incoming {
            key: String::new(),
            text,
            title: one(Field::Title),
            channel: one(Field::Channel).or_else(|| self.channel.map(str::to_owned)),
            district: district.map(|name| regions.label(name)),
            contact_name: one(Field::ContactName),
            contact_phone: one(Field::ContactPhone),
            contact_other: one(Field::ContactOther),
            external_id,
            received_at,
        };
        incoming.key = incoming.made_key();
        Ok(incoming)
    }

    /// Cells at the end may be left away; more than there are columns means that the row has come apart.
    fn width(&self, row: &Row) -> Result<(), Fault> {
        let extra = row.cells.iter().skip(self.columns).any(|cell| !cell.trim().is_empty());
        let needed = self.plan.of(Field::Text).iter().chain(self.plan.of(Field::ExternalId)).max();
        if !extra && needed.is_none_or(|last| *last < row.cells.len()) {
            return Ok(());
        }
        let (found, wanted) = (row.cells.len(), self.columns);
        let why = say!(
            "这一行有 {found} 格，应有 {wanted} 格：多半是内容里有分隔符或换行而没有加引号",
            "it has {found} cells and should have {wanted}: probably a delimiter or line break in a text without quotes"
        );
        Err(Fault { field: None, why })
    }
}

impl Incoming {
    fn made_key(&self) -> String {
        let channel = self.channel.as_deref().unwrap_or_default();
        let made = match &self.external_id {
            Some(id) => fingerprint(["id", id, channel]),
            None => {
                let at = self.received_at.map_or_else(String::new, |at| at.to_string());
                let rest = [&self.title, &self.district, &self.contact_name, &self.contact_phone, &self.contact_other];
                let rest = rest.into_iter().map(|field| field.as_deref().unwrap_or_default());
                fingerprint(["row", &self.text, channel, &at].into_iter().chain(rest))
            }
        };
        format!("{made:032x}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::import::labels::Kind;

    /// A row of id, text, address, time, phone.
    fn of(cells: &[&str]) -> Result<Incoming, Fault> {
        let mut plan = Plan::default();
        let fields = [Field::ExternalId, Field::Text, Field::Address, Field::ReceivedAt, Field::ContactPhone];
        fields.into_iter().enumerate().for_each(|(place, field)| plan.set(field, vec![place]));
        let reading =
            Reading { plan: &plan, columns: 5, order: DateOrder::Ymd, zone: &TimeZone::UTC, channel: Some("web") };
        let row = Row { number: 7, cells: cells.iter().map(|cell| (*cell).to_owned()).collect() };
        reading.incoming(&row, &mut Labels::new(Kind::Region, None, &Default::default()).unwrap())
    }

    #[test]
    fn a_row_is_a_complaint() {
        let found = of(&["G1", "路灯不亮\r\n请修", "解放路12号", "2026/3/1 9:30", "13800000000"]).unwrap();
        assert_eq!(found.text, "路灯不亮\n请修\n地址：解放路12号");
        assert_eq!((found.channel.as_deref(), found.contact_phone.as_deref()), (Some("web"), Some("13800000000")));
        assert_eq!(found.received_at.map(|at| at.to_string()).as_deref(), Some("2026-03-01T09:30:00Z"));
        assert_eq!(of(&["", "解放路１２号路灯不亮", "解放路12号"]).unwrap().text, "解放路１２号路灯不亮");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_field() {
        for (cells, expect) in [
            (&["G1", ""][..], Some(Field::Text)),
            (&["G1", "。"], Some(Field::Text)),
            (&["G1", "路灯不亮", "", "昨天"], Some(Field::ReceivedAt)),
            (&["2.01805E+15", "路灯不亮"], Some(Field::ExternalId)),
            (&["G1", "路灯", "", "", "", "不亮"], None),
            (&["G1"], None),
        ] {
            assert_eq!(of(cells).unwrap_err().field, expect, "{cells:?}");
        }
    }

    #[test]
    fn a_key_is_that_of_the_row() {
        let key = |cells: &[&str]| of(cells).unwrap().key;
        assert_eq!(key(&["G1", "路灯不亮"]), key(&["G1", "路灯又亮了"]), "its number alone");
        assert_ne!(key(&["G1", "路灯不亮"]), key(&["G2", "路灯不亮"]));
        assert_eq!(key(&["", "路灯不亮"]), key(&["", " 路灯不亮 ", ""]));
        assert_ne!(key(&["", "路灯不亮"]), key(&["", "路灯不亮", "", "", "13800000000"]));
        assert_ne!(key(&["", "路灯不亮"]), key(&["", "路灯不亮", "", "2026-03-01"]));
    }
}
