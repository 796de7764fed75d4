//! Addresses, put together from parts: district, town, road and number, compound and building, crossing, and where
//! beside it.
//!
//! Each part ends in a word that says what it is (`路`, `小区`). Where the first part's name begins is not marked in
//! Chinese; it is taken to begin after punctuation, after a character that no name has, or after a word that leads up to
//! names, and where none of these stands close enough, at the usual length of such a name. Parts after the first begin
//! where the one before ends. A generic word (`小区`, `马路`) and a region alone (`云岭区`) name no place that can be found.

use super::address_words::{
    BREAKS, CROSSING, GENERIC, LEAD, LEAD_END, Level, NAME, NO_ROAD, NOT_PLACE, NOT_ROAD, NUMBERED, SUFFIX, Suffix,
    TAIL,
};
use super::scan::{Scan, mark};
use super::{FactKind, Found};

/// The most characters an address has.
const LONGEST: usize = 60;

/// The most characters a part after the first has.
const LONGEST_PART: usize = 12;

/// A named part of an address.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    end: usize,
    level: Level,
}

pub(super) fn read(scan: &Scan<'_>, found: &mut Found) {
    let mut from = 0;
    // Characters before this belong to an address already.
    let mut floor = 0;
    while let Some(at) = scan.next(from, mark::PLACE) {
        from = at + 1;
        let Some(first) = part(scan, from, floor, false) else { continue };
        let (end, finest) = extend(scan, first);
        if finest > Level::Region {
            let value = scan.string(first.start..end);
            found.add(FactKind::Address, first.start..end, value.trim());
        }
        (floor, from) = (end, end);
    }
}

/// The part that ends at a position and begins no earlier than `floor`, or exactly there if it follows another.
fn part(scan: &Scan<'_>, end: usize, floor: usize, follows: bool) -> Option<Part> {
    let suffixes = SUFFIX.get(&scan.before(end)?)?;
    suffixes.iter().filter(|suffix| end > floor && scan.ends_with(end, &[suffix.word])).find_map(|suffix| {
        let name_end = (end - suffix.word.chars().count()).max(floor);
        let start = name_start(scan, name_end, floor, suffix, follows)?;
        let named =
            !is_generic(&scan.characters[start..name_end], suffix) && !goes_on_otherwise(scan, end, suffix.level);
        named.then_some(Part { start, end, level: suffix.level })
    })
}

/// Whether the characters after a suffix make another word of it, or speak of an office.
fn goes_on_otherwise(scan: &Scan<'_>, end: usize, level: Level) -> bool {
    match level {
        Level::Road => NOT_ROAD.at(scan, end).is_some() && TAIL.at(scan, end).is_none(),
        // 医院门口, 小区内: sites are spoken of in any way.
        Level::Site => names_road(scan, end),
        // 村委会 is where a village is found; other offices are not the place they are named after.
        Level::Town => names_road(scan, end) || scan.word(end, "委会").is_none() && NOT_PLACE.at(scan, end).is_some(),
        Level::Region => NOT_PLACE.at(scan, end).is_some(),
    }
}

/// Whether what seems to end goes on as the name of a road: `西苑路`, `丁村路`.
fn names_road(scan: &Scan<'_>, end: usize) -> bool {
    match scan.any(end, &["路", "大道"]) {
        Some((_, length)) => TAIL.at(scan, end).is_none() && NOT_ROAD.at(scan, end + length).is_none(),
        None => false,
    }
}

fn is_name_character(c: char) -> bool {
    (('\u{3400}'..='\u{9FFF}').contains(&c) || c.is_ascii_alphanumeric()) && !BREAKS.contains(c)
}

