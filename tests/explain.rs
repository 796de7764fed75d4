//! Why a complaint is decided as it is: the words of `explain`, and that every claimed flip flips.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "support/folder.rs"]
mod folder;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use folder::Folder;
use jiesu::bundle::{Bundle, Cache, Loader, Snapshot};
use jiesu::decide::explain::{Direction, Explanation, Flip, LackKind, Verdict, apply};
use jiesu::decide::{Complaint, Options, parse_time};

const RULES: Options = Options { rules_only: true };

fn starter() -> &'static Arc<Bundle> {
    static STARTER: OnceLock<Arc<Bundle>> = OnceLock::new();
    STARTER.get_or_init(|| {
        let snapshot = Snapshot::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let loaded = Loader::new(Cache::none()).without_learning().load(snapshot, "2026-11-22T10:00".parse().unwrap());
        loaded.bundle.unwrap()
    })
}

fn complaint(title: Option<&str>, text: &str) -> Complaint {
    let at = parse_time("2026-11-22 10:00", &starter().engine.settings().time_zone).unwrap();
    Complaint { text: text.to_owned(), title: title.map(str::to_owned), channel: None, district: None, at }
}

fn explain(text: &str, why_not: Option<&str>) -> Explanation {
    let wanted = why_not.map(|id| starter().engine.rules().position(id).unwrap());
    starter().engine.explain(&complaint(None, text), RULES, wanted).unwrap()
}

/// Who leads, by the whole decision.
fn leader(complaint: &Complaint) -> Option<String> {
    starter().engine.decide(complaint, RULES).ok()?.scenario.map(|scenario| scenario.id)
}

/// Applies a flip as a caller would, and holds what then leads against what it claims.
#[track_caller]
fn flips(title: Option<&str>, text: &str, flip: &Flip) {
    let before = leader(&complaint(title, text));
    let (changed_title, changed) = apply(&flip.edits, title, text);
    assert_eq!((&changed_title, &changed), (&flip.title, &flip.text), "the edits give the text that was shown: {text}");
    let after = leader(&complaint(changed_title.as_deref(), &changed));
    assert_eq!(after, flip.leads.as_ref().map(|leads| leads.id.clone()), "{flip:?}");
    assert_ne!(before, after, "nothing flipped: {text}\n{flip:?}");
    let characters = |text: &str| text.chars().count();
    let own: usize = flip.edits.iter().map(|edit| characters(&edit.removed) + characters(&edit.inserted)).sum();
    assert_eq!(flip.changed, own);
    for edit in &flip.edits {
        let (adds, removes) = (!edit.inserted.is_empty(), !edit.removed.is_empty());
        match flip.direction {
            Direction::Add => assert!(adds && !removes, "{flip:?}"),
            Direction::Remove => assert!(removes && !adds, "{flip:?}"),
            Direction::Change => assert!(adds || removes, "{flip:?}"),
        }
    }
}

#[test]
fn why_not_says_what_is_missing_what_forbids_and_who_leads() {
    use Verdict::{Forbidden, Leads, Missing, Outranked};
    // The text, who is asked about, the verdict, and words of what is lacking.
    let cases: &[(&str, &str, Verdict, &[&str])] = &[
        ("小区门口自来水管爆了，水流到马路上", "water/pipe-leak", Leads, &[]),
        ("家里的自来水管，师傅看过了", "water/pipe-leak", Missing, &["$管子漏", "同一句里"]),
        ("家里没有漏水，就是自来水管有点响", "water/pipe-leak", Missing, &["否定"]),
        ("自来水管在厨房。楼上装修的声音很吵，一直漏", "water/pipe-leak", Missing, &["只出现在别处"]),
        ("楼上邻居家自来水管爆了，水流到我家天花板", "water/pipe-leak", Outranked, &[]),
        ("消防演练的时候仓库着火了，浓烟滚滚", "emergency/fire", Forbidden, &["none", "演练"]),
        ("昨天停水", "emergency/fire", Missing, &["还缺"]),
    ];
    for (text, id, verdict, words) in cases {
        let asked = explain(text, Some(id)).why_not.unwrap();
        let told: Vec<&str> = asked.explained.lacking.iter().map(|lack| lack.message.zh.as_str()).collect();
        if *verdict != Outranked {
            assert_eq!(asked.verdict, *verdict, "{id} on {text}: {told:?}");
        }
        for word in *words {
            assert!(told.iter().any(|line| line.contains(word)), "no `{word}` in {told:?} for {text}");
        }
        assert_eq!(asked.explained.lacking.is_empty(), matches!(asked.verdict, Leads | Outranked), "{told:?}");
        assert!(asked.explained.lacking.iter().all(|lack| lack.line > 0 && lack.file.starts_with("rules/")));
        if let Some(flip) = &asked.flip {
            flips(None, text, flip);
            assert_eq!(flip.leads.as_ref().map(|leads| leads.id.as_str()), Some(*id));
        }
    }
}

