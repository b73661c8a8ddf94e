//! Asking before something is lost.

use super::Cx;
use crate::error::{Error, Kind, Result, escape};
use crate::id::KeyId;
use crate::key::Key;
use crate::when::Timestamp;
use std::collections::HashSet;
use std::io;

/// How many keys are named one by one before a question.
const NAMED_MAX: usize = 20;

/// Has `question` answered with yes, unless `yes` says so already; `action` is what is about to be
/// done, in one word.
pub fn confirm(cx: &mut Cx<'_>, yes: bool, action: &str, question: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !cx.env.terminal.interactive() {
        // Who sits at one, and has sent a file in, would not believe that there is none.
        let why = match cx.env.terminal.stderr {
            true => "standard input is no terminal",
            false => "there is no terminal to ask at",
        };
        return Err(
            Error::new(Kind::Unconfirmed, format!("{action} asks first, and {why}"))
                .hint("if you are sure, say --yes"),
        );
    }
    let answer = cx
        .env
        .prompt
        .line(&format!("{question} [y/N] "))
        .map_err(|cause| unanswered(&cause))?;
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Unconfirmed,
        "not confirmed: nothing was changed",
    ))
}

/// Refuses `keys` if there is one of which nobody has been asked: while somebody thought, a name
/// may have come to mean another key, or a user may have made a new one.
pub fn check_agreed<'a>(
    agreed: &HashSet<KeyId>,
    keys: impl IntoIterator<Item = &'a Key>,
) -> Result<()> {
    match keys.into_iter().find(|key| !agreed.contains(&key.id)) {
        None => Ok(()),
        Some(key) => Err(Error::state(format!(
            "{} came to be meant after you were asked",
            key.label()
        ))
        .hint("nothing was changed; run the command again")),
    }
}

/// Why a prompt has no answer.
pub fn unanswered(cause: &io::Error) -> Error {
    match cause.kind() {
        io::ErrorKind::Interrupted => {
            Error::new(Kind::Interrupted, "interrupted: nothing was changed")
        }
        // An end, or bytes that are no text, are no yes.
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => {
            Error::new(Kind::Unconfirmed, "not answered: nothing was changed")
        }
        _ => Error::store(format!("cannot ask at the terminal: {cause}")),
    }
}

/// Says which keys a question is about, and when each was last used: what uses it will fail.
pub fn name_keys(cx: &mut Cx<'_>, keys: &[Key], now: Timestamp) {
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
    if keys.len() > NAMED_MAX {
        cx.notice(format_args!("  and {} more", keys.len() - NAMED_MAX));
    }
}

/// `count` keys, in words.
pub fn keys(count: usize) -> String {
    match count {
        1 => "1 key".to_owned(),
        count => format!("{count} keys"),
    }
}
