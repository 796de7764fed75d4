//! Photos, recordings and documents of tickets: files beside the database, in a folder for each ticket, named by the
//! SHA-256 of their content. A file is on disk before the event that names it is; one whose event was not written belongs
//! to nobody, and goes when the ticket's personal data do. No two tickets share a file, so that one can be erased.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::change::Change;
use super::desk::{Step, Tickets};
use super::model::Attachment;
use super::refusal::Refusal;
use super::rows::{self, Loaded};
use super::view;
use super::words::Words;
use crate::access::Actor;
use crate::say;
use crate::store::{StoreError, Transaction};

/// Bytes of one attachment, at the most.
pub const MOST_BYTES: usize = 20 << 20;
/// Attachments of one ticket, at the most.
const MOST: usize = 30;
/// How long a file may take to be written.
const UNFINISHED: Duration = Duration::from_secs(3600);
/// Characters of a name, at the most.
const MOST_NAME: usize = 200;

/// What may be attached, and how each begins: what a file is, is seen in the file and not believed from its name. (The
/// marks are those of the formats' own specifications.)
const KINDS: &[(&str, usize, &[u8])] = &[
    ("image/jpeg", 0, &[0xff, 0xd8, 0xff]),
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/webp", 8, b"WEBP"),
    ("image/heic", 4, b"ftypheic"),
    ("audio/wav", 8, b"WAVE"),
    ("audio/mpeg", 0, b"ID3"),
    ("audio/mpeg", 0, &[0xff, 0xfb]),
    ("audio/ogg", 0, b"OggS"),
    ("audio/amr", 0, b"#!AMR"),
    ("audio/mp4", 4, b"ftypM4A"),
    ("video/mp4", 4, b"ftypisom"),
    ("video/mp4", 4, b"ftypmp42"),
    ("application/pdf", 0, b"%PDF-"),
];

/// The media type of a file by how it begins.
fn kind(bytes: &[u8]) -> Option<&'static str> {
    let begins = |(_, at, mark): &&(&str, usize, &[u8])| bytes.get(*at..).is_some_and(|rest| rest.starts_with(mark));
    KINDS.iter().find(begins).map(|(kind, _, _)| *kind)
}

/// The folder of attachments.
#[derive(Clone, Debug)]
pub struct Attachments {
    folder: Arc<Path>,
}

impl Attachments {
    /// The folder, made if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(folder: &Path) -> io::Result<Attachments> {
        fs::create_dir_all(folder)?;
        Ok(Attachments { folder: Arc::from(folder) })
    }

    /// The folder of a ticket: by the day it came in, then by its number, so that no folder gets a million entries.
    fn of_ticket(&self, id: &str) -> PathBuf {
        let (day, number) = id.split_once('-').unwrap_or((id, ""));
        self.folder.join(day).join(number)
    }

    fn place(&self, id: &str, sha256: &str) -> PathBuf {
        self.of_ticket(id).join(sha256)
    }

    /// Writes a file of a ticket whole or not at all, through to the disk; gives its name.
    fn keep(&self, id: &str, bytes: &[u8]) -> io::Result<String> {
        let sha256: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let place = self.place(id, &sha256);
        if place.metadata().is_ok_and(|found| found.len() == bytes.len() as u64) {
            return Ok(sha256);
        }
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        let unfinished = place.with_extension(format!("{}-{:?}", std::process::id(), std::thread::current().id()));
        let mut file = File::create(&unfinished)?;
        let written =
            file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&unfinished, &place));
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written.map(|()| sha256)
    }

    /// The content of a file that an event named; an error where it is gone or altered.
    fn read(&self, id: &str, attachment: &Attachment) -> io::Result<Vec<u8>> {
        let bytes = fs::read(self.place(id, &attachment.sha256))?;
        let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        if sha256 == attachment.sha256 { Ok(bytes) } else { Err(io::Error::other("altered on disk")) }
    }

    /// Removes the files of a ticket but those that it still has; what is being written just now stays. Gives how many
    /// there were.
    pub(super) fn forget(&self, id: &str, kept: &[Attachment]) -> io::Result<usize> {
        let folder = self.of_ticket(id);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let mut removed = 0;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let unfinished = Path::new(&name).extension().is_some();
            let age = entry.metadata()?.modified()?.elapsed().unwrap_or_default();
            if kept.iter().any(|attachment| name == *attachment.sha256) || (unfinished && age < UNFINISHED) {
                continue;
            }
            fs::remove_file(entry.path())?;
            removed += 1;
        }
        // Only where nothing is left in it.
        let _ = fs::remove_dir(&folder);
        Ok(removed)
    }

    /// The ids of all tickets that have a folder.
    pub(super) fn tickets(&self) -> io::Result<Vec<String>> {
        let mut ids = Vec::new();
        for day in fs::read_dir(&self.folder)? {
            let day = day?;
            if !day.file_type()?.is_dir() {
                continue;
            }
            for number in fs::read_dir(day.path())? {
                let (day, number) = (day.file_name(), number?.file_name());
                ids.extend(day.to_str().zip(number.to_str()).map(|(day, number)| format!("{day}-{number}")));
            }
        }
        Ok(ids)
    }
}

