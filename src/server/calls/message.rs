//! What is said over a call's connection, both ways, as JSON.

use serde::Serialize;

use super::super::body::{self, Json, Object, missing};
use super::super::problem::{Kind, Place, Problem, ProblemDocument, near};
use super::super::shape::short_enough;
use super::transcript::{LONGEST_UTTERANCE, Part, Speaker, Utterance};
use crate::decide::{Answer, MOST_ANSWERS};
use crate::say;

/// Bytes of a message that is read.
pub(super) const MOST_BYTES: usize = 32 << 10;
/// Characters of an utterance's id.
const LONGEST_ID: usize = 100;
/// Characters of what an agent types beside the transcript.
const LONGEST_NOTES: usize = 10_000;
/// Characters of a district's or a channel's name, and of a telephone number.
const LONGEST_NAME: usize = 100;
/// Characters of an answer and of a question's id.
const LONGEST_ANSWER: usize = 1_000;
/// The latest moment of a call in milliseconds: a day.
const LATEST: usize = 86_400_000;

const UTTERANCE: &[&str] = &["utterance", "speaker", "text", "final", "at_ms"];
const CONTEXT: &[&str] = &["notes", "district", "channel", "phone", "answers"];
const END: &[&str] = &["end"];

/// What comes in.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Incoming {
    /// Something was said.
    Heard(Utterance),
    /// What is known beside it; what is not named stays as it is.
    Known(Change),
    /// The call is over, and may be forgotten.
    End,
}

/// Changes of what is known beside what is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Change {
    pub(super) notes: Option<String>,
    pub(super) district: Option<String>,
    pub(super) channel: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) answers: Option<Vec<Answer>>,
}

