//! The cases that teach, prepared: their labels, which are near-copies of each other, and their nearest others.

use std::collections::BTreeSet;

use jiff::civil;
use rustc_hash::{FxHashMap, FxHashSet};

use super::level::Level;
use crate::knowledge::{Case, Cases, Origin, Query};
use crate::text::{Segmenter, Text, groups, normalise};

/// Parts that the cases are cut into: each is predicted from the others.
pub(super) const FOLDS: usize = 4;
/// After so many days a case counts half: duties move from one department to another.
const HALF_LIFE: f32 = 365.0;

/// The name under which a label is known: a department by any of its names is one.
pub type Canonical<'a> = &'a (dyn Fn(Level, &str) -> String + Sync);

/// A case near to a complaint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Its place among the cases.
    pub case: u32,
    /// How much of the complaint's telling words it has, 0 to 1.
    pub similarity: f32,
    /// What its vote counts: the square of its similarity (what is twice as near says four times as much), halved for
    /// every year between the two.
    pub weight: f32,
}

impl Neighbour {
    /// Cases that vote, at the most.
    pub const MOST: usize = 30;
}

/// The labels of all cases at one level: names, and which of them each case has.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Labels {
    pub(super) names: Vec<String>,
    /// For each case.
    pub(super) of_case: Vec<Option<u32>>,
    numbers: FxHashMap<String, u32>,
    /// For each label how cases write it, normalised.
    written: Vec<Vec<String>>,
}

impl Labels {
    /// The labels of cases. `known` names come first, in their order; then those that are new among the cases and in
    /// `more`, in order of name.
    pub(super) fn new(
        level: Level,
        cases: &[Case],
        known: &[String],
        more: &[String],
        canonical: Canonical<'_>,
    ) -> Labels {
        let mut canonical_names: FxHashMap<&str, String> = FxHashMap::default();
        let own: Vec<Option<&str>> = cases.iter().map(|case| level.of(case)).collect();
        for label in own.iter().flatten() {
            canonical_names.entry(label).or_insert_with(|| canonical(level, label));
        }
        let old: FxHashSet<&str> = known.iter().map(String::as_str).collect();
        let new: BTreeSet<&String> =
            canonical_names.values().chain(more).filter(|name| !old.contains(name.as_str())).collect();
        let names: Vec<String> = known.iter().chain(new).cloned().collect();
        let numbers: FxHashMap<String, u32> = names.iter().cloned().zip(0..).collect();
        let number = |label: &str| numbers.get(canonical_names.get(label)?).copied();
        let of_case = own.iter().map(|label| number((*label)?)).collect();
        let mut written: Vec<Vec<String>> = vec![Vec::new(); names.len()];
        for (label, name) in &canonical_names {
            let own = normalise(label);
            // What is one character, or a path, is not how people call a body.
            if let Some(number) = numbers.get(name).filter(|_| own.chars().count() > 1 && !own.contains('/')) {
                written[*number as usize].push(own);
            }
        }
        Labels { names, of_case, numbers, written }
    }

    /// Whether a normalised text names the label as cases do.
    pub(super) fn is_named(&self, label: u32, normalised: &str) -> bool {
        self.written[label as usize].iter().any(|name| normalised.contains(name.as_str()))
    }

    /// The number of a label by its name; of a path that no case has, that of the longest path above it that some have.
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        let mut path = name;
        loop {
            if let Some(number) = self.numbers.get(path) {
                return Some(*number);
            }
            path = path.rsplit_once('/')?.0;
        }
    }

    /// The real cases that have a label, by place.
    pub(super) fn real(&self, cases: &[Case]) -> Vec<usize> {
        let has = |place: &usize| cases[*place].origin == Origin::Real && self.of_case[*place].is_some();
        (0..cases.len()).filter(has).collect()
    }
}

/// The group of near-copies and the part that each case belongs to. Near-copies are in one part, so that none is
/// predicted from its copy.
pub(super) fn parts(texts: &[Text], cases: &[Case]) -> (Vec<u32>, Vec<usize>) {
    let normalised: Vec<&str> = texts.iter().map(Text::normalised).collect();
    let groups = groups(&normalised);
    let part = |group: &u32| (fixed_hash(&cases[*group as usize].id) % FOLDS as u64) as usize;
    let parts = groups.iter().map(part).collect();
    (groups, parts)
}

