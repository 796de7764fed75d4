//! Findings in the forms that other programs read: SARIF 2.1.0, JUnit, GitHub's annotations.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use crate::source::{Code, Diagnostic, Edit, Lang, Level, SourceText, render_plain};

use super::pages::{page, title};

/// How findings are written.
#[derive(Clone, Copy, Debug)]
pub struct Output<'a> {
    /// Language of messages.
    pub lang: Lang,
    /// What stands before paths of the bundle, so that they lead from where the reader is: empty, or ending with `/`.
    pub prefix: &'a str,
}

impl Output<'_> {
    fn path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The message with the label and notes below it.
    fn words(&self, finding: &Diagnostic) -> String {
        let more = finding.label.iter().chain(&finding.notes).map(|words| words.in_lang(self.lang));
        std::iter::once(finding.message.in_lang(self.lang)).chain(more).collect::<Vec<_>>().join("\n")
    }
}

/// What a kind of finding is called.
fn name(code: Code, lang: Lang) -> String {
    match lang {
        Lang::Zh => title(code).to_owned(),
        Lang::En => code.name().replace('-', " "),
    }
}

/// SARIF 2.1.0 (OASIS standard of 27 March 2020): every kind of finding is a rule with its page as help, every finding a
/// result with its region and, where there is one, its fix. Columns count characters.
pub fn sarif(findings: &[Diagnostic], output: Output<'_>) -> Value {
    let rules: Vec<Value> = Code::ALL.iter().map(|code| rule(*code, output.lang)).collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, output)).collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "jiesu",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "language": match output.lang { Lang::Zh => "zh-CN", Lang::En => "en-US" },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: Code, lang: Lang) -> Value {
    json!({
        "id": code.id(),
        "name": code.name(),
        "shortDescription": { "text": name(code, lang) },
        "help": { "text": page(code), "markdown": page(code) },
        "defaultConfiguration": {
            "enabled": code.level() != Level::Off,
            "level": if code.level() == Level::Error { "error" } else { "warning" },
        },
    })
}

fn result(finding: &Diagnostic, output: Output<'_>) -> Value {
    let mut location = json!({ "artifactLocation": { "uri": uri(&output.path(&finding.path)) } });
    if let Some((source, range)) = &finding.place {
        location["region"] = region(source, range);
    }
    let mut result = json!({
        "ruleId": finding.code.id(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == finding.code),
        "level": if finding.is_error() { "error" } else { "warning" },
        "message": { "text": output.words(finding) },
        "locations": [{ "physicalLocation": location }],
    });
    if let Some(fix) = &finding.fix {
        let mut changes: Vec<(&str, Vec<Value>)> = Vec::new();
        for edit in &fix.edits {
            let path = edit.source.path.as_str();
            match changes.iter_mut().find(|(known, _)| *known == path) {
                Some((_, replacements)) => replacements.push(replacement(edit)),
                None => changes.push((path, vec![replacement(edit)])),
            }
        }
        let changes: Vec<Value> = changes
            .into_iter()
            .map(|(path, replacements)| {
                json!({ "artifactLocation": { "uri": uri(&output.path(path)) }, "replacements": replacements })
            })
            .collect();
        result["fixes"] =
            json!([{ "description": { "text": fix.title.in_lang(output.lang) }, "artifactChanges": changes }]);
    }
    result
}

fn replacement(edit: &Edit) -> Value {
    json!({ "deletedRegion": region(&edit.source, &edit.range), "insertedContent": { "text": edit.new_text } })
}

fn region(source: &SourceText, range: &std::ops::Range<usize>) -> Value {
    let (start, end) = (source.position(range.start), source.position(range.end.max(range.start)));
    json!({ "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column })
}

/// A relative reference (RFC 3986): everything but unreserved characters and `/` in per cent.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// JUnit's XML: one case for every kind of finding, failed where there are errors of it (or anything at all, when
/// `deny_warnings`); warnings are its output. Empty when it cannot be written.
pub fn junit(findings: &[Diagnostic], output: Output<'_>, deny_warnings: bool) -> String {
    let mut suite = TestSuite::new("jiesu check");
    for code in Code::ALL {
        let own: Vec<&Diagnostic> = findings.iter().filter(|finding| finding.code == *code).collect();
        let text = own.iter().map(|finding| render_plain(finding, output.lang)).collect::<Vec<_>>().join("\n\n");
        let failed = own.iter().any(|finding| finding.is_error() || deny_warnings);
        let case_name = format!("{} {}", code.id(), name(*code, output.lang));
        let mut case = match own.first().filter(|_| failed) {
            Some(first) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_type(code.name());
                let place = output.path(&first.location());
                status.set_message(format!("{place}: {}", first.message.in_lang(output.lang)));
                status.set_description(text);
                TestCase::new(case_name, status)
            }
            None => {
                let mut case = TestCase::new(case_name, TestCaseStatus::success());
                if !own.is_empty() {
                    case.set_system_out(text);
                }
                case
            }
        };
        case.set_classname("jiesu.check");
        suite.add_test_case(case);
    }
    let mut report = Report::new("jiesu check");
    report.add_test_suite(suite);
    let xml = report.to_string().unwrap_or_default();
    // The schema that Jenkins reads by knows no such attribute. In texts quotation marks are escaped, so it stands nowhere
    // else.
    xml.replace(" disabled=\"0\"", "")
}

/// Workflow commands of GitHub Actions, one a line: they become annotations at the lines of a pull request.
pub fn github(findings: &[Diagnostic], output: Output<'_>) -> String {
    let mut lines = String::new();
    for finding in findings {
        let kind = if finding.is_error() { "error" } else { "warning" };
        let mut properties = vec![format!("file={}", property(&output.path(&finding.path)))];
        if let (Some(start), Some(end)) = (finding.position(), finding.end()) {
            properties.push(format!("line={}", start.line));
            properties.push(format!("endLine={}", end.line));
            // Columns of a finding over several lines are not shown, and refused by some readers.
            if start.line == end.line {
                properties.push(format!("col={}", start.column));
                properties.push(format!("endColumn={}", end.column));
            }
        }
        let heading = format!("{} {}", finding.code.id(), name(finding.code, output.lang));
        properties.push(format!("title={}", property(&heading)));
        lines.push_str(&format!("::{kind} {}::{}\n", properties.join(","), data(&output.words(finding))));
    }
    lines
}

/// What follows `::` is one line, and `%` escapes.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property ends at a comma, and its line at a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_is_escaped() {
        assert_eq!(property("a: b, 50%\nc"), "a%3A b%2C 50%25%0Ac");
        assert_eq!(data("a: b\r\n100%"), "a: b%0D%0A100%25");
        assert_eq!(uri("rules/terms/供水 a.yaml"), "rules/terms/%E4%BE%9B%E6%B0%B4%20a.yaml");
    }
}