/// What goes out.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum Outgoing<'a> {
    /// The first: where the call stands. `known` is false where nothing is known of it yet.
    Opened { call: &'a str, sequence: u64, known: bool },
    /// A line as it is now.
    Utterance(&'a Utterance),
    /// So many lines had to go; `first` is the oldest that is left.
    Forgotten { count: u64, first: Option<&'a str> },
    /// What is known beside what is said.
    Context {
        sequence: u64,
        notes: &'a str,
        district: Option<&'a str>,
        channel: Option<&'a str>,
        phone: Option<&'a str>,
        answers: &'a [Answer],
    },
    /// The decision after the change `sequence`.
    Suggestion {
        sequence: u64,
        text: &'a str,
        spoken: usize,
        parts: &'a [Part],
        #[serde(flatten)]
        intake: &'a crate::decide::Intake,
    },
    /// All changes up to this one outlive the server.
    Kept { sequence: u64 },
    /// A message could not be taken; `utterance` where it was about one.
    Problem {
        #[serde(skip_serializing_if = "Option::is_none")]
        utterance: Option<&'a str>,
        problem: &'a ProblemDocument,
    },
    /// The call is over.
    Ended,
}

impl Outgoing<'_> {
    /// As it is sent.
    pub(super) fn json(&self) -> String {
        // Names, numbers and texts can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A message as it came in, or what is wrong with it. The id of the utterance that it is about goes with a problem.
pub(super) fn read(text: &[u8]) -> Result<Incoming, (Option<String>, Problem)> {
    let bare = |problem| (None, problem);
    if text.len() > MOST_BYTES {
        let detail = say!("一条消息最多 {MOST_BYTES} 字节", "a message has at most {MOST_BYTES} bytes");
        let place = Place { most: Some(MOST_BYTES), ..Place::default() };
        return Err(bare(Problem::new(Kind::TooLarge, detail).at(place)));
    }
    let value = body::parse(text).map_err(bare)?;
    let has = |name: &str| value.field(name).is_some();
    if has("end") {
        return ended(value).map_err(bare);
    }
    if CONTEXT.iter().any(|name| has(name)) {
        return known(value).map_err(bare);
    }
    let id = match value.field("utterance") {
        Some(Json::Text(id)) if !id.is_empty() && id.len() <= LONGEST_ID => Some(id.clone()),
        _ => None,
    };
    heard(value).map_err(|problem| (id, problem))
}

fn heard(value: Json) -> Result<Incoming, Problem> {
    let mut object = value.object(UTTERANCE)?;
    let utterance = bounded("utterance", object.required_text("utterance")?, LONGEST_ID)?;
    if utterance.is_empty() {
        return Err(missing("utterance"));
    }
    let given = object.required_text("speaker")?;
    let speaker = Speaker::NAMES.iter().find(|(name, _)| *name == given).map(|(_, speaker)| *speaker);
    let speaker = speaker.ok_or_else(|| {
        let detail = say!("“speaker”应为 caller（来电人）或 agent（坐席）", "`speaker` should be caller or agent");
        let nearest = near(&given, Speaker::NAMES.iter().map(|(name, _)| *name));
        Problem::new(Kind::InvalidField, detail).at(Place {
            field: Some("speaker".to_owned()),
            nearest,
            ..Place::default()
        })
    })?;
    let text = bounded("text", object.required_text("text")?, LONGEST_UTTERANCE)?;
    let r#final = object.flag("final")?;
    let at_ms = object.whole("at_ms", 0, LATEST)?.unwrap_or(0) as u64;
    Ok(Incoming::Heard(Utterance { utterance, speaker, text, r#final, at_ms, sequence: 0 }))
}

fn known(value: Json) -> Result<Incoming, Problem> {
    let mut object = value.object(CONTEXT)?;
    let text = |object: &mut Object, name: &'static str, most| {
        object.text(name)?.map(|text| bounded(name, text, most)).transpose()
    };
    let notes = text(&mut object, "notes", LONGEST_NOTES)?;
    let district = text(&mut object, "district", LONGEST_NAME)?;
    let channel = text(&mut object, "channel", LONGEST_NAME)?;
    let phone = text(&mut object, "phone", LONGEST_NAME)?;
    let answers = answers(&mut object)?;
    Ok(Incoming::Known(Change { notes, district, channel, phone, answers }))
}

fn ended(value: Json) -> Result<Incoming, Problem> {
    if value.object(END)?.flag("end")? {
        return Ok(Incoming::End);
    }
    let detail = say!("“end”应为 true", "`end` should be true");
    Err(Problem::new(Kind::InvalidField, detail).of_field("end"))
}

/// Takes the list `answers` of an object; none where there is none.
pub(super) fn answers(object: &mut Object) -> Result<Option<Vec<Answer>>, Problem> {
    let Some((items, count)) = object.list("answers")? else { return Ok(None) };
    if count > MOST_ANSWERS {
        let detail = say!("回答最多 {MOST_ANSWERS} 个", "there are at most {MOST_ANSWERS} answers");
        let place = Place { field: Some("answers".to_owned()), most: Some(MOST_ANSWERS), ..Place::default() };
        return Err(Problem::new(Kind::TooManyItems, detail).at(place));
    }
    let answer = |item: Json| {
        let mut own = item.object(&["question", "answer"])?;
        let question = bounded("question", own.required_text("question")?, LONGEST_ANSWER)?;
        let answer = bounded("answer", own.required_text("answer")?, LONGEST_ANSWER)?;
        Ok(Answer { question, answer })
    };
    items.into_iter().map(answer).collect::<Result<_, _>>().map(Some)
}

fn bounded(name: &str, text: String, most: usize) -> Result<String, Problem> {
    short_enough(name, &text, most).map(|()| text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn messages_are_read_strictly_and_mistakes_named() {
        let long = format!(r#"{{"utterance":"1","speaker":"caller","text":"{}"}}"#, "漏".repeat(LONGEST_UTTERANCE + 1));
        let huge = format!(r#"{{"utterance":"1","speaker":"caller","text":"{}"}}"#, "a".repeat(MOST_BYTES));
        for (text, expect) in [
            (r#"{"utterance":"1","speaker":"caller","text":"漏水","final":true,"at_ms":0}"#, "heard"),
            (r#"{"utterance":"1","speaker":"agent","text":""}"#, "heard"),
            (r#"{"notes":"漏水","answers":[{"question":"slot:since","answer":"unknown"}]}"#, "known"),
            (r#"{"district":"青澜区"}"#, "known"),
            (r#"{"phone":"13800000000"}"#, "known"),
            (r#"{"phone":13800000000}"#, "invalid-field phone"),
            (r#"{"end":true}"#, "end"),
            (r#"{"end":false}"#, "invalid-field end"),
            ("", "invalid-json "),
            ("[]", "not-an-object "),
            ("{}", "missing-field utterance"),
            (r#"{"utterance":"","speaker":"caller","text":"漏水"}"#, "missing-field utterance"),
            (r#"{"utterance":"1","text":"漏水"}"#, "missing-field speaker of 1"),
            (r#"{"utterance":"1","speaker":"called","text":"漏水"}"#, "invalid-field speaker of 1"),
            (r#"{"utterance":"1","speaker":"caller"}"#, "missing-field text of 1"),
            (r#"{"utterance":"1","speaker":"caller","txt":"漏水"}"#, "unknown-field txt of 1"),
            (r#"{"utterance":"1","speaker":"caller","text":"漏水","at_ms":-1}"#, "invalid-field at_ms of 1"),
            (r#"{"utterance":"1","speaker":"caller","text":"漏水","at_ms":1.5}"#, "invalid-field at_ms of 1"),
            (r#"{"utterance":"1","speaker":"caller","text":"漏水","final":"yes"}"#, "invalid-field final of 1"),
            (r#"{"answers":[{"question":"x"}]}"#, "missing-field answer"),
            (r#"{"answers":"x"}"#, "invalid-field answers"),
            (&long, "text-too-long text of 1"),
            (&huge, "too-large "),
        ] {
            let found = match read(text.as_bytes()) {
                Ok(Incoming::Heard(_)) => "heard".to_owned(),
                Ok(Incoming::Known(_)) => "known".to_owned(),
                Ok(Incoming::End) => "end".to_owned(),
                Err((utterance, problem)) => {
                    let document = serde_json::to_value(problem.document(crate::source::Lang::En)).unwrap();
                    let name = document["type"].as_str().unwrap().replace("urn:jiesu:problem:", "");
                    let of = utterance.map(|id| format!(" of {id}")).unwrap_or_default();
                    format!("{name} {}{of}", document["field"].as_str().unwrap_or_default())
                }
            };
            assert_eq!(found, expect, "{}", text.chars().take(80).collect::<String>());
        }
    }
}
