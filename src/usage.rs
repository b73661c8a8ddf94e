//! clap's refusals in the words and the form of every other error.

use crate::error::{Error, Result, quote};
use crate::token::Redacted;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;

/// Refuses anything token-shaped among `args`: whoever can list processes has read it by now.
pub fn refuse_tokens(args: &[OsString]) -> Result<()> {
    match args.iter().find_map(|arg| Redacted::find(arg.as_encoded_bytes())) {
        None => Ok(()),
        Some(shown) => Err(Error::usage(format!("the token {shown} was given as an argument, where others can read it with ps"))
            .hint("take that token as leaked and rotate its key; to verify one, pipe it in or name --key-file; for KEY, give the key ID, or '-' and pipe the token in")),
    }
}

/// Whether `args` ask for JSON, as far as that can be told of a line that could not be read.
pub fn wants_json(args: &[OsString]) -> bool {
    let is_json = |value: &OsString| value == "json" || value == "jsonl";
    args.iter()
        .any(|arg| arg == "--format=json" || arg == "--format=jsonl")
        || args
            .windows(2)
            .any(|pair| pair[0] == "--format" && is_json(&pair[1]))
}

/// What clap refused of `args`, as one of our own errors.
pub fn refused(error: &clap::Error, args: &[OsString]) -> Error {
    let argument = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    let subject = || argument.as_deref().unwrap_or("an argument");
    match error.kind() {
        ErrorKind::UnknownArgument => {
            Error::usage(format!("there is no argument {} here", quote(subject())))
                .hint(suggestion(error, ContextKind::SuggestedArg, args))
        }
        ErrorKind::InvalidSubcommand => {
            let name = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            Error::usage(format!("there is no command {}", quote(&name))).hint(suggestion(
                error,
                ContextKind::SuggestedSubcommand,
                args,
            ))
        }
        ErrorKind::InvalidValue if value.as_deref().is_none_or(str::is_empty) => {
            Error::usage(format!("{} has no value", subject())).hint(choices(error, args))
        }
        ErrorKind::InvalidValue => Error::usage(format!(
            "{} is not a value of {}",
            quote(&value.unwrap_or_default()),
            subject()
        ))
        .hint(choices(error, args)),
        ErrorKind::ValueValidation => {
            validation(error, subject(), &value.unwrap_or_default(), args)
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = Error::usage(format!("missing: {}", subject()));
            if subject().contains("<KEY>") {
                missing.hint(format!("'keyctl list' shows the keys; {}", see_help(args)))
            } else {
                missing.hint(see_help(args))
            }
        }
        ErrorKind::ArgumentConflict => {
            let other = text(error, ContextKind::PriorArg).unwrap_or_else(|| subject().to_owned());
            let message = if other == subject() {
                format!("{} is given more than once", subject())
            } else {
                format!("{} does not go with {other}", subject())
            };
            Error::usage(message).hint("leave one of them out")
        }
        ErrorKind::InvalidUtf8 => {
            // clap does not say which one it was.
            let odd = args.iter().find(|arg| arg.to_str().is_none());
            let shown = odd.map_or_else(String::new, |arg| quote(&arg.to_string_lossy()));
            Error::usage(format!("the argument {shown} is not UTF-8"))
                .hint("only a path may be other than UTF-8")
        }
        ErrorKind::TooManyValues => Error::usage(format!("{} takes no value", subject()))
            .hint("leave out the '=' and what is behind it"),
        ErrorKind::MissingSubcommand => Error::usage("no command is given").hint(see_help(args)),
        _ => Error::usage(first_line(error)).hint(see_help(args)),
    }
}

/// Which command's help says more: that of the one which `args` name, as far as they name one.
fn see_help(args: &[OsString]) -> String {
    let root = crate::command();
    let mut command = &root;
    let mut path = String::new();
    let mut is_value = false;
    for arg in args.iter().skip(1).filter_map(|arg| arg.to_str()) {
        if is_value || arg.starts_with('-') {
            // The global options that take a value may stand before a command.
            is_value = !is_value && matches!(arg, "--db" | "--color");
            continue;
        }
        let Some(named) = command.find_subcommand(arg) else {
            break;
        };
        path.push(' ');
        path.push_str(named.get_name());
        command = named;
    }
    match path.as_str() {
        "" => "'keyctl --help' shows every command".to_owned(),
        path => format!("'keyctl help{path}' shows what it takes"),
    }
}

/// A value that one of our own parsers refused keeps that parser's words.
fn validation(error: &clap::Error, argument: &str, value: &str, args: &[OsString]) -> Error {
    let source = std::error::Error::source(error);
    match source.and_then(|source| source.downcast_ref::<Error>()) {
        Some(own) => own.clone(),
        None => {
            let why = source.map_or_else(String::new, |source| format!(": {source}"));
            Error::usage(format!(
                "{} is not a value of {argument}{why}",
                quote(value)
            ))
            .hint(see_help(args))
        }
    }
}

fn choices(error: &clap::Error, args: &[OsString]) -> String {
    if let Some(near) = nearest(error, ContextKind::SuggestedValue) {
        return format!("did you mean '{near}'?");
    }
    match text(error, ContextKind::ValidValue) {
        Some(valid) => format!("it takes: {valid}"),
        None => see_help(args),
    }
}

fn suggestion(error: &clap::Error, kind: ContextKind, args: &[OsString]) -> String {
    match nearest(error, kind) {
        Some(near) => format!("did you mean '{near}'?"),
        None => see_help(args),
    }
}

/// What was most likely meant: clap puts it last.
fn nearest(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.last().cloned(),
        _ => None,
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) if !texts.is_empty() => Some(texts.join(", ")),
        _ => None,
    }
}

fn first_line(error: &clap::Error) -> String {
    let rendered = error.to_string();
    let line = rendered.lines().next().unwrap_or_default();
    crate::error::escape(line.strip_prefix("error: ").unwrap_or(line))
}
