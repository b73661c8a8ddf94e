//! `keyctl import`

mod entry;
mod owners;
mod plan;
mod report;
mod token;

use self::entry::{Entry, FIELDS};
use self::owners::Owners;
use self::plan::{Defaults, Plan, Planner};
use super::create::created;
use super::flaws::Flaws;
use super::values::{self, Expiry, Why, file_path};
use super::{Cx, path, records};
use crate::env::{Actor, Progress, Unit};
use crate::error::{DONE, Result};
use crate::event::{Action, Event};
use crate::id::KeyId;
use crate::key::Key;
use crate::name;
use crate::network::Network;
use crate::store::{self, Read, Store, Tx};
use crate::when::Timestamp;
use std::path::PathBuf;

/// Import the keys of another system
///
/// The tokens of these keys go on working: verify accepts each as it is. FILE has one key per line, as JSON
/// lines or as CSV whose first line names the fields; '-' reads standard input. Either all keys are imported
/// or none, and each line that is wrong is named by its number. Only an administrator may import keys.
///
/// Each line has a name, and either token, the token itself, or sha256, the SHA-256 digest of the whole token:
/// 64 hexadecimal digits, or base64 of the 32 bytes. It may have owner, scopes, labels, allow_from, expires
/// (or expires_at), created_at and disabled. The options give owner, scopes, expiry and networks to the lines
/// that have none, and add labels to each line.
///
/// Only the digest of a token is stored, and no token is printed. So a token must be hard to guess: one with
/// fewer than 20 characters, or with fewer than 10 different ones, is refused. So is a token of keyctl, and a
/// token that looks like a digest: LiteLLM, for example, calls the digest token. Name such a field sha256.
///
/// With --skip-existing, a line whose token a key here has already is left out, and standard error names it: a file
/// to which lines are added can be imported again and again.
///
/// A lifetime is limited by policy from the import on, not from created_at. To replace an imported token by one
/// of keyctl, rotate its key.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  the keys were imported, or with --dry-run could be
  2  usage: a bad flag, field or value, a token that is refused, or two lines with one token or name
  4  refused: you are not an administrator, a later expiry than policy allows, a name or a token that a key
     here has, or a key that was deleted here after an earlier import
  5  FILE cannot be read, the store failed, or there is none

Examples:
  $ keyctl import keys.csv --scope inference --dry-run
  $ keyctl import keys.csv --scope inference --label from=gateway -m 'moved from the old gateway'
  $ keyctl import keys.csv --scope inference --skip-existing
  $ jq -c '.[]' keys.json | keyctl import - --owner bob --expires 90d --format json")]
pub struct Args {
    /// JSON lines or CSV with the fields name, owner, scopes, labels, allow_from, expires, created_at, disabled,
    /// and token or sha256; '-' is standard input
    #[arg(value_name = "FILE", value_parser = file_path(path::RECORDS))]
    file: PathBuf,
    /// What a key may do whose line has no scopes; repeat it or separate scopes with commas
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// The owner of a key whose line has none [default: you]
    #[arg(long, value_name = "USER", value_parser = name::sought_owner)]
    owner: Option<String>,
    /// When a key expires whose line has no expiry: 90d, 6months, 2027-03-31, an RFC 3339 time, or never;
    /// 12months is 360 days, 1y is 365 [default: policy default-expiry, 365d unless set]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    expires: Option<Expiry>,
    /// A label for each key whose line has none of that name; may be repeated
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = values::label)]
    labels: Vec<(String, String)>,
    /// A network from which a key works whose line has none; repeat it or separate networks with commas
    /// [default: from anywhere]
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = values::new_network)]
    allow_from: Vec<Network>,
    /// Take a token for itself even if it looks like a digest
    #[arg(long)]
    tokens_are_plain: bool,
    /// Import also keys that were imported before and then deleted
    #[arg(long)]
    again: bool,
    /// Leave out each line whose token a key here has already, and that is not deleted
    #[arg(long)]
    skip_existing: bool,
    /// Print what would be imported, but import nothing
    #[arg(long)]
    dry_run: bool,
    /// Output format; text is the key IDs, one per line, or with --dry-run a table
    #[arg(long, value_name = "FORMAT", value_parser = report::format(), default_value = "text")]
    format: report::Format,
    #[command(flatten)]
    why: Why,
}

