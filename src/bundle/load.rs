//! From a snapshot to a bundle. What did not change since the last load is taken over: files that are the same are not
//! read again, the catalog and both indexes are rebuilt only when something they are made of changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::cache::Cache;
use super::files::{self, Kind};
use super::learning::{Learning, LearningState, Lessons, Material, OnProgress, WantedLessons};
use super::{FileContent, Snapshot, on_all_cores, references, settings, snapshot};
use crate::catalog::{Catalog, CatalogFiles};
use crate::decide::learned::{Examples, Taught};
use crate::decide::{Engine, Parts, Prepared, Settings};
use crate::knowledge::{Article, Cases, IndexError, Knowledge, Notice, Reference, Teaching, read_cases, unique};
use crate::rules::{Compiled, Scenario, Vocabulary};
use crate::say;
use crate::source::{Code, Diagnostic, Document};
use crate::text::Segmenter;

/// Everything loaded at once under one revision. Immutable.
pub struct Bundle {
    /// Decides.
    pub engine: Engine,
    /// How much of everything there is.
    pub counts: Counts,
    /// Whether it knows what its cases teach.
    pub learning: Learning,
    /// The commit it is, where its files are exactly those of one.
    pub commit: Option<String>,
    /// Every file, for showing and for keeping.
    pub snapshot: Arc<Snapshot>,
}

impl Bundle {
    /// The lists of terms and shared conditions, read again from its files.
    pub fn vocabulary(&self) -> Vocabulary {
        let documents = |kind: Kind| -> Vec<Document> {
            let files = self.snapshot.files.iter().filter(|(path, _)| files::kind(path) == Some(kind));
            files.filter_map(|(path, content)| Document::parse(path, &content.text, &mut Vec::new())).collect()
        };
        let (terms, conditions) = (documents(Kind::Terms), documents(Kind::Conditions));
        let (terms, conditions): (Vec<_>, Vec<_>) = (terms.iter().collect(), conditions.iter().collect());
        Vocabulary::read(&terms, &conditions, &mut Vec::new())
    }
}

/// How much of everything a bundle has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Counts {
    /// Scenarios.
    pub scenarios: usize,
    /// Different terms.
    pub terms: usize,
    /// Departments.
    pub departments: usize,
    /// Regions.
    pub regions: usize,
    /// Articles.
    pub articles: usize,
    /// Notices.
    pub notices: usize,
    /// Cases.
    pub cases: usize,
}

/// What loading gives: a bundle unless an error refused it, and all findings.
pub struct Loaded {
    /// The bundle.
    pub bundle: Option<Arc<Bundle>>,
    /// All findings, errors first, then by place.
    pub diagnostics: Vec<Diagnostic>,
    /// The revision that was tried.
    pub revision: String,
}

/// Something made from content of a certain hash, with the findings of making it.
struct Made<T> {
    from: String,
    value: T,
    findings: Vec<Diagnostic>,
}

/// Findings that are kept, at the most: nobody reads more, and a file that is wrong throughout has as many as it has
/// lines.
const MOST_FINDINGS: usize = 10_000;

/// From so many known questions on, what they teach is kept: less is learned in the time that reading it takes.
const MANY_QUESTIONS: usize = 200;

/// What weighing depends on, beside what lessons do.
const WEIGHED: &[Kind] =
    &[Kind::Scenario, Kind::Terms, Kind::Conditions, Kind::Regions, Kind::Responsibility, Kind::Settings];

/// What one file became.
#[derive(Clone)]
enum Read {
    Document(Option<Arc<Document>>),
    Scenario(Option<Arc<Prepared>>),
    Article(Option<Article>),
    Notice(Option<Notice>),
}

/// Loads bundles, keeping what the next load can take over.
#[derive(Default)]
pub struct Loader {
    cache: Cache,
    fill_cache: bool,
    files: BTreeMap<String, Made<Read>>,
    segmenter: Option<Made<Segmenter>>,
    catalog: Option<Made<Option<Arc<Catalog>>>>,
    reference: Option<Made<Arc<Reference>>>,
    /// What the articles of `reference` were made from.
    articles_from: String,
    cases: Option<Made<Arc<Cases>>>,
    rules: Option<Arc<Compiled>>,
    lessons: Lessons,
    /// Leaves out what known questions teach about articles.
    untaught_articles: bool,
}

impl Loader {
    /// A loader that keeps large indexes in a cache.
    pub fn new(cache: Cache) -> Loader {
        Loader { cache, ..Loader::default() }
    }

