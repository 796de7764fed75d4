//! Who there is and who is responsible: departments, regions, the dispatch list (派单目录), the calendar, deadlines.
//!
//! Everything here is read once from documents that are handed in, checked as a whole and then only looked up. Nothing
//! here reads a file or a clock, and nothing here knows conditions, articles or how a decision is ranked.

mod assessment;
mod calendar;
mod coverage;
mod deadline;
mod departments;
mod index;
mod regions;
mod responsibility;
mod tree;

use std::ops::Range;

use jiff::civil;

use crate::source::{Diagnostic, Document};
use assessment::Assessments;
use departments::Departments;
use index::{Findings, key_of};
use regions::Regions;
use responsibility::Responsibilities;

pub use assessment::{Assessment, MEASURES, Rate, WeightedSum};
pub use calendar::{Calendar, CalendarKind, CalendarYear, Due, Holiday};
pub use coverage::ScenarioUse;
pub use deadline::{Deadline, DeadlineUnit};
pub use departments::{Bar, Department};
pub use regions::{Level, Region};
pub use responsibility::Responsible;

/// The documents a catalogue is made of. One that is missing counts as empty: which files a bundle must have is for
/// the loader to say.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatalogFiles<'a> {
    /// `rules/departments.yaml`.
    pub departments: Option<&'a Document>,
    /// `rules/regions.yaml`.
    pub regions: Option<&'a Document>,
    /// `rules/responsibility/*.yaml`.
    pub responsibility: &'a [&'a Document],
    /// `rules/calendar/*.yaml`.
    pub calendar: &'a [&'a Document],
    /// `rules/assessment.yaml`.
    pub assessment: Option<&'a Document>,
}

/// Departments, regions, responsibility and calendar of one bundle; never changed after it is loaded.
#[derive(Debug)]
pub struct Catalog {
    departments: Departments,
    regions: Regions,
    responsibilities: Responsibilities,
    calendar: Calendar,
    assessments: Assessments,
}

impl Catalog {
    /// Reads all documents and checks them against each other. Every finding is reported, warnings too; `None` when
    /// one of them is an error.
    pub fn load(files: &CatalogFiles<'_>, diagnostics: &mut Vec<Diagnostic>) -> Option<Catalog> {
        let before = diagnostics.len();
        let regions = Regions::load(files.regions, &mut Findings::new(files.regions, diagnostics));
        let mut departments = Departments::load(files.departments, &mut Findings::new(files.departments, diagnostics));
        departments.place(&regions, &mut Findings::new(files.departments, diagnostics));
        let responsibilities = Responsibilities::load(files.responsibility, &departments, &regions, diagnostics);
        let calendar = Calendar::load(files.calendar, diagnostics);
        let assessments = Assessments::load(files.assessment, &mut Findings::new(files.assessment, diagnostics));
        let sound = !diagnostics[before..].iter().any(Diagnostic::is_error);
        sound.then_some(Catalog { departments, regions, responsibilities, calendar, assessments })
    }

    /// All departments, in the order of the file.
    pub fn departments(&self) -> &[Department] {
        &self.departments.list
    }

    /// The department with this id.
    pub fn department(&self, id: &str) -> Option<&Department> {
        self.departments.position(id).map(|at| self.departments.get(at))
    }

    /// The department of this id, name or alias, normalised. A name made of a place and a department's name is
    /// understood too: 青澜区城管局 is the unit for 青澜区 of the department that is called 城管局 or 市城管局.
    pub fn department_named(&self, name: &str) -> Option<&Department> {
        let name = key_of(name);
        let found = self.departments.named(&name).or_else(|| self.department_of_place(&name))?;
        Some(self.departments.get(found))
    }

    /// Reads `name` (normalised) as a place, or just 市, followed by a department's name.
    fn department_of_place(&self, name: &str) -> Option<u32> {
        if let Some(found) = name.strip_prefix('市').and_then(|rest| self.departments.named(rest)) {
            return self.departments.get(found).region.is_none().then_some(found);
        }
        let (range, region) = self.regions.find(name).next().filter(|(range, _)| range.start == 0)?;
        let rest = &name[range.end..];
        let lead = self.departments.named(rest).or_else(|| self.departments.named(&format!("市{rest}")))?;
        match self.departments.region(lead) {
            Some(own) => (own == region).then_some(lead),
            None if self.regions.get(region).level == Level::City => Some(lead),
            None => self.departments.unit_in_line(lead, region),
        }
    }

