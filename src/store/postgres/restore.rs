//! Restore of a copy into a database: a new schema takes the place of the one that is there, which is kept.

use super::commit;
use super::error::{Explain, no_store};
use super::facts::{self, Facts};
use super::names;
use super::opened::Postgres;
use super::pool::Pool;
use super::receive::Receiver;
use super::row::column;
use super::schema;
use super::server::Server;
use super::session::Session;
use super::statement::{Statement, Step};
use super::strangers;
use super::view::View;
use crate::env::Actor;
use crate::error::{Error, FailureKind, Result, escape, quote};
use crate::event::Head;
use crate::store::contract::{self, Read, Store};
use crate::store::restoration::{Adjust, Decide, Restoration, Restored};
use crate::store::sqlite::Intake;
use crate::when::Timestamp;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Longest time to wait for one statement: an index of millions of keys takes minutes.
const LOAD_PATIENCE: Duration = Duration::from_secs(1800);

/// Begins the transaction. Reading the copy takes time, in which the session is idle.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
     SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL standard_conforming_strings = on; SET LOCAL client_min_messages = error; \
     SET LOCAL lock_timeout = '30s'; SET LOCAL statement_timeout = 0; \
     SET LOCAL idle_in_transaction_session_timeout = '10min'";

/// Takes the rights to the schema that is kept from everybody but its owner. Its functions find their tables by number,
/// and would go on working.
const CLOSE: &str = "
ALTER SCHEMA keyctl RENAME TO {kept};
REVOKE ALL ON SCHEMA {kept} FROM PUBLIC, {verifier}, {operator}, {admin};
REVOKE ALL ON ALL TABLES IN SCHEMA {kept} FROM PUBLIC, {verifier}, {operator}, {admin};
REVOKE ALL ON ALL SEQUENCES IN SCHEMA {kept} FROM PUBLIC, {verifier}, {operator}, {admin};
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {kept} FROM PUBLIC, {verifier}, {operator}, {admin};
";

/// Restore of a copy into a database.
pub struct ServerRestoration {
    store: Postgres,
    /// True if the database has a store already.
    has_store: bool,
    actor: Actor,
    intake: Intake,
}

/// Prepares a restore by `actor` of the copy at `source` into the database of `server`. Changes nothing.
///
/// # Errors
///
/// Fails unless the user may own the schema, if there is a store that cannot be read, or if the copy cannot be opened.
pub fn prepare(server: &Arc<Pool>, source: &Path, actor: &Actor) -> Result<ServerRestoration> {
    let session = Session::open(server, LOAD_PATIENCE)?;
    schema::check_server(&session)?;
    let place = find(&session)?;
    let actor = Actor {
        name: place.user,
        ..actor.clone()
    };
    let store = Postgres {
        session,
        notices: Vec::new(),
    };
    if place.has_store {
        let view = View::new(&store.session);
        view.access(&actor)?.administrator("restore the store")?;
        if !place.is_owner {
            return Err(not_owner(server, &actor.name));
        }
    }
    Ok(ServerRestoration {
        has_store: place.has_store,
        actor,
        intake: Intake::beside(source)?,
        store,
    })
}

struct Place {
    user: String,
    has_store: bool,
    is_owner: bool,
}

/// Finds out who the user is, and what is in the database.
fn find(session: &Session) -> Result<Place> {
    let server = &session.server;
    let owner = names::role(&server.database, "owner");
    let asked = Statement::new(
        "SELECT session_user::text, to_regnamespace('keyctl') IS NOT NULL, \
         coalesce((SELECT pg_has_role(session_user, oid, 'MEMBER') FROM pg_catalog.pg_roles WHERE rolname = $1), false)",
    );
    let rows = session.query(asked.with(owner)).explain(server)?;
    let row = rows.first().ok_or_else(|| no_store(server))?;
    Ok(Place {
        user: column(row, 0).explain(server)?,
        has_store: column(row, 1).explain(server)?,
        is_owner: column(row, 2).explain(server)?,
    })
}

