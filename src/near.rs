//! What was most likely meant by a name that is not known.

use crate::error::quote;

/// The shortest name, in characters, that another may be taken for: of shorter ones nearly all are one
/// slip of the finger apart.
const SHORTEST: usize = 3;

/// The longest name that is compared, in bytes: longer than any that is known, even with its owner
/// before it. What it costs grows with the length.
const LONGEST: usize = 1024;

/// Number of known names among which one is looked for that is like the one given.
pub const AMONG: u64 = 1000;

/// A question after the name among `known` that is most like `name`, if one is like it at all.
pub fn meant(name: &str, known: &[&str]) -> Option<String> {
    nearest(name, known).map(question)
}

/// The question whether `near` was meant.
pub fn question(near: &str) -> String {
    format!("did you mean {}?", quote(near))
}

/// The name among `known` that is most like `name`, if one is like it at all.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    // Who types in capitals means the same.
    let name = name.to_lowercase();
    known
        .iter()
        .map(|&candidate| (candidate.to_lowercase(), candidate))
        .filter(|(lower, _)| is_mistyped(&name, lower))
        .map(|(lower, candidate)| (strsim::jaro_winkler(&name, &lower), candidate))
        // Of several that are as much alike, the first.
        .rev()
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// Tells whether one who typed `name` may have meant `candidate`, both in lower case: has left out its end, has
/// mistyped at most one character in three, or has put another owner before it.
fn is_mistyped(name: &str, candidate: &str) -> bool {
    let (typed, meant) = (name.chars().count(), candidate.chars().count());
    if typed >= SHORTEST && candidate.starts_with(name) {
        return true;
    }
    if let (Some((_, name)), Some((_, candidate))) =
        (name.split_once('/'), candidate.split_once('/'))
        && name == candidate
    {
        return true;
    }
    let slips = (typed.min(meant) / 3).max(1);
    // Where the lengths tell, nothing is compared.
    meant >= SHORTEST
        && typed.abs_diff(meant) <= slips
        && strsim::osa_distance(name, candidate) <= slips
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
        assert_eq!(meant("st", &["set"]).unwrap(), "did you mean 'set'?");
    }

    #[test]
    fn what_is_longer_than_every_name_is_not_compared() {
        let known = "x".repeat(LONGEST);
        assert_eq!(nearest(&known, &[&known]), Some(&*known));
        assert_eq!(nearest(&format!("{known}x"), &[&known]), None);
    }
}
