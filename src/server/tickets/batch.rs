//! Many complaints at once, one a line (JSON Lines): each becomes a ticket by itself, and is answered by a line of its own.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tokio::task::JoinSet;
use utoipa::ToSchema;

use super::super::app::{App, on_thread};
use super::super::body;
use super::super::caller::Caller;
use super::super::language::Language;
use super::super::problem::{Kind, Place, Problem, ProblemDocument};
use super::submit::{FIELDS, key, may_say_when, submission, usable_key};
use crate::access::{Actor, Scope};
use crate::say;
use crate::source::Lang;
use crate::tickets::{Filed, Prepared, Refusal, Tickets};

/// The media types of JSON Lines; `application/json` because one line is JSON too.
const MEDIA: [&str; 4] = ["application/x-ndjson", "application/jsonl", "application/x-jsonlines", "application/json"];
/// How the answer is sent.
const NDJSON: &str = "application/x-ndjson; charset=utf-8";
/// Lines of a batch, at the most.
const MOST_LINES: usize = 1_000;
/// Lines that are decided and kept in one go: a batch never has more than these waiting for the store.
const SLICE: usize = 32;
/// The field of a line's own key.
const OWN_KEY: &str = "idempotency_key";

/// A line of a batch, with its number from 1.
type Line = (usize, Arc<[u8]>);

/// What became of one line.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in super::super) struct BatchLine {
    /// 第几行，从 1 数起 / The line, from 1.
    line: usize,
    /// 单独提交时的状态码：201 已受理，200 此前已受理 / The status that it would have had by itself.
    status: u16,
    /// 工单编号 / The ticket's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// 工单状态 / Where the ticket stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// 为什么没有受理 / Why there is no ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemDocument>,
}

/// Files complaints, one a line.
#[utoipa::path(
    post, path = "/v1/tickets/batch", operation_id = "submit_tickets", tag = "tickets",
    summary = "批量受理，一行一件 / File complaints, one a line",
    description = "JSON Lines，最多 1,000 行，每行与 POST /v1/tickets 的请求体相同，可加 idempotency_key；逐行答复，一行出错不影响别的行 / \
                   JSON Lines, 1,000 at the most, each as for POST /v1/tickets and with idempotency_key if need be; a line is answered by a line, whatever becomes of the others",
    params(("Idempotency-Key" = Option<String>, Header, description = "没有自己的键的行，以此键加行号为键 / Lines without a key of their own have this one with their number")),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, description = "按原顺序，每行一个结果 / A line for each line, in order", body = BatchLine, content_type = "application/x-ndjson")),
)]
pub(in super::super) async fn submit_batch(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Language(lang): Language,
    request: Request,
) -> Result<Response, Problem> {
    let tickets = app.tickets()?.clone();
    if !(actor.may(&Scope::Submit) || actor.is_central()) {
        return Err(Refusal::Forbidden { needs: "submit / agent / dispatcher" }.into());
    }
    let key = key(request.headers())?;
    media_type(request.headers())?;
    let body = body::read_bytes(request, app.configuration.batch_body_limit).await?;
    let lines = lines(&body)?.into_iter();
    let batch = Batch { app, tickets, actor, key, lang };
    // Answered as it goes: whoever is cut off, or hangs up, knows what was filed up to then. The next lines are decided
    // when the last ones were read.
    let answers = stream::unfold((batch, lines), |(batch, mut lines)| async move {
        let slice: Vec<_> = lines.by_ref().take(SLICE).collect();
        if slice.is_empty() {
            return None;
        }
        let mut answers = Vec::with_capacity(slice.len() * 96);
        for answer in batch.slice(&slice).await {
            // Writing a plain struct cannot fail.
            let _ = serde_json::to_writer(&mut answers, &answer);
            answers.push(b'\n');
        }
        Some((Ok::<_, std::convert::Infallible>(answers), (batch, lines)))
    });
    Ok(([(CONTENT_TYPE, NDJSON)], Body::from_stream(answers)).into_response())
}

