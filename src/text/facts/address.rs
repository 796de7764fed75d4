//! Addresses, put together from parts: district, town, road and number, compound and building, crossing, and where
//! beside it.
//!
//! Each part ends in a word that says what it is (`路`, `小区`). Where the first part's name begins is not marked in
//! Chinese; it is taken to begin after punctuation, after a character that no name has, or after a word that leads up to
//! names, and where none of these stands close enough, at the usual length of such a name. Parts after the first begin
//! where the one before ends. A generic word (`小区`, `马路`) and a region alone (`云岭区`) name no place that can be found.

use super::address_words::{
    BREAKS, CROSSINGS, GENERIC, LEADS, Level, NAMES, NOT_PLACE, NOT_ROAD, NUMBERED, SUFFIXES, Suffix, TAILS,
    may_end_part,
};
use super::scan::Scan;
use super::{FactKind, Found};

/// The most characters an address has.
const LONGEST: usize = 60;

/// A named part of an address.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    end: usize,
    level: Level,
}

pub(super) fn read(scan: &Scan<'_>, found: &mut Found) {
    let mut at = 0;
    // Characters before this belong to an address already, or to none.
    let mut floor = 0;
    while at < scan.characters.len() {
        if !may_end_part(scan.characters[at]) {
            at += 1;
            continue;
        }
        let Some(first) = part(scan, at + 1, floor, false) else {
            at += 1;
            continue;
        };
        let (end, finest) = extend(scan, first);
        if finest > Level::Region {
            let value = scan.string(first.start..end);
            found.add(FactKind::Address, first.start..end, value.trim());
        }
        floor = end;
        at = end.max(at + 1);
    }
}

/// The part that ends at a position and begins no earlier than `floor`; exactly there if it is to follow on.
fn part(scan: &Scan<'_>, end: usize, floor: usize, follows: bool) -> Option<Part> {
    let suffix = SUFFIXES.iter().find(|suffix| {
        let length = suffix.word.chars().count();
        end >= floor + length && scan.ends_with(end, &[suffix.word])
    })?;
    if goes_on_otherwise(scan, end, suffix.level) {
        return None;
    }
    let name_end = end - suffix.word.chars().count();
    let start = name_start(scan, name_end, floor, suffix, follows)?;
    let name = scan.string(start..name_end);
    if is_generic(&name, suffix) {
        return None;
    }
    Some(Part { start, end, level: suffix.level })
}

/// Whether the characters after a suffix make another word of it, or speak of an office.
fn goes_on_otherwise(scan: &Scan<'_>, end: usize, level: Level) -> bool {
    match level {
        Level::Road => scan.any(end, NOT_ROAD).is_some(),
        // 医院门口, 小区内: sites are spoken of in any way; only offices named after regions and towns are none.
        Level::Site => false,
        Level::Region | Level::Town => scan.any(end, NOT_PLACE).is_some_and(|(word, length)| {
            !(word == "办" || word == "委" || word == "内" || word == "外") || level == Level::Region || {
                // 村委会门口 is a place, 街道办 an office.
                word == "办" && scan.any(end + length, &["事处"]).is_some()
            }
        }),
    }
}

fn is_name_character(c: char) -> bool {
    ('\u{3400}'..='\u{9FFF}').contains(&c) || c.is_ascii_alphanumeric()
}

/// Where the name that ends at `name_end` begins.
fn name_start(scan: &Scan<'_>, name_end: usize, floor: usize, suffix: &Suffix, follows: bool) -> Option<usize> {
    let lowest = name_end.saturating_sub(suffix.longest).max(floor);
    let mut start = name_end;
    while start > lowest
        && is_name_character(scan.characters[start - 1])
        && !BREAKS.contains(scan.characters[start - 1])
    {
        start -= 1;
    }
    let mut bounded = start > lowest || start == floor || start == 0;
    if !bounded {
        // The name may fill all that is allowed: then what stands before it must show that it begins here.
        let before = scan.characters[start - 1];
        bounded = !is_name_character(before) || BREAKS.contains(before) || lead_before(scan, start, floor).is_some();
    }
    if follows {
        return (start == floor && start < name_end && lead_end(scan, start, name_end).is_none()).then_some(start);
    }
    if let Some(after) = lead_end(scan, start, name_end) {
        start = after;
        bounded = true;
    }
    if !bounded {
        start = usual_start(scan, name_end, lowest, suffix);
    }
    // A number before a name belongs to something else: 3个, 5月.
    while start < name_end && scan.characters[start].is_ascii_digit() {
        start += 1;
    }
    (start < name_end).then_some(start)
}

