//! Spreadsheets: .xlsx, .xls and .ods, read by a process of its own.
//!
//! What the library that reads them does with a damaged file is not bounded: it may follow a chain of sectors that leads
//! back to itself, unfold a cell that is repeated a million times, or panic. In a process of its own it can be given a
//! bounded time and memory, and whatever becomes of it, the import has an error to show. What comes back is text.

mod reading;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::reading::read_sheet;
use super::table::{Progress, Raw, Row};
use super::zip;
use crate::say;
use crate::source::Message;

/// Bytes that an .xlsx may unpack to.
const MAX_XLSX: u64 = 2 << 30;
/// Bytes that an .ods may unpack to, and that an .xls may have.
const MAX_WHOLE: u64 = 256 << 20;
/// How long the process may be silent: ten times what one of that size is.
const LONGEST: Duration = Duration::from_secs(120);
/// Lines on their way from the process.
const LINES: usize = 1024;

/// A format of spreadsheets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Office Open XML.
    Xlsx,
    /// The format of Excel 97.
    Xls,
    /// OpenDocument.
    Ods,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Format::Xlsx => "Excel .xlsx",
            Format::Xls => "Excel .xls",
            Format::Ods => "OpenDocument .ods",
        }
    }

    fn argument(self) -> &'static str {
        Format::NAMES.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// All, with how the command `read-sheet` has them.
    pub const NAMES: &'static [(&'static str, Format)] =
        &[("xlsx", Format::Xlsx), ("xls", Format::Xls), ("ods", Format::Ods)];
}

/// What the process says, a line of JSON each: the sheet's name, its rows, and at last how many there were or what is
/// wrong. Without the last line it did not come to its end.
#[derive(Serialize, Deserialize)]
enum Line {
    Sheet(String),
    Row(u64, Vec<String>),
    End(u64),
    Error { zh: String, en: String },
}

impl Line {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }
}

/// How spreadsheets are read.
#[derive(Clone, Debug)]
pub struct SheetReader {
    /// The program whose command `read-sheet` does it; the one that runs, where none is named.
    pub program: Option<PathBuf>,
    /// How long it may say nothing.
    pub longest: Duration,
}

impl Default for SheetReader {
    fn default() -> SheetReader {
        SheetReader { program: None, longest: LONGEST }
    }
}

pub(super) fn open(
    path: &Path,
    format: Format,
    sheet: Option<&str>,
    reader: &SheetReader,
    progress: &mut Progress,
) -> Result<Raw, Message> {
    check_size(path, format)?;
    let (sheet, rows) = reader.read(path, format, sheet)?;
    progress.total = rows.len() as u64;
    let done = Arc::clone(&progress.done);
    let rows = rows.into_iter().map(move |row| {
        done.fetch_add(1, Ordering::Relaxed);
        Ok(row)
    });
    Ok(Raw { columns: None, rows: Box::new(rows), format: format.name(), encoding: None, sheet: Some(sheet) })
}

/// What an archive unpacks to is bounded before anybody opens it.
fn check_size(path: &Path, format: Format) -> Result<(), Message> {
    let failed = |error: io::Error| say!("读取失败：{error}", "reading failed: {error}");
    let mut file = File::open(path).map_err(failed)?;
    let (size, most) = match format {
        Format::Xls => (file.metadata().map(|metadata| metadata.len()).map_err(failed)?, MAX_WHOLE),
        _ => {
            let size = zip::unpacked_size(&mut file).map_err(failed)?;
            let broken = || say!("文件已损坏：压缩目录读不出来", "is damaged: the archive's directory cannot be read");
            (size.ok_or_else(broken)?, if format == Format::Xlsx { MAX_XLSX } else { MAX_WHOLE })
        }
    };
    if size <= most {
        return Ok(());
    }
    let (size, most) = (size >> 20, most >> 20);
    Err(say!(
        "解压后有 {size} MB，最多 {most} MB；请另存为 CSV 或分成几个文件",
        "unpacks to {size} MB, at most {most} MB: save it as CSV, or split it"
    ))
}

fn not_started(error: &io::Error) -> Message {
    say!("读表格的子进程启动不了：{error}", "the process that reads spreadsheets cannot be started: {error}")
}

