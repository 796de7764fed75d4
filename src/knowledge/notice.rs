//! Notices: what is going on now, in some place, from one minute to another.

use std::sync::Arc;

use jiff::civil;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id::{Identified, check_id, check_length};
use crate::say;
use crate::source::{Code, Diagnostic, Document, Minute, Step, schema_of};
use crate::text::normalise;

/// The longest title or word, in characters.
const MAX_LINE: usize = 200;
/// The longest body, in characters.
const MAX_BODY: usize = 5_000;
/// The most words of one notice.
const MAX_WORDS: usize = 200;

/// What stands between the two lines `---`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    id: String,
    title: String,
    #[serde(default)]
    place: Vec<String>,
    #[serde(default)]
    words: Vec<String>,
    from: Minute,
    until: Minute,
    #[serde(default)]
    scenarios: Vec<String>,
}

/// What is going on: an outage, a closure.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    /// Unique among notices.
    pub id: String,
    /// What it is about, in one line.
    pub title: String,
    /// Ids of the regions concerned.
    pub place: Vec<String>,
    /// Names of roads or compounds concerned, normalised as texts are.
    pub words: Vec<String>,
    /// The first minute.
    pub from: Minute,
    /// The minute at which it is over.
    pub until: Minute,
    /// Ids of the scenarios that it answers; empty: whatever is asked.
    pub scenarios: Vec<String>,
    /// What is going on, for how long and what to do; read out as it stands.
    pub body: String,
    /// The file it was read from, for further findings.
    #[serde(skip)]
    pub document: Option<Arc<Document>>,
}

impl Identified for Notice {
    fn id(&self) -> &str {
        &self.id
    }

    fn document(&self) -> Option<&Arc<Document>> {
        self.document.as_ref()
    }
}

impl Notice {
    /// The keys of its front matter, in the order in which they are written.
    pub const KEYS: &[&str] = &["id", "title", "place", "words", "from", "until", "scenarios"];

    /// The JSON Schema of its front matter.
    pub fn schema() -> serde_json::Value {
        schema_of::<FrontMatter>()
    }

    /// Reads a notice from its file, as [`Document::parse_front_matter`] gave it. `None`, with diagnostics, when the
    /// front matter does not fit; a notice with findings of its content is returned with them.
    pub fn read(document: Document, body: String, diagnostics: &mut Vec<Diagnostic>) -> Option<Notice> {
        let front: FrontMatter = document.read(diagnostics)?;
        let words: Vec<String> = front.words.iter().map(|word| normalise(word).trim().to_owned()).collect();
        let notice = Notice {
            id: front.id,
            title: front.title,
            place: front.place,
            words,
            from: front.from,
            until: front.until,
            scenarios: front.scenarios,
            body,
            document: Some(Arc::new(document)),
        };
        notice.check(diagnostics);
        Some(notice)
    }

    /// Whether it is going on: from its first minute until before its last.
    pub fn live_at(&self, at: civil::DateTime) -> bool {
        self.from.0 <= at && at < self.until.0
    }

    /// The warning (J063) for a notice that is over and can be removed.
    pub fn expired(&self, at: civil::DateTime) -> Option<Diagnostic> {
        if at < self.until.0 {
            return None;
        }
        let until = self.until;
        let message = say!("公告已于 {until} 结束，可以删除", "over since {until}: it can be removed");
        Some(self.document.as_ref()?.diagnostic_at(&[Step::Key("until")], Code::ExpiredNotice, message))
    }

    fn check(&self, diagnostics: &mut Vec<Diagnostic>) {
        let Some(document) = &self.document else { return };
        check_id(document, &self.id, diagnostics);
        check_length(document, &[Step::Key("title")], &self.title, MAX_LINE, diagnostics);
        check_length(document, &[], &self.body, MAX_BODY, diagnostics);
        for (index, word) in self.words.iter().enumerate() {
            let steps = [Step::Key("words"), Step::Index(index)];
            check_length(document, &steps, word, MAX_LINE, diagnostics);
            // One character would be found in nearly every complaint.
            if word.chars().count() < 2 {
                let message = say!("地名至少两个字", "a name has at least two characters");
                diagnostics.push(document.diagnostic_at(&steps, Code::EmptyTerm, message));
            }
        }
        if self.words.len() > MAX_WORDS {
            let message = say!("地名最多 {MAX_WORDS} 个", "at most {MAX_WORDS} words");
            diagnostics.push(document.diagnostic_at(&[Step::Key("words")], Code::LimitExceeded, message));
        }
        if self.title.trim().is_empty() || self.body.is_empty() {
            let step = if self.body.is_empty() { Step::KeyItself("title") } else { Step::Key("title") };
            let message = say!("公告没有标题或正文", "a notice needs a title and a text");
            diagnostics.push(document.diagnostic_at(&[step], Code::EmptyContent, message));
        }
        let (from, until) = (self.from, self.until);
        if until <= from {
            let message = say!("结束时间 {until} 不晚于开始时间 {from}", "ends {until}, not after it begins {from}");
            diagnostics.push(document.diagnostic_at(&[Step::Key("until")], Code::InvalidPeriod, message));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use jiff::civil::date;

    const NOTICE: &str = "---\nid: outage\ntitle: 东门街道计划停水\nplace: [dongmen]\nwords: [解放路, 梧桐苑Ａ区]\n\
                          from: 2026-11-25 08:00\nuntil: 2026-11-25 18:00\n---\n停水十小时。\n";

    fn read(text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Notice> {
        let (document, body) = Document::parse_front_matter("n.md", text, diagnostics)?;
        Notice::read(document, body, diagnostics)
    }

    #[test]
    fn a_notice_lives_between_its_minutes() {
        let mut diagnostics = Vec::new();
        let notice = read(NOTICE, &mut diagnostics).unwrap();
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!(notice.words, ["解放路", "梧桐苑a区"]);
        let day = date(2026, 11, 25);
        for (at, live) in [
            (day.at(7, 59, 59, 0), false),
            (day.at(8, 0, 0, 0), true),
            (day.at(17, 59, 0, 0), true),
            (day.at(18, 0, 0, 0), false),
        ] {
            assert_eq!(notice.live_at(at), live, "{at}");
        }
        assert!(notice.expired(day.at(17, 59, 0, 0)).is_none());
        assert!(!notice.expired(day.at(18, 0, 0, 0)).unwrap().is_error());
    }

    #[test]
    fn mistakes_are_found_at_their_places() {
        for (from, to, expected) in [
            ("18:00", "08:00", "J055 7"),
            ("18:00", "25:00", "J011 7"),
            ("停水十小时。", "", "J062 3"),
            ("解放路", "路", "J023 5"),
            ("id: outage", "id: 停水", "J022 2"),
            ("from: 2026-11-25 08:00\n", "", "J004 2"),
        ] {
            let mut diagnostics = Vec::new();
            read(&NOTICE.replace(from, to), &mut diagnostics);
            let found: Vec<_> =
                diagnostics.iter().map(|d| format!("{} {}", d.code.id(), d.position().unwrap().line)).collect();
            assert_eq!(found, [expected], "{from} → {to}");
        }
    }
}
