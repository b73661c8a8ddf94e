//! Rules that a usable key is checked against: what a caller requires, and the store's scopes.

use super::verdict::Reason;
use crate::error::Result;
use crate::hash::Scheme;
use crate::key::{Key, Kind, State};
use crate::name::form;
use crate::scope::Registry;
use crate::store::Read;
use crate::when::Timestamp;

/// Permissions that a key must have, beyond being usable.
#[derive(Clone, Debug, Default)]
pub struct Required {
    /// Scopes, all of which it must hold, and the store must know.
    pub scopes: Vec<String>,
    /// Project of which its owner must be a member.
    pub project: Option<String>,
}

/// Policy and scopes of a store, as far as verification needs them.
pub struct Rules {
    /// Scheme of a stand-in, and of a hash that is renewed.
    pub scheme: Scheme,
    /// Scopes, if any are required; else none.
    scopes: Registry,
}

impl Rules {
    /// Reads the rules; the scopes only if one of `required` names any.
    pub fn read<'a>(
        store: &dyn Read,
        required: impl IntoIterator<Item = &'a Required>,
    ) -> Result<Self> {
        let needs_scopes = required
            .into_iter()
            .any(|required| !required.scopes.is_empty());
        let scopes = match needs_scopes {
            true => store.scopes()?,
            false => Registry::default(),
        };
        Ok(Rules {
            scheme: store.policy()?.scheme(),
            scopes,
        })
    }

    /// Refuses a required scope that the store does not know.
    pub fn check(&self, required: &Required) -> Result<()> {
        required
            .scopes
            .iter()
            .try_for_each(|scope| self.scopes.check(scope))
    }

    /// Reason to reject a token at the time `at`; `None` lets it in.
    ///
    /// `key` is its key, if the secret has matched.
    pub fn rejection(
        &self,
        store: &dyn Read,
        required: &Required,
        key: Option<&Key>,
        at: Timestamp,
    ) -> Result<Option<Reason>> {
        self.check(required)?;
        let Some(key) = key else {
            return Ok(Some(Reason::Unknown));
        };
        match unusable(key, at) {
            Some(reason) => Ok(Some(reason)),
            None => self.lacking(store, required, key),
        }
    }

    /// First thing that is required and that `key` does not have.
    fn lacking(&self, store: &dyn Read, required: &Required, key: &Key) -> Result<Option<Reason>> {
        let missing = required
            .scopes
            .iter()
            .find(|scope| !self.scopes.grants(&key.scopes, scope));
        if let Some(scope) = missing {
            return Ok(Some(Reason::Scope(scope.clone())));
        }
        match &required.project {
            Some(project) if !works_in(store, project, key)? => {
                Ok(Some(Reason::Project(project.clone())))
            }
            _ => Ok(None),
        }
    }
}

/// Tells whether `key` works in `project`: it is of kind api, and its owner is a member.
fn works_in(store: &dyn Read, project: &str, key: &Key) -> Result<bool> {
    if key.kind != Kind::Api {
        return Ok(false);
    }
    for form in form::forms(project) {
        if store.role(&form, &key.owner)?.is_some() {
            return Ok(true);
        }
        // Where two projects have the same name in different forms, the exact one is meant.
        if !project.is_ascii() && !store.members(Some(&form), Some(1))?.is_empty() {
            break;
        }
    }
    Ok(false)
}

/// Reason for which the state of `key` at `now` keeps it out, if it does.
fn unusable(key: &Key, now: Timestamp) -> Option<Reason> {
    if key.is_usable(now) {
        return None;
    }
    Some(match key.state(now) {
        State::Deleted => Reason::Unknown,
        State::PhasedOut => Reason::PhasedOut,
        State::Expired => Reason::Expired,
        State::Disabled | State::Active => Reason::Disabled,
    })
}
