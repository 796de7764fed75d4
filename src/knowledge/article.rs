//! Articles: one policy answer each, with its legal basis and its validity.

use std::fmt;
use std::sync::Arc;

use jiff::civil;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id::{Identified, check_id, check_length};
use crate::say;
use crate::source::{Code, Date, Diagnostic, Document, Step, schema_of};

/// The longest title or known question, in characters.
const MAX_LINE: usize = 200;
/// The longest body, in characters.
const MAX_BODY: usize = 20_000;
/// The most known questions of one article.
const MAX_QUESTIONS: usize = 200;

/// The law or document that an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Its title, as published.
    pub title: String,
    /// The article or section in it.
    pub article: Option<String>,
    /// Where it is published.
    pub url: Option<String>,
}

impl fmt::Display for Basis {
    /// As a law is cited: 《物业管理条例》第五十一条.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let article = self.article.as_deref().unwrap_or_default();
        match self.title.starts_with('《') {
            true => write!(f, "{}{article}", self.title),
            false => write!(f, "《{}》{article}", self.title),
        }
    }
}

/// What stands between the two lines `---`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    id: String,
    title: String,
    #[serde(default)]
    basis: Vec<Basis>,
    effective: Date,
    reviewed: Option<Date>,
    expires: Option<Date>,
    #[serde(default)]
    local_example: bool,
    #[serde(default)]
    questions: Vec<String>,
    #[serde(default)]
    scenarios: Vec<String>,
    #[serde(default)]
    departments: Vec<String>,
    #[serde(default)]
    regions: Vec<String>,
}

/// One policy answer.
#[derive(Clone, Debug, Serialize)]
pub struct Article {
    /// Unique among articles.
    pub id: String,
    /// What it is about, in one line.
    pub title: String,
    /// What it rests on; never empty in an article of a bundle.
    pub basis: Vec<Basis>,
    /// The day the cited text took effect.
    pub effective: Option<Date>,
    /// The last day on which it is offered.
    pub expires: Option<Date>,
    /// The day somebody last held it against its basis.
    pub reviewed: Option<Date>,
    /// Whether it is an invented local rule, to be replaced by the city that adopts the bundle.
    pub local_example: bool,
    /// Known ways to ask for it.
    pub questions: Vec<String>,
    /// Ids of the scenarios that it answers.
    pub scenarios: Vec<String>,
    /// Ids of departments it is about.
    pub departments: Vec<String>,
    /// Ids of the regions where it holds; empty: everywhere.
    pub regions: Vec<String>,
    /// The answer, Markdown.
    pub body: String,
    /// The file it was read from, for further findings.
    #[serde(skip)]
    pub document: Option<Arc<Document>>,
}

impl Identified for Article {
    fn id(&self) -> &str {
        &self.id
    }

    fn document(&self) -> Option<&Arc<Document>> {
        self.document.as_ref()
    }
}

impl Article {
    /// The keys of its front matter, in the order in which they are written.
    pub const KEYS: &[&str] = &[
        "id",
        "title",
        "basis",
        "effective",
        "reviewed",
        "expires",
        "local_example",
        "questions",
        "scenarios",
        "departments",
        "regions",
    ];

    /// The JSON Schema of its front matter.
    pub fn schema() -> serde_json::Value {
        schema_of::<FrontMatter>()
    }

    /// Reads an article from its file, as [`Document::parse_front_matter`] gave it. `None`, with diagnostics, when the
    /// front matter does not fit; an article with findings of its content is returned with them.
    pub fn read(document: Document, body: String, diagnostics: &mut Vec<Diagnostic>) -> Option<Article> {
        let front: FrontMatter = document.read(diagnostics)?;
        let article = Article {
            id: front.id,
            title: front.title,
            basis: front.basis,
            effective: Some(front.effective),
            expires: front.expires,
            reviewed: front.reviewed,
            local_example: front.local_example,
            questions: front.questions,
            scenarios: front.scenarios,
            departments: front.departments,
            regions: front.regions,
            body,
            document: Some(Arc::new(document)),
        };
        article.check(diagnostics);
        Some(article)
    }

    /// An article that is only a text, always valid: what `{"id", "title"?, "text"}` of the exchange format says.
    pub fn plain(id: String, title: String, body: String) -> Article {
        Article {
            id,
            title,
            basis: Vec::new(),
            effective: None,
            expires: None,
            reviewed: None,
            local_example: false,
            questions: Vec::new(),
            scenarios: Vec::new(),
            departments: Vec::new(),
            regions: Vec::new(),
            body,
            document: None,
        }
    }

    /// Whether it may be offered on a day: its basis is in effect and it has not expired. Both ends belong to it.
    pub fn valid_on(&self, day: civil::Date) -> bool {
        self.effective.is_none_or(|Date(effective)| effective <= day)
            && self.expires.is_none_or(|Date(expires)| day <= expires)
    }

    /// The warning (J060) for an article that is over on a day.
    pub fn expired(&self, day: civil::Date) -> Option<Diagnostic> {
        let Date(expires) = self.expires.filter(|Date(expires)| *expires < day)?;
        let message = say!("知识条目已于 {expires} 失效，不再提供", "expired on {expires}: it is no longer offered");
        Some(self.document.as_ref()?.diagnostic_at(&[Step::Key("expires")], Code::ExpiredArticle, message))
    }

