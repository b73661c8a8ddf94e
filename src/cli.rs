//! Definition of the command line: global options and commands.

use crate::called;
use crate::cmd::{Command, GROUPS, file_path, path};
use clap::{Args, Parser, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Issue, list, rotate, revoke and verify API keys
///
/// An API key lets its owner use a service. The client presents the key's token, and a script or a gateway asks
/// keyctl whether the token is valid: 'verify' answers in the exit code, 'serve' over HTTP. A token is shown once,
/// when its key is created; the store has only its hash.
///
/// Keys live in one SQLite file, and there is no server to run. Where several hosts share the keys, they live
/// in a PostgreSQL database instead.
///
/// Data goes to standard output, everything else to standard error. No command takes a token as an argument, where
/// others could read it with ps.
///
/// The keyctl in Linux's keyutils is a different program.
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
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Definition with `verify` as the only command, without help and `--server`. It refuses a line with one of
    /// these, so that the whole definition parses it.
    pub fn with_verify_alone() -> clap::Command {
        let verify = Command::verify().disable_help_flag(true);
        let root = clap::Command::new("keyctl")
            .disable_help_flag(true)
            .disable_help_subcommand(true);
        Global::augment_args(root).subcommand(verify)
    }
}

/// Gives `command`, the whole definition, a help that lists the commands in groups. clap itself has one heading
/// for all commands.
pub fn in_groups(command: clap::Command) -> clap::Command {
    let command = Command::define(command);
    let styles = command.get_styles();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let mut help = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    let mut group = |title: &str, commands: &[(&str, String)]| {
        let mut text = format!("\n{header}{title}:{header:#}\n");
        for (name, about) in commands {
            let indent = " ".repeat(NAME_WIDTH.saturating_sub(name.len()));
            text.push_str(&format!("  {literal}{name}{literal:#}{indent}{about}\n"));
        }
        help.push_str(&text);
    };
    for (title, names) in GROUPS {
        let described = |name: &&'static str| (*name, about(&command, name));
        let commands: Vec<_> = names.iter().map(described).collect();
        group(title, &commands);
    }
    group(
        "Learn more",
        &[("help", "Explain a command: keyctl help create".to_owned())],
    );
    let title = format!("\n{header}Options:{header:#}\n");
    help.push_str(&title);
    help.push_str("{options}{after-help}");
    command.help_template(help)
}

/// Width of the column of command names.
const NAME_WIDTH: usize = 13;

/// Summary of the command `name`, with its alias.
fn about(command: &clap::Command, name: &str) -> String {
    let Some(command) = command.find_subcommand(name) else {
        return String::new();
    };
    let mut text = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    for alias in command.get_visible_aliases() {
        text.push_str(&format!(" [alias: {alias}]"));
    }
    text
}

/// The options that every command takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The store: a file, or a database as in postgres://HOST/DATABASE [default: $KEYCTL_DB, else
    /// keyctl/keyctl.db in the user's data directory]
    #[arg(long, value_name = "PATH|URL", global = true, value_parser = file_path(path::DB))]
    pub db: Option<PathBuf>,
    /// Whether to colour the output
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub color: Color,
    /// Print only errors and warnings to standard error
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// Choice of coloured output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set or TERM is dumb.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Finds `--color` in `args`, for the colour of help: there clap returns no parsed line.
    pub fn among(args: &[OsString]) -> Self {
        let asks = |word: &str| called::values(args, "--color").any(|value| value == word);
        match (asks("never"), asks("always")) {
            (true, _) => Color::Never,
            (false, true) => Color::Always,
            (false, false) => Color::Auto,
        }
    }
}

const AFTER_HELP: &str = "\
Quick start:
  $ keyctl create --scope inference --expires 90d --name ci --secret-file ci.token
  $ keyctl verify --scope inference --key-file ci.token
  $ keyctl list
  $ keyctl rotate ci --grace 24h --secret-file ci.token.new
  $ keyctl delete - --yes < ci.token

