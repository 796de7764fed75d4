//! A connection with what belongs to it.

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use postgres::{Client, NoTls, Statement};

use super::error::{error, wrong};
use super::parameters::{Parameter, row};
use super::placeholders::to_dollars;
use super::tls::Server;
use super::{Options, StoreError};
use crate::store::{Row, Value, start};

/// Statements kept prepared, for each connection.
const STATEMENTS: usize = 256;
/// After this long without a word from the other machine the connection is taken for dead, in both directions.
const SILENCE: Duration = Duration::from_secs(25);

/// Columns of every unique index, as SQLite words them: `ticket.channel, ticket.external_id`; an index over an expression
/// has no such columns and keeps its name.
const UNIQUE: &str = "
    SELECT index.relname,
           COALESCE(CASE WHEN BOOL_AND(part.attname IS NOT NULL)
                         THEN STRING_AGG(relation.relname || '.' || part.attname, ', ' ORDER BY key.position) END,
                    'index ''' || index.relname || '''')
    FROM pg_index
    JOIN pg_class index ON index.oid = pg_index.indexrelid
    JOIN pg_class relation ON relation.oid = pg_index.indrelid
    CROSS JOIN LATERAL UNNEST(pg_index.indkey) WITH ORDINALITY AS key (number, position)
    LEFT JOIN pg_attribute part ON part.attrelid = relation.oid AND part.attnum = key.number
    WHERE pg_index.indisunique AND relation.relnamespace = CURRENT_SCHEMA::regnamespace
      AND key.position <= pg_index.indnkeyatts
    GROUP BY index.relname";

/// A connection, its prepared statements, and the names of its unique indexes.
pub(in crate::store) struct Session {
    pub(super) client: Client,
    statements: HashMap<String, Statement>,
    unique: BTreeMap<String, String>,
}

impl Session {
    /// Connects, within [`Options::connect_timeout`] whatever the other side does.
    pub(super) fn connect(server: &Server, options: &Options) -> Result<Session, StoreError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let (server, set, most) = (server.clone(), settings(options), options.connect_timeout);
        // The client's own limit is for the socket alone; a server may take the connection and never say a word.
        let connecting = move || {
            // Where nobody waits any more the connection ends here.
            let _ = sender.send(Session::open(server, &set, most));
        };
        start("store-connect", connecting)?;
        receiver.recv_timeout(most).unwrap_or_else(|error| {
            Err(StoreError::Unavailable(match error {
                RecvTimeoutError::Timeout => format!("no answer within {} s", most.as_secs_f64()),
                RecvTimeoutError::Disconnected => "connecting failed".to_owned(),
            }))
        })
    }

    fn open(server: Server, settings: &str, most: Duration) -> Result<Session, StoreError> {
        let Server { mut config, encryption } = server;
        config.connect_timeout(most).tcp_user_timeout(SILENCE);
        config.keepalives_idle(SILENCE / 2).keepalives_interval(SILENCE / 6).keepalives_retries(3);
        if config.get_application_name().is_none() {
            config.application_name("jiesu");
        }
        let connected = match encryption {
            Some(encryption) => config.connect(encryption),
            None => config.connect(NoTls),
        };
        let mut client = connected.map_err(error)?;
        client.batch_execute(settings).map_err(error)?;
        let indexes = client.query(UNIQUE, &[]).map_err(error)?;
        let unique = indexes.iter().map(|index| (index.get(0), index.get(1))).collect();
        Ok(Session { client, statements: HashMap::new(), unique })
    }

    pub(in crate::store) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub(in crate::store) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        self.run(sql, values, |client, statement, values| client.execute(statement, values))
    }

    pub(in crate::store) fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let rows = self.run(sql, values, |client, statement, values| client.query(statement, values))?;
        rows.iter().map(row).collect()
    }

    fn run<T>(
        &mut self,
        sql: &str,
        values: &[Value],
        run: impl FnOnce(&mut Client, &Statement, &[&(dyn postgres::types::ToSql + Sync)]) -> Result<T, postgres::Error>,
    ) -> Result<T, StoreError> {
        let statement = self.prepare(sql)?;
        let parameters: Vec<Parameter<'_>> = values.iter().map(Parameter).collect();
        let parameters: Vec<_> = parameters.iter().map(|value| value as _).collect();
        run(&mut self.client, &statement, &parameters).map_err(|cause| {
            // It may be that the schema has changed since it was prepared.
            self.statements.remove(sql);
            self.named(wrong(cause, sql))
        })
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&to_dollars(sql)).map_err(|cause| wrong(cause, sql))?;
        if self.statements.len() >= STATEMENTS {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// A conflict names columns instead of an index.
    fn named(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Conflict(index) => StoreError::Conflict(self.unique.get(&index).cloned().unwrap_or(index)),
            error => error,
        }
    }
}

/// What every session is told: limits; that its end is noticed; and that a commit is on disk when it returns.
fn settings(options: &Options) -> String {
    let (statement, lock) = (options.statement_timeout.as_millis(), options.lock_timeout.as_millis());
    let silence = SILENCE.as_secs();
    format!(
        "SET statement_timeout = {statement}; SET lock_timeout = {lock};
         SET idle_in_transaction_session_timeout = {statement};
         SET tcp_keepalives_idle = {}; SET tcp_keepalives_interval = {}; SET tcp_keepalives_count = 3;
         SET client_min_messages = warning;
         SELECT SET_CONFIG('synchronous_commit', 'on', FALSE) WHERE CURRENT_SETTING('synchronous_commit') = 'off'",
        silence / 2,
        silence / 6
    )
}
