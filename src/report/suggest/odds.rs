//! How much more often a word stands in one class of cases than in another, with how sure that is.

/// How often a word stands in a class, and how often all words do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// Cases of the class that have the word.
    pub(super) count: f64,
    /// Sum of that over all words.
    pub(super) of: f64,
}

/// Counts that the prior is worth, over all words, at the most.
const PRIOR: f64 = 500.0;
/// The same as a share of all counts: in a few hundred cases it may not drown what they say.
const PRIOR_SHARE: f64 = 0.05;

/// The log-odds ratio of a word between a class and the rest, under a Dirichlet prior from both together, in standard
/// deviations (Monroe, Colaresi and Quinn, *Fightin' Words: Lexical Feature Selection and Evaluation for Identifying the
/// Content of Political Conflict*, Political Analysis 16, 2008, equations 16, 18 and 22). Above 1.96 chance is unlikely.
pub(super) fn z_score(class: Share, rest: Share) -> f64 {
    let all = class.of + rest.of;
    let total = PRIOR.min(PRIOR_SHARE * all);
    let prior = total * (class.count + rest.count) / all.max(1.0);
    let odds = |share: Share| {
        let own = share.count + prior;
        (own / (share.of + total - own).max(f64::MIN_POSITIVE)).ln()
    };
    if prior == 0.0 {
        return 0.0;
    }
    let variance = 1.0 / (class.count + prior) + 1.0 / (rest.count + prior);
    (odds(class) - odds(rest)) / variance.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_the_class_stands_out() {
        let z =
            |class: f64, rest: f64| z_score(Share { count: class, of: 1_000.0 }, Share { count: rest, of: 9_000.0 });
        assert!(z(20.0, 2.0) > 4.0);
        // As often in both: nothing; in the rest alone: below nothing; seen once: not sure.
        assert!(z(10.0, 90.0).abs() < 0.1);
        assert!(z(0.0, 50.0) < 0.0);
        assert!(z(1.0, 0.0) < 1.96);
        assert!(z(0.0, 0.0) == 0.0);
        assert!(z(20.0, 2.0) > z(5.0, 2.0) && z(5.0, 0.0) > z(5.0, 20.0));
    }
}
