//! Report of a verdict: text for people, JSON for programs.

use super::presented::Presented;
use crate::cmd::Cx;
use crate::cmd::values::Format;
use crate::cmd::words::scopes;
use crate::error::{FOUND, Result, escape};
use crate::key::{Key, Kind, State};
use crate::output::{self, instant, unwritable};
use crate::store::Store;
use crate::token::AnyToken;
use crate::verify::{Explanation, Facts, Reason};

/// Prints the verdict on `token`: a valid one on standard output, the reason for a rejection on standard error; in JSON,
/// both on standard output.
pub fn report(
    cx: &mut Cx<'_>,
    token: &AnyToken,
    verdict: &Explanation<'_>,
    format: Format,
    store: &dyn Store,
) -> Result<()> {
    if let Explanation::Valid(facts) = verdict {
        warn_of_grace(cx, facts);
    }
    match (format, verdict) {
        (Format::Json, _) => return print_json(cx, verdict),
        (Format::Text, Explanation::Valid(facts)) => return print(cx, valid(facts).as_bytes()),
        (Format::Text, Explanation::Rejected(reason, facts)) => {
            let why = why(reason, facts.as_ref(), token.is_foreign());
            cx.status(format_args!("rejected: {why} (store {})", store.name()));
        }
    }
    Ok(())
}

/// Reports that `presented` is not a token, and returns the exit code. Needs no store.
pub fn malformed(cx: &mut Cx<'_>, presented: &Presented, format: Format) -> Result<u8> {
    match format {
        Format::Json => print_json(cx, &Explanation::MALFORMED)?,
        Format::Text => print_flaw(cx, presented, "the store was not consulted"),
    }
    Ok(FOUND)
}

/// Prints what is wrong with bytes that are not a token. `untouched` says what was spared.
pub fn print_flaw(cx: &mut Cx<'_>, presented: &Presented, untouched: &str) {
    let (flaw, hint) = presented.flaw(untouched);
    let word = Reason::Malformed.word();
    cx.status(format_args!("rejected: {word}: {flaw}"));
    if let Some(hint) = hint {
        cx.hint(hint);
    }
}

fn print_json(cx: &mut Cx<'_>, verdict: &Explanation<'_>) -> Result<()> {
    let mut line = Vec::new();
    output::verdict::write(&mut line, verdict).map_err(unwritable)?;
    print(cx, &line)
}

/// Writes a verdict to standard output. Does nothing if that is closed: the caller wants the exit code only.
pub fn print(cx: &mut Cx<'_>, verdict: &[u8]) -> Result<()> {
    if cx.env.stdout.is_closed() {
        return Ok(());
    }
    let written = cx.env.stdout.write_all(verdict);
    written.map_err(unwritable)
}

/// Line for a valid token.
fn valid(facts: &Facts<'_>) -> String {
    let key = facts.key;
    let (ends, at) = match facts.state {
        State::PhasedOut => ("works until", key.stops_at()),
        _ => ("expires", facts.expires_at),
    };
    format!(
        "valid: {} {} of {}, {}, {ends} {}\n",
        key.id,
        escape(&key.name),
        escape(&key.owner),
        abilities(key),
        instant(at, facts.at)
    )
}

/// Permissions of a key.
fn abilities(key: &Key) -> String {
    match key.kind {
        Kind::Api => format!("scopes {}", scopes(key)),
        Kind::Legacy => "kind legacy".to_owned(),
    }
}

/// Text for a rejection: the reason and, if the secret matched, the key and the cause.
fn why(reason: &Reason, facts: Option<&Facts<'_>>, is_foreign: bool) -> String {
    let word = reason.word();
    let Some(facts) = facts else {
        return match reason {
            Reason::Malformed => format!(
                "{word}: not a token, or mistyped or cut short; the store has no key with a token of another system"
            ),
            // Its digest finds the key or does not: there is no secret that could be wrong.
            _ if is_foreign => format!(
                "{word}: no key has this token; it is mistyped, cut short, no token, or that of a deleted key"
            ),
            _ => format!("{word}: no such key, a deleted one, or a wrong secret"),
        };
    };
    let key = facts.key;
    let time = |word: &str| {
        let since = facts.since.map(|since| instant(Some(since), facts.at));
        since.map_or_else(String::new, |since| format!("{word} {since}"))
    };
    let lacks = facts.lacks.map(escape).unwrap_or_default();
    let cause = match reason {
        Reason::Malformed | Reason::Unknown => String::new(),
        Reason::Expired => time(" since"),
        Reason::PhasedOut => {
            let by = facts.replaced_by.map(|id| format!(", replaced by {id}"));
            time(", stopped") + &by.unwrap_or_default()
        }
        Reason::Disabled => {
            let by = facts.by.map(|by| format!(", by {}", escape(by)));
            time(" since") + &by.unwrap_or_default()
        }
        Reason::Address(Some(address)) => format!(" does not work from {address}"),
        Reason::Address(None) => {
            " works from some networks only, and no address was given".to_owned()
        }
        Reason::Scope(_) => format!(" lacks {lacks}"),
        Reason::Project(_) if key.kind == Kind::Legacy => {
            " is a legacy key, which works in no project".to_owned()
        }
        Reason::Project(_) => {
            let owner = escape(&key.owner);
            format!(" belongs to {owner}, who is not a member of {lacks}")
        }
    };
    format!("{word}: {} {}{cause}", key.id, escape(&key.name))
}

/// Warns that the key was rotated and stops at the end of its grace.
fn warn_of_grace(cx: &mut Cx<'_>, facts: &Facts<'_>) {
    if facts.state != State::PhasedOut {
        return;
    }
    let by = facts
        .replaced_by
        .map_or_else(|| "another".to_owned(), |id| id.to_string());
    cx.notice(format_args!(
        "warning: {} was replaced by {by} and stops {}",
        facts.key.id,
        instant(facts.key.stops_at(), facts.at)
    ));
}
