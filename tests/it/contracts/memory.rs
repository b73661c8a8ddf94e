//! A store in memory: the traits without a file and without SQL, as a server could keep them. A
//! write works on a copy, which takes the place of the content at its commit.

use super::model;
use keyctl::access::Access;
use keyctl::env::{Actor, Env};
use keyctl::error::{Error, Result, quote};
use keyctl::event::{Action, Chain, Entry, Event, Flaw, GENESIS, Head};
use keyctl::id::KeyId;
use keyctl::key::Key;
use keyctl::policy::Policy;
use keyctl::project::{Member, Role};
use keyctl::scope::{Registry, Scope};
use keyctl::store::{
    Filter, Founder, Job, Known, LogFilter, Look, Read, Retired, Skipped, Store, Tx, Version,
    Visit, VisitEntry,
};
use keyctl::token::Locator;
use keyctl::when::{Span, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

/// A handle to a store in memory; its clones are other handles to the same one.
#[derive(Clone)]
pub struct Memory(Arc<Shared>);

struct Shared {
    /// Held by the one who writes.
    writer: Mutex<()>,
    committed: Mutex<Arc<Content>>,
}

#[derive(Clone, Default)]
struct Content {
    /// Number of commits so far.
    version: i64,
    /// The oldest first.
    rows: Vec<Row>,
    policy: BTreeMap<String, String>,
    scopes: BTreeMap<String, Scope>,
    members: BTreeMap<(String, String), Role>,
    administrators: BTreeSet<String>,
    log: Vec<Entry>,
}

#[derive(Clone)]
struct Row {
    key: Key,
    hash: Option<String>,
}

impl Memory {
    /// A new store, as `founder` makes it.
    pub fn made_by(founder: &Founder<'_>) -> Self {
        let mut content = Content::default();
        let name = &founder.actor.name;
        let founding = Event::new(founder.now, founder.actor, Action::Init, None)
            .with("administrator", name.clone())
            .because(founder.reason);
        content.append(&founding).unwrap();
        content.administrators.insert(name.clone());
        let project = Scope {
            implies: BTreeSet::from(["inference".to_owned()]),
            ..Scope::default()
        };
        content
            .scopes
            .insert("inference".to_owned(), Scope::default());
        content.scopes.insert("project".to_owned(), project);
        Memory(Arc::new(Shared {
            writer: Mutex::new(()),
            committed: Mutex::new(Arc::new(content)),
        }))
    }

    fn committed(&self) -> MutexGuard<'_, Arc<Content>> {
        self.0.committed.lock().unwrap()
    }

    fn run(&self, job: Job<'_>, _turn: MutexGuard<'_, ()>) -> Result<()> {
        let mut copy = Content::clone(&self.committed());
        job(&mut copy)?;
        copy.version += 1;
        *self.committed() = Arc::new(copy);
        Ok(())
    }
}

impl Store for Memory {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn actor(&self, env: &Env) -> Actor {
        env.actor.clone()
    }

    fn implicit_administrators(&self) -> &'static [&'static str] {
        &[]
    }

    fn notices(&self) -> &[String] {
        &[]
    }

    fn snapshot(&self, look: &mut Look<'_>) -> Result<()> {
        let content = self.committed().clone();
        look(&*content)
    }

    fn write(&mut self, job: Job<'_>) -> Result<()> {
        self.run(job, self.0.writer.lock().unwrap())
    }

    fn write_if_free(&mut self, job: Job<'_>) -> Result<()> {
        match self.0.writer.try_lock() {
            Ok(turn) => self.run(job, turn),
            Err(TryLockError::WouldBlock) => Err(Error::busy("another one writes")),
            Err(TryLockError::Poisoned(_)) => Err(Error::unavailable("a writer panicked")),
        }
    }
}

impl Content {
    fn row(&self, id: KeyId) -> Option<&Row> {
        self.rows.iter().find(|row| row.key.id == id)
    }

