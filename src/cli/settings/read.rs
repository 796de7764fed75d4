//! Reading the settings: the file, then the environment over it. A mistake is told with file, line, key and the key that
//! was probably meant.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::fields::fields;
use super::{Access, Console, Limits, Log, Proposals, Settings, Tls};
use crate::say;
use crate::source::{Message, nearest};
use crate::{deliver, tickets};

/// Bytes of a settings' file, at the most.
const LARGEST: u64 = 1 << 20;
/// What variables of the environment begin with.
const PREFIX: &str = "JIESU_";
/// Settings whose paths are relative to the file that they stand in.
const PATHS: &[&str] = &["bundle", "repo", "data", "database", "tls.certificate", "tls.key", "webhooks.certificates"];

/// All keys, as they are written: `listen`, `limits.burst`.
pub(super) fn keys() -> Vec<String> {
    let tables = [
        ("tls", fields::<Tls>()),
        ("access", fields::<Access>()),
        ("console", fields::<Console>()),
        ("limits", fields::<Limits>()),
        ("log", fields::<Log>()),
        ("proposals", fields::<Proposals>()),
    ];
    let tables = tables
        .into_iter()
        .chain([("tickets", fields::<tickets::Settings>()), ("webhooks", fields::<deliver::Settings>())]);
    let inner: Vec<(&str, &[&str])> = tables.collect();
    let own = fields::<Settings>().iter().filter(|key| inner.iter().all(|(table, _)| table != *key));
    let own = own.map(|key| (*key).to_owned());
    own.chain(inner.iter().flat_map(|(table, keys)| keys.iter().map(move |key| format!("{table}.{key}")))).collect()
}

/// The variable of a key: `JIESU_LIMITS__BURST`.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// The settings of a file, where there is one, with those of the environment over it; and what of the environment means
/// nothing although it looks as if it should.
pub(super) fn read(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(Settings, Vec<Message>), Message> {
    let mut table = match file {
        Some(file) => of_file(file)?,
        None => Table::new(),
    };
    let keys = keys();
    let mut warnings = Vec::new();
    for (name, value) in environment {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
        match keys.iter().find(|key| variable(key) == name) {
            Some(key) => {
                let value = value
                    .to_str()
                    .ok_or_else(|| say!("环境变量 {name} 的值不是 UTF-8 文本", "the variable {name} is not UTF-8"))?;
                table = with_variable(&table, name, key, value)?;
            }
            None => warnings.extend(doubt(name, &keys)),
        }
    }
    // Whatever could be wrong was found on the way.
    let settings = settings(table).map_err(|why| say!("设置有误：{why}", "the settings are wrong: {why}"))?;
    Ok((settings, warnings))
}

fn settings(table: Table) -> Result<Settings, String> {
    Settings::deserialize(table).map_err(|error| error.message().to_owned())
}

/// A variable that is nearly one of ours was probably meant to be; others may be anybody's, such as those that container
/// managers set.
fn doubt(name: &str, keys: &[String]) -> Option<Message> {
    let variables: Vec<String> = keys.iter().map(|key| variable(key)).collect();
    let near = nearest(name, variables.iter().map(String::as_str)).filter(|_| name != "JIESU_CACHE")?;
    Some(say!("环境变量 {name} 没有作用，是否想写 {near}？", "the variable {name} means nothing: did you mean {near}?"))
}

/// The table with a variable in it. The value is written as in the file (`5`, `true`, `["a"]`), or is a text as it is.
fn with_variable(table: &Table, name: &str, key: &str, value: &str) -> Result<Table, Message> {
    let written = format!("value = {value}").parse::<Table>().ok();
    let written = written.filter(|written| written.len() == 1).and_then(|mut written| written.remove("value"));
    let mut why = String::new();
    for value in written.into_iter().chain([Value::String(value.to_owned())]) {
        let mut with = table.clone();
        set(&mut with, key, value);
        match settings(with.clone()) {
            Ok(_) => return Ok(with),
            Err(error) => why = error,
        }
    }
    Err(say!("环境变量 {name}（{key}）的值有误：{why}", "the variable {name} ({key}) has a wrong value: {why}"))
}

fn set(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        Some((outer, inner)) => {
            let entry = table.entry(outer.to_owned()).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(below) = entry {
                below.insert(inner.to_owned(), value);
            }
        }
        None => drop(table.insert(key.to_owned(), value)),
    }
}

