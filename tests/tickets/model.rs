//! A model of a ticket's life, written from the descriptions alone: who may do what, when, and what becomes of it.

use std::collections::BTreeMap;

use jiesu::access::Actor;
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value as Json, json};

use crate::hotline::within;

pub(crate) const DEPARTMENTS: &[&str] =
    &["city", "water", "east-water", "east-water-post", "enforcement", "east-enforcement", "police"];
const OVER: &[&str] = &["closed", "finalised", "merged", "refused"];
const QUEUE: &[&str] = &["received", "in_review"];
const HANDLING: &[&str] = &["dispatched", "accepted", "contacted"];
const WITH_UNITS: &[&str] = &["dispatched", "accepted", "contacted", "resolved"];
const BEFORE_REPLY: &[&str] =
    &["received", "in_review", "dispatched", "accepted", "contacted", "resolved", "answer_reviewed"];

/// Working days of 2026, from the notice of the State Council: only what lies between March and September.
fn works(day: Date, department: &str) -> bool {
    let off = [("2026-04-04", "2026-04-06"), ("2026-05-01", "2026-05-05"), ("2026-06-19", "2026-06-21")];
    let shown = day.to_string();
    within(department, "water")
        || shown == "2026-05-09"
        || !(matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
            || off.iter().any(|(from, to)| (*from..=*to).contains(&shown.as_str())))
}

/// Whether a department may still apply to give back what it got at a moment: within one working day.
fn in_window(department: &str, sent: Timestamp, now: Timestamp) -> bool {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let mut last = day(sent) + 1.day();
    while !works(last, department) {
        last += 1.day();
    }
    day(now) <= last
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Sent,
    Accepted,
    Contacted,
    Resolved,
    Withdrawn,
}

#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) number: u64,
    pub(crate) department: String,
    pub(crate) matter: Json,
    pub(crate) role: String,
    pub(crate) stage: Stage,
    /// An application waits; whether for the panel.
    pub(crate) returning: Option<bool>,
    pub(crate) binding: bool,
    pub(crate) extensions: u64,
    pub(crate) sent: Timestamp,
}

/// What came of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// This person does not even see it.
    Unseen,
    /// Not for this person.
    Forbidden,
    /// Not in this state, or not with these values.
    Refused,
}

pub(crate) use Outcome::{Done, Forbidden, Refused, Unseen};

/// A ticket, as far as who may do what depends on it.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) id: String,
    pub(crate) state: &'static str,
    pub(crate) parts: Vec<Part>,
    pub(crate) paused: bool,
    pub(crate) urgency: String,
    pub(crate) claim: Option<(String, Timestamp)>,
    pub(crate) excluded: bool,
    pub(crate) chases: u64,
    pub(crate) applications: u64,
    pub(crate) returns: u64,
    pub(crate) reopened: u64,
    pub(crate) extensions: u64,
    pub(crate) call_backs: usize,
    pub(crate) links: usize,
    pub(crate) reply: Json,
    pub(crate) merged_into: Json,
    pub(crate) about: Option<&'static str>,
    /// An emergency that departments have, and that nobody confirmed: in review for people at the centre.
    pub(crate) provisional: bool,
}

