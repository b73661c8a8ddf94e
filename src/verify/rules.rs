//! Check of a key against the address of the client, and the required scopes and project.

use super::request::{Request, Required};
use super::verdict::Reason;
use crate::error::Result;
use crate::hash::Scheme;
use crate::key::{Key, Kind, State};
use crate::name::form;
use crate::scope::Registry;
use crate::store::Read;
use crate::when::Timestamp;

/// Parts of the policy and the scopes of a store that verification needs.
pub struct Rules {
    /// Scheme of the policy, for stand-ins.
    pub scheme: Scheme,
    /// Scheme by which hashes are renewed; `None` if the user may not renew them.
    pub renewed: Option<Scheme>,
    /// Scopes of the store; empty if no request requires a scope.
    scopes: Registry,
    /// True if a foreign token is presented and the store has imported keys.
    has_imported: bool,
}

impl Rules {
    /// Reads the rules; the scopes only if one of `required` names a scope, and whether there are imported keys only
    /// if a foreign token `is_presented`.
    pub fn read<'a>(
        store: &dyn Read,
        required: impl IntoIterator<Item = &'a Required>,
        is_presented: bool,
    ) -> Result<Self> {
        let needs_scopes = required
            .into_iter()
            .any(|required| !required.scopes.is_empty());
        let scopes = match needs_scopes {
            true => store.scopes()?,
            false => Registry::default(),
        };
        let scheme = store.policy()?.scheme();
        Ok(Rules {
            scheme,
            renewed: store.may_renew_hashes()?.then_some(scheme),
            scopes,
            has_imported: is_presented && store.has_imported()?,
        })
    }

    /// Reads all rules, for requests of any kind.
    pub fn read_all(store: &dyn Read) -> Result<Self> {
        let scheme = store.policy()?.scheme();
        Ok(Rules {
            scheme,
            renewed: store.may_renew_hashes()?.then_some(scheme),
            scopes: store.scopes()?,
            has_imported: store.has_imported()?,
        })
    }

    /// Refuses a required scope that the store does not know.
    pub fn check(&self, required: &Required) -> Result<()> {
        required
            .scopes
            .iter()
            .try_for_each(|scope| self.scopes.check(scope))
    }

    /// Returns the reason to reject the token of `request` at the time `at`; `None` accepts it.
    ///
    /// `key` is the token's key if the secret matched, else `None`.
    pub fn rejection(
        &self,
        store: &dyn Read,
        request: &Request<'_>,
        key: Option<&Key>,
        at: Timestamp,
    ) -> Result<Option<Reason>> {
        let required = request.required;
        self.check(required)?;
        let Some(key) = key else {
            let could_be_known = !request.token.is_foreign() || self.has_imported;
            return Ok(Some(match could_be_known {
                true => Reason::Unknown,
                false => Reason::Malformed,
            }));
        };
        match unusable(key, at) {
            Some(reason) => Ok(Some(reason)),
            None if !key.admits(required.address) => Ok(Some(Reason::Address(required.address))),
            None => self.lacking(store, required, key),
        }
    }

    /// Returns the first required scope that `key` lacks, else the first project of which its owner is no member.
    fn lacking(&self, store: &dyn Read, required: &Required, key: &Key) -> Result<Option<Reason>> {
        let missing = required
            .scopes
            .iter()
            .find(|scope| !self.scopes.grants(&key.scopes, scope));
        if let Some(scope) = missing {
            return Ok(Some(Reason::Scope(scope.clone())));
        }
        for project in &required.projects {
            if !works_in(store, project, key)? {
                return Ok(Some(Reason::Project(project.clone())));
            }
        }
        Ok(None)
    }
}

/// Tells whether `key` is of kind api and its owner a member of `project`.
fn works_in(store: &dyn Read, project: &str, key: &Key) -> Result<bool> {
    if key.kind != Kind::Api {
        return Ok(false);
    }
    for form in form::forms(project) {
        if store.role(&form, &key.owner)?.is_some() {
            return Ok(true);
        }
        // A project with this very form of the name exists: do not look at other forms.
        if !project.is_ascii() && store.has_members(&form)? {
            break;
        }
    }
    Ok(false)
}

/// Returns the reason to reject `key` for its state at `now`, if there is one.
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
