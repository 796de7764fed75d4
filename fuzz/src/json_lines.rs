//! Files of past cases: JSON Lines.

use jiesu::knowledge::read_cases;

use crate::{Target, show, text};

/// One file, and after a line `%%` another one.
pub const JSON_LINES: Target = Target {
    name: "json_lines",
    run,
    seeds: &[
        "{\"id\": \"1\", \"text\": \"水管漏水\", \"scenario\": \"water/leak\", \"opened_on\": \"2026-03-01\", \"origin\": \"example\"}\n\n{\"id\": \"2\", \"text\": \"停电\", \"x\": [1, {\"a\": null}]}\n",
        "\u{feff}{\"id\": \"1\", \"text\": \"\\ud83d\\ude92\\u6c34\"}\r\n{\"id\": \"1\", \"text\": \"同号\"}\r\n{\"text\": \"无号\"}\n[1]\n%%\n{\"id\": \"1\", \"text\": \"另一个文件\"}",
        "{\"id\": \"\", \"text\": \"\"}\n{\n}\nnull\n1e999\n\"\\ud800\"\n",
    ],
    words: &[
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "\n",
        "\r\n",
        "\"id\": \"9\"",
        "\"text\": \"路\"",
        "\"opened_on\": \"2026-02-30\"",
        "\"origin\": \"real\"",
        "null",
        "true",
        "1e999",
        "-0",
        "\\u0000",
        "\\ud800",
        "\\u",
        "\u{feff}",
        "\u{0}",
        "\u{2028}",
        "%%\n",
        "[[[[[[[[[[[[[[[[",
        "{\"a\":{\"a\":{\"a\":",
    ],
};

/// Findings of one file, at the most: twenty of lines that cannot be read, twenty of what they say.
const MAX_FINDINGS: usize = 40;

fn run(data: &[u8]) {
    let input = text(data);
    let files: Vec<(String, &str)> =
        input.split("%%\n").take(4).enumerate().map(|(n, part)| (format!("{n}.jsonl"), part)).collect();
    let read = |files: &mut dyn Iterator<Item = &(String, &str)>| {
        let mut diagnostics = Vec::new();
        let files = files.map(|(path, text)| (path.as_str(), *text));
        (read_cases(files, &mut diagnostics), diagnostics)
    };
    let (cases, diagnostics) = read(&mut files.iter());
    assert!(cases.windows(2).all(|pair| pair[0].id < pair[1].id), "in order, each id once");
    assert!(cases.iter().all(|case| !case.id.trim().is_empty() && !case.text.trim().is_empty()));
    assert!(diagnostics.len() <= files.len() * MAX_FINDINGS, "{} findings", diagnostics.len());
    assert!(cases.len() <= input.lines().count());
    let (backwards, _) = read(&mut files.iter().rev());
    assert_eq!(cases, backwards, "the order of files changes nothing");
    show(&diagnostics);
}
