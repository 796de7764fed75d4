//! `jiesu check`: every code with its page, whose examples do what they say; the exact words in both languages and every
//! fix (golden files); settings, comments that allow, and what other programs read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "check/command.rs"]
mod command;
#[path = "check/page_examples.rs"]
mod page_examples;
#[path = "support/folder.rs"]
mod support;
