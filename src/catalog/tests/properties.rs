//! The index and the name finder against the plainest way to do the same.

use proptest::prelude::*;

use super::*;

/// A row in short: subject (scenario or category), region, from and until (days of January 2026), lead.
type Short = (usize, Option<usize>, Option<i8>, Option<i8>, usize);

/// How specific a row is: by scenario, length of its subject, level of its region, with a period, its start.
type Rank = (bool, usize, usize, bool, i8);

const SUBJECTS: [&str; 5] = ["scenario: s", "scenario: t", "category: a", "category: a/b", "category: a/b/c"];
const PLACES: [&str; 5] = ["lanzhou", "qinglan", "qinglan-dongmen", "shizhou", "shizhou-gang"];
const LEADS: [&str; 3] = ["water", "urban-management", "city-government"];

fn row_text((subject, region, from, until, lead): Short, at: usize) -> String {
    let region = region.map_or(String::new(), |region| format!(", region: {}", PLACES[region]));
    let from = from.map_or(String::new(), |day| format!(", from: 2026-01-{day:02}"));
    let until = until.map_or(String::new(), |day| format!(", until: 2026-01-{day:02}"));
    format!("- {{{}{region}{from}{until}, lead: {}, basis: row {at}}}\n", SUBJECTS[subject], LEADS[lead])
}

/// The lead by trying every row and keeping the best, with none of the index.
fn naive(
    catalog: &Catalog,
    rows: &[Short],
    scenario: &str,
    category: &str,
    place: Option<&str>,
    day: i8,
) -> Option<usize> {
    let is_above = |region: &str, place: &str| {
        let mut now = Some(place);
        std::iter::from_fn(|| {
            let this = now?;
            now = catalog.region(this).unwrap().parent.as_deref();
            Some(this)
        })
        .any(|above| above == region)
    };
    let mut best: Option<(Rank, usize)> = None;
    for (subject, region, from, until, lead) in rows {
        let (key, value) = SUBJECTS[*subject].split_once(": ").unwrap();
        let about = match key {
            "scenario" => value == scenario,
            _ => category == value || category.starts_with(&format!("{value}/")),
        };
        let here = region.is_none_or(|region| is_above(PLACES[region], place.unwrap_or("lanzhou")));
        if about && here && from.is_none_or(|from| from <= day) && until.is_none_or(|until| day <= until) {
            let width = region.map_or(0, |region| [1, 2, 3, 2, 3][region]);
            let period = from.is_some() || until.is_some();
            let rank = (key == "scenario", value.len(), width, period, from.unwrap_or(0));
            if best.is_none_or(|(other, _)| other < rank) {
                best = Some((rank, *lead));
            }
        }
    }
    best.map(|(_, lead)| lead)
}

