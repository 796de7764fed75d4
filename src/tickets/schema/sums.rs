//! The third step: sums in coarse shapes take the place of one fine table of figures, which a year of statistics was too
//! long to add up; and indexes for lists of what is overdue and of what came in at some time.

use crate::store::Migration;

/// The measures of that time: `one!(name)` for each, with commas between.
macro_rules! measures {
    ($one:ident) => {
        concat!(
            $one!("tickets"),
            ", ",
            $one!("automatic"),
            ", ",
            $one!("in_review"),
            ", ",
            $one!("dispatched"),
            ", ",
            $one!("responded"),
            ", ",
            $one!("resolved"),
            ", ",
            $one!("resolved_in_time"),
            ", ",
            $one!("replied"),
            ", ",
            $one!("over"),
            ", ",
            $one!("overdue"),
            ", ",
            $one!("refused"),
            ", ",
            $one!("merged"),
            ", ",
            $one!("parked"),
            ", ",
            $one!("reopened"),
            ", ",
            $one!("return_applications"),
            ", ",
            $one!("returns"),
            ", ",
            $one!("chases"),
            ", ",
            $one!("called_back"),
            ", ",
            $one!("reached"),
            ", ",
            $one!("solved"),
            ", ",
            $one!("partly_solved"),
            ", ",
            $one!("not_solved"),
            ", ",
            $one!("satisfied"),
            ", ",
            $one!("not_satisfied"),
            ", ",
            $one!("seconds_to_dispatch"),
            ", ",
            $one!("seconds_to_contact"),
            ", ",
            $one!("seconds_to_resolve"),
            ", ",
            $one!("seconds_to_reply"),
            ", ",
            $one!("seconds_to_end"),
        )
    };
}
macro_rules! column {
    ($name:literal) => {
        concat!("n_", $name, " BIGINT NOT NULL")
    };
}
macro_rules! name {
    ($name:literal) => {
        concat!("n_", $name)
    };
}
macro_rules! sum {
    ($name:literal) => {
        concat!("CAST(SUM(n_", $name, ") AS BIGINT)")
    };
}
macro_rules! pivoted {
    ($name:literal) => {
        concat!("CAST(SUM(CASE WHEN measure = '", $name, "' THEN amount ELSE 0 END) AS BIGINT)")
    };
}

