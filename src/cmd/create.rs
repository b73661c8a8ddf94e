//! `keyctl create`

mod checked;
mod fields;
mod from;
mod held;
mod insert;
mod lines;
mod made;
mod names;
mod plan;
mod recipients;
mod series;
mod several;

pub use self::made::created;

use self::fields::{Fields, Terms};
use self::from::Source;
use self::held::Kept;
use self::lines::Defaults;
use self::made::{announce_many, announce_replaced};
use self::names::{Names, Naming, count};
use self::plan::Rules;
use self::recipients::recipient;
use self::several::{Several, missing};
use super::Cx;
use super::change::record;
use super::handover::{CreateHandover, Exec, begins};
use super::issue::{Handover, Number, announce, issue, mint};
use super::owner;
use super::values::{self, Expiry, Format, Why};
use crate::env::Actor;
use crate::error::{DONE, Result};
use crate::event::Action;
use crate::hint::{Hint, run};
use crate::key::Kind;
use crate::name;
use crate::network::Network;
use crate::store::{self, Read, Tx};
use crate::when::Timestamp;
use serde_json::Value;
use std::mem;

/// Create keys
///
/// The token is written once, alone on its line, to standard output; details go to standard error.
/// A key is created only once its token has been delivered. If there is no store, create makes one,
/// and whoever runs it becomes the store's first administrator.
///
/// Only an administrator can create a legacy key, meant for internal automation. It has no scopes,
/// never expires, and cannot be deleted or purged: rotate or disable it instead.
///
/// --exec hands the token to a command in place of printing it. If the command fails, does not read the token, or
/// runs out of time, the key is deleted. With --count or --from, the command runs once for each key, in order; the
/// first failure ends that, and keys made before it stay. The same line with --skip-existing goes on from there.
/// See 'keyctl help rotate' for what the command gets.
///
/// A name that another key of the owner has is refused. With --if-absent such a key is kept, however it was
/// created, even if it does not work: standard error names it and, in that case, says why. No token is
/// printed and no secret file is written, since a token is shown only once. With --replace-expired, a
/// key that has expired is deleted and the new one takes its name; with any other key, create still refuses. A
/// daily job can use both: it gets a new key once the last one has expired. Let the key expire before the next
/// run, as with --expires 23h; otherwise that run gets no token. Move the secret file of the last run away first.
///
/// With --from, the keys come from a file: CSV whose first line names the fields, or JSON lines. Each key has a
/// name, and may have owner, scopes, expires, labels (team=search), kind and allow_from; commas separate several
/// scopes, labels or networks in one field, and JSON may have arrays and an object of labels. --scope,
/// --owner, --expires, --label, --allow-from and --kind fill in what a line leaves out. With --secret-dir, all keys
/// are created in one step; if a line is refused or a token cannot be written, no key is created and no file is left.
/// With --skip-existing, a line whose name another key of the owner has is left out and standard error names it;
/// --replace-expired works for each line.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    the keys were created; or, with --if-absent, a key of that name was kept
  2    usage: a bad flag, value or line of a file, or an unknown scope
  4    refused: a later expiry than policy allows, another user's key, a name already in use, or
       only administrators create keys (policy self-service)
  5    the store failed, or the token could not be delivered, or the command of --exec failed: no
       key was created, or only those before it
  130  the command of --exec was interrupted: no key was created, or only those before it

Environment:
  KEYCTL_KEY_ID, KEYCTL_KEY_NAME, KEYCTL_KEY_OWNER  set for the command of --exec: the new key

Examples:
  $ keyctl create --scope inference --expires 90d --name ci-deploy
  $ keyctl create --scope project --owner alice --secret-file alice.token
  $ TOKEN=$(keyctl create --scope inference --quiet)
  $ keyctl create --scope inference --name worker --count 3 --format json
  $ keyctl create --scope inference --name gateway --allow-from 10.0.0.0/8,2001:db8::/32
  $ keyctl create --scope inference --name reporter --exec -- gh secret set REPORTER_TOKEN
  $ keyctl create --scope inference --name runner --secret-file runner.token --if-absent
  $ keyctl create --scope inference --name nightly --expires 23h --if-absent --replace-expired
  $ keyctl create --from services.csv --secret-dir secrets --expires 90d
  $ jq -c '.[]' services.json | keyctl create --from - --secret-dir secrets --skip-existing
  $ keyctl create --from services.csv --exec -- sh -c 'gh secret set \"$KEYCTL_KEY_NAME\"'")]
