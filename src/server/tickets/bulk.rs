//! The same action for many tickets at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use utoipa::ToSchema;

use super::super::app::App;
use super::super::body;
use super::super::caller::Caller;
use super::super::language::Language;
use super::super::problem::{Kind, Place, Problem, ProblemDocument};
use super::submit;
use crate::access::Actor;
use crate::say;
use crate::tickets::{Action, Refusal, Tickets};

/// Tickets of one request, at the most.
const MOST: usize = 200;
/// Tickets that are acted on at one moment: the store commits them together.
const AT_ONCE: usize = 16;

/// An action for many tickets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BulkRequest)]
pub(in super::super) struct Asked {
    /// 工单编号，最多 200 个，不重复 / The tickets' ids, at most 200, each once.
    #[schema(min_items = 1, max_items = 200)]
    ids: Vec<String>,
    /// 看到的版本，按编号；之后被改动过的不执行 / The versions that were seen, by id: nothing is done with a ticket that has
    /// changed since.
    #[serde(default)]
    versions: BTreeMap<String, u32>,
    /// 对每一件都做的操作 / What is done with each.
    action: Action,
}

/// What came of it for one ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkItem)]
pub(in super::super) struct Item {
    /// The ticket's id.
    id: String,
    /// The status that the action alone would have had: 200 where it was done.
    status: u16,
    /// The same request with the same key had done it before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    again: bool,
    /// How many events the ticket has now; none where it is no longer seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// Where it stands now.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// Why it was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemDocument>,
}

/// What came of it, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkAnswer)]
pub(in super::super) struct Answer {
    /// A line for each ticket.
    items: Vec<Item>,
    /// For how many it was done.
    done: usize,
    /// For how many it was not.
    failed: usize,
}

/// Does the same with many tickets: each in a transaction of its own.
#[utoipa::path(
    post, path = "/v1/tickets/actions", operation_id = "act_on_tickets", tag = "tickets",
    summary = "批量办理：对多件工单做同一个操作 / Do the same with many tickets",
    description = "逐件各自提交，一件不成不影响别的；带同一个 Idempotency-Key 重发，已经做过的不再做 / \
                   Each ticket by itself: one that cannot be done does not hold up the others; the same Idempotency-Key again does nothing twice",
    params(("Idempotency-Key" = Option<String>, Header, description = "重发时带同一个键，已做过的不再做 / What was done is not done again with the same key")),
    request_body = Asked,
    responses((status = 200, description = "逐件的结果 / What came of each", body = Answer)),
)]
pub(in super::super) async fn act_on_many(
    State(app): State<Arc<App>>,
    Language(lang): Language,
    Caller(actor): Caller,
    request: Request,
) -> Result<Json<Answer>, Problem> {
    let tickets = app.tickets()?.clone();
    if !(actor.is_central() || actor.departments().next().is_some()) {
        return Err(Refusal::Forbidden { needs: "agent / dispatcher / department:ID" }.into());
    }
    let key = submit::key(request.headers())?;
    let body = body::read(request, app.configuration.body_limit).await?;
    let Asked { ids, versions, action } = asked(&body)?;
    let mut items = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        for (id, done) in some.iter().zip(together(&tickets, some, &versions, &action, &actor, key.as_ref()).await) {
            items.push(match done {
                Some(Ok((ticket, again))) => Item {
                    id: id.clone(),
                    status: 200,
                    again,
                    version: ticket["version"].as_u64(),
                    state: ticket["state"].as_str().map(str::to_owned),
                    problem: None,
                },
                refused => {
                    let problem = refused.map_or_else(Problem::internal, |refused| match refused {
                        Err(refusal) => refusal.into(),
                        Ok(_) => Problem::internal(),
                    });
                    let problem = problem.document(lang);
                    let status = problem.status;
                    Item { id: id.clone(), status, again: false, version: None, state: None, problem: Some(problem) }
                }
            });
        }
    }
    let done = items.iter().filter(|item| item.problem.is_none()).count();
    Ok(Json(Answer { done, failed: items.len() - done, items }))
}

/// What came of an action for one ticket: the ticket, and whether it had been done before.
type Done = Result<(serde_json::Value, bool), Refusal>;

/// Does an action with some tickets at one moment; none where that broke off.
async fn together(
    tickets: &Tickets,
    ids: &[String],
    versions: &BTreeMap<String, u32>,
    action: &Action,
    actor: &Actor,
    key: Option<&String>,
) -> Vec<Option<Done>> {
    let mut tasks = JoinSet::new();
    for (at, id) in ids.iter().enumerate() {
        let (tickets, id, action, actor, key) =
            (tickets.clone(), id.clone(), action.clone(), actor.clone(), key.cloned());
        let version = versions.get(&id).copied();
        tasks.spawn(async move { (at, tickets.act_once(&id, action, version, &actor, key).await) });
    }
    let mut all: Vec<Option<Done>> = ids.iter().map(|_| None).collect();
    while let Some(joined) = tasks.join_next().await {
        if let Ok((at, done)) = joined
            && let Some(place) = all.get_mut(at)
        {
            *place = Some(done);
        }
    }
    all
}

fn asked(body: &[u8]) -> Result<Asked, Problem> {
    // Twice read: the bounded tree finds what is no JSON at all.
    body::parse(body)?.any_object()?;
    let asked: Asked = serde_json::from_slice(body).map_err(|error| {
        let why: String = error.to_string().chars().take(200).collect();
        Problem::new(
            Kind::InvalidField,
            say!("批量操作的字段有误：{why}", "the fields of the request are wrong: {why}"),
        )
    })?;
    let count = asked.ids.len();
    if !(1..=MOST).contains(&count) {
        let detail = say!("ids 应有 1 到 {MOST} 个，给了 {count} 个", "`ids` should have 1 to {MOST}, and has {count}");
        let place = Place { field: Some("ids".to_owned()), most: Some(MOST), ..Place::default() };
        return Err(Problem::new(Kind::InvalidField, detail).at(place));
    }
    if asked.ids.iter().collect::<BTreeSet<_>>().len() < count {
        let detail = say!("ids 里有重复的工单", "a ticket stands twice in `ids`");
        return Err(Problem::new(Kind::InvalidField, detail).of_field("ids"));
    }
    if let Some(stray) = asked.versions.keys().find(|id| !asked.ids.contains(id)) {
        let shown: String = stray.chars().take(40).collect();
        let detail = say!("versions 里的“{shown}”不在 ids 里", "`{shown}` of `versions` is not among `ids`");
        return Err(Problem::new(Kind::InvalidField, detail).of_field("versions"));
    }
    Ok(asked)
}
