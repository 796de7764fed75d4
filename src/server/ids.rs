//! Ids of decisions and requests: UUID version 7 (RFC 9562, section 5.7).

use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

/// Gives ids that are unique without coordination and sort by the time they were given.
///
/// The first 48 bits are the milliseconds of the clock. The 12 bits after them count within the millisecond and carry
/// into it, so that ids of one process always rise (section 6.2, method 1), also when the clock is set back. The other
/// 62 bits are those of a keyed hash (SipHash) whose key the operating system gave at random: they tell processes and
/// machines apart.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// Milliseconds and counter of the last id.
    last: AtomicU64,
    key: RandomState,
}

impl Ids {
    /// The next id, 36 characters.
    pub(super) fn next(&self) -> String {
        let now = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default() << 12;
        let next = |last: u64| now.max(last.wrapping_add(1));
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        let (Ok(last) | Err(last)) = last;
        let count = next(last);
        written(count, self.key.hash_one(count))
    }
}

/// A UUID of version 7 from 60 bits of time and counter and 62 bits of chance.
fn written(count: u64, chance: u64) -> String {
    let high = (count >> 12 << 16) | 0x7000 | (count & 0xfff);
    let low = (chance >> 2) | (1 << 63);
    let digits = format!("{high:016x}{low:016x}");
    let mut id = String::with_capacity(36);
    for (at, digit) in digits.char_indices() {
        if matches!(at, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        let _ = id.write_char(digit);
    }
    id
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_example_of_the_standard() {
        // RFC 9562, appendix A.6: unix_ts_ms 0x017F22E279B0, rand_a 0xCC3, rand_b 0b01 and 0x8C4DC0C0C07398F.
        let count = (0x017F_22E2_79B0 << 12) | 0xCC3;
        let chance = 0x18C4_DC0C_0C07_398F_u64 << 2;
        assert_eq!(written(count, chance), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    }

    #[test]
    fn ids_rise_and_none_comes_twice() {
        let ids = Ids::default();
        let made: Vec<String> = (0..10_000).map(|_| ids.next()).collect();
        assert!(made.is_sorted());
        let threads: Vec<Vec<String>> = std::thread::scope(|scope| {
            let started: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..2_000).map(|_| ids.next()).collect::<Vec<_>>())).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(threads.iter().all(|ids| ids.is_sorted()));
        let all: BTreeSet<&String> = made.iter().chain(threads.iter().flatten()).collect();
        assert_eq!(all.len(), 18_000);
    }
}
