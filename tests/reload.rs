//! Reloading: a good edit is served, a bad one changes nothing, a restart goes on with the last good bundle.
//!
//! What watching does is asked for again and again, for ten seconds at the most; nothing waits for a fixed time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/folder.rs"]
mod folder;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use folder::{Folder, eventually};
use jiesu::bundle::{Attempt, Cache, Cause, History, Live, LiveError, Reloaded, Snapshot, watch};
use jiesu::decide::{Complaint, Decision, Options, parse_time};
use jiesu::report::changes::changes;

const SCENARIO: &str = "bundle/rules/scenarios/road/streetlight-out.yaml";
const TERMS: &str = "bundle/rules/terms/common.yaml";

fn start(folder: &Folder) -> Live {
    Live::start(&folder.bundle(), Cache::none(), None).unwrap_or_else(|error| panic!("{error:?}"))
}

fn start_with_history(folder: &Folder) -> Result<Live, LiveError> {
    Live::start(&folder.bundle(), Cache::none(), Some(history(folder)))
}

fn history(folder: &Folder) -> History {
    History::open(&folder.at("data")).unwrap()
}

fn decide(live: &Live, text: &str) -> Decision {
    let engine = &live.serving().bundle.engine;
    let at = parse_time("2026-03-02T10:00", &engine.settings().time_zone).unwrap();
    let complaint = Complaint { text: text.to_owned(), title: None, channel: None, district: None, at };
    engine.decide(&complaint, Options { rules_only: true }).unwrap()
}

fn title(live: &Live, text: &str) -> Option<String> {
    decide(live, text).scenario.map(|scenario| scenario.title)
}

fn revision(live: &Live) -> String {
    live.serving().bundle.engine.revision().to_owned()
}

/// What the folder's files give.
fn revision_on_disk(folder: &Folder) -> String {
    Snapshot::read(&folder.bundle()).unwrap().revision()
}

fn errors(live: &Live) -> Vec<String> {
    let last = live.status().last;
    last.diagnostics.iter().filter(|d| d.is_error()).map(|d| format!("{} {}", d.code.id(), d.location())).collect()
}

/// What is done to a folder.
type Damage = fn(&Folder);

#[test]
fn an_edit_changes_the_answer() {
    let folder = Folder::init();
    let live = start(&folder);
    assert_eq!(title(&live, "路灯坏了").as_deref(), Some("路灯不亮"));
    folder.edit(SCENARIO, "title: 路灯不亮", "title: 路灯故障");
    let attempt = live.reload();
    assert!(attempt.accepted && attempt.failure.is_none());
    assert_eq!(title(&live, "路灯坏了").as_deref(), Some("路灯故障"));
    assert_eq!(attempt.revision, revision(&live));
    assert_eq!((live.status().accepted, live.status().refused), (2, 0));
}

#[test]
fn a_bad_edit_changes_nothing_and_says_why() {
    let folder = Folder::init();
    let live = start(&folder);
    let good = revision(&live);
    folder.edit(SCENARIO, "title:", "titel:");
    let attempt = live.reload();
    assert!(!attempt.accepted);
    assert_eq!((revision(&live), title(&live, "路灯坏了").as_deref()), (good.clone(), Some("路灯不亮")));
    assert_ne!(attempt.revision, good, "the revision that was tried");
    assert!(
        errors(&live).iter().any(|e| e == "J003 rules/scenarios/road/streetlight-out.yaml:2:1"),
        "{:?}",
        errors(&live)
    );
    assert_eq!((live.status().accepted, live.status().refused), (1, 1));
    assert!(!live.serving().stale, "it is what the folder held while this process ran");
    folder.edit(SCENARIO, "titel:", "title:");
    assert!(live.reload().accepted);
    assert_eq!(revision(&live), good);
}

#[test]
fn a_folder_that_is_gone_changes_nothing_and_says_why() {
    let folder = Folder::init();
    let live = start(&folder);
    fs::rename(folder.bundle(), folder.at("away")).unwrap();
    let attempt = live.reload();
    assert!(!attempt.accepted && attempt.failure.is_some_and(|failure| failure.en.contains("no rules/ folder")));
    assert!(title(&live, "路灯坏了").is_some());
    fs::rename(folder.at("away"), folder.bundle()).unwrap();
    assert!(live.reload().accepted);
}

/// A bundle is immutable: whoever holds one goes on with it.
#[test]
fn what_is_being_answered_keeps_its_bundle() {
    let folder = Folder::init();
    let live = start(&folder);
    let held = live.serving();
    folder.edit(SCENARIO, "title: 路灯不亮", "title: 路灯故障");
    live.reload();
    assert_ne!(held.bundle.engine.revision(), revision(&live));
    assert_eq!(held.bundle.engine.rules().scenarios()[0].title, "路灯不亮");
}

