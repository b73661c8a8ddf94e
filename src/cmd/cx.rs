//! Context of a command: the environment, the global options, and access to the store.

use super::{clock, path};
use crate::called::Called;
use crate::env::{Actor, Env, Progress, Unit};
use crate::error::{Error, Result};
use crate::hint::Hint;
use crate::lookup::Lookup;
use crate::output::{Style, unwritable};
use crate::store::{self, Address, Founder, Mode, Store, Surroundings};
use crate::when::Timestamp;
use clap::ArgMatches;
use std::cell::OnceCell;
use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Command that was attempted, for the log of refusals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// Name of the command and its subcommand: `admin add`.
    pub command: String,
    /// Text of `--reason`.
    pub reason: Option<String>,
}

impl Attempt {
    /// Reads the attempt from `matches`, those of the whole command line.
    pub fn of(matches: &ArgMatches) -> Self {
        let mut attempt = Attempt::default();
        let mut next = matches.subcommand();
        while let Some((name, matches)) = next {
            if !attempt.command.is_empty() {
                attempt.command.push(' ');
            }
            attempt.command.push_str(name);
            // An error if the command has no --reason.
            let reason = matches.try_get_one::<String>("reason").ok().flatten();
            attempt.reason = reason.cloned();
            next = matches.subcommand();
        }
        attempt
    }
}

/// Progress that is not shown.
struct Unseen;

impl Progress for Unseen {
    fn advance(&mut self, _: u64) {}
}

/// Context of a command.
pub struct Cx<'a> {
    /// Streams, clock, terminal and other things from outside.
    pub env: &'a mut Env,
    /// The store's path or URL, if `--db` gives one.
    pub db: Option<PathBuf>,
    /// Leave out status lines (`--quiet`).
    pub quiet: bool,
    /// Colour standard output.
    pub color: bool,
    /// The command that runs, for the log of refusals.
    pub attempt: Attempt,
    /// Name by which the program was called, and its `--db`.
    pub called: &'a Called,
    /// The store's address, once it is known.
    pub address: OnceCell<Address>,
}

