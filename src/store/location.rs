//! Where a database is.

use std::fmt;
use std::path::PathBuf;

use super::StoreError;
use super::postgresql::Server;
use crate::say;

/// Where a database is: a file for SQLite, an address for PostgreSQL. Shown without the password.
#[derive(Clone)]
pub struct Location(pub(super) Place);

#[derive(Clone)]
pub(super) enum Place {
    File(PathBuf),
    Server(Box<Server>),
}

impl Location {
    /// Reads `postgres://user:password@host:port/database` (or `postgresql://`); any other text is the path of a file.
    /// With `sslmode=require`, `verify-ca` or `verify-full` and perhaps `sslrootcert=FILE` connections are encrypted, as
    /// PostgreSQL's own client does; otherwise not.
    ///
    /// # Errors
    /// [`StoreError::Address`]: not an address, or its certificates cannot be read.
    pub fn parse(text: &str) -> Result<Location, StoreError> {
        if text.is_empty() {
            return Err(StoreError::Address(say!("没有填写数据库地址", "the address of the database is empty")));
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Ok(Location::file(text));
        }
        Server::parse(text).map(|server| Location(Place::Server(Box::new(server))))
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
            Place::Server(server) => &server.config,
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
