//! The settings of the service: a flag of the command line, else a variable of the environment, else `jiesu.toml`, else
//! what is assumed. What may not be here: what a setting does.

mod fields;
mod read;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::access::{Rate, TokenSettings};
use crate::say;
use crate::server::Configuration;
use crate::source::{Lang, Message};
use crate::store::{Location, StoreError};
use crate::{deliver, tickets};

/// The settings' file that is looked for in the working directory.
const FILE: &str = "jiesu.toml";

/// All settings. Every field has its line in `docs/operation.zh-CN.md`; a test holds that.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    /// The folder that holds `rules/` and `knowledge/`.
    pub(super) bundle: Option<PathBuf>,
    /// The revision to serve, of `repo`.
    pub(super) git: Option<String>,
    /// The repository of `git`.
    pub(super) repo: Option<PathBuf>,
    /// The address to listen on.
    pub(super) listen: SocketAddr,
    /// The folder for what must be remembered.
    pub(super) data: Option<PathBuf>,
    /// Where tickets are kept; `tickets.db` in `data` where it is not given.
    pub(super) database: Option<String>,
    /// Encryption.
    pub(super) tls: Tls,
    /// Who is let in beside the holders of keys.
    pub(super) access: Access,
    /// The pages.
    pub(super) console: Console,
    /// Bounds.
    pub(super) limits: Limits,
    /// What is logged.
    pub(super) log: Log,
    /// How tickets are handled.
    pub(super) tickets: tickets::Settings,
    /// How other systems hear of tickets.
    pub(super) webhooks: deliver::Settings,
    /// What becomes of proposals to the editors.
    pub(super) proposals: Proposals,
}

/// What becomes of proposals to the editors.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Proposals {
    /// Each is written as a branch `proposal/ID` of the bundle's git repository too.
    pub(super) branch: bool,
}

/// Encryption: both files or none.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Tls {
    /// The chain of certificates, PEM, the server's own first.
    pub(super) certificate: Option<PathBuf>,
    /// Its private key, PEM.
    pub(super) key: Option<PathBuf>,
}

/// Who is let in beside the holders of keys.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Access {
    /// Tokens of an identity provider.
    pub(super) oidc: Option<TokenSettings>,
}

/// The pages.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Console {
    /// Minutes without a touch after which a page is locked; 0 for never.
    pub(super) idle_minutes: u32,
}

/// Bounds on what comes in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Limits {
    /// Bytes of a body.
    pub(super) body_bytes: NonZeroUsize,
    /// Bytes of a batch's body.
    pub(super) batch_body_bytes: NonZeroUsize,
    /// Seconds a request may take.
    pub(super) request_seconds: NonZeroU32,
    /// Seconds a connection may go without an answer being written to it.
    pub(super) connection_seconds: NonZeroU32,
    /// Connections at one time.
    pub(super) connections: NonZeroUsize,
    /// Seconds that accepted requests may still take once the server is told to stop.
    pub(super) drain_seconds: u32,
    /// Writes that may wait for the store before complaints are sent away.
    pub(super) writes_waiting: NonZeroUsize,
    /// Requests per second of one key in the long run; 0 for as many as it likes.
    pub(super) requests_per_second: u32,
    /// Requests of one key at one moment; 0 for twice the above.
    pub(super) burst: u32,
}

/// What is logged, to standard error.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Log {
    /// `error`, `warn`, `info`, `debug`, or directives of `tracing`.
    pub(super) level: String,
    /// How lines look.
    pub(super) format: LogFormat,
}

/// How lines of the log look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            bundle: None,
            git: None,
            repo: None,
            listen: Configuration::default().listen,
            data: None,
            database: None,
            tls: Tls::default(),
            access: Access::default(),
            console: Console::default(),
            limits: Limits::default(),
            log: Log::default(),
            tickets: tickets::Settings::default(),
            webhooks: deliver::Settings::default(),
            proposals: Proposals::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        let own = Configuration::default();
        let size = |size: usize| NonZeroUsize::new(size).unwrap_or(NonZeroUsize::MIN);
        let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        let positive = |time: Duration| NonZeroU32::new(seconds(time)).unwrap_or(NonZeroU32::MIN);
        Limits {
            body_bytes: size(own.body_limit),
            batch_body_bytes: size(own.batch_body_limit),
            request_seconds: positive(own.time_limit),
            connection_seconds: positive(own.connection_limit),
            connections: size(own.most_connections),
            drain_seconds: seconds(own.drain_limit),
            writes_waiting: size(own.most_writes_waiting),
            requests_per_second: 0,
            burst: 0,
        }
    }
}

impl Default for Console {
    fn default() -> Console {
        let idle = Configuration::default().console_idle.unwrap_or_default().as_secs() / 60;
        Console { idle_minutes: u32::try_from(idle).unwrap_or(u32::MAX) }
    }
}

impl Default for Log {
    fn default() -> Log {
        Log { level: "info".to_owned(), format: LogFormat::Text }
    }
}

impl Limits {
    fn rate(&self) -> Option<Rate> {
        let burst = if self.burst == 0 { self.requests_per_second.saturating_mul(2) } else { self.burst };
        (self.requests_per_second > 0).then_some(Rate { per_second: self.requests_per_second, burst })
    }
}

