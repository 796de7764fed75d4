//! `jiesu keys`: who may use the service. Works beside a running server, which notices within a second or two.

use std::fs;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::settings::Source;
use super::{Common, Ended, Failure};
use crate::access::{Key, KeyError, Scope, keys};
use crate::say;
use crate::source::Lang;
use crate::store::{Options, Store};
use crate::tickets::MIGRATIONS;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a key; it is shown this once
    Add(Add),
    /// List keys: who, what for, when last used
    List(List),
    /// Revoke a key; a running server refuses it within two seconds
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// Whose key it is: a person or a system; histories show this name
    name: String,
    /// What it may do (repeatable): submit, agent, dispatcher, department:ID, editor, admin, metrics
    #[arg(long, value_name = "SCOPE", required = true)]
    scope: Vec<String>,
    #[command(flatten)]
    source: Source,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    source: Source,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    /// Whose key
    name: String,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    match &arguments.command {
        Command::Add(add) => make(common, lang, add),
        Command::List(List { source }) => list(common, lang, source),
        Command::Revoke(revoke) => end(common, lang, revoke),
    }
}

fn open(source: &Source, lang: Lang) -> Result<Store, Failure> {
    let location = source.location(lang)?;
    let options = Options { beside_server: true, readers: 1, writers: 1, ..Options::default() };
    Ok(Store::open(&location, MIGRATIONS, options).map_err(|error| error.message())?)
}

fn make(common: &Common, lang: Lang, arguments: &Add) -> Result<Ended, Failure> {
    let scopes = arguments.scope.iter().map(|scope| Scope::parse(scope)).collect::<Result<Vec<_>, _>>()?;
    // The first key is made before the server was ever started.
    if let Some(data) = arguments.source.settings(lang)?.data {
        let shown = data.display();
        fs::create_dir_all(&data)
            .map_err(|error| say!("无法建立目录 {shown}：{error}", "cannot make the folder {shown}: {error}"))?;
    }
    let (store, name) = (open(&arguments.source, lang)?, arguments.name.clone());
    let issued = store.write_blocking(move |tx| keys::add(tx, &name, &scopes, Timestamp::now()));
    let issued = issued.map_err(|error: KeyError| error.message())?;
    let (key, token) = (&issued.key, &issued.token);
    if common.json {
        anstream::println!("{}", json!({ "name": key.name, "id": key.id, "scopes": key.scopes, "key": token }));
        return Ok(Ended::Fine);
    }
    // Only the key goes to standard output, so that it can be piped to where secrets are kept.
    anstream::println!("{token}");
    let (name, scopes) = (&key.name, key.scopes.join(", "));
    let message = say!(
        "已为“{name}”生成密钥（权限：{scopes}）。密钥只显示这一次，请马上妥善保存；\n调用接口时带请求头 Authorization: Bearer 密钥。作废用：jiesu keys revoke {name}",
        "made a key for `{name}` ({scopes}). It is shown this once: keep it safe now.\nSend it as the header Authorization: Bearer KEY. To end it: jiesu keys revoke {name}"
    );
    anstream::eprintln!("{}", message.in_lang(lang));
    Ok(Ended::Fine)
}

fn list(common: &Common, lang: Lang, source: &Source) -> Result<Ended, Failure> {
    let found = open(source, lang)?.read_blocking(keys::list).map_err(|error| error.message())?;
    if common.json {
        anstream::println!("{}", json!(found));
        return Ok(Ended::Fine);
    }
    if found.is_empty() {
        let message = say!(
            "还没有密钥。生成一个：jiesu keys add 名称 --scope admin",
            "there are no keys. Make one: jiesu keys add NAME --scope admin"
        );
        anstream::eprintln!("{}", message.in_lang(lang));
    }
    for key in &found {
        anstream::println!("{}", line(key, lang));
    }
    Ok(Ended::Fine)
}

/// 供水坐席  agent, department:water  生成 2026-11-23 09:30  最近使用 2026-11-23 10:00
fn line(key: &Key, lang: Lang) -> String {
    let shown = |at: Timestamp| at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string();
    let created = shown(key.created_at);
    let used = key.used_at.map(shown);
    let used = match &used {
        Some(at) => say!("最近使用 {at}", "last used {at}"),
        None => say!("从未使用", "never used"),
    };
    let revoked = key.revoked_at.map(shown).map(|at| say!("  已吊销 {at}", "  revoked {at}"));
    let revoked = revoked.as_ref().map_or("", |message| message.in_lang(lang));
    let made = say!("生成 {created}", "made {created}");
    let (name, scopes) = (&key.name, key.scopes.join(", "));
    format!("{name}  {scopes}  {}  {}{revoked}", made.in_lang(lang), used.in_lang(lang))
}

fn end(common: &Common, lang: Lang, arguments: &Revoke) -> Result<Ended, Failure> {
    let (store, name) = (open(&arguments.source, lang)?, arguments.name.clone());
    let revoked = store.write_blocking(move |tx| keys::revoke(tx, &name, Timestamp::now()));
    revoked.map_err(|error: KeyError| error.message())?;
    let name = &arguments.name;
    if common.json {
        anstream::println!("{}", json!({ "revoked": name }));
        return Ok(Ended::Fine);
    }
    let message = say!(
        "已吊销“{name}”的密钥；运行中的服务两秒内不再接受它",
        "revoked the key of `{name}`: a running server refuses it within two seconds"
    );
    anstream::eprintln!("{}", message.in_lang(lang));
    Ok(Ended::Fine)
}