/// The statements; `$without` is how SQLite is told to keep rows in the key's own order.
macro_rules! step {
    ($without:literal) => {
        concat!(
            "CREATE TABLE sums (
                shape BIGINT NOT NULL,
                period TEXT NOT NULL,
                kind TEXT NOT NULL,
                department TEXT NOT NULL,
                scenario TEXT NOT NULL,
                district TEXT NOT NULL,
                channel TEXT NOT NULL,
                excluded BIGINT NOT NULL, ",
            measures!(column),
            ", PRIMARY KEY (shape, period, kind, department, scenario, district, channel, excluded)
            )",
            $without,
            ";
            INSERT INTO sums (shape, period, kind, department, scenario, district, channel, excluded, ",
            measures!(name),
            ")
            SELECT 31, day, kind, department, scenario, district, channel, excluded, ",
            measures!(pivoted),
            " FROM figures GROUP BY day, kind, department, scenario, district, channel, excluded;
            INSERT INTO sums (shape, period, kind, department, scenario, district, channel, excluded, ",
            measures!(name),
            ")
            WITH shapes (shape, by_kind, by_department, by_scenario, by_district, by_channel) AS (VALUES
                (0, 0, 0, 0, 0, 0), (1, 1, 0, 0, 0, 0), (16, 0, 0, 0, 0, 1), (8, 0, 0, 0, 1, 0),
                (2, 0, 1, 0, 0, 0), (4, 0, 0, 1, 0, 0), (25, 1, 0, 0, 1, 1), (3, 1, 1, 0, 0, 0),
                (5, 1, 0, 1, 0, 0), (18, 0, 1, 0, 0, 1), (20, 0, 0, 1, 0, 1), (10, 0, 1, 0, 1, 0),
                (12, 0, 0, 1, 1, 0), (6, 0, 1, 1, 0, 0))
            SELECT s.shape, f.period,
                CASE s.by_kind WHEN 1 THEN f.kind ELSE '' END,
                CASE s.by_department WHEN 1 THEN f.department ELSE '' END,
                CASE s.by_scenario WHEN 1 THEN f.scenario ELSE '' END,
                CASE s.by_district WHEN 1 THEN f.district ELSE '' END,
                CASE s.by_channel WHEN 1 THEN f.channel ELSE '' END,
                f.excluded, ",
            measures!(sum),
            " FROM sums f CROSS JOIN shapes s WHERE f.shape = 31 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
            INSERT INTO sums (shape, period, kind, department, scenario, district, channel, excluded, ",
            measures!(name),
            ")
            SELECT shape + 32, substr(period, 1, 7), kind, department, scenario, district, channel, excluded, ",
            measures!(sum),
            " FROM sums WHERE shape < 31 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
            INSERT INTO sums (shape, period, kind, department, scenario, district, channel, excluded, ",
            measures!(name),
            ")
            SELECT shape + 32, substr(period, 1, 4), kind, department, scenario, district, channel, excluded, ",
            measures!(sum),
            " FROM sums WHERE shape > 31 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
            DROP TABLE figures;
            CREATE INDEX sums_of_departments ON sums (department, period) WHERE shape = 31;
            DROP INDEX tickets_overdue;
            CREATE INDEX tickets_open ON tickets (seq, due_at) WHERE state IN ('received', 'in_review', 'dispatched',
                'accepted', 'contacted', 'resolved', 'answer_reviewed') AND paused = 0;
            CREATE INDEX tickets_late ON tickets (opened_at, due_at, kind, department, scenario, district, channel,
                excluded) WHERE state IN ('in_review', 'dispatched', 'accepted', 'contacted') AND paused = 0;
            DROP INDEX tickets_by_opening;
            CREATE INDEX tickets_by_opening ON tickets (opened_at, seq, state, district, scenario, channel, urgency);"
        )
    };
}

pub(super) const STEP: Migration =
    Migration { version: 3, name: "sums in shapes", sqlite: step!(" WITHOUT ROWID"), postgres: step!("") };

/// The statements that bring the sums of the third step into fewer shapes: what is read little is not written with every
/// change of a ticket any more, and two wider shapes stand for five narrow ones.
macro_rules! fewer {
    () => {
        concat!(
            "DELETE FROM sums WHERE shape IN (0, 25, 5, 18, 20, 10, 12, 6, 32, 33, 48, 40, 37, 52, 42, 44, 38,
                64, 65, 80, 72, 66, 68, 69, 82, 84, 74, 76, 70);
            INSERT INTO sums (shape, period, kind, department, scenario, district, channel, excluded, ",
            measures!(name),
            ")
            SELECT 46, substr(period, 1, 7), '', department, scenario, district, '', excluded, ",
            measures!(sum),
            " FROM sums WHERE shape = 31 GROUP BY 2, 4, 5, 6, 8;
            INSERT INTO sums (shape, period, kind, department, scenario, district, channel, excluded, ",
            measures!(name),
            ")
            SELECT 53, substr(period, 1, 7), kind, '', scenario, '', channel, excluded, ",
            measures!(sum),
            " FROM sums WHERE shape = 31 GROUP BY 2, 3, 5, 7, 8;
            INSERT INTO sums (shape, period, kind, department, scenario, district, channel, excluded, ",
            measures!(name),
            ")
            SELECT shape + 32, substr(period, 1, 4), kind, department, scenario, district, channel, excluded, ",
            measures!(sum),
            " FROM sums WHERE shape IN (46, 53) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;"
        )
    };
}

pub(super) const FEWER: Migration =
    Migration { version: 5, name: "sums in fewer shapes", sqlite: fewer!(), postgres: fewer!() };

/// The statements that add coarse shapes again: kinds, channels and districts by month, scenarios by year. Answers of few
/// lines over a year were added up from rows that told far more apart.
macro_rules! coarse {
    () => {
        concat!(
            "INSERT INTO sums (shape, period, kind, department, scenario, district, channel, excluded, ",
            measures!(name),
            ", n_suggested, n_as_suggested)
            SELECT shape + 32, substr(period, 1, 7), kind, department, scenario, district, channel, excluded, ",
            measures!(sum),
            ", CAST(SUM(n_suggested) AS BIGINT), CAST(SUM(n_as_suggested) AS BIGINT)
            FROM sums WHERE shape IN (1, 8, 16) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
            INSERT INTO sums (shape, period, kind, department, scenario, district, channel, excluded, ",
            measures!(name),
            ", n_suggested, n_as_suggested)
            SELECT 68, substr(period, 1, 4), kind, department, scenario, district, channel, excluded, ",
            measures!(sum),
            ", CAST(SUM(n_suggested) AS BIGINT), CAST(SUM(n_as_suggested) AS BIGINT)
            FROM sums WHERE shape = 36 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;"
        )
    };
}

/// By then two measures more were kept, since the seventh step.
pub(super) const COARSE: Migration =
    Migration { version: 9, name: "sums of few lines", sqlite: coarse!(), postgres: coarse!() };