#[test]
fn an_edit_of_rules_keeps_the_index_of_cases() {
    let folder = Folder::init();
    let live = start(&folder);
    let cases = |live: &Live| Arc::clone(&live.serving().bundle.engine.knowledge().cases);
    let reference = |live: &Live| Arc::clone(&live.serving().bundle.engine.knowledge().reference);
    let (cases_before, reference_before) = (cases(&live), reference(&live));
    folder.edit(SCENARIO, "title: 路灯不亮", "title: 路灯故障");
    assert!(live.reload().accepted);
    assert!(Arc::ptr_eq(&cases_before, &cases(&live)) && Arc::ptr_eq(&reference_before, &reference(&live)));
    folder.write("bundle/knowledge/cases/more.jsonl", "{\"id\": \"more\", \"text\": \"桥洞积水\"}\n");
    assert!(live.reload().accepted);
    assert!(!Arc::ptr_eq(&cases_before, &cases(&live)) && Arc::ptr_eq(&reference_before, &reference(&live)));
    assert_eq!(cases(&live).all().len(), 2);
}

#[test]
fn the_same_files_give_the_same_revision() {
    let (one, two) = (Folder::init(), Folder::empty());
    let files = Snapshot::read(&one.bundle()).unwrap().files;
    for (path, content) in files.iter().rev() {
        two.write(&format!("bundle/{path}"), &content.text);
    }
    assert_eq!(revision_on_disk(&one), revision_on_disk(&two));
    // Notes, and what editors leave behind, are no part of it.
    two.write("bundle/rules/README.md", "notes");
    two.write("bundle/rules/.common.yaml.swp", "x");
    assert_eq!(revision_on_disk(&one), revision_on_disk(&two));
    two.edit(TERMS, "街灯", "街燈");
    assert_ne!(revision_on_disk(&one), revision_on_disk(&two), "the same length, another content");
    // The same text in another file is another bundle.
    let three = Folder::init();
    fs::rename(three.at(TERMS), three.at("bundle/rules/terms/other.yaml")).unwrap();
    assert_ne!(revision_on_disk(&one), revision_on_disk(&three));
}

/// Watching `live`, with the number of reloads so far.
fn watched(folder: &Folder) -> (Arc<Live>, Arc<AtomicU64>) {
    let live = Arc::new(start(folder));
    let reloads = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&reloads);
    let count = move |_: &Attempt| {
        counter.fetch_add(1, Ordering::SeqCst);
    };
    watch(&live, count).unwrap();
    (live, reloads)
}

#[track_caller]
fn eventually_served(live: &Live, expect: &str) {
    let what = || format!("{expect} is served; errors: {:?}", errors(live));
    eventually(what, || title(live, "路灯坏了").as_deref() == Some(expect));
}

#[test]
fn watching_sees_every_way_to_change_a_file() {
    let folder = Folder::init();
    let (live, _) = watched(&folder);
    folder.edit(SCENARIO, "title: 路灯不亮", "title: 写在原处");
    eventually_served(&live, "写在原处");

    // As editors save: a new file is written beside it, and renamed onto it.
    let text = fs::read_to_string(folder.at(SCENARIO)).unwrap();
    folder.write("bundle/rules/scenarios/road/.new.tmp", text.replace("写在原处", "改名替换"));
    fs::rename(folder.at("bundle/rules/scenarios/road/.new.tmp"), folder.at(SCENARIO)).unwrap();
    eventually_served(&live, "改名替换");

    // A folder that is moved away and put back otherwise.
    fs::rename(folder.at("bundle/rules/scenarios/road"), folder.at("road")).unwrap();
    folder.edit("road/streetlight-out.yaml", "改名替换", "换了目录");
    fs::rename(folder.at("road"), folder.at("bundle/rules/scenarios/road")).unwrap();
    eventually_served(&live, "换了目录");

    // A bad edit, and its repair.
    folder.edit(SCENARIO, "title:", "titel:");
    eventually(|| "the bad edit is refused".to_owned(), || live.status().refused > 0);
    assert_eq!(title(&live, "路灯坏了").as_deref(), Some("换了目录"));
    folder.edit(SCENARIO, "titel: 换了目录", "title: 改好了");
    eventually_served(&live, "改好了");
}

