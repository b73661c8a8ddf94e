//! The program that a shell finds by this one's name: Linux's keyutils has a `keyctl` too.

use crate::called::OWN;
use crate::error::escape;
use crate::store::Remarks;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The first program of a name that a shell finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherProgram {
    /// Its path as a message shows it.
    pub shown: String,
    /// True if it is the program that runs.
    pub is_own: bool,
}

/// The bits that make a file a program.
const EXECUTABLE: u32 = 0o111;

/// The program `name` that a shell finds in the directories of `path`, a value of `PATH`, and whether
/// it is the file `own`.
pub fn find(path: &OsStr, name: &str, own: &Path) -> Option<OtherProgram> {
    let identity = |path: &Path| {
        let metadata = fs::metadata(path).ok()?;
        let runs = metadata.is_file() && metadata.mode() & EXECUTABLE != 0;
        runs.then(|| (metadata.dev(), metadata.ino()))
    };
    std::env::split_paths(path)
        // An empty one is the current directory.
        .map(|directory| PathBuf::from(".").join(directory).join(name))
        .find_map(|candidate| Some((identity(&candidate)?, candidate)))
        .map(|(found, candidate)| OtherProgram {
            shown: shown(candidate.strip_prefix(".").unwrap_or(&candidate)),
            is_own: identity(own) == Some(found),
        })
}

/// Path as a message shows it.
pub fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy())
}

/// Notes that by the name `called` a shell finds another program than the one that runs, whose path
/// is `own`, or none; and where this one goes by another name, what it finds by [`OWN`].
pub fn judge(
    called: &str,
    finds: impl Fn(&str) -> Option<OtherProgram>,
    own: &str,
    report: &mut Remarks,
) {
    match finds(called) {
        Some(found) if found.is_own => {}
        Some(OtherProgram { shown, .. }) => report.note(
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
    if let Some(OtherProgram { shown, .. }) = finds(OWN).filter(|found| !found.is_own) {
        report.note(
            "program",
            format!("by '{OWN}' the shell finds another program, {shown}; this one is '{called}'"),
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
            Some(OtherProgram {
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
            [
                "by 'keyctl' the shell finds another program, /usr/bin/keyctl; this one is 'api-keyctl'"
            ]
        );
        assert_eq!(notes("api-keyctl", &[("/x/api-keyctl", true)]), [""; 0]);
        assert_eq!(
            notes("kc", &[("/x/kc", true), ("/x/keyctl", true)]),
            [""; 0]
        );
    }
}