    /// The unit of `lead` (a department's id) for a place (a region's id): of the departments below it, the one whose
    /// region is the place or lies nearest above it; of several for that region, the one nearest to the lead. Where
    /// two are equally near, that region has no unit and a wider one is looked for: none is better than a guess.
    /// `None` also when the place is not known.
    pub fn unit(&self, lead: &str, region: Option<&str>) -> Option<&Department> {
        let lead = self.departments.position(lead)?;
        let place = self.regions.position(region?)?;
        let found = self.regions.upwards(place).find_map(|region| self.departments.unit_exactly(lead, region))?;
        Some(self.departments.get(found))
    }

    /// All regions, in the order of the file.
    pub fn regions(&self) -> &[Region] {
        &self.regions.list
    }

    /// The region with this id.
    pub fn region(&self, id: &str) -> Option<&Region> {
        self.regions.position(id).map(|at| self.regions.get(at))
    }

    /// The region of this id, name or alias, normalised.
    pub fn region_named(&self, name: &str) -> Option<&Region> {
        self.regions.named(&key_of(name)).map(|at| self.regions.get(at))
    }

    /// The district that a region (an id) is or lies in; `None` for a city.
    pub fn district_of(&self, region: &str) -> Option<&Region> {
        let place = self.regions.position(region)?;
        self.regions.upwards(place).map(|at| self.regions.get(at)).find(|region| region.level == Level::District)
    }

    /// Whether a region is or contains a place (ids of both).
    pub fn region_covers(&self, region: &str, place: &str) -> bool {
        let known = self.regions.position(region).zip(self.regions.position(place));
        known.is_some_and(|(region, place)| self.regions.covers(region, Some(place)))
    }

    /// A region (an id) and all that it lies in, the narrowest first; empty when there is no such region.
    pub fn upwards(&self, region: &str) -> Vec<&str> {
        let place = self.regions.position(region);
        let above = place.into_iter().flat_map(|place| self.regions.upwards(place));
        above.map(|at| self.regions.get(at).id.as_str()).collect()
    }

    /// Every name or alias of a region in a normalised text, from left to right, the longest where several begin at
    /// one place, none overlapping. Ranges are bytes of `normalised`. [`Catalog::district_of`] leads on from a street.
    pub fn regions_in(&self, normalised: &str) -> Vec<(Range<usize>, &Region)> {
        self.regions.find(normalised).map(|(range, at)| (range, self.regions.get(at))).collect()
    }

    /// The row that says who is responsible for a scenario (an id), or else for its category (a path `a/b/c`), at a
    /// place (a region's id) on a day. Of the rows that apply the most specific: scenario before category, longer
    /// category before shorter, narrower region before wider, with a period before without, later `from` before
    /// earlier. A place that is not known counts as the whole city.
    pub fn responsible(
        &self,
        scenario: &str,
        category: Option<&str>,
        region: Option<&str>,
        at: civil::Date,
    ) -> Option<&Responsible> {
        let place = region.and_then(|id| self.regions.position(id));
        self.responsibilities.find(&self.regions, scenario, category, place, at)
    }

    /// When a matter that came in at `from` is due; see [`Calendar::due`].
    pub fn due(&self, deadline: &Deadline, calendar: CalendarKind, from: civil::DateTime) -> Due {
        self.calendar.due(deadline, calendar, from)
    }

    /// Whether a department of this kind works on a day; see [`Calendar::is_working`].
    pub fn is_working(&self, day: civil::Date, calendar: CalendarKind) -> bool {
        self.calendar.is_working(day, calendar)
    }

    /// A department (an id) and all that it is below, the nearest first; empty when there is no such department.
    pub fn department_upwards(&self, department: &str) -> Vec<&str> {
        let at = self.departments.position(department);
        at.into_iter()
            .flat_map(|at| self.departments.upwards(at))
            .map(|at| self.departments.get(at).id.as_str())
            .collect()
    }

    /// The rules of assessment that hold on a day.
    pub fn assessment(&self, day: civil::Date) -> Option<&Assessment> {
        self.assessments.on(day)
    }

    /// The last day of the last year that the calendar has a table for.
    pub fn calendar_end(&self) -> Option<civil::Date> {
        self.calendar.end()
    }

    /// Holds the dispatch list against the scenarios there are: rows for scenarios that do not exist, scenarios for
    /// which nobody is responsible in some region or at some time.
    pub fn check_responsibility(&self, scenarios: &[ScenarioUse<'_>], diagnostics: &mut Vec<Diagnostic>) {
        coverage::check(&self.responsibilities, &self.regions, scenarios, diagnostics);
    }
}

#[cfg(test)]
mod tests;
