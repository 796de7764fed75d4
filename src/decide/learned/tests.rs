//! From made-up cases to judgements: what is taught is right about cases that were not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::cell::{Cell, RefCell};
use std::sync::{Arc, OnceLock};

use super::lessons::neighbours;
use super::weigh::Others;
use super::*;
use crate::knowledge::{Case, Origin};
use crate::learn::Random;
use crate::source::Date;

/// A real case.
pub(in crate::decide) fn case(id: &str, text: &str, department: Option<&str>) -> Case {
    let label = || department.map(str::to_owned);
    Case {
        id: id.to_owned(),
        text: text.to_owned(),
        title: None,
        scenario: None,
        category: None,
        department: label(),
        unit: None,
        district: None,
        reply: None,
        opened_on: None,
        origin: Origin::Real,
    }
}

/// Departments with what is complained about to each.
const MATTERS: [(&str, [&str; 7]); 5] = [
    (
        "水务局",
        [
            "水管爆裂漏水,满地都是水",
            "自来水发黄有异味",
            "停水一整天没有通知",
            "水表读数不对,水费太高",
            "水压太低,高层用不上水",
            "供水管道维修后没有恢复通水",
            "消火栓漏水没人管",
        ],
    ),
    (
        "公安局",
        [
            "有人打架斗殴",
            "电动车被偷,报案没有结果",
            "邻居半夜放音乐噪音扰民",
            "接到诈骗电话被骗了钱",
            "身份证办理一直没有拿到",
            "楼下聚众赌博",
            "醉酒的人在门口闹事",
        ],
    ),
    (
        "交通局",
        [
            "公交车一个小时没有一班",
            "出租车拒载还乱收费",
            "公交站牌被撞倒",
            "公交司机态度恶劣不让上车",
            "希望增加一条公交线路",
            "网约车绕路多收车费",
            "地铁站没有接驳公交",
        ],
    ),
    (
        "城管局",
        [
            "流动摊贩占道经营",
            "烧烤店油烟直排居民楼",
            "垃圾桶满了没有人清运",
            "违章搭建的阳光房没有拆",
            "路灯不亮影响夜间出行",
            "井盖丢失很危险",
            "广告牌摇晃快要掉下来",
        ],
    ),
    (
        "教育局",
        [
            "学校食堂饭菜不新鲜",
            "幼儿园乱收费不退钱",
            "补习班关门老师失联,学费不退",
            "小学入学划片不合理",
            "老师体罚学生",
            "中学周末违规补课",
            "学生转学手续办不下来",
        ],
    ),
];
const PLACES: [&str; 8] =
    ["人民路", "幸福小区", "东门广场", "解放街", "阳光花园", "建设路三号", "南湖公园旁", "火车站附近"];
const ENDS: [&str; 5] = ["请尽快处理", "希望有关部门核实", "已经反映过两次", "要求给个说法", "麻烦派人来看看"];

/// Complaints of all departments in turn, each of two matters so that few are near-copies; the one who took it down was
/// mistaken once in twelve.
fn made_up(seed: u64, count: usize) -> Vec<Case> {
    let mut random = Random::new(seed);
    let mut pick = |list: &[&str]| list[random.below(list.len())].to_owned();
    let one = |at: usize| {
        let (department, matters) = MATTERS[at % MATTERS.len()];
        let text = format!("{},{},{},{}", pick(&PLACES), pick(&matters), pick(&matters), pick(&ENDS));
        let labelled = if at % 12 == 11 { MATTERS[(at + 1) % MATTERS.len()].0 } else { department };
        // Eleven days of November and nine of December.
        let day = civil::date(2025, 11, 20).checked_add(jiff::Span::new().days((at % 20) as i64)).unwrap();
        Case { opened_on: Some(Date(day)), ..case(&format!("{seed}-{at:04}"), &text, Some(labelled)) }
    };
    (0..count).map(one).collect()
}

fn segmenter() -> Segmenter {
    Segmenter::new([])
}

fn same(_: Level, label: &str) -> String {
    label.to_owned()
}

fn cases(cases: Vec<Case>) -> Cases {
    Cases::in_memory(cases, &segmenter()).unwrap()
}

/// What is taught, with the examples to weigh it on.
type Lesson = (Taught, Examples);

