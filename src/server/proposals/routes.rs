//! The routes of proposals.
// What `utoipa` makes of `params` names its types by longer paths than they need.
#![allow(unused_qualifications)]

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::super::app::App;
use super::super::body;
use super::super::caller::Caller;
use super::super::problem::{Kind, Problem};
use super::super::shape::{self, query};
use super::asked::ProposalRequest;
use super::drafting::{Drafted, made};
use crate::access::{Actor, Scope};
use crate::say;
use crate::tickets::{MOST_PROPOSALS, Proposal, ProposalState, Proposals};

/// Proposals on a page where nothing is said.
const ON_PAGE: u32 = 50;

/// Which proposals.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct ProposalQuery {
    /// open（待处理，默认）、accepted、rejected 或 all / `open`, which is the default, `accepted`, `rejected` or `all`.
    #[param(inline)]
    state: Option<Which>,
    /// 每页条数，最多 100 / Proposals on a page, at most 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// 上一页的 next_cursor / `next_cursor` of the page before.
    #[param(pattern = "^P[1-9][0-9]{0,14}$")]
    cursor: Option<String>,
}

/// Where proposals stand.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Which {
    Open,
    Accepted,
    Rejected,
    All,
}

/// What an editor decides.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "accepted", "reason": "已合并"}))]
pub(in super::super) struct ProposalDecision {
    /// accepted（采纳）、rejected（不采纳）或 open（重新打开）/ What becomes of it.
    state: ProposalState,
    /// 为什么；不采纳时必填 / Why; must be there where it is rejected.
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

/// Whoever decides about complaints may propose, and departments.
fn may_propose(actor: &Actor) -> Result<(), Problem> {
    let may = actor.is_central()
        || actor.may(&Scope::Editor)
        || actor.may(&Scope::Submit)
        || actor.departments().next().is_some();
    if may {
        return Ok(());
    }
    let detail = say!(
        "需要权限：submit / agent / dispatcher / department / editor",
        "it needs the scope submit / agent / dispatcher / department / editor"
    );
    Err(Problem::new(Kind::Forbidden, detail))
}

fn no_proposal() -> Problem {
    Problem::new(
        Kind::NotFound,
        say!("没有这条建议，或当前密钥看不到它", "there is no such proposal, or not for this key"),
    )
}

/// Drafts what an editor would change, with its impact; keeps nothing.
#[utoipa::path(
    post, path = "/v1/proposals:draft", operation_id = "draft_proposal", tag = "proposals",
    summary = "起草修改并看影响，不保存 / Draft a change and see its impact; nothing is kept",
    description = "判得不对时给出正确的场景或单位，得到条件、例句、派单目录的改法和它对规则包自带例句与案例的影响 / \
                   For a decision that was wrong: what to change, and what it does to the bundle's own examples and cases",
    request_body = ProposalRequest,
    responses((status = 200, description = "草案 / The draft", body = Drafted)),
)]
pub(in super::super) async fn draft(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    request: Request,
) -> Result<Json<Drafted>, Problem> {
    may_propose(&actor)?;
    let body = body::read(request, app.configuration.body_limit).await?;
    Ok(Json(made(&app, body).await?.drafted))
}

/// Keeps a proposal for the editors; where the server does that, as a branch too.
#[utoipa::path(
    post, path = "/v1/proposals", operation_id = "propose", tag = "proposals",
    summary = "提出修改建议，交给编辑 / Propose a change to the editors",
    request_body = ProposalRequest,
    responses((status = 201, description = "已保存的建议 / The proposal", body = Proposal)),
)]
pub(in super::super) async fn propose(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    request: Request,
) -> Result<(StatusCode, Json<Proposal>), Problem> {
    may_propose(&actor)?;
    let tickets = app.tickets()?.clone();
    let body = body::read(request, app.configuration.body_limit).await?;
    let made = made(&app, body).await?;
    let mut proposal = tickets.propose(made.proposal(), &actor).await?;
    if app.configuration.proposal_branches && !made.drafted_nothing() {
        match made.branch(&app, &proposal).await {
            Ok(branch) => {
                tickets.note_branch(&proposal.id, &branch).await?;
                proposal.branch = Some(branch);
            }
            // The patch is there all the same.
            Err(why) => tracing::warn!(proposal = proposal.id, why = why.en, "a proposal was not written as a branch"),
        }
    }
    Ok((StatusCode::CREATED, Json(proposal)))
}

