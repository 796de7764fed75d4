//! Files: who may open them, damage, full and read-only disks, copies.

use std::fs;
use std::process::Command;

use super::*;

/// However slow the machine is, those who wait are of one group.
fn one_group() -> Options {
    Options { longest_group: Duration::from_secs(60), ..Options::default() }
}

fn reopen(place: &Place) -> Result<Store, StoreError> {
    Store::open(&place.location, MIGRATIONS, Options::default())
}

fn add_blob(store: &Store, id: i64, bytes: usize) -> Result<u64, StoreError> {
    store.write_blocking(move |transaction| {
        transaction.execute("INSERT INTO item (id, bytes) VALUES (?1, ?2)", &[id.into(), vec![7; bytes].into()])
    })
}

fn count(store: &Store) -> i64 {
    let rows = store.read_blocking(|transaction| transaction.query("SELECT COUNT(*) FROM item", &[])).unwrap();
    rows[0].integer(0).unwrap()
}

#[test]
fn jobs_that_wait_share_a_commit() {
    let place = Place::sqlite();
    let store = place.open_with(one_group());
    let (go, held) = hold(&store);
    let (answered, has_answered) = mpsc::channel();
    let first = {
        let store = store.clone();
        thread::spawn(move || {
            store.write_blocking(|transaction| add(transaction, 1, "first")).unwrap();
            let _ = answered.send(());
        })
    };
    eventually(|| store.waiting() == 1);
    let second = {
        let store = store.clone();
        let job = move |transaction: &mut Transaction<'_>| {
            // The first has run, and its caller has not been told yet: both are told after one commit.
            let there = transaction.query("SELECT id FROM item WHERE id = 1", &[])?.len();
            let told = has_answered.recv_timeout(Duration::from_millis(50)).is_ok();
            Ok::<_, StoreError>((there, told))
        };
        thread::spawn(move || store.write_blocking(job))
    };
    eventually(|| store.waiting() == 2);
    go.send(()).unwrap();
    held.join().unwrap().unwrap();
    first.join().unwrap();
    assert_eq!(second.join().unwrap(), Ok((1, false)));
}

#[test]
fn when_the_commit_fails_nobody_of_the_group_is_told_that_it_happened() {
    static DEFERRED: &[Migration] = &[Migration {
        version: 1,
        name: "deferred",
        sqlite: "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT,
                                    parent BIGINT REFERENCES item DEFERRABLE INITIALLY DEFERRED)",
        postgres: "",
    }];
    let place = Place::sqlite();
    let store = Store::open(&place.location, DEFERRED, one_group()).unwrap();
    let (go, held) = hold(&store);
    const ORPHAN: &str = "INSERT INTO item (id, name, parent) VALUES (2, 'orphan', 99)";
    let jobs: [Change; 3] = [
        |transaction| add(transaction, 1, "innocent"),
        |transaction| transaction.execute(ORPHAN, &[]),
        |_| Err(StoreError::Conflict("what is undone with the group".to_owned())),
    ];
    let answers: Vec<_> = jobs
        .into_iter()
        .map(|job| {
            let ours = store.clone();
            let waiting = store.waiting();
            let answer = thread::spawn(move || ours.write_blocking(job));
            eventually(|| store.waiting() > waiting);
            answer
        })
        .collect();
    go.send(()).unwrap();
    // The one that held the others up is of the group too.
    let answers = answers.into_iter().map(|answer| answer.join().unwrap().map(drop));
    for answer in answers.chain([held.join().unwrap()]) {
        assert!(matches!(&answer, Err(StoreError::Database(what)) if what.contains("FOREIGN KEY")), "{answer:?}");
    }
    assert!(names(&store).is_empty());
    store.write_blocking(|transaction| add(transaction, 1, "next")).unwrap();
    assert_eq!(names(&store), ["next"]);
}

#[test]
fn one_server_for_one_file() {
    let place = Place::sqlite();
    let server = place.open();
    let error = reopen(&place).err().unwrap();
    assert!(matches!(&error, StoreError::InUse(path) if path.ends_with("tickets.db")), "{error:?}");
    // By another name too.
    #[cfg(unix)]
    {
        let link = place.path().with_file_name("link.db");
        std::os::unix::fs::symlink(place.path(), &link).unwrap();
        let error = Store::open(&Location::file(link), MIGRATIONS, Options::default()).err();
        assert!(matches!(error, Some(StoreError::InUse(_))), "{error:?}");
    }
    drop(server);
    assert!(reopen(&place).is_ok());
}