fn not_owner(server: &Server, user: &str) -> Error {
    let owner = quote(&names::role(&server.database, "owner"));
    Error::access(format!(
        "{} may not replace the store in {}: only members of the role {owner} own its schema",
        quote(user),
        quote(&server.database)
    ))
    .hint("ask the user who ran 'init', or an administrator of the server")
}

impl ServerRestoration {
    fn server(&self) -> &Arc<Pool> {
        &self.store.session.server
    }

    fn shown(&self) -> String {
        escape(&self.server().shown)
    }

    /// Begins the transaction under the lock. Returns what the store that is there shows.
    fn begin(&self) -> Result<Option<Facts>> {
        let (session, server) = (&self.store.session, self.server());
        let begin = [
            Step::Script(BEGIN),
            Statement::new(schema::LOCK_MAKING).into(),
        ];
        commit::run_alone(session, &begin)?;
        if find(session)?.has_store != self.has_store {
            return Err(Error::state(format!(
                "another process has made or removed the store in {} meanwhile",
                self.shown()
            ))
            .hint("run the command again"));
        }
        if !self.has_store {
            return Ok(None);
        }
        let become_owner = schema::fill("SET LOCAL ROLE {owner}", &server.database)?;
        let owned = session.link.run_script(&become_owner, session.patience);
        owned.map_err(|_| not_owner(server, &self.actor.name))?;
        let lock = [
            Statement::new("SELECT seq, hash FROM keyctl.lock_head()").into(),
            facts::look(None).into(),
        ];
        let rows = commit::run_alone(session, &lock)?;
        let looked = rows.get(1).map_or(&[][..], Vec::as_slice);
        facts::read(looked, server, None).map(Some)
    }

    /// Runs the whole restore in the transaction that [`ServerRestoration::begin`] begins.
    fn replace(
        &mut self,
        now: Timestamp,
        decide: &mut Decide<'_>,
        adjust: &mut Adjust<'_>,
    ) -> Result<(Head, Option<String>)> {
        let current = self.begin()?;
        let kept = match current {
            Some(_) => Some(self.name_of_kept(now)?),
            None => None,
        };
        let ServerRestoration { store, intake, .. } = self;
        let mut former = Vec::new();
        intake.adjust(|copy, restored| {
            let Some(facts) = current else {
                return restored.append(&decide(None, copy)?);
            };
            let view = View::open(&store.session, facts);
            let adjusted = (|| {
                let event = decide(Some(&view), copy)?;
                former = view.administrators(None)?;
                adjust(&view, copy, restored)?;
                let kept = kept.as_deref().unwrap_or_default();
                restored.append(&event.with("kept", kept))
            })();
            // The transaction goes on.
            view.end();
            adjusted
        })?;
        let head = contract::read(intake.copy(), |copy| copy.head())?;
        self.fill(kept.as_deref(), head, &former)?;
        Ok((head, kept))
    }

    /// Moves the store that is there to the schema `kept`, and fills a new one from the private copy.
    fn fill(&self, kept: Option<&str>, head: Head, former: &[String]) -> Result<()> {
        let (session, server) = (&self.store.session, self.server());
        let database = &server.database;
        let script = |sql: &str| session.link.run_script(sql, session.patience);
        let statements = match kept {
            Some(kept) => {
                let close = CLOSE.replace("{kept}", &names::identifier(kept));
                script(&schema::fill(&close, database)?).explain(server)?;
                schema::statements_as_owner(database)?
            }
            None => schema::statements(database)?,
        };
        script(&statements).map_err(|error| schema::not_made(error, server))?;
        script(&schema::fill("SET LOCAL ROLE {owner}", database)?).explain(server)?;
        let mut receiver = Receiver::new(session)?;
        self.intake.send(&mut |item| receiver.take(item))?;
        receiver.finish()?;
        self.check_filled(head, receiver.count)?;
        strangers::appoint(session, &receiver.administrators, former)?;
        script("RESET ROLE").explain(server)
    }