#[test]
fn an_outranked_scenario_says_who_leads_and_by_what() {
    let text = "路灯不亮，旁边仓库着火了，火势越来越大，快来人";
    let asked = explain(text, Some("road/streetlight-out")).why_not.unwrap();
    assert_eq!((asked.verdict, asked.because.as_deref()), (Verdict::Outranked, Some("emergency")));
    assert_eq!(asked.leader.map(|leader| leader.id).as_deref(), Some("emergency/fire"));
    let flip = asked.flip.expect("without the fire, or with what forbids it, the street light leads");
    flips(None, text, &flip);
    assert_eq!(flip.leads.map(|leads| leads.id).as_deref(), Some("road/streetlight-out"));
}

#[test]
fn what_fired_comes_in_the_order_of_the_decision() {
    let text = "路灯不亮，旁边仓库着火了，火势越来越大，快来人";
    let explained = explain(text, None);
    let decision = starter().engine.decide(&complaint(None, text), RULES).unwrap();
    let expect: Vec<String> = decision
        .scenario
        .iter()
        .map(|scenario| &scenario.id)
        .cloned()
        .chain(decision.runners_up.iter().map(|runner_up| runner_up.scenario.id.clone()))
        .collect();
    let fired: Vec<String> = explained.fired.iter().map(|fired| fired.scenario.id.clone()).collect();
    assert_eq!(fired, expect);
    for (fired, runner_up) in explained.fired.iter().skip(1).zip(&decision.runners_up) {
        assert_eq!(fired.because.as_deref(), Some(runner_up.behind.as_str()));
    }
    assert!(explained.fired.iter().all(|fired| fired.when.held && fired.share == 1.0 && fired.lacking.is_empty()));
    assert!(explained.near.iter().all(|near| !near.when.held && near.share < 1.0 && !near.lacking.is_empty()));
}

#[test]
fn flips_on_invented_texts() {
    for (title, text) in [
        (None, "小区门口自来水管爆了，水流到马路上，已经两个小时没人来"),
        (None, "路灯一到晚上就不亮"),
        (Some("楼上装修太吵"), "每天早上六点就开始砸墙，孩子没法睡觉。\n物业也不管。"),
        (None, "公司拖欠工资三个月了，老板电话打不通，工地上二十多个人都没拿到钱"),
        (None, "暖氣不熱，室溫只有十四度，老人凍得睡不著"),
        (None, "请问公积金怎么提取"),
        (None, "今天天气很好"),
        (None, "饭店油烟直接排到楼上，窗户都不敢开！夜里还有人大声喧哗？"),
        (None, "。"),
    ] {
        let explained = starter().engine.explain(&complaint(title, text), RULES, None).unwrap();
        explained.flips.iter().for_each(|flip| flips(title, text, flip));
        // What was looked for and not found is said, in each direction that there is.
        let directions = if explained.fired.is_empty() { 1 } else { 2 };
        assert_eq!(explained.flips.len() + explained.not_found.len(), directions, "{text}");
    }
}

#[test]
fn hostile_texts_are_explained_within_bounds() {
    for text in [
        "漏".repeat(30_000),
        "自来水管爆了。".repeat(4_000),
        "没有漏水，".repeat(5_000),
        "a b\u{200B}\u{0}。".repeat(50),
    ] {
        let explained = explain(&text, Some("water/pipe-leak"));
        explained.flips.iter().for_each(|flip| flips(None, &text, flip));
    }
}

