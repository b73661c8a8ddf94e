//! The keys that the given KEYs lead to, and the KEYs that stop none.

use super::given::Given;
use super::verb::Verb;
use crate::access::Access;
use crate::cmd::keys::KeyLine;
use crate::error::{Error, FailureKind, Result, quote};
use crate::event::Action;
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Key, Kind};
use crate::lookup::{self, KeyMatch, Lookup};
use crate::store::Read;
use crate::token::{Redacted, Token, named};
use std::collections::HashSet;

/// A plan for what is given, by the store as it is.
pub struct Plan {
    /// Each key that a KEY leads to, once, in order.
    pub steps: Vec<(Key, Step)>,
    /// Each KEY that stops none.
    pub failed: Vec<Unstopped>,
}

/// The step that is due for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is to be stopped.
    Stop,
    /// It was stopped already, by this action.
    Stopped(Action),
}

/// A KEY that stops none.
pub struct Unstopped {
    /// Its place among what is given.
    pub at: usize,
    /// The reason. Its advice is missing where that takes more reading.
    pub error: Error,
}

/// A key, and the reason for which a KEY that leads to it does not stop it.
type Led = (Key, Option<Error>);

impl Plan {
    /// Makes the plan for those of `given` that are not missing; `None` where the hash of a token's
    /// key is another one than the token was compared with.
    pub fn make(
        store: &dyn Read,
        lookup: &Lookup<'_>,
        access: Access,
        verb: Verb,
        given: &[Given],
    ) -> Result<Option<Plan>> {
        let planner = Planner {
            lookup,
            access,
            store,
            verb,
        };
        let mut plan = Plan {
            steps: Vec::new(),
            failed: Vec::new(),
        };
        let mut seen = HashSet::new();
        for (at, one) in given.iter().enumerate().filter(|(_, one)| !one.is_missing) {
            let (key, objection) = match planner.lead(one) {
                Ok(Some(led)) => led,
                Ok(None) => return Ok(None),
                Err(error) if is_about_one_key(error.kind) => {
                    plan.failed.push(Unstopped { at, error });
                    continue;
                }
                Err(error) => return Err(error),
            };
            match planner.step(&key, objection) {
                Ok(step) if seen.insert(key.id) => plan.steps.push((key, step)),
                Ok(_) => {}
                Err(error) => plan.failed.push(Unstopped { at, error }),
            }
        }
        Ok(Some(plan))
    }

    /// Marks those of `given` that lead to no key as missing, and takes them out of the plan.
    pub fn take_missing(&mut self, given: &mut [Given]) -> Vec<Unstopped> {
        // An error about a key that there is has its ID.
        let is_missing = |one: &mut Unstopped| {
            one.error.kind == FailureKind::NotFound && one.error.key.is_none()
        };
        let missing: Vec<Unstopped> = self.failed.extract_if(.., is_missing).collect();
        for one in &missing {
            given[one.at].is_missing = true;
        }
        missing
    }

    /// The keys that are to be stopped.
    pub fn to_stop(&self) -> impl Iterator<Item = &Key> {
        let due = self.steps.iter().filter(|(_, step)| *step == Step::Stop);
        due.map(|(key, _)| key)
    }
}

struct Planner<'a> {
    lookup: &'a Lookup<'a>,
    access: Access,
    store: &'a dyn Read,
    verb: Verb,
}

impl Planner<'_> {
    /// The key that a KEY leads to; `None` where its token has to be compared again first.
    fn lead(&self, given: &Given) -> Result<Option<Led>> {
        match &given.content {
            KeyLine::Flawed(flaw) => {
                let Error { message, hint, .. } = flaw.error("");
                let error = Error::not_found(message);
                Err(Error { hint, ..error })
            }
            KeyLine::Text(text) => match self.lookup.find(self.store, text)? {
                KeyMatch::One(key) => Ok(Some((*key, None))),
                KeyMatch::None => Err(none(text)),
                KeyMatch::Several(error) => Err(*error),
            },
            KeyLine::Token(token) => self.presented(token, given),
        }
    }

    fn presented(&self, token: &Token, given: &Given) -> Result<Option<Led>> {
        let id = token.id();
        let known = self.store.to_verify(&[id])?.into_iter().flatten().next();
        let (Some(known), Some(key)) = (known, self.store.get(id)?) else {
            return Err(lookup::none(id.as_str()));
        };
        let Some(hash) = known.hash else {
            // Wiped: the key is deleted.
            return Ok(Some((key, Some(self.foreign(token)))));
        };
        Ok(given
            .compared
            .as_ref()
            .filter(|compared| compared.hash == hash)
            .map(|compared| match &compared.matched {
                Ok(true) => (key, None),
                Ok(false) => (key, Some(self.foreign(token))),
                Err(error) => (key, Some(self.unchecked(id, error))),
            }))
    }

    /// The step for a key that a KEY leads to. One that is stopped counts as stopped, whatever
    /// objection there is.
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

    /// The error where a token's secret is not its key's.
    fn foreign(&self, token: &Token) -> Error {
        let shown = Redacted::find(token.expose());
        let shown = shown.map_or_else(|| "the token".to_owned(), |shown| shown.to_string());
        Error::not_found(format!("the secret of {shown} is not that key's")).hint(
            Hint::from("its ID is public and its checksum anybody's; ").and(self.by_id(token.id())),
        )
    }

    /// The error where it cannot be told whose a token's secret is.
    fn unchecked(&self, id: KeyId, cause: &Error) -> Error {
        cause.clone().hint(self.by_id(id))
    }

    fn by_id(&self, id: KeyId) -> Hint {
        let command = match self.verb {
            Verb::Disable => run!("disable {}", id),
            Verb::Delete => run!("delete {}", id),
        };
        Hint::from("to stop the key all the same, by ID: ").and(command)
    }
}

/// Tells whether an error of this kind is about one key, and says nothing of the others.
fn is_about_one_key(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::NotFound | FailureKind::Ambiguous | FailureKind::Damaged
    )
}

/// The error where there is no key `text`. The value of a line that gives a name a value may be
/// another program's secret, and is not repeated.
fn none(text: &str) -> Error {
    match named(text.as_bytes()) {
        Some((name, value)) if is_assigned(text, value) => {
            let name = String::from_utf8_lossy(name);
            Error::not_found(format!("the value of {} is no token", quote(&name)))
                .hint("only a token is taken from behind a name")
        }
        _ => lookup::none(text),
    }
}

/// Tells whether `value`, which ends `text`, is a value: the name of a key may have a ':' in it.
fn is_assigned(text: &str, value: &[u8]) -> bool {
    let before = text.len().checked_sub(value.len() + 1);
    let sign = before.and_then(|at| text.as_bytes().get(at));
    sign == Some(&b'=') || value.first().is_some_and(|first| b" \t\"'".contains(first))
}
