//! Whether one condition can hold only where another does, proved on their trees.
//!
//! The prover is sound and not complete: what it proves has no counter-example; much that is true it does not find. It
//! reasons about *windows*. A clause is looked at in some part of the text. A group holds there when some unit (sentence,
//! clause, title) of that part has all that it asks for. So what a group tells is a list of facts about one unit; the
//! other condition is then derived from these facts, either in the same unit or in a part that holds it. The latter is
//! allowed only for clauses that a longer text cannot undo, those without `none`.

use super::negation::may_end_denial;
use super::{Clause, Form, Group, Scope, Vocabulary};
use crate::text::FactKind;

/// Steps of one proof, at the most.
const FUEL: u32 = 20_000;
/// Pairs of terms that are compared for two lists, at the most: beyond it the lists count as unrelated.
const MOST_PAIRS: usize = 250_000;
/// Named conditions in each other.
const MAX_OPEN: u32 = 24;

/// Whether wherever `one` holds, in any part of any text, `other` holds too. `false` says that it was not proved.
pub fn implies(one: &Clause, other: &Clause, vocabulary: &Vocabulary) -> bool {
    Prover { vocabulary, fuel: FUEL, open: 0 }.entails(one, other)
}

/// A term with how it is looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    /// Normalised.
    pub text: String,
    /// Only as whole words.
    pub whole_word: bool,
    /// Denied ones too.
    pub even_negated: bool,
}

/// Whether a hit of `one` is always, or has in it, a hit of `other`.
///
/// A term has every term inside it, unless that is denied there. One that begins with the other is denied where the other
/// is (but for a 就是 that stands just forty characters behind); further in, what stands before the other inside the
/// longer term must not be able to end a denial: 没有停水 has 停水 in it, and not its hit.
pub fn term_implies(one: &Term, other: &Term) -> bool {
    if one.text == other.text {
        return (one.whole_word || !other.whole_word) && (other.even_negated || !one.even_negated);
    }
    if other.whole_word || one.text.len() <= other.text.len() {
        return false;
    }
    one.text.match_indices(&other.text).any(|(at, _)| match one.text[..at].chars().next_back() {
        _ if other.even_negated => true,
        None => !one.even_negated,
        Some(last) => !may_end_denial(last),
    })
}

/// The part of the text that facts are known of, seen from the part that the goal is looked at in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// The same part; where that is known to lie in one unit of a kind, the kind.
    Same(Option<Scope>),
    /// A unit inside it.
    Within(Scope),
}

/// A leaf as what it finds: hits of terms, of an expression, or facts.
#[derive(PartialEq)]
enum Leaf<'a> {
    Terms { terms: Vec<&'a str>, whole_word: bool, even_negated: bool },
    Regex(&'a str),
    Fact(FactKind),
}

impl Leaf<'_> {
    /// One of its terms with how this leaf looks for it.
    fn term(&self, text: &str) -> Option<Term> {
        let Leaf::Terms { whole_word, even_negated, .. } = self else { return None };
        Some(Term { text: text.to_owned(), whole_word: *whole_word, even_negated: *even_negated })
    }
}

struct Prover<'a> {
    vocabulary: &'a Vocabulary,
    fuel: u32,
    open: u32,
}

impl<'a> Prover<'a> {
    /// Whether `one` in some part implies `other` in the same part.
    fn entails(&mut self, one: &'a Clause, other: &'a Clause) -> bool {
        if !self.step() {
            return false;
        }
        self.open += 1;
        let proved = self.entails_inside(one, other);
        self.open -= 1;
        proved
    }

    fn entails_inside(&mut self, one: &'a Clause, other: &'a Clause) -> bool {
        if let Some(named) = self.named(one) {
            return self.entails(named, other);
        }
        if let Some(named) = self.named(other) {
            return self.entails(one, named);
        }
        match (&one.form, &other.form) {
            (Form::Near { members, within }, Form::Near { members: others, within: wider })
                if within <= wider && self.near(members, others) =>
            {
                return true;
            }
            (Form::Group(group), _) => return self.group(group, other),
            _ => {}
        }
        if let Form::Near { members, .. } = &one.form {
            let facts: Vec<&Clause> = members.iter().collect();
            return self.derive(&facts, &[], Unit::Within(Scope::Sentence), other);
        }
        match (self.leaf(one), self.leaf(other)) {
            (Some(one), Some(other)) => leaf_entails(&one, &other),
            // A hit that cannot lie across the end of a clause lies in one.
            (Some(leaf), None) => {
                let unit = if is_in_one_clause(&leaf) { Unit::Within(Scope::Clause) } else { Unit::Same(None) };
                self.decompose(&[one], &[], unit, other)
            }
            _ => false,
        }
    }