fn teach(cases: &Cases, levels: &[Level]) -> Lesson {
    Taught::teach(cases, &segmenter(), levels, &same, &|_| true).unwrap()
}

fn weigh((taught, examples): Lesson, cases: &Cases) -> Learned {
    Learned::weigh(Arc::new(taught), &examples, cases, &same, &[], &|_, _| None, &|_| 0.8)
}

/// 150 cases and what they teach, once for all tests.
fn learned() -> &'static (Cases, Lesson, Learned) {
    static LEARNED: OnceLock<(Cases, Lesson, Learned)> = OnceLock::new();
    LEARNED.get_or_init(|| {
        let cases = cases(made_up(1, 150));
        let taught = teach(&cases, &[Level::Department]);
        let learned = weigh(taught.clone(), &cases);
        (cases, taught, learned)
    })
}

fn judge<'a>(learned: &'a Learned, cases: &Cases, text: &str) -> Judgement<'a> {
    let day = Some(civil::date(2025, 12, 10));
    learned.judge(&Text::new(None, text), &segmenter(), cases, day).remove(0)
}

#[test]
fn cases_that_were_left_out_are_judged_right_and_the_surer_the_righter() {
    let (cases, _, learned) = learned();
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for query in made_up(2, 120) {
        let judgement = judge(learned, cases, &query.text);
        let first = &judgement.opinions[0];
        assert!(judgement.opinions.is_sorted_by(|a, b| a.confidence >= b.confidence));
        assert!(judgement.opinions.iter().all(|opinion| (0.0..=1.0).contains(&opinion.confidence)));
        if Some(first.label) == query.department.as_deref() { &mut right } else { &mut wrong }.push(first.confidence);
    }
    // Ten of the 120 are labelled wrong themselves.
    assert!(right.len() >= 100, "{} of 120", right.len());
    let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len().max(1) as f64;
    assert!((mean(&right) - 0.92).abs() < 0.1, "{}", mean(&right));
}

#[test]
fn what_is_odd_or_of_two_departments_is_less_sure() {
    let (cases, _, learned) = learned();
    let confidence = |text: &str| judge(learned, cases, text).opinions[0].confidence;
    let sure = MATTERS.map(|(_, matters)| confidence(&format!("人民路,{},{},请尽快处理", matters[0], matters[1])));
    for text in ["你好", "我想问一下", "水管爆裂漏水,公交司机态度恶劣", "abc 123"] {
        let sure = sure.iter().sum::<f64>() / sure.len() as f64;
        assert!(confidence(text) < sure - 0.05, "{text}: {} {sure}", confidence(text));
    }
}

#[test]
fn the_words_that_pushed_are_those_of_the_matter() {
    let (cases, _, learned) = learned();
    for (text, label, word) in [
        ("幸福小区公交车不来", "交通局", "公交车"),
        ("解放街学校老师打人", "教育局", "老师"),
        ("人民路水管坏了漏水", "水务局", "漏水"),
    ] {
        let judgement = judge(learned, cases, text);
        assert_eq!(judgement.opinions[0].label, label, "{text}");
        let text = Text::new(None, text);
        let features = learned.features(&text, &segmenter());
        let words = |level, label| learned.words(&text, &segmenter(), &features, level, label, 3);
        let own = words(Level::Department, judgement.opinions[0].number);
        let own: Vec<&str> = own.iter().map(|(range, _)| text.slice(range.clone())).collect();
        assert!(own.contains(&word), "{own:?}");
        assert!(words(Level::Unit, 0).is_empty(), "a level that was not learned");
    }
}

#[test]
fn bars_are_earned() {
    let (.., learned) = learned();
    assert_eq!(learned.levels().collect::<Vec<_>>(), [Level::Department]);
    let (low, high) = (learned.bar(Level::Department, 0.6), learned.bar(Level::Department, 0.8));
    assert!(low.is_some() && high.is_some() && low <= high, "{low:?} {high:?}");
    assert_eq!(learned.bar(Level::Department, 1.0), None);
    assert_eq!(learned.bar(Level::Unit, 0.1), None);
    for department in 0..5 {
        assert_eq!(learned.department_bar(department), learned.bar_of(Level::Department, department, 0.8));
    }
    assert_eq!(learned.department_bar(5), None);
}

