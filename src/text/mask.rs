//! What identifies a person is made unreadable, and the rest of the text stays as it is.
//!
//! Numbers keep their place and length: digits become `*`, but for a beginning that says what kind of number it is (four
//! digits of a mobile, the area code of a landline, the province of an identity number, the bank's digits of a card).
//! Checks are not asked for: an identity number with a typing error is still one, so every run of eleven digits or more
//! is masked. Every character of a name becomes 某; see `names` for which are found. Addresses stay: without them nobody
//! can be sent.
//!
//! One character stands for one character throughout, so a span of a text is the same span of the masked text.
//!
//! A ticket often names its caller in a column of its own. That column is not imported, and what stands in it is masked
//! wherever the row's texts repeat it.
//!
//! Numbers of 400 and 800 belong to companies and stay, and so do short public numbers.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

use super::names;
use super::{Fact, FactKind, Text};

/// What was masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskKind {
    /// A mobile or landline number.
    Phone,
    /// A resident identity number.
    IdCard,
    /// A bank card.
    BankCard,
    /// Another number of eleven digits or more.
    LongNumber,
    /// A vehicle's registration plate.
    Plate,
    /// An e-mail address.
    Email,
    /// An account of WeChat or QQ, or the number of a passport.
    Account,
    /// A person's name.
    Name,
}

/// How often each kind was masked.
pub type Counts = BTreeMap<MaskKind, u64>;

/// E-mail addresses, roughly after RFC 5322; the local part is group 1.
static EMAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"([A-Za-z0-9._%+\-]{1,64})@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63})+").ok());
/// Accounts after the word that says so; the account is group 1.
static ACCOUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:QQ|微信|护照)(?:号码|号|群)?\s*[:：为是]?\s*([A-Za-z0-9][A-Za-z0-9_\-]{4,29})").ok()
});
/// Runs of digits, full-width ones too, perhaps with an `X` at the end; and what is grouped as a mobile or as a card is.
static LONG: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[0-9０-９]{11,}[XxＸｘ]?|1[3-9][0-9](?:[ \-－][0-9]{4}){2}|[0-9]{4}(?:[ \-－][0-9]{4}){3}(?:[ \-－][0-9]{1,4})?").ok()
});

/// A stretch to be masked, in bytes, and how many of its digits stay.
struct Stretch {
    range: Range<usize>,
    kind: MaskKind,
    keep: usize,
}

/// The text with everything masked that identifies a person; empty only where the text was. What is masked already is
/// left as it is.
pub fn masked(text: &str) -> String {
    mask(text, &[], &mut Counts::new())
}

/// What stands in a column about who complained, where it is a name (two to four Chinese characters, or several words
/// with a dot) or a number of seven digits and more, and so can be looked for in texts.
pub fn person(cell: &str) -> Option<String> {
    let cell = cell.trim();
    let length = cell.chars().count();
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let is_number = digits >= 7 && cell.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let is_name = (2..=4).contains(&length) || length <= 20 && cell.contains('·');
    let is_name = is_name && cell.chars().all(|c| ('\u{3400}'..='\u{9FFF}').contains(&c) || c == '·');
    (is_number || is_name && !names::is_none(cell)).then(|| cell.to_owned())
}

/// The same as [`masked`], with names and numbers that are known to be of persons; counts what was masked.
pub fn mask(text: &str, persons: &[String], counts: &mut Counts) -> String {
    let mut stretches = numbers(text);
    for person in persons {
        let kind = if person.starts_with(|c: char| c.is_ascii()) { MaskKind::LongNumber } else { MaskKind::Name };
        let found = text.match_indices(person.as_str());
        stretches.extend(found.map(|(at, own)| Stretch { range: at..at + own.len(), kind, keep: 0 }));
    }
    stretches.extend(by_pattern(text, EMAIL.as_ref(), MaskKind::Email));
    stretches.extend(by_pattern(text, ACCOUNT.as_ref(), MaskKind::Account));
    stretches.extend(person_names(text));
    stretches.extend(long_numbers(text));
    // What begins first, and of those the longest, is masked; what lies within it is then masked too. A later stretch
    // that reaches further is cut.
    stretches.sort_by_key(|stretch| (stretch.range.start, std::cmp::Reverse(stretch.range.end)));
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for stretch in stretches {
        if stretch.range.end <= done {
            continue;
        }
        let (start, keep) = if stretch.range.start < done { (done, 0) } else { (stretch.range.start, stretch.keep) };
        out.push_str(&text[done..start]);
        let before = out.len();
        let own = &text[start..stretch.range.end];
        cover(own, stretch.kind, keep, &mut out);
        if out[before..] != *own {
            *counts.entry(stretch.kind).or_default() += 1;
        }
        done = stretch.range.end;
    }
    out.push_str(&text[done..]);
    out
}