    /// What a group implies: whichever of `some` holds, with all of `every`.
    fn group(&mut self, group: &'a Group, other: &'a Clause) -> bool {
        let unit = if group.scope == Scope::Text { Unit::Same(None) } else { Unit::Within(group.scope) };
        let mut facts: Vec<&Clause> = group.every.iter().collect();
        if group.some.len() == group.minimum as usize {
            facts.extend(&group.some);
            return self.derive(&facts, &group.none, unit, other);
        }
        if self.as_many(group, unit, other) {
            return true;
        }
        group.some.iter().all(|choice| {
            let facts: Vec<&Clause> = facts.iter().copied().chain([choice]).collect();
            self.derive(&facts, &group.none, unit, other)
        })
    }

    /// `at_least` of some of the same: each of these is one of those, and no fewer are asked for.
    fn as_many(&mut self, group: &'a Group, unit: Unit, other: &'a Clause) -> bool {
        let Form::Group(wanted) = &other.form else { return false };
        let Some(inner) = inside(unit, wanted.scope) else { return false };
        if group.minimum < wanted.minimum || !wanted.none.is_empty() {
            return false;
        }
        let mut taken: Vec<usize> = Vec::new();
        for own in &group.some {
            let free = (0..wanted.some.len()).filter(|at| !taken.contains(at)).collect::<Vec<_>>();
            let found = free.into_iter().find(|at| self.lifted(own, &wanted.some[*at], inner));
            match found {
                Some(at) => taken.push(at),
                None => return false,
            }
        }
        let facts: Vec<&Clause> = group.every.iter().collect();
        wanted.every.iter().all(|goal| self.derive(&facts, &group.none, inner, goal))
    }

    /// Whether a fact about a unit gives the goal in the part around it.
    fn lifted(&mut self, fact: &'a Clause, goal: &'a Clause, unit: Unit) -> bool {
        (matches!(unit, Unit::Same(_)) || self.is_lasting(goal)) && self.entails(fact, goal)
    }

