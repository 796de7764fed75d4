//! `jiesu tickets`: what tickets teach, their figures, and the messages of the outbox.

use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use super::settings::Source;
use super::{Common, Ended, Failure, load, outbox, tickets_import};
use crate::access::Actor;
use crate::bundle::{Live, LiveError, Place};
use crate::say;
use crate::source::Lang;
use crate::store::{Options, Store};
use crate::tickets::{Clock, Feedback, Lesson, MIGRATIONS, RuleLine, Tickets};

/// Lessons that are written, at the most.
const MOST_LESSONS: u32 = 1_000;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// Tests for rules/tests: each fails until the rules are mended
    #[default]
    Tests,
    /// Labelled cases, as JSON Lines
    Cases,
    /// Rows for rules/responsibility from what the panel ruled
    Rows,
    /// How often each scenario and each row of the dispatch list was suggested, kept, changed and given back
    Rules,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Draft a test from every ticket that was given back, for an editor to take over
    Learn {
        /// What is written
        #[arg(long, value_enum, default_value_t)]
        output: Output,
        /// Only returns of so many days
        #[arg(long, value_name = "DAYS", default_value_t = 90)]
        days: u32,
        #[command(flatten)]
        source: Source,
    },
    /// Count all tickets again from their events, and mend figures that differ; not while a server runs
    Recount {
        #[command(flatten)]
        source: Source,
    },
    /// Import complaints of other systems as tickets; each row once, however often its file is imported
    Import(tickets_import::Arguments),
    /// List messages that wait to be sent; look at those that were given up and send them again
    Outbox(outbox::Arguments),
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    match &arguments.command {
        Command::Learn { output, days, source } => {
            let (tickets, zone) = open(common, lang, source, true)?;
            if *output == Output::Rules {
                let to = Timestamp::now().to_zoned(zone).date();
                let from = to.saturating_sub(i64::from(*days).days());
                let found =
                    tickets.feedback_blocking(from, to, &Actor::system()).map_err(|refusal| refusal.message())?;
                print_rules(common, lang, &found);
                return Ok(Ended::Fine);
            }
            let since = Timestamp::now().checked_sub((i64::from(*days) * 24).hours()).unwrap_or(Timestamp::MIN);
            let lessons =
                tickets.lessons(since, MOST_LESSONS, &Actor::system()).map_err(|refusal| refusal.message())?;
            print(common, *output, &lessons, &zone);
            Ok(Ended::Fine)
        }
        Command::Import(arguments) => tickets_import::run(common, lang, arguments),
        Command::Outbox(arguments) => outbox::run(common, lang, arguments),
        Command::Recount { source } => recount(common, lang, &open(common, lang, source, false)?.0),
    }
}

pub(super) fn open(
    common: &Common,
    lang: Lang,
    source: &Source,
    beside_server: bool,
) -> Result<(Tickets, TimeZone), Failure> {
    let settings = source.settings(lang)?;
    let options = Options { beside_server, ..Options::default() };
    let store = Store::open(&source.location(lang)?, MIGRATIONS, options).map_err(|error| error.message())?;
    let live = match Live::start_at(Place::Folder(common.folder().to_owned()), load::cache(common), None) {
        Ok(live) => Arc::new(live),
        Err(LiveError::Snapshot(error)) => return Err(Failure(error.message())),
        Err(LiveError::Refused(diagnostics)) => {
            load::print_errors(&diagnostics, lang);
            return Err(Failure(load::refused(&diagnostics)));
        }
    };
    let zone = live.serving().bundle.engine.settings().time_zone.clone();
    let clock: Clock = Arc::new(Timestamp::now);
    Ok((Tickets::new(store, live, settings.tickets, clock), zone))
}

fn print(common: &Common, output: Output, lessons: &[Lesson], zone: &TimeZone) {
    if common.json {
        anstream::println!("{}", serde_json::to_string_pretty(lessons).unwrap_or_default());
        return;
    }
    for lesson in lessons {
        match output {
            Output::Tests => anstream::print!("{}", test(lesson, zone)),
            Output::Cases => anstream::println!("{}", case(lesson, zone)),
            Output::Rows if lesson.panel => anstream::print!("{}", row(lesson)),
            Output::Rows | Output::Rules => {}
        }
    }
}

