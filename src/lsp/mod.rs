//! The language server: what an editor's program asks while somebody types, answered from the bundle with unsaved texts
//! laid over its files. Findings as one types, completion, hover, definitions, references, renames, fixes, outlines.
//!
//! The protocol is that of Microsoft (Language Server Protocol 3.17), over standard input and output. Nothing here knows
//! HTTP, and nothing writes a file: whoever edits does, after being handed the changes.
//!
//! Two threads beside the one that reads: `checker` loads and checks whenever a text has stood still for a moment, and
//! `session` answers, from the trees of the texts as they are (`index`), so that no answer waits for a check.

mod actions;
mod checker;
mod complete;
mod context;
mod figures;
mod hover;
mod index;
mod keys;
mod layout;
mod navigate;
mod outline;
mod position;
mod rename;
mod session;
mod transport;
mod workspace;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;

use jiff::{civil, tz::TimeZone};

use crate::bundle::Cache;
use crate::say;
use crate::source::{Lang, Message};

/// The time in a time zone.
pub type Clock = Box<dyn Fn(&TimeZone) -> civil::DateTime + Send + Sync>;

/// How to serve.
pub struct Options {
    /// The bundle's folder; without it, the folder that the editor has open, or the one around a file.
    pub bundle: Option<PathBuf>,
    /// Where large indexes are kept.
    pub cache: Cache,
    /// The language of messages.
    pub lang: Lang,
    /// The time zone before the bundle's own is known.
    pub zone: TimeZone,
    /// What time it is, for what depends on the date.
    pub clock: Clock,
}

/// Serves one editor over standard input and output, until it says `exit` or goes away. Gives whether it said `shutdown`
/// first, as the protocol asks.
///
/// # Errors
/// The thread that reads could not be started.
pub fn serve(options: Options) -> Result<bool, Message> {
    let outbox = Arc::new(transport::Outbox::new(Box::new(io::stdout())));
    // A bound, so that an editor that sends faster than is answered waits instead of filling memory.
    let (sender, inbox) = mpsc::sync_channel(256);
    let reading = thread::Builder::new().name("lsp-read".into());
    reading
        .spawn(move || transport::read_all(&mut io::stdin().lock(), &sender))
        .map_err(|error| say!("无法启动读取线程：{error}", "the reading thread could not be started: {error}"))?;
    let mut session = session::Session::new(options, outbox);
    for message in inbox {
        if let Some(clean) = session.take(message) {
            return Ok(clean);
        }
    }
    Ok(false)
}

/// Tells the log, which is standard error: standard output belongs to the protocol.
fn log(lang: Lang, message: &Message) {
    anstream::eprintln!("jiesu lsp: {}", message.in_lang(lang));
}