/// Where the name that ends at `name_end` begins, if there is one.
fn name_start(scan: &Scan<'_>, name_end: usize, floor: usize, suffix: &Suffix, follows: bool) -> Option<usize> {
    let lowest = name_end.saturating_sub(suffix.longest).max(floor);
    // 望 leads a sentence far more often than a name; before one character and the suffix (望江县) it is the name's.
    let is_name = |at: usize| {
        let c = scan.characters[at];
        is_name_character(c) || (c == '望' && at + 2 == name_end)
    };
    let run = (lowest..name_end).rev().take_while(|at| is_name(*at)).count();
    let mut start = name_end - run;
    let lead = lead_end(scan, start, name_end, follows);
    if follows {
        return (start == floor && start < name_end && lead.is_none()).then_some(start);
    }
    let bounded = start > lowest
        || start == floor
        || !scan.before(start).is_some_and(is_name_character)
        || LEAD_END.before(scan, start);
    start = match lead {
        Some(after) => after,
        None if bounded => start,
        None => usual_start(scan, name_end, lowest, suffix),
    };
    // A number before a name belongs to something else: 3个, 5月.
    start = scan.run(start, |c| c.is_ascii_digit()).min(name_end);
    (start < name_end).then_some(start)
}

/// The position after the last leading word between two positions. In a part that follows another there is no question
/// where its name begins, so a single character leads only at its beginning.
fn lead_end(scan: &Scan<'_>, start: usize, end: usize, follows: bool) -> Option<usize> {
    (start..end).rev().find_map(|at| {
        let length = LEAD.at(scan, at).filter(|length| at + length <= end)?;
        // 和 leads up to a name, but not in 和平 nor in 来宾; nor does the last character of a name lead to its suffix.
        let part_of_name = length == 1
            && (NAME.at(scan, at).is_some()
                || at > start && NAME.at(scan, at - 1).is_some()
                || follows && at > start
                || at + 1 == end && at > start);
        (!part_of_name).then_some(at + length)
    })
}

/// Where a name begins when nothing shows it: the usual number of characters before the suffix, one more where the last
/// says which part of a road (`东`, `二`).
fn usual_start(scan: &Scan<'_>, name_end: usize, lowest: usize, suffix: &Suffix) -> usize {
    let turn =
        scan.before(name_end).is_some_and(|c| "东西南北中前后上下一二三四五六七八九十横纵支环内外新老".contains(c));
    let length = suffix.usual + usize::from(suffix.level == Level::Road && turn);
    name_end.saturating_sub(length).max(lowest)
}

/// Whether a name is that of many places, or too short to be one's.
fn is_generic(name: &[char], suffix: &Suffix) -> bool {
    let digits = name.iter().rev().take_while(|c| c.is_ascii_digit()).count();
    let stem = &name[..name.len() - digits];
    if stem.iter().all(char::is_ascii_alphanumeric) && !name.is_empty() {
        // Places masked with letters (`a3区`) are regions; elsewhere letters alone name nothing.
        return suffix.level != Level::Region || stem.is_empty();
    }
    if suffix.word == "路" && stem.last().is_some_and(|c| NO_ROAD.contains(*c)) {
        return true;
    }
    // 海文公路 is one road, 高速公路 any.
    let stem = if suffix.word == "路" { stem.strip_suffix(&['公']).unwrap_or(stem) } else { stem };
    let two_words = (1..stem.len()).any(|cut| {
        let (first, second) = stem.split_at(cut);
        first.len().max(second.len()) > 1 && GENERIC.has(first) && GENERIC.has(second)
    });
    let short = stem.len() < 2 && matches!(suffix.level, Level::Road | Level::Site);
    let rural = suffix.word == "村" && matches!(stem.last(), Some('农' | '乡'));
    let lead = stem.len() == 1 && LEAD.has(stem);
    short || rural || lead || stem.is_empty() || GENERIC.has(stem) || two_words
}

