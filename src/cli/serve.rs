//! `jiesu serve`: the API, with rules reloaded as they change.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

use super::settings::{LogFormat, Settings, Source};
use super::{Common, Ended, Failure, load};
use crate::access::{Keys, Tokens};
use crate::bundle::{Attempt, History, Live, LiveError, Place, Revision, teach, watch};
use crate::deliver::{Deliverer, KeySource};
use crate::say;
use crate::server::{self, Configuration, DecisionLog, DecisionLogSettings, Encryption};
use crate::source::{Diagnostic, Lang, Message};
use crate::store::{Options, Store, StoreError};
use crate::tickets::{Attachments, Clock, MIGRATIONS, Tickets};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The address to listen on (default: 127.0.0.1:7080)
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    source: Source,
    /// Serve a revision of a git repository: a branch is looked at again every two seconds, a hash never changes
    #[arg(long, value_name = "REV")]
    git: Option<String>,
    /// The repository of --git, or the bundle's folder in it (default: the bundle's folder)
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// Log every decision there, personal data masked (without a folder: decisions/ in the folder of --data)
    #[arg(long, value_name = "DIR")]
    decision_log: Option<Option<PathBuf>>,
    /// Megabytes of a file of the log, from which on another is begun
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1 << 20), requires = "decision_log")]
    decision_log_mb: u64,
    /// Hours, after which another file is begun
    #[arg(long, value_name = "NUMBER", default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=24 * 366), requires = "decision_log")]
    decision_log_hours: u64,
    /// Files of the log that are kept; the oldest are removed
    #[arg(long, value_name = "NUMBER", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..), requires = "decision_log")]
    decision_log_keep: u16,
    /// Show all settings that are in force, without secrets, and end
    #[arg(long)]
    print_config: bool,
}

/// How long the start waits for a database that does not answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two attempts.
const TRIED_EVERY: Duration = Duration::from_secs(1);

/// The folder of the log of decisions in that of `--data`.
pub(super) const DECISIONS: &str = "decisions";

/// Opens the log of decisions, where it is asked for.
fn decision_log(arguments: &Arguments, data: Option<&Path>) -> Result<Option<DecisionLog>, Message> {
    let Some(folder) = &arguments.decision_log else { return Ok(None) };
    let folder = match (folder, data) {
        (Some(folder), _) => folder.clone(),
        (None, Some(data)) => data.join(DECISIONS),
        (None, None) => {
            return Err(say!(
                "--decision-log 后面要写目录；或者同时写 --data，就记在它下面的 {DECISIONS}/",
                "name a folder after --decision-log, or give --data: then it is {DECISIONS}/ in that"
            ));
        }
    };
    let settings = DecisionLogSettings {
        most_bytes: arguments.decision_log_mb << 20,
        most_age: Duration::from_secs(arguments.decision_log_hours * 60 * 60),
        kept: usize::from(arguments.decision_log_keep),
        ..DecisionLogSettings::in_folder(folder)
    };
    let shown = settings.folder.display().to_string();
    DecisionLog::open(settings).map(Some).map_err(|error| match error.kind() {
        std::io::ErrorKind::WouldBlock => say!(
            "已有另一个服务在 {shown} 记判定日志，请换一个目录",
            "another server logs its decisions in {shown}: choose another folder"
        ),
        _ => say!("判定日志目录 {shown} 不可用：{error}", "decisions cannot be logged in {shown}: {error}"),
    })
}

impl Arguments {
    /// The settings that are in force, those of the command line first.
    fn settings(&self, common: &Common, lang: Lang) -> Result<Settings, Message> {
        let mut settings = self.source.settings(lang)?;
        if let Some(listen) = self.listen {
            settings.listen = listen;
        }
        settings.bundle = common.bundle.clone().or(settings.bundle);
        settings.git = self.git.clone().or(settings.git);
        settings.repo = self.repo.clone().or(settings.repo);
        Ok(settings)
    }
}

