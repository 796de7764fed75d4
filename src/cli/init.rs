//! `jiesu init`: a minimal bundle to start from.

use std::path::{Path, PathBuf};

use super::{Common, Ended, Failure};
use crate::say;
use crate::source::Lang;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder: empty, or not there yet
    dir: PathBuf,
}

/// The files of a minimal bundle: one of each kind, small enough to read in a few minutes.
const FILES: &[(&str, &str)] = &[
    ("rules/bundle.yaml", include_str!("init/bundle.yaml")),
    ("rules/departments.yaml", include_str!("init/departments.yaml")),
    ("rules/regions.yaml", include_str!("init/regions.yaml")),
    ("rules/responsibility/list.yaml", include_str!("init/responsibility.yaml")),
    ("rules/calendar/2026.yaml", include_str!("init/calendar-2026.yaml")),
    ("rules/terms/common.yaml", include_str!("init/terms.yaml")),
    ("rules/scenarios/road/streetlight-out.yaml", include_str!("init/scenario.yaml")),
    ("rules/dictionary.txt", include_str!("init/dictionary.txt")),
    ("knowledge/articles/road/streetlight-repair.md", include_str!("init/article.md")),
    ("knowledge/cases/examples.jsonl", include_str!("init/cases.jsonl")),
];

pub(super) fn run(_: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let shown = arguments.dir.display();
    let cannot = |error: std::io::Error| say!("无法写入 {shown}：{error}", "cannot write to {shown}: {error}");
    let is_taken = std::fs::read_dir(&arguments.dir).is_ok_and(|mut entries| entries.next().is_some());
    if is_taken {
        return Err(Failure(say!(
            "目录 {shown} 不是空的，请另选一个目录，以免覆盖已有文件",
            "the folder {shown} is not empty: choose another, so that nothing is overwritten"
        )));
    }
    for (path, text) in FILES {
        write(&arguments.dir.join(path), text).map_err(cannot)?;
    }
    let count = FILES.len();
    let message = say!(
        "已在 {shown} 写好 {count} 个文件。接下来：\n  jiesu check --bundle {shown}\n  jiesu match --bundle {shown} \"门口的路灯坏了三天了\"",
        "wrote {count} files to {shown}. Next:\n  jiesu check --bundle {shown}\n  jiesu match --bundle {shown} \"门口的路灯坏了三天了\""
    );
    anstream::println!("{}", message.in_lang(lang));
    Ok(Ended::Fine)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}
