//! JSON Schemas (2020-12) of all files of a bundle, for editors that complete and check YAML as it is typed.
//!
//! They are those of the structs that loading reads, made to say what loading takes: a text may look like a number
//! (`hotline: 12345`), and conditions, which a reader of their own decodes, have a schema of their own. What keys mean is
//! told in Chinese (`words.rs`), as those who write the files read it.

mod words;

use serde_json::{Map, Value, json};

use super::settings;
use crate::catalog::{Assessment, CalendarYear, Department, Region, Responsible};
use crate::knowledge::{Article, Case, Notice};
use crate::reply::PLACEHOLDERS;
use crate::rules::{Scenario, condition_definitions, fact};
use crate::source::schema_of;

/// Which version of JSON Schema this is.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// A date of the calendar.
const DATE: &str = r"^\d{4}-\d{2}-\d{2}$";
/// A minute, a second or a day.
const MINUTE: &str = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?$";
/// An id; a scenario's has two parts.
const ID: &str = "^[a-z0-9-]+(/[a-z0-9-]+)*$";
const SCENARIO_ID: &str = "^[a-z0-9-]+/[a-z0-9-]+$";

/// The schema of one kind of file.
#[derive(Clone, Debug)]
pub struct FileSchema {
    /// Its name, such as `scenario`.
    pub kind: &'static str,
    /// The files it is for, as a pattern relative to the bundle.
    pub files: &'static str,
    /// The schema. That of Markdown files is for their front matter, that of JSON Lines for one line.
    pub schema: Value,
}

/// What keys mean to those who write them, by kind of file or name of a part, and key: `scenario.title`.
pub type Words = &'static [(&'static str, &'static str)];

impl FileSchema {
    /// The schema of a kind of file, from that of the struct it is read into: as editors' programs want it, with a title and
    /// with what its keys mean.
    pub fn new(
        kind: &'static str,
        files: &'static str,
        schema: Value,
        title: &'static str,
        words: Words,
    ) -> FileSchema {
        FileSchema { kind, files, schema: finished(kind, schema, title, words) }
    }
}

/// The schemas of all kinds of file from which a bundle is loaded. (Tests and settings of checks are read by those who use
/// them.)
pub fn schemas() -> Vec<FileSchema> {
    let of = |kind, files, schema| FileSchema::new(kind, files, schema, words::title(kind), words::KEYS);
    let conditions = json!({ "type": ["object", "null"], "additionalProperties": to("clause") });
    let terms = json!({ "type": ["object", "null"], "additionalProperties": { "type": "array", "items": to("term") } });
    vec![
        of("bundle", "rules/bundle.yaml", settings::schema()),
        of("departments", "rules/departments.yaml", with_ids(schema_of::<Vec<Department>>(), "Department")),
        of("regions", "rules/regions.yaml", with_ids(schema_of::<Vec<Region>>(), "Region")),
        of("assessment", "rules/assessment.yaml", schema_of::<Vec<Assessment>>()),
        of("responsibility", "rules/responsibility/**/*.yaml", responsibility()),
        of("calendar", "rules/calendar/**/*.yaml", schema_of::<CalendarYear>()),
        of("terms", "rules/terms/**/*.yaml", with_conditions(terms)),
        of("conditions", "rules/conditions/**/*.yaml", with_conditions(conditions)),
        of("scenario", "rules/scenarios/**/*.yaml", scenario()),
        of("article", "knowledge/articles/**/*.md", article()),
        of("notice", "knowledge/notices/**/*.md", Notice::schema()),
        of("case", "knowledge/cases/**/*.jsonl", schema_of::<Case>()),
    ]
}

fn to(definition: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{definition}") })
}

fn with_conditions(mut schema: Value) -> Value {
    let Value::Object(definitions) = condition_definitions() else { return schema };
    for (name, definition) in definitions {
        schema["$defs"][name] = definition;
    }
    schema
}

fn with_ids(mut schema: Value, definition: &str) -> Value {
    schema["$defs"][definition]["properties"]["id"]["pattern"] = ID.into();
    schema
}

fn scenario() -> Value {
    let mut schema = with_conditions(Scenario::schema());
    let properties = &mut schema["properties"];
    properties["id"]["pattern"] = SCENARIO_ID.into();
    properties["when"] = to("when");
    properties["hints"]["items"] = to("term");
    properties["slots"]["propertyNames"] = json!({ "pattern": "^[a-z][a-z0-9_]*$", "not": { "enum": PLACEHOLDERS } });
    schema["$defs"]["SlotFile"]["properties"]["fact"] = json!({ "anyOf": [fact(), { "type": "null" }] });
    schema
}

/// A row is about a scenario or about a category.
fn responsibility() -> Value {
    let mut schema = schema_of::<Vec<Responsible>>();
    let row = &mut schema["$defs"]["Responsible"];
    row["properties"]["scenario"]["pattern"] = SCENARIO_ID.into();
    row["oneOf"] = json!([{ "required": ["scenario"] }, { "required": ["category"] }]);
    schema
}