    fn row_mut(&mut self, id: KeyId) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.key.id == id)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        self.rows.iter().map(|row| &row.key)
    }

    fn check_name(&self, key: &Key) -> Result<()> {
        match self.live_key(&key.owner, &key.name)? {
            Some(holder) if key.is_live() && holder.id != key.id => Err(Error::state(format!(
                "the name {} of {} is held by another key",
                quote(&key.name),
                quote(&key.owner)
            ))
            .hint("choose another name")),
            _ => Ok(()),
        }
    }
}

/// The first `limit` of `all`.
fn first<T>(all: impl Iterator<Item = T>, limit: u64) -> Vec<T> {
    all.take(usize::try_from(limit).unwrap_or(usize::MAX))
        .collect()
}

impl Read for Content {
    fn version(&self) -> Result<Version> {
        Ok(Version::new(0, self.version))
    }

    fn get(&self, id: KeyId) -> Result<Option<Key>> {
        Ok(self.row(id).map(|row| row.key.clone()))
    }

    fn retired(&self) -> Result<Option<Retired>> {
        Ok(None)
    }

    fn to_verify(&self, sought: &[Locator]) -> Result<Vec<Option<Known>>> {
        self.known(sought)
    }

    fn known(&self, sought: &[Locator]) -> Result<Vec<Option<Known>>> {
        let known = |row: &Row| Known {
            key: Key {
                labels: BTreeMap::new(),
                ..row.key.clone()
            },
            hash: row.hash.clone(),
        };
        let find = |locator: &Locator| match locator {
            Locator::Id(id) => self.row(*id),
            Locator::Digest(digest) => {
                let hash = Some(digest.phc());
                let mut rows = self.rows.iter();
                rows.find(|row| row.key.imported && row.hash == hash)
            }
        };
        Ok(sought.iter().map(|it| find(it).map(known)).collect())
    }

    fn has_imported(&self) -> Result<bool> {
        Ok(self.keys().any(|key| key.imported))
    }

    fn live_key(&self, owner: &str, name: &str) -> Result<Option<Key>> {
        let is_it = |key: &&Key| key.is_live() && key.owner == owner && key.name == name;
        Ok(self.keys().find(is_it).cloned())
    }

    fn live_names(&self, owner: Option<&str>, limit: u64) -> Result<Vec<(String, String)>> {
        let live = self.keys().filter(|key| key.is_live());
        let theirs = live.filter(|key| owner.is_none_or(|owner| owner == key.owner));
        let names: BTreeSet<_> = theirs
            .map(|key| (key.owner.clone(), key.name.clone()))
            .collect();
        Ok(first(names.into_iter(), limit))
    }

    fn scan(&self, filter: &Filter, visit: &mut Visit<'_>) -> Result<Skipped> {
        let is_member = |project: &str, user: &str| {
            let membership = (project.to_owned(), user.to_owned());
            self.members.contains_key(&membership)
        };
        let mut found: Vec<&Key> = self
            .keys()
            .filter(|key| model::lets_through(filter, key, is_member))
            .collect();
        model::sort(filter, &mut found);
        for key in first(found.into_iter(), filter.limit.unwrap_or(u64::MAX)) {
            if visit(key.clone())?.is_break() {
                break;
            }
        }
        Ok(Skipped::default())
    }

    fn key_name(&self, id: KeyId) -> Result<Option<String>> {
        Ok(self.row(id).map(|row| row.key.name.clone()))
    }

    fn damaged_owner(&self, id: KeyId) -> Result<Option<String>> {
        Ok(self.row(id).map(|row| row.key.owner.clone()))
    }

    fn policy(&self) -> Result<Policy> {
        let mut policy = Policy::default();
        for (name, value) in &self.policy {
            let unreadable = |_| Error::damaged(format!("its policy cannot be read: {name}"));
            policy.set(name, value).map_err(unreadable)?;
        }
        Ok(policy)
    }

