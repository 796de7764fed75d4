#![allow(clippy::unwrap_used, clippy::expect_used)]
use proptest::prelude::*;

use super::*;

const ARTICLES: &str = r#"
    {"id": "a", "title": "水管坏了由谁修", "text": "水表以内由业主负责，以外由供水企业负责。"}
    {"id": "b", "title": "暖气不热由谁管", "text": "先由供热单位上门测温。"}
    {"id": "c", "text": "路灯不亮请报城管部门，一般两天内修复。"}
"#;

fn question(id: &str, text: &str, answers: &[&str]) -> Question {
    let answers = answers.iter().map(|id| (*id).to_owned()).collect();
    Question { id: id.to_owned(), text: text.to_owned(), title: None, answers }
}

fn task(questions: Vec<Question>, known: Vec<Question>, folds: Option<u32>) -> Task {
    let articles = read_articles("articles.jsonl", ARTICLES, &mut Vec::new());
    Task { articles, questions, known, folds }
}

fn run(task: &Task) -> Answers {
    let report = task.run(&Segmenter::new([]), || ()).unwrap();
    assert!(report.latency_us.p50 > 0.0 && report.latency_us.p50 <= report.latency_us.p99);
    Answers { latency_us: Latency { p50: 100.0, p99: 200.0 }, ..report }
}

#[test]
fn the_report_for_people() {
    let asked = vec![
        question("1", "家里水管坏了", &["a"]),
        question("2", "暖气不热", &["b", "no-such"]),
        question("3", "我家水管坏了，暖气", &["c"]),
    ];
    let report = run(&task(asked, vec![question("k", "屋里太冷", &["b"])], None));
    let expected = "\
3 questions, 3 articles, 1 known questions
R@1 0.6667  R@5 0.6667  R@10 0.6667  MRR@10 0.6667
time per question: p50 100 µs, p99 200 µs
0 near-copies of other or known questions; without them R@1 0.6667, R@10 0.6667
1 ids in `answers` belong to no article

The worst misses:
3 我家水管坏了，暖气
  right (at >10): c 路灯不亮请报城管部门，一般两天内修复。
  first: a 水管坏了由谁修
";
    assert_eq!(report.shown(Lang::En), expected);
    assert!(report.shown(Lang::Zh).starts_with("3 个问题，3 条知识，已知问法 1 个\n"));
    let json = serde_json::to_value(&report).unwrap();
    for key in ["n", "r1", "r5", "r10", "mrr10"] {
        assert!(json[key].is_number(), "{key}");
    }
    assert_eq!(json["latency_us"]["p99"], 200.0);
    assert_eq!(json["near_copies"]["without"]["n"], 3);
}

#[test]
fn a_known_question_teaches() {
    let asked = || vec![question("1", "屋里冷冰冰的", &["b"])];
    assert_eq!(run(&task(asked(), Vec::new(), None)).figures.r1, 0.0);
    let known = vec![question("k", "屋里冷冰冰", &["b"])];
    assert_eq!(run(&task(asked(), known, None)).figures.r1, 1.0);
}

#[test]
fn folds_know_the_others_and_not_themselves() {
    let folds = 2;
    let ids = |wanted: u32| (0..).map(|n| n.to_string()).filter(move |id| fold(id, folds) == wanted);
    let (one, other) = (ids(0).next().unwrap(), ids(1).next().unwrap());
    let alone = vec![question(&one, "屋里冷冰冰的", &["b"])];
    assert_eq!(run(&task(alone.clone(), Vec::new(), Some(folds))).figures.r1, 0.0);
    let both = vec![alone[0].clone(), question(&other, "屋里冷冰冰", &["b"])];
    let report = run(&task(both.clone(), Vec::new(), Some(folds)));
    assert_eq!(report.figures.r1, 1.0);
    let text = |questions: &[Question]| {
        let line = |q: &Question| format!(r#"{{"id":"{}","text":"{}","answers":["b"]}}"#, q.id, q.text);
        questions.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let reversed: Vec<_> = both.iter().rev().cloned().collect();
    let read = |questions: &[Question]| read_questions("q", &text(questions), &mut Vec::new());
    assert_eq!(run(&task(read(&both), Vec::new(), Some(folds))), run(&task(read(&reversed), Vec::new(), Some(folds))));
}

#[test]
fn ranks_make_figures() {
    let figures = Figures::of([Some(1), Some(2), Some(6), None].into_iter());
    assert_eq!(figures, Figures { n: 4, r1: 0.25, r5: 0.5, r10: 0.75, mrr10: (1.0 + 0.5 + 1.0 / 6.0) / 4.0 });
    assert_eq!(Figures::of(std::iter::empty()), Figures::default());
}

#[test]
fn wrong_lines_are_named() {
    let text = "{\"id\":\"1\",\"text\":\"水\",\"answers\":[\"a\"]}\n{\"id\":\"2\"}\n{\"id\":\"1\",\"text\":\"电\",\"answers\":[]}\n";
    let mut diagnostics = Vec::new();
    assert_eq!(read_questions("q.jsonl", text, &mut diagnostics).len(), 1);
    let places: Vec<_> = diagnostics.iter().map(Diagnostic::location).collect();
    assert_eq!(places, ["q.jsonl:2:1", "q.jsonl:3"]);
}

proptest! {
    #[test]
    fn folds_are_a_partition(id in "\\PC{0,12}", folds in 1_u32..20) {
        prop_assert!(fold(&id, folds) < folds);
        prop_assert_eq!(fold(&id, folds), fold(&id, folds));
    }
}
