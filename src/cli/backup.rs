//! `jiesu backup` and `jiesu restore`: everything that was entrusted to the service, whole or not at all.
//!
//! A backup is a folder: the database as it was at one moment, the attachments, and a list of all files with their
//! SHA-256. The database is copied first: an attachment is on disk before the ticket that names it is, so what the copy
//! names is there.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::settings::Source;
use super::{Common, Ended, Failure};
use crate::say;
use crate::source::{Lang, Message};
use crate::store::{Location, Options, Store, StoreError};
use crate::tickets::MIGRATIONS;

/// The list of files, in a backup.
const LIST: &str = "backup.json";
/// The database, in a backup.
const DATABASE: &str = "tickets.db";
/// The folder of attachments, in a backup and beside the database.
const ATTACHMENTS: &str = "attachments";
/// The version of the layout.
const FORMAT: u32 = 1;
/// Bytes of the list, at the most: a few million attachments.
const LARGEST_LIST: u64 = 1 << 30;
/// Folders within folders of attachments, at the most.
const DEEPEST: usize = 8;

#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    /// The folder to make; it must not be there
    to: PathBuf,
    #[command(flatten)]
    source: Source,
}

#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    /// A folder that `jiesu backup` made
    from: PathBuf,
    /// Put what is there now aside, in a folder of its own
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    source: Source,
}

/// The list of a backup.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct List {
    format: u32,
    program: String,
    at: Timestamp,
    files: Vec<Listed>,
}

/// A file of a backup.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    /// Below the backup's folder, with `/`.
    path: String,
    bytes: u64,
    sha256: String,
}

/// What could not be done with a file.
fn cannot(path: &Path) -> impl Fn(io::Error) -> Message + use<> {
    let shown = path.display().to_string();
    move |error| say!("{shown} 读写失败：{error}", "{shown} cannot be read or written: {error}")
}

pub(super) fn backup(common: &Common, lang: Lang, arguments: &Backup) -> Result<Ended, Failure> {
    let to = &arguments.to;
    let shown = to.display();
    if to.exists() {
        return Err(Failure(say!("{shown} 已经存在，请换一个名称", "{shown} is there already: give another name")));
    }
    let settings = arguments.source.settings(lang)?;
    let location = arguments.source.location(lang)?;
    let database = settings.database_file().ok_or_else(|| StoreError::UsePgDump.message())?;
    if !database.exists() {
        let missing = database.display();
        return Err(Failure(say!("没有数据库文件 {missing}", "there is no database file {missing}")));
    }
    let partial = with_ending(to, ".part");
    fs::create_dir(&partial).map_err(cannot(&partial))?;
    let made = copy_all(&location, &database, &partial, lang).and_then(|list| {
        fs::rename(&partial, to).map_err(cannot(to))?;
        Ok(list)
    });
    let list = made.inspect_err(|_| drop(fs::remove_dir_all(&partial)))?;
    let bytes: u64 = list.files.iter().map(|file| file.bytes).sum();
    let attachments = list.files.len() - 1;
    if common.json {
        anstream::println!("{}", json!({ "backup": to, "bytes": bytes, "attachments": attachments, "at": list.at }));
        return Ok(Ended::Fine);
    }
    let message = say!(
        "已备份到 {shown}（{bytes} 字节，{attachments} 个附件），并已核对。恢复：先停服务，再运行 jiesu restore {shown} --data 目录",
        "backed up to {shown} ({bytes} bytes, {attachments} attachments), and checked. To restore: stop the server, then jiesu restore {shown} --data DIR"
    );
    anstream::eprintln!("{}", message.in_lang(lang));
    Ok(Ended::Fine)
}

