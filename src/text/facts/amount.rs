//! Sums of money, in yuan.

use super::scan::{Found as Numeral, Scan};
use super::{FactKind, Found};
use crate::text::numerals::{self, ONE};

/// Words near which a bare number, or one of `块` that could also be a piece of something, is money.
const MONEY: &[&str] = &[
    "交了", "交费", "缴", "收费", "收取", "收了", "花了", "花费", "付了", "支付", "付款", "付", "罚", "押金", "定金",
    "订金", "工资", "月薪", "租金", "房租", "月租", "退款", "退还", "退", "赔偿", "赔", "扣", "价格", "售价", "价",
    "费用", "费", "欠", "借", "充值", "充了", "转账", "骗", "卖", "买", "金额", "要价", "只要", "存", "贷款", "奖金",
    "补贴", "每",
];

/// What makes a sum inexact when it stands before it.
const ABOUT: &[&str] = &["大约", "大概", "差不多", "将近", "接近", "约"];

/// What follows `块` when pieces are counted.
const PIECES: &[char] = &[
    '地', '牌', '石', '砖', '板', '玻', '田', '木', '布', '电', '屏', '空', '草', '菜', '路', '肉', '表', '手', '瓷',
    '广', '墓', '水', '瓦', '铁', '井', '区', '宅', '土', '农', '绿',
];

/// What follows `元` when it is another word.
const NOT_YUAN: &[char] = &['旦', '月', '宵', '素', '件', '老', '朝', '代', '年', '里', '化'];

pub(super) fn read(scan: &Scan<'_>, numeral: &Numeral, found: &mut Found) {
    let sign = matches!(scan.before(scan_back(scan, numeral.start)), Some('¥'));
    let unit = scan.skip_blank(numeral.end);
    // A digit that belongs to a longer run, or to a decimal cut short, is none of ours.
    if numeral.number.arabic && scan.alphanumeric_before(numeral.start)
        || scan.ends_with(numeral.start, &["第", ".", "几", "数"])
    {
        return;
    }
    let Some(read) = with_unit(scan, numeral, unit).or_else(|| bare(scan, numeral, sign)) else { return };
    if read.millionths == 0 {
        return;
    }
    let mut start = if sign { scan_back(scan, numeral.start) - 1 } else { numeral.start };
    let mut approximate = numeral.number.approximate || read.approximate;
    let mut low = None;
    if !sign && let Some((from, value)) = range_start(scan, numeral, read.millionths) {
        (start, low) = (from, Some(value));
    }
    if let Some(about) = ABOUT.iter().find(|word| scan.ends_with(start, &[word])) {
        start -= about.chars().count();
        approximate = true;
    }
    let mut end = read.end;
    if let Some((_, length)) = scan.any(end, &["左右", "上下", "出头"]) {
        end += length;
        approximate = true;
    }
    let mut value = String::from(if approximate { "约" } else { "" });
    if let Some(low) = low {
        value.push_str(&decimal(low));
        value.push('-');
    }
    value.push_str(&decimal(read.millionths));
    found.add(FactKind::Amount, start..end, value);
}

struct Read {
    end: usize,
    millionths: u64,
    approximate: bool,
}

/// `元`, `块`, `毛` and what may follow each.
fn with_unit(scan: &Scan<'_>, numeral: &Numeral, unit: usize) -> Option<Read> {
    let value = numeral.number.millionths;
    let mut approximate = false;
    let (mut end, scale) = match scan.get(unit)? {
        '元' | '圆' if !scan.get(unit + 1).is_some_and(|c| NOT_YUAN.contains(&c)) => (unit + 1, 1),
        '块' if is_money(scan, numeral, unit) => (unit + 1, 1),
        '毛' | '角' if numeral.number.whole().is_some_and(|n| (1..=9).contains(&n)) && is_coin(scan, unit) => {
            (unit + 1, 10)
        }
        'r' if scan.word(unit, "rmb").is_some() => (unit + 3, 1),
        '人' => (unit + scan.word(unit, "人民币")?, 1),
        _ => return None,
    };
    let mut millionths = value / scale;
    if scale == 1
        && let Some(coins) = scan.number_at(end).filter(|n| n.number.whole().is_some_and(|v| v < 10))
    {
        // `3块5`, `3元5角2分`: what follows counts tenths.
        let tenth = coins.number.millionths / 10;
        match scan.get(coins.end) {
            Some('角' | '毛') => {
                millionths += tenth;
                end = coins.end + 1;
                if let Some(cents) = scan.number_at(end).filter(|n| scan.get(n.end) == Some('分')) {
                    millionths += cents.number.millionths / 100;
                    end = cents.end + 1;
                }
            }
            next if scan.get(unit) == Some('块') && next.is_none_or(|c| !counts_something(c)) => {
                millionths += tenth;
                end = coins.end;
            }
            _ => {}
        }
    }
    if let Some((word, length)) = scan.any(end, &["多钱", "多", "余", "钱", "人民币"])
        && !(word == "余" && scan.get(end + 1) == Some('额'))
    {
        approximate = word.starts_with(['多', '余']);
        end += length;
    }
    Some(Read { end, millionths, approximate })
}

