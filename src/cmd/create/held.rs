//! Names that a live key holds: refusals, and the report of `--if-absent`.

use crate::cmd::issue::Handover;
use crate::cmd::{Cx, taken};
use crate::error::{DONE, Error, Result, escape, quote};
use crate::hint::{Hint, run};
use crate::key::{Key, State};
use crate::lookup::unfinished_handovers;
use crate::output::instant;
use crate::store;
use crate::when::Timestamp;

/// Error for a name that `holder` has. The hint names the ways to a new token under that name. With `is_one`,
/// the command makes a single key, and the hint can name `--if-absent`.
pub fn refusal(holder: &Key, now: Timestamp, is_one: bool) -> Error {
    let error = taken::refusal(holder, now);
    let rotate = match holder.check_rotatable(now) {
        Ok(()) => Hint::from("for a new token of that key: ")
            .and(run!("rotate {}", holder.id))
            .and("; otherwise "),
        Err(_) => Hint::default(),
    };
    let advice = rotate.and(error.hint.clone());
    error.hint(match holder.state(now) {
        State::Expired => {
            Hint::from("to delete it and create the new key in its place, add --replace-expired; ")
                .and(advice)
        }
        _ if is_one => advice.and("; in a script that may run twice, add --if-absent"),
        _ => advice,
    })
}

/// Live key that holds the name of a new one, and that `--if-absent` keeps.
pub struct Kept {
    /// Key.
    pub key: Key,
    /// Hint if policy lets the actor create no key in its place.
    pub barred: Option<Hint>,
}

/// Reports for `--if-absent` that a key holds the name, so that no key was created. Warns if it does not work.
pub fn report(cx: &mut Cx<'_>, handover: &Handover, kept: &Kept, now: Timestamp) -> Result<u8> {
    let Kept { key, barred } = kept;
    handover.print_without_token(cx, key, now)?;
    let (owner, name) = (quote(&key.owner), quote(&key.name));
    let state = key.state(now);
    let kept = format!(
        "no key was created: {owner} already has a key named {name}: {} ({state}); its token cannot be shown again",
        key.id
    );
    match handover.missing_file() {
        // Its token may be in the file.
        None if handover.has_file() => cx.status(kept),
        None => cx.notice(format_args!("warning: {kept}")),
        Some(path) => cx.notice(format_args!(
            "warning: {kept} and {} was not written",
            quote(&path.to_string_lossy())
        )),
    }
    let by = key.disabled_by.as_deref().map(escape);
    let disabled = by.map(|by| match key.disabled_at {
        at @ Some(_) => format!("it was disabled by {by} at {}", instant(at, now)),
        None => format!("it was disabled by {by}"),
    });
    let (why, hint) = match key.state(now) {
        State::Expired => {
            let expired = format!("it expired at {}", instant(key.expires_at, now));
            let why = [Some(expired), disabled].into_iter().flatten();
            (
                why.collect::<Vec<_>>().join(", and "),
                barred.clone().unwrap_or_else(|| {
                    "to create a new key in its place, add --replace-expired".into()
                }),
            )
        }
        State::Disabled => (
            disabled.unwrap_or_default(),
            Hint::from("to switch it on again: ").and(run!("enable {}", key.id)),
        ),
        _ => return Ok(DONE),
    };
    cx.notice(format_args!("warning: {} does not work: {why}", key.id));
    cx.hint(hint);
    Ok(DONE)
}

/// Warns if a command may not have got the token of `key`.
pub fn warn_of_handover(cx: &mut Cx<'_>, key: &Key, now: Timestamp) -> Result<()> {
    let store = cx.preview()?;
    let unfinished = store::read(&*store, |store| unfinished_handovers(store, now))?;
    if unfinished.iter().any(|it| it.key.id == key.id) {
        cx.notice(format_args!(
            "warning: a command may not have got the token of {}",
            key.id
        ));
        cx.notice_hint(run!("doctor").in_quotes().and(" names the ways to mend it"));
    }
    Ok(())
}
