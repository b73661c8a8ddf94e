//! `keyctl policy`

use super::Cx;
use super::confirm::keys;
use super::values::{Format, Why};
use crate::error::{DONE, Error, Result};
use crate::event::{Action, Event};
use crate::hint::run;
use crate::key::{Kind, State};
use crate::output::{Column, json, table, unwritable};
use crate::policy::{Policy, SETTINGS};
use crate::store::{self, Filter, Read};
use crate::when::Timestamp;
use clap::Subcommand;
use serde_json::Map;
use std::ops::ControlFlow;

/// Show or set rules for everyone who uses the store
///
/// Policy applies to create, rotate and edit; existing keys keep their dates. Only an administrator
/// can set it.
///
/// default-expiry: the lifetime of a key created without --expires. A duration, or never; 365d if
/// not set, and never more than max-expiry.
///
/// max-expiry: the longest lifetime of a key, counted from its creation. A duration (12months is 360
/// days, 1y is 365), or never, which lifts the limit; 365d if not set.
///
/// default-grace: how long a rotated key keeps working when --grace is not given. A duration, at
/// most 90d; 0s if not set.
///
/// key-prefix: what new tokens begin with; kc if not set. Lower-case words and digits joined by
/// '_', starting with a letter, at most 24 characters. Tokens with other prefixes keep working.
///
/// hash: how secrets are hashed: argon2id (if not set) or sha256, which verifies much faster and is
/// no weaker for secrets of 256 random bits.
///
/// self-service: whether users may create keys for themselves: on, or off, so that only
/// administrators create keys; on if not set. Users can still change, rotate and stop their own keys. A
/// keyctl that is older than this setting cannot use a store in which it is off.
///
/// argon2-memory, argon2-iterations: the cost of one argon2id hash; 7168 KiB and 5 if not set. The
/// pair must be at least as costly as one of OWASP's choices (47104 KiB with 1 iteration, 19456
/// with 2, 12288 with 3, 9216 with 4, 7168 with 5), and at most 1048576 KiB, 100 iterations, and
/// 4194304 KiB for their product.
///
/// After a change of the hash or its cost, a key's hash is renewed the next time the key is
/// successfully verified.
#[derive(clap::Args, Debug)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
Exit codes:
  0  done
  2  usage: no such policy, or a value that cannot be read
  4  refused: a value out of range, or you are not an administrator
  5  the store failed

Examples:
  $ keyctl policy show
  $ keyctl policy set max-expiry 30d -m 'security review'")]
pub struct Args {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Show every policy
    #[command(after_help = "\
Examples:
  $ keyctl policy show
  $ keyctl policy show --format json")]
    Show {
        /// Output format
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: Format,
    },
    /// Set a policy
    #[command(after_help = "\
Examples:
  $ keyctl policy set max-expiry 30d -m 'security review'
  $ keyctl policy set hash sha256
  $ keyctl policy set self-service off")]
    Set {
        /// The policy's name, as 'policy show' lists it
        #[arg(value_name = "NAME")]
        name: String,
        /// The value: a duration or never, a prefix, argon2id or sha256, on or off, or a number
        #[arg(value_name = "VALUE", allow_hyphen_values = true)]
        value: String,
        #[command(flatten)]
        why: Why,
    },
    /// Reset a policy to its default
    #[command(after_help = "\
Examples:
  $ keyctl policy unset max-expiry
  $ keyctl policy unset hash -m 'no longer a hot path'")]
    Unset {
        /// The policy's name, as 'policy show' lists it
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        why: Why,
    },
}

impl Args {
    /// Shows or sets policy.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        match self.command {
            PolicyCommand::Show { format } => show(cx, format),
            PolicyCommand::Set { name, value, why } => {
                set(cx, &name, Some(&value), why.reason.as_deref())
            }
            PolicyCommand::Unset { name, why } => set(cx, &name, None, why.reason.as_deref()),
        }
    }
}

/// Columns. Every terminal shows each policy and its value in one piece.
const COLUMNS: [Column; 4] = [
    Column::new("POLICY", 0, 0).whole(17),
    Column::new("VALUE", 0, 0).whole(24),
    Column::new("DEFAULT", 50, 0).whole(24),
    Column::new("MEANING", 60, 0),
];

