//! Who calls.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::app::App;
use super::problem::Problem;
use crate::access::Actor;

/// Who calls: whoever [`admission`](super::admission) let in.
pub(super) struct Caller(pub(super) Actor);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Caller, Problem> {
        // A route that asks who calls while nobody was asked for a key is a mistake of this program.
        parts.extensions.get::<Actor>().cloned().map(Caller).ok_or_else(Problem::internal)
    }
}
