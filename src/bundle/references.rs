//! Names that one file uses and another must have.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, ScenarioUse};
use crate::knowledge::{Article, Notice};
use crate::rules::Scenario;
use crate::say;
use crate::source::{Code, Diagnostic, Document, Message, Step, nearest};

/// Reports every name in scenarios, articles and notices that nothing has.
pub(super) fn check(
    scenarios: &[std::sync::Arc<Scenario>],
    catalog: Option<&Catalog>,
    articles: &[Article],
    notices: &[Notice],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let scenario_ids: BTreeSet<&str> = scenarios.iter().map(|scenario| scenario.id.as_str()).collect();
    let article_ids: BTreeSet<&str> = articles.iter().map(|article| article.id.as_str()).collect();
    for scenario in scenarios {
        let articles = scenario.articles.iter().zip(&scenario.places.articles);
        for (id, place) in articles.filter(|(id, _)| !article_ids.contains(id.as_str())) {
            let message = unknown_article(id);
            let finding = Diagnostic::at(&scenario.source, place.clone(), Code::UnknownReference, message);
            diagnostics.push(suggested(finding, id, &article_ids));
        }
    }
    let mut names = Names { scenario_ids: &scenario_ids, catalog, diagnostics };
    for article in articles {
        if let Some(document) = &article.document {
            names.scenarios(document, &article.scenarios);
            names.departments(document, &article.departments);
            names.regions(document, "regions", &article.regions);
        }
    }
    for notice in notices {
        if let Some(document) = &notice.document {
            names.scenarios(document, &notice.scenarios);
            names.regions(document, "place", &notice.place);
        }
    }
    if let Some(catalog) = catalog {
        catalog.check_responsibility(&uses(scenarios), diagnostics);
    }
}

/// The scenarios as the dispatch list sees them, pointing at their `category`.
fn uses(scenarios: &[std::sync::Arc<Scenario>]) -> Vec<ScenarioUse<'_>> {
    scenarios
        .iter()
        .map(|scenario| ScenarioUse {
            id: &scenario.id,
            category: Some(&scenario.category),
            source: &scenario.source,
            range: scenario.places.category.clone(),
        })
        .collect()
}

fn unknown_article(id: &str) -> Message {
    say!("没有编号为“{id}”的知识条目", "there is no article `{id}`")
}

fn suggested(finding: Diagnostic, name: &str, known: &BTreeSet<&str>) -> Diagnostic {
    match nearest(name, known.iter().copied()) {
        Some(near) => finding.label(say!("是否想写“{near}”？", "did you mean `{near}`?")),
        None => finding,
    }
}

struct Names<'a> {
    scenario_ids: &'a BTreeSet<&'a str>,
    catalog: Option<&'a Catalog>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Names<'_> {
    fn scenarios(&mut self, document: &Document, ids: &[String]) {
        let known = self.scenario_ids;
        self.each(
            document,
            "scenarios",
            ids,
            |id| known.contains(id),
            known,
            |id| say!("没有编号为“{id}”的场景", "there is no scenario `{id}`"),
        );
    }

    fn departments(&mut self, document: &Document, ids: &[String]) {
        let Some(catalog) = self.catalog else { return };
        let known = catalog.departments().iter().map(|department| department.id.as_str()).collect();
        self.each(
            document,
            "departments",
            ids,
            |id| catalog.department(id).is_some(),
            &known,
            |id| say!("没有编号为“{id}”的承办单位", "there is no department `{id}`"),
        );
    }

    fn regions(&mut self, document: &Document, key: &str, ids: &[String]) {
        let Some(catalog) = self.catalog else { return };
        let known = catalog.regions().iter().map(|region| region.id.as_str()).collect();
        self.each(
            document,
            key,
            ids,
            |id| catalog.region(id).is_some(),
            &known,
            |id| say!("没有编号为“{id}”的属地", "there is no region `{id}`"),
        );
    }

    fn each(
        &mut self,
        document: &Document,
        key: &str,
        ids: &[String],
        exists: impl Fn(&str) -> bool,
        known: &BTreeSet<&str>,
        message: impl Fn(&str) -> Message,
    ) {
        for (index, id) in ids.iter().enumerate().filter(|(_, id)| !exists(id)) {
            let steps = [Step::Key(key), Step::Index(index)];
            let finding = document.diagnostic_at(&steps, Code::UnknownReference, message(id));
            self.diagnostics.push(suggested(finding, id, known));
        }
    }
}
