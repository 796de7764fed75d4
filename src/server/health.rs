//! Whether the process is up, and whether it can answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::app::App;

/// The process is up.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// The version of the program.
    version: &'static str,
}

/// A bundle answers.
#[derive(Serialize, ToSchema)]
pub(super) struct Readiness {
    /// `ready`.
    #[schema(example = "ready")]
    status: &'static str,
    /// The bundle's revision.
    revision: String,
    /// It is the last good bundle from before a restart: the folder is refused.
    stale: bool,
}

/// The process is up.
#[utoipa::path(
    get, path = "/healthz", tag = "operation", summary = "进程在运行 / The process is up",
    responses((status = 200, description = "进程在运行 / The process is up", body = Health)),
)]
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// A bundle answers: the server does not start without one. A stale one answers too, so this is still 200.
#[utoipa::path(
    get, path = "/readyz", tag = "operation", summary = "可以受理请求 / A bundle answers",
    description = "没有可用的规则包时服务不会启动；旧版规则包也算可用 / \
                   The server does not start without a bundle; a stale one answers too",
    responses((status = 200, description = "规则包可用 / A bundle answers", body = Readiness)),
)]
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Json<Readiness> {
    let serving = app.live.serving();
    let revision = serving.bundle.engine.revision().to_owned();
    Json(Readiness { status: "ready", revision, stale: serving.stale })
}