/// Adds what follows a first part: further parts, numbers, a crossing, and where beside it. The end, and the finest
/// level named.
fn extend(scan: &Scan<'_>, first: Part) -> (usize, Level) {
    let (mut end, mut finest) = (first.end, first.level);
    let limit = (first.start + LONGEST).min(scan.characters.len());
    loop {
        let before = end;
        end = numbers(scan, end, finest);
        if finest == Level::Town {
            end += scan.word(end, "委会").unwrap_or(0);
        }
        if finest == Level::Road
            && let Some(crossing) = crossing(scan, end, limit)
        {
            end = crossing;
        }
        // Addresses go from the large to the small.
        if let Some(next) = next_part(scan, end, limit).filter(|next| next.level >= finest) {
            (end, finest) = (next.end, next.level);
        }
        if end == before || end >= limit {
            break;
        }
    }
    if finest > Level::Region {
        while let Some(length) = TAIL.at(scan, end).filter(|length| end + length <= limit) {
            end += length;
        }
    }
    (end, finest)
}

/// The part that begins right here, if one does.
fn next_part(scan: &Scan<'_>, at: usize, limit: usize) -> Option<Part> {
    let at = scan.skip_blank(at);
    (at + 2..=limit.min(at + LONGEST_PART))
        .take_while(|&end| is_name_character(scan.characters[end - 1]))
        .filter(|&end| scan.is(end - 1, mark::PLACE))
        .find_map(|end| part(scan, end, at, true))
}

/// The second road of a crossing: `与B路交叉口`.
fn crossing(scan: &Scan<'_>, at: usize, limit: usize) -> Option<usize> {
    let joint = scan.any(at, &["与", "和", "、", "及", "-", "跟", "同"]).map_or(0, |(_, length)| length);
    let road = next_part(scan, at + joint, limit).filter(|part| part.level == Level::Road)?;
    let end = numbers(scan, road.end, Level::Road);
    CROSSING.at(scan, end).map(|length| end + length)
}

/// Numbers of houses, buildings, floors and rooms: `12号`, `3栋2单元501`, `a5-3`.
fn numbers(scan: &Scan<'_>, at: usize, finest: Level) -> usize {
    let mut end = at;
    if finest < Level::Town {
        return end;
    }
    loop {
        let begin = if end > at && matches!(scan.get(end), Some('-' | ' ')) { end + 1 } else { scan.skip_blank(end) };
        let begin = begin + scan.any(begin, &["附", "第", "之"]).map_or(0, |(_, length)| length);
        let number = match scan.number_at(begin).filter(|n| !n.number.arabic && n.number.whole().is_some()) {
            Some(number) => number.end,
            None => scan.run(begin, |c| c.is_ascii_alphanumeric()),
        };
        if number == begin || number - begin > 6 {
            return end;
        }
        // 3-2-501室: numbers joined by hyphens share what they count.
        let mut joined = number;
        while matches!(scan.get(joined), Some('-' | '#')) && scan.is_alphanumeric(joined + 1) {
            joined = scan.run(joined + 1, |c| c.is_ascii_alphanumeric());
        }
        let counted = scan.any(joined, NUMBERED).filter(|(word, length)| !is_other_word(scan, joined + length, word));
        match counted {
            Some((_, length)) => end = joined + length,
            None if scan.get(joined) == Some('#') => end = joined + 1,
            // A room's number right after its building: 2单元501.
            None if end > at && is_room(scan, begin, joined) => return joined,
            None => return end,
        }
    }
}

fn is_room(scan: &Scan<'_>, start: usize, end: usize) -> bool {
    (3..=4).contains(&(end - start))
        && (start..end).all(|i| scan.is_digit(i))
        && !scan.get(end).is_some_and(|c| "元块年月日天户人个万平米路次.-".contains(c))
}

/// Whether the word that numbers goes on as another: `3号线`, `2楼盘`, `5户人家`.
fn is_other_word(scan: &Scan<'_>, end: usize, word: &str) -> bool {
    let others = match word {
        "号" => "线码晚早上下中凌",
        "楼" => "盘市",
        "户" => "人居业",
        "层" => "次面",
        "房" => "屋产价东",
        "门" => "面店",
        _ => "",
    };
    scan.get(end).is_some_and(|c| others.contains(c))
}
