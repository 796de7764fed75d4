//! What changes in a text, line by line; and the same as a patch that `git apply` and `patch` take.

use std::fmt::Write;

/// Pairs of lines that are held against each other, at the most; beyond, all lines between the first and the last that
/// differ count as changed.
const MAX_PAIRS: usize = 4_000_000;
/// Lines that stay and are shown around those that change.
const CONTEXT: usize = 3;

/// A line that goes or comes.
#[derive(Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Whether it goes; else it comes.
    pub removed: bool,
    /// Its number from 1: of one that goes in the old text, of one that comes in the new.
    pub number: usize,
    /// The line.
    pub text: &'a str,
}

/// The lines that differ: a longest common subsequence stays (Wagner and Fischer, *The String-to-String Correction
/// Problem*, 1974).
pub fn differences<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    // Line ends count: a file with those of Windows differs in every line.
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let (a, b) = (&old[start..], &new[start..]);
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    let lengths = (a.len() * b.len() <= MAX_PAIRS).then(|| common(a, b));
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let both = i < a.len() && j < b.len();
        if both && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let removes = match &lengths {
            Some(lengths) if both => lengths[i + 1][j] >= lengths[i][j + 1],
            _ => i < a.len(),
        };
        let (at, text) = if removes { (i, a[i]) } else { (j, b[j]) };
        found.push(Line { removed: removes, number: start + at + 1, text });
        (i, j) = if removes { (i + 1, j) } else { (i, j + 1) };
    }
    found
}

/// For each pair of places the length of the longest common subsequence from there on.
fn common(a: &[&str], b: &[&str]) -> Vec<Vec<u32>> {
    let mut lengths = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            lengths[i][j] =
                if a[i] == b[j] { lengths[i + 1][j + 1] + 1 } else { lengths[i + 1][j].max(lengths[i][j + 1]) };
        }
    }
    lengths
}

