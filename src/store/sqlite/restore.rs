//! A copy takes a store's place: in the store's own file, so that whoever has it open, or waits for
//! its lock, goes on with what was restored, and a kill at any moment leaves the old or the new.

use super::copy::Text;
use super::error::{Error, Result};
use super::open::Empty;
use super::{BUSY_TIMEOUT, Sqlite, open, owner_of, truncate_log, uncommitted, write};
use crate::access::{Access, ROOT};
use crate::env::Actor;
use crate::error::{Error as Told, Kind, Result as ToldResult};
use crate::event::Event;
use crate::store::aside::Aside;
use crate::store::file::beside;
use crate::store::scratch::Scratch;
use crate::store::{self, Decide, Location, Read, Restored, Sharing};
use crate::when::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};
use std::fs;
use std::os::unix::fs::MetadataExt;
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

/// What lies where the copy is to go.
enum Current {
    /// Nothing, or a file that nothing was ever put into.
    Nothing,
    /// A store.
    Store(Sqlite),
    /// A store of ours that is damaged, and by what.
    Damaged(String),
}

/// A copy that was taken in and checked, and what it is to replace.
pub struct Restoration {
    location: Location,
    copy: Sqlite,
    current: Current,
    // Last: what is open in it is closed before it goes.
    scratch: Scratch,
}

impl Restoration {
    /// Takes in the copy at `source`, checks it, brings its schema up to date, and looks at what
    /// is at `location`, which is not changed but for an older schema.
    pub fn prepare(location: &Location, source: &Location) -> ToldResult<Self> {
        let path = source.existing().map_err(of_copy)?;
        if is_same(&path, location.path()) {
            return Err(
                Told::state(format!("{} is the store itself", source.shown()))
                    .hint("name a copy of it"),
            );
        }
        let original = Sqlite::open_to_read(source).map_err(of_copy)?;
        check(&original, source)?;
        let current = look(location)?;
        let scratch = Scratch::new(&directory_near(location))
            .map_err(|cause| location.failed("cannot make a file beside", &cause))?;
        let taken = original.copy_into(&scratch, COPY).map_err(of_copy)?;
        let copy = Sqlite::open_to_write(&Location::new(&taken)?).map_err(of_copy)?;
        // What was checked before may have been changed since.
        check(&copy, source)?;
        Ok(Restoration {
            location: location.clone(),
            copy,
            current,
            scratch,
        })
    }

    /// The copy.
    pub fn copy(&self) -> &dyn Read {
        &self.copy
    }

    /// The store that is to be replaced; `None` where there is none, or none that can be read.
    pub fn current(&self) -> Option<&dyn Read> {
        match &self.current {
            Current::Store(store) => Some(store),
            Current::Nothing | Current::Damaged(_) => None,
        }
    }

    /// What is wrong with the store that is to be replaced, if it is damaged.
    pub fn damage(&self) -> Option<&str> {
        match &self.current {
            Current::Damaged(what) => Some(what),
            Current::Nothing | Current::Store(_) => None,
        }
    }

    /// What `actor` may do with what is to be replaced: who its administrators are, a damaged
    /// store cannot be asked, and where there is none, whoever can make one may.
    pub fn access(&self, actor: &Actor) -> ToldResult<Access> {
        let admin = match &self.current {
            Current::Store(store) => return store.access(actor),
            Current::Damaged(_) => {
                actor.uid == ROOT || actor.uid == owner_of(&self.location.existing()?)
            }
            Current::Nothing => true,
        };
        Ok(Access {
            actor: actor.name.clone(),
            admin,
        })
    }

