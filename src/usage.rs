//! clap's errors, turned into errors of this crate.

pub mod exec;
mod line;
mod stray;
mod synonyms;

use self::line::CommandLine;
use crate::called;
use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::near;
use crate::token::Redacted;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;

/// Refuses `args` if one is shaped like a token: anybody who can list processes may have read it.
pub fn refuse_tokens(args: &[OsString]) -> Result<()> {
    let found = args
        .iter()
        .find_map(|arg| Redacted::find(arg.as_encoded_bytes()));
    let Some(found) = found else {
        return Ok(());
    };
    let key = found.id().map_or("ID".to_owned(), |id| id.to_string());
    // `rotate` needs `--grace 0s`: policy default-grace could keep the leaked token working.
    Err(Error::usage(format!("{found} was given as an argument, where others can read it with ps"))
        .hint(
            Hint::from("treat that token as leaked: ")
                .and(run!("disable {}", key).in_quotes())
                .and(" stops it, ")
                .and(run!("delete {}", key).in_quotes())
                .and(" permanently, ")
                .and(run!("rotate {} --grace 0s", key).in_quotes())
                .and(" puts a new one in its place; to verify a token, pipe it in or use --key-file; for KEY, give the key ID, or '-' and pipe the token in"),
        ))
}

/// True if `args`, which clap may have refused, ask for JSON.
pub fn wants_json(args: &[OsString]) -> bool {
    called::values(args, "--format").any(|format| format == "json" || format == "jsonl")
}

/// Turns clap's `error` about `args`, a command line of `root`, into an error of this crate.
pub fn refused(error: &clap::Error, args: &[OsString], mut root: clap::Command) -> Error {
    // Completes the definition: only then do arguments print as they do in clap's errors.
    root.build();
    let line = &CommandLine::new(args, &root, None);
    let argument = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    let subject = || argument.as_deref().map_or("an argument".to_owned(), named);
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let unknown = argument.as_deref().unwrap_or_default();
            let before = CommandLine::new(args, &root, Some(unknown));
            Error::usage(format!("unexpected argument {}", quote(unknown))).hint(
                stray::advice(unknown, &before)
                    .unwrap_or_else(|| option_like(error, unknown, line)),
            )
        }
        ErrorKind::InvalidSubcommand => {
            let name = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            Error::usage(format!("there is no command {}", quote(&name)))
                .hint(command_like(&name, line))
        }
        ErrorKind::InvalidValue if value.as_deref().is_none_or(str::is_empty) => {
            Error::usage(format!("{} has no value", subject())).hint(no_value(error, args, line))
        }
        ErrorKind::InvalidValue => {
            let value = value.unwrap_or_default();
            let message = format!("{} is not a valid value for {}", quote(&value), subject());
            Error::usage(message).hint(choices(error, &value, line))
        }
        ErrorKind::ValueValidation => {
            validation(error, &subject(), &value.unwrap_or_default(), line)
        }
        ErrorKind::MissingRequiredArgument => missing(error, line),
        ErrorKind::ArgumentConflict => {
            let other = text(error, ContextKind::PriorArg).map(|other| named(&other));
            let message = match other.filter(|other| *other != subject()) {
                None => format!("{} is given more than once", subject()),
                Some(other) => format!("{} does not go with {other}", subject()),
            };
            Error::usage(message).hint("leave one of them out")
        }
        ErrorKind::InvalidUtf8 => {
            // clap does not say which argument it was.
            let odd = args.iter().find(|arg| arg.to_str().is_none());
            let shown = odd.map_or_else(String::new, |arg| quote(&arg.to_string_lossy()));
            Error::usage(format!("the argument {shown} is not UTF-8"))
                .hint("only paths may be anything but UTF-8")
        }
        ErrorKind::TooManyValues => Error::usage(format!("{} takes no value", subject()))
            .hint("leave out the '=' and what follows it"),
        ErrorKind::MissingSubcommand => Error::usage("no command is given").hint(line.see_help()),
        _ => Error::usage(first_line(error)).hint(line.see_help()),
    }
}

/// Name of an argument in a message: `--scope` for clap's `--scope <SCOPE>`, `KEY` for `<KEY>...`.
fn named(argument: &str) -> String {
    match argument.split_once(' ') {
        Some((option, _)) if option.starts_with('-') => option.to_owned(),
        _ => typed(argument),
    }
}

/// Argument as a user types it: `--scope SCOPE` for clap's `--scope <SCOPE>`.
fn typed(argument: &str) -> String {
    argument
        .replace("...", "")
        .replace(['<', '>', '[', ']'], "")
}

