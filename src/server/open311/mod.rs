//! Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2): civic apps file and follow complaints without knowing this
//! program. Scenarios are services, tickets are requests, the department in charge is the responsible agency.
//!
//! Nothing is decided here: a request is a ticket that was filed in another form.

mod answer;
mod requests;
mod services;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::app::App;
pub(super) use answer::{format_of, rendered};

/// The routes; a format stands at the end of each (`.json`, `.xml`).
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/open311/discovery.json", get(services::discovery_json))
        .route("/open311/discovery.xml", get(services::discovery_xml))
        .route("/open311/v2/services.json", get(services::list_json))
        .route("/open311/v2/services.xml", get(services::list_xml))
        .route("/open311/v2/services/{code}", get(services::definition))
        .route("/open311/v2/requests.json", get(requests::list_json).post(requests::file_json))
        .route("/open311/v2/requests.xml", get(requests::list_xml).post(requests::file_xml))
        .route("/open311/v2/requests/{id}", get(requests::one))
        .route("/open311/v2/tokens/{token}", get(requests::token))
}
