//! Verification: whether a presented token is to be let in. Fails closed.

mod compare;
mod note;
mod verdict;

pub use compare::compare_all;
use compare::matching;
pub use note::Note;
pub use verdict::{Reason, Verdict};

use crate::env::{Clock, Random};
use crate::error::{Error, Result};
use crate::hash::{self, Memory, Scheme};
use crate::id::KeyId;
use crate::key::{Key, Kind, State};
use crate::name::form;
use crate::scope::Registry;
use crate::store::{Known, Read, Store, Version};
use crate::token::Token;
use crate::when::Timestamp;
use std::slice;

/// A verdict and what there is to note about it in the store.
pub struct Verified {
    /// The verdict.
    pub verdict: Verdict,
    /// The time at which it was given.
    pub at: Timestamp,
    /// The hash that matched, if it was not made as the policy says, and how the policy says.
    outdated: Option<(String, Scheme)>,
}

/// What a key must allow, beyond being usable.
#[derive(Clone, Debug, Default)]
pub struct Required {
    /// It must hold all of these scopes, each of which the store must know.
    pub scopes: Vec<String>,
    /// Its owner must be a member of this project.
    pub project: Option<String>,
}

/// Verifies one token or many after each other, against what is required of their keys.
pub struct Verifier<'a> {
    required: &'a Required,
    memory: Memory,
}

impl<'a> Verifier<'a> {
    /// One that requires of a key that it allows all that is `required`.
    pub fn new(required: &'a Required) -> Self {
        Verifier {
            required,
            memory: Memory::default(),
        }
    }

    /// Verifies one token against `store`, as [`Verifier::verify`] does.
    pub fn verify_one(
        &mut self,
        store: &dyn Store,
        presented: &Token,
        clock: &Clock,
    ) -> Result<Verified> {
        let verified = self.verify(store, slice::from_ref(presented), clock)?;
        // There is a verdict for each token.
        verified.into_iter().next().ok_or_else(no_verdict)
    }

    /// Verifies `presented` against `store` and returns a verdict for each token, in order: valid if
    /// the key is usable and allows all that is required, at the time that `clock` tells then.
    ///
    /// A hash is computed for each, whether or not the key is there, and what its record says is looked
    /// at only after, as it is then: so neither the time nor the words tell one who has not the secret
    /// anything, and no key is let in that was stopped while its token was hashed.
    pub fn verify(
        &mut self,
        store: &dyn Store,
        presented: &[Token],
        clock: &Clock,
    ) -> Result<Vec<Verified>> {
        let before = Before::read(store, self.required, presented)?;
        let stand_in = hash::stand_in(before.rules.scheme)?;
        let mut matched = Vec::with_capacity(presented.len());
        for (token, known) in presented.iter().zip(&before.known) {
            let hash = known.as_ref().and_then(|known| known.hash.as_deref());
            matched.push(self.matches(token, hash, &stand_in, before.rules.scheme)?);
        }
        let Before {
            rules,
            mut known,
            version,
        } = before;
        let mut verified = Vec::new();
        store.snapshot(&mut |moment, now| {
            // Not before: what is committed until here is seen, and so is the time at which it ends a key.
            let at = clock();
            let rules = match now == version {
                true => &rules,
                false => &Rules::read(moment, self.required)?,
            };
            verified.clear();
            for ((token, known), matched) in presented.iter().zip(&mut known).zip(&mut matched) {
                if now != version && !matches!(matched, Match::No) {
                    // Somebody has changed something since.
                    let hashed = known.take().and_then(|known| known.hash);
                    *known = again(moment, token.id())?;
                    let hash = known.as_ref().and_then(|known| known.hash.as_deref());
                    if hash != hashed.as_deref() {
                        // It was renewed, or another store has taken this one's place.
                        *matched = self.matches(token, hash, &stand_in, rules.scheme)?;
                    }
                }
                let key = match matched {
                    Match::No => None,
                    Match::Yes | Match::Outdated(..) => known.take().map(|known| known.key),
                };
                verified.push(self.judge(moment, rules, key, matched, at)?);
            }
            Ok(())
        })?;
        Ok(verified)
    }

    /// How `store` has secrets hashed. Refuses a scope that is required and that it does not know.
    pub fn scheme(&self, store: &dyn Read) -> Result<Scheme> {
        Ok(Rules::read(store, self.required)?.scheme)
    }