/// Copies everything into a folder, with the list of it.
fn copy_all(location: &Location, database: &Path, to: &Path, lang: Lang) -> Result<List, Message> {
    only_for_owner(to)?;
    let options = Options { beside_server: true, readers: 1, writers: 1, ..Options::default() };
    let store = Store::open(location, MIGRATIONS, options).map_err(|error| error.message())?;
    let at = Timestamp::now();
    let bar = bar(&say!("数据库", "database"), lang);
    let mut told = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    store.backup(&to.join(DATABASE), &mut told).map_err(|error| error.message())?;
    drop(store);
    bar.finish_and_clear();
    let mut files = vec![listed(to, DATABASE)?];
    let attachments = database.parent().unwrap_or(Path::new("")).join(ATTACHMENTS);
    let mut found = Vec::new();
    if attachments.is_dir() {
        find(&attachments, ATTACHMENTS, DEEPEST, &mut found)?;
    }
    let bar = self::bar(&say!("附件", "attachments"), lang);
    bar.set_length(found.len() as u64);
    for path in found {
        let from = attachments.parent().unwrap_or(Path::new("")).join(&path);
        // One that was erased meanwhile is meant to be gone.
        if let Some(file) = copied(&from, to, &path)? {
            files.push(file);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let list = List { format: FORMAT, program: env!("CARGO_PKG_VERSION").to_owned(), at, files };
    let text = serde_json::to_vec_pretty(&list).map_err(|error| cannot(to)(error.into()))?;
    let place = to.join(LIST);
    File::create(&place)
        .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
        .map_err(cannot(&place))?;
    Ok(list)
}

/// A folder that only its owner may look into, since it holds what citizens wrote.
fn only_for_owner(folder: &Path) -> Result<(), Message> {
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).map_err(cannot(folder))?;
    Ok(())
}

/// All files of a folder and those below it, as paths that begin with `shown`. Links are not followed.
fn find(folder: &Path, shown: &str, deep: usize, found: &mut Vec<String>) -> Result<(), Message> {
    for entry in fs::read_dir(folder).map_err(cannot(folder))? {
        let entry = entry.map_err(cannot(folder))?;
        let kind = entry.file_type().map_err(cannot(folder))?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        let shown = format!("{shown}/{name}");
        if kind.is_dir() && deep > 0 {
            find(&entry.path(), &shown, deep - 1, found)?;
        } else if kind.is_file() {
            found.push(shown);
        }
    }
    found.sort();
    Ok(())
}

/// Copies a file to its place below a folder; none where it is no longer there.
fn copied(from: &Path, folder: &Path, path: &str) -> Result<Option<Listed>, Message> {
    let mut source = match File::open(from) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(from)(error)),
    };
    let to = folder.join(path);
    let made = to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| File::create_new(&to));
    let mut target = made.map_err(cannot(&to))?;
    let (bytes, sha256) = digested(&mut source, &mut target).map_err(cannot(&to))?;
    target.sync_all().map_err(cannot(&to))?;
    Ok(Some(Listed { path: path.to_owned(), bytes, sha256 }))
}

/// A file that is there, with its length and sum.
fn listed(folder: &Path, path: &str) -> Result<Listed, Message> {
    let place = folder.join(path);
    let read = File::open(&place).and_then(|mut file| digested(&mut file, &mut io::sink()));
    let (bytes, sha256) = read.map_err(cannot(&place))?;
    Ok(Listed { path: path.to_owned(), bytes, sha256 })
}

