//! `jiesu tickets outbox`: messages to other systems that wait or were given up, beside a running server.

use std::sync::Arc;

use serde_json::json;

use super::settings::Source;
use super::{Common, Ended, Failure};
use crate::access::Actor;
use crate::say;
use crate::source::{Lang, Message};
use crate::store::{Options, Store};
use crate::tickets::{MIGRATIONS, Outbox, Trouble, Waiting, WaitingState};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// List those that were given up, and why; ends with 1 when there are any
    #[arg(long)]
    dead: bool,
    /// Send this message, which was given up, again under its id
    #[arg(long, value_name = "ID", conflicts_with_all = ["dead", "replay_all"])]
    replay: Option<String>,
    /// Send all that were given up again
    #[arg(long, conflicts_with = "dead")]
    replay_all: bool,
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let outbox = Outbox::new(store(lang, &arguments.source)?, Arc::new(jiff::Timestamp::now));
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| say!("无法启动：{error}", "cannot start: {error}"))?;
    let ended = runtime.block_on(async {
        if arguments.replay.is_some() || arguments.replay_all {
            return replay(common, lang, &outbox, arguments.replay.as_deref()).await;
        }
        let state = if arguments.dead { WaitingState::Dead } else { WaitingState::Pending };
        list(common, lang, &outbox, state).await
    });
    ended.map_err(Failure)
}

fn store(lang: Lang, source: &Source) -> Result<Store, Message> {
    // A new, empty database would say that nothing waits.
    if let Some(file) = source.settings(lang)?.database_file().filter(|file| !file.exists()) {
        let shown = file.display();
        return Err(say!(
            "没有 {shown}：--data 应为 serve 使用的数据目录",
            "there is no {shown}: --data should be the data folder of serve"
        ));
    }
    let options = Options { beside_server: true, ..Options::default() };
    Store::open(&source.location(lang)?, MIGRATIONS, options).map_err(|error| error.message())
}

async fn replay(common: &Common, lang: Lang, outbox: &Outbox, id: Option<&str>) -> Result<Ended, Message> {
    let count = outbox.replay(id, &Actor::system()).await.map_err(|refusal| refusal.message())?;
    if let (Some(id), 0) = (id, count) {
        return Err(say!("没有编号为 {id} 的已放弃消息；用 --dead 查看", "no message {id} was given up: see --dead"));
    }
    if common.json {
        anstream::println!("{}", json!({ "replayed": count }));
        return Ok(Ended::Fine);
    }
    let message = say!("{count} 条消息将重新推送", "{count} messages will be sent again");
    anstream::println!("{}", message.in_lang(lang));
    Ok(Ended::Fine)
}

async fn list(common: &Common, lang: Lang, outbox: &Outbox, state: WaitingState) -> Result<Ended, Message> {
    let (mut all, mut cursor) = (Vec::new(), None);
    let mut count = 0;
    loop {
        let page =
            outbox.list(state, cursor.as_deref(), &Actor::system()).await.map_err(|refusal| refusal.message())?;
        count += page.items.len();
        if common.json {
            all.extend(page.items);
        } else {
            page.items.iter().for_each(|waiting| anstream::println!("{}", line(waiting).in_lang(lang)));
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if common.json {
        anstream::println!("{}", json!({ "state": state.name(), "items": all }));
    } else {
        let message = match state {
            WaitingState::Pending => say!("{count} 条消息等待推送", "{count} messages wait to be sent"),
            WaitingState::Dead => say!(
                "{count} 条消息已放弃；改好后用 --replay 编号 或 --replay-all 重发",
                "{count} messages were given up; once that is mended, send them again with --replay ID or --replay-all"
            ),
        };
        anstream::println!("{}", message.in_lang(lang));
    }
    Ok(if state == WaitingState::Dead && count > 0 { Ended::ErrorsFound } else { Ended::Fine })
}

/// A message on a line: id, what for, when, how often it was tried, and why it was not received.
fn line(waiting: &Waiting) -> Message {
    let Waiting { message, name, next_at, attempts, .. } = waiting;
    let trouble = waiting.error.as_deref().and_then(Trouble::parse).map(|trouble| trouble.message());
    let (why_zh, why_en) = match trouble {
        Some(why) => (format!("\n    {}", why.zh), format!("\n    {}", why.en)),
        None => (String::new(), String::new()),
    };
    say!(
        "{message}  {name}  {next_at}  已试 {attempts} 次{why_zh}",
        "{message}  {name}  {next_at}  {attempts} attempts{why_en}"
    )
}