proptest! {
    #[test]
    fn the_index_answers_like_a_scan(
        rows in prop::collection::vec(
            (0..5usize, prop::option::of(0..5usize), prop::option::of(1..5i8), prop::option::of(5..9i8), 0..3usize), 0..12),
        category in prop::sample::select(vec!["a", "a/b", "a/b/c", "a/b/c/d", "a/x", "ab"]),
        scenario in prop::sample::select(vec!["s", "t", "u"]),
        place in prop::option::of(prop::sample::select(PLACES.to_vec())),
        day in 1..12i8,
    ) {
        let text: Vec<String> = rows.iter().enumerate().map(|(at, row)| row_text(*row, at)).collect();
        let files = text.iter().map(String::as_str).collect::<Vec<_>>();
        let (loaded, diagnostics) = load(&Files { responsibility: &files, ..FILES });
        // Rows that contradict each other are refused, with nothing else to say.
        let Some(loaded) = loaded else {
            let mut errors = diagnostics.iter().filter(|d| d.is_error());
            prop_assert!(errors.all(|d| d.code.name() == "conflicting-responsibility"), "{:?}", diagnostics);
            return Ok(());
        };
        let found = loaded.responsible(scenario, Some(category), place, civil::date(2026, 1, day));
        let expect = naive(&loaded, &rows, scenario, category, place, day).map(|lead| LEADS[lead]);
        prop_assert_eq!(found.map(|row| row.lead.as_str()), expect);
        // The order of the files does not matter.
        let reversed: Vec<&str> = files.iter().rev().copied().collect();
        let reversed = load(&Files { responsibility: &reversed, ..FILES }).0.unwrap();
        prop_assert_eq!(reversed.responsible(scenario, Some(category), place, civil::date(2026, 1, day)), found);
    }

    #[test]
    fn gaps_are_where_nobody_answers(
        rows in prop::collection::vec(
            (prop::sample::select(vec![0, 2, 3]), prop::option::of(0..5usize), prop::option::of(1..7i8), prop::option::of(4..9i8)),
            1..7),
    ) {
        let text: String = rows
            .iter()
            .enumerate()
            .map(|(at, (subject, region, from, until))| {
                row_text((*subject, *region, *from, until.filter(|until| from.is_none_or(|from| from <= *until)), 0), at)
            })
            .collect();
        let loaded = load(&Files { responsibility: &[&text], ..FILES }).0.unwrap();
        // Day 0 stands for all days before the first that any row names.
        let begin = rows.iter().map(|(_, _, from, _)| from.unwrap_or(0)).min().unwrap();
        let day = |day: i8| civil::date(2025, 12, 31).checked_add(jiff::Span::new().days(day)).unwrap();
        let nobody = |place: &str, at: i8| loaded.responsible("s", Some("a/b"), Some(place), day(at)).is_none();
        let gap = (begin..12).any(|at| PLACES.iter().any(|place| nobody(place, at)));
        prop_assert_eq!(!check(&loaded).is_empty(), gap, "{}", text);
    }

    #[test]
    fn the_unit_is_found_like_by_hand(
        rows in prop::collection::vec((prop::option::of(0..8usize), prop::option::of(0..5usize)), 1..10),
        lead in 0..10usize,
        place in prop::option::of(prop::sample::select(PLACES.to_vec())),
    ) {
        // A department's parent is one before it, so there are no circles.
        let text: String = rows
            .iter()
            .enumerate()
            .map(|(at, (parent, region))| {
                let parent = parent.filter(|_| at > 0).map_or(String::new(), |parent| format!(", parent: d{}", parent % at));
                let region = region.map_or(String::new(), |region| format!(", region: {}", PLACES[region]));
                format!("- {{id: d{at}, name: 部门{at}{parent}{region}}}\n")
            })
            .collect();
        let loaded = load(&Files { departments: &text, responsibility: &[], ..FILES }).0.unwrap();
        let lead = format!("d{lead}");
        let steps_below = |department: &Department| {
            let mut above = department.parent.as_deref();
            let mut steps = 1;
            while let Some(id) = above.filter(|id| *id != lead) {
                above = loaded.department(id).unwrap().parent.as_deref();
                steps += 1;
            }
            above.map(|_| steps)
        };
        let mut expect = None;
        let mut region = place.and_then(|place| loaded.region(place));
        while let (Some(here), None) = (region, expect) {
            let units = loaded.departments().iter().filter(|d| d.region.as_ref() == Some(&here.id));
            let near: Vec<_> = units.filter_map(|d| Some((steps_below(d)?, d))).collect();
            let nearest = near.iter().map(|(steps, _)| *steps).min();
            let mut nearest = near.iter().filter(|(steps, _)| Some(*steps) == nearest);
            expect = nearest.next().filter(|_| nearest.next().is_none()).map(|(_, d)| *d);
            region = here.parent.as_deref().and_then(|parent| loaded.region(parent));
        }
        prop_assert_eq!(loaded.unit(&lead, place), expect, "{}", text);
    }

    /// Whatever is cut out of the files or written into them, loading ends with a catalogue or with errors.
    #[test]
    fn damaged_files_are_refused_or_read(
        damage in prop::collection::vec(
            (0..3usize, 0..400usize, 0..6usize,
             prop::sample::select(vec!["", "\n", ": ", "- ", "a", "lanzhou", "water", "[", "}", "市", "2026-13-01", "\u{0}", "~"])),
            1..5),
    ) {
        let mut texts = [DEPARTMENTS, REGIONS, RESPONSIBILITY].map(|text| text.chars().collect::<Vec<char>>());
        for (file, at, count, instead) in damage {
            let text = &mut texts[file];
            let at = at.min(text.len());
            let end = (at + count).min(text.len());
            text.splice(at..end, instead.chars());
        }
        let [departments, regions, responsibility] = texts.map(|text| text.into_iter().collect::<String>());
        let files = Files { departments: &departments, regions: &regions, responsibility: &[&responsibility] };
        let (loaded, diagnostics) = load(&files);
        prop_assert!(loaded.is_some() || diagnostics.iter().any(Diagnostic::is_error), "{}{}{}", departments, regions, responsibility);
        for diagnostic in &diagnostics {
            crate::source::render_plain(diagnostic, crate::source::Lang::En);
        }
        if let Some(loaded) = loaded {
            check(&loaded);
            loaded.unit("urban-management", Some("qinglan"));
        }
    }

    #[test]
    fn names_are_found_like_by_hand(text in "[青澜区石洲港口镇东门街道办州市的x]{0,30}") {
        let catalog = catalog();
        let names: Vec<(&str, &str)> = catalog
            .regions()
            .iter()
            .flat_map(|region| region.aliases.iter().chain([&region.name]).map(|name| (name.as_str(), region.id.as_str())))
            .collect();
        let mut expect = Vec::new();
        let mut at = 0;
        while let Some(next) = text[at..].chars().next() {
            match names.iter().filter(|(name, _)| text[at..].starts_with(name)).max_by_key(|(name, _)| name.len()) {
                Some((name, id)) => {
                    expect.push((at..at + name.len(), *id));
                    at += name.len();
                }
                None => at += next.len_utf8(),
            }
        }
        let found: Vec<_> = catalog.regions_in(&text).into_iter().map(|(range, region)| (range, region.id.as_str())).collect();
        prop_assert_eq!(found, expect);
    }
}
