//! What identifies people goes when it is to go: photos too, and after a time the log of who saw what.

use std::path::Path;

use jiesu::access::audit;
use jiesu::tickets::{Attachments, Settings};
use serde_json::json;

use crate::deadlines::id;
use crate::hotline::{Hotline, LEAK, Place, STALLS, actor, complaint, dispatcher, without_repeats};

const PHOTO: &[u8] = b"\x89PNG\r\n\x1a\na photo of a face";

/// A desk that keeps photos in a folder.
fn with_photos(settings: Settings, folder: &Path) -> Hotline {
    let mut hotline = Hotline::with(Place::sqlite(), settings);
    hotline.tickets = hotline.tickets.clone().with_attachments(Attachments::open(folder).unwrap());
    hotline
}

/// How many files lie in a folder and all below it.
fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

#[test]
fn photos_are_erased_with_the_ticket_and_those_of_others_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let hotline = with_photos(without_repeats(), folder.path());
    let (one, other) = (id(&hotline.file(complaint(LEAK))), id(&hotline.file(complaint(STALLS))));
    let dora = dispatcher();
    for ticket in [&one, &other] {
        // The same photo, which each has for itself.
        hotline.tickets.attach(ticket, "脸.png", PHOTO, &dora).unwrap();
    }
    let sha256 = hotline.get(&one)["attachments"][0]["sha256"].as_str().unwrap().to_owned();
    assert_eq!(files(folder.path()), 2);
    let erased = hotline.wait(hotline.tickets.erase(&one, &actor("root", &["admin"]))).unwrap();
    assert_eq!((&erased["attachments"], files(folder.path())), (&json!([]), 1));
    assert!(hotline.tickets.attachment(&one, &sha256, &dora).is_err());
    assert_eq!(hotline.tickets.attachment(&other, &sha256, &dora).unwrap().1, PHOTO);
    // One that comes later is there, until it is erased again.
    hotline.tickets.attach(&one, "脸.png", PHOTO, &dora).unwrap();
    assert_eq!(hotline.tickets.attachment(&one, &sha256, &dora).unwrap().1, PHOTO);
    hotline.wait(hotline.tickets.erase(&one, &actor("root", &["admin"]))).unwrap();
    assert_eq!(files(folder.path()), 1);
    crate::agreement::of_all(&hotline);
}

#[test]
fn what_a_server_that_died_left_behind_is_removed_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let hotline = with_photos(without_repeats(), folder.path());
    let (one, other) = (id(&hotline.file(complaint(LEAK))), id(&hotline.file(complaint(STALLS))));
    for ticket in [&one, &other] {
        hotline.tickets.attach(ticket, "脸.png", PHOTO, &dispatcher()).unwrap();
    }
    assert_eq!(hotline.tickets.sweep().unwrap(), 0, "nothing was erased");
    let sha256 = hotline.get(&one)["attachments"][0]["sha256"].as_str().unwrap().to_owned();
    let (day, number) = one.split_once('-').unwrap();
    let place = folder.path().join(day).join(number);
    hotline.wait(hotline.tickets.erase(&one, &actor("root", &["admin"]))).unwrap();
    // As if the server had died between the commit and the removal.
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join(&sha256), PHOTO).unwrap();
    assert_eq!((hotline.tickets.sweep().unwrap(), files(folder.path())), (1, 1));
    assert_eq!(hotline.tickets.sweep().unwrap(), 0);
}

#[test]
fn photos_go_with_what_was_kept_long_enough() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { erase_after_days: 30, ..without_repeats() };
    let hotline = with_photos(settings, folder.path());
    let ticket = id(&hotline.file(complaint(STALLS)));
    hotline.tickets.attach(&ticket, "脸.png", PHOTO, &dispatcher()).unwrap();
    let refuse = json!({"action": "refuse", "ground": "out_of_scope", "notice": "请向法院提出"});
    hotline.done(&ticket, refuse, &dispatcher());
    hotline.set("2026-03-20T09:00:00");
    assert_eq!((hotline.wait(hotline.tickets.erase_due()).unwrap(), files(folder.path())), (0, 1));
    hotline.set("2026-04-02T09:00:00");
    assert_eq!((hotline.wait(hotline.tickets.erase_due()).unwrap(), files(folder.path())), (1, 0));
}

#[test]
fn the_log_is_kept_for_a_time_and_no_longer() {
    // Of three complaints one is older than thirty days to the second, and one is as old.
    for (days, left) in [(30, 2), (0, 3)] {
        let hotline = Hotline::with(Place::sqlite(), Settings { audit_days: days, ..without_repeats() });
        for at in ["2026-03-03T08:59:59", "2026-03-03T09:00:00", "2026-04-02T08:00:00"] {
            hotline.set(at);
            hotline.file(complaint(STALLS));
        }
        hotline.set("2026-04-02T09:00:00");
        hotline.wait(hotline.tickets.forget_old()).unwrap();
        let root = actor("root", &["admin"]);
        let page = hotline.wait(hotline.tickets.audit(audit::Filter::default(), 50, &root)).unwrap();
        assert_eq!(page.items.len(), left, "{days}: {:?}", page.items);
    }
}
