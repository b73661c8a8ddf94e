//! What a command runs in: the environment, the global options, and the store that they name.

use super::{clock, path};
use crate::called::Called;
use crate::env::{Actor, Env, Progress, Unit};
use crate::error::{Error, Result};
use crate::hint::Hint;
use crate::lookup::Lookup;
use crate::output::{Style, unwritable};
use crate::store::{self, Founder, Location, Read, Sharing, Store};
use crate::when::Timestamp;
use clap::ArgMatches;
use std::cell::LazyCell;
use std::fmt::Display;
use std::io::ErrorKind;
use std::mem;
use std::path::PathBuf;

/// What a command line asks for, in its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The command and its own command: `admin add`.
    pub command: String,
    /// Why, if it says.
    pub reason: Option<String>,
}

impl Attempt {
    /// The attempt that `matches`, those of the whole command line, make.
    pub fn of(matches: &ArgMatches) -> Self {
        let mut attempt = Attempt::default();
        let mut next = matches.subcommand();
        while let Some((name, matches)) = next {
            if !attempt.command.is_empty() {
                attempt.command.push(' ');
            }
            attempt.command.push_str(name);
            // Not every command takes a reason.
            let reason = matches.try_get_one::<String>("reason").ok().flatten();
            attempt.reason = reason.cloned();
            next = matches.subcommand();
        }
        attempt
    }
}

/// Progress that nobody is shown.
struct Unseen;

impl Progress for Unseen {
    fn advance(&mut self, _: u64) {}
}

/// What a command runs in: the environment and the global options.
pub struct Cx<'a> {
    /// The world outside.
    pub env: &'a mut Env,
    /// Where the store is, if `--db` says.
    pub db: Option<PathBuf>,
    /// Whether to keep status to oneself.
    pub quiet: bool,
    /// Whether to colour what goes to standard output.
    pub color: bool,
    /// What is attempted, as a refusal is logged.
    pub attempt: Attempt,
    /// How the program was called.
    pub called: &'a Called,
    /// The root of the command line's definition.
    pub root: fn() -> clap::Command,
}