/// Releases side by side, and a link to the one that counts, swapped in one step.
#[test]
fn watching_sees_a_link_that_is_swapped() {
    let folder = Folder::init();
    fs::rename(folder.at("bundle/rules"), folder.at("release-1")).unwrap();
    copy(&folder.at("release-1"), &folder.at("release-2"));
    folder.edit("release-2/scenarios/road/streetlight-out.yaml", "title: 路灯不亮", "title: 第二版");
    symlink("../release-1", folder.at("bundle/rules")).unwrap();
    let (live, _) = watched(&folder);
    eventually_served(&live, "路灯不亮");
    symlink("../release-2", folder.at("bundle/rules.new")).unwrap();
    fs::rename(folder.at("bundle/rules.new"), folder.at("bundle/rules")).unwrap();
    eventually_served(&live, "第二版");
    // The new target is watched too.
    folder.edit("release-2/scenarios/road/streetlight-out.yaml", "title: 第二版", "title: 第二版改");
    eventually_served(&live, "第二版改");
}

#[test]
fn watching_a_folder_at_rest_reloads_no_more() {
    let folder = Folder::init();
    let (live, reloads) = watched(&folder);
    // The first look is a reload of its own, so that no change between start and watching is missed.
    eventually(|| "the first look".to_owned(), || reloads.load(Ordering::SeqCst) == 1);
    folder.edit(SCENARIO, "title: 路灯不亮", "title: 一次");
    eventually_served(&live, "一次");
    let after = reloads.load(Ordering::SeqCst);
    // Longer than it takes to look again.
    std::thread::sleep(std::time::Duration::from_millis(4_500));
    assert!(reloads.load(Ordering::SeqCst) <= after + 1, "reloads by itself");
}

#[test]
fn watching_ends_with_what_is_watched() {
    let folder = Folder::init();
    let (live, _) = watched(&folder);
    let weak = Arc::downgrade(&live);
    drop(live);
    eventually(|| "it is let go".to_owned(), || weak.upgrade().is_none());
}

#[test]
fn a_restart_on_a_bad_folder_serves_the_last_good_bundle() {
    let folder = Folder::init();
    let good = revision(&start_with_history(&folder).unwrap());
    folder.edit(SCENARIO, "title: 路灯不亮", "titel: 路灯故障");

    let live = start_with_history(&folder).unwrap();
    assert!(live.serving().stale);
    assert_eq!((revision(&live), title(&live, "路灯坏了").as_deref()), (good.clone(), Some("路灯不亮")));
    assert_eq!((live.status().accepted, live.status().refused), (0, 1));
    assert!(errors(&live).iter().any(|e| e.starts_with("J003")), "{:?}", errors(&live));
    assert!(!live.reload().accepted && live.serving().stale, "still bad");

    folder.edit(SCENARIO, "titel:", "title:");
    assert!(live.reload().accepted);
    assert!(!live.serving().stale);
    assert_eq!(title(&live, "路灯坏了").as_deref(), Some("路灯故障"));
    assert_ne!(revision(&live), good);
    assert_eq!(history(&folder).last_good(), Some(revision(&live)));
}

/// What is remembered of reloads, the newest first: what it came from, whether it was taken, why not.
fn reloads(live: &Live) -> Vec<String> {
    let line = |one: Reloaded| {
        let why = one.why.map(|(_, en)| en.split(':').next().unwrap_or_default().to_owned()).unwrap_or_default();
        format!("{:?} {} {why}", one.cause, if one.accepted { "taken" } else { "refused" }).trim_end().to_owned()
    };
    live.reloads().into_iter().map(line).collect()
}

#[test]
fn reloads_are_remembered_with_what_they_changed_also_after_a_restart() {
    let folder = Folder::init();
    let live = start_with_history(&folder).unwrap();
    let first = revision(&live);
    assert!(live.before().is_none());
    assert!(live.reload().accepted, "nothing changed: that is not worth a line");
    folder.edit(SCENARIO, "title: 路灯不亮", "title: 路灯故障");
    live.reload();
    let second = revision(&live);
    folder.edit(SCENARIO, "title: 路灯故障", "titel: 路灯故障");
    live.reload_for(Cause::Ordered { by: "编辑".to_owned() });
    live.reload();
    let expect =
        ["Ordered { by: \"编辑\" } refused rules/scenarios/road/streetlight-out.yaml", "Changed taken", "Start taken"];
    assert_eq!(reloads(&live), expect);
    let newest = &live.reloads()[0];
    assert!(newest.errors > 0 && newest.before == second && newest.revision != second);
    assert_eq!(live.before().unwrap().revision(), first);
    let found = changes(&live.before().unwrap(), &live.serving().bundle.snapshot);
    let parts: Vec<(&str, usize)> = found.parts.iter().map(|part| (part.id.as_str(), part.edits_in_all)).collect();
    assert_eq!(parts, [("road/streetlight-out", 1)]);

    folder.edit(SCENARIO, "titel: 路灯故障", "title: 路灯故障");
    drop(live);
    let live = start_with_history(&folder).unwrap();
    assert_eq!(reloads(&live)[1..], expect);
    assert_eq!(live.before().unwrap().revision(), first, "also before the restart");
    // What was damaged is left out.
    fs::write(folder.at("data/bundles/reloads.jsonl"), "{\n").unwrap();
    assert_eq!(reloads(&start_with_history(&folder).unwrap()), ["Start taken"]);
}

