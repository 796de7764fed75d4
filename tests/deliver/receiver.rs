//! A receiver of webhooks on a real socket that answers as it is told.
#![allow(dead_code)] // each test uses some of it

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// What came in.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// How it answers.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// With a status, and further lines of the head.
    Status(u16, &'static str),
    /// Not at all, for half a minute.
    Hang,
    /// With a status and a body without end.
    Endless(u16),
    /// With a status and a body that comes a byte at a time.
    Slow(u16),
    /// With these bytes, and then nothing.
    Bytes(&'static [u8]),
    /// With a head without end.
    EndlessHead,
}

pub(crate) const OK: Reply = Reply::Status(200, "");

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    /// Bytes that it could write of an endless answer.
    written: usize,
    now: usize,
    most_at_once: usize,
}

/// A receiver; its threads end with the test.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// One that answers by what it sees, told how many it saw before.
    pub(crate) fn answering(answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Receiver { address: listener.local_addr().unwrap(), state: Arc::default() };
        let (own, answer) = (receiver.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (own, answer) = (own.clone(), Arc::clone(&answer));
                thread::spawn(move || own.serve(stream, &*answer));
            }
        });
        receiver
    }

    /// One that answers always the same.
    pub(crate) fn always(reply: Reply) -> Receiver {
        Receiver::answering(move |_, _| reply.clone())
    }

    /// Its address for a webhook.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook?unit=1", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.seen().iter().map(|seen| seen.id().to_owned()).collect()
    }

    pub(crate) fn written(&self) -> usize {
        self.state.lock().unwrap().written
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.state.lock().unwrap().most_at_once
    }

    fn serve(&self, stream: TcpStream, answer: &dyn Fn(&Seen, usize) -> Reply) {
        let Some(seen) = read(&stream) else { return };
        let reply = {
            let mut state = self.state.lock().unwrap();
            let reply = answer(&seen, state.seen.len());
            state.seen.push(seen);
            state.now += 1;
            state.most_at_once = state.most_at_once.max(state.now);
            reply
        };
        // Whoever asked may hang up at any time.
        let _ = self.reply(stream, &reply);
        self.state.lock().unwrap().now -= 1;
    }

    fn reply(&self, mut stream: TcpStream, reply: &Reply) -> std::io::Result<()> {
        match reply {
            Reply::Status(status, lines) => {
                write!(stream, "HTTP/1.1 {status} X\r\n{lines}content-length: 2\r\n\r\nok")
            }
            Reply::Hang => {
                thread::sleep(Duration::from_secs(30));
                Ok(())
            }
            Reply::Endless(status) => {
                write!(stream, "HTTP/1.1 {status} X\r\n\r\n")?;
                self.pour(&mut stream, &[b'x'; 4096])
            }
            Reply::EndlessHead => {
                write!(stream, "HTTP/1.1 200 X\r\n")?;
                self.pour(&mut stream, b"x-more: and more and more\r\n")
            }
            Reply::Slow(status) => {
                write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 500\r\n\r\n")?;
                for _ in 0..500 {
                    stream.write_all(b"x")?;
                    thread::sleep(Duration::from_millis(200));
                }
                Ok(())
            }
            Reply::Bytes(bytes) => stream.write_all(bytes),
        }
    }

    /// Writes until nobody reads any more.
    fn pour(&self, stream: &mut TcpStream, piece: &[u8]) -> std::io::Result<()> {
        stream.set_write_timeout(Some(Duration::from_secs(15)))?;
        loop {
            stream.write_all(piece)?;
            self.state.lock().unwrap().written += piece.len();
        }
    }
}

fn read(stream: &TcpStream) -> Option<Seen> {
    stream.set_read_timeout(Some(Duration::from_secs(15))).ok()?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.strip_prefix("POST ")?.strip_suffix(" HTTP/1.1\r\n")?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_owned(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    Some(Seen { path, headers, body: String::from_utf8(body).ok()? })
}
