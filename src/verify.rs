//! Verification: whether a presented token is to be let in. Fails closed.

mod note;

pub use note::note;

use crate::error::{DONE, Error, FOUND, Result, UNAUTHORIZED};
use crate::hash::Stored;
use crate::key::{Key, Kind, State};
use crate::policy::Policy;
use crate::scope::Registry;
use crate::store::Read;
use crate::token::Token;
use crate::when::Timestamp;

/// Why a token is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is no token: a typo, a cut, or something else. Told without a store.
    Malformed,
    /// No key has this ID and this secret, or none that is not deleted.
    Unknown,
    /// It was rotated, and its grace is over.
    PhasedOut,
    /// Its time is over.
    Expired,
    /// It is switched off.
    Disabled,
    /// It is genuine, but lacks this scope.
    Scope(String),
    /// It is genuine, but its owner is no member of this project.
    Project(String),
}

impl Reason {
    /// The word for it, in JSON and elsewhere.
    pub fn word(&self) -> &'static str {
        match self {
            Reason::Malformed => "malformed",
            Reason::Unknown => "unknown",
            Reason::PhasedOut => "phased-out",
            Reason::Expired => "expired",
            Reason::Disabled => "disabled",
            Reason::Scope(_) => "scope",
            Reason::Project(_) => "project",
        }
    }
}

/// What verification comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The token is let in.
    Valid(Box<Key>),
    /// It is not. The key is known once the secret has matched.
    Rejected(Reason, Option<Box<Key>>),
}

impl Verdict {
    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Verdict::Valid(_) => DONE,
            Verdict::Rejected(Reason::Scope(_) | Reason::Project(_), _) => UNAUTHORIZED,
            Verdict::Rejected(..) => FOUND,
        }
    }
}

/// A verdict and what there is to note about it in the store.
pub struct Verified {
    /// The verdict.
    pub verdict: Verdict,
    /// The time at which it was given.
    pub at: Timestamp,
    /// The hash that matched, if it was not made as the policy says.
    outdated: Option<String>,
    policy: Policy,
}

/// What a key must allow, beyond being usable.
#[derive(Clone, Debug, Default)]
pub struct Required {
    /// It must hold all of these scopes, each of which the store must know.
    pub scopes: Vec<String>,
    /// Its owner must be a member of this project.
    pub project: Option<String>,
}

/// Verifies `presented` against `store`: valid if the key is usable and allows all that is
/// `required`.
///
/// A hash is computed whether or not the key is there, and its state is looked at only after: so
/// neither the time nor the words tell one who has not the secret anything.
pub fn verify(
    store: &dyn Read,
    presented: &Token,
    required: &Required,
    clock: &dyn Fn() -> Timestamp,
) -> Result<Verified> {
    let scopes = store.scopes()?;
    for scope in &required.scopes {
        scopes.check(scope)?;
    }
    let policy = store.policy()?;
    let matched = authenticate(store, presented, &policy)?;
    let at = clock();
    let (verdict, outdated) = match matched {
        None => (Verdict::Rejected(Reason::Unknown, None), None),
        Some((key, outdated)) => {
            let reason = match rejection(&key, at) {
                Some(reason) => Some(reason),
                None => lacking(store, &scopes, &key, required)?,
            };
            let key = Box::new(key);
            let verdict = match reason {
                Some(reason) => Verdict::Rejected(reason, Some(key)),
                None => Verdict::Valid(key),
            };
            (verdict, outdated)
        }
    };
    Ok(Verified {
        verdict,
        at,
        outdated,
        policy,
    })
}

/// The first thing that is required and that `key` does not allow.
fn lacking(
    store: &dyn Read,
    scopes: &Registry,
    key: &Key,
    required: &Required,
) -> Result<Option<Reason>> {
    if let Some(scope) = required
        .scopes
        .iter()
        .find(|scope| !scopes.grants(&key.scopes, scope))
    {
        return Ok(Some(Reason::Scope(scope.clone())));
    }
    let Some(project) = &required.project else {
        return Ok(None);
    };
    let is_member = key.kind == Kind::Api
        && store
            .members(Some(project))?
            .iter()
            .any(|member| member.user == key.owner);
    Ok((!is_member).then(|| Reason::Project(project.clone())))
}

/// The key whose secret was presented, with its hash if that is outdated. Computes one hash,
/// whatever it finds.
fn authenticate(
    store: &dyn Read,
    presented: &Token,
    policy: &Policy,
) -> Result<Option<(Key, Option<String>)>> {
    let found = match store.credential(presented.id())? {
        Some((key, Some(phc))) => Some((key, phc)),
        _ => None,
    };
    let stored = match &found {
        Some((key, phc)) => Stored::parse(phc).ok_or_else(|| unreadable(key))?,
        None => Stored::stand_in(policy.scheme())?,
    };
    let matches = stored.matches(presented.secret())?;
    let outdated = !stored.is_by(policy.scheme());
    Ok(found
        .filter(|(key, _)| matches && key.deleted_at.is_none())
        .map(|(key, phc)| (key, outdated.then_some(phc))))
}

fn unreadable(key: &Key) -> Error {
    Error::store(format!(
        "the hash of {} cannot be read or would cost too much to check",
        key.id
    ))
    .hint("rotate the key; if you did not edit the store, somebody else did")
}

/// Why the state at `now` keeps the key out, if it does.
fn rejection(key: &Key, now: Timestamp) -> Option<Reason> {
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
