//! `keyctl restore`

mod announce;
mod effect;
mod first;
mod journal;
mod keep;
mod moment;
mod outcome;
mod wider;

use self::announce::announce;
use self::effect::Effect;
use self::journal::Journal;
use self::moment::Moment;
use self::outcome::Outcome;
use super::confirm::{confirm, keys};
use super::values::{Why, file_path};
use super::{Cx, path};
use crate::error::{DONE, Error, Result, escape};
use crate::event::{Action, Event};
use crate::id::KeyId;
use crate::key::Key;
use crate::store::{self, Read, Restoration, Store};
use std::collections::HashSet;
use std::path::PathBuf;

/// Replace the store with a backup
///
/// The copy is one made by 'keyctl backup', or any other store. It is checked first; then
/// everything in the store is replaced by what the copy holds, plus one line in its log, all at
/// once or not at all. Others may be using the store: they carry on with the restored one. The
/// replaced store is kept beside it as PATH.replaced-TIME and can itself be restored. That file
/// gets the store's group and mode. It belongs to you or, if root restores, to the store's owner. On a server, the
/// replaced store is kept in a schema of its own, keyctl_before_TIME.
///
/// Everything goes back to how it was when the copy was made. A key disabled, deleted or purged since
/// then works again, and a key created since then is gone. Before it does anything, restore counts the
/// keys that will work again, those that will stop, and those that gain scopes, work longer or are
/// accepted from more addresses, and those that will be allowed less, and names the first 20 of each. It also
/// names project members and administrators who come back or lose their rights, and each policy setting that
/// changes. With --dry-run that is all it does. Names, owners and labels come from the copy too, but are not
/// listed. A head of the log that you saved after making the copy no longer matches: the restore removes the
/// lines since then.
///
/// If you have stopped a leaked key since then, it works again unless you add --keep-revoked. With that,
/// keys that were disabled, deleted, purged or rotated in the replaced store stay that way, going by its
/// records and its log. The keys that replaced rotated ones are kept too: their tokens are the ones in
/// use. Scopes, expiries and networks that were narrowed stay narrow. Project members, administrators
/// and policy still come from the copy. Each change of a key that is kept gets a line in the log, with
/// its reason. If the replaced store cannot be read, or its log is broken, nothing is restored.
///
/// Only an administrator may restore; if the store is damaged, only its file's owner or root. On a server, only
/// a member of the role that owns the store's schema may, and a copy with damaged records is refused. Users in
/// the copy who have no role on the server are named. If there is no store, one is created from the copy.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    done
  2    usage: a bad flag or value
  4    refused: you are not an administrator, not confirmed, or the store changed meanwhile
  5    the copy is missing, damaged or of a newer version, or the store failed; with --keep-revoked,
       also if there is no store that can be read, or its log is broken
  130  the prompt was interrupted

Examples:
  $ keyctl restore /var/backups/keyctl-2026-11-22.db --dry-run
  $ keyctl restore /var/backups/keyctl-2026-11-22.db
  $ keyctl restore /var/backups/keyctl-2026-11-22.db --keep-revoked
  $ keyctl restore /var/backups/keyctl-2026-11-22.db --yes -m 'the disk was lost'")]
pub struct Args {
    /// The backup to restore
    #[arg(value_name = "PATH", value_parser = file_path(path::COPY))]
    path: PathBuf,
    /// Do not ask for confirmation; required without a terminal
    #[arg(short, long)]
    yes: bool,
    /// Print what would change, but change nothing
    #[arg(long)]
    dry_run: bool,
    /// Keys that were stopped or narrowed since the copy was made stay stopped or narrow
    #[arg(long)]
    keep_revoked: bool,
    #[command(flatten)]
    why: Why,
}

/// Announcement that the user has answered.
#[derive(Default)]
struct Announced {
    /// Keys that become valid again.
    revived: HashSet<KeyId>,
    /// Content of both stores.
    moment: Moment,
}