/// Where the bundle is read from: the folder, or a revision.
fn place(settings: &Settings) -> Result<Place, Message> {
    let folder = settings.bundle.as_deref().unwrap_or(Path::new("."));
    let repository = settings.repo.as_deref().unwrap_or(folder);
    match &settings.git {
        Some(name) => Revision::new(repository, name).map(Place::Revision),
        // A repository without a revision is what it holds now.
        None if settings.repo.is_some() => Revision::new(repository, "HEAD").map(Place::Revision),
        None => Ok(Place::Folder(folder.to_owned())),
    }
}

pub(super) fn run(common: &Common, lang: Lang, arguments: &Arguments) -> Result<Ended, Failure> {
    let settings = arguments.settings(common, lang)?;
    if arguments.print_config {
        anstream::println!("{}", settings.shown(common.json)?.trim_end());
        return Ok(Ended::Fine);
    }
    log(&settings)?;
    server::hide_panic_messages();
    let mut configuration = settings.configuration(lang);
    if let (Some(certificate), Some(key)) = (&settings.tls.certificate, &settings.tls.key) {
        configuration.encryption = Some(Encryption::load(certificate, key)?);
    }
    configuration.decision_log = decision_log(arguments, settings.data.as_deref())?;
    let history = settings.data.as_ref().map(|data| {
        let shown = data.display();
        History::open(data).map_err(|error| {
            say!("--data 目录 {shown} 不可用：{error}", "the folder {shown} of --data cannot be used: {error}")
        })
    });
    let history = history.transpose()?;
    let store = store(&settings, lang)?;
    if let Some(store) = &store {
        configuration.keys = Keys::load(store).map_err(|error| error.message())?;
    }
    configuration.tokens = settings.access.oidc.clone().map(Tokens::new).transpose()?;
    let key_source = configuration.tokens.clone().map(KeySource::new).transpose()?;
    needs_keys(&configuration, store.is_some())?;
    let live = start(common, lang, place(&settings)?, history)?;
    let clock: Clock = Arc::new(jiff::Timestamp::now);
    let mut handling = settings.tickets.clone();
    handling.central_webhook = settings.webhooks.centre.is_some();
    let tickets = store.map(|store| Tickets::new(store, Arc::clone(&live), handling, clock));
    let tickets = match (tickets, settings.attachments()) {
        (Some(tickets), Some(folder)) => {
            let attachments = Attachments::open(&folder).map_err(|error| {
                say!("附件目录建不了：{error}", "the folder of attachments cannot be made: {error}")
            })?;
            Some(tickets.with_attachments(attachments))
        }
        (tickets, _) => tickets,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| say!("无法启动：{error}", "cannot start: {error}"))?;
    let deliverer = tickets.clone().map(|tickets| Deliverer::new(tickets, settings.webhooks.clone())).transpose()?;
    if let Some(source) = key_source {
        // Ends with the runtime.
        runtime.spawn(source.run(std::future::pending()));
    }
    runtime.block_on(listen(live, tickets, deliverer, configuration)).map(|()| Ended::Fine).map_err(Failure)
}

