//! Hints for an argument that clap did not expect at its place.

use super::line::{CommandLine, has};
use super::synonyms;
use crate::error::quote;
use crate::event::Action;
use crate::hint::{Hint, run};
use crate::key::State;
use crate::policy::SETTINGS;

/// Options that take several values joined by commas.
const JOINED: [&str; 3] = ["--scope", "--add-scope", "--remove-scope"];

/// Returns a question for what `argument` was most likely meant to be; `None` if that is not clear. For an
/// option, `line` is read up to that option.
pub fn advice(argument: &str, line: &CommandLine<'_>) -> Option<Hint> {
    match argument.starts_with('-') {
        true => option(argument, line),
        false => word(argument, line),
    }
}

/// Returns a question for a setting of the policy and its value that were typed as one word.
pub fn joined_setting(line: &CommandLine<'_>) -> Option<Hint> {
    let (name, value) = match line.path.as_slice() {
        ["policy", "set"] => line.last()?.split_once('=')?,
        _ => return None,
    };
    let (name, value) = (simple(name)?, simple(value)?);
    Some(format!("did you mean 'policy set {name} {value}'?").into())
}

fn option(flag: &str, line: &CommandLine<'_>) -> Option<Hint> {
    let command = line.path.first().copied().unwrap_or_default();
    if line.before(flag) == Some("--name") {
        return Some("a name may not begin with '-'".into());
    }
    let value = line.after(flag).and_then(simple);
    match (command, flag) {
        ("", "--exec") => {
            return Some(
                "put '--exec' and its command at the end of the line, after 'create' or 'rotate'"
                    .into(),
            );
        }
        (_, "--exec") => return Some("only 'create' and 'rotate' take '--exec'".into()),
        ("list", "--name") => return Some(suggest_show(value)),
        ("list", "--page" | "--offset" | "--skip") => {
            return Some("there are no pages; use --limit and --reverse, or a pager".into());
        }
        ("log", "--owner") => {
            let user = value.unwrap_or("USER");
            return Some(
                format!("'--actor {user}' shows what {user} did, '--key {user}/NAME' what happened to a key")
                    .into(),
            );
        }
        ("disable" | "delete", "--key-file" | "--token-file" | "--file") => {
            let file = value.unwrap_or("FILE");
            let stop = Hint::command(format!("{command} -"));
            return Some(
                Hint::from("for the token in a file: ")
                    .and(stop)
                    .and(format!(" < {file}")),
            );
        }
        ("import", "--file" | "--input" | "--from" | "-i") => {
            let file = value.unwrap_or("FILE");
            return Some(format!("name the file alone: import {file}").into());
        }
        // Elsewhere this option names the file for the output.
        ("create" | "rotate", "-o" | "--output")
            if !matches!(line.after(flag), None | Some("text" | "json")) =>
        {
            return Some("did you mean '--secret-file'?".into());
        }
        _ => {}
    }
    if let Some(option) = synonyms::option(command, flag) {
        return Some(format!("did you mean '{option}'?").into());
    }
    let (known, typed) = match flag {
        "--json" => ("--format", "--format json"),
        _ => (flag, flag),
    };
    if known != flag && has(line.command, known) {
        return Some(format!("did you mean '{typed}'?").into());
    }
    let later = line.later(known)?;
    Some(format!("put '{typed}' after '{later}'").into())
}

fn word(word: &str, line: &CommandLine<'_>) -> Option<Hint> {
    if word == "help" {
        let help = Hint::command(format!("help {}", line.path.join(" ")));
        return Some(Hint::from("did you mean ").and(help.in_quotes()).and("?"));
    }
    let joined = line.option_before(word);
    let is_state = State::ALL.iter().any(|state| state.word() == word);
    let is_action = Action::ALL.iter().any(|action| action.word() == word);
    let is_joined = |option| match option {
        "--state" => is_state,
        "--action" => is_action,
        _ => JOINED.contains(&option),
    };
    if let Some((option, value)) = joined.filter(|(option, _)| is_joined(option)) {
        let (value, word) = (simple(value)?, simple(word)?);
        let or_name = match line.path.as_slice() {
            ["create"] if line.after("--name").is_none() => format!(" or '--name {word}'"),
            _ => String::new(),
        };
        return Some(format!("did you mean '{option} {value},{word}'{or_name}?").into());
    }
    match line.path.as_slice() {
        ["create"] => Some(format!("did you mean '--name {}'?", simple(word)?).into()),
        ["log"] if matches!(word, "check" | "verify") => Some("did you mean '--check'?".into()),
        ["log"] if is_action => Some(format!("did you mean '--action {word}'?").into()),
        ["log"] => Some(format!("did you mean '--key {}'?", simple(word)?).into()),
        ["list"] if is_state => Some(format!("did you mean '--state {word}'?").into()),
        ["list"] => Some(suggest_show(Some(simple(word)?))),
        ["policy", "show"] => Some(
            run!("policy show")
                .in_quotes()
                .and(" shows every policy and takes no name"),
        ),
        _ => None,
    }
}

/// Returns a question for one key, or for all keys whose names have a part `name`.
fn suggest_show(name: Option<&str>) -> Hint {
    let (key, part) = (name.unwrap_or("KEY"), name.unwrap_or("TEXT"));
    Hint::from("did you mean ")
        .and(run!("show {}", key).in_quotes())
        .and(" or ")
        .and(run!("list --search {}", part).in_quotes())
        .and("?")
}

/// Returns a question for a setting of the policy that was typed as a command `name`.
pub fn bare_setting(name: &str, line: &CommandLine<'_>) -> Option<Hint> {
    let is_setting = SETTINGS.iter().any(|(setting, _)| *setting == name);
    if line.path != ["policy"] || !is_setting {
        return None;
    }
    Some(match line.after(name).and_then(simple) {
        Some(value) => format!("did you mean 'policy set {name} {value}'?").into(),
        None => run!("policy show").in_quotes().and(" shows every policy"),
    })
}

/// Returns `word` if a hint may repeat it in a command line: a shell reads it as one word, and no secret is in
/// it.
fn simple(word: &str) -> Option<&str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/=@+".contains(c);
    let is_simple = !word.is_empty() && word.chars().all(is_plain);
    (is_simple && quote(word) == format!("'{word}'")).then_some(word)
}
