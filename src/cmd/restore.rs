//! `keyctl restore`

mod effect;

use self::effect::Effect;
use super::confirm::{confirm, keys, name_first};
use super::values::{Why, file_path};
use super::{Cx, path};
use crate::error::{DONE, Error, Result, escape};
use crate::event::{Action, Event};
use crate::id::KeyId;
use crate::key::Key;
use crate::store::{self, Read, Restoration};
use std::collections::HashSet;
use std::path::PathBuf;

/// Replace the store with a backup
///
/// The copy is one made by 'keyctl backup', or any other store. It is checked first; then
/// everything in the store is replaced by what the copy holds, plus one line in its log, all at
/// once or not at all. Others may be using the store: they carry on with the restored one. The
/// replaced store is kept beside it as PATH.replaced-TIME and can itself be restored. That file
/// gets the store's group and mode. It belongs to you or, if root restores, to the store's owner.
///
/// Everything goes back to how it was when the copy was made. A key disabled, deleted or purged since
/// then works again, and a key created since then is gone. Before it does anything, restore counts the
/// keys that will work again and those that will stop, names the first 20 of each, and names the users
/// who will be administrators again; with --dry-run that is all it does. A leaked key that you have stopped since then works again: stop it
/// again. Names, scopes, labels, expiries, grace periods, project members and policy also come from
/// the copy, without being named. A head of the log that you saved after making the copy no longer
/// matches: the restore removes the lines since then.
///
/// Only an administrator may restore; if the store is damaged, only its file's owner or root. If
/// there is no store, one is created from the copy.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    done
  2    usage: a bad flag or value
  4    refused: you are not an administrator, not confirmed, or the store changed meanwhile
  5    the copy is missing, damaged or of a newer version, or the store failed
  130  the prompt was interrupted

Examples:
  $ keyctl restore /var/backups/keyctl-2026-11-22.db --dry-run
  $ keyctl restore /var/backups/keyctl-2026-11-22.db
  $ keyctl restore /var/backups/keyctl-2026-11-22.db --yes -m 'the disk was lost'")]
pub struct Args {
    /// The copy
    #[arg(value_name = "PATH", value_parser = file_path(path::COPY))]
    path: PathBuf,
    /// Do not ask for confirmation; required without a terminal
    #[arg(short, long)]
    yes: bool,
    /// Say what the restore would do, and change nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    why: Why,
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
        if let Some(current) = restoration.current() {
            cx.warn_of_clock(current);
        }
        restoration.check()?;
        if self.dry_run {
            let (effect, _) = compare(cx, &restoration)?;
            announce(cx, &restoration, &effect);
            cx.status("nothing was changed: this was a dry run");
            return Ok(DONE);
        }
        // With a prompt, the private copy is made after the answer: if the command is killed at the prompt,
        // no file is left.
        if self.yes {
            restoration.take_in()?;
        }
        let announced = self.ask(cx, &restoration)?;
        let (actor, now) = (restoration.actor().clone(), cx.env.now());
        let source = restoration.source().to_owned();
        let restored = restoration.run(now, &mut |current, copy| {
            if let Some(store) = current {
                store.access(&actor)?.administrator("restore the store")?;
            }
            let effect = Effect::of(current, copy, now, &mut |key| {
                check_announced(&announced, key)
            })?;
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
            Ok(event.because(self.why.reason.as_deref()))
        })?;
        for notice in &restored.notices {
            cx.notice(notice);
        }
        cx.status(format_args!(
            "restored {}",
            escape(&source.to_string_lossy())
        ));
        if let Some(kept) = &restored.kept {
            cx.status(format_args!("the replaced store is kept: {kept}"));
        }
        cx.status(format_args!(
            "log head (keep a copy elsewhere): {}",
            restored.head
        ));
        Ok(DONE)
    }

    /// Announces the effects of the restore, and asks for confirmation unless `--yes` was given. Returns the
    /// keys that were announced to become valid again.
    fn ask(&self, cx: &mut Cx<'_>, restoration: &Restoration) -> Result<HashSet<KeyId>> {
        let (effect, revived) = compare(cx, restoration)?;
        if self.yes || cx.env.terminal.interactive() {
            announce(cx, restoration, &effect);
        }
        let question = match effect.revived.count {
            0 => "Restore the copy?".to_owned(),
            count => format!("Restore the copy, and {} with it?", keys(count)),
        };
        confirm(cx, self.yes, "restore", &question)?;
        Ok(revived)
    }
}

/// Compares the store with the copy. Returns the effect of the restore, and the keys that become valid again.
fn compare(cx: &Cx<'_>, restoration: &Restoration) -> Result<(Effect, HashSet<KeyId>)> {
    let now = cx.env.now();
    let mut revived = HashSet::new();
    let mut compare = |current: Option<&dyn Read>, copy: &dyn Read| {
        revived.clear();
        Effect::of(current, copy, now, &mut |key| {
            revived.insert(key.id);
            Ok(())
        })
    };
    let effect = store::read(restoration.copy(), |copy| match restoration.current() {
        Some(current) => store::read(current, |current| compare(Some(current), copy)),
        None => compare(None, copy),
    })?;
    Ok((effect, revived))
}

/// Refuses to make a key valid again that was not announced: it was disabled or deleted after that.
fn check_announced(announced: &HashSet<KeyId>, key: &Key) -> Result<()> {
    if announced.contains(&key.id) {
        return Ok(());
    }
    Err(Error::state(format!(
        "{} would become valid again too: it was stopped only just now",
        key.label()
    ))
    .hint("nothing was changed; run the command again"))
}

/// Says what the restore will do.
fn announce(cx: &mut Cx<'_>, restoration: &Restoration, effect: &Effect) {
    let now = cx.env.now();
    if let Some(damage) = restoration.damage() {
        cx.notice(damage);
        cx.notice("so it cannot be told which of its keys work now");
    }
    for damage in restoration.damage_of_copy() {
        cx.notice(format_args!(
            "damaged in the copy, and restored so: {}",
            damage.what
        ));
    }
    match effect.revived.count {
        0 => cx.status("no revoked key becomes valid again"),
        count => {
            cx.notice(format_args!("{} will become valid again:", keys(count)));
            name_first(cx, &effect.revived.first, count, now);
        }
    }
    if effect.stopped.count > 0 {
        let count = effect.stopped.count;
        cx.notice(format_args!("{} will stop working:", keys(count)));
        name_first(cx, &effect.stopped.first, count, now);
    }
    if effect.events > 0 {
        let lines = match effect.events {
            1 => "line".to_owned(),
            count => format!("{count} lines"),
        };
        cx.notice(format_args!("the log will lose its last {lines}"));
    }
    if !effect.administrators.is_empty() {
        cx.notice(format_args!(
            "administrators again: {}",
            escape(&effect.administrators.join(", "))
        ));
    }
}
