//! Who calls.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::app::App;
use super::problem::Problem;
use crate::access::{Actor, Scope};

/// Who calls. Without keys whoever reaches this machine's own address may everything: to try it out.
pub(super) struct Caller(pub(super) Actor);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(_: &mut Parts, _: &Arc<App>) -> Result<Caller, Problem> {
        Ok(Caller(Actor::new("local", &[Scope::Admin])))
    }
}