/// A hash that is the same everywhere (FNV-1a, 64 bits, its upper half folded in).
fn fixed_hash(id: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    hash ^ hash >> 32
}

/// The cases nearest to a text that came in on a day, without those that `keep` leaves out.
pub(super) fn neighbours(
    cases: &Cases,
    text: &Text,
    segmenter: &Segmenter,
    day: Option<civil::Date>,
    keep: impl Fn(u32) -> bool,
) -> Vec<Neighbour> {
    let hits = cases.nearest_places(&Query::from_text(text, segmenter), Neighbour::MOST, keep);
    hits.into_iter().map(|(place, hit)| neighbour(place, hit.similarity, hit.item, day)).collect()
}

/// A case that was found, as a voter.
pub fn neighbour(place: u32, similarity: f32, case: &Case, day: Option<civil::Date>) -> Neighbour {
    let days = day.zip(case.opened_on).map_or(0.0, |(day, opened)| (day - opened.0).get_days().unsigned_abs() as f32);
    Neighbour { case: place, similarity, weight: similarity * similarity * (-days / HALF_LIFE).exp2() }
}

/// The most recent month that cases were opened in, by its first day; none where all are of one month, or undated.
pub(super) fn recent_month(cases: &[Case]) -> Option<civil::Date> {
    let real = || cases.iter().filter(|case| case.origin == Origin::Real);
    let months = || real().filter_map(|case| case.opened_on.map(|day| day.0.first_of_month()));
    let last = months().max()?;
    months().any(|month| month < last).then_some(last)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::tests::case;
    use super::*;
    use crate::source::Date;

    fn same(_: Level, label: &str) -> String {
        label.to_owned()
    }

    fn labels(departments: &[Option<&str>], known: &[&str], more: &[&str]) -> Labels {
        let labelled = |(at, label): (usize, &Option<&str>)| case(&format!("{at:02}"), "路灯不亮", *label);
        let cases: Vec<Case> = departments.iter().enumerate().map(labelled).collect();
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Labels::new(Level::Department, &cases, &owned(known), &owned(more), &same)
    }

    #[test]
    fn known_labels_come_first_and_new_ones_in_order_of_name() {
        let labels = labels(&[Some("d"), None, Some("b"), Some(" "), Some("d")], &["z", "b"], &["c", "z"]);
        assert_eq!(labels.names, ["z", "b", "c", "d"]);
        assert_eq!(labels.of_case, [Some(3), None, Some(1), None, Some(3)]);
    }

    #[test]
    fn a_department_by_any_of_its_names_is_one() {
        let cases = [case("1", "a", Some("市水务局")), case("2", "b", Some("水务局")), case("3", "c", Some("供电"))];
        let canonical = |_: Level, label: &str| if label.ends_with("水务局") { "water" } else { label }.to_owned();
        let labels = Labels::new(Level::Department, &cases, &[], &[], &canonical);
        assert_eq!(labels.names, ["water", "供电"]);
        assert_eq!(labels.of_case, [Some(0), Some(0), Some(1)]);
        for (text, expected) in [("市水务局没来", true), ("找水务局", true), ("供电公司", false), ("water", false)]
        {
            assert_eq!(labels.is_named(0, text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_not_looked_for() {
        let labels = labels(&[Some("水"), Some("供水/管网")], &["没有案例"], &[]);
        for label in 0..3 {
            assert!(!labels.is_named(label, "水 供水/管网 没有案例"), "{}", labels.names[label as usize]);
        }
    }

    #[test]
    fn a_path_that_no_case_has_is_that_above_it() {
        let labels = labels(&[Some("供水"), Some("供水/管网"), Some("道路")], &[], &[]);
        let name = |path: &str| labels.number(path).map(|number| labels.names[number as usize].as_str());
        for (path, expected) in [
            ("供水/管网", Some("供水/管网")),
            ("供水/管网/漏水/夜间", Some("供水/管网")),
            ("供水/收费", Some("供水")),
            ("道路/", Some("道路")),
            ("供", None),
            ("", None),
            ("/", None),
        ] {
            assert_eq!(name(path), expected, "{path}");
        }
    }

    #[test]
    fn made_up_cases_are_not_real() {
        let mut cases = [case("1", "a", Some("x")), case("2", "b", Some("x")), case("3", "c", None)];
        cases[0].origin = Origin::Example;
        assert_eq!(Labels::new(Level::Department, &cases, &[], &[], &same).real(&cases), [1]);
    }

    #[test]
    fn near_copies_are_in_one_part() {
        let long = "小区门口的路灯已经坏了三个星期了,晚上出门看不见路,老人摔了一跤,希望尽快修好,谢谢你们";
        let other = "楼上每天半夜放音乐,声音很大,孩子第二天要上学,跟他说过几次都没有用,请帮忙处理一下";
        let bodies: Vec<String> = (0..40)
            .map(|at| match at % 4 {
                0 => long.to_owned(),
                1 => format!("{long}。"),
                2 => other.to_owned(),
                _ => format!(
                    "第{at}件事,{}",
                    "一二三四五六七八九十".chars().cycle().skip(at).take(8).collect::<String>()
                ),
            })
            .collect();
        let cases: Vec<Case> = bodies.iter().enumerate().map(|(at, t)| case(&format!("{at:02}"), t, None)).collect();
        let texts: Vec<Text> = bodies.iter().map(|body| Text::new(None, body)).collect();
        let (groups, parts) = parts(&texts, &cases);
        assert!(parts.iter().all(|part| *part < FOLDS));
        for one in 0..40 {
            for other in 0..40 {
                assert!(groups[one] != groups[other] || parts[one] == parts[other], "{one} {other}");
            }
        }
        assert!((0..40).filter(|at| at % 4 < 2).all(|at| groups[at] == groups[0]));
        assert_ne!(groups[2], groups[0]);
        assert!(parts.iter().any(|part| *part != parts[0]), "not all in one");
    }

    #[test]
    fn parts_are_of_like_size_and_always_the_same() {
        let mut counts = [0; FOLDS];
        (0..4_000).for_each(|at| counts[(fixed_hash(&format!("12345-{at}")) % FOLDS as u64) as usize] += 1);
        assert!(counts.iter().all(|count| (860..1_140).contains(count)), "{counts:?}");
        // FNV-1a of these is cbf29ce484222325 and af63dc4c8601ec8c (http://www.isthe.com/chongo/tech/comp/fnv/).
        assert_eq!(fixed_hash(""), 0xcbf2_9ce4_8422_2325 ^ 0xcbf2_9ce4);
        assert_eq!(fixed_hash("a"), 0xaf63_dc4c_8601_ec8c ^ 0xaf63_dc4c);
    }

    #[test]
    fn votes_fall_with_distance_and_age() {
        let mut old = case("1", "a", None);
        old.opened_on = Some(Date(civil::date(2025, 3, 1)));
        let day = |day: &str| Some(day.parse::<civil::Date>().unwrap());
        for (similarity, asked, weight) in [
            (1.0, day("2025-03-01"), 1.0),
            (0.5, day("2025-03-01"), 0.25),
            (1.0, day("2026-03-01"), 0.5),
            (1.0, day("2024-03-01"), 0.5),
            (0.0, day("2026-03-01"), 0.0),
            (1.0, None, 1.0),
        ] {
            let own = neighbour(4, similarity, &old, asked);
            assert_eq!((own.case, own.similarity), (4, similarity));
            assert!((own.weight - weight).abs() < 1e-3, "{similarity} {asked:?}: {}", own.weight);
        }
        assert_eq!(neighbour(0, 0.5, &case("2", "b", None), day("2026-03-01")).weight, 0.25, "undated is not old");
    }

    #[test]
    fn the_most_recent_month_has_one_before_it() {
        let dated = |days: &[&str]| -> Vec<Case> {
            let one = |day: &&str| Case { opened_on: day.parse().ok().map(Date), ..case(day, "a", None) };
            days.iter().map(one).collect()
        };
        for (days, expected) in [
            (&["2025-12-31", "2026-01-05", "2026-01-02"][..], Some("2026-01-01")),
            (&["2026-01-05", "2026-01-02"], None),
            (&["2026-01-05", "-"], None),
            (&["-"], None),
            (&[], None),
        ] {
            let expected = expected.map(|day| day.parse::<civil::Date>().unwrap());
            assert_eq!(recent_month(&dated(days)), expected, "{days:?}");
        }
        let mut cases = dated(&["2025-12-31", "2026-01-05"]);
        cases[1].origin = Origin::Example;
        assert_eq!(recent_month(&cases), None, "what was made up is of no month");
    }
}
