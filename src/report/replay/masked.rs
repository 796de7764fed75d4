//! Personal data taken out of a complaint and of its decision, on copies.
//!
//! A mask has the length of what it hides, so every span of the decision is one of the masked text too, and what the
//! decision quotes is quoted from there: a name that only the words around it give away is hidden in a quotation of the
//! name alone. What comes from the bundle and is public stays as it is (articles, notices, steps); past cases are
//! citizens' words as well, and are masked.

use crate::decide::{Complaint, Decision, EvidenceItem};
use crate::text::mask::{Counts, mask, masked};
use crate::text::{Field, Span};

/// A complaint without personal data.
#[derive(Clone, Debug)]
pub struct MaskedComplaint {
    /// It.
    pub complaint: Complaint,
    /// Whether anything was masked.
    pub changed: bool,
    /// Names that were found in it, to be hidden wherever they are repeated.
    names: Vec<String>,
    title: Quoted,
    text: Quoted,
}

/// A field, to quote from.
#[derive(Clone, Debug)]
struct Quoted {
    original: Vec<char>,
    masked: Vec<char>,
}

impl Quoted {
    fn new(original: &str, masked: &str) -> Quoted {
        Quoted { original: original.chars().collect(), masked: masked.chars().collect() }
    }

    /// What stands at a span, and whether it was masked.
    fn at(&self, span: Span) -> (String, bool) {
        let part = |characters: &[char]| -> String {
            let characters = characters.iter().skip(span.start as usize);
            characters.take((span.end.saturating_sub(span.start)) as usize).collect()
        };
        let (original, masked) = (part(&self.original), part(&self.masked));
        let changed = original != masked;
        (masked, changed)
    }
}

impl MaskedComplaint {
    /// Masks every field. Names that one field gives away are hidden in the other.
    pub fn new(complaint: &Complaint) -> MaskedComplaint {
        let title = complaint.title.as_deref().unwrap_or_default();
        let (alone, title_alone) = (masked(&complaint.text), masked(title));
        let mut names = names(title, &title_alone);
        names.extend(self::names(&complaint.text, &alone));
        names.sort_unstable();
        names.dedup();
        let hide = |text: &str| mask(text, &names, &mut Counts::new());
        let again = |text: &str, alone: String| if names.is_empty() { alone } else { hide(text) };
        let own = Complaint {
            text: again(&complaint.text, alone),
            title: complaint.title.as_deref().map(|title| again(title, title_alone)),
            channel: complaint.channel.as_deref().map(hide),
            district: complaint.district.as_deref().map(hide),
            at: complaint.at.clone(),
        };
        let changed = own.text != complaint.text
            || own.title != complaint.title
            || own.channel != complaint.channel
            || own.district != complaint.district;
        let masked_title = own.title.as_deref().unwrap_or_default();
        let (title, text) = (Quoted::new(title, masked_title), Quoted::new(&complaint.text, &own.text));
        MaskedComplaint { complaint: own, changed, names, title, text }
    }

    /// A complaint that is masked already, such as one out of the log: it stays as it is.
    pub fn as_it_is(complaint: &Complaint) -> MaskedComplaint {
        let quoted = |text: &str| Quoted::new(text, text);
        MaskedComplaint {
            complaint: complaint.clone(),
            changed: false,
            names: Vec::new(),
            title: quoted(complaint.title.as_deref().unwrap_or_default()),
            text: quoted(&complaint.text),
        }
    }

    fn quote(&self, span: Span) -> (String, bool) {
        match span.field {
            Field::Title => self.title.at(span),
            Field::Text => self.text.at(span),
        }
    }

    fn hide(&self, text: &str) -> String {
        mask(text, &self.names, &mut Counts::new())
    }
}

/// The names of two characters and more that were masked: a single surname stands in too many other words.
fn names(original: &str, masked: &str) -> Vec<String> {
    let (mut names, mut name) = (Vec::new(), String::new());
    for (own, hidden) in original.chars().zip(masked.chars()).chain([('.', '.')]) {
        if hidden == '某' && own != '某' {
            name.push(own);
        } else if !name.is_empty() {
            names.extend(Some(std::mem::take(&mut name)).filter(|name| name.chars().count() > 1));
        }
    }
    names
}

/// A decision without personal data, and without what is added where it is handed out and what was asked for on top
/// (`id`, `engine`, `elapsed_us`, `explain`); and whether anything in it was masked. `decision` is about the complaint
/// that `masked` was made from, or about the masked one.
pub fn mask_decision(mut decision: Decision, masked: &MaskedComplaint) -> (Decision, bool) {
    let mut touched = false;
    (decision.id, decision.engine, decision.elapsed_us, decision.explain) = (None, None, None, None);
    let mut quote = |own: &mut String, span: Span| -> bool {
        let (quoted, changed) = masked.quote(span);
        touched |= *own != quoted;
        *own = quoted;
        changed
    };
    for fact in &mut decision.facts {
        if quote(&mut fact.text, fact.span) {
            // The value in its one form may have other signs between its digits than the text has.
            let value = masked.hide(&fact.value);
            fact.value = if value == fact.value { fact.text.clone() } else { value };
        }
    }
    let further = decision.runners_up.iter_mut().flat_map(|runner_up| &mut runner_up.evidence);
    for EvidenceItem { text, span, .. } in decision.evidence.iter_mut().chain(further) {
        quote(text, *span);
    }
    for word in &mut decision.words {
        quote(&mut word.text, word.span);
    }
    let mut hide = |own: &mut String| {
        let hidden = masked.hide(own);
        touched |= *own != hidden;
        *own = hidden;
    };
    decision.reply.iter_mut().for_each(|reply| hide(&mut reply.text));
    for case in &mut decision.cases {
        case.reply.iter_mut().for_each(&mut hide);
        case.passage.iter_mut().for_each(|passage| hide(&mut passage.text));
    }
    (decision, touched)
}
