//! Flags that several commands share.

use crate::error::{Error, Result, quote};
use crate::name;
use crate::store::Read;
use clap::{Args, ValueEnum};
use std::collections::{BTreeMap, BTreeSet};

/// Why a change is made.
#[derive(Args, Debug)]
pub struct Why {
    /// Why; kept in the audit log
    #[arg(short = 'm', long, value_name = "TEXT", value_parser = name::reason)]
    pub reason: Option<String>,
}

/// The form of what is printed about one thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// A JSON object.
    Json,
}

/// `given` as a set of scopes that the store knows; one given twice is a mistake.
pub fn scopes(store: &(impl Read + ?Sized), given: &[String]) -> Result<BTreeSet<String>> {
    let known = store.scopes()?;
    let mut scopes = BTreeSet::new();
    for scope in given {
        known.check(scope)?;
        if !scopes.insert(scope.clone()) {
            return Err(
                Error::usage(format!("the scope {} is given twice", quote(scope)))
                    .hint("give each scope once"),
            );
        }
    }
    Ok(scopes)
}

/// `given` as labels; one given twice is a mistake.
pub fn labels(given: &[(String, String)]) -> Result<BTreeMap<String, String>> {
    let mut labels = BTreeMap::new();
    for (label, value) in given {
        if labels.insert(label.clone(), value.clone()).is_some() {
            return Err(
                Error::usage(format!("the label {} is given twice", quote(label)))
                    .hint("give each label once"),
            );
        }
    }
    Ok(labels)
}