Verdicts:
  valid           exit code 0, HTTP 200: let the request in
  rejected        exit code 1, HTTP 401: malformed, unknown, phased-out, expired or disabled
  not authorized  exit code 6, HTTP 403: genuine, but lacks the scope or the project, or comes from
                  another network
  no verdict      any other: the store failed, or the question is wrong; do not let the request in

Store:
  --db PATH                      one SQLite file; 'create' and 'init' make it
  --db postgres://HOST/DATABASE  a PostgreSQL database, for several hosts; 'init' makes it
  KEYCTL_DB                      either of these, where --db is not given
  neither                        the file in your data directory

States:
  active      in use; verify accepts it
  disabled    switched off until 'enable' switches it back on
  expired     past its expiry; renew it with 'edit --expires' or 'rotate'
  phased-out  replaced by 'rotate'; verify accepts it until its grace period ends
  deleted     permanently revoked; the record stays until 'purge' removes it

Arguments:
  KEY       a key ID, alone or as messages show a token (kc_7h2m9qxw4d1e_…); a name (your own keys
            first); OWNER/NAME; or the first 4 or more characters of an ID, to change a key only at
            a terminal
  '-'       KEYs from standard input, one per line. A token there stands for its key, also with
            quotes, a comma or NAME= around it; only 'disable -' and 'delete -' verify it
  DURATION  a whole number with a unit: 45m, 12h, 90d, 2w, 6months (30 days each), 1y (365 days; so
            12months is 360 days), or several, the largest unit first: 1d12h
  WHEN      a duration from now, a date (2027-03-31: until the end of that day, UTC), an RFC 3339
            time, or never

Token:
  kc                     the prefix; policy key-prefix changes it for new tokens
  _7h2m9qxw4d1e_         the key ID, 12 characters; it is not secret
  the next 43            the secret: 256 random bits in base62
  the last 6             the CRC-32 of everything before it, in base62: catches a mistyped token

Exit codes:
  0    done; verify: valid
  1    verify: rejected; list --exit-code, log --check, doctor, scan: found something
  2    usage: a bad flag, value or scope name
  3    no such key, scope, label, project, member or administrator, or more than one match
  4    refused: by policy, access or state, or not confirmed
  5    the store, another file or an output failed; verify: cannot tell
  6    verify: genuine, but lacks the scope or the project, or comes from another network
  130  a prompt or the command of --exec was interrupted

Environment:
  KEYCTL_DB      the store, a path or a URL, unless --db is given; ignored if empty
  XDG_DATA_HOME  the user's data directory on Linux [default: ~/.local/share]
  NO_COLOR       if set and not empty: no colour
  TERM           if dumb or not set: no colour and no progress bar
  PGHOST, PGHOSTADDR, PGPORT, PGUSER, PGDATABASE  what the URL of a server leaves out
  PGPASSWORD, PGPASSFILE  its password, or the file that has it [default: ~/.pgpass]
  PGSERVICE, PGSERVICEFILE, PGSYSCONFDIR  a named set of parameters, and where it is
  PGSSLMODE, PGSSLROOTCERT, PGSSLCERT, PGSSLKEY, PGSSLNEGOTIATION, PGCHANNELBINDING  TLS,
      as in libpq, but PGSSLMODE is verify-full if not set
  PGCONNECT_TIMEOUT, PGAPPNAME  how long to wait for a server, and what it calls keyctl in its log

Files:
  ~/.local/share/keyctl/keyctl.db                      the store on Linux
  ~/Library/Application Support/keyctl/keyctl.db       the store on macOS
  keyctl.db-wal, keyctl.db-shm                         SQLite's own, beside the store and part of it
  ~/.pgpass, ~/.pg_service.conf                        passwords and services of servers, as in libpq

Examples:
  $ TOKEN=$(keyctl create --scope project --label team=search)
  $ printf %s \"$TOKEN\" | keyctl verify --scope inference
  $ keyctl list --expiring-within 14d --exit-code
  $ keyctl log --since 30d
  $ keyctl scan
  $ keyctl serve --listen 127.0.0.1:9091 --scope inference --client-header x-real-ip";
