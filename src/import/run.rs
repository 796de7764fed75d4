//! An import from beginning to end.

use std::io::Write;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use super::copies::Copies;
use super::dates::DateOrder;
use super::draft::{Draft, Refused, draft, short};
use super::field::{Field, Purpose};
use super::headers;
use super::labels::{Kind, Labels};
use super::mapping::{Mapping, Plan};
use super::propose::{KnownLabels, propose};
use super::report::{Example, FileReport, Reason, Report};
use super::sheet::SheetReader;
use super::table::{Opening, Row, Table, Unread, Unreadable};
use super::target::{self, Existing, NewFile};
use super::{Encoding, MAX_ROWS};
use crate::bundle::Snapshot;
use crate::catalog::{Catalog, CatalogFiles};
use crate::knowledge::{Case, Origin};
use crate::say;
use crate::source::{Diagnostic, Document, Message};
use crate::text::mask;

/// Rows that are read before they are worked on together.
const BATCH: usize = 2_048;

/// What to import, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The files, in order.
    pub files: Vec<PathBuf>,
    /// The file of cases to write.
    pub to: PathBuf,
    /// The folder of the bundle.
    pub bundle: PathBuf,
    /// The mapping; where it is not there it is written. By default a file beside `to`.
    pub mapping: Option<PathBuf>,
    /// The sheet of a spreadsheet; by default the first.
    pub sheet: Option<String>,
    /// The encoding of files of text; by default it is found out.
    pub encoding: Option<Encoding>,
    /// How spreadsheets are read.
    pub reader: SheetReader,
    /// What becomes of `to` where it is there already.
    pub existing: Existing,
    /// Write nothing.
    pub dry_run: bool,
    /// Leave out rows whose text nearly is that of one before.
    pub drop_near_copies: bool,
    /// Where rows that are left out are listed, as CSV.
    pub rejects: Option<PathBuf>,
}

impl Options {
    /// The mapping's place: hidden beside the cases, since a bundle reads every other file there.
    fn mapping_path(&self) -> PathBuf {
        self.mapping.clone().unwrap_or_else(|| {
            let name = self.to.file_stem().unwrap_or_default().to_string_lossy();
            self.to.with_file_name(format!(".{name}.mapping.yaml"))
        })
    }
}

/// What the bundle knows that matters here. It need not load as a whole.
#[derive(Default)]
struct Known {
    catalog: Option<Catalog>,
    /// Ids of cases in other files than the one that is written.
    elsewhere: FxHashSet<String>,
    notes: Vec<Message>,
}

/// Reads past tickets and writes them as cases, all or none. `progress` is told how much is done of how much.
///
/// # Errors
/// A file cannot be read, the mapping does not fit, no column holds texts, or the cases cannot be written. Nothing is
/// written then.
pub fn import(options: &Options, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, Message> {
    if options.existing == Existing::Refuse && !options.dry_run {
        target::refuse_existing(&options.to)?;
    }
    if let Some(rejects) =
        options.rejects.as_ref().filter(|_| options.existing != Existing::Replace && !options.dry_run)
    {
        target::refuse_existing(rejects)?;
    }
    let known = known(options);
    let mapping_path = options.mapping_path();
    let written = read_mapping(&mapping_path, Purpose::Cases)?;
    let (departments, regions) = written.as_ref().map(|m| (&m.departments, &m.regions)).unzip();
    let mut import = Import {
        options,
        departments: Labels::new(Kind::Department, known.catalog.as_ref(), departments.unwrap_or(&Default::default()))?,
        regions: Labels::new(Kind::Region, known.catalog.as_ref(), regions.unwrap_or(&Default::default()))?,
        elsewhere: &known.elsewhere,
        there: FxHashSet::default(),
        copies: Copies::default(),
        out: None,
        rejects: None,
        days: None,
        rounded_ids: 0,
        report: Report {
            mapping_file: Some(mapping_path.display().to_string()),
            to: options.to.display().to_string(),
            dry_run: options.dry_run,
            notes: known.notes.clone(),
            ..Report::default()
        },
    };
    let mapping = import.all_files(written.as_ref(), progress)?;
    import.finish(&mapping, written.is_none().then_some(&*mapping_path))
}

/// Departments, regions and the ids of cases that the bundle has.
fn known(options: &Options) -> Known {
    let mut known = Known::default();
    let snapshot = match Snapshot::read(&options.bundle) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            let Message { zh, en } = error.message();
            known.notes.push(say!(
                "没有规则包，承办单位和属地照原样写出：{zh}",
                "no bundle, so departments and regions stay as they are named: {en}"
            ));
            return known;
        }
    };
    let mut diagnostics = Vec::new();
    let mut document = |path: &str| {
        let content = snapshot.files.get(path)?;
        Document::parse(path, &content.text, &mut diagnostics)
    };
    let (departments, regions) = (document("rules/departments.yaml"), document("rules/regions.yaml"));
    let files =
        CatalogFiles { departments: departments.as_ref(), regions: regions.as_ref(), ..CatalogFiles::default() };
    known.catalog = Catalog::load(&files, &mut diagnostics);
    if diagnostics.iter().any(Diagnostic::is_error) {
        known.catalog = None;
        let count = diagnostics.iter().filter(|d| d.is_error()).count();
        known.notes.push(say!(
            "规则包的承办单位或属地有 {count} 处错误，没有用来对照，名称照原样写出；运行 jiesu check 查看",
            "the bundle's departments or regions have {count} errors and were not used, names stay as they are: see `jiesu check`"
        ));
    }
    let own = options.to.canonicalize().ok();
    for (path, content) in &snapshot.files {
        let is_cases = path.starts_with("knowledge/cases/") && path.ends_with(".jsonl");
        if is_cases && (own.is_none() || options.bundle.join(path).canonicalize().ok() != own) {
            known.elsewhere.extend(target::ids_of(&content.text));
        }
    }
    known
}

