//! Context of a command: the environment, the global options, and the store that they name.

use super::{clock, path};
use crate::called::Called;
use crate::env::{Actor, Env, Progress, Unit};
use crate::error::{Error, Result};
use crate::hint::Hint;
use crate::lookup::Lookup;
use crate::output::{Style, unwritable};
use crate::store::{self, Address, Founder, Mode, Store};
use crate::when::Timestamp;
use clap::ArgMatches;
use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Attempt that a command line makes, in its own words.
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

/// Context of a command: the environment and the global options.
pub struct Cx<'a> {
    /// The world outside.
    pub env: &'a mut Env,
    /// The store's path or URL, if `--db` gives one.
    pub db: Option<PathBuf>,
    /// Say nothing of how things stand.
    pub quiet: bool,
    /// Colour what goes to standard output.
    pub color: bool,
    /// The attempt, as a refusal is logged.
    pub attempt: Attempt,
    /// The name by which the program was called, and its `--db`.
    pub called: &'a Called,
}

impl Cx<'_> {
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
        // Standard error is closed; there is nowhere left to report it.
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
            Err(cause) if cause.kind() != ErrorKind::BrokenPipe => Err(unwritable(cause)),
            _ => Ok(()),
        }
    }

    /// Style of what people are shown on standard output.
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

    /// Returns where the store is: `--db`, `KEYCTL_DB`, or the user's data directory.
    pub fn address(&self) -> Result<Address> {
        if let Some(path) = &self.db {
            return Address::new(path, None);
        }
        if let Some(path) = self.env.var(path::VARIABLE) {
            path::KEYCTL_DB.check(&path)?;
            return Address::new(Path::new(&path), Some(path::VARIABLE));
        }
        let data = self.env.data_dir.as_ref().ok_or_else(|| {
            Error::unavailable("there is no data directory for the store: HOME is not set")
                .hint("name the store's file: --db PATH or KEYCTL_DB")
        })?;
        Address::new(&data.join("keyctl").join("keyctl.db"), None)
    }

    /// Opens the store for a command that only looks.
    pub fn open_to_read(&self) -> Result<Box<dyn Store>> {
        store::open(&self.address()?, Mode::Read)
    }

    /// Opens the store for changes.
    pub fn open_to_write(&mut self) -> Result<Box<dyn Store>> {
        let store = store::open(&self.address()?, Mode::Write)?;
        self.tell_of(&*store);
        Ok(store)
    }

    /// Opens the store for changes, making it where there is none.
    pub fn open_or_create(&mut self) -> Result<Box<dyn Store>> {
        let store = store::open(&self.address()?, Mode::Ensure(&self.founder()))?;
        self.tell_of(&*store);
        Ok(store)
    }

    /// Opens the store as it is, or as it would be if the actor made it.
    pub fn preview(&self) -> Result<Box<dyn Store>> {
        store::open(&self.address()?, Mode::Preview(&self.founder()))
    }

    /// Returns the actor as one who makes a store now.
    pub fn founder(&self) -> Founder<'_> {
        Founder {
            actor: &self.env.actor,
            now: self.env.now(),
            reason: None,
            group: None,
        }
    }

    /// Says on standard error what one who changes `store` is to be told.
    fn tell_of(&mut self, store: &dyn Store) {
        for notice in store.notices() {
            self.notice(notice);
        }
        self.warn_of_clock(store);
    }

    /// Says on standard error that the clock stands before the last line of the log, if so: what is made by
    /// it stops at once when it is put right, or lives too long.
    pub fn warn_of_clock(&mut self, store: &dyn Store) {
        let now = self.env.now();
        // A log that cannot be read is told where it is needed.
        if let Ok(Some(behind)) = store::read(store, |store| clock::behind(store, now)) {
            self.notice(format_args!("warning: {behind}"));
            self.notice_hint(clock::HINT);
        }
    }

    /// Returns how a command that only looks reads `KEY` at `now`, for `actor`.
    pub fn lookup<'a>(&self, actor: &'a Actor, now: Timestamp) -> Lookup<'a> {
        Lookup {
            now,
            actor: &actor.name,
            by_prefix: true,
            to_stop: false,
        }
    }

    /// Returns how a command that changes what it finds reads `KEY` at `now`, for `actor`.
    pub fn lookup_to_change<'a>(&self, actor: &'a Actor, now: Timestamp) -> Lookup<'a> {
        Lookup {
            by_prefix: self.env.terminal.interactive(),
            ..self.lookup(actor, now)
        }
    }

    /// Returns how a command that stops what it finds reads `KEY` at `now`, for `actor`.
    pub fn lookup_to_stop<'a>(&self, actor: &'a Actor, now: Timestamp) -> Lookup<'a> {
        Lookup {
            to_stop: true,
            ..self.lookup_to_change(actor, now)
        }
    }
}