/// What became of suggestions, by rule: one line each, those that were changed most first.
fn print_rules(common: &Common, lang: Lang, found: &Feedback) {
    if common.json {
        anstream::println!("{}", serde_json::to_string_pretty(found).unwrap_or_default());
        return;
    }
    let mut rules: Vec<&RuleLine> = found.rules.iter().collect();
    rules.sort_by_key(|line| std::cmp::Reverse(line.changed + line.returned));
    for line in rules {
        let RuleLine { suggested, kept, changed, returned, .. } = line;
        let counts = say!(
            "建议 {suggested}，采纳 {kept}，更改 {changed}，退单 {returned}",
            "suggested {suggested}, kept {kept}, changed {changed}, returned {returned}"
        );
        let others: Vec<String> = line.changed_to.iter().map(|to| format!("{} {}", to.id, to.tickets)).collect();
        let others = if others.is_empty() { String::new() } else { format!(" → {}", others.join(", ")) };
        let department = line.department.iter().map(|id| format!(" ({id})")).collect::<String>();
        let id = if line.id.is_empty() { "-" } else { &line.id };
        anstream::println!("{} {id}{department}: {}{others}", line.rule.name(), counts.in_lang(lang));
    }
}

/// Any text as YAML: what JSON writes is YAML too.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

fn test(lesson: &Lesson, zone: &TimeZone) -> String {
    let Lesson { ticket, from, department, unit, reason, .. } = lesson;
    let mut test = format!("# {}\n", reason.replace(['\n', '\r'], " "));
    test.push_str(&format!(
        "- name: {}\n",
        quoted(&format!("{ticket} {from} → {}", unit.as_ref().unwrap_or(department)))
    ));
    if let Some(title) = &lesson.title {
        test.push_str(&format!("  title: {}\n", quoted(title)));
    }
    test.push_str(&format!("  text: {}\n", quoted(&lesson.text)));
    if let Some(district) = &lesson.district {
        test.push_str(&format!("  district: {district}\n"));
    }
    let at = lesson.opened_at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let unit = unit.as_ref().map(|unit| format!(", unit: {unit}")).unwrap_or_default();
    test.push_str(&format!("  at: {at}\n  expect: {{department: {department}{unit}}}\n\n"));
    test
}

fn case(lesson: &Lesson, zone: &TimeZone) -> String {
    let opened_on = lesson.opened_at.to_zoned(zone.clone()).date().to_string();
    let case = json!({
        "id": lesson.ticket,
        "title": lesson.title,
        "text": lesson.text,
        "department": lesson.department,
        "unit": lesson.unit,
        "district": lesson.district,
        "opened_on": opened_on,
        "origin": "real",
    });
    // A field without a value is left out of a case.
    let fields = case.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let case: serde_json::Map<String, serde_json::Value> =
        fields.map(|(name, value)| (name.clone(), value.clone())).collect();
    serde_json::Value::Object(case).to_string()
}

fn row(lesson: &Lesson) -> String {
    let Some(scenario) = &lesson.scenario else { return String::new() };
    let region = lesson.district.as_ref().map(|region| format!("  region: {region}\n")).unwrap_or_default();
    let (department, ticket, reason) = (&lesson.department, &lesson.ticket, quoted(&lesson.reason));
    format!(
        "- scenario: {scenario}\n{region}  lead: {department}\n  basis: 争议裁定（工单 {ticket}）\n  reason: {reason}\n\n"
    )
}

fn recount(common: &Common, lang: Lang, tickets: &Tickets) -> Result<Ended, Failure> {
    let bar = ProgressBar::no_length();
    bar.set_style(ProgressStyle::with_template("{spinner} {pos}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let wrong =
        tickets.recount(&mut |done| bar.set_position(done.unsigned_abs())).map_err(|refusal| refusal.message())?;
    bar.finish_and_clear();
    if common.json {
        anstream::println!("{}", json!({ "mended": wrong }));
    } else {
        let message = match wrong {
            0 => say!("统计数与工单经过一致", "the figures agree with the events"),
            _ => say!(
                "有 {wrong} 个统计数与工单经过不一致，已改正",
                "{wrong} figures differed from the events and were mended"
            ),
        };
        anstream::println!("{}", message.in_lang(lang));
    }
    Ok(if wrong == 0 { Ended::Fine } else { Ended::ErrorsFound })
}