    /// Reads the log and counts the keys as they are on the server.
    fn check_filled(&self, head: Head, keys: i64) -> Result<()> {
        let (session, server) = (&self.store.session, self.server());
        let looked = session.query(facts::look(None)).explain(server)?;
        let view = View::open(session, facts::uncommitted(&looked, server, None)?);
        let checked = (|| {
            let log = view.check_log(Some(head))?;
            let sql = "SELECT count(*) FROM keyctl.keys";
            let count = view.run(Statement::new(sql))?;
            let count: Option<i64> = count
                .first()
                .map(|row| column(row, 0))
                .transpose()
                .explain(server)?;
            Ok((log, count))
        })();
        view.end();
        match checked? {
            (Ok(there), Some(count)) if there == head && count == keys => Ok(()),
            (Err(flaw), _) => Err(Error::damaged(format!(
                "the log in {} is not that of the copy: {flaw}",
                self.shown()
            ))),
            _ => Err(Error::damaged(format!(
                "the content of {} is not that of the copy",
                self.shown()
            ))),
        }
    }

    /// Chooses the name of the schema in which the store that is there is kept.
    fn name_of_kept(&self, now: Timestamp) -> Result<String> {
        let (session, server) = (&self.store.session, self.server());
        // In small letters: psql needs no quotes then.
        let first = format!("keyctl_before_{}", now.compact().to_ascii_lowercase());
        let mut number = 1;
        let mut name = first.clone();
        loop {
            let sql = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)";
            let rows = session
                .query(Statement::new(sql).with(&name))
                .explain(server)?;
            let is_taken = rows
                .first()
                .map(|row| column::<bool>(row, 0))
                .transpose()
                .explain(server)?;
            if is_taken != Some(true) {
                return Ok(name);
            }
            number += 1;
            name = format!("{first}_{number}");
        }
    }
}

impl Restoration for ServerRestoration {
    fn actor(&self) -> &Actor {
        &self.actor
    }

    fn notices(&self) -> Vec<String> {
        self.intake.unread()
    }

    fn unknown_users(&self) -> Result<Vec<String>> {
        strangers::warnings(&self.store.session, self.intake.store())
    }

    fn source(&self) -> &Path {
        self.intake.path()
    }

    fn copy(&self) -> &dyn Store {
        self.intake.store()
    }

    fn current(&self) -> Option<&dyn Store> {
        self.has_store.then_some(&self.store)
    }

    fn require_current(&self) -> Result<&dyn Store> {
        self.current().ok_or_else(|| no_store(self.server()))
    }

    fn damage_of_copy(&self) -> Vec<&str> {
        self.intake.damage()
    }

    fn check(&mut self) -> Result<()> {
        self.intake.check()?;
        match self.intake.damage().first() {
            None => Ok(()),
            Some(damage) => Err(Error::damaged(format!(
                "a server takes no damaged record, and the copy {} has one: {damage}",
                self.intake.shown()
            ))
            .hint("restore the copy to a file, repair it as 'doctor' says there, and move that")),
        }
    }

    fn take_in(&mut self) -> Result<()> {
        self.intake.take_in()
    }

    fn run(
        mut self: Box<Self>,
        now: Timestamp,
        decide: &mut Decide<'_>,
        adjust: &mut Adjust<'_>,
    ) -> Result<Restored> {
        self.take_in()?;
        let replaced = self.replace(now, decide, adjust);
        if replaced.is_err() {
            self.store.session.link.give_up();
        }
        let (head, kept) = replaced?;
        let shown = self.shown();
        let place = |kept: &String| format!("in the schema {} of {shown}", escape(kept));
        commit::finish(&self.store.session, head).map_err(|error| match (&kept, error.kind) {
            (Some(kept), FailureKind::Uncertain) => error.adding(format_args!(
                "the store that it may have replaced is kept {}",
                place(kept)
            )),
            _ => error,
        })?;
        let notices = match kept {
            Some(_) => Vec::new(),
            None => vec![format!("made a new store in {shown}")],
        };
        Ok(Restored {
            kept: kept.as_ref().map(place),
            head,
            notices,
        })
    }
}
