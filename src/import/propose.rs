//! A mapping proposed from the names of the columns and from what stands in them.
//!
//! Names come first: whoever called a column 诉求内容 meant it. What stands in a column can refuse a name (a 受理时间
//! without dates) and can stand in for one. The same table always gives the same proposal.

use super::dates::{self, DateOrder};
use super::field::{Field, Purpose};
use super::headers;
use super::labels::Labels;
use super::mapping::{Columns, Mapping, Plan, list};
use super::table::Row;
use crate::say;
use crate::source::Message;
use crate::text::mask::is_personal_number;

/// Rows that are looked at.
const LOOKED_AT: usize = 300;
/// Chinese characters that a text has on average.
const TEXT: f64 = 12.0;
/// Words in the names of columns with days on which something else happened than that the matter came in.
const LATER: &[&str] = &[
    "办结", "回访", "答复", "派单", "截止", "完成", "结束", "反馈", "处理", "签收", "到期", "更新", "end", "close",
    "update",
];
/// In which order columns without a telling name are taken.
const BY_VALUES: [Field; 6] =
    [Field::OpenedOn, Field::ReceivedAt, Field::Department, Field::District, Field::Text, Field::Id];

/// What stands in a column.
struct Look<'a> {
    name: &'a str,
    values: Vec<&'a str>,
    /// Of the rows looked at, how many have something there.
    filled: f64,
    /// Of the values, how many are different.
    different: f64,
    /// Of the values, how many are dates written with separators or words.
    dates: f64,
    /// Chinese characters of a value, on average.
    chinese: f64,
}

/// A proposal: the mapping, with the reason for each field.
#[derive(Debug)]
pub(super) struct Proposed {
    pub(super) mapping: Mapping,
    pub(super) plan: Plan,
    pub(super) why: Vec<(Field, Message)>,
}

/// Names of departments and regions that are known.
pub(super) struct KnownLabels<'a, 'b> {
    pub(super) departments: &'a Labels<'b>,
    pub(super) regions: &'a Labels<'b>,
}

/// Proposes a mapping for a table whose rows become this.
///
/// # Errors
/// No column holds texts. The message shows the columns and a mapping to be filled in.
pub(super) fn propose(
    columns: &[String],
    rows: &[&Row],
    known: &KnownLabels<'_, '_>,
    purpose: Purpose,
) -> Result<Proposed, Message> {
    let looks: Vec<Look<'_>> = columns.iter().enumerate().map(|(place, name)| look(name, place, rows)).collect();
    let mut chooser = Chooser { looks: &looks, purpose, plan: Plan::default(), why: Vec::new() };
    if purpose == Purpose::Cases {
        chooser.levels();
    }
    for by_name in [headers::exact, headers::within] {
        chooser.by_name(by_name);
    }
    for field in BY_VALUES.into_iter().filter(|field| purpose.fields().contains(field)) {
        chooser.by_values(field, known);
    }
    let Chooser { mut plan, mut why, .. } = chooser;
    plan.find_persons(columns);
    if plan.of(Field::Text).is_empty() {
        return Err(no_text(&looks, columns, purpose));
    }
    why.sort_by_key(|(field, _)| *field);
    let mut named = Columns::default();
    for field in Field::ALL {
        named.set(field, plan.of(field).iter().map(|place| name_of(*place, columns)).collect());
    }
    let dated = plan.of(Field::OpenedOn).iter().chain(plan.of(Field::ReceivedAt));
    let dates = dated.flat_map(|place| looks[*place].values.iter().copied());
    let mapping = Mapping { columns: named, date_order: DateOrder::of(dates), ..Mapping::default() };
    Ok(Proposed { mapping, plan, why })
}

/// The name by which a column is found again: its own, or its number where two have it.
fn name_of(place: usize, columns: &[String]) -> String {
    let name = &columns[place];
    let is_only = columns.iter().filter(|column| *column == name).count() == 1;
    if is_only { name.clone() } else { format!("#{}", place + 1) }
}

