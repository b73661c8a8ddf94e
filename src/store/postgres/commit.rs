//! Transactions that change a store: the lock, the commit and its deadline, and the look at what became of a commit
//! without an answer.

use super::error::{Explain, PgResult, uncertain};
use super::facts;
use super::holder;
use super::link::Link;
use super::pending::Pending;
use super::row::column;
use super::server::Server;
use super::session::Session;
use super::statement::{ROLLBACK, Statement, Step};
use super::view::View;
use crate::error::{Error, Result, escape};
use crate::event::{Head, Link as Hash};
use crate::store::contract::Job;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tokio_postgres::Row;

/// Begins a transaction that changes the store. READ COMMITTED: behind the lock, each statement sees what others have
/// committed. Never SERIALIZABLE: its failure at the commit would want the job to run again, and a token that was
/// delivered cannot be delivered again.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
     SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL statement_timeout = '60s'; \
     SET LOCAL idle_in_transaction_session_timeout = '10s'; \
     SET LOCAL client_min_messages = warning";

/// Lets the COMMIT wait for the disk, whatever is set for the user or the database: what is acknowledged must stay. A
/// setting that waits for a standby as well is left as it is.
const WAIT: &str = "SELECT set_config('synchronous_commit', 'on', true) \
     WHERE current_setting('synchronous_commit') IN ('off', 'local')";

/// Begins a transaction for notes, which waits for no lock.
const BEGIN_NOTES: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
     SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL lock_timeout = '10ms'; \
     SET LOCAL statement_timeout = '2s'; SET LOCAL idle_in_transaction_session_timeout = '10s'";

const COMMIT: Step = Step::Script("COMMIT");

/// Time to wait for the lock in silence.
const IN_SILENCE: &str = "SET LOCAL lock_timeout = '2s'";

/// Time to wait for the lock after that.
const AND_THEN: &str = "SET LOCAL lock_timeout = '30s'";

/// Longest time to wait for the lock, with the time to answer.
const LOCK_PATIENCE: Duration = Duration::from_secs(35);

/// Longest time to wait for a COMMIT. One that waits for a dead synchronous standby never ends by itself.
const COMMIT_PATIENCE: Duration = Duration::from_secs(30);

/// Longest time to wait for a COMMIT of notes, on which nothing depends.
const NOTE_PATIENCE: Duration = Duration::from_secs(2);

/// Longest time to find out what became of a COMMIT without an answer: a standby may have to be promoted.
const RESOLVE_PATIENCE: Duration = Duration::from_secs(15);

/// Time between two attempts at that.
const RESOLVE_PAUSE: Duration = Duration::from_millis(250);

/// Begins a transaction whose work takes as long as the store is large.
const BEGIN_LONG: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
     SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL statement_timeout = 0; \
     SET LOCAL idle_in_transaction_session_timeout = '10min'; \
     SET LOCAL client_min_messages = warning";

/// SQLSTATE of a wait for a lock that took too long.
const LOCKED: &str = "55P03";

/// Lets a COMMIT wait neither for the disk nor for a standby.
const AT_ONCE: Step = Step::Script("SET LOCAL synchronous_commit = off");

/// Runs `job` in one transaction under the lock of the log's head, and commits it.
pub fn write(session: &mut Session, job: Job<'_>) -> Result<()> {
    let mut view = begin(session, BEGIN)?;
    job(&mut view)?;
    commit(view, COMMIT_PATIENCE)
}