#[test]
fn the_command_says_it_in_words() {
    let folder = Folder::init();
    folder
        .run(&["explain", "路灯坏了", "--lang", "zh"])
        .go()
        .ends(0, &["命中的场景", "路灯", "rules/scenarios", "换场景"]);
    folder.run(&["explain", "-"]).input("路灯坏了").go().ends(0, &["Scenarios that fired"]);
    let id = "road/streetlight-out";
    folder.run(&["explain", "今天天气很好", "--why-not", id]).go().ends(0, &["Why not", "missing"]);
    folder
        .run(&["explain", "路灯坏了", "--why-not", "road/streetlight"])
        .go()
        .ends(2, &["nearest: road/streetlight-out", id]);
    folder.run(&["explain", ""]).go().ends(2, &["empty"]);
    let json = folder.run(&["explain", "路灯坏了", "--json", "--why-not", id]).go().ends(0, &[]).json();
    assert_eq!(json["fired"][0]["scenario"]["id"], id);
    assert_eq!(json["why_not"]["verdict"], "leads");
    assert!(json["fired"][0]["when"]["windows"][0]["held"].as_bool().unwrap());
}

/// Texts of real complaints, read from beside the project where they are.
fn real_texts(most: usize) -> Vec<(Option<String>, String)> {
    let data = std::env::var_os("JIESU_DATA").map_or_else(|| "../shared/data".into(), PathBuf::from);
    let mut texts = Vec::new();
    for file in ["messages/dev.jsonl", "haikou/dev.jsonl"] {
        let Ok(lines) = std::fs::read_to_string(data.join(file)) else {
            println!("skipped: there is no {file} in {}; name its folder in JIESU_DATA", data.display());
            continue;
        };
        let all: Vec<&str> = lines.lines().collect();
        let step = (all.len() / (most / 2)).max(1);
        for line in all.into_iter().step_by(step).take(most / 2) {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            texts.push((case["title"].as_str().map(str::to_owned), case["text"].as_str().unwrap().to_owned()));
        }
    }
    texts
}

#[test]
fn every_claimed_flip_on_real_texts_flips() {
    let texts = real_texts(500);
    if texts.is_empty() {
        return;
    }
    let rules = starter().engine.rules();
    let (next, claimed, asked, not_found) =
        (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut slowest = Duration::ZERO;
        while let Some((title, text)) = texts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let complaint = complaint(title.as_deref(), text);
            let mut explained = starter().engine.trace(&complaint, RULES, None).unwrap();
            // Whoever is nearest and does not lead is asked about too.
            let second = explained.fired.get(1).or(explained.near.first());
            let wanted = second.and_then(|second| rules.position(&second.scenario.id));
            let started = Instant::now();
            explained = starter().engine.explain(&complaint, RULES, wanted).unwrap();
            slowest = slowest.max(started.elapsed());
            explained.flips.iter().for_each(|flip| flips(title.as_deref(), text, flip));
            claimed.fetch_add(explained.flips.len(), Ordering::Relaxed);
            not_found.fetch_add(explained.not_found.len(), Ordering::Relaxed);
            if let Some(why_not) = explained.why_not {
                let forbidden = why_not.explained.lacking.iter().any(|lack| lack.kind == LackKind::Forbidden);
                assert!(why_not.verdict != Verdict::Forbidden || forbidden, "{text}");
                if let Some(flip) = why_not.flip {
                    flips(title.as_deref(), text, &flip);
                    assert_eq!(flip.leads.map(|leads| leads.id), Some(why_not.scenario.id));
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        slowest
    };
    let started = Instant::now();
    let slowest = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).max()
    });
    let (claimed, asked, not_found) = (claimed.into_inner(), asked.into_inner(), not_found.into_inner());
    println!(
        "{} texts: {claimed} flips and {asked} ways to lead claimed, all true; {not_found} not found; {:?}, slowest {slowest:?}",
        texts.len(),
        started.elapsed()
    );
    assert!(claimed > texts.len() / 2, "{claimed} flips on {} texts", texts.len());
}
