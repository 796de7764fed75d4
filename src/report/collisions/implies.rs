//! Whether one condition can hold only where another does, proved on their trees.
//!
//! The prover is sound and not complete: what it proves has no counter-example; much that is true it does not find. It
//! reasons about *windows*. A clause is looked at in some part of the text. A group holds there when some unit (sentence,
//! clause, title) of that part has all that it asks for. So what a group tells is a list of facts about one unit; the
//! other condition is then derived from these facts, either in the same unit or in a part that holds it. The latter is
//! allowed only for clauses that a longer text cannot undo, those without `none`.

use crate::rules::{Clause, Form, Group, Scope, Vocabulary, may_end_denial};
use crate::text::FactKind;

/// Steps of one proof, at the most.
const FUEL: u32 = 20_000;
/// Named conditions in each other.
const MAX_OPEN: u32 = 24;

/// Whether wherever `one` holds, in any part of any text, `other` holds too. `false` says that it was not proved.
pub fn implies(one: &Clause, other: &Clause, vocabulary: &Vocabulary) -> bool {
    Prover { vocabulary, fuel: FUEL, open: 0 }.entails(one, other)
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
    let Leaf::Terms { terms, .. } = one else { return false };
    let Leaf::Terms { terms: others, whole_word: false, even_negated } = other else { return false };
    // A term has every term inside it, unless what stands before that denies it.
    let has = |term: &str, inner: &str| {
        term.match_indices(inner).any(|(at, _)| {
            let before = term[..at].chars().next_back();
            *even_negated || before.is_some_and(|last| !may_end_denial(last))
        })
    };
    terms.iter().all(|term| others.iter().any(|other| has(term, other)) || is_known(one, term, other))
}

/// Whether a term of a leaf is found by another as it stands.
fn is_known(one: &Leaf<'_>, term: &str, other: &Leaf<'_>) -> bool {
    let Leaf::Terms { whole_word, even_negated, .. } = one else { return false };
    let alone = Leaf::Terms { terms: vec![term], whole_word: *whole_word, even_negated: *even_negated };
    is_part_of(&alone, other)
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