    fn readable_policy(&self) -> Result<(Policy, Vec<String>)> {
        let mut policy = Policy::default();
        let settings = self.policy.iter();
        let unreadable = settings.filter(|(name, value)| policy.set(name, value).is_err());
        let unreadable = unreadable.map(|(name, _)| name.clone()).collect();
        Ok((policy, unreadable))
    }

    fn scopes(&self) -> Result<Registry> {
        let mut registry = Registry::default();
        for (name, scope) in &self.scopes {
            registry.add(name.clone(), scope.clone());
        }
        Ok(registry)
    }

    fn access(&self, actor: &Actor) -> Result<Access> {
        Ok(Access {
            actor: actor.name.clone(),
            admin: self.is_appointed(&actor.name)?,
        })
    }

    fn users_of_scope(&self, scope: &str, limit: u64) -> Result<Vec<Key>> {
        let uses = |key: &&Key| key.deleted_at.is_none() && key.scopes.contains(scope);
        Ok(first(self.keys().filter(uses).cloned(), limit))
    }

    fn role(&self, project: &str, user: &str) -> Result<Option<Role>> {
        let membership = (project.to_owned(), user.to_owned());
        Ok(self.members.get(&membership).copied())
    }

    fn members(&self, project: Option<&str>, limit: Option<u64>) -> Result<Vec<Member>> {
        let all = self.members.iter().map(|((project, user), role)| Member {
            project: project.clone(),
            user: user.clone(),
            role: *role,
        });
        let wanted = all.filter(|member| project.is_none_or(|project| project == member.project));
        Ok(first(wanted, limit.unwrap_or(u64::MAX)))
    }

    fn projects(&self, limit: u64) -> Result<Vec<String>> {
        let names: BTreeSet<_> = self.members.keys().map(|(project, _)| project).collect();
        Ok(first(names.into_iter().cloned(), limit))
    }

    fn is_appointed(&self, user: &str) -> Result<bool> {
        Ok(self.administrators.contains(user))
    }

    fn administrators(&self, limit: Option<u64>) -> Result<Vec<String>> {
        let names = self.administrators.iter().cloned();
        Ok(first(names, limit.unwrap_or(u64::MAX)))
    }

