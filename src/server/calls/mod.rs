//! Calls while they are taken (通话): what a recogniser hears comes in, suggestions go out, over one WebSocket (RFC 6455)
//! that recogniser, softphone and page share; and what to ask next.
//!
//! What is here: the transcript and its corrections, what is said over the connection, who is connected, and the pace at
//! which decisions are made. Nothing is decided here (that is [`Engine::intake`](crate::decide::Engine::intake)), no SQL
//! is known, and no word of a call goes to the log.
//!
//! Invariant: everything that somebody who connects can make grow is bounded: a message, a transcript, calls, and who is
//! connected to one.

mod answered;
mod call;
mod connection;
mod intake;
mod message;
mod pace;
mod registry;
mod transcript;

pub(super) use connection::{__path_connect, connect};
pub(super) use intake::{__path_intake, intake};
pub use registry::Calls;
