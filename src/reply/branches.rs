//! Which ways through the `{% if %}`s of a reply were taken: for finding those that no test takes.

use super::template::{SlotUse, Template, Values};

/// The first of the characters that stand for a branch while it is looked for which were taken (private use, in no text).
const MARKS: u32 = 0xF_0000;
/// Branches that are told apart, at the most.
const MOST: usize = 200;

/// One way through an `{% if %}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The tag that leads into it, such as `{% if since %}`; for the way past an `if` without `else`, that with `else` in
    /// front: `else {% if since %}`.
    pub tag: String,
    /// Where the tag begins in the template (bytes).
    pub at: usize,
}

/// A template's branches.
pub struct Branches {
    list: Vec<Branch>,
    marked: Template,
}

/// An `if` that is open while a template is read.
struct Open {
    tag: String,
    at: usize,
    has_else: bool,
}

impl Branches {
    /// Finds the branches of a template; `None` when it has none, or is not a template.
    pub fn of(source: &str, slots: &[SlotUse<'_>]) -> Option<Branches> {
        let mut list: Vec<Branch> = Vec::new();
        let mut marked = String::with_capacity(source.len() + 64);
        let mut open: Vec<Open> = Vec::new();
        let mut rest = 0;
        let mark = |list: &mut Vec<Branch>, marked: &mut String, tag: String, at: usize| {
            marked.extend(char::from_u32(MARKS + list.len() as u32));
            list.push(Branch { tag, at });
        };
        while let Some(found) = source[rest..].find("{%") {
            let at = rest + found;
            let end = at + source[at..].find("%}")? + 2;
            let tag = &source[at..end];
            let word = tag.trim_start_matches(['{', '%', '-', '+']).trim_start();
            let word = word.split([' ', '%', '-']).next().unwrap_or_default();
            marked.push_str(&source[rest..at]);
            if word == "endif" {
                let closed = open.pop()?;
                if !closed.has_else {
                    marked.push_str("{% else %}");
                    mark(&mut list, &mut marked, format!("else {}", closed.tag), closed.at);
                }
            }
            marked.push_str(tag);
            match word {
                "if" => {
                    open.push(Open { tag: tag.to_owned(), at, has_else: false });
                    mark(&mut list, &mut marked, tag.to_owned(), at);
                }
                "elif" => mark(&mut list, &mut marked, tag.to_owned(), at),
                "else" => {
                    open.last_mut()?.has_else = true;
                    mark(&mut list, &mut marked, tag.to_owned(), at);
                }
                _ => {}
            }
            rest = end;
        }
        marked.push_str(&source[rest..]);
        if list.is_empty() || list.len() > MOST {
            return None;
        }
        Some(Branches { list, marked: Template::parse(&marked, slots).ok()? })
    }

    /// The branches, in the order of the template.
    pub fn list(&self) -> &[Branch] {
        &self.list
    }

    /// The numbers of the branches that are taken with these values.
    pub fn taken(&self, values: &Values<'_>) -> Vec<usize> {
        let text = self.marked.render(values).text;
        let number = |c: char| (c as u32).checked_sub(MARKS).map(|number| number as usize);
        text.chars().filter_map(number).filter(|number| *number < self.list.len()).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_way_is_found_and_told_when_it_is_taken() {
        let slots = [SlotUse { name: "since", otherwise: "" }, SlotUse { name: "size", otherwise: "" }];
        let source = "您好{% if since %}，{{ since }}起{% endif %}{% if size %}大{%- elif not since %}小{% else %}中{% endif %}。";
        let branches = Branches::of(source, &slots).unwrap();
        let tags: Vec<&str> = branches.list().iter().map(|branch| branch.tag.as_str()).collect();
        assert_eq!(
            tags,
            ["{% if since %}", "else {% if since %}", "{% if size %}", "{%- elif not since %}", "{% else %}"]
        );
        for (values, expect) in [
            (vec![("since", "昨天")], vec![0, 4]),
            (vec![("since", "昨天"), ("size", "很大")], vec![0, 2]),
            (vec![], vec![1, 3]),
        ] {
            assert_eq!(branches.taken(&values.into_iter().collect()), expect);
        }
        assert!(Branches::of("您好", &slots).is_none());
        assert!(Branches::of("{% if since %}", &slots).is_none(), "not closed");
    }
}
