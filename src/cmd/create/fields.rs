//! Fields of a new key but for its name and owner. Pure: what the store decides comes in as values.

use crate::access::Access;
use crate::cmd::values::{self, Expiry};
use crate::env::Actor;
use crate::error::{Error, Result};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Key, Kind, check_label_count};
use crate::network::Network;
use crate::policy::Policy;
use crate::scope::Registry;
use crate::when::{Timestamp, When};
use std::collections::{BTreeMap, BTreeSet};

/// Fields as they were given.
#[derive(Clone, Debug)]
pub struct Fields {
    /// Kind.
    pub kind: Kind,
    /// Scopes, not yet looked up.
    pub scopes: Vec<String>,
    /// Expiry; `None` for policy's default.
    pub expires: Option<Expiry>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Networks from which the key works; empty for any.
    pub allow_from: BTreeSet<Network>,
}

/// Fields that depend on the store and on the time.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// Scopes, all of them known.
    pub scopes: BTreeSet<String>,
    /// Expiry that policy allows.
    pub expires_at: Option<Timestamp>,
}

impl Fields {
    /// Refuses fields that do not go with the kind of key, and an expiry before `now`.
    pub fn check(&self, now: Timestamp) -> Result<()> {
        check_kind(self.kind, &self.scopes, self.expires.as_ref())?;
        self.expires
            .as_ref()
            .map_or(Ok(()), |expiry| expiry.check(now))
    }

    /// Takes from `default` what these fields leave out, label by label. A legacy key gets no scopes and no expiry.
    pub fn fill_in(&mut self, default: &Fields) -> Result<()> {
        if self.kind == Kind::Api {
            if self.scopes.is_empty() {
                self.scopes.clone_from(&default.scopes);
            }
            if self.expires.is_none() {
                self.expires.clone_from(&default.expires);
            }
        }
        if self.allow_from.is_empty() {
            self.allow_from.clone_from(&default.allow_from);
        }
        for (label, value) in &default.labels {
            let entry = self.labels.entry(label.clone());
            entry.or_insert_with(|| value.clone());
        }
        check_label_count(self.labels.len())
    }

    /// Refuses a kind that the actor may not make.
    pub fn check_access(&self, access: &Access) -> Result<()> {
        match self.kind {
            Kind::Api => Ok(()),
            Kind::Legacy => access.administrator("make a legacy key"),
        }
    }

    /// Returns the scopes. Refuses unknown scopes, and a scope that is given twice.
    pub fn known_scopes(&self, known: &Registry) -> Result<BTreeSet<String>> {
        values::known_scopes(known, &self.scopes)
    }

    /// Returns the expiry of a key made at `now`.
    pub fn expires_at(&self, policy: &Policy, now: Timestamp) -> Result<Option<Timestamp>> {
        match self.kind {
            Kind::Api => policy.expiry(self.expires.as_ref().map(|expiry| expiry.when), now),
            Kind::Legacy => Ok(None),
        }
    }

    /// Returns the key with these fields and `terms`.
    pub fn key(
        &self,
        terms: &Terms,
        id: KeyId,
        (owner, name): (&str, &str),
        actor: &Actor,
        now: Timestamp,
    ) -> Key {
        Key {
            kind: self.kind,
            scopes: terms.scopes.clone(),
            labels: self.labels.clone(),
            allow_from: self.allow_from.clone(),
            created_by: actor.name.clone(),
            expires_at: terms.expires_at,
            ..Key::new(id, name.to_owned(), owner.to_owned(), now)
        }
    }
}

/// Refuses scopes and an expiry that do not go with `kind`.
pub fn check_kind(kind: Kind, scopes: &[String], expires: Option<&Expiry>) -> Result<()> {
    match (kind, scopes.is_empty(), expires.map(|expiry| expiry.when)) {
        (Kind::Api, true, _) => Err(Error::usage("missing argument: --scope SCOPE").hint(
            Hint::from("say what the key may do, as in --scope inference; ")
                .and(run!("scope list").in_quotes())
                .and(" shows every scope"),
        )),
        (Kind::Legacy, false, _) => {
            Err(Error::usage("a legacy key has no scopes").hint("leave --scope out"))
        }
        (Kind::Legacy, _, Some(When::After(_) | When::At(_))) => {
            Err(Error::usage("a legacy key never expires").hint("leave --expires out"))
        }
        _ => Ok(()),
    }
}
