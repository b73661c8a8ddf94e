//! Verdict of a server in JSON, as [`super::verdict`] writes that on a store.

use super::json;
use crate::ask::{Origin, RemoteAnswer, RemoteScopes, RemoteVerdict};
use crate::id::KeyId;
use crate::when::Timestamp;
use serde::Serialize;
use std::io;

/// Fields of a valid token.
#[derive(Serialize)]
struct ValidFields<'a> {
    valid: bool,
    id: KeyId,
    /// `null` if it is too long for the answer.
    name: Option<&'a str>,
    owner: &'a str,
    state: &'static str,
    /// `null` if the answer has only their number.
    scopes: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope_count: Option<u64>,
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced_by: Option<KeyId>,
    http_status: u16,
    replica: Option<&'a str>,
}

/// Fields of a rejection.
#[derive(Serialize)]
struct RejectedFields<'a> {
    valid: bool,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<KeyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lacks: Option<&'a str>,
    http_status: Option<u16>,
    replica: Option<&'a str>,
}

/// Line of JSON with the verdict in `answer`.
pub fn line(answer: &RemoteAnswer) -> io::Result<Vec<u8>> {
    let Origin { status, replica } = &answer.origin;
    let replica = replica.as_deref();
    let rejected = |reason, id, lacks| RejectedFields {
        valid: false,
        reason,
        id,
        lacks,
        http_status: Some(*status),
        replica,
    };
    match &answer.verdict {
        RemoteVerdict::Rejected(reason) => json::line(&rejected(reason, None, None)),
        RemoteVerdict::Denied(denial) => {
            let (id, lacks) = (Some(denial.id), denial.scope.as_deref());
            json::line(&rejected(&denial.reason, id, lacks))
        }
        RemoteVerdict::Valid(key) => {
            let (scopes, scope_count) = match &key.scopes {
                RemoteScopes::All(scopes) => (Some(scopes.as_slice()), None),
                RemoteScopes::Count(count) => (None, Some(*count)),
            };
            json::line(&ValidFields {
                valid: true,
                id: key.id,
                name: key.name.as_deref(),
                owner: &key.owner,
                state: key.state.word(),
                scopes,
                scope_count,
                expires_at: key.expires_at,
                replaced_by: key.replaced_by,
                http_status: *status,
                replica,
            })
        }
    }
}

/// Line of JSON for text that is no token, about which no server was asked.
pub fn malformed_line(reason: &str) -> io::Result<Vec<u8>> {
    json::line(&RejectedFields {
        valid: false,
        reason,
        id: None,
        lacks: None,
        http_status: None,
        replica: None,
    })
}