pub(super) fn read_mapping(path: &Path, purpose: Purpose) -> Result<Option<Mapping>, Message> {
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(_) => return Ok(None),
        Ok(metadata) if metadata.len() > 4 << 20 => {
            return Err(say!("{shown} 太大，不像对应关系", "{shown} is too large for a mapping"));
        }
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| say!("{shown} 读取失败：{error}", "cannot read {shown}: {error}"))?;
    Mapping::read(&shown.to_string(), &text, purpose).map(Some)
}

/// An import under way.
struct Import<'a> {
    options: &'a Options,
    departments: Labels<'a>,
    regions: Labels<'a>,
    elsewhere: &'a FxHashSet<String>,
    /// Ids in the file that is added to.
    there: FxHashSet<String>,
    copies: Copies,
    out: Option<NewFile>,
    rejects: Option<csv::Writer<NewFile>>,
    days: Option<(crate::source::Date, crate::source::Date)>,
    rounded_ids: u64,
    report: Report,
}

impl Import<'_> {
    /// Reads all files; gives the mapping that was used.
    fn all_files(&mut self, written: Option<&Mapping>, progress: &mut dyn FnMut(u64, u64)) -> Result<Mapping, Message> {
        let mut mapping = written.cloned();
        // The first file decides what the columns are; the others must have them.
        for path in &self.options.files {
            let mut table = self.open(path, mapping.as_ref())?;
            let at = |message: Message| {
                let (shown, zh, en) = (path.display(), message.zh, message.en);
                say!("{shown}：{zh}", "{shown}: {en}")
            };
            let plan = match &mapping {
                Some(mapping) => {
                    let plan = mapping.plan(&table.columns).map_err(at)?;
                    if self.report.mapping.is_empty() {
                        let why = |field| (field, say!("对应关系文件", "the mapping file"));
                        self.report.chosen(&table, &plan, &Field::ALL.map(why));
                    }
                    plan
                }
                None => {
                    let sample: Vec<&Row> = table.sample().collect();
                    let known = KnownLabels { departments: &self.departments, regions: &self.regions };
                    let proposed = propose(&table.columns, &sample, &known, Purpose::Cases).map_err(at)?;
                    self.report.chosen(&table, &proposed.plan, &proposed.why);
                    mapping = Some(proposed.mapping);
                    proposed.plan
                }
            };
            if self.out.is_none() && !self.options.dry_run {
                self.begin()?;
            } else if self.options.dry_run && self.options.existing == Existing::Append && self.options.to.exists() {
                self.there = target::copy(&self.options.to, None)?;
            }
            let order = mapping.as_ref().map_or(DateOrder::default(), |mapping| mapping.date_order);
            self.file(path, &mut table, &plan, order, progress).map_err(at)?;
        }
        mapping.ok_or_else(|| say!("没有给出文件", "no file was given"))
    }

    fn open(&self, path: &Path, mapping: Option<&Mapping>) -> Result<Table, Message> {
        let Self { options, .. } = self;
        let opening = Opening { sheet: options.sheet.as_deref(), encoding: options.encoding, reader: &options.reader };
        Table::open(path, opening, |cells| match mapping {
            Some(mapping) => mapping.score(cells),
            None => headers::score(cells, Purpose::Cases),
        })
    }

    fn begin(&mut self) -> Result<(), Message> {
        let mut out = NewFile::begin(&self.options.to)?;
        if self.options.existing == Existing::Append && self.options.to.exists() {
            self.there = target::copy(&self.options.to, Some(&mut out))?;
        }
        self.out = Some(out);
        if let Some(path) = &self.options.rejects {
            let mut file = NewFile::begin(path)?;
            // The mark by which Excel knows UTF-8.
            file.write_all(b"\xEF\xBB\xBF").map_err(|error| target::cannot_write(path, &error))?;
            let mut rejects = csv::Writer::from_writer(file);
            let header = rejects.write_record(["file", "row", "reason", "原因", "detail"]);
            header.map_err(|error| target::cannot_write(path, &error.into()))?;
            self.rejects = Some(rejects);
        }
        Ok(())
    }

    fn file(
        &mut self,
        path: &Path,
        table: &mut Table,
        plan: &Plan,
        order: DateOrder,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), Message> {
        let shown = path.display().to_string();
        let before = self.report.read;
        loop {
            let (batch, more) = self.batch(&shown, table)?;
            for made in drafts(&batch, plan, table.columns.len(), order) {
                match made {
                    Ok(draft) => self.add(&shown, draft)?,
                    Err(refused) => self.leave_out(&shown, refused)?,
                }
            }
            let (done, total) = table.position();
            progress(done, total);
            if !more {
                break;
            }
        }
        self.report.files.push(FileReport {
            path: shown,
            format: table.format.to_owned(),
            encoding: table.encoding.map(|encoding| encoding.name().to_owned()),
            sheet: table.sheet.clone(),
            header_row: table.header_row,
            rows: self.report.read - before,
            undecodable: table.progress.replaced.load(std::sync::atomic::Ordering::Relaxed),
        });
        Ok(())
    }

    /// The next rows, and whether there are more.
    fn batch(&mut self, shown: &str, table: &mut Table) -> Result<(Vec<Row>, bool), Message> {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH {
            let Some(row) = table.next_row() else { return Ok((batch, false)) };
            if let Ok(row) = &row
                && row.cells.iter().all(|cell| cell.trim().is_empty())
            {
                continue;
            }
            self.report.read += 1;
            if self.report.read > MAX_ROWS {
                return Err(say!(
                    "超过 {MAX_ROWS} 行，请分几次导入",
                    "more than {MAX_ROWS} rows: import them in parts"
                ));
            }
            match row {
                Ok(row) => batch.push(row),
                Err(Unreadable::Row(Unread { number: row, reason, detail, .. })) => {
                    let detail = short(&mask::masked(&detail));
                    self.leave_out(shown, Refused { row, reason, detail })?;
                }
                Err(Unreadable::File(message)) => return Err(message),
            }
        }
        Ok((batch, true))
    }

    fn leave_out(&mut self, file: &str, refused: Refused) -> Result<(), Message> {
        let Refused { row, reason, detail } = refused;
        if let (Some(rejects), Some(path)) = (&mut self.rejects, &self.options.rejects) {
            let name = serde_json::to_value(reason).ok().and_then(|name| name.as_str().map(str::to_owned));
            let (name, row) = (name.unwrap_or_default(), row.to_string());
            let record = [&harmless(file), &row, &name, &reason.message().zh, &harmless(&detail)];
            rejects.write_record(record).map_err(|error| target::cannot_write(path, &error.into()))?;
        }
        self.report.leave_out(reason, Example { file: file.to_owned(), row, detail });
        Ok(())
    }

    /// Writes a case, unless it is there already.
    fn add(&mut self, file: &str, draft: Draft) -> Result<(), Message> {
        let id = draft.id();
        let reason = if self.there.contains(&id) {
            Some(Reason::AlreadyThere)
        } else if self.elsewhere.contains(&id) {
            Some(Reason::ElsewhereInBundle)
        } else if draft.id.is_some() && !self.copies.is_new_id(&id) {
            Some(Reason::SameId)
        } else if !self.copies.is_new_text(draft.content) {
            Some(Reason::SameText)
        } else {
            None
        };
        let near = reason.is_none() && draft.signature.as_ref().is_some_and(|own| self.copies.is_near_copy(own));
        let reason = reason.or_else(|| (near && self.options.drop_near_copies).then_some(Reason::NearCopy));
        if let Some(reason) = reason {
            return self.leave_out(file, Refused { row: draft.row, reason, detail: short(&id) });
        }
        self.report.near_copies += u64::from(near);
        self.report.count_masked(&draft.masked);
        self.rounded_ids += u64::from(draft.rounded_id);
        match draft.opened_on {
            Some(day) => {
                let (first, last) = self.days.unwrap_or((day, day));
                self.days = Some((first.min(day), last.max(day)));
            }
            None => self.report.undated += 1,
        }
        let case = self.case(id, draft);
        if let Some(out) = &mut self.out {
            let line = serde_json::to_vec(&case).map_err(|error| say!("写不出：{error}", "cannot write: {error}"))?;
            let written = out.write_all(&line).and_then(|()| out.write_all(b"\n"));
            written.map_err(|error| target::cannot_write(&self.options.to, &error))?;
        }
        self.report.written += 1;
        Ok(())
    }

    fn case(&mut self, id: String, draft: Draft) -> Case {
        let Draft { title, text, category, department, unit, districts, scenario, reply, opened_on, .. } = draft;
        let mut department = department.map(|name| self.departments.label(&name));
        let mut unit = unit.map(|name| self.departments.label(&name));
        if unit.is_none()
            && let Some(lead) = department.as_ref().and_then(|id| self.departments.lead_of(id))
        {
            unit = department.replace(lead);
        }
        // Of several the narrowest that is known, else the narrowest.
        let district = districts.iter().rev().find(|name| self.regions.knows(name)).or(districts.last());
        let district = district.map(|name| self.regions.label(name));
        Case { id, text, title, scenario, category, department, unit, district, reply, opened_on, origin: Origin::Real }
    }

    fn finish(mut self, mapping: &Mapping, save_to: Option<&Path>) -> Result<Report, Message> {
        let (departments, proposed_departments) = self.departments.report();
        let (regions, proposed_regions) = self.regions.report();
        (self.report.departments, self.report.regions) = (departments, regions);
        self.report.days = self.days.map(|(first, last)| (first.to_string(), last.to_string()));
        if self.rounded_ids > 0 {
            let count = self.rounded_ids;
            self.report.notes.push(say!(
                "{count} 行的编号是 2.01805E+15 这样的，被表格软件四舍五入过，已另编编号；请把该列设成文本后重新导出",
                "the ids of {count} rows, like 2.01805E+15, were rounded by a spreadsheet and were not used: export them as text"
            ));
        }
        if self.report.mapping.iter().all(|chosen| chosen.field != Field::Id) {
            self.report
                .notes
                .push(say!("没有编号列，编号按内容生成", "no column holds ids: they are made from what the rows say"));
        }
        if self.options.dry_run {
            return Ok(self.report);
        }
        if let (Some(rejects), Some(path)) = (self.rejects.take(), &self.options.rejects) {
            let file = rejects.into_inner().map_err(|error| target::cannot_write(path, error.error()))?;
            file.finish()?;
        }
        if let Some(path) = save_to {
            let mut file = NewFile::begin(path)?;
            let text = mapping.write(&proposed_departments, &proposed_regions);
            file.write_all(text.as_bytes()).map_err(|error| target::cannot_write(path, &error))?;
            file.finish()?;
            self.report.mapping_saved = true;
        }
        if let Some(out) = self.out.take() {
            out.finish()?;
        }
        Ok(self.report)
    }
}

/// Drafts of rows, on all cores, in order.
fn drafts(batch: &[Row], plan: &Plan, columns: usize, order: DateOrder) -> Vec<Result<Draft, Refused>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let part = batch.len().div_ceil(cores).max(1);
    let work = |rows: &[Row]| rows.iter().map(|row| draft(row, plan, columns, order)).collect::<Vec<_>>();
    std::thread::scope(|scope| {
        let threads: Vec<_> = batch.chunks(part).map(|rows| scope.spawn(move || work(rows))).collect();
        let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t']) { format!("'{cell}") } else { cell.to_owned() }
}
