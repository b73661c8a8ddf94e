//! Contract of every backend, in terms of keys and events.

use super::filter::{Filter, LogFilter};
use super::retired::Retired;
use super::skipped::Skipped;
use crate::access::Access;
use crate::env::{Actor, Env};
use crate::error::{Error, Result};
use crate::event::{Action, Entry, Event, Flaw, Head};
use crate::hash::TokenDigest;
use crate::id::KeyId;
use crate::key::Key;
use crate::policy::Policy;
use crate::project::{Member, Role};
use crate::scope::{Registry, Scope};
use crate::token::Locator;
use crate::when::{Span, Timestamp};
use std::ops::ControlFlow;
use std::path::Path;

/// Callback of a scan, called for each key. `Break` ends the scan.
pub type Visit<'a> = dyn FnMut(Key) -> Result<ControlFlow<()>> + 'a;

/// Callback of a scan of the log, called for each event. `Break` ends the scan.
pub type VisitEntry<'a> = dyn FnMut(Entry) -> Result<ControlFlow<()>> + 'a;

/// Callback of [`Store::snapshot`]: gets a consistent view. May run again if the store changed underneath.
pub type Look<'a> = dyn FnMut(&dyn Read) -> Result<()> + 'a;

/// Opaque version of a store's content: equal versions of one open store mean that nobody else
/// committed in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    opened: u64,
    content: i64,
}

impl Version {
    /// Makes a version from the backend's number for the `content` and the number of connections that it
    /// has `opened`: numbers of different connections cannot be compared.
    pub fn new(opened: u64, content: i64) -> Self {
        Version { opened, content }
    }
}

/// Record of a key and its hash, for verification.
#[derive(Clone)]
pub struct Known {
    /// The record, without labels.
    pub key: Key,
    /// The PHC string; `None` if it was wiped.
    pub hash: Option<String>,
}

/// Consistent view of a store, as it is at the first read or before.
pub trait Read {
    /// Returns the version of the content that this view shows.
    fn version(&self) -> Result<Version>;

    /// Returns the time at the first read, by the clock of the store's server; `None` if that is the clock of this
    /// host.
    fn clock(&self) -> Result<Option<Timestamp>> {
        Ok(None)
    }

    /// Returns the key with this ID.
    fn get(&self, id: KeyId) -> Result<Option<Key>>;

    /// Returns the mark of a store that was retired; `None` if it is in use.
    fn retired(&self) -> Result<Option<Retired>>;

    /// Returns the key of each ID or digest, in order. Fails for a store that was retired: another one knows what was
    /// revoked since.
    ///
    /// An unknown one costs as many page reads as a known one, so that the time does not tell which exist.
    fn to_verify(&self, sought: &[Locator]) -> Result<Vec<Option<Known>>>;

    /// Tells whether the user may replace the hash of a key by one of the same secret, as a verification does.
    fn may_renew_hashes(&self) -> Result<bool> {
        Ok(true)
    }

    /// Returns the key of each ID or digest as [`Read::to_verify`] does, also in a store that was retired.
    fn known(&self, sought: &[Locator]) -> Result<Vec<Option<Known>>>;

    /// Tells whether there is an imported key, deleted or not.
    fn has_imported(&self) -> Result<bool>;

    /// Returns the key of the foreign token with this digest, unless it is deleted.
    fn key_by_digest(&self, digest: &TokenDigest) -> Result<Option<Key>> {
        let known = self.known(&[Locator::Digest(*digest)])?;
        match known.into_iter().flatten().next() {
            Some(known) => self.get(known.key.id),
            None => Ok(None),
        }
    }

    /// Returns the live key of `owner` with this name.
    fn live_key(&self, owner: &str, name: &str) -> Result<Option<Key>>;

    /// Returns owner and name of the first `limit` live keys of `owner`, or of all users, in order.
    fn live_names(&self, owner: Option<&str>, limit: u64) -> Result<Vec<(String, String)>>;

