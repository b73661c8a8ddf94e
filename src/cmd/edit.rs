//! `keyctl edit`

use super::values::{self, Expiry, Why};
use super::words::{networks, scopes};
use super::{Cx, keys, next, taken};
use crate::error::{DONE, Error, Result, escape, quote};
use crate::event::{Action, Event};
use crate::key::{Edit, Key, Labels, Networks, Scopes, State};
use crate::lookup::{self, live_successor};
use crate::name;
use crate::network::Network;
use crate::output::instant;
use crate::store::{self, Read};
use crate::when::{Span, Timestamp};
use std::collections::BTreeSet;

/// Change a key's name, scopes, expiry, labels or networks
///
/// The token stays the same. Only what you give is checked and changed. A new expiry brings an
/// expired key back to life. A rotated key allows only --grace, while it still works; a deleted key
/// allows no changes.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  done
  2  usage: a bad flag or value, or an unknown scope
  3  no such key, more than one match, or the key has no such scope, label or network
  4  refused: by policy, access or the key's state, or a name already in use
  5  the store failed, or there is none

Examples:
  $ keyctl edit ci-deploy --add-scope project -m 'uploads data sets now'
  $ keyctl edit ci-deploy --expires 30d --label team=search
  $ keyctl edit ci-deploy --allow-from 10.0.0.0/8,192.0.2.7")]
pub struct Args {
    /// A key ID, a name or OWNER/NAME; '-' reads it from standard input
    #[arg(value_name = "KEY")]
    key: String,
    /// A new name
    #[arg(long, value_parser = name::key_name)]
    name: Option<String>,
    /// Replace the key's scopes with this one; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', conflicts_with_all = ["add_scopes", "remove_scopes"])]
    scopes: Vec<String>,
    /// A scope to add; may be repeated
    #[arg(long = "add-scope", value_name = "SCOPE", value_delimiter = ',')]
    add_scopes: Vec<String>,
    /// A scope to remove; may be repeated
    #[arg(long = "remove-scope", value_name = "SCOPE", value_delimiter = ',')]
    remove_scopes: Vec<String>,
    /// When it expires: 30d, 2027-03-31, an RFC 3339 time, or never (12months is 360 days, 1y is
    /// 365); policy max-expiry, counted from the key's creation, is the limit
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    expires: Option<Expiry>,
    /// How much longer a rotated key works, counted from now, at most 90d; only while it still
    /// works
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    grace: Option<Span>,
    /// Replace the networks from which the key works, as 10.0.0.0/8 or 2001:db8::/32; may be
    /// repeated; 'any' lets it work from anywhere
    #[arg(long, value_name = "CIDR|any", value_delimiter = ',', value_parser = network_or_any, conflicts_with_all = ["add_allow_from", "remove_allow_from"])]
    allow_from: Vec<Option<Network>>,
    /// A network to add; may be repeated
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    add_allow_from: Vec<Network>,
    /// A network to remove; may be repeated. The last one stays: see --allow-from any
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    remove_allow_from: Vec<Network>,
    /// A label to set; may be repeated, up to 64 on one key
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = name::label)]
    labels: Vec<(String, String)>,
    /// A label to remove; may be repeated
    #[arg(long = "remove-label", value_name = "LABEL", value_parser = label_to_remove)]
    remove_labels: Vec<String>,
    #[command(flatten)]
    why: Why,
}

