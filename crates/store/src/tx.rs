//! One transaction: the only way to the database.

use std::ops::ControlFlow;

use model::Gid;

use crate::gids::Gids;
use crate::{Dialect, Error, Row, Value, postgres, sqlite};

/// What a [`Load`] does with a row.
pub type EachRow<'a> = Box<dyn FnMut(&Row<'_>) -> Result<(), Error> + 'a>;

/// One query of a batch; see [`Tx::batch`].
pub struct Load<'a> {
    /// The statement.
    pub sql: &'a str,
    /// Its parameters, in order.
    pub params: Vec<Value>,
    /// Called for each row.
    pub each: EachRow<'a>,
}

/// A transaction, given to the job of [`Store::read`](crate::Store::read) or [`Store::write`](crate::Store::write).
///
/// Reads see one snapshot. A transaction in which a statement failed cannot commit on either
/// database: every later statement repeats the first error, and the job's `Ok` becomes that error.
/// Use `ON CONFLICT` where a conflict is expected. An error from an `each` function does not count.
pub struct Tx<'c> {
    backend: Backend<'c>,
    /// None in a reading transaction.
    gids: Option<&'c Gids>,
    drawn: u32,
    statements: u32,
    /// How many cursors were opened, which names them.
    cursors: u32,
    failed: Option<Error>,
    recorded: Option<Vec<Statement>>,
}

/// A statement that a transaction ran; see [`Tx::record`].
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The text, as it was given.
    pub sql: String,
    /// Its parameters.
    pub params: Vec<Value>,
}

enum Backend<'c> {
    Sqlite(&'c sqlite::Link),
    Postgres(postgres::Exchange<'c>),
}

/// Why running a statement did not come to its end.
pub(crate) enum Failure {
    /// The database refused; the transaction is spoilt.
    Statement(Error),
    /// The caller refused a row; the transaction is as it was.
    Row(Error),
}

/// What [`Tx`] calls for each row; `Break` when no more rows are wanted.
pub(crate) type Each<'e> = dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, Error> + 'e;

impl<'c> Tx<'c> {
    pub(crate) fn sqlite(link: &'c sqlite::Link, gids: Option<&'c Gids>) -> Tx<'c> {
        Tx {
            backend: Backend::Sqlite(link),
            gids,
            drawn: 0,
            statements: 0,
            cursors: 0,
            failed: None,
            recorded: None,
        }
    }

    pub(crate) fn postgres(exchange: postgres::Exchange<'c>, gids: Option<&'c Gids>) -> Tx<'c> {
        Tx {
            backend: Backend::Postgres(exchange),
            gids,
            drawn: 0,
            statements: 0,
            cursors: 0,
            failed: None,
            recorded: None,
        }
    }

    /// The first error of a statement, if there was one.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failed.clone()
    }

    /// How many gids the job took.
    pub(crate) fn drawn(&self) -> u32 {
        self.drawn
    }

    /// The PostgreSQL side, to end the transaction.
    pub(crate) fn into_exchange(self) -> Option<postgres::Exchange<'c>> {
        match self.backend {
            Backend::Postgres(exchange) => Some(exchange),
            Backend::Sqlite(_) => None,
        }
    }

    fn fail<T>(&mut self, error: Error) -> Result<T, Error> {
        self.failed = Some(error.clone());
        Err(error)
    }

    fn note(&mut self, sql: &str, params: &[Value]) {
        if let Some(recorded) = &mut self.recorded {
            recorded.push(Statement { sql: sql.to_owned(), params: params.to_vec() });
        }
    }

    fn run(&mut self, sql: &str, params: &[Value], each: &mut Each<'_>) -> Result<u64, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.note(sql, params);
        self.statements += 1;
        let ran = match &mut self.backend {
            Backend::Sqlite(link) => link.run(sql, params, each),
            Backend::Postgres(exchange) => exchange.run(sql, params, each),
        };
        match ran {
            Ok(changed) => Ok(changed),
            Err(Failure::Row(error)) => Err(error),
            Err(Failure::Statement(error)) => self.fail(error),
        }
    }
}

