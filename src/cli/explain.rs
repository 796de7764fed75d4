//! `jiesu explain`: why a complaint is decided as it is, and what would change it.

mod show;

use std::io::Read;
use std::sync::Arc;

use super::{Common, Ended, Failure, load};
use crate::bundle::{Bundle, Loader};
use crate::decide::{Complaint, MAX_TEXT, Options};
use crate::rules::Scenario;
use crate::say;
use crate::source::{Lang, Message, nearest};

pub(super) use show::lacking;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The complaint; `-` reads it from standard input
    text: String,
    /// The complaint's title
    #[arg(long)]
    title: Option<String>,
    /// Where it is about: a district or street, by name or id
    #[arg(long)]
    district: Option<String>,
    /// Why this scenario (its id) does not lead: what it lacks, what forbids it, who stands before it
    #[arg(long, value_name = "SCENARIO")]
    why_not: Option<String>,
    /// Order the scenarios with what past cases taught too (default: by rules alone)
    #[arg(long)]
    learned: bool,
}

/// Scenarios that are named for one that there is not, at the most.
const MOST_MEANT: usize = 3;
/// Bytes read from standard input, at the most.
const MAX_BYTES: u64 = MAX_TEXT as u64 * 8;

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let text = match arguments.text.as_str() {
        "-" => standard_input()?,
        text => text.to_owned(),
    };
    let mut loader = Loader::new(load::cache(common));
    if !arguments.learned {
        loader = loader.without_learning();
    }
    let loaded = load::load(common, &mut loader)?;
    let Some(bundle) = loaded.bundle else {
        load::print_errors(&loaded.diagnostics, lang);
        return Err(Failure(load::refused(&loaded.diagnostics)));
    };
    let why_not = arguments.why_not.as_deref().map(|id| position(&bundle, id)).transpose()?;
    let complaint = Complaint {
        text,
        title: arguments.title.clone(),
        channel: None,
        district: arguments.district.clone(),
        at: load::time(common, &bundle.engine.settings().time_zone)?,
    };
    let options = Options { rules_only: !arguments.learned };
    let explained = bundle.engine.explain(&complaint, options, why_not).map_err(|error| Failure(error.message()))?;
    if common.json {
        anstream::println!("{}", serde_json::to_string_pretty(&explained).unwrap_or_default());
    } else {
        anstream::print!("{}", show::explanation(&explained, &complaint, lang));
    }
    Ok(Ended::Fine)
}

/// The index of a scenario by its id.
fn position(bundle: &Bundle, id: &str) -> Result<usize, Message> {
    let rules = bundle.engine.rules();
    rules.position(id).ok_or_else(|| unknown(id, rules.scenarios()))
}

/// What to say of an id that no scenario has: those that it may have been meant to be.
pub(super) fn unknown(id: &str, scenarios: &[Arc<Scenario>]) -> Message {
    let wanted = id.trim().to_lowercase();
    let near = nearest(&wanted, scenarios.iter().map(|scenario| scenario.id.as_str()));
    // The part after the `/`, a word of an id, a title: what people remember of a scenario.
    let is_part = |scenario: &&Arc<Scenario>| {
        !wanted.is_empty() && (scenario.id.contains(&wanted) || scenario.title.to_lowercase().contains(&wanted))
    };
    let parts = scenarios.iter().filter(is_part).map(|scenario| scenario.id.as_str());
    let mut meant: Vec<&str> = near.into_iter().chain(parts.take(MOST_MEANT)).collect();
    if meant.is_empty() {
        let closest = scenarios.iter().max_by(|a, b| {
            let likeness = |scenario: &Scenario| strsim::jaro_winkler(&wanted, &scenario.id);
            likeness(a).total_cmp(&likeness(b))
        });
        meant.extend(closest.map(|scenario| scenario.id.as_str()));
    }
    meant.dedup();
    let meant = meant.join("、");
    say!(
        "没有编号为“{id}”的场景；最接近的是 {meant}。编号写在 rules/scenarios/ 里各文件的 id: 处",
        "there is no scenario `{id}`; nearest: {meant}. Ids stand at `id:` in the files of rules/scenarios/"
    )
}

fn standard_input() -> Result<String, Message> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| say!("读取失败：{error}", "reading failed: {error}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(say!(
            "内容太长：一条诉求最多 {MAX_TEXT} 个字",
            "too long: a complaint has {MAX_TEXT} characters at the most"
        ));
    }
    String::from_utf8(bytes).map_err(|_| say!("输入不是 UTF-8 文本", "the input is not UTF-8 text"))
}
