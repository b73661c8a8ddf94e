//! Delivery of a new token to a command, on its standard input.

use crate::env::{Ending, Invocation, Runner};
use crate::error::{Error, FailureKind, Result, quote};
use crate::when::Span;
use rustix::fs::{Access, access};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Directories in which a program is looked for if `PATH` is not set.
const USUAL_PATH: &str = "/bin:/usr/bin";

/// Command that takes a token.
pub struct TokenCommand {
    /// File of the program.
    file: PathBuf,
    /// Name of the program, as typed, and its arguments.
    words: Vec<OsString>,
}

/// Failure of a command, after which the token counts as not handed over.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Kind of error that it is.
    pub kind: FailureKind,
    /// Name of the command and how it ended.
    pub text: String,
}

impl TokenCommand {
    /// Finds the program of the command in `words`. `path` is the value of `PATH`.
    pub fn find(words: &[OsString], path: Option<&OsStr>) -> Result<Self> {
        let Some(name) = words.first().filter(|name| !name.is_empty()) else {
            return Err(Error::usage("--exec has no value")
                .hint("give the command at the end of the line: --exec -- COMMAND ARGUMENT…"));
        };
        if name.as_bytes().starts_with(b"-") {
            return Err(
                Error::usage(format!("{} is no program", quote(&name.to_string_lossy())))
                    .hint("all that follows --exec is the command; give flags of keyctl before it"),
            );
        }
        let refused = |cause: &str| {
            let shown = quote(&name.to_string_lossy());
            Error::io(format!("{shown} cannot be started: {cause}"))
        };
        let advice = match name.as_bytes().contains(&b' ') {
            true => {
                "nothing was changed; no shell splits the command: give its words without quotes around all of them, or sh -c '…'"
            }
            false => "nothing was changed; check the name and PATH",
        };
        if name.as_bytes().contains(&b'/') {
            let file = PathBuf::from(name);
            return match check(&file) {
                Ok(()) => Ok(TokenCommand::new(file, words)),
                Err(cause) => Err(refused("it is not a program").because(cause).hint(advice)),
            };
        }
        let path = path.unwrap_or(OsStr::new(USUAL_PATH));
        let mut files = std::env::split_paths(path)
            // An empty entry of PATH is the current directory.
            .map(|directory| Path::new(".").join(directory).join(name));
        match files.find(|file| check(file).is_ok()) {
            Some(file) => Ok(TokenCommand::new(file, words)),
            None => Err(refused("there is no such program").hint(advice)),
        }
    }

    fn new(file: PathBuf, words: &[OsString]) -> Self {
        let words = words.to_vec();
        TokenCommand { file, words }
    }

    /// Name of the program for a message, in quotes.
    pub fn name(&self) -> String {
        let name = self.words.first().cloned().unwrap_or_default();
        quote(&name.to_string_lossy())
    }

    /// Runs the command with `token` on its standard input, for at most `timeout`.
    pub fn run(
        &self,
        runner: &mut dyn Runner,
        token: &[u8],
        variables: &[(&'static str, Option<&OsStr>)],
        timeout: Span,
    ) -> std::result::Result<(), Failure> {
        let ended = runner.run(&Invocation {
            program: &self.file,
            words: &self.words,
            variables,
            input: token,
            timeout: Duration::from_millis(timeout.millis().unsigned_abs()),
        });
        self.judge(ended, timeout)
    }

    fn judge(&self, ended: io::Result<Ending>, timeout: Span) -> std::result::Result<(), Failure> {
        let how = match ended {
            Ok(Ending::Exited {
                status: 0,
                read_all: true,
            }) => return Ok(()),
            Ok(Ending::Exited { status: 0, .. }) => "ended without reading the token".to_owned(),
            Ok(Ending::Exited { status, .. }) => format!("exited with status {status}"),
            Ok(Ending::Killed(signal)) => format!("was killed by {signal}"),
            Ok(Ending::TimedOut) => format!("did not end within {timeout}"),
            Ok(Ending::Interrupted) => {
                return Err(Failure {
                    kind: FailureKind::Interrupted,
                    text: format!("interrupted while {} had the token", self.name()),
                });
            }
            Err(cause) => {
                let cause = crate::error::ErrorSource::from(cause);
                format!("could not be run: {}", cause.words())
            }
        };
        Err(Failure {
            kind: FailureKind::Io,
            text: format!("{} {how}", self.name()),
        })
    }
}

/// Fails if the file at `path` is none that this user may run.
fn check(path: &Path) -> io::Result<()> {
    match path.metadata()?.is_file() {
        true => Ok(access(path, Access::EXEC_OK)?),
        false => Err(io::ErrorKind::PermissionDenied.into()),
    }
}
