//! Complaints of a table, handed on to become tickets: each row is one, or it is in the report with what is wrong.
//!
//! Nothing here keeps a ticket: whoever calls takes rows some hundred at a time and says what became of each. A row has a
//! key that is the same whenever it is imported, so an import that was broken off is taken up by running it again.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde::Serialize;

use super::bad_rows::{Bad, BadRows};
use super::chosen::{chosen, left};
use super::field::{Field, Purpose};
use super::headers;
use super::incoming::{Fault, Incoming, Reading};
use super::labels::{Kind, Labels};
use super::mapping::{Mapping, Plan};
use super::propose::{KnownLabels, propose};
use super::report::{Chosen, FileReport};
use super::run::read_mapping;
use super::sheet::SheetReader;
use super::table::{Opening, Row, Table, Unread, Unreadable};
use super::target::{NewFile, cannot_write};
use super::{Encoding, MAX_ROWS};
use crate::catalog::Catalog;
use crate::say;
use crate::source::Message;

/// Rows that are handed on together.
const BATCH: usize = 256;
/// Bad rows that the report names; all stand in the file of bad rows.
const LISTED: usize = 1_000;

/// What to import, and how.
#[derive(Clone, Debug, Default)]
pub struct TicketOptions {
    /// The files, in order.
    pub files: Vec<PathBuf>,
    /// The mapping; where it is not there it is written. By default beside the first file.
    pub mapping: Option<PathBuf>,
    /// The sheet of a spreadsheet; by default the first.
    pub sheet: Option<String>,
    /// The encoding of files of text; by default it is found out.
    pub encoding: Option<Encoding>,
    /// How spreadsheets are read.
    pub reader: SheetReader,
    /// The channel of rows that name none.
    pub channel: Option<String>,
    /// Write nothing.
    pub dry_run: bool,
}

/// What became of a row that was handed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A new ticket.
    New,
    /// The ticket was there already.
    Known,
    /// Nothing, for a reason.
    Refused {
        /// The field that is wrong, as submissions name it (`contact.phone`).
        field: Option<String>,
        /// Why, and what to do.
        why: Message,
    },
}

/// A row that became nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadRow {
    /// The file.
    pub file: String,
    /// Its line or row, from 1.
    pub row: u64,
    /// The column that is wrong; empty for the row as a whole.
    pub column: String,
    /// What is wrong.
    pub why: Message,
}

/// What an import of tickets did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TicketReport {
    /// The files, in the order given.
    pub files: Vec<FileReport>,
    /// What each field was taken from.
    pub mapping: Vec<Chosen>,
    /// Columns that were not taken for anything.
    pub unused: Vec<String>,
    /// The mapping that was read or written.
    pub mapping_file: String,
    /// Whether it was written now.
    pub mapping_saved: bool,
    /// Rows read: `new`, `known` and `bad` together.
    pub read: u64,
    /// New tickets, or that would be.
    pub new: u64,
    /// Rows that had become tickets before.
    pub known: u64,
    /// Rows that became nothing.
    pub bad: u64,
    /// The first of them.
    pub bad_rows: Vec<BadRow>,
    /// Where they are kept, to be mended.
    pub bad_files: Vec<String>,
    /// Whether nothing was to be written.
    pub dry_run: bool,
}

/// What an import needs of the bundle.
pub struct Place<'a> {
    /// Regions; names stay as they are where there is none.
    pub catalog: Option<&'a Catalog>,
    /// The clock of moments that name no time zone.
    pub zone: &'a TimeZone,
}

/// Takes rows and says what became of each, in their order.
pub type Take<'a> = dyn FnMut(Vec<Incoming>) -> Result<Vec<Fate>, Message> + 'a;

