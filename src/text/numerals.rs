//! Numbers as they are written in Chinese text: `3,500.50`, `1.2万`, `1万5`, `一万二千`, `三千五`, `二〇一八`, `100多`.
//!
//! The reading of Chinese numerals follows spoken usage: a digit after a unit counts the next lower unit (`三千五` is
//! 3500), unless `零` stands between (`三千零五` is 3005).

/// What one is, in the unit that values are counted in: millionths, enough for `1.2345亿` and for `0.5`.
pub const ONE: u64 = 1_000_000;

/// The greatest value that is read, in millionths: ten trillion. What is larger is no number that a complaint is about.
const GREATEST: u64 = 10_000_000_000_000 * ONE;

/// The most characters a number may have; longer runs are read no further.
const LONGEST: usize = 40;

/// A number read from the beginning of some characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// How many characters it takes.
    pub len: usize,
    /// Its value in millionths.
    pub millionths: u64,
    /// Whether it is said to be inexact: `100多`, `十几`, `三四百`. The value is then the lower bound.
    pub approximate: bool,
    /// Whether it begins with an ASCII digit.
    pub arabic: bool,
    /// Whether it is a row of digits without units, as years and numbers of houses are said (`二〇一八`, `501`).
    pub plain: bool,
}

impl Number {
    /// The value if it is whole and exact.
    pub fn whole(&self) -> Option<u64> {
        (!self.approximate && self.millionths.is_multiple_of(ONE)).then_some(self.millionths / ONE)
    }
}