impl Tx<'_> {
    /// The rows of a query, each turned into a `T`, in order. Also for `… RETURNING`.
    pub fn query<T>(
        &mut self,
        sql: &str,
        params: &[Value],
        mut each: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut out = Vec::new();
        self.run(sql, params, &mut |row| {
            out.push(each(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(out)
    }

    /// The first row of a query, if there is one. The others are not looked at.
    pub fn first<T>(
        &mut self,
        sql: &str,
        params: &[Value],
        mut each: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut out = None;
        self.run(sql, params, &mut |row| {
            out = Some(each(row)?);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(out)
    }

    /// Hands the rows of a query to `each` without keeping them, for answers that are too large for memory.
    ///
    /// PostgreSQL gives them in portions, from a cursor.
    pub fn stream(
        &mut self,
        sql: &str,
        params: &[Value],
        mut each: impl FnMut(&Row<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.dialect() == Dialect::Sqlite {
            return self
                .run(sql, params, &mut |row| each(row).map(ControlFlow::Continue))
                .map(drop);
        }
        // A name of its own, since statements are prepared by their texts.
        self.cursors += 1;
        let [declare, fetch, close] = crate::dialect::postgres::cursor(self.cursors, sql);
        self.execute(&declare, params)?;
        loop {
            let mut any = false;
            self.run(&fetch, &[], &mut |row| {
                any = true;
                each(row).map(ControlFlow::Continue)
            })?;
            if !any {
                return self.execute(&close, &[]).map(drop);
            }
        }
    }

    /// Runs a statement and gives the number of rows it changed.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, Error> {
        self.run(sql, params, &mut |_| Ok(ControlFlow::Break(())))
    }

    /// Runs a statement before the next query or the commit, in order; PostgreSQL then gets many at once.
    ///
    /// On SQLite it runs now and fails here; on PostgreSQL its error surfaces at that query, or the
    /// write as a whole fails with it.
    pub fn later(&mut self, sql: &str, params: Vec<Value>) -> Result<(), Error> {
        if let Backend::Postgres(exchange) = &mut self.backend {
            if let Some(error) = &self.failed {
                return Err(error.clone());
            }
            if let Some(recorded) = &mut self.recorded {
                recorded.push(Statement { sql: sql.to_owned(), params: params.clone() });
            }
            self.statements += 1;
            exchange.later(sql, params);
            return Ok(());
        }
        self.execute(sql, &params).map(drop)
    }

    /// Runs all queries of one level: pipelined on PostgreSQL, one after the other on SQLite.
    ///
    /// The rows are handed to each query's `each`, query by query in order. Ends at the first error.
    pub fn batch(&mut self, loads: &mut [Load<'_>]) -> Result<(), Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let Backend::Postgres(exchange) = &mut self.backend else {
            for load in loads {
                let each = &mut load.each;
                self.run(load.sql, &load.params, &mut |row| each(row).map(ControlFlow::Continue))?;
            }
            return Ok(());
        };
        if let Some(recorded) = &mut self.recorded {
            let all = loads.iter().map(|load| (load.sql.to_owned(), load.params.clone()));
            recorded.extend(all.map(|(sql, params)| Statement { sql, params }));
        }
        let requests: Vec<(&str, &[Value])> =
            loads.iter().map(|load| (load.sql, load.params.as_slice())).collect();
        self.statements =
            self.statements.saturating_add(u32::try_from(requests.len()).unwrap_or(u32::MAX));
        let answers = match exchange.send(&requests) {
            Ok(answers) => answers,
            Err(error) => return self.fail(error),
        };
        for (load, answer) in loads.iter_mut().zip(answers) {
            for row in &answer.rows {
                (load.each)(&Row::postgres(row))?;
            }
        }
        Ok(())
    }

    /// How many statements this transaction ran so far; for query budgets and logs.
    ///
    /// A statement given to [`Tx::later`] counts at once. `BEGIN` and `COMMIT` do not count.
    pub fn statements(&self) -> u32 {
        self.statements
    }

    /// Holds a row until the end of the transaction, so that a rule that spans rows is checked by one transaction at a time.
    ///
    /// SQLite has one writer, so there is nothing to do.
    ///
    /// Errors: those of [`Tx::execute`].
    pub fn lock(&mut self, table: &str, gid: Gid) -> Result<(), Error> {
        self.lock_all(table, &[gid])
    }

    /// [`Tx::lock`] for several rows of a table, in the order of their gids.
    pub fn lock_all(&mut self, table: &str, gids: &[Gid]) -> Result<(), Error> {
        match self.dialect() {
            Dialect::Postgres if !gids.is_empty() => {
                let sql = crate::dialect::postgres::lock_rows(table);
                let gids = Value::Ids(gids.iter().map(|gid| gid.get()).collect());
                self.query(&sql, &[gids], |_| Ok(())).map(drop)
            }
            Dialect::Sqlite | Dialect::Postgres => Ok(()),
        }
    }

    /// Notes every statement from here on, for measurements.
    pub fn record(&mut self) {
        self.recorded = Some(Vec::new());
    }

    /// The statements since [`Tx::record`], in order.
    pub fn recorded(&mut self) -> Vec<Statement> {
        self.recorded.take().unwrap_or_default()
    }

    /// Sees to it that fresh gids are above `last` from now on, for rows that come with their own gids. Nothing else may use the
    /// database meanwhile: others may have smaller gids at hand.
    ///
    /// Errors: those of [`Tx::execute`]; a reading transaction.
    pub fn pass_gid(&mut self, last: Gid) -> Result<(), Error> {
        let Some(gids) = self.gids else {
            return Err(Error::Database("a reading transaction has no gids".to_owned()));
        };
        self.execute(crate::gids::PASS, &[Value::Int(gids.first_after(last.get()))])?;
        gids.forget();
        Ok(())
    }

    /// A fresh gid. Only in a write; gids of rolled-back jobs are lost.
    ///
    /// [`Error::GidsExhausted`] is for the store alone: pass it on, the job is run again with more gids.
    pub fn gid(&mut self) -> Result<Gid, Error> {
        self.draw(1, Gids::take)
    }

    /// The first of `count` fresh gids in a row, so that a statement can number the rows of a list: `? + i.key`.
    ///
    /// As [`Tx::gid`] otherwise.
    pub fn gids(&mut self, count: u32) -> Result<Gid, Error> {
        self.draw(count, |gids| gids.take_run(count))
    }

    fn draw(&mut self, count: u32, take: impl FnOnce(&Gids) -> Option<i64>) -> Result<Gid, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let Some(gids) = self.gids else {
            return Err(Error::Database("a reading transaction has no gids".to_owned()));
        };
        self.drawn = self.drawn.saturating_add(count);
        match take(gids) {
            Some(gid) => Ok(Gid::new(gid)),
            None => self.fail(Error::GidsExhausted),
        }
    }

    /// Which database this is. Prefer a function in `dialect/` over asking.
    pub fn dialect(&self) -> Dialect {
        match self.backend {
            Backend::Sqlite(_) => Dialect::Sqlite,
            Backend::Postgres(_) => Dialect::Postgres,
        }
    }
}
