//! What a test file holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::bundle::{FileSchema, Snapshot, Words};
use crate::decide::parse_time;
use crate::say;
use crate::source::{Code, Diagnostic, Document, SourceText, Step as Way, schema_of};
use crate::text::FactKind;

/// The folder of a bundle that holds test files.
pub const FOLDER: &str = "rules/tests/";
/// Steps of one call, at the most.
const MOST_STEPS: usize = 50;

/// A test file.
#[derive(Clone, Debug)]
pub struct TestFile {
    /// The file.
    pub source: Arc<SourceText>,
    /// Its tests, in the order written.
    pub tests: Vec<Test>,
}

/// One test: a complaint, or a call of which more and more is heard.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// The line it begins at.
    pub line: usize,
    /// The complaint's title.
    pub title: Option<String>,
    /// Where it is about.
    pub district: Option<String>,
    /// How it came in.
    pub channel: Option<String>,
    /// When it came in, as written.
    pub at: Option<String>,
    /// Whether what past cases teach is used too.
    pub learned: bool,
    /// What is heard, and what is expected then; one for a complaint.
    pub steps: Vec<Step>,
}

/// A moment of a call, or a whole complaint.
#[derive(Clone, Debug)]
pub struct Step {
    /// All that was said so far.
    pub text: String,
    /// The line it begins at.
    pub line: usize,
    /// What is expected.
    pub expect: Expect,
}

/// What is expected of a decision. What is not written is not looked at.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// The scenario that leads; `none` for none.
    pub scenario: Option<String>,
    /// Scenarios that do not fire.
    pub not_scenario: Vec<String>,
    /// The department, by id, name or alias; `none` for none.
    pub department: Option<String>,
    /// Its unit, likewise.
    pub unit: Option<String>,
    /// All departments that assist, in any order.
    pub joint: Option<Vec<String>>,
    /// When it is due: a date, or a date with a time.
    pub deadline: Option<String>,
    /// Facts that are read out of the text: kind and value.
    pub facts: BTreeMap<String, String>,
    /// What the reply says.
    pub reply_contains: Vec<String>,
    /// `auto`, `suggest` or `unknown`.
    pub outcome: Option<ExpectedOutcome>,
    /// Whether it is an emergency.
    pub emergency: Option<bool>,
    /// Notices that are shown, by id.
    pub notices: Option<Vec<String>>,
    /// Articles that are among those offered, by id.
    pub articles: Vec<String>,
}

/// As [`Outcome`](crate::decide::Outcome).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExpectedOutcome {
    /// May be dispatched with nobody looking.
    Auto,
    /// For a person to confirm.
    Suggest,
    /// Nothing speaks for anything.
    Unknown,
}

/// A test as it is written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TestShape {
    name: String,
    text: Option<String>,
    title: Option<String>,
    district: Option<String>,
    channel: Option<String>,
    at: Option<String>,
    #[serde(default)]
    learned: bool,
    expect: Option<Expect>,
    call: Option<Vec<CallShape>>,
}

/// A step of a call as it is written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CallShape {
    say: String,
    expect: Option<Expect>,
}

/// What the keys mean to those who write them.
const WORDS: Words = &[
    ("TestShape.name", "测试的名称，说清在测什么"),
    ("TestShape.text", "诉求内容；text 和 call 写一个"),
    ("TestShape.call", "一通电话，一步一步说；每一步连同之前说的一起判定"),
    ("TestShape.title", "标题"),
    ("TestShape.district", "事发属地，名称或编号"),
    ("TestShape.channel", "来源渠道"),
    ("TestShape.at", "受理时间，例如 2026-09-30 17:00；核对 deadline 或 notices 时必须写"),
    ("TestShape.learned", "true：连同历史案例教的一起判定；默认只用规则"),
    ("TestShape.expect", "应当得到什么；没写的不看"),
    ("CallShape.say", "这一步说的话"),
    ("CallShape.expect", "说到这里应当得到什么"),
    ("Expect.scenario", "领先的场景编号；none 表示没有"),
    ("Expect.not_scenario", "不应命中的场景编号"),
    ("Expect.department", "主办单位，编号、名称或别称；none 表示没有"),
    ("Expect.unit", "具体承办的单位，写法同上"),
    ("Expect.joint", "全部协办单位，次序不论"),
    ("Expect.deadline", "到期的日期或时刻，例如 2026-10-10 或 2026-10-10 18:00"),
    ("Expect.facts", "读出的要素：种类和值"),
    ("Expect.reply_contains", "答复里应有的话"),
    ("Expect.outcome", "auto 自动派单，suggest 人工确认，unknown 未识别"),
    ("Expect.emergency", "是否紧急"),
    ("Expect.notices", "应当提示的公告编号"),
    ("Expect.articles", "应当在列的知识条目编号"),
];

