//! Undo of a rotation, while the old key still works.

use super::Key;
use crate::access::Access;
use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::when::Timestamp;

impl Key {
    /// Takes the rotation of this key into `successor` back: deletes the successor, of kind legacy too, and makes
    /// this key live again. On an error both are unchanged.
    ///
    /// The caller checks that no third key has this key's owner and name, and adds a hint to a refusal without
    /// one: it can look up the live successor.
    pub fn undo_rotation(
        &mut self,
        successor: &mut Key,
        now: Timestamp,
        access: &Access,
    ) -> Result<()> {
        self.check_restorable(successor, now)?;
        self.check_removable(successor, now, access)?;
        successor.deleted_at = Some(now);
        self.replaced_by = None;
        self.grace_from = None;
        self.usable_until = None;
        Ok(())
    }

    /// Error for an undo of this key's rotation. `why` is the reason.
    pub fn undo_refusal(&self, why: &str) -> Error {
        Error::state(format!(
            "the rotation of {} cannot be undone: {why}",
            self.label()
        ))
    }

    /// Refuses to make this key live again unless its grace runs.
    fn check_restorable(&self, successor: &Key, now: Timestamp) -> Result<()> {
        let refuse = |why: &str| Err(self.undo_refusal(why));
        if self.deleted_at.is_some() {
            return refuse("it is deleted");
        }
        if self.replaced_by != Some(successor.id) {
            let why = match successor.deleted_at {
                Some(_) => "it was undone already".to_owned(),
                None => format!("it was not replaced by {}", successor.id),
            };
            let look = Hint::from("to see its present state: ").and(run!("show {}", self.id));
            return Err(self.undo_refusal(&why).hint(look));
        }
        if let Some(by) = &self.disabled_by {
            return refuse(&format!(
                "it was disabled by {}, which ended its grace",
                quote(by)
            ));
        }
        if self.is_in_grace(now) {
            return Ok(());
        }
        match (self.stops_at(), self.expires_at) {
            (Some(end), Some(expired)) if end == expired => refuse(&format!("it expired at {end}")),
            (Some(end), _) => refuse(&format!("its grace ended at {end}")),
            (None, _) => refuse("it was not rotated"),
        }
    }

    /// Refuses to delete `successor` unless it is live and enabled.
    fn check_removable(&self, successor: &Key, now: Timestamp, access: &Access) -> Result<()> {
        let id = successor.id;
        let refuse = |why: &str| self.undo_refusal(&format!("its successor {id} {why}"));
        if successor.deleted_at.is_some() {
            return Err(refuse("is deleted"));
        }
        if successor.usable_until.is_some() {
            let error = refuse("was rotated again");
            let can_be_undone = successor.is_in_grace(now) && successor.disabled_at.is_none();
            return Err(match can_be_undone {
                true => error.hint(
                    Hint::from("undo that rotation first: ").and(run!("rotate {} --undo", id)),
                ),
                false => error,
            });
        }
        if let Some(by) = &successor.disabled_by {
            let first = match successor.clone().enable(access) {
                Ok(_) => Hint::from("enable it first: ").and(run!("enable {}", id)),
                Err(refused) => refused.hint.into(),
            };
            return Err(refuse(&format!("was disabled by {}", quote(by))).hint(first));
        }
        Ok(())
    }
}