/// The log, on standard error; `RUST_LOG` outranks the settings.
fn log(settings: &Settings) -> Result<(), Message> {
    let level = &settings.log.level;
    let filter = EnvFilter::try_from_default_env().or_else(|_| EnvFilter::try_new(level));
    let filter = filter.map_err(|error| {
        say!(
            "log.level 的“{level}”有误（{error}）；可写 error、warn、info、debug",
            "log.level `{level}` is wrong ({error}): write error, warn, info or debug"
        )
    })?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match settings.log.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

/// The bundle that serves, with everything that keeps it up to date.
fn start(common: &Common, lang: Lang, place: Place, history: Option<History>) -> Result<Arc<Live>, Failure> {
    let live = match Live::start_at(place, load::cache(common), history) {
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
    Ok(live)
}

/// The database that is named, or the one in the data folder; none where neither is given. One that cannot be reached is
/// tried again for a while: machines that start together do not start at once.
fn store(settings: &Settings, lang: Lang) -> Result<Option<Store>, Failure> {
    let Some(location) = settings.location().map_err(|error| error.message())? else { return Ok(None) };
    let began = Instant::now();
    let mut said = false;
    loop {
        match Store::open(&location, MIGRATIONS, Options::default()) {
            Err(error @ StoreError::Unavailable(_)) if began.elapsed() < PATIENCE => {
                if !said {
                    let (Message { zh, en }, seconds) = (error.message(), PATIENCE.as_secs());
                    let message = say!("{zh}；启动时最多等 {seconds} 秒", "{en}; the start waits {seconds} s for it");
                    anstream::eprintln!("{}", message.in_lang(lang));
                    said = true;
                }
                std::thread::sleep(TRIED_EVERY);
            }
            opened => return Ok(Some(opened.map_err(|error| error.message())?)),
        }
    }
}

/// Beyond this machine nobody is served without a key.
fn needs_keys(configuration: &Configuration, has_store: bool) -> Result<(), Message> {
    let address = configuration.listen;
    if address.ip().is_loopback() || !configuration.keys.none_ever() || configuration.tokens.is_some() {
        return Ok(());
    }
    let (zh, en) = if has_store {
        ("", "")
    } else {
        ("先用 --data 目录 指定数据放在哪里；", "say where data is kept with --data DIR; ")
    };
    Err(say!(
        "还没有密钥，不能监听本机以外的地址 {address}：否则谁都能查看和派发工单。{zh}生成第一个密钥：jiesu keys add 名称 --scope admin --data 目录",
        "there are no keys, so {address} is not listened on: anybody could see and dispatch tickets. {en}make a first key: jiesu keys add NAME --scope admin --data DIR"
    ))
}

async fn listen(
    live: Arc<Live>,
    tickets: Option<Tickets>,
    deliverer: Option<Deliverer>,
    mut configuration: Configuration,
) -> Result<(), Message> {
    let (address, lang) = (configuration.listen, configuration.lang);
    let listener = tokio::net::TcpListener::bind(address).await.map_err(|error| {
        say!(
            "无法监听 {address}：{error}；可能已有程序占用，可用 --listen 换一个端口",
            "cannot listen on {address}: {error}; another program may have it: choose a port with --listen"
        )
    })?;
    let address = listener.local_addr().unwrap_or(address);
    configuration.listen = address;
    let counts = live.serving().bundle.counts;
    let (scenarios, articles, cases) = (counts.scenarios, counts.articles, counts.cases);
    let scheme = if configuration.encryption.is_some() { "https" } else { "http" };
    let stop_signal = stop_signal()
        .map_err(|error| say!("无法接收停止信号：{error}", "cannot listen for the signal to stop: {error}"))?;
    let message = say!(
        "服务地址 {scheme}://{address}（{scenarios} 个场景，{articles} 条知识，{cases} 条案例）；工作台 {scheme}://{address}/console；Ctrl-C 停止",
        "serving on {scheme}://{address} ({scenarios} scenarios, {articles} articles, {cases} cases); the console: {scheme}://{address}/console; Ctrl-C stops"
    );
    anstream::eprintln!("{}", message.in_lang(lang));
    let (stop, stopped) = oneshot::channel::<()>();
    let delivering = deliverer.map(|deliverer| {
        tokio::spawn(deliverer.run(async {
            let _ = stopped.await;
        }))
    });
    let served = server::serve(live, tickets, configuration, listener, stop_signal).await;
    // What the last requests caused waits in the outbox; what is on its way is waited for.
    drop(stop);
    if let Some(delivering) = delivering {
        let _ = delivering.await;
    }
    served.map_err(|error| say!("服务中断：{error}", "serving ended: {error}"))
}

/// Waits for Ctrl-C, or for the signal that service managers send. Both are listened for from this call on,
/// not from the first poll: a server told to stop right after it said where it serves stops in order too.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
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
