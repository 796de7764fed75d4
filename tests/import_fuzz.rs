//! Both imports are fed what no program writes: broken tables of text in every encoding, broken spreadsheets, and whole
//! ones whose parts say what no program would say. They never panic, take a
//! bounded time and memory, and count every row once: as taken, or with what is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "import/archive.rs"]
mod archive;
#[path = "import/fuzz.rs"]
mod fuzz;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiesu::import::{Fate, Incoming, Options, Place, SheetReader, TicketOptions, import, import_tickets};
use jiesu::say;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use tempfile::TempDir;

/// An input that takes longer in both imports together is a fault: each waits four seconds for whoever reads a spreadsheet,
/// and a row that is repeated a hundred thousand times is as many rows.
const SLOW: Duration = Duration::from_secs(20);
/// Memory of the whole test at its peak, in KiB: two imports, each with a sheet at its largest.
const MOST_MEMORY: u64 = 1 << 20;

/// A folder for one thread's inputs.
struct Desk {
    folder: TempDir,
}

/// The program itself, with less patience: what the library does with a damaged spreadsheet may have no end.
fn reader() -> SheetReader {
    SheetReader { program: Some(PathBuf::from(env!("CARGO_BIN_EXE_jiesu"))), longest: Duration::from_secs(4) }
}

/// What a row became: every third is refused, as a desk would.
fn fate(number: usize, row: &Incoming) -> Fate {
    assert!(!row.key.is_empty() && row.text.chars().any(char::is_alphanumeric));
    match number % 3 {
        0 => Fate::New,
        1 => Fate::Known,
        _ => Fate::Refused { field: Some("text".to_owned()), why: say!("不行", "no") },
    }
}

impl Desk {
    fn new() -> Desk {
        Desk { folder: tempfile::tempdir().unwrap() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Feeds an input to both imports; gives the rows that were read.
    fn feed(&self, bytes: &[u8]) -> u64 {
        let file = self.at("in.dat");
        fs::write(&file, bytes).unwrap();
        let began = Instant::now();
        let rows = self.as_tickets(&file) + self.as_cases(&file);
        let took = began.elapsed();
        assert!(took < SLOW, "{took:?}");
        rows
    }

    fn as_tickets(&self, file: &std::path::Path) -> u64 {
        let options = TicketOptions { files: vec![file.to_owned()], reader: reader(), ..TicketOptions::default() };
        let (mut given, mut fates) = (0, [0; 3]);
        let mut take = |rows: Vec<Incoming>| {
            let all = rows.iter().map(|row| {
                given += 1;
                fates[(given - 1) % 3] += 1;
                fate(given - 1, row)
            });
            Ok(all.collect())
        };
        let place = Place { catalog: None, zone: &TimeZone::UTC };
        let ran = import_tickets(&options, &place, &mut take, &mut |_, _| {});
        let _ = fs::remove_file(self.at(".tickets.mapping.yaml"));
        let Ok(report) = ran else { return 0 };
        assert_eq!(report.read, report.new + report.known + report.bad, "every row is counted once");
        assert_eq!([report.new, report.known], [fates[0], fates[1]]);
        assert!(!report.in_lang(jiesu::source::Lang::Zh).is_empty());
        let mut kept = 0;
        for path in &report.bad_files {
            kept += rows_of(path);
            fs::remove_file(path).unwrap();
        }
        assert_eq!(kept, report.bad, "every bad row is kept");
        report.read
    }

    fn as_cases(&self, file: &std::path::Path) -> u64 {
        let options = Options {
            files: vec![file.to_owned()],
            to: self.at("out.jsonl"),
            bundle: self.at("none"),
            dry_run: true,
            reader: reader(),
            ..Options::default()
        };
        let Ok(report) = import(&options, &mut |_, _| {}) else { return 0 };
        let left: u64 = report.left_out.iter().map(|left| left.count).sum();
        assert_eq!(report.read, report.written + left, "every row is counted once");
        report.read
    }
}

/// Rows below the head of a file of bad rows.
fn rows_of(path: &str) -> u64 {
    let bytes = fs::read(path).unwrap();
    if path.ends_with(".jsonl") {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let rows: Vec<serde_json::Value> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
        return rows.len() as u64;
    }
    let table = bytes.strip_prefix(b"\xEF\xBB\xBF".as_slice()).unwrap();
    csv::ReaderBuilder::new().flexible(true).from_reader(table).byte_records().map(Result::unwrap).count() as u64
}

/// The most memory that this process ever had, in KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        Desk::new().feed(&bytes);
    }

    #[test]
    fn tables_of_pieces(pieces in prop::collection::vec(0..fuzz::PIECES.len(), 0..60), encoding in 0..fuzz::ENCODINGS) {
        let text: String = pieces.into_iter().map(|piece| fuzz::PIECES[piece]).collect();
        Desk::new().feed(&fuzz::encoded(&format!("{}{text}", fuzz::HEAD), encoding));
    }

    #[test]
    fn lines_of_pieces(pieces in prop::collection::vec(0..fuzz::JSON_PIECES.len(), 0..60)) {
        let text: String = pieces.into_iter().map(|piece| fuzz::JSON_PIECES[piece]).collect();
        Desk::new().feed(format!("{}{text}", fuzz::JSON_HEAD).as_bytes());
    }

    #[test]
    fn damaged_files(seed: u64) {
        let desk = Desk::new();
        let mut mutator = fuzz::Mutator::new(seed);
        for _ in 0..4 {
            desk.feed(&mutator.next());
        }
        let peak = peak_memory();
        prop_assert!(peak < MOST_MEMORY, "{} KiB", peak);
    }
}

/// Whether the seeds say anything: undamaged, each is read to its end.
#[test]
fn every_seed_is_a_table() {
    let desk = Desk::new();
    for (at, seed) in fuzz::seeds().iter().enumerate() {
        assert!(desk.feed(seed) >= 4, "seed {at}");
    }
}

/// For as many seconds as `JIESU_FUZZ_SECONDS` says, on as many threads as there are cores: `cargo test --test import_fuzz
/// -- --ignored --nocapture`.
#[test]
#[ignore = "runs for as long as it is told to"]
fn for_long() {
    let number = |name: &str, else_: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(else_);
    let (seconds, seed) = (number("JIESU_FUZZ_SECONDS", 60), number("JIESU_FUZZ_SEED", 1));
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let began = Instant::now();
    let run = |thread: u64| {
        let (desk, mut mutator) = (Desk::new(), fuzz::Mutator::new(seed.wrapping_mul(1_000).wrapping_add(thread)));
        let (mut inputs, mut rows) = (0_u64, 0_u64);
        while began.elapsed() < Duration::from_secs(seconds) {
            let input = mutator.next();
            // What ends the process leaves this behind.
            fs::write(std::env::temp_dir().join(format!("jiesu-import-fuzz-{thread}")), &input).unwrap();
            rows += desk.feed(&input);
            inputs += 1;
        }
        (inputs, rows)
    };
    let done: Vec<(u64, u64)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|thread| scope.spawn(move || run(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (inputs, rows) = done.iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    println!("{inputs} inputs, each to both imports, {rows} rows, in {seconds} s; {} KiB at the most", peak_memory());
    assert!(peak_memory() < MOST_MEMORY);
}
