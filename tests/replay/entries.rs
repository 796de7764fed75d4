//! Whatever is said in a complaint: nothing personal stands in its line, and the line is replayed to the byte.

use std::sync::{Arc, LazyLock};

use jiesu::bundle::{Bundle, Cache, Loader, Snapshot};
use jiesu::decide::{Complaint, Options, parse_time};
use jiesu::report::replay::{Entry, MaskedComplaint, decide_masked, differences, fields, mask_decision};
use jiesu::text::Text;
use jiesu::text::mask::masked;
use jiff::Timestamp;
use proptest::prelude::*;

use crate::bundle;

static BUNDLE: LazyLock<Arc<Bundle>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    bundle::write(folder.path());
    let snapshot = Snapshot::read(folder.path()).unwrap();
    let at = "2026-11-22T00:00:00".parse().unwrap();
    Loader::new(Cache::none()).load(snapshot, at).bundle.unwrap()
});

fn complaint(text: &str, title: Option<&str>) -> Complaint {
    let at = parse_time("2026-11-25T09:00:00.5", &BUNDLE.engine.settings().time_zone).unwrap();
    Complaint { text: text.to_owned(), title: title.map(str::to_owned), channel: None, district: None, at }
}

/// The line about a complaint, as it is written.
fn line(complaint: &Complaint) -> String {
    let decision = BUNDLE.engine.decide(complaint, Options::default()).unwrap();
    let entry = Entry::new(&BUNDLE, complaint, Options::default(), decision, Timestamp::UNIX_EPOCH).unwrap();
    serde_json::to_string(&entry).unwrap()
}

/// In what the line and the decision that is made again differ.
fn differing(line: &str) -> Vec<String> {
    let entry = Entry::read(line.as_bytes()).unwrap();
    let complaint = entry.complaint(&BUNDLE.engine.settings().time_zone).unwrap();
    let again = fields(&decide_masked(&BUNDLE, &complaint, entry.options()).unwrap()).unwrap();
    differences(&entry.expected(), &again, &[]).into_iter().map(|difference| difference.field).collect()
}

#[test]
fn names_are_hidden_wherever_they_are_repeated() {
    for (text, title) in [
        ("联系人：寅卯辰，解放路水管漏水，寅卯辰家里没水", Some("寅卯辰投诉")),
        ("解放路水管漏水，寅卯辰家里没水", Some("市民寅卯辰反映")),
        ("市民寅卯辰反映，解放路12号寅卯辰门口水管漏水", None),
    ] {
        let line = line(&complaint(text, title));
        // 寅 is no surname; the words around say that it is a name, or it stays.
        let known = masked(text) != text || title.is_some_and(|title| masked(title) != title);
        assert_eq!(line.contains("寅卯辰"), !known, "{line}");
        assert_eq!(differing(&line), Vec::<String>::new());
    }
}

#[test]
fn what_is_quoted_is_quoted_from_the_masked_text() {
    let own = complaint("联系人：张三丰，电话13800138000，解放路水管漏水，张三丰说车牌粤A12345", None);
    let decision = BUNDLE.engine.decide(&own, Options::default()).unwrap();
    assert!(decision.facts.iter().any(|fact| fact.value == "13800138000"));
    let hidden = MaskedComplaint::new(&own);
    assert_eq!(hidden.complaint.text, "联系人：某某某，电话1380*******，解放路水管漏水，某某某说车牌粤A*****");
    let (decision, touched) = mask_decision(decision, &hidden);
    assert!(touched);
    let text = Text::new(None, &hidden.complaint.text);
    for fact in &decision.facts {
        assert_eq!(fact.text, text.original_str(fact.span));
    }
    let values: Vec<&str> = decision.facts.iter().map(|fact| fact.value.as_str()).collect();
    assert!(values.contains(&"1380*******") && values.contains(&"粤A*****"), "{values:?}");
}

/// Whether eleven digits or more follow one another, which `mask` never leaves.
fn has_long_number(text: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c);
    text.split(|c: char| !is_digit(c)).any(|run| run.chars().count() >= 11)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn every_line_is_without_long_numbers_and_replayed_to_the_byte(
        parts in prop::collection::vec(
            "1[3-9][0-9]{9}|[0-9]{7,19}X?|联系人：[张李王][一二三]{1,2}，|[张李]先生|水管漏|燃气味|解放路[0-9]{1,3}号|青澜区|[，。 \n]|粤A[0-9]{5}|微信号[a-z]{6}|[ａ-ｚ０-９]{1,12}|.",
            1..10,
        ),
        title in prop::option::of("[张李]先生(投诉|家)[0-9]{0,12}"),
    ) {
        let own = complaint(&parts.concat(), title.as_deref());
        prop_assume!(BUNDLE.engine.decide(&own, Options::default()).is_ok());
        let line = line(&own);
        let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
        for part in ["request", "decision", "on_masked"] {
            let mut texts = vec![&entry[part]];
            while let Some(value) = texts.pop() {
                match value {
                    serde_json::Value::String(text) => prop_assert!(!has_long_number(text), "{part}: {text}"),
                    serde_json::Value::Array(items) => texts.extend(items),
                    serde_json::Value::Object(fields) => texts.extend(fields.values()),
                    _ => {}
                }
            }
        }
        prop_assert_eq!(differing(&line), Vec::<String>::new());
    }
}
