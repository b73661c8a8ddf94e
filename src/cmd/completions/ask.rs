//! What a completion script asks, and the answer.

use super::scripts::VARIABLE;
use super::values::{Candidates, offer_values};
use crate::called::{self, Called};
use crate::cmd::{Attempt, Cx, is_command};
use crate::env::Env;
use crate::error::{DONE, Result, is_unprintable};
use crate::usage;
use clap::ValueEnum;
use clap_complete::Shell;
use clap_complete::engine::{CompletionCandidate, complete};
use std::ffi::OsString;
use std::path::PathBuf;

/// A question: what may the last of these words become?
pub struct CompletionRequest {
    /// True if the shell takes a description behind each answer.
    described: bool,
    /// True if the shell quotes an answer before it puts it on the line.
    quoted: bool,
    /// The line so far, the program's name first.
    words: Vec<OsString>,
}

impl CompletionRequest {
    /// Returns the question in `args`, if a completion script has called: `keyctl -- keyctl WORD…`, with [`VARIABLE`]
    /// set to its shell.
    pub fn by(args: &[OsString], env: &Env) -> Option<Self> {
        let (marker, words) = args.get(1..)?.split_first()?;
        let first = words.first()?.to_str();
        if marker != "--" || first.is_some_and(is_command) {
            return None;
        }
        let shell = env.var(VARIABLE)?;
        let known = |known: &Shell| known.to_string().as_str() == shell;
        if !Shell::value_variants().iter().any(known) {
            return None;
        }
        Some(CompletionRequest {
            described: shell != "elvish",
            quoted: shell != "powershell",
            words: words.to_vec(),
        })
    }

    /// Prints what the last word may become: one value a line, behind each a tab and what it is.
    /// It prints nothing where the store cannot be read: somebody is in the middle of a line. `root` makes
    /// the definition of the whole command line.
    pub fn answer(self, called: &Called, env: &mut Env, root: fn() -> clap::Command) -> Result<u8> {
        if usage::refuse_tokens(&self.words).is_err() {
            return Ok(DONE);
        }
        // The last word is not there yet.
        let db = db(
            self.words.split_last().map_or(&[], |(_, before)| before),
            env,
        );
        let mut cx = Cx {
            env,
            db,
            quiet: true,
            color: false,
            attempt: Attempt::default(),
            called,
        };
        let mut definition = root();
        let (before, begun) = given(&self.words);
        if let Ok(address) = cx.address() {
            definition = offer_values(
                definition,
                &Candidates {
                    address,
                    actor: cx.env.actor.name.clone(),
                    now: cx.env.now(),
                    before,
                    begun,
                },
            );
        }
        let last = self.words.len() - 1;
        let is_begun = self.words.last().is_some_and(|word| !word.is_empty());
        let directory = std::env::current_dir().ok();
        let candidates = complete(&mut definition, self.words, last, directory.as_deref());
        let mut candidates = candidates.unwrap_or_default();
        if !is_begun && candidates.iter().any(|candidate| !is_flag(candidate)) {
            // Whoever wants a flag begins one; the others would drown in them.
            candidates.retain(|candidate| !is_flag(candidate));
        }
        let lines: String = candidates
            .iter()
            .filter(|candidate| self.quoted || is_plain(candidate))
            .filter_map(|candidate| line(candidate, self.described))
            .collect();
        cx.print(lines.as_bytes())?;
        Ok(DONE)
    }
}

/// The words before the last, and the values before the last that the last has.
fn given(words: &[OsString]) -> (Vec<String>, Vec<String>) {
    let mut words: Vec<String> = words
        .iter()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let last = words.pop().unwrap_or_default();
    let values = match last.split_once('=') {
        Some((flag, values)) if flag.starts_with("--") => values,
        _ => &last,
    };
    let mut begun: Vec<String> = values.split(',').map(str::to_owned).collect();
    begun.pop();
    (words, begun)
}

fn is_flag(candidate: &CompletionCandidate) -> bool {
    candidate.get_value().as_encoded_bytes().starts_with(b"-")
}

/// Tells whether no shell reads anything in a candidate. PowerShell's script runs what is on the line at the
/// next Tab, and whoever may make keys chooses names.
fn is_plain(candidate: &CompletionCandidate) -> bool {
    let value = candidate.get_value().as_encoded_bytes();
    let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:=+".contains(byte);
    value.iter().all(in_word)
}

/// A candidate as the scripts read it; none for one that would move the cursor.
fn line(candidate: &CompletionCandidate, described: bool) -> Option<String> {
    let value = candidate.get_value().to_str()?;
    if value.chars().any(is_unprintable) {
        return None;
    }
    let help = candidate.get_help().map(ToString::to_string);
    let help = help.as_deref().and_then(|help| help.lines().next());
    Some(match help.filter(|_| described) {
        Some(help) => format!("{value}\t{help}\n"),
        None => format!("{value}\n"),
    })
}

/// The store that the line itself names with `--db`. The shell has not read the line yet: a `~` still
/// stands for the home directory.
fn db(words: &[OsString], env: &Env) -> Option<PathBuf> {
    let path = PathBuf::from(called::db(words)?);
    Some(match (path.strip_prefix("~"), env.var("HOME")) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path,
    })
}
