//! A copy takes a store's place: in the store's own file, so that whoever has it open, or waits for
//! its lock, goes on with what was restored, and a kill at any moment leaves the old or the new.

mod current;
mod words;

use self::current::{Current, look};
use self::words::{directory_near, in_doubt, not_taken_in, room_in, unfit};
use super::commit::{truncate_log, uncommitted};
use super::copy::Text;
use super::error::{Error, Result};
use super::open::Empty;
use super::subject::{Role, Subject};
use super::{BUSY_TIMEOUT, Sqlite, check_files, is_same, open, shown, wal, write};
use crate::env::Actor;
use crate::error::{Error as Told, Kind, Result as ToldResult};
use crate::event::Event;
use crate::store::contract::{self, Allow, Decide, Read, Restored};
use crate::store::damage::Damage;
use crate::store::sqlite::aside::Aside;
use crate::store::sqlite::file::beside;
use crate::store::sqlite::file::{Location, Sharing};
use crate::store::sqlite::scratch::Scratch;
use crate::store::sqlite::siblings::Foreign;
use crate::when::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Every table and its columns, each behind what it refers to.
const TABLES: [(&str, &str); 10] = [
    ("scopes", "name, description"),
    ("scope_implies", "name, implied"),
    (
        "keys",
        "seq, id, name, owner, kind, hash, created_at, created_by, expires_at, last_used_at, grace_from, \
         usable_until, disabled_at, disabled_by, deleted_at, replaces, replaced_by",
    ),
    ("key_scopes", "key, scope"),
    ("key_labels", "key, label, value"),
    ("policy", "name, value"),
    ("administrators", "name"),
    ("members", "project, user, role"),
    ("events", "seq, at, actor, action, key_id, detail, hash"),
    ("event_head", "one, seq, hash"),
];

/// The name of the copy in the scratch directory.
const COPY: &str = "copy";

/// The name of the replaced store in the scratch directory.
const REPLACED: &str = "replaced";

/// A copy, and what it is to replace.
pub struct Restoration {
    location: Location,
    source: Location,
    /// The original, until it is taken in.
    copy: Sqlite,
    /// Files beside the original that are not its maker's, and are not read.
    foreign: Vec<Foreign>,
    /// The damage in records of single keys in it.
    damage_of_copy: Vec<Damage>,
    current: Current,
    // Last: what is open in it is closed before it goes.
    scratch: Option<Scratch>,
}

impl Restoration {
    /// Opens the copy at `source`, and looks at what is at `location`, which is not changed but for
    /// an older schema. Nothing is made anywhere, so that whoever is asked next may take all the
    /// time there is, and may end it. Whom `allow` refuses is told nothing of the copy.
    pub fn prepare(
        location: &Location,
        source: &Location,
        actor: &Actor,
        allow: &Allow<'_>,
    ) -> ToldResult<Self> {
        let is_itself = |path: PathBuf| is_same(&path, location.path());
        if source.existing().is_ok_and(is_itself) {
            return Err(
                Told::state(format!("{} is the store itself", source.shown()))
                    .hint("name a copy of it"),
            );
        }
        let current = look(location)?;
        allow(
            &current.access(location, actor)?,
            matches!(current, Current::Damaged(_)),
        )?;
        let path = source.existing_copy().map_err(unfit)?;
        check_readable(&path)?;
        // Copies that lie there for long are often linked to one another, and none is in use.
        let (copy, foreign) = Sqlite::open_copy(source).map_err(unfit)?;
        Ok(Restoration {
            location: location.clone(),
            source: source.clone(),
            copy,
            foreign,
            damage_of_copy: Vec::new(),
            current,
            scratch: None,
        })
    }

    /// Refuses a copy that is not sound, but for the records of single keys.
    pub fn check(&mut self) -> ToldResult<()> {
        match self.copy.inspect().map_err(|error| self.of_taken(error))? {
            Ok(copied) => {
                self.damage_of_copy = copied.damage;
                Ok(())
            }
            Err(what) => Err(unfit(Told::store(format!(
                "the copy {} is damaged: {what}",
                self.source.shown()
            )))),
        }
    }

    /// Takes the copy in, brings its schema up to date, and checks it: from here on nobody else
    /// changes it. Done once, however often it is called.
    pub fn take_in(&mut self) -> ToldResult<()> {
        if self.scratch.is_some() {
            return Ok(());
        }
        let directory = directory_near(&self.location);
        let scratch = Scratch::new(&directory)
            .map_err(|cause| self.location.failed("cannot make a file beside", &cause))?;
        let made = self.copy.copy_into(&scratch, COPY).map_err(unfit)?;
        let taken = made.map_err(|error| error.hint(room_in(&directory)))?;
        let role = Role::Taken {
            copy: self.source.shown(),
            directory: shown(&directory),
        };
        let subject = Subject {
            path: &taken,
            role: &role,
        };
        let opened = Sqlite::try_writable(subject, None, Empty::Refused);
        self.scratch = Some(scratch);
        let (copy, _) = opened.map_err(|error| self.of_taken(error.about(subject)))?;
        self.copy = copy;
        self.check()
    }

