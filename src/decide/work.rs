//! One complaint's way: rules, search, rank, responsibility, reply.

use std::cell::OnceCell;

use super::answer::{self, rounded};
use super::complaint::Complaint;
use super::decision::{
    Bar, CategoryReference, Decision, DepartmentReference, Matter, Outcome, Reply, RuleRecord, RunnerUp,
    ScenarioReference, Source, WordItem,
};
use super::engine::{Engine, Options};
use super::given::{Found, Given};
use super::heard::{Spoken, said};
use super::kind::kind;
use super::learned::{Features, Learned, Level, Neighbour, neighbour};
use super::matters::matters;
use super::opinions::{Opinions, vote};
use super::place::Place;
use super::prepared::Prepared;
use super::rank::{Candidate, because, rank, rank_again};
use crate::catalog::{Department, Responsible};
use crate::knowledge::{Article, Case, Filter, Hit, Query};
use crate::reply::Values;
use crate::rules::Scenario;
use crate::text::Text;

/// Articles and cases in a decision, at the most.
const MOST_FOUND: usize = 5;
/// Runners-up in a decision, at the most.
const MOST_RUNNERS_UP: usize = 5;
/// Cases that vote where no rule speaks and too few are labelled to learn from.
const VOTERS: usize = 10;
/// A learned category or department is suggested from this confidence on.
const SUGGESTED: f64 = 0.25;
/// A learned scenario is, from this: with it come a reply and questions, which are worse than none when they are wrong.
const LEARNED_SCENARIO: f64 = 0.5;
/// Words that pushed a learned answer, at the most.
const MOST_WORDS: usize = 8;
/// A case votes from this similarity on (the part of the complaint's informative words that it has).
const NEAR: f32 = 0.35;
/// A case is shown from this similarity on: below, it shares a word or two by accident.
const SHOWN: f32 = 0.15;
/// An article that no scenario names is offered from this similarity on.
const RELEVANT: f32 = 0.2;

/// Why a scenario stands behind one that the caller's answers point to.
const ANSWERS: &str = "answers";

/// One complaint while it is decided.
pub(super) struct Work<'t, 'a> {
    pub(super) engine: &'a Engine,
    pub(super) complaint: &'t Complaint,
    pub(super) text: &'t Text,
    pub(super) place: Place<'a>,
    /// What is searched for, once something is.
    pub(super) query: OnceCell<Query>,
    pub(super) given: Given<'t>,
}