#[test]
fn a_restart_without_a_folder_serves_the_last_good_bundle() {
    let folder = Folder::init();
    start_with_history(&folder).unwrap();
    fs::rename(folder.bundle(), folder.at("away")).unwrap();
    let live = start_with_history(&folder).unwrap();
    assert!(live.serving().stale && live.status().last.failure.is_some());
    // The same files again are no longer stale, though the revision is the same.
    fs::rename(folder.at("away"), folder.bundle()).unwrap();
    assert!(live.reload().accepted && !live.serving().stale);
}

#[test]
fn without_a_last_good_bundle_there_is_nothing_to_serve() {
    let folder = Folder::init();
    folder.edit(SCENARIO, "title:", "titel:");
    let Err(LiveError::Refused(diagnostics)) = start_with_history(&folder) else { panic!("served") };
    assert!(diagnostics.iter().any(|d| d.code.id() == "J003"));
    fs::rename(folder.bundle(), folder.at("away")).unwrap();
    assert!(matches!(start_with_history(&folder), Err(LiveError::Snapshot(_))));
    let last_good = folder.at("data/bundles/last-good");
    assert!(!last_good.exists(), "a bundle that was refused is not kept");
}

/// A bundle of the history that was altered, cut or taken away is not served, whatever it was.
#[test]
fn a_damaged_history_is_refused() {
    let damages: [(&str, Damage); 7] = [
        ("an altered file", |folder| fs::write(object(folder), "title: x").unwrap()),
        ("a file that is no text", |folder| fs::write(object(folder), b"\xff\xfe").unwrap()),
        ("a missing file", |folder| fs::remove_file(object(folder)).unwrap()),
        ("a list of files that is cut", |folder| fs::write(manifest(folder), "{\"rules/bun").unwrap()),
        ("a list that leads out", |folder| {
            fs::write(manifest(folder), "{\"rules/bundle.yaml\": \"../../../bundle/rules/bundle.yaml\"}").unwrap();
        }),
        ("a revision that leads out", |folder| folder.write("data/bundles/last-good", "../../elsewhere-0000000000")),
        ("a revision that is not there", |folder| folder.write("data/bundles/last-good", "0123456789abcdef")),
    ];
    for (what, damage) in damages {
        let folder = Folder::init();
        start_with_history(&folder).unwrap();
        folder.edit(SCENARIO, "title:", "titel:");
        assert!(start_with_history(&folder).is_ok_and(|live| live.serving().stale), "{what}: nothing was kept");
        damage(&folder);
        assert!(matches!(start_with_history(&folder), Err(LiveError::Refused(_))), "{what} is served");
    }
}

/// A list of files with one taken out is another bundle, and must not pass for the one that was served.
#[test]
fn a_history_that_lacks_a_file_is_refused() {
    let folder = Folder::init();
    let kept = revision(&start_with_history(&folder).unwrap());
    let list = fs::read_to_string(manifest(&folder)).unwrap();
    let mut list: std::collections::BTreeMap<String, String> = serde_json::from_str(&list).unwrap();
    list.remove("knowledge/cases/examples.jsonl").unwrap();
    fs::write(manifest(&folder), serde_json::to_string(&list).unwrap()).unwrap();
    let snapshot = history(&folder).snapshot(&kept);
    assert!(
        snapshot.is_none_or(|snapshot| snapshot.revision() == kept),
        "other files under the revision that was served"
    );
}

/// What was damaged is whole again once the same bundle is kept again.
#[test]
fn a_damaged_history_is_repaired_by_the_next_good_start() {
    let folder = Folder::init();
    start_with_history(&folder).unwrap();
    fs::write(object(&folder), "").unwrap();
    start_with_history(&folder).unwrap();
    folder.edit(SCENARIO, "title:", "titel:");
    assert!(start_with_history(&folder).is_ok_and(|live| live.serving().stale));
}

