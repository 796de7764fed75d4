//! A small editor: starts the server, speaks the protocol over pipes, and waits for what comes back.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use lsp_server::Message;
use serde_json::{Value, json};

use crate::support::Folder;

/// How long anything may take. Debug builds on a busy machine are slow.
const MOST: Duration = Duration::from_secs(60);

pub(crate) struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Message>,
    notices: VecDeque<(String, Value)>,
    root: PathBuf,
    versions: BTreeMap<String, i64>,
    next: i64,
}

/// The address of a file.
pub(crate) fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// A text without the first `|`, and the position at which it stood.
pub(crate) fn at_mark(text: &str) -> (String, Value) {
    // The sign of a block of text is none.
    let at = text.match_indices('|').map(|(at, _)| at).find(|at| !text[..*at].ends_with("reply: ")).unwrap();
    let without = [&text[..at], &text[at + 1..]].concat();
    (without, position(text, at))
}

/// Where some words first stand, two characters in.
pub(crate) fn place_of(text: &str, words: &str) -> Value {
    let at = text.find(words).unwrap();
    let inside = words.chars().next().map_or(0, char::len_utf8);
    position(text, at + inside)
}

fn position(text: &str, byte: usize) -> Value {
    let line = text[..byte].matches('\n').count();
    let start = text[..byte].rfind('\n').map_or(0, |at| at + 1);
    json!({ "line": line, "character": text[start..byte].encode_utf16().count() })
}

/// A text after edits, which do not overlap; done naively, on UTF-16 units.
pub(crate) fn applied(text: &str, edits: &Value) -> String {
    let offset = |place: &Value| -> usize {
        let line = usize::try_from(place["line"].as_u64().unwrap()).unwrap();
        let before: usize = text.split_inclusive('\n').take(line).map(|line| line.encode_utf16().count()).sum();
        before + usize::try_from(place["character"].as_u64().unwrap()).unwrap()
    };
    let mut edits: Vec<_> = edits.as_array().unwrap().iter().collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(offset(&edit["range"]["start"])));
    let mut units: Vec<u16> = text.encode_utf16().collect();
    for edit in edits {
        let (start, end) = (offset(&edit["range"]["start"]), offset(&edit["range"]["end"]));
        units.splice(start..end, edit["newText"].as_str().unwrap().encode_utf16());
    }
    String::from_utf16(&units).unwrap()
}

impl Client {
    /// Starts the server with the folder that [`Folder::init`] made open, in English.
    pub(crate) fn start(folder: &Folder) -> Client {
        let mut client = Client::uninitialised(folder);
        let root = uri(&client.root);
        let answer = client.ask("initialize", json!({ "processId": null, "rootUri": root, "capabilities": {} }));
        assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
        client.tell("initialized", json!({}));
        client
    }

    /// Starts it and says nothing.
    pub(crate) fn uninitialised(folder: &Folder) -> Client {
        let mut child = Command::new(env!("CARGO_BIN_EXE_jiesu"))
            .args(["lsp", "--lang", "en", "--at", "2026-11-22"])
            .env("JIESU_CACHE", folder.shown("cache"))
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            while let Ok(Some(message)) = Message::read(&mut stdout) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let (notices, versions) = (VecDeque::new(), BTreeMap::new());
        Client { child, stdin, messages, notices, root: folder.bundle(), versions, next: 1 }
    }

    pub(crate) fn uri(&self, path: &str) -> String {
        uri(&self.root.join(path))
    }

    pub(crate) fn document(&self, path: &str) -> Value {
        json!({ "uri": self.uri(path) })
    }

    pub(crate) fn send_raw(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.send_raw(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    }

    /// Sends a notification.
    pub(crate) fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request and gives what is answered: the result, or the error's message.
    pub(crate) fn ask_any(&mut self, method: &str, params: Value) -> Result<Value, String> {
        let id = self.next;
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            match self.receive(method) {
                Message::Response(response) => {
                    assert_eq!(response.id.to_string(), id.to_string());
                    return match response.error {
                        Some(error) => Err(error.message),
                        None => Ok(response.result.unwrap_or_default()),
                    };
                }
                Message::Notification(it) => self.notices.push_back((it.method, it.params)),
                Message::Request(_) => {}
            }
        }
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.ask_any(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    #[track_caller]
    pub(crate) fn ask_refused(&mut self, method: &str, params: Value) -> String {
        match self.ask_any(method, params) {
            Ok(result) => panic!("{method} gives {result}"),
            Err(error) => error,
        }
    }

    fn receive(&mut self, what: &str) -> Message {
        self.messages.recv_timeout(MOST).unwrap_or_else(|_| {
            let _ = self.child.kill();
            let mut err = String::new();
            let _ = self.child.stderr.take().map(|mut pipe| pipe.read_to_string(&mut err));
            panic!("nothing came of {what}; the log: {err}")
        })
    }

    /// The next notification of a kind.
    pub(crate) fn heard(&mut self, method: &str) -> Value {
        loop {
            if let Some(at) = self.notices.iter().position(|(own, _)| own == method) {
                return self.notices.remove(at).unwrap().1;
            }
            if let Message::Notification(it) = self.receive(method) {
                self.notices.push_back((it.method, it.params));
            }
        }
    }

    /// Opens a file as it stands on disk and gives its text.
    pub(crate) fn open(&mut self, path: &str) -> String {
        let text = std::fs::read_to_string(self.root.join(path)).unwrap();
        self.open_with(path, &text);
        text
    }

    /// Opens a file with a text that need not be on disk.
    pub(crate) fn open_with(&mut self, path: &str, text: &str) {
        self.versions.insert(path.to_owned(), 1);
        let document = json!({ "uri": self.uri(path), "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    pub(crate) fn close(&mut self, path: &str) {
        self.tell("textDocument/didClose", json!({ "textDocument": self.document(path) }));
    }

    /// Replaces the whole text of an open file.
    pub(crate) fn write(&mut self, path: &str, text: &str) {
        let version = self.versions[path] + 1;
        self.versions.insert(path.to_owned(), version);
        let document = json!({ "uri": self.uri(path), "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [{ "text": text }] }));
    }

    /// The findings about the newest version of an open file.
    pub(crate) fn findings(&mut self, path: &str) -> Vec<Value> {
        let (uri, version) = (self.uri(path), self.versions[path]);
        loop {
            let told = self.heard("textDocument/publishDiagnostics");
            if told["uri"] == uri && told["version"].as_i64() >= Some(version) {
                return told["diagnostics"].as_array().unwrap().clone();
            }
        }
    }

    /// Their codes.
    pub(crate) fn codes(&mut self, path: &str) -> Vec<String> {
        self.findings(path).iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect()
    }

    /// Goes away without a word.
    pub(crate) fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// The exit code, once it has ended.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        let began = Instant::now();
        while began.elapsed() < MOST {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("still running");
    }

    /// Says goodbye; it must end with 0 and must not have panicked.
    #[track_caller]
    pub(crate) fn ends_well(mut self) {
        assert_eq!(self.ask("shutdown", json!(null)), Value::Null);
        self.tell("exit", json!(null));
        assert_eq!(self.wait(), Some(0));
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert!(!err.contains("panicked") && !err.contains("the program failed"), "{err}");
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
