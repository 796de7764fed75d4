//! The dispatch list (派单目录): who is responsible for what, where and when.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil;
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::say;
use crate::source::{Code, Date, Diagnostic, Document, SourceText, Step};

use super::departments::Departments;
use super::index::Findings;
use super::regions::Regions;

/// A row of the dispatch list, as written in `responsibility/*.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Responsible {
    /// Id of the scenario it is about; either this or `category`.
    #[serde(default)]
    pub scenario: Option<String>,
    /// The category it is about, at any level of the path: `a` stands for `a/b` too.
    #[serde(default)]
    pub category: Option<String>,
    /// Id of the region it holds in; everywhere without.
    #[serde(default)]
    pub region: Option<String>,
    /// First day on which it holds.
    #[serde(default)]
    pub from: Option<Date>,
    /// Last day on which it holds.
    #[serde(default)]
    pub until: Option<Date>,
    /// Id of the department that leads (主办).
    pub lead: String,
    /// Ids of those that assist (协办).
    #[serde(default)]
    pub joint: Vec<String>,
    /// What says so: a list, a regulation, minutes of a meeting.
    pub basis: String,
    /// Why, and what decides where it is disputed.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A row with what the look-up needs of it, and where it stands.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) responsible: Responsible,
    pub(super) region: Option<u32>,
    /// Regions that the row's region lies in, itself included; none for everywhere.
    depth: usize,
    place: (Arc<SourceText>, Range<usize>),
}

impl Row {
    pub(super) fn from(&self) -> civil::Date {
        self.responsible.from.map_or(civil::Date::MIN, |date| date.0)
    }

    pub(super) fn until(&self) -> civil::Date {
        self.responsible.until.map_or(civil::Date::MAX, |date| date.0)
    }

    fn has_period(&self) -> bool {
        self.responsible.from.is_some() || self.responsible.until.is_some()
    }

    pub(super) fn covers(&self, regions: &Regions, place: Option<u32>) -> bool {
        self.region.is_none_or(|region| regions.covers(region, place))
    }

    /// The same for rows of which none is more specific than the other: narrower region, with a period, later start.
    /// Two rows of one standing that hold in a place both hold on their first day, so they must agree.
    fn standing(&self) -> (Reverse<usize>, Option<u32>, Reverse<bool>, Reverse<civil::Date>) {
        (Reverse(self.depth), self.region, Reverse(self.has_period()), Reverse(self.from()))
    }

    /// Which rows come first. After the standing, what ends sooner; then what is written, so that the order of the
    /// files does not matter.
    fn order(&self, other: &Row) -> std::cmp::Ordering {
        let (one, two) = (&self.responsible, &other.responsible);
        let written = || (&one.lead, &one.joint, &one.basis).cmp(&(&two.lead, &two.joint, &two.basis));
        self.standing().cmp(&other.standing()).then(self.until().cmp(&other.until())).then_with(written)
    }

    /// A finding at the row.
    pub(super) fn finding(&self, code: Code, message: crate::source::Message) -> Diagnostic {
        Diagnostic::at(&self.place.0, self.place.1.clone(), code, message)
    }
}

/// All rows, by what they are about, the more specific first.
#[derive(Debug, Default)]
pub(super) struct Responsibilities {
    pub(super) by_scenario: FxHashMap<Box<str>, Vec<Row>>,
    by_category: FxHashMap<Box<str>, Vec<Row>>,
}

impl Responsibilities {
    pub(super) fn load(
        documents: &[Document],
        departments: &Departments,
        regions: &Regions,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Responsibilities {
        let mut all = Responsibilities::default();
        let mut leads = FxHashSet::default();
        for document in documents {
            let rows = document.read::<Vec<Responsible>>(diagnostics).unwrap_or_default();
            for (at, responsible) in rows.into_iter().enumerate() {
                let reader =
                    &mut Reader { at, departments, regions, findings: Findings::new(Some(document), diagnostics) };
                reader.check_texts(&responsible);
                reader.check_departments(&responsible);
                if let Some(lead) = departments.position(&responsible.lead).filter(|lead| leads.insert(*lead)) {
                    reader.warn_of_ambiguous_units(lead);
                }
                let subject = (responsible.scenario.clone(), responsible.category.clone());
                let row = reader.row(document, responsible);
                match subject {
                    (Some(scenario), None) => all.by_scenario.entry(scenario.into()).or_default().extend(row),
                    (None, Some(category)) => {
                        reader.check_category(&category);
                        all.by_category.entry(category.into()).or_default().extend(row);
                    }
                    (scenario, _) => reader.report_subject(scenario.is_some()),
                }
            }
        }
        for rows in all.by_scenario.values_mut().chain(all.by_category.values_mut()) {
            rows.sort_by(Row::order);
        }
        all.report_conflicts(diagnostics);
        all
    }

    /// Rows of one standing that name different leads; in the order of subjects.
    fn report_conflicts(&self, diagnostics: &mut Vec<Diagnostic>) {
        let mut subjects: Vec<_> = self.by_scenario.iter().chain(&self.by_category).collect();
        subjects.sort_unstable_by_key(|(subject, _)| *subject);
        for (subject, rows) in subjects {
            for same in rows.chunk_by(|one, other| one.standing() == other.standing()) {
                let first = &same[0];
                let Some(other) = same.iter().find(|row| row.responsible.lead != first.responsible.lead) else {
                    continue;
                };
                let (one, two) = (&first.responsible.lead, &other.responsible.lead);
                let position = first.place.0.position(first.place.1.start);
                let place = format!("{}:{}:{}", first.place.0.path, position.line, position.column);
                let message = say!(
                    "“{subject}”有两个主办单位：{one} 和 {two}",
                    "two departments lead `{subject}`: {one} and {two}"
                );
                diagnostics.push(other.finding(Code::ConflictingResponsibility, message).note(say!(
                    "另一条在 {place}；改用不同的属地或期限，或者只留一条",
                    "the other row is at {place}; give them different regions or periods, or keep one"
                )));
            }
        }
    }

    /// The rows about a scenario or its category, group by group, the more specific group first.
    pub(super) fn groups<'a, 'c>(
        &'a self,
        scenario: &str,
        category: Option<&'c str>,
    ) -> impl Iterator<Item = &'a [Row]> + use<'a, 'c> {
        let categories = std::iter::successors(category, |path| path.rsplit_once('/').map(|(above, _)| above));
        let by_category = categories.filter_map(|path| self.by_category.get(path));
        self.by_scenario.get(scenario).into_iter().chain(by_category).map(Vec::as_slice)
    }