    /// The same, keeping small indexes too.
    #[must_use]
    pub fn filling_cache(self) -> Loader {
        Loader { fill_cache: true, ..self }
    }

    /// The same, learning what the cache does not have: takes up to minutes, and tells how far it is.
    #[must_use]
    pub fn learning(mut self, told: OnProgress) -> Loader {
        self.lessons.learn = Some(told);
        self
    }

    /// The same, without what cases teach: for rules alone.
    #[must_use]
    pub fn without_learning(mut self) -> Loader {
        self.lessons.leave_out = true;
        self
    }

    /// The same, without what known questions of articles teach either: for looking at files, where nobody waits for
    /// an answer and everybody for the findings.
    #[must_use]
    pub fn without_any_learning(self) -> Loader {
        Loader { untaught_articles: true, ..self.without_learning() }
    }

    /// Which lessons the next loads use: those of a moment in the past, to decide as then.
    pub fn want_lessons(&mut self, wanted: WantedLessons) {
        self.lessons.wanted = wanted;
    }

    /// Takes over what was learned elsewhere for lessons of this name.
    pub fn take_lessons(&mut self, key: String, taught: Arc<Taught>, examples: Arc<Examples>) {
        self.lessons.take(key, taught, examples);
    }

    /// Loads a snapshot. `at` is the time on the bundle's clock, for warnings about what has expired.
    pub fn load(&mut self, snapshot: Snapshot, at: civil::DateTime) -> Loaded {
        let revision = snapshot.revision();
        let mut diagnostics = snapshot.diagnostics.clone();
        let bundle = self.assemble(Arc::new(snapshot), &revision, at, &mut diagnostics);
        diagnostics.sort_by_cached_key(|d| {
            let start = d.place.as_ref().map(|(_, range)| range.start);
            (std::cmp::Reverse(d.severity), d.path.clone(), start, d.code, d.message.en.clone())
        });
        // A mistake in a shared condition is found by every scenario that uses it.
        diagnostics.dedup_by(|a, b| {
            let range = |d: &Diagnostic| d.place.as_ref().map(|(_, range)| range.clone());
            a.code == b.code && a.path == b.path && a.message == b.message && range(a) == range(b)
        });
        // Errors come first, so what is cut off refuses nothing more.
        diagnostics.truncate(MOST_FINDINGS);
        let refused = diagnostics.iter().any(Diagnostic::is_error);
        Loaded { bundle: bundle.filter(|_| !refused).map(Arc::new), diagnostics, revision }
    }

    /// The same without what cases teach, which takes longest: for trying out what rules do.
    pub fn load_untaught(&mut self, snapshot: Snapshot, at: civil::DateTime) -> Loaded {
        let before = std::mem::replace(&mut self.lessons.leave_out, true);
        let loaded = self.load(snapshot, at);
        self.lessons.leave_out = before;
        loaded
    }

