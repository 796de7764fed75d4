//! Which queries have a near-copy among the cases: on these, an evaluation measures memory more than judgement.

use super::judged::Judged;
use crate::text::{NearCopies, normalise};

/// Sets [`near_copy`](Judged::near_copy) of every query. Cases are pairs of id and text; a case with the id of the query
/// is the query itself, and does not count. Titles are not looked at.
pub fn mark_near_copies(cases: &[(&str, &str)], judged: &mut [Judged]) {
    let texts: Vec<String> = cases.iter().map(|(_, text)| normalise(text)).collect();
    let known = NearCopies::new(&texts);
    for query in judged {
        let other = |case: u32| cases[case as usize].0 != query.id;
        query.near_copy = known.find(&normalise(&query.text), other).is_some();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_counts_unless_it_is_the_query_itself() {
        let leak = "小区门口的自来水管爆裂已经三天，水流到马路上没有人来修理，请尽快派人处理。";
        let wide = "小區門口的自來水管爆裂已經三天,水流到馬路上沒有人來修理,請盡快派人處理。";
        let cases = [("c1", leak), ("c2", "路灯一整排都不亮，晚上出门看不见路。")];
        for (id, text, expected) in [
            ("q1", leak, true),
            ("q2", wide, true),
            ("c1", leak, false),
            ("q3", "路灯不亮。", false),
            ("q4", "", false),
        ] {
            let mut judged = [Judged { id: id.into(), text: text.into(), near_copy: !expected, ..Judged::default() }];
            mark_near_copies(&cases, &mut judged);
            assert_eq!(judged[0].near_copy, expected, "{id}");
        }
    }
}
