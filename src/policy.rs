//! Policy: settings of a store that bind everyone who uses it.

use crate::access::Access;
use crate::error::{Error, Result, quote};
use crate::hash::{Cost, Scheme};
use crate::hint::{Hint, run};
use crate::near::suggestion;
use crate::token::Prefix;
use crate::when::{Span, Timestamp, When};
use std::str::FromStr;

/// Longest grace of a rotated key.
pub const MAX_GRACE: Span = Span::days(90);

/// Word for no limit.
const NEVER: &str = "never";

/// Words for the hash schemes.
const ARGON2ID: &str = "argon2id";
const SHA256: &str = "sha256";

/// Values of the setting `hash`.
pub const HASHES: [&str; 2] = [ARGON2ID, SHA256];

/// Values of a setting that is on or off.
pub const SWITCH: [&str; 2] = ["on", "off"];

/// Names of all settings, each with its meaning.
pub const SETTINGS: [(&str, &str); 8] = [
    (
        "default-expiry",
        "the lifetime of a key created without --expires; at most max-expiry",
    ),
    (
        "max-expiry",
        "the longest lifetime of a key, counted from its creation",
    ),
    (
        "default-grace",
        "how long a rotated key keeps working if --grace is not given",
    ),
    ("key-prefix", "what new tokens begin with"),
    ("hash", "how new secrets are hashed: argon2id or sha256"),
    (
        "self-service",
        "whether users create their own keys (on), or only administrators do (off)",
    ),
    ("argon2-memory", "memory of one argon2id hash, in KiB"),
    (
        "argon2-iterations",
        "passes of one argon2id hash over its memory",
    ),
];

/// Policy of a store. The default holds for each setting that was not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Lifetime of a key made without an expiry; `None` for no expiry.
    pub default_expiry: Option<Span>,
    /// Longest lifetime of a key, counted from its creation; `None` for no limit.
    pub max_expiry: Option<Span>,
    /// Grace of a rotation that names none.
    pub default_grace: Span,
    /// Prefix of new tokens.
    pub key_prefix: Prefix,
    /// True if new secrets are hashed with SHA-256, false for Argon2id.
    pub fast_hash: bool,
    /// True if users create keys for themselves, false if only administrators create keys.
    pub self_service: bool,
    /// Cost of one Argon2id hash.
    pub cost: Cost,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            default_expiry: Some(Span::days(365)),
            max_expiry: Some(Span::days(365)),
            default_grace: Span::ZERO,
            key_prefix: Prefix::default(),
            fast_hash: false,
            self_service: true,
            cost: Cost::default(),
        }
    }
}