fn look<'a>(name: &'a str, place: usize, rows: &[&'a Row]) -> Look<'a> {
    let rows = &rows[..rows.len().min(LOOKED_AT)];
    let cells = rows.iter().filter_map(|row| row.cells.get(place)).map(|cell| cell.trim());
    let values: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
    let share = |count: usize| count as f64 / values.len().max(1) as f64;
    let mut different = values.clone();
    different.sort_unstable();
    different.dedup();
    let is_written = |value: &&&str| {
        value.contains(['-', '/', '年', '.', ':'])
            && dates::parse(value, DateOrder::Dmy).or_else(|| dates::parse(value, DateOrder::Mdy)).is_some()
    };
    let is_han = |c: &char| ('\u{3400}'..='\u{9FFF}').contains(c);
    Look {
        name,
        filled: values.len() as f64 / rows.len().max(1) as f64,
        different: share(different.len()),
        dates: share(values.iter().filter(is_written).count()),
        chinese: share(values.iter().map(|value| value.chars().filter(is_han).count()).sum()),
        values,
    }
}

impl Look<'_> {
    fn share(&self, is: impl Fn(&str) -> bool) -> f64 {
        self.values.iter().filter(|value| is(value)).count() as f64 / self.values.len().max(1) as f64
    }

    /// Whether what stands in the column speaks against a field that its name speaks for.
    fn refuses(&self, field: Field) -> bool {
        match field {
            // Any date will do here, numbers too.
            Field::OpenedOn | Field::ReceivedAt => {
                self.share(|value| {
                    dates::parse(value, DateOrder::Dmy).or_else(|| dates::parse(value, DateOrder::Mdy)).is_some()
                }) < 0.5
            }
            Field::Id => self.different < 0.3 && self.values.len() > 10 || self.share(is_personal_number) > 0.1,
            // 联系方式 may hold words such as 回电; most should be numbers all the same.
            Field::ContactPhone => self.share(|value| value.bytes().filter(u8::is_ascii_digit).count() >= 5) < 0.5,
            _ => self.values.is_empty(),
        }
    }
}

struct Chooser<'a> {
    looks: &'a [Look<'a>],
    purpose: Purpose,
    plan: Plan,
    why: Vec<(Field, Message)>,
}

