//! The contract of a store: what any backend does, in terms of keys and events.

use super::filter::{Filter, LogFilter};
use super::skipped::Skipped;
use crate::access::Access;
use crate::env::{Actor, Env};
use crate::error::{Error, Result};
use crate::event::{Entry, Event, Flaw, Head};
use crate::id::KeyId;
use crate::key::Key;
use crate::policy::Policy;
use crate::project::{Member, Role};
use crate::scope::{Registry, Scope};
use crate::when::Timestamp;
use std::ops::ControlFlow;

/// Callback of a scan, for each key; says whether it wants more.
pub type Visit<'a> = dyn FnMut(Key) -> Result<ControlFlow<()>> + 'a;

/// Callback of a scan of the log, for each event; says whether it wants more.
pub type VisitEntry<'a> = dyn FnMut(Entry) -> Result<ControlFlow<()>> + 'a;

/// Callback of [`Store::snapshot`]: gets a consistent view and its version. May run again if the store
/// changed underneath.
pub type Look<'a> = dyn FnMut(&dyn Read, Version) -> Result<()> + 'a;

/// Opaque version of a store's content: equal versions of one open store mean that nobody else
/// committed in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    opened: u64,
    content: i64,
}

impl Version {
    /// The version that a backend's own number for the `content` stands for. Numbers of different
    /// connections say nothing of each other, so it counts how often it `opened` one.
    pub fn new(opened: u64, content: i64) -> Self {
        Version { opened, content }
    }
}

/// Record of a key and its hash, for verification.
pub struct Known {
    /// Its record, without the labels.
    pub key: Key,
    /// The PHC string of its secret; `None` once it is wiped.
    pub hash: Option<String>,
}

/// View of a store at one moment.
pub trait Read {
    /// The key with this ID, if its record is there.
    fn get(&self, id: KeyId) -> Result<Option<Key>>;

    /// The key with each of these IDs. Takes as much reading where there is no such key.
    fn to_verify(&self, ids: &[KeyId]) -> Result<Vec<Option<Known>>>;

    /// The live key of `owner` with this name, if there is one.
    fn live_key(&self, owner: &str, name: &str) -> Result<Option<Key>>;

    /// Owner and name of the first `limit` live keys of `owner`, or of all users, in order.
    fn live_names(&self, owner: Option<&str>, limit: u64) -> Result<Vec<(String, String)>>;