    fn assemble(
        &mut self,
        snapshot: Arc<Snapshot>,
        revision: &str,
        at: civil::DateTime,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Bundle> {
        let segmenter = self.read_files_and_dictionary(&snapshot, diagnostics);
        let settings = self.settings(&snapshot, diagnostics);
        let catalog = self.catalog(&snapshot, diagnostics);
        let prepared = self.prepared();
        let (articles, notices) = self.articles_and_notices(diagnostics);
        let vocabulary = self.vocabulary(diagnostics);
        let rules = self.rules(&prepared, &vocabulary, &segmenter, diagnostics);
        let scenarios: Vec<Arc<Scenario>> = prepared.iter().map(|prepared| Arc::clone(&prepared.scenario)).collect();
        // While a scenario cannot be read, that nobody knows its name is no news, and would hide why.
        let read = self.files.values().all(|made| !matches!(made.value, Read::Scenario(None)));
        if read {
            references::check(&scenarios, catalog.as_deref(), &articles, &notices, diagnostics);
        }
        dated_warnings(&articles, &notices, catalog.as_deref(), at, diagnostics);
        let reference = self.reference(&snapshot, articles, notices, &segmenter, diagnostics);
        let cases = self.cases(&snapshot, &segmenter, diagnostics);
        let (rules, catalog, knowledge) = (rules?, catalog?, Knowledge { reference: reference?, cases: cases? });
        let counts = Counts {
            scenarios: rules.scenarios().len(),
            terms: rules.terms(),
            departments: catalog.departments().len(),
            regions: catalog.regions().len(),
            articles: knowledge.reference.all_articles().len(),
            notices: knowledge.reference.all_notices().len(),
            cases: knowledge.cases.all().len(),
        };
        let settings = settings?;
        let material = Material {
            key: lessons_key(&snapshot),
            rules_key: hash_of(&snapshot, WEIGHED),
            cases_key: hash_of(&snapshot, &[Kind::Cases, Kind::Dictionary]),
            catalog_key: hash_of(&snapshot, &[Kind::Departments, Kind::Regions]),
            vocabulary_key: hash_of(&snapshot, &[Kind::Terms, Kind::Conditions, Kind::Dictionary]),
            vocabulary: &vocabulary,
            cases: &knowledge.cases,
            segmenter: &segmenter,
            catalog: &catalog,
            rules: &rules,
            settings: &settings,
        };
        let (learned, learning) = self.lessons.learned(&material, &self.cache);
        // The same files decide otherwise until what they teach is known: that is another revision.
        let revision = match learning.state {
            LearningState::Nothing | LearningState::Ready => revision.to_owned(),
            LearningState::Missing => format!("{revision}-untaught"),
            LearningState::Stale => format!("{revision}-stale"),
        };
        let engine = Engine::new(Parts { rules, prepared, catalog, knowledge, segmenter, learned, settings, revision });
        Some(Bundle { engine, counts, learning, commit: None, snapshot })
    }

    /// Reads files while a segmenter is made, where the dictionary is new: the first one of a process takes a tenth of a
    /// second.
    fn read_files_and_dictionary(&mut self, snapshot: &Snapshot, diagnostics: &mut Vec<Diagnostic>) -> Segmenter {
        let from = hash_of(snapshot, &[Kind::Dictionary]);
        if let Some(made) = self.segmenter.as_ref().filter(|made| made.from == from) {
            let known = made.value.clone();
            self.read_files(snapshot, diagnostics);
            return known;
        }
        let value = std::thread::scope(|scope| {
            let making = scope.spawn(|| segmenter(snapshot));
            self.read_files(snapshot, diagnostics);
            making.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        self.segmenter = Some(Made { from, value: value.clone(), findings: Vec::new() });
        value
    }

    /// Reads every file that is new or changed, and reports the findings of all.
    fn read_files(&mut self, snapshot: &Snapshot, diagnostics: &mut Vec<Diagnostic>) {
        let mut before = std::mem::take(&mut self.files);
        before.retain(|path, made| snapshot.files.get(path).is_some_and(|content| content.hash == made.from));
        let new: Vec<_> = snapshot.files.iter().filter(|(path, _)| !before.contains_key(*path)).collect();
        let read = on_all_cores(new.len(), &|number| read_file(new[number].0, new[number].1), &|_| {});
        let read = new.iter().zip(read).filter_map(|((path, _), made)| Some(((*path).clone(), made?)));
        self.files = before;
        self.files.extend(read);
        diagnostics.extend(self.files.values().flat_map(|made| made.findings.iter().cloned()));
    }

    fn documents(&self, kind: Kind) -> Vec<Arc<Document>> {
        let read = self.files.iter().filter(|(path, _)| files::kind(path) == Some(kind));
        let documents = read.filter_map(|(_, made)| match &made.value {
            Read::Document(document) => document.clone(),
            _ => None,
        });
        documents.collect()
    }

    fn prepared(&self) -> Vec<Arc<Prepared>> {
        let read = self.files.values().filter_map(|made| match &made.value {
            Read::Scenario(prepared) => prepared.clone(),
            _ => None,
        });
        read.collect()
    }

    fn articles_and_notices(&self, diagnostics: &mut Vec<Diagnostic>) -> (Vec<Article>, Vec<Notice>) {
        let (mut articles, mut notices) = (Vec::new(), Vec::new());
        for made in self.files.values() {
            match &made.value {
                Read::Article(article) => articles.extend(article.clone()),
                Read::Notice(notice) => notices.extend(notice.clone()),
                Read::Document(_) | Read::Scenario(_) => {}
            }
        }
        (unique(articles, diagnostics), unique(notices, diagnostics))
    }

    fn settings(&self, snapshot: &Snapshot, diagnostics: &mut Vec<Diagnostic>) -> Option<Settings> {
        for path in ["rules/bundle.yaml", "rules/departments.yaml", "rules/regions.yaml"] {
            let unreadable = snapshot.diagnostics.iter().any(|d| d.path == path);
            if !snapshot.files.contains_key(path) && !unreadable {
                let message = say!("缺少文件 {path}", "the file {path} is missing");
                diagnostics.push(Diagnostic::about(path, Code::MissingFile, message).note(say!(
                    "用 jiesu init 可以生成一份最小的规则包作参考",
                    "`jiesu init` writes a minimal bundle to start from"
                )));
            }
        }
        settings::read(self.documents(Kind::Settings).first()?, diagnostics)
    }

    fn catalog(&mut self, snapshot: &Snapshot, diagnostics: &mut Vec<Diagnostic>) -> Option<Arc<Catalog>> {
        let from = hash_of(
            snapshot,
            &[Kind::Departments, Kind::Regions, Kind::Responsibility, Kind::Calendar, Kind::Assessment],
        );
        if self.catalog.as_ref().is_none_or(|made| made.from != from) {
            let departments = self.documents(Kind::Departments);
            let regions = self.documents(Kind::Regions);
            let (responsibility, calendar) = (self.documents(Kind::Responsibility), self.documents(Kind::Calendar));
            let assessment = self.documents(Kind::Assessment);
            let mut findings = Vec::new();
            let files = CatalogFiles {
                assessment: assessment.first().map(|d| &**d),
                departments: departments.first().map(|d| &**d),
                regions: regions.first().map(|d| &**d),
                responsibility: &borrowed(&responsibility),
                calendar: &borrowed(&calendar),
            };
            let value = Catalog::load(&files, &mut findings).map(Arc::new);
            self.catalog = Some(Made { from, value, findings });
        }
        let made = self.catalog.as_ref()?;
        diagnostics.extend(made.findings.iter().cloned());
        made.value.clone()
    }

    fn vocabulary(&self, diagnostics: &mut Vec<Diagnostic>) -> Vocabulary {
        let (terms, conditions) = (self.documents(Kind::Terms), self.documents(Kind::Conditions));
        Vocabulary::read(&borrowed(&terms), &borrowed(&conditions), diagnostics)
    }

    fn rules(
        &mut self,
        prepared: &[Arc<Prepared>],
        vocabulary: &Vocabulary,
        segmenter: &Segmenter,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Arc<Compiled>> {
        let scenarios = prepared.iter().map(|prepared| Arc::clone(&prepared.scenario)).collect();
        let compiled = Compiled::new(scenarios, vocabulary, segmenter, self.rules.as_deref(), diagnostics)?;
        let compiled = Arc::new(compiled);
        self.rules = Some(Arc::clone(&compiled));
        Some(compiled)
    }

    fn reference(
        &mut self,
        snapshot: &Snapshot,
        articles: Vec<Article>,
        notices: Vec<Notice>,
        segmenter: &Segmenter,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Arc<Reference>> {
        let from = hash_of(snapshot, &[Kind::Article, Kind::Notice, Kind::Dictionary]);
        if let Some(made) = self.reference.as_ref().filter(|made| made.from == from) {
            return Some(Arc::clone(&made.value));
        }
        // A notice that is saved at noon teaches nothing about articles: what was learned for them stays.
        let articles_from = hash_of(snapshot, &[Kind::Article, Kind::Dictionary]);
        let before = self.reference.as_ref().filter(|_| self.articles_from == articles_from);
        let built = match before {
            Some(made) => made.value.with_notices(notices, segmenter),
            None => self.taught_reference(&articles_from, articles, notices, segmenter),
        };
        match built {
            Ok(reference) => {
                self.articles_from = articles_from;
                let value = Arc::new(reference);
                self.reference = Some(Made { from, value: Arc::clone(&value), findings: Vec::new() });
                Some(value)
            }
            Err(error) => {
                diagnostics.push(index_failed("knowledge/articles", &error));
                None
            }
        }
    }

    /// Articles with what their known questions teach: kept from an earlier run, or learned now and kept.
    fn taught_reference(
        &self,
        from: &str,
        articles: Vec<Article>,
        notices: Vec<Notice>,
        segmenter: &Segmenter,
    ) -> Result<Reference, IndexError> {
        if self.untaught_articles {
            return Reference::build_with(articles, notices, segmenter, Teaching::LeftOut);
        }
        if let Some(lessons) = self.cache.answer_lessons(from) {
            return Reference::build_with(articles, notices, segmenter, Teaching::Known(&lessons));
        }
        let many = articles.iter().map(|article| article.questions.len()).sum::<usize>() >= MANY_QUESTIONS;
        let reference = Reference::build(articles, notices, segmenter)?;
        if many || self.fill_cache {
            self.cache.keep_answer_lessons(from, &reference.lessons());
        }
        Ok(reference)
    }

    fn cases(
        &mut self,
        snapshot: &Snapshot,
        segmenter: &Segmenter,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Arc<Cases>> {
        let from = hash_of(snapshot, &[Kind::Cases, Kind::Dictionary]);
        if self.cases.as_ref().is_none_or(|made| made.from != from) {
            let mut findings = Vec::new();
            let files = snapshot.files.iter().filter(|(path, _)| files::kind(path) == Some(Kind::Cases));
            let cases = read_cases(files.map(|(path, content)| (path.as_str(), content.text.as_str())), &mut findings);
            match self.cache.cases(cases, &from, segmenter, self.fill_cache, &mut findings) {
                Ok(cases) => self.cases = Some(Made { from, value: Arc::new(cases), findings }),
                Err(error) => {
                    diagnostics.append(&mut findings);
                    diagnostics.push(index_failed("knowledge/cases", &error));
                    return None;
                }
            }
        }
        let made = self.cases.as_ref()?;
        diagnostics.extend(made.findings.iter().cloned());
        Some(Arc::clone(&made.value))
    }
}

/// Cuts texts into words, those of the bundle's dictionary among them.
fn segmenter(snapshot: &Snapshot) -> Segmenter {
    let dictionary = snapshot.files.get("rules/dictionary.txt").map_or("", |content| &content.text);
    let words = dictionary.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    Segmenter::new(words.filter(|word| !word.is_empty()))
}

fn borrowed(documents: &[Arc<Document>]) -> Vec<&Document> {
    documents.iter().map(|document| &**document).collect()
}

fn index_failed(path: &str, error: &IndexError) -> Diagnostic {
    let message = say!("索引建立失败：{error}", "the index could not be built: {error}");
    Diagnostic::about(path, Code::UnreadableFile, message)
}

/// What names the lessons that the cases of a bundle teach.
pub fn lessons_key(snapshot: &Snapshot) -> String {
    hash_of(snapshot, &[Kind::Cases, Kind::Dictionary, Kind::Departments])
}

/// One hash over all files of some kinds.
fn hash_of(snapshot: &Snapshot, kinds: &[Kind]) -> String {
    let mut hasher = Sha256::new();
    for (path, content) in &snapshot.files {
        if files::kind(path).is_some_and(|kind| kinds.contains(&kind)) {
            hasher.update(path.as_bytes());
            hasher.update([0]);
            hasher.update(content.hash.as_bytes());
        }
    }
    snapshot::hex(&hasher.finalize())[..32].to_owned()
}

/// Reads one file by its kind; `None` where there is nothing to read by itself.
fn read_file(path: &str, content: &FileContent) -> Option<Made<Read>> {
    let mut findings = Vec::new();
    let value = match files::kind(path)? {
        Kind::Dictionary | Kind::Cases | Kind::Tests => return None,
        Kind::Scenario => {
            let document = Document::parse(path, &content.text, &mut findings);
            Read::Scenario(document.and_then(|document| Prepared::read(&document, &mut findings)).map(Arc::new))
        }
        Kind::Article => {
            let parts = Document::parse_front_matter(path, &content.text, &mut findings);
            Read::Article(parts.and_then(|(document, body)| Article::read(document, body, &mut findings)))
        }
        Kind::Notice => {
            let parts = Document::parse_front_matter(path, &content.text, &mut findings);
            Read::Notice(parts.and_then(|(document, body)| Notice::read(document, body, &mut findings)))
        }
        _ => Read::Document(Document::parse(path, &content.text, &mut findings).map(Arc::new)),
    };
    Some(Made { from: content.hash.clone(), value, findings })
}

/// What depends on today's date: always warnings, so that a date alone stops no reload.
fn dated_warnings(
    articles: &[Article],
    notices: &[Notice],
    catalog: Option<&Catalog>,
    at: civil::DateTime,
    diagnostics: &mut Vec<Diagnostic>,
) {
    diagnostics.extend(articles.iter().filter_map(|article| article.expired(at.date())));
    diagnostics.extend(notices.iter().filter_map(|notice| notice.expired(at)));
    let Some(catalog) = catalog else { return };
    if catalog.calendar_end().is_none_or(|end| end < at.date()) {
        let year = at.year();
        let message = say!("工作日历没有 {year} 年的数据", "the calendar has no table for {year}");
        diagnostics.push(Diagnostic::about(format!("rules/calendar/{year}.yaml"), Code::CalendarEnds, message).note(
            say!(
                "没有数据的日子按周一至周五算工作日，节假日和调休会算错",
                "days without a table count as plain weekdays: holidays and make-up days are wrong"
            ),
        ));
    }
}