fn media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if MEDIA.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        return Ok(());
    }
    let detail = say!(
        "请用 Content-Type: application/x-ndjson 提交 JSON Lines，一行一个对象",
        "send JSON Lines, one object a line, with Content-Type: application/x-ndjson"
    );
    Err(Problem::new(Kind::UnsupportedMediaType, detail))
}

/// The lines that have something in them, with their numbers.
fn lines(body: &[u8]) -> Result<Vec<Line>, Problem> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF".as_slice()).unwrap_or(body);
    let all = body.split(|byte| *byte == b'\n').zip(1..).filter(|(line, _)| !line.trim_ascii().is_empty());
    let lines: Vec<_> = all.take(MOST_LINES + 1).map(|(line, number)| (number, Arc::from(line.trim_ascii()))).collect();
    if lines.len() > MOST_LINES {
        let detail =
            say!("一批最多 {MOST_LINES} 行，请分批提交", "a batch has at most {MOST_LINES} lines: send several");
        let place = Place { most: Some(MOST_LINES), ..Place::default() };
        return Err(Problem::new(Kind::TooManyItems, detail).at(place));
    }
    Ok(lines)
}

/// What all lines of a batch share.
#[derive(Clone)]
struct Batch {
    app: Arc<App>,
    tickets: Tickets,
    actor: Actor,
    key: Option<String>,
    lang: Lang,
}

impl Batch {
    /// Decides some lines on a thread that may be busy for long, then keeps them together, which shares the disk's work.
    async fn slice(&self, lines: &[Line]) -> Vec<BatchLine> {
        let (own, given) = (self.clone(), lines.to_vec());
        let work = move || given.iter().map(|(number, line)| own.ready(*number, line)).collect::<Vec<_>>();
        let ready = match on_thread(&self.app.batches, work).await {
            Ok(ready) => ready,
            Err(problem) => return lines.iter().map(|(number, _)| self.refused(*number, &problem)).collect(),
        };
        let mut filing = JoinSet::new();
        for ((number, _), ready) in lines.iter().zip(ready) {
            let (own, number) = (self.clone(), *number);
            filing.spawn(async move {
                let filed = match ready {
                    Ok((key, prepared)) => own.tickets.submit(*prepared, &own.actor, key).await.map_err(Problem::from),
                    Err(problem) => Err(problem),
                };
                own.answer(number, filed)
            });
        }
        let mut answers = filing.join_all().await;
        answers.sort_unstable_by_key(|answer| answer.line);
        answers
    }

    fn ready(&self, number: usize, line: &[u8]) -> Result<(Option<String>, Box<Prepared>), Problem> {
        let most = self.app.configuration.body_limit;
        if line.len() > most {
            let detail = say!("一行最多 {most} 字节", "a line has at most {most} bytes");
            return Err(Problem::new(Kind::TooLarge, detail).at(Place { most: Some(most), ..Place::default() }));
        }
        let fields: Vec<&str> = FIELDS.iter().copied().chain([OWN_KEY]).collect();
        let mut object = body::parse(line)?.object(&fields)?;
        let key = match (object.text(OWN_KEY)?, &self.key) {
            (Some(own), _) => Some(usable_key(&own, OWN_KEY)?),
            (None, Some(key)) => Some(format!("{key}/{number}")),
            (None, None) => None,
        };
        let zone = self.app.live.serving().bundle.engine.settings().time_zone.clone();
        let submission = submission(object, &zone)?;
        may_say_when(&submission, &self.actor)?;
        Ok((key, Box::new(self.app.prepared(&self.tickets, submission)?)))
    }

    fn answer(&self, line: usize, filed: Result<Filed, Problem>) -> BatchLine {
        match filed {
            Ok(filed) => {
                let text = |field: &str| filed.ticket[field].as_str().map(str::to_owned);
                let status = if filed.again { 200 } else { 201 };
                BatchLine { line, status, id: text("id"), state: text("state"), problem: None }
            }
            Err(problem) => self.refused(line, &problem),
        }
    }

    fn refused(&self, line: usize, problem: &Problem) -> BatchLine {
        let document = problem.document(self.lang);
        BatchLine { line, status: document.status(), problem: Some(document), ..BatchLine::default() }
    }
}
