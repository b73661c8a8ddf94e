//! `keyctl rotate`

mod in_use;
pub mod undo;

use self::in_use::Use;
use self::undo::UndoRequest;
use super::create::created;
use super::handover::{self, Exec, RotateHandover, Settled};
use super::issue::{Handover, Minted, Number, announce, issue, mint};
use super::values::{Expiry, Why};
use super::{Cx, keys, next};
use crate::env::Actor;
use crate::error::{DONE, Error, Result};
use crate::event::{Action, Event};
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Key, Kind, Rotation, State};
use crate::lookup::{self, in_grace, live_successor};
use crate::output::instant;
use crate::policy::{self, Policy};
use crate::store::{self, Read, Store, Tx};
use crate::when::{Span, Timestamp, When};
use serde_json::{Value, json};

/// Replace a key with a new one
///
/// The new key has the same name, owner, scopes, labels and networks, and the same lifetime as the old
/// one had. The old key is phased out: it stops working at once, or when its grace period ends if you
/// give one. Its own expiry still applies. Both follow the system clock: if the clock is set back,
/// a key whose grace period had run out works again until it ends once more. A grace period ended
/// by hand (edit --grace 0s, or disable) stays over. A key that is disabled or already rotated
/// cannot be rotated. Without a grace period, rotate asks for confirmation at a terminal if the key was
/// used within the last day, or was imported and not used here yet; elsewhere it prints a warning.
///
/// --undo takes back a rotation while the grace period runs: the new key is deleted, and the old one is
/// as it was before. It asks for confirmation. If either key was disabled or rotated again since then,
/// nothing is changed. In a script, give the ID of the new key: after an undo the name stands for the old
/// key, and a second run would take back the rotation before it too.
///
/// --exec hands the new token to a command in place of printing it. Both keys work while the command runs. Once
/// it has ended with exit code 0, the old key gets the grace period that you gave. If it fails, does not read
/// the token, or runs out of time, the rotation is undone. Ctrl-C ends the command, and undoes the rotation
/// too. An expired key is refused, since there would be nothing to go back to. If keyctl itself is
/// killed meanwhile, both keys go on working, and 'keyctl doctor' names the command that mends it.
///
/// The command gets the token, and nothing else, on standard input; environment variables tell it the keys.
/// Its output goes to standard error: a command that repeats its input shows the token.
///
/// Only an administrator can rotate a legacy key, or undo that; its successor is a legacy key too.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    done
  2    usage: a bad flag or value
  3    no such key, or more than one match
  4    refused: by policy, access or the key's state, or not confirmed; or with --exec, either key
       was changed by somebody else while the command ran
  5    the store failed, or the token could not be delivered, or the command of --exec failed:
       nothing was changed
  130  the prompt or the command of --exec was interrupted: nothing was changed

Environment:
  KEYCTL_KEY_ID, KEYCTL_KEY_NAME, KEYCTL_KEY_OWNER  set for the command of --exec: the new key
  KEYCTL_OLD_KEY_ID                                 set for the command of --exec: the old key

Examples:
  $ keyctl rotate ci-deploy --grace 24h
  $ keyctl rotate ci-deploy --secret-file new.token -m 'quarterly rotation'
  $ keyctl rotate ci-deploy --grace 0s -m 'the token has leaked'
  $ keyctl rotate ci-deploy --grace 1h --exec -- gh secret set KEYCTL_TOKEN
  $ keyctl rotate ci-deploy --undo
  $ keyctl list --state phased-out --search ci-deploy --format ids | keyctl edit - --grace 0s")]
pub struct Args {
    /// A key ID, a name or OWNER/NAME; '-' reads it, or a token, from standard input
    #[arg(value_name = "KEY")]
    key: String,
    /// How long the old key keeps working, for example 24h; at most 90d [default: policy
    /// default-grace, 0s unless set]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    grace: Option<Span>,
    /// When the new key expires: 90d, 6months, 2027-03-31, an RFC 3339 time, or never; 12months is 360 days,
    /// 1y is 365 [default: the same lifetime as the old key]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    expires: Option<Expiry>,
    /// Take back a rotation while the old key still works; KEY is the old key or the new one
    #[arg(long, conflicts_with_all = ["grace", "expires", "secret_file", "exec"])]
    undo: bool,
    /// Do not ask for confirmation; with --undo, required without a terminal
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    handover: Handover,
    #[command(flatten)]
    exec: Exec,
    #[command(flatten)]
    why: Why,
}

/// Facts about a rotation for the report.
struct Rotated {
    /// Old key after the rotation.
    old: Key,
    /// Grace that was asked for.
    grace: Span,
    /// True if the policy shortened the life of the new key.
    capped: bool,
}

