//! The whole way of a text to its decision, for the page on which texts are tried.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::app::App;
use super::body;
use super::matching::{FIELDS, complaint};
use super::problem::Problem;
use super::search::unknown;
use crate::decide::explain::Way;
use crate::decide::{Decision, Options};

/// A text, and what to explain about it.
#[derive(ToSchema)]
#[schema(example = json!({"text": "梧桐苑小区门口自来水管漏了三天，水都流到马路上了", "why_not": "water/pipe-leak"}))]
#[allow(dead_code, reason = "describes the body for the document of the API; bodies are read field by field")]
pub(super) struct ExplainRequest {
    /// 诉求原文，最多 30,000 字 / What was said or written; at most 30,000 characters.
    text: String,
    /// 标题，最多 500 字 / Its title; at most 500 characters.
    title: Option<String>,
    /// 来源渠道 / How it came in.
    channel: Option<String>,
    /// 事发属地，名称或编号 / Where it is about, as a region's name or id.
    district: Option<String>,
    /// 受理时间 / When it came in.
    at: Option<String>,
    /// 为什么不是这个场景（编号）/ Why this scenario, by its id, does not lead.
    why_not: Option<String>,
    /// 只用规则，不用历史案例 / Leave everything learned from past cases out.
    rules_only: Option<bool>,
}

/// A decision with the whole way to it.
#[derive(Serialize, ToSchema)]
pub(super) struct Explained {
    /// 判定，explain 里是逐条说明 / The decision; `explain` has every clause and the nearest flips.
    decision: Decision,
    /// 之前的每一步 / The steps before.
    way: Way,
}

/// Explains how a text is decided, step by step. What is asked is not kept as a ticket.
#[utoipa::path(
    post, path = "/v1/explain", operation_id = "explain", tag = "decide",
    summary = "逐步说明一段文字怎样得出判定 / How a text is decided, step by step",
    description = "规范化的文字、候选场景、逐条命中与缺什么、案例怎么看、排序、自动派单线、派单依据，以及改动最少几个字会换场景 / \
                   The text as it is compared, the scenarios that were looked at, every clause, what cases taught, rank, bar, who is responsible, and the smallest changes that flip it",
    request_body = ExplainRequest,
    responses((status = 200, description = "判定与全过程 / The decision and the whole way to it", body = Explained)),
)]
pub(super) async fn explain(State(app): State<Arc<App>>, request: Request) -> Result<Json<Explained>, Problem> {
    let body = body::read(request, app.configuration.body_limit).await?;
    let (serving, own) = (app.live.serving(), Arc::clone(&app));
    // It tries some hundred changed texts, which is long work however short the text.
    let work = move || {
        let mut fields = FIELDS.to_vec();
        fields.extend(["why_not", "rules_only"]);
        let mut object = body::parse(&body)?.object(&fields)?;
        let engine = &serving.bundle.engine;
        let scenarios = || engine.rules().scenarios().iter().map(|scenario| scenario.id.as_str());
        let why_not = object.text("why_not")?;
        let position = |id: String| engine.rules().position(&id).ok_or_else(|| unknown("why_not", &id, scenarios()));
        let why_not = why_not.map(position).transpose()?;
        let options = Options { rules_only: object.flag("rules_only")? };
        let complaint = complaint(object, &engine.settings().time_zone, Timestamp::now())?;
        let started = Instant::now();
        let (decision, way, explanation) = engine.whole_way(&complaint, options, why_not)?;
        let decision = own.handed_out(&serving, &complaint, options, decision, started.elapsed());
        Ok(Explained { decision: Decision { explain: Some(Box::new(explanation)), ..decision }, way })
    };
    app.work(usize::MAX, work).await.map(Json)
}
