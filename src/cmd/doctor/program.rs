//! Which `keyctl` a shell finds: Linux's keyutils has a program of that name too.

use super::report::Report;

/// The first `keyctl` that a shell finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its path as a message shows it.
    pub shown: String,
    /// Whether it is the program that runs.
    pub is_own: bool,
}

/// Notes that a shell finds another program than the one that runs, whose path is `own`, or none.
pub fn judge(found: Option<&Found>, own: &str, report: &mut Report) {
    match found {
        Some(found) if found.is_own => {}
        Some(Found { shown, .. }) => report.note(
            "program",
            format!("the shell finds another keyctl, {shown}, and not this one, {own}"),
            "call this one by its full path, or put its directory first in PATH; keyutils has a keyctl too",
        ),
        None => report.note(
            "program",
            format!("the shell finds no keyctl in PATH; this one is {own}"),
            "call it by its full path, or put its directory into PATH",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_program_that_runs_goes_without_saying() {
        let codes = |found: Option<Found>| -> Vec<&str> {
            let mut report = Report::default();
            judge(found.as_ref(), "/own/keyctl", &mut report);
            assert!(report.findings.is_empty());
            report.notes.iter().map(|note| note.code).collect()
        };
        let found = |is_own| {
            Some(Found {
                shown: "/x/keyctl".to_owned(),
                is_own,
            })
        };
        assert_eq!(codes(found(true)), [""; 0]);
        assert_eq!(codes(found(false)), ["program"]);
        assert_eq!(codes(None), ["program"]);
    }
}
