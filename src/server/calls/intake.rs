//! What to ask next, for callers without a WebSocket.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};
use jiff::Timestamp;
use utoipa::ToSchema;

use super::super::app::App;
use super::super::body;
use super::super::matching::{FIELDS, complaint};
use super::super::problem::Problem;
use super::message::answers;
use crate::decide::{Answer, Intake, Options};

/// A complaint with what was answered so far.
#[derive(ToSchema)]
#[schema(example = json!({"text": "我们小区门口漏水了", "answers": [{"question": "slot:since", "answer": "unknown"}]}))]
#[allow(dead_code, reason = "describes the body for the document of the API; bodies are read field by field")]
pub(in super::super) struct IntakeRequest {
    /// 已经说了的，最多 30,000 字 / What was said so far; at most 30,000 characters.
    text: String,
    /// 标题，最多 500 字 / Its title; at most 500 characters.
    title: Option<String>,
    /// 来源渠道 / How it came in.
    channel: Option<String>,
    /// 事发属地，名称或编号 / Where it is about, as a region's name or id.
    district: Option<String>,
    /// 受理时间 / When it came in.
    at: Option<String>,
    /// 已经问过的，最多 50 个 / What was asked and answered; 50 at the most.
    #[schema(max_items = 50)]
    answers: Option<Vec<Answer>>,
}

/// Decides and says what to ask next.
#[utoipa::path(
    post, path = "/v1/intake", operation_id = "intake", tag = "decide",
    summary = "判定并给出下一个该问的问题 / Decide, and what to ask next",
    description = "先问最能区分几种可能的问题，再问办理所缺的；answers 里回答过的不再问 / \
                   First what tells the possible scenarios best apart, then what the matter lacks; what stands in `answers` is not asked again",
    request_body = IntakeRequest,
    responses((status = 200, description = "判定、可能的场景、要问的 / The decision, possible scenarios, questions", body = Intake)),
)]
pub(in super::super) async fn intake(State(app): State<Arc<App>>, request: Request) -> Result<Json<Intake>, Problem> {
    let body = body::read(request, app.configuration.body_limit).await?;
    let (serving, own, bytes) = (app.live.serving(), Arc::clone(&app), body.len());
    let work = move || {
        let mut fields = FIELDS.to_vec();
        fields.push("answers");
        let mut object = body::parse(&body)?.object(&fields)?;
        let answers = answers(&mut object)?.unwrap_or_default();
        let engine = &serving.bundle.engine;
        let complaint = complaint(object, &engine.settings().time_zone, Timestamp::now())?;
        let started = Instant::now();
        let Intake { decision, possible, questions } = engine.intake(&complaint, &answers, Options::default())?;
        let decision = own.handed_out(&serving, &complaint, Options::default(), decision, started.elapsed());
        Ok(Intake { decision, possible, questions })
    };
    app.work(bytes, work).await.map(Json)
}