    /// Calls `visit` for every key that `filter` lets through, in its order, in constant memory.
    /// Leaves out those whose records cannot be read, and returns these.
    fn scan(&self, filter: &Filter, visit: &mut Visit<'_>) -> Result<Skipped>;

    /// The owner of the key with this ID, read without the rest of its record, which may be damaged;
    /// `None` where there is no such key, or the owner cannot be read either.
    fn damaged_owner(&self, id: KeyId) -> Result<Option<String>>;

    /// The policy that holds.
    fn policy(&self) -> Result<Policy>;

    /// The policy as far as it can be read, with the defaults in the place of settings that cannot, and
    /// the names of these: to set one of them anew, and for nothing else.
    fn readable_policy(&self) -> Result<(Policy, Vec<String>)>;

    /// The scopes that may be given.
    fn scopes(&self) -> Result<Registry>;

    /// The rights of `actor`.
    fn access(&self, actor: &Actor) -> Result<Access>;

    /// Up to `limit` keys that have `scope` and are not deleted.
    fn users_of_scope(&self, scope: &str, limit: u64) -> Result<Vec<Key>>;

    /// The role of `user` in `project`, if they are a member of it.
    fn role(&self, project: &str, user: &str) -> Result<Option<Role>>;

    /// The members of `project`, or of all projects, in order; the first `limit`, if it is given.
    fn members(&self, project: Option<&str>, limit: Option<u64>) -> Result<Vec<Member>>;

    /// The first `limit` projects, in order.
    fn projects(&self, limit: u64) -> Result<Vec<String>>;

    /// Tells whether `user` was appointed an administrator.
    fn is_appointed(&self, user: &str) -> Result<bool>;

    /// The administrators that were appointed, in order; the first `limit`, if it is given.
    fn administrators(&self, limit: Option<u64>) -> Result<Vec<String>>;

    /// Calls `visit` for every event that `filter` lets through, oldest first, in constant memory. One
    /// that cannot be read keeps no other from being visited; it is the error behind them.
    fn scan_log(&self, filter: &LogFilter, visit: &mut VisitEntry<'_>) -> Result<()>;

    /// The last event's place and hash, as the store keeps them apart from the log.
    fn head(&self) -> Result<Head>;

    /// The place and hash of the log's last event that stands at `seq` or before.
    fn event_at(&self, seq: i64) -> Result<Option<Head>>;

    /// Walks the whole log, and requires the hash of `kept` at its place. Returns the head, or
    /// the first flaw.
    fn check_log(&self, kept: Option<Head>) -> Result<std::result::Result<Head, Flaw>>;

    /// All events that `filter` lets through, oldest first.
    fn find_events(&self, filter: &LogFilter) -> Result<Vec<Entry>> {
        let mut found = Vec::new();
        self.scan_log(filter, &mut |entry| {
            found.push(entry);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// All keys that `filter` lets through; an error if one of them cannot be read.
    fn find(&self, filter: &Filter) -> Result<Vec<Key>> {
        let (found, skipped) = self.find_readable(filter)?;
        skipped.none()?;
        Ok(found)
    }

    /// The keys that `filter` lets through and that can be read, and those that cannot.
    fn find_readable(&self, filter: &Filter) -> Result<(Vec<Key>, Skipped)> {
        let mut found = Vec::new();
        let skipped = self.scan(filter, &mut |key| {
            found.push(key);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok((found, skipped))
    }
}

/// One write transaction.
pub trait Tx: Read {
    /// Adds a key with the PHC string of its secret.
    fn insert(&mut self, key: &Key, hash: &str) -> Result<()>;

    /// Writes what changed in a key; the hash of a deleted key is wiped.
    fn update(&mut self, key: &Key) -> Result<()>;

    /// Removes a key's record.
    fn purge(&mut self, id: KeyId) -> Result<()>;

    /// Appends an event to the log.
    fn append(&mut self, event: &Event) -> Result<()>;

    /// Notes that the key verified at `now`, unless a use within the last minute, or a later one,
    /// is noted.
    fn touch(&mut self, id: KeyId, now: Timestamp) -> Result<()>;

    /// Puts `new` in the place of the PHC string `old`; says whether it was still there.
    fn replace_hash(&mut self, id: KeyId, old: &str, new: &str) -> Result<bool>;

    /// Sets the policy `name`, or with no value lets its default hold.
    fn set_policy(&mut self, name: &str, value: Option<&str>) -> Result<()>;

    /// Registers a scope.
    fn add_scope(&mut self, name: &str, scope: &Scope) -> Result<()>;

    /// Removes a scope.
    fn remove_scope(&mut self, name: &str) -> Result<()>;

    /// Makes a user a member of a project, or gives a member another role.
    fn set_member(&mut self, member: &Member) -> Result<()>;

    /// Takes a user out of a project.
    fn remove_member(&mut self, project: &str, user: &str) -> Result<()>;

    /// Makes a user an administrator.
    fn add_administrator(&mut self, user: &str) -> Result<()>;

    /// Makes a user an administrator no longer.
    fn remove_administrator(&mut self, user: &str) -> Result<()>;
}

/// Job of a transaction. It runs at most once: a token that it has handed out cannot be handed out
/// again.
pub type Job<'a> = Box<dyn FnOnce(&mut dyn Tx) -> Result<()> + 'a>;

/// A store that is open. Reads go through a snapshot or a transaction.
pub trait Store {
    /// Name of the store in a message. Never shows a password.
    fn name(&self) -> String;

    /// The user who runs the command, as this store knows them.
    fn actor(&self, env: &Env) -> Actor;

    /// Those who are administrators of this store without being appointed, in words.
    fn implicit_administrators(&self) -> &'static [&'static str];

    /// Sentences that one who changes the store is to be told: that it was just made and whose it is,
    /// that others may put files where it lies.
    fn notices(&self) -> &[String];

    /// Lets `look` read the store as it is at one moment.
    ///
    /// # Errors
    ///
    /// Those of `look`; and where changes by others would not be seen any more.
    fn snapshot(&self, look: &mut Look<'_>) -> Result<()>;

    /// Runs `job` in one transaction: all of it, or nothing. Waits for its turn, up to 30 seconds.
    fn write(&mut self, job: Job<'_>) -> Result<()>;

    /// Runs `job` in one transaction if that takes no waiting and the store can be written; else
    /// does nothing. For what may be left out.
    fn write_if_free(&mut self, job: Job<'_>) -> Result<()>;
}

/// Returns what `look` reads at one moment of `store`. It may run again, as any [`Look`].
pub fn read<T>(store: &dyn Store, mut look: impl FnMut(&dyn Read) -> Result<T>) -> Result<T> {
    let mut result = None;
    store.snapshot(&mut |moment, _| {
        result = Some(look(moment)?);
        Ok(())
    })?;
    result.ok_or_else(not_read)
}

fn not_read() -> Error {
    Error::unavailable("the store was not read")
}

/// Returns what `look` reads at one moment of `store`, and lets it hand on what a scan visits as it comes:
/// a scan visits nothing before it is known to be of that moment. A look that succeeded does not run
/// again, as those of [`read`] may; one that failed may.
pub fn stream<T>(store: &dyn Store, mut look: impl FnMut(&dyn Read) -> Result<T>) -> Result<T> {
    let mut result = None;
    store.snapshot(&mut |moment, _| {
        if result.is_none() {
            result = Some(look(moment)?);
        }
        Ok(())
    })?;
    result.ok_or_else(not_read)
}

/// Runs `job` in one transaction of `store` and returns what it returns.
pub fn write<T>(store: &mut dyn Store, job: impl FnOnce(&mut dyn Tx) -> Result<T>) -> Result<T> {
    let mut result = None;
    store.write(Box::new(|tx| {
        result = Some(job(tx)?);
        Ok(())
    }))?;
    result.ok_or_else(|| Error::unavailable("the transaction did not run"))
}

/// Founder of a store: its first administrator.
#[derive(Clone, Copy, Debug)]
pub struct Founder<'a> {
    /// The user, as the system knows them.
    pub actor: &'a Actor,
    /// The time.
    pub now: Timestamp,
    /// The reason that the store's first event is to keep.
    pub reason: Option<&'a str>,
    /// The gid of the group that is to share the store; `None` leaves that to where it lies.
    pub group: Option<u32>,
}
