//! `jiesu match`: decides one complaint, or a file of them.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;
use std::time::Instant;

use super::{Common, Ended, Failure, cases, load, show};
use crate::bundle::Bundle;
use crate::decide::{Complaint, Decision, MAX_TEXT, Options};
use crate::say;
use crate::source::Lang;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The complaint; `-` reads it from standard input
    text: Option<String>,
    /// Read the complaint from a file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text", "cases"])]
    file: Option<PathBuf>,
    /// Decide every line of a JSON Lines file, and write one decision a line
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    cases: Option<PathBuf>,
    /// The complaint's title
    #[arg(long)]
    title: Option<String>,
    /// How it came in, such as phone or web
    #[arg(long)]
    channel: Option<String>,
    /// Where it is about: a district or street, by name or id
    #[arg(long)]
    district: Option<String>,
    /// Leave everything learned out: rules alone decide
    #[arg(long)]
    rules_only: bool,
}

/// Bytes read from a file or from standard input, at the most: whatever a text may have, and blanks around it.
const MAX_BYTES: u64 = MAX_TEXT as u64 * 8;

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let options = Options { rules_only: arguments.rules_only };
    if let Some(file) = &arguments.cases {
        let bundle = load::bundle(common, lang)?;
        return cases::run(common, lang, &bundle, file, options);
    }
    let text = text(arguments)?;
    let bundle = load::bundle(common, lang)?;
    let complaint = Complaint {
        text,
        title: arguments.title.clone(),
        channel: arguments.channel.clone(),
        district: arguments.district.clone(),
        at: load::time(common, &bundle.engine.settings().time_zone)?,
    };
    let decision = decide(&bundle, &complaint, options).map_err(|error| Failure(error.message()))?;
    if common.json {
        let json = serde_json::to_string_pretty(&decision).unwrap_or_default();
        anstream::println!("{json}");
    } else {
        anstream::print!("{}", show::decision(&decision, lang));
    }
    Ok(Ended::Fine)
}

/// A decision with what is added where it is handed out.
pub(super) fn decide(
    bundle: &Bundle,
    complaint: &Complaint,
    options: Options,
) -> Result<Decision, crate::decide::ComplaintError> {
    let started = Instant::now();
    let mut decision = bundle.engine.decide(complaint, options)?;
    decision.elapsed_us = Some(started.elapsed().as_micros() as u64);
    decision.engine = Some(env!("CARGO_PKG_VERSION").to_owned());
    Ok(decision)
}

/// The complaint, from where the arguments say.
fn text(arguments: &Arguments) -> Result<String, Failure> {
    match (&arguments.text, &arguments.file) {
        (Some(text), _) if text != "-" => Ok(text.clone()),
        (_, Some(path)) => {
            let shown = path.display();
            let file = std::fs::File::open(path)
                .map_err(|error| say!("文件 {shown} 打不开：{error}", "cannot open {shown}: {error}"))?;
            read(file)
        }
        (None, None) if std::io::stdin().is_terminal() => Err(Failure(say!(
            "请给出诉求内容，例如：jiesu match \"小区门口自来水管爆了\"",
            "give the complaint, such as: jiesu match \"小区门口自来水管爆了\""
        ))),
        _ => read(std::io::stdin()),
    }
}

fn read(source: impl Read) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = source.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| say!("读取失败：{error}", "reading failed: {error}"))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure(say!(
            "内容太长：一条诉求最多 {MAX_TEXT} 个字",
            "too long: a complaint has {MAX_TEXT} characters at the most"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure(say!("第 {at} 个字节起不是 UTF-8 文本", "not UTF-8 text from byte {at} on"))
    })
}
