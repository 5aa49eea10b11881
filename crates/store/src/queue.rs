//! Jobs and the bounded queue between the callers and the database threads.
//!
//! A caller waits a bounded time for a thread: then it withdraws its job, unless a thread has just
//! claimed it. Threads that are not needed stay asleep: the one that worked last is woken first.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, Thread};

use tokio::sync::oneshot;

use crate::{Error, Tx};

/// A job with its types forgotten, as a database thread sees it.
pub(crate) trait Job: Send {
    /// Runs it and keeps what it answers. False if that is an error.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Gives the kept answer, or this failure instead, to the caller, who may have gone.
    fn answer(self: Box<Self>, failure: Option<Error>);
}

/// How a run of a job went.
pub(crate) enum Ran {
    /// It answered `Ok`, and no statement failed.
    Well,
    /// It answered an error of its own, or a statement failed; then that error is here.
    Badly(Option<Error>),
}

/// Runs a job, which says whether it went well, on a transaction. A panic becomes [`Error::Panicked`].
pub(crate) fn run(job: impl FnOnce(&mut Tx<'_>) -> bool, tx: &mut Tx<'_>) -> Ran {
    match catch_unwind(AssertUnwindSafe(|| job(tx))) {
        Err(panic) => {
            tracing::error!(message = panic_text(&*panic), "a database job panicked");
            Ran::Badly(Some(Error::Panicked))
        }
        Ok(true) => tx.failure().map_or(Ran::Well, |error| Ran::Badly(Some(error))),
        // The job's own error says more than ours.
        Ok(false) => Ran::Badly(None),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Where the answer of a job goes.
pub(crate) enum Reply<T> {
    /// To a task that awaits it.
    Task(oneshot::Sender<T>),
    /// To a thread that blocks.
    Thread(mpsc::SyncSender<T>),
}

impl<T> Reply<T> {
    fn send(self, answer: T) {
        // If nobody waits any more, the work is done all the same.
        match self {
            Reply::Task(sender) => drop(sender.send(answer)),
            Reply::Thread(sender) => drop(sender.send(answer)),
        }
    }
}

/// A job that can run once, and what it answered.
pub(crate) struct Once<F, T, E> {
    job: Option<F>,
    result: Option<Result<T, E>>,
}

impl<F, T, E> Once<F, T, E>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E>,
    E: From<Error>,
{
    pub(crate) fn new(job: F) -> Once<F, T, E> {
        Once { job: Some(job), result: None }
    }

    /// Runs it and keeps what it answers. False if that is an error.
    pub(crate) fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let Some(job) = self.job.take() else { return false };
        let result = job(tx);
        let well = result.is_ok();
        self.result = Some(result);
        well
    }

    /// What it answered, or this failure instead.
    pub(crate) fn answer(self, failure: Option<Error>) -> Result<T, E> {
        answer(self.result, failure)
    }
}

/// A job that can run once, for another thread.
pub(crate) struct Sent<F, T, E> {
    pub(crate) once: Once<F, T, E>,
    pub(crate) reply: Reply<Result<T, E>>,
}

impl<F, T, E> Job for Sent<F, T, E>
where
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        self.once.run(tx)
    }

    fn answer(self: Box<Self>, failure: Option<Error>) {
        self.reply.send(self.once.answer(failure));
    }
}

/// A job that can run again.
pub(crate) struct Repeatable<F, T, E> {
    pub(crate) job: F,
    pub(crate) result: Option<Result<T, E>>,
    pub(crate) reply: Reply<Result<T, E>>,
}

impl<F, T, E> Job for Repeatable<F, T, E>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        self.result = None;
        let result = (self.job)(tx);
        let well = result.is_ok();
        self.result = Some(result);
        well
    }

    fn answer(self: Box<Self>, failure: Option<Error>) {
        self.reply.send(answer(self.result, failure));
    }
}

fn answer<T, E: From<Error>>(result: Option<Result<T, E>>, failure: Option<Error>) -> Result<T, E> {
    match (failure, result) {
        (Some(failure), _) => Err(failure.into()),
        (None, Some(result)) => result,
        (None, None) => Err(Error::Database("the job did not run".to_owned()).into()),
    }
}

/// Whether a job reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
}

/// Decides between the thread that wants to run a job and the caller who wants to withdraw it.
#[derive(Clone, Default)]
pub(crate) struct Ticket(Arc<AtomicBool>);

impl Ticket {
    /// True for the first who asks, and for nobody else.
    pub(crate) fn claim(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }

    fn is_claimed(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A queued job.
pub(crate) struct Work {
    pub(crate) kind: Kind,
    pub(crate) ticket: Ticket,
    pub(crate) job: Box<dyn Job>,
}

/// A bounded queue, first in, first out.
pub(crate) struct Queue {
    state: Mutex<State>,
    limit: usize,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Work>,
    /// Sleeping threads; the last one went to sleep last.
    idle: Vec<Thread>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(limit: usize) -> Queue {
        Queue { state: Mutex::default(), limit: limit.max(1) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job and wakes a thread; [`Error::Overloaded`] if the queue is full.
    pub(crate) fn push(&self, work: Work) -> Result<(), Error> {
        let mut state = self.state();
        if state.closed {
            return Err(Error::Database("the store is closed".to_owned()));
        }
        if state.waiting.len() >= self.limit {
            state.waiting.retain(|work| !work.ticket.is_claimed());
            if state.waiting.len() >= self.limit {
                return Err(Error::Overloaded);
            }
        }
        state.waiting.push_back(work);
        let thread = state.idle.pop();
        drop(state);
        if let Some(thread) = thread {
            thread.unpark();
        }
        Ok(())
    }

    /// The next job, if one is waiting.
    pub(crate) fn try_take(&self) -> Option<(Kind, Box<dyn Job>)> {
        let mut state = self.state();
        while let Some(work) = state.waiting.pop_front() {
            if work.ticket.claim() {
                return Some((work.kind, work.job));
            }
        }
        None
    }

    /// The next job, waiting for it; `None` when the store is closed and everything is done.
    pub(crate) fn take(&self) -> Option<(Kind, Box<dyn Job>)> {
        while self.wait() {
            if let Some(taken) = self.try_take() {
                return Some(taken);
            }
        }
        None
    }

    /// Waits until a job is in the queue and leaves it there. False when the store is closed and the queue empty.
    pub(crate) fn wait(&self) -> bool {
        let me = thread::current();
        loop {
            let mut state = self.state();
            state.idle.retain(|thread| thread.id() != me.id());
            while state.waiting.front().is_some_and(|work| work.ticket.is_claimed()) {
                state.waiting.pop_front();
            }
            if !state.waiting.is_empty() {
                return true;
            }
            if state.closed {
                return false;
            }
            state.idle.push(me.clone());
            drop(state);
            thread::park();
        }
    }

    /// How many jobs are waiting.
    pub(crate) fn len(&self) -> usize {
        self.state().waiting.iter().filter(|work| !work.ticket.is_claimed()).count()
    }

    /// Takes no more jobs; the threads end when the queue is empty.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        for thread in state.idle.drain(..) {
            thread.unpark();
        }
    }
}
