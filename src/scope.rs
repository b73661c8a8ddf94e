//! Scopes: what a key may do, and which scope implies which.

use crate::error::{Error, Result, quote};
use std::collections::{BTreeMap, BTreeSet};

/// How alike, from 0 to 1, a known name must be to be suggested for an unknown one.
const ALIKE: f64 = 0.7;

/// The scopes that a store knows, each with those that it implies directly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    implies: BTreeMap<String, BTreeSet<String>>,
}

impl Registry {
    /// Adds the scope `name`.
    pub fn add(&mut self, name: String) {
        self.implies.entry(name).or_default();
    }

    /// Lets whoever has the scope `name` have `implied` too.
    pub fn imply(&mut self, name: String, implied: String) {
        self.implies.entry(name).or_default().insert(implied);
    }

    /// The names of all scopes, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.implies.keys().map(String::as_str)
    }

    /// Refuses a scope that the store does not know, and suggests the nearest one that it does.
    pub fn check(&self, name: &str) -> Result<()> {
        if self.implies.contains_key(name) {
            return Ok(());
        }
        let known: Vec<&str> = self.names().collect();
        let hint = match nearest(name, &known) {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("the scopes here are: {}", known.join(", ")),
        };
        Err(Error::usage(format!("there is no scope {}", quote(name))).hint(hint))
    }

    /// Whether a key that has the scopes `held` holds `wanted`: has it, or one that implies it
    /// through any number of steps.
    pub fn grants(&self, held: &BTreeSet<String>, wanted: &str) -> bool {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = held.iter().map(String::as_str).collect();
        while let Some(scope) = next.pop() {
            if scope == wanted {
                return true;
            }
            if seen.insert(scope) {
                next.extend(
                    self.implies
                        .get(scope)
                        .into_iter()
                        .flatten()
                        .map(String::as_str),
                );
            }
        }
        false
    }
}

/// The name among `known` that is most like `name`, if one is like it at all.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|&candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|&(alike, _)| alike >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(pairs: &[(&str, &str)]) -> Registry {
        let mut registry = Registry::default();
        for (name, implied) in pairs {
            registry.add((*implied).to_owned());
            registry.imply((*name).to_owned(), (*implied).to_owned());
        }
        registry
    }

    #[test]
    fn implication_takes_any_number_of_steps_and_survives_a_cycle() {
        let scopes = registry(&[("a", "b"), ("b", "c"), ("c", "a"), ("x", "y")]);
        let held = BTreeSet::from(["a".to_owned()]);
        assert!(scopes.grants(&held, "c"));
        assert!(!scopes.grants(&held, "y"));
        assert!(!scopes.grants(&BTreeSet::new(), "a"));
    }

    #[test]
    fn implication_runs_one_way() {
        let scopes = registry(&[("project", "inference")]);
        assert!(!scopes.grants(&BTreeSet::from(["inference".to_owned()]), "project"));
    }

    #[test]
    fn the_nearest_name_is_suggested() {
        let scopes = registry(&[("project", "inference")]);
        let hint = |name: &str| scopes.check(name).unwrap_err().hint.unwrap();
        assert_eq!(hint("infrence"), "did you mean 'inference'?");
        assert_eq!(hint("Projects"), "did you mean 'project'?");
        assert_eq!(hint("zzz"), "the scopes here are: inference, project");
    }
}
