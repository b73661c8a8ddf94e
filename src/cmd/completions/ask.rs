//! Question of a completion script, and the answer.

use super::paths::Paths;
use super::scripts::VARIABLE;
use super::values::{Candidates, offer_values};
use crate::called::{self, Called};
use crate::cmd::{Attempt, Cx, is_command};
use crate::env::Env;
use crate::error::{DONE, Result, is_unprintable};
use crate::usage::{self, exec};
use clap::ValueEnum;
use clap_complete::Shell;
use clap_complete::engine::{CompletionCandidate, complete};
use std::cell::OnceCell;
use std::ffi::OsString;
use std::path::PathBuf;

/// Request for candidates for the last word of a line.
pub struct CompletionRequest {
    /// True if the shell shows a description next to each candidate.
    described: bool,
    /// True if the shell quotes a candidate before it inserts it.
    quoted: bool,
    /// Words of the line; the first is the program's name.
    words: Vec<OsString>,
}

impl CompletionRequest {
    /// Reads the request from `args` if a completion script has called: `keyctl -- keyctl WORD…`, with
    /// [`VARIABLE`] set to the shell's name.
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

    /// Prints the candidates for the last word, one per line, each with a tab and its description.
    ///
    /// Prints no error if the store cannot be read: the user is in the middle of a line. `root` returns the
    /// definition of the whole command line.
    pub fn answer(self, called: &Called, env: &mut Env, root: fn() -> clap::Command) -> Result<u8> {
        if usage::refuse_tokens(&self.words).is_err() {
            return Ok(DONE);
        }
        // Without the last word, which is not complete.
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
            address: OnceCell::new(),
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
        let mut candidates = match self.words.split_last() {
            // Options of this program mean nothing there.
            Some((word, before)) if exec::has_begun(before) => Paths::Any.offer(word),
            _ => complete(&mut definition, self.words, last, directory.as_deref())
                .unwrap_or_default(),
        };
        if !is_begun && candidates.iter().any(|candidate| !is_flag(candidate)) {
            // Values come first: flags are offered once the word begins with '-', or if there is no value.
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

/// Returns the words before the last one, and the values in the last word that end in a comma.
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

/// True if a candidate has no character that a shell interprets. PowerShell's script evaluates the line at the
/// next Tab, so a key's name on it could run as code.
fn is_plain(candidate: &CompletionCandidate) -> bool {
    let value = candidate.get_value().as_encoded_bytes();
    let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:=+".contains(byte);
    value.iter().all(in_word)
}

/// Line for a candidate as the scripts read it; `None` if it has control characters.
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

/// Store that `--db` names on the line. The shell has not expanded the line yet, so this expands a `~`.
fn db(words: &[OsString], env: &Env) -> Option<PathBuf> {
    let path = PathBuf::from(called::db(words)?);
    Some(match (path.strip_prefix("~"), env.var("HOME")) {
        (Ok(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => path,
    })
}