#[test]
fn teaching_twice_gives_the_same() {
    let (cases, taught, _) = learned();
    let bytes = |lesson: &Lesson| serde_json::to_string(lesson).unwrap();
    let again = teach(cases, &[Level::Department]);
    assert!(bytes(&again) == bytes(taught));
    let (read, examples): Lesson = serde_json::from_str(&bytes(taught)).unwrap();
    assert!(read.is_sound() && read.fits(&examples));
    let read = (read.ready(), examples);
    assert!(bytes(&read) == bytes(taught));
    let (one, other) = (weigh(again, cases), weigh(read, cases));
    for query in made_up(3, 10) {
        assert_eq!(judge(&one, cases, &query.text), judge(&other, cases, &query.text));
    }
}

#[test]
fn every_step_is_told_and_may_be_the_last() {
    let cases = cases(made_up(1, 60));
    let seen = RefCell::new(Vec::new());
    let levels = [Level::Department];
    let tell = |progress| {
        seen.borrow_mut().push(progress);
        true
    };
    assert!(Taught::teach(&cases, &segmenter(), &levels, &same, &tell).is_some());
    let seen = seen.into_inner();
    let of = seen[0].of;
    assert_eq!(seen.iter().map(|step| step.done).collect::<Vec<_>>(), (0..=of).collect::<Vec<_>>());
    assert!(seen.iter().all(|step| step.of == of));
    assert_eq!(seen[3].level, Some(Level::Department));
    for last in [0, 1, 2, 3, 5, of] {
        let asked = Cell::new(0);
        let stop = |progress: Progress| {
            asked.set(asked.get() + 1);
            progress.done < last
        };
        assert!(Taught::teach(&cases, &segmenter(), &levels, &same, &stop).is_none(), "{last}");
        assert_eq!(asked.get(), last + 1, "nothing more is done after no");
    }
}

#[test]
fn a_level_is_learned_from_enough_real_cases_of_two_labels() {
    let no_progress = |_: Progress| -> bool { panic!("there is nothing to do") };
    let enough = made_up(1, LEAST_CASES);
    let with = |change: &dyn Fn(usize, &mut Case)| {
        let mut changed = enough.clone();
        changed.iter_mut().enumerate().for_each(|(at, case)| change(at, case));
        cases(changed)
    };
    for (name, few) in [
        ("none", cases(Vec::new())),
        ("one too few", cases(made_up(1, LEAST_CASES - 1))),
        (
            "one without a label",
            with(&|at, case| {
                if at == 7 {
                    case.department = None;
                }
            }),
        ),
        (
            "one made up",
            with(&|at, case| {
                if at == 7 {
                    case.origin = Origin::Example;
                }
            }),
        ),
        ("one label", with(&|_, case| case.department = Some("水务局".to_owned()))),
        ("other levels", with(&|_, case| case.category = case.department.take())),
    ] {
        let taught = Taught::teach(&few, &segmenter(), &[Level::Department], &same, &no_progress).unwrap();
        assert!(taught.0.levels.is_empty() && taught.0.is_sound(), "{name}");
        let learned = weigh(taught, &few);
        let judged = learned.judge(&Text::new(None, "水管"), &segmenter(), &few, None);
        assert!(judged.is_empty() && learned.levels().count() == 0 && learned.department_bar(0).is_none(), "{name}");
    }
    assert_eq!(teach(&cases(enough), &[Level::Department]).0.levels.len(), 1);
}

#[test]
fn near_copies_of_a_case_do_not_vote_on_it() {
    // Every complaint came in twice.
    let once = made_up(4, 60);
    let copy =
        |case: &Case| Case { id: format!("{}-copy", case.id), text: format!("{}。", case.text), ..case.clone() };
    let cases = cases(once.iter().flat_map(|case| [case.clone(), copy(case)]).collect());
    let (_, examples) = teach(&cases, &[Level::Department]);
    assert_eq!(examples.levels[0].held_out.len(), 120);
    let similarity = |case: &Case| {
        let found = neighbours(&cases, &Text::new(None, &case.text), &segmenter(), None, |_| true);
        (found[0].similarity, found[1].similarity)
    };
    for example in &examples.levels[0].held_out {
        let (own, copy) = similarity(&cases.all()[example.case as usize]);
        assert!(own > 0.99 && copy > 0.99, "{own} {copy}");
        let voted = example.candidates.iter().map(|candidate| candidate.numbers(Others::default())[6]);
        let nearest = voted.fold(0.0, f32::max);
        assert!(nearest < 0.97, "case {}: a neighbour is {nearest} like it", example.case);
    }
}

