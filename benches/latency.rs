//! `cargo bench --bench latency`: how long one complaint takes, as percentiles over real texts, one thread.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use jiesu::bundle::{Cache, Loader};
use jiesu::decide::Options;
use jiesu::knowledge::Query;
use jiesu::text::Text;
use support::{Corpus, load, resident_mb};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds over all complaints; the first only warms up.
const ROUNDS: usize = 4;

fn main() {
    // What `cargo test --benches` and a trial run pass: it only has to work.
    let trial = std::env::args().any(|argument| argument == "--test" || argument == "--quick");
    let (scenarios, cases) = if trial { (200, 200) } else { (10_000, 20_000) };
    let corpus = Corpus::read();
    let complaints = corpus.complaints();
    println!("{} complaints from {}, median {} characters", complaints.len(), corpus.source, corpus.median());
    let before = resident_mb();
    let mut loader = Loader::new(Cache::none());
    let snapshot = corpus.snapshot(scenarios, cases);
    let started = Instant::now();
    let bundle = load(&mut loader, snapshot);
    println!("{scenarios} scenarios, {cases} cases loaded cold in {} ms", started.elapsed().as_millis());
    if let (Some(before), Some(after)) = (before, resident_mb()) {
        println!("memory {after:.0} MB, of which the texts to measure on {before:.0} MB");
    }
    let engine = &bundle.engine;
    let text = |index: usize| Text::new(complaints[index].title.as_deref(), &complaints[index].text);
    let texts: Vec<Text> = (0..complaints.len()).map(text).collect();
    let hits: usize = texts.iter().map(|text| engine.rules().hits(text)).sum();
    let fired: usize = texts.iter().map(|text| engine.rules().matches(text).len()).sum();
    let count = complaints.len() as f64;
    println!("a message has {:.1} term hits and fires {:.1} scenarios", hits as f64 / count, fired as f64 / count);

    measure("normalise", complaints.len(), |index| drop(black_box(text(index))));
    measure("segment", complaints.len(), |index| {
        let text = text(index);
        timed(|| assert!(black_box(text.words(engine.segmenter())).len() < usize::MAX))
    });
    measure("facts", complaints.len(), |index| {
        let text = text(index);
        timed(|| assert!(black_box(text.facts()).len() < usize::MAX))
    });
    // Words are cut once for each text, before: they are the segmenter's, not the matcher's.
    measure("rules only", complaints.len(), |index| drop(black_box(engine.rules().matches(&texts[index]))));
    measure("query", complaints.len(), |index| drop(black_box(Query::from_text(&texts[index], engine.segmenter()))));
    let queries: Vec<Query> = texts.iter().map(|text| Query::from_text(text, engine.segmenter())).collect();
    measure("search only", complaints.len(), |index| {
        drop(black_box(engine.knowledge().cases.nearest(&queries[index], 10, |_| true)));
    });
    measure("whole decision", complaints.len(), |index| {
        let _ = black_box(engine.decide(&complaints[index], Options::default()));
    });
    if let Some(after) = resident_mb() {
        println!("memory at the end {after:.0} MB");
    }
}

/// What a step reports: its own time, or nothing when the whole call is meant.
trait Took {
    fn took(self, whole: Duration) -> Duration;
}

impl Took for () {
    fn took(self, whole: Duration) -> Duration {
        whole
    }
}

impl Took for Duration {
    fn took(self, _: Duration) -> Duration {
        self
    }
}

fn timed(step: impl FnOnce()) -> Duration {
    let started = Instant::now();
    step();
    started.elapsed()
}

fn measure<T: Took>(name: &str, count: usize, step: impl Fn(usize) -> T) {
    let mut times = Vec::with_capacity(count * (ROUNDS - 1));
    for round in 0..ROUNDS {
        for index in 0..count {
            let started = Instant::now();
            let took = step(index);
            let took = took.took(started.elapsed());
            if round > 0 {
                times.push(took);
            }
        }
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_nanos() as f64 / 1000.0;
    println!("{name:<16} p50 {:>8.1} µs   p90 {:>8.1} µs   p99 {:>8.1} µs", at(0.5), at(0.9), at(0.99));
}
