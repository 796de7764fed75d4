//! The report as people read it.

use std::fmt::Write;

use super::report::{LabelReport, Report};
use crate::say;
use crate::source::{Lang, Message};
use crate::text::mask::MaskKind;

/// Names that match nothing, shown at the most.
const NAMES: usize = 20;

/// The report in a language, one paragraph a matter.
pub(super) fn text(report: &Report, lang: Lang) -> String {
    let mut page = Page { out: String::new(), lang };
    page.files(report);
    page.mapping(report);
    page.counts(report);
    page.masked(report);
    page.labels(&report.departments, &say!("承办单位", "departments"), "departments");
    page.labels(&report.regions, &say!("属地", "regions"), "regions");
    for note in &report.notes {
        let (zh, en) = (&note.zh, &note.en);
        page.line(&say!("注意：{zh}", "note: {en}"));
    }
    page.end(report);
    page.out
}

struct Page {
    out: String,
    lang: Lang,
}

impl Page {
    fn line(&mut self, message: &Message) {
        let _ = writeln!(self.out, "{}", message.in_lang(self.lang));
    }

    fn word(&self, zh: &'static str, en: &'static str) -> &'static str {
        match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    fn files(&mut self, report: &Report) {
        for file in &report.files {
            let mut about = vec![file.format.clone()];
            about.extend(file.encoding.clone());
            if let Some(sheet) = &file.sheet {
                about.push(say!("工作表“{sheet}”", "sheet `{sheet}`").in_lang(self.lang).to_owned());
            }
            if let Some(row) = file.header_row.filter(|row| *row > 1) {
                about.push(say!("表头在第 {row} 行", "header in row {row}").in_lang(self.lang).to_owned());
            }
            let (path, rows, about) = (&file.path, file.rows, about.join(self.word("，", ", ")));
            self.line(&say!("{path}：{rows} 行（{about}）", "{path}: {rows} rows ({about})"));
            if file.undecodable > 0 {
                let count = file.undecodable;
                self.line(&say!(
                    "  有 {count} 个字符按这种编码读不出来，写成了 �；若不对请用 --encoding 指定",
                    "  {count} characters are none in this encoding and were written as �: see --encoding"
                ));
            }
        }
    }

    fn mapping(&mut self, report: &Report) {
        self.line(&say!("\n列的对应关系：", "\nColumns:"));
        for chosen in &report.mapping {
            let (field, chinese) = (chosen.field.name(), chosen.field.chinese());
            let (columns, sample) = (chosen.columns.join(" / "), &chosen.sample);
            let (zh, en) = (&chosen.why.zh, &chosen.why.en);
            self.line(&say!(
                "  {chinese}（{field}）← {columns}　依据：{zh}　例：{sample}",
                "  {field} ← {columns}   because of {en}   such as: {sample}"
            ));
        }
        if !report.personal.is_empty() {
            let columns = report.personal.join("、");
            self.line(&say!("  不导入，是个人信息：{columns}", "  left out, about persons: {columns}"));
        }
        if !report.unused.is_empty() {
            let columns = report.unused.join("、");
            self.line(&say!("  没有用到：{columns}", "  not used: {columns}"));
        }
        if let Some(path) = &report.mapping_file {
            self.line(&match report.mapping_saved {
                true => say!(
                    "  已存入 {path}，下次照此办理，可以手工修改",
                    "  saved to {path} for the next time: edit it freely"
                ),
                false => say!("  文件：{path}", "  file: {path}"),
            });
        }
    }

    fn counts(&mut self, report: &Report) {
        let (read, written) = (report.read, report.written);
        let left = read - written;
        self.line(&say!(
            "\n读入 {read} 行，得到 {written} 条案例，略去 {left} 行",
            "\n{read} rows read, {written} cases, {left} rows left out"
        ));
        for left in &report.left_out {
            let (count, Message { zh, en }) = (left.count, left.reason.message());
            let example = |example: &super::Example| {
                let (row, detail) = (example.row, &example.detail);
                let detail = if detail.is_empty() { String::new() } else { format!("“{detail}”") };
                say!("第 {row} 行{detail}", "row {row} {detail}").in_lang(self.lang).trim_end().to_owned()
            };
            let examples = left.examples.iter().take(3).map(example).collect::<Vec<_>>().join(self.word("，", ", "));
            self.line(&say!("  {zh}：{count} 行，如{examples}", "  {en}: {count}, such as {examples}"));
        }
        if report.near_copies > 0 {
            let count = report.near_copies;
            self.line(&say!(
                "  其中 {count} 条与前面的几乎相同，照样保留（重复反映也是信息；要去掉用 --drop-near-copies）",
                "  {count} of the cases are nearly the same as one before and were kept (--drop-near-copies leaves them out)"
            ));
        }
        match &report.days {
            Some((first, last)) => self.line(&say!("日期：{first} 至 {last}", "days: {first} to {last}")),
            None => self.line(&say!("日期：没有", "days: none")),
        }
        if report.undated > 0 && report.days.is_some() {
            let count = report.undated;
            self.line(&say!("  {count} 条没有日期", "  {count} without one"));
        }
    }