impl Args {
    /// Rotates the key, or undoes a rotation.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        self.exec.check()?;
        if self.undo {
            let request = UndoRequest {
                key: &keys::expand_one(cx, &self.key)?,
                yes: self.yes,
                reason: self.why.reason.as_deref(),
                format: self.handover.format,
            };
            return request.run(cx);
        }
        if let Some(expiry) = &self.expires {
            expiry.check(cx.env.now())?;
        }
        let given = keys::expand_one(cx, &self.key)?;
        let target = &self.handover;
        let plan = self.exec.plan(cx)?;
        if plan.is_none() {
            target.check(cx)?;
        }
        let mut store = cx.open_to_write()?;
        let text = keys::resolve_one(cx, &*store, &given)?;
        let actor = store.actor(cx.env);
        let now = cx.env.now();
        let (id, planned, policy) = store::read(&*store, |store| {
            let lookup = cx.lookup_to_change(&actor, now);
            let id = lookup.key(store, &text)?.id;
            // Refuse early, before time goes into hashing; checked again under the lock.
            let (planned, _) = self
                .rotate(store, id, id, &actor, now)
                .map_err(|error| error.of_key(id))?;
            Ok((id, planned, store.policy()?))
        })?;
        if let Some(used) = self.unasked_stop(&planned, now) {
            in_use::ask(cx, &planned.old, used, now)?;
        }
        let minted = mint(cx, &policy, 1)?;
        // Always one: `mint` was asked for one.
        let [only] = minted.as_slice() else {
            return Err(Error::io("no token was created"));
        };
        let mut rotated = None;
        let (new, now, store) = match &plan {
            None => {
                let number = Number::One;
                let (new, now) = issue(cx, &mut *store, target, number, &minted, |tx, now| {
                    let (facts, successor) = self.write(tx, id, only, &actor, now, None)?;
                    rotated = Some(facts);
                    Ok(vec![successor])
                })?;
                (new.into_iter().next(), now, Some(store))
            }
            Some(plan) => {
                let handover = RotateHandover {
                    plan,
                    minted: only,
                    grace: planned.grace,
                    reason: self.why.reason.as_deref(),
                };
                let settled = handover.run(cx, store, |tx, now, detail| {
                    let (facts, new) = self.write(tx, id, only, &actor, now, Some(detail))?;
                    let old = facts.old.clone();
                    rotated = Some(facts);
                    Ok((old, new))
                })?;
                let Settled { old, new, now } = settled;
                rotated = rotated.map(|facts| Rotated { old, ..facts });
                (Some(new), now, cx.reopen().ok())
            }
        };
        if let (Some(rotated), Some(new)) = (rotated, new) {
            report(cx, &rotated, &new, now);
            if let Some(used) = self.unasked_stop(&rotated, now)
                && !cx.env.terminal.interactive()
            {
                in_use::warn(cx, &rotated.old, used, now);
            }
            if let Some(store) = store {
                warn_of_others(cx, &*store, &rotated.old, now);
            }
            if plan.is_some() {
                target.print_handed_over(cx, &new, now)?;
            }
        }
        Ok(DONE)
    }

    /// Writes the rotation of the key `id` at `now` and its events, with the field for the `handover` that it
    /// begins.
    fn write(
        &self,
        tx: &mut dyn Tx,
        id: KeyId,
        minted: &Minted,
        actor: &Actor,
        now: Timestamp,
        handover: Option<&Value>,
    ) -> Result<(Rotated, Key)> {
        let (facts, successor) = self
            .rotate(&*tx, id, minted.id(), actor, now)
            .map_err(|error| error.of_key(id))?;
        // The old key first: that frees the name for the new one.
        tx.update(&facts.old)?;
        tx.insert(&successor, &minted.hash)?;
        let rotate = Event::new(now, actor, Action::Rotate, Some(id))
            .with("replaced_by", successor.id.to_string())
            .with("usable_until", json!(facts.old.usable_until));
        for event in [rotate, created(&successor, now, actor)] {
            let event = event.because(self.why.reason.as_deref());
            tx.append(&handover::begins(event, handover))?;
        }
        Ok((facts, successor))
    }

    /// Returns the old key after a rotation at `now`, and its successor.
    fn rotate(
        &self,
        store: &dyn Read,
        id: KeyId,
        successor: KeyId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(Rotated, Key)> {
        let mut old = store.get(id)?.ok_or_else(|| lookup::none(id.as_str()))?;
        let access = store.access(actor)?;
        access.for_owner(&old.owner)?;
        if old.kind == Kind::Legacy {
            access.administrator("rotate a legacy key")?;
        }
        check_rotatable(store, &old, now)?;
        let policy = store.policy()?;
        let grace = self.grace.unwrap_or(policy.default_grace);
        policy::check_grace(grace)?;
        if self.exec.is_given() && old.state(now) == State::Expired {
            return Err(expired(&old));
        }
        let (expires_at, capped) = self.expiry(&policy, &old, now)?;
        let rotation = Rotation {
            successor,
            actor: actor.name.clone(),
            // Shortened once the command has the token.
            grace: match self.exec.is_given() {
                true => policy::MAX_GRACE,
                false => grace,
            },
            expires_at,
        };
        let new = old.rotate(now, rotation)?;
        Ok((Rotated { old, grace, capped }, new))
    }

    /// Returns why a key that the rotation stops may be in use, unless the command line says that it shall stop.
    fn unasked_stop(&self, rotated: &Rotated, now: Timestamp) -> Option<Use> {
        let is_asked_for = self.yes || self.grace.is_some() || rotated.grace > Span::ZERO;
        Use::of(&rotated.old, now).filter(|_| !is_asked_for)
    }

    /// Returns the expiry of the successor of `old`, and true if the policy shortened it.
    fn expiry(
        &self,
        policy: &Policy,
        old: &Key,
        now: Timestamp,
    ) -> Result<(Option<Timestamp>, bool)> {
        match (old.kind, self.expires.as_ref().map(|expiry| expiry.when)) {
            (Kind::Legacy, None | Some(When::Never)) => Ok((None, false)),
            (Kind::Legacy, Some(_)) => Err(Error::state(format!(
                "{} is a legacy key, which never expires",
                old.label()
            ))
            .hint("leave --expires out")),
            (Kind::Api, Some(when)) => Ok((policy.expiry(Some(when), now)?, false)),
            (Kind::Api, None) => {
                let lifetime = old.expires_at.map(|at| at.since(old.created_at));
                if lifetime == Some(Span::ZERO) {
                    // The old key got an expiry before its creation while the clock was set back. With
                    // that lifetime the new key would be expired from the start.
                    return Ok((policy.expiry(None, now)?, false));
                }
                Ok(policy.capped_expiry(lifetime, now))
            }
        }
    }
}

