//! The steps that bring a database to what the program expects. Forward only.

use super::StoreError;

/// One step of the schema. A step that has been released is never changed; another follows it.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// 1 for the first, then without gaps.
    pub version: u32,
    /// What it does, in a few words; kept in the table `schema_version`.
    pub name: &'static str,
    /// Statements for SQLite, run in one transaction. Foreign keys are on and may not be `DEFERRABLE`: a violation that is
    /// found only at the commit would take down the jobs of others.
    pub sqlite: &'static str,
    /// Statements for PostgreSQL, run in one transaction.
    pub postgres: &'static str,
}

/// The table that says which steps a database has taken. `applied_at` is by the clock of the database, for people.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version \
    (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)";
/// The newest step taken; 0 for none.
pub(super) const NEWEST: &str = "SELECT COALESCE(MAX(version), 0) FROM schema_version";
/// Notes a step: its version, its name.
pub(super) const NOTE: &str =
    "INSERT INTO schema_version (version, name, applied_at) VALUES (?1, ?2, CAST(CURRENT_TIMESTAMP AS TEXT))";

/// The steps that are still to be taken by a database that is at version `found`.
///
/// # Errors
/// The database is newer than the program, or the list has a gap.
pub(super) fn missing(migrations: &'static [Migration], found: i64) -> Result<&'static [Migration], StoreError> {
    if let Some((_, gap)) = (1..).zip(migrations).find(|(version, migration)| *version != migration.version) {
        return Err(StoreError::Database(format!("migration {} is out of order", gap.version)));
    }
    let known = migrations.len();
    let strange = || StoreError::Corrupt(format!("schema_version says {found}"));
    let found = usize::try_from(found).map_err(|_| strange())?;
    migrations.get(found..).ok_or_else(|| StoreError::Version {
        found: u32::try_from(found).unwrap_or(u32::MAX),
        known: u32::try_from(known).unwrap_or(u32::MAX),
    })
}
