//! A verdict, for a person or a program.

use crate::cmd::Cx;
use crate::cmd::values::{Format, project_like};
use crate::error::{Result, escape, quote};
use crate::key::{Key, Kind, State};
use crate::output::{instant, json, unwritable};
use crate::project::Role;
use crate::store::Store;
use crate::verify::{Reason, Verdict};
use crate::when::Timestamp;
use serde::Serialize;
use std::io;

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
            let mut line = Vec::new();
            in_json(&mut line, verdict, by.map(|by| by.at))
                .and_then(|()| cx.env.stdout.write_all(&line))
                .map_err(|cause| unwritable(&cause))?;
        }
        Format::Text => text(cx, verdict, by)?,
    }
    Ok(verdict.exit_code())
}

/// Appends the verdict, which was given at the time `at` if any store was asked, to `out` as JSON on a
/// line of its own: `{"valid":true,…}` or `{"valid":false,"reason":…}`.
pub fn in_json(out: &mut Vec<u8>, verdict: &Verdict, at: Option<Timestamp>) -> io::Result<()> {
    match verdict {
        Verdict::Valid(key) => {
            let state = at.map_or(State::Active, |at| key.state(at));
            out.extend_from_slice(b"{\"valid\":true");
            text_field(out, "id", key.id.as_str())?;
            text_field(out, "name", &key.name)?;
            text_field(out, "owner", &key.owner)?;
            text_field(out, "state", state.word())?;
            field(out, "scopes", &key.scopes)?;
            field(out, "expires_at", &key.expires_at)?;
            if state == State::PhasedOut {
                if let Some(until) = &key.usable_until {
                    field(out, "usable_until", until)?;
                }
                if let Some(successor) = &key.replaced_by {
                    field(out, "replaced_by", successor)?;
                }
            }
        }
        Verdict::Rejected(reason, key) => {
            out.extend_from_slice(b"{\"valid\":false");
            text_field(out, "reason", reason.word())?;
            if let Some(key) = key {
                text_field(out, "id", key.id.as_str())?;
            }
        }
    }
    out.extend_from_slice(b"}\n");
    Ok(())
}

/// Appends a field behind another one.
fn field(out: &mut Vec<u8>, name: &str, value: &impl Serialize) -> io::Result<()> {
    begin(out, name);
    json::write(out, value)
}

fn text_field(out: &mut Vec<u8>, name: &str, value: &str) -> io::Result<()> {
    begin(out, name);
    json::string(out, value)
}

fn begin(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
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
            let why = why(reason, key.as_deref(), by.at);
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

/// Who can make `user` a member of `project`, and how; or which project was most likely meant.
fn who_can_add(store: &dyn Store, project: &str, user: &str) -> Result<String> {
    let members = store.members(Some(project))?;
    if members.is_empty()
        && let Some(like) = project_like(store, project)?
    {
        let project = quote(project);
        return Ok(format!("hint: there is no project {project}; {like}"));
    }
    let owners: Vec<String> = members
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

/// The reason's word, the key if the secret has matched, and what it lacks or what became of it.
fn why(reason: &Reason, key: Option<&Key>, at: Timestamp) -> String {
    let word = reason.word();
    let named = key.map_or_else(String::new, |key| {
        format!("{} {}", key.id, escape(&key.name))
    });
    match reason {
        Reason::Unknown => format!("{word}: no such key, one that is deleted, or a wrong secret"),
        Reason::Expired => {
            let since = key.and_then(|key| key.expires_at);
            let since = since.map_or_else(String::new, |end| {
                format!(" since {}", instant(Some(end), at))
            });
            format!("{word}: {named}{since}")
        }
        Reason::PhasedOut => {
            let by = key.and_then(|key| key.replaced_by);
            let by = by.map_or_else(String::new, |id| format!(", replaced by {id}"));
            format!("{word}: {named}{by}")
        }
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