/// Whether `块` counts money here and not pieces.
fn is_money(scan: &Scan<'_>, numeral: &Numeral, unit: usize) -> bool {
    let next = scan.get(unit + 1);
    if next == Some('钱') || next.is_some_and(|c| c.is_ascii_digit() || numerals::digit(c).is_some()) {
        return true;
    }
    let pieces = next.is_some_and(|c| PIECES.contains(&c));
    !pieces && (numeral.number.millionths >= 10 * ONE || scan.near_before(numeral.start, 6, MONEY))
}

fn is_coin(scan: &Scan<'_>, unit: usize) -> bool {
    scan.get(unit) == Some('毛') && scan.get(unit + 1) != Some('病') || scan.get(unit + 1) == Some('钱')
}

fn counts_something(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || c != '一' && numerals::begins(c)
        || "个天月年号栋楼元块点级层米斤人次家条种路".contains(c)
}

/// A number without a unit: after `¥`, or beside a word for paying with nothing counted after it (`押金一千五,`).
fn bare(scan: &Scan<'_>, numeral: &Numeral, sign: bool) -> Option<Read> {
    let end = numeral.end;
    let number = &numeral.number;
    let over = match scan.get(end) {
        None => true,
        Some(c) => {
            !c.is_alphanumeric() && !matches!(c, '-' | '/' | '~' | ':' | '%' | '.' | '*' | '°')
                || scan.word(end, "左右").is_some()
        }
    };
    let said = number.millionths >= 100 * ONE
        && (!number.plain || numeral.end - numeral.start <= 6)
        && scan.near_before(numeral.start, 4, MONEY)
        && !scan.ends_with(numeral.start, &["每", "号", "码", ":", "(", "[", "-", "."])
        && !(number.arabic && number.whole().is_some_and(|year| (1990..2100).contains(&year)));
    (sign || over && said).then_some(Read { end, millionths: number.millionths, approximate: false })
}

/// The lower end of `3000-5000元`, `三千到五千元`: where it begins and its value.
fn range_start(scan: &Scan<'_>, numeral: &Numeral, high: u64) -> Option<(usize, u64)> {
    let joint = ["-", "~", "—", "到", "至"].into_iter().find(|word| scan.ends_with(numeral.start, &[word]))?;
    let end = numeral.start - joint.chars().count();
    let position = scan.numbers().partition_point(|n| n.start < numeral.start).checked_sub(1)?;
    let low = &scan.numbers()[position];
    let unit_between = low.end + 1 == end && matches!(scan.get(low.end), Some('元' | '块'));
    let value = low.number.millionths;
    ((low.end == end || unit_between) && value > 0 && value < high && !low.number.approximate)
        .then_some((low.start, value))
}

/// The position before a blank, if one stands there.
fn scan_back(scan: &Scan<'_>, at: usize) -> usize {
    if scan.before(at) == Some(' ') { at - 1 } else { at }
}

/// Millionths of a yuan as a plain decimal without superfluous zeros.
fn decimal(millionths: u64) -> String {
    let (whole, part) = (millionths / ONE, millionths % ONE);
    if part == 0 {
        return whole.to_string();
    }
    format!("{whole}.{part:06}").trim_end_matches('0').to_owned()
}
