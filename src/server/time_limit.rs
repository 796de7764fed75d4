//! The time a request may take, from its head to its answer.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, timeout_at};

use super::app::App;
use super::problem::Problem;

/// When a request must be answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<Instant>);

impl Deadline {
    /// So long from now; what is past the end of the clock is no limit.
    pub(super) fn within(limit: Duration) -> Deadline {
        Deadline(Instant::now().checked_add(limit))
    }

    /// That of a request; none where no limit was set.
    pub(super) fn of(request: &Request) -> Deadline {
        request.extensions().get().copied().unwrap_or(Deadline(None))
    }

    /// Whether it is too late.
    pub(super) fn has_passed(self) -> bool {
        self.0.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// What comes of `work` when it is done by then.
    pub(super) async fn keep<T>(self, work: impl Future<Output = T>) -> Option<T> {
        match self.0 {
            Some(deadline) => timeout_at(deadline, work).await.ok(),
            None => Some(work.await),
        }
    }
}

/// Gives every request its deadline and answers in the place of one that misses it. A body that is still arriving then
/// is its caller's fault and gets 408 from where it is read; anything else is ours and gets 504.
pub(super) async fn limited(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let drafts = request.uri().path().starts_with("/v1/proposals");
    let limit = if drafts { app.configuration.draft_limit() } else { app.configuration.time_limit };
    let deadline = Deadline::within(limit);
    request.extensions_mut().insert(deadline);
    // Where both deadlines pass at once the inner one is asked first, so 408 wins.
    deadline.keep(next.run(request)).await.unwrap_or_else(|| Problem::time_limit().into_response())
}
