//! Things that each have at most one parent among themselves.

use crate::say;
use crate::source::{Code, Step};

use super::index::{Findings, Index};

/// Levels of a tree, at the most. No administration is deeper, and a walk upwards stays short.
const MAX_DEPTH: u32 = 12;

/// For each thing its parent, by position in the list.
#[derive(Debug, Default)]
pub(super) struct Tree {
    parents: Vec<Option<u32>>,
}

impl Tree {
    /// Links every thing (id and parent's id) to its parent. Unknown parents (J021), circles (J054) and trees that
    /// are too deep (J029) are reported and cut, so that what comes out is always a tree of bounded depth.
    pub(super) fn new(things: &[(&str, Option<&str>)], ids: &Index, findings: &mut Findings<'_>) -> Tree {
        let mut parents = vec![None; things.len()];
        for (at, (_, parent)) in things.iter().enumerate() {
            let Some(parent) = parent else { continue };
            parents[at] = ids.get(parent);
            if parents[at].is_none() {
                let message = say!("没有编号为“{parent}”的上级", "there is no `{parent}` to be the parent");
                let known = things.iter().map(|(id, _)| *id);
                findings.unknown(&[Step::Index(at), Step::Key("parent")], message, parent, known);
            }
        }
        let mut tree = Tree { parents };
        tree.cut(things, findings);
        tree
    }

    /// Walks upwards from each thing until something whose depth is known; what is met twice on one walk is a circle.
    fn cut(&mut self, things: &[(&str, Option<&str>)], findings: &mut Findings<'_>) {
        let mut depths: Vec<Option<u32>> = vec![None; self.parents.len()];
        let mut on_walk = vec![false; self.parents.len()];
        for start in 0..self.parents.len() {
            let mut walk = Vec::new();
            let mut next = Some(start);
            while let Some(at) = next.filter(|at| depths[*at].is_none()) {
                if on_walk[at] {
                    self.report_circle(
                        &walk[walk.iter().position(|step| *step == at).unwrap_or(0)..],
                        things,
                        findings,
                    );
                    self.parents[at] = None;
                    break;
                }
                on_walk[at] = true;
                walk.push(at);
                next = self.parents[at].map(|parent| parent as usize);
            }
            for at in walk.into_iter().rev() {
                on_walk[at] = false;
                let above = self.parents[at].and_then(|parent| depths[parent as usize]);
                let mut depth = above.map_or(1, |above| above + 1);
                if depth > MAX_DEPTH {
                    let message = say!("层级超过 {MAX_DEPTH} 层", "deeper than {MAX_DEPTH} levels");
                    findings.at(&[Step::Index(at), Step::Key("parent")], Code::LimitExceeded, message);
                    self.parents[at] = None;
                    depth = 1;
                }
                depths[at] = Some(depth);
            }
        }
    }

    fn report_circle(&self, circle: &[usize], things: &[(&str, Option<&str>)], findings: &mut Findings<'_>) {
        /// More ids than this say no more.
        const SHOWN: usize = 6;
        let mut way: Vec<&str> = circle.iter().take(SHOWN).map(|at| things[*at].0).collect();
        way.push(if circle.len() > SHOWN { "…" } else { way[0] });
        let way = way.join(" → ");
        let message = say!("上级关系成了一个圈：{way}", "parents go round in a circle: {way}");
        findings.at(&[Step::Index(circle[0]), Step::Key("parent")], Code::InvalidTree, message);
    }

    /// The parent of the thing at a position.
    pub(super) fn parent(&self, at: u32) -> Option<u32> {
        self.parents.get(at as usize).copied().flatten()
    }

    /// A thing and all above it, from below.
    pub(super) fn upwards(&self, at: u32) -> impl Iterator<Item = u32> + '_ {
        std::iter::successors(Some(at), |at| self.parent(*at))
    }
}
