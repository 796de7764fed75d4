//! `jiesu serve`: the API, with rules reloaded as they change.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tracing_subscriber::EnvFilter;

use super::{Common, Ended, Failure, load};
use crate::bundle::{Attempt, History, Live, LiveError, Place, Revision, teach, watch};
use crate::say;
use crate::server::{self, Configuration};
use crate::source::{Diagnostic, Lang, Message};
use crate::store::{Location, Options, Store};
use crate::tickets::{Attachments, Clock, MIGRATIONS, Settings, Tickets};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7080")]
    listen: SocketAddr,
    /// The folder for what must be remembered: the last good bundle
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where tickets are kept: a file, or postgres://… (default: tickets.db in the folder of --data)
    #[arg(long, value_name = "DATABASE")]
    database: Option<String>,
    /// Serve a revision of a git repository: a branch is looked at again every two seconds, a hash never changes
    #[arg(long, value_name = "REV")]
    git: Option<String>,
    /// The repository of --git, or the bundle's folder in it (default: the bundle's folder)
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
}

/// Where the bundle is read from: the folder, or a revision.
fn place(common: &Common, arguments: &Arguments) -> Result<Place, Message> {
    let folder = common.folder();
    let repository = arguments.repo.as_deref().unwrap_or(folder);
    match &arguments.git {
        Some(name) => Revision::new(repository, name).map(Place::Revision),
        // A repository without a revision is what it holds now.
        None if arguments.repo.is_some() => Revision::new(repository, "HEAD").map(Place::Revision),
        None => Ok(Place::Folder(folder.to_owned())),
    }
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    server::hide_panic_messages();
    let history = arguments.data.as_ref().map(|data| {
        let shown = data.display();
        History::open(data).map_err(|error| {
            say!("--data 目录 {shown} 不可用：{error}", "the folder {shown} of --data cannot be used: {error}")
        })
    });
    let live = match Live::start_at(place(common, arguments)?, load::cache(common), history.transpose()?) {
        Ok(live) => Arc::new(live),
        Err(LiveError::Snapshot(error)) => return Err(Failure(error.message())),
        Err(LiveError::Refused(diagnostics)) => {
            load::print_errors(&diagnostics, lang);
            return Err(Failure(load::refused(&diagnostics)));
        }
    };
    let serving = live.serving();
    if serving.stale {
        let attempt = live.status().last;
        load::print_errors(&attempt.diagnostics, lang);
        let revision = serving.bundle.engine.revision();
        let message = say!(
            "规则包未能加载，先用上一个可用版本 {revision} 提供服务；改好后会自动换上",
            "the bundle was refused: serving the last good one, {revision}, until it is mended"
        );
        anstream::eprintln!("{}", message.in_lang(lang));
    }
    watch(&live, move |attempt| report(attempt, lang))
        .map_err(|error| say!("无法监视目录：{error}", "cannot watch the folder: {error}"))?;
    teach(&live, load::cache(common))
        .map_err(|error| say!("无法启动后台学习：{error}", "cannot start learning: {error}"))?;
    let tickets = tickets(arguments, &live)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| say!("无法启动：{error}", "cannot start: {error}"))?;
    runtime.block_on(listen(live, tickets, lang, arguments.listen)).map(|()| Ended::Fine).map_err(Failure)
}

/// The desk over the database that is named, or over the one in the data folder; none where neither is given.
fn tickets(arguments: &Arguments, live: &Arc<Live>) -> Result<Option<Tickets>, Failure> {
    let file = arguments.data.as_ref().map(|data| data.join("tickets.db").display().to_string());
    let Some(database) = arguments.database.clone().or(file) else { return Ok(None) };
    let location = Location::parse(&database).map_err(|error| error.message())?;
    let store = Store::open(&location, MIGRATIONS, Options::default()).map_err(|error| error.message())?;
    let clock: Clock = Arc::new(jiff::Timestamp::now);
    let tickets = Tickets::new(store, Arc::clone(live), Settings::default(), clock);
    let Some(data) = &arguments.data else { return Ok(Some(tickets)) };
    let attachments = Attachments::open(&data.join("attachments"))
        .map_err(|error| say!("附件目录建不了：{error}", "the folder of attachments cannot be made: {error}"))?;
    Ok(Some(tickets.with_attachments(attachments)))
}

async fn listen(live: Arc<Live>, tickets: Option<Tickets>, lang: Lang, address: SocketAddr) -> Result<(), Message> {
    let listener = tokio::net::TcpListener::bind(address).await.map_err(|error| {
        say!(
            "无法监听 {address}：{error}；可能已有程序占用，可用 --listen 换一个端口",
            "cannot listen on {address}: {error}; another program may have it: choose a port with --listen"
        )
    })?;
    let address = listener.local_addr().unwrap_or(address);
    let counts = live.serving().bundle.counts;
    let (scenarios, articles, cases) = (counts.scenarios, counts.articles, counts.cases);
    let message = say!(
        "服务地址 http://{address}（{scenarios} 个场景，{articles} 条知识，{cases} 条案例）；试用页 http://{address}/docs；Ctrl-C 停止",
        "serving on http://{address} ({scenarios} scenarios, {articles} articles, {cases} cases); a page to try it: http://{address}/docs; Ctrl-C stops"
    );
    anstream::eprintln!("{}", message.in_lang(lang));
    let configuration = Configuration { listen: address, lang, ..Configuration::default() };
    let served = server::serve(live, tickets, configuration, listener, stop_signal()).await;
    served.map_err(|error| say!("服务中断：{error}", "serving ended: {error}"))
}

/// Ctrl-C, or the signal that service managers send.
async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}

/// Says on the log how a reload ended.
fn report(attempt: &Attempt, lang: Lang) {
    let (revision, milliseconds) = (&attempt.revision, attempt.took.as_millis() as u64);
    if attempt.accepted {
        tracing::info!(revision, milliseconds, "bundle loaded");
        return;
    }
    let errors = attempt.diagnostics.iter().filter(|d| d.is_error()).count();
    let first = attempt.diagnostics.iter().find(|d| d.is_error());
    let place = first.map(Diagnostic::location).unwrap_or_default();
    let why = attempt.failure.as_ref().or(first.map(|d| &d.message)).map_or("", |message| message.in_lang(lang));
    tracing::error!(revision, milliseconds, errors, place, why, "bundle refused, the last good one goes on serving");
}
