//! `jiesu tickets import`: complaints of other systems into tickets.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::settings::Source;
use super::{Common, Ended, Failure, import, tickets};
use crate::import::{Encoding, Fate, Incoming, Place, SheetReader, TicketOptions, import_tickets};
use crate::say;
use crate::source::{Lang, Message};
use crate::tickets::{Contact, Prepared, Refusal, Submission, Tickets};

/// How long a database that is busy or away is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// Rows that are kept together.
const TOGETHER: usize = 16;
/// Beside a server the file is left alone for so long after as much writing. Whoever waits for SQLite's lock looks again
/// after 100 ms at the most, so the server has its turn in every pause.
const TURN: Duration = Duration::from_millis(120);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(250);

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jiesu tickets import complaints.xlsx --data data --dry-run
  jiesu tickets import complaints.xlsx --data data
  jiesu tickets import complaints.bad.csv --data data")]
pub(super) struct Arguments {
    /// CSV, Excel (.xlsx, .xls, .ods) or JSON Lines with a row for each complaint
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Which column is which field; written where it is not there (default: .tickets.mapping.yaml beside the first file)
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// The sheet of a spreadsheet (default: the first)
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// The encoding of text: auto, utf-8, gb18030, utf-16le, big5 …
    #[arg(long, value_name = "NAME", default_value = "auto")]
    encoding: String,
    /// The channel of rows that name none, such as web
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// Show what would be done: no ticket, no file
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let encoding = match arguments.encoding.as_str() {
        "auto" => None,
        label => Some(label.parse::<Encoding>()?),
    };
    let options = TicketOptions {
        files: arguments.files.clone(),
        mapping: arguments.mapping.clone(),
        sheet: arguments.sheet.clone(),
        encoding,
        reader: SheetReader::default(),
        channel: arguments.channel.clone(),
        dry_run: arguments.dry_run,
    };
    let (desk, zone) = tickets::open(common, lang, &arguments.source, true)?;
    let serving = desk.serving();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(|error| say!("无法启动：{error}", "cannot start: {error}"))?;
    let bar = import::bar();
    let mut take = |rows: Vec<Incoming>| take(&runtime, &desk, rows, arguments.dry_run);
    let place = Place { catalog: Some(&**serving.bundle.engine.catalog()), zone: &zone };
    let report = import_tickets(&options, &place, &mut take, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = report?;
    if common.json {
        anstream::println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        anstream::print!("{}", report.in_lang(lang));
    }
    Ok(if report.bad == 0 { Ended::Fine } else { Ended::ErrorsFound })
}

/// Files rows: those that are not known yet are decided, on all cores, and kept.
fn take(runtime: &Runtime, desk: &Tickets, rows: Vec<Incoming>, dry_run: bool) -> Result<Vec<Fate>, Message> {
    let requests: Vec<(String, Submission)> = rows.into_iter().map(request).collect();
    let known = patiently(|| desk.filed_before(requests.clone(), &Tickets::importer()))?;
    let mut fates = Vec::with_capacity(requests.len());
    let mut ready = prepared(desk, requests, known).into_iter();
    let mut writing = Duration::ZERO;
    while ready.len() > 0 {
        let begun = Instant::now();
        fates.extend(keep(runtime, desk, ready.by_ref().take(TOGETHER), dry_run)?);
        writing += begun.elapsed();
        if desk.store().is_beside_server() && !dry_run && writing >= TURN {
            writing = Duration::ZERO;
            std::thread::sleep(TURN);
        }
    }
    Ok(fates)
}

/// Keeps rows that were decided, in one commit where that goes.
fn keep(
    runtime: &Runtime,
    desk: &Tickets,
    rows: impl Iterator<Item = Ready>,
    dry_run: bool,
) -> Result<Vec<Fate>, Message> {
    let (mut fates, mut filing) = (Vec::with_capacity(TOGETHER), JoinSet::new());
    for (place, (key, prepared)) in rows.enumerate() {
        fates.push(match prepared {
            Ok(None) => Fate::Known,
            Err(refusal) => refused(&refusal)?,
            Ok(Some(prepared)) => {
                if !dry_run {
                    let desk = desk.clone();
                    filing.spawn_on(async move { (place, filed(&desk, &key, prepared).await) }, runtime.handle());
                }
                Fate::New
            }
        });
    }
    for (place, filed) in runtime.block_on(filing.join_all()) {
        fates[place] = match filed {
            Ok(true) => Fate::Known,
            Ok(false) => Fate::New,
            Err(refusal) => refused(&refusal)?,
        };
    }
    Ok(fates)
}

/// A row as a request, with its key.
fn request(row: Incoming) -> (String, Submission) {
    let contact = Contact { name: row.contact_name, phone: row.contact_phone, other: row.contact_other };
    let submission = Submission {
        text: row.text,
        title: row.title,
        channel: row.channel,
        district: row.district,
        contact: (contact != Contact::default()).then_some(contact),
        external_id: row.external_id,
        received_at: row.received_at,
        ..Submission::default()
    };
    (row.key, submission)
}

type Ready = (String, Result<Option<Box<Prepared>>, Refusal>);

/// Decides those that are not known, on all cores, in order.
fn prepared(desk: &Tickets, requests: Vec<(String, Submission)>, known: Vec<Result<bool, Refusal>>) -> Vec<Ready> {
    let prepare = |((key, submission), known): ((String, Submission), Result<bool, Refusal>)| {
        let prepared = match known {
            Ok(true) => Ok(None),
            Err(refusal) => Err(refusal),
            Ok(false) => desk.prepare(submission).map(|mut prepared| {
                // A decision has an id; this one is found again by that of its row.
                prepared.decision.id = Some(format!("import-{key}"));
                Some(Box::new(prepared))
            }),
        };
        (key, prepared)
    };
    let mut work: Vec<_> = requests.into_iter().zip(known).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = work.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        while !work.is_empty() {
            let rest = work.split_off(part.min(work.len()));
            let own = std::mem::replace(&mut work, rest);
            threads.push(scope.spawn(move || own.into_iter().map(prepare).collect::<Vec<_>>()));
        }
        let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// Keeps a ticket; whether it was there already.
async fn filed(desk: &Tickets, key: &str, prepared: Box<Prepared>) -> Result<bool, Refusal> {
    let (actor, prepared) = (Tickets::importer(), Arc::new(*prepared));
    let begun = Instant::now();
    loop {
        // The key keeps it one ticket, also where a commit went through and its answer was lost.
        match desk.submit_shared(Arc::clone(&prepared), &actor, Some(key.to_owned())).await {
            Err(Refusal::Store(error)) if error.is_temporary() && begun.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
            }
            filed => return filed.map(|filed| filed.again),
        }
    }
}

/// Does it again while the database is busy or away, for a minute.
fn patiently<T>(mut work: impl FnMut() -> Result<T, Refusal>) -> Result<T, Message> {
    let begun = Instant::now();
    loop {
        match work() {
            Err(Refusal::Store(error)) if error.is_temporary() && begun.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
            }
            done => return done.map_err(|refusal| broken_off(&refusal)),
        }
    }
}

/// What a refusal says of a row.
///
/// # Errors
/// It says nothing of the row: the database does not go on.
fn refused(refusal: &Refusal) -> Result<Fate, Message> {
    let (field, why) = match refusal {
        Refusal::Store(_) => return Err(broken_off(refusal)),
        Refusal::KeyReused => (
            "external_id".to_owned(),
            say!(
                "这个编号此前已导入，但内容不同；若是另一件诉求请改编号，若是更正请到工单里办",
                "this id was imported before with another content: give another complaint another id, correct that one in its ticket"
            ),
        ),
        Refusal::Invalid { field, message } => ((*field).to_owned(), message.clone()),
        other => ("text".to_owned(), other.message()),
    };
    Ok(Fate::Refused { field: Some(field), why })
}

fn broken_off(refusal: &Refusal) -> Message {
    let Message { zh, en } = refusal.message();
    say!(
        "导入中断：{zh}。已立的工单都在；恢复后照原样再运行一次，会从断处接着导入",
        "the import was broken off: {en}. Tickets that were made are kept; run it again, and it goes on from there"
    )
}
