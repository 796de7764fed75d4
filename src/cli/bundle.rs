//! `jiesu bundle`: the revisions of a bundle that git knows, and what differs between two of them.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Common, Ended, Failure, impact};
use crate::bundle::{Revision, log};
use crate::report::impact::{Edit, Subject, differences};
use crate::say;
use crate::source::{Lang, Message};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// The commits that changed the bundle, newest first
    Log {
        /// Up to which revision (default: HEAD; REV:folder where the bundle is in a folder)
        #[arg(default_value = "HEAD")]
        revision: String,
        /// How many, at the most
        #[arg(short = 'n', long, value_name = "NUMBER", default_value_t = 20)]
        limit: usize,
    },
    /// What differs between two versions: scenarios, terms, departments, rows, articles
    Diff {
        /// The earlier version: a git revision (HEAD, main~2, REV:folder) or a folder (old/)
        old: String,
        /// The later version (default: the bundle as it stands on disk)
        new: Option<String>,
    },
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    match &arguments.command {
        Command::Log { revision, limit } => print_log(common, lang, revision, *limit)?,
        Command::Diff { old, new } => print_difference(common, lang, old, new.as_deref())?,
    }
    Ok(Ended::Fine)
}

fn print_log(common: &Common, lang: Lang, name: &str, limit: usize) -> Result<(), Failure> {
    let revision = Revision::new(common.folder(), name)?;
    let found = log(&revision, limit)?;
    if common.json {
        anstream::println!("{}", serde_json::to_string_pretty(&found).unwrap_or_default());
        return Ok(());
    }
    for own in &found {
        let (commit, revision) = (own.commit.get(..10).unwrap_or_default(), &own.revision);
        let (scenarios, articles, cases) = (own.scenarios, own.articles, own.cases);
        // What others wrote into the history is shown on a line, without what a terminal would obey.
        let clean = |text: &str| text.chars().filter(|c| !c.is_control()).take(80).collect::<String>();
        let (at, author, summary) =
            (own.at.get(..16).unwrap_or_default().replace('T', " "), clean(&own.author), clean(&own.summary));
        let counts = say!(
            "{scenarios} 个场景，{articles} 条知识，{cases} 条案例",
            "{scenarios} scenarios, {articles} articles, {cases} cases"
        );
        anstream::println!("{commit}  {at}  {author}\n    {summary}\n    {revision}  {}", counts.in_lang(lang));
    }
    if found.is_empty() {
        let message = say!("还没有改动规则包的提交", "no commit has changed the bundle yet");
        anstream::println!("{}", message.in_lang(lang));
    }
    Ok(())
}

fn print_difference(common: &Common, lang: Lang, old: &str, new: Option<&str>) -> Result<(), Failure> {
    let places = impact::places(common, old, new)?;
    let (before, _) = places.0.read().map_err(|error| Failure(error.message()))?;
    let (after, _) = places.1.read().map_err(|error| Failure(error.message()))?;
    let edits = differences(&before, &after);
    if common.json {
        let told = |edit: &Edit| json!({"edit": edit, "text": edit.what().in_lang(lang)});
        let json = json!({
            "old": before.revision(),
            "new": after.revision(),
            "edits": edits.iter().map(told).collect::<Vec<_>>(),
        });
        anstream::println!("{}", serde_json::to_string_pretty(&json).unwrap_or_default());
        return Ok(());
    }
    let (from, to, count) = (before.revision(), after.revision(), edits.len());
    let head = say!("{from} → {to}：{count} 处不同", "{from} → {to}: {count} differences");
    anstream::println!("{}", head.in_lang(lang));
    let mut by_subject: BTreeMap<(Subject, &str), Vec<&Edit>> = BTreeMap::new();
    for edit in &edits {
        by_subject.entry((edit.subject, &edit.of)).or_default().push(edit);
    }
    for ((subject, of), edits) in by_subject {
        anstream::println!("\n{} {of}", subject.name().in_lang(lang));
        for edit in edits {
            let Message { zh, en } = edit.what();
            let place = edit.place();
            anstream::println!("  {}", say!("{place}  {zh}", "{place}  {en}").in_lang(lang));
        }
    }
    Ok(())
}
