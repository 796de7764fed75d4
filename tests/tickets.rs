//! Tickets: their life against a model, who may do what, deadlines against a published calendar, and what happens when
//! several ask at one moment.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    missing_docs
)]

#[path = "tickets/agreement.rs"]
mod agreement;
#[path = "tickets/bulk.rs"]
mod bulk;
#[path = "tickets/callers.rs"]
mod callers;
#[path = "tickets/clock.rs"]
mod clock;
#[path = "tickets/deadlines.rs"]
mod deadlines;
#[path = "tickets/desk.rs"]
mod desk;
#[path = "tickets/erase.rs"]
mod erase;
#[path = "tickets/hotline.rs"]
mod hotline;
#[path = "tickets/learn.rs"]
mod learn;
#[path = "tickets/life_cycle.rs"]
mod life_cycle;
#[path = "tickets/limits.rs"]
mod limits;
#[path = "tickets/lives.rs"]
mod lives;
#[path = "tickets/million.rs"]
mod million;
#[path = "tickets/model.rs"]
mod model;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "tickets/returns.rs"]
mod returns;
#[path = "tickets/rising.rs"]
mod rising;
#[path = "tickets/urgent.rs"]
mod urgent;
