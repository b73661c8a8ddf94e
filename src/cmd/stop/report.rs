//! Reports on the keys that were stopped, and on the KEYs that stopped none.

use super::Verb;
use super::given::{Cut, Given};
use super::plan::Unstopped;
use crate::cmd::change::Changed;
use crate::cmd::keys::KeyLine;
use crate::cmd::{Cx, confirm, refusal};
use crate::error::{DONE, Error, FailureKind, Result, escape};
use crate::event::Action;
use crate::hint::Hint;
use crate::key::{Change, Key, Kind};
use crate::store::{self, Store};

/// Prints for each key that it was stopped or was stopped already, and counts the legacy keys that `delete`
/// has disabled.
pub fn stopped(cx: &mut Cx<'_>, changed: &[Changed], verb: Verb) {
    let mut legacy = 0;
    for Changed {
        key,
        change,
        action,
    } in changed
    {
        let name = escape(&key.name);
        let done = match action {
            Action::Disable => "disabled",
            _ => "deleted",
        };
        match change {
            Change::Applied => cx.status(format_args!("{done} {} ({name})", key.id)),
            Change::AlreadySo => cx.status(format_args!("{} ({name}) is already {done}", key.id)),
        }
        if (*action, *change) == (Action::Disable, Change::Applied) {
            legacy += 1;
        }
    }
    total(cx, changed, verb);
    if verb == Verb::Delete && legacy > 0 {
        cx.notice(format_args!(
            "disabled instead of deleted, as legacy keys cannot be deleted: {}",
            confirm::keys(legacy)
        ));
    }
}

/// Counts the keys, where there are several. Leaves out legacy keys that `delete` disables, and deleted ones that
/// `disable` leaves.
fn total(cx: &mut Cx<'_>, changed: &[Changed], verb: Verb) {
    let action = match verb {
        Verb::Disable => Action::Disable,
        Verb::Delete => Action::Delete,
    };
    let counted = changed.iter().filter(|changed| changed.action == action);
    let counted: Vec<Change> = counted.map(|changed| changed.change).collect();
    if counted.len() > 1 {
        confirm::total(cx, verb.done(), counted.into_iter());
    }
}

/// Counts the keys `due`, which would be stopped.
pub fn preview(cx: &mut Cx<'_>, due: &[Key], verb: Verb) {
    let legacy = match verb {
        Verb::Disable => 0,
        Verb::Delete => due.iter().filter(|key| key.kind == Kind::Legacy).count(),
    };
    let others = confirm::keys(due.len() - legacy);
    let done = verb.done();
    if legacy == 0 {
        cx.status(format_args!(
            "dry run: {others} would be {done}; nothing was changed"
        ));
        return;
    }
    let would = match due.len() - legacy {
        0 => format!("{} would be disabled", confirm::keys(legacy)),
        _ => format!("{others} would be {done} and {legacy} disabled"),
    };
    cx.notice(format_args!(
        "dry run: {would} (legacy keys cannot be deleted); nothing was changed"
    ));
}

/// Reports the KEYs in `failed`, each with its line, and input that was `cut`. Returns an error if there is
/// either.
pub fn report(
    cx: &mut Cx<'_>,
    store: &dyn Store,
    given: &[Given],
    mut failed: Vec<Unstopped>,
    cut: Option<Cut>,
    is_preview: bool,
) -> Result<u8> {
    // Logged here: the error that is returned may be another one.
    let mut errors = failed.iter().map(|unstopped| &unstopped.error);
    if let Some(refused) = errors.find(|error| error.kind == FailureKind::Access) {
        refusal::log(cx, refused);
    }
    let others = others(given.len() - failed.len(), is_preview);
    if failed.len() == 1
        && cut.is_none()
        && let Some(unstopped) = failed.pop()
    {
        return Err(alone(cx, store, given, unstopped, &others));
    }
    for Unstopped { at, error } in &failed {
        let place = place(given, *at);
        let ids: Vec<&str> = error.candidates.iter().map(|key| &*key.id).collect();
        let ids = match ids.as_slice() {
            [] => String::new(),
            ids => format!(": {}", ids.join(", ")),
        };
        cx.notice(format_args!("{place}{error}{ids}"));
    }
    let outcome = match (failed.len(), is_preview) {
        (0, false) => "the keys before that are stopped".to_owned(),
        (0, true) => "the keys before that would be stopped".to_owned(),
        (count, false) => format!("{count} of {} KEYs stopped nothing{others}", given.len()),
        (count, true) => format!("{count} of {} KEYs would stop nothing{others}", given.len()),
    };
    if let Some(Cut { error, from }) = cut {
        let again = format!("lines from {from} on were not read: give them in another run");
        return Err(error.adding(outcome).hint(again));
    }
    match gravest(&failed) {
        None => Ok(DONE),
        Some(Unstopped { at, error }) => Err(Error {
            hint: error
                .hint
                .clone()
                .map(|hint| Hint::from(place(given, *at)).and(hint)),
            key: error.key.clone(),
            ..Error::new(error.kind, outcome)
        }),
    }
}

/// Returns the KEY with the gravest error: a store that failed, then a refusal, then a missing key. Of equal
/// ones, one with a hint comes first, then the first in order.
fn gravest(failed: &[Unstopped]) -> Option<&Unstopped> {
    let failed = failed.iter().rev();
    failed.max_by_key(|Unstopped { error, .. }| (error.kind.exit_code(), error.hint.is_some()))
}

/// Error for the only KEY that stopped no key, with a hint.
fn alone(
    cx: &Cx<'_>,
    store: &dyn Store,
    given: &[Given],
    Unstopped { at, error }: Unstopped,
    others: &str,
) -> Error {
    let advice = match (&error.hint, given.get(at).map(|given| &given.content)) {
        (None, Some(KeyLine::Text(text))) => advice(cx, store, &text.text),
        (None, Some(KeyLine::Token(token))) => advice(cx, store, token.id().as_str()),
        _ => None,
    };
    Error {
        message: format!("{}{}", place(given, at), error.message),
        outcome: format!("{}{others}", error.outcome).into(),
        hint: error.hint.or(advice),
        ..error
    }
}

fn advice(cx: &Cx<'_>, store: &dyn Store, text: &str) -> Option<Hint> {
    // The keys are stopped; a hint that cannot be made is left out.
    let actor = store.actor(cx.env);
    let lookup = cx.lookup_to_stop(&actor, cx.env.now());
    store::read(store, |store| lookup.advice(store, text)).ok()
}

/// Prefix of a message with the number of a KEY's line.
fn place(given: &[Given], at: usize) -> String {
    let line = given.get(at).and_then(|given| given.line);
    line.map_or_else(String::new, |line| format!("line {line}: "))
}

fn others(count: usize, is_preview: bool) -> String {
    match (count, is_preview) {
        (0, _) => String::new(),
        (1, false) => "; the other one is stopped".to_owned(),
        (1, true) => "; the other one would be stopped".to_owned(),
        (count, false) => format!("; the other {count} are stopped"),
        (count, true) => format!("; the other {count} would be stopped"),
    }
}
