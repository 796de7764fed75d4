//! Random sequences of actions, against a model of a ticket's life that is written from the descriptions alone: what the
//! desk does and refuses, what it shows, and what its tables say must be what the model says.
//!
//! A failure names its seed; `JIESU_SEED=… cargo test --test tickets model` runs that sequence alone.

use std::collections::BTreeMap;

use jiesu::access::Actor;
use jiesu::tickets::Refusal;
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value as Json, json};

use crate::agreement;
use crate::hotline::{EASTERN_LEAK, GAS, Hotline, LEAK, Place, Random, STALLS, actor, complaint, within};

const DEPARTMENTS: &[&str] =
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
enum Stage {
    Sent,
    Accepted,
    Contacted,
    Resolved,
    Withdrawn,
}

#[derive(Clone, Debug)]
struct Part {
    number: u64,
    department: String,
    matter: Json,
    role: String,
    stage: Stage,
    /// An application waits; whether for the panel.
    returning: Option<bool>,
    binding: bool,
    extensions: u64,
    sent: Timestamp,
}

/// What came of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// This person does not even see it.
    Unseen,
    /// Not for this person.
    Forbidden,
    /// Not in this state, or not with these values.
    Refused,
}

use Outcome::{Done, Forbidden, Refused, Unseen};

/// A ticket, as far as who may do what depends on it.
#[derive(Clone, Debug)]
struct Model {
    id: String,
    state: &'static str,
    parts: Vec<Part>,
    paused: bool,
    urgency: String,
    claim: Option<(String, Timestamp)>,
    excluded: bool,
    chases: u64,
    applications: u64,
    returns: u64,
    reopened: u64,
    extensions: u64,
    call_backs: usize,
    links: usize,
    reply: Json,
    merged_into: Json,
    about: Option<&'static str>,
}