impl Settings {
    /// What the server is told of them.
    pub(super) fn configuration(&self, lang: Lang) -> Configuration {
        let (limits, seconds) = (&self.limits, |seconds: u32| Duration::from_secs(u64::from(seconds)));
        Configuration {
            listen: self.listen,
            lang,
            body_limit: limits.body_bytes.get(),
            batch_body_limit: limits.batch_body_bytes.get(),
            time_limit: seconds(limits.request_seconds.get()),
            connection_limit: seconds(limits.connection_seconds.get()),
            most_connections: limits.connections.get(),
            drain_limit: seconds(limits.drain_seconds),
            most_writes_waiting: limits.writes_waiting.get(),
            rate: limits.rate(),
            console_idle: Some(self.console.idle_minutes)
                .filter(|minutes| *minutes > 0)
                .map(|minutes| seconds(minutes.saturating_mul(60))),
            proposal_branches: self.proposals.branch,
            ..Configuration::default()
        }
    }

    /// Where the database is; none where neither it nor a folder for data is named.
    pub(super) fn location(&self) -> Result<Option<Location>, StoreError> {
        match (&self.database, &self.data) {
            (Some(database), _) => Location::parse(database).map(Some),
            (None, Some(data)) => Ok(Some(Location::file(data.join("tickets.db")))),
            (None, None) => Ok(None),
        }
    }

    /// The file of the database; none where it is no file, or where nothing is kept.
    pub(super) fn database_file(&self) -> Option<PathBuf> {
        match (&self.database, &self.data) {
            (Some(address), _) if address.starts_with("postgres://") || address.starts_with("postgresql://") => None,
            (Some(file), _) => Some(file.into()),
            (None, data) => data.as_ref().map(|data| data.join("tickets.db")),
        }
    }

    /// The folder of attachments: beside the file of the database, or in the folder for data.
    pub(super) fn attachments(&self) -> Option<PathBuf> {
        let beside = self.database_file().and_then(|file| file.parent().map(Path::to_owned));
        beside.or_else(|| self.data.clone()).map(|folder| folder.join("attachments"))
    }

    /// All that is in force, as it would stand in the file; without the password of the database.
    pub(super) fn shown(&self, json: bool) -> Result<String, Message> {
        let mut shown = self.clone();
        shown.database = match &self.database {
            Some(database) => Some(Location::parse(database).map_err(|error| error.message())?.to_string()),
            None => None,
        };
        let written = if json {
            serde_json::to_string_pretty(&shown).map_err(|error| error.to_string())
        } else {
            toml::to_string(&shown).map_err(|error| error.to_string())
        };
        written.map_err(|why| say!("设置无法显示：{why}", "the settings cannot be shown: {why}"))
    }

    /// What no type can hold.
    fn check(&self) -> Result<(), Message> {
        if self.tls.certificate.is_some() != self.tls.key.is_some() {
            return Err(say!(
                "tls.certificate 和 tls.key 要么都写，要么都不写",
                "give both tls.certificate and tls.key, or neither"
            ));
        }
        for (key, part) in
            [("tickets.unit_share", self.tickets.unit_share), ("tickets.warn_after", self.tickets.warn_after)]
        {
            if !(part > 0.0 && part <= 1.0) {
                return Err(say!(
                    "{key} 应大于 0、不超过 1，现在是 {part}",
                    "{key} should be more than 0 and at most 1: it is {part}"
                ));
            }
        }
        if self.limits.connection_seconds <= self.limits.request_seconds {
            return Err(say!(
                "limits.connection_seconds 应大于 limits.request_seconds，否则答复还没写完连接就断了",
                "limits.connection_seconds should be more than limits.request_seconds, or answers are cut off"
            ));
        }
        Ok(())
    }
}

/// Where the settings are, and what most commands that use the store take in place of them.
#[derive(Debug, clap::Args)]
pub(super) struct Source {
    /// The settings' file (default: jiesu.toml in the current folder, where there is one)
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The folder for what must be remembered: tickets, attachments, the last good bundle
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Where tickets are kept: a file, or postgres://… (default: tickets.db in the folder of --data)
    #[arg(long, value_name = "DATABASE")]
    pub(super) database: Option<String>,
}

impl Source {
    /// The settings that are in force, with what the command line says.
    pub(super) fn settings(&self, lang: Lang) -> Result<Settings, Message> {
        let file = match &self.config {
            Some(file) => Some(file.as_path()),
            None => Some(Path::new(FILE)).filter(|file| file.exists()),
        };
        let (mut settings, warnings) = read::read(file, std::env::vars_os())?;
        warnings.iter().for_each(|warning| anstream::eprintln!("{}", warning.in_lang(lang)));
        if let Some(data) = &self.data {
            settings.data = Some(data.clone());
            // A folder that is named here outranks a database that is named elsewhere.
            settings.database = None;
        }
        if let Some(database) = &self.database {
            settings.database = Some(database.clone());
        }
        settings.check()?;
        Ok(settings)
    }

    /// The database that is named.
    pub(super) fn location(&self, lang: Lang) -> Result<Location, Message> {
        self.settings(lang)?.location().map_err(|error| error.message())?.ok_or_else(|| {
            say!(
                "请写明数据在哪里：--data 目录（与 jiesu serve 相同），或在 {FILE} 里写 data",
                "say where the data is: --data DIR, the same as for jiesu serve, or `data` in {FILE}"
            )
        })
    }
}