impl Args {
    /// Imports the keys, or prints them with --dry-run.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let labels = values::labels(&self.labels)?;
        let allow_from = values::networks(&self.allow_from)?;
        if let Some(expiry) = &self.expires {
            expiry.check(cx.env.now())?;
        }
        report::check_format(self.format, self.dry_run)?;
        let mut store = match self.dry_run {
            true => cx.open_to_read()?,
            false => cx.open_to_write()?,
        };
        let actor = store.actor(cx.env);
        store::read(&*store, |store| {
            check_access(store, &actor)?;
            values::check_scopes(store, &self.scopes)
        })?;
        let parse = |record: &_, now| Entry::read(record, self.tokens_are_plain, now);
        let nothing = "nothing was imported";
        let (entries, flaws) = records::read(cx, &self.file, &FIELDS, nothing, parse)?;
        let owners = Owners::find(cx, &*store, &actor, self.owner.as_deref(), &entries)?;
        let defaults = Defaults {
            scopes: &self.scopes,
            labels: &labels,
            allow_from: &allow_from,
            expires: self.expires.as_ref(),
        };
        let job = Job {
            args: &self,
            entries: &entries,
            planner: Planner {
                actor: &actor,
                defaults: &defaults,
                owners: &owners,
                again: self.again,
                skip_existing: self.skip_existing,
            },
        };
        // With a flaw that needs no store, the others are found without the write lock.
        if self.dry_run || !flaws.is_empty() {
            let (plan, now) = job.preview(cx, &*store, &flaws)?;
            report::left_out(cx, &plan.left_out, now);
            report::preview(cx, &plan.imports, now, self.format)?;
        } else {
            let (plan, now) = job.import(cx, &mut *store, flaws)?;
            report::left_out(cx, &plan.left_out, now);
            report::imported(cx, &plan.imports, now, self.format)?;
            report::next(cx, &plan.imports, &defaults, &self.file);
        }
        owners.warn_of_unknown(cx, &*store);
        Ok(DONE)
    }
}

fn check_access(store: &dyn Read, actor: &Actor) -> Result<()> {
    store.access(actor)?.administrator("import keys")
}

/// Import of all lines, or its preview.
struct Job<'a> {
    args: &'a Args,
    entries: &'a [Entry],
    planner: Planner<'a>,
}

impl<'a> Job<'a> {
    /// Makes the keys that would be imported, without IDs of their own. Fails if there are `flaws`, or others.
    fn preview(
        &self,
        cx: &Cx<'_>,
        store: &dyn Store,
        flaws: &Flaws,
    ) -> Result<(Plan<'a>, Timestamp)> {
        let ids = vec![report::NO_ID.parse()?; self.entries.len()];
        let now = cx.env.now();
        let plan = store::read(store, |store| {
            let flaws = flaws.clone();
            self.planner.plan(store, self.entries, &ids, now, flaws)
        })?;
        Ok((plan, now))
    }

    /// Imports the keys, in one transaction.
    fn import(
        &self,
        cx: &mut Cx<'_>,
        store: &mut dyn Store,
        flaws: Flaws,
    ) -> Result<(Plan<'a>, Timestamp)> {
        let mut ids = Vec::with_capacity(self.entries.len());
        for _ in self.entries {
            ids.push(KeyId::generate(&mut *cx.env.random)?);
        }
        let mut progress = cx.progress(Unit::Keys, self.entries.len() as u64);
        store::write(store, |tx| {
            let now = cx.env.now();
            check_access(&*tx, self.planner.actor)?;
            let plan = self.planner.plan(&*tx, self.entries, &ids, now, flaws)?;
            self.insert(tx, &plan, now, &mut *progress)?;
            Ok((plan, now))
        })
    }

    /// Writes the keys, and an event for each.
    fn insert(
        &self,
        tx: &mut dyn Tx,
        plan: &Plan<'_>,
        now: Timestamp,
        progress: &mut dyn Progress,
    ) -> Result<()> {
        let (actor, reason) = (self.planner.actor, self.args.why.reason.as_deref());
        if !plan.left_out.is_empty() {
            progress.advance(plan.left_out.len() as u64);
        }
        for (key, entry) in &plan.imports {
            tx.insert(key, &entry.digest.phc())?;
            tx.append(&imported(key, now, actor).because(reason))?;
            if key.disabled_at.is_some() {
                let event = Event::new(now, actor, Action::Disable, Some(key.id));
                tx.append(&event.because(reason))?;
            }
            progress.advance(1);
        }
        Ok(())
    }
}

/// Event of the import of `key`: that of a creation, with the time of its creation in the other system.
fn imported(key: &Key, now: Timestamp, actor: &Actor) -> Event {
    let event = Event {
        action: Action::Import,
        ..created(key, now, actor)
    };
    match key.created_at == now {
        true => event,
        false => event.with("created_at", key.created_at.to_string()),
    }
}
