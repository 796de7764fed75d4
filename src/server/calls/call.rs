//! One call: what was said, what is known beside it, and the newest suggestion; shared by all who are connected to it.
//!
//! Nothing waits in a queue for anybody. A change wakes whoever is connected, and each takes what is newer than what it
//! has ([`Call::since`]): whoever is slow misses what was overtaken, and nothing else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use super::message::{Change, Outgoing};
use super::transcript::{Heard, Part, Transcript, Utterance};
use crate::decide::Answer;

/// A call.
pub(super) struct Call {
    pub(super) id: String,
    state: Mutex<State>,
    /// Wakes whoever is connected; the number itself says nothing.
    changed: watch::Sender<u64>,
    /// Wakes whoever decides.
    pub(super) undecided: Notify,
}

struct State {
    draft: Draft,
    suggestion: Option<Arc<str>>,
    /// How many suggestions there were.
    suggestions: u64,
    /// The last change that is on disk.
    kept: u64,
    ended: bool,
    connected: usize,
    /// Decides for as long as somebody is connected.
    deciding: Option<AbortHandle>,
    /// When somebody was last connected.
    seen: Instant,
}

/// What is kept of a call over a restart of the server.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Draft {
    transcript: Transcript,
    notes: String,
    district: Option<String>,
    channel: Option<String>,
    /// The caller's number, from the telephone system.
    phone: Option<String>,
    answers: Vec<Answer>,
    /// How many changes there were.
    sequence: u64,
    /// Which of them was the last of what is known beside what is said.
    known_at: u64,
    /// At which lines were last let go.
    forgot_at: u64,
}

/// What is decided on.
pub(super) struct Matter {
    pub(super) sequence: u64,
    pub(super) text: String,
    /// Characters of it that were said; what follows was typed.
    pub(super) spoken: usize,
    pub(super) parts: Vec<Part>,
    pub(super) district: Option<String>,
    pub(super) channel: Option<String>,
    pub(super) answers: Vec<Answer>,
}

/// How far somebody who is connected is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) sequence: u64,
    suggestions: u64,
    kept: u64,
}

impl Call {
    pub(super) fn new(id: String, draft: Draft) -> Call {
        let kept = draft.sequence;
        let state = State {
            draft,
            suggestion: None,
            suggestions: 0,
            kept,
            ended: false,
            connected: 0,
            deciding: None,
            seen: Instant::now(),
        };
        Call { id, state: Mutex::new(state), changed: watch::channel(0).0, undecided: Notify::new() }
    }

