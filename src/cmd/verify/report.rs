//! A verdict, for a person or a program.

use crate::cmd::Cx;
use crate::cmd::values::Format;
use crate::error::{Result, escape};
use crate::key::{Key, Kind, State};
use crate::output::{instant, json, unwritable};
use crate::project::Role;
use crate::store::Store;
use crate::verify::{Reason, Verdict};
use crate::when::Timestamp;
use serde::Serialize;
use std::io;

/// A verdict as JSON: `{"valid":true,…}`.
#[derive(Serialize)]
struct Accepted<'a> {
    valid: bool,
    id: String,
    name: &'a str,
    owner: &'a str,
    state: &'static str,
    scopes: Vec<&'a str>,
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usable_until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced_by: Option<String>,
}

/// A verdict as JSON: `{"valid":false,"reason":…}`.
#[derive(Serialize)]
struct Refused<'a> {
    valid: bool,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

/// Who gave a verdict, and when.
pub struct By<'a> {
    /// The store that was asked.
    pub store: &'a dyn Store,
    /// The time.
    pub at: Timestamp,
}

/// Writes the verdict, which was given by the store and at the time that `by` says, if one was
/// asked at all, and returns its exit code.
pub fn report(
    cx: &mut Cx<'_>,
    verdict: &Verdict,
    format: Format,
    by: Option<&By<'_>>,
) -> Result<u8> {
    if let (Verdict::Valid(key), Some(by)) = (verdict, by) {
        warn_of_grace(cx, key, by.at);
    }
    match format {
        Format::Json => {
            in_json(verdict, by.map(|by| by.at))
                .and_then(|line| cx.env.stdout.write_all(&line))
                .map_err(|cause| unwritable(&cause))?;
        }
        Format::Text => text(cx, verdict, by)?,
    }
    Ok(verdict.exit_code())
}

/// The verdict, which was given at the time `at` if any store was asked, as JSON on a line of its own.
pub fn in_json(verdict: &Verdict, at: Option<Timestamp>) -> io::Result<Vec<u8>> {
    match verdict {
        Verdict::Valid(key) => {
            let state = at.map_or(State::Active, |at| key.state(at));
            let grace = Some(key).filter(|_| state == State::PhasedOut);
            json::line(&Accepted {
                valid: true,
                id: key.id.to_string(),
                name: &key.name,
                owner: &key.owner,
                state: state.word(),
                scopes: key.scopes.iter().map(String::as_str).collect(),
                expires_at: key.expires_at,
                usable_until: grace.and_then(|key| key.usable_until),
                replaced_by: grace
                    .and_then(|key| key.replaced_by)
                    .map(|id| id.to_string()),
            })
        }
        Verdict::Rejected(reason, key) => json::line(&Refused {
            valid: false,
            reason: reason.word(),
            id: key.as_ref().map(|key| key.id.to_string()),
        }),
    }
}

fn text(cx: &mut Cx<'_>, verdict: &Verdict, by: Option<&By<'_>>) -> Result<()> {
    match (verdict, by) {
        (Verdict::Valid(key), Some(by)) => {
            let line = format!(
                "valid: {} {} of {}, {}, expires {}\n",
                key.id,
                escape(&key.name),
                escape(&key.owner),
                abilities(key),
                instant(key.expires_at, by.at)
            );
            cx.env
                .stdout
                .write_all(line.as_bytes())
                .map_err(|cause| unwritable(&cause))
        }
        (Verdict::Rejected(reason, key), Some(by)) => {
            let why = why(reason, key.as_deref());
            cx.status(format_args!("rejected: {why} (store {})", by.store.name()));
            if let (Reason::Project(project), Some(key)) = (reason, key)
                && key.kind == Kind::Api
            {
                // Advice that cannot be had changes no verdict.
                if let Ok(hint) = who_can_add(by.store, project, &key.owner) {
                    cx.status(hint);
                }
            }
            Ok(())
        }
        (_, None) => {
            cx.status(
                "rejected: malformed: not a token, or mistyped or cut short (no store was asked)",
            );
            Ok(())
        }
    }
}

/// Who can make `user` a member of `project`, and how.
fn who_can_add(store: &dyn Store, project: &str, user: &str) -> Result<String> {
    let owners: Vec<String> = store
        .members(Some(project))?
        .into_iter()
        .filter(|member| member.role == Role::Owner)
        .map(|member| escape(&member.user))
        .collect();
    let owners = match owners.as_slice() {
        [] => String::new(),
        owners => format!(", or an owner of the project ({})", owners.join(", ")),
    };
    Ok(format!(
        "hint: an administrator{owners} can add them: keyctl member add {} {} --role collaborator",
        escape(project),
        escape(user)
    ))
}

/// What a key may do.
fn abilities(key: &Key) -> String {
    let scopes: Vec<&str> = key.scopes.iter().map(String::as_str).collect();
    match key.kind {
        Kind::Api => format!("scopes {}", escape(&scopes.join(" "))),
        Kind::Legacy => "kind legacy".to_owned(),
    }
}

/// The reason's word, the key if the secret has matched, and what it lacks.
fn why(reason: &Reason, key: Option<&Key>) -> String {
    let word = reason.word();
    let named = key.map_or_else(String::new, |key| {
        format!("{} {}", key.id, escape(&key.name))
    });
    match reason {
        Reason::Unknown => format!("{word}: no such key, or a wrong secret"),
        Reason::Scope(scope) => format!("{word}: {named} lacks {}", escape(scope)),
        Reason::Project(_) if key.is_some_and(|key| key.kind == Kind::Legacy) => {
            format!("{word}: {named} is a legacy key, which works in no project")
        }
        Reason::Project(project) => {
            let owner = key.map_or_else(String::new, |key| escape(&key.owner));
            format!(
                "{word}: {named} is of {owner}, who is no member of {}",
                escape(project)
            )
        }
        _ => format!("{word}: {named}"),
    }
}

/// A key in its grace works, but not for long.
fn warn_of_grace(cx: &mut Cx<'_>, key: &Key, at: Timestamp) {
    if key.state(at) != State::PhasedOut {
        return;
    }
    let by = key
        .replaced_by
        .map_or_else(|| "another".to_owned(), |id| id.to_string());
    cx.notice(format_args!(
        "warning: {} was replaced by {by} and stops {}",
        key.id,
        instant(key.stops_at(), at)
    ));
}