/// The value of a Chinese digit.
pub fn digit(c: char) -> Option<u64> {
    Some(match c {
        '零' | '〇' | '○' => 0,
        '一' | '壹' | '幺' => 1,
        '二' | '贰' | '两' | '俩' => 2,
        '三' | '叁' | '仨' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

fn small_unit(c: char) -> Option<u64> {
    Some(match c {
        '十' | '拾' => 10,
        '百' | '佰' => 100,
        '千' | '仟' => 1000,
        _ => return None,
    })
}

fn large_unit(c: char) -> Option<u64> {
    match c {
        '万' => Some(10_000),
        '亿' => Some(100_000_000),
        _ => None,
    }
}

/// Whether a number can begin with this character.
pub fn begins(c: char) -> bool {
    c.is_ascii_digit() || digit(c).is_some() || matches!(c, '十' | '拾' | '廿' | '卅' | '半')
}

/// Reads the longest number that the characters begin with. `半` alone is a half. `None` when there is no number or it is
/// beyond ten trillion.
pub fn parse(characters: &[char]) -> Option<Number> {
    let characters = &characters[..characters.len().min(LONGEST)];
    match characters.first()? {
        '半' => Some(Number { len: 1, millionths: ONE / 2, approximate: false, arabic: false, plain: false }),
        c if begins(*c) => Reader::new(characters).read(),
        _ => None,
    }
}

/// Reads left to right, keeping what is settled apart from the digit that may still get a unit.
struct Reader<'a> {
    characters: &'a [char],
    at: usize,
    /// What stands before `万` or `亿` and is settled.
    total: u64,
    /// What has been read since then, below ten thousand.
    section: u64,
    /// The number that a unit may follow.
    pending: Option<u64>,
    /// Whether `pending` is a single digit, so that it may be shorthand for the next lower unit.
    single: bool,
    /// The unit before `pending`, which shorthand counts the tenth of; 1 after `零`.
    unit: u64,
    /// The last large unit; the next must be smaller.
    large: u64,
    approximate: bool,
}

impl<'a> Reader<'a> {
    fn new(characters: &'a [char]) -> Self {
        Self {
            characters,
            at: 0,
            total: 0,
            section: 0,
            pending: None,
            single: false,
            unit: 1,
            large: u64::MAX,
            approximate: false,
        }
    }

    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn read(mut self) -> Option<Number> {
        let arabic = self.characters.first().is_some_and(char::is_ascii_digit);
        if let Some(number) = self.digit_row() {
            return Some(number);
        }
        let mut plain = true;
        while let Some(c) = self.peek() {
            if c.is_ascii_digit() {
                if !self.arabic_digits() {
                    break;
                }
            } else if digit(c).is_some() {
                if !self.chinese_digit(c) {
                    break;
                }
            } else if let Some(value) = match c {
                '廿' => Some(20),
                '卅' => Some(30),
                _ => None,
            } {
                if self.at > 0 {
                    break;
                }
                self.section = value * ONE;
                self.unit = 10;
                self.at += 1;
            } else if self.about(c) {
                plain = false;
                continue;
            } else if let Some(unit) = small_unit(c) {
                if !self.small(unit) {
                    break;
                }
            } else if let Some(unit) = large_unit(c) {
                if !self.large(unit) {
                    break;
                }
            } else {
                break;
            }
            plain &= c.is_ascii_digit() || self.at == 1;
        }
        let unit_follows = self.peek().is_some_and(|c| small_unit(c).or(large_unit(c)).is_some());
        if unit_follows && self.single && self.pending.is_some() && self.unit >= 10 {
            // The digit belongs to a number of its own: `5万6万`.
            self.pending = None;
            self.at -= 1;
        }
        let millionths = self.total.checked_add(self.section)?.checked_add(self.last().unwrap_or(0))?;
        (self.at > 0 && millionths <= GREATEST).then_some(Number {
            len: self.at,
            millionths,
            approximate: self.approximate,
            arabic,
            plain,
        })
    }

    /// Two or more Chinese digits with no unit after them: `二〇一八`, `五〇一`.
    fn digit_row(&self) -> Option<Number> {
        let row = self.characters.iter().map_while(|&c| digit(c).filter(|_| !matches!(c, '两' | '俩' | '仨')));
        let (mut length, mut value) = (0, 0_u64);
        for next in row.take(12) {
            value = value * 10 + next;
            length += 1;
        }
        let unit_follows = self
            .characters
            .get(length)
            .is_some_and(|&c| digit(c).is_some() || small_unit(c).is_some() || large_unit(c).is_some());
        (length > 1 && !unit_follows).then(|| Number {
            len: length,
            millionths: value * ONE,
            approximate: false,
            arabic: false,
            plain: true,
        })
    }

    /// `3,500.50`: digits, with commas between groups of three, and decimals.
    fn arabic_digits(&mut self) -> bool {
        if self.pending.is_some() {
            return false;
        }
        let digits = |from: usize| {
            let run = self.characters.get(from..).unwrap_or_default();
            run.iter().map_while(|c| c.to_digit(10)).map(u64::from)
        };
        let mut end = self.at + digits(self.at).count();
        let mut value = digits(self.at).try_fold(0_u64, |value, d| value.checked_mul(10)?.checked_add(d));
        if end - self.at <= 3 {
            while self.characters.get(end) == Some(&',') && digits(end + 1).count() == 3 {
                let group = digits(end + 1).fold(0, |group, d| group * 10 + d);
                value = value.and_then(|v| v.checked_mul(1000)?.checked_add(group));
                end += 4;
            }
        }
        let Some(mut value) = value.and_then(|v| v.checked_mul(ONE)).filter(|v| *v <= GREATEST) else { return false };
        let whole = end - self.at;
        if self.characters.get(end) == Some(&'.') && digits(end + 1).next().is_some() {
            let places = std::iter::successors(Some(ONE / 10), |place| Some(place / 10));
            value += digits(end + 1).zip(places).map(|(d, place)| d * place).sum::<u64>();
            end += 1 + digits(end + 1).count();
        }
        // After a unit only a digit of shorthand (`1万5`) or all the lower places (`1万5000`) make sense.
        if self.at > 0 && value >= self.unit.saturating_mul(ONE) {
            return false;
        }
        self.single = whole == 1 && end - self.at == 1 && self.at > 0;
        self.pending = Some(value);
        self.at = end;
        true
    }

    fn chinese_digit(&mut self, c: char) -> bool {
        let Some(value) = digit(c) else { return false };
        if value == 0 {
            // `零` stands between units, or is the number nought.
            if self.pending.is_some() {
                return false;
            }
            let more = self.characters.get(self.at + 1).is_some_and(|&n| digit(n).is_some() || small_unit(n).is_some());
            if self.at == 0 {
                self.pending = Some(0);
            } else if !more {
                return false;
            }
            self.unit = 1;
            self.at += 1;
            return true;
        }
        if let Some(before) = self.pending {
            // `三四百`: two neighbours say about how many; anything else is no number.
            let unit_follows =
                self.characters.get(self.at + 1).is_some_and(|&n| small_unit(n).or(large_unit(n)).is_some());
            if !self.single || before + ONE != value * ONE || !unit_follows {
                return false;
            }
            self.approximate = true;
            self.at += 1;
            return true;
        }
        self.pending = Some(value * ONE);
        self.single = true;
        self.at += 1;
        true
    }

    fn small(&mut self, unit: u64) -> bool {
        let count = match self.pending {
            Some(count) => count,
            // `十` alone is one of itself.
            None if unit == 10 => ONE,
            None => return false,
        };
        // Units fall: after 百 comes 十. `5百` may have decimals (`1.5千`), and `30百` is not said.
        let fallen = self.section == 0 || unit < self.unit || self.unit == 1 && self.section >= unit * 10 * ONE;
        if count == 0 || count >= 10 * ONE || !fallen {
            return false;
        }
        self.pending = None;
        self.section += count * unit;
        self.unit = unit;
        self.at += 1;
        true
    }

    fn large(&mut self, unit: u64) -> bool {
        // In `一亿五万` the five are not shorthand for anything; in `一百五万` they are.
        let pending = if self.section == 0 { self.pending } else { self.last() };
        let value = self.section + pending.unwrap_or(0);
        let total = if value > 0 && unit < self.large {
            value.checked_mul(unit).and_then(|v| v.checked_add(self.total))
        } else if value == 0 && self.pending.is_none() && self.unit == self.large && unit > self.large {
            // `一万亿`
            self.total.checked_mul(unit)
        } else {
            None
        };
        let Some(total) = total.filter(|t| *t <= GREATEST) else { return false };
        self.total = total;
        self.section = 0;
        self.pending = None;
        self.unit = unit;
        self.large = unit;
        self.at += 1;
        true
    }

    /// What a last number without unit is worth: in `三千五`, five hundred.
    fn last(&self) -> Option<u64> {
        self.pending.map(|p| if self.single { p * (self.unit / 10).max(1) } else { p })
    }

    /// `100多`, `十几`, `两万余`, `三百来`: after a unit or a round number, and before what is counted.
    fn about(&mut self, c: char) -> bool {
        let round = self.pending.map_or(self.unit >= 10 && self.at > 0, |p| !self.single && p >= 10 * ONE);
        let next = self.characters.get(self.at + 1);
        let word = match c {
            '多' | '余' => true,
            '几' => self.pending.is_none() && self.unit == 10,
            // `来` is also "come": only before what money and time are counted in.
            '来' => {
                next.is_some_and(|n| matches!(n, '块' | '元' | '个' | '万' | '天' | '年' | '分' | '平' | '米' | '户'))
            }
            _ => false,
        };
        if !word || !round || self.approximate {
            return false;
        }
        self.approximate = true;
        self.at += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<(String, usize, bool)> {
        let characters: Vec<char> = text.chars().collect();
        let number = parse(&characters)?;
        Some(((number.millionths as f64 / ONE as f64).to_string(), number.len, number.approximate))
    }

    #[test]
    fn whole_numbers() {
        for (text, value) in [
            ("0", "0"),
            ("3500", "3500"),
            ("3,500", "3500"),
            ("1,234,567.5", "1234567.5"),
            ("0.5", "0.5"),
            ("1.2万", "12000"),
            ("1万5", "15000"),
            ("1万5千", "15000"),
            ("1万5000", "15000"),
            ("1万500", "10500"),
            ("12万3", "123000"),
            ("3千5", "3500"),
            ("5百", "500"),
            ("1.5千", "1500"),
            ("2.35亿", "235000000"),
            ("零", "0"),
            ("一", "1"),
            ("两", "2"),
            ("十", "10"),
            ("十二", "12"),
            ("二十", "20"),
            ("二十五", "25"),
            ("廿三", "23"),
            ("一百", "100"),
            ("一百五", "150"),
            ("一百零五", "105"),
            ("一百一十", "110"),
            ("一百一十二", "112"),
            ("三千五", "3500"),
            ("三千零五", "3005"),
            ("三千零五十", "3050"),
            ("两千零三", "2003"),
            ("一万五", "15000"),
            ("一万二千", "12000"),
            ("一万零五", "10005"),
            ("一万零五百", "10500"),
            ("十二万三千", "123000"),
            ("十二万三", "123000"),
            ("一百二十万", "1200000"),
            ("一亿五", "150000000"),
            ("一亿两千万", "120000000"),
            ("一万亿", "1000000000000"),
            ("二〇一八", "2018"),
            ("二零一八", "2018"),
            ("五〇一", "501"),
            ("半", "0.5"),
            ("壹万贰仟", "12000"),
        ] {
            assert_eq!(read(text), Some((value.to_owned(), text.chars().count(), false)), "{text}");
        }
    }

    #[test]
    fn inexact_numbers() {
        for (text, value) in [
            ("100多", "100"),
            ("十几", "10"),
            ("十几万", "100000"),
            ("二十多", "20"),
            ("两万多", "20000"),
            ("100多万", "1000000"),
            ("三四百", "300"),
            ("两三千", "2000"),
            ("五六十", "50"),
            ("300余", "300"),
        ] {
            assert_eq!(read(text), Some((value.to_owned(), text.chars().count(), true)), "{text}");
        }
        assert_eq!(read("三百来块"), Some(("300".to_owned(), 3, true)));
        assert_eq!(read("三百来自"), Some(("300".to_owned(), 2, false)));
    }

    #[test]
    fn stops_where_the_number_stops() {
        for (text, value, length) in [
            ("3500元", "3500", 4),
            ("3.元", "3", 1),
            ("3,50", "3", 1),
            ("一千五元", "1500", 3),
            ("一百千", "100", 2),
            ("十十", "10", 1),
            ("三点", "3", 1),
            ("5万6万", "50000", 2),
            ("一百零", "100", 2),
            ("1万20000", "10000", 2),
        ] {
            assert_eq!(read(text), Some((value.to_owned(), length, false)), "{text}");
        }
    }

    #[test]
    fn no_numbers() {
        for text in ["", "万", "千", "百", "多", "元", "几百", "99999999999999999999999", "。"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    /// The standard reading of a number, written independently of the reader.
    fn say(n: u64) -> String {
        const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
        fn section(n: u64) -> String {
            let mut said = String::new();
            let mut gap = false;
            for (unit, name) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
                let digit = n / unit % 10;
                if digit == 0 {
                    gap = !said.is_empty();
                    continue;
                }
                if gap {
                    said.push('零');
                    gap = false;
                }
                said.push_str(DIGITS[digit as usize]);
                said.push_str(name);
            }
            said
        }
        if n == 0 {
            return "零".to_owned();
        }
        let (high, low) = (n / 10_000, n % 10_000);
        let mut said = String::new();
        if high > 0 {
            said.push_str(&section(high));
            said.push('万');
            if low > 0 && low < 1000 {
                said.push('零');
            }
        }
        said + &section(low)
    }

    proptest! {
        #[test]
        fn reads_what_is_said(n in prop_oneof![0..20_000_u64, 0..100_000_000_u64]) {
            let said = say(n);
            prop_assert_eq!(read(&said), Some((n.to_string(), said.chars().count(), false)), "{}", said);
            // 10 to 19 are usually said without the leading 一.
            if let Some(short) = said.strip_prefix("一十") {
                let short = format!("十{short}");
                prop_assert_eq!(read(&short).map(|r| r.0), Some(n.to_string()), "{}", short);
            }
        }

        #[test]
        fn never_panics(text in "[0-9,.零〇一二两三九十百千万亿半多几余来廿元]{0,50}") {
            if let Some((_, length, _)) = read(&text) {
                prop_assert!(length > 0 && length <= text.chars().count());
            }
        }
    }
}