/// Proposals, the newest first: editors see all, others their own.
#[utoipa::path(
    get, path = "/v1/proposals", operation_id = "list_proposals", tag = "proposals",
    summary = "修改建议 / Proposals",
    params(ProposalQuery),
    responses((status = 200, description = "最新的在前；编辑看到全部，其他人看到自己的 / The newest first; editors see all, others their own", body = Proposals)),
)]
pub(in super::super) async fn list(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    uri: Uri,
) -> Result<Json<Proposals>, Problem> {
    may_propose(&actor)?;
    let ProposalQuery { state, limit, cursor } = query(&uri)?;
    let state = match state.unwrap_or(Which::Open) {
        Which::Open => Some(ProposalState::Open),
        Which::Accepted => Some(ProposalState::Accepted),
        Which::Rejected => Some(ProposalState::Rejected),
        Which::All => None,
    };
    let limit = limit.unwrap_or(ON_PAGE).min(MOST_PROPOSALS);
    Ok(Json(app.tickets()?.proposals(state, cursor.as_deref(), limit, &actor).await?))
}

/// One proposal with its draft.
#[utoipa::path(
    get, path = "/v1/proposals/{id}", operation_id = "get_proposal", tag = "proposals",
    summary = "一条修改建议 / One proposal",
    params(("id" = String, Path, description = "建议编号 / The proposal's id")),
    responses((status = 200, description = "建议与草案 / The proposal with its draft", body = Proposal)),
)]
pub(in super::super) async fn get(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<Proposal>, Problem> {
    may_propose(&actor)?;
    app.tickets()?.proposal(&id, &actor).await?.map(Json).ok_or_else(no_proposal)
}

/// The change of a proposal as a patch for `git apply`.
#[utoipa::path(
    get, path = "/v1/proposals/{id}/patch", operation_id = "proposal_patch", tag = "proposals",
    summary = "下载补丁（在规则包目录里 git apply） / The change as a patch, for git apply in the bundle's folder",
    params(("id" = String, Path, description = "建议编号 / The proposal's id")),
    responses((status = 200, description = "补丁 / The patch", content_type = "text/x-diff", body = String)),
)]
pub(in super::super) async fn patch(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    may_propose(&actor)?;
    let proposal = app.tickets()?.proposal(&id, &actor).await?.ok_or_else(no_proposal)?;
    let patch = proposal.patch.filter(|patch| !patch.is_empty()).ok_or_else(|| {
        Problem::new(Kind::NotFound, say!("这条建议没有可下载的补丁", "nothing was drafted for this proposal"))
    })?;
    let name = format!("attachment; filename=\"{}.patch\"", proposal.id);
    Ok(([(CONTENT_TYPE, "text/x-diff; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)], patch).into_response())
}

/// An editor decides on a proposal.
#[utoipa::path(
    post, path = "/v1/proposals/{id}", operation_id = "decide_proposal", tag = "proposals",
    summary = "采纳或不采纳 / Accept or reject a proposal",
    params(("id" = String, Path, description = "建议编号 / The proposal's id")),
    request_body = ProposalDecision,
    responses((status = 200, description = "之后的建议 / The proposal afterwards", body = Proposal)),
)]
pub(in super::super) async fn decide(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Json<Proposal>, Problem> {
    let tickets = app.tickets()?.clone();
    let body = body::read(request, app.configuration.body_limit).await?;
    let ProposalDecision { state, reason } = shape::body(&body, "ProposalDecision")?;
    tickets.decide_proposal(&id, state, reason, &actor).await?.map(Json).ok_or_else(no_proposal)
}
