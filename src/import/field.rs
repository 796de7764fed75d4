//! What rows become, and the fields that a column may hold.

use serde::Serialize;

/// What the rows of a table become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Past tickets become masked cases, to learn from.
    Cases,
    /// Complaints become tickets, to be handled.
    Tickets,
}

impl Purpose {
    /// The fields that rows may have.
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Purpose::Cases => &CASES,
            Purpose::Tickets => &TICKETS,
        }
    }
}

/// A field that a column may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Its number in the other system, of a case.
    Id,
    /// The title.
    Title,
    /// What the citizen said.
    Text,
    /// The category; several columns are the levels of a path.
    Category,
    /// The department that handled it.
    Department,
    /// The unit of that department.
    Unit,
    /// Where it was.
    District,
    /// The scenario.
    Scenario,
    /// What was answered.
    Reply,
    /// The day it came in.
    OpenedOn,
    /// Its number in the other system, of a ticket.
    ExternalId,
    /// How it came in.
    Channel,
    /// When it came in, to the minute.
    ReceivedAt,
    /// Where exactly it was.
    Address,
    /// Who called.
    ContactName,
    /// Their number.
    ContactPhone,
    /// Another way to reach them.
    ContactOther,
}

const CASES: [Field; 10] = [
    Field::Id,
    Field::Title,
    Field::Text,
    Field::Category,
    Field::Department,
    Field::Unit,
    Field::District,
    Field::Scenario,
    Field::Reply,
    Field::OpenedOn,
];

const TICKETS: [Field; 10] = [
    Field::ExternalId,
    Field::Title,
    Field::Text,
    Field::Channel,
    Field::District,
    Field::Address,
    Field::ReceivedAt,
    Field::ContactName,
    Field::ContactPhone,
    Field::ContactOther,
];

impl Field {
    pub(super) const ALL: [Field; 17] = [
        Field::Id,
        Field::ExternalId,
        Field::Title,
        Field::Text,
        Field::Category,
        Field::Department,
        Field::Unit,
        Field::Channel,
        Field::District,
        Field::Address,
        Field::Scenario,
        Field::Reply,
        Field::OpenedOn,
        Field::ReceivedAt,
        Field::ContactName,
        Field::ContactPhone,
        Field::ContactOther,
    ];

    /// The key in a mapping.
    pub fn name(self) -> &'static str {
        match self {
            Field::Id => "id",
            Field::Title => "title",
            Field::Text => "text",
            Field::Category => "category",
            Field::Department => "department",
            Field::Unit => "unit",
            Field::District => "district",
            Field::Scenario => "scenario",
            Field::Reply => "reply",
            Field::OpenedOn => "opened_on",
            Field::ExternalId => "external_id",
            Field::Channel => "channel",
            Field::ReceivedAt => "received_at",
            Field::Address => "address",
            Field::ContactName => "contact_name",
            Field::ContactPhone => "contact_phone",
            Field::ContactOther => "contact_other",
        }
    }

    /// What it is called in Chinese.
    pub fn chinese(self) -> &'static str {
        match self {
            Field::Id => "编号",
            Field::Title => "标题",
            Field::Text => "诉求内容",
            Field::Category => "分类",
            Field::Department => "承办单位",
            Field::Unit => "下级单位",
            Field::District => "属地",
            Field::Scenario => "场景",
            Field::Reply => "答复",
            Field::OpenedOn => "日期",
            Field::ExternalId => "来源编号",
            Field::Channel => "渠道",
            Field::ReceivedAt => "受理时间",
            Field::Address => "地址",
            Field::ContactName => "姓名",
            Field::ContactPhone => "电话",
            Field::ContactOther => "其他联系方式",
        }
    }

    /// Whether it says who called: a column for it is taken although its name is that of a person's data.
    pub(super) fn is_contact(self) -> bool {
        matches!(self, Field::ContactName | Field::ContactPhone | Field::ContactOther)
    }

    /// The field of a purpose that means what this one does of the other; none where it has no such field.
    pub(super) fn of(self, purpose: Purpose) -> Option<Field> {
        let same = match (purpose, self) {
            (Purpose::Tickets, Field::Id) => Field::ExternalId,
            (Purpose::Tickets, Field::OpenedOn) => Field::ReceivedAt,
            (_, field) => field,
        };
        purpose.fields().contains(&same).then_some(same)
    }
}