fn article() -> Value {
    let mut schema = Article::schema();
    schema["properties"]["id"]["pattern"] = ID.into();
    schema["properties"]["basis"]["minItems"] = 1.into();
    if let Some(required) = schema["required"].as_array_mut() {
        required.push("basis".into());
    }
    schema
}

/// As an editor reads it: texts as loading takes them, keys described, nothing that only our structs know.
fn finished(kind: &str, mut schema: Value, title: &str, words: Words) -> Value {
    in_common_words(&mut schema);
    // Lines of JSON are written by programs, and taken as JSON.
    if kind != "case" {
        as_taken(&mut schema);
    }
    describe(kind, words, &mut schema);
    if let Some(Value::Object(definitions)) = schema.get_mut("$defs") {
        definitions.iter_mut().for_each(|(name, definition)| describe(name, words, definition));
    }
    schema["$schema"] = DIALECT.into();
    schema["title"] = title.into();
    schema
}

/// Every part of a schema below this one, and this one.
fn each(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(object) = schema else { return };
    change(object);
    for (key, value) in object.iter_mut() {
        match (key.as_str(), value) {
            ("properties" | "$defs", Value::Object(parts)) => parts.values_mut().for_each(|part| each(part, change)),
            ("anyOf" | "oneOf", Value::Array(parts)) => parts.iter_mut().for_each(|part| each(part, change)),
            ("items" | "additionalProperties" | "not", part) => each(part, change),
            _ => {}
        }
    }
}

/// Dates as patterns, which every validator knows, and values one by one as one list.
fn in_common_words(schema: &mut Value) {
    each(schema, &mut |part| {
        let format = part.remove("format");
        let pattern = match format.as_ref().and_then(Value::as_str) {
            Some("date") => Some(DATE),
            Some("minute") => Some(MINUTE),
            _ => None,
        };
        if let Some(pattern) = pattern {
            part.insert("pattern".to_owned(), pattern.into());
        }
        one_list(part);
    });
}

/// Scalars are text until a number is wanted, so where any text is wanted a number will do.
fn as_taken(schema: &mut Value) {
    each(schema, &mut |part| {
        if ["enum", "const", "pattern"].iter().any(|key| part.contains_key(*key)) {
            return;
        }
        match part.get_mut("type") {
            Some(Value::Array(types)) if *types == ["string", "null"] => {
                types.extend(["number".into(), "boolean".into()]);
            }
            Some(text @ Value::String(_)) if text == "string" => *text = json!(["string", "number", "boolean"]),
            _ => {}
        }
    });
}

/// Values of an enum that are described one by one become one list: what they mean stands with the key.
fn one_list(part: &mut Map<String, Value>) {
    let Some(Value::Array(members)) = part.get("oneOf") else { return };
    let mut values = Vec::new();
    for member in members {
        match (member.get("const"), member.get("enum")) {
            (Some(value), _) => values.push(value.clone()),
            (None, Some(Value::Array(more))) => values.extend(more.iter().cloned()),
            _ => return,
        }
    }
    part.remove("oneOf");
    part.remove("type");
    part.insert("enum".to_owned(), Value::Array(values));
}

/// Puts the Chinese words at each key of a struct; what its authors wrote for programmers goes.
fn describe(of: &str, words: Words, schema: &mut Value) {
    let own = words::is_written_by_hand(of);
    if !own {
        each(schema, &mut |part| {
            part.remove("description");
            part.remove("title");
            let nothing = [Value::Null, json!([]), json!("")];
            if part.get("default").is_some_and(|default| default.is_object() || nothing.contains(default)) {
                part.remove("default");
            }
        });
    }
    let Some(Value::Object(properties)) = schema.get_mut("properties").filter(|_| !own) else { return };
    for (key, property) in properties {
        if let Some(words) = words::of(words, of, key) {
            property["description"] = words.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_described() {
        let mut missing = Vec::new();
        let mut look = |of: &str, schema: &Value| {
            for (key, property) in schema["properties"].as_object().into_iter().flatten() {
                let described = property["description"].is_string() || words::is_written_by_hand(of);
                missing.extend((!described).then(|| format!("{of}.{key}")));
            }
        };
        for FileSchema { kind, schema, .. } in schemas() {
            look(kind, &schema);
            schema["$defs"].as_object().into_iter().flatten().for_each(|(name, schema)| look(name, schema));
        }
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn every_description_has_a_key() {
        let known: Vec<String> = schemas()
            .iter()
            .flat_map(|file| {
                let definitions = file.schema["$defs"].as_object().into_iter().flatten();
                let parts =
                    definitions.map(|(name, schema)| (name.as_str(), schema)).chain([(file.kind, &file.schema)]);
                let keys = parts.flat_map(|(of, schema)| {
                    schema["properties"].as_object().into_iter().flatten().map(move |(key, _)| format!("{of}.{key}"))
                });
                keys.collect::<Vec<_>>()
            })
            .collect();
        let unknown: Vec<_> = words::keys().filter(|key| !known.iter().any(|known| known == key)).collect();
        assert_eq!(unknown, Vec::<&str>::new());
    }
}
