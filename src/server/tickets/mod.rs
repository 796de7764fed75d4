//! Tickets over HTTP: filing, acting, lists and queues, and what changes while one looks.

mod act;
mod list;
mod news;
mod outbox;
mod submit;

pub(super) use act::{__path_act, act};
pub(super) use list::{__path_claim_next, __path_get, __path_history, __path_list, __path_queue};
pub(super) use list::{claim_next, get, history, list, queue};
pub(super) use news::{__path_events, events};
pub(super) use outbox::{__path_outbox, __path_replay, outbox, replay};
pub(super) use submit::{__path_submit, submit};