/// A line of a text with its end; without one only the last may be.
#[derive(Clone, Copy)]
enum Step<'a> {
    Stays(&'a str),
    Goes(&'a str),
    Comes(&'a str),
}

/// The change of one file as a patch in git's format (unified, three lines around each change); empty where nothing
/// changes. A file that is new has no old text.
pub fn patch(path: &str, old: Option<&str>, new: &str) -> String {
    if old == Some(new) {
        return String::new();
    }
    // What has a blank in its name ends with a tab, so that a date is not read into it (POSIX diff).
    let tab = if path.contains(char::is_whitespace) { "\t" } else { "" };
    let mut out = format!("diff --git a/{path} b/{path}\n");
    match old {
        Some(_) => {
            let _ = writeln!(out, "--- a/{path}{tab}");
        }
        None => out.push_str("new file mode 100644\n--- /dev/null\n"),
    }
    let _ = writeln!(out, "+++ b/{path}{tab}");
    let steps = steps(old.unwrap_or_default(), new);
    let changes: Vec<usize> = (0..steps.len()).filter(|at| !matches!(steps[*at], Step::Stays(_))).collect();
    let mut at = 0;
    while at < changes.len() {
        let first = changes[at];
        let mut last = first;
        // Changes whose surroundings touch are one part.
        while at < changes.len() && changes[at] <= last + 2 * CONTEXT + 1 {
            last = changes[at];
            at += 1;
        }
        part(&steps, first.saturating_sub(CONTEXT)..(last + CONTEXT + 1).min(steps.len()), &mut out);
    }
    out
}

fn steps<'a>(old: &'a str, new: &'a str) -> Vec<Step<'a>> {
    let (old_lines, new_lines): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    // Compared with their ends, so that a last line without one differs from the same line with one.
    let joined = |lines: &[&str]| lines.iter().map(|line| line.replace('\n', "\u{0}")).collect::<Vec<_>>().join("\n");
    let (old_text, new_text) = (joined(&old_lines), joined(&new_lines));
    let found = differences(&old_text, &new_text);
    let (mut goes, mut comes) = (vec![false; old_lines.len()], vec![false; new_lines.len()]);
    for line in &found {
        let marks = if line.removed { &mut goes } else { &mut comes };
        if let Some(mark) = marks.get_mut(line.number - 1) {
            *mark = true;
        }
    }
    let (mut i, mut j, mut steps) = (0, 0, Vec::new());
    while i < old_lines.len() || j < new_lines.len() {
        if i < old_lines.len() && goes[i] {
            steps.push(Step::Goes(old_lines[i]));
            i += 1;
        } else if j < new_lines.len() && comes[j] {
            steps.push(Step::Comes(new_lines[j]));
            j += 1;
        } else if i < old_lines.len() {
            steps.push(Step::Stays(old_lines[i]));
            (i, j) = (i + 1, j + 1);
        } else {
            break;
        }
    }
    steps
}

/// Whether a line counts.
type Wanted = fn(&Step<'_>) -> bool;

fn part(steps: &[Step<'_>], range: std::ops::Range<usize>, out: &mut String) {
    let before = |wanted: Wanted| steps[..range.start].iter().filter(|step| wanted(step)).count();
    let within = |wanted: Wanted| steps[range.clone()].iter().filter(|step| wanted(step)).count();
    let (of_old, of_new): (Wanted, Wanted) =
        (|step| !matches!(step, Step::Comes(_)), |step| !matches!(step, Step::Goes(_)));
    let (old_count, new_count) = (within(of_old), within(of_new));
    // Of no lines the place is the line before.
    let start = |before: usize, count: usize| if count == 0 { before } else { before + 1 };
    let (old_start, new_start) = (start(before(of_old), old_count), start(before(of_new), new_count));
    let _ = writeln!(out, "@@ -{old_start},{old_count} +{new_start},{new_count} @@");
    for step in &steps[range] {
        let (sign, line) = match step {
            Step::Stays(line) => (' ', line),
            Step::Goes(line) => ('-', line),
            Step::Comes(line) => ('+', line),
        };
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_patch_reads_as_git_writes_it() {
        for (old, new, expect) in [
            (Some("a\n"), "a\n", ""),
            (None, "a\n", "new file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1,1 @@\n+a\n"),
            (Some("a\nb\n"), "a\nc\nb\n", "--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n a\n+c\n b\n"),
            (Some("a"), "a\n", "--- a/x\n+++ b/x\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n"),
            (
                Some("1\n2\n3\n4\n5\n6\n7\n8\n9\n"),
                "1\nx\n2\n3\n4\n5\n6\n7\n8\ny\n9\n",
                "--- a/x\n+++ b/x\n@@ -1,4 +1,5 @@\n 1\n+x\n 2\n 3\n 4\n@@ -6,4 +7,5 @@\n 6\n 7\n 8\n+y\n 9\n",
            ),
        ] {
            let expect = if expect.is_empty() { String::new() } else { format!("diff --git a/x b/x\n{expect}") };
            assert_eq!(patch("x", old, new), expect);
        }
    }

    /// What a patch makes of the old text, read as POSIX says.
    fn applied(old: &str, patch: &str) -> String {
        let old: Vec<&str> = old.split_inclusive('\n').collect();
        let (mut out, mut next) = (String::new(), 0);
        let mut lines = patch.lines().skip(3).peekable();
        while let Some(line) = lines.next() {
            if let Some(head) = line.strip_prefix("@@ -") {
                let (start, rest) = head.split_once(',').unwrap();
                let count: usize = rest.split_once(' ').unwrap().0.parse().unwrap();
                let start: usize = start.parse().unwrap();
                let first = if count == 0 { start } else { start - 1 };
                out.extend(old[next..first].iter().copied());
                next = first;
                continue;
            }
            let end = if lines.peek() == Some(&"\\ No newline at end of file") { "" } else { "\n" };
            match line.split_at(1) {
                ("-", _) => next += 1,
                ("+", text) => out.push_str(&format!("{text}{end}")),
                (" ", text) => {
                    assert_eq!(format!("{text}{end}"), old[next]);
                    out.push_str(old[next]);
                    next += 1;
                }
                _ => {}
            }
        }
        out.extend(old[next..].iter().copied());
        out
    }

    proptest! {
        /// Without what goes the old text is the new one without what comes.
        #[test]
        fn what_differs_is_all_that_differs(old in "[ab\n]{0,20}", new in "[ab\n]{0,20}") {
            let found = differences(&old, &new);
            let kept = |text: &str, removed: bool| {
                let is_found = |number: usize, line: &str| {
                    found.iter().any(|l| (l.removed, l.number, l.text) == (removed, number, line))
                };
                let lines = text.split('\n').enumerate().filter(|(at, line)| !is_found(at + 1, line));
                lines.map(|(_, line)| line.to_owned()).collect::<Vec<_>>()
            };
            prop_assert_eq!(kept(&old, true), kept(&new, false));
        }

        #[test]
        fn a_patch_makes_the_new_text_of_the_old(old in "([abc]\n){0,30}[a]{0,1}", new in "([abc]\n){0,30}[b]{0,1}") {
            let patch = patch("x", Some(&old), &new);
            prop_assert_eq!(if patch.is_empty() { old.clone() } else { applied(&old, &patch) }, new);
        }
    }
}
