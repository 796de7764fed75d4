//! What is said on a call, as a recogniser hears it and corrects itself.
//!
//! An utterance is known by its id: whatever is heard of it later takes the place of what was heard before, so that a
//! partial result, the final one and a correction of that are one line. Lines stand in the order in which they began.
//! Pure: no clock and no connection, so that every order of arrival can be tried.

use serde::{Deserialize, Serialize};

use super::answered::affirmed;

/// Lines that are kept; the oldest go first.
pub(super) const MOST_UTTERANCES: usize = 2_000;
/// Characters that are kept of all lines: with what joins them and the notes, a complaint holds no more.
pub(super) const MOST_CHARACTERS: usize = 18_000;
/// Characters of one line.
pub(super) const LONGEST_UTTERANCE: usize = 2_000;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Speaker {
    /// Whoever called.
    Caller,
    /// Whoever took the call.
    Agent,
}

impl Speaker {
    /// Both, with how they are written.
    pub(super) const NAMES: &'static [(&'static str, Speaker)] =
        &[("caller", Speaker::Caller), ("agent", Speaker::Agent)];
}

/// One line of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Utterance {
    /// Its id, from whoever hears it.
    pub(super) utterance: String,
    pub(super) speaker: Speaker,
    pub(super) text: String,
    /// Nothing will be heard of it any more, unless it is corrected.
    pub(super) r#final: bool,
    /// When it began, in milliseconds from the beginning of the call.
    pub(super) at_ms: u64,
    /// Which change of the call this was.
    #[serde(default)]
    pub(super) sequence: u64,
}

/// Where a line stands in the text that is decided on, in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Part {
    pub(super) utterance: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What comes of something heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The transcript is another one now.
    Changed,
    /// It says nothing new, or came after what it was the beginning of.
    Known,
}

/// The lines of a call, and how many were let go.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Transcript {
    utterances: Vec<Utterance>,
    /// Lines that had to go because there were too many.
    forgotten: u64,
}

