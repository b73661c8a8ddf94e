//! Explanation of a verdict: the source of both its text and its JSON.

use super::verdict::{Reason, Verdict, Verified};
use crate::id::KeyId;
use crate::key::{Key, State};
use crate::when::Timestamp;

/// Verdict with all facts that may be shown of the key.
pub enum Explanation<'a> {
    /// The token is valid.
    Valid(Facts<'a>),
    /// The token is rejected for this reason. The facts are present only if the secret matched.
    Rejected(&'a Reason, Option<Facts<'a>>),
}

/// Facts about a key that explain a verdict.
pub struct Facts<'a> {
    /// Key.
    pub key: &'a Key,
    /// Time of the verdict.
    pub at: Timestamp,
    /// State of the key at that time.
    pub state: State,
    /// Time since which the reason holds: the expiry, the end of the grace, or the time at which the key
    /// was disabled.
    pub since: Option<Timestamp>,
    /// User who disabled the key, if the reason is `disabled`.
    pub by: Option<&'a str>,
    /// Successor, if the key is phased-out.
    pub replaced_by: Option<KeyId>,
    /// Expiry, past or future; `None` if the key never expires.
    pub expires_at: Option<Timestamp>,
    /// End of the grace, if the key is phased-out.
    pub usable_until: Option<Timestamp>,
    /// Required scope or project that the key lacks.
    pub lacks: Option<&'a str>,
}

impl Explanation<'_> {
    /// Explanation for text that is not a token.
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
