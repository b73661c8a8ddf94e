//! `keyctl` issues, rotates, revokes and verifies API keys, and keeps their records in one SQLite
//! file, or in a PostgreSQL database that several hosts share.
//!
//! [`run`] is the whole program; it takes everything from outside through [`env::Env`]. Imports run
//! downwards, which `tests/it/layers.rs` checks:
//!
//! 1. `cli`
//! 2. `cmd`
//! 3. `serve`
//! 4. `usage` (errors of clap as our own), `output`, `deliver`, `verify`, `lookup`, `ask`,
//!    `scan`
//! 5. `store`
//! 6. the rules: `key`, `name`, `policy`, `scope`, `project`, `access`, `event`, `token`
//! 7. `hash`, `id`, `network`
//! 8. `parallel`, `env`, `when`, `directory`, `namespace`, `near`, `called`, `records`
//! 9. `error`, `hint`, `text`, `url`, `percent`, `word`

pub mod access;
#[cfg(feature = "serve")]
pub mod ask;
pub mod called;
pub mod deliver;
pub mod directory;
pub mod env;
pub mod error;
pub mod event;
pub mod hash;
pub mod hint;
pub mod id;
pub mod key;
pub mod lookup;
pub mod name;
pub mod namespace;
pub mod near;
pub mod network;
pub mod output;
pub mod parallel;
pub mod percent;
pub mod policy;
pub mod project;
pub mod records;
pub mod scan;
pub mod scope;
#[cfg(feature = "serve")]
pub mod serve;
pub mod store;
pub mod text;
pub mod token;
pub mod url;
pub mod verify;
pub mod when;
mod word;

mod cli;
mod cmd;
mod usage;

use called::Called;
use clap::error::ErrorKind as Refusal;
use clap::{CommandFactory, FromArgMatches};
use cli::{Cli, Color};
use cmd::{Attempt, CompletionRequest, Cx, is_command};
use env::Env;
use error::{Candidate, DONE, Error, FailureKind, Result, escape};
use serde::Serialize;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::ffi::OsString;
use std::io::ErrorKind;

/// Groups of commands with their titles, in the order of help and manual.
pub use cmd::GROUPS;

/// Completion script of a shell, as `keyctl completions` prints it and `completions/` holds it.
pub use cmd::completion_script;

/// Definition of the command line, the source of help, manual pages and completions.
pub fn command() -> clap::Command {
    cli::in_groups(Cli::command())
}

/// Replaces `keyctl` in the commands of `text` by the name in `called`. `text` must not hold values of users.
pub fn as_called<'a>(called: &Called, text: &'a str) -> Cow<'a, str> {
    called.in_text(text, is_command)
}

/// Runs the program with `args`, which begin with its name, and returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, env: &mut Env) -> u8 {
    let mut args = usage::exec::join(args.into_iter().collect());
    let mut called = Called::by(&args);
    if let Some(first) = args.first_mut() {
        // clap prints this in every usage line.
        *first = OsString::from(&called.name);
    }
    if usage::refuse_tokens(&args).is_err() {
        // The value of --db could be that token, and hints would repeat it.
        called.db = None;
    }
    match try_run(&args, &called, env) {
        Ok(code) => code,
        Err(error) => {
            report(&error, usage::wants_json(&args), &called, env);
            error.kind.exit_code()
        }
    }
}

fn try_run(args: &[OsString], called: &Called, env: &mut Env) -> Result<u8> {
    if let Some(asked) = CompletionRequest::by(args, env) {
        return asked.answer(called, env, command);
    }
    usage::refuse_tokens(args.get(1..).unwrap_or_default())?;
    let (cli, attempt) = match parse(args) {
        Ok(parsed) => parsed,
        Err(error) => return not_parsed(&error, args, called, env),
    };
    let color = colored(cli.global.color, env);
    let mut cx = Cx {
        env,
        db: cli.global.db,
        quiet: cli.global.quiet,
        color,
        attempt,
        called,
        address: OnceCell::new(),
    };
    cli.command.run(&mut cx)
}

/// Parses `args`, first with `verify` as the only command.
///
/// Scripts call `verify` thousands of times, and building the definition of all commands takes longer than
/// parsing. Any line that the small definition accepts means the same in the whole one; the whole one parses
/// all other lines and makes the errors.
fn parse(args: &[OsString]) -> std::result::Result<(Cli, Attempt), clap::Error> {
    if args.iter().any(|arg| arg == "verify")
        && let Ok(parsed) = parse_by(Cli::with_verify_alone(), args)
    {
        return Ok(parsed);
    }
    parse_by(command(), args)
}