fn show(cx: &mut Cx<'_>, format: Format) -> Result<u8> {
    let store = cx.open_to_read()?;
    let policy = store::read(&*store, |store| store.policy())?;
    let default = Policy::default();
    let mut rows = Vec::new();
    for (name, meaning) in SETTINGS {
        let (value, default) = (policy.get(name)?, default.get(name)?);
        rows.push([name.to_owned(), value, default, meaning.to_owned()]);
    }
    let text = match format {
        Format::Json => {
            let values = rows
                .into_iter()
                .map(|[name, value, ..]| (name, value.into()));
            json::line(&values.collect::<Map<_, _>>())
        }
        Format::Text => table(cx.style(), COLUMNS, rows),
    };
    cx.print(&text.map_err(unwritable)?)?;
    Ok(DONE)
}

/// Sets the policy `name` to the given value, or resets it to its default.
fn set(cx: &mut Cx<'_>, name: &str, given: Option<&str>, reason: Option<&str>) -> Result<u8> {
    let mut wanted = Policy::default();
    let value = match given {
        // Normalises the value as it is shown, and refuses a bad one before a store is opened.
        Some(value) => {
            wanted.set(name, value)?;
            wanted.get(name)?
        }
        None => wanted.get(name)?,
    };
    let is_default = value == Policy::default().get(name)?;
    let mut store = cx.open_to_write()?;
    let actor = store.actor(cx.env);
    let changed = store::write(&mut *store, |tx| {
        tx.access(&actor)?.administrator("set policy")?;
        // A damaged policy can be set, even if another one is damaged too.
        let (mut policy, damaged) = tx.readable_policy()?;
        let old = match damaged.iter().any(|damaged| damaged == name) {
            true => None,
            false => Some(policy.get(name)?),
        };
        policy.set(name, &value)?;
        policy.check(name, given.is_some())?;
        if old.as_ref() == Some(&value) {
            return Ok(None);
        }
        tx.set_policy(name, Some(value.as_str()).filter(|_| !is_default))?;
        let event = Event::new(cx.env.now(), &actor, Action::Policy, None)
            .with("name", name)
            .with("old", old.as_deref())
            .with("new", value.as_str());
        tx.append(&event.because(reason))?;
        Ok::<_, Error>(Some(old))
    })?;
    let is_changed = changed.is_some();
    match changed {
        Some(Some(old)) => cx.status(format_args!("{name} is now {value} (was {old})")),
        Some(None) => cx.status(format_args!("{name} is now {value} (was damaged)")),
        None => cx.status(format_args!("{name} is already {value}")),
    }
    if is_changed && name == "max-expiry" && !cx.quiet {
        let now = cx.env.now();
        // The policy is set already, so a failure to count is no failure of the command.
        if let Ok(outliving) = store::read(&*store, |store| outliving(store, now)) {
            report_outliving(cx, outliving);
        }
    }
    Ok(DONE)
}

/// Counts the keys that live longer than policy allows.
fn outliving(store: &dyn Read, now: Timestamp) -> Result<usize> {
    let policy = store.policy()?;
    let living = Filter {
        kind: Some(Kind::Api),
        states: vec![State::Active, State::Disabled],
        ..Filter::all(now)
    };
    let mut outliving = 0;
    let _damaged = store.scan(&living, &mut |key| {
        let expiry = policy.check_expiry(key.expires_at, key.created_at);
        outliving += usize::from(expiry.is_err());
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(outliving)
}

/// Says how many keys live longer than the new policy allows and keep their dates.
fn report_outliving(cx: &mut Cx<'_>, outliving: usize) {
    let (lives, keep) = match outliving {
        0 => return,
        1 => ("lives", "keeps its dates"),
        _ => ("live", "keep their dates"),
    };
    cx.status(format_args!(
        "{} {lives} longer than that and {keep}",
        keys(outliving)
    ));
    cx.hint(run!("doctor").in_quotes().and(" shows them"));
}
