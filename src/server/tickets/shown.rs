//! What the document of the API says of a ticket and its history as they are answered.

use utoipa::ToSchema;

use crate::decide::Decision;
use crate::tickets::{Event, Ticket};

/// A ticket, as whoever asks may see it: texts masked, and contact and decision null, for those who may not see what
/// identifies people.
#[derive(ToSchema)]
#[allow(
    dead_code,
    reason = "describes the answer for the document of the API; tickets are shown as their reader may see them"
)]
pub(in super::super) struct TicketShown {
    #[serde(flatten)]
    ticket: Ticket,
    /// 最早的时限 / The earliest of its deadlines.
    due: Option<String>,
    /// 判定全文 / The whole decision.
    decision: Option<Decision>,
}

/// What happened to a ticket.
#[derive(ToSchema)]
#[allow(
    dead_code,
    reason = "describes the answer for the document of the API; events are shown as their reader may see them"
)]
pub(in super::super) struct History {
    /// 工单编号 / The ticket's id.
    ticket: String,
    /// 每一步，先发生的在前 / Its events, in order.
    events: Vec<Event>,
}
