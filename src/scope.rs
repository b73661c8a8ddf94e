//! Scopes: permissions of a key, and the implications among them.

use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::near::suggestion;
use std::collections::{BTreeMap, BTreeSet};

/// Maximum number of scopes that a hint lists.
const LISTED_MAX: usize = 20;

/// Maximum length of a scope's name, in characters.
const NAME_MAX: usize = 64;

/// Registered scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Description for people.
    pub description: String,
    /// Scopes that it implies directly.
    pub implies: BTreeSet<String>,
}

/// Scopes that a store knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registry {
    scopes: BTreeMap<String, Scope>,
}

impl Registry {
    /// Adds the scope `name`.
    pub fn add(&mut self, name: String, scope: Scope) {
        self.scopes.insert(name, scope);
    }

    /// Makes the scope `name` imply `implied`. Returns false if it did already, or if there is no
    /// scope `name`.
    pub fn imply(&mut self, name: &str, implied: String) -> bool {
        self.scopes
            .get_mut(name)
            .is_some_and(|scope| scope.implies.insert(implied))
    }

    /// Iterates over all scopes in alphabetical order.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Scope)> {
        self.scopes
            .iter()
            .map(|(name, scope)| (name.as_str(), scope))
    }

    /// Tells whether the store knows the scope `name`.
    pub fn has(&self, name: &str) -> bool {
        self.scopes.contains_key(name)
    }

    /// Returns the scopes that imply `name` directly.
    pub fn implying(&self, name: &str) -> Vec<&str> {
        self.all()
            .filter(|(_, scope)| scope.implies.contains(name))
            .map(|(implying, _)| implying)
            .collect()
    }

    /// Returns the scopes that grant `name`: itself and all that imply it, through any number of steps.
    pub fn granting(&self, name: &str) -> BTreeSet<String> {
        let mut granting = BTreeSet::new();
        let mut next = vec![name];
        while let Some(scope) = next.pop() {
            if granting.insert(scope.to_owned()) {
                next.extend(self.implying(scope));
            }
        }
        granting
    }

    /// Refuses a scope that the store does not know; the hint suggests the nearest known one.
    pub fn check(&self, name: &str) -> Result<()> {
        if self.has(name) {
            return Ok(());
        }
        let known: Vec<&str> = self.all().map(|(name, _)| name).collect();
        let hint = suggestion(name, &known).map_or_else(
            || {
                let here = format!("the scopes here are: {}", listed(&known));
                let add = run!("scope add {}", name).in_quotes();
                match self::name(name) {
                    Ok(_) => Hint::from(here).and("; ").and(add).and(" adds this one"),
                    Err(_) => here.into(),
                }
            },
            Hint::from,
        );
        Err(Error::usage(format!("there is no scope {}", quote(name))).hint(hint))
    }

    /// Tells whether `held` contains `wanted`, or a scope that implies it through any number of steps.
    pub fn grants(&self, held: &BTreeSet<String>, wanted: &str) -> bool {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = held.iter().map(String::as_str).collect();
        while let Some(scope) = next.pop() {
            if scope == wanted {
                return true;
            }
            if seen.insert(scope) {
                let implied = self.scopes.get(scope).map(|scope| &scope.implies);
                next.extend(implied.into_iter().flatten().map(String::as_str));
            }
        }
        false
    }
}

/// Joins the first of `names` for a hint.
fn listed(names: &[&str]) -> String {
    let mut listed: Vec<String> = names
        .iter()
        .take(LISTED_MAX)
        .map(|name| quote(name).trim_matches('\'').to_owned())
        .collect();
    if names.len() > LISTED_MAX {
        listed.push("…".to_owned());
    }
    listed.join(", ")
}

/// Checks `text` as the name of a new scope: `[a-z][a-z0-9:._-]*`, at most 64 characters.
pub fn name(text: &str) -> Result<String> {
    let fits = text.len() <= NAME_MAX
        && text
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_lowercase())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b":._-".contains(&byte)
        });
    if fits {
        return Ok(text.to_owned());
    }
    Err(Error::usage(format!("{} is not a scope name", quote(text)))
        .hint("use lower-case letters, digits, ':', '.', '_' and '-', a letter first, at most 64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(pairs: &[(&str, &str)]) -> Registry {
        let mut registry = Registry::default();
        for (name, implied) in pairs {
            for scope in [name, implied] {
                if !registry.has(scope) {
                    registry.add((*scope).to_owned(), Scope::default());
                }
            }
            registry.imply(name, (*implied).to_owned());
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
    fn granting_returns_the_scopes_that_grant_and_no_others() {
        let scopes = registry(&[("a", "b"), ("b", "c"), ("c", "a"), ("x", "c"), ("c", "y")]);
        for (name, _) in scopes.all() {
            let granting = scopes.granting(name);
            for (held, _) in scopes.all() {
                let grants = scopes.grants(&BTreeSet::from([held.to_owned()]), name);
                assert_eq!(granting.contains(held), grants, "{held} grants {name}");
            }
        }
        // A scope that is not registered any more is granted by itself.
        assert_eq!(scopes.granting("gone"), BTreeSet::from(["gone".to_owned()]));
    }

    #[test]
    fn implication_runs_one_way() {
        let scopes = registry(&[("project", "inference")]);
        assert!(!scopes.grants(&BTreeSet::from(["inference".to_owned()]), "project"));
    }

    #[test]
    fn scope_names_are_lower_case_words() {
        for good in ["a", "data:read", "v1.2_x-y", &"a".repeat(64)] {
            assert!(name(good).is_ok(), "{good:?} was refused");
        }
        for bad in ["", "A", "1a", ":a", "a b", "a,b", "ä", &"a".repeat(65)] {
            assert!(name(bad).is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_or_with_all() {
        let scopes = registry(&[("project", "inference")]);
        let hint = |name: &str| scopes.check(name).unwrap_err().hint.unwrap();
        assert_eq!(hint("infrence"), "did you mean 'inference'?".into());
        assert_eq!(hint("Projects"), "did you mean 'project'?".into());
        assert_eq!(
            hint("zzz"),
            Hint::from("the scopes here are: inference, project")
                .and("; ")
                .and(run!("scope add {}", "zzz").in_quotes())
                .and(" adds this one")
        );
    }
}
