//! Answers: the status and headers of each verdict and failure. None has a body.

use super::inquiry::{Failure, Reply};
use super::metrics::VerdictWord;
use crate::id::KeyId;
use crate::key::State;
use crate::percent::encode_invisible;
use crate::verify::{Explanation, Facts, Reason};
use hyper::header::{CACHE_CONTROL, CONTENT_LENGTH, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::header::{HeaderMap, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};

/// Maximum length of the head of an answer in bytes: gateways have buffers of 4 KiB, and some answer 500 if a
/// head is longer.
const HEAD_MAX: usize = 2048;

/// Room in [`HEAD_MAX`] for the status line, the names of the headers, and the values of known length.
const FIXED: usize = 512;

/// Maximum length of the list of scopes in bytes.
const SCOPES_MAX: usize = 1024;

const KEY_ID: HeaderName = HeaderName::from_static("x-key-id");
const KEY_OWNER: HeaderName = HeaderName::from_static("x-key-owner");
const KEY_NAME: HeaderName = HeaderName::from_static("x-key-name");
const KEY_KIND: HeaderName = HeaderName::from_static("x-key-kind");
const KEY_SCOPES: HeaderName = HeaderName::from_static("x-key-scopes");
const KEY_SCOPE_COUNT: HeaderName = HeaderName::from_static("x-key-scope-count");
const KEY_EXPIRES: HeaderName = HeaderName::from_static("x-key-expires");
const KEY_STATE: HeaderName = HeaderName::from_static("x-key-state");
const KEY_REPLACED_BY: HeaderName = HeaderName::from_static("x-key-replaced-by");
const KEY_REASON: HeaderName = HeaderName::from_static("x-key-reason");

/// Answer to a request.
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Verdict, or the reason for which there is none.
    pub word: VerdictWord,
    /// Key, if the secret matched.
    pub key: Option<KeyId>,
    /// State of the key, if the secret matched.
    pub state: Option<State>,
    headers: HeaderMap,
}

