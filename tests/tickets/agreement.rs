//! What the tables say must follow from the events: rows of lists, parts, deadlines, messages and figures are worked out
//! anew here, from the descriptions, and held against what was written along the way.

use std::collections::{BTreeMap, BTreeSet};

use jiesu::access::Actor;
use jiesu::store::{Options, Store, StoreError, Transaction, Value};
use jiesu::tickets::{
    AssignmentRole, AssignmentState, By, CallBackBy, Change, Deadline, Event, Filter, HoursQuestion, MIGRATIONS,
    MOST_ON_PAGE, Question, Solved, State, Submission, Ticket,
};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value as Json, json};

use crate::hotline::{EASTERN_LEAK, GAS, Hotline, LEAK, Place, STALLS, complaint, dispatcher, within};

/// "Never" of a deadline that nobody looks at.
const NEVER: i64 = i64::MAX;

/// Everything about one ticket.
pub(crate) fn of_ticket(hotline: &Hotline, id: &str) {
    let events = hotline.events(id);
    let numbers: Vec<u32> = events.iter().map(|event| event.number).collect();
    assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>(), "{id}: events are numbered from 1");
    let ticket = Ticket::fold(id, &events).unwrap();
    shown(hotline, &ticket);
    row(hotline, &ticket);
    parts(hotline, &ticket);
    deadlines(hotline, &ticket, &events);
    messages(hotline, &ticket, &events);
}

/// Every ticket of the store, and the figures.
pub(crate) fn of_all(hotline: &Hotline) {
    hotline.settle();
    let ids: Vec<String> = hotline
        .rows("SELECT id FROM tickets ORDER BY seq", Vec::new())
        .into_iter()
        .map(|row| row[0].as_str().unwrap().to_owned())
        .collect();
    ids.iter().for_each(|id| of_ticket(hotline, id));
    figures(hotline, &ids);
    statistics(hotline, &ids);
    feedback(hotline, &ids);
    hours(hotline, &ids);
    lists(hotline, &ids);
}

/// What is looked at is the fold of the events.
fn shown(hotline: &Hotline, ticket: &Ticket) {
    let mut got = hotline.get(&ticket.id);
    let fields = got.as_object_mut().unwrap();
    for extra in ["decision", "due", "contact"] {
        assert!(fields.remove(extra).is_some(), "{extra}");
    }
    let mut folded = plain(serde_json::to_value(ticket).unwrap());
    folded.as_object_mut().unwrap().remove("contact");
    assert_eq!(got, folded, "{}", ticket.id);
}