/// The schema of test files, for editors.
pub fn schema() -> FileSchema {
    let mut schema = schema_of::<Vec<TestShape>>();
    let test = &mut schema["$defs"]["TestShape"];
    test["oneOf"] = json!([{ "required": ["text"] }, { "required": ["call"] }]);
    test["not"] = json!({ "required": ["call", "expect"] });
    test["properties"]["call"]["minItems"] = 1.into();
    test["properties"]["call"]["maxItems"] = MOST_STEPS.into();
    let kinds = FactKind::ALL.map(FactKind::as_str);
    schema["$defs"]["Expect"]["properties"]["facts"]["propertyNames"] = json!({ "enum": kinds });
    FileSchema::new("tests", "rules/tests/**/*.yaml", schema, "测试 rules/tests/", WORDS)
}

/// Reads all test files of a bundle. Every mistake becomes a diagnostic, and its file is left out.
pub fn read_all(snapshot: &Snapshot, diagnostics: &mut Vec<Diagnostic>) -> Vec<TestFile> {
    let files = snapshot.files.iter().filter(|(path, _)| path.starts_with(FOLDER) && path.ends_with(".yaml"));
    files.filter_map(|(path, content)| read(path, &content.text, diagnostics)).collect()
}

/// Reads one test file. `None`, with diagnostics, when it cannot be used.
pub fn read(path: &str, text: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<TestFile> {
    let before = diagnostics.len();
    let document = Document::parse(path, text, diagnostics)?;
    let source = Arc::clone(document.source());
    if document.root().is_null() {
        return Some(TestFile { source, tests: Vec::new() });
    }
    let shapes: Vec<TestShape> = document.read(diagnostics)?;
    let mut reader = Reader { document: &document, diagnostics };
    let tests = shapes.into_iter().enumerate().filter_map(|(at, shape)| reader.test(at, shape)).collect();
    (diagnostics.len() == before).then_some(TestFile { source, tests })
}

struct Reader<'a> {
    document: &'a Document,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn report(&mut self, way: &[Way<'_>], code: Code, message: crate::source::Message) {
        self.diagnostics.push(self.document.diagnostic_at(way, code, message));
    }

    fn line(&self, way: &[Way<'_>]) -> usize {
        self.document.source().position(self.document.range(way).start).line
    }

    fn test(&mut self, at: usize, shape: TestShape) -> Option<Test> {
        let own = [Way::Index(at)];
        self.check_time(&own, shape.at.as_deref());
        let line = self.line(&own);
        let steps = match (shape.text, shape.call) {
            (Some(text), None) => {
                let expect = shape.expect.unwrap_or_default();
                self.check_expect(&[Way::Index(at), Way::Key("expect")], &expect, shape.at.is_some());
                vec![Step { text, line, expect }]
            }
            (None, Some(call)) => {
                if shape.expect.is_some() {
                    let message =
                        say!("有 call 时，expect 写在每一步里", "with `call`, write `expect` at each of its steps");
                    self.report(&[Way::Index(at), Way::KeyItself("expect")], Code::UnknownKey, message);
                }
                self.call(at, call, shape.at.is_some())
            }
            (text, _) => {
                let message = if text.is_some() {
                    say!("text 和 call 只能写一个", "a test has `text` or `call`, not both")
                } else {
                    say!("缺少 text（诉求内容）或 call（通话的每一步）", "`text` or `call` is missing")
                };
                self.report(&own, Code::MissingKey, message);
                return None;
            }
        };
        let TestShape { name, title, district, channel, at, learned, .. } = shape;
        Some(Test { name, line, title, district, channel, at, learned, steps })
    }

    /// The steps of a call: each hears what all before it heard, and what is said now.
    fn call(&mut self, at: usize, call: Vec<CallShape>, timed: bool) -> Vec<Step> {
        if call.is_empty() || call.len() > MOST_STEPS {
            let message = say!("call 应有 1 到 {MOST_STEPS} 步", "a call has 1 to {MOST_STEPS} steps");
            self.report(&[Way::Index(at), Way::Key("call")], Code::LimitExceeded, message);
        }
        let mut heard = String::new();
        let mut steps = Vec::new();
        for (number, step) in call.into_iter().enumerate() {
            heard.push_str(&step.say);
            let own = [Way::Index(at), Way::Key("call"), Way::Index(number)];
            let expect = step.expect.unwrap_or_default();
            self.check_expect(&[own[0], own[1], own[2], Way::Key("expect")], &expect, timed);
            steps.push(Step { text: heard.clone(), line: self.line(&own), expect });
        }
        steps
    }

    fn check_time(&mut self, own: &[Way<'_>], at: Option<&str>) {
        let Some(at) = at else { return };
        if parse_time(at, &jiff::tz::TimeZone::UTC).is_none() {
            let way = [own, &[Way::Key("at")]].concat();
            let message = say!(
                "“{at}”不是时间，例如 2026-09-30 17:00 或 2026-09-30",
                "`{at}` is not a time: such as 2026-09-30 17:00 or 2026-09-30"
            );
            self.report(&way, Code::InvalidDate, message);
        }
    }

    fn check_expect(&mut self, own: &[Way<'_>], expect: &Expect, timed: bool) {
        let under = |key: &'static str| [own, &[Way::Key(key)]].concat();
        if let Some(deadline) = &expect.deadline
            && parse_time(deadline, &jiff::tz::TimeZone::UTC).is_none()
        {
            let message = say!(
                "deadline 写到期的日期或时刻，例如 2026-10-10 或 2026-10-10 18:00",
                "`deadline` is the day or the moment it is due: such as 2026-10-10 or 2026-10-10 18:00"
            );
            self.report(&under("deadline"), Code::InvalidDate, message);
        }
        for (key, asked) in [("deadline", expect.deadline.is_some()), ("notices", expect.notices.is_some())] {
            if asked && !timed {
                let message = say!(
                    "要核对 {key}，请给这个测试写上 at（受理时间），免得结果随日子变",
                    "to expect `{key}` a test needs `at`, or it would change with the day it is run on"
                );
                self.report(&under(key), Code::MissingKey, message);
            }
        }
        for kind in expect.facts.keys() {
            if !FactKind::ALL.iter().any(|known| known.as_str() == kind) {
                let list = FactKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
                let message =
                    say!("没有“{kind}”这种要素；可用的：{list}", "there is no fact `{kind}`: facts are {list}");
                self.report(&[own, &[Way::Key("facts"), Way::KeyItself(kind)]].concat(), Code::UnknownValue, message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Codes with `line:column` of what is wrong with a file.
    fn findings(yaml: &str) -> Vec<String> {
        let mut diagnostics = Vec::new();
        read("rules/tests/a.yaml", yaml, &mut diagnostics);
        diagnostics
            .iter()
            .map(|d| format!("{} {}", d.code.name(), d.location().trim_start_matches("rules/tests/")))
            .collect()
    }

    #[test]
    fn mistakes_are_found_at_their_places() {
        for (yaml, expect) in [
            ("", vec![]),
            ("- name: 一\n  text: 漏水\n  expect: {scenario: a/b}\n", vec![]),
            ("- name: 一\n  txt: 漏水\n", vec!["unknown-key a.yaml:2:3"]),
            ("- name: 一\n  text: 漏\n  expect: {scenari: a/b}\n", vec!["unknown-key a.yaml:3:12"]),
            ("- name: 一\n", vec!["missing-key a.yaml:1:3"]),
            ("- text: 漏\n", vec!["missing-key a.yaml:1:3"]),
            ("- name: 一\n  text: 漏\n  call: [{say: 漏}]\n", vec!["missing-key a.yaml:1:3"]),
            ("- name: 一\n  call: [{say: 漏}]\n  expect: {}\n", vec!["unknown-key a.yaml:3:3"]),
            ("- name: 一\n  call: []\n", vec!["limit-exceeded a.yaml:2:9"]),
            ("- name: 一\n  text: 漏\n  at: 国庆\n", vec!["invalid-date a.yaml:3:7"]),
            ("- name: 一\n  text: 漏\n  expect: {deadline: 2026-10-10}\n", vec!["missing-key a.yaml:3:22"]),
            ("- name: 一\n  text: 漏\n  expect: {facts: {adress: 路}}\n", vec!["unknown-value a.yaml:3:20"]),
            ("- name: 一\n  text: 漏\n  expect: {outcome: maybe}\n", vec!["unknown-value a.yaml:3:21"]),
        ] {
            assert_eq!(findings(yaml), expect, "{yaml}");
        }
    }

    #[test]
    fn each_step_of_a_call_hears_all_before_it() {
        let yaml = "- name: 一\n  call:\n    - say: 我家\n    - say: 漏水了\n      expect: {scenario: a/b}\n";
        let file = read("rules/tests/a.yaml", yaml, &mut Vec::new()).unwrap();
        let steps: Vec<_> = file.tests[0].steps.iter().map(|step| (step.text.as_str(), step.line)).collect();
        assert_eq!(steps, [("我家", 3), ("我家漏水了", 4)]);
    }
}