/// Reads files and hands their rows on. `progress` is told how much is done of how much.
///
/// # Errors
/// A file cannot be opened, the mapping does not fit, no column holds texts, or `take` cannot go on. What was taken
/// before stays, and is known when the import is run again.
pub fn import_tickets(
    options: &TicketOptions,
    place: &Place<'_>,
    take: &mut Take<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<TicketReport, Message> {
    let mapping_path = options.mapping_path();
    let written = read_mapping(&mapping_path, Purpose::Tickets)?;
    let given = written.as_ref().map(|mapping| mapping.regions.clone()).unwrap_or_default();
    let mut import = Import {
        options,
        regions: Labels::new(Kind::Region, place.catalog, &given)?,
        report: TicketReport {
            mapping_file: mapping_path.display().to_string(),
            dry_run: options.dry_run,
            ..TicketReport::default()
        },
    };
    let mut mapping = written.clone();
    for path in &options.files {
        let shown = path.display();
        let at = |Message { zh, en }| say!("{shown}：{zh}", "{shown}: {en}");
        let mut table = import.open(path, mapping.as_ref())?;
        let plan = import.plan(&table, &mut mapping).map_err(at)?;
        if written.is_none() && !import.report.mapping_saved && !options.dry_run {
            // Before any row: an import that is broken off is taken up with the same columns.
            import.save(&mapping_path, mapping.as_ref())?;
        }
        let order = mapping.as_ref().map(|mapping| mapping.date_order).unwrap_or_default();
        let reading = Reading {
            plan: &plan,
            columns: table.columns.len(),
            order,
            zone: place.zone,
            channel: options.channel.as_deref(),
        };
        import.file(path, &mut table, &reading, take, progress)?;
    }
    Ok(import.report)
}

impl TicketOptions {
    fn mapping_path(&self) -> PathBuf {
        let folder = self.files.first().and_then(|file| file.parent()).unwrap_or(Path::new(""));
        self.mapping.clone().unwrap_or_else(|| folder.join(".tickets.mapping.yaml"))
    }
}

/// An import under way.
struct Import<'a> {
    options: &'a TicketOptions,
    regions: Labels<'a>,
    report: TicketReport,
}

