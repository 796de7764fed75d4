//! The report of an import of tickets as people read it.

use std::fmt::Write;

use super::tickets::TicketReport;
use crate::say;
use crate::source::{Lang, Message};

/// Bad rows that are shown.
const SHOWN: usize = 20;

impl TicketReport {
    /// The report for people.
    pub fn in_lang(&self, lang: Lang) -> String {
        let mut out = String::new();
        let mut line = |message: Message| {
            let _ = writeln!(out, "{}", message.in_lang(lang));
        };
        for file in &self.files {
            let (path, rows, format) = (&file.path, file.rows, &file.format);
            let encoding = file.encoding.as_ref().map(|encoding| format!(", {encoding}")).unwrap_or_default();
            line(say!("{path}：{rows} 行（{format}{encoding}）", "{path}: {rows} rows ({format}{encoding})"));
            if file.undecodable > 0 {
                let count = file.undecodable;
                line(say!(
                    "  有 {count} 个字符按这种编码读不出来，写成了 �；若不对请用 --encoding 指定",
                    "  {count} characters are none in this encoding and were written as �: see --encoding"
                ));
            }
        }
        line(say!("\n列的对应关系：", "\nColumns:"));
        for chosen in &self.mapping {
            let (name, chinese, columns) = (chosen.field.name(), chosen.field.chinese(), chosen.columns.join(" / "));
            let (Message { zh, en }, sample) = (&chosen.why, &chosen.sample);
            line(say!(
                "  {chinese}（{name}）← {columns}　依据：{zh}　例：{sample}",
                "  {name} ← {columns}   because of {en}   such as: {sample}"
            ));
        }
        if !self.unused.is_empty() {
            let columns = self.unused.join("、");
            line(say!("  没有用到：{columns}", "  not used: {columns}"));
        }
        let path = &self.mapping_file;
        if self.mapping_saved {
            line(say!(
                "  已存入 {path}，下次照此办理，可以手工修改",
                "  saved to {path} for the next time: edit it freely"
            ));
        }
        let (read, new, known, bad) = (self.read, self.new, self.known, self.bad);
        line(match self.dry_run {
            true => say!(
                "\n试运行，没有写任何东西。读入 {read} 行：可立 {new} 张工单，{known} 行此前已导入，{bad} 行有错",
                "\na dry run: nothing was written. {read} rows read: {new} would be new tickets, {known} were imported before, {bad} are bad"
            ),
            false => say!(
                "\n读入 {read} 行：新立 {new} 张工单，{known} 行此前已导入，{bad} 行有错",
                "\n{read} rows read: {new} new tickets, {known} imported before, {bad} bad"
            ),
        });
        for bad in self.bad_rows.iter().take(SHOWN) {
            let (row, column, Message { zh, en }) = (bad.row, &bad.column, &bad.why);
            let (zh_at, en_at) = match (row, column.is_empty()) {
                (0, _) => (String::new(), String::new()),
                (_, true) => (format!("第 {row} 行："), format!("row {row}: ")),
                (_, false) => (format!("第 {row} 行“{column}”："), format!("row {row}, `{column}`: ")),
            };
            line(say!("  {zh_at}{zh}", "  {en_at}{en}"));
        }
        let more = bad.saturating_sub(SHOWN as u64);
        if more > 0 {
            line(say!("  还有 {more} 行", "  and {more} more"));
        }
        for path in &self.bad_files {
            line(say!(
                "有错的行存在 {path}（含个人信息），改好后直接导入这个文件",
                "bad rows are kept in {path} (personal data within): mend them and import that file"
            ));
        }
        out
    }
}