pub struct Args {
    /// What the key may do: inference and project (which implies inference) are there from the
    /// start, and 'keyctl scope list' shows all; repeat it or separate scopes with commas
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// The key's name [default: <prefix>-apikey-<owner>-<time>]
    #[arg(long, value_parser = name::key_name)]
    name: Option<String>,
    /// The user the key belongs to [default: you]
    #[arg(long, value_name = "USER", value_parser = name::sought_owner)]
    owner: Option<String>,
    /// When the key expires: 90d, 6months, 2027-03-31, an RFC 3339 time, or never; 12months is 360 days,
    /// 1y is 365 [default: policy default-expiry, 365d unless set]
    #[arg(long, value_name = "WHEN", allow_hyphen_values = true)]
    expires: Option<Expiry>,
    /// The kind of key; a legacy key takes no scope and never expires
    #[arg(long, value_name = "KIND", value_parser = values::kind(), default_value = "api")]
    kind: Kind,
    /// A note on the key, for example team=search; may be repeated, up to 64 on one key
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = values::label)]
    labels: Vec<(String, String)>,
    /// A network from which the key works, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32; repeat it or
    /// separate networks with commas [default: from anywhere]
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = values::new_network)]
    allow_from: Vec<Network>,
    /// Create this many keys, with names ending in -1, -2 and so on; prints one token per line
    #[arg(long, value_name = "N", value_parser = count, allow_hyphen_values = true)]
    count: Option<u32>,
    /// If a key of the owner has the name, keep it: create nothing, print no token, exit 0
    #[arg(long, requires = "name", conflicts_with = "count")]
    if_absent: bool,
    /// If an expired key has the name, delete it in the same step
    #[arg(long)]
    replace_expired: bool,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    handover: Handover,
    #[command(flatten)]
    exec: Exec,
    #[command(flatten)]
    why: Why,
}

/// Names of the new keys, and the fields that all of them share.
struct Draft {
    names: Names,
    terms: Terms,
}

