//! The command line as a whole: the global options and the commands.

use crate::cmd::Command;
use clap::{Args, Parser, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Issue, list, rotate, revoke and verify API keys
///
/// Keys live in one SQLite file; there is no server to run. A key's secret is shown once, when it
/// is made, and only its hash is kept.
///
/// A KEY is a key ID, a name (one's own first), OWNER/NAME, or the first 4 or more characters of
/// an ID. Where there is no terminal, the beginning of an ID does not change a key. '-' reads KEYs
/// from standard input, one a line; a token there stands for its key, and is not verified.
///
/// A DURATION is a whole number and one unit: 45m, 12h, 90d, 2w, 6months (of 30 days), 1y (of 365
/// days). A WHEN is a duration from now, a date (2027-03-31: to the end of that day in UTC), an
/// RFC 3339 instant, or never.
///
/// Data goes to standard output, and everything else to standard error.
///
/// The keyctl of Linux's keyutils is another program.
#[derive(Debug, Parser)]
#[command(
    name = "keyctl",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(after_long_help = AFTER_HELP)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// The definition without any command but `verify`.
    pub fn with_verify_alone() -> clap::Command {
        Global::augment_args(clap::Command::new("keyctl")).subcommand(Command::verify())
    }
}

/// The options that every command takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The store's file [default: $KEYCTL_DB, else keyctl/keyctl.db in the user's data directory]
    #[arg(long, value_name = "PATH", global = true)]
    pub db: Option<PathBuf>,
    /// Whether to colour the output
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub color: Color,
    /// Say nothing on standard error but errors and warnings
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// Whether to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// What `args` ask for, as far as that can be told of a line that is no command.
    pub fn among(args: &[OsString]) -> Self {
        let asks = |word: &str| {
            args.iter().any(|arg| *arg == *format!("--color={word}"))
                || args
                    .windows(2)
                    .any(|pair| pair[0] == "--color" && pair[1] == *word)
        };
        match (asks("never"), asks("always")) {
            (true, _) => Color::Never,
            (false, true) => Color::Always,
            (false, false) => Color::Auto,
        }
    }
}

const AFTER_HELP: &str = "\
Exit codes:
  0    done; verify: valid
  1    verify: rejected; list --exit-code, log --check, doctor: found something
  2    usage: a bad flag, value or scope name
  3    no such key or scope, or more than one key that may be meant
  4    refused: by policy, access or state, or not confirmed
  5    the store, another file or an output failed; verify: cannot say
  6    verify: genuine, but lacks the scope or the project
  130  a prompt was interrupted

Environment:
  KEYCTL_DB      the store's file, where --db does not name it
  XDG_DATA_HOME  the user's data directory on Linux, if not ~/.local/share
  NO_COLOR       if not empty, no colour

Files:
  ~/.local/share/keyctl/keyctl.db                      the store on Linux
  ~/Library/Application Support/keyctl/keyctl.db       the store on macOS
  keyctl.db-wal, keyctl.db-shm                         SQLite's, beside the store, and part of it

Examples:
  $ keyctl create --scope inference --expires 90d
  $ printf %s \"$TOKEN\" | keyctl verify --scope inference
  $ keyctl list --expiring-within 14d";
