//! `--exec`: a new token goes to the standard input of a command.
//!
//! The key is committed first. Then the command runs, and a second transaction keeps or undoes the change. So at
//! every moment the old token works, or the new one was handed over.

mod create;
mod rotate;

pub use create::CreateHandover;
pub use rotate::{RotateHandover, Settled};

use super::issue::Minted;
use super::{Cx, path};
use crate::deliver::{Failure, TokenCommand};
use crate::env::Runner;
use crate::error::{Error, FailureKind, Result};
use crate::event::Event;
use crate::hint::{Hint, run};
use crate::id::KeyId;
use crate::key::{Key, State};
use crate::lookup::HANDOVER;
use crate::store::Tx;
use crate::url;
use crate::when::{Span, Timestamp};
use clap::Args;
use serde_json::{Value, json};
use std::ffi::{OsStr, OsString};

/// Time that a command may take by default.
const USUAL_TIMEOUT: Span = Span::minutes(5);

/// Longest time that a command may take.
const LONGEST_TIMEOUT: Span = Span::days(1);

/// Time for the end of a command and for the second transaction, after which a handover counts as cut short.
const SLACK: Span = Span::MINUTE;

/// Arguments for a command that takes the token.
#[derive(Args, Debug)]
pub struct Exec {
    /// Run this command with the token on its standard input, in place of printing it; everything after
    /// --exec is the command, without a shell, and a leading -- is dropped. Standard output gets the
    /// key ID
    #[arg(
        long,
        value_name = "COMMAND",
        allow_hyphen_values = true,
        conflicts_with = "secret_file"
    )]
    exec: Vec<OsString>,
    /// How long the command may take, at most 1d [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = timeout)]
    exec_timeout: Option<Span>,
}

impl Exec {
    /// Tells whether a command is given.
    pub fn is_given(&self) -> bool {
        !self.exec.is_empty()
    }

    /// Refuses a timeout without a command. clap would not, beside a flag that conflicts with --exec.
    pub fn check(&self) -> Result<()> {
        match self.exec_timeout {
            Some(_) if !self.is_given() => Err(Error::usage("missing argument: --exec COMMAND")
                .hint("--exec-timeout is the time of that command")),
            _ => Ok(()),
        }
    }

    /// Finds the program of the command, if one is given. Fails if it cannot be run.
    pub fn plan(&self, cx: &Cx<'_>) -> Result<Option<Plan>> {
        if !self.is_given() {
            return Ok(None);
        }
        Ok(Some(Plan {
            command: TokenCommand::find(&self.exec, cx.env.var("PATH").as_deref())?,
            timeout: self.exec_timeout.unwrap_or(USUAL_TIMEOUT),
        }))
    }
}

/// Parses the value of `--exec-timeout`.
fn timeout(text: &str) -> Result<Span> {
    let timeout: Span = text.parse()?;
    match timeout {
        Span::ZERO => Err(Error::usage("a timeout of 0s is too short").hint("give at least 1s")),
        timeout if timeout > LONGEST_TIMEOUT => {
            Err(Error::usage(format!("a timeout of {timeout} is too long"))
                .hint(format!("give at most {LONGEST_TIMEOUT}")))
        }
        timeout => Ok(timeout),
    }
}

/// Command that takes the token, and the time for it.
pub struct Plan {
    command: TokenCommand,
    timeout: Span,
}

impl Plan {
    /// Returns the field [`HANDOVER`] of the events that begin a handover at `now`: its deadline and, for a rotation,
    /// the grace that was asked for.
    pub fn detail(&self, now: Timestamp, grace: Option<Span>) -> Value {
        let deadline = now.after(self.timeout).and_then(|end| end.after(SLACK));
        let deadline = deadline.unwrap_or(Timestamp::MAX);
        match grace {
            Some(grace) => json!({ "deadline": deadline, "grace": grace.to_string() }),
            None => json!({ "deadline": deadline }),
        }
    }

    /// Runs the command with the token of `key`, the successor of `old` if that is given.
    fn run(
        &self,
        cx: &mut Cx<'_>,
        runner: &mut dyn Runner,
        minted: &Minted,
        key: &Key,
        old: Option<KeyId>,
    ) -> std::result::Result<(), Failure> {
        let old = old.map(|id| id.to_string());
        let mut variables = vec![
            ("KEYCTL_KEY_ID", Some(OsStr::new(key.id.as_str()))),
            ("KEYCTL_KEY_NAME", Some(OsStr::new(&key.name))),
            ("KEYCTL_KEY_OWNER", Some(OsStr::new(&key.owner))),
            ("KEYCTL_OLD_KEY_ID", old.as_deref().map(OsStr::new)),
        ];
        let db = cx.env.var(path::VARIABLE).unwrap_or_default();
        let db = db.to_string_lossy();
        if url::is_url(&db) && url::has_password(&db) {
            variables.push((path::VARIABLE, None));
        }
        let token = minted.token.expose();
        let ran = self.command.run(runner, token, &variables, self.timeout);
        if ran.is_ok() {
            cx.status(format_args!("{} has the token", self.command.name()));
        }
        ran
    }

    /// Error for a command that failed, after the change was undone. `outcome` names the keys.
    fn failed(&self, failure: &Failure, outcome: &str) -> Error {
        let stored = format!(
            "if {} has stored the token already, what it stored does not work",
            self.command.name()
        );
        let error = Error::new(failure.kind, &failure.text).adding(outcome);
        match failure.kind {
            FailureKind::Interrupted => error.hint(format!("{stored}: run this again soon")),
            _ => error.hint(format!(
                "fix the command, or give it more time with --exec-timeout, and run this again; {stored}"
            )),
        }
    }
}

/// Adds the field `detail` of a handover to an event that begins one.
pub fn begins(event: Event, detail: Option<&Value>) -> Event {
    match detail {
        Some(detail) => event.with(HANDOVER, detail.clone()),
        None => event,
    }
}

/// Holds the signals that would end the program: from now on they end a command that runs, and cut no change in two.
pub fn hold_signals(cx: &Cx<'_>) -> Result<Box<dyn Runner>> {
    let held = cx.env.programs.hold_signals();
    held.map_err(|cause| Error::io("signals cannot be held").because(cause))
}

/// Error for a first transaction that failed: no command has run.
fn not_begun(error: Error) -> Error {
    match error.kind {
        FailureKind::Uncertain => error
            .adding("the command was not run, and nobody has the token of the new key")
            .hint(
                Hint::from("when the store works again, look with ")
                    .and(run!("doctor").in_quotes()),
            ),
        _ => error,
    }
}

/// Reads a key again. Fails if it was purged while the command ran.
fn read_again(tx: &dyn Tx, id: KeyId) -> Result<Key> {
    tx.get(id)?
        .ok_or_else(|| Error::state(format!("{id} was purged")))
}

/// Describes `key` in a hint: `7h2m9qxw4d1e works until 2027-01-31T00:00:00Z`.
fn standing(key: &Key, now: Timestamp) -> String {
    match (key.is_usable(now), key.stops_at(), key.state(now)) {
        (true, Some(end), _) => format!("{} works until {end}", key.id),
        (true, None, _) => format!("{} works", key.id),
        (false, _, State::PhasedOut) => format!("{} has stopped working", key.id),
        (false, _, state) => format!("{} is {state}", key.id),
    }
}