    /// What `verified` is to leave in `store`, if anything. Takes as long as one hash where one is
    /// renewed.
    pub fn note(
        &mut self,
        store: &dyn Store,
        verified: &Verified,
        presented: &Token,
        random: &mut dyn Random,
    ) -> Result<Option<Note>> {
        Note::of(store, verified, presented, random, &mut self.memory)
    }

    /// Computes one hash, that of the stand-in where none is known, and says whether it matched.
    fn matches(
        &mut self,
        presented: &Token,
        known: Option<&str>,
        stand_in: &str,
        scheme: Scheme,
    ) -> Result<Match> {
        let matched = matching(presented, known.unwrap_or(stand_in), &mut self.memory)?;
        Ok(match (known, matched) {
            (Some(_), Some(stored)) if stored.is_by(scheme) => Match::Yes,
            (Some(phc), Some(_)) => Match::Outdated(phc.to_owned(), scheme),
            _ => Match::No,
        })
    }

    /// The verdict on a token by what the record of its key says, if its secret matched.
    fn judge(
        &self,
        store: &dyn Read,
        rules: &Rules,
        key: Option<Key>,
        matched: &Match,
        at: Timestamp,
    ) -> Result<Verified> {
        let Some(key) = key.filter(|key| key.deleted_at.is_none()) else {
            return Ok(Verified {
                verdict: Verdict::Rejected(Reason::Unknown, None),
                at,
                outdated: None,
            });
        };
        let reason = match rejection(&key, at) {
            Some(reason) => Some(reason),
            None => lacking(store, &rules.scopes, &key, self.required)?,
        };
        let key = Box::new(key);
        let verdict = match reason {
            Some(reason) => Verdict::Rejected(reason, Some(key)),
            None => Verdict::Valid(key),
        };
        let outdated = match matched {
            Match::Outdated(phc, scheme) => Some((phc.clone(), *scheme)),
            Match::Yes | Match::No => None,
        };
        Ok(Verified {
            verdict,
            at,
            outdated,
        })
    }
}

/// What is read before anything is hashed.
struct Before {
    rules: Rules,
    /// Each token's key.
    known: Vec<Option<Known>>,
    version: Version,
}

impl Before {
    fn read(store: &dyn Store, required: &Required, presented: &[Token]) -> Result<Self> {
        let ids: Vec<KeyId> = presented.iter().map(Token::id).collect();
        let mut before = None;
        store.snapshot(&mut |moment, version| {
            let rules = Rules::read(moment, required)?;
            before = Some(Before {
                rules,
                known: moment.to_verify(&ids)?,
                version,
            });
            Ok(())
        })?;
        before.ok_or_else(no_verdict)
    }
}

/// Reads a key as it is now.
fn again(store: &dyn Read, id: KeyId) -> Result<Option<Known>> {
    let found = store.to_verify(&[id])?.into_iter().next();
    Ok(found.flatten())
}

/// Whether a secret is the one that a key was made with.
enum Match {
    No,
    Yes,
    /// It is, and the policy wants another hash of it in the place of this one.
    Outdated(String, Scheme),
}

/// What the store says of every token.
struct Rules {
    /// How a stand-in is hashed, and a hash that is to be renewed.
    scheme: Scheme,
    /// The scopes, if any is required.
    scopes: Registry,
}

impl Rules {
    /// Reads the rules, and refuses a scope that is required and that the store does not know.
    fn read(store: &dyn Read, required: &Required) -> Result<Self> {
        let scopes = if required.scopes.is_empty() {
            Registry::default()
        } else {
            store.scopes()?
        };
        for scope in &required.scopes {
            scopes.check(scope)?;
        }
        Ok(Rules {
            scheme: store.policy()?.scheme(),
            scopes,
        })
    }
}

/// A snapshot that is taken calls what looks at it; if it ever did not, nobody is let in.
fn no_verdict() -> Error {
    Error::unavailable("the store was not read")
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
    if key.kind == Kind::Api {
        for form in form::forms(project) {
            if store.role(&form, &key.owner)?.is_some() {
                return Ok(None);
            }
            // Where there are two of one name in different forms, the exact one is meant.
            if !project.is_ascii() && !store.members(Some(&form), Some(1))?.is_empty() {
                break;
            }
        }
    }
    Ok(Some(Reason::Project(project.clone())))
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
