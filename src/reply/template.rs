//! A compiled template and how it is filled.

use std::fmt;
use std::sync::{Arc, LazyLock};

use minijinja::value::{Object, Value};
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};

/// Work that filling one reply may take, in minijinja's unit (about one instruction, or 64 bytes of text produced).
/// A real reply takes some dozens; this much is over in well under a millisecond.
const FUEL: u64 = 4_000;

/// The name under which a template is kept in its environment.
const NAME: &str = "reply";

/// A slot, as far as the reply is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotUse<'a> {
    /// Its name, which is that of the placeholder.
    pub name: &'a str,
    /// What it reads as when it is empty (`else`).
    pub otherwise: &'a str,
}

/// What is filled in: texts under the names of placeholders and slots. What is blank counts as missing.
#[derive(Clone, Debug, Default)]
pub struct Values<'a>(Vec<(&'a str, &'a str)>);

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The text, without blanks at its end.
    pub text: String,
    /// Slots that had no value, in their order in the scenario; those the reply does not use as well.
    pub missing: Vec<String>,
}

/// A template with the slots it knows.
pub struct Template {
    environment: Environment<'static>,
    /// What the template uses, of slots and placeholders.
    names: Arc<[Name]>,
    /// All slots, in the scenario's order.
    slots: Vec<String>,
}

/// A name that the template uses.
#[derive(Debug)]
struct Name {
    name: String,
    /// What stands for it when there is no value.
    empty: Value,
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template").field("names", &self.names).field("slots", &self.slots).finish_non_exhaustive()
    }
}

impl<'a> Values<'a> {
    /// The value under a name, unless it is blank.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Values<'a> {
    /// Of two values under one name the first counts.
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(entries: I) -> Values<'a> {
        Values(entries.into_iter().collect())
    }
}

impl Template {
    /// Takes a template that is well-formed. Which names it uses is not looked at: see [`Template::compile`].
    pub(super) fn parse(source: &str, slots: &[SlotUse<'_>]) -> Result<Template, Error> {
        let mut environment = LANGUAGE.clone();
        environment.add_template_owned(NAME, source.to_owned())?;
        let mut names: Vec<String> = environment.get_template(NAME)?.undeclared_variables(false).into_iter().collect();
        names.sort_unstable();
        let otherwise = |name: &str| slots.iter().find(|slot| slot.name == name).map_or("", |slot| slot.otherwise);
        let names = names.into_iter().map(|name| Name { empty: empty(otherwise(&name)), name }).collect();
        let slots = slots.iter().map(|slot| slot.name.to_owned()).collect();
        Ok(Template { environment, names, slots })
    }

    /// Names of slots and placeholders that the template uses, sorted.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| name.name.as_str())
    }

    /// Fills the template. An empty slot reads as its `else`, an empty placeholder as nothing. Templates are tried out
    /// when they are compiled; should one fail all the same (on a value of many kilobytes), it is filled with the
    /// placeholders alone, and if that fails too the text is empty: a raw placeholder is never shown.
    pub fn render(&self, values: &Values<'_>) -> Rendered {
        let missing = self.slots.iter().filter(|slot| values.get(slot).is_none()).cloned().collect();
        let without_slots = || Values(values.0.iter().filter(|(name, _)| !self.has_slot(name)).copied().collect());
        let text = self.fill(values).or_else(|_| self.fill(&without_slots())).unwrap_or_default();
        Rendered { text, missing }
    }

    fn has_slot(&self, name: &str) -> bool {
        self.slots.iter().any(|slot| slot == name)
    }

    /// Fills the template, or says why it cannot be filled.
    pub(super) fn fill(&self, values: &Values<'_>) -> Result<String, Error> {
        let value = |name: &Name| values.get(&name.name).map_or_else(|| name.empty.clone(), Value::from);
        let context = Context { names: Arc::clone(&self.names), values: self.names.iter().map(value).collect() };
        let mut text = self.environment.get_template(NAME)?.render(Value::from_object(context))?;
        text.truncate(text.trim_end().len());
        Ok(text)
    }
}

/// The language of replies: Jinja without functions, with `default` and `is defined` made to see empty slots as empty.
/// Text comes out as it is (nothing is escaped: it is read out, not put into a page).
static LANGUAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut language = Environment::empty();
    language.set_undefined_behavior(UndefinedBehavior::Strict);
    language.set_auto_escape_callback(|_| AutoEscape::None);
    language.set_fuel(Some(FUEL));
    language.set_debug(false);
    language.add_filter("default", |value: Value, otherwise: Value| if value.is_true() { value } else { otherwise });
    language.add_test("defined", |value: Value| value.is_true());
    language
});

/// The value of what is missing: false in an `if`, and a text elsewhere.
fn empty(otherwise: &str) -> Value {
    if otherwise.is_empty() { Value::from("") } else { Value::from_object(Empty(otherwise.to_owned())) }
}

#[derive(Debug)]
struct Empty(String);

impl Object for Empty {
    fn repr(self: &Arc<Self>) -> minijinja::value::ObjectRepr {
        minijinja::value::ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The values of one reply, in the order of the template's names.
#[derive(Debug)]
struct Context {
    names: Arc<[Name]>,
    values: Vec<Value>,
}

impl Object for Context {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let at = self.names.iter().position(|name| name.name == key)?;
        self.values.get(at).cloned()
    }
}
