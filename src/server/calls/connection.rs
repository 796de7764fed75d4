//! One connection to a call: who may open it, what comes in, what goes out.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::super::app::App;
use super::super::caller::Caller;
use super::super::language::Language;
use super::super::problem::{Kind, Problem};
use super::super::site;
use super::call::{Call, Seen};
use super::message::{Incoming, Outgoing, read};
use super::pace;
use crate::access::Actor;
use crate::say;
use crate::source::Lang;

/// The protocol that is spoken.
const PROTOCOL: &str = "jiesu.v1";
/// Who may be connected to one call at one time.
const MOST_CONNECTED: usize = 8;
/// Characters of a call's id.
const LONGEST_ID: usize = 100;
/// Bytes of a message past which the connection is not worth keeping: what is shorter and still too long gets a problem.
const HOPELESS: usize = 256 << 10;
/// How often whoever is connected is asked whether they are there.
const PING: Duration = Duration::from_secs(20);
/// How long they may say nothing, not even that.
const IDLE: Duration = Duration::from_secs(60);
/// How long a message may take to be sent.
const SLOWEST: Duration = Duration::from_secs(10);

/// What the query string says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    /// The changes that were seen before.
    after: u64,
    /// Whether transcript and suggestions are wanted; a recogniser may do without.
    listen: bool,
}

/// Opens a call, or joins it.
#[utoipa::path(
    get, path = "/v1/calls/{id}", operation_id = "call", tag = "decide",
    summary = "通话：WebSocket，转写进、建议出 / A call over a WebSocket: what is said goes in, suggestions come out",
    description = "消息格式见 docs/api.md / The messages are described in docs/api.md",
    params(
        ("id" = String, Path, description = "通话编号，由话务系统给出 / The call's id, from the telephone system"),
        ("after" = Option<u64>, Query, description = "已收到的最后一个 sequence，补发其后的变动 / The last `sequence` that was seen: later changes are sent again"),
        ("listen" = Option<bool>, Query, description = "false：不接收转写和建议 / `false`: without transcript and suggestions"),
    ),
    responses((status = 101, description = "已连接 / Connected")),
)]
pub(in super::super) async fn connect(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Language(lang): Language,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    own_site(&headers)?;
    let id = id.ok().map(|Path(id)| id).filter(|id| is_id(id)).ok_or_else(Problem::not_found)?;
    let asked = asked(query.as_deref())?;
    let upgrade = upgrade.map_err(|_| {
        let detail = say!("请用 WebSocket 连接（ws:// 或 wss://）", "connect with WebSocket (ws:// or wss://)");
        Problem::new(Kind::UpgradeRequired, detail)
    })?;
    let call = app.configuration.calls.open(&id, app.tickets().ok()).await?;
    let connected = Connected::new(&app, call)?;
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(HOPELESS).max_frame_size(HOPELESS);
    Ok(upgrade.on_upgrade(move |socket| async move {
        Conversation { socket, connected, actor, lang, asked }.hold().await;
    }))
}

/// A page of another site may not listen in: browsers say where a page is from (RFC 6455, section 10.2), other programs
/// need not.
fn own_site(headers: &HeaderMap) -> Result<(), Problem> {
    if site::is_own(headers) {
        return Ok(());
    }
    let detail = say!("只接受本站页面发起的连接", "only pages of this site may connect");
    Err(Problem::new(Kind::CrossSite, detail))
}

/// Ids of telephone systems: letters, digits and a few signs.
fn is_id(id: &str) -> bool {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'@');
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(fit)
}

fn asked(query: Option<&str>) -> Result<Asked, Problem> {
    let mut asked = Asked { after: 0, listen: true };
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match (name.as_ref(), value.as_ref()) {
            ("after", number) if number.parse::<u64>().is_ok() => asked.after = number.parse().unwrap_or(0),
            ("listen", "true") => asked.listen = true,
            ("listen", "false") => asked.listen = false,
            _ => {
                let detail = say!(
                    "这里只有参数 after=序号 和 listen=true 或 false",
                    "the parameters here are after=NUMBER and listen=true or false"
                );
                return Err(Problem::new(Kind::InvalidQuery, detail));
            }
        }
    }
    Ok(asked)
}

/// Somebody's place in a call; given back when it is dropped, however the connection ends.
struct Connected {
    app: Arc<App>,
    call: Arc<Call>,
    changes: watch::Receiver<u64>,
}

