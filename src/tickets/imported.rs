//! Complaints that were in another system before: filed many at a time, each once however often its file is imported.

use super::desk::Tickets;
use super::filing;
use super::refusal::Refusal;
use super::submission::Submission;
use crate::access::{Actor, Scope};
use crate::store::Transaction;

/// Under whose name tickets are imported; no key may have it. What it filed is remembered for good.
pub const IMPORTER: &str = "import";

impl Tickets {
    /// Who imports: it files, and sees what it filed as the centre does.
    pub fn importer() -> Actor {
        Actor::new(IMPORTER, &[Scope::Agent])
    }

    /// Which of these requests, each with its key, have become tickets before, without deciding any; in their order. A key
    /// that was used for another content is [`Refusal::KeyReused`].
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn filed_before(
        &self,
        requests: Vec<(String, Submission)>,
        actor: &Actor,
    ) -> Result<Vec<Result<bool, Refusal>>, Refusal> {
        let actor = actor.clone();
        self.store().read_blocking(move |tx: &mut Transaction<'_>| {
            let mut found = Vec::with_capacity(requests.len());
            for (key, submission) in &requests {
                found.push(match filing::requested_before(tx, &actor, key, &filing::digest(submission)) {
                    Err(Refusal::Store(error)) => return Err(Refusal::Store(error)),
                    other => other.map(|ticket| ticket.is_some()),
                });
            }
            Ok(found)
        })
    }
}
