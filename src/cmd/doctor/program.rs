//! Program that a shell finds by the name of this one: the Linux package keyutils has a `keyctl` too.

use crate::called::OWN;
use crate::error::escape;
use crate::store::Remarks;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Program that a shell finds by a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundProgram {
    /// The path, escaped for messages.
    pub shown: String,
    /// True if it is this program.
    pub is_own: bool,
}

/// Bits of a mode that make a file executable.
const EXECUTABLE: u32 = 0o111;

/// Finds the program `name` in the directories of `path`, a value of `PATH`, as a shell does. `own` is the
/// file of this program.
pub fn find(path: &OsStr, name: &str, own: &Path) -> Option<FoundProgram> {
    let identity = |path: &Path| {
        let metadata = fs::metadata(path).ok()?;
        let runs = metadata.is_file() && metadata.mode() & EXECUTABLE != 0;
        runs.then(|| (metadata.dev(), metadata.ino()))
    };
    std::env::split_paths(path)
        // An empty entry of PATH is the current directory.
        .map(|directory| PathBuf::from(".").join(directory).join(name))
        .find_map(|candidate| Some((identity(&candidate)?, candidate)))
        .map(|(found, candidate)| FoundProgram {
            shown: shown(candidate.strip_prefix(".").unwrap_or(&candidate)),
            is_own: identity(own) == Some(found),
        })
}

/// Returns `path`, escaped for messages.
pub fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy())
}

/// Notes that a shell finds another program, or none, by `called`, the name of this program at `own`. If that
/// name is not [`OWN`], also notes a program of another package that it finds by [`OWN`].
pub fn judge(
    called: &str,
    finds: impl Fn(&str) -> Option<FoundProgram>,
    own: &str,
    report: &mut Remarks,
) {
    match finds(called) {
        Some(found) if found.is_own => {}
        Some(FoundProgram { shown, .. }) => report.note(
            "program",
            format!("the shell finds another {called}, {shown}, and not this one, {own}"),
            "call this one by its full path, or put its directory first in PATH; keyutils has a keyctl too",
        ),
        None => report.note(
            "program",
            format!("the shell finds no {called} in PATH; this one is {own}"),
            "call it by its full path, or put its directory into PATH",
        ),
    }
    if called == OWN {
        return;
    }
    if let Some(FoundProgram { shown, .. }) = finds(OWN).filter(|found| !found.is_own) {
        report.note(
            "program",
            format!("'{OWN}' runs another program, {shown}; this one is '{called}'"),
            &*format!("write '{called}' in scripts"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(called: &str, found: &[(&str, bool)]) -> Vec<String> {
        let mut report = Remarks::default();
        let finds = |name: &str| {
            let (shown, is_own) = found
                .iter()
                .find(|(path, _)| path.ends_with(&format!("/{name}")))?;
            Some(FoundProgram {
                shown: (*shown).to_owned(),
                is_own: *is_own,
            })
        };
        judge(called, finds, "/own", &mut report);
        assert!(report.findings.is_empty());
        let notes = report.notes.into_iter();
        notes
            .inspect(|note| assert_eq!(note.code, "program"))
            .map(|note| note.message)
            .collect()
    }

    #[test]
    fn only_the_program_that_runs_goes_without_saying() {
        assert_eq!(notes(OWN, &[("/x/keyctl", true)]), [""; 0]);
        assert_eq!(
            notes(OWN, &[("/x/keyctl", false)]),
            ["the shell finds another keyctl, /x/keyctl, and not this one, /own"]
        );
        assert_eq!(
            notes(OWN, &[]),
            ["the shell finds no keyctl in PATH; this one is /own"]
        );
    }

    #[test]
    fn by_another_name_it_tells_whose_its_own_is() {
        let keyutils = ("/usr/bin/keyctl", false);
        assert_eq!(
            notes("api-keyctl", &[("/x/api-keyctl", true), keyutils]),
            ["'keyctl' runs another program, /usr/bin/keyctl; this one is 'api-keyctl'"]
        );
        assert_eq!(notes("api-keyctl", &[("/x/api-keyctl", true)]), [""; 0]);
        assert_eq!(
            notes("kc", &[("/x/kc", true), ("/x/keyctl", true)]),
            [""; 0]
        );
    }
}