    fn scan_log(&self, filter: &LogFilter, visit: &mut VisitEntry<'_>) -> Result<()> {
        let LogFilter {
            keys,
            actor,
            actions,
            since,
            until,
            recent,
            limit,
        } = filter;
        let is_of_key = |entry: &&Entry| {
            let mut ids = keys.iter().map(|id| Some(id.as_str()));
            keys.is_empty() || ids.any(|id| id == entry.key_id.as_deref())
        };
        let is_action = |entry: &&Entry| {
            let mut words = actions.iter().map(|action| action.word());
            actions.is_empty() || words.any(|word| word == entry.action)
        };
        let is_before = |entry: &&Entry| recent.is_some_and(|recent| entry.at < recent.millis());
        let before = self.log.iter().filter(is_of_key).rfind(is_before);
        let mut found: Vec<&Entry> = self
            .log
            .iter()
            .filter(is_of_key)
            .filter(|entry| actor.as_ref().is_none_or(|actor| *actor == entry.actor))
            .filter(is_action)
            .filter(|entry| since.is_none_or(|since| entry.at >= since.millis()))
            .filter(|entry| until.is_none_or(|until| entry.at <= until.millis()))
            .filter(|entry| before.is_none_or(|before| entry.seq > before.seq))
            .collect();
        let limit = limit.map_or(usize::MAX, |limit| limit.try_into().unwrap_or(usize::MAX));
        for entry in found.split_off(found.len().saturating_sub(limit)) {
            if visit(entry.clone())?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn count_events(&self, id: KeyId) -> Result<u64> {
        let events = self.log.iter();
        let events = events.filter(|entry| entry.key_id.as_deref() == Some(id.as_str()));
        Ok(events.count() as u64)
    }

    fn head(&self) -> Result<Head> {
        let genesis = Head {
            seq: 0,
            hash: GENESIS,
        };
        Ok(self.event_at(i64::MAX)?.unwrap_or(genesis))
    }

    fn event_at(&self, seq: i64) -> Result<Option<Head>> {
        let last = self.log.iter().rfind(|entry| entry.seq <= seq);
        Ok(last.map(|entry| Head {
            seq: entry.seq,
            hash: entry.hash,
        }))
    }

    fn check_log(&self, kept: Option<Head>) -> Result<std::result::Result<Head, Flaw>> {
        let mut chain = Chain::new(kept);
        let walked = self.log.iter().try_for_each(|entry| chain.step(entry));
        let head = self.head()?;
        Ok(walked.and_then(|()| chain.finish(Some(head))))
    }
}

impl Tx for Content {
    fn insert(&mut self, key: &Key, hash: &str) -> Result<()> {
        if self.row(key.id).is_some() {
            return Err(Error::unavailable(format!(
                "there is a key {} already",
                key.id
            )));
        }
        self.check_name(key)?;
        self.rows.push(Row {
            key: key.clone(),
            hash: Some(hash.to_owned()),
        });
        Ok(())
    }

    fn update(&mut self, key: &Key) -> Result<()> {
        self.check_name(key)?;
        let row = self
            .row_mut(key.id)
            .ok_or_else(|| Error::unavailable(format!("there is no key {}", key.id)))?;
        row.key = Key {
            last_used_at: row.key.last_used_at,
            ..key.clone()
        };
        if key.deleted_at.is_some() {
            row.hash = None;
        }
        Ok(())
    }

    fn purge(&mut self, id: KeyId) -> Result<()> {
        self.rows.retain(|row| row.key.id != id);
        Ok(())
    }

    fn append(&mut self, event: &Event) -> Result<()> {
        let last = self.head()?;
        let mut entry = Entry {
            seq: last.seq + 1,
            at: event.at.millis(),
            actor: event.actor.clone(),
            action: event.action.word().to_owned(),
            key_id: event.key_id.map(|id| id.to_string()),
            detail: event.detail_text(),
            hash: GENESIS,
        };
        entry.hash = entry.link(&last.hash);
        self.log.push(entry);
        Ok(())
    }

    fn touch(&mut self, id: KeyId, now: Timestamp) -> Result<()> {
        if let Some(row) = self.row_mut(id)
            && row
                .key
                .last_used_at
                .is_none_or(|at| at <= now.before(Span::MINUTE))
        {
            if row.key.last_used_at.is_none() {
                row.key.first_used_at = Some(now);
            }
            row.key.last_used_at = Some(now);
        }
        Ok(())
    }

    fn replace_hash(&mut self, id: KeyId, old: &str, new: &str) -> Result<bool> {
        let row = self.row_mut(id);
        let Some(row) = row.filter(|row| row.hash.as_deref() == Some(old)) else {
            return Ok(false);
        };
        row.hash = Some(new.to_owned());
        Ok(true)
    }

    fn set_policy(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        match value {
            Some(value) => self.policy.insert(name.to_owned(), value.to_owned()),
            None => self.policy.remove(name),
        };
        Ok(())
    }

    fn add_scope(&mut self, name: &str, scope: &Scope) -> Result<()> {
        self.scopes.insert(name.to_owned(), scope.clone());
        Ok(())
    }

    fn remove_scope(&mut self, name: &str) -> Result<()> {
        self.scopes.remove(name);
        Ok(())
    }

    fn set_member(&mut self, member: &Member) -> Result<()> {
        let membership = (member.project.clone(), member.user.clone());
        self.members.insert(membership, member.role);
        Ok(())
    }

    fn remove_member(&mut self, project: &str, user: &str) -> Result<()> {
        self.members.remove(&(project.to_owned(), user.to_owned()));
        Ok(())
    }

    fn add_administrator(&mut self, user: &str) -> Result<()> {
        self.administrators.insert(user.to_owned());
        Ok(())
    }

    fn remove_administrator(&mut self, user: &str) -> Result<()> {
        self.administrators.remove(user);
        Ok(())
    }
}
