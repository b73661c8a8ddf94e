//! Policy: what the administrator has set for everyone who uses the store.

use crate::error::{Error, Result, quote};
use crate::hash::Cost;
use crate::token::Prefix;
use crate::when::{Span, Timestamp, When};
use std::cmp::min;
use std::str::FromStr;

/// The longest that a rotated key may go on working.
pub const MAX_GRACE: Span = Span::days(90);

/// The word for a limit that is lifted.
const NEVER: &str = "never";

/// What holds in a store; its default is what holds where nothing was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The life of a key made without an expiry; `None` is for ever.
    pub default_expiry: Option<Span>,
    /// The longest life of a key, counted from its creation; `None` lifts the limit.
    pub max_expiry: Option<Span>,
    /// How long a rotated key goes on working where the rotation does not say.
    pub default_grace: Span,
    /// The prefix of new tokens.
    pub key_prefix: Prefix,
    /// What one hash costs.
    pub cost: Cost,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            default_expiry: Some(Span::days(365)),
            max_expiry: Some(Span::days(365)),
            default_grace: Span::ZERO,
            key_prefix: Prefix::default(),
            cost: Cost::default(),
        }
    }
}

impl Policy {
    /// Takes one stored setting; an unknown name or an unreadable value is an error, so that no
    /// limit is lifted because it could not be read.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "default-expiry" => self.default_expiry = lifetime(value)?,
            "max-expiry" => self.max_expiry = lifetime(value)?,
            "default-grace" => self.default_grace = value.parse()?,
            "key-prefix" => self.key_prefix = value.parse()?,
            "argon2-memory" => self.cost.memory_kib = number(value)?,
            "argon2-iterations" => self.cost.iterations = number(value)?,
            _ => return Err(Error::usage(format!("there is no policy {}", quote(name)))),
        }
        Ok(())
    }

    /// When a key made at `created` expires, if its maker says `when`. A life longer than
    /// `max-expiry` is refused; without `when`, it is the default or the maximum, the shorter one.
    pub fn expiry(&self, when: Option<When>, created: Timestamp) -> Result<Option<Timestamp>> {
        match when {
            Some(when) => {
                let expires = when.resolve(created)?;
                self.check_expiry(expires, created)?;
                Ok(expires)
            }
            None => Ok(self.capped_expiry(self.default_expiry, created).0),
        }
    }

    /// Refuses an expiry later than `max-expiry` after `created`, and names the latest legal one.
    pub fn check_expiry(&self, expires: Option<Timestamp>, created: Timestamp) -> Result<()> {
        let Some(max) = self.max_expiry else {
            return Ok(());
        };
        let latest = created.after(max).unwrap_or(Timestamp::MAX);
        if expires.is_some_and(|at| at <= latest) {
            return Ok(());
        }
        let asked = expires.map_or_else(|| NEVER.to_owned(), |at| at.to_string());
        Err(
            Error::policy(format!("expiry {asked} is later than policy allows: the latest is {latest}")).hint(format!(
                "a key lives at most {max} from its creation (max-expiry); give an earlier time, or ask an administrator"
            )),
        )
    }

    /// When a life of `lifetime` that begins at `from` ends, and whether `max-expiry` cut it short.
    pub fn capped_expiry(
        &self,
        lifetime: Option<Span>,
        from: Timestamp,
    ) -> (Option<Timestamp>, bool) {
        let (life, capped) = match (lifetime, self.max_expiry) {
            (None, max) => (max, max.is_some()),
            (Some(life), Some(max)) => (Some(min(life, max)), life > max),
            (life, None) => (life, false),
        };
        (
            life.map(|life| from.after(life).unwrap_or(Timestamp::MAX)),
            capped,
        )
    }
}

/// Refuses a grace longer than any key may have.
pub fn check_grace(grace: Span) -> Result<()> {
    if grace <= MAX_GRACE {
        return Ok(());
    }
    Err(Error::policy(format!(
        "a grace of {grace} is too long: the longest is {MAX_GRACE}"
    ))
    .hint(format!("give at most {MAX_GRACE}, or rotate again later")))
}

fn lifetime(value: &str) -> Result<Option<Span>> {
    if value == NEVER {
        return Ok(None);
    }
    Span::from_str(value).map(Some)
}

fn number(value: &str) -> Result<u32> {
    value
        .parse()
        .map_err(|_| Error::usage(format!("{} is not a whole number", quote(value))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_millis(1_795_000_000_000).unwrap()
    }

    #[test]
    fn without_an_expiry_the_shorter_of_default_and_maximum_holds() {
        let mut policy = Policy::default();
        policy.set("max-expiry", "30d").unwrap();
        assert_eq!(policy.expiry(None, now()), Ok(now().after(Span::days(30))));
        policy.set("default-expiry", "7d").unwrap();
        assert_eq!(policy.expiry(None, now()), Ok(now().after(Span::days(7))));
        policy.set("default-expiry", "never").unwrap();
        assert_eq!(policy.expiry(None, now()), Ok(now().after(Span::days(30))));
        policy.set("max-expiry", "never").unwrap();
        assert_eq!(policy.expiry(None, now()), Ok(None));
    }

    #[test]
    fn the_maximum_itself_is_legal_and_a_millisecond_more_is_not() {
        let policy = Policy::default();
        let latest = now().after(Span::days(365)).unwrap();
        assert!(policy.check_expiry(Some(latest), now()).is_ok());
        let later = Timestamp::from_millis(latest.millis() + 1);
        let error = policy.check_expiry(later, now()).unwrap_err();
        assert_eq!(error.kind.exit_code(), 4);
        assert!(error.message.contains(&latest.to_string()));
        assert!(policy.check_expiry(None, now()).is_err());
    }

    #[test]
    fn a_rotated_life_is_capped() {
        let policy = Policy::default();
        let cap = now().after(Span::days(365));
        assert_eq!(
            policy.capped_expiry(Some(Span::days(400)), now()),
            (cap, true)
        );
        assert_eq!(
            policy.capped_expiry(Some(Span::days(365)), now()),
            (cap, false)
        );
        assert_eq!(policy.capped_expiry(None, now()), (cap, true));
    }

    #[test]
    fn a_setting_that_cannot_be_read_lifts_no_limit() {
        let mut policy = Policy::default();
        for (name, value) in [
            ("max-expiry", "forever"),
            ("argon2-memory", "-1"),
            ("nonsense", "1"),
        ] {
            assert!(policy.set(name, value).is_err());
        }
        assert_eq!(policy, Policy::default());
    }
}