/// A scenario's content in the history.
fn object(folder: &Folder) -> std::path::PathBuf {
    let objects = fs::read_dir(folder.at("data/bundles/objects")).unwrap().map(|entry| entry.unwrap().path());
    let is_scenario = |path: &std::path::PathBuf| {
        fs::read_to_string(path).is_ok_and(|text| text.contains("id: road/streetlight-out\n"))
    };
    objects.into_iter().find(is_scenario).unwrap()
}

/// The list of files of the one bundle in the history.
fn manifest(folder: &Folder) -> std::path::PathBuf {
    fs::read_dir(folder.at("data/bundles/revisions")).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn a_checkout_between_two_commits_is_served() {
    let Some(git) = Git::new() else { return };
    git.commit("first");
    let (live, _) = watched(&git.folder);
    git.folder.edit(SCENARIO, "title: 路灯不亮", "title: 第二个提交");
    git.folder.write("bundle/rules/scenarios/road/extra.yaml", EXTRA);
    git.folder.write("bundle/rules/responsibility/extra.yaml", EXTRA_RESPONSIBLE);
    git.commit("second");
    eventually_served(&live, "第二个提交");
    git.run(&["checkout", "-q", "HEAD~1"]);
    eventually_served(&live, "路灯不亮");
    git.run(&["checkout", "-q", "main"]);
    eventually_served(&live, "第二个提交");
    eventually(|| "the new file is read too".to_owned(), || title(&live, "路面坑洼").as_deref() == Some("道路坑洼"));
}

#[test]
fn the_commit_is_reported_where_the_tree_is_clean() {
    let Some(git) = Git::new() else { return };
    let commit = |live: &Live| live.serving().bundle.commit.clone();
    let live = start(&git.folder);
    assert_eq!(commit(&live), None, "nothing is committed");
    let first = git.commit("first");
    let live = start(&git.folder);
    assert_eq!(commit(&live), Some(first.clone()));

    git.folder.edit(SCENARIO, "title: 路灯不亮", "title: 未提交");
    live.reload();
    assert_eq!(commit(&live), None, "an edit");
    git.run(&["checkout", "-q", "."]);
    live.reload();
    assert_eq!(commit(&live), Some(first.clone()));
    git.folder.write("bundle/rules/terms/more.yaml", "桥: [天桥]\n");
    live.reload();
    assert_eq!(commit(&live), None, "a file that is not added");
    fs::remove_file(git.folder.at("bundle/rules/terms/more.yaml")).unwrap();
    fs::remove_file(git.folder.at("bundle/rules/dictionary.txt")).unwrap();
    live.reload();
    assert_eq!(commit(&live), None, "a file that is gone");
    git.run(&["checkout", "-q", "."]);
    git.folder.write("bundle/notes.txt", "no part of the bundle");
    live.reload();
    assert_eq!(commit(&live), Some(first));
}

/// An edit that is served and committed afterwards has a commit then, though its files are the same.
#[test]
fn a_commit_of_what_is_served_is_reported() {
    let Some(git) = Git::new() else { return };
    git.commit("first");
    let live = start(&git.folder);
    git.folder.edit(SCENARIO, "title: 路灯不亮", "title: 先用后提交");
    live.reload();
    let second = git.commit("second");
    live.reload();
    assert_eq!(live.serving().bundle.commit, Some(second));
}

const EXTRA: &str =
    "id: road/extra\ntitle: 道路坑洼\ncategory: 城乡建设/道路照明\nwhen: {any: [坑洼]}\nreply: 已受理。\n";
const EXTRA_RESPONSIBLE: &str = "- {scenario: road/extra, lead: urban-management, basis: 派单目录第2项}\n";

/// A bundle in a git repository.
struct Git {
    folder: Folder,
}

impl Git {
    /// `None` where there is no git; that is a failure when everything is required.
    fn new() -> Option<Git> {
        if Command::new("git").arg("--version").output().is_err() {
            assert!(std::env::var_os("JIESU_REQUIRE_ALL").is_none(), "git is not installed");
            eprintln!("skipped: git is not installed");
            return None;
        }
        let git = Git { folder: Folder::init() };
        git.run(&["init", "-q", "-b", "main"]);
        Some(git)
    }

    fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.current_dir(self.folder.path()).args(["-c", "user.name=t", "-c", "user.email=t@example.com"]);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        let ran = command.args(["-c", "commit.gpgsign=false"]).args(arguments).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    /// Commits all there is; gives the commit.
    fn commit(&self, message: &str) -> String {
        self.run(&["add", "-A", "bundle"]);
        self.run(&["commit", "-q", "-m", message]);
        self.run(&["rev-parse", "HEAD"])
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (source, target) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
        if source.is_dir() {
            copy(&source, &target);
        } else {
            fs::copy(source, target).unwrap();
        }
    }
}