impl Args {
    /// Changes the key.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let labels = Labels {
            set: values::labels(&self.labels)?,
            remove: self.remove_labels.iter().cloned().collect(),
        };
        if let Some(expiry) = &self.expires {
            expiry.check(cx.env.now())?;
        }
        let text = keys::expand_one(cx, &self.key)?;
        let mut store = cx.open_to_write()?;
        let actor = store.actor(cx.env);
        let id = store::read(&*store, |store| {
            let lookup = cx.lookup_to_change(&actor, cx.env.now());
            let id = lookup.key(store, &text)?.id;
            if self.edit(store, &labels)?.is_empty() {
                return Err(Error::usage("nothing to change is given")
                    .hint("name at least one change, as --name or --expires"));
            }
            Ok(id)
        })?;
        let (before, after, now) = store::write(&mut *store, |tx| {
            let now = cx.env.now();
            let before = tx.get(id)?.ok_or_else(|| lookup::none(id.as_str()))?;
            tx.access(&actor)?
                .for_owner(&before.owner)
                .map_err(|error| error.of_key(id))?;
            // Checked again under the lock: a scope may have been removed meanwhile.
            let edit = self.edit(&*tx, &labels)?;
            let mut after = before.clone();
            after
                .edit(now, &edit, &tx.policy()?)
                .or_else(|error| Err(with_successor(error, &*tx, &before, now)?))
                .map_err(|error: Error| error.of_key(id))?;
            if before.name != after.name
                && let Some(holder) = taken::holder(&*tx, &after.owner, &after.name)?
                && holder.id != id
            {
                return Err(taken::refusal(&holder, now));
            }
            let changes = before.changes(&after);
            if !changes.is_empty() {
                tx.update(&after)?;
                let mut event = Event::new(now, &actor, Action::Edit, Some(id));
                event.detail.extend(changes);
                tx.append(&event.because(self.why.reason.as_deref()))?;
            }
            Ok((before, after, now))
        })?;
        if before == after {
            cx.status(format_args!(
                "{id} already has these values: nothing was changed"
            ));
            return Ok(DONE);
        }
        cx.status(format_args!("changed {id} ({})", escape(&after.name)));
        print_changes(cx, &before, &after, now);
        Ok(DONE)
    }

    /// Returns the edit that the arguments ask for, with its scopes checked.
    fn edit(&self, store: &dyn Read, labels: &Labels) -> Result<Edit> {
        let replace = match self.scopes.as_slice() {
            [] => None,
            scopes => Some(values::check_scopes(store, scopes)?),
        };
        Ok(Edit {
            name: self.name.clone(),
            scopes: Scopes {
                replace,
                add: values::check_scopes(store, &self.add_scopes)?,
                remove: values::check_scopes(store, &self.remove_scopes)?,
            },
            expires: self.expires.as_ref().map(|expiry| expiry.when),
            grace: self.grace,
            labels: labels.clone(),
            networks: self.networks()?,
        })
    }

    /// Returns the changes of the networks that the arguments ask for.
    fn networks(&self) -> Result<Networks> {
        let only: Option<Vec<Network>> = self.allow_from.iter().copied().collect();
        let replace = match (self.allow_from.as_slice(), only) {
            ([], _) => None,
            (_, Some(only)) => Some(values::networks(&only)?),
            ([None], None) => Some(BTreeSet::new()),
            (_, None) => {
                return Err(Error::usage("--allow-from has 'any' and networks")
                    .hint("give 'any' alone, or leave it out"));
            }
        };
        Ok(Networks {
            replace,
            add: values::networks(&self.add_allow_from)?,
            remove: values::networks(&self.remove_allow_from)?,
        })
    }
}

/// Adds a hint to `error`, which refused an edit of `key`: the successor to edit instead, if `key` was rotated.
fn with_successor(error: Error, store: &dyn Read, key: &Key, now: Timestamp) -> Result<Error> {
    if key.state(now) != State::PhasedOut || error.hint.is_some() {
        return Ok(error);
    }
    let instead = match live_successor(store, key)? {
        Some(live) => format!("change {}, its live successor", live.id).into(),
        None => next::no_successor(key),
    };
    let here = match key.is_in_grace(now) {
        true => "; here only --grace can be given",
        false => "",
    };
    Ok(error.hint(instead.and(here)))
}

/// Prints each field that changed, with its old and its new value.
fn print_changes(cx: &mut Cx<'_>, before: &Key, after: &Key, now: Timestamp) {
    let name = |key: &Key| escape(&key.name);
    let labels = |key: &Key| {
        let labels = key
            .labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        let labels: Vec<String> = labels.collect();
        match labels.is_empty() {
            true => "none".to_owned(),
            false => escape(&labels.join(" ")),
        }
    };
    let at = |at: Option<Timestamp>| instant(at, now);
    let fields = [
        ("name", [name(before), name(after)]),
        ("scopes", [scopes(before), scopes(after)]),
        ("labels", [labels(before), labels(after)]),
        ("from", [networks(before), networks(after)]),
        ("expires", [at(before.expires_at), at(after.expires_at)]),
        (
            "works until",
            [at(before.usable_until), at(after.usable_until)],
        ),
    ];
    for (field, [old, new]) in fields {
        if old != new {
            cx.status(format_args!("  {field}  {old} → {new}"));
        }
    }
}

/// Parses a network; `None` for `any`.
fn network_or_any(text: &str) -> Result<Option<Network>> {
    match text {
        "any" => Ok(None),
        text => text.parse().map(Some),
    }
}

/// Parses the name of a label to remove.
fn label_to_remove(text: &str) -> Result<String> {
    match text.split_once('=') {
        Some((label, _)) if name::label_key(label).is_ok() => Err(Error::usage(format!(
            "{} is not a label's name",
            quote(text)
        ))
        .hint(format!("leave the value out: --remove-label {label}"))),
        _ => name::label_key(text),
    }
}
