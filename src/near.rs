//! Search for the known name that is spelled most like an unknown one.

use crate::error::quote;

/// Length in characters of the shortest name to propose. Nearly all shorter names differ by a single character.
const SHORTEST: usize = 3;

/// Length in bytes of the longest name to compare, more than OWNER/NAME can have. Bounds the time of a
/// comparison.
const LONGEST: usize = 1024;

/// Largest number of known names to compare with.
pub const AMONG: u64 = 1000;

/// Question that proposes the name in `known` most like `name`; `None` if none is close.
pub fn suggestion(name: &str, known: &[&str]) -> Option<String> {
    nearest(name, known).map(question)
}

/// Question that proposes `near`.
pub fn question(near: &str) -> String {
    format!("did you mean {}?", quote(near))
}

/// Name in `known` that is most like `name`; `None` if none is close.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    // Case does not matter.
    let name = name.to_lowercase();
    known
        .iter()
        .map(|&candidate| (candidate.to_lowercase(), candidate))
        .filter(|(lower, _)| is_mistyped(&name, lower))
        .map(|(lower, candidate)| (strsim::jaro_winkler(&name, &lower), candidate))
        // `max_by` returns the last of equal ones; the first is wanted.
        .rev()
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// True if `name` is a prefix of `candidate`, is a typo of it with at most one wrong character in three, or is
/// the same name with another owner. Both are in lower case.
fn is_mistyped(name: &str, candidate: &str) -> bool {
    let (length, other) = (name.chars().count(), candidate.chars().count());
    if length >= SHORTEST && candidate.starts_with(name) {
        return true;
    }
    if let (Some((_, name)), Some((_, candidate))) =
        (name.split_once('/'), candidate.split_once('/'))
        && name == candidate
    {
        return true;
    }
    let typos = (length.min(other) / 3).max(1);
    // The lengths first: they are cheap to compare.
    other >= SHORTEST
        && length.abs_diff(other) <= typos
        && strsim::osa_distance(name, candidate) <= typos
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_is_meant_and_nothing_that_is_not_alike() {
        let known = ["inference", "project"];
        assert_eq!(nearest("infrence", &known), Some("inference"));
        assert_eq!(nearest("Projects", &known), Some("project"));
        assert_eq!(nearest("INFERENCE", &known), Some("inference"));
        assert_eq!(nearest("projekt", &["PROJECT"]), Some("PROJECT"));
        assert_eq!(nearest("zzz", &known), None);
        assert_eq!(nearest("zzz", &[]), None);
    }

    #[test]
    fn a_slip_or_a_beginning_is_suggested_and_no_other_word() {
        for (typed, known, is_meant) in [
            ("st", "set", true),
            ("sett", "set", true),
            ("hsh", "hash", true),
            ("alcie", "alice", true),
            ("proj", "project", true),
            ("models:trian", "models:train", true),
            ("carol/ci", "alice/ci", true),
            ("abc", "a", false),
            ("ab", "a", false),
            ("b", "a", false),
            ("ci", "cd", false),
            ("pr", "project", false),
            ("login", "log", false),
            ("nosuch", "H!touch", false),
            ("", "set", false),
        ] {
            let found = nearest(typed, &[known]);
            assert_eq!(found.is_some(), is_meant, "{typed} {known}");
        }
        assert_eq!(suggestion("st", &["set"]).unwrap(), "did you mean 'set'?");
    }

    #[test]
    fn what_is_longer_than_every_name_is_not_compared() {
        let known = "x".repeat(LONGEST);
        assert_eq!(nearest(&known, &[&known]), Some(&*known));
        assert_eq!(nearest(&format!("{known}x"), &[&known]), None);
    }
}