impl Model {
    fn active(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.stage != Stage::Withdrawn)
    }

    fn part(&self, number: &Json) -> Option<usize> {
        self.parts.iter().position(|part| Some(part.number) == number.as_u64() && part.stage != Stage::Withdrawn)
    }

    fn over(&self) -> bool {
        OVER.contains(&self.state)
    }

    /// Where a ticket stands that departments work on: where the slowest in charge does; without anybody in charge it
    /// waits for whoever verifies, and otherwise for a dispatcher.
    fn follow(&mut self) {
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
    fn assign(&mut self, new: &[Json], instead: Option<usize>, now: Timestamp) -> Outcome {
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
                role: new.get("role").and_then(Json::as_str).unwrap_or("lead").to_owned(),
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

    fn end(&mut self, state: &'static str) -> Outcome {
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
        let free = [
            "accept",
            "contact",
            "resolve",
            "apply_return",
            "hand_down",
            "call_back",
            "pause",
            "resume",
            "note",
            "send_reply",
            "close",
            "reopen",
            "chase",
            "set_urgency",
            "link",
        ];
        let held = self.claim.as_ref().is_some_and(|(holder, until)| *holder != by.name && *until > now);
        held && !free.contains(&name)
    }

    fn step(&mut self, by: &Actor, action: &Json, now: Timestamp, others: &BTreeMap<String, Model>) -> Outcome {
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
            "dispatch" | "redirect" | "send_back" => self.sent(action, now),
            "pause" | "resume" | "extend" | "park" | "unpark" => self.clock(action, now),
            _ => self.by_centre(by, action, now, others),
        }
    }

    fn by_unit(&mut self, action: &Json, now: Timestamp) -> Outcome {
        let Some(at) = self.part(&action["assignment"]) else { return Refused };
        let part = &mut self.parts[at];
        if !WITH_UNITS.contains(&self.state) || part.returning.is_some() {
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
        } else {
            let to = action["to"].as_array().unwrap();
            if panel && to.is_empty() || self.assign(to, Some(at), now) == Refused {
                return Refused;
            }
            let new = self.parts.len() - to.len();
            self.parts[new..].iter_mut().for_each(|part| part.binding = panel);
            self.returns += 1;
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
            "redirect" if WITH_UNITS.contains(&self.state) => {
                let Some(at) = self.part(&action["assignment"]) else { return Refused };
                if self.assign(std::slice::from_ref(&action["to"]), Some(at), now) == Refused {
                    return Refused;
                }
            }
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
        self.follow();
        Done
    }

    fn clock(&mut self, action: &Json, now: Timestamp) -> Outcome {
        match action["action"].as_str().unwrap() {
            "pause" if HANDLING.contains(&self.state) && !self.paused => self.paused = true,
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
    fn shown(&self) -> Json {
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
fn view(ticket: &Json) -> Json {
    let part = |a: &Json| {
        let returning = a.get("returning").map_or(Json::Null, |returning| returning["panel"].clone());
        let matter = a.get("matter").cloned().unwrap_or_default();
        json!([a["number"], a["department"], a["role"], matter, a["state"], returning, a["binding"], a["extensions"]])
    };
    json!({
        "state": ticket["state"],
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

/// A new ticket and its model. Links and urgency that come from repeats are another test's.
fn file(hotline: &Hotline, random: &mut Random, number: usize) -> Model {
    let (text, departments): (&str, &[(&str, &str)]) = *random.of(&[
        (LEAK, [("water", "lead"), ("enforcement", "joint")].as_slice()),
        (EASTERN_LEAK, &[("east-water", "lead"), ("enforcement", "joint")]),
        (STALLS, &[]),
        (GAS, &[("police", "lead")]),
    ]);
    let about = random.percent(15).then(|| *random.of(&["water", "police", "east-enforcement"]));
    let mut submission = complaint(&format!("{text}，编号{number}"));
    submission.about = about.map(str::to_owned);
    submission.channel = random.percent(30).then(|| "letter".to_owned());
    let filed = hotline.file(submission);
    let id = filed["id"].as_str().unwrap().to_owned();
    let mut model = Model {
        id,
        state: "in_review",
        parts: Vec::new(),
        paused: false,
        urgency: filed["urgency"].as_str().unwrap().to_owned(),
        claim: None,
        excluded: false,
        chases: 0,
        applications: 0,
        returns: 0,
        reopened: 0,
        extensions: 0,
        call_backs: 0,
        links: filed["links"].as_array().unwrap().len(),
        reply: Json::Null,
        merged_into: Json::Null,
        about,
    };
    let new: Vec<Json> =
        departments.iter().map(|(department, role)| json!({"department": department, "role": role})).collect();
    if !new.is_empty() && model.assign(&new, None, hotline.now()) == Done {
        model.follow();
    }
    assert_eq!(view(&filed), model.shown(), "as it is filed: {text}");
    model
}

/// Any action, with values that often fit.
fn proposal(random: &mut Random, model: &Model, ids: &[String]) -> Json {
    let numbers: Vec<u64> = model.active().map(|part| part.number).chain([1]).collect();
    let number = if random.percent(95) { *random.of(&numbers) } else { random.below(5) as u64 };
    let role = *random.of(&["lead", "lead", "lead", "joint", "verify"]);
    let new = |random: &mut Random| {
        let mut new = json!({"department": random.of(DEPARTMENTS), "role": role});
        if random.percent(20) {
            new["matter"] = json!(random.of(&["water/leak", "city/stalls"]));
        }
        if random.percent(20) {
            new["term"] = json!(random.of(&["3 hours", "2 working days", "1 day"]));
        }
        new
    };
    let several = |random: &mut Random| (0..random.below(3)).map(|_| new(random)).collect::<Vec<_>>();
    let other = random.of(ids).clone();
    // Endings, and what is always possible, are rare, so that sequences are long and go far.
    let names = jiesu::tickets::Action::NAMES;
    const RARE: &[&str] = &[
        "finalise",
        "merge",
        "refuse",
        "answer_on_the_spot",
        "park",
        "link",
        "note",
        "set_urgency",
        "exclude",
        "include",
        "claim",
        "release",
        "chase",
        "extend",
        "pause",
        "resume",
    ];
    let name = loop {
        let name = *random.of(names);
        if !RARE.contains(&name) || random.percent(15) {
            break name;
        }
    };
    let mut action = match name {
        "dispatch" => json!({"assignments": several(random)}),
        "accept" => json!({"assignment": number}),
        "contact" => json!({"assignment": number, "met": random.percent(50)}),
        "resolve" => json!({"assignment": number, "answer": "已修好"}),
        "send_back" => json!({"assignment": number, "reason": "没有写依据"}),
        "send_reply" | "answer_on_the_spot" | "note" => json!({"text": "已答复"}),
        "call_back" => {
            let mut call = json!({"by": random.of(&["unit", "centre"]), "reached": random.percent(70)});
            if call["reached"] == true || random.percent(10) {
                call["solved"] = json!(random.of(&["yes", "partly", "no"]));
                call["satisfied"] = json!(random.percent(50));
            }
            call
        }
        "apply_return" => json!({"assignment": number, "reason": "not_ours", "basis": "三定方案"}),
        "uphold_return" => json!({"assignment": number, "to": several(random), "reason": "属实"}),
        "refuse_return" => json!({"assignment": number, "reason": "职责明确"}),
        "redirect" => json!({"assignment": number, "to": new(random), "reason": "改派"}),
        "hand_down" => json!({"assignment": number, "to": new(random)}),
        "pause" | "include" | "reopen" => json!({"reason": "原因"}),
        "extend" => {
            let mut extend =
                json!({"term": random.of(&["4 hours", "3 working days"]), "reason": "施工", "approved_by": "主任"});
            if random.percent(60) {
                extend["assignment"] = json!(number);
            }
            extend
        }
        "park" => json!({"reason": "待规划", "review_on": random.of(&["2026-08-01", "2026-01-01"])}),
        "exclude" => json!({"reason": "重复", "approved_by": "主任"}),
        "finalise" => json!({"reason": "已穷尽", "basis": "条例", "approved_by": "主任"}),
        "merge" => json!({"into": other}),
        "refuse" => json!({"ground": "out_of_scope", "notice": "请向法院提出"}),
        "set_urgency" => json!({"urgency": random.of(&["normal", "urgent", "critical"]), "reason": "原因"}),
        "link" => json!({"ticket": other, "relation": "same_matter"}),
        _ => json!({}),
    };
    action["action"] = json!(name);
    action
}

fn people() -> Vec<Actor> {
    let mut people = vec![
        actor("dora", &["dispatcher"]),
        actor("dan", &["dispatcher"]),
        actor("ann", &["agent"]),
        actor("root", &["admin"]),
        actor("web", &["submit"]),
        actor("nobody", &["submit", "editor", "metrics"]),
    ];
    people.extend(DEPARTMENTS.iter().map(|id| actor(id, &[&format!("department:{id}")])));
    people
}

fn pass_time(hotline: &Hotline, random: &mut Random) {
    const MINUTE: i64 = 60_000_000;
    let most = match random.below(100) {
        0..50 => 10 * MINUTE,
        50..85 => 6 * 60 * MINUTE,
        85..97 => 24 * 60 * MINUTE,
        _ => 5 * 24 * 60 * MINUTE,
    };
    // To the microsecond: what is kept is rounded, and rounding must not part what is shown from what is kept.
    hotline.later(1 + random.below(most as usize) as i64);
    if random.percent(10) {
        hotline.tick();
    }
}

/// One life of one ticket.
fn sequence(
    hotline: &Hotline,
    random: &mut Random,
    models: &mut BTreeMap<String, Model>,
    done: &mut BTreeMap<String, [usize; 4]>,
) {
    let mut model = file(hotline, random, models.len());
    let people = people();
    let mut ids: Vec<String> = models.keys().rev().take(5).cloned().collect();
    ids.push(model.id.clone());
    let mut said = Vec::new();
    for _ in 0..25 {
        pass_time(hotline, random);
        let now = hotline.now();
        let mut proposed = (people[0].clone(), json!({"action": "claim"}));
        for _ in 0..40 {
            let person = random.of(&people).clone();
            proposed = (person, proposal(random, &model, &ids));
            let outcome = model.clone().step(&proposed.0, &proposed.1, now, models);
            if outcome == Done || random.percent(3) {
                break;
            }
        }
        let (by, action) = proposed;
        let expected = model.step(&by, &action, now, models);
        let got = hotline.act(&model.id, action.clone(), &by);
        said.push(format!("{now} {}: {action} → {expected:?}", by.name));
        let outcome = match &got {
            Ok(_) => Done,
            Err(Refusal::NoTicket) => Unseen,
            Err(Refusal::Forbidden { .. }) => Forbidden,
            Err(Refusal::Store(error)) => panic!("{error}\n{}", said.join("\n")),
            Err(_) => Refused,
        };
        // Which of two reasons is given does not matter; that nothing is told of what is not seen does.
        let expected = if expected == Forbidden && outcome == Refused { Refused } else { expected };
        let why = got.as_ref().err().map(|refusal| refusal.message().en);
        assert_eq!(outcome, expected, "{why:?}\n{}\n{:#}", said.join("\n"), model.shown());
        let name = action["action"].as_str().unwrap().to_owned();
        done.entry(name.clone()).or_default()[outcome as usize] += 1;
        let other = action.get("into").or(action.get("ticket")).and_then(Json::as_str);
        if let Some(other) = other.filter(|_| outcome == Done).and_then(|id| models.get_mut(id)) {
            other.links += 1;
            other.chases += u64::from(name == "merge");
        }
        if let Ok(shown) = got {
            assert!(shown.is_null() || view(&shown) == model.shown(), "{}\n{:#}", said.join("\n"), view(&shown));
        }
        assert_eq!(view(&hotline.get(&model.id)), model.shown(), "{}", said.join("\n"));
    }
    hotline.settle();
    let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| agreement::of_ticket(hotline, &model.id)));
    if let Err(panic) = checked {
        eprintln!("{}", said.join("\n"));
        std::panic::resume_unwind(panic);
    }
    models.insert(model.id.clone(), model);
}

/// Sequences on one store. The tables are looked at after each, and all at the end.
fn run(place: Place, sequences: u64, first: u64) -> BTreeMap<String, [usize; 4]> {
    let hotline = Hotline::new(place);
    let mut models = BTreeMap::new();
    let mut done = BTreeMap::new();
    let only = std::env::var("JIESU_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = only.map_or(first..first + sequences, |seed| seed..seed + 1);
    for seed in seeds {
        // Each sequence begins in spring, however long the one before took.
        hotline.set("2026-03-30T16:40:00");
        eprintln!("seed {seed}");
        sequence(&hotline, &mut Random(seed), &mut models, &mut done);
    }
    hotline.set("2026-07-01T00:00:00");
    for model in models.values() {
        assert_eq!(view(&hotline.get(&model.id)), model.shown(), "{}: in the end", model.id);
    }
    agreement::of_all(&hotline);
    done
}

/// Every action was done, and was refused, or the sequences prove little.
fn covers(done: &BTreeMap<String, [usize; 4]>) {
    for name in jiesu::tickets::Action::NAMES {
        let [done, unseen, forbidden, refused] = done.get(*name).copied().unwrap_or_default();
        eprintln!("{name}: done {done}, unseen {unseen}, forbidden {forbidden}, refused {refused}");
        assert!(done > 0 && unseen + forbidden + refused > 0, "{name}");
    }
}

#[test]
fn random_lives_of_tickets_are_those_of_the_model_on_sqlite() {
    // Two stores at once, since each waits for its disk.
    let done = std::thread::scope(|scope| {
        let runs: Vec<_> = [1, 100_001].map(|first| scope.spawn(move || run(Place::sqlite(), 500, first))).into();
        runs.into_iter().map(|run| run.join().unwrap()).collect::<Vec<_>>()
    });
    done.iter().for_each(covers);
}

#[test]
fn random_lives_of_tickets_are_those_of_the_model_on_postgresql() {
    let Some(place) = Place::postgres() else { return };
    run(place, 150, 500_001);
}