impl Args {
    /// Makes the keys.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        if let Some(code) = self.run_several(cx)? {
            return Ok(code);
        }
        self.check_flags()?;
        let fields = self.fields()?;
        fields.check(cx.env.now())?;
        let handover = &self.handover;
        let plan = self.exec.plan(cx)?;
        let check = |cx: &Cx<'_>| match plan {
            Some(_) => Ok(()),
            None => handover.check(cx),
        };
        if !self.if_absent {
            check(cx)?;
        }
        // Refuse early, before a store is made and time goes into hashing; checked again under the lock.
        let preview = cx.preview()?;
        let (actor, now) = (preview.actor(cx.env), cx.env.now());
        let (recipient, draft, policy) = store::read(&*preview, |store| {
            let recipient = recipient(cx, store, &actor, self.owner.as_deref())?;
            let draft = self.draft(store, &fields, &actor, &recipient.name, now)?;
            Ok((recipient, draft, store.policy()?))
        })?;
        if let Some(kept) = &draft.names.kept {
            return self.keep(cx, kept, now);
        }
        drop(preview);
        // Only now with --if-absent: the secret file of the key that is kept may be there.
        check(cx)?;
        let owner = &recipient.name;
        let minted = mint(cx, &policy, self.count.unwrap_or(1) as usize)?;
        let mut store = cx.open_or_create()?;
        let number = if self.count.is_some() {
            Number::Many
        } else {
            Number::One
        };
        let reason = self.why.reason.as_deref();
        let mut held = Names::default();
        let mut write = |tx: &mut dyn Tx, now: Timestamp, detail: Option<&Value>| {
            let draft = self.draft(&*tx, &fields, &actor, owner, now)?;
            held = draft.names;
            if held.kept.is_some() {
                return Ok((Vec::new(), Vec::new()));
            }
            for expired in &mut held.expired {
                let deleted = (expired.delete(now)?, Action::Delete);
                record(tx, &actor, now, reason, expired.clone(), deleted)?;
            }
            let mut keys = Vec::with_capacity(minted.len());
            for (name, minted) in held.new.iter().zip(&minted) {
                let whose = (owner.as_str(), name.as_str());
                let key = fields.key(&draft.terms, minted.id(), whose, &actor, now);
                tx.insert(&key, &minted.hash)?;
                let event = created(&key, now, &actor).because(reason);
                tx.append(&begins(event, detail))?;
                keys.push(key);
            }
            Ok((keys, held.expired.clone()))
        };
        let (keys, now, store) = match (&plan, minted.as_slice()) {
            (Some(plan), [minted]) => {
                let handover = CreateHandover {
                    plan,
                    minted,
                    reason,
                };
                let insert = |tx: &mut dyn Tx, now, detail: &Value| {
                    let (keys, expired) = write(tx, now, Some(detail))?;
                    Ok(keys.into_iter().next().map(|key| (key, expired)))
                };
                let (key, now) = handover.run(cx, store, insert)?;
                (Vec::from_iter(key), now, cx.reopen().ok())
            }
            _ => {
                let job = |tx: &mut dyn Tx, now| Ok(write(tx, now, None)?.0);
                let (keys, now) = issue(cx, &mut *store, handover, number, &minted, job)?;
                (keys, now, Some(store))
            }
        };
        if let Some(kept) = &held.kept {
            return self.keep(cx, kept, now);
        }
        for expired in &held.expired {
            announce_replaced(cx, expired, now);
        }
        match keys.as_slice() {
            [key] => announce(cx, "created", key, now),
            keys => announce_many(cx, keys, now),
        }
        if let (Some(_), [key]) = (&plan, keys.as_slice()) {
            handover.print_handed_over(cx, key, now)?;
        }
        if let Some(store) = store {
            owner::warn_if_unknown(cx, &*store, &recipient);
        }
        Ok(DONE)
    }

    /// Makes several keys in the ways that are not for one: from a file, or with a command for each.
    fn run_several(&self, cx: &mut Cx<'_>) -> Result<Option<u8>> {
        self.exec.check()?;
        let count = self.count.filter(|_| self.exec.is_given());
        if self.source.from.is_none() && count.is_none() {
            return Ok(None);
        }
        let several = Several {
            defaults: &Defaults {
                owner: self.owner.clone(),
                fields: self.given_fields()?,
            },
            rules: Rules {
                skip_existing: self.source.skip_existing,
                replace_expired: self.replace_expired,
            },
            exec: &self.exec,
            format: self.handover.format,
            reason: self.why.reason.as_deref(),
        };
        match (&self.source.from, count) {
            (Some(from), _) => several.from(cx, from, self.source.secret_dir.as_deref()),
            (None, count) => several.numbered(cx, self.name.as_deref(), count.unwrap_or(1)),
        }
        .map(Some)
    }

    /// Refuses flags that go with other ones only.
    fn check_flags(&self) -> Result<()> {
        // clap requires no flag that conflicts with a given one, such as --count.
        if self.source.secret_dir.is_some() {
            return Err(missing(
                "--from FILE",
                "--secret-dir goes with --from; without it, --secret-file FILE takes the tokens",
            ));
        }
        if self.source.skip_existing {
            return Err(missing(
                "--from FILE",
                "--skip-existing goes with --from, or with --count and --exec",
            ));
        }
        match self.replace_expired && self.name.is_none() {
            true => Err(missing(
                "--name NAME",
                Hint::from("see ").and(run!("help create").in_quotes()),
            )),
            false => Ok(()),
        }
    }

    /// Reports that a key holds the name, so that none was created and no command ran.
    fn keep(&self, cx: &mut Cx<'_>, kept: &Kept, now: Timestamp) -> Result<u8> {
        if self.exec.is_given() && self.handover.format == Format::Text {
            self.handover.print_handed_over(cx, &kept.key, now)?;
        }
        if self.exec.is_given() && kept.key.last_used_at.is_none() {
            held::warn_of_handover(cx, &kept.key, now)?;
        }
        held::report(cx, &self.handover, kept, now)
    }

    fn naming(&self) -> Naming {
        Naming {
            count: self.count,
            if_absent: self.if_absent,
            replace_expired: self.replace_expired,
        }
    }

    fn fields(&self) -> Result<Fields> {
        fields::check_kind(self.kind, &self.scopes, self.expires.as_ref())?;
        self.given_fields()
    }

    fn given_fields(&self) -> Result<Fields> {
        Ok(Fields {
            kind: self.kind,
            scopes: self.scopes.clone(),
            expires: self.expires.clone(),
            labels: values::labels(&self.labels)?,
            allow_from: values::networks(&self.allow_from)?,
        })
    }

    /// Checks the arguments against the store at `now`.
    fn draft(
        &self,
        store: &dyn Read,
        fields: &Fields,
        actor: &Actor,
        owner: &str,
        now: Timestamp,
    ) -> Result<Draft> {
        // Looked up first, since a store on a server then answers this together with what every view reads.
        let name = self.name.as_deref();
        let mut given = name.map(|name| self.naming().given(store, owner, name, now));
        let (access, policy) = (store.access(actor)?, store.policy()?);
        if !self.if_absent {
            policy.check_creator(&access)?;
        }
        access.for_owner(owner)?;
        fields.check_access(&access)?;
        let scopes = fields.known_scopes(&store.scopes()?)?;
        if self.if_absent
            && let Some(Ok(names)) = &mut given
            && let Some(kept) = &mut names.kept
        {
            // Policy matters only to the hint: no key is created.
            kept.barred = policy
                .check_creator(&access)
                .err()
                .and_then(|error| error.hint);
            let (names, terms) = (mem::take(names), Terms::default());
            return Ok(Draft { names, terms });
        }
        policy.check_creator(&access)?;
        let expires_at = fields.expires_at(&policy, now)?;
        let names = match given {
            Some(names) => names?,
            None => {
                let base = format!("{}-apikey-{owner}-{}", policy.key_prefix, now.compact());
                self.naming().free(store, owner, &name::nfc(&base))?
            }
        };
        let terms = Terms { scopes, expires_at };
        Ok(Draft { names, terms })
    }
}
