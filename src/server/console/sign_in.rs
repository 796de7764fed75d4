//! How one signs in to the pages, as far as they must know it before anybody has: no secret is among it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::super::app::App;
use crate::access::SignIn;

/// What a page is told before anybody has signed in.
#[derive(Serialize)]
pub(super) struct Offered {
    /// Minutes without a touch after which the page is locked; none for never.
    idle_minutes: Option<u64>,
    /// Where people sign in, if not with a key.
    provider: Option<SignIn>,
}

/// Where people sign in, if that is set.
pub(super) fn place(app: &App) -> Option<&SignIn> {
    app.configuration.tokens.as_ref()?.settings().sign_in.as_ref()
}

pub(super) async fn offered(State(app): State<Arc<App>>) -> Json<Offered> {
    let idle_minutes = app.configuration.console_idle.map(|idle| idle.as_secs() / 60);
    Json(Offered { idle_minutes, provider: place(&app).cloned() })
}