    /// Whether facts about one unit, in which none of `none` holds, give the goal in the part around it.
    fn derive(&mut self, facts: &[&'a Clause], none: &'a [Clause], unit: Unit, goal: &'a Clause) -> bool {
        if !self.step() {
            return false;
        }
        if facts.iter().any(|fact| self.lifted(fact, goal, unit)) {
            return true;
        }
        match self.named(goal) {
            Some(named) => self.derive(facts, none, unit, named),
            None => self.decompose(facts, none, unit, goal),
        }
    }

    /// The same for a goal that is a group, by what it asks for: each part is a smaller goal.
    fn decompose(&mut self, facts: &[&'a Clause], none: &'a [Clause], unit: Unit, goal: &'a Clause) -> bool {
        let Form::Group(wanted) = &goal.form else { return false };
        let Some(inner) = inside(unit, wanted.scope) else { return false };
        // What must not be there is known only of the very unit.
        let forbidden = |prover: &mut Self, clause: &'a Clause| {
            matches!(inner, Unit::Same(_)) && none.iter().any(|known| prover.entails(clause, known))
        };
        if !wanted.none.iter().all(|clause| forbidden(self, clause)) {
            return false;
        }
        let holds = |prover: &mut Self, clause: &'a Clause| prover.derive(facts, none, inner, clause);
        let mut held = 0;
        for clause in &wanted.some {
            if held == wanted.minimum {
                break;
            }
            held += u32::from(holds(self, clause));
        }
        held >= wanted.minimum && wanted.every.iter().all(|clause| holds(self, clause))
    }

    /// Every member of the one finds only hits of a member of the other, and each of the other has such a member: a chain
    /// of the one is then part of a chain of the other.
    fn near(&mut self, members: &'a [Clause], others: &'a [Clause]) -> bool {
        let choices = |clauses: &'a [Clause], prover: &Self| -> Option<Vec<Vec<Leaf<'a>>>> {
            clauses.iter().map(|clause| prover.choices(clause)).collect()
        };
        let (Some(own), Some(wanted)) = (choices(members, self), choices(others, self)) else { return false };
        let finds = |own: &Vec<Leaf<'a>>, wanted: &Vec<Leaf<'a>>| {
            own.iter().all(|leaf| wanted.iter().any(|other| is_part_of(leaf, other)))
        };
        own.iter().all(|own| wanted.iter().any(|wanted| finds(own, wanted)))
            && wanted.iter().all(|wanted| own.iter().any(|own| finds(own, wanted)))
    }

    /// The leaves that a member of `near` is a choice of.
    fn choices(&self, clause: &'a Clause) -> Option<Vec<Leaf<'a>>> {
        if let Some(named) = self.named(clause) {
            return self.choices(named);
        }
        match &clause.form {
            Form::Group(group) => group.some.iter().map(|member| self.leaf(member)).collect(),
            _ => Some(vec![self.leaf(clause)?]),
        }
    }

    /// Whether it goes on holding when more text is looked at: nothing is forbidden in it.
    fn is_lasting(&self, clause: &'a Clause) -> bool {
        let mut lasting = true;
        let mut open = vec![clause];
        let mut looked = 0;
        while let Some(clause) = open.pop() {
            clause.each(&mut |part| {
                lasting &= !matches!(&part.form, Form::Group(group) if !group.none.is_empty());
                open.extend(self.named(part));
            });
            looked += 1;
            lasting &= looked < 1_000;
            if !lasting {
                break;
            }
        }
        lasting
    }

    /// The condition that a name stands for; `None` for lists and what is no name.
    fn named(&self, clause: &'a Clause) -> Option<&'a Clause> {
        match &clause.form {
            Form::Reference { name, .. } => self.vocabulary.condition(name),
            _ => None,
        }
    }

    fn leaf(&self, clause: &'a Clause) -> Option<Leaf<'a>> {
        match &clause.form {
            Form::Term { text, whole_word, even_negated } => {
                let (whole_word, even_negated) = (*whole_word, *even_negated);
                Some(Leaf::Terms { terms: vec![text], whole_word, even_negated })
            }
            Form::Reference { name, whole_word, even_negated } => {
                let terms = self.vocabulary.terms(name)?;
                Some(Leaf::Terms { terms, whole_word: *whole_word, even_negated: *even_negated })
            }
            Form::Regex(pattern) => Some(Leaf::Regex(pattern)),
            Form::Fact(kind) => Some(Leaf::Fact(*kind)),
            Form::Group(_) | Form::Near { .. } => None,
        }
    }

    fn step(&mut self) -> bool {
        self.fuel = self.fuel.saturating_sub(1);
        self.fuel > 0 && self.open < MAX_OPEN
    }
}

/// Where facts about a unit stand when the goal is a group of a scope: in the very unit that the group needs, or inside
/// it. `None` where that is not known.
fn inside(unit: Unit, scope: Scope) -> Option<Unit> {
    match (unit, scope) {
        (unit, Scope::Text) => Some(unit),
        // What lies in one unit has itself as the only unit.
        (Unit::Same(Some(own)), scope) if own == scope => Some(unit),
        (Unit::Within(inner), scope) if inner == scope => Some(Unit::Same(Some(inner))),
        // A clause ends wherever a sentence does.
        (Unit::Same(Some(Scope::Clause)) | Unit::Within(Scope::Clause), Scope::Sentence) => Some(unit),
        _ => None,
    }
}

/// Whether a hit of the one proves a hit of the other in the same part.
fn leaf_entails(one: &Leaf<'_>, other: &Leaf<'_>) -> bool {
    if is_part_of(one, other) {
        return true;
    }
    let (Leaf::Terms { terms, .. }, Leaf::Terms { terms: others, .. }) = (one, other) else { return false };
    if terms.len() * others.len() > MOST_PAIRS {
        return false;
    }
    let wanted: Vec<Term> = others.iter().filter_map(|text| other.term(text)).collect();
    terms.iter().filter_map(|text| one.term(text)).all(|own| wanted.iter().any(|wanted| term_implies(&own, wanted)))
}

/// Whether every hit of the one is a hit of the other, at the same place.
fn is_part_of(one: &Leaf<'_>, other: &Leaf<'_>) -> bool {
    match (one, other) {
        (
            Leaf::Terms { terms, whole_word, even_negated },
            Leaf::Terms { terms: others, whole_word: other_whole, even_negated: other_even },
        ) => {
            (*whole_word || !other_whole)
                && (*other_even || !even_negated)
                && terms.iter().all(|term| others.contains(term))
        }
        (one, other) => one == other,
    }
}

/// Whether no hit can lie across the end of a clause: terms of letters and digits alone.
fn is_in_one_clause(leaf: &Leaf<'_>) -> bool {
    matches!(leaf, Leaf::Terms { terms, .. } if terms.iter().all(|term| term.chars().all(char::is_alphanumeric)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::rules::{Compiled, Scenario};
    use crate::source::Document;
    use crate::text::{Segmenter, Text};

    /// A scenario with one member of `any`.
    fn scenario(id: &str, member: &str) -> Option<Arc<Scenario>> {
        let yaml = format!("id: a/{id}\ntitle: 甲\ncategory: 乙\nwhen: {{any: [{member}]}}\nreply: 丙\n");
        let document = Document::parse("a.yaml", &yaml, &mut Vec::new())?;
        Scenario::read(&document, &mut Vec::new()).map(Arc::new)
    }

    /// Whether the one member is proved to hold only where the other does.
    fn follows(one: &Scenario, other: &Scenario) -> bool {
        let member = |scenario: &'_ Scenario| -> Clause {
            let Form::Group(group) = &scenario.when.form else { unreachable!() };
            group.some[0].clone()
        };
        implies(&member(one), &member(other), &Vocabulary::default())
    }

    #[test]
    fn what_follows_from_what() {
        for (one, other, expected) in [
            ("水管漏", "水管", true),
            ("水管", "水管漏", false),
            ("没有停水", "停水", false),
            ("没有停水", "{term: 停水, even_negated: true}", true),
            ("水管", "{term: 水管, whole_word: true}", false),
            ("[水管, 漏]", "漏", true),
            ("[水管, 漏]", "[漏]", true),
            ("漏", "[水管, 漏]", false),
            ("[水管, 漏, 马路]", "[水管, 漏]", true),
            ("{near: [水管, 漏], within: 3}", "[水管, 漏]", true),
            ("[水管, 漏]", "{near: [水管, 漏], within: 3}", false),
            ("{all: [水管, 漏], in: clause}", "[水管, 漏]", true),
            ("{all: [水管, 漏], in: text}", "[水管, 漏]", false),
            ("{any: [水管漏, 爆管漏]}", "漏", true),
            ("{any: [漏], none: [暖气]}", "漏", true),
            ("漏", "{any: [漏], none: [暖气]}", false),
            ("{any: [漏], none: [气]}", "{any: [漏], none: [暖气]}", true),
            ("{any: [漏], none: [暖气]}", "{any: [漏], none: [气]}", false),
            ("{fact: phone}", "{fact: phone}", true),
            ("{fact: phone}", "{fact: plate}", false),
        ] {
            let (first, second) = (scenario("x", one).unwrap(), scenario("y", other).unwrap());
            assert_eq!(follows(&first, &second), expected, "{one} → {other}");
        }
    }

    fn term() -> impl Strategy<Value = String> {
        prop_oneof![
            "[水管漏没不]{1,3}",
            "[水管漏]{1,2}".prop_map(|term| format!("{{term: {term}, even_negated: true}}")),
            "[水管漏]{1,2}".prop_map(|term| format!("{{term: {term}, whole_word: true}}")),
        ]
    }

    fn clause() -> impl Strategy<Value = String> {
        let scope = prop_oneof![Just(""), Just(", in: clause"), Just(", in: text"), Just(", in: sentence")];
        term().prop_recursive(2, 12, 3, move |inner| {
            let list = |least| prop::collection::vec(inner.clone(), least..4).prop_map(|parts| parts.join(", "));
            let near = (prop::collection::vec("[水管漏]{1,2}", 2..4), 0..4_u32);
            prop_oneof![
                list(1).prop_map(|list| format!("[{list}]")),
                (list(1), scope.clone()).prop_map(|(list, scope)| format!("{{any: [{list}]{scope}}}")),
                (list(1), list(1), scope.clone())
                    .prop_map(|(list, none, scope)| format!("{{all: [{list}], none: [{none}]{scope}}}")),
                list(2).prop_map(|list| format!("{{at_least: 2, of: [{list}]}}")),
                near.prop_map(|(terms, within)| format!("{{near: [{}], within: {within}}}", terms.join(", "))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// Whatever is said to follow does, on every text that the matcher is run on.
        #[test]
        fn what_is_said_to_follow_does(
            one in clause(), other in clause(), texts in prop::collection::vec("[水管漏没不，。]{0,12}", 20),
        ) {
            let (Some(first), Some(second)) = (scenario("x", &one), scenario("y", &other)) else { return Ok(()) };
            let (forth, back) = (follows(&first, &second), follows(&second, &first));
            if !forth && !back {
                return Ok(());
            }
            let segmenter = Segmenter::new([]);
            let vocabulary = Vocabulary::default();
            let compiled = Compiled::new(vec![first, second], &vocabulary, &segmenter, None, &mut Vec::new());
            let Some(compiled) = compiled else { return Ok(()) };
            for text in &texts {
                let fired: Vec<usize> =
                    compiled.matches(&Text::new(None, text)).iter().map(|found| found.scenario).collect();
                prop_assert!(!forth || !fired.contains(&0) || fired.contains(&1), "{one} → {other}: {text}");
                prop_assert!(!back || !fired.contains(&1) || fired.contains(&0), "{other} → {one}: {text}");
            }
        }
    }
}
