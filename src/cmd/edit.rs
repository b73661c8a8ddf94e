//! `keyctl edit`

mod plan;
mod report;

use self::plan::{Plan, check_giver};
use super::owner::{self, Recipient};
use super::values::{self, Expiry, Why};
use super::{Cx, keys};
use crate::env::Actor;
use crate::error::{DONE, Error, FailureKind, Result, quote};
use crate::id::KeyId;
use crate::key::{Edit, Labels, Networks, Scopes};
use crate::name;
use crate::network::Network;
use crate::store::{self, Read};
use crate::when::Span;
use std::collections::BTreeSet;

/// Change a key's name, owner, scopes, expiry, labels or networks
///
/// The token stays the same. Only what you give is checked and changed. With several keys, either
/// all are changed or none. A new expiry brings an expired key back to life. A rotated key allows
/// only --owner, and --grace while it still works; a deleted key allows no changes.
///
/// --owner gives keys to another user, for example when a colleague leaves; only an administrator
/// can. If a live key of that user has the same name, nothing is changed. A project accepts a key
/// only if its owner is a member: the projects that the new owner does not belong to are named.
/// A rotated key whose grace period still runs stays with its owner unless you give it too; it is named.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  done
  2  usage: a bad flag or value, or an unknown scope
  3  no such key, more than one match, or the key has no such scope, label or network
  4  refused: by policy, access or a key's state, or a name already in use
  5  the store failed, or there is none

Examples:
  $ keyctl edit ci-deploy --add-scope project -m 'uploads data sets now'
  $ keyctl edit ci-deploy --expires 30d --label team=search
  $ keyctl edit api --add-scope inference --remove-scope project
  $ keyctl edit ci-deploy --name ci-release --remove-label team
  $ keyctl edit ci-deploy --allow-from 10.0.0.0/8,192.0.2.7
  $ keyctl edit alice/api --owner bob -m 'alice has left'
  $ keyctl list --owner alice --label team=search --format ids | keyctl edit - --owner bob")]
pub struct Args {
    /// Key IDs, names or OWNER/NAME; '-' reads them, or tokens, from standard input, one per line
    #[arg(value_name = "KEY", required = true)]
    keys: Vec<String>,
    /// A new name, for one key
    #[arg(long, value_parser = name::key_name)]
    name: Option<String>,
    /// The user who gets the keys; only an administrator can give them away
    #[arg(long, value_name = "USER", value_parser = name::sought_owner)]
    owner: Option<String>,
    /// Replace the key's scopes with this one; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', conflicts_with_all = ["add_scopes", "remove_scopes"])]
    scopes: Vec<String>,
    /// A scope to add; may be repeated
    #[arg(long = "add-scope", value_name = "SCOPE", value_delimiter = ',')]
    add_scopes: Vec<String>,
    /// A scope to remove; may be repeated
    #[arg(long = "remove-scope", value_name = "SCOPE", value_delimiter = ',')]
    remove_scopes: Vec<String>,
    /// When the key expires: 90d, 6months, 2027-03-31, an RFC 3339 time, or never; 12months is 360 days,
    /// 1y is 365. Policy max-expiry, counted from the key's creation, is the limit
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    expires: Option<Expiry>,
    /// How much longer a rotated key works, counted from now, at most 90d; only while it still
    /// works
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    grace: Option<Span>,
    /// Replace the networks from which the key works, such as 10.0.0.0/8 or 2001:db8::/32; may be
    /// repeated; 'any' lets it work from anywhere
    #[arg(long, value_name = "CIDR|any", value_delimiter = ',', value_parser = network_or_any, conflicts_with_all = ["add_allow_from", "remove_allow_from"])]
    allow_from: Vec<Option<Network>>,
    /// A network to add; may be repeated
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    add_allow_from: Vec<Network>,
    /// A network to remove; may be repeated. The last one cannot be removed: see --allow-from any
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    remove_allow_from: Vec<Network>,
    /// A label to set; may be repeated, up to 64 on one key
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = values::label)]
    labels: Vec<(String, String)>,
    /// A label to remove; may be repeated
    #[arg(long = "remove-label", value_name = "LABEL", value_parser = label_to_remove)]
    remove_labels: Vec<String>,
    /// Print what would change, but change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    why: Why,
}

