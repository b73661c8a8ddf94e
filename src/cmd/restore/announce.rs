//! Announcement of what a restore will do.

use super::effect::{Effect, Kept, Lost, Revived, Stopped};
use super::first::First;
use super::wider::Wider;
use crate::cmd::Cx;
use crate::cmd::confirm::{NAMED_MAX, keys, name_first};
use crate::error::escape;
use crate::key::Key;
use crate::network::{Network, join};
use crate::project::{Member, Role};
use crate::store::Restoration;
use crate::when::Timestamp;
use std::collections::BTreeSet;

/// Says what the restore will do. With `keep_revoked`, no hint is needed to that flag.
pub fn announce(
    cx: &mut Cx<'_>,
    restoration: &dyn Restoration,
    effect: &Effect,
    keep_revoked: bool,
) {
    if let Some(damage) = restoration.damage() {
        cx.notice(damage);
        cx.notice("so keyctl cannot tell which of its keys work now");
    }
    for damage in restoration.damage_of_copy() {
        cx.notice(format_args!("restored with its damage: {}", damage));
    }
    if effect.revived.count == 0 {
        cx.status("no stopped key will become valid again");
    }
    let now = cx.env.now();
    let again = "will become valid again";
    list(cx, &effect.revived, again, |revived| revival(revived, now));
    // Without a store that can be read, that flag is refused.
    let can_keep = restoration.current().is_some() && restoration.damage().is_none();
    if effect.may_stay_stopped && !keep_revoked && can_keep {
        cx.notice_hint("to keep them stopped: --keep-revoked");
    }
    name(cx, &effect.stopped, "will stop working");
    kept(cx, &effect.kept);
    wider_keys(cx, &effect.wider);
    if effect.events > 0 {
        let lines = match effect.events {
            1 => "line".to_owned(),
            count => format!("{count} lines"),
        };
        cx.notice(format_args!("the log will lose its last {lines}"));
    }
    if !effect.administrators.is_empty() {
        cx.notice(format_args!(
            "administrators again after the restore: {}",
            escape(&effect.administrators.join(", "))
        ));
    }
    lost(cx, &effect.lost);
    members_and_policy(cx, &effect.wider);
}

/// Names a key that will work again, with the reason why it does not work now.
fn revival(
    Revived {
        key,
        copied,
        stopped,
    }: &Revived,
    now: Timestamp,
) -> String {
    let stopped = match stopped {
        None => String::new(),
        Some(Stopped::Missing) => " not in the store now;".to_owned(),
        Some(Stopped::Damaged) => " damaged now;".to_owned(),
        Some(Stopped::State(state, since)) => {
            let since = since.map(|since| format!(" ({})", since.relative_to(now)));
            format!(" {state} now{};", since.unwrap_or_default())
        }
    };
    format!("{}:{stopped} {copied} in the copy", describe(key))
}

/// Names users who lose rights.
fn lost(cx: &mut Cx<'_>, lost: &Lost) {
    let Lost {
        administrators,
        members,
    } = lost;
    if administrators.count > 0 {
        let more = match administrators.count - administrators.first.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let names = escape(&administrators.first.join(", "));
        cx.notice(format_args!(
            "no longer administrators after the restore: {names}{more}"
        ));
    }
    if members.count > 0 {
        cx.notice("project members who lose their role or get a lower one:");
        rows(cx, members, |(member, then)| {
            role_change(member, *then, Some(member.role))
        });
    }
}

/// Names a member with the roles after the restore and now.
fn role_change(member: &Member, then: Option<Role>, now: Option<Role>) -> String {
    let word = |role: Option<Role>| role.map_or("not a member", Role::word);
    let (project, user) = (escape(&member.project), escape(&member.user));
    format!("{project}: {user}, {}, now {}", word(then), word(now))
}

/// Says what stays as it is in the store that is replaced.
fn kept(cx: &mut Cx<'_>, kept: &Kept) {
    name(
        cx,
        &kept.revoked,
        "will stay disabled, deleted or phased-out",
    );
    list(cx, &kept.removed, "will stay removed", describe);
    name(cx, &kept.narrowed, "will stay as narrow as now");
    let come = match kept.successors.count {
        1 => "that replaced another will be kept",
        _ => "that replaced others will be kept",
    };
    name(cx, &kept.successors, come);
}

fn wider_keys(cx: &mut Cx<'_>, wider: &Wider) {
    list(cx, &wider.scopes, "will gain scopes", |(key, gained)| {
        format!("{}: {}", describe(key), escape(&gained.join(", ")))
    });
    let end = |end: Option<Timestamp>| {
        end.map_or_else(|| "without end".to_owned(), |end| format!("until {end}"))
    };
    list(cx, &wider.longer, "will work longer", |(key, now)| {
        let (then, now) = (end(key.stops_at()), end(*now));
        format!("{}: {then}, now {now}", describe(key))
    });
    let from = |networks: &BTreeSet<Network>| match join(networks) {
        networks if networks.is_empty() => "from any address".to_owned(),
        networks => format!("from {networks}"),
    };
    let more = "will be accepted from more addresses";
    list(cx, &wider.networks, more, |(key, now)| {
        let (then, now) = (from(&key.allow_from), from(now));
        format!("{}: {then}, now {now}", describe(key))
    });
    list(
        cx,
        &wider.narrower,
        "will be allowed less than now",
        |narrower| {
            let key = &narrower.key;
            let mut less = Vec::new();
            if !narrower.lost.is_empty() {
                less.push(format!("without {}", escape(&narrower.lost.join(", "))));
            }
            if let Some(now) = narrower.ends {
                less.push(format!("{}, now {}", end(key.stops_at()), end(now)));
            }
            if let Some(now) = &narrower.networks {
                less.push(format!("{}, now {}", from(&key.allow_from), from(now)));
            }
            format!("{}: {}", describe(key), less.join("; "))
        },
    );
}

fn members_and_policy(cx: &mut Cx<'_>, wider: &Wider) {
    if wider.members.count > 0 {
        cx.notice("project members who come back or get a higher role:");
        rows(cx, &wider.members, |(member, now)| {
            role_change(member, Some(member.role), *now)
        });
    }
    for (name, now, then) in &wider.policy {
        cx.notice(format_args!("policy {name} will be {then}, now {now}"));
    }
}

/// Lists keys with their states and last uses.
fn name(cx: &mut Cx<'_>, found: &First<Key>, what: &str) {
    if found.count > 0 {
        let now = cx.env.now();
        cx.notice(format_args!("{} {what}:", keys(found.count)));
        name_first(cx, &found.first, found.count, now);
    }
}

/// Lists items about keys, one per line.
fn list<T>(cx: &mut Cx<'_>, found: &First<T>, what: &str, describe: impl Fn(&T) -> String) {
    if found.count > 0 {
        cx.notice(format_args!("{} {what}:", keys(found.count)));
        rows(cx, found, describe);
    }
}

fn rows<T>(cx: &mut Cx<'_>, found: &First<T>, describe: impl Fn(&T) -> String) {
    for item in &found.first {
        cx.notice(format_args!("  {}", describe(item)));
    }
    if found.count > NAMED_MAX {
        cx.notice(format_args!("  and {} more", found.count - NAMED_MAX));
    }
}

/// Names a key and its owner.
fn describe(key: &Key) -> String {
    let (name, owner) = (escape(&key.name), escape(&key.owner));
    format!("{}  {name}  of {owner}", key.id)
}