impl Chooser<'_> {
    fn is_free(&self, place: usize) -> bool {
        !self.plan.takes(place) && !headers::is_personal(self.looks[place].name)
    }

    fn take(&mut self, field: Field, places: Vec<usize>, why: Message) {
        self.plan.set(field, places);
        self.why.push((field, why));
    }

    /// 一级分类, 二级分类 … together are the category.
    fn levels(&mut self) {
        let levels = self.looks.iter().enumerate().filter(|(_, look)| !look.refuses(Field::Category));
        let mut levels: Vec<(u8, usize)> =
            levels.filter_map(|(place, look)| Some((headers::level(look.name)?, place))).collect();
        levels.sort_unstable();
        levels.dedup_by_key(|(level, _)| *level);
        if !levels.is_empty() {
            let count = levels.len();
            let places = levels.into_iter().map(|(_, place)| place).collect();
            self.take(
                Field::Category,
                places,
                say!("列名是各级分类（{count} 级）", "named as levels of a category ({count})"),
            );
        }
    }

    fn by_name(&mut self, of_name: fn(&str, Purpose) -> Option<(Field, usize)>) {
        for field in self.purpose.fields().iter().copied() {
            if !self.plan.of(field).is_empty() {
                continue;
            }
            let named = self.looks.iter().enumerate().filter_map(|(place, look)| {
                let (_, rank) = of_name(look.name, self.purpose).filter(|(named, _)| *named == field)?;
                let is_free = if field.is_contact() { !self.plan.takes(place) } else { self.is_free(place) };
                (is_free && headers::level(look.name).is_none() && !look.refuses(field)).then_some((rank, place))
            });
            if let Some((_, place)) = named.min() {
                self.take(field, vec![place], say!("列名", "its name"));
            }
        }
    }

    fn by_values(&mut self, field: Field, known: &KnownLabels<'_, '_>) {
        if !self.plan.of(field).is_empty() {
            return;
        }
        let percent = |share: f64| (share * 100.0).round();
        let free = self.looks.iter().enumerate().filter(|(place, look)| self.is_free(*place) && look.filled >= 0.5);
        let found = match field {
            Field::OpenedOn | Field::ReceivedAt => {
                let is_later = |name: &str| LATER.iter().any(|word| headers::key(name).contains(word));
                let dated = free.filter(|(_, look)| look.dates >= 0.9 && !is_later(look.name));
                let first =
                    |look: &Look<'_>| look.values.iter().filter_map(|value| dates::parse(value, DateOrder::Ymd)).min();
                let earliest = dated.min_by_key(|(place, look)| (first(look).is_none(), first(look), *place));
                earliest
                    .map(|(place, look)| (place, percent(look.dates)))
                    .map(|(place, share)| (place, say!("内容是日期（{share}%）", "its values are dates ({share} %)")))
            }
            Field::Department | Field::District => {
                let labels = if field == Field::Department { known.departments } else { known.regions };
                let scored = free.map(|(place, look)| (look.share(|value| labels.knows(value)), place));
                let best =
                    scored.filter(|(share, _)| *share >= 0.5).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
                best.map(|(share, place)| {
                    let share = percent(share);
                    (place, say!("内容是规则包里的名称（{share}%）", "its values are names of the bundle ({share} %)"))
                })
            }
            Field::Text => {
                let long = free.filter(|(_, look)| look.chinese >= TEXT && look.different >= 0.3 && look.dates < 0.5);
                let longest = long.max_by(|a, b| a.1.chinese.total_cmp(&b.1.chinese).then(b.0.cmp(&a.0)));
                longest.map(|(place, look)| {
                    let length = look.chinese.round();
                    (
                        place,
                        say!(
                            "内容是长文本（平均 {length} 个汉字）",
                            "its values are long texts ({length} Chinese characters on average)"
                        ),
                    )
                })
            }
            Field::Id => free
                .filter(|(_, look)| {
                    look.filled == 1.0 && look.different == 1.0 && look.values.len() > 1 && look.dates < 0.5
                })
                .find(|(_, look)| look.share(is_like_id) == 1.0)
                .map(|(place, _)| (place, say!("内容各不相同，像编号", "its values are all different, and like ids"))),
            _ => None,
        };
        if let Some((place, why)) = found {
            self.take(field, vec![place], why);
        }
    }
}

/// Six to forty letters, digits and hyphens, with digits among them; not a person's number.
fn is_like_id(value: &str) -> bool {
    let characters = value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    characters
        && (6..=40).contains(&value.len())
        && value.bytes().any(|b| b.is_ascii_digit())
        && !is_personal_number(value)
}

