//! View of a store: one transaction, which begins with the first read.

use super::error::{Explain, PgResult};
use super::facts::{self, Facts};
use super::pending::Pending;
use super::session::Session;
use super::statement::{ROLLBACK, Statement, Step};
use crate::error::Result;
use std::cell::{Cell, RefCell};
use tokio_postgres::Row;

/// Begins a transaction that sees one moment. READ ONLY also keeps a statement of ours from writing by mistake.
/// The path is that of the system: a schema of the user could have other functions and operators of the same names.
const BEGIN: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp";

/// View of a store.
pub struct View<'a> {
    /// Session in which the transaction is open.
    pub session: &'a Session,
    facts: RefCell<Option<Facts>>,
    /// Number of cursors so far, for their names.
    pub cursors: Cell<u32>,
    /// Changes that go with the next statement, or with the commit.
    pub pending: RefCell<Pending>,
    /// Statement that begins the transaction.
    begin: &'static str,
    has_failed: Cell<bool>,
}

impl<'a> View<'a> {
    /// Makes a view whose transaction begins with the first read.
    pub fn new(session: &'a Session) -> Self {
        Self::of(session, BEGIN, None)
    }

    /// Makes a view of a transaction that `begin` begins with the first statement.
    pub fn beginning(session: &'a Session, begin: &'static str) -> Self {
        Self::of(session, begin, None)
    }

    /// Makes a view of a transaction that is open, with its facts.
    pub fn open(session: &'a Session, facts: Facts) -> Self {
        Self::of(session, BEGIN, Some(facts))
    }

    fn of(session: &'a Session, begin: &'static str, facts: Option<Facts>) -> Self {
        View {
            session,
            facts: RefCell::new(facts),
            cursors: Cell::new(0),
            pending: RefCell::default(),
            begin,
            has_failed: Cell::new(false),
        }
    }

    /// Returns the facts about this view; reads them if nothing was read yet.
    pub fn facts(&self) -> Result<Facts> {
        if let Some(facts) = self.facts.borrow().clone() {
            return Ok(facts);
        }
        self.begin(None)?;
        let facts = self.facts.borrow().clone();
        facts.ok_or_else(|| facts::damaged(&self.session.server, "it has no head"))
    }

    fn has_begun(&self) -> bool {
        self.facts.borrow().is_some()
    }

    /// Runs a query. The first one is sent together with the beginning of the transaction.
    pub fn query(&self, statement: Statement) -> Result<Vec<Row>> {
        if statement.has_nul() {
            // No text on a server has one.
            return Ok(Vec::new());
        }
        match self.has_begun() {
            true => self.run(statement),
            false => self.begin(Some(statement)),
        }
    }

    /// Runs a statement in the open transaction, behind the changes that wait for it.
    pub fn run(&self, statement: Statement) -> Result<Vec<Row>> {
        self.run_raw(statement)?.explain(&self.session.server)
    }

    /// Runs a statement as [`View::run`] does, and returns its error as the server gave it.
    pub fn run_raw(&self, statement: Statement) -> Result<PgResult<Vec<Row>>> {
        let mut waiting = self.pending.take();
        let mut steps = waiting.take_steps();
        steps.push(statement.into());
        let mut rows = match self.session.run(&steps) {
            Ok(rows) => rows,
            Err(error) => {
                self.has_failed.set(true);
                return Ok(Err(error));
            }
        };
        let found = rows.pop().unwrap_or_default();
        waiting.check(&rows, &self.session.server)?;
        self.pending.replace(waiting);
        Ok(Ok(found))
    }

    fn begin(&self, first: Option<Statement>) -> Result<Vec<Row>> {
        let server = &self.session.server;
        let seen = server.seen.last();
        let looking = [
            Step::Script(self.begin),
            facts::look(seen.as_deref()).into(),
        ];
        let steps: Vec<Step> = looking.into_iter().chain(first.map(Step::from)).collect();
        let answered = self.session.run(&steps);
        if answered
            .as_ref()
            .is_err_and(|error| error.code() == Some("42501"))
            && steps.len() > 2
        {
            self.session.link.send(&ROLLBACK);
            // The user may have a role, but not the right to this statement.
            self.begin(None)?;
        }
        let read = answered
            .map_err(|error| match self.has_begun() {
                true => error.about(server),
                false => facts::not_read(error, server),
            })
            .and_then(|rows| {
                let looked = rows.get(1).map_or(&[][..], Vec::as_slice);
                Ok((facts::read(looked, server, seen.as_ref())?, rows))
            });
        if read.is_err() && !self.has_begun() {
            self.session.link.give_up();
        }
        let (facts, mut rows) = read?;
        self.facts.replace(Some(facts));
        Ok(rows.pop().filter(|_| steps.len() > 2).unwrap_or_default())
    }

    /// Reads the settings again, which this transaction has changed. They are not kept: they may never be committed.
    pub fn look_again(&self) -> Result<()> {
        let server = &self.session.server;
        let rows = self.query(facts::look(None))?;
        if let Some(facts) = &mut *self.facts.borrow_mut() {
            facts.settings = facts::changed_settings(&rows, facts.head, server)?;
        }
        Ok(())
    }

    /// Returns what has to be sent before the first statement.
    pub fn first_steps(&self) -> Vec<Step> {
        match self.has_begun() {
            true => Vec::new(),
            false => vec![Step::Script(self.begin)],
        }
    }

    /// Tells whether a statement has failed: the server undoes the transaction then, and answers a COMMIT as if it had been
    /// one.
    pub fn has_failed(&self) -> bool {
        self.has_failed.get()
    }

    /// Notes that the transaction has ended.
    pub fn end(&self) {
        self.facts.take();
    }
}

impl Drop for View<'_> {
    /// Ends the transaction, without waiting for it.
    fn drop(&mut self) {
        if self.has_begun() {
            self.session.link.send(&ROLLBACK);
        }
    }
}
