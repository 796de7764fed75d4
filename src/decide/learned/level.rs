//! What a case can be labelled with.

use serde::{Deserialize, Serialize};

use crate::knowledge::Case;

/// A level of labels. Each is learned by itself, from the cases that have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The scenario.
    Scenario,
    /// The category, as a path.
    Category,
    /// The department responsible.
    Department,
    /// The unit of the department.
    Unit,
}

impl Level {
    /// All levels. A level may lean on those before it.
    pub const ALL: [Level; 4] = [Level::Scenario, Level::Category, Level::Department, Level::Unit];

    /// The name, as the key of a case.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Scenario => "scenario",
            Level::Category => "category",
            Level::Department => "department",
            Level::Unit => "unit",
        }
    }

    /// The level that this one leans on: a unit belongs to a department.
    pub(super) fn above(self) -> Option<Level> {
        (self == Level::Unit).then_some(Level::Department)
    }

    /// The label of a case at this level.
    pub fn of(self, case: &Case) -> Option<&str> {
        let label = match self {
            Level::Scenario => &case.scenario,
            Level::Category => &case.category,
            Level::Department => &case.department,
            Level::Unit => &case.unit,
        };
        label.as_deref().map(str::trim).filter(|label| !label.is_empty())
    }
}

impl std::str::FromStr for Level {
    type Err = ();

    fn from_str(name: &str) -> Result<Level, ()> {
        Level::ALL.into_iter().find(|level| level.as_str() == name).ok_or(())
    }
}
