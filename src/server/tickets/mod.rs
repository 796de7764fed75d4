//! Tickets over HTTP: filing, acting, lists and queues, and what changes while one looks.

mod act;
mod attachments;
mod audit;
mod batch;
mod bulk;
mod callers;
mod csv;
mod figures;
mod list;
mod news;
mod outbox;
mod shown;
mod statistics;
mod submit;

pub(super) use act::{__path_act, act};
pub(super) use attachments::{__path_attach, __path_attachment, attach, attachment};
pub(super) use audit::{__path_audit, __path_erase, audit, erase};
pub(super) use batch::{__path_submit_batch, submit_batch};
pub(super) use bulk::{__path_act_on_many, act_on_many};
pub(super) use callers::{__path_callers_tickets, callers_tickets};
pub(super) use figures::{__path_hours, __path_rising, __path_rules, hours, rising, rules};
pub(super) use list::{__path_claim_next, __path_get, __path_history, __path_list, __path_queue};
pub(super) use list::{claim_next, get, history, list, queue};
pub(super) use news::{__path_events, events};
pub(super) use outbox::{__path_outbox, __path_replay, outbox, replay};
pub(super) use statistics::{__path_statistics, statistics};
pub(super) use submit::{__path_submit, submit};
