//! Which words of a text could tell one scenario from all others: pairs in one sentence that no example and no case of
//! another scenario has, the rarest first, those before that the scenario's own texts have too.

use rustc_hash::FxHashMap;

use super::corpus::Labelled;
use crate::decide::Engine;
use crate::text::{FactKind, Text};

/// Words of the text that are looked at, the rarest.
const MOST_WORDS: usize = 16;
/// Clauses that are proposed to be tried.
const MOST_CLAUSES: usize = 4;
/// Characters of a word, at the most.
const LONGEST: usize = 8;
/// What a word that the scenario's own texts have is worth, in nats.
const OWN: f32 = 4.0;
/// Facts whose words say who and where, and not what.
const OF_ONE_CALLER: &[FactKind] = &[
    FactKind::Phone,
    FactKind::Address,
    FactKind::Date,
    FactKind::Time,
    FactKind::Amount,
    FactKind::Plate,
    FactKind::IdCard,
    FactKind::BankCard,
    FactKind::Duration,
];

/// The words of one clause: all in one sentence.
pub(super) type Words = Vec<String>;

struct Word {
    text: String,
    sentence: u32,
    /// How much it says, in nats.
    worth: f32,
}

/// Clauses that hold on the text, for the scenario with this id, the most telling first. `known` are texts of which the
/// scenario is known, normalised.
pub(super) fn clauses(engine: &Engine, text: &Text, scenario: &str, known: &[Labelled]) -> Vec<Words> {
    let words = words(engine, text, scenario, known);
    let mut having: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for word in &words {
        let of_others = known.iter().enumerate().filter(|(_, one)| one.is_of_another(scenario));
        let found = of_others.filter(|(_, one)| one.text.normalised().contains(&word.text)).map(|(at, _)| at);
        having.insert(&word.text, found.collect());
    }
    let mut found: Vec<(f32, Words)> = Vec::new();
    for (at, one) in words.iter().enumerate() {
        for other in &words[at + 1..] {
            let apart = !one.text.contains(&other.text) && !other.text.contains(&one.text);
            if one.sentence != other.sentence || !apart {
                continue;
            }
            let (a, b) = (&having[one.text.as_str()], &having[other.text.as_str()]);
            if !a.iter().any(|text| b.binary_search(text).is_ok()) {
                found.push((one.worth + other.worth, vec![one.text.clone(), other.text.clone()]));
            }
        }
    }
    // A text of one telling word has no pair.
    if found.is_empty() {
        let alone = words.iter().filter(|word| having[word.text.as_str()].is_empty());
        found.extend(alone.map(|word| (word.worth, vec![word.text.clone()])));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    found.into_iter().map(|(_, words)| words).take(MOST_CLAUSES).collect()
}

fn words(engine: &Engine, text: &Text, scenario: &str, known: &[Labelled]) -> Vec<Word> {
    let segmenter = engine.segmenter();
    let facts: Vec<_> = text.facts().iter().filter(|fact| OF_ONE_CALLER.contains(&fact.kind)).collect();
    let own: Vec<&Labelled> = known.iter().filter(|one| !one.is_of_another(scenario)).collect();
    let regions = engine.catalog().regions();
    let mut words: Vec<Word> = Vec::new();
    for range in text.words(segmenter) {
        let word = text.slice(range.clone());
        let length = word.chars().count();
        let is_word = (2..=LONGEST).contains(&length) && word.chars().all(char::is_alphabetic) && !word.contains('某');
        let of_fact = facts.iter().any(|fact| fact.range.start < range.end && range.start < fact.range.end);
        let is_place = regions.iter().any(|region| region.name.contains(word));
        if !is_word || of_fact || is_place || words.iter().any(|other| other.text == word) {
            continue;
        }
        let is_own = own.iter().any(|one| one.text.normalised().contains(word));
        let worth = segmenter.rarity(word) + if is_own { OWN } else { 0.0 };
        words.push(Word { text: word.to_owned(), sentence: text.sentence_of(range.start), worth });
    }
    words.sort_by(|a, b| b.worth.total_cmp(&a.worth).then_with(|| a.text.cmp(&b.text)));
    words.truncate(MOST_WORDS);
    words
}
