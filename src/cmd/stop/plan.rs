//! Plan of `disable -` and `delete -`: the keys to stop, and the KEYs that stop none.

use super::given::Given;
use super::verb::Verb;
use crate::access::Access;
use crate::cmd::keys::{self, KeyLine, LineFlaw};
use crate::error::{Error, FailureKind, Result};
use crate::event::Action;
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Key, Kind};
use crate::lookup::{self, KeyMatch, Lookup};
use crate::store::Read;
use crate::token::{Redacted, Token};
use std::collections::HashSet;

/// Plan for the KEYs, by the store at one moment.
#[derive(Default)]
pub struct Plan {
    /// Each key that a KEY stands for, once, in the order of the KEYs.
    pub steps: Vec<(Key, Step)>,
    /// Each KEY that stops no key.
    pub failed: Vec<Unstopped>,
}

/// Step to take for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Stop it.
    Stop,
    /// Nothing: this action has stopped it already.
    Stopped(Action),
}

/// KEY that stops no key.
pub struct Unstopped {
    /// Index of the KEY.
    pub at: usize,
    /// Reason. It has no hint where a hint takes another look-up.
    pub error: Error,
}

/// Key that a KEY stands for, and an error if that KEY must not stop it.
type Matched = (Key, Option<Error>);

impl Plan {
    /// Takes the KEYs without a key out of the plan and marks them as missing in `given`.
    pub fn take_missing(&mut self, given: &mut [Given]) -> Vec<Unstopped> {
        // Errors about an existing key hold its ID.
        let is_missing = |Unstopped { error, .. }: &mut Unstopped| {
            error.kind == FailureKind::NotFound && error.key.is_none()
        };
        let missing: Vec<Unstopped> = self.failed.extract_if(.., is_missing).collect();
        for unstopped in &missing {
            given[unstopped.at].is_missing = true;
        }
        missing
    }

    /// Keys to stop.
    pub fn to_stop(&self) -> impl Iterator<Item = &Key> {
        let due = self.steps.iter().filter(|(_, step)| *step == Step::Stop);
        due.map(|(key, _)| key)
    }
}

/// Maker of a plan.
pub struct Planner<'a> {
    /// Store at one moment.
    pub store: &'a dyn Read,
    /// Rules for the lookup of a KEY.
    pub lookup: Lookup<'a>,
    /// Rights of the actor.
    pub access: &'a Access,
    /// Way to stop the keys.
    pub verb: Verb,
}