impl<'a> Work<'_, 'a> {
    pub(super) fn decide(&self, options: Options) -> (Decision, Opinions<'a>) {
        let engine = self.engine;
        let (mut candidates, guessed) = self.candidates();
        let learned = engine.learned.as_deref().filter(|_| !options.rules_only);
        // Where a rule leads, cases are shown and do not vote, unless they teach.
        let wanted = if candidates.is_empty() { VOTERS } else { MOST_FOUND };
        let wanted = learned.map_or(wanted, |_| Neighbour::MOST);
        let wanted = if self.given.bare && learned.is_none() && !candidates.is_empty() { 0 } else { wanted };
        let votes = |place| self.given.known.is_none_or(|known| (known.voters)(place));
        let near = engine.knowledge.cases.nearest_places(self.query(), wanted, votes);
        let seen = learned.map(|learned| (learned, learned.features(self.text, &engine.segmenter)));
        let opinions = seen
            .as_ref()
            .map(|(learned, features)| self.opinions(learned, features, &candidates, &near))
            .unwrap_or_default();
        rank_again(&mut candidates, |scenario| self.probability(&opinions, scenario));
        let mut decision = self.undecided();
        // What the caller's answers point to leads, with what it rests on where it fires; nothing hides a danger to life.
        let danger = candidates.first().is_some_and(|first| first.standing.is_emergency());
        let answered = self.given.answered.filter(|_| !danger);
        let place = answered.and_then(|(own, _)| candidates.iter().position(|one| one.found.scenario == own));
        if let Some(place) = place {
            candidates[..=place].rotate_right(1);
        }
        match (candidates.first(), answered.filter(|_| place.is_none())) {
            (_, Some(answered)) => self.by_answers(answered, &candidates, &opinions, &mut decision),
            (Some(leader), None) => {
                self.by_rule(leader, &candidates, &opinions, &mut decision);
                decision.bar.met &= !guessed;
                decision.outcome = if decision.bar.met { Outcome::Auto } else { Outcome::Suggest };
            }
            (None, None) if options.rules_only => {}
            (None, None) if opinions.0.is_empty() => self.by_cases(&near, &mut decision),
            (None, None) => self.by_learned(&opinions, &mut decision),
        }
        if self.given.bare {
            return (decision, opinions);
        }
        if let Some((learned, features)) = &seen {
            decision.words = self.words(learned, features, &opinions, &decision);
        }
        let led = decision.scenario.as_ref().map(|scenario| scenario.id.clone());
        decision.articles = self.articles(led.as_deref());
        decision.notices = self.notices(led.as_deref());
        let shown = near.iter().map(|(_, hit)| hit).filter(|hit| hit.similarity >= SHOWN).take(MOST_FOUND);
        decision.cases = shown.map(|hit| answer::case(hit, self.query())).collect();
        (decision, opinions)
    }

    pub(super) fn query(&self) -> &Query {
        self.query.get_or_init(|| Query::from_text(self.text, &self.engine.segmenter))
    }

    /// The scenarios that fire, ordered by rules alone, and whether they were only guessed.
    pub(super) fn candidates(&self) -> (Vec<Candidate>, bool) {
        let engine = self.engine;
        let found = self.given.found.clone().unwrap_or_else(|| Found::new(&engine.rules, self.text));
        let candidates = rank(&engine.rules, self.text, &engine.segmenter, found.matches);
        (candidates, found.guessed)
    }

    /// What cases taught about the complaint, with the rules that fired heard.
    pub(super) fn opinions(
        &self,
        learned: &'a Learned,
        features: &Features,
        candidates: &[Candidate],
        near: &[(u32, Hit<'_, Case>)],
    ) -> Opinions<'a> {
        let day = self.complaint.at.date();
        let neighbours: Vec<Neighbour> =
            near.iter().map(|(place, hit)| neighbour(*place, hit.similarity, hit.item, Some(day))).collect();
        let region = self.place.region.map(|region| region.id.as_str());
        let duties = self.engine.duties.of(self.query());
        let spoken = Spoken { catalog: &self.engine.catalog, region, day, duties: &duties };
        let say = |level: Level| said(candidates.iter().map(|candidate| self.scenario(candidate)), &spoken, level);
        let mut judgements = learned.judge_with(self.text, features, &neighbours, &say);
        if let Some(known) = &self.given.known {
            known.unlearned(learned, &mut judgements);
        }
        Opinions(judgements)
    }

    /// The probability that cases give to what a scenario stands for: its department, or else its category; 1 where
    /// neither was learned.
    pub(super) fn probability(&self, opinions: &Opinions<'_>, scenario: usize) -> f64 {
        let scenario = &self.engine.rules.scenarios()[scenario];
        let department = || opinions.confidence(Level::Department, &self.responsible(scenario)?.1.id);
        department().or_else(|| opinions.confidence(Level::Category, &scenario.category)).unwrap_or(1.0)
    }

    /// What is known before anything has matched.
    fn undecided(&self) -> Decision {
        let at = self.complaint.at.datetime();
        Decision {
            id: None,
            at: self.complaint.at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            revision: self.engine.revision.clone(),
            engine: None,
            outcome: Outcome::Unknown,
            source: None,
            emergency: false,
            kind: kind(self.text, None),
            scenario: None,
            category: None,
            department: None,
            unit: None,
            joint: Vec::new(),
            district: self.place.district.map(answer::region),
            deadline: None,
            bar: Bar { target: self.engine.settings.target, threshold: None, met: false },
            matters: Vec::new(),
            reply: None,
            questions: Vec::new(),
            steps: Vec::new(),
            notices: Vec::new(),
            facts: answer::facts(self.text, at),
            evidence: Vec::new(),
            words: Vec::new(),
            record: None,
            runners_up: Vec::new(),
            articles: Vec::new(),
            cases: Vec::new(),
            explain: None,
            elapsed_us: None,
        }
    }

    fn by_rule(&self, leader: &Candidate, candidates: &[Candidate], opinions: &Opinions<'_>, decision: &mut Decision) {
        let scenario = self.scenario(leader);
        self.lead(leader.found.scenario, &leader.found.evidence, leader.confidence, opinions, decision);
        decision.source = Some(Source::Rule);
        decision.emergency = leader.standing.is_emergency();
        decision.evidence = answer::evidence(&self.engine.rules, self.text, &leader.found.evidence, false);
        decision.evidence.extend(answer::evidence(&self.engine.rules, self.text, &leader.found.hints, true));
        let before = self.given.answered.is_none().then_some(leader);
        decision.runners_up = candidates[1..].iter().take(MOST_RUNNERS_UP).map(|c| self.runner_up(before, c)).collect();
        decision.matters = self.matters(candidates);
        decision.record = self.engine.learned.as_deref().and_then(|learned| record(learned, &scenario.id));
        // An editor may vouch for a scenario; anything else goes out by itself only above a bar earned on real cases.
        let complete = decision.questions.iter().all(|question| !question.required);
        let alone = decision.matters.len() == 1;
        self.bar(opinions, decision);
        decision.bar.met = (scenario.auto || decision.bar.met) && complete && alone && decision.department.is_some();
    }

    /// What the caller answered speaks for a scenario that does not fire: a person confirms it.
    fn by_answers(
        &self,
        (index, probability): (usize, f64),
        candidates: &[Candidate],
        opinions: &Opinions<'_>,
        decision: &mut Decision,
    ) {
        self.lead(index, &[], probability, opinions, decision);
        decision.source = Some(Source::Answers);
        let behind = candidates.iter().take(MOST_RUNNERS_UP);
        decision.runners_up = behind.map(|candidate| self.runner_up(None, candidate)).collect();
    }

    /// The bar of the department, and whether the decision is sure enough for it.
    fn bar(&self, opinions: &Opinions<'_>, decision: &mut Decision) {
        let Some(department) = &decision.department else { return };
        let own = self.engine.catalog.department(&department.id).and_then(|department| department.bar);
        decision.bar.target = own.map_or(self.engine.settings.target, |bar| bar.target);
        let opinion = opinions.of(Level::Department, &department.id);
        let bar = opinion.and_then(|opinion| self.engine.learned.as_deref()?.department_bar(opinion.number));
        decision.bar.threshold = bar.map(rounded);
        decision.bar.met = bar.zip(opinion).is_some_and(|(bar, opinion)| opinion.confidence >= bar);
    }

    /// Fills in all that follows from a scenario: category, department, unit, deadline, reply, questions, steps.
    ///
    /// Where cases taught a level, the confidence in its label is theirs; elsewhere it is the scenario's part of all that
    /// speaks for any.
    fn lead(
        &self,
        index: usize,
        hits: &[crate::rules::Evidence],
        confidence: f64,
        opinions: &Opinions<'_>,
        decision: &mut Decision,
    ) {
        let prepared = &self.engine.prepared[index];
        let scenario = &prepared.scenario;
        let sure = |level, label: &str| rounded(opinions.confidence(level, label).unwrap_or(confidence));
        decision.outcome = Outcome::Suggest;
        decision.kind = kind(self.text, scenario.kind);
        decision.scenario = Some(reference(scenario, sure(Level::Scenario, &scenario.id)));
        let path = scenario.category.clone();
        decision.category = Some(CategoryReference { confidence: sure(Level::Category, &path), path });
        let (row, lead) = self.responsible(scenario).unzip();
        let unit = lead.and_then(|lead| self.unit(lead).or_else(|| self.learned_unit(lead, opinions)));
        decision.department = row.zip(lead).map(|(row, lead)| department(row, lead, sure(Level::Department, &lead.id)));
        decision.unit = unit.map(answer::department);
        let joint = row.into_iter().flat_map(|row| &row.joint);
        decision.joint = joint.filter_map(|id| self.engine.catalog.department(id)).map(answer::department).collect();
        let basis = scenario.deadline_basis.as_deref();
        decision.deadline = prepared
            .deadline
            .as_ref()
            .map(|term| answer::deadline(&self.engine.catalog, term, basis, unit.or(lead), &self.complaint.at));
        let slots = answer::slot_values(scenario, self.text, hits, self.complaint.at.datetime());
        decision.questions = answer::questions(&slots);
        decision.steps = scenario.steps.clone();
        decision.reply = Some(self.reply(prepared, &slots, decision));
    }

    fn reply(
        &self,
        prepared: &Prepared,
        slots: &[(&crate::rules::Slot, Option<String>)],
        decision: &Decision,
    ) -> Reply {
        let department = decision.department.as_ref().map_or("相关责任部门", |department| &department.name);
        let placeholders = [
            ("scenario", prepared.scenario.title.as_str()),
            ("hotline", &self.engine.settings.hotline),
            ("department", department),
            ("unit", decision.unit.as_ref().map_or(department, |unit| &unit.name)),
            ("district", decision.district.as_ref().map_or("", |district| &district.name)),
            ("deadline", decision.deadline.as_ref().map_or("规定时限", |deadline| &deadline.text)),
        ];
        let filled = slots.iter().filter_map(|(slot, value)| Some((slot.name.as_str(), value.as_deref()?)));
        let values: Values<'_> = filled.chain(placeholders).collect();
        let rendered = prepared.template.render(&values);
        Reply { text: rendered.text, missing: rendered.missing }
    }

    fn scenario(&self, candidate: &Candidate) -> &'a Scenario {
        &self.engine.rules.scenarios()[candidate.found.scenario]
    }

    fn responsible(&self, scenario: &Scenario) -> Option<(&'a Responsible, &'a Department)> {
        let catalog = &self.engine.catalog;
        let region = self.place.region.map(|region| region.id.as_str());
        let row = catalog.responsible(&scenario.id, Some(&scenario.category), region, self.complaint.at.date())?;
        Some((row, catalog.department(&row.lead)?))
    }

    fn unit(&self, lead: &Department) -> Option<&'a Department> {
        self.engine.catalog.unit(&lead.id, self.place.region.map(|region| region.id.as_str()))
    }

    /// One that fired and is behind `leader`; behind what was answered, where there is none.
    fn runner_up(&self, leader: Option<&Candidate>, candidate: &Candidate) -> RunnerUp {
        let scenario = self.scenario(candidate);
        RunnerUp {
            scenario: reference(scenario, rounded(candidate.confidence)),
            department: self.responsible(scenario).map(|(_, lead)| answer::department(lead)),
            source: Source::Rule,
            behind: leader.map_or(ANSWERS, |leader| because(leader, candidate).name()).to_owned(),
            evidence: answer::evidence(&self.engine.rules, self.text, &candidate.found.evidence, false),
        }
    }

    fn matters(&self, candidates: &[Candidate]) -> Vec<Matter> {
        matters(self.text, candidates)
            .into_iter()
            .map(|index| {
                let candidate = &candidates[index];
                let scenario = self.scenario(candidate);
                let confidence = rounded(candidate.confidence);
                let mut spans: Vec<_> =
                    candidate.found.evidence.iter().map(|hit| self.text.original(hit.start..hit.end)).collect();
                spans.dedup();
                spans.truncate(answer::MOST_EVIDENCE);
                Matter {
                    scenario: reference(scenario, confidence),
                    department: self.responsible(scenario).map(|(row, lead)| department(row, lead, confidence)),
                    spans,
                }
            })
            .collect()
    }

    /// The most probable unit of a department, where the place does not say which.
    fn learned_unit(&self, lead: &Department, opinions: &Opinions<'_>) -> Option<&'a Department> {
        let catalog = &self.engine.catalog;
        let below = |unit: &&Department| unit.parent.as_deref() == Some(lead.id.as_str());
        let sure = opinions.on(Level::Unit).iter().take_while(|opinion| opinion.confidence >= SUGGESTED);
        sure.filter_map(|opinion| catalog.department(opinion.label)).find(below)
    }

    /// Where no rule speaks: what cases taught. It goes out by itself only above a bar.
    fn by_learned(&self, opinions: &Opinions<'_>, decision: &mut Decision) {
        let catalog = &self.engine.catalog;
        let first = |level| opinions.on(level).first();
        let scenario = first(Level::Scenario).filter(|opinion| opinion.confidence >= LEARNED_SCENARIO);
        let scenario = scenario.and_then(|opinion| Some((self.engine.rules.position(opinion.label)?, opinion)));
        if let Some((index, opinion)) = scenario {
            self.lead(index, &[], opinion.confidence, opinions, decision);
            let complete = decision.questions.iter().all(|question| !question.required);
            self.bar(opinions, decision);
            decision.bar.met &= complete;
        } else {
            let category = first(Level::Category).filter(|opinion| opinion.confidence >= SUGGESTED);
            decision.category = category.map(|opinion| CategoryReference {
                path: opinion.label.to_owned(),
                confidence: rounded(opinion.confidence),
            });
            let sure = opinions.on(Level::Department).iter().take_while(|opinion| opinion.confidence >= SUGGESTED);
            let known = sure.filter_map(|opinion| Some((catalog.department(opinion.label)?, opinion))).next();
            if let Some((lead, opinion)) = known {
                decision.department = Some(learned_department(lead, opinion.confidence));
                let unit = self.unit(lead).or_else(|| self.learned_unit(lead, opinions));
                decision.unit = unit.map(answer::department);
                self.bar(opinions, decision);
            }
        }
        if decision.category.is_some() || decision.department.is_some() {
            decision.outcome = if decision.bar.met { Outcome::Auto } else { Outcome::Suggest };
            decision.source = Some(Source::Learned);
        }
    }

    /// The words that pushed the department, or else the category.
    fn words(
        &self,
        learned: &Learned,
        features: &Features,
        opinions: &Opinions<'_>,
        decision: &Decision,
    ) -> Vec<WordItem> {
        let department = decision.department.as_ref().map(|department| (Level::Department, department.id.as_str()));
        let category = decision.category.as_ref().map(|category| (Level::Category, category.path.as_str()));
        let wanted = department.into_iter().chain(category);
        let found = wanted.filter_map(|(level, label)| Some((level, opinions.of(level, label)?.number))).next();
        let Some((level, number)) = found else { return Vec::new() };
        let words = learned.words(self.text, &self.engine.segmenter, features, level, number, MOST_WORDS);
        let item = |(range, weight): (std::ops::Range<u32>, f32)| {
            let span = self.text.original(range);
            WordItem { span, text: self.text.original_str(span).to_owned(), weight: rounded(f64::from(weight)) }
        };
        words.into_iter().map(item).collect()
    }

    /// Where no rule speaks and too few cases are labelled to learn from: what the nearest cases were. It is suggested, and never goes out by itself.
    fn by_cases(&self, cases: &[(u32, Hit<'_, Case>)], decision: &mut Decision) {
        let near = || cases.iter().map(|(_, hit)| hit).filter(|hit| hit.similarity >= NEAR);
        let scenarios = near().filter_map(|hit| Some((hit.item.scenario.as_deref()?, hit.similarity)));
        let known = scenarios.filter_map(|(id, weight)| Some((self.engine.rules.position(id)?, weight)));
        if let Some((index, confidence)) = vote(known) {
            self.lead(index, &[], confidence, &Opinions::default(), decision);
            decision.source = Some(Source::Learned);
            return;
        }
        if let Some((path, confidence)) = vote(near().filter_map(|h| Some((h.item.category.as_deref()?, h.similarity))))
        {
            decision.category = Some(CategoryReference { path: path.to_owned(), confidence: rounded(confidence) });
        }
        let departments = near().filter_map(|hit| {
            let named = self.engine.catalog.department_named(hit.item.department.as_deref()?)?;
            Some((named.id.as_str(), hit.similarity))
        });
        if let Some((id, confidence)) = vote(departments) {
            let named = self.engine.catalog.department(id);
            decision.department = named.map(|named| learned_department(named, confidence));
            decision.unit = named.and_then(|named| self.unit(named)).map(answer::department);
        }
        if decision.category.is_some() || decision.department.is_some() {
            decision.outcome = Outcome::Suggest;
            decision.source = Some(Source::Learned);
        }
    }

    /// The articles that the scenario names, in its order, then the nearest others: of these first those that answer the
    /// scenario, then those of its category.
    fn articles(&self, scenario: Option<&str>) -> Vec<super::ArticleReference> {
        let filter = Filter { regions: &self.place.within, ..Filter::at(self.complaint.at.datetime()) };
        let scenario = scenario.and_then(|id| Some(&self.engine.rules.scenarios()[self.engine.rules.position(id)?]));
        let named: Vec<&str> =
            scenario.map(|scenario| scenario.articles.iter().map(String::as_str).collect()).unwrap_or_default();
        let hits: Vec<Hit<'_, Article>> =
            self.engine.knowledge.reference.articles(self.query(), &filter, &named, MOST_FOUND);
        let mut found: Vec<(&Hit<'_, Article>, bool)> = hits
            .iter()
            .map(|hit| (hit, named.contains(&hit.item.id.as_str())))
            .filter(|(hit, named)| *named || hit.similarity >= RELEVANT)
            .collect();
        if let Some(scenario) = scenario {
            // Stable: among those that agree with the scenario alike, the nearer one stays first.
            found.sort_by_key(|(hit, named)| (!*named, self.distance(hit.item, scenario)));
        }
        found.into_iter().map(|(hit, named)| answer::article(hit, self.query(), named)).collect()
    }

    /// How far what an article answers is from a scenario: 0 for the scenario itself, 1 for others of its category, 2
    /// for others under the same top level, 3 for all else.
    fn distance(&self, article: &Article, scenario: &Scenario) -> u8 {
        let far = |id: &String| {
            let other = &self.engine.rules.scenarios()[self.engine.rules.position(id)?];
            Some(match () {
                () if other.id == scenario.id => 0,
                () if other.category == scenario.category => 1,
                () if other.top_category() == scenario.top_category() => 2,
                () => 3,
            })
        };
        article.scenarios.iter().filter_map(far).min().unwrap_or(3)
    }

    fn notices(&self, scenario: Option<&str>) -> Vec<super::NoticeReference> {
        let at = self.complaint.at.datetime();
        let reference = &self.engine.knowledge.reference;
        let live = reference.notices(self.text.normalised(), &self.place.within, scenario, at);
        live.into_iter().take(MOST_FOUND).map(answer::notice).collect()
    }
}

fn reference(scenario: &Scenario, confidence: f64) -> ScenarioReference {
    ScenarioReference { id: scenario.id.clone(), title: scenario.title.clone(), confidence }
}

fn department(row: &Responsible, lead: &Department, confidence: f64) -> DepartmentReference {
    DepartmentReference {
        id: lead.id.clone(),
        name: lead.name.clone(),
        basis: row.basis.clone(),
        reason: row.reason.clone(),
        confidence,
    }
}

fn learned_department(department: &Department, confidence: f64) -> DepartmentReference {
    DepartmentReference {
        id: department.id.clone(),
        name: department.name.clone(),
        basis: "相近的历史案例".to_owned(),
        reason: None,
        confidence: rounded(confidence),
    }
}

/// How often a scenario led on cases and was right, at the level that says most about where tickets go.
fn record(learned: &Learned, scenario: &str) -> Option<RuleRecord> {
    let levels = [Level::Department, Level::Category, Level::Scenario].into_iter();
    levels
        .map(|level| (level, learned.record(level, scenario)))
        .find(|(_, record)| record.led > 0)
        .map(|(level, record)| RuleRecord { level: level.as_str().to_owned(), cases: record.led, right: record.right })
}
