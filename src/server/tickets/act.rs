//! Something is done with a ticket.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::http::header::IF_MATCH;
use axum::response::Response;

use super::super::app::App;
use super::super::body;
use super::super::caller::Caller;
use super::super::problem::{Kind, Problem};
use super::super::shape;
use super::shown::TicketShown;
use super::submit::tagged;
use crate::say;
use crate::tickets::{Action, Refusal};

/// Does an action with a ticket.
#[utoipa::path(
    post, path = "/v1/tickets/{id}/actions", operation_id = "act_on_ticket", tag = "tickets",
    summary = "办理一步：派单、签收、退单、答复、回访…… / Do something with a ticket",
    params(
        ("id" = String, Path, description = "工单编号 / The ticket's id"),
        ("If-Match" = Option<String>, Header, min_length = 1, description = "看到的版本（ETag）；已被改动则不执行 / The version that was seen; nothing is done when it has changed"),
    ),
    request_body = Action,
    responses((status = 200, description = "之后的工单；已不再可见时为 null / The ticket afterwards; null where it can no longer be seen", body = Option<TicketShown>)),
)]
pub(in super::super) async fn act(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Caller(actor): Caller,
    request: Request,
) -> Result<Response, Problem> {
    let tickets = app.tickets()?;
    let wanted = Wanted::of(request.headers())?;
    let body = body::read(request, app.configuration.body_limit).await?;
    let action: Action = shape::body(&body, "Action")?;
    let version = match wanted {
        Wanted::Any => None,
        Wanted::Versions(versions) => match versions[..] {
            [version] => Some(version),
            // Which of several it is now; should it change before the action, that is found out then.
            _ => {
                let version = tickets.version(&id, &actor).await?;
                let one = versions.contains(&version).then_some(version);
                Some(one.ok_or_else(|| Problem::from(Refusal::Changed { version }))?)
            }
        },
    };
    tickets.act(&id, action, version, &actor).await.map(|ticket| tagged(&app, Json(ticket))).map_err(Problem::from)
}

/// What `If-Match` asks for.
#[derive(Debug, PartialEq)]
enum Wanted {
    /// Whatever there is.
    Any,
    /// One of these versions; of none where only weak tags were named, which never match (RFC 9110, section 13.1.1).
    Versions(Vec<u32>),
}

impl Wanted {
    /// Reads the header: `*`, or a list of entity tags (RFC 9110, section 8.8.3).
    fn of(headers: &HeaderMap) -> Result<Wanted, Problem> {
        if !headers.contains_key(IF_MATCH) {
            return Ok(Wanted::Any);
        }
        let lines = headers.get_all(IF_MATCH).iter().map(|value| value.to_str().unwrap_or("?"));
        let text = lines.collect::<Vec<_>>().join(",");
        if text.trim() == "*" {
            return Ok(Wanted::Any);
        }
        let tags: Vec<&str> = text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect();
        let opaque = |tag: &str| {
            tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"') && !tag[1..tag.len() - 1].contains('"')
        };
        if tags.is_empty() || !tags.iter().all(|tag| opaque(tag.strip_prefix("W/").unwrap_or(tag))) {
            let detail =
                say!("If-Match 应为之前收到的 ETag，例如 \"5\"", "If-Match should be an ETag of ours, such as \"5\"");
            return Err(Problem::new(Kind::InvalidField, detail).of_field("If-Match"));
        }
        // A tag that is none of ours is that of no version.
        let version =
            |tag: &&str| tag.trim_matches('"').parse::<u32>().ok().filter(|version| format!("\"{version}\"") == **tag);
        Ok(Wanted::Versions(tags.iter().filter_map(version).collect()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tags_are_read_as_the_standard_says() {
        for (header, expect) in [
            ("\"5\"", Some(Wanted::Versions(vec![5]))),
            ("*", Some(Wanted::Any)),
            ("\"5\", \"6\"", Some(Wanted::Versions(vec![5, 6]))),
            ("\"5\",,\"6\" ,", Some(Wanted::Versions(vec![5, 6]))),
            // Weak tags do not match where strong ones are asked for.
            ("W/\"5\"", Some(Wanted::Versions(vec![]))),
            ("W/\"5\", \"6\"", Some(Wanted::Versions(vec![6]))),
            ("\"05\"", Some(Wanted::Versions(vec![]))),
            ("\"someone else's\"", Some(Wanted::Versions(vec![]))),
            ("5", None),
            ("\"5", None),
            ("w/\"5\"", None),
            ("", None),
            ("\"5\" \"6\"", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_MATCH, header.parse().unwrap());
            assert_eq!(Wanted::of(&headers).ok(), expect, "{header}");
        }
        assert_eq!(Wanted::of(&HeaderMap::new()).ok(), Some(Wanted::Any));
    }
}
