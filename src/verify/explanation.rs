//! Explanation of a verdict: the one value that its text and its JSON are made from.

use super::verdict::{Reason, Verdict, Verified};
use crate::id::KeyId;
use crate::key::{Key, State};
use crate::when::Timestamp;

/// Explanation of a verdict, with all that may be said of the key.
pub enum Explanation<'a> {
    /// The token is valid.
    Valid(Facts<'a>),
    /// The token is rejected for this reason. There are facts only if the secret has matched.
    Rejected(&'a Reason, Option<Facts<'a>>),
}

/// Facts about a key that bear on a verdict.
pub struct Facts<'a> {
    /// The key.
    pub key: &'a Key,
    /// Time of the verdict.
    pub at: Timestamp,
    /// State of the key at that time.
    pub state: State,
    /// Instant since which the reason holds: an expired key's expiry, the end of a phased-out key, or
    /// the time when a disabled key was disabled.
    pub since: Option<Timestamp>,
    /// User who disabled the key, if that is the reason.
    pub by: Option<&'a str>,
    /// Key that replaced it, if it is phased-out.
    pub replaced_by: Option<KeyId>,
    /// Instant at which it expires or has expired, if it ever does.
    pub expires_at: Option<Timestamp>,
    /// End of its grace, if it is phased-out.
    pub usable_until: Option<Timestamp>,
    /// Required scope or project that it lacks.
    pub lacks: Option<&'a str>,
}

impl Explanation<'_> {
    /// Explanation for a string that is not a token.
    pub const MALFORMED: Self = Explanation::Rejected(&Reason::Malformed, None);
}

impl Verified {
    /// Explains the verdict.
    pub fn explain(&self) -> Explanation<'_> {
        let facts = |key, reason| Facts::new(key, reason, self.at);
        match &self.verdict {
            Verdict::Valid(key) => Explanation::Valid(facts(key, None)),
            Verdict::Rejected(reason, key) => {
                let key = key.as_deref();
                Explanation::Rejected(reason, key.map(|key| facts(key, Some(reason))))
            }
        }
    }
}

impl<'a> Facts<'a> {
    fn new(key: &'a Key, reason: Option<&'a Reason>, at: Timestamp) -> Self {
        let state = key.state(at);
        let is_phased_out = state == State::PhasedOut;
        let is_disabled = reason == Some(&Reason::Disabled);
        Facts {
            key,
            at,
            state,
            since: match reason {
                Some(Reason::Expired) => key.expires_at,
                Some(Reason::PhasedOut) => key.stops_at(),
                Some(Reason::Disabled) => key.disabled_at,
                _ => None,
            },
            by: key.disabled_by.as_deref().filter(|_| is_disabled),
            replaced_by: key.replaced_by.filter(|_| is_phased_out),
            expires_at: key.expires_at,
            usable_until: key.usable_until.filter(|_| is_phased_out),
            lacks: match reason {
                Some(Reason::Scope(lacking) | Reason::Project(lacking)) => Some(lacking),
                _ => None,
            },
        }
    }
}
