//! `jiesu explain`: why a complaint is decided as it is, and what would change it.

mod show;

use std::io::Read;

use super::{Common, Ended, Failure, load};
use crate::bundle::{Bundle, Loader};
use crate::decide::{Complaint, MAX_TEXT, Options};
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
    rules.position(id).ok_or_else(|| {
        let known = rules.scenarios().iter().map(|scenario| scenario.id.as_str());
        match nearest(id, known) {
            Some(near) => {
                say!("没有编号为“{id}”的场景；是否想写 {near}？", "there is no scenario `{id}`: did you mean {near}?")
            }
            None => say!(
                "没有编号为“{id}”的场景；编号写在 rules/scenarios/ 里各文件的 id: 处",
                "there is no scenario `{id}`: ids stand at `id:` in the files of rules/scenarios/"
            ),
        }
    })
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