impl Cx<'_> {
    /// Makes the actor who they are to the owner of the store. Asked for when it is first needed.
    pub fn act_towards_store(&mut self) {
        let Ok(location) = self.location() else {
            return;
        };
        let asked = mem::replace(&mut self.env.actor, LazyCell::new(Box::new(Actor::nobody)));
        let known = move || asked.clone().towards(location.path());
        self.env.actor = LazyCell::new(Box::new(known));
    }

    /// Says on standard error how things stand; nothing with `--quiet`.
    pub fn status(&mut self, line: impl Display) {
        if !self.quiet {
            self.notice(line);
        }
    }

    /// Says which columns of a table the terminal was too narrow for, if any.
    pub fn note_left_out(&mut self, titles: &[&str]) {
        if !titles.is_empty() {
            self.status(format_args!("too narrow for: {}", titles.join(", ")));
        }
    }

    /// Says on standard error what must be known even with `--quiet`.
    pub fn notice(&mut self, line: impl Display) {
        // Nobody can be told that nobody can be told.
        drop(writeln!(self.env.stderr, "{line}"));
    }

    /// Advises on standard error; nothing with `--quiet`.
    pub fn hint(&mut self, hint: impl Into<Hint>) {
        if !self.quiet {
            self.notice_hint(hint);
        }
    }

    /// Advises on standard error, even with `--quiet`.
    pub fn notice_hint(&mut self, hint: impl Into<Hint>) {
        let hint = self.called.advice(&hint.into());
        self.notice(format_args!("hint: {hint}"));
    }

    /// Shows a person how far `total` units of work have come; nobody with `--quiet`, or where standard
    /// error is no terminal.
    pub fn progress(&self, unit: Unit, total: u64) -> Box<dyn Progress> {
        if self.quiet || !self.env.terminal.stderr {
            return Box::new(Unseen);
        }
        (self.env.progress)(unit, total)
    }

    /// Writes data to standard output. That its reader has seen enough is no failure.
    pub fn print(&mut self, data: &[u8]) -> Result<()> {
        match self.env.stdout.write_all(data) {
            Err(cause) if cause.kind() != ErrorKind::BrokenPipe => Err(unwritable(&cause)),
            _ => Ok(()),
        }
    }

    /// How to draw for people on standard output.
    pub fn style(&self) -> Style {
        Style {
            color: self.color,
            width: self
                .env
                .terminal
                .columns
                .filter(|_| self.env.terminal.stdout),
        }
    }

    /// Where the store is: `--db`, `KEYCTL_DB`, or the user's data directory.
    pub fn location(&self) -> Result<Location> {
        if let Some(path) = &self.db {
            return Location::new(path);
        }
        if let Some(path) = self.env.var(path::VARIABLE) {
            path::KEYCTL_DB.check(&path)?;
            return Ok(Location::new(&PathBuf::from(path))?.named_by(path::VARIABLE));
        }
        let data = self.env.data_dir.as_ref().ok_or_else(|| {
            Error::store("there is no data directory for the store: HOME is not set")
                .hint("name the store's file: --db PATH or KEYCTL_DB")
        })?;
        Location::new(&data.join("keyctl").join("keyctl.db"))
    }

    pub fn open_to_read(&self) -> Result<Box<dyn Store>> {
        store::open_to_read(&self.location()?)
    }

    pub fn open_to_write(&mut self) -> Result<Box<dyn Store>> {
        let location = self.location()?;
        let store = store::open_to_write(&location)?;
        self.warn_of_directory(&location);
        self.warn_of_clock(&*store);
        Ok(store)
    }

    /// Says on standard error that the clock stands before the last line of the log, if so: what is made by
    /// it stops at once when it is put right, or lives too long.
    pub fn warn_of_clock(&mut self, store: &dyn Read) {
        // A log that cannot be read is told where it is needed.
        if let Ok(Some(behind)) = clock::behind(store, self.env.now()) {
            self.notice(format_args!("warning: {behind}"));
            self.notice_hint(clock::HINT);
        }
    }

    /// Warns who changes a store that it lies in a directory which others may write.
    pub fn warn_of_directory(&mut self, location: &Location) {
        if let Some(directory) = location.exposed_directory() {
            self.notice(format_args!(
                "warning: others may write {}, where the store lies: they can put a log of theirs beside it; move it to a directory of its own",
                crate::error::escape(&directory.to_string_lossy())
            ));
        }
    }

    /// The actor as one who makes a store now.
    pub fn founder<'a>(&'a self, reason: Option<&'a str>) -> Founder<'a> {
        Founder {
            actor: &self.env.actor,
            now: self.env.now(),
            reason,
        }
    }

    /// The store as it is, or as it would be if the actor made it.
    pub fn preview(&self) -> Result<Box<dyn Read>> {
        store::preview(&self.location()?, &self.founder(None))
    }

    /// Opens the store for changes, making it where there is none.
    pub fn open_or_create(&mut self) -> Result<Box<dyn Store>> {
        let location = self.location()?;
        let (store, made) = store::open_or_create(&location, &self.founder(None))?;
        self.warn_of_directory(&location);
        if made {
            self.tell_made(&location, Sharing::AsDirectory);
        } else {
            self.warn_of_clock(&*store);
        }
        Ok(store)
    }

    /// Says that the actor has made a store at `location`, and whose it is.
    pub fn tell_made(&mut self, location: &Location, sharing: Sharing) {
        let actor = crate::error::escape(&self.env.actor.name);
        let shown = location.shown();
        self.notice(format_args!(
            "made a new store at {shown}; its administrator is {actor}"
        ));
        self.tell_owner(location, sharing);
    }

    /// Says whose the store is that was just made at `location`, where `sharing` does not say so.
    pub fn tell_owner(&mut self, location: &Location, sharing: Sharing) {
        if let Some(whose) = location.belongs_to(sharing) {
            self.notice(whose);
        }
    }

    /// How `KEY` is read at `now` by a command that only looks.
    pub fn lookup(&self, now: Timestamp) -> Lookup<'_> {
        Lookup {
            now,
            actor: &self.env.actor.name,
            by_prefix: true,
            to_stop: false,
        }
    }

    /// How `KEY` is read at `now` by a command that changes what it finds.
    pub fn lookup_to_change(&self, now: Timestamp) -> Lookup<'_> {
        Lookup {
            by_prefix: self.env.terminal.interactive(),
            ..self.lookup(now)
        }
    }

    /// How `KEY` is read at `now` by a command that stops what it finds.
    pub fn lookup_to_stop(&self, now: Timestamp) -> Lookup<'_> {
        Lookup {
            to_stop: true,
            ..self.lookup_to_change(now)
        }
    }
}
