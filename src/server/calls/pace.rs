//! When a call is decided on: at once when something changes (what was said, or the rules), and then no sooner than [`PACE`] after the last time, so
//! that a recogniser that corrects itself ten times a second costs no more than it shows. What is decided on is what
//! stands there then: whatever was overtaken is never looked at.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::time::sleep_until;

use super::super::app::App;
use super::super::problem::Problem;
use super::call::{Call, Matter};
use super::message::Outgoing;
use crate::decide::{Complaint, Intake, Options};

/// Between two decisions on one call.
const PACE: Duration = Duration::from_millis(50);

/// Decides on a call whenever it changes, for as long as somebody is connected.
pub(super) async fn decide(app: Arc<App>, call: Arc<Call>) {
    let mut swapped = app.live.swapped();
    loop {
        tokio::select! {
            () = call.undecided.notified() => {}
            // Rules that were reloaded may say something else of the same words.
            Ok(()) = swapped.changed() => {}
        }
        let started = tokio::time::Instant::now();
        let matter = call.matter();
        if !matter.text.trim().is_empty() {
            let own = Arc::clone(&app);
            // What cannot be decided (only signs so far) has no suggestion; the next words may.
            if let Ok(suggestion) = app.work(matter.text.len(), move || suggested(&own, &matter)).await {
                call.suggest(suggestion);
            }
        }
        sleep_until(started + PACE).await;
    }
}

/// The suggestion for what was said, as it is sent.
fn suggested(app: &App, matter: &Matter) -> Result<String, Problem> {
    let serving = app.live.serving();
    let engine = &serving.bundle.engine;
    let complaint = Complaint {
        text: matter.text.clone(),
        title: None,
        channel: matter.channel.clone(),
        district: matter.district.clone(),
        at: Timestamp::now().to_zoned(engine.settings().time_zone.clone()),
    };
    let started = Instant::now();
    let Intake { decision, possible, questions } = engine.intake(&complaint, &matter.answers, Options::default())?;
    let decision = app.handed_out(&serving, &complaint, Options::default(), decision, started.elapsed());
    let intake = Intake { decision, possible, questions };
    let Matter { sequence, spoken, ref text, ref parts, .. } = *matter;
    Ok(Outgoing::Suggestion { sequence, text, spoken, parts, intake: &intake }.json())
}