impl Connected {
    fn new(app: &Arc<App>, call: Arc<Call>) -> Result<Connected, Problem> {
        let (count, changes) = call.connect(MOST_CONNECTED).ok_or_else(|| {
            let detail = say!(
                "一通电话最多 {MOST_CONNECTED} 个连接，请关闭别的页面再试",
                "a call has at most {MOST_CONNECTED} connections: close another page first"
            );
            Problem::new(Kind::Busy, detail)
        })?;
        if count == 1 {
            let deciding = tokio::spawn(pace::decide(Arc::clone(app), Arc::clone(&call)));
            call.decided_by(deciding.abort_handle());
        }
        // What was kept of an earlier server has no suggestion yet.
        call.undecided.notify_one();
        Ok(Connected { app: Arc::clone(app), call, changes })
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.call.disconnect();
    }
}

/// A connection while it is open.
struct Conversation {
    socket: WebSocket,
    connected: Connected,
    actor: Actor,
    lang: Lang,
    asked: Asked,
}

impl Conversation {
    /// Goes on until either side ends it.
    async fn hold(mut self) {
        let call = Arc::clone(&self.connected.call);
        let (opened, mut seen) = call.greet(self.asked.after);
        if !self.send(Message::Text(opened.into())).await {
            return;
        }
        let mut stopping = self.connected.app.configuration.calls.stopping();
        let mut beat = interval_at(Instant::now() + PING, PING);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            if !self.tell(&mut seen).await {
                return;
            }
            tokio::select! {
                message = self.socket.recv() => {
                    heard = Instant::now();
                    let Some(Ok(message)) = message else { return };
                    if !self.take(message).await {
                        return;
                    }
                }
                changed = self.connected.changes.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = stopped(&mut stopping) => {
                    return self.close(close_code::RESTART, "the server restarts").await;
                }
                _ = beat.tick() => {
                    if heard.elapsed() > IDLE {
                        return self.close(close_code::POLICY, "nothing was heard for too long").await;
                    }
                    if !self.connected.app.configuration.keys.still_admits(&self.actor) {
                        return self.close(close_code::POLICY, "the key was revoked").await;
                    }
                    if !self.send(Message::Ping(axum::body::Bytes::new())).await {
                        return;
                    }
                }
            }
        }
    }

    /// Sends what is new. False where the conversation is over.
    async fn tell(&mut self, seen: &mut Seen) -> bool {
        let keeps = self.connected.app.tickets().is_ok();
        let news = self.connected.call.since(seen, self.asked.listen, keeps);
        for one in news {
            if !self.send(Message::Text(one.as_ref().into())).await {
                return false;
            }
        }
        if self.connected.call.ended() {
            self.close(close_code::NORMAL, "the call is over").await;
            return false;
        }
        true
    }

    /// Takes a message. False where the conversation is over.
    async fn take(&mut self, message: Message) -> bool {
        let bytes = match message {
            Message::Text(text) => axum::body::Bytes::from(text),
            Message::Binary(_) => {
                let detail = say!("请发送文本消息（JSON）", "send text messages (JSON)");
                return self.refuse(None, &Problem::new(Kind::InvalidJson, detail)).await;
            }
            Message::Ping(_) | Message::Pong(_) => return true,
            Message::Close(_) => return false,
        };
        let call = &self.connected.call;
        match read(&bytes) {
            Ok(Incoming::Heard(utterance)) => call.hear(utterance),
            Ok(Incoming::Known(change)) => call.know(change),
            Ok(Incoming::End) => {
                let app = &self.connected.app;
                let ended = app.configuration.calls.end(call, app.tickets().ok()).await;
                return match ended {
                    Ok(()) => true,
                    Err(problem) => self.refuse(None, &problem).await,
                };
            }
            Err((utterance, problem)) => return self.refuse(utterance.as_deref(), &problem).await,
        };
        true
    }

    async fn refuse(&mut self, utterance: Option<&str>, problem: &Problem) -> bool {
        let document = problem.document(self.lang);
        self.send(Message::Text(Outgoing::Problem { utterance, problem: &document }.json().into())).await
    }

    async fn send(&mut self, message: Message) -> bool {
        matches!(timeout(SLOWEST, self.socket.send(message)).await, Ok(Ok(())))
    }

    async fn close(&mut self, code: u16, reason: &'static str) {
        self.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
    }
}

/// Waits until the server stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_calls() {
        for (id, expect) in [
            ("20261123-0042", true),
            ("sip:42@pbx.example", true),
            ("", false),
            ("a b", false),
            ("电话", false),
            ("a/b", false),
        ] {
            assert_eq!(is_id(id), expect, "{id}");
        }
        assert!(is_id(&"a".repeat(LONGEST_ID)) && !is_id(&"a".repeat(LONGEST_ID + 1)));
    }

    #[test]
    fn the_query_string_is_read_strictly() {
        for (query, expect) in [
            (None, Some((0, true))),
            (Some("after=12&listen=false"), Some((12, false))),
            (Some("after=-1"), None),
            (Some("before=1"), None),
        ] {
            assert_eq!(asked(query).ok().map(|asked| (asked.after, asked.listen)), expect, "{query:?}");
        }
    }
}