/// The position after the last leading word between two positions, unless a known name begins with that word.
fn lead_end(scan: &Scan<'_>, start: usize, end: usize) -> Option<usize> {
    (start..end).rev().find_map(|at| {
        let (_, length) = scan.any(at, LEADS)?;
        let after = at + length;
        // The last characters of a name must be left, and a name that begins with a lead is no lead.
        (after <= end && !is_part_of_name(scan, at, length, end)).then_some(after)
    })
}

fn is_part_of_name(scan: &Scan<'_>, at: usize, length: usize, end: usize) -> bool {
    if length > 1 {
        return false;
    }
    // Either half of a known name: 和 in 和平, 上 in 上海; or the lone character before the suffix: 后 in 某后路.
    at + length == end
        || scan.any(at, NAMES).is_some_and(|(_, n)| n > 1)
        || at > 0 && scan.any(at - 1, NAMES).is_some_and(|(_, n)| n > 1)
}

fn lead_before(scan: &Scan<'_>, at: usize, floor: usize) -> Option<()> {
    LEADS.iter().find(|lead| lead.chars().count() <= at - floor && scan.ends_with(at, &[lead])).map(|_| ())
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
fn is_generic(name: &str, suffix: &Suffix) -> bool {
    let mut rest = name.trim_end_matches(|c: char| c.is_ascii_digit());
    while let Some(shorter) = GENERIC.iter().filter_map(|word| rest.strip_suffix(word)).min_by_key(|rest| rest.len()) {
        rest = shorter;
        if rest.is_empty() {
            break;
        }
        // 人民路 is a road of that name, 人民医院 too; one generic word over a real name is part of it.
        if rest.chars().count() >= 2 {
            break;
        }
    }
    let length = rest.chars().count();
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric());
    let named = matches!(name, "人民" | "中心" | "森林" | "第一" | "文化" | "东" | "西" | "青年" | "城市");
    if named && suffix.level != Level::Region && name.chars().count() > 1 {
        return matches!(suffix.word, "市场" | "学校" | "小区" | "超市" | "广场") && name != "人民" && name != "文化";
    }
    rest.is_empty()
        || length < 2
            && !letters
            && !(matches!(suffix.level, Level::Region | Level::Town) && length == 1 && name.chars().count() >= 2)
            && name.chars().count() < 2
}

/// Adds what follows a first part: further parts, numbers, a crossing, and where beside it. The end, and the finest
/// level named.
fn extend(scan: &Scan<'_>, first: Part) -> (usize, Level) {
    let mut end = first.end;
    let mut finest = first.level;
    let limit = (first.start + LONGEST).min(scan.characters.len());
    loop {
        let before = end;
        end = numbers(scan, end, finest).min(limit.max(end));
        if finest == Level::Road
            && let Some(crossing) = crossing(scan, end, limit)
        {
            end = crossing;
        }
        if let Some(next) = next_part(scan, end, limit) {
            finest = finest.max(next.level);
            end = next.end;
        }
        if end == before {
            break;
        }
    }
    if finest > Level::Region {
        while let Some((_, length)) = scan.any(end, TAILS).filter(|(_, length)| end + length <= limit) {
            end += length;
        }
    }
    (end, finest)
}

/// The part that begins right here, if one does.
fn next_part(scan: &Scan<'_>, at: usize, limit: usize) -> Option<Part> {
    let at = if matches!(scan.get(at), Some(' ')) { at + 1 } else { at };
    (at + 2..=limit.min(at + 12))
        .take_while(|&end| is_name_character(scan.characters[end - 1]) && !BREAKS.contains(scan.characters[end - 1]))
        .filter(|&end| may_end_part(scan.characters[end - 1]))
        .find_map(|end| part(scan, end, at, true))
}

/// The second road of a crossing: `与B路交叉口`.
fn crossing(scan: &Scan<'_>, at: usize, limit: usize) -> Option<usize> {
    let joint = scan.any(at, &["与", "和", "、", "及", "-", "跟", "同"]).map_or(0, |(_, length)| length);
    let road = next_part(scan, at + joint, limit).filter(|part| part.level == Level::Road)?;
    let end = numbers(scan, road.end, Level::Road);
    let (_, length) = scan.any(end, CROSSINGS)?;
    Some(end + length)
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
        let follows = scan.any(joined, NUMBERED).filter(|(word, length)| !is_other_word(scan, joined + length, word));
        match follows {
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
    let next = scan.get(end);
    match word {
        "号" => next.is_some_and(|c| "线码晚早上下中凌".contains(c)),
        "楼" => next.is_some_and(|c| "盘市".contains(c)),
        "户" => next.is_some_and(|c| "人居业".contains(c)),
        "层" => next.is_some_and(|c| "次面".contains(c)),
        "房" => next.is_some_and(|c| "屋产价东".contains(c)),
        "门" => next.is_some_and(|c| "面店".contains(c)),
        _ => false,
    }
}