/// Copies all bytes; gives how many, and their SHA-256.
fn digested(from: &mut impl Read, to: &mut impl Write) -> io::Result<(u64, String)> {
    let (mut sum, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let part = buffer.get(..read).unwrap_or_default();
        sum.update(part);
        to.write_all(part)?;
        bytes += read as u64;
    }
    Ok((bytes, sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

fn bar(what: &Message, lang: Lang) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:30} {percent}% {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style).with_message(what.in_lang(lang).to_owned())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

pub(super) fn restore(common: &Common, lang: Lang, arguments: &Restore) -> Result<Ended, Failure> {
    arguments.source.location(lang)?;
    let settings = arguments.source.settings(lang)?;
    let database = settings.database_file().ok_or_else(|| {
        say!("PostgreSQL 请用它自带的 pg_restore 恢复", "PostgreSQL is restored by its own pg_restore")
    })?;
    let folder = match database.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let list = read_list(&arguments.from)?;
    fs::create_dir_all(&folder).map_err(cannot(&folder))?;
    let present = present(&database);
    may_replace(&database, &present, arguments.force)?;
    let partial = folder.join(".restore");
    if partial.exists() {
        // Left by one that was killed; nothing but copies was ever in it.
        fs::remove_dir_all(&partial).map_err(cannot(&partial))?;
    }
    fs::create_dir(&partial).map_err(cannot(&partial))?;
    let placed = fetch(&arguments.from, &list, &partial, lang).and_then(|()| place(&partial, &database, &present));
    let _ = fs::remove_dir_all(&partial);
    let aside = placed?;
    let (at, shown) = (list.at, folder.display());
    if common.json {
        anstream::println!("{}", json!({ "restored": folder, "at": at, "files": list.files.len(), "aside": aside }));
        return Ok(Ended::Fine);
    }
    let message = say!(
        "已把 {at} 的备份恢复到 {shown}，内容核对无误",
        "restored the backup of {at} to {shown}; everything in it was checked"
    );
    anstream::eprintln!("{}", message.in_lang(lang));
    if let Some(aside) = &aside {
        let aside = aside.display();
        let message = say!("原来的数据移到了 {aside}", "what was there before is in {aside} now");
        anstream::eprintln!("{}", message.in_lang(lang));
    }
    Ok(Ended::Fine)
}

fn read_list(from: &Path) -> Result<List, Message> {
    let place = from.join(LIST);
    let mut bytes = Vec::new();
    File::open(&place).and_then(|file| file.take(LARGEST_LIST).read_to_end(&mut bytes)).map_err(cannot(&place))?;
    let shown = from.display();
    let list: List = serde_json::from_slice(&bytes).map_err(|error| {
        say!("{shown} 不是完整的备份（{LIST}：{error}）", "{shown} is no whole backup ({LIST}: {error})")
    })?;
    if list.format != FORMAT {
        let format = list.format;
        return Err(say!(
            "这份备份是第 {format} 种格式，这个程序只认识第 {FORMAT} 种；请用更新的 jiesu",
            "the backup has the layout {format}, and this program knows {FORMAT}: use a newer jiesu"
        ));
    }
    let fit = |file: &Listed| {
        let parts = Path::new(&file.path).components();
        let inside = parts.clone().all(|part| matches!(part, Component::Normal(_)));
        inside && (file.path == DATABASE || (file.path.starts_with("attachments/") && parts.count() <= DEEPEST + 2))
    };
    let wrong = list.files.iter().find(|file| !fit(file)).map(|file| file.path.clone());
    match wrong {
        Some(path) => Err(say!(
            "备份清单里有不该有的文件：{path}",
            "the list of the backup has a file that does not belong: {path}"
        )),
        None if !list.files.iter().any(|file| file.path == DATABASE) => {
            Err(say!("备份里没有数据库", "the backup has no database"))
        }
        None => Ok(list),
    }
}

/// What of the data is there now: the database with the files beside it, and the attachments.
fn present(database: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = ["", "-wal", "-shm"].iter().map(|ending| with_ending(database, ending)).collect();
    files.extend(database.parent().map(|folder| folder.join(ATTACHMENTS)));
    files.retain(|file| file.exists());
    files
}

/// Nothing is replaced that nobody wanted to, nor under a running server.
fn may_replace(database: &Path, present: &[PathBuf], force: bool) -> Result<(), Message> {
    let Some(first) = present.first() else { return Ok(()) };
    if !force {
        let shown = first.display();
        return Err(say!(
            "已有数据 {shown}，没有覆盖；确实要换成备份里的，请加 --force（原来的会移到一边，不会删除）",
            "there is data already, {shown}: nothing was replaced. To do so add --force; what is there is put aside"
        ));
    }
    if database.exists() {
        // It may well be damaged: that is what backups are for.
        let opened = Store::open(&Location::file(database), &[], Options { readers: 1, ..Options::default() });
        if let Err(error @ StoreError::InUse(_)) = opened {
            return Err(error.message());
        }
    }
    Ok(())
}

/// Copies a backup into a folder, and checks it: every file, and the structure of the database.
fn fetch(from: &Path, list: &List, to: &Path, lang: Lang) -> Result<(), Message> {
    only_for_owner(to)?;
    let bar = bar(&say!("恢复", "restoring"), lang);
    bar.set_length(list.files.len() as u64);
    for file in &list.files {
        let found = copied(&from.join(&file.path), to, &file.path)?;
        let path = &file.path;
        let same = found.is_some_and(|found| found.sha256 == file.sha256 && found.bytes == file.bytes);
        if !same {
            return Err(say!(
                "备份里的 {path} 缺失或与清单不符，没有恢复；请换一份备份",
                "{path} of the backup is missing or not what the list says: nothing was restored, take another backup"
            ));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let database = to.join(DATABASE);
    // Opening reads the whole of it; one of a newer program is not taken.
    let opened = Store::open(&Location::file(&database), MIGRATIONS, Options { readers: 1, ..Options::default() });
    drop(opened.map_err(|error| error.message())?);
    let _ = fs::remove_file(with_ending(&database, ".lock"));
    Ok(())
}

/// Puts what was fetched where it belongs, and what was there aside; gives where that is.
fn place(from: &Path, database: &Path, present: &[PathBuf]) -> Result<Option<PathBuf>, Message> {
    let folder = database.parent().unwrap_or(Path::new(""));
    let mut aside = None;
    if !present.is_empty() {
        let to = folder.join(format!("replaced-{}", Timestamp::now().strftime("%Y%m%dT%H%M%SZ")));
        fs::create_dir(&to).map_err(cannot(&to))?;
        only_for_owner(&to)?;
        for file in present {
            let name = file.file_name().unwrap_or_default();
            fs::rename(file, to.join(name)).map_err(cannot(file))?;
        }
        aside = Some(to);
    }
    let attachments = from.join(ATTACHMENTS);
    if attachments.exists() {
        fs::rename(&attachments, folder.join(ATTACHMENTS)).map_err(cannot(folder))?;
    }
    // Last: where there is a database, everything it names is there.
    fs::rename(from.join(DATABASE), database).map_err(cannot(database))?;
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder) {
        // The files themselves are on disk; that they have their names should be too.
        let _ = folder.sync_all();
    }
    Ok(aside)
}