/// Writes a stretch as it may be read.
fn cover(own: &str, kind: MaskKind, keep: usize, out: &mut String) {
    match kind {
        MaskKind::Name => out.extend(own.chars().map(|_| '某')),
        MaskKind::Email | MaskKind::Account => out.extend(own.chars().map(|_| '*')),
        MaskKind::Plate => {
            // The province and the letter of the city stay.
            let hide = |(place, c): (usize, char)| if place >= 2 && c.is_alphanumeric() { '*' } else { c };
            out.extend(own.chars().enumerate().map(hide));
        }
        _ => {
            let mut seen = 0;
            out.extend(own.chars().map(|c| {
                let is_digit = c.is_ascii_digit() || ('０'..='９').contains(&c);
                let is_last = matches!(c, 'X' | 'x' | 'Ｘ' | 'ｘ');
                seen += usize::from(is_digit || c == '*');
                if (is_digit && seen > keep) || is_last { '*' } else { c }
            }));
        }
    }
}

/// Numbers that are read as facts.
fn numbers(text: &str) -> Vec<Stretch> {
    if !text.chars().any(char::is_numeric) {
        return Vec::new();
    }
    let analysed = Text::new(None, text);
    let offsets: Vec<usize> = text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
    let byte = |character: u32| offsets.get(character as usize).copied().unwrap_or(text.len());
    let stretch = |fact: &Fact| {
        let span = analysed.original(fact.range.clone());
        let range = byte(span.start)..byte(span.end);
        let (kind, keep) = match fact.kind {
            FactKind::Phone => (MaskKind::Phone, phone_keep(analysed.slice(fact.range.clone()))?),
            FactKind::IdCard => (MaskKind::IdCard, 3),
            FactKind::BankCard => (MaskKind::BankCard, 4),
            FactKind::Plate => (MaskKind::Plate, 2),
            _ => return None,
        };
        Some(Stretch { range, kind, keep })
    };
    analysed.facts().iter().filter_map(stretch).collect()
}

/// How many digits of a telephone number stay; `None` for numbers of companies, which stay whole.
fn phone_keep(normalised: &str) -> Option<usize> {
    let digits: String = normalised.chars().filter(|c| c.is_ascii_digit() || *c == '*').collect();
    let country = match &digits {
        d if d.starts_with("0086") => 4,
        d if d.starts_with("86") => 2,
        _ => 0,
    };
    let own = &digits[country..];
    match own.as_bytes() {
        [b'4' | b'8', b'0', b'0', ..] if own.len() == 10 => None,
        [b'0', b'1' | b'2', ..] => Some(country + 3),
        [b'0', ..] => Some(country + 4),
        [b'1', ..] if own.len() == 11 => Some(country + 4),
        _ => Some(0),
    }
}

/// Runs of eleven digits and more, whatever they are.
fn long_numbers(text: &str) -> Vec<Stretch> {
    let found = LONG.iter().flat_map(|pattern| pattern.find_iter(text));
    let stretch = |found: regex::Match<'_>| {
        let digits = found.as_str().chars().filter(|c| c.is_numeric()).count();
        let ends_in_x = found.as_str().ends_with(['X', 'x', 'Ｘ', 'ｘ']);
        let (kind, keep) = match digits {
            11 if found.as_str().starts_with(['1', '１']) => (MaskKind::Phone, 4),
            15 | 18 => (MaskKind::IdCard, 3),
            17 if ends_in_x => (MaskKind::IdCard, 3),
            16 | 19 => (MaskKind::BankCard, 4),
            _ => (MaskKind::LongNumber, 4),
        };
        Stretch { range: found.range(), kind, keep }
    };
    found.map(stretch).collect()
}

fn by_pattern(text: &str, pattern: Option<&Regex>, kind: MaskKind) -> Vec<Stretch> {
    let captures = pattern.into_iter().flat_map(|pattern| pattern.captures_iter(text));
    captures.filter_map(|found| found.get(1)).map(|own| Stretch { range: own.range(), kind, keep: 0 }).collect()
}

fn person_names(text: &str) -> Vec<Stretch> {
    let (bytes, characters): (Vec<usize>, Vec<char>) = text.char_indices().unzip();
    let end = |at: usize| bytes.get(at).copied().unwrap_or(text.len());
    let found = names::find(&characters).into_iter();
    found.map(|name| Stretch { range: end(name.start)..end(name.end), kind: MaskKind::Name, keep: 0 }).collect()
}

