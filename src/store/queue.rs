//! Jobs on their way to the threads that have the connections.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{StoreError, Transaction};

/// Something to do in a transaction, and somebody who waits for what came of it.
pub(super) trait Job: Send {
    /// Does it; whether what it did is to be kept. Called once.
    fn run(&mut self, transaction: &mut Transaction<'_>) -> bool;

    /// Tells whoever waits: its own outcome when the transaction it ran in ended as asked, otherwise why it did not.
    fn answer(self: Box<Self>, ended: Result<(), StoreError>);
}

/// The only kind of job: a closure, and another that takes its outcome away.
pub(super) struct Pending<T, E, F, A> {
    job: Option<F>,
    outcome: Option<Result<T, E>>,
    answer: A,
}

impl<T, E, F, A> Pending<T, E, F, A>
where
    F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send,
    A: FnOnce(Result<T, E>) + Send,
{
    pub(super) fn new(job: F, answer: A) -> Self {
        Pending { job: Some(job), outcome: None, answer }
    }
}

impl<T, E, F, A> Job for Pending<T, E, F, A>
where
    T: Send,
    E: From<StoreError> + Send,
    F: FnOnce(&mut Transaction<'_>) -> Result<T, E> + Send,
    A: FnOnce(Result<T, E>) + Send,
{
    fn run(&mut self, transaction: &mut Transaction<'_>) -> bool {
        let Some(job) = self.job.take() else { return false };
        // Nothing of a job that panicked is looked at again, and its transaction is rolled back.
        let ran = catch_unwind(AssertUnwindSafe(|| transaction.whole(job)));
        let outcome = ran.unwrap_or_else(|_| Err(StoreError::Database("a job panicked".to_owned()).into()));
        self.outcome.insert(outcome).is_ok()
    }

    fn answer(self: Box<Self>, ended: Result<(), StoreError>) {
        let never_ran = || Err(StoreError::Unavailable("the store is closed".to_owned()).into());
        let Pending { outcome, answer, .. } = *self;
        match ended {
            Ok(()) => answer(outcome.unwrap_or_else(never_ran)),
            // Also where the job had an error of its own: it may rest on what others did that is now undone.
            Err(error) => answer(Err(error.into())),
        }
    }
}

/// A queue of bounded length that several threads may take from.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    most: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Box<dyn Job>>,
    closed: bool,
}

impl Queue {
    pub(super) fn new(most: usize) -> Queue {
        Queue { state: Mutex::default(), changed: Condvar::new(), most }
    }

    /// Adds a job, or says [`StoreError::Busy`] where as many wait as may.
    pub(super) fn push(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.jobs.len() >= self.most {
            return Err(StoreError::Busy);
        }
        state.jobs.push_back(job);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// The next job, waiting for one; `None` when the queue is closed and empty.
    pub(super) fn next(&self) -> Option<Box<dyn Job>> {
        let idle = |state: &mut State| state.jobs.is_empty() && !state.closed;
        let mut state = self.changed.wait_while(self.state(), idle).unwrap_or_else(PoisonError::into_inner);
        state.jobs.pop_front()
    }

    /// The next job if there is one now.
    pub(super) fn try_next(&self) -> Option<Box<dyn Job>> {
        self.state().jobs.pop_front()
    }

    pub(super) fn len(&self) -> usize {
        self.state().jobs.len()
    }

    /// Lets the threads go once nothing waits any more.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// Nothing panics while it holds the lock; were it so, the jobs are still whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
