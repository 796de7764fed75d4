//! Where a database is.

use std::fmt;
use std::path::PathBuf;

use postgres::config::{Config, SslMode};

use super::StoreError;
use crate::say;

/// Where a database is: a file for SQLite, an address for PostgreSQL. Shown without the password.
#[derive(Clone)]
pub struct Location(pub(super) Place);

#[derive(Clone)]
pub(super) enum Place {
    File(PathBuf),
    Server(Box<Config>),
}

impl Location {
    /// Reads `postgres://user:password@host:port/database` (or `postgresql://`); any other text is the path of a file.
    /// Connections to PostgreSQL are not encrypted.
    ///
    /// # Errors
    /// [`StoreError::Address`]: not an address, or one that asks for encryption (`sslmode=require`).
    pub fn parse(text: &str) -> Result<Location, StoreError> {
        if text.is_empty() {
            return Err(StoreError::Address(say!("没有填写数据库地址", "the address of the database is empty")));
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Ok(Location::file(text));
        }
        // The parser's reason is not repeated: it may quote the address, and with it the password.
        let unread = || {
            StoreError::Address(say!(
                "数据库地址写得不对，应当像 postgres://用户:密码@主机:端口/库名",
                "not an address of PostgreSQL: write it like postgres://user:password@host:port/database"
            ))
        };
        let config: Config = text.parse().map_err(|_| unread())?;
        if config.get_ssl_mode() == SslMode::Require {
            return Err(StoreError::Address(say!(
                "目前还不支持加密连接 PostgreSQL，请去掉 sslmode，并让数据库与本机或内网相连",
                "encrypted connections to PostgreSQL are not supported yet: leave out sslmode, and keep the database on \
                 this machine or in a private network"
            )));
        }
        Ok(Location(Place::Server(Box::new(config))))
    }

    /// An SQLite file.
    pub fn file(path: impl Into<PathBuf>) -> Location {
        Location(Place::File(path.into()))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = match &self.0 {
            Place::File(path) => return write!(f, "{}", path.display()),
            Place::Server(config) => config,
        };
        f.write_str("postgres://")?;
        if let Some(user) = config.get_user() {
            write!(f, "{user}@")?;
        }
        if let Some(host) = config.get_hosts().first() {
            match host {
                postgres::config::Host::Tcp(name) => f.write_str(name)?,
                #[cfg(unix)]
                postgres::config::Host::Unix(path) => write!(f, "{}", path.display())?,
            }
        }
        if let Some(port) = config.get_ports().first() {
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", config.get_dbname().unwrap_or_default())
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}