    /// Puts the copy in the store's place. Under the lock, `decide` is given the store as it is,
    /// and the copy; it returns the event that the restored log is to end with.
    pub fn run(mut self, now: Timestamp, decide: &mut Decide<'_>) -> ToldResult<Restored> {
        let kept = match &mut self.current {
            Current::Store(store) => {
                let path = store.path.clone();
                let aside = Aside::new(&path, now);
                Some(in_place(store, &self.copy, &self.scratch, aside, decide)?)
            }
            Current::Damaged(_) => {
                let path = self.location.existing()?;
                let connection =
                    open::alone(&path, BUSY_TIMEOUT, true).map_err(|error| error.about(&path))?;
                let mut aside = Aside::new(&path, now);
                // Until the end: closing what was read would let go of the lock.
                let _read = aside.copy_files(&self.scratch, REPLACED)?;
                self.end_log(decide, Some(aside.path()))?;
                self.overwrite(connection)?;
                Some(aside.keep())
            }
            Current::Nothing => {
                let aside = Aside::new(self.location.path(), now);
                let orphan = match self.location.path().exists() {
                    true => None,
                    false => aside.move_orphans()?,
                };
                if !self.location.create(Sharing::Private)? {
                    self.location.close_to_others()?;
                }
                let path = self.location.existing()?;
                let connection =
                    open::alone(&path, BUSY_TIMEOUT, false).map_err(|error| error.about(&path))?;
                if !open::is_empty(&connection).map_err(|error| error.about(&path))? {
                    return Err(Told::state(format!(
                        "a store came to be at {} meanwhile",
                        self.location.shown()
                    ))
                    .hint("run the command again"));
                }
                self.end_log(decide, None)?;
                self.overwrite(connection)?;
                orphan
            }
        };
        let restored = Sqlite::open_to_write(&self.location)?;
        Ok(Restored {
            kept,
            head: restored.head()?,
        })
    }

    /// Lets the copy's log end with what `decide` says.
    fn end_log(&mut self, decide: &mut Decide<'_>, kept: Option<&Path>) -> ToldResult<()> {
        let event = with_kept(decide(None, &self.copy)?, kept);
        store::write(&mut self.copy, |tx| tx.append(&event))
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
    let connection = store.connection.get_mut();
    connection
        .execute("ATTACH ?1 AS copy", [Text(&copy.path)])
        .map_err(|cause| failed(cause.into()))?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|cause| failed(cause.into()))?;
    let event = decide(Some(&write::SqliteTx::new(&transaction, &path)), copy)?;
    // By a connection of its own: it reads what the lock keeps as it is.
    let replaced = Sqlite::open_to_read(&Location::new(&path)?)?;
    aside.take(&replaced.copy_into(scratch, REPLACED)?)?;
    replace_all(&transaction, &with_kept(event, Some(aside.path()))).map_err(failed)?;
    let committed = transaction.commit();
    match committed.map_err(|cause| uncommitted(connection, &path, cause)) {
        // Either may be what the store holds once it works again.
        Err(error) if error.kind == Kind::Uncertain => {
            aside.keep();
            return Err(error);
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

/// What is at `location`, where only a store of ours may be replaced.
fn look(location: &Location) -> ToldResult<Current> {
    if location.is_vacant() || Sqlite::is_unfounded(location) {
        return Ok(Current::Nothing);
    }
    let path = location.existing()?;
    let is_ours = open::is_marked(&path);
    match Sqlite::try_writable(&path, None, Empty::Refused) {
        Ok((store, _)) => Ok(match store.damage()?.into_iter().next() {
            None => Current::Store(store),
            Some(what) => Current::Damaged(what),
        }),
        Err(error) if is_ours && error.is_damage() => Ok(Current::Damaged(error.in_words())),
        Err(error) if is_ours => Err(error.about(&path)),
        Err(error) => Err(error
            .about(&path)
            .hint("move it away, or name another file: --db PATH")),
    }
}

/// Refuses a copy that is not sound.
fn check(copy: &Sqlite, source: &Location) -> ToldResult<()> {
    match copy.inspect().map_err(of_copy)? {
        Ok(_) => Ok(()),
        Err(what) => Err(of_copy(Told::store(format!(
            "the store {} is damaged: {what}",
            source.shown()
        )))),
    }
}

/// What is said of a store, said of a copy that is to be restored.
fn of_copy(mut error: Told) -> Told {
    error.message = error.message.replacen("the store ", "the copy ", 1);
    error.hint("nothing was changed; name another copy")
}

fn is_same(copy: &Path, store: &Path) -> bool {
    let place = |path| {
        fs::metadata(path)
            .ok()
            .map(|found| (found.dev(), found.ino()))
    };
    place(copy).is_some_and(|copy| place(store) == Some(copy))
}

/// The directory of the store's file or, where that is not there yet, the next above it.
fn directory_near(location: &Location) -> PathBuf {
    let path = location
        .existing()
        .unwrap_or_else(|_| location.path().to_owned());
    let mut above = path.ancestors().skip(1);
    above
        .find(|directory| directory.is_dir())
        .unwrap_or(Path::new("/"))
        .to_owned()
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
