//! A verdict, for a person or a program.

use super::advice::advice;
use super::presented::Presented;
use crate::cmd::Cx;
use crate::cmd::values::Format;
use crate::error::{Result, escape};
use crate::key::{Key, Kind, State};
use crate::output::{self, instant, unwritable};
use crate::store::Store;
use crate::verify::{Reason, Verdict};
use crate::when::Timestamp;

/// Who gave a verdict, and when.
pub struct By<'a> {
    /// The store that was asked.
    pub store: &'a dyn Store,
    /// The time.
    pub at: Timestamp,
}

/// Writes the verdict, which was given by the store and at the time that `by` says, and returns its
/// exit code.
pub fn report(cx: &mut Cx<'_>, verdict: &Verdict, format: Format, by: &By<'_>) -> Result<u8> {
    if let Verdict::Valid(key) = verdict {
        warn_of_grace(cx, key, by.at);
    }
    match (format, verdict) {
        (Format::Json, _) => print_json(cx, verdict, Some(by.at))?,
        (Format::Text, Verdict::Valid(key)) => {
            let line = format!(
                "valid: {} {} of {}, {}, expires {}\n",
                key.id,
                escape(&key.name),
                escape(&key.owner),
                abilities(key),
                instant(key.expires_at, by.at)
            );
            print(cx, line.as_bytes())?;
        }
        (Format::Text, Verdict::Rejected(reason, key)) => {
            let why = why(reason, key.as_deref(), by.at);
            cx.status(format_args!("rejected: {why} (store {})", by.store.name()));
        }
    }
    Ok(verdict.exit_code())
}

/// Says to a person who is to be told anything what to do about a rejected key.
pub fn advise(cx: &mut Cx<'_>, verdict: &Verdict, format: Format, by: &By<'_>) {
    if cx.quiet || format == Format::Json {
        return;
    }
    // Advice that cannot be had changes no verdict.
    if let Verdict::Rejected(reason, Some(key)) = verdict
        && let Ok(Some(hint)) = advice(reason, key, by)
    {
        cx.hint(hint);
    }
}

/// Says that what was `presented` is no token, which takes no store, and returns the exit code.
pub fn malformed(cx: &mut Cx<'_>, presented: &Presented, format: Format) -> Result<u8> {
    let verdict = Verdict::Rejected(Reason::Malformed, None);
    match format {
        Format::Json => print_json(cx, &verdict, None)?,
        Format::Text => {
            let (flaw, hint) = presented.flaw();
            cx.status(format_args!(
                "rejected: {}: {flaw}",
                Reason::Malformed.word()
            ));
            if let Some(hint) = hint {
                cx.hint(hint);
            }
        }
    }
    Ok(verdict.exit_code())
}

fn print_json(cx: &mut Cx<'_>, verdict: &Verdict, at: Option<Timestamp>) -> Result<()> {
    let mut line = Vec::new();
    output::verdict::write(&mut line, verdict, at).map_err(unwritable)?;
    print(cx, &line)
}

/// Writes a verdict. Who has closed standard output goes by the exit code, and gets it.
fn print(cx: &mut Cx<'_>, verdict: &[u8]) -> Result<()> {
    if cx.env.stdout.is_closed() {
        return Ok(());
    }
    let written = cx.env.stdout.write_all(verdict);
    written.map_err(unwritable)
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
            let end = key.and_then(Key::stops_at);
            let end = end.map_or_else(String::new, |end| {
                format!(", stopped {}", instant(Some(end), at))
            });
            let by = key.and_then(|key| key.replaced_by);
            let by = by.map_or_else(String::new, |id| format!(", replaced by {id}"));
            format!("{word}: {named}{end}{by}")
        }
        Reason::Disabled => {
            let since = key.and_then(|key| key.disabled_at);
            let since = since.map_or_else(String::new, |since| {
                format!(" since {}", instant(Some(since), at))
            });
            let by = key.and_then(|key| key.disabled_by.as_deref());
            let by = by.map_or_else(String::new, |by| format!(", by {}", escape(by)));
            format!("{word}: {named}{since}{by}")
        }
        Reason::Scope(scope) => format!("{word}: {named} lacks {}", escape(scope)),
        Reason::Project(_) if key.is_some_and(|key| key.kind == Kind::Legacy) => {
            format!("{word}: {named} is a legacy key, which works in no project")
        }
        Reason::Project(project) => {
            let owner = key.map_or_else(String::new, |key| escape(&key.owner));
            format!(
                "{word}: {named} is of {owner}, who is not a member of {}",
                escape(project)
            )
        }
        Reason::Malformed => format!("{word}: {named}"),
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
