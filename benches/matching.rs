//! `cargo bench --bench matching`: the steps of a decision, and loading.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use jiesu::bundle::{Cache, FileContent, Loader};
use jiesu::decide::Options;
use jiesu::knowledge::Query;
use jiesu::text::Text;
use support::{Corpus, load};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Complaints in one round.
const ROUND: usize = 100;

fn decisions(criterion: &mut Criterion) {
    let corpus = Corpus::read();
    let complaints: Vec<_> = corpus.complaints().into_iter().take(ROUND).collect();
    let mut group = criterion.benchmark_group(format!("{ROUND} complaints"));
    group.sample_size(10);
    group.bench_function("normalise", |bencher| {
        bencher.iter(|| complaints.iter().map(|c| Text::new(c.title.as_deref(), &c.text).len()).sum::<u32>());
    });
    for scenarios in [150, 1_000, 10_000] {
        let bundle = corpus.bundle(scenarios, 1_000);
        let texts: Vec<Text> = complaints.iter().map(|c| Text::new(c.title.as_deref(), &c.text)).collect();
        texts.iter().for_each(|text| assert!(!text.words(bundle.engine.segmenter()).is_empty()));
        group.bench_function(BenchmarkId::new("rules only", scenarios), |bencher| {
            bencher.iter(|| texts.iter().map(|text| bundle.engine.rules().matches(text).len()).sum::<usize>());
        });
    }
    for (scenarios, cases) in [(150, 1_000), (1_000, 1_000), (10_000, 1_000), (10_000, 20_000)] {
        let bundle = corpus.bundle(scenarios, cases);
        let name = BenchmarkId::new("decide", format!("{scenarios} scenarios, {cases} cases"));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for complaint in &complaints {
                    let _ = black_box(bundle.engine.decide(complaint, Options::default()));
                }
            });
        });
        if scenarios == 10_000 {
            let engine = &bundle.engine;
            let texts: Vec<Text> = complaints.iter().map(|c| Text::new(c.title.as_deref(), &c.text)).collect();
            group.bench_function(BenchmarkId::new("search only", cases), |bencher| {
                bencher.iter(|| {
                    for text in &texts {
                        let query = Query::from_text(text, engine.segmenter());
                        black_box(engine.knowledge().cases.nearest(&query, 10, |_| true).len());
                    }
                });
            });
        }
    }
    group.finish();
}

fn loading(criterion: &mut Criterion) {
    let corpus = Corpus::read();
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    group.bench_function("cold, 1000 scenarios and 1000 cases", |bencher| {
        bencher.iter_with_setup(
            || corpus.snapshot(1_000, 1_000),
            |snapshot| load(&mut Loader::new(Cache::none()), snapshot),
        );
    });
    let mut loader = Loader::new(Cache::none());
    load(&mut loader, corpus.snapshot(1_000, 20_000));
    let mut edits = 0;
    group.bench_function("rules only, one of 1000 scenarios edited, 20000 cases", |bencher| {
        bencher.iter_with_setup(
            || {
                edits += 1;
                let mut snapshot = corpus.snapshot(1_000, 20_000);
                let path = "rules/scenarios/b/s500.yaml";
                let edited = format!("{}# {edits}\n", snapshot.files[path].text);
                snapshot.files.insert(path.to_owned(), Arc::new(FileContent::new(edited)));
                snapshot
            },
            |snapshot| load(&mut loader, snapshot),
        );
    });
    group.finish();
}

criterion_group!(benches, decisions, loading);
criterion_main!(benches);