impl Cx<'_> {
    /// Prints a status line on standard error, unless `--quiet`.
    pub fn status(&mut self, line: impl Display) {
        if !self.quiet {
            self.notice(line);
        }
    }

    /// Names the columns that a table left out because the terminal is too narrow.
    pub fn note_left_out(&mut self, titles: &[&str]) {
        if !titles.is_empty() {
            self.status(format_args!("too narrow for: {}", titles.join(", ")));
        }
    }

    /// Prints a line on standard error, even with `--quiet`.
    pub fn notice(&mut self, line: impl Display) {
        // Standard error is closed; there is nowhere left to report it.
        drop(writeln!(self.env.stderr, "{line}"));
    }

    /// Prints a hint on standard error, unless `--quiet`.
    pub fn hint(&mut self, hint: impl Into<Hint>) {
        if !self.quiet {
            self.notice_hint(hint);
        }
    }

    /// Prints a hint on standard error, even with `--quiet`.
    pub fn notice_hint(&mut self, hint: impl Into<Hint>) {
        let hint = self.called.advice(&hint.into());
        self.notice(format_args!("hint: {hint}"));
    }

    /// Starts a progress bar for `total` units of work. Shows none with `--quiet`, or if standard error is not a
    /// terminal.
    pub fn progress(&self, unit: Unit, total: u64) -> Box<dyn Progress> {
        if self.quiet || !self.env.terminal.stderr {
            return Box::new(Unseen);
        }
        (self.env.progress)(unit, total)
    }

    /// Writes data to standard output. A reader that has closed the pipe is no failure.
    pub fn print(&mut self, data: &[u8]) -> Result<()> {
        match self.env.stdout.write_all(data) {
            Err(cause) if cause.kind() != ErrorKind::BrokenPipe => Err(unwritable(cause)),
            _ => Ok(()),
        }
    }

    /// Prints data about a change that is made, and warns if that fails. A closed standard output is no failure.
    pub fn print_or_warn(&mut self, data: &[u8]) {
        if self.env.stdout.is_closed() {
            return;
        }
        if let Err(error) = self.print(data) {
            self.notice(format_args!(
                "warning: {error}; the change is made all the same"
            ));
        }
    }

    /// Style of text on standard output.
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

    /// Returns the store's address: from `--db`, `KEYCTL_DB`, or the user's data directory.
    pub fn address(&self) -> Result<Address> {
        if let Some(address) = self.address.get() {
            return Ok(address.clone());
        }
        let address = self.find_address()?;
        if !self.quiet {
            #[cfg(feature = "postgres")]
            address.tell_of_waits(&self.env.tell);
        }
        Ok(self.address.get_or_init(|| address).clone())
    }

    fn find_address(&self) -> Result<Address> {
        let around = Surroundings {
            variable: &|name| self.env.var(name),
            user: &|| self.env.actor.name.clone(),
        };
        if let Some(path) = &self.db {
            return Address::new(path, None, &around);
        }
        if let Some(path) = self.env.var(path::VARIABLE) {
            path::KEYCTL_DB.check(&path)?;
            return Address::new(Path::new(&path), Some(path::VARIABLE), &around);
        }
        let usual = self.usual_path().ok_or_else(|| {
            Error::unavailable("there is no data directory for the store: HOME is not set")
                .hint("name the store's file: --db PATH or KEYCTL_DB")
        })?;
        Address::of_file(&usual)
    }

    /// Returns the path of the store that is used if none is named.
    fn usual_path(&self) -> Option<PathBuf> {
        let data = self.env.data_dir.as_ref()?;
        Some(data.join("keyctl").join("keyctl.db"))
    }

    /// Opens the store to read.
    pub fn open_to_read(&self) -> Result<Box<dyn Store>> {
        store::open(&self.address()?, Mode::Read)
    }

    /// Opens the store for changes.
    pub fn open_to_write(&mut self) -> Result<Box<dyn Store>> {
        let store = store::open(&self.address()?, Mode::Write)?;
        self.print_notices(&*store);
        Ok(store)
    }

    /// Opens the store for changes again, without its notices.
    pub fn reopen(&self) -> Result<Box<dyn Store>> {
        store::open(&self.address()?, Mode::Write)
    }

    /// Opens the store to stop keys, without a migration.
    pub fn open_to_stop(&mut self) -> Result<Box<dyn Store>> {
        let store = store::open(&self.address()?, Mode::Stop)?;
        self.print_notices(&*store);
        Ok(store)
    }

    /// Opens the store for changes, and creates it if there is none.
    pub fn open_or_create(&mut self) -> Result<Box<dyn Store>> {
        let usual = self.usual_path();
        let founder = Founder {
            usual: usual.as_deref(),
            ..self.founder()
        };
        let store = store::open(&self.address()?, Mode::Ensure(&founder))?;
        self.print_notices(&*store);
        Ok(store)
    }

    /// Opens the store to read; if there is none, a new one in memory, as the actor would create it.
    pub fn preview(&self) -> Result<Box<dyn Store>> {
        store::open(&self.address()?, Mode::Preview(&self.founder()))
    }

    /// Returns the facts to create a store with now.
    pub fn founder(&self) -> Founder<'_> {
        Founder {
            actor: &self.env.actor,
            now: self.env.now(),
            reason: None,
            group: None,
            usual: None,
        }
    }

    /// Prints notices and warnings about `store` before a change.
    fn print_notices(&mut self, store: &dyn Store) {
        for notice in store.notices() {
            self.notice(notice);
        }
        self.warn_of_clock(store);
    }

    /// Warns if the clock is wrong: keys that are made now would stop as soon as it is set right, or live too long.
    pub fn warn_of_clock(&mut self, store: &dyn Store) {
        let now = self.env.now();
        // A log that cannot be read is reported by the code that needs it.
        if let Ok(Some(flaw)) = clock::flaw(store, now) {
            self.notice(format_args!("warning: {flaw}"));
            self.notice_hint(clock::HINT);
        }
    }

    /// Lookup of `KEY` at `now` by `actor`, for a command that only reads.
    pub fn lookup<'a>(&self, actor: &'a Actor, now: Timestamp) -> Lookup<'a> {
        Lookup {
            now,
            actor: &actor.name,
            by_prefix: true,
            to_stop: false,
        }
    }

    /// Lookup of `KEY` at `now` by `actor`, for a command that changes the key.
    pub fn lookup_to_change<'a>(&self, actor: &'a Actor, now: Timestamp) -> Lookup<'a> {
        Lookup {
            by_prefix: self.env.terminal.interactive(),
            ..self.lookup(actor, now)
        }
    }

    /// Lookup of `KEY` at `now` by `actor`, for a command that stops the key.
    pub fn lookup_to_stop<'a>(&self, actor: &'a Actor, now: Timestamp) -> Lookup<'a> {
        Lookup {
            to_stop: true,
            ..self.lookup_to_change(actor, now)
        }
    }
}
