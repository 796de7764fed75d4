//! `jiesu build`: loads the bundle and fills the cache, so that the next start is quick.

use std::time::Instant;

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use serde_json::json;

use super::{Common, Ended, Failure, load};
use crate::bundle::{Loader, OnProgress};
use crate::decide::learned::Level;
use crate::say;
use crate::source::Lang;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(common: &Common, lang: Lang, _: &Arguments) -> Result<Ended, Failure> {
    let started = Instant::now();
    let loaded = load::load(common, &mut Loader::new(load::cache(common)).filling_cache().learning(told(lang)))?;
    let Some(bundle) = &loaded.bundle else {
        load::print_errors(&loaded.diagnostics, lang);
        return Ok(Ended::ErrorsFound);
    };
    // A cache that cannot be written is a warning elsewhere; here it is what the command is for.
    let cache_failed = loaded.diagnostics.iter().find(|d| d.path == "knowledge/cases");
    if let Some(diagnostic) = cache_failed {
        return Err(Failure(diagnostic.message.clone()));
    }
    let milliseconds = started.elapsed().as_millis();
    let (revision, counts) = (&loaded.revision, bundle.counts);
    if common.json {
        let learning = bundle.learning.state;
        let json = json!({ "revision": revision, "counts": counts, "learning": learning, "took_ms": milliseconds });
        anstream::println!("{json}");
    } else {
        let (scenarios, articles, cases) = (counts.scenarios, counts.articles, counts.cases);
        let message = say!(
            "版本 {revision}：{scenarios} 个场景，{articles} 条知识，{cases} 条案例，用时 {milliseconds} 毫秒",
            "revision {revision}: {scenarios} scenarios, {articles} articles, {cases} cases, in {milliseconds} ms"
        );
        anstream::println!("{}", message.in_lang(lang));
    }
    Ok(Ended::Fine)
}

/// Shows how far learning is.
pub(super) fn told(lang: Lang) -> OnProgress {
    let bar = ProgressBar::new(0).with_finish(ProgressFinish::AndClear);
    let template = match lang {
        Lang::Zh => "学习案例 {bar:40} {pos}/{len} {elapsed} {msg}",
        Lang::En => "learning from cases {bar:40} {pos}/{len} {elapsed} {msg}",
    };
    let bar = match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    };
    Box::new(move |progress| {
        bar.set_length(progress.of as u64);
        bar.set_position(progress.done as u64);
        bar.set_message(progress.level.map_or("", Level::as_str));
        if progress.done == progress.of {
            bar.finish_and_clear();
        }
        true
    })
}
