//! `rules/bundle.yaml`.

use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::catalog::Bar;
use crate::decide::Settings;
use crate::say;
use crate::source::{Code, Diagnostic, Document, Step, schema_of};

/// What automatic dispatch must reach where nothing else is said.
const DEFAULT_TARGET: f64 = 0.95;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SettingsFile {
    /// The name of the bundle.
    name: String,
    /// Languages of its content.
    #[serde(default)]
    #[allow(dead_code)]
    languages: Vec<String>,
    /// An IANA time zone.
    time_zone: Option<String>,
    /// The hotline's number, for replies.
    #[serde(default)]
    hotline: String,
    /// What automatic dispatch must reach.
    bar: Option<Bar>,
}

/// The JSON Schema of the settings.
pub(super) fn schema() -> serde_json::Value {
    schema_of::<SettingsFile>()
}

/// Reads the settings. `None`, with diagnostics, when they cannot be used.
pub(super) fn read(document: &Document, diagnostics: &mut Vec<Diagnostic>) -> Option<Settings> {
    let file: SettingsFile = document.read(diagnostics)?;
    let name = file.time_zone.as_deref().unwrap_or("Asia/Shanghai");
    let Ok(time_zone) = TimeZone::get(name) else {
        let message =
            say!("没有“{name}”这个时区，例如 Asia/Shanghai", "unknown time zone `{name}`: such as Asia/Shanghai");
        diagnostics.push(document.diagnostic_at(&[Step::Key("time_zone")], Code::UnknownValue, message));
        return None;
    };
    let target = file.bar.map_or(DEFAULT_TARGET, |bar| bar.target);
    Some(Settings { name: file.name, hotline: file.hotline, target, time_zone })
}
