//! `jiesu schema`: JSON Schemas of all files, and what an editor needs to use them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{Common, Ended, Failure};
use crate::bundle::{FileSchema, schemas};
use crate::check::config;
use crate::report::testing;
use crate::say;
use crate::source::{Lang, nearest};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// One kind of file alone, such as scenario; all are listed without it
    kind: Option<String>,
    /// Write them to this folder, one file a kind, and tell how editors use them
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let mut files = schemas();
    files.extend([testing::schema(), config::schema()]);
    if let Some(kind) = &arguments.kind {
        let known: Vec<&str> = files.iter().map(|file| file.kind).collect();
        if !known.contains(&kind.as_str()) {
            return Err(Failure(unknown(kind, &known)));
        }
        files.retain(|file| file.kind == kind);
    }
    match &arguments.write {
        Some(folder) => write(common, lang, &files, folder)?,
        None if common.json && arguments.kind.is_none() => {
            let all: Map<String, Value> = files.into_iter().map(|file| (file.kind.to_owned(), file.schema)).collect();
            anstream::println!("{}", pretty(&Value::Object(all)));
        }
        None if arguments.kind.is_some() => {
            files.iter().for_each(|file| anstream::println!("{}", pretty(&file.schema)));
        }
        None => {
            files.iter().for_each(|file| anstream::println!("{:<16}{}", file.kind, file.files));
            let message = say!(
                "查看一类：jiesu schema scenario；写成文件供编辑器使用：jiesu schema --write .vscode/jiesu",
                "one kind: jiesu schema scenario; all as files for editors: jiesu schema --write .vscode/jiesu"
            );
            anstream::println!("{}", message.in_lang(lang));
        }
    }
    Ok(Ended::Fine)
}

fn unknown(kind: &str, known: &[&str]) -> crate::source::Message {
    let list = known.join(", ");
    match nearest(kind, known.iter().copied()) {
        Some(near) => {
            say!("没有“{kind}”这类文件，是否想写“{near}”？", "there is no kind `{kind}`: did you mean `{near}`?")
        }
        None => say!("没有“{kind}”这类文件，可用的有：{list}", "there is no kind `{kind}`: there are {list}"),
    }
}

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap_or_default()
}

fn write(common: &Common, lang: Lang, files: &[FileSchema], folder: &Path) -> Result<(), Failure> {
    let shown = folder.display();
    let cannot = |error: std::io::Error| say!("无法写入 {shown}：{error}", "cannot write to {shown}: {error}");
    fs::create_dir_all(folder).map_err(cannot)?;
    for file in files {
        fs::write(folder.join(name(file)), pretty(&file.schema) + "\n").map_err(cannot)?;
    }
    let place = place(common, folder);
    let settings = settings(files, &place);
    if common.json {
        let written: Vec<String> = files.iter().map(name).collect();
        anstream::println!("{}", pretty(&json!({ "written": written, "settings": settings })));
        return Ok(());
    }
    let count = files.len();
    let message = say!(
        "已在 {shown} 写好 {count} 个文件。\n\n在 VS Code 里安装 YAML 扩展（redhat.vscode-yaml），把下面的内容写进规则包目录的 .vscode/settings.json：",
        "wrote {count} files to {shown}.\n\nIn VS Code install the YAML extension (redhat.vscode-yaml) and put this into .vscode/settings.json in the bundle's folder:"
    );
    anstream::println!("{}\n{}", message.in_lang(lang), pretty(&settings));
    let message = say!(
        "其他编辑器：在文件第一行写上（路径相对于该文件，例如场景）：",
        "In other editors: the first line of a file (the path is relative to it; for a scenario):"
    );
    anstream::println!("\n{}\n{}", message.in_lang(lang), modeline(&place));
    Ok(())
}

/// The file that a schema is written to.
fn name(file: &FileSchema) -> String {
    format!("{}.schema.json", file.kind)
}

/// The schemas' folder as seen from the bundle's: `./…` where it lies in it, else from the root.
fn place(common: &Common, folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let bundle = common.folder().canonicalize().unwrap_or_else(|_| common.folder().to_owned());
    match folder.strip_prefix(&bundle) {
        Ok(inside) => format!("./{}", inside.display()).replace('\\', "/"),
        Err(_) => folder.display().to_string().replace('\\', "/"),
    }
}

/// What stands in `.vscode/settings.json`. Front matter and lines of JSON are not YAML files: their schemas are for
/// other tools.
fn settings(files: &[FileSchema], place: &str) -> Value {
    let yaml = files.iter().filter(|file| file.files.ends_with(".yaml"));
    let place = place.trim_end_matches('/');
    let schemas: Map<String, Value> = yaml.map(|file| (format!("{place}/{}", name(file)), file.files.into())).collect();
    json!({
        "yaml.schemas": schemas,
        // The layout is that of `jiesu fmt`.
        "yaml.format.enable": false,
        "[yaml]": { "editor.insertSpaces": true, "editor.tabSize": 2 },
    })
}

/// For a scenario, which lies three folders deep.
fn modeline(place: &str) -> String {
    let place = place.strip_prefix("./").map_or_else(|| place.to_owned(), |inside| format!("../../../{inside}"));
    format!("# yaml-language-server: $schema={}/scenario.schema.json", place.trim_end_matches('/'))
}