impl Policy {
    /// Sets one setting. An unknown name or an unreadable value is an error: a limit is never lifted
    /// because it could not be read.
    ///
    /// [`Policy::check`] tells whether the value is legal.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "default-expiry" => self.default_expiry = lifetime(value)?,
            "max-expiry" => self.max_expiry = lifetime(value)?,
            "default-grace" => self.default_grace = value.parse()?,
            "key-prefix" => self.key_prefix = value.parse()?,
            "hash" => self.fast_hash = is_fast(value)?,
            "self-service" => self.self_service = is_on(value)?,
            "argon2-memory" => self.cost.memory_kib = number(value, "19456, in KiB")?,
            "argon2-iterations" => self.cost.iterations = number(value, "5")?,
            _ => return Err(unknown(name)),
        }
        Ok(())
    }

    /// Returns the value of a setting, in the form that [`Policy::set`] takes.
    pub fn get(&self, name: &str) -> Result<String> {
        let life =
            |life: Option<Span>| life.map_or_else(|| NEVER.to_owned(), |life| life.to_string());
        Ok(match name {
            "default-expiry" => life(self.default_expiry),
            "max-expiry" => life(self.max_expiry),
            "default-grace" => self.default_grace.to_string(),
            "key-prefix" => self.key_prefix.to_string(),
            "hash" => (if self.fast_hash { SHA256 } else { ARGON2ID }).to_owned(),
            "self-service" => SWITCH[usize::from(!self.self_service)].to_owned(),
            "argon2-memory" => self.cost.memory_kib.to_string(),
            "argon2-iterations" => self.cost.iterations.to_string(),
            _ => return Err(unknown(name)),
        })
    }

    /// Refuses the policy if the setting `changed` is out of range or conflicts with another one.
    ///
    /// Other settings are not checked: they may be older than a limit. A `default-expiry` above
    /// `max-expiry` is refused only if it was `given`; where it was unset, the maximum caps it.
    pub fn check(&self, changed: &str, given: bool) -> Result<()> {
        match changed {
            "default-expiry" if given => self.check_default_expiry(),
            "default-grace" => check_grace(self.default_grace),
            "argon2-memory" | "argon2-iterations" => self.cost.check(),
            _ => Ok(()),
        }
    }

    fn check_default_expiry(&self) -> Result<()> {
        if !is_longer(self.default_expiry, self.max_expiry) {
            return Ok(());
        }
        let (default, max) = (self.get("default-expiry")?, self.get("max-expiry")?);
        let at_most = Hint::from(format!("give at most {max}"));
        let raise = match self.default_expiry {
            Some(_) => at_most
                .and(", or raise that first: ")
                .and(run!("policy set max-expiry {}", default)),
            None => at_most,
        };
        Err(Error::policy(format!(
            "default-expiry {default} is above max-expiry {max}"
        ))
        .hint(raise))
    }

    /// Refuses a new key if only administrators create keys and the actor is none.
    pub fn check_creator(&self, access: &Access) -> Result<()> {
        match self.self_service {
            true => Ok(()),
            false => access.administrator("create keys: policy self-service is off"),
        }
    }

    /// Returns the scheme by which new secrets are hashed.
    pub fn scheme(&self) -> Scheme {
        if self.fast_hash {
            Scheme::Sha256
        } else {
            Scheme::Argon2id(self.cost)
        }
    }

    /// Returns the expiry of a key made at `created`; `None` if it never expires.
    ///
    /// `when` is the expiry that was asked for, refused if it is later than `max-expiry` allows.
    /// Without it, the shorter of `default-expiry` and `max-expiry` holds.
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

    /// Refuses an expiry later than `max-expiry` after `created`; the error names the latest legal one.
    pub fn check_expiry(&self, expires: Option<Timestamp>, created: Timestamp) -> Result<()> {
        let Some(max) = self.max_expiry else {
            return Ok(());
        };
        let latest = created.after(max).unwrap_or(Timestamp::MAX);
        if expires.is_some_and(|at| at <= latest) {
            return Ok(());
        }
        let message = match expires {
            Some(asked) => {
                format!("expiry {asked} is later than policy allows: the latest is {latest}")
            }
            None => {
                format!(
                    "policy does not allow a key that never expires: the latest expiry is {latest}"
                )
            }
        };
        // For `never` no command is suggested: it would lift the limit for every key.
        let raise = match expires.map(|at| at.since(created).to_days()) {
            Some(life) => Hint::from("have an administrator raise it: ")
                .and(run!("policy set max-expiry {}", life)),
            None => "ask an administrator for more".into(),
        };
        Err(
            Error::policy(message).hint(
                Hint::from(format!("a key lives at most {max} from its creation (max-expiry): give --expires {latest} or an earlier time, or "))
                    .and(raise),
            ),
        )
    }

    /// Returns the end of a `lifetime` that begins at `from`, and whether `max-expiry` cut it short.
    pub fn capped_expiry(
        &self,
        lifetime: Option<Span>,
        from: Timestamp,
    ) -> (Option<Timestamp>, bool) {
        let is_capped = is_longer(lifetime, self.max_expiry);
        let lifetime = if is_capped { self.max_expiry } else { lifetime };
        let end = lifetime.map(|lifetime| from.after(lifetime).unwrap_or(Timestamp::MAX));
        (end, is_capped)
    }
}

/// Tells whether `lifetime` is longer than `max`; `None` is unlimited.
fn is_longer(lifetime: Option<Span>, max: Option<Span>) -> bool {
    max.is_some_and(|max| lifetime.is_none_or(|lifetime| lifetime > max))
}

/// Refuses a grace longer than [`MAX_GRACE`].
pub fn check_grace(grace: Span) -> Result<()> {
    if grace <= MAX_GRACE {
        return Ok(());
    }
    Err(Error::policy(format!(
        "a grace of {grace} is too long: the longest is {MAX_GRACE}"
    ))
    .hint(format!("give at most {MAX_GRACE}")))
}

fn lifetime(value: &str) -> Result<Option<Span>> {
    if value == NEVER {
        return Ok(None);
    }
    match Span::from_str(value)? {
        Span::ZERO => Err(Error::usage("a lifetime of 0s is too short")
            .hint("give a duration such as 90d, or 'never'")),
        life => Ok(Some(life)),
    }
}

fn is_fast(value: &str) -> Result<bool> {
    match value {
        ARGON2ID => Ok(false),
        SHA256 => Ok(true),
        _ => Err(Error::usage(format!("{} is not a hash", quote(value)))
            .hint(format!("it takes: {}", HASHES.join(", ")))),
    }
}

fn is_on(value: &str) -> Result<bool> {
    match SWITCH.iter().position(|word| *word == value) {
        Some(at) => Ok(at == 0),
        None => Err(
            Error::usage(format!("{} is neither on nor off", quote(value)))
                .hint(format!("it takes: {}", SWITCH.join(", "))),
        ),
    }
}

fn number(value: &str, example: &str) -> Result<u32> {
    value.parse().map_err(|_| {
        Error::usage(format!("{} is not a whole number", quote(value)))
            .hint(format!("give a number such as {example}"))
    })
}

fn unknown(name: &str) -> Error {
    let names = SETTINGS.map(|(name, _)| name);
    let error = Error::usage(format!("there is no policy {}", quote(name)));
    error.hint(
        suggestion(name, &names)
            .unwrap_or_else(|| format!("the policies are: {}", names.join(", "))),
    )
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
