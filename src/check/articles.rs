//! Articles and notices: reviewed, referred to, asked for, and not the same twice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan, civil};

use crate::knowledge::Article;
use crate::say;
use crate::source::{Code, Date, Diagnostic, Document, Step};
use crate::text::{groups, normalise};

use super::given::Given;
use super::scenarios::misplaced;

/// Days before its end from which an article is said to be soon over.
const SOON: i64 = 60;
/// Days after which an article should be held against its basis again.
const REVIEWED_WITHIN: i64 = 366;

/// Findings about articles and notices.
pub(super) fn check(given: &Given<'_>, findings: &mut Vec<Diagnostic>) {
    let reference = &given.engine.knowledge().reference;
    let scenarios = given.engine.rules().scenarios();
    let named: BTreeSet<&str> = scenarios.iter().flat_map(|scenario| &scenario.articles).map(String::as_str).collect();
    for article in reference.all_articles() {
        let Some(document) = article.document.as_deref() else { continue };
        misplaced(document, &article.id, &format!("knowledge/articles/{}.md", article.id), findings);
        dates(document, article, given.at.date(), findings);
        if !named.contains(article.id.as_str()) && article.scenarios.is_empty() {
            unreferenced(document, findings);
        }
        if article.questions.iter().all(|question| question.trim().is_empty()) {
            let message = say!("知识条目没有写问法", "the article has no questions");
            let steps = [Step::Key("title")];
            findings.push(document.diagnostic_at(&steps, Code::ArticleWithoutQuestions, message).note(say!(
                "在 questions: 下写两三种来电人的问法，检索时先找到它",
                "write two or three ways to ask for it under questions: what asks nearly the same finds it first"
            )));
        }
    }
    near_duplicates(reference.all_articles(), findings);
    for notice in reference.all_notices() {
        let Some(document) = notice.document.as_deref() else { continue };
        misplaced(document, &notice.id, &format!("knowledge/notices/{}.md", notice.id), findings);
        if notice.place.is_empty() && notice.words.is_empty() {
            let message = say!(
                "公告没有写 place 或 words，不会显示给任何人",
                "the notice has neither `place` nor `words` and is never shown"
            );
            findings.push(document.diagnostic_at(&[Step::Key("id")], Code::UnseenNotice, message).note(say!(
                "place 写属地编号，words 写路名、小区名",
                "under `place` write ids of regions, under `words` names of roads and compounds"
            )));
        }
    }
}

fn dates(document: &Document, article: &Article, today: civil::Date, findings: &mut Vec<Diagnostic>) {
    if let Some(Date(expires)) = article.expires
        && today <= expires
        && today.checked_add(SOON.days()).is_ok_and(|soon| expires <= soon)
    {
        let message = say!("知识条目将于 {expires} 失效", "the article expires on {expires}");
        findings.push(document.diagnostic_at(&[Step::Key("expires")], Code::ExpiringArticle, message).note(say!(
            "到期后不再提供；核对有没有新的规定，更新内容和 expires",
            "it is no longer offered after that: see whether there is a new rule, and update text and `expires`"
        )));
    }
    let Some(Date(reviewed)) = article.reviewed else {
        let message = say!("知识条目从未复核", "the article was never reviewed");
        findings.push(document.diagnostic_at(&[Step::Key("id")], Code::UnreviewedArticle, message).note(say!(
            "对照依据核对一遍，写上 reviewed: {today}",
            "hold it against its basis, then write reviewed: {today}"
        )));
        return;
    };
    if reviewed.checked_add(REVIEWED_WITHIN.days()).is_ok_and(|due| due < today) {
        let message = say!("上次复核是 {reviewed}，已超过一年", "last reviewed on {reviewed}, more than a year ago");
        findings.push(document.diagnostic_at(&[Step::Key("reviewed")], Code::ReviewOverdue, message).note(say!(
            "对照依据再核对一遍，改 reviewed 的日期",
            "hold it against its basis again, and change the date"
        )));
    }
}

fn unreferenced(document: &Document, findings: &mut Vec<Diagnostic>) {
    let message = say!("没有场景用到这条知识", "no scenario refers to the article");
    findings.push(document.diagnostic_at(&[Step::Key("id")], Code::UnreferencedArticle, message).note(say!(
        "在场景的 articles: 里写它，或在这里写 scenarios:；否则只能靠检索碰到",
        "name it under `articles:` of a scenario, or scenarios under `scenarios:` here: else only a search finds it"
    )));
}

/// Articles whose text is nearly the same and that hold in the same regions.
fn near_duplicates(articles: &[Article], findings: &mut Vec<Diagnostic>) {
    let mut by_regions: BTreeMap<&[String], Vec<&Article>> = BTreeMap::new();
    for article in articles {
        by_regions.entry(&article.regions).or_default().push(article);
    }
    for articles in by_regions.values() {
        let texts: Vec<String> = articles.iter().map(|article| normalise(&article.body)).collect();
        for (at, first) in groups(&texts).into_iter().enumerate().filter(|(at, first)| *at as u32 != *first) {
            let (article, other) = (articles[at], articles[first as usize]);
            let Some(document) = article.document.as_deref() else { continue };
            let id = &other.id;
            let message = say!("正文与知识条目 {id} 几乎相同", "the text is nearly that of the article {id}");
            findings.push(document.diagnostic_at(&[Step::Key("id")], Code::NearDuplicateArticles, message).note(say!(
                "坐席会看到两条一样的；合并成一条，问法写在一起",
                "agents see both: make one of them, with the questions of both"
            )));
        }
    }
}
