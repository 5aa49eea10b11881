//! A transaction on PostgreSQL, in as few round trips as it allows.

use std::mem::take;
use std::ops::ControlFlow;

use crate::dialect::postgres::Remedy;
use crate::postgres::{Answer, Link};
use crate::tx::{Each, Failure};
use crate::{Error, Row, Value};

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Read,
    Write,
}

impl Mode {
    const fn begin(self) -> &'static str {
        match self {
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Mode::Write => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
    }
}

/// A transaction. It begins together with its first statements.
pub(crate) struct Exchange<'c> {
    link: &'c mut Link,
    mode: Mode,
    begun: bool,
    /// Given to [`Exchange::later`] and not yet sent.
    pending: Vec<(String, Vec<Value>)>,
    remedy: Remedy,
}

impl<'c> Exchange<'c> {
    pub(crate) fn new(link: &'c mut Link, mode: Mode) -> Exchange<'c> {
        Exchange { link, mode, begun: false, pending: Vec::new(), remedy: Remedy::None }
    }

    /// What helps against the error that was given.
    pub(crate) fn remedy(&self) -> Remedy {
        self.remedy
    }

    /// Keeps a statement until something else is sent.
    pub(crate) fn later(&mut self, sql: &str, params: Vec<Value>) {
        self.pending.push((sql.to_owned(), params));
    }

    /// Sends what was kept and then these, in one go; the answers are those of these.
    pub(crate) fn send(&mut self, requests: &[(&str, &[Value])]) -> Result<Vec<Answer>, Error> {
        let pending = take(&mut self.pending);
        let mut all: Vec<(&str, &[Value])> = Vec::with_capacity(1 + pending.len() + requests.len());
        let begins = !self.begun;
        if begins {
            all.push((self.mode.begin(), &[]));
        }
        all.extend(pending.iter().map(|(sql, params)| (sql.as_str(), params.as_slice())));
        let before = all.len();
        all.extend(requests);
        self.begun = true;
        let mut answers = self.link.send(&all);
        if begins && let Err((_, remedy @ (Remedy::Reconnect | Remedy::Prepare))) = &answers {
            // The connection broke while nobody used it, or a migration changed a table. The
            // transaction was just begun, so the job has seen nothing of it.
            if *remedy == Remedy::Reconnect || self.link.send(&[("ROLLBACK", &[])]).is_ok() {
                answers = self.link.send(&all);
            }
        }
        match answers {
            Ok(mut answers) => Ok(answers.split_off(before)),
            Err((error, remedy)) => {
                self.remedy = remedy;
                Err(error)
            }
        }
    }

    /// Runs a statement and gives the number of rows it changed.
    pub(crate) fn run(
        &mut self,
        sql: &str,
        params: &[Value],
        each: &mut Each<'_>,
    ) -> Result<u64, Failure> {
        let answers = self.send(&[(sql, params)]).map_err(Failure::Statement)?;
        let Some(answer) = answers.first() else { return Ok(0) };
        for row in &answer.rows {
            if let ControlFlow::Break(()) = each(&Row::postgres(row)).map_err(Failure::Row)? {
                break;
            }
        }
        Ok(answer.changed)
    }

    /// Sends what was kept, then commits when all of it has succeeded.
    pub(crate) fn commit(&mut self) -> Result<(), Error> {
        if !self.pending.is_empty() {
            self.send(&[])?;
        }
        if !self.begun {
            return Ok(());
        }
        match self.link.send(&[("COMMIT", &[])]) {
            Ok(_) => Ok(()),
            Err((error, Remedy::Reconnect)) => {
                // It may have been committed, so running the job again might do it twice.
                self.remedy = Remedy::None;
                Err(error)
            }
            Err((error, remedy)) => {
                self.remedy = remedy;
                Err(error)
            }
        }
    }

    /// Undoes everything.
    pub(crate) fn roll_back(&mut self) {
        self.pending.clear();
        if self.begun
            && self.remedy != Remedy::Reconnect
            && let Err((error, _)) = self.link.send(&[("ROLLBACK", &[])])
        {
            tracing::warn!(%error, "PostgreSQL refused to roll back; connecting anew");
            self.link.disconnect();
        }
    }
}