/// Texts in the place of what is kept of them; nothing in these tests identifies anybody.
fn plain(value: Json) -> Json {
    match value {
        Json::Object(fields) if fields.contains_key("masked") => fields["masked"].clone(),
        Json::Object(fields) => fields.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        Json::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}

fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

fn row(hotline: &Hotline, ticket: &Ticket) {
    let rows = hotline.rows(
        "SELECT version, opened_at, state, urgency, chases, due_at, scenario, department, channel, automatic, excluded,
            return_to, paused, claimed_by FROM tickets WHERE id = ?1",
        vec![(&ticket.id).into()],
    );
    let in_charge =
        |a: &&jiesu::tickets::Assignment| a.role == AssignmentRole::Lead && a.state != AssignmentState::Withdrawn;
    let ruled = [State::InReview, State::Dispatched, State::Accepted, State::Contacted, State::Resolved];
    let waiting =
        ticket.assignments.iter().filter_map(|a| a.returning.as_ref()).filter(|_| ruled.contains(&ticket.state));
    let waiting: Vec<bool> = waiting.map(|application| application.panel).collect();
    let expected = json!([[
        ticket.version,
        millis(ticket.opened_at),
        ticket.state.name(),
        ticket.urgency as u8,
        ticket.chases,
        ticket.deadlines.iter().map(|deadline| millis(deadline.due)).min(),
        ticket.scenario,
        ticket.assignments.iter().find(in_charge).map(|a| &a.department),
        ticket.channel,
        u8::from(ticket.automatic),
        u8::from(ticket.excluded.is_some()),
        if waiting.contains(&true) { Some("panel") } else { waiting.first().map(|_| "dispatcher") },
        u8::from(ticket.paused.is_some()),
        ticket.claim.as_ref().map(|claim| &claim.by),
    ]]);
    assert_eq!(json!(rows), expected, "{}: the row for lists", ticket.id);
}

fn parts(hotline: &Hotline, ticket: &Ticket) {
    let rows = hotline.rows(
        "SELECT a.number, a.department, a.role, a.state, a.due_at FROM assignments a JOIN tickets t ON t.seq = a.ticket
         WHERE t.id = ?1 ORDER BY a.number",
        vec![(&ticket.id).into()],
    );
    let parts: Vec<Json> = ticket
        .assignments
        .iter()
        .map(|a| json!([a.number, a.department, a.role, a.state, millis(a.deadline.due)]))
        .collect();
    assert_eq!(json!(rows), json!(parts), "{}: the rows of its parts", ticket.id);
    let mut active = BTreeSet::new();
    for a in ticket.assignments.iter().filter(|a| a.is_active()) {
        assert!(active.insert((&a.department, &a.matter)), "{}: {} has it twice", ticket.id, a.department);
    }
}

/// Deadlines that somebody must still keep, and whose clock runs: of the whole before the reply, of a part until it is
/// answered or the answer of the whole was approved.
fn running(ticket: &Ticket) -> Vec<(u32, &Deadline)> {
    let working =
        [State::Received, State::InReview, State::Dispatched, State::Accepted, State::Contacted, State::Resolved];
    if ticket.paused.is_some() {
        return Vec::new();
    }
    let parts_open = working.contains(&ticket.state);
    let whole_open = parts_open || ticket.state == State::AnswerReviewed;
    let whole = ticket.deadlines.iter().filter(|_| whole_open).map(|deadline| (0, deadline));
    let parts =
        ticket.assignments.iter().filter(|a| parts_open && a.is_active() && a.state != AssignmentState::Resolved);
    whole.chain(parts.map(|a| (a.number, &a.deadline))).collect()
}

fn deadlines(hotline: &Hotline, ticket: &Ticket, events: &[Event]) {
    let id = &ticket.id;
    let rows = hotline.rows(
        "SELECT d.assignment, d.layer, d.due_at, d.next_at FROM deadlines d JOIN tickets t ON t.seq = d.ticket
         WHERE t.id = ?1",
        vec![id.into()],
    );
    let mut looked_at: BTreeMap<(u32, String), (i64, i64)> = BTreeMap::new();
    for row in &rows {
        let key = (row[0].as_u64().unwrap() as u32, row[1].as_str().unwrap().to_owned());
        looked_at.insert(key, (row[2].as_i64().unwrap(), row[3].as_i64().unwrap()));
    }
    let mut passed: BTreeMap<(Option<u32>, &str, Timestamp), usize> = BTreeMap::new();
    let mut warned = passed.clone();
    let mut told: BTreeMap<(Option<u32>, u32), usize> = BTreeMap::new();
    for event in events {
        match &event.change {
            Change::Expired { assignment, layer, due } => {
                assert!(event.at >= *due, "{id}: {due} had not passed");
                *passed.entry((*assignment, layer.name(), *due)).or_default() += 1;
            }
            Change::Warned { assignment, layer, due } => {
                *warned.entry((*assignment, layer.name(), *due)).or_default() += 1;
            }
            Change::Escalated { assignment, step, .. } => *told.entry((*assignment, *step)).or_default() += 1,
            _ => {}
        }
    }
    for (what, times) in passed.iter().chain(&warned) {
        assert_eq!(*times, 1, "{id}: {what:?} is said once");
    }
    for ((assignment, step), times) in told {
        let most = passed.keys().filter(|(own, ..)| *own == assignment).count();
        assert!(
            times <= most,
            "{id}: {assignment:?} was told of {times} times at step {step}, and passed {most} times"
        );
    }
    let running = running(ticket);
    for (number, deadline) in &running {
        let key = (*number, deadline.layer.name().to_owned());
        let (due, next) =
            looked_at.remove(&key).unwrap_or_else(|| panic!("{id}: nobody watches {key:?} in {:?}", ticket.state));
        assert_eq!(due, millis(deadline.due), "{id}: {key:?}");
        assert!(next > millis(hotline.now()), "{id}: {key:?} should have been looked at");
        let assignment = (*number > 0).then_some(*number);
        let times = passed.get(&(assignment, deadline.layer.name(), deadline.due)).copied().unwrap_or_default();
        let is_past = deadline.due <= hotline.now();
        assert_eq!(times, usize::from(is_past), "{id}: {key:?} is due {} ({rows:?})", deadline.due);
        assert!(is_past || next <= due, "{id}: {key:?} would pass unseen");
    }
    let parked = ticket.parking.as_ref().filter(|_| ticket.state == State::Parked);
    if let Some((parking, (due, next))) = parked.zip(looked_at.get(&(0, "review".to_owned())).copied()) {
        looked_at.remove(&(0, "review".to_owned()));
        let opens = crate::hotline::at(&format!("{}T08:30:00", parking.review_on));
        assert_eq!(due, millis(opens), "{id}: when it is looked at again");
        assert_eq!(parking.review_due, opens <= hotline.now(), "{id}: whether that day has come");
        assert_eq!(next, if parking.review_due { NEVER } else { due }, "{id}: the day it is looked at again");
    }
    for (key, (_, next)) in looked_at {
        assert_eq!(next, NEVER, "{id}: {key:?} is over or stands, in {:?}", ticket.state);
    }
}

/// Who hears of every event: departments with an address, or the nearest above them that has one, and the centre.
fn messages(hotline: &Hotline, ticket: &Ticket, events: &[Event]) {
    let mut expected = BTreeSet::new();
    let mut before: Option<Ticket> = None;
    for (at, event) in events.iter().enumerate() {
        let after = Ticket::fold(&ticket.id, &events[..=at]).unwrap();
        if !["claimed", "released", "decided"].contains(&event.change.name()) {
            let concerned = departments(event, before.as_ref(), &after);
            let heard = concerned.iter().filter_map(|id| address(id));
            let mut targets: BTreeSet<String> = heard.map(|id| format!("department:{id}")).collect();
            if hotline.tickets.settings().central_webhook {
                targets.insert("centre".to_owned());
            }
            expected.extend(targets.into_iter().map(|target| (event.number, event.change.name(), target)));
        }
        before = Some(after);
    }
    let rows = hotline.rows(
        "SELECT o.event, o.name, o.target, o.message FROM outbox o JOIN tickets t ON t.seq = o.ticket WHERE t.id = ?1",
        vec![(&ticket.id).into()],
    );
    let found: BTreeSet<(u32, &str, String)> = rows
        .iter()
        .map(|row| (row[0].as_u64().unwrap() as u32, row[1].as_str().unwrap(), row[2].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(found.len(), rows.len(), "{}: a message twice", ticket.id);
    assert_eq!(found, expected, "{}: messages", ticket.id);
}

/// The departments that an event concerns.
fn departments(event: &Event, before: Option<&Ticket>, after: &Ticket) -> Vec<String> {
    let of = |ticket: &Ticket, numbers: &[u32]| -> Vec<String> {
        ticket.assignments.iter().filter(|a| numbers.contains(&a.number)).map(|a| a.department.clone()).collect()
    };
    let active = |ticket: Option<&Ticket>| -> Vec<String> {
        let parts = ticket.into_iter().flat_map(|ticket| &ticket.assignments).filter(|a| a.is_active());
        parts.map(|a| a.department.clone()).collect()
    };
    match &event.change {
        Change::Dispatched { assignments, .. } | Change::UrgentDispatched { assignments, .. } => {
            assignments.iter().map(|a| a.department.clone()).collect()
        }
        Change::ReturnUpheld { assignment, to, .. } => {
            of(after, &to.iter().map(|a| a.number).chain([*assignment]).collect::<Vec<_>>())
        }
        Change::Redirected { assignment, to, .. } | Change::HandedDown { assignment, to } => {
            of(after, &[*assignment, to.number])
        }
        Change::SentBack { assignment, .. } | Change::ReturnRefused { assignment, .. } => of(after, &[*assignment]),
        Change::Warned { assignment, .. } | Change::Expired { assignment, .. } => {
            assignment.map(|number| of(after, &[number])).unwrap_or_default()
        }
        Change::Escalated { assignment, to, .. } => {
            assignment.map(|number| of(after, &[number])).unwrap_or_default().into_iter().chain([to.clone()]).collect()
        }
        Change::Extended { assignment: Some(number), .. } => of(after, &[*number]),
        Change::Merged { .. } | Change::Reopened { .. } => active(before),
        Change::Extended { assignment: None, .. }
        | Change::Chased { .. }
        | Change::Paused { .. }
        | Change::Resumed { .. }
        | Change::Parked { .. }
        | Change::Unparked { .. }
        | Change::Finalised { .. }
        | Change::UrgencySet { .. }
        | Change::Linked { .. }
        | Change::Attached { .. }
        | Change::ReviewDue { .. }
        | Change::Confirmed
        | Change::AnswerApproved => active(Some(after)),
        _ => Vec::new(),
    }
}

/// The department whose address is used: its own or the nearest above.
fn address(department: &str) -> Option<&'static str> {
    ["east-water", "police", "city"].into_iter().find(|addressed| within(department, addressed))
}

/// Day, then kind, department, scenario, district and channel, then whether taken out of assessment.
type Cell = (String, [String; 5], bool);

/// Sums of all tickets, from their events alone: whatever a row of sums tells apart, it holds what the tickets of its
/// values come to.
fn figures(hotline: &Hotline, ids: &[String]) {
    let tickets: Vec<_> = ids.iter().flat_map(|id| all_counted(hotline, id)).collect();
    let found = sums(hotline);
    let shapes: BTreeSet<i64> = found.keys().map(|(shape, ..)| *shape).collect();
    assert_eq!(shapes.len(), 22, "so many shapes are kept by a day, a month or a year, and written with every change");
    let mut expected: BTreeMap<Sum, i64> = BTreeMap::new();
    for ((day, values, excluded), amounts) in &tickets {
        for shape in &shapes {
            let period = day[..[10, 7, 4][*shape as usize / 32]].to_owned();
            let value = |at: usize| if shape & (1 << at) == 0 { String::new() } else { values[at].clone() };
            for (measure, amount) in amounts.iter().filter(|(_, amount)| *amount != 0) {
                let key = (*shape, period.clone(), std::array::from_fn(value), *excluded, *measure);
                *expected.entry(key).or_default() += amount;
            }
        }
    }
    for key in expected.keys().chain(found.keys()) {
        assert_eq!(found.get(key), expected.get(key), "{key:?}");
    }
    assert!(!found.is_empty(), "something is counted");
}

/// What one ticket counts, and under what: the returns of its parts under who had them.
fn all_counted(hotline: &Hotline, id: &str) -> Vec<(Cell, Vec<(&'static str, i64)>)> {
    let (cell, amounts) = counted(&hotline.fold(id));
    let given_back = given_back(&hotline.events(id)).into_iter().map(|(department, measure)| {
        let mut own = cell.clone();
        own.1[1] = department;
        (own, vec![(measure, 1)])
    });
    let given_back: Vec<_> = given_back.collect();
    std::iter::once((cell, amounts)).chain(given_back).collect()
}

/// Each application to give a part back, and each that was upheld, under the department that had the part.
fn given_back(events: &[Event]) -> Vec<(String, &'static str)> {
    let mut owners: BTreeMap<u32, String> = BTreeMap::new();
    let mut counted = Vec::new();
    for event in events {
        match &event.change {
            Change::ReturnApplied { assignment, .. } => {
                counted.push((owners[assignment].clone(), "return_applications"));
            }
            Change::ReturnUpheld { assignment, .. } => counted.push((owners[assignment].clone(), "returns")),
            _ => {}
        }
        let new: Vec<_> = match &event.change {
            Change::Dispatched { assignments: new, .. }
            | Change::UrgentDispatched { assignments: new, .. }
            | Change::ReturnUpheld { to: new, .. } => new.iter().collect(),
            Change::Redirected { to, .. } | Change::HandedDown { to, .. } => vec![to],
            _ => Vec::new(),
        };
        owners.extend(new.into_iter().map(|new| (new.number, new.department.clone())));
    }
    counted
}

/// Shape, period, values, whether taken out of assessment, measure.
type Sum = (i64, String, [String; 5], bool, &'static str);

/// All sums that are stored and not nothing.
fn sums(hotline: &Hotline) -> BTreeMap<Sum, i64> {
    let measures = jiesu::catalog::MEASURES;
    let columns: Vec<String> = measures.iter().map(|measure| format!("n_{measure}")).collect();
    let sql = format!(
        "SELECT shape, period, kind, department, scenario, district, channel, excluded, {} FROM sums",
        columns.join(", ")
    );
    let mut found = BTreeMap::new();
    for row in hotline.rows(&sql, Vec::new()) {
        let text = |at: usize| row[at].as_str().unwrap().to_owned();
        let values: [String; 5] = std::array::from_fn(|at| text(2 + at));
        for (at, measure) in measures.iter().enumerate() {
            let amount = row[8 + at].as_i64().unwrap();
            let key = (row[0].as_i64().unwrap(), text(1), values.clone(), row[7] == 1, *measure);
            if amount != 0 {
                assert!(found.insert(key, amount).is_none());
            }
        }
    }
    found
}

/// Whatever is asked of statistics, the answer is what the tickets themselves come to; overdue are those that were
/// answered late and those that wait for an answer at this moment though it was due.
fn statistics(hotline: &Hotline, ids: &[String]) {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let tickets: Vec<Ticket> = ids.iter().map(|id| hotline.fold(id)).collect();
    let cells: Vec<_> = ids.iter().map(|id| all_counted(hotline, id)).collect();
    let first = tickets.iter().map(|ticket| ticket.opened_at).min().unwrap().to_zoned(zone.clone()).date();
    let ways: &[&[By]] = &[
        &[],
        &[By::Day],
        &[By::Month, By::Kind],
        &[By::Department],
        &[By::Scenario, By::District],
        &[By::Channel, By::Kind],
        &[By::Category],
        &[By::Category, By::Month],
        &[By::Department, By::Scenario, By::Channel],
        &[By::Day, By::Department, By::Channel],
    ];
    let now = hotline.now();
    for (from, to) in
        [(first, first), (first.first_of_month(), first + 200.days()), (first - 40.days(), first + 3.days())]
    {
        for (by, department) in ways.iter().flat_map(|by| [(by, None), (by, Some("water"))]) {
            let question = Question {
                from,
                to,
                by: by.to_vec(),
                department: department.map(str::to_owned),
                rules_of: None,
                with_last_year: false,
            };
            let answer = hotline.wait(hotline.tickets.statistics(question, &dispatcher())).unwrap();
            let mut expected: BTreeMap<BTreeMap<&str, String>, BTreeMap<String, i64>> = BTreeMap::new();
            let counted = tickets.iter().zip(&cells);
            let counted = counted.flat_map(|(ticket, cells)| cells.iter().enumerate().map(move |own| (ticket, own)));
            for (ticket, (number, ((day, values, _), amounts))) in counted {
                let own = department.is_none_or(|above| !values[1].is_empty() && within(&values[1], above));
                if !own || *day < from.to_string() || *day > to.to_string() {
                    continue;
                }
                let value = |by: &By| match by {
                    By::Day => day.clone(),
                    By::Month => day[..7].to_owned(),
                    By::Kind => values[0].clone(),
                    By::Department => values[1].clone(),
                    By::Scenario => values[2].clone(),
                    By::Category => match values[2].split('/').next() {
                        Some("water") => "供水".to_owned(),
                        Some("city") => "市容".to_owned(),
                        Some("gas") => "燃气".to_owned(),
                        _ => String::new(),
                    },
                    By::District => values[3].clone(),
                    By::Channel => values[4].clone(),
                };
                let group = by.iter().map(|by| (by.name(), value(by))).collect();
                let counts = expected.entry(group).or_default();
                let waits =
                    matches!(ticket.state, State::InReview | State::Dispatched | State::Accepted | State::Contacted);
                // Once for each ticket, under who is in charge.
                let late = number == 0 && waits && ticket.paused.is_none() && ticket.due().is_some_and(|due| due < now);
                let late = [("overdue", i64::from(late)), ("overdue_now", i64::from(late))];
                for (measure, amount) in amounts.iter().chain(&late) {
                    *counts.entry((*measure).to_owned()).or_default() += amount;
                }
            }
            expected.values_mut().for_each(|counts| counts.retain(|_, amount| *amount != 0));
            let found: BTreeMap<_, _> = answer.lines.into_iter().map(|line| (line.group, line.counts)).collect();
            assert_eq!(found, expected, "{by:?} from {from} to {to} of {department:?}");
        }
    }
}

/// A store of the version before the sums: it had one fine table of figures. Opened by this version it has every sum.
fn migrates_from_figures(hotline: &Hotline, place: Place) {
    let expected = sums(hotline);
    let store = Store::open(&place.location, &MIGRATIONS[..1], Options::default()).unwrap();
    // What was suggested was not counted then.
    let known = |measure: &str| !measure.ends_with("suggested");
    let expected: BTreeMap<Sum, i64> = expected.into_iter().filter(|(key, _)| known(key.4)).collect();
    let finest: Vec<_> =
        expected.iter().filter(|((shape, ..), _)| *shape == 31).map(|(k, n)| (k.clone(), *n)).collect();
    assert!(finest.len() > 60, "{}", finest.len());
    let fill = move |tx: &mut Transaction<'_>| {
        for ((_, day, values, excluded, measure), amount) in &finest {
            let mut row: Vec<Value> = vec![day.into()];
            row.extend(values.iter().map(Value::from));
            row.extend([(*excluded).into(), (*measure).into(), (*amount).into()]);
            tx.execute("INSERT INTO figures VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", &row)?;
        }
        Ok::<_, StoreError>(())
    };
    store.write_blocking(fill).unwrap();
    drop(store);
    let migrated = Hotline::new(place);
    assert_eq!(sums(&migrated), expected);
}

/// What one ticket counts.
fn counted(ticket: &Ticket) -> (Cell, Vec<(&'static str, i64)>) {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let lead = ticket.assignments.iter().find(|a| a.is_active() && a.role == AssignmentRole::Lead);
    let values = [
        ticket.judgement.as_ref().map(|judgement| judgement.kind.clone()).unwrap_or_default(),
        text(lead.map(|a| &a.department)),
        text(ticket.scenario.as_ref()),
        text(ticket.district.as_ref()),
        text(ticket.channel.as_ref()),
    ];
    let cell = (ticket.opened_at.to_zoned(zone).date().to_string(), values, ticket.excluded.is_some());
    let yes = i64::from;
    let is = |states: &[State]| yes(states.contains(&ticket.state));
    let times = &ticket.times;
    let seconds = |at: Option<Timestamp>| at.map_or(0, |at| ((millis(at) - millis(ticket.opened_at)) / 1_000).max(0));
    let due = ticket.deadlines.iter().map(|deadline| deadline.due).min();
    let in_time = times.resolved.is_some_and(|at| due.is_some_and(|due| at <= due));
    let centre = || ticket.call_backs.iter().filter(|call| call.by == CallBackBy::Centre);
    let last = centre().rfind(|call| call.reached);
    let solved = |what: Solved| yes(last.is_some_and(|call| call.solved == Some(what)));
    let satisfied = |what: bool| yes(last.is_some_and(|call| call.satisfied == Some(what)));
    let amounts = vec![
        ("tickets", 1),
        ("automatic", yes(ticket.automatic)),
        ("in_review", is(&[State::InReview])),
        ("dispatched", yes(times.dispatched.is_some())),
        ("responded", yes(times.contacted.is_some())),
        ("resolved", yes(times.resolved.is_some())),
        ("resolved_in_time", yes(in_time)),
        ("replied", yes(times.replied.is_some())),
        ("over", is(&[State::Closed, State::Finalised, State::Merged, State::Refused])),
        ("overdue", yes(times.resolved.is_some() && !in_time)),
        ("refused", is(&[State::Refused])),
        ("merged", is(&[State::Merged])),
        ("parked", is(&[State::Parked])),
        ("reopened", ticket.reopened.into()),
        ("chases", ticket.chases.into()),
        ("called_back", centre().count() as i64),
        ("reached", yes(last.is_some())),
        ("solved", solved(Solved::Yes)),
        ("partly_solved", solved(Solved::Partly)),
        ("not_solved", solved(Solved::No)),
        ("satisfied", satisfied(true)),
        ("not_satisfied", satisfied(false)),
        ("seconds_to_dispatch", seconds(times.dispatched)),
        ("seconds_to_contact", seconds(times.contacted)),
        ("seconds_to_resolve", seconds(times.resolved)),
        ("seconds_to_reply", seconds(times.replied)),
        ("seconds_to_end", seconds(times.over)),
        ("suggested", yes(came_of_it(ticket).is_some())),
        ("as_suggested", yes(came_of_it(ticket).is_some_and(|(_, _, kept)| kept))),
    ];
    assert_eq!(amounts.len() + 2, jiesu::catalog::MEASURES.len(), "every measure is recounted");
    (cell, amounts)
}

/// The department that was suggested, the one that the centre sent it to, and whether that is it or its unit; none where
/// one of the two is missing.
fn came_of_it(ticket: &Ticket) -> Option<(String, String, bool)> {
    let judgement = ticket.judgement.as_ref()?;
    let suggested = judgement.department.clone()?;
    let mut sent = ticket.assignments.iter().find(|a| a.is_active() && a.role == AssignmentRole::Lead)?;
    while let Some(number) = sent.handed_down_by {
        sent = ticket.assignments.iter().find(|a| a.number == number)?;
    }
    let kept = sent.department == suggested || Some(&sent.department) == judgement.unit.as_ref();
    Some((suggested, sent.department.clone(), kept))
}

/// What is counted of rules, from the tickets themselves: by rule and id, then suggested, automatic, decided, kept,
/// returned.
fn feedback(hotline: &Hotline, ids: &[String]) {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let tickets: Vec<Ticket> = ids.iter().map(|id| hotline.fold(id)).collect();
    let yes = i64::from;
    let mut expected: BTreeMap<(&str, String, Option<String>), [i64; 5]> = BTreeMap::new();
    for ticket in tickets.iter().filter(|ticket| ticket.state != State::Received) {
        let Some(judgement) = &ticket.judgement else { continue };
        let returned = ticket.assignments.iter().any(|assignment| assignment.given_back);
        let has_department = ticket.assignments.iter().any(|a| a.is_active() && a.role == AssignmentRole::Lead);
        let settled = has_department || ticket.state.is_over();
        let mut count = |key, decided: bool, kept: bool| {
            let amounts = [1, yes(ticket.automatic), yes(decided), yes(decided && kept), yes(returned)];
            expected.entry(key).or_default().iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
        };
        let suggested = judgement.scenario.clone().unwrap_or_default();
        let kept = settled && ticket.scenario.clone().unwrap_or_default() == suggested;
        count(("scenario", suggested, None), settled, kept);
        if let (Some(department), Some(basis)) = (&judgement.department, &judgement.basis) {
            let kept = came_of_it(ticket).is_some_and(|(_, _, kept)| kept);
            count(("responsibility", basis.clone(), Some(department.clone())), has_department, kept);
        }
    }
    let opened = tickets.iter().map(|ticket| ticket.opened_at.to_zoned(zone.clone()).date());
    let (first, last) = (opened.clone().min().unwrap(), opened.max().unwrap());
    let found = hotline.wait(hotline.tickets.feedback(first, last, &dispatcher())).unwrap();
    let found = found.rules.into_iter().map(|line| {
        assert_eq!(line.changed, line.decided - line.kept, "{}", line.id);
        let others: i64 = line.changed_to.iter().map(|other| other.tickets).sum();
        assert!(others <= line.changed && line.changed_to.len() <= 5, "{}", line.id);
        let amounts = [line.suggested, line.automatic, line.decided, line.kept, line.returned];
        ((line.rule.name(), line.id, line.department), amounts)
    });
    assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);
}

/// At what hours tickets came in.
fn hours(hotline: &Hotline, ids: &[String]) {
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
    let tickets: Vec<Ticket> = ids.iter().map(|id| hotline.fold(id)).collect();
    let to = hotline.now().to_zoned(zone.clone()).date();
    let question =
        HoursQuestion { from: to - 300.days(), to, department: None, scenario: None, district: None, channel: None };
    for department in [None, Some("water")] {
        let mut expected = vec![vec![0; 24]; 7];
        for ticket in &tickets {
            let lead = ticket.department().is_some_and(|own| department.is_none_or(|above| within(own, above)));
            let at = ticket.opened_at.to_zoned(zone.clone());
            let counts = ticket.state != State::Received && (department.is_none() || lead);
            if counts && at.date() >= question.from {
                expected[at.weekday().to_monday_zero_offset() as usize][at.hour() as usize] += 1;
            }
        }
        let question = HoursQuestion { department: department.map(str::to_owned), ..question.clone() };
        let found = hotline.wait(hotline.tickets.hours(question, &dispatcher())).unwrap();
        assert_eq!(found.week, expected, "{department:?}");
        let sums: Vec<i64> = (0..24).map(|hour| expected.iter().map(|day| day[hour]).sum()).collect();
        assert_eq!(found.hours, sums);
    }
}

/// All pages of a list, as somebody sees them.
fn pages(hotline: &Hotline, filter: &Filter, by: &Actor) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let mut cursor = None;
    loop {
        let page = hotline.wait(hotline.tickets.list(filter.clone(), MOST_ON_PAGE, cursor, by)).unwrap();
        for line in page.items {
            assert!(ids.insert(line.id.clone()), "{} twice", line.id);
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return ids;
        }
    }
}

/// Lists hold what they should: all for the centre; for a department what it or one below it has a part of.
fn lists(hotline: &Hotline, ids: &[String]) {
    let folded: Vec<Ticket> = ids.iter().map(|id| hotline.fold(id)).collect();
    let which = |keep: &dyn Fn(&Ticket) -> bool| -> BTreeSet<String> {
        folded.iter().filter(|ticket| keep(ticket)).map(|ticket| ticket.id.clone()).collect()
    };
    let centre = dispatcher();
    assert_eq!(pages(hotline, &Filter::default(), &centre), which(&|_| true));
    for state in State::ALL {
        let filter = Filter { states: vec![state], ..Filter::default() };
        assert_eq!(pages(hotline, &filter, &centre), which(&|ticket| ticket.state == state), "{state:?}");
    }
    for department in ["city", "water", "east-water", "east-water-post", "enforcement", "police"] {
        let has =
            |ticket: &Ticket| ticket.assignments.iter().any(|a| a.is_active() && within(&a.department, department));
        let by = crate::hotline::of(department);
        assert_eq!(pages(hotline, &Filter::default(), &by), which(&has), "{department} sees its subtree");
        let filter = Filter { department: Some(department.to_owned()), ..Filter::default() };
        assert_eq!(pages(hotline, &filter, &centre), which(&has), "filtered by {department}");
    }
    let middle = folded[folded.len() / 2].opened_at;
    let early = Filter { opened_until: Some(middle), ..Filter::default() };
    assert_eq!(pages(hotline, &early, &centre), which(&|ticket| ticket.opened_at < middle), "before {middle}");
    let later = Filter { opened_from: Some(middle), ..Filter::default() };
    assert_eq!(pages(hotline, &later, &centre), which(&|ticket| ticket.opened_at >= middle), "from {middle}");
    let now = hotline.now();
    let late = |ticket: &Ticket| {
        let open =
            !ticket.state.is_over() && !matches!(ticket.state, State::ReplySent | State::CalledBack | State::Parked);
        open && ticket.paused.is_none() && ticket.due().is_some_and(|due| due < now)
    };
    let filter = Filter { overdue: true, ..Filter::default() };
    assert_eq!(pages(hotline, &filter, &centre), which(&late), "what is overdue");
}

#[test]
fn sums_of_the_version_before_are_all_there() {
    for (place, other) in Place::all().into_iter().zip(Place::all()) {
        let hotline = Hotline::new(place);
        for number in 0..30 {
            let text = [LEAK, EASTERN_LEAK, STALLS, GAS][number % 4];
            let channel = ["phone", "web", "app"][number % 3].to_owned();
            let filed = hotline.file(Submission { channel: Some(channel), ..complaint(&format!("{text}，{number}")) });
            if number % 7 == 0 {
                let exclude = json!({"action": "exclude", "reason": "非考核范围", "approved_by": "值班长"});
                hotline.done(filed["id"].as_str().unwrap(), exclude, &dispatcher());
            }
            hotline.later(86_400_000_000 * 3 / 2);
        }
        of_all(&hotline);
        migrates_from_figures(&hotline, other);
    }
}