    fn masked(&mut self, report: &Report) {
        if report.masked.is_empty() {
            self.line(&say!("遮盖：没有需要遮盖的内容", "masked: nothing"));
            return;
        }
        let one = |(kind, count): (&MaskKind, &u64)| match (kind, self.lang) {
            (MaskKind::Phone, Lang::Zh) => format!("电话 {count}"),
            (MaskKind::IdCard, Lang::Zh) => format!("身份证号 {count}"),
            (MaskKind::BankCard, Lang::Zh) => format!("银行卡号 {count}"),
            (MaskKind::LongNumber, Lang::Zh) => format!("其他长数字 {count}"),
            (MaskKind::Plate, Lang::Zh) => format!("车牌 {count}"),
            (MaskKind::Email, Lang::Zh) => format!("邮箱 {count}"),
            (MaskKind::Account, Lang::Zh) => format!("微信、QQ、护照 {count}"),
            (MaskKind::Name, Lang::Zh) => format!("姓名 {count}"),
            (MaskKind::Phone, Lang::En) => format!("{count} telephone numbers"),
            (MaskKind::IdCard, Lang::En) => format!("{count} identity numbers"),
            (MaskKind::BankCard, Lang::En) => format!("{count} bank cards"),
            (MaskKind::LongNumber, Lang::En) => format!("{count} other long numbers"),
            (MaskKind::Plate, Lang::En) => format!("{count} plates"),
            (MaskKind::Email, Lang::En) => format!("{count} e-mail addresses"),
            (MaskKind::Account, Lang::En) => format!("{count} accounts"),
            (MaskKind::Name, Lang::En) => format!("{count} names"),
        };
        let all = report.masked.iter().map(one).collect::<Vec<_>>().join(self.word("，", ", "));
        self.line(&say!("遮盖：{all}", "masked: {all}"));
    }

    fn labels(&mut self, labels: &LabelReport, what: &Message, key: &str) {
        let (matched, unmatched) = (labels.matched, labels.unmatched);
        if matched + unmatched == 0 {
            return;
        }
        let (zh, en) = (&what.zh, &what.en);
        self.line(&say!(
            "{zh}：{matched} 条对上规则包，{unmatched} 条没对上",
            "{en}: {matched} found in the bundle, {unmatched} not"
        ));
        for name in labels.names.iter().take(NAMES) {
            let (count, shown) = (name.count, &name.name);
            self.line(&match &name.near {
                Some((id, near)) => {
                    say!("  {shown} × {count}　相近：{near}（{id}）", "  {shown} × {count}   near: {near} ({id})")
                }
                None => say!("  {shown} × {count}", "  {shown} × {count}"),
            });
        }
        let more = labels.names.len().saturating_sub(NAMES);
        if more > 0 {
            self.line(&say!("  还有 {more} 个（用 --json 看全部）", "  and {more} more (see --json)"));
        }
        if unmatched > 0 {
            self.line(&say!(
                "  没对上的照原名写出；可以在 rules/{key}.yaml 里加别名，或在对应关系文件的 {key} 下写“名称: 编号”",
                "  these stand by their names: add them as aliases in rules/{key}.yaml, or as `name: id` under {key} in the mapping"
            ));
        }
    }

    fn end(&mut self, report: &Report) {
        let (to, written) = (&report.to, report.written);
        self.line(&match report.dry_run {
            true => say!("试运行，没有写任何文件", "a dry run: nothing was written"),
            false => say!("已写入 {to}：{written} 条", "wrote {written} cases to {to}"),
        });
    }
}