/// Error for a handover of an expired key: no token works while the command runs, and none could be restored.
fn expired(key: &Key) -> Error {
    let at = key
        .expires_at
        .map_or_else(String::new, |at| format!(" at {at}"));
    let rotate = Hint::from("rotate it without --exec: ").and(run!("rotate {}", key.id));
    Error::state(format!(
        "{} cannot be rotated with --exec: it expired{at}",
        key.label()
    ))
    .hint(rotate.and("; or make a new key with create --exec"))
}

/// Refuses a key that cannot be rotated. If it was rotated already, the hint names the key to rotate instead.
fn check_rotatable(store: &dyn Read, key: &Key, now: Timestamp) -> Result<()> {
    let Err(error) = key.check_rotatable(now) else {
        return Ok(());
    };
    if key.state(now) != State::PhasedOut {
        return Err(error);
    }
    let instead = match live_successor(store, key)? {
        Some(live) if live.disabled_at.is_some() => Hint::from(format!(
            "its live successor is {}, which is disabled: ",
            live.id
        ))
        .and(run!("enable {}", live.id))
        .and(", then ")
        .and(run!("rotate {}", live.id)),
        Some(live) => Hint::from(format!("its live successor is {}: ", live.id))
            .and(run!("rotate {}", live.id)),
        None => next::no_successor(key),
    };
    // The user may want to get rid of a token that still works in its grace.
    let stop = match key.is_usable(now) {
        true => Hint::from("to stop this token now: ")
            .and(run!("disable {}", key.id))
            .and("; "),
        false => Hint::default(),
    };
    Err(error.hint(stop.and(instead)))
}

fn report(cx: &mut Cx<'_>, rotated: &Rotated, new: &Key, now: Timestamp) {
    let old = &rotated.old;
    announce(cx, "created", new, now);
    if rotated.capped {
        cx.status("  (its lifetime is shortened to what policy allows: max-expiry)");
    }
    match old.usable_until {
        Some(until) if now < until => {
            cx.status(format_args!(
                "phased out {}: it works until {}",
                old.id,
                instant(Some(until), now)
            ));
            if now.after(rotated.grace).is_none_or(|asked| until < asked) {
                cx.status("  (its grace ends early, since it expires then)");
            }
        }
        until => {
            cx.status(format_args!(
                "phased out {}: it stopped working {}",
                old.id,
                instant(until, now)
            ));
            if rotated.grace > Span::ZERO && old.expires_at.is_some_and(|at| at <= now) {
                cx.status(format_args!(
                    "  (without a grace period, since it expired {})",
                    instant(old.expires_at, now)
                ));
            }
        }
    }
}

/// Warns of keys of the same name that still work after an earlier rotation: if a token leaked, it may be one of
/// theirs.
fn warn_of_others(cx: &mut Cx<'_>, store: &dyn Store, rotated: &Key, now: Timestamp) {
    // The rotation is committed: a failure to read here must not fail it.
    let others = store::read(store, |store| {
        in_grace(store, &rotated.owner, &rotated.name, now)
    });
    for key in others.unwrap_or_default() {
        if key.id != rotated.id {
            cx.notice(format_args!(
                "{} (same name) still works until {}",
                key.id,
                instant(key.stops_at(), now)
            ));
            cx.notice_hint(Hint::from("to stop it now: ").and(run!("disable {}", key.id)));
        }
    }
}
