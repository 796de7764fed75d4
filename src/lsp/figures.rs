//! How each scenario does on the bundle's own cases, for showing beside its name.

use std::time::{Duration, Instant};

use crate::bundle::Bundle;
use crate::knowledge::Case;
use crate::rules::Scenario;
use crate::say;
use crate::source::Message;
use crate::text::Text;

/// Longer than this is not cheap: there are too many cases to count along the way, and `jiesu stats` does it.
const LONGEST: Duration = Duration::from_secs(3);

/// One scenario: cases on which it fires; of these, those labelled with a scenario or category, and the right ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Figure {
    hits: usize,
    labelled: usize,
    right: usize,
}

/// All scenarios.
pub(super) struct Figures {
    /// The revision of the bundle that was counted.
    pub revision: String,
    cases: usize,
    /// By the scenario's position. None where counting took too long.
    scenarios: Option<Vec<(String, Figure)>>,
}

impl Figures {
    /// Counts over the bundle's cases, by rules alone.
    pub(super) fn of(bundle: &Bundle) -> Figures {
        let engine = &bundle.engine;
        let (rules, cases) = (engine.rules(), engine.knowledge().cases.all());
        let mut figures = vec![Figure::default(); rules.scenarios().len()];
        let began = Instant::now();
        let in_time = cases.iter().all(|case| {
            for found in rules.matches(&Text::new(case.title.as_deref(), &case.text)) {
                let figure = &mut figures[found.scenario];
                let right = is_right(&rules.scenarios()[found.scenario], case);
                figure.hits += 1;
                figure.labelled += usize::from(right.is_some());
                figure.right += usize::from(right == Some(true));
            }
            began.elapsed() < LONGEST
        });
        let ids = rules.scenarios().iter().map(|scenario| scenario.id.clone());
        let scenarios = in_time.then(|| ids.zip(figures).collect());
        Figures { revision: engine.revision().to_owned(), cases: cases.len(), scenarios }
    }

    /// What to say of a scenario, where it was counted.
    pub(super) fn of_scenario(&self, id: &str) -> Option<Message> {
        let (_, Figure { hits, labelled, right }) = self.scenarios.as_ref()?.iter().find(|(own, _)| own == id)?;
        let cases = self.cases;
        Some(match labelled {
            0 => say!("规则包自带的 {cases} 条案例里命中 {hits} 条", "fires on {hits} of the bundle's {cases} cases"),
            _ => say!(
                "规则包自带的 {cases} 条案例里命中 {hits} 条；其中有标注的 {labelled} 条，对的 {right} 条",
                "fires on {hits} of the bundle's {cases} cases; of {labelled} that are labelled, {right} are right"
            ),
        })
    }
}

/// Whether a case is of a scenario by its label: its scenario, or else its category or one above it.
fn is_right(scenario: &Scenario, case: &Case) -> Option<bool> {
    if let Some(id) = &case.scenario {
        return Some(*id == scenario.id);
    }
    let path = case.category.as_ref()?;
    let below = scenario.category.strip_prefix(path.as_str());
    Some(below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}