impl Args {
    /// Changes the keys.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let labels = Labels {
            set: values::labels(&self.labels)?,
            remove: self.remove_labels.iter().cloned().collect(),
        };
        if let Some(expiry) = &self.expires {
            expiry.check(cx.env.now())?;
        }
        let given = keys::expand(cx, &self.keys)?;
        if self.name.is_some() && given.len() > 1 {
            return Err(
                Error::usage(format!("--name is given for {} KEYs", given.len()))
                    .hint("a name is for one key: give one KEY, or leave --name out"),
            );
        }
        let mut store = match self.dry_run {
            true => cx.open_to_read()?,
            false => cx.open_to_write()?,
        };
        let texts = keys::resolve(cx, &*store, &given)?;
        let actor = store.actor(cx.env);
        let (ids, owner) = store::read(&*store, |store| {
            self.find(cx, store, &actor, &texts, &labels)
        })?;
        let new_owner = owner.as_ref().map(|owner| owner.name.as_str());
        // Checked again under the lock: a scope may have been removed meanwhile.
        let make = |store: &dyn Read| {
            let edit = self.edit(store, &labels, new_owner)?;
            Plan::make(store, &actor, &ids, &edit, cx.env.now())
        };
        let plan = match self.dry_run {
            true => store::read(&*store, make)?,
            false => store::write(&mut *store, |tx| {
                let plan = make(&*tx)?;
                plan.write(tx, &actor, self.why.reason.as_deref())?;
                Ok(plan)
            })?,
        };
        match self.dry_run {
            true => report::preview(cx, &plan)?,
            false => report::changed(cx, &plan),
        }
        report::projects(cx, &plan, self.dry_run);
        report::staying(cx, &plan, self.dry_run);
        if let Some(owner) = &owner {
            owner::warn_if_unknown(cx, &*store, owner);
        }
        Ok(DONE)
    }

    /// Finds the keys that `texts` stand for, and the user who gets them.
    fn find(
        &self,
        cx: &Cx<'_>,
        store: &dyn Read,
        actor: &Actor,
        texts: &[String],
        labels: &Labels,
    ) -> Result<(Vec<KeyId>, Option<Recipient>)> {
        let lookup = cx.lookup_to_change(actor, cx.env.now());
        let ids = keys::find(&lookup, store, texts)
            .or_else(|error| Err(self.with_scopes(error, store, texts)?))?;
        let ids = ids.into_iter().map(|key| key.id).collect();
        let owner = match &self.owner {
            None => None,
            Some(owner) => {
                // Before the query to the system's user database, which may be slow.
                check_giver(&store.access(actor)?)?;
                let checked = name::owner;
                Some(owner::recipient(
                    cx,
                    store,
                    actor,
                    owner,
                    |_| Ok(false),
                    checked,
                )?)
            }
        };
        let new_owner = owner.as_ref().map(|owner| owner.name.as_str());
        if self.edit(store, labels, new_owner)?.is_empty() {
            return Err(Error::usage("no change is given")
                .hint("give at least one change, such as --name or --expires"));
        }
        Ok((ids, owner))
    }

    /// Adds a hint to `error`, if a KEY was not found and one is a scope after a blank: `--scope a b`.
    fn with_scopes(&self, error: Error, store: &dyn Read, texts: &[String]) -> Result<Error> {
        let options = [
            ("--scope", &self.scopes),
            ("--add-scope", &self.add_scopes),
            ("--remove-scope", &self.remove_scopes),
        ];
        let known = store.scopes()?;
        let stray = texts.iter().filter(|text| known.check(text).is_ok());
        let stray: Vec<&str> = stray.map(String::as_str).collect();
        let given = options.into_iter().find(|(_, scopes)| !scopes.is_empty());
        Ok(match given {
            Some((option, scopes)) if error.kind == FailureKind::NotFound && !stray.is_empty() => {
                let (given, stray) = (scopes.join(","), stray.join(","));
                error.hint(format!("did you mean '{option} {given},{stray}'?"))
            }
            _ => error,
        })
    }

    /// Returns the edit that the arguments ask for, with its scopes checked.
    fn edit(&self, store: &dyn Read, labels: &Labels, owner: Option<&str>) -> Result<Edit> {
        let replace = match self.scopes.as_slice() {
            [] => None,
            scopes => Some(values::check_scopes(store, scopes)?),
        };
        Ok(Edit {
            name: self.name.clone(),
            owner: owner.map(str::to_owned),
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
            "{} is not the name of a label",
            quote(text)
        ))
        .hint(format!("leave out the value: --remove-label {label}"))),
        _ => name::label_key(text),
    }
}