/// Runs `job`, which may take minutes, in one transaction as [`write`] does.
pub fn write_long(
    session: &mut Session,
    job: impl FnOnce(&mut View<'_>) -> Result<()>,
) -> Result<()> {
    let mut view = begin(session, BEGIN_LONG)?;
    job(&mut view)?;
    commit(view, COMMIT_PATIENCE)
}

/// Begins a transaction under the lock. Refuses a store that was retired.
fn begin<'a>(session: &'a mut Session, sql: &'static str) -> Result<View<'a>> {
    let seen = session.server.seen.last();
    let steps = |patience| {
        let look = facts::look(seen.as_deref());
        [
            Step::Script(sql),
            Step::Script(patience),
            Statement::new("SELECT seq, hash FROM keyctl.lock_head()").into(),
            Statement::new("SELECT seq, hash FROM keyctl.event_head").into(),
            look.into(),
            Statement::new(WAIT).into(),
        ]
    };
    let mut begun = session.link.run(&steps(IN_SILENCE), LOCK_PATIENCE);
    if begun.as_ref().is_err_and(|error| error.is_of_connection()) {
        // While a command of the user ran, the primary may have been replaced. Nothing was asked of it yet.
        session.renew()?;
        begun = session.link.run(&steps(IN_SILENCE), LOCK_PATIENCE);
    }
    if begun
        .as_ref()
        .is_err_and(|error| error.code() == Some(LOCKED))
    {
        // It begins to wait anew, behind those who came meanwhile: no more than once.
        holder::tell(session);
        begun = session.link.run(&steps(AND_THEN), LOCK_PATIENCE);
    }
    let server = &session.server;
    let read = begun
        .map_err(|error| match error.code() {
            Some(LOCKED) => holder::waited(session, error),
            _ => facts::not_read(error, server),
        })
        .and_then(|rows| {
            check_locked(&rows, server)?;
            let looked = rows.get(4).map_or(&[][..], Vec::as_slice);
            facts::read(looked, server, seen.as_ref())
        });
    if read.is_err() {
        session.link.give_up();
    }
    let facts = read?;
    let head = facts.head;
    let view = View::open(session, facts);
    view.pending.replace(Pending::behind(head));
    match view.facts()?.retired {
        Some(retired) => Err(retired.no_change()),
        None => Ok(view),
    }
}

/// Refuses a lock on another head than that of the store, which the next statement has read: a restore has put another
/// schema in the place of the one that the lock was asked of, and this transaction would not be kept apart from others.
/// That statement names a table, since only a lock on one makes the session forget which schema a name stood for.
fn check_locked(rows: &[Vec<Row>], server: &Server) -> Result<()> {
    let head = |step: usize| {
        let row = rows.get(step).and_then(|rows| rows.first())?;
        let hash = column::<&[u8]>(row, 1).ok()?;
        Some((column::<i64>(row, 0).ok()?, hash.to_vec()))
    };
    match head(2).is_some() && head(2) == head(3) {
        true => Ok(()),
        false => Err(Error::busy(format!(
            "the content of {} was replaced meanwhile",
            escape(&server.shown)
        ))
        .hint("nothing was changed; run the command again")),
    }
}

/// Runs `job`, which makes notes, in one transaction. Fails where a lock would have to be waited for.
pub fn note(session: &Session, job: Job<'_>) -> Result<()> {
    let mut view = View::beginning(session, BEGIN_NOTES);
    job(&mut view)?;
    commit(view, session.patience.min(NOTE_PATIENCE))
}

fn commit(view: View<'_>, limit: Duration) -> Result<()> {
    let session = view.session;
    let server = &session.server;
    if view.has_failed() {
        return Err(Error::unavailable(format!(
            "a part of the change failed in {}",
            escape(&server.shown)
        )));
    }
    let mut pending = view.pending.take();
    let mut steps = view.first_steps();
    if pending.is_uses_alone() {
        steps.push(AT_ONCE);
    }
    let first = steps.len();
    steps.append(&mut pending.take_steps());
    steps.push(COMMIT);
    view.end();
    match run_to_end(session, &steps, limit, pending.last_event())? {
        // The changes are made by now, if there were any.
        Some(answers) => pending
            .check(answers.get(first..).unwrap_or_default(), server)
            .map_err(uncertain),
        None => Ok(()),
    }
}

/// Commits a transaction that is not the store's own, and whose last event is `event`.
pub fn finish(session: &Session, event: Head) -> Result<()> {
    run_to_end(session, &[COMMIT], COMMIT_PATIENCE, Some(event)).map(drop)
}

/// Runs the last steps of a transaction, a COMMIT at their end. Returns their answers; `None` if the commit did not
/// answer, but `event`, the last one of the transaction, was found.
fn run_to_end(
    session: &Session,
    steps: &[Step],
    limit: Duration,
    event: Option<Head>,
) -> Result<Option<Vec<Vec<Row>>>> {
    let server = &session.server;
    session.link.take_warning();
    let done = session.link.run(steps, limit);
    let is_doubtful = match &done {
        // A COMMIT that was told not to wait for the standby succeeds with a warning, which has no code of its own.
        Ok(_) => session.link.take_warning(),
        Err(error) => error.is_uncertain(),
    };
    match (done, is_doubtful) {
        (Ok(answers), false) => Ok(Some(answers)),
        (Err(error), false) => {
            session.link.send(&ROLLBACK);
            Err(error.about(server))
        }
        (done, true) => {
            let error = match done {
                Ok(_) => not_replicated(server),
                Err(error) => error.about(server),
            };
            match event {
                // Only notes, or nothing at all.
                None => Err(error),
                Some(event) => resolve(server, event, error).map(|()| None),
            }
        }
    }
}

fn not_replicated(server: &Server) -> Error {
    Error::unavailable(format!(
        "{} made the change, but it may not be on the standby",
        escape(&server.shown)
    ))
}

/// Finds out whether the transaction with the last event `event` was committed. `error` is why that is not known.
fn resolve(server: &Server, event: Head, error: Error) -> Result<()> {
    let until = Instant::now() + RESOLVE_PATIENCE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match look_for(server, event, left) {
            Ok(Some(true)) => return Ok(()),
            Ok(Some(false)) => return Err(error.adding("nothing was changed")),
            Ok(None) => return Err(uncertain(error)),
            Err(_) if Instant::now() >= until => return Err(uncertain(error)),
            Err(_) => sleep(RESOLVE_PAUSE),
        }
    }
}

/// Looks for `event` under the lock: without it, the transaction could still be on its way. The COMMIT of the look
/// waits for the standby like any other, and so for the event. Returns `None` if the answer may not last.
fn look_for(server: &Server, event: Head, limit: Duration) -> PgResult<Option<bool>> {
    let link = Link::connect(server)?;
    let steps = [
        Step::Script(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = '5s'; \
             SET LOCAL client_min_messages = warning",
        ),
        Statement::new("SELECT seq, hash FROM keyctl.lock_head()").into(),
        Statement::new("SELECT hash FROM keyctl.events WHERE seq = $1")
            .with(event.seq)
            .into(),
        COMMIT,
    ];
    let rows = link.run(&steps, limit)?;
    if link.take_warning() {
        return Ok(None);
    }
    let found = rows.get(2).and_then(|rows| rows.first());
    Ok(Some(found.is_some_and(|row| is_hash(row, &event.hash))))
}

fn is_hash(row: &Row, hash: &Hash) -> bool {
    column::<&[u8]>(row, 0).is_ok_and(|found| found == hash)
}

/// Runs `steps` in one transaction that is not the store's own, such as the one that makes it.
pub fn run_alone(session: &Session, steps: &[Step]) -> Result<Vec<Vec<Row>>> {
    let done = session.link.run(steps, LOCK_PATIENCE);
    if done.is_err() {
        session.link.send(&ROLLBACK);
    }
    done.explain(&session.server)
}