fn of_file(file: &Path) -> Result<Table, Message> {
    let shown = file.display();
    let cannot = |why: &dyn std::fmt::Display| {
        say!("设置文件 {shown} 读不了：{why}", "the settings' file {shown} cannot be read: {why}")
    };
    let mut bytes = Vec::new();
    File::open(file).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(|error| cannot(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(say!(
            "设置文件 {shown} 超过 {LARGEST} 字节",
            "the settings' file {shown} has more than {LARGEST} bytes"
        ));
    }
    let text = String::from_utf8(bytes).map_err(|error| cannot(&error))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut table = checked(text, &shown.to_string())?;
    let folder = file.parent().unwrap_or(Path::new(""));
    for key in PATHS {
        make_relative_to(&mut table, key, folder);
    }
    Ok(table)
}

/// The table of a file in which nothing is unknown and everything of the right type.
fn checked(text: &str, shown: &str) -> Result<Table, Message> {
    let wrong = |at: Option<Range<usize>>, key: Option<String>, why: &str| {
        let line = at.map_or(1, |at| text.bytes().take(at.start).filter(|byte| *byte == b'\n').count() + 1);
        let why = why.trim().replace('\n', "; ");
        match key {
            Some(key) => {
                say!("{shown} 第 {line} 行，{key} 的值有误：{why}", "{shown}, line {line}: {key} is wrong: {why}")
            }
            None => say!("{shown} 第 {line} 行不是合法的 TOML：{why}", "{shown}, line {line} is no TOML: {why}"),
        }
    };
    let tree = DeTable::parse(text).map_err(|error| wrong(error.span(), None, error.message()))?;
    unknown(tree.get_ref(), "", text, shown)?;
    let parsed: Result<Settings, toml::de::Error> = toml::from_str(text);
    parsed.map_err(|error| {
        let key = error.span().and_then(|at| key_at(tree.get_ref(), "", at.start));
        wrong(error.span(), Some(key.unwrap_or_else(|| "?".to_owned())), error.message())
    })?;
    text.parse().map_err(|error: toml::de::Error| wrong(error.span(), None, error.message()))
}

/// A key that means nothing, with the one that was probably meant.
fn unknown(table: &DeTable<'_>, outer: &str, text: &str, shown: &str) -> Result<(), Message> {
    let known = keys();
    for (name, value) in table {
        let key = format!("{outer}{}", name.get_ref());
        let is_table = known.iter().any(|known| known.strip_prefix(&key).is_some_and(|rest| rest.starts_with('.')));
        match value.get_ref() {
            DeValue::Table(below) if is_table => unknown(below, &format!("{key}."), text, shown)?,
            // Of the wrong type, which is told later.
            _ if is_table || known.contains(&key) => {}
            _ => {
                let line = text.bytes().take(name.span().start).filter(|byte| *byte == b'\n').count() + 1;
                return Err(match nearest(&key, known.iter().map(String::as_str)) {
                    Some(near) => say!(
                        "{shown} 第 {line} 行：没有 {key} 这个设置，是否想写 {near}？",
                        "{shown}, line {line}: there is no setting {key}: did you mean {near}?"
                    ),
                    None => say!(
                        "{shown} 第 {line} 行：没有 {key} 这个设置；全部设置及现值见 jiesu serve --print-config",
                        "{shown}, line {line}: there is no setting {key}: see them all with jiesu serve --print-config"
                    ),
                });
            }
        }
    }
    Ok(())
}

/// The key whose value stands at a place of the text.
fn key_at(table: &DeTable<'_>, outer: &str, at: usize) -> Option<String> {
    table.iter().find_map(|(name, value): (_, &Spanned<DeValue<'_>>)| {
        let key = format!("{outer}{}", name.get_ref());
        if let DeValue::Table(below) = value.get_ref()
            && let Some(inner) = key_at(below, &format!("{key}."), at)
        {
            return Some(inner);
        }
        (value.span().contains(&at) || name.span().contains(&at)).then_some(key)
    })
}

/// A path in a file is meant from where the file is, wherever the program is started.
fn make_relative_to(table: &mut Table, key: &str, folder: &Path) {
    let value = match key.split_once('.') {
        Some((outer, inner)) => table.get_mut(outer).and_then(|below| below.get_mut(inner)),
        None => table.get_mut(key),
    };
    if let Some(Value::String(path)) = value
        && !path.starts_with("postgres://")
        && !path.starts_with("postgresql://")
        && let Some(joined) = folder.join(&*path).to_str()
    {
        *path = joined.to_owned();
    }
}