fn no_text(looks: &[Look<'_>], columns: &[String], purpose: Purpose) -> Message {
    let shown = |lang_zh: bool| {
        let line = |look: &Look<'_>| {
            let (name, filled, chinese) = (look.name, (look.filled * 100.0).round(), look.chinese.round());
            if lang_zh {
                format!("  {name}：{filled}% 的行有内容，平均 {chinese} 个汉字")
            } else {
                format!("  {name}: {filled} % of rows have something, {chinese} Chinese characters on average")
            }
        };
        looks.iter().take(50).map(line).collect::<Vec<_>>().join("\n")
    };
    let (zh, en) = (shown(true), shown(false));
    let names = list(columns);
    let fields: &[&str] = match purpose {
        Purpose::Cases => &["text", "id", "department", "category", "opened_on"],
        Purpose::Tickets => &["text", "external_id", "channel", "district", "received_at", "contact_phone"],
    };
    let template: String = fields.iter().map(|field| format!("\n  {field}: [列名]")).collect();
    let template = format!("columns:{template}");
    say!(
        "找不到诉求内容在哪一列。现有的列：{names}\n{zh}\n请把下面几行存成文件，填好列名（只有 text 必填），用 --mapping 指定：\n{template}",
        "no column seems to hold the texts. Columns: {names}\n{en}\nSave these lines as a file, fill in the columns (only `text` is needed), and name it with --mapping:\n{template}"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeMap;

    use crate::import::labels::Kind;

    /// The proposal for a table written one row a line, as `field=column` in order of fields.
    fn proposed(table: &str) -> Result<String, String> {
        let mut lines =
            table.lines().map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
        let columns = lines.next().unwrap();
        let rows: Vec<Row> = lines.zip(2..).map(|(cells, number)| Row { number, cells }).collect();
        let given =
            BTreeMap::from([("市水务局".to_owned(), "water".to_owned()), ("东区".to_owned(), "east".to_owned())]);
        let departments = Labels::new(Kind::Department, None, &given).unwrap();
        let regions = Labels::new(Kind::Region, None, &given).unwrap();
        let known = KnownLabels { departments: &departments, regions: &regions };
        let proposed = propose(&columns, &rows.iter().collect::<Vec<_>>(), &known, Purpose::Cases)
            .map_err(|message| message.en)?;
        // What is written finds the same columns again.
        assert_eq!(proposed.mapping.plan(&columns).unwrap(), proposed.plan);
        let all: Vec<String> =
            proposed.mapping.columns.all().map(|(field, name)| format!("{}={name}", field.name())).collect();
        Ok(all.join(" "))
    }

    #[test]
    fn columns_are_found_by_name() {
        for (table, expect) in [
            (
                "序号|工单编号|诉求标题|诉求内容|承办单位|区县|受理时间|办结时间|答复内容|联系电话
                 1|G1|漏水|路面漏水了|水务局|东区|2018/5/1 10:20|2018/5/3|已修|13800138000",
                "id=工单编号 title=诉求标题 text=诉求内容 department=承办单位 district=区县 reply=答复内容 opened_on=受理时间",
            ),
            (
                "受理编号|来电内容|一级分类|三级分类|二级分类|责任部门
                 1|路面漏水|城建|水管|供水|水务局",
                "id=受理编号 text=来电内容 category=一级分类 category=二级分类 category=三级分类 department=责任部门",
            ),
            (
                "id|text|title|opened_on|department\n1|漏水|题|2018-05-01|water",
                "id=id title=title text=text department=department opened_on=opened_on",
            ),
            ("市民诉求内容|承办单位名称|承办单位编码\n漏水|水务局|0012", "text=市民诉求内容 department=承办单位名称"),
            // A name that its values refuse.
            ("内容|受理时间\n漏水|已受理", "text=内容"),
            ("问题描述|工单内容\n|漏水", "text=工单内容"),
            ("内容|内容\n甲|乙", "text=#1"),
        ] {
            assert_eq!(proposed(table).as_deref(), Ok(expect), "{table}");
        }
    }

    #[test]
    fn columns_are_found_by_values() {
        let table = "A|B|C|D|E|F
            SZ2018050100001|2018/5/9|2018/5/1 10:20|人民路和解放路交叉口的自来水管漏水，流到马路上三天了|市水务局|东区
            SZ2018050100002|2018/5/9|2018/5/2 11:20|小区门口的下水道堵塞，污水倒流到一楼住户家里没人管|市水务局|东区
            SZ2018050100003|2018/5/9|2018/5/3 12:20|半夜工地施工噪音很大，影响小区居民休息，希望尽快处理|城管局|西区";
        assert_eq!(proposed(table).as_deref(), Ok("id=A text=D department=E district=F opened_on=C"));
    }

    #[test]
    fn without_texts_the_columns_are_shown() {
        let error = proposed("甲|乙|联系人\n1|2|张三\n3|4|李四").unwrap_err();
        for word in ["甲、乙、联系人", "text: [列名]", "--mapping"] {
            assert!(error.contains(word), "{error}");
        }
        assert!(!error.contains("张三"), "{error}");
        assert!(proposed("联系方式\n请拨打热线电话号码联系我本人并且请不要在晚上打电话").is_err());
    }
}