/// Error for required arguments that are missing.
fn missing(error: &clap::Error, line: &CommandLine<'_>) -> Error {
    let missing = texts(error, ContextKind::InvalidArg);
    let all: Vec<String> = missing.iter().map(|argument| typed(argument)).collect();
    let s = if all.len() == 1 { "" } else { "s" };
    let missed = Error::usage(format!("missing argument{s}: {}", all.join(", ")));
    if let Some(hint) = stray::joined_setting(line) {
        return missed.hint(hint);
    }
    if line.after(exec::EXEC).is_some() {
        return missed.hint(exec::HINT);
    }
    if all.iter().any(|argument| argument == "KEY") {
        return missed.hint(
            run!("list")
                .in_quotes()
                .and(" shows the keys; ")
                .and(line.see_help()),
        );
    }
    let mut hint = String::new();
    for argument in line.command.get_arguments() {
        let (shown, values) = (argument.to_string(), argument.get_possible_values());
        if missing.contains(&shown.as_str()) && !values.is_empty() {
            let values: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
            hint.push_str(&format!("{} takes: {}; ", named(&shown), values.join(", ")));
        }
    }
    missed.hint(Hint::from(hint).and(line.see_help()))
}

/// Error for a value that its parser refused. An error of this crate is passed on unchanged.
fn validation(error: &clap::Error, argument: &str, value: &str, line: &CommandLine<'_>) -> Error {
    let source = std::error::Error::source(error);
    match source.and_then(|source| source.downcast_ref::<Error>()) {
        Some(own) => own.clone(),
        None => {
            let why = source.map_or_else(String::new, |source| format!(": {source}"));
            Error::usage(format!(
                "{} is not a valid value for {argument}{why}",
                quote(value)
            ))
            .hint(line.see_help())
        }
    }
}

/// Hint for an option without a value. A value that begins with '-' is an option to clap.
fn no_value(error: &clap::Error, args: &[OsString], line: &CommandLine<'_>) -> Hint {
    let argument = text(error, ContextKind::InvalidArg).map(|arg| named(&arg));
    if argument.as_deref() == Some(exec::EXEC) {
        return exec::HINT.into();
    }
    let is_name = argument.as_deref() == Some("--name");
    let dashed =
        |pair: &[OsString]| pair[0] == "--name" && pair[1].as_encoded_bytes().starts_with(b"-");
    match is_name && args.windows(2).any(dashed) {
        true => "a name may not begin with '-'".into(),
        false => choices(error, "", line),
    }
}

/// Hint at the valid value nearest to `value`, or at all valid values.
fn choices(error: &clap::Error, value: &str, line: &CommandLine<'_>) -> Hint {
    let valid = texts(error, ContextKind::ValidValue);
    if let Some(hint) = synonyms::value(value, &valid) {
        return hint;
    }
    match near::suggestion(value, &valid) {
        Some(question) => question.into(),
        None if valid.is_empty() => line.see_help(),
        None => format!("it takes: {}", valid.join(", ")).into(),
    }
}

/// Hint at the command that `name` stands for in other programs, else at the command spelled most like it.
fn command_like(name: &str, line: &CommandLine<'_>) -> Hint {
    if let Some(hint) = stray::bare_setting(name, line) {
        return hint;
    }
    let parent = line.path.last().copied();
    if let Some(question) = synonyms::command(parent, name) {
        return question;
    }
    let known: Vec<&str> = line
        .command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    near::suggestion(name, &known).map_or_else(|| line.see_help(), Hint::from)
}

/// Hint at the option spelled most like `unknown`. clap suggests several, the best last, and some of them are
/// not close enough.
fn option_like(error: &clap::Error, unknown: &str, line: &CommandLine<'_>) -> Hint {
    let bare = |option: &str| option.trim_start_matches('-').to_owned();
    let near = texts(error, ContextKind::SuggestedArg)
        .into_iter()
        .rfind(|option| near::nearest(&bare(unknown), &[&bare(option)]).is_some());
    near.map_or_else(|| line.see_help(), |near| near::question(near).into())
}

/// Texts in the part `kind` of clap's error.
fn texts(error: &clap::Error, kind: ContextKind) -> Vec<&str> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text],
        Some(ContextValue::Strings(texts)) => texts.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    let texts = texts(error, kind);
    (!texts.is_empty()).then(|| texts.join(", "))
}

fn first_line(error: &clap::Error) -> String {
    let rendered = error.to_string();
    let line = rendered.lines().next().unwrap_or_default();
    crate::error::escape(line.strip_prefix("error: ").unwrap_or(line))
}