impl Args {
    /// Restores the copy.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let address = cx.address()?;
        let open = match self.dry_run {
            true => store::preview_restore,
            false => store::prepare_restore,
        };
        let mut restoration = open(&address, &self.path, &cx.env.actor)?;
        for notice in restoration.notices() {
            cx.notice(notice);
        }
        if self.keep_revoked {
            restoration
                .require_current()
                .and_then(check_log)
                .map_err(cannot_keep)?;
        }
        if let Some(current) = restoration.current() {
            cx.warn_of_clock(current);
        }
        restoration.check()?;
        for warning in restoration.unknown_users()? {
            cx.notice(warning);
        }
        if self.dry_run {
            let (effect, _) = self.compare(cx, &*restoration)?;
            announce(cx, &*restoration, &effect, self.keep_revoked);
            cx.status("nothing was changed: this was a dry run");
            return Ok(DONE);
        }
        // With a prompt, the private copy is made after the answer: if the command is killed at the prompt,
        // no file is left.
        if self.yes {
            restoration.take_in()?;
        }
        let announced = self.ask(cx, &*restoration)?;
        let is_asked = !self.yes;
        let (actor, now) = (restoration.actor().clone(), cx.env.now());
        let source = restoration.source().to_owned();
        let mut renamed = Vec::new();
        let mut decide = |current: Option<&dyn Read>, copy: &dyn Read| {
            if let Some(store) = current {
                store.access(&actor)?.administrator("restore the store")?;
            }
            let outcome = self.outcome(current, copy)?;
            let effect = Effect::of(current, copy, &outcome, now, &mut |key| {
                check_announced(&announced.revived, key)
            })?;
            if is_asked {
                announced.moment.check(current, copy)?;
            }
            let event = Event::new(now, &actor, Action::Restore, None)
                .with("copy", source.to_string_lossy())
                .with(
                    "replaced",
                    current
                        .map(Read::head)
                        .transpose()?
                        .map(|head| head.to_string()),
                )
                .with("revived", effect.revived.count)
                .with("stopped", effect.stopped.count);
            let event = match self.keep_revoked {
                true => event.with("keep_revoked", effect.kept.counts()),
                false => event,
            };
            Ok(event.because(self.why.reason.as_deref()))
        };
        let journal = Journal {
            now,
            actor: &actor,
            reason: self.why.reason.as_deref(),
        };
        let restored = restoration.run(now, &mut decide, &mut |replaced, copy, restored| {
            let outcome = self.outcome(Some(replaced), copy)?;
            renamed = outcome.apply(restored, &journal)?;
            Ok(())
        })?;
        for notice in &restored.notices {
            cx.notice(notice);
        }
        cx.status(format_args!(
            "restored {}",
            escape(&source.to_string_lossy())
        ));
        for (key, before) in renamed {
            cx.notice(format_args!(
                "renamed {} to {}: another key of {} has the name {}",
                key.id,
                escape(&key.name),
                escape(&key.owner),
                escape(&before)
            ));
        }
        if let Some(kept) = &restored.kept {
            cx.status(format_args!("the replaced store is kept {kept}"));
        }
        cx.status(format_args!(
            "log head (keep a copy elsewhere): {}",
            restored.head
        ));
        Ok(DONE)
    }

    /// Announces the effects of the restore, and asks for confirmation unless `--yes` was given. Returns
    /// what was announced.
    fn ask(&self, cx: &mut Cx<'_>, restoration: &dyn Restoration) -> Result<Announced> {
        let (effect, announced) = self.compare(cx, restoration)?;
        if self.yes || cx.env.terminal.interactive() {
            announce(cx, restoration, &effect, self.keep_revoked);
        }
        let question = match effect.revived.count {
            0 => "Restore the copy?".to_owned(),
            count => format!("Restore the copy, and make {} valid again?", keys(count)),
        };
        confirm(cx, self.yes, "restore", &question)?;
        Ok(announced)
    }

    /// Compares the store with what it will be. Returns the effect of the restore, and what it holds for.
    fn compare(&self, cx: &Cx<'_>, restoration: &dyn Restoration) -> Result<(Effect, Announced)> {
        let now = cx.env.now();
        let mut announced = Announced::default();
        let mut compare = |current: Option<&dyn Read>, copy: &dyn Read| {
            announced.revived.clear();
            announced.moment = Moment::of(current, copy)?;
            let outcome = self.outcome(current, copy)?;
            Effect::of(current, copy, &outcome, now, &mut |key| {
                announced.revived.insert(key.id);
                Ok(())
            })
        };
        let effect = store::read(restoration.copy(), |copy| match restoration.current() {
            Some(current) => store::read(current, |current| compare(Some(current), copy)),
            None => compare(None, copy),
        })?;
        Ok((effect, announced))
    }

    /// Returns the content that the restore leads to.
    fn outcome<'a>(
        &self,
        current: Option<&'a dyn Read>,
        copy: &'a dyn Read,
    ) -> Result<Outcome<'a>> {
        match current {
            Some(current) if self.keep_revoked => Outcome::keeping(current, copy),
            _ => Ok(Outcome::of_copy(copy)),
        }
    }
}

/// Adds advice to the error about a store from which no revocation can be kept.
fn cannot_keep(error: Error) -> Error {
    error.hint(
        "nothing was changed: --keep-revoked needs a store that can be read, with its whole log; without --keep-revoked, keys that were stopped since the copy was made work again",
    )
}

/// Refuses a store with a broken log: what it has revoked may be missing there.
fn check_log(current: &dyn Store) -> Result<()> {
    store::read(current, |current| current.check_log(None))?.map_err(|flaw| {
        Error::damaged(format!(
            "the log of the store is broken: {flaw}; so what was revoked cannot be known"
        ))
    })?;
    Ok(())
}

/// Refuses to make a key valid again that was not announced: it was disabled or deleted after that.
fn check_announced(announced: &HashSet<KeyId>, key: &Key) -> Result<()> {
    if announced.contains(&key.id) {
        return Ok(());
    }
    Err(Error::state(format!(
        "{} would become valid again too: it was stopped after this command started",
        key.label()
    ))
    .hint("nothing was changed; run the command again"))
}
