//! `create --from`: the keys of a file, all or none, each token in a file of its own.

use super::checked::{Checked, check};
use super::insert::{Making, insert};
use super::lines::{self, Defaults, Line, NO_KEY};
use super::made::{announce_files, announce_replaced};
use super::plan::{Rules, plan};
use crate::cmd::flaws::Flaws;
use crate::cmd::handover::hold_signals;
use crate::cmd::issue::{self, Minted, Number, mint};
use crate::cmd::values::{Format, file_path};
use crate::cmd::{Cx, owner, path, records};
use crate::deliver::{self, SecretFiles};
use crate::error::{DONE, Error, FailureKind, Result};
use crate::hint::{Hint, run};
use crate::key::Key;
use crate::store::{self, Address};
use crate::when::Timestamp;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Arguments for the keys of a file.
#[derive(clap::Args, Debug)]
pub struct Source {
    /// Create the keys that FILE describes, or '-' (standard input), with --secret-dir or --exec
    #[arg(
        long,
        value_name = "FILE",
        value_parser = file_path(path::RECORDS),
        conflicts_with_all = ["name", "count", "secret_file", "if_absent"]
    )]
    pub from: Option<PathBuf>,
    /// Write each token to a new file DIR/NAME (mode 0600, no trailing newline), and only key IDs to
    /// standard output; a directory that is missing is made (mode 0700)
    #[arg(
        long,
        value_name = "DIR",
        value_parser = file_path(path::SECRET_DIR),
        conflicts_with = "exec"
    )]
    pub secret_dir: Option<PathBuf>,
    /// Leave out each line of FILE, or number of --count with --exec, whose name a live key of the owner
    /// has
    #[arg(long)]
    pub skip_existing: bool,
}

/// Reads the keys that the file at `path` describes, and the flaws of lines that are refused.
pub fn read(cx: &mut Cx<'_>, path: &Path, defaults: &Defaults) -> Result<(Vec<Line>, Flaws)> {
    let line = |record: &_, now| lines::line(record, defaults, now);
    records::read(cx, path, &lines::KNOWN, NO_KEY, line)
}

/// Keys of a file to be made.
pub struct Order<'a> {
    /// File with the records, or `-`.
    pub from: &'a Path,
    /// Directory for the tokens.
    pub directory: &'a Path,
    /// Owner and fields that a line leaves out.
    pub defaults: &'a Defaults,
    /// Rules for names that are held.
    pub rules: Rules,
    /// Output format.
    pub format: Format,
    /// Reason for the log.
    pub reason: Option<&'a str>,
}

impl Order<'_> {
    /// Makes the keys.
    pub fn run(&self, cx: &mut Cx<'_>) -> Result<u8> {
        let (lines, mut flaws) = read(cx, self.from, self.defaults)?;
        let address = cx.address()?;
        let lines = self.check_files(&address, &lines, &mut flaws);
        let checked = check(cx, &lines, self.rules, &flaws)?;
        let Checked {
            wanted,
            recipients,
            actor,
            policy,
        } = &checked;
        SecretFiles::check(self.directory, wanted.iter().map(|line| &*line.name))?;
        if wanted.is_empty() {
            self.print_records(cx, &[], cx.env.now())?;
            return Ok(DONE);
        }
        let minted = mint(cx, policy, wanted.len())?;
        let mut store = cx.open_or_create()?;
        // The store may have been made in this directory.
        for line in wanted {
            self.check_name(&address, line)
                .map_err(|error| line.at(error))?;
        }
        let rules = Rules {
            // A name that was taken meanwhile is refused: the lines that are left out were printed before.
            skip_existing: false,
            ..self.rules
        };
        // Dropped in reverse order: the signals are held until no file is left.
        let mut hold = None;
        let mut files = None;
        let mut has_printed = false;
        let done = store::write(&mut *store, |tx| {
            let now = cx.env.now();
            let (lines, flaws) = (wanted.iter().copied(), Flaws::new(wanted.len(), NO_KEY));
            let plan = plan(&*tx, lines, recipients, rules, actor, now, flaws)?;
            let making = Making {
                actor,
                reason: self.reason,
                handover: None,
            };
            let made = insert(tx, plan, &minted, &making, now)?;
            // Only now: a signal that ends the program while it waits for the lock leaves no files.
            hold = Some(hold_signals(cx)?);
            files = Some(SecretFiles::write(
                self.directory,
                &contents(wanted, &minted),
            )?);
            self.print_records(cx, &made.keys, now)?;
            has_printed = true;
            Ok((made, now))
        });
        let (made, now) = match done {
            Ok(done) => {
                keep(files);
                done
            }
            Err(error) if has_printed && error.kind == FailureKind::Uncertain => {
                // The commit may have succeeded; then these files are the only copies of the tokens.
                keep(files);
                return Err(uncertain(error));
            }
            Err(error) if has_printed => {
                return Err(
                    error.adding("the key IDs just printed are void, and the files are removed")
                );
            }
            Err(error) => return Err(error),
        };
        drop(hold);
        for expired in &made.expired {
            announce_replaced(cx, expired, now);
        }
        announce_files(cx, &made.keys, self.directory, now);
        for recipient in recipients.all() {
            owner::warn_if_unknown(cx, &*store, recipient);
        }
        Ok(DONE)
    }

    /// Returns the lines whose names can be those of files, and adds a flaw for each of the others.
    fn check_files<'l>(
        &self,
        address: &Address,
        lines: &'l [Line],
        flaws: &mut Flaws,
    ) -> Vec<&'l Line> {
        let mut seen = HashMap::with_capacity(lines.len());
        let mut fit = Vec::with_capacity(lines.len());
        for line in lines {
            let checked = lines::check_file(line, &mut seen);
            match checked.and_then(|()| self.check_name(address, line)) {
                Ok(()) => fit.push(line),
                Err(error) => flaws.add(line.number, error),
            }
        }
        fit
    }

    /// Refuses a name that is none of a file, and one that SQLite would take for a part of a store.
    fn check_name(&self, address: &Address, line: &Line) -> Result<()> {
        SecretFiles::check_name(&line.name)?;
        address.check_apart(&self.directory.join(&line.name))
    }

    /// Prints the IDs of `keys`, or their records in JSON. A closed standard output is no failure here: the files have
    /// the tokens.
    fn print_records(&self, cx: &mut Cx<'_>, keys: &[Key], now: Timestamp) -> Result<()> {
        let data = match self.format {
            Format::Text => issue::ids(keys),
            Format::Json => issue::records(Number::Many, keys, None, now)?,
        };
        match cx.env.stdout.is_closed() {
            true => Ok(()),
            false => deliver::to_stdout(&mut *cx.env.stdout, &data),
        }
    }
}

/// Names of the files, with their contents.
fn contents<'a>(lines: &[&'a Line], minted: &'a [Minted]) -> Vec<(&'a str, &'a [u8])> {
    let tokens = minted.iter().map(|minted| minted.token.expose());
    lines.iter().map(|line| &*line.name).zip(tokens).collect()
}

fn keep(files: Option<SecretFiles>) {
    if let Some(files) = files {
        files.keep();
    }
}

/// Error for a commit that may have succeeded.
fn uncertain(error: Error) -> Error {
    error
        .adding("the secret files are kept, since their tokens may work")
        .hint(
            Hint::from("when the store works again, look with ")
                .and(run!("list").in_quotes())
                .and("; if the keys are not there, remove the files"),
        )
}
