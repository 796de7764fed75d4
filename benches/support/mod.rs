//! Texts, cases and scenarios to measure on.
//!
//! Real texts come from the folder in `JIESU_DATA` (else `../shared/data`); where it is missing the starter bundle's
//! cases serve, and the figures say so. Generated scenarios cost what real ones cost: their terms are drawn by their
//! frequency in the texts, two and one `none` each, a tenth with `near`.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout
)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiesu::bundle::{Bundle, Cache, FileContent, Loader, Snapshot};
use jiesu::decide::Complaint;
use jiesu::text::{Segmenter, Text};
use jiff::civil;
use serde_json::{Value, json};

/// Seeded, so that every run measures the same scenarios (xorshift64*, Vigna 2016).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % most
    }
}

/// The corpus: what is decided, and what the cases are made of.
pub struct Corpus {
    pub source: &'static str,
    pub queries: Vec<Value>,
    pub cases: Vec<Value>,
}

impl Corpus {
    pub fn read() -> Corpus {
        let data = std::env::var_os("JIESU_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
        let queries = lines(&data.join("messages/dev.jsonl"));
        if queries.is_empty() {
            let mut cases = Vec::new();
            for entry in std::fs::read_dir("knowledge/cases").into_iter().flatten().flatten() {
                cases.extend(lines(&entry.path()));
            }
            return Corpus { source: "the starter bundle's cases", queries: cases.clone(), cases };
        }
        let files = ["haikou/train.jsonl", "messages/train.jsonl", "haikou/dev.jsonl"];
        let cases = files.iter().flat_map(|file| lines(&data.join(file))).collect();
        Corpus { source: "messages/dev.jsonl", queries, cases }
    }

    /// The texts as complaints.
    pub fn complaints(&self) -> Vec<Complaint> {
        let at = jiesu::decide::parse_time("2026-11-22 10:00", &jiff::tz::TimeZone::UTC).unwrap();
        let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
        self.queries
            .iter()
            .map(|query| Complaint {
                text: text(query, "text").unwrap_or_default(),
                title: text(query, "title"),
                channel: None,
                district: None,
                at: at.clone(),
            })
            .collect()
    }

    /// Characters of the median complaint.
    pub fn median(&self) -> usize {
        let mut lengths: Vec<usize> =
            self.queries.iter().map(|query| query["text"].as_str().unwrap_or_default().chars().count()).collect();
        lengths.sort_unstable();
        lengths[lengths.len() / 2]
    }

    /// Words of two to five characters as often as they occur in the cases, but for those that stand in more than a
    /// two-hundredth of all texts: no editor writes 我们 or 问题 as a term.
    fn words(&self) -> Vec<String> {
        let segmenter = Segmenter::new([]);
        let mut words = Vec::new();
        let mut texts_with: HashMap<String, usize> = HashMap::new();
        let sample: Vec<&Value> = self.cases.iter().step_by(5).collect();
        for case in &sample {
            let text = Text::new(None, case["text"].as_str().unwrap_or_default());
            let han = |word: &&str| word.chars().all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            let own: Vec<String> = text
                .words(&segmenter)
                .iter()
                .map(|word| text.slice(word.clone()))
                .filter(|word| (2..=5).contains(&word.chars().count()))
                .filter(han)
                .map(str::to_owned)
                .collect();
            for word in own.iter().collect::<HashSet<_>>() {
                *texts_with.entry(word.clone()).or_default() += 1;
            }
            words.extend(own);
        }
        words.retain(|word| texts_with[word] * 200 <= sample.len());
        words
    }

    /// A bundle's files with so many scenarios and cases.
    pub fn snapshot(&self, scenarios: usize, cases: usize) -> Snapshot {
        let words = self.words();
        let mut random = Random::new(7);
        let mut files = BTreeMap::new();
        let mut add = |path: String, text: String| files.insert(path, Arc::new(FileContent::new(text)));
        for (path, text) in BASE {
            add((*path).to_owned(), (*text).to_owned());
        }
        for index in 0..scenarios {
            add(format!("rules/scenarios/b/s{index}.yaml"), scenario(index, &words, &mut random));
        }
        let mut jsonl = String::new();
        for (index, case) in self.cases.iter().cycle().take(cases).enumerate() {
            let case = json!({ "id": format!("c{index}"), "text": case["text"], "title": case["title"], "category": "基准/一" });
            let _ = writeln!(jsonl, "{case}");
        }
        add("knowledge/cases/bench.jsonl".to_owned(), jsonl);
        Snapshot { files, diagnostics: Vec::new() }
    }

    pub fn bundle(&self, scenarios: usize, cases: usize) -> Arc<Bundle> {
        load(&mut Loader::new(Cache::none()), self.snapshot(scenarios, cases))
    }
}

/// Loads, and shows why when it is refused.
pub fn load(loader: &mut Loader, snapshot: Snapshot) -> Arc<Bundle> {
    let loaded = loader.load(snapshot, civil::date(2026, 11, 22).at(0, 0, 0, 0));
    let errors: Vec<_> = loaded.diagnostics.iter().filter(|d| d.is_error()).take(3).collect();
    loaded.bundle.unwrap_or_else(|| panic!("{errors:?}"))
}

fn scenario(index: usize, words: &[String], random: &mut Random) -> String {
    let mut word = || &words[random.below(words.len())];
    let (a, b, none) = (word(), word(), word());
    let condition = match index % 10 {
        0 => format!("{{near: [{a}, {b}], within: 10}}"),
        _ => format!("[{a}, {b}]"),
    };
    format!(
        "id: b/s{index}\ntitle: 场景{index}\ncategory: 基准/一\nwhen:\n  any:\n    - {condition}\n  none: [{none}]\n\
         deadline: 3 working days\nslots:\n  location: {{fact: address, ask: 在哪里？, else: 您所说位置}}\n\
         reply: 您好，您反映的{{{{ location }}}}的问题已转{{{{ department }}}}，{{{{ deadline }}}}前答复您。\n"
    )
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

const BASE: &[(&str, &str)] = &[
    ("rules/bundle.yaml", "name: bench\n"),
    ("rules/departments.yaml", "- {id: city, name: 市政府}\n- {id: office, name: 办公室, parent: city}\n"),
    (
        "rules/regions.yaml",
        "- {id: town, name: 示例市, level: city}\n- {id: east, name: 东区, level: district, parent: town}\n",
    ),
    ("rules/responsibility/a.yaml", "- {category: 基准, lead: office, basis: 基准}\n"),
    (
        "rules/calendar/2026.yaml",
        "year: 2026\nbasis: 基准\nholidays: [{name: 元旦, from: 2026-01-01, to: 2026-01-03}]\nworkdays: []\n",
    ),
];

/// Resident memory of this process, in MB; none where the system does not say.
pub fn resident_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}
