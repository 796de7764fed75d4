//! Messages of the protocol on streams of bytes: a header with the length, then JSON. Lengths are bounded, and what
//! cannot be read is passed over, so that one bad message does not end the conversation.

use std::io::{self, BufRead, Read, Write};
use std::sync::Mutex;
use std::sync::mpsc::SyncSender;

use lsp_server::{Message, Notification, Request, RequestId, Response};
use serde::Serialize;

/// Bytes of one message, at the most: a file of the largest kind that is written by hand, and its escapes.
const MOST_BYTES: u64 = 64 << 20;
/// Bytes of one line of a header, at the most.
const MOST_LINE: u64 = 1 << 10;
/// Lines of a header, at the most.
const MOST_LINES: usize = 32;

/// What came in: a message, or why there is none.
pub(super) type Incoming = Result<Message, String>;

/// Reads messages until the stream ends or nobody takes them.
pub(super) fn read_all(stream: &mut impl BufRead, sender: &SyncSender<Incoming>) {
    loop {
        let incoming = match read(stream) {
            Ok(Some(incoming)) => incoming,
            Ok(None) => return,
            Err(error) => {
                let _ = sender.send(Err(error.to_string()));
                return;
            }
        };
        if sender.send(incoming).is_err() {
            return;
        }
    }
}

/// Reads one message; none at the end of the stream. An error where the next message cannot be found.
fn read(stream: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let Some(length) = read_header(stream)? else { return Ok(None) };
    let mut body = stream.take(length);
    if length > MOST_BYTES {
        io::copy(&mut body, &mut io::sink())?;
        return Ok(Some(Err(format!("a message of {length} bytes; {MOST_BYTES} at the most"))));
    }
    // Not allocated beforehand: the length is only a claim.
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < length {
        return Ok(None);
    }
    let read = serde_json::from_slice(&bytes);
    Ok(Some(read.map_err(|error| format!("a message that is none: {error}"))))
}

/// The length that the header gives; none at the end of the stream.
fn read_header(stream: &mut impl BufRead) -> io::Result<Option<u64>> {
    let malformed = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut length = None;
    for _ in 0..MOST_LINES {
        let mut line = Vec::new();
        if stream.by_ref().take(MOST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        if !line.ends_with('\n') {
            return Err(malformed("a line of a header that does not end"));
        }
        let line = line.trim_end();
        if line.is_empty() {
            return length.map(Some).ok_or_else(|| malformed("a header without Content-Length"));
        }
        let Some((name, value)) = line.split_once(':') else { return Err(malformed("a header that is none")) };
        if name.trim().eq_ignore_ascii_case("Content-Length") {
            length = Some(value.trim().parse().map_err(|_| malformed("a Content-Length that is no number"))?);
        }
    }
    Err(malformed("a header of too many lines"))
}

/// Where messages go out. Shared by threads: each message is written whole.
pub(super) struct Outbox(Mutex<Box<dyn Write + Send>>);

impl Outbox {
    /// Writes to a stream.
    pub(super) fn new(stream: Box<dyn Write + Send>) -> Outbox {
        Outbox(Mutex::new(stream))
    }

    /// Answers a request.
    pub(super) fn answer(&self, response: Response) {
        self.send(&Message::Response(response));
    }

    /// Tells the editor something.
    pub(super) fn notify(&self, method: &str, params: impl Serialize) {
        let Ok(params) = serde_json::to_value(params) else { return };
        self.send(&Message::Notification(Notification { method: method.to_owned(), params }));
    }

    /// Asks the editor something; nobody waits for the answer.
    pub(super) fn ask(&self, id: &str, method: &str, params: impl Serialize) {
        let Ok(params) = serde_json::to_value(params) else { return };
        let id = RequestId::from(id.to_owned());
        self.send(&Message::Request(Request { id, method: method.to_owned(), params }));
    }

    /// An editor that is gone is noticed where it no longer sends, so a failure to write needs no handling.
    fn send(&self, message: &Message) {
        let mut stream = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut bytes = Vec::new();
        if message.write(&mut bytes).is_ok() {
            let _ = stream.write_all(&bytes).and_then(|()| stream.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn framed(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    /// What comes of a stream, shortly.
    fn all(stream: &str) -> Vec<String> {
        let (sender, inbox) = std::sync::mpsc::sync_channel(100);
        read_all(&mut stream.as_bytes(), &sender);
        drop(sender);
        let short = |incoming: Incoming| match incoming {
            Ok(Message::Notification(it)) => it.method,
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("! {error}"),
        };
        inbox.iter().map(short).collect()
    }

    #[test]
    fn bad_messages_are_passed_over_and_bad_headers_end_it() {
        let good = framed(r#"{"jsonrpc":"2.0","method":"exit"}"#);
        for (stream, expect) in [
            (good.clone(), vec!["exit"]),
            (good.replace("Content-Length", "content-type: x\r\ncontent-length"), vec!["exit"]),
            (good.replace("\r\n", "\n"), vec!["exit"]),
            (format!("{}{good}", framed("{")), vec!["! a message that is none", "exit"]),
            (format!("{}{good}", framed("[]")), vec!["! a message that is none", "exit"]),
            (format!("{}{good}", framed("\u{fffd}")), vec!["! a message that is none", "exit"]),
            ("Content-Length: 18446744073709551615\r\n\r\n{".to_owned(), vec!["! a message of 18446744073709551615"]),
            ("Content-Length: 99\r\n\r\n{".to_owned(), vec![]),
            ("Content-Length: -1\r\n\r\n".to_owned(), vec!["! a Content-Length that is no number"]),
            ("Content-Length 3\r\n\r\n".to_owned(), vec!["! a header that is none"]),
            (format!("\r\n{good}"), vec!["! a header without Content-Length"]),
            ("x".repeat(5000), vec!["! a line of a header"]),
            ("a: b\r\n".repeat(100), vec!["! a header of too many lines"]),
            (String::new(), vec![]),
        ] {
            let found = all(&stream);
            let fits = found.len() == expect.len() && found.iter().zip(&expect).all(|(it, want)| it.starts_with(want));
            assert!(fits, "{stream:.60}: {found:?}, not {expect:?}");
        }
    }
}