    /// Calls `visit` for every key that passes `filter`, in its order, in constant memory. Returns the
    /// keys that were left out because their records cannot be read.
    fn scan(&self, filter: &Filter, visit: &mut Visit<'_>) -> Result<Skipped>;

    /// Returns the name of the key with this ID without reading the rest of its record, which may be damaged.
    /// `None` if there is no such key, or if its name cannot be read either.
    fn key_name(&self, id: KeyId) -> Result<Option<String>>;

    /// Returns the owner of the key with this ID without reading the rest of its record, which may be
    /// damaged. `None` if there is no such key, or if its owner cannot be read either.
    fn damaged_owner(&self, id: KeyId) -> Result<Option<String>>;

    /// Returns the policy.
    fn policy(&self) -> Result<Policy>;

    /// Returns the policy with defaults in the place of settings that cannot be read, and the names of
    /// these. Only for a command that sets one of them anew: the defaults may allow too much.
    fn readable_policy(&self) -> Result<(Policy, Vec<String>)>;

    /// Returns the registered scopes.
    fn scopes(&self) -> Result<Registry>;

    /// Returns the rights of `actor`.
    fn access(&self, actor: &Actor) -> Result<Access>;

    /// Returns up to `limit` keys that have `scope` and are not deleted.
    fn users_of_scope(&self, scope: &str, limit: u64) -> Result<Vec<Key>>;

    /// Returns the role of `user` in `project`; `None` if they are no member.
    fn role(&self, project: &str, user: &str) -> Result<Option<Role>>;

    /// Returns the first `limit` members of `project`, or of all projects, in order.
    fn members(&self, project: Option<&str>, limit: Option<u64>) -> Result<Vec<Member>>;

    /// Tells whether there is such a project.
    fn has_members(&self, project: &str) -> Result<bool> {
        Ok(!self.members(Some(project), Some(1))?.is_empty())
    }

    /// Returns the first `limit` projects, in order.
    fn projects(&self, limit: u64) -> Result<Vec<String>>;

    /// Tells whether `user` was appointed an administrator.
    fn is_appointed(&self, user: &str) -> Result<bool>;

    /// Tells whether the store's server has a user of this name; `None` if the system tells who is a user.
    fn has_user(&self, _name: &str) -> Result<Option<bool>> {
        Ok(None)
    }

    /// Returns the first `limit` users who were appointed administrators, in order.
    fn administrators(&self, limit: Option<u64>) -> Result<Vec<String>>;

    /// Calls `visit` for every event that passes `filter`, oldest first, in constant memory. Skips an
    /// event that cannot be read, and fails with its error at the end.
    fn scan_log(&self, filter: &LogFilter, visit: &mut VisitEntry<'_>) -> Result<()>;

    /// Tells whether a reuse of the key is noted within a minute of `at`. Also looks after `at`: other processes write
    /// too, and the clock may be set back.
    fn has_reuse(&self, id: KeyId, at: Timestamp) -> Result<bool> {
        let last = self.find_events(&LogFilter {
            keys: vec![id],
            actions: vec![Action::Reuse],
            recent: Some(at.before(Span::MINUTE)),
            ..LogFilter::default()
        })?;
        Ok(last.iter().any(|event| at.is_near(event.at)))
    }

    /// Returns the number of events of the key with this ID.
    fn count_events(&self, id: KeyId) -> Result<u64>;

    /// Returns the place and hash of the last event, which the store keeps apart from the log.
    fn head(&self) -> Result<Head>;

    /// Returns the place and hash of the last event at `seq` or before.
    fn event_at(&self, seq: i64) -> Result<Option<Head>>;

    /// Walks the whole log, and requires the hash of `kept` at its place. Returns the head, or
    /// the first flaw.
    fn check_log(&self, kept: Option<Head>) -> Result<std::result::Result<Head, Flaw>>;

    /// Returns all events that pass `filter`, oldest first.
    fn find_events(&self, filter: &LogFilter) -> Result<Vec<Entry>> {
        let mut found = Vec::new();
        self.scan_log(filter, &mut |entry| {
            found.push(entry);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// Returns all keys that pass `filter`. Fails if one of them cannot be read.
    fn find(&self, filter: &Filter) -> Result<Vec<Key>> {
        let (found, skipped) = self.find_readable(filter)?;
        skipped.none()?;
        Ok(found)
    }

    /// Returns the keys that pass `filter`, and those that were left out because they cannot be read.
    fn find_readable(&self, filter: &Filter) -> Result<(Vec<Key>, Skipped)> {
        let mut found = Vec::new();
        let skipped = self.scan(filter, &mut |key| {
            found.push(key);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok((found, skipped))
    }
}

/// Write transaction.
pub trait Tx: Read {
    /// Adds a key with the PHC string of its secret.
    fn insert(&mut self, key: &Key, hash: &str) -> Result<()>;

    /// Writes the changed fields of a key. Wipes the hash of a deleted key.
    fn update(&mut self, key: &Key) -> Result<()>;

    /// Removes a key's record. Its event is appended before that, while the key is there.
    fn purge(&mut self, id: KeyId) -> Result<()>;

    /// Appends an event to the log.
    fn append(&mut self, event: &Event) -> Result<()>;

    /// Records a use of the key at `now`, unless one within the last minute, or a later one, is recorded.
    fn touch(&mut self, id: KeyId, now: Timestamp) -> Result<()>;

    /// Replaces the PHC string `old` by `new`. Returns false if it was another one meanwhile.
    fn replace_hash(&mut self, id: KeyId, old: &str, new: &str) -> Result<bool>;

    /// Sets the policy `name`, or removes the setting, so that the default holds.
    fn set_policy(&mut self, name: &str, value: Option<&str>) -> Result<()>;

    /// Registers a scope, or replaces a registered one of this name.
    fn add_scope(&mut self, name: &str, scope: &Scope) -> Result<()>;

    /// Removes a scope.
    fn remove_scope(&mut self, name: &str) -> Result<()>;

    /// Adds a member to a project, or changes the role of one.
    fn set_member(&mut self, member: &Member) -> Result<()>;

    /// Removes a member from a project.
    fn remove_member(&mut self, project: &str, user: &str) -> Result<()>;

    /// Appoints an administrator.
    fn add_administrator(&mut self, user: &str) -> Result<()>;

    /// Removes an administrator.
    fn remove_administrator(&mut self, user: &str) -> Result<()>;
}

/// Job of a transaction. Runs at most once: a token that it has written to a pipe cannot be taken back.
pub type Job<'a> = Box<dyn FnOnce(&mut dyn Tx) -> Result<()> + 'a>;

/// Open store. All reads go through a snapshot or a transaction.
pub trait Store {
    /// Name of the store in a message. Never shows a password.
    fn name(&self) -> String;

    /// Returns the user who runs the command, as this store knows them.
    fn actor(&self, env: &Env) -> Actor;

    /// Returns the present time of the store's server; `None` if the clock of this host is the store's.
    fn clock(&self) -> Result<Option<Timestamp>> {
        Ok(None)
    }

    /// Users who are administrators without an appointment, in words.
    fn implicit_administrators(&self) -> &'static [&'static str];

    /// Messages for a user who changes the store: that it was just made and who owns it, or that others
    /// may write its directory.
    fn notices(&self) -> &[String];

    /// Calls `look` with a consistent view of the store.
    ///
    /// # Errors
    ///
    /// Fails as `look` does, and if a file of the store was removed, so that later commits of other
    /// processes would not be seen.
    fn snapshot(&self, look: &mut Look<'_>) -> Result<()>;

    /// Runs `job` in one transaction. Waits up to 30 seconds for the write lock.
    fn write(&mut self, job: Job<'_>) -> Result<()>;

    /// Runs `job` in one transaction, but fails at once if another process has the write lock, or if the
    /// store cannot be written. For changes that may be left out.
    fn write_if_free(&mut self, job: Job<'_>) -> Result<()>;
}

/// Calls `look` with a consistent view of `store`, and returns its result. May call it again, as any
/// [`Look`].
pub fn read<T>(store: &dyn Store, mut look: impl FnMut(&dyn Read) -> Result<T>) -> Result<T> {
    let mut result = None;
    store.snapshot(&mut |moment| {
        result = Some(look(moment)?);
        Ok(())
    })?;
    result.ok_or_else(not_read)
}

fn not_read() -> Error {
    Error::unavailable("the store was not read")
}

/// Calls `look` like [`read`], but never again once it succeeded: so `look` may print each key of a scan
/// as it comes. A scan of a file without locks visits nothing before the file was found unchanged.
pub fn stream<T>(store: &dyn Store, mut look: impl FnMut(&dyn Read) -> Result<T>) -> Result<T> {
    let mut result = None;
    store.snapshot(&mut |moment| {
        if result.is_none() {
            result = Some(look(moment)?);
        }
        Ok(())
    })?;
    result.ok_or_else(not_read)
}

/// Runs `job` in one transaction of `store`, and returns its result.
pub fn write<T>(store: &mut dyn Store, job: impl FnOnce(&mut dyn Tx) -> Result<T>) -> Result<T> {
    let mut result = None;
    store.write(Box::new(|tx| {
        result = Some(job(tx)?);
        Ok(())
    }))?;
    result.ok_or_else(|| Error::unavailable("the transaction did not run"))
}

/// First administrator of a new store, and the circumstances of its making.
#[derive(Clone, Copy, Debug)]
pub struct Founder<'a> {
    /// The user, as the system knows them.
    pub actor: &'a Actor,
    /// The time.
    pub now: Timestamp,
    /// The reason, for the store's first event.
    pub reason: Option<&'a str>,
    /// The gid of the group that will share the store; `None`: as the directory is shared.
    pub group: Option<u32>,
    /// The path of a store that the user may have meant: the default one. A notice names it if it is there.
    pub usual: Option<&'a Path>,
}