impl Tickets {
    /// The same desk with a folder for attachments.
    pub fn with_attachments(mut self, attachments: Attachments) -> Tickets {
        self.attachments = Some(attachments);
        self
    }

    fn folder(&self) -> Result<Attachments, Refusal> {
        self.attachments.clone().ok_or_else(|| {
            Refusal::invalid(
                "attachment",
                say!("本服务没有设置附件目录（--data）", "no folder for attachments (--data)"),
            )
        })
    }

    /// Adds a photo, recording or document to a ticket; gives the ticket afterwards. Blocks while the file is written.
    ///
    /// # Errors
    /// The actor does not see the ticket; it is none of the kinds that are taken, too large, or one too many.
    pub fn attach(&self, id: &str, name: &str, bytes: &[u8], actor: &Actor) -> Result<Json, Refusal> {
        // Whoever may not see the ticket writes no file.
        let (seen, own, who) = (id.to_owned(), self.live.serving(), actor.clone());
        self.store.read_blocking(move |tx| {
            view::sight(&rows::load(tx, &seen, false)?, &who, &own).map(drop).ok_or(Refusal::NoTicket)
        })?;
        let media_type = kind(bytes).ok_or_else(|| {
            let message = say!(
                "只收照片（JPEG、PNG、WebP、HEIC）、录音（WAV、MP3、OGG、AMR、M4A）、MP4 视频和 PDF",
                "photos (JPEG, PNG, WebP, HEIC), recordings (WAV, MP3, OGG, AMR, M4A), MP4 and PDF are taken"
            );
            Refusal::invalid("attachment", message)
        })?;
        if bytes.len() > MOST_BYTES {
            let most = MOST_BYTES >> 20;
            return Err(Refusal::invalid("attachment", say!("附件最多 {most} MB", "{most} MB at the most")));
        }
        let name: String = name.chars().filter(|c| !c.is_control()).take(MOST_NAME).collect();
        let (serving, settings, at, actor) =
            (self.live.serving(), Arc::clone(&self.settings), self.now(), actor.clone());
        let sha256 = self.folder()?.keep(id, bytes).map_err(|error| {
            tracing::error!(%error, "attachments");
            Refusal::Store(StoreError::Full)
        })?;
        let attachment =
            Attachment { sha256, name: Words::new(&name), media_type: media_type.to_owned(), size: bytes.len() as u64 };
        let (id, place) = (id.to_owned(), self.folder()?.place(id, &attachment.sha256));
        self.store.write_blocking(move |tx: &mut Transaction<'_>| {
            let step = Step { serving: &serving, settings: &settings, actor: &actor, at };
            let loaded = rows::load(tx, &id, true)?;
            view::sight(&loaded, &actor, &serving).ok_or(Refusal::NoTicket)?;
            // Whoever erased the ticket in the meantime took the file with it.
            if !place.is_file() {
                return Err(Refusal::Store(StoreError::Busy));
            }
            if loaded.ticket.attachments.len() >= MOST {
                return Err(Refusal::invalid("attachment", say!("每个工单最多 {MOST} 个附件", "{MOST} at the most")));
            }
            if loaded.ticket.attachments.iter().any(|own| own.sha256 == attachment.sha256) {
                return view::shown(tx, &loaded, &actor, &serving);
            }
            let changes = vec![Change::Attached { attachment }];
            let ticket = rows::append(tx, loaded.seq, &id, Some(&loaded.ticket), changes, &step.writing())?;
            view::shown(tx, &Loaded { seq: loaded.seq, ticket, submitter: loaded.submitter }, &actor, &serving)
        })
    }

    /// An attachment with its content. A unit gets none of a confidential complaint: faces, voices and papers identify.
    ///
    /// # Errors
    /// There is none, or not for this actor.
    pub fn attachment(&self, id: &str, sha256: &str, actor: &Actor) -> Result<(Attachment, Vec<u8>), Refusal> {
        let (serving, actor, sha256) = (self.live.serving(), actor.clone(), sha256.to_owned());
        let ticket = id.to_owned();
        let found = self.store.read_blocking(move |tx| {
            let loaded = rows::load(tx, &ticket, false)?;
            let sight = view::sight(&loaded, &actor, &serving).ok_or(Refusal::NoTicket)?;
            if loaded.ticket.confidential && !sight.central {
                return Err(Refusal::NoTicket);
            }
            loaded.ticket.attachments.into_iter().find(|own| own.sha256 == sha256).ok_or(Refusal::NoTicket)
        })?;
        let bytes = self.folder()?.read(id, &found).map_err(|error| {
            tracing::error!(%error, "attachments");
            Refusal::Store(StoreError::Corrupt("an attachment is missing or altered".to_owned()))
        })?;
        Ok((found, bytes))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_a_file_is_stands_in_the_file() {
        for (bytes, expect) in [
            (&b"\xff\xd8\xff\xe0JFIF"[..], Some("image/jpeg")),
            (b"\x89PNG\r\n\x1a\nrest", Some("image/png")),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"RIFF\0\0\0\0WAVEfmt ", Some("audio/wav")),
            (b"%PDF-1.7", Some("application/pdf")),
            (b"<html><script>", None),
            (b"MZ\x90\0", None),
            (b"", None),
        ] {
            assert_eq!(kind(bytes), expect, "{bytes:?}");
        }
    }

    fn named(sha256: &str) -> Attachment {
        Attachment { sha256: sha256.to_owned(), name: Words::new("a"), media_type: String::new(), size: 10 }
    }

    #[test]
    fn a_file_is_kept_once_and_one_that_was_altered_is_not_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let attachments = Attachments::open(folder.path()).unwrap();
        let (one, other) = ("20261123-000001", "20261123-000002");
        let sha256 = attachments.keep(one, b"%PDF-1.7 a").unwrap();
        assert_eq!(attachments.keep(one, b"%PDF-1.7 a").unwrap(), sha256);
        let attachment = named(&sha256);
        assert_eq!(attachments.read(one, &attachment).unwrap(), b"%PDF-1.7 a");
        assert!(attachments.read(other, &attachment).is_err(), "each ticket has its own");
        fs::write(attachments.place(one, &sha256), b"%PDF-1.7 b").unwrap();
        assert!(attachments.read(one, &attachment).is_err());
    }

    #[test]
    fn what_a_ticket_no_longer_has_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let attachments = Attachments::open(folder.path()).unwrap();
        let (one, other) = ("20261123-000001", "20261124-000002");
        let kept = named(&attachments.keep(one, b"%PDF-1.7 a").unwrap());
        attachments.keep(one, b"%PDF-1.7 b").unwrap();
        let same = named(&attachments.keep(other, b"%PDF-1.7 b").unwrap());
        let being_written = attachments.place(one, "cc").with_extension("7-1");
        fs::write(&being_written, b"%PDF").unwrap();
        assert_eq!(attachments.forget(one, std::slice::from_ref(&kept)).unwrap(), 1);
        assert!(attachments.read(one, &kept).is_ok() && attachments.read(other, &same).is_ok());
        assert!(being_written.exists());
        let mut tickets = attachments.tickets().unwrap();
        tickets.sort();
        assert_eq!(tickets, [one, other]);
        assert_eq!(attachments.forget(other, &[]).unwrap(), 1);
        assert_eq!(
            (attachments.forget(other, &[]).unwrap(), attachments.tickets().unwrap()),
            (0, vec![one.to_owned()])
        );
    }
}
