//! Confirmation before something is lost.

use super::Cx;
use crate::error::{Error, FailureKind, Result, escape};
use crate::id::KeyId;
use crate::key::{Change, Key, Kind};
use crate::when::Timestamp;
use std::collections::HashSet;
use std::io;

/// Largest number of keys to list before a question.
pub const NAMED_MAX: usize = 20;

/// Asks `question` and fails unless the answer is yes; asks nothing if `yes`. `action` is one word for the error,
/// as `delete`.
pub fn confirm(cx: &mut Cx<'_>, yes: bool, action: &str, question: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !cx.env.terminal.interactive() {
        // A user at a terminal who redirected standard input should read what is missing.
        let why = match cx.env.terminal.stderr {
            true => "standard input is not a terminal",
            false => "this is not a terminal",
        };
        return Err(Error::new(
            FailureKind::Unconfirmed,
            format!("{action} needs confirmation, and {why}"),
        )
        .hint("if you are sure, add --yes"));
    }
    let answer = cx
        .env
        .prompt
        .line(&format!("{question} [y/N] "))
        .map_err(|cause| unanswered(cause, ": nothing was changed", AGREE_HINT))?;
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    Err(Error::new(
        FailureKind::Unconfirmed,
        "not confirmed: nothing was changed",
    )
    .hint(AGREE_HINT))
}

/// Asks whether to delete `doomed`, of which legacy keys are disabled instead, and returns their IDs. Asks
/// nothing if `doomed` is empty.
pub fn confirm_deletion(cx: &mut Cx<'_>, doomed: &[Key]) -> Result<HashSet<KeyId>> {
    let asked = doomed.iter().map(|key| key.id).collect();
    if doomed.is_empty() {
        return Ok(asked);
    }
    if cx.env.terminal.interactive() {
        cx.notice(match doomed.len() {
            1 => "this key will be deleted, and whatever uses it will fail:",
            _ => "these keys will be deleted, and whatever uses them will fail:",
        });
        name_keys(cx, doomed, cx.env.now());
    }
    let legacy = doomed.iter().filter(|key| key.kind == Kind::Legacy);
    let legacy = legacy.count();
    let deleted = keys(doomed.len() - legacy);
    let question = match legacy {
        0 => format!("Delete {deleted}?"),
        _ => format!(
            "Delete {deleted}, and disable {} of kind legacy?",
            keys(legacy)
        ),
    };
    confirm(cx, false, "delete", &question)?;
    Ok(asked)
}

const AGREE_HINT: &str = "answer y to continue, or add --yes";

/// Refuses `keys` if one of them is not in `agreed`. While the question waited for its answer, a name may have
/// moved to another key, or an owner may have made a new one.
pub fn check_agreed<'a>(
    agreed: &HashSet<KeyId>,
    keys: impl IntoIterator<Item = &'a Key>,
) -> Result<()> {
    match keys.into_iter().find(|key| !agreed.contains(&key.id)) {
        None => Ok(()),
        Some(key) => Err(Error::state(format!(
            "{} also matches now; it did not when you confirmed",
            key.label()
        ))
        .hint("nothing was changed; run the command again")),
    }
}

/// Error for a prompt without an answer. `consequence` ends the message.
pub fn unanswered(cause: io::Error, consequence: &str, hint: &str) -> Error {
    match cause.kind() {
        io::ErrorKind::Interrupted => Error::new(
            FailureKind::Interrupted,
            format!("interrupted{consequence}"),
        ),
        // The end of input or bytes that are not UTF-8.
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => Error::new(
            FailureKind::Unconfirmed,
            format!("not answered{consequence}"),
        )
        .hint(hint),
        _ => Error::io("cannot ask at the terminal").because(cause),
    }
}

/// Lists the keys that a question is about, with their last use: programs that use them will fail.
pub fn name_keys(cx: &mut Cx<'_>, keys: &[Key], now: Timestamp) {
    name_first(cx, keys, keys.len(), now);
}

/// Lists the first keys of `count`, which `keys` begin with, as [`name_keys`] does.
pub fn name_first(cx: &mut Cx<'_>, keys: &[Key], count: usize, now: Timestamp) {
    for key in keys.iter().take(NAMED_MAX) {
        let used = key.last_used_at.map_or_else(
            || "no use recorded".to_owned(),
            |at| format!("last used {}", at.relative_to(now)),
        );
        let line = format!(
            "  {}  {}  of {}, {}, {used}",
            key.id,
            escape(&key.name),
            escape(&key.owner),
            key.state(now)
        );
        cx.notice(line);
    }
    if count > NAMED_MAX {
        cx.notice(format_args!("  and {} more", count - NAMED_MAX));
    }
}

/// Number of keys in words: "1 key", "3 keys".
pub fn keys(count: usize) -> String {
    match count {
        1 => "1 key".to_owned(),
        count => format!("{count} keys"),
    }
}

/// Counts keys that were `done` ("disabled"), and those that were so already, unless that is true of all.
pub fn total(cx: &mut Cx<'_>, done: &str, changes: impl Iterator<Item = Change>) {
    let (applied, already): (Vec<Change>, Vec<Change>) =
        changes.partition(|change| *change == Change::Applied);
    if applied.is_empty() {
        return;
    }
    let already = match already.len() {
        0 => String::new(),
        1 => format!("; 1 was {done} already"),
        count => format!("; {count} were {done} already"),
    };
    cx.status(format_args!("{done} {}{already}", keys(applied.len())));
}