    /// `error` with what to do about it: once the copy is taken in, the fault may be in the place that
    /// it was taken to.
    fn of_taken(&self, error: Told) -> Told {
        match self.scratch {
            Some(_) if !matches!(error.kind, Kind::Damaged | Kind::Memory) => {
                error.hint(room_in(&directory_near(&self.location)))
            }
            _ => unfit(error),
        }
    }

    /// Files beside the copy that are not its maker's, and are not read.
    pub fn foreign(&self) -> &[Foreign] {
        &self.foreign
    }

    /// The copy: the original, or what was taken in.
    pub fn copy(&self) -> &dyn Read {
        &self.copy
    }

    /// The store that is to be replaced; `None` where there is none, or none that can be read.
    pub fn current(&self) -> Option<&dyn Read> {
        match &self.current {
            Current::Store(store) => Some(&**store),
            Current::Nothing | Current::Damaged(_) => None,
        }
    }

    /// The damage in records of single keys in the copy, as it was checked last.
    pub fn damage_of_copy(&self) -> &[Damage] {
        &self.damage_of_copy
    }

    /// What is wrong with the store that is to be replaced, if it is damaged.
    pub fn damage(&self) -> Option<&str> {
        match &self.current {
            Current::Damaged(what) => Some(what),
            Current::Nothing | Current::Store(_) => None,
        }
    }

    /// Puts the copy in the store's place, having taken it in. Under the lock, `decide` is given
    /// the store as it is, and the copy; it returns the event that the restored log is to end with.
    ///
    /// # Errors
    ///
    /// [`Kind::Uncertain`] where the store may hold the copy all the same; then what was replaced
    /// is kept, and the message says where.
    pub fn run(mut self, now: Timestamp, decide: &mut Decide<'_>) -> ToldResult<Restored> {
        self.take_in()?;
        let kept = match &self.current {
            Current::Store(_) => Some(self.replace_store(now, decide)?),
            Current::Damaged(_) => Some(self.replace_damaged(now, decide)?),
            Current::Nothing => self.fill(now, decide)?,
        };
        let head = Sqlite::open_to_write(&self.location)
            .and_then(|restored| restored.head())
            .map_err(|error| in_doubt(error, kept.as_deref()))?;
        Ok(Restored { kept, head })
    }

    /// Puts the copy in the place of a store that can be read. Returns where that is kept.
    fn replace_store(&mut self, now: Timestamp, decide: &mut Decide<'_>) -> ToldResult<PathBuf> {
        let (Current::Store(store), Some(scratch)) = (&mut self.current, &self.scratch) else {
            return Err(not_taken_in());
        };
        let aside = Aside::new(&store.path, now);
        in_place(store, &self.copy, scratch, aside, decide)
    }

    /// Puts the copy in the place of a store that cannot be read. Returns where that is kept.
    fn replace_damaged(&mut self, now: Timestamp, decide: &mut Decide<'_>) -> ToldResult<PathBuf> {
        let path = self.location.existing()?;
        let connection =
            open::alone(&path, BUSY_TIMEOUT, true).map_err(|error| error.about(&path))?;
        let mut aside = Aside::new(&path, now);
        let scratch = self.scratch.as_ref().ok_or_else(not_taken_in)?;
        // Until the end: closing what was read would let go of the lock.
        let _read = aside.copy_files(scratch, REPLACED)?;
        self.end_log(decide, Some(aside.path()))?;
        let overwritten = self.overwrite(connection);
        // Whatever was said: a write that failed may have reached the disk.
        let kept = aside.keep();
        overwritten.map_err(|error| in_doubt(error, Some(&kept)))?;
        Ok(kept)
    }

    /// Makes a store of the copy where there is none. Returns where what lay about is kept.
    fn fill(&mut self, now: Timestamp, decide: &mut Decide<'_>) -> ToldResult<Option<PathBuf>> {
        let aside = Aside::new(self.location.path(), now);
        let orphan = match self.location.path().exists() {
            true => None,
            false => aside.move_orphans()?,
        };
        if !self.location.create(Sharing::AsDirectory)? {
            self.location.close_to_others()?;
        }
        let path = self.location.existing()?;
        let connection =
            open::alone(&path, BUSY_TIMEOUT, false).map_err(|error| error.about(&path))?;
        let is_empty = open::is_empty(&connection).map_err(|error| error.about(&path))?;
        if !is_empty || wal::holds_commit(&path, &connection) {
            return Err(Told::state(format!(
                "a store came to be at {} meanwhile",
                self.location.shown()
            ))
            .hint("run the command again"));
        }
        self.end_log(decide, None)?;
        self.overwrite(connection)
            .map_err(|error| in_doubt(error, orphan.as_deref()))?;
        Ok(orphan)
    }

