//! Report on an edit: what changed, or would change, of each key.

use super::plan::{Edited, Plan};
use crate::cmd::Cx;
use crate::cmd::confirm;
use crate::cmd::words::{labels, networks, scopes};
use crate::error::{Result, escape, quote};
use crate::hint::{Hint, run, word};
use crate::key::Key;
use crate::output::instant;
use crate::when::Timestamp;

/// Prints what was changed.
pub fn changed(cx: &mut Cx<'_>, plan: &Plan) {
    for edited in &plan.keys {
        let id = edited.after.id;
        match edited.is_changed() {
            true => cx.status(in_words(edited, "changed", plan.now)),
            false => cx.status(format_args!(
                "{id} already has these values: nothing was changed"
            )),
        }
    }
    if plan.keys.len() > 1 {
        cx.status(format_args!("changed {}", confirm::keys(count(plan))));
    }
}

/// Prints on standard output what would be changed.
pub fn preview(cx: &mut Cx<'_>, plan: &Plan) -> Result<()> {
    let mut text = String::new();
    for edited in &plan.keys {
        let line = match edited.is_changed() {
            true => in_words(edited, "would change", plan.now),
            false => format!("{} already has these values", edited.after.id),
        };
        text.push_str(&line);
        text.push('\n');
    }
    cx.print(text.as_bytes())?;
    cx.status(format_args!(
        "dry run: {} would be changed; nothing was changed",
        confirm::keys(count(plan))
    ));
    Ok(())
}

/// Names the projects in which keys stop working, because their new owner is no member.
pub fn projects(cx: &mut Cx<'_>, plan: &Plan, dry_run: bool) {
    let stop = match dry_run {
        true => "would no longer work",
        false => "no longer work",
    };
    for lost in &plan.lost {
        let (from, to) = (quote(&lost.from), quote(&lost.to));
        let projects: Vec<String> = lost.projects.iter().map(|name| quote(name)).collect();
        cx.notice(format_args!(
            "warning: {to} is not a member of {}, unlike {from}: the keys {stop} there",
            projects.join(", ")
        ));
        if let Some(project) = lost.projects.first() {
            cx.notice_hint(run!(
                "member add {} {} --role collaborator",
                project,
                lost.to
            ));
        }
    }
}

/// Names the rotated keys that still work and stay with their owner, and how to move them too.
pub fn staying(cx: &mut Cx<'_>, plan: &Plan, dry_run: bool) {
    let stay = match dry_run {
        true => "would stay",
        false => "stays",
    };
    for key in &plan.staying {
        cx.notice(format_args!(
            "warning: {} ({}) was rotated, works until {}, and {stay} with {}",
            key.id,
            escape(&key.name),
            instant(key.stops_at(), plan.now),
            quote(&key.owner)
        ));
    }
    let Some(Edited { after, .. }) = plan.keys.first() else {
        return;
    };
    let move_them = match plan.staying.as_slice() {
        [] => return,
        [_] => "to move it too: ",
        _ => "to move these keys too: ",
    };
    let ids: Vec<&str> = plan.staying.iter().map(|key| key.id.as_str()).collect();
    let command = format!("edit {} --owner {}", ids.join(" "), word(&after.owner));
    cx.notice_hint(Hint::from(move_them).and(Hint::command(command)));
}

fn count(plan: &Plan) -> usize {
    plan.keys
        .iter()
        .filter(|edited| edited.is_changed())
        .count()
}

/// Names the key after `verb`, then each field that changes, with its old and its new value on a line.
fn in_words(edited: &Edited, verb: &str, now: Timestamp) -> String {
    let Edited { before, after } = edited;
    let name = |key: &Key| escape(&key.name);
    let owner = |key: &Key| escape(&key.owner);
    let at = |at: Option<Timestamp>| instant(at, now);
    let fields = [
        ("name", [name(before), name(after)]),
        ("owner", [owner(before), owner(after)]),
        ("scopes", [scopes(before), scopes(after)]),
        ("labels", [labels(before), labels(after)]),
        ("from", [networks(before), networks(after)]),
        ("expires", [at(before.expires_at), at(after.expires_at)]),
        (
            "works until",
            [at(before.usable_until), at(after.usable_until)],
        ),
    ];
    let changed = fields.into_iter().filter(|(_, [old, new])| old != new);
    let changed = changed.map(|(field, [old, new])| format!("\n  {field}  {old} → {new}"));
    format!(
        "{verb} {} ({}){}",
        after.id,
        name(after),
        changed.collect::<String>()
    )
}