impl Import<'_> {
    fn open(&self, path: &Path, mapping: Option<&Mapping>) -> Result<Table, Message> {
        let Self { options, .. } = self;
        let opening = Opening { sheet: options.sheet.as_deref(), encoding: options.encoding, reader: &options.reader };
        Table::open(path, opening, |cells| match mapping {
            Some(mapping) => mapping.score(cells),
            None => headers::score(cells, Purpose::Tickets),
        })
    }

    /// What the columns are: as the mapping says, or as is proposed for the first file.
    fn plan(&mut self, table: &Table, mapping: &mut Option<Mapping>) -> Result<Plan, Message> {
        let (plan, why) = match mapping {
            Some(mapping) => {
                let why = say!("对应关系文件", "the mapping file");
                (mapping.plan(&table.columns)?, Field::ALL.map(|field| (field, why.clone())).to_vec())
            }
            None => {
                let sample: Vec<&Row> = table.sample().collect();
                let known = KnownLabels { departments: &self.regions, regions: &self.regions };
                let proposed = propose(&table.columns, &sample, &known, Purpose::Tickets)?;
                *mapping = Some(proposed.mapping);
                (proposed.plan, proposed.why)
            }
        };
        if self.report.mapping.is_empty() {
            self.report.mapping = chosen(table, &plan, &why);
            let (personal, unused) = left(table, &plan);
            self.report.unused = personal.into_iter().chain(unused).collect();
        }
        Ok(plan)
    }

    fn save(&mut self, path: &Path, mapping: Option<&Mapping>) -> Result<(), Message> {
        let Some(mapping) = mapping else { return Ok(()) };
        let mut file = NewFile::begin(path)?;
        let written = std::io::Write::write_all(&mut file, mapping.write(&[], &[]).as_bytes());
        written.map_err(|error| cannot_write(path, &error))?;
        file.finish()?;
        self.report.mapping_saved = true;
        Ok(())
    }

    fn file(
        &mut self,
        path: &Path,
        table: &mut Table,
        reading: &Reading<'_>,
        take: &mut Take<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), Message> {
        let before = self.report.read;
        let shown = path.display().to_string();
        let is_json = table.header_row.is_none();
        let mut bad = BadRows::beside(path, &table.columns, is_json);
        let mut more = true;
        while more {
            let mut good: Vec<(Row, Incoming)> = Vec::with_capacity(BATCH);
            while good.len() < BATCH {
                let Some(read) = table.next_row() else {
                    more = false;
                    break;
                };
                self.count()?;
                match read {
                    Ok(row) => match reading.incoming(&row, &mut self.regions) {
                        Ok(incoming) => good.push((row, incoming)),
                        Err(fault) => self.refuse(&shown, table, reading.plan, &row, &fault, &mut bad)?,
                    },
                    Err(Unreadable::Row(unread)) => self.unread(&shown, &unread, &mut bad)?,
                    Err(Unreadable::File(why)) => {
                        self.add(
                            &shown,
                            &Bad { row: 0, column: "", why: "", cells: &[], is_row: false },
                            &why,
                            &mut bad,
                        )?;
                    }
                }
            }
            let (rows, incoming): (Vec<Row>, Vec<Incoming>) = good.into_iter().unzip();
            let fates = if incoming.is_empty() { Vec::new() } else { take(incoming)? };
            for (row, fate) in rows.iter().zip(fates) {
                match fate {
                    Fate::New => self.report.new += 1,
                    Fate::Known => self.report.known += 1,
                    Fate::Refused { field, why } => {
                        let fault = Fault { field: field.as_deref().and_then(named), why };
                        self.refuse(&shown, table, reading.plan, row, &fault, &mut bad)?;
                    }
                }
            }
            let (done, total) = table.position();
            progress(done, total);
        }
        self.report.bad_files.extend(bad.finish()?.map(|path| path.display().to_string()));
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

    fn count(&mut self) -> Result<(), Message> {
        self.report.read += 1;
        if self.report.read > MAX_ROWS {
            return Err(say!("超过 {MAX_ROWS} 行，请分几次导入", "more than {MAX_ROWS} rows: import them in parts"));
        }
        Ok(())
    }

    fn refuse(
        &mut self,
        file: &str,
        table: &Table,
        plan: &Plan,
        row: &Row,
        fault: &Fault,
        bad: &mut BadRows,
    ) -> Result<(), Message> {
        let place = fault.field.and_then(|field| plan.of(field).first());
        let column = place.map_or("", |place| table.columns[*place].as_str());
        let line = Bad { row: row.number, column, why: &fault.why.zh, cells: &row.cells, is_row: true };
        self.add(file, &line, &fault.why, bad)
    }

    fn unread(&mut self, file: &str, unread: &Unread, bad: &mut BadRows) -> Result<(), Message> {
        let why = unread.reason.message();
        let line = Bad { row: unread.number, column: "", why: &why.zh, cells: &unread.cells, is_row: false };
        self.add(file, &line, &why, bad)
    }

    fn add(&mut self, file: &str, line: &Bad<'_>, why: &Message, bad: &mut BadRows) -> Result<(), Message> {
        self.report.bad += 1;
        if self.report.bad_rows.len() < LISTED {
            let column = line.column.to_owned();
            self.report.bad_rows.push(BadRow { file: file.to_owned(), row: line.row, column, why: why.clone() });
        }
        if self.options.dry_run {
            return Ok(());
        }
        bad.add(&Bad { why: &why.zh, ..*line })
    }
}

/// The field that a submission's field was taken from.
fn named(field: &str) -> Option<Field> {
    Some(match field {
        "text" => Field::Text,
        "title" => Field::Title,
        "channel" => Field::Channel,
        "district" => Field::District,
        "contact.name" => Field::ContactName,
        "contact.phone" => Field::ContactPhone,
        "contact.other" => Field::ContactOther,
        "external_id" => Field::ExternalId,
        "received_at" => Field::ReceivedAt,
        _ => return None,
    })
}
