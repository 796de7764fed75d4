//! How tickets are handled: the hotline's own terms, windows and limits. Read from `jiesu.toml` by whoever starts the
//! service.

use std::collections::BTreeMap;

use jiff::civil;
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

/// What is done with a term that goes beyond the ticket's own time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LongerTerms {
    /// It is refused, with the moment that it may not pass.
    #[default]
    Refuse,
    /// It ends when the ticket's time does.
    Cap,
}

/// The hours of a day in which offices are open, written `08:30-17:30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct OfficeHours {
    /// When they open.
    pub from: civil::Time,
    /// When they close.
    pub until: civil::Time,
}

impl TryFrom<String> for OfficeHours {
    type Error = String;

    fn try_from(text: String) -> Result<OfficeHours, String> {
        let time = |part: &str| part.trim().parse::<civil::Time>().ok();
        let hours = text.split_once('-').and_then(|(from, until)| Some((time(from)?, time(until)?)));
        match hours {
            Some((from, until)) if from < until => Ok(OfficeHours { from, until }),
            _ => Err(format!("`{text}` 应写成 08:30-17:30 / should be written as 08:30-17:30")),
        }
    }
}

impl From<OfficeHours> for String {
    fn from(hours: OfficeHours) -> String {
        format!("{}-{}", hours.from.strftime("%H:%M"), hours.until.strftime("%H:%M"))
    }
}

/// How tickets are handled.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether what is sure is sent by itself.
    pub auto_dispatch: bool,
    /// Whether an emergency that is not sure enough for that is sent at once all the same, for a person to confirm.
    pub urgent_dispatch: bool,
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
    /// The least time that a department is given, however late a ticket comes to it.
    pub least_unit_term: Term,
    /// What is done with a term that goes beyond the ticket's own time.
    pub longer_terms: LongerTerms,
    /// The part of the time until a deadline after which it is warned of.
    pub warn_after: f64,
    /// When departments are reminded and their superiors told of what is counted in days; of what is urgent at any hour.
    pub office_hours: OfficeHours,
    /// Who is told after a deadline has passed.
    pub escalation: Vec<Escalation>,
    /// How long after it was sent an assignment may be applied to be given back.
    pub return_window: Term,
    /// The term of an assignment that looks for the owner.
    pub verify_term: Term,
    /// How often an assignment may be extended.
    pub most_extensions: u32,
    /// How many times the ticket's own term one extension of the ticket may be, at the most.
    pub extension_times: u32,
    /// How long a claim holds, in minutes.
    pub claim_minutes: u32,
    /// Calls about the same matter after which it becomes more urgent.
    pub repeats_to_raise: u32,
    /// Whether the centre's own systems hear of every event.
    #[serde(skip)]
    pub central_webhook: bool,
    /// Days after which what identifies a caller is erased from a ticket that is over; 0 for never.
    pub erase_after_days: u32,
    /// Days after which the log of who saw and did what is forgotten; 0 for never. (Three years: what the Personal
    /// Information Protection Law, article 56, wants records of handling to be kept for at least.)
    pub audit_days: u32,
}

impl Settings {
    /// The hours that what is not urgent keeps to.
    pub(super) fn office_hours(&self, urgency: Urgency) -> Option<OfficeHours> {
        (urgency == Urgency::Normal).then_some(self.office_hours)
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            auto_dispatch: true,
            urgent_dispatch: true,
            dispatch_to: DispatchTo::Unit,
            urgency_terms: BTreeMap::from([
                (Urgency::Critical, Term::of(1, DeadlineUnit::Hours)),
                (Urgency::Urgent, Term::of(24, DeadlineUnit::Hours)),
            ]),
            channel_terms: BTreeMap::new(),
            default_term: Term::of(5, DeadlineUnit::WorkingDays),
            unit_share: 0.8,
            least_unit_term: Term::of(30, DeadlineUnit::Minutes),
            longer_terms: LongerTerms::Refuse,
            warn_after: 0.75,
            office_hours: OfficeHours { from: civil::time(8, 30, 0, 0), until: civil::time(17, 30, 0, 0) },
            escalation: vec![
                Escalation { after: Term::of(1, DeadlineUnit::Minutes), to: "parent".to_owned() },
                Escalation { after: Term::of(24, DeadlineUnit::Hours), to: "centre".to_owned() },
            ],
            return_window: Term::of(1, DeadlineUnit::WorkingDays),
            verify_term: Term::of(4, DeadlineUnit::Hours),
            most_extensions: 2,
            extension_times: 1,
            claim_minutes: 15,
            repeats_to_raise: 3,
            central_webhook: false,
            erase_after_days: 0,
            audit_days: 3 * 365,
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
            (Some(settings.least_unit_term), "30 minutes"),
            (settings.escalation.first().map(|step| step.after), "1 minute"),
            (settings.escalation.last().map(|step| step.after), "24 hours"),
        ];
        for (given, expect) in terms {
            assert_eq!(given.map(|term| term.to_string()).as_deref(), Some(expect));
        }
    }

    #[test]
    fn office_hours_are_a_part_of_a_day() {
        let read = |text: &str| OfficeHours::try_from(text.to_owned()).map(String::from).ok();
        for (text, expect) in [
            ("08:30-17:30", Some("08:30-17:30")),
            ("9:00 - 12:00", None),
            ("00:00-23:59", Some("00:00-23:59")),
            ("17:30-08:30", None),
            ("08:30", None),
            ("", None),
        ] {
            assert_eq!(read(text).as_deref(), expect, "{text}");
        }
    }
}
