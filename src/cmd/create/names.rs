//! Names of new keys.

use super::held::{self, Kept};
use crate::cmd::taken;
use crate::error::{Error, Result, quote};
use crate::key::{Key, State};
use crate::name;
use crate::store::Read;
use crate::when::Timestamp;

/// Largest number of keys that one command makes.
const COUNT_MAX: u32 = 10_000;

/// Parses the value of `--count`.
pub fn count(text: &str) -> Result<u32> {
    let number = text.parse().ok();
    number
        .filter(|number| (1..=COUNT_MAX).contains(number))
        .ok_or_else(|| {
            Error::usage(format!("{} is not a valid value for --count", quote(text)))
                .hint(format!("give a whole number from 1 to {COUNT_MAX}"))
        })
}

/// Rules for the names of new keys.
#[derive(Clone, Copy, Debug)]
pub struct Naming {
    /// Number of keys, if their names are to be numbered.
    pub count: Option<u32>,
    /// Keep a key that holds the name.
    pub if_absent: bool,
    /// Delete an expired key that holds the name.
    pub replace_expired: bool,
}

/// Names of the new keys, and the live keys that hold one of them.
#[derive(Default)]
pub struct Names {
    /// Names.
    pub new: Vec<String>,
    /// Expired holders, which `--replace-expired` deletes.
    pub expired: Vec<Key>,
    /// Holder that `--if-absent` keeps. Then no key is made.
    pub kept: Option<Box<Kept>>,
}

impl Naming {
    /// Returns the names made from `name`. Refuses one that another key of `owner` has, unless these rules allow
    /// it.
    pub fn given(self, store: &dyn Read, owner: &str, name: &str, now: Timestamp) -> Result<Names> {
        let mut names = Names {
            new: self.numbered(name),
            ..Names::default()
        };
        for name in &names.new {
            name::key_name(name)?;
            let Some(holder) = taken::holder(store, owner, name)? else {
                continue;
            };
            match holder.state(now) {
                State::Expired if self.replace_expired => names.expired.push(holder),
                _ if self.if_absent => {
                    names.kept = Some(Box::new(Kept {
                        key: holder,
                        barred: None,
                    }));
                }
                _ => return Err(held::refusal(&holder, now, self.count.is_none())),
            }
        }
        Ok(names)
    }

    /// Returns free names made from `base`, else from `base-2`, `base-3` and so on.
    pub fn free(self, store: &dyn Read, owner: &str, base: &str) -> Result<Names> {
        let mut attempt = 1_u64;
        loop {
            let names = match attempt {
                1 => self.numbered(base),
                n => self.numbered(&format!("{base}-{n}")),
            };
            let mut is_taken = false;
            for name in &names {
                is_taken = is_taken || taken::holder(store, owner, name)?.is_some();
            }
            if !is_taken {
                return Ok(Names {
                    new: names,
                    ..Names::default()
                });
            }
            attempt += 1;
        }
    }

    fn numbered(self, base: &str) -> Vec<String> {
        match self.count {
            None => vec![base.to_owned()],
            Some(count) => (1..=count).map(|n| format!("{base}-{n}")).collect(),
        }
    }
}