#[test]
fn units_lean_on_their_departments() {
    let mut all = made_up(1, 100);
    for (at, case) in all.iter_mut().enumerate() {
        case.unit = case.department.as_ref().map(|department| format!("{department}{}科", at % 2 + 1));
    }
    let cases = cases(all);
    let taught = teach(&cases, &[Level::Department, Level::Unit]);
    let [departments, units] = &taught.0.levels[..] else { panic!("two levels") };
    assert_eq!((departments.above.clone(), units.names.len()), (None, 10));
    for (unit, department) in units.names.iter().zip(units.above.as_ref().unwrap()) {
        assert!(unit.starts_with(&departments.names[department.unwrap() as usize]), "{unit}");
    }
    let learned = weigh(taught, &cases);
    let judged =
        learned.judge(&Text::new(None, "人民路,公交车一个小时没有一班,出租车拒载"), &segmenter(), &cases, None);
    let labels: Vec<&str> = judged.iter().map(|judgement| judgement.opinions[0].label).collect();
    assert!(labels[0] == "交通局" && labels[1].starts_with("交通局"), "{labels:?}");
}

#[test]
fn the_most_recent_month_is_predicted_from_before_it() {
    let (all, (_, examples), _) = learned();
    let recent = &examples.levels[0].recent;
    assert_eq!(recent.len(), 63);
    let month = civil::date(2025, 12, 1);
    assert!(recent.iter().all(|example| all.all()[example.case as usize].opened_on.unwrap().0 >= month));
    // 45 cases of a month are too few to tell anything.
    assert!(teach(&cases(made_up(5, 100)), &[Level::Department]).1.levels[0].recent.is_empty());
}

#[test]
fn new_cases_vote_before_anything_is_taught_again() {
    let (_, taught, _) = learned();
    let mut all = made_up(1, 150);
    let new = "人民路的共享单车乱停乱放,堵住了盲道,已经反映过两次";
    for (at, place) in PLACES.iter().enumerate().take(6) {
        let text = format!("{place}共享单车乱停乱放堵住了盲道");
        let day = Date(civil::date(2025, 12, 9));
        all.push(Case { opened_on: Some(day), ..case(&format!("9-{at}"), &text, Some("单车办")) });
    }
    let cases = cases(all);
    let learned = weigh(taught.clone(), &cases);
    let opinions = judge(&learned, &cases, new).opinions;
    assert!(opinions.iter().any(|opinion| opinion.label == "单车办" && opinion.number == 5), "{opinions:?}");
}

#[test]
fn departments_without_cases_are_labels_too() {
    let (cases, (taught, examples), _) = learned();
    let more = ["气象局".to_owned()];
    let learned = Learned::weigh(Arc::new(taught.clone()), examples, cases, &same, &more, &|_, _| None, &|_| 0.6);
    let said = |_: Level| Said { duties: vec![("气象局".to_owned(), 0.9)], ..Said::default() };
    let text = Text::new(None, "天气预报不准");
    let judged = learned.judge_with(&text, &learned.features(&text, &segmenter()), &[], &said);
    assert!(judged[0].opinions.iter().any(|opinion| opinion.label == "气象局" && opinion.number == 5));
}

#[test]
fn what_was_weighed_before_judges_as_it_did() {
    let (cases, (taught, examples), learned) = learned();
    let kept = postcard::to_stdvec(&**learned.weighing()).unwrap();
    let weighing = postcard::from_bytes(&kept).unwrap();
    let taught = Arc::new(taught.clone());
    let again = Learned::weighed_before(Arc::clone(&taught), weighing, cases, &same, &[]).unwrap();
    for query in made_up(3, 10) {
        assert_eq!(judge(&again, cases, &query.text), judge(learned, cases, &query.text));
    }
    assert_eq!(again.department_bar(0), learned.department_bar(0));
    assert!(Learned::weighed_before(taught, Weighing::default(), cases, &same, &[]).is_none(), "of other lessons");
    let mut other = examples.clone();
    other.levels[0].held_out[0].right = 99;
    assert!(learned.taught.fits(examples) && !learned.taught.fits(&other));
}