/// Whether a text is nothing but a number that identifies a person: no id of a ticket.
pub fn is_personal_number(text: &str) -> bool {
    let analysed = Text::new(None, text.trim());
    analysed.facts().iter().any(|fact| {
        let whole = fact.range.start == 0 && fact.range.end == analysed.len();
        let mobile = fact.kind == FactKind::Phone && analysed.normalised().starts_with('1');
        whole && (mobile || fact.kind == FactKind::IdCard)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All persons and numbers are made up; the identity number and the card only pass their checks.
    #[test]
    fn what_identifies_a_person_is_masked_and_the_rest_stays() {
        for (text, expect) in [
            ("电话13800138000，请回电", "电话1380*******，请回电"),
            ("电话138 0013 8000，请回电", "电话138 0*** ****，请回电"),
            ("１３８００１３８０００", "１３８０*******"),
            ("+86 13800138000", "+86 1380*******"),
            ("座机0898-66668888打不通", "座机0898-********打不通"),
            ("拨打66668888没人接", "拨打********没人接"),
            ("客服400-123-4567不理", "客服400-123-4567不理"),
            ("打了12345和110", "打了12345和110"),
            ("身份证11010519491231002X，", "身份证110***************，"),
            ("身份证110105194912310021（有误）", "身份证110***************（有误）"),
            ("卡号6222 0212 3456 7890 123", "卡号6222 **** **** **** ***"),
            ("车牌粤A12345违停", "车牌粤A*****违停"),
            ("邮箱zhang.san@example.com，谢谢", "邮箱*********@example.com，谢谢"),
            ("微信号：abc_12345，", "微信号：*********，"),
            ("QQ 123456789", "QQ *********"),
            ("订单号20260501123456789未发货", "订单号2026*************未发货"),
            ("a13800138000b", "a1380*******b"),
            ("1380013800013900139000", "1380******************"),
            ("张先生反映", "某先生反映"),
            ("市民张三丰来电反映", "市民某某某来电反映"),
            ("联系人：李四，电话13800138000", "联系人：某某，电话1380*******"),
            ("欠薪3500元，2026年5月1日起，3栋2单元501", "欠薪3500元，2026年5月1日起，3栋2单元501"),
            ("人民路12号漏水", "人民路12号漏水"),
            ("已是138****5678", "已是138********"),
            ("", ""),
        ] {
            assert_eq!(masked(text), expect, "{text}");
        }
    }

    #[test]
    fn every_kind_is_counted() {
        let mut counts = Counts::new();
        mask("王女士13800138000，李先生13900139000，粤A12345", &[], &mut counts);
        mask("没有什么要遮盖的", &[], &mut counts);
        let counts: Vec<_> = counts.into_iter().collect();
        assert_eq!(counts, [(MaskKind::Phone, 2), (MaskKind::Plate, 1), (MaskKind::Name, 2)]);
    }

    #[test]
    fn what_the_columns_say_of_persons_is_found_in_texts() {
        let persons: Vec<String> =
            ["寅一一", "7654321", "匿名", "某公司物业管理处", "女", "辰·巳"].into_iter().filter_map(person).collect();
        assert_eq!(persons, ["寅一一", "7654321", "辰·巳"]);
        let out = mask("寅一一说电话7654321打不通，辰·巳也在，匿名的女同事", &persons, &mut Counts::new());
        assert_eq!(out, "某某某说电话*******打不通，某某某也在，匿名的女同事");
    }

    #[test]
    fn numbers_of_persons_are_no_ids() {
        for (text, expect) in [
            ("13800138000", true),
            ("11010519491231002X", true),
            ("20260501000123", false),
            ("0898-66668888", false),
            ("A1", false),
        ] {
            assert_eq!(is_personal_number(text), expect, "{text}");
        }
    }

    /// Whether somewhere eleven digits follow one another, the first two of a mobile number.
    fn has_mobile(text: &str) -> bool {
        let digits: Vec<u32> = text
            .chars()
            .map(|c| c.to_digit(10).or((c as u32).checked_sub('０' as u32).filter(|d| *d < 10)).unwrap_or(99))
            .collect();
        digits.windows(11).any(|run| run.iter().all(|d| *d < 10) && run[0] == 1 && run[1] >= 3)
    }

    proptest! {
        #[test]
        fn no_mobile_number_is_left(
            text in "([0-9]{1,13}|1[3-9][0-9]{9}|[０-９]{11}|[ 张李先生女士联系人：电话a-zA-Z粤@.*&;#\\-]|[一-龥]){0,12}"
        ) {
            let out = masked(&text);
            prop_assert!(!has_mobile(&out), "{} -> {}", text, out);
            prop_assert_eq!(out.trim().is_empty(), text.trim().is_empty());
            prop_assert_eq!(out.chars().count(), text.chars().count(), "spans stay where they are");
            // Masking again hides nothing more of what is a number by its digits.
            prop_assert!(!has_mobile(&masked(&out)));
        }

        #[test]
        fn the_rest_stays(before in "[一二三四五六七。]{0,5}", after in "[一二三四五六七。]{0,5}") {
            let text = format!("{before}，13800138000，{after}");
            prop_assert_eq!(masked(&text), format!("{before}，1380*******，{after}"));
        }
    }
}