    pub(super) fn find(
        &self,
        regions: &Regions,
        scenario: &str,
        category: Option<&str>,
        place: Option<u32>,
        at: civil::Date,
    ) -> Option<&Responsible> {
        let holds = |row: &&Row| row.from() <= at && at <= row.until() && row.covers(regions, place);
        self.groups(scenario, category).find_map(|rows| rows.iter().find(holds)).map(|row| &row.responsible)
    }
}

/// What is needed to check one row.
struct Reader<'a> {
    at: usize,
    departments: &'a Departments,
    regions: &'a Regions,
    findings: Findings<'a>,
}

impl Reader<'_> {
    /// `None`, with a finding, when its region does not exist.
    fn row(&mut self, document: &Document, responsible: Responsible) -> Option<Row> {
        let region = responsible.region.as_deref().and_then(|id| self.regions.position(id));
        if let (Some(id), None) = (&responsible.region, region) {
            let message = say!("没有编号为“{id}”的属地", "there is no region `{id}`");
            let known = self.regions.list.iter().map(|region| region.id.as_str());
            self.findings.unknown(&[Step::Index(self.at), Step::Key("region")], message, id, known);
            return None;
        }
        let depth = region.map_or(0, |region| self.regions.upwards(region).count());
        let place = (Arc::clone(document.source()), document.range(&[Step::Index(self.at)]));
        Some(Row { responsible, region, depth, place })
    }

    fn check_texts(&mut self, row: &Responsible) {
        if row.basis.trim().is_empty() {
            let message = say!("没有写依据", "the basis is empty");
            self.findings.at(&[Step::Index(self.at), Step::Key("basis")], Code::MissingBasis, message);
        }
        if let (Some(from), Some(until)) = (row.from, row.until)
            && until < from
        {
            let message = say!("{until} 早于 {from}", "{until} is before {from}");
            self.findings.at(&[Step::Index(self.at), Step::Key("until")], Code::InvalidPeriod, message);
        }
    }

    fn check_departments(&mut self, row: &Responsible) {
        let at = Step::Index(self.at);
        self.check_department(&row.lead, &[at, Step::Key("lead")]);
        for (index, joint) in row.joint.iter().enumerate() {
            let steps = [at, Step::Key("joint"), Step::Index(index)];
            self.check_department(joint, &steps);
            if *joint == row.lead || row.joint[..index].contains(joint) {
                let message = say!("“{joint}”在这一条里已经写过", "`{joint}` is named in this row already");
                self.findings.at(&steps, Code::DuplicateId, message);
            }
        }
    }

    fn check_department(&mut self, id: &str, steps: &[Step<'_>]) {
        if self.departments.position(id).is_none() {
            let message = say!("没有编号为“{id}”的承办单位", "there is no department `{id}`");
            let known = self.departments.list.iter().map(|department| department.id.as_str());
            self.findings.unknown(steps, message, id, known);
        }
    }

    fn check_category(&mut self, category: &str) {
        if category.split('/').any(|part| part.is_empty() || part.trim() != part) {
            let message = say!("类别“{category}”里有空的一级", "category `{category}` has an empty or padded part");
            self.findings.at(&[Step::Index(self.at), Step::Key("category")], Code::InvalidId, message);
        }
    }

    /// A row is about a scenario or a category, not both and not neither.
    fn report_subject(&mut self, both: bool) {
        let steps = [Step::Index(self.at)];
        if both {
            let message = say!("scenario 和 category 只能写一个", "a row has a scenario or a category, not both");
            self.findings.at(&[steps[0], Step::KeyItself("category")], Code::WrongType, message);
        } else {
            let message = say!("缺少 scenario 或 category", "`scenario` or `category` is missing");
            self.findings.at(&steps, Code::MissingKey, message);
        }
    }

    fn warn_of_ambiguous_units(&mut self, lead: u32) {
        for (region, units) in self.departments.ambiguous_units(lead) {
            let lead = &self.departments.get(lead).name;
            let region = &self.regions.get(region).name;
            let names: Vec<&str> = units.iter().map(|unit| self.departments.get(*unit).name.as_str()).collect();
            let names = names.join("、");
            self.findings.with_note(
                &[Step::Index(self.at), Step::Key("lead")],
                Code::AmbiguousUnit,
                say!("“{lead}”在{region}有几个同级单位：{names}", "`{lead}` has several units for {region}: {names}"),
                say!(
                    "分不清该派给哪一个，所以都不派；让其中一个作另一个的上级，或去掉一个的 region",
                    "none of them is chosen; put one under the other, or take the region from all but one"
                ),
            );
        }
    }
}