impl Transcript {
    pub(super) fn utterances(&self) -> &[Utterance] {
        &self.utterances
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Takes what was heard. A partial result of a line that was already final arrives late and is passed over.
    pub(super) fn hear(&mut self, heard: Utterance) -> Heard {
        let known = self.utterances.iter().rposition(|own| own.utterance == heard.utterance);
        if let Some(at) = known {
            let own = &self.utterances[at];
            let same = (own.speaker, own.r#final, own.at_ms) == (heard.speaker, heard.r#final, heard.at_ms);
            if (own.r#final && !heard.r#final) || (same && own.text == heard.text) {
                return Heard::Known;
            }
            self.utterances.remove(at);
        }
        // After all that began no later: what begins at one moment stands in the order of arrival.
        let place = self.utterances.partition_point(|own| own.at_ms <= heard.at_ms);
        self.utterances.insert(place, heard);
        self.let_go();
        Heard::Changed
    }

    /// Lets the oldest lines go until the rest is within bounds.
    fn let_go(&mut self) {
        let mut characters: usize = self.utterances.iter().map(|own| own.text.chars().count()).sum();
        let mut gone = 0;
        while characters > MOST_CHARACTERS || self.utterances.len() - gone > MOST_UTTERANCES {
            characters -= self.utterances[gone].text.chars().count();
            gone += 1;
        }
        self.utterances.drain(..gone);
        self.forgotten += gone as u64;
    }

    /// The words that are decided on, and where each line stands in them: the caller's, and of the agent's the questions
    /// that the caller answered with a plain yes.
    ///
    /// Lines of one breath are clauses of one sentence; where the agent spoke in between, another sentence begins.
    pub(super) fn words(&self) -> (String, Vec<Part>) {
        let mut words = Words::default();
        let mut asked: Option<&str> = None;
        for own in &self.utterances {
            match own.speaker {
                Speaker::Agent => asked = Some(&own.text),
                Speaker::Caller => {
                    words.begin(if asked.is_some() { '。' } else { '，' });
                    if let Some(matter) = asked.take().and_then(|question| affirmed(question, &own.text)) {
                        words.add(&matter);
                        words.begin('，');
                    }
                    let start = words.length;
                    words.add(own.text.trim());
                    words.parts.push(Part { utterance: own.utterance.clone(), start, end: words.length });
                }
            }
        }
        (words.text, words.parts)
    }
}

/// A text while it is put together.
#[derive(Default)]
struct Words {
    text: String,
    /// Its characters.
    length: usize,
    parts: Vec<Part>,
}

impl Words {
    fn add(&mut self, words: &str) {
        self.text.push_str(words);
        self.length += words.chars().count();
    }

    /// Ends what stands there, unless it ended itself.
    fn begin(&mut self, mark: char) {
        let ended = self.text.chars().next_back().is_none_or(|last| "。！？；，、.!?;,\n".contains(last));
        if !ended {
            self.text.push(mark);
            self.length += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `c1 12 自来水管`: caller, id 1, at 12 ms, partial; `C1` is the final one, `a` and `A` are the agent's.
    fn line(written: &str) -> Utterance {
        let mut fields = written.splitn(3, ' ');
        let (name, at, text) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""), fields.next().unwrap_or(""));
        let (kind, id) = name.split_at(1);
        Utterance {
            utterance: id.to_owned(),
            speaker: if kind.eq_ignore_ascii_case("c") { Speaker::Caller } else { Speaker::Agent },
            text: text.to_owned(),
            r#final: kind.chars().all(char::is_uppercase),
            at_ms: at.parse().unwrap_or_default(),
            sequence: 0,
        }
    }

    fn transcript(lines: &[&str]) -> Transcript {
        let mut transcript = Transcript::default();
        for own in lines {
            transcript.hear(line(own));
        }
        transcript
    }

    #[test]
    fn what_is_decided_on() {
        for (lines, expect) in [
            (&["c1 0 自来水"][..], "自来水"),
            (&["c1 0 自来水", "c1 0 自来水管报了", "C1 0 自来水管爆了"], "自来水管爆了"),
            // A final line is corrected by another one, and not undone by a partial one that comes late.
            (&["C1 0 自来水管报了", "C1 0 自来水管爆了"], "自来水管爆了"),
            (&["C1 0 自来水管爆了", "c1 0 自来"], "自来水管爆了"),
            // Out of order.
            (&["C2 900 自来水管爆了", "C1 100 幸福路小区"], "幸福路小区，自来水管爆了"),
            (&["C1 100 幸福路小区。", "C2 900 自来水管爆了"], "幸福路小区。自来水管爆了"),
            // The agent's words are not decided on, and end the caller's sentence.
            (&["C1 0 水管爆了", "A2 5 请问在什么位置？", "C3 9 幸福路小区"], "水管爆了。幸福路小区"),
            (&["A1 0 您好，供暖问题请说", "C2 5 路灯坏了"], "路灯坏了"),
            // But for a question that is answered with yes.
            (&["A1 0 请问是自来水管漏水吗？", "C2 5 是的"], "自来水管漏水，是的"),
            (&["A1 0 请问是自来水管漏水吗？", "C2 5 不是，暖气"], "不是，暖气"),
            (&[], ""),
        ] {
            assert_eq!(transcript(lines).words().0, expect, "{lines:?}");
        }
    }

    #[test]
    fn the_oldest_go_first_and_it_is_counted() {
        let mut long = Transcript::default();
        for at in 0..3_000 {
            long.hear(line(&format!("C{at} {at} 漏水")));
        }
        assert_eq!((long.utterances().len(), long.forgotten()), (MOST_UTTERANCES, 1_000));
        assert_eq!(long.utterances()[0].utterance, "1000");
        let mut wide = Transcript::default();
        for at in 0..20 {
            wide.hear(line(&format!("C{at} {at} {}", "漏".repeat(LONGEST_UTTERANCE))));
        }
        assert_eq!((wide.utterances().len(), wide.forgotten()), (9, 11));
        assert!(wide.words().0.chars().count() <= MOST_CHARACTERS + MOST_UTTERANCES);
    }

    proptest! {
        #[test]
        fn finals_come_to_the_same_in_whatever_order(order in Just((0..12_u64).collect::<Vec<_>>()).prop_shuffle()) {
            let mut transcript = Transcript::default();
            for at in order {
                transcript.hear(line(&format!("c{at} {at} 第")));
                transcript.hear(line(&format!("C{at} {at} 第{at}句")));
            }
            let expect: Vec<String> = (0..12).map(|at| format!("第{at}句")).collect();
            prop_assert_eq!(transcript.words().0, expect.join("，"));
        }

        #[test]
        fn parts_are_where_the_lines_stand(texts in proptest::collection::vec("[是漏水？。 🙂a吗]{0,8}", 0..12), turns in proptest::collection::vec(any::<bool>(), 12)) {
            let mut transcript = Transcript::default();
            for (at, (text, caller)) in texts.iter().zip(&turns).enumerate() {
                transcript.hear(line(&format!("{}{at} {at} {text}", if *caller { 'C' } else { 'A' })));
            }
            let (words, parts) = transcript.words();
            let characters: Vec<char> = words.chars().collect();
            for part in parts {
                let own = transcript.utterances().iter().find(|own| own.utterance == part.utterance);
                let shown: String = characters[part.start..part.end].iter().collect();
                prop_assert_eq!(Some(shown.as_str()), own.map(|own| own.text.trim()));
            }
        }
    }
}
