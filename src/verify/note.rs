//! Notes that verifications write to the store: uses, rehashes, reuses. No verdict depends on them.

use super::verdict::{Reason, Verdict, Verified};
use crate::env::{Actor, Random};
use crate::error::Result;
use crate::event::{Action, Event};
use crate::hash::{Memory, Recipe};
use crate::id::KeyId;
use crate::key::{Key, State};
use crate::store::{self, Store, Tx};
use crate::token::AnyToken;
use crate::when::{Span, Timestamp};

/// Note of one verification.
pub struct Note {
    key: KeyId,
    at: Timestamp,
    kind: NoteKind,
}

/// Kind of note that a verdict may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Noteworthy {
    /// A valid key was used.
    Use,
    /// A valid key was used, and its hash is not by the policy.
    Rehash,
    /// The right secret of a stopped key was presented.
    Reuse,
}

enum NoteKind {
    /// A valid key was used.
    Use,
    /// A valid key was used, and its hash is to be replaced by one at the policy's parameters.
    Rehash { old: String, new: String },
    /// The right secret of a stopped key, in this state, was presented.
    Reuse(State),
}

impl Note {
    /// Returns the note on `verified`, if there is one: the use of a valid key, a rehash, or the reuse of
    /// a stopped key. A use and a reuse are noted at most once a minute for each key.
    ///
    /// For a rehash this computes one hash.
    pub fn of(
        store: &dyn Store,
        verified: &Verified,
        presented: &AnyToken,
        random: &mut dyn Random,
        memory: &mut Memory,
    ) -> Result<Option<Self>> {
        let at = verified.at;
        let note = |key: &Key, kind| Note {
            key: key.id,
            at,
            kind,
        };
        match (verified.noteworthy(), &verified.outdated) {
            (Some((key, Noteworthy::Use)), _) => Ok(Some(note(key, NoteKind::Use))),
            (Some((key, Noteworthy::Rehash)), Some((old, scheme))) => {
                let new = Recipe::draw(*scheme, random)?.hash(presented.secret(), memory)?;
                let old = old.clone();
                Ok(Some(note(key, NoteKind::Rehash { old, new })))
            }
            (Some((key, Noteworthy::Reuse)), _) => {
                let noted = store::read(store, |snapshot| snapshot.has_reuse(key.id, at))?;
                Ok((!noted).then(|| note(key, NoteKind::Reuse(key.state(at)))))
            }
            _ => Ok(None),
        }
    }

    /// Returns the PHC string that a rehash writes.
    pub fn new_hash(&self) -> Option<&str> {
        match &self.kind {
            NoteKind::Rehash { new, .. } => Some(new),
            NoteKind::Use | NoteKind::Reuse(_) => None,
        }
    }

    /// Writes `notes` to `store` in one transaction. If the store is locked, drops them without waiting.
    pub fn write(notes: &[Note], store: &mut dyn Store, actor: &Actor) -> Result<()> {
        if notes.is_empty() {
            return Ok(());
        }
        store.write_if_free(Box::new(|tx| {
            notes.iter().try_for_each(|note| note.write_one(tx, actor))
        }))
    }

    fn write_one(&self, tx: &mut dyn Tx, actor: &Actor) -> Result<()> {
        let event = |action| Event::new(self.at, actor, action, Some(self.key));
        match &self.kind {
            NoteKind::Use => tx.touch(self.key, self.at),
            NoteKind::Rehash { old, new } => {
                tx.touch(self.key, self.at)?;
                if tx.replace_hash(self.key, old, new)? {
                    tx.append(&event(Action::Rehash))?;
                }
                Ok(())
            }
            // Another process may have noted the reuse since.
            NoteKind::Reuse(_) if tx.has_reuse(self.key, self.at)? => Ok(()),
            NoteKind::Reuse(state) => tx.append(&event(Action::Reuse).with("state", state.word())),
        }
    }
}

impl Verified {
    /// Returns the key and the kind of note that the verdict may lead to, without a look at the store: a reuse
    /// may be noted already.
    pub fn noteworthy(&self) -> Option<(&Key, Noteworthy)> {
        match &self.verdict {
            Verdict::Valid(key) if self.outdated.is_some() => Some((key, Noteworthy::Rehash)),
            Verdict::Valid(key) => {
                is_due(key.last_used_at, self.at).then_some((key, Noteworthy::Use))
            }
            Verdict::Rejected(
                Reason::PhasedOut | Reason::Expired | Reason::Disabled,
                Some(key),
            ) => Some((key, Noteworthy::Reuse)),
            Verdict::Rejected(..) => None,
        }
    }
}

/// Tells whether to note a use at `at`: not within a minute of the last noted use, nor before it.
fn is_due(last_used_at: Option<Timestamp>, at: Timestamp) -> bool {
    last_used_at.is_none_or(|last| last <= at.before(Span::MINUTE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_left_in_peace_for_a_minute() {
        let at = |millis: i64| Timestamp::from_millis(1_795_000_000_000 + millis);
        let now = at(0).unwrap();
        assert!(is_due(None, now));
        assert!(is_due(at(-60_000), now));
        assert!(!is_due(at(-59_999), now));
        assert!(!is_due(at(0), now));
        // The clock was set back.
        assert!(!is_due(at(3_600_000), now));
    }
}