impl SheetReader {
    /// The name of the sheet, and its rows.
    fn read(&self, path: &Path, format: Format, sheet: Option<&str>) -> Result<(String, Vec<Row>), Message> {
        let program = self.program.clone().map_or_else(std::env::current_exe, Ok);
        let mut command = Command::new(program.map_err(|error| not_started(&error))?);
        command.args(["read-sheet", "--format", format.argument()]);
        if let Some(sheet) = sheet {
            command.arg(format!("--sheet={sheet}"));
        }
        // Its panics and what the system says of its memory are for nobody.
        command.arg("--").arg(path).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| not_started(&error))?;
        let lines = child.stdout.take().map(lines);
        let read = lines.ok_or_else(damaged).and_then(|lines| self.collect(&lines));
        end(&mut child);
        read
    }

    fn collect(&self, lines: &Receiver<Line>) -> Result<(String, Vec<Row>), Message> {
        let (mut name, mut rows) = (None, Vec::new());
        loop {
            match lines.recv_timeout(self.longest) {
                Ok(Line::Sheet(sheet)) => name = Some(sheet),
                Ok(Line::Row(number, cells)) => rows.push(Row { number, cells }),
                Ok(Line::End(count)) if count == rows.len() as u64 => return Ok((name.ok_or_else(damaged)?, rows)),
                Ok(Line::Error { zh, en }) => return Err(Message { zh, en }),
                Ok(Line::End(_)) | Err(mpsc::RecvTimeoutError::Disconnected) => return Err(damaged()),
                Err(mpsc::RecvTimeoutError::Timeout) => return Err(endless(self.longest)),
            }
        }
    }
}

/// The lines that a process writes, until it ends or nobody listens.
fn lines(out: ChildStdout) -> Receiver<Line> {
    let (send, receive) = mpsc::sync_channel(LINES);
    std::thread::spawn(move || {
        let lines = BufReader::new(out).lines().map_while(Result::ok);
        let mut lines = lines.map_while(|line| serde_json::from_str::<Line>(&line).ok());
        lines.all(|line| send.send(line).is_ok())
    });
    receive
}

/// Whatever it still does, nobody waits for it.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn damaged() -> Message {
    say!(
        "文件已损坏或内容太多，无法读取；请在表格软件里打开后另存为 .xlsx 或 CSV",
        "is damaged or holds too much and cannot be read: open it in a spreadsheet program and save it as .xlsx or CSV"
    )
}

fn endless(longest: Duration) -> Message {
    let seconds = longest.as_secs();
    say!(
        "读了 {seconds} 秒还没有读完，文件多半已损坏；请在表格软件里打开后另存为 .xlsx 或 CSV",
        "was not read within {seconds} s and is most likely damaged: open it in a spreadsheet program and save it as .xlsx or CSV"
    )
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// What comes of a process that does this.
    fn from(script: &str) -> Result<(String, Vec<Row>), String> {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("reader");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let reader = SheetReader { program: Some(program), longest: Duration::from_millis(1_500) };
        reader.read(Path::new("a.xls"), Format::Xls, Some("三月")).map_err(|message| message.en)
    }

    #[test]
    fn a_process_that_comes_to_no_end_is_an_error() {
        let row = Row { number: 3, cells: vec!["甲".to_owned()] };
        let good = "echo '{\"Sheet\":\"三月\"}'; echo '{\"Row\":[3,[\"甲\"]]}'; echo '{\"End\":1}'";
        assert_eq!(from(good), Ok(("三月".to_owned(), vec![row])));
        let given = "echo \"{\\\"Error\\\":{\\\"zh\\\":\\\"-\\\",\\\"en\\\":\\\"$*\\\"}}\"";
        assert_eq!(from(given).unwrap_err(), "read-sheet --format xls --sheet=三月 -- a.xls");
        for (script, expect) in [
            ("exec sleep 60", "most likely damaged"),
            ("exit 1", "is damaged"),
            ("kill -9 $$", "is damaged"),
            ("echo '{\"Sheet\":\"三月\"}'; kill -6 $$", "is damaged"),
            ("echo '{\"Sheet\":\"三月\"}'; echo '{\"End\":1}'", "is damaged"),
            ("echo nonsense", "is damaged"),
        ] {
            assert!(from(script).is_err_and(|why| why.contains(expect)), "{script}");
        }
        assert!(from("").is_err());
    }
}
