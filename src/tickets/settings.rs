//! How tickets are handled: the hotline's own terms, windows and limits. Read from `jiesu.toml` by whoever starts the
//! service.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::{Deadline as Term, DeadlineUnit};

use super::model::Urgency;

/// Who gets a matter that the engine gives to a department which has a unit for the place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DispatchTo {
    /// The unit; the department sees it as one of its own.
    #[default]
    Unit,
    /// The department, which hands it down.
    Department,
    /// Both at once, the unit in charge (一单双派).
    Both,
}

/// One step of who is told that a deadline has passed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// How long after the deadline.
    pub after: Term,
    /// `parent` (the department above), `centre`, or a department's id.
    pub to: String,
}

/// How tickets are handled.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether what is sure is sent by itself.
    pub auto_dispatch: bool,
    /// Who gets a matter whose department has a unit for the place.
    pub dispatch_to: DispatchTo,
    /// The longest term of a ticket of some urgency.
    pub urgency_terms: BTreeMap<Urgency, Term>,
    /// The longest term of what came in by a channel.
    pub channel_terms: BTreeMap<String, Term>,
    /// The term where nothing else says one.
    pub default_term: Term,
    /// The part of the ticket's term that a department has; the rest is the centre's, to review and reply.
    pub unit_share: f64,
    /// The part of the time until a deadline after which it is warned of.
    pub warn_after: f64,
    /// Who is told after a deadline has passed.
    pub escalation: Vec<Escalation>,
    /// How long after it was sent an assignment may be applied to be given back.
    pub return_window: Term,
    /// The term of an assignment that looks for the owner.
    pub verify_term: Term,
    /// How often an assignment may be extended.
    pub most_extensions: u32,
    /// How long a claim holds, in minutes.
    pub claim_minutes: u32,
    /// Calls about the same matter after which it becomes more urgent.
    pub repeats_to_raise: u32,
    /// Whether the centre's own systems hear of every event.
    #[serde(skip)]
    pub central_webhook: bool,
    /// Days after which what identifies a caller is erased from a ticket that is over; 0 for never.
    pub erase_after_days: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            auto_dispatch: true,
            dispatch_to: DispatchTo::Unit,
            urgency_terms: BTreeMap::from([
                (Urgency::Critical, Term::of(1, DeadlineUnit::Hours)),
                (Urgency::Urgent, Term::of(24, DeadlineUnit::Hours)),
            ]),
            channel_terms: BTreeMap::new(),
            default_term: Term::of(5, DeadlineUnit::WorkingDays),
            unit_share: 0.8,
            warn_after: 0.75,
            escalation: vec![
                Escalation { after: Term::of(1, DeadlineUnit::Minutes), to: "parent".to_owned() },
                Escalation { after: Term::of(24, DeadlineUnit::Hours), to: "centre".to_owned() },
            ],
            return_window: Term::of(1, DeadlineUnit::WorkingDays),
            verify_term: Term::of(4, DeadlineUnit::Hours),
            most_extensions: 2,
            claim_minutes: 15,
            repeats_to_raise: 3,
            central_webhook: false,
            erase_after_days: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_what_they_say() {
        let settings = Settings::default();
        let terms = [
            (settings.urgency_terms.get(&Urgency::Critical).copied(), "1 hour"),
            (settings.urgency_terms.get(&Urgency::Urgent).copied(), "24 hours"),
            (Some(settings.default_term), "5 working days"),
            (Some(settings.return_window), "1 working day"),
            (Some(settings.verify_term), "4 hours"),
            (settings.escalation.first().map(|step| step.after), "1 minute"),
            (settings.escalation.last().map(|step| step.after), "24 hours"),
        ];
        for (given, expect) in terms {
            assert_eq!(given.map(|term| term.to_string()).as_deref(), Some(expect));
        }
    }
}
