//! A complaint's text while words are added and taken away, every character knowing where it came from.

use serde::Serialize;
use utoipa::ToSchema;

use crate::text::{Field, Span, Text};

/// A change to the normalised text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Change {
    /// Words before a character; at the end of the body where there is none.
    Insert { at: u32, words: String },
    /// Words at the end of the title, which need not be there yet.
    Title { words: String },
    /// Characters taken away.
    Remove { from: u32, to: u32 },
}

impl Change {
    /// How many characters it changes.
    pub(super) fn cost(&self) -> usize {
        match self {
            Change::Insert { words, .. } | Change::Title { words } => words.chars().count(),
            Change::Remove { from, to } => (to - from) as usize,
        }
    }
}

/// One change to what the citizen wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Edit {
    /// The characters to take away; empty where words are only added, before its start.
    pub span: Span,
    /// What stands there.
    pub removed: String,
    /// What stands there afterwards.
    pub inserted: String,
}

/// A character, and which one of the original it is.
type Character = (char, Option<u32>);

/// A text that was changed.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    title: Vec<Character>,
    body: Vec<Character>,
}

impl Draft {
    pub(super) fn new(title: Option<&str>, body: &str) -> Draft {
        let characters = |text: &str| text.chars().zip((0..).map(Some)).collect();
        Draft { title: characters(title.unwrap_or_default()), body: characters(body) }
    }

    /// The title, where there is one, and the body.
    pub(super) fn strings(&self) -> (Option<String>, String) {
        let string = |characters: &[Character]| characters.iter().map(|(c, _)| *c).collect::<String>();
        ((!self.title.is_empty()).then(|| string(&self.title)), string(&self.body))
    }

    /// The draft with changes to what `text` (its normalised form) holds.
    pub(super) fn changed(&self, text: &Text, changes: &[Change]) -> Draft {
        let mut title = Marks::new(self.title.len());
        let mut body = Marks::new(self.body.len());
        for change in changes {
            match change {
                Change::Insert { at, words } if *at >= text.len() => body.insert(self.body.len(), words),
                Change::Insert { at, words } => {
                    let span = text.original(*at..at + 1);
                    let marks = if span.field == Field::Title { &mut title } else { &mut body };
                    marks.insert(span.start as usize, words);
                }
                Change::Title { words } => title.insert(self.title.len(), words),
                Change::Remove { from, to } => {
                    let span = text.original(*from..*to);
                    let marks = if span.field == Field::Title { &mut title } else { &mut body };
                    marks.remove(span.start as usize, span.end as usize);
                }
            }
        }
        Draft { title: title.apply(&self.title), body: body.apply(&self.body) }
    }

    /// How many characters differ from the original, whose title and body had so many.
    pub(super) fn cost(&self, title: usize, body: usize) -> usize {
        let differ = |characters: &[Character], original: usize| {
            let kept = characters.iter().filter(|(_, from)| from.is_some()).count();
            original - kept + (characters.len() - kept)
        };
        differ(&self.title, title) + differ(&self.body, body)
    }

    /// What was changed, from the first character of the title to the last of the body.
    pub(super) fn edits(&self, title: Option<&str>, body: &str) -> Vec<Edit> {
        let mut edits = edits(Field::Title, &self.title, title.unwrap_or_default());
        edits.extend(self::edits(Field::Text, &self.body, body));
        edits
    }
}

/// What is to be changed in one field.
struct Marks {
    /// Words before each character, and after the last.
    inserted: Vec<String>,
    removed: Vec<bool>,
}

impl Marks {
    fn new(length: usize) -> Marks {
        Marks { inserted: vec![String::new(); length + 1], removed: vec![false; length] }
    }

    fn insert(&mut self, at: usize, words: &str) {
        let at = at.min(self.removed.len());
        self.inserted[at].push_str(words);
    }

    fn remove(&mut self, from: usize, to: usize) {
        let to = to.min(self.removed.len());
        self.removed[from.min(to)..to].fill(true);
    }

    fn apply(self, characters: &[Character]) -> Vec<Character> {
        let mut changed = Vec::with_capacity(characters.len());
        for (at, words) in self.inserted.iter().enumerate() {
            changed.extend(words.chars().map(|c| (c, None)));
            if let Some(character) = characters.get(at).filter(|_| !self.removed[at]) {
                changed.push(*character);
            }
        }
        changed
    }
}

fn edits(field: Field, changed: &[Character], original: &str) -> Vec<Edit> {
    let original: Vec<char> = original.chars().collect();
    let mut edits = Vec::new();
    let (mut next, mut inserted) = (0_usize, String::new());
    let mut close = |from: usize, to: usize, inserted: &mut String| {
        if from < to || !inserted.is_empty() {
            let span = Span { field, start: from as u32, end: to as u32 };
            let removed = original[from..to].iter().collect();
            edits.push(Edit { span, removed, inserted: std::mem::take(inserted) });
        }
    };
    for (character, from) in changed {
        match from {
            None => inserted.push(*character),
            Some(from) => {
                close(next, *from as usize, &mut inserted);
                next = *from as usize + 1;
            }
        }
    }
    close(next, original.len(), &mut inserted);
    edits
}

/// Applies edits, as a caller would who got them: for tests and for showing.
pub fn apply(edits: &[Edit], title: Option<&str>, body: &str) -> (Option<String>, String) {
    let field = |field: Field, original: &str| {
        let original: Vec<char> = original.chars().collect();
        let (mut text, mut next) = (String::new(), 0);
        for edit in edits.iter().filter(|edit| edit.span.field == field) {
            let (from, to) = (edit.span.start as usize, edit.span.end as usize);
            text.extend(original.get(next..from).unwrap_or_default());
            text.push_str(&edit.inserted);
            next = to;
        }
        text.extend(original.get(next..).unwrap_or_default());
        text
    };
    let title = field(Field::Title, title.unwrap_or_default());
    ((!title.is_empty()).then_some(title), field(Field::Text, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_reach_the_citizens_own_characters_and_come_back_as_edits() {
        let insert = |at, words: &str| Change::Insert { at, words: words.to_owned() };
        let remove = |from, to| Change::Remove { from, to };
        for (title, body, changes, expect) in [
            (None, "家裡沒有漏水。", vec![remove(2, 4)], (None, "家裡漏水。")),
            (None, "ＷＩＦＩ坏了", vec![insert(4, "又")], (None, "ＷＩＦＩ又坏了")),
            (None, "停水", vec![insert(9, "。停电"), remove(0, 2)], (None, "。停电")),
            (Some("停电"), "快修", vec![insert(3, "请"), remove(0, 1)], (Some("电"), "请快修")),
            (Some("停电"), "快修", vec![insert(2, "了")], (Some("停电了"), "快修")),
            (None, "快修", vec![Change::Title { words: "停电".to_owned() }], (Some("停电"), "快修")),
            (None, "停水停电", vec![remove(0, 2), remove(1, 3)], (None, "电")),
        ] {
            let draft = Draft::new(title, body).changed(&Text::new(title, body), &changes);
            let (changed_title, changed_body) = draft.strings();
            assert_eq!((changed_title.as_deref(), changed_body.as_str()), expect, "{body}");
            let edits = draft.edits(title, body);
            assert_eq!(apply(&edits, title, body), (changed_title, changed_body), "{body}");
            let length = |text: &str| text.chars().count();
            let own: usize = edits.iter().map(|edit| length(&edit.removed) + length(&edit.inserted)).sum();
            assert_eq!(draft.cost(title.map_or(0, length), length(body)), own, "{body}");
        }
    }
}