#[test]
fn a_command_works_beside_a_server() {
    static NEWER: &[Migration] =
        &[MIGRATIONS[0], Migration { version: 2, name: "more", sqlite: "CREATE TABLE more (x BIGINT)", postgres: "" }];
    let beside = Options { beside_server: true, ..Options::default() };
    let place = Place::sqlite();
    // Where no server runs it is as good as one, down to the making of the file.
    drop(place.open_with(beside));
    let server = place.open();
    let command = place.open_with(beside);
    command.write_blocking(|transaction| add(transaction, 1, "a key")).unwrap();
    server.write_blocking(|transaction| add(transaction, 2, "a ticket")).unwrap();
    assert_eq!(names(&server), ["a key", "a ticket"]);
    assert_eq!(names(&command), names(&server));
    assert!(command.advisory_lock(1).unwrap().is_none() && server.advisory_lock(1).unwrap().is_some());
    // The schema is not changed under a server.
    let error = Store::open(&place.location, NEWER, beside).err();
    assert!(matches!(error, Some(StoreError::InUse(_))), "{error:?}");
    // What another program holds for too long is given up, and comes back.
    let (go, held) = hold(&server);
    let impatient = Options { lock_timeout: Duration::from_millis(50), ..beside };
    let command = place.open_with(impatient);
    let refused = command.write_blocking(|transaction| add(transaction, 3, "later"));
    assert_eq!(refused, Err(StoreError::Busy));
    go.send(()).unwrap();
    held.join().unwrap().unwrap();
    command.write_blocking(|transaction| add(transaction, 3, "later")).unwrap();
}

#[test]
fn damage_is_found_when_the_file_is_opened() {
    let place = Place::sqlite();
    let store = place.open();
    for id in 0..200 {
        add_blob(&store, id, 1000).unwrap();
    }
    drop(store);
    let whole = fs::read(place.path()).unwrap();
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 4] = [
        // Nothing that opening alone would look at.
        ("one page in the middle", |bytes| {
            let at = bytes.len() / 2 / 4096 * 4096;
            bytes[at..at + 4096].fill(0x55);
        }),
        ("pages overwritten", |bytes| bytes[8192..40960].fill(0x55)),
        ("another file", |bytes| bytes[..100].fill(b'x')),
        ("cut off", |bytes| bytes.truncate(bytes.len() / 2)),
    ];
    for (name, damage) in damages {
        let mut bytes = whole.clone();
        damage(&mut bytes);
        fs::write(place.path(), bytes).unwrap();
        let error = reopen(&place).err();
        assert!(matches!(error, Some(StoreError::Corrupt(_))), "{name}: {error:?}");
        assert!(error.unwrap().message().zh.contains("备份"));
    }
    fs::write(place.path(), whole).unwrap();
    assert_eq!(count(&reopen(&place).unwrap()), 200);
}

