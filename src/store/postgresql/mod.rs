//! PostgreSQL: a few threads that write and a few that read, each with a connection of its own that it makes anew when it
//! is lost.
//!
//! The client drives a runtime of its own and may not be used, nor dropped, on a thread that runs another: every
//! connection lives and dies on a thread of this folder.

mod advisory;
mod error;
mod parameters;
mod session;
mod tls;
mod worker;

use std::thread;
use std::time::Duration;

use postgres::Client;

use super::{Migration, Options, StoreError, migration, placeholders};
pub(super) use advisory::{Held, lock};
use error::error;
pub(super) use session::Session;
pub(super) use tls::Server;
pub(super) use worker::{Backoff, work};

/// Held while the schema is changed, so that servers that start together do not do it twice: "jiesu" as a number.
const MIGRATING: i64 = 0x006a_6965_7375;
/// How long a server waits for another that changes the schema.
const LONGEST_MIGRATION: Duration = Duration::from_secs(600);

/// Brings the database to the newest version.
pub(super) fn migrate(server: &Server, migrations: &'static [Migration], options: &Options) -> Result<(), StoreError> {
    // A thread of its own, since the caller may be in a runtime.
    thread::scope(|scope| {
        let work = scope.spawn(|| {
            let patience = Options { statement_timeout: Duration::ZERO, lock_timeout: LONGEST_MIGRATION, ..*options };
            take_steps(&mut Session::connect(server, &patience)?.client, migrations)
        });
        work.join().unwrap_or_else(|_| Err(StoreError::Database("the migration panicked".to_owned())))
    })
}

/// The lock goes with the connection.
fn take_steps(client: &mut Client, migrations: &'static [Migration]) -> Result<(), StoreError> {
    let encoding: String = client.query_one("SHOW server_encoding", &[]).map_err(error)?.get(0);
    if encoding != "UTF8" {
        let why = format!("the encoding of the database is {encoding}: make it anew with ENCODING 'UTF8'");
        return Err(StoreError::Database(why));
    }
    client.execute("SELECT pg_advisory_lock($1)", &[&MIGRATING]).map_err(error)?;
    client.batch_execute(migration::TABLE).map_err(error)?;
    let found: i64 = client.query_one(migration::NEWEST, &[]).map_err(error)?.get(0);
    let note = placeholders::to_dollars(migration::NOTE);
    for step in migration::missing(migrations, found)? {
        let mut transaction = client.transaction().map_err(error)?;
        transaction.batch_execute(step.postgres).map_err(error)?;
        transaction.execute(&note, &[&i64::from(step.version), &step.name]).map_err(error)?;
        transaction.commit().map_err(error)?;
    }
    Ok(())
}