    /// Lets the copy's log end with what `decide` says.
    fn end_log(&mut self, decide: &mut Decide<'_>, kept: Option<&Path>) -> ToldResult<()> {
        let event = with_kept(decide(None, &self.copy)?, kept);
        let written = contract::write(&mut self.copy, |tx| tx.append(&event));
        written.map_err(|error| self.of_taken(error))
    }

    /// Writes the copy over the file behind `to`, which nobody else has open.
    fn overwrite(&self, mut to: Connection) -> ToldResult<()> {
        let path = self.location.existing()?;
        write_over(&self.copy.connection.borrow(), &mut to).map_err(|error| error.about(&path))?;
        truncate_log(&to);
        // SQLite leaves an emptied one behind in this mode, with what was replaced still in it.
        drop(fs::remove_file(beside(&path, "-journal")));
        Ok(())
    }
}

/// Writes page by page what is behind `from` over what is behind `to`: all of it in one transaction,
/// which asks nothing of what was there.
fn write_over(from: &Connection, to: &mut Connection) -> Result<()> {
    match Backup::new(from, to)?.step(-1)? {
        StepResult::Done => {}
        // Both are for this process alone.
        _ => return Err(Error::Told(Told::store("the store could not be written"))),
    }
    to.set_db_config(DbConfig::SQLITE_DBCONFIG_RESET_DATABASE, false)?;
    Ok(())
}

/// Puts what `copy` holds in the place of what `store` holds, in one transaction. Returns the path
/// at which what was replaced is kept.
fn in_place(
    store: &mut Sqlite,
    copy: &Sqlite,
    scratch: &Scratch,
    mut aside: Aside,
    decide: &mut Decide<'_>,
) -> ToldResult<PathBuf> {
    let path = store.path.clone();
    let failed = |error: Error| error.about(&path);
    let held = store.held.get_mut();
    // Somebody may have been asked since they were opened.
    check_files(&path, held)?;
    let connection = store.connection.get_mut();
    connection
        .execute("ATTACH ?1 AS copy", [Text(&copy.path)])
        .map_err(|cause| failed(cause.into()))?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|cause| failed(cause.into()))?;
    // It may have waited for its turn.
    check_files(&path, held)?;
    let event = decide(Some(&write::SqliteTx::new(&transaction, &path)), copy)?;
    // By a connection of its own: it reads what the lock keeps as it is.
    let replaced = Sqlite::open_to_read(&Location::new(&path)?)?;
    aside.take(&replaced.copy_into(scratch, REPLACED)??)?;
    replace_all(&transaction, &with_kept(event, Some(aside.path()))).map_err(failed)?;
    let committed = transaction.commit();
    match committed.map_err(|cause| uncommitted(connection, &path, cause)) {
        // Either may be what the store holds once it works again.
        Err(error) if error.kind == Kind::Uncertain => {
            return Err(in_doubt(error, Some(&aside.keep())));
        }
        committed => committed?,
    }
    truncate_log(connection);
    Ok(aside.keep())
}

/// Puts every row of the attached database `copy` in the place of every row of the main one, and
/// `event` at the end of the log.
fn replace_all(connection: &Connection, event: &Event) -> Result<()> {
    for (table, _) in TABLES.iter().rev() {
        connection.execute(&format!("DELETE FROM main.{table}"), [])?;
    }
    // The record of a damaged key is restored as it is.
    connection.pragma_update(None, "ignore_check_constraints", true)?;
    for (table, columns) in TABLES {
        let sql =
            format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM copy.{table}");
        connection.execute(&sql, [])?;
    }
    write::append(connection, event)
}

fn with_kept(event: Event, kept: Option<&Path>) -> Event {
    match kept {
        Some(path) => event.with("kept", path.to_string_lossy()),
        None => event,
    }
}

/// Refuses a copy that may not be read: of SQLite's words for it, nobody could tell.
fn check_readable(path: &Path) -> ToldResult<()> {
    match fs::File::open(path) {
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => Err(Told::store(format!(
            "cannot read the copy {}: permission denied",
            shown(path)
        ))
        .hint("nothing was changed; run the command as a user who may read it")),
        // Whatever else there is, opening it as a store tells.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::migrate;
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_column_of_every_table_is_restored() {
        let model = migrate::model(usize::MAX).ok().unwrap();
        let mut statement = model
            .prepare(
                "SELECT tables.name, columns.name FROM sqlite_schema AS tables, \
                 pragma_table_xinfo(tables.name) AS columns WHERE tables.type = 'table' ORDER BY cid",
            )
            .unwrap();
        let mut there: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        for row in rows.unwrap() {
            let (table, column) = row.unwrap();
            there.entry(table).or_default().push(column);
        }
        let listed: BTreeMap<String, Vec<String>> = TABLES
            .iter()
            .map(|(table, columns)| {
                let columns = columns.split(", ").map(str::to_owned).collect();
                ((*table).to_owned(), columns)
            })
            .collect();
        assert_eq!(listed, there);
    }
}