impl Planner<'_> {
    /// Makes the plan for those of `given` that are not missing. Returns `None` if a token has to be compared
    /// again, because the hash of its key has changed.
    pub fn plan(&self, given: &[Given]) -> Result<Option<Plan>> {
        let mut plan = Plan::default();
        let mut seen = HashSet::new();
        let given = given.iter().enumerate();
        for (at, given) in given.filter(|(_, given)| !given.is_missing) {
            let (key, objection) = match self.find(given) {
                Ok(Some(matched)) => matched,
                Ok(None) => return Ok(None),
                Err(error) if is_about_one_key(error.kind) => {
                    plan.failed.push(Unstopped { at, error });
                    continue;
                }
                Err(error) => return Err(error),
            };
            match self.step(&key, objection) {
                Ok(step) if seen.insert(key.id) => plan.steps.push((key, step)),
                Ok(_) => {}
                Err(error) => plan.failed.push(Unstopped { at, error }),
            }
        }
        Ok(Some(plan))
    }

    /// Hint on how to take tokens out of other text, which a log file has.
    fn extraction(&self, flaw: &LineFlaw) -> Hint {
        if !matches!(flaw, LineFlaw::Mistyped(..)) {
            return Hint::default();
        }
        let stop = match self.verb {
            Verb::Disable => run!("disable -"),
            Verb::Delete => run!("delete -"),
        };
        Hint::from("; if other text is around the token: ")
            .and(run!("scan --format ids FILE"))
            .and(" | ")
            .and(stop)
    }

    /// Finds the key that a KEY stands for. Returns `None` if the KEY is a token to compare again first.
    fn find(&self, given: &Given) -> Result<Option<Matched>> {
        // Its digest is that of the whole token, so nothing is left to compare.
        if let Some(key) = keys::find_token(self.store, given.content.tokens())? {
            return Ok(Some((key, None)));
        }
        match &given.content {
            KeyLine::Flawed(flaw) => {
                let Error { message, hint, .. } = flaw.error("");
                let hint = Hint::from(hint).and(self.extraction(flaw));
                Err(Error::not_found(message).hint(hint))
            }
            KeyLine::Text(text) => match self.lookup.find(self.store, &text.text)? {
                KeyMatch::One(key) => Ok(Some((*key, None))),
                KeyMatch::None => match self.lookup.deleted(self.store, &text.text)? {
                    Some(deleted) => Err(deleted),
                    None => {
                        let unshown = match given.line {
                            Some(_) => keys::unshown(self.store, text)?,
                            None => None,
                        };
                        let hidden = unshown.or_else(|| keys::assigned(&text.text));
                        Err(hidden.unwrap_or_else(|| lookup::none(&text.text)))
                    }
                },
                KeyMatch::Several(error) => Err(*error),
            },
            KeyLine::Token(token) => self.find_by_token(token, given),
        }
    }

    fn find_by_token(&self, token: &Token, given: &Given) -> Result<Option<Matched>> {
        let id = token.id();
        let known = self.store.known(&[id.into()])?.into_iter().flatten().next();
        let (Some(known), Some(key)) = (known, self.store.get(id)?) else {
            return Err(lookup::none(id.as_str()));
        };
        let Some(hash) = known.hash else {
            // The hash is wiped, so the key is deleted.
            return Ok(Some((key, Some(self.wrong_secret(token)))));
        };
        Ok(given
            .compared
            .as_ref()
            .filter(|compared| compared.hash == hash)
            .map(|compared| match &compared.matched {
                Ok(true) => (key, None),
                Ok(false) => (key, Some(self.wrong_secret(token))),
                Err(error) => (key, Some(self.unchecked(id, error))),
            }))
    }

    /// Returns the step for `key`. A key that is stopped already needs none, even if there is an objection.
    fn step(&self, key: &Key, objection: Option<Error>) -> Result<Step> {
        if key.deleted_at.is_some() {
            return Ok(Step::Stopped(Action::Delete));
        }
        let denied = || self.access.for_owner(&key.owner).err();
        match objection.or_else(denied) {
            None => Ok(Step::Stop),
            Some(_) if self.is_disabled_enough(key) => Ok(Step::Stopped(Action::Disable)),
            Some(error) => Err(error.of_key(key.id)),
        }
    }

    fn is_disabled_enough(&self, key: &Key) -> bool {
        key.disabled_at.is_some() && (self.verb == Verb::Disable || key.kind == Kind::Legacy)
    }

    /// Error for a token whose secret is not that of its key.
    fn wrong_secret(&self, token: &Token) -> Error {
        let shown = Redacted::find(token.expose());
        let shown = shown.map_or_else(|| "the token".to_owned(), |shown| shown.to_string());
        Error::not_found(format!("{shown} has the wrong secret for its key")).hint(
            Hint::from("anybody can make up such a token, since IDs are public; ")
                .and(self.by_id(token.id())),
        )
    }

    /// Error for a token that could not be compared with its key's hash.
    fn unchecked(&self, id: KeyId, cause: &Error) -> Error {
        cause.clone().hint(self.by_id(id))
    }

    fn by_id(&self, id: KeyId) -> Hint {
        let command = match self.verb {
            Verb::Disable => run!("disable {}", id),
            Verb::Delete => run!("delete {}", id),
        };
        Hint::from("to stop the key anyway, by its ID: ").and(command)
    }
}

/// True if an error of this kind concerns a single key, so that the others can still be stopped.
fn is_about_one_key(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::NotFound | FailureKind::Ambiguous | FailureKind::Damaged
    )
}
