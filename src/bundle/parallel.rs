//! Work on all cores, with results in the order of the work.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What a thread takes at a time, at the most.
const MOST_AT_A_TIME: usize = 16;
/// How often each thread comes back for more, where there is enough.
const BATCHES: usize = 8;

/// Calls `each` for every number below `count`, on all cores; results come in order of the numbers, whoever was first.
/// `done` is told how many are done. A panic in one of them goes on here.
pub fn on_all_cores<T: Send>(
    count: usize,
    each: &(dyn Fn(usize) -> T + Sync),
    done: &(dyn Fn(usize) + Sync),
) -> Vec<T> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(count.max(1));
    // Few of them may be long ones, many are not worth a fetch each.
    let batch = (count / (cores * BATCHES)).clamp(1, MOST_AT_A_TIME);
    let (next, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut own = Vec::new();
        loop {
            let from = next.fetch_add(batch, Ordering::Relaxed);
            if from >= count {
                return own;
            }
            let to = (from + batch).min(count);
            own.extend((from..to).map(|number| (number, each(number))));
            done(finished.fetch_add(to - from, Ordering::Relaxed) + to - from);
        }
    };
    let mut all = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect::<Vec<_>>()
    });
    all.sort_unstable_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, value)| value).collect()
}
