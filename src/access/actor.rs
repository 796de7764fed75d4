//! Scopes, and who acts.

use std::fmt;

use crate::say;
use crate::source::Message;

/// What a key allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// File complaints, and read those that it filed.
    Submit,
    /// Take calls: file complaints, read tickets, record chases.
    Agent,
    /// Work the queue: dispatch, rule on returns, review answers, close.
    Dispatcher,
    /// Handle what is assigned to one department (its id) or to those below it.
    Department(String),
    /// See what was asked and how rules did; reload rules.
    Editor,
    /// Everything.
    Admin,
    /// Read metrics.
    Metrics,
}

impl Scope {
    /// How scopes are written, for messages and help.
    pub const NAMES: &'static [&'static str] =
        &["submit", "agent", "dispatcher", "department:ID", "editor", "admin", "metrics"];

    /// Reads a scope as it is written: `agent`, `department:water`.
    ///
    /// # Errors
    /// What may be written.
    pub fn parse(text: &str) -> Result<Scope, Message> {
        let text = text.trim();
        if let Some(id) = text.strip_prefix("department:").map(str::trim).filter(|id| !id.is_empty()) {
            return Ok(Scope::Department(id.to_owned()));
        }
        Ok(match text {
            "submit" => Scope::Submit,
            "agent" => Scope::Agent,
            "dispatcher" => Scope::Dispatcher,
            "editor" => Scope::Editor,
            "admin" => Scope::Admin,
            "metrics" => Scope::Metrics,
            _ => {
                let (zh, en) = (Scope::NAMES.join("、"), Scope::NAMES.join(", "));
                return Err(say!("“{text}”不是权限范围；可用的有：{zh}", "`{text}` is no scope: the scopes are {en}"));
            }
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Submit => f.write_str("submit"),
            Scope::Agent => f.write_str("agent"),
            Scope::Dispatcher => f.write_str("dispatcher"),
            Scope::Department(id) => write!(f, "department:{id}"),
            Scope::Editor => f.write_str("editor"),
            Scope::Admin => f.write_str("admin"),
            Scope::Metrics => f.write_str("metrics"),
        }
    }
}

/// Who acts: a person or a program, under a key's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The name that histories show: a key's name, or the program's own.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

impl Actor {
    /// Who acts under a name with these scopes.
    pub fn new(name: &str, scopes: &[Scope]) -> Actor {
        Actor { name: name.to_owned(), scopes: scopes.to_vec() }
    }

    /// The program itself: automatic dispatch, the deadline clock.
    pub fn system() -> Actor {
        Actor::new("system", &[Scope::Admin])
    }

    /// Whether it has this scope; an administrator has every one.
    pub fn may(&self, scope: &Scope) -> bool {
        self.scopes.iter().any(|own| own == scope || *own == Scope::Admin)
    }

    /// Whether it works at the centre: sees tickets of all departments.
    pub fn is_central(&self) -> bool {
        self.scopes.iter().any(|own| matches!(own, Scope::Agent | Scope::Dispatcher | Scope::Admin))
    }

    /// The departments (ids) it acts for.
    pub fn departments(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().filter_map(|scope| match scope {
            Scope::Department(id) => Some(id.as_str()),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn scopes_are_read_as_they_are_written() {
        for text in ["submit", "agent", "dispatcher", "department:water", "editor", "admin", "metrics"] {
            assert_eq!(Scope::parse(text).unwrap().to_string(), text);
        }
        for wrong in ["", "root", "department:", "department", "Agent"] {
            assert!(Scope::parse(wrong).unwrap_err().zh.contains("department:ID"), "{wrong}");
        }
    }

    #[test]
    fn an_administrator_may_everything_and_others_what_they_are_given() {
        let water = Actor::new("供水", &[Scope::Department("water".to_owned())]);
        assert!(water.may(&Scope::Department("water".to_owned())) && !water.may(&Scope::Dispatcher));
        assert!(!water.is_central() && Actor::system().is_central() && Actor::system().may(&Scope::Editor));
        assert_eq!(water.departments().collect::<Vec<_>>(), ["water"]);
    }
}
