//! What was run as JUnit XML, which every CI reads.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::run::{Case, Failure, Tested};
use crate::source::Lang;

/// All that was run, a suite for each file. The error says why it could not be written.
pub fn junit(tested: &[Tested], lang: Lang) -> Result<String, String> {
    let mut report = Report::new("jiesu test");
    for of_file in tested.chunk_by(|a, b| a.case.file == b.case.file) {
        let file = &of_file[0].case.file;
        let mut suite = TestSuite::new(file.as_str());
        for Tested { case, failures } in of_file {
            let Case { name, line, .. } = case;
            let status = match failures.first() {
                None => TestCaseStatus::success(),
                Some(first) => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status.set_message(message(first, lang));
                    let all: Vec<String> = failures
                        .iter()
                        .map(|failure| format!("{file}:{}\n{}", failure.line, details(failure, lang)))
                        .collect();
                    status.set_description(all.join("\n\n"));
                    status
                }
            };
            let mut test = TestCase::new(name.as_str(), status);
            test.set_classname(format!("{file}:{line}"));
            suite.add_test_case(test);
        }
        report.add_test_suite(suite);
    }
    let xml = report.to_string().map_err(|error| error.to_string())?;
    // The schema that Jenkins reads by knows no such attribute. In texts quotation marks are escaped, so it stands nowhere else.
    Ok(xml.replace(" disabled=\"0\"", ""))
}

fn message(failure: &Failure, lang: Lang) -> String {
    match (&failure.refused, failure.mismatches.first()) {
        (Some(refused), _) => refused.in_lang(lang).to_owned(),
        (None, Some(first)) => format!("{}: {} != {}", first.what, first.expected, first.actual),
        (None, None) => String::new(),
    }
}

fn details(failure: &Failure, lang: Lang) -> String {
    let mut lines = vec![failure.text.clone()];
    lines.extend(failure.mismatches.iter().map(|m| format!("{}: {} != {}", m.what, m.expected, m.actual)));
    lines.extend(failure.hits.iter().cloned());
    lines.extend(failure.lacking.iter().map(|lack| lack.message.in_lang(lang).to_owned()));
    lines.join("\n")
}
