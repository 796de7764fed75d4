//! The tables, and how they came to be. A migration that was released is never changed.
//!
//! `events` is what happened and the only truth; `tickets`, `assignments`, `deadlines` and `sums` are what lists, the
//! clock and statistics ask for, written in the transaction of the event; `recount` makes `sums` anew from the events.
//! `personal` alone holds what identifies people. Moments are milliseconds since 1970-01-01 UTC.

mod sums;

use crate::store::Migration;

/// The statements of the first step; databases differ in how they number rows.
macro_rules! tables {
    ($numbered:literal) => {
        concat!(
            "CREATE TABLE tickets (
                seq ",
            $numbered,
            ",
                id TEXT UNIQUE,
                version BIGINT NOT NULL,
                opened_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                state TEXT NOT NULL,
                urgency BIGINT NOT NULL,
                chases BIGINT NOT NULL,
                due_at BIGINT,
                kind TEXT,
                scenario TEXT,
                department TEXT,
                district TEXT,
                channel TEXT,
                external_id TEXT,
                submitter TEXT NOT NULL,
                caller TEXT,
                place TEXT,
                summary TEXT NOT NULL,
                automatic BIGINT NOT NULL,
                confidential BIGINT NOT NULL,
                excluded BIGINT NOT NULL,
                return_to TEXT,
                paused BIGINT NOT NULL,
                claimed_by TEXT,
                claimed_until BIGINT,
                erased_at BIGINT
            );
            CREATE INDEX tickets_by_state ON tickets (state, urgency DESC, chases DESC, due_at, seq);
            CREATE INDEX tickets_of_state ON tickets (state, seq);
            CREATE INDEX tickets_by_department ON tickets (department, seq);
            CREATE INDEX tickets_by_scenario ON tickets (scenario, place, seq);
            CREATE INDEX tickets_of_scenario ON tickets (scenario, seq);
            CREATE INDEX tickets_by_district ON tickets (district, seq);
            CREATE INDEX tickets_by_channel ON tickets (channel, seq);
            CREATE INDEX tickets_by_urgency ON tickets (urgency, seq);
            CREATE INDEX tickets_overdue ON tickets (due_at, seq) WHERE state IN ('received', 'in_review', 'dispatched',
                'accepted', 'contacted', 'resolved', 'answer_reviewed') AND paused = 0;
            CREATE INDEX tickets_by_caller ON tickets (caller, seq);
            CREATE INDEX tickets_by_submitter ON tickets (submitter, seq);
            CREATE INDEX tickets_by_external_id ON tickets (external_id);
            CREATE INDEX tickets_returning ON tickets (return_to, urgency DESC, chases DESC, due_at, seq);
            CREATE INDEX tickets_by_opening ON tickets (opened_at, seq);
            CREATE INDEX tickets_to_erase ON tickets (updated_at)
                WHERE erased_at IS NULL AND state IN ('closed', 'finalised', 'merged', 'refused');
            CREATE TABLE events (
                ticket BIGINT NOT NULL REFERENCES tickets (seq),
                number BIGINT NOT NULL,
                at BIGINT NOT NULL,
                actor TEXT NOT NULL,
                revision TEXT NOT NULL,
                name TEXT NOT NULL,
                body TEXT NOT NULL,
                PRIMARY KEY (ticket, number)
            );
            CREATE TABLE assignments (
                ticket BIGINT NOT NULL REFERENCES tickets (seq),
                number BIGINT NOT NULL,
                department TEXT NOT NULL,
                role TEXT NOT NULL,
                state TEXT NOT NULL,
                due_at BIGINT NOT NULL,
                PRIMARY KEY (ticket, number)
            );
            CREATE INDEX assignments_by_department ON assignments (department, ticket, state);
            CREATE TABLE deadlines (
                ticket BIGINT NOT NULL REFERENCES tickets (seq),
                assignment BIGINT NOT NULL,
                layer TEXT NOT NULL,
                due_at BIGINT NOT NULL,
                step BIGINT NOT NULL,
                next_at BIGINT NOT NULL,
                PRIMARY KEY (ticket, assignment, layer)
            );
            CREATE INDEX deadlines_next ON deadlines (next_at);
            CREATE TABLE personal (
                id ",
            $numbered,
            ",
                ticket BIGINT NOT NULL REFERENCES tickets (seq),
                kind TEXT NOT NULL,
                body TEXT NOT NULL
            );
            CREATE INDEX personal_by_ticket ON personal (ticket);
            CREATE TABLE requests (
                actor TEXT NOT NULL,
                request_key TEXT NOT NULL,
                content TEXT NOT NULL,
                ticket BIGINT NOT NULL REFERENCES tickets (seq),
                at BIGINT NOT NULL,
                PRIMARY KEY (actor, request_key)
            );
            CREATE INDEX requests_by_time ON requests (at);
            CREATE TABLE outbox (
                id ",
            $numbered,
            ",
                message TEXT NOT NULL UNIQUE,
                ticket BIGINT NOT NULL REFERENCES tickets (seq),
                event BIGINT NOT NULL,
                name TEXT NOT NULL,
                target TEXT NOT NULL,
                state TEXT NOT NULL,
                attempts BIGINT NOT NULL,
                since BIGINT NOT NULL,
                next_at BIGINT NOT NULL,
                error TEXT
            );
            CREATE INDEX outbox_pending ON outbox (target, next_at, id) WHERE state = 'pending';
            CREATE INDEX outbox_delivered ON outbox (next_at) WHERE state = 'delivered';
            CREATE INDEX outbox_dead ON outbox (id) WHERE state = 'dead';
            CREATE INDEX outbox_by_ticket ON outbox (ticket, target);
            CREATE TABLE figures (
                day TEXT NOT NULL,
                kind TEXT NOT NULL,
                department TEXT NOT NULL,
                scenario TEXT NOT NULL,
                district TEXT NOT NULL,
                channel TEXT NOT NULL,
                excluded BIGINT NOT NULL,
                measure TEXT NOT NULL,
                amount BIGINT NOT NULL,
                PRIMARY KEY (day, kind, department, scenario, district, channel, excluded, measure)
            );
            CREATE TABLE access_keys (
                id TEXT PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                hash TEXT NOT NULL UNIQUE,
                scopes TEXT NOT NULL,
                created_at BIGINT NOT NULL,
                revoked_at BIGINT,
                used_at BIGINT
            );
            CREATE TABLE audit (
                id ",
            $numbered,
            ",
                at BIGINT NOT NULL,
                actor TEXT NOT NULL,
                action TEXT NOT NULL,
                ticket TEXT
            );
            CREATE INDEX audit_by_ticket ON audit (ticket, id);
            CREATE INDEX audit_by_actor ON audit (actor, id);"
        )
    };
}
/// All steps.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "tickets",
        sqlite: tables!("INTEGER PRIMARY KEY AUTOINCREMENT"),
        postgres: tables!("BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"),
    },
    super::drafts::MIGRATION,
    sums::STEP,
    super::callers::MIGRATION,
    sums::FEWER,
    super::proposals::MIGRATION,
    super::feedback::MIGRATION,
    super::repeats::MIGRATION,
    sums::COARSE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_tables() {
        for migration in MIGRATIONS {
            let names = |script: &str| {
                let lines = script.lines().filter_map(|line| line.split_once("CREATE "));
                lines.map(|(_, rest)| rest.split('(').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
            };
            assert_eq!(names(migration.sqlite), names(migration.postgres));
            assert!(!migration.sqlite.trim().is_empty() && !migration.postgres.trim().is_empty());
        }
    }
}
