//! How often a key may be used: a token bucket (Turner, New directions in communications, 1986; RFC 2697, section 3).
//! It fills at a steady rate up to its burst; each request takes one token, and one that finds none is told when there
//! will be one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests per second in the long run; at least 1.
    pub per_second: u32,
    /// Requests at one moment; at least 1.
    pub burst: u32,
}

/// What is left. Counted in thousandths of a token, so that whole milliseconds and whole rates stay exact.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    /// Thousandths of tokens that were taken and have not come back.
    missing: u64,
    /// The last moment that was counted, in milliseconds.
    at: i64,
}

impl Bucket {
    /// Takes one token at `now` (milliseconds of any clock).
    ///
    /// # Errors
    /// There is none: how long until there is.
    pub(super) fn take(&mut self, rate: Rate, now: i64) -> Result<(), Duration> {
        let (per_second, most) = (u64::from(rate.per_second.max(1)), u64::from(rate.burst.max(1)) * 1000);
        // A clock that was set back gives nothing, and does not take what has come back already.
        let passed = u64::try_from(now.saturating_sub(self.at)).unwrap_or(0);
        self.at = now;
        self.missing = self.missing.min(most).saturating_sub(passed.saturating_mul(per_second));
        let missing = self.missing + 1000;
        if missing <= most {
            self.missing = missing;
            return Ok(());
        }
        Err(Duration::from_millis((missing - most).div_ceil(per_second)))
    }

    /// Whether all has come back, so that it is as good as a new one.
    fn is_full(&self, rate: Rate, now: i64) -> bool {
        let passed = u64::try_from(now.saturating_sub(self.at)).unwrap_or(0);
        self.missing <= passed.saturating_mul(u64::from(rate.per_second.max(1)))
    }
}

/// Buckets that are kept, at the most: beyond it those that are full again are forgotten.
const MOST_BUCKETS: usize = 10_000;

/// A bucket for each name.
#[derive(Debug, Default)]
pub(super) struct Buckets(Mutex<HashMap<String, Bucket>>);

impl Buckets {
    /// [`Bucket::take`] for `name`.
    ///
    /// # Errors
    /// As there.
    pub(super) fn take(&self, name: &str, rate: Rate, now: i64) -> Result<(), Duration> {
        // Nothing panics while it holds the lock.
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST_BUCKETS && !buckets.contains_key(name) {
            buckets.retain(|_, bucket| !bucket.is_full(rate, now));
        }
        if let Some(bucket) = buckets.get_mut(name) {
            return bucket.take(rate, now);
        }
        buckets.entry(name.to_owned()).or_default().take(rate, now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_passes_and_then_as_many_as_come_back() {
        let rate = Rate { per_second: 2, burst: 3 };
        let mut bucket = Bucket::default();
        let wait = |ms| Err(Duration::from_millis(ms));
        for (now, expect) in [
            (10_000, Ok(())),
            (10_000, Ok(())),
            (10_000, Ok(())),
            (10_000, wait(500)),
            (10_400, wait(100)),
            (10_500, Ok(())),
            (10_500, wait(500)),
            // A clock that is set back neither gives nor takes.
            (9_000, wait(500)),
            (9_500, Ok(())),
            (99_000, Ok(())),
            (99_000, Ok(())),
            (99_000, Ok(())),
            (99_000, wait(500)),
        ] {
            assert_eq!(bucket.take(rate, now), expect, "{now}");
        }
    }

    proptest! {
        /// In any stretch of time no more pass than the burst and what comes back in it, and whoever waits as long as
        /// they were told passes.
        #[test]
        fn no_more_pass_than_may(per_second in 1u32..50, burst in 1u32..20, steps in prop::collection::vec(0i64..400, 1..200)) {
            let rate = Rate { per_second, burst };
            let (mut bucket, mut now, mut passed) = (Bucket::default(), 1_000_000i64, Vec::new());
            for step in steps {
                now += step;
                match bucket.take(rate, now) {
                    Ok(()) => passed.push(now),
                    Err(wait) => {
                        now += i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                        prop_assert_eq!(bucket.take(rate, now), Ok(()));
                        passed.push(now);
                    }
                }
            }
            for (first, from) in passed.iter().enumerate() {
                for (last, until) in passed.iter().enumerate().skip(first) {
                    let may = u64::from(burst) * 1000 + u64::from(per_second) * u64::try_from(until - from).unwrap_or(0);
                    prop_assert!((last - first + 1) as u64 * 1000 <= may);
                }
            }
        }
    }
}
