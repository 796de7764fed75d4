//! Counts that are higher than those before suggest.
//!
//! As in the detection of outbreaks (Farrington, Andrews, Beale and Catchpole, "A statistical algorithm for the early
//! detection of outbreaks of infectious disease", Journal of the Royal Statistical Society A 159, 1996): the counts before
//! say how many to expect and how much they go up and down by themselves; how surprising a count is, is the tail of the
//! negative binomial distribution with that mean and that variance (Noufaily and others, "An improved algorithm for outbreak
//! detection in multiple surveillance systems", Statistics in Medicine 32, 2013).

/// The variance is never taken for less than a Poisson distribution's: few counts that happen to be alike prove nothing.
const LEAST_DISPERSION: f64 = 1.0;
/// Added to the sum of all counts before, so that what never came is taken for rare and not for impossible (the prior of
/// Jeffreys for a Poisson rate).
const NEVER_SEEN: f64 = 0.5;

/// What count is to be expected after these, and how likely at least `count` is, if nothing has changed. Without counts
/// before nothing is surprising.
pub fn excess(before: &[i64], count: i64) -> (f64, f64) {
    let windows = before.len() as f64;
    if before.is_empty() {
        return (0.0, 1.0);
    }
    let mean = (before.iter().sum::<i64>().max(0) as f64 + NEVER_SEEN) / windows;
    let squares: f64 = before.iter().map(|one| (*one as f64 - mean).powi(2)).sum();
    let dispersion = (squares / (windows - 1.0).max(1.0) / mean).max(LEAST_DISPERSION);
    // The mean is itself only as sure as the counts that it is of.
    let variance = dispersion * mean * (1.0 + 1.0 / windows);
    (mean, at_least(mean, variance, count))
}

/// The probability of `count` or more under the negative binomial distribution of this mean and variance.
fn at_least(mean: f64, variance: f64, count: i64) -> f64 {
    if count <= 0 {
        return 1.0;
    }
    let size = mean * mean / (variance - mean);
    let odds = mean / (mean + size);
    // Logarithms, since the first terms of large counts are too small to be written; each from the one before.
    let mut logarithm = size * (size / (size + mean)).ln();
    let step = |k: f64| ((k + size) / (k + 1.0) * odds).ln();
    for k in 0..count {
        logarithm += step(k as f64);
    }
    let (mut sum, mut k) = (0.0, count as f64);
    loop {
        let term = logarithm.exp();
        sum += term;
        // Beyond the mean each term is smaller than the one before by ever more.
        if k > mean && term <= sum * 1e-12 {
            return sum.min(1.0);
        }
        logarithm += step(k);
        k += 1.0;
    }
}

/// How many of these probabilities, the smallest first, may be called discoveries when at most this share of them shall be
/// false alarms on average (Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal
/// Statistical Society B 57, 1995).
pub fn discoveries(sorted: &[f64], false_share: f64) -> usize {
    let all = sorted.len() as f64;
    let holds = |(at, probability): (usize, &f64)| *probability <= false_share * (at + 1) as f64 / all;
    sorted.iter().enumerate().rposition(holds).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::super::Random;
    use super::*;

    #[test]
    fn counts_surprise_as_much_as_they_should() {
        // Before, now, the least and the most that the probability may be.
        for (before, count, least, most) in [
            (&[10, 10, 10, 10, 10, 10, 10, 10][..], 10, 0.4, 0.6),
            (&[10, 11, 9, 10, 12, 8, 10, 10], 16, 0.02, 0.10),
            (&[10, 11, 9, 10, 12, 8, 10, 10], 25, 1e-6, 1e-3),
            (&[10, 11, 9, 10, 12, 8, 10, 10], 60, 0.0, 1e-12),
            (&[1, 40, 2, 35, 0, 28, 3, 44], 40, 0.05, 0.3),
            (&[0; 8], 0, 1.0, 1.0),
            (&[0; 8], 1, 0.03, 0.09),
            (&[0; 8], 6, 0.0, 1e-4),
            (&[], 100, 1.0, 1.0),
            (&[100_000, 100_200, 99_900, 100_100], 100_000, 0.4, 0.6),
            (&[100_000, 100_200, 99_900, 100_100], 110_000, 0.0, 1e-9),
            (&[5, 5, 5], -3, 1.0, 1.0),
        ] {
            let (_, probability) = excess(before, count);
            assert!((least..=most).contains(&probability), "{before:?} then {count}: {probability}");
        }
    }

    #[test]
    fn the_tail_is_one_minus_what_comes_before_it() {
        // Of the distribution with mean 4 and variance 8: the number of failures before the fourth success of a fair coin.
        let exact = |k: i32| f64::from((1..=k).product::<i32>());
        let probability = |k: i32| exact(k + 3) / exact(k) / 6.0 * 0.5_f64.powi(4 + k);
        let mut left = 1.0;
        for count in 0..9 {
            assert!((at_least(4.0, 8.0, i64::from(count)) - left).abs() < 1e-9, "{count}");
            left -= probability(count);
        }
    }

    #[test]
    fn the_smallest_are_discoveries() {
        for (sorted, expect) in [
            (&[0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205][..], 2),
            (&[0.04, 0.05], 2),
            (&[0.06, 0.07], 0),
            (&[], 0),
        ] {
            assert_eq!(discoveries(sorted, 0.05), expect, "{sorted:?}");
        }
    }

    /// A count of a Poisson distribution (Knuth, The Art of Computer Programming, volume 2, 3.4.1).
    fn poisson(random: &mut Random, mean: f64) -> i64 {
        let (limit, mut product, mut count) = ((-mean).exp(), 1.0, -1);
        while product > limit {
            product *= random.below(1 << 24) as f64 / f64::from(1 << 24) + f64::from(1_u8) / f64::from(1 << 25);
            count += 1;
        }
        count
    }

    /// Of cities in which nothing changes, one in twenty at the most hears of a topic that rises.
    #[test]
    fn there_are_few_false_alarms_where_nothing_changes() {
        let mut random = Random::new(20_261_123);
        let (cities, topics) = (200, 120);
        let mut alarmed = 0;
        for _ in 0..cities {
            let mut all: Vec<f64> = (0..topics)
                .map(|topic| {
                    let mean = 0.2 + f64::from(topic) * 0.4;
                    let before: Vec<i64> = (0..8).map(|_| poisson(&mut random, mean)).collect();
                    excess(&before, poisson(&mut random, mean)).1
                })
                .collect();
            all.sort_by(f64::total_cmp);
            alarmed += usize::from(discoveries(&all, 0.05) > 0);
        }
        assert!(alarmed * 20 <= cities, "{alarmed} of {cities}");
        // And a count that doubled is found nearly always.
        let found = (0..cities).filter(|_| {
            let before: Vec<i64> = (0..8).map(|_| poisson(&mut random, 50.0)).collect();
            excess(&before, poisson(&mut random, 100.0)).1 < 0.001
        });
        assert!(found.count() * 10 >= cities * 9);
    }
}