impl Answer {
    /// Answers a request that gets no verdict on a key: without the token, the store or the time for one.
    pub fn without_key(word: VerdictWord) -> Self {
        let (status, error) = match word {
            VerdictWord::Usage => (StatusCode::INTERNAL_SERVER_ERROR, None),
            VerdictWord::Store | VerdictWord::Busy | VerdictWord::Draining => {
                (StatusCode::SERVICE_UNAVAILABLE, None)
            }
            VerdictWord::Missing => (StatusCode::UNAUTHORIZED, Some("")),
            _ => (StatusCode::UNAUTHORIZED, Some(r#", error="invalid_token""#)),
        };
        let mut answer = Answer::new(status, word);
        if let Some(error) = error {
            answer.challenge(error);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            answer.set(RETRY_AFTER, "1");
        }
        answer.set(KEY_REASON, word.word());
        answer
    }

    /// Answers a request that the verdict threads have handled.
    pub fn of(reply: &Reply) -> Self {
        match reply {
            Ok(answered) => Answer::of_verdict(&answered.verified.explain()),
            Err(Failure::Usage) => Answer::without_key(VerdictWord::Usage),
            Err(Failure::Store) => Answer::without_key(VerdictWord::Store),
            Err(Failure::Busy) => Answer::without_key(VerdictWord::Busy),
        }
    }

    fn of_verdict(explanation: &Explanation<'_>) -> Self {
        match explanation {
            Explanation::Valid(facts) => Answer::valid(facts),
            Explanation::Rejected(reason, facts) => Answer::rejected(reason, facts.as_ref()),
        }
    }

    fn valid(facts: &Facts<'_>) -> Self {
        let mut answer = Answer::new(StatusCode::OK, VerdictWord::Valid);
        answer.about(facts);
        let key = facts.key;
        let expires = facts.expires_at.map(|at| at.to_string());
        let replaced_by = facts.replaced_by.map(|id| id.to_string());
        let owner = encode_invisible(&key.owner);
        let mut room = HEAD_MAX.saturating_sub(FIXED + owner.len());
        // An application may identify its user by the owner, so that is never left out.
        let name = fitting(encode_invisible(&key.name), &mut room).unwrap_or_default();
        let scopes: Vec<&str> = key.scopes.iter().map(String::as_str).collect();
        let mut room = room.min(SCOPES_MAX);
        let listed = fitting(scopes.join(" "), &mut room);
        let count = match listed {
            Some(_) => String::new(),
            None => scopes.len().to_string(),
        };
        for (header, value) in [
            (KEY_ID, key.id.as_str()),
            (KEY_OWNER, owner.as_str()),
            (KEY_NAME, name.as_str()),
            (KEY_KIND, key.kind.word()),
            (KEY_SCOPES, listed.as_deref().unwrap_or_default()),
            (KEY_SCOPE_COUNT, &count),
            (KEY_EXPIRES, expires.as_deref().unwrap_or_default()),
            (KEY_STATE, facts.state.word()),
            (KEY_REPLACED_BY, replaced_by.as_deref().unwrap_or_default()),
        ] {
            answer.set(header, value);
        }
        answer
    }

    fn rejected(reason: &Reason, facts: Option<&Facts<'_>>) -> Self {
        let word = match reason {
            Reason::Malformed => VerdictWord::Malformed,
            Reason::Unknown => VerdictWord::Unknown,
            Reason::PhasedOut => VerdictWord::PhasedOut,
            Reason::Expired => VerdictWord::Expired,
            Reason::Disabled => VerdictWord::Disabled,
            Reason::Address(_) => VerdictWord::Address,
            Reason::Scope(_) => VerdictWord::Scope,
            Reason::Project(_) => VerdictWord::Project,
        };
        let (Reason::Scope(_) | Reason::Project(_) | Reason::Address(_), Some(facts)) =
            (reason, facts)
        else {
            let mut answer = Answer::without_key(word);
            if let Some(facts) = facts {
                answer.about(facts);
            }
            return answer;
        };
        let mut answer = Answer::new(StatusCode::FORBIDDEN, word);
        answer.about(facts);
        answer.set(KEY_REASON, word.word());
        answer.set(KEY_ID, facts.key.id.as_str());
        let scope = match reason {
            Reason::Scope(scope) => format!(r#", scope="{scope}""#),
            _ => String::new(),
        };
        answer.challenge(&format!(r#", error="insufficient_scope"{scope}"#));
        answer
    }

    fn new(status: StatusCode, word: VerdictWord) -> Self {
        let mut answer = Answer {
            status,
            word,
            key: None,
            state: None,
            headers: HeaderMap::with_capacity(16),
        };
        answer.set(CACHE_CONTROL, "no-store");
        answer.set(CONTENT_LENGTH, "0");
        answer
    }

    fn about(&mut self, facts: &Facts<'_>) {
        self.key = Some(facts.key.id);
        self.state = Some(facts.state);
    }

    /// Sets the challenge of a refusal (RFC 6750, section 3).
    fn challenge(&mut self, error: &str) {
        self.set(
            WWW_AUTHENTICATE,
            &format!(r#"Bearer realm="keyctl"{error}"#),
        );
    }

    /// Sets a header to a text of visible ASCII characters and blanks.
    fn set(&mut self, name: HeaderName, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
    }

    /// Returns the reason for the log: also of a valid key whose grace is running.
    pub fn reason(&self) -> Option<VerdictWord> {
        match (self.word, self.state) {
            (VerdictWord::Valid, Some(State::PhasedOut)) => Some(VerdictWord::PhasedOut),
            (VerdictWord::Valid, _) => None,
            (word, _) => Some(word),
        }
    }

    /// Builds the response, with an empty body.
    pub fn response<B: Default>(self) -> Response<B> {
        let mut response = Response::new(B::default());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// Takes `text` if it fits into `room`, which then shrinks.
fn fitting(text: String, room: &mut usize) -> Option<String> {
    *room = room.checked_sub(text.len())?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;
    use crate::when::Timestamp;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// The answer to a valid token of a key, and the length of its head with the longest name of a replica.
    fn answered(owner: &str, name: &str, scopes: BTreeSet<String>) -> (HeaderMap, usize) {
        let at = Timestamp::from_millis(1_795_000_000_000).unwrap();
        let id = KeyId::parse(b"0123456789ab").unwrap();
        let mut key = Key::new(id, name.to_owned(), owner.to_owned(), at);
        key.scopes = scopes;
        let facts = Facts {
            key: &key,
            at,
            state: State::PhasedOut,
            since: None,
            by: None,
            replaced_by: Some(id),
            expires_at: Some(at),
            usable_until: Some(at),
            lacks: None,
        };
        let headers = Answer::valid(&facts).headers;
        let lines = headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4);
        let status = "HTTP/1.1 200 OK\r\n\r\n".len();
        let date = "date: Sun, 29 Nov 2026 11:12:29 GMT\r\n".len();
        let others = "connection: close\r\nx-keyctl-replica: \r\n".len() + 128;
        (
            headers.clone(),
            lines.sum::<usize>() + status + date + others,
        )
    }

    fn scopes(count: usize, length: usize) -> BTreeSet<String> {
        (0..count).map(|n| format!("{n:0length$}")).collect()
    }

    #[test]
    fn what_fits_is_there_and_the_owner_always() {
        let long = "é".repeat(128);
        let (headers, _) = answered("ann", "chat", scopes(2, 10));
        assert_eq!(headers[KEY_OWNER], "ann");
        assert_eq!(headers[KEY_NAME], "chat");
        assert_eq!(headers[KEY_SCOPES], "0000000000 0000000001");
        assert_eq!(headers[KEY_SCOPE_COUNT], "");
        let (headers, _) = answered("ann", "chat", scopes(16, 64));
        assert_eq!(
            (&headers[KEY_SCOPES], &headers[KEY_SCOPE_COUNT]),
            (
                &HeaderValue::from_static(""),
                &HeaderValue::from_static("16")
            )
        );
        let (headers, _) = answered(&long, &long, scopes(9, 64));
        assert_eq!(headers[KEY_OWNER], "%C3%A9".repeat(128).as_str());
        assert_eq!(headers[KEY_NAME], "%C3%A9".repeat(128).as_str());
        assert_eq!(headers[KEY_SCOPE_COUNT], "9");
        let (headers, _) = answered(&"\u{10348}".repeat(128), &long, scopes(1, 3));
        assert_eq!(headers[KEY_NAME], "");
    }

    proptest! {
        #[test]
        fn the_head_of_an_answer_is_bounded(
            owner in "\\PC{1,128}",
            name in "\\PC{1,128}",
            count in 0_usize..80,
            length in 1_usize..65,
        ) {
            let (_, head) = answered(&owner, &name, scopes(count, length));
            prop_assert!(head <= HEAD_MAX, "{}", head);
        }
    }
}
