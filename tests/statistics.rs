//! Statistics of rules over a corpus, held against a naive count.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/town.rs"]
mod town;

use std::sync::Arc;

use folder::Folder;
use jiesu::bundle::{Bundle, Cache, Loader, Snapshot};
use jiesu::report::collisions::collisions;
use jiesu::report::statistics::{Precision, Statistics, csv as table_of, statistics};
use jiesu::text::Text;

fn counted() -> (Arc<Bundle>, Statistics) {
    let folder = Folder::with(town::FILES);
    let now = "2026-06-01T10:00:00+08:00[Asia/Shanghai]".parse::<jiff::Zoned>().unwrap();
    let bundle =
        Loader::new(Cache::none()).load(Snapshot::read(folder.path()).unwrap(), now.datetime()).bundle.unwrap();
    let found = statistics(&bundle, &town::cases(), &now, &|_, _| {});
    (bundle, found)
}

/// Orders of another city are no proof against a rule: their departments mean nothing here.
#[test]
fn labels_of_another_city_count_for_nothing() {
    let (bundle, own) = counted();
    let now = "2026-06-01T10:00:00+08:00[Asia/Shanghai]".parse::<jiff::Zoned>().unwrap();
    let mut cases = town::cases();
    for case in &mut cases {
        (case.department, case.unit) = (Some("海滨市观潮局".to_owned()), None);
    }
    let foreign = statistics(&bundle, &cases, &now, &|_, _| {});
    assert!(own.labelled > 0 && own.scenarios.iter().any(|scenario| scenario.precision != Precision::new(0, 0)));
    assert_eq!((foreign.labelled, foreign.fired), (0, own.fired));
    assert!(foreign.scenarios.iter().all(|scenario| scenario.precision == Precision::new(0, 0)));
    let found = collisions(&bundle, &cases, &now, 100, &|_| {});
    assert!(!found.pairs.is_empty());
    assert!(found.pairs.iter().all(|pair| (pair.labelled, pair.wrong) == (0, 0)), "{:?}", found.pairs);
}

#[test]
fn hits_and_precision_are_those_of_a_naive_count() {
    let (bundle, found) = counted();
    let cases = town::cases();
    let rules = bundle.engine.rules();
    for own in &found.scenarios {
        let at = rules.position(&own.id).unwrap();
        let scenario = &rules.scenarios()[at];
        let lead = &bundle
            .engine
            .catalog()
            .responsible(&own.id, Some(&scenario.category), None, "2026-03-01".parse().unwrap())
            .unwrap()
            .lead;
        let fires = |text: &str| rules.matches(&Text::new(None, text)).into_iter().find(|found| found.scenario == at);
        let hits: Vec<_> = cases.iter().filter(|case| fires(&case.text).is_some()).collect();
        assert_eq!(own.hits, hits.len(), "{}", own.id);
        let labelled = hits.iter().filter_map(|case| case.department.as_ref());
        let labels: Vec<_> = labelled.map(|name| &bundle.engine.catalog().department_named(name).unwrap().id).collect();
        let right = labels.iter().filter(|id| **id == lead).count();
        assert_eq!(own.precision, Precision::new(right, labels.len()), "{}", own.id);
        assert_eq!(own.last_hit, hits.iter().filter_map(|case| case.opened_on).max(), "{}", own.id);
        assert!(own.leads <= own.hits && own.microseconds > 0.0, "{own:?}");
        for clause in own.clauses.iter().filter(|clause| !clause.forbids) {
            let is_part = |text: &str| {
                let found = fires(text);
                found.is_some_and(|found| {
                    let mut leaves = found.evidence.iter().chain(&found.hints).map(|hit| rules.leaf(hit.leaf));
                    leaves.any(|leaf| leaf.path == clause.clause)
                })
            };
            assert_eq!(
                clause.hits,
                cases.iter().filter(|case| is_part(&case.text)).count(),
                "{} {}",
                own.id,
                clause.clause
            );
        }
        for term in &own.terms {
            let hits = cases.iter().filter(|case| case.text.contains(&term.term)).count();
            assert_eq!(term.hits, hits, "{} {}", own.id, term.term);
        }
    }
    assert_eq!(found.scenarios.iter().map(|own| own.leads).sum::<usize>(), found.fired);
    assert!(found.dead_terms.contains(&"楼板".to_owned()) && !found.dead_terms.contains(&"墙体".to_owned()));
    let dead: Vec<_> = found.dead_clauses().iter().map(|(own, clause)| (own.id.clone(), clause.what.clone())).collect();
    assert!(dead.contains(&("water/outage".to_owned(), "没有水".to_owned())), "{dead:?}");
}

#[test]
fn intervals_hold_the_share() {
    for (right, labelled) in [(0, 0), (0, 5), (5, 5), (3, 10), (90, 100)] {
        let precision = Precision::new(right, labelled);
        let share = precision.share.unwrap_or(0.5);
        assert!(precision.lower <= share && share <= precision.upper, "{precision:?}");
        assert!((0.0..=1.0).contains(&precision.lower) && (0.0..=1.0).contains(&precision.upper), "{precision:?}");
    }
    // Wilson's own formula, worked out by hand for 3 of 10.
    let precision = Precision::new(3, 10);
    assert!((precision.lower - 0.1269).abs() < 0.001 && (precision.upper - 0.5583).abs() < 0.001, "{precision:?}");
}

#[test]
fn tables_are_whole() {
    let (_, found) = counted();
    let all: Vec<_> = found.scenarios.iter().collect();
    let table = table_of(&all).unwrap();
    let clauses: usize = all.iter().map(|own| own.clauses.len()).sum();
    assert_eq!(table.lines().count(), 1 + all.len() + clauses);
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let hits: usize = reader
        .records()
        .map(Result::unwrap)
        .filter(|row| row[1].is_empty())
        .map(|row| row[5].parse::<usize>().unwrap())
        .sum();
    assert_eq!(hits, all.iter().map(|own| own.hits).sum::<usize>());
}

#[test]
fn the_command_counts() {
    let folder = Folder::empty();
    for (path, text) in town::FILES {
        folder.write(&format!("bundle/{path}"), text);
    }
    folder.write("corpus.jsonl", town::corpus());
    let corpus = folder.shown("corpus.jsonl");
    folder.run(&["stats", "--cases", &corpus]).go().ends(0, &["80 cases", "slowest", "water/leak", "楼板"]);
    let one = folder.run(&["stats", "--cases", &corpus, "--scenario", "water/leak", "--json"]).go().ends(0, &[]).json();
    assert_eq!(one["id"], "water/leak");
    folder.run(&["stats", "--cases", &corpus, "--scenario", "water/leak"]).go().ends(0, &["when.any[0][0]", "forbids"]);
    folder.run(&["stats", "--cases", &corpus, "--csv"]).go().ends(0, &["scenario,clause,"]);
    folder.run(&["stats", "--scenario", "no/such"]).go().ends(2, &["no scenario `no/such`"]);
    folder.run(&["stats"]).go().ends(0, &["0 cases"]);
}
