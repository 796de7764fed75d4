//! Articles that somebody proposes or confirms.

use jiff::{Timestamp, civil};

use super::edits::{Files, scalar};
use super::{Bench, Draft, refused};
use crate::bundle::Bundle;
use crate::say;
use crate::source::{Date, Step, is_id};

/// An article as a department proposes it.
#[derive(Clone, Debug, Default)]
pub struct NewArticle {
    /// What it is about, in one line.
    pub title: String,
    /// Known ways to ask it.
    pub questions: Vec<String>,
    /// The answer, Markdown.
    pub answer: String,
    /// The laws or documents that it rests on, each as it is cited.
    pub basis: Vec<String>,
    /// The day on which the cited text took effect.
    pub effective: civil::Date,
    /// The last day on which it is offered.
    pub expires: Option<civil::Date>,
    /// The department that it is about, its id.
    pub department: Option<String>,
    /// The scenario that it answers, its id.
    pub scenario: Option<String>,
}

/// Drafts the file of a new article. `at` gives it an id that no other has.
pub fn new_article(bench: &mut Bench<'_>, article: &NewArticle, at: Timestamp) -> Draft {
    let bundle = bench.bundle;
    let taken = bundle.engine.knowledge().reference.all_articles();
    let folder = article.scenario.as_deref().and_then(|id| id.split('/').next()).or(article.department.as_deref());
    let folder = folder.filter(|folder| is_id(folder) && folder.len() <= 40).unwrap_or("proposed");
    let base = format!("{folder}/p{}", at.as_second());
    let is_taken = |id: &String| taken.iter().any(|article| article.id == *id);
    let id = std::iter::once(base.clone()).chain((2..).map(|number| format!("{base}-{number}")));
    let id = id.into_iter().find(|id| !is_taken(id)).unwrap_or(base);
    let path = format!("knowledge/articles/{id}.md");
    let mut text = format!("---\nid: {id}\ntitle: {}\nbasis:\n", scalar(one_line(&article.title).as_str()));
    for basis in &article.basis {
        let (title, part) = cited(basis);
        let part = part.map_or_else(String::new, |part| format!(", article: {}", scalar(&part)));
        text.push_str(&format!("  - {{title: {}{part}}}\n", scalar(&title)));
    }
    text.push_str(&format!("effective: {}\n", article.effective));
    text.push_str(&format!("reviewed: {}\n", at.to_zoned(bundle.engine.settings().time_zone.clone()).date()));
    if let Some(expires) = article.expires {
        text.push_str(&format!("expires: {expires}\n"));
    }
    if !article.questions.is_empty() {
        text.push_str("questions:\n");
        article.questions.iter().for_each(|question| text.push_str(&format!("  - {}\n", scalar(&one_line(question)))));
    }
    if let Some(scenario) = &article.scenario {
        text.push_str(&format!("scenarios: [{scenario}]\n"));
    }
    if let Some(department) = &article.department {
        text.push_str(&format!("departments: [{department}]\n"));
    }
    text.push_str(&format!("---\n{}\n", article.answer.trim()));
    let mut files = Files::new(&bundle.snapshot);
    files.set(&path, text);
    let title = &article.title;
    let edit = say!("新增知识条目“{title}”（{path}）", "a new article, `{title}` ({path})");
    loaded(bench, &files, Draft { edits: vec![edit], ..Draft::default() })
}

/// Drafts that an article was held against its basis on a day, and is right; `None` where there is no such article.
pub fn confirmed(bench: &mut Bench<'_>, article: &str, on: civil::Date) -> Option<Draft> {
    let bundle = bench.bundle;
    let (path, title) = place(bundle, article)?;
    let mut files = Files::new(&bundle.snapshot);
    let known = bundle.engine.knowledge().reference.all_articles().iter().find(|known| known.id == article)?;
    let document = known.document.as_ref()?;
    let is_there = document.node(&[Step::Key("reviewed")]).is_some();
    files.edit(&path, |text| with_reviewed(text, Date(on), is_there));
    let mut draft = Draft::default();
    if files.is_empty() {
        draft.notes.push(say!(
            "文件开头写得特别，请编辑手工改 reviewed",
            "the front matter is unusual: change `reviewed` by hand"
        ));
        return Some(draft);
    }
    draft.edits.push(say!(
        "“{title}”于 {on} 核对，仍然正确（{path}）",
        "`{title}` was looked at on {on} and is still right ({path})"
    ));
    Some(loaded(bench, &files, draft))
}

/// The file of an article and its title.
fn place(bundle: &Bundle, id: &str) -> Option<(String, String)> {
    let known = bundle.engine.knowledge().reference.all_articles().iter().find(|known| known.id == id)?;
    Some((known.document.as_ref()?.path().to_owned(), known.title.clone()))
}

/// The text with the day in its front matter: in the line that is there, else in one after `effective`.
fn with_reviewed(text: &str, on: Date, is_there: bool) -> Option<String> {
    let key = if is_there { "reviewed:" } else { "effective:" };
    let at = text.match_indices(key).map(|(at, _)| at).find(|at| *at == 0 || text[..*at].ends_with('\n'))?;
    let end = at + text[at..].find('\n')?;
    let line_end = if text[..end].ends_with('\r') { "\r" } else { "" };
    Some(match is_there {
        true => format!("{}reviewed: {on}{line_end}{}", &text[..at], &text[end..]),
        false => format!("{}\nreviewed: {on}{line_end}{}", &text[..end], &text[end..]),
    })
}

fn loaded(bench: &mut Bench<'_>, files: &Files<'_>, mut draft: Draft) -> Draft {
    let loaded = (bench.load)(files.snapshot());
    draft.works = loaded.bundle.is_some();
    draft.notes.extend(refused(&loaded));
    draft.patch = files.patch();
    draft.files = files.changes();
    draft
}

/// A basis as people cite it, 《物业管理条例》第五十一条, in its title and the part of it.
fn cited(basis: &str) -> (String, Option<String>) {
    let basis = one_line(basis);
    let parts = basis.strip_prefix('《').and_then(|rest| rest.split_once('》'));
    match parts {
        Some((title, "")) => (title.to_owned(), None),
        Some((title, part)) => (title.to_owned(), Some(part.trim().to_owned())),
        None => (basis, None),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_is_taken_apart_as_it_is_cited() {
        for (basis, title, part) in [
            ("《物业管理条例》第五十一条", "物业管理条例", Some("第五十一条")),
            ("《城市供水条例》", "城市供水条例", None),
            ("国务院令第 379 号", "国务院令第 379 号", None),
        ] {
            assert_eq!(cited(basis), (title.to_owned(), part.map(str::to_owned)));
        }
    }

    #[test]
    fn the_day_stands_in_the_line_for_it() {
        let on = Date(civil::date(2026, 11, 23));
        for (text, is_there, expect) in [
            ("---\nreviewed: 2020-01-01\nx: 1\n---\n", true, Some("---\nreviewed: 2026-11-23\nx: 1\n---\n")),
            (
                "---\neffective: 2020-01-01\n---\n",
                false,
                Some("---\neffective: 2020-01-01\nreviewed: 2026-11-23\n---\n"),
            ),
            (
                "---\r\neffective: 2020-01-01\r\n---\r\n",
                false,
                Some("---\r\neffective: 2020-01-01\r\nreviewed: 2026-11-23\r\n---\r\n"),
            ),
            ("---\n{effective: 2020-01-01}\n---\n", false, None),
        ] {
            assert_eq!(with_reviewed(text, on, is_there).as_deref(), expect, "{text}");
        }
    }
}
