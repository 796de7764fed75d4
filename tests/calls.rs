//! Calls over a WebSocket: real servers, a real client, and everything that recognisers and pages may send.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, dead_code)]

#[path = "support/bundle.rs"]
mod bundle;
#[path = "support/folder.rs"]
mod folder;
#[path = "access/process.rs"]
mod process;

use std::net::TcpStream;
use std::time::{Duration, Instant};

use process::{Place, Process};
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Error, Message, WebSocket};

/// How long an event may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody who is connected to a call.
struct Client(WebSocket<MaybeTlsStream<TcpStream>>);

impl Client {
    fn join(server: &Process, call: &str, headers: &[(&'static str, &str)]) -> Result<Client, (u16, String)> {
        let mut request =
            format!("{}/v1/calls/{call}", server.address.replace("http:", "ws:")).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        match tungstenite::connect(request) {
            Ok((socket, response)) => {
                if headers.iter().any(|(name, _)| *name == "sec-websocket-protocol") {
                    assert_eq!(response.headers()["sec-websocket-protocol"], "jiesu.v1", "the key is not sent back");
                }
                if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                }
                Ok(Client(socket))
            }
            Err(Error::Http(response)) => {
                let body = response.body().as_deref().unwrap_or_default();
                let problem: Value = serde_json::from_slice(body).unwrap_or_default();
                let name = problem["type"].as_str().unwrap_or_default().replace("urn:jiesu:problem:", "");
                Err((response.status().as_u16(), name))
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn open(server: &Process, call: &str) -> Client {
        Client::join(server, call, &[]).unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    fn send(&mut self, message: &Value) {
        self.0.send(Message::text(message.to_string())).unwrap();
    }

    fn say(&mut self, id: &str, text: &str, last: bool) {
        self.send(&json!({"utterance": id, "speaker": "caller", "text": text, "final": last}));
    }

    /// The next event of this name, and those before it.
    fn until(&mut self, event: &str) -> (Value, Vec<Value>) {
        self.until_it(event, |_| true)
    }

    fn until_it(&mut self, event: &str, fits: impl Fn(&Value) -> bool) -> (Value, Vec<Value>) {
        let (deadline, mut before) = (Instant::now() + PATIENCE, Vec::new());
        while Instant::now() < deadline {
            let Message::Text(text) = self.0.read().unwrap_or_else(|error| panic!("{error}: {before:?}")) else {
                continue;
            };
            let own: Value = serde_json::from_str(&text).unwrap();
            if own["event"] == event && fits(&own) {
                return (own, before);
            }
            before.push(own);
        }
        panic!("no {event} in {before:?}");
    }

    /// The suggestion after the text has become this one.
    fn suggestion(&mut self, text: &str) -> Value {
        self.until_it("suggestion", |own| own["text"] == text).0
    }

    /// How the server ends it.
    fn closed(mut self) -> u16 {
        loop {
            match self.0.read() {
                Ok(Message::Close(frame)) => return frame.map_or(1005, |frame| frame.code.into()),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn what_a_recogniser_sends_comes_out_with_suggestions() {
    let place = Place::new();
    let server = place.serve(&[]);
    let mut page = Client::open(&server, "1");
    let (opened, _) = page.until("opened");
    assert_eq!((&opened["sequence"], &opened["known"]), (&json!(0), &json!(false)));
    let mut recogniser = Client::join(&server, "1?listen=false", &[]).ok().unwrap();
    recogniser.say("a", "自来水", false);
    recogniser.say("a", "自来水管路了", false);
    recogniser.say("a", "自来水管漏了", true);
    let suggestion = page.suggestion("自来水管漏了");
    assert_eq!(suggestion["decision"]["scenario"]["id"], "water/pipe-leak");
    assert_eq!(suggestion["parts"], json!([{"utterance": "a", "start": 0, "end": 6}]));
    assert!(suggestion["decision"]["elapsed_us"].is_number() && suggestion["questions"].is_array());
    // A correction of what was final; what comes late is passed over.
    recogniser.say("a", "自来水管裂了", true);
    recogniser.say("a", "自来", false);
    assert_eq!(page.suggestion("自来水管裂了")["decision"]["scenario"], Value::Null);
    // The agent's words are shown and not decided on, but for what is answered with yes.
    recogniser.send(
        &json!({"utterance": "b", "speaker": "agent", "text": "请问是自来水管漏水吗？", "final": true, "at_ms": 5}),
    );
    let (shown, _) = page.until("utterance");
    assert_eq!((&shown["speaker"], &shown["text"]), (&json!("agent"), &json!("请问是自来水管漏水吗？")));
    recogniser.send(&json!({"utterance": "c", "speaker": "caller", "text": "是的", "final": true, "at_ms": 9}));
    let suggestion = page.suggestion("自来水管裂了。自来水管漏水，是的");
    assert_eq!(suggestion["decision"]["scenario"]["id"], "water/pipe-leak");
    // What began earlier stands before it, whenever it arrives.
    recogniser.send(&json!({"utterance": "d", "speaker": "caller", "text": "石洲区", "final": true, "at_ms": 1}));
    page.suggestion("自来水管裂了，石洲区。自来水管漏水，是的");
    // What the agent types and picks belongs to it.
    page.send(&json!({"notes": "门口积水", "district": "青澜区"}));
    let suggestion = page.suggestion("自来水管裂了，石洲区。自来水管漏水，是的\n门口积水");
    assert_eq!(suggestion["spoken"], "自来水管裂了，石洲区。自来水管漏水，是的".chars().count());
    assert_eq!(suggestion["decision"]["district"]["name"], "青澜区");
    // Whoever wants nothing but to be kept hears nothing else.
    let (kept, before) = recogniser.until_it("kept", |own| own["sequence"] == 8);
    assert!(before.iter().all(|own| matches!(own["event"].as_str(), Some("opened" | "kept"))), "{before:?} {kept}");
    // It is over for everybody, and what comes next under this id is another call.
    page.send(&json!({"end": true}));
    page.until("ended");
    assert_eq!((page.closed(), recogniser.closed()), (1000, 1000));
    let (opened, _) = Client::open(&server, "1").until("opened");
    assert_eq!(opened["known"], false);
    assert!(!server.log().contains("漏水"), "nothing of a call is logged");
}

#[test]
fn what_is_wrong_with_a_message_is_said_and_the_call_goes_on() {
    let place = Place::new();
    let server = place.serve(&[]);
    let mut client = Client::open(&server, "wrong");
    client.until("opened");
    let long = json!({"utterance": "1", "speaker": "caller", "text": "漏".repeat(2_001)}).to_string();
    let big = json!({"utterance": "1", "speaker": "caller", "text": "漏".repeat(20_000)}).to_string();
    for (sent, problem, utterance) in [
        ("", "invalid-json", Value::Null),
        ("{\"utterance\": 1", "invalid-json", Value::Null),
        ("[1]", "not-an-object", Value::Null),
        (r#"{"utterance": "1", "speaker": "caller", "txt": "漏"}"#, "unknown-field", json!("1")),
        (r#"{"utterance": "1", "speaker": "nobody", "text": "漏"}"#, "invalid-field", json!("1")),
        (r#"{"answers": [{"question": 1}]}"#, "invalid-field", Value::Null),
        (&long, "text-too-long", json!("1")),
        (&big, "too-large", Value::Null),
    ] {
        client.0.send(Message::text(sent)).unwrap();
        let (said, _) = client.until("problem");
        assert_eq!(said["problem"]["type"], format!("urn:jiesu:problem:{problem}"), "{said}");
        assert_eq!(said["utterance"], utterance);
        assert!(!said["problem"]["detail"].as_str().unwrap().is_empty());
    }
    client.0.send(Message::binary(vec![0_u8, 255])).unwrap();
    client.until("problem");
    client.say("1", "自来水管漏了", true);
    assert_eq!(client.suggestion("自来水管漏了")["decision"]["scenario"]["id"], "water/pipe-leak");
    // Past all reason the connection ends; the call does not.
    let _ = client.0.send(Message::text("漏".repeat(200_000)));
    while client.0.read().is_ok() {}
    let (_, before) = Client::open(&server, "wrong").until("suggestion");
    assert!(before.iter().any(|own| own["text"] == "自来水管漏了"));
}

#[test]
fn a_thousand_messages_and_then_more_than_is_kept() {
    let place = Place::new();
    let server = place.serve(&[]);
    let mut client = Client::join(&server, "long?listen=false", &[]).ok().unwrap();
    let mut page = Client::open(&server, "long");
    for number in 0..1_000 {
        let text = if number == 999 { "自来水管漏了" } else { "喂喂" };
        client.send(&json!({"utterance": format!("{}", number / 2), "speaker": "caller", "text": text, "final": number % 2 == 1, "at_ms": number / 2}));
    }
    let (suggestion, before) =
        page.until_it("suggestion", |own| own["decision"]["scenario"]["id"] == "water/pipe-leak");
    assert_eq!(suggestion["sequence"], 1_000);
    let decisions = before.iter().filter(|own| own["event"] == "suggestion").count();
    assert!(decisions < 500, "what was overtaken is not decided on: {decisions}");
    let lines: std::collections::BTreeSet<&str> = before.iter().filter_map(|own| own["utterance"].as_str()).collect();
    assert_eq!(lines.len(), 500, "no line is missing, however many of its versions were");
    // Past what is kept the oldest go, and it is said.
    for number in 0..12 {
        let text = "漏".repeat(2_000);
        client.send(&json!({"utterance": format!("x{number}"), "speaker": "caller", "text": text, "final": true, "at_ms": 1_000 + number}));
    }
    let (forgotten, _) = page.until_it("forgotten", |own| own["first"] == "x3");
    assert_eq!(forgotten["count"], 503);
}

#[test]
fn whoever_comes_back_gets_what_was_missed() {
    let place = Place::new();
    let server = place.serve(&[]);
    let mut client = Client::open(&server, "back");
    client.say("1", "你好", true);
    client.say("2", "自来水", false);
    let (seen, _) = client.until_it("utterance", |own| own["sequence"] == 2);
    assert_eq!(seen["text"], "自来水");
    drop(client);
    let mut other = Client::open(&server, "back");
    other.say("2", "自来水管漏了", true);
    other.suggestion("你好，自来水管漏了");
    let mut again = Client::join(&server, "back?after=2", &[]).ok().unwrap();
    let (suggestion, before) = again.until("suggestion");
    let missed: Vec<&Value> = before.iter().filter(|own| own["event"] == "utterance").collect();
    assert_eq!((missed.len(), &missed[0]["text"]), (1, &json!("自来水管漏了")), "{before:?}");
    assert_eq!(suggestion["decision"]["scenario"]["id"], "water/pipe-leak");
    // Who has seen more than there is gets everything.
    let mut ahead = Client::join(&server, "back?after=99", &[]).ok().unwrap();
    let (_, before) = ahead.until("suggestion");
    assert_eq!(before.iter().filter(|own| own["event"] == "utterance").count(), 2);
}

#[test]
fn a_server_that_starts_again_goes_on_with_the_call() {
    let place = Place::new();
    let mut server = place.serve(&[]);
    for (call, killed) in [("stopped", false), ("killed", true)] {
        let mut client = Client::open(&server, call);
        client.say("1", "自来水管漏了", true);
        client.send(&json!({"notes": "三天了", "answers": [{"question": "slot:since", "answer": "unknown"}]}));
        // The telephone system knows who calls, and nothing of the rest.
        client.send(&json!({"phone": "+86 138 0000 0000"}));
        if killed {
            client.until_it("kept", |own| own["sequence"] == 3);
            server.end("-KILL");
        } else {
            client.until_it("context", |own| own["phone"] == "+86 138 0000 0000");
            server.end("-TERM");
            assert_eq!(client.closed(), 1012);
        }
        server = place.serve(&[]);
        let mut again = Client::open(&server, call);
        let (opened, _) = again.until("opened");
        assert_eq!((&opened["sequence"], &opened["known"]), (&json!(3), &json!(true)), "{call}");
        let (suggestion, before) = again.until("suggestion");
        assert_eq!(suggestion["text"], "自来水管漏了\n三天了");
        let context = before.iter().find(|own| own["event"] == "context").unwrap();
        assert_eq!(context["answers"][0]["question"], "slot:since");
        assert_eq!((&context["phone"], &context["notes"]), (&json!("+86 138 0000 0000"), &json!("三天了")));
        assert!(before.iter().any(|own| own["text"] == "自来水管漏了" && own["final"] == true));
    }
}

#[test]
fn who_may_connect_and_how_many() {
    let place = Place::new();
    let (agent, metrics) = (place.key("agent", &["agent"]), place.key("metrics", &["metrics"]));
    let server = place.serve(&[]);
    let bearer = format!("Bearer {agent}");
    let offer = format!("jiesu.v1, bearer.{agent}");
    let wrong = format!("jiesu.v1, bearer.{metrics}");
    let origin = server.address.clone();
    for (call, headers, expect) in [
        ("1", &[][..], Err((401, "unauthorized"))),
        ("1", &[("authorization", bearer.as_str())][..], Ok(())),
        ("1", &[("sec-websocket-protocol", offer.as_str())][..], Ok(())),
        ("1", &[("sec-websocket-protocol", wrong.as_str())][..], Err((403, "forbidden"))),
        ("1", &[("authorization", bearer.as_str()), ("origin", origin.as_str())][..], Ok(())),
        ("1", &[("authorization", bearer.as_str()), ("origin", "http://evil.example")][..], Err((403, "cross-site"))),
        ("a%20b", &[("authorization", bearer.as_str())][..], Err((404, "not-found"))),
        ("1?after=x", &[("authorization", bearer.as_str())][..], Err((400, "invalid-query"))),
    ] {
        let joined = Client::join(&server, call, headers).map(|_| ());
        assert_eq!(
            joined,
            expect.map_err(|(status, name): (u16, &str)| (status, name.to_owned())),
            "{call} {headers:?}"
        );
    }
    assert_eq!(server.ask(Some(&agent), "GET", "/v1/calls/1", &Value::Null).problem(), "upgrade-required");
    let all: Vec<_> = (0..9).map(|_| Client::join(&server, "full", &[("authorization", &bearer)])).collect();
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 8);
    assert_eq!(all.into_iter().find_map(Result::err), Some((503, "busy".to_owned())));
}
