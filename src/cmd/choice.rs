//! Choice of keys by owner and labels, for commands that act on many keys.

use super::label::{self, SoughtLabel};
use super::owner;
use crate::access::Access;
use crate::env::Actor;
use crate::error::{Error, Result, quote};
use crate::hint::Hint;
use crate::key::Key;
use crate::store::{Filter, Read, Skipped};
use crate::when::Timestamp;

/// Choice of keys, of those that are not deleted.
#[derive(clap::Args, Debug)]
pub struct Choice {
    /// All keys of this user
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// All keys with this label, with any value if you give none; may be repeated, for keys with all
    /// of these labels; with --owner, only keys of that user
    #[arg(long = "label", value_name = "KEY[=VALUE]", value_parser = label::sought)]
    labels: Vec<SoughtLabel>,
}

impl Choice {
    /// Tells whether keys are chosen by this, not by KEYs.
    pub fn is_given(&self) -> bool {
        self.owner.is_some() || !self.labels.is_empty()
    }

    /// Finds the chosen keys that are not deleted, and counts the damaged records apart, so that these do not
    /// keep the others alive. Fails if there are none, also no deleted ones: that is likely a typo.
    ///
    /// Call it again under the store's lock: meanwhile there may be a new key.
    pub fn find(
        &self,
        store: &dyn Read,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(Vec<Key>, Skipped)> {
        let access = store.access(actor)?;
        let chosen = self.filter(store, now)?;
        if let Some(owner) = &chosen.owner {
            access.for_owner(owner)?;
        }
        let (found, damaged) = store.find_readable(&Filter {
            states: Filter::undeleted(now).states,
            ..chosen.clone()
        })?;
        check_owners(&access, &found)?;
        if found.is_empty() && damaged.count == 0 {
            let (deleted, damaged) = store.find_readable(&Filter {
                limit: Some(1),
                ..chosen
            })?;
            if deleted.is_empty() && damaged.count == 0 {
                return Err(self.none(store, now)?);
            }
        }
        Ok((found, damaged))
    }

    /// Choice in words, after "every key": "of 'alice' with the label 'team=search'".
    pub fn in_words(&self) -> String {
        let owner = self
            .owner
            .iter()
            .map(|owner| format!("of {}", quote(owner)));
        let labels: Vec<String> = self
            .labels
            .iter()
            .map(|label| quote(&label::in_word(label)))
            .collect();
        let labels = match labels.as_slice() {
            [] => None,
            [one] => Some(format!("with the label {one}")),
            several => Some(format!("with the labels {}", several.join(" and "))),
        };
        owner.chain(labels).collect::<Vec<_>>().join(" ")
    }

    /// Filter for the chosen keys, with names in the form in which the store has them.
    fn filter(&self, store: &dyn Read, now: Timestamp) -> Result<Filter> {
        let owner = self.owner.as_deref();
        let owner = owner.map(|owner| owner::as_stored(store, owner, now));
        let labels = self.labels.iter();
        Ok(Filter {
            owner: owner.transpose()?,
            labels: labels
                .map(|label| label::as_stored(store, label, now))
                .collect::<Result<_>>()?,
            ..Filter::all(now)
        })
    }

    /// Error for a choice that no key meets.
    fn none(&self, store: &dyn Read, now: Timestamp) -> Result<Error> {
        if let Some(owner) = &self.owner
            && !owner::has_keys(store, &owner::as_stored(store, owner, now)?, now)?
        {
            return Ok(Error::not_found(format!("{} has no keys", quote(owner)))
                .hint(owner::suggestion(store, owner, now)?));
        }
        let like = label::label_like(store, &self.labels, Filter::undeleted(now))?;
        let hint = like.map_or_else(label::shown, Hint::from);
        Ok(Error::not_found(format!("there is no key {}", self.in_words())).hint(hint))
    }
}

/// Refuses keys of others to an actor who is no administrator.
fn check_owners(access: &Access, keys: &[Key]) -> Result<()> {
    for key in keys {
        access.for_owner(&key.owner).map_err(|error| {
            let own = format!("; for your own keys only, add --owner {}", access.actor);
            let allowed = error.hint.clone().unwrap_or_default();
            error.hint(allowed.and(Hint::from(own))).of_key(key.id)
        })?;
    }
    Ok(())
}