#[test]
fn paths_that_cannot_be_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["nowhere/tickets.db", "..", ""] {
        let error = Store::open(&Location::file(folder.path().join(path)), MIGRATIONS, Options::default()).err();
        let error = error.unwrap_or_else(|| panic!("{path} is opened"));
        assert!(error.to_string().contains("see that its folder exists"), "{path}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::sqlite();
    let store = place.open();
    add_blob(&store, 1, 10).unwrap();
    let copy = place.path().with_file_name("copy.db");
    store.backup(&copy, &mut |_, _| {}).unwrap();
    for name in ["tickets.db", "tickets.db-wal", "tickets.db-shm", "copy.db"] {
        let mode = fs::metadata(place.path().with_file_name(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// Writes until the disk is full, makes room, and goes on.
fn fill_and_recover(store: &Store, most: i64, make_room: impl FnOnce()) {
    let mut kept = 0;
    let refused = loop {
        match add_blob(store, kept, 10_000) {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < most, "never full");
    };
    assert_eq!(refused, StoreError::Full);
    assert!(refused.is_temporary());
    assert_eq!(count(store), kept, "what was acknowledged is there, and can be read");
    assert_eq!(add_blob(store, kept, 100_000), Err(StoreError::Full));
    make_room();
    add_blob(store, kept, 10_000).unwrap();
    assert_eq!(count(store), kept + 1);
}

#[test]
fn a_full_database_refuses_and_goes_on_when_there_is_room() {
    let place = Place::sqlite();
    let store = place.open();
    let pages = |count: u32| {
        let sql = format!("PRAGMA max_page_count = {count}");
        store.write_blocking(move |transaction| transaction.query(&sql, &[])).unwrap();
    };
    pages(100);
    fill_and_recover(&store, 100, || pages(10_000));
}

/// A small disk of its own, where the test may mount one.
struct Disk(TempDir);

impl Disk {
    fn new(what: &str) -> Option<Disk> {
        let disk = Disk(tempfile::tempdir().unwrap());
        if disk.mount("size=2m") {
            return Some(disk);
        }
        println!("skipped: {what} needs the right to mount a disk");
        None
    }

    fn mount(&self, options: &str) -> bool {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(self.0.path());
        mount.output().is_ok_and(|ran| ran.status.success())
    }

    fn place(&self) -> Place {
        Place { location: Location::file(self.0.path().join("tickets.db")), folder: None }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[test]
fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let Some(disk) = Disk::new("a full disk") else { return };
    let filler = disk.0.path().join("filler");
    fs::write(&filler, vec![0; 1 << 20]).unwrap();
    let store = disk.place().open();
    // A copy does not fit either, and leaves nothing behind.
    add_blob(&store, 1000, 300_000).unwrap();
    // Once it stands in the log and in the file.
    eventually(|| fs::metadata(disk.0.path().join("tickets.db")).unwrap().len() > 300_000);
    let more = disk.0.path().join("more");
    fs::write(&more, vec![0; 200_000]).unwrap();
    assert_eq!(store.backup(&disk.0.path().join("copy.db"), &mut |_, _| {}), Err(StoreError::Full));
    assert!(
        fs::read_dir(disk.0.path()).unwrap().flatten().all(|file| !file.file_name().to_string_lossy().contains("copy"))
    );
    fs::remove_file(more).unwrap();
    store.write_blocking(|transaction| transaction.execute("DELETE FROM item", &[])).unwrap();
    fill_and_recover(&store, 200, || fs::remove_file(&filler).unwrap());
    drop(store);
    assert!(reopen(&disk.place()).is_ok());
}

#[test]
fn a_read_only_disk_is_told_apart() {
    let Some(disk) = Disk::new("a read-only disk") else { return };
    drop(disk.place().open());
    assert!(disk.mount("remount,ro"));
    assert_eq!(reopen(&disk.place()).err(), Some(StoreError::ReadOnly));
}

#[test]
fn a_database_that_becomes_read_only_is_told_apart_while_it_runs() {
    let place = Place::sqlite();
    let store = place.open();
    assert_eq!(add_blob(&store, 1, 1), Ok(1));
    store.write_blocking(|transaction| transaction.query("PRAGMA query_only = 1", &[])).unwrap();
    assert_eq!(add_blob(&store, 2, 1), Err(StoreError::ReadOnly));
    assert_eq!(count(&store), 1, "it can still be read");
}

#[test]
fn a_copy_is_of_one_moment_while_writing_goes_on() {
    let place = Place::sqlite();
    let store = place.open();
    for id in 0..2000 {
        add_blob(&store, id, 20_000).unwrap();
    }
    let copy = place.path().with_file_name("备份.db");
    let mut steps = Vec::new();
    let writer = store.clone();
    let mut next = 2000;
    let progress = &mut |done: usize, total: usize| {
        steps.push((done, total));
        add_blob(&writer, next, 20_000).unwrap();
        next += 1;
    };
    store.backup(&copy, progress).unwrap();
    assert!(steps.len() > 3 && steps.is_sorted(), "{steps:?}");
    assert_eq!(steps.last().map(|(done, total)| done == total), Some(true));
    let files = fs::read_dir(place.path().parent().unwrap()).unwrap().flatten();
    let left: Vec<_> =
        files.map(|file| file.file_name()).filter(|name| name.to_string_lossy().contains("part")).collect();
    assert!(left.is_empty(), "{left:?}");
    let copied = Place { location: Location::file(&copy), folder: None };
    assert_eq!(count(&copied.open()), 2000);
    assert!(count(&store) > 2000);
    // Nothing is overwritten.
    let error = store.backup(&copy, &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("already there"), "{error}");
}

/// Bytes of the log beside a database.
fn log_bytes(place: &Place) -> u64 {
    fs::metadata(place.path().with_extension("db-wal")).map_or(0, |log| log.len())
}

#[test]
fn the_log_is_taken_over_while_commits_follow_closely() {
    let place = Place::sqlite();
    let store = place.open();
    for id in 0..2_000 {
        add_blob(&store, id, 100_000).unwrap();
    }
    // 200 MB were written; the log begins anew each 64 MB at the latest.
    let bytes = log_bytes(&place);
    assert!((1..96 << 20).contains(&bytes), "{bytes}");
    let pages = || {
        let row = store.read_blocking(|transaction| transaction.query("PRAGMA page_count", &[])).unwrap();
        row[0].integer(0).unwrap() as u64
    };
    // Without another commit all of it reaches the file.
    eventually(|| fs::metadata(place.path()).unwrap().len() == pages() * 4096);
    drop(store);
    assert_eq!(log_bytes(&place), 0, "whoever closes the file last takes over the log");
    assert_eq!(count(&reopen(&place).unwrap()), 2_000);
}
