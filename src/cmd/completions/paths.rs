//! Candidates for paths, and for addresses that may have a path in them.

use crate::store;
use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter as _};
use std::ffi::OsStr;
use std::path::Path;

/// Beginning of the address of a unix socket.
const UNIX: &str = "unix:";

/// Kind of paths that an argument takes.
#[derive(Clone, Copy, Debug)]
pub enum Paths {
    /// Files and directories.
    Any,
    /// Directories.
    Directories,
    /// Files and directories, or an address that begins with one of these words.
    Or(&'static [&'static str]),
    /// An address that begins with one of these words; behind `unix:/`, files and directories.
    Addresses(&'static [&'static str]),
}

impl Paths {
    /// Returns the candidates that begin with `current`.
    pub fn offer(self, current: &OsStr) -> Vec<CompletionCandidate> {
        match self {
            Paths::Any => any(current),
            Paths::Directories => PathCompleter::dir().filter(Path::is_dir).complete(current),
            Paths::Or(words) => any(current)
                .into_iter()
                .chain(begun(words, current))
                .collect(),
            Paths::Addresses(words) => {
                let path = current.to_str().and_then(|text| text.strip_prefix(UNIX));
                match path {
                    Some(path) if path.starts_with('/') => any(OsStr::new(path))
                        .into_iter()
                        .map(|candidate| candidate.add_prefix(UNIX))
                        .collect(),
                    _ => begun(words, current),
                }
            }
        }
    }
}

fn any(current: &OsStr) -> Vec<CompletionCandidate> {
    PathCompleter::any().filter(is_wanted).complete(current)
}

/// True if `path` is a file to offer: not one of SQLite's files next to a store. `PathCompleter` offers
/// directories anyway.
fn is_wanted(path: &Path) -> bool {
    !path.is_dir() && !store::is_part(path)
}

fn begun(words: &[&str], current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else {
        return Vec::new();
    };
    let begun = words.iter().filter(|word| word.starts_with(current));
    begun.map(|word| CompletionCandidate::new(*word)).collect()
}