fn parse_by(
    command: clap::Command,
    args: &[OsString],
) -> std::result::Result<(Cli, Attempt), clap::Error> {
    let matches = command.try_get_matches_from(args)?;
    Ok((Cli::from_arg_matches(&matches)?, Attempt::of(&matches)))
}

/// True if standard output gets colours.
fn colored(asked: Color, env: &Env) -> bool {
    match asked {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            // A terminal without TERM, or a dumb one, could print the codes of colours as text.
            let knows_colors = env.var("TERM").is_some_and(|terminal| terminal != "dumb");
            env.terminal.stdout && knows_colors && env.var("NO_COLOR").is_none()
        }
    }
}

/// Handles a line that did not parse: prints help or the version, or returns the mistake.
fn not_parsed(
    error: &clap::Error,
    args: &[OsString],
    called: &Called,
    env: &mut Env,
) -> Result<u8> {
    match error.kind() {
        Refusal::DisplayHelp | Refusal::DisplayVersion => {
            let text = error.render();
            let color = colored(Color::among(args), env);
            let text = if color {
                text.ansi().to_string()
            } else {
                text.to_string()
            };
            match env.stdout.write_all(as_called(called, &text).as_bytes()) {
                // A reader that closed the pipe has seen enough.
                Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
                    Err(output::unwritable(cause))
                }
                _ => Ok(DONE),
            }
        }
        Refusal::DisplayHelpOnMissingArgumentOrSubcommand => {
            let text = error.render().to_string();
            // Standard error is closed; there is nowhere left to report it.
            drop(env.stderr.write_all(as_called(called, &text).as_bytes()));
            Ok(FailureKind::Usage.exit_code())
        }
        _ => Err(usage::refused(error, args, command())),
    }
}

/// Writes the error that ended the program to standard error.
fn report(error: &Error, json: bool, called: &Called, env: &mut Env) {
    let mut text = if json {
        in_json(error, called)
    } else {
        in_words(error, called)
    };
    text.push('\n');
    // Standard error is closed; there is nowhere left to report it.
    drop(env.stderr.write_all(text.as_bytes()));
}

fn in_words(error: &Error, called: &Called) -> String {
    let mut text = format!("{}: {}", called.name, error);
    for candidate in &error.candidates {
        text.push_str(&format!(
            "\n  {}  {}  of {}, {}",
            escape(&candidate.id),
            escape(&candidate.name),
            escape(&candidate.owner),
            candidate.state
        ));
    }
    if let Some(hint) = &error.hint {
        text.push_str(&format!("\nhint: {}", called.advice(hint)));
    }
    text
}

/// Error as JSON: `{"error":{"code":…,"message":…,"hint":…}}`.
#[derive(Serialize)]
struct ErrorInJson<'a> {
    error: ErrorFields<'a>,
}

#[derive(Serialize)]
struct ErrorFields<'a> {
    code: &'static str,
    message: String,
    hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<&'a [Candidate]>,
}

fn in_json(error: &Error, called: &Called) -> String {
    let fields = ErrorFields {
        code: error.kind.word(),
        message: error.to_string(),
        hint: error.hint.as_ref().map(|hint| called.advice(hint)),
        candidates: Some(&error.candidates[..]).filter(|candidates| !candidates.is_empty()),
    };
    // Cannot fail: these fields are text and lists of text.
    let text = output::json::bytes(&ErrorInJson { error: fields }).unwrap_or_default();
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verify_is_parsed_by_itself_as_among_all_commands() {
        let words = |line: &str| -> Vec<OsString> {
            let words = ["keyctl"].into_iter().chain(line.split_whitespace());
            words.map(OsString::from).collect()
        };
        let lines = [
            "verify",
            "verify --scope inference,project --scope x --project p --no-touch",
            "--db k.db --color never verify -q --key-file token --format json",
            "verify --db=k.db --key-env TOKEN --batch",
            "-q verify --batch --key-file - word",
        ];
        for line in lines {
            let args = words(line);
            let parsed = |command| parse_by(command, &args).map(|parsed| format!("{parsed:?}"));
            let alone = parsed(Cli::with_verify_alone());
            assert_eq!(alone.ok(), parsed(command()).ok(), "{line}");
        }
        for line in [
            "verify --help",
            "verify -h",
            "-h verify",
            "verify --no-touch --key-file t -qh",
            "verify --key-file --help",
            "--db verify list",
            "help verify",
            "verify list x",
        ] {
            assert!(
                parse_by(Cli::with_verify_alone(), &words(line)).is_err(),
                "{line}"
            );
        }
    }
}