impl Model {
    pub(crate) fn active(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.stage != Stage::Withdrawn)
    }

    fn part(&self, number: &Json) -> Option<usize> {
        self.parts.iter().position(|part| Some(part.number) == number.as_u64() && part.stage != Stage::Withdrawn)
    }

    pub(crate) fn over(&self) -> bool {
        OVER.contains(&self.state)
    }

    /// Where a ticket stands that departments work on: where the slowest in charge does; without anybody in charge it
    /// waits for whoever verifies, and otherwise for a dispatcher.
    pub(crate) fn follow(&mut self) {
        if self.provisional {
            return;
        }
        let slowest = self.active().filter(|part| part.role == "lead").map(|part| part.stage).min();
        let verifying = self.active().any(|part| part.role == "verify" && part.stage != Stage::Resolved);
        self.state = match slowest {
            Some(Stage::Accepted) => "accepted",
            Some(Stage::Contacted) => "contacted",
            Some(Stage::Resolved) => "resolved",
            Some(_) => "dispatched",
            None if verifying => "dispatched",
            None => "in_review",
        };
    }

    /// New parts for departments; `instead` of a part, where there is one. None of them where one cannot be.
    pub(crate) fn assign(&mut self, new: &[Json], instead: Option<usize>, now: Timestamp) -> Outcome {
        let matter = |new: &Json| {
            let inherited = instead.map_or(Json::Null, |part| self.parts[part].matter.clone());
            new.get("matter").cloned().unwrap_or(inherited)
        };
        let mut parts: Vec<Part> = Vec::new();
        for new in new {
            let department = new["department"].as_str().unwrap();
            let matter = matter(new);
            let has = |part: &Part| part.department == department && part.matter == matter;
            let kept = self
                .parts
                .iter()
                .enumerate()
                .filter(|(at, part)| part.stage != Stage::Withdrawn && Some(*at) != instead);
            if !DEPARTMENTS.contains(&department)
                || self.about.is_some_and(|about| within(department, about))
                || kept.into_iter().any(|(_, part)| has(part))
                || parts.iter().any(has)
            {
                return Refused;
            }
            parts.push(Part {
                number: (self.parts.len() + parts.len() + 1) as u64,
                department: department.to_owned(),
                matter,
                role: match (new.get("role").and_then(Json::as_str), instead) {
                    (Some(role), _) => role.to_owned(),
                    (None, Some(old)) => self.parts[old].role.clone(),
                    (None, None) => "lead".to_owned(),
                },
                stage: Stage::Sent,
                returning: None,
                binding: false,
                extensions: 0,
                sent: now,
            });
        }
        if let Some(old) = instead {
            self.parts[old].stage = Stage::Withdrawn;
            self.parts[old].returning = None;
        }
        self.parts.extend(parts);
        Done
    }

    /// Whether it stands in one of these; what was sent out in haste stands with departments too.
    fn at(&self, states: &[&str]) -> bool {
        states.contains(&self.state) || self.provisional && states.contains(&"dispatched")
    }

    fn end(&mut self, state: &'static str) -> Outcome {
        if self.provisional && OVER.contains(&state) {
            self.withdraw_all();
        }
        self.provisional = false;
        self.state = state;
        self.claim = None;
        Done
    }

    /// Whether an actor may do this with this ticket at all.
    fn permitted(&self, by: &Actor, action: &Json) -> bool {
        let kind = |scope: &str| by.scopes.iter().any(|own| own.to_string() == scope || own.to_string() == "admin");
        let central = kind("dispatcher") || kind("agent");
        let acts = |part: &Part| by.departments().any(|own| within(&part.department, own));
        let unit = match action.get("assignment") {
            Some(number) => self.part(number).is_some_and(|at| acts(&self.parts[at])),
            None => self.active().any(acts),
        };
        match action["action"].as_str().unwrap() {
            "accept" | "contact" | "resolve" | "apply_return" | "hand_down" => unit || kind("admin"),
            "call_back" if action["by"] == "centre" => central,
            "set_urgency" if action["recompute_deadlines"] == true => kind("dispatcher"),
            "call_back" | "pause" | "resume" | "note" => central || unit,
            "send_reply" | "close" | "answer_on_the_spot" | "refuse" | "reopen" | "chase" | "set_urgency" | "link" => {
                central
            }
            _ => kind("dispatcher"),
        }
    }

    /// What somebody has in hand, no other dispatcher works on.
    fn held(&self, by: &Actor, action: &Json, now: Timestamp) -> bool {
        let name = action["action"].as_str().unwrap();
        let free = "accept contact resolve apply_return hand_down call_back pause resume note send_reply close reopen \
                    chase set_urgency link";
        let held = self.claim.as_ref().is_some_and(|(holder, until)| *holder != by.name && *until > now);
        let free = free.split(' ').any(|free| free == name) && action["recompute_deadlines"] != true;
        held && !free
    }

    pub(crate) fn step(
        &mut self,
        by: &Actor,
        action: &Json,
        now: Timestamp,
        others: &BTreeMap<String, Model>,
    ) -> Outcome {
        let central = by.scopes.iter().any(|scope| ["dispatcher", "agent", "admin"].contains(&&*scope.to_string()));
        let mine = |part: &Part| by.departments().any(|own| within(&part.department, own));
        if !(central || by.name == "web" || self.active().any(mine)) {
            return Unseen;
        }
        if !self.permitted(by, action) {
            return Forbidden;
        }
        if self.held(by, action, now) {
            return Refused;
        }
        match action["action"].as_str().unwrap() {
            "accept" | "contact" | "resolve" | "apply_return" | "hand_down" => self.by_unit(action, now),
            "uphold_return" | "refuse_return" => self.ruled(action, now),
            "dispatch" | "confirm" | "redirect" | "send_back" => self.sent(action, now),
            "pause" | "resume" | "extend" | "park" | "unpark" => self.clock(action, now),
            _ => self.by_centre(by, action, now, others),
        }
    }

    fn by_unit(&mut self, action: &Json, now: Timestamp) -> Outcome {
        let Some(at) = self.part(&action["assignment"]) else { return Refused };
        let at_work = self.at(WITH_UNITS);
        let part = &mut self.parts[at];
        if !at_work || part.returning.is_some() {
            return Refused;
        }
        match action["action"].as_str().unwrap() {
            "accept" if part.stage == Stage::Sent => part.stage = Stage::Accepted,
            "contact" if matches!(part.stage, Stage::Accepted | Stage::Contacted) => part.stage = Stage::Contacted,
            "resolve" if matches!(part.stage, Stage::Accepted | Stage::Contacted) && !self.paused => {
                part.stage = Stage::Resolved;
            }
            "apply_return" if !part.binding && matches!(part.stage, Stage::Sent | Stage::Accepted) => {
                if !in_window(&part.department, part.sent, now) {
                    return Refused;
                }
                part.returning = Some(self.applications > 0);
                self.applications += 1;
            }
            "hand_down" if part.stage < Stage::Resolved => {
                let to = action["to"]["department"].as_str().unwrap();
                let (role, matter, binding) = (part.role.clone(), part.matter.clone(), part.binding);
                if to == part.department || !within(to, &part.department) {
                    return Refused;
                }
                let new = json!({"department": to, "role": role, "matter": matter});
                if self.assign(&[new], Some(at), now) == Refused {
                    return Refused;
                }
                self.parts.last_mut().unwrap().binding = binding;
            }
            _ => return Refused,
        }
        self.follow();
        Done
    }

    fn ruled(&mut self, action: &Json, now: Timestamp) -> Outcome {
        let Some(at) = self.part(&action["assignment"]) else { return Refused };
        let Some(panel) = self.parts[at].returning else { return Refused };
        if !(WITH_UNITS.contains(&self.state) || self.state == "in_review") {
            return Refused;
        }
        if action["action"] == "refuse_return" {
            self.parts[at].returning = None;
            self.parts[at].binding = true;
            if std::mem::take(&mut self.provisional) {
                self.follow();
            }
        } else {
            let to = action["to"].as_array().unwrap();
            if panel && to.is_empty() || self.assign(to, Some(at), now) == Refused {
                return Refused;
            }
            let new = self.parts.len() - to.len();
            self.parts[new..].iter_mut().for_each(|part| part.binding = panel);
            self.returns += 1;
            self.provisional = false;
            self.follow();
        }
        self.claim = None;
        Done
    }

    fn sent(&mut self, action: &Json, now: Timestamp) -> Outcome {
        match action["action"].as_str().unwrap() {
            "dispatch" if QUEUE.contains(&self.state) || HANDLING.contains(&self.state) => {
                let new = action["assignments"].as_array().unwrap();
                let in_charge = self.active().any(|part| part.role == "lead");
                let joint = |new: &Json| new.get("role").is_some_and(|role| role == "joint");
                if new.is_empty() || !in_charge && new.iter().all(joint) || self.assign(new, None, now) == Refused {
                    return Refused;
                }
            }
            "redirect" if self.at(WITH_UNITS) => {
                let Some(at) = self.part(&action["assignment"]) else { return Refused };
                // What is before the panel, the panel alone moves.
                if self.parts[at].returning == Some(true)
                    || self.assign(std::slice::from_ref(&action["to"]), Some(at), now) == Refused
                {
                    return Refused;
                }
            }
            "confirm" if self.provisional => {}
            "send_back" if ["resolved", "answer_reviewed"].contains(&self.state) => {
                let Some(at) = self.part(&action["assignment"]) else { return Refused };
                if self.parts[at].stage != Stage::Resolved {
                    return Refused;
                }
                self.parts[at].stage = Stage::Accepted;
            }
            _ => return Refused,
        }
        self.claim = None;
        self.provisional = false;
        self.follow();
        Done
    }

    fn clock(&mut self, action: &Json, now: Timestamp) -> Outcome {
        match action["action"].as_str().unwrap() {
            "pause" if self.at(HANDLING) && !self.paused => self.paused = true,
            "resume" if BEFORE_REPLY.contains(&self.state) && self.paused => self.paused = false,
            "extend" if BEFORE_REPLY.contains(&self.state) => {
                let extensions = match action.get("assignment") {
                    Some(number) => match self.part(number) {
                        Some(at) => &mut self.parts[at].extensions,
                        None => return Refused,
                    },
                    None => &mut self.extensions,
                };
                if *extensions >= 2 {
                    return Refused;
                }
                *extensions += 1;
            }
            "park" if BEFORE_REPLY.contains(&self.state) => {
                let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
                if action["review_on"].as_str().unwrap().parse::<Date>().unwrap() <= now.to_zoned(zone).date() {
                    return Refused;
                }
                self.paused = true;
                return self.end("parked");
            }
            "unpark" if self.state == "parked" => {
                self.paused = false;
                self.claim = None;
                self.follow();
            }
            _ => return Refused,
        }
        Done
    }

    fn by_centre(&mut self, by: &Actor, action: &Json, now: Timestamp, others: &BTreeMap<String, Model>) -> Outcome {
        let open = !self.over();
        let state = self.state;
        match action["action"].as_str().unwrap() {
            "claim" if open => self.claim = Some((by.name.clone(), now + SignedDuration::from_mins(15))),
            "release" if open && self.claim.is_some() => self.claim = None,
            "approve_answer" if state == "resolved" => return self.end("answer_reviewed"),
            "send_reply" if state == "answer_reviewed" => {
                self.reply = action["text"].clone();
                self.state = "reply_sent";
            }
            "answer_on_the_spot" if QUEUE.contains(&state) => {
                self.reply = action["text"].clone();
                return self.end("closed");
            }
            "refuse" if QUEUE.contains(&state) => {
                self.reply = action["notice"].clone();
                return self.end("refused");
            }
            "call_back" => return self.called_back(action),
            "close" if ["reply_sent", "called_back"].contains(&state) => return self.end("closed"),
            "finalise" if open => return self.end("finalised"),
            "merge" if open => {
                let into = action["into"].as_str().unwrap();
                if into == self.id || others.get(into).is_none_or(Model::over) {
                    return Refused;
                }
                self.merged_into = action["into"].clone();
                self.withdraw_all();
                return self.end("merged");
            }
            "reopen" if ["closed", "finalised", "refused"].contains(&state) => {
                self.withdraw_all();
                self.reopened += 1;
                self.extensions = 0;
                self.paused = false;
                return self.end("in_review");
            }
            "exclude" if !self.excluded => self.excluded = true,
            "include" if self.excluded => self.excluded = false,
            "chase" if open => self.chases += 1,
            "set_urgency" if open => action["urgency"].as_str().unwrap().clone_into(&mut self.urgency),
            "link" if action["ticket"] != self.id && others.contains_key(action["ticket"].as_str().unwrap()) => {
                self.links += 1;
            }
            "note" => {}
            _ => return Refused,
        }
        Done
    }

    fn called_back(&mut self, action: &Json) -> Outcome {
        let (centre, reached) = (action["by"] == "centre", action["reached"] == true);
        let states: &[&str] = if centre {
            &["reply_sent", "called_back"]
        } else {
            &["resolved", "answer_reviewed", "reply_sent", "called_back"]
        };
        let fits = reached == action.get("solved").is_some() && (reached || action.get("satisfied").is_none());
        if !states.contains(&self.state) || !fits {
            return Refused;
        }
        self.call_backs += 1;
        if centre && reached { self.end("called_back") } else { Done }
    }

    fn withdraw_all(&mut self) {
        for part in &mut self.parts {
            part.stage = Stage::Withdrawn;
            part.returning = None;
        }
    }

    /// What the desk should show of it.
    pub(crate) fn shown(&self) -> Json {
        let part = |part: &Part| {
            let stage = format!("{:?}", part.stage).to_lowercase();
            json!([
                part.number,
                part.department,
                part.role,
                part.matter,
                stage,
                part.returning,
                part.binding,
                part.extensions
            ])
        };
        json!({
            "state": self.state,
            "provisional": self.provisional,
            "paused": self.paused,
            "urgency": self.urgency,
            "parts": self.parts.iter().map(part).collect::<Vec<_>>(),
            "claim": self.claim.as_ref().map(|(by, _)| by),
            "excluded": self.excluded,
            "counts": [self.chases, self.applications, self.returns, self.reopened, self.extensions],
            "call_backs": self.call_backs,
            "links": self.links,
            "reply": self.reply,
            "merged_into": self.merged_into,
        })
    }
}

/// What the desk shows, in the form of [`Model::shown`].
pub(crate) fn view(ticket: &Json) -> Json {
    let part = |a: &Json| {
        let returning = a.get("returning").map_or(Json::Null, |returning| returning["panel"].clone());
        let matter = a.get("matter").cloned().unwrap_or_default();
        json!([a["number"], a["department"], a["role"], matter, a["state"], returning, a["binding"], a["extensions"]])
    };
    json!({
        "state": ticket["state"],
        "provisional": !ticket["provisional"].is_null(),
        "paused": !ticket["paused"].is_null(),
        "urgency": ticket["urgency"],
        "parts": ticket["assignments"].as_array().unwrap().iter().map(part).collect::<Vec<_>>(),
        "claim": ticket["claim"].get("by"),
        "excluded": !ticket["excluded"].is_null(),
        "counts": [ticket["chases"], ticket["return_applications"], ticket["returns"], ticket["reopened"], ticket["extensions"]],
        "call_backs": ticket["call_backs"].as_array().unwrap().len(),
        "links": ticket["links"].as_array().unwrap().len(),
        "reply": ticket["reply"],
        "merged_into": ticket["merged_into"],
    })
}