    /// A panic while it was held is logged where it happened; what is in it is whole after every statement.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        self.changed.send_modify(|number| *number = number.wrapping_add(1));
    }

    /// Takes what was heard. True where it changed anything.
    pub(super) fn hear(&self, mut heard: Utterance) -> bool {
        let mut state = self.state();
        let draft = &mut state.draft;
        heard.sequence = draft.sequence + 1;
        let forgotten = draft.transcript.forgotten();
        if draft.transcript.hear(heard) == Heard::Known {
            return false;
        }
        draft.sequence += 1;
        if draft.transcript.forgotten() != forgotten {
            draft.forgot_at = draft.sequence;
        }
        drop(state);
        self.undecided.notify_one();
        self.tell();
        true
    }

    /// Takes what is known beside what is said. True where it changed anything.
    pub(super) fn know(&self, change: Change) -> bool {
        let mut state = self.state();
        let draft = &mut state.draft;
        // An empty name takes one back.
        let name = |given: Option<String>, own: &Option<String>| match given {
            Some(given) => Some(given).filter(|name| !name.is_empty()),
            None => own.clone(),
        };
        let district = name(change.district, &draft.district);
        let channel = name(change.channel, &draft.channel);
        let phone = name(change.phone, &draft.phone);
        let notes = change.notes.unwrap_or_else(|| draft.notes.clone());
        let answers = change.answers.unwrap_or_else(|| draft.answers.clone());
        let decided_on = (&draft.district, &draft.channel, &draft.notes, &draft.answers);
        let same = (&district, &channel, &notes, &answers) == decided_on;
        if same && phone == draft.phone {
            return false;
        }
        draft.sequence += 1;
        (draft.district, draft.channel, draft.notes, draft.answers) = (district, channel, notes, answers);
        draft.phone = phone;
        draft.known_at = draft.sequence;
        drop(state);
        if !same {
            self.undecided.notify_one();
        }
        self.tell();
        true
    }

    /// What is decided on now: the caller's words, then what the agent typed.
    pub(super) fn matter(&self) -> Matter {
        let state = self.state();
        let draft = &state.draft;
        let (mut text, parts) = draft.transcript.words();
        let spoken = text.chars().count();
        if !draft.notes.is_empty() {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&draft.notes);
        }
        Matter {
            sequence: draft.sequence,
            text,
            spoken,
            parts,
            district: draft.district.clone(),
            channel: draft.channel.clone(),
            answers: draft.answers.clone(),
        }
    }

    /// Puts a suggestion, as it is sent, in the place of the last.
    pub(super) fn suggest(&self, suggestion: String) {
        let mut state = self.state();
        state.suggestion = Some(suggestion.into());
        state.suggestions += 1;
        drop(state);
        self.tell();
    }

    /// All changes up to this one are on disk.
    pub(super) fn keep(&self, sequence: u64) {
        let mut state = self.state();
        state.kept = state.kept.max(sequence);
        drop(state);
        self.tell();
    }

    /// The call is over.
    pub(super) fn end(&self) {
        self.state().ended = true;
        self.tell();
    }

    pub(super) fn ended(&self) -> bool {
        self.state().ended
    }

    /// What is to be kept, with the last change that is in it; none where all is kept.
    pub(super) fn draft(&self) -> Option<(u64, String)> {
        let state = self.state();
        let draft = &state.draft;
        (draft.sequence > state.kept && !state.ended)
            .then(|| (draft.sequence, serde_json::to_string(draft).unwrap_or_default()))
    }

    /// Somebody is connected, unless `most` are; how many there are then, and who is woken by changes.
    pub(super) fn connect(&self, most: usize) -> Option<(usize, watch::Receiver<u64>)> {
        let mut state = self.state();
        if state.connected >= most {
            return None;
        }
        state.connected += 1;
        Some((state.connected, self.changed.subscribe()))
    }

    /// Somebody left. With the last of them it is not decided on any more.
    pub(super) fn disconnect(&self) {
        let mut state = self.state();
        state.connected -= 1;
        state.seen = Instant::now();
        if state.connected == 0
            && let Some(deciding) = state.deciding.take()
        {
            deciding.abort();
        }
    }

    /// Who decides on it from now on.
    pub(super) fn decided_by(&self, deciding: AbortHandle) {
        if let Some(before) = self.state().deciding.replace(deciding) {
            before.abort();
        }
    }

    /// Since when nobody is connected; none while somebody is.
    pub(super) fn left(&self) -> Option<Instant> {
        let state = self.state();
        (state.connected == 0).then_some(state.seen)
    }

    /// The first message to whoever connects and has seen the changes up to `after`, and how far that is. Whoever has seen
    /// more than there is (the server lost some) is told everything.
    pub(super) fn greet(&self, after: u64) -> (String, Seen) {
        let state = self.state();
        let sequence = state.draft.sequence;
        let opened = Outgoing::Opened { call: &self.id, sequence, known: sequence > 0 };
        let seen = Seen { sequence: if after > sequence { 0 } else { after }, suggestions: 0, kept: 0 };
        (opened.json(), seen)
    }

    /// What is newer than what was seen, oldest first, as it is sent: transcript and suggestion where they are wanted
    /// (`listens`), and how far it is on disk where it is kept.
    pub(super) fn since(&self, seen: &mut Seen, listens: bool, keeps: bool) -> Vec<Arc<str>> {
        let state = self.state();
        let mut news = if listens { state.said_since(seen) } else { Vec::new() };
        if keeps && state.kept > seen.kept {
            news.push(Outgoing::Kept { sequence: state.kept }.json().into());
            seen.kept = state.kept;
        }
        if state.ended {
            news.push(Outgoing::Ended.json().into());
        }
        news
    }
}

impl State {
    fn said_since(&self, seen: &mut Seen) -> Vec<Arc<str>> {
        let draft = &self.draft;
        let mut news: Vec<Arc<str>> = Vec::new();
        if draft.forgot_at > seen.sequence {
            let first = draft.transcript.utterances().first().map(|own| own.utterance.as_str());
            news.push(Outgoing::Forgotten { count: draft.transcript.forgotten(), first }.json().into());
        }
        let mut changed: Vec<&Utterance> =
            draft.transcript.utterances().iter().filter(|own| own.sequence > seen.sequence).collect();
        changed.sort_by_key(|own| own.sequence);
        news.extend(changed.into_iter().map(|own| Outgoing::Utterance(own).json().into()));
        if draft.known_at > seen.sequence {
            let context = Outgoing::Context {
                sequence: draft.known_at,
                notes: &draft.notes,
                district: draft.district.as_deref(),
                channel: draft.channel.as_deref(),
                phone: draft.phone.as_deref(),
                answers: &draft.answers,
            };
            news.push(context.json().into());
        }
        seen.sequence = draft.sequence;
        if self.suggestions > seen.suggestions {
            news.extend(self.suggestion.clone());
            seen.suggestions = self.suggestions;
        }
        news
    }
}