    fn check(&self, diagnostics: &mut Vec<Diagnostic>) {
        let Some(document) = &self.document else { return };
        check_id(document, &self.id, diagnostics);
        check_length(document, &[Step::Key("title")], &self.title, MAX_LINE, diagnostics);
        check_length(document, &[], &self.body, MAX_BODY, diagnostics);
        for (index, question) in self.questions.iter().enumerate() {
            let steps = [Step::Key("questions"), Step::Index(index)];
            check_length(document, &steps, question, MAX_LINE, diagnostics);
        }
        if self.questions.len() > MAX_QUESTIONS {
            let message = say!("问法最多 {MAX_QUESTIONS} 个", "at most {MAX_QUESTIONS} questions");
            diagnostics.push(document.diagnostic_at(&[Step::Key("questions")], Code::LimitExceeded, message));
        }
        if !self.basis.iter().any(|basis| !basis.title.trim().is_empty()) {
            let message = say!("知识条目必须写明依据", "an article must name its basis");
            let note = say!(
                "写 basis: [{{title: 法规或文件全名, article: 第几条}}]，以便坐席回答“凭什么”",
                "write basis: [{{title: the law or document, article: its number}}], so that an agent can say why"
            );
            diagnostics.push(document.diagnostic_at(&[Step::Key("basis")], Code::MissingBasis, message).note(note));
        }
        if self.title.trim().is_empty() || self.body.is_empty() {
            let step = if self.body.is_empty() { Step::KeyItself("title") } else { Step::Key("title") };
            let message = say!("知识条目没有标题或正文", "an article needs a title and a text");
            diagnostics.push(document.diagnostic_at(&[step], Code::EmptyContent, message));
        }
        if let (Some(Date(effective)), Some(Date(expires))) = (self.effective, self.expires)
            && expires < effective
        {
            let message = say!(
                "失效日 {expires} 早于生效日 {effective}",
                "expires {expires}, before it takes effect {effective}"
            );
            diagnostics.push(document.diagnostic_at(&[Step::Key("expires")], Code::InvalidPeriod, message));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::id::unique;
    use super::*;
    use jiff::civil::date;

    fn read(text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<Article> {
        let (document, body) = Document::parse_front_matter("knowledge/articles/a.md", text, diagnostics)?;
        Article::read(document, body, diagnostics)
    }

    const HEAD: &str =
        "---\nid: water/repair\ntitle: 水管坏了由谁修\nbasis:\n  - {title: 城市供水条例, article: 第二十七条}\n";

    #[test]
    fn an_article_is_read() {
        let mut diagnostics = Vec::new();
        let rest =
            "effective: 2020-03-27\nexpires: 2027-12-31\nquestions: [水管漏了找谁]\nlocal_example: true\n---\n正文。\n";
        let article = read(&format!("{HEAD}{rest}"), &mut diagnostics).unwrap();
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        assert_eq!((article.id.as_str(), article.body.as_str()), ("water/repair", "正文。"));
        assert_eq!(article.basis[0].article.as_deref(), Some("第二十七条"));
        assert!(article.local_example && article.scenarios.is_empty());
        for (day, valid) in [
            (date(2020, 3, 26), false),
            (date(2020, 3, 27), true),
            (date(2027, 12, 31), true),
            (date(2028, 1, 1), false),
        ] {
            assert_eq!(article.valid_on(day), valid, "{day}");
        }
        assert!(article.expired(date(2027, 12, 31)).is_none());
        let warning = article.expired(date(2028, 1, 1)).unwrap();
        assert!(!warning.is_error());
        assert_eq!(warning.location(), "knowledge/articles/a.md:7:10");
    }

    #[test]
    fn mistakes_are_found_at_their_places() {
        let long = "长".repeat(MAX_LINE + 1);
        let no_basis = "---\nid: a\ntitle: 题\neffective: 2020-01-01\n---\n文";
        for (text, expected) in [
            (format!("{HEAD}effective: 2020-03-27\n---\n文"), vec![]),
            (no_basis.to_owned(), vec!["J061 2"]),
            (no_basis.replace("effective", "basis: []\neffective"), vec!["J061 4"]),
            (no_basis.replace("effective", "basis: [{title: ''}]\neffective"), vec!["J061 4"]),
            (format!("{HEAD}effective: 2020-03-27\n---\n \n"), vec!["J062 3"]),
            (format!("{HEAD}effective: 2020-03-27\n---\n文").replace("水管坏了由谁修", "''"), vec!["J062 3"]),
            (format!("{HEAD}effective: 2020-03-27\nexpires: 2020-03-26\n---\n文"), vec!["J055 7"]),
            (format!("{HEAD}effective: 2020-03-27\n---\n文").replace("water", "Water"), vec!["J022 2"]),
            (format!("{HEAD}effective: 2020-03-27\nquestions: [{long}]\n---\n文"), vec!["J029 7"]),
            (format!("{HEAD}---\n文"), vec!["J004 2"]),
            (format!("{HEAD}effective: 2020-03-27\nexpired: 2021-01-01\n---\n文"), vec!["J003 7"]),
        ] {
            let mut diagnostics = Vec::new();
            read(&text, &mut diagnostics);
            let found: Vec<_> =
                diagnostics.iter().map(|d| format!("{} {}", d.code.id(), d.position().unwrap().line)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_second_article_of_the_same_id_is_reported() {
        let mut diagnostics = Vec::new();
        let text = format!("{HEAD}effective: 2020-03-27\n---\n文");
        let other = text.replace("water/repair", "a");
        let articles = [&text, &other, &text].map(|text| read(text, &mut diagnostics).unwrap());
        let articles = unique(articles.to_vec(), &mut diagnostics);
        assert_eq!(articles.iter().map(|a| a.id.as_str()).collect::<Vec<_>>(), ["a", "water/repair"]);
        assert_eq!(diagnostics.iter().map(|d| d.code.id()).collect::<Vec<_>>(), ["J020"]);
    }
}
