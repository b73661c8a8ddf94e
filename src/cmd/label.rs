//! Labels to look for, with a value or with any.

use crate::error::{Result, quote};
use crate::hint::{Hint, run};
use crate::name::{self, form, stored};
use crate::near::{self, AMONG};
use crate::store::{Filter, Read};
use crate::when::Timestamp;
use std::collections::BTreeSet;

/// Name of a label, and its value; `None` is any value.
pub type SoughtLabel = (String, Option<String>);

/// Parses a label to look for: `KEY=VALUE`, or `KEY` for any value.
pub fn sought(text: &str) -> Result<SoughtLabel> {
    let Some((label, value)) = text.split_once('=') else {
        return Ok((name::label_key(text)?, None));
    };
    stored::label(label, value)?;
    Ok((label.to_owned(), Some(value.to_owned())))
}

/// Label with its value as given, or else in the Unicode form in which a key has it.
pub fn as_stored(store: &dyn Read, given: &SoughtLabel, now: Timestamp) -> Result<SoughtLabel> {
    let (label, Some(value)) = given else {
        return Ok(given.clone());
    };
    let value = form::as_stored(value, |form| {
        let (found, damaged) = store.find_readable(&Filter {
            labels: vec![(label.clone(), Some(form.to_owned()))],
            limit: Some(1),
            ..Filter::all(now)
        })?;
        Ok(!found.is_empty() || damaged.count > 0)
    })?;
    Ok((label.clone(), Some(value)))
}

/// Question that proposes the label most like one of `labels` that no key of `filter` has.
pub fn label_like(
    store: &dyn Read,
    labels: &[SoughtLabel],
    filter: Filter,
) -> Result<Option<String>> {
    let (some, _) = store.find_readable(&Filter {
        limit: Some(AMONG),
        ..filter
    })?;
    let pairs = some.iter().flat_map(|key| &key.labels);
    let known: BTreeSet<SoughtLabel> = pairs
        .flat_map(|(label, value)| [None, Some(value.clone())].map(|value| (label.clone(), value)))
        .collect();
    for sought in labels.iter().filter(|label| !known.contains(*label)) {
        let alike = known
            .iter()
            .filter(|(_, value)| value.is_some() == sought.1.is_some());
        let alike: Vec<String> = alike.map(in_word).collect();
        let alike: Vec<&str> = alike.iter().map(String::as_str).collect();
        if let Some(question) = near::suggestion(&in_word(sought), &alike) {
            return Ok(Some(question));
        }
    }
    Ok(None)
}

/// Hint for a result without keys, if one of `labels` is on no key at all.
pub fn advice_if_none(
    store: &dyn Read,
    labels: &[SoughtLabel],
    now: Timestamp,
) -> Result<Option<Hint>> {
    for label in labels {
        let (found, damaged) = store.find_readable(&Filter {
            labels: vec![label.clone()],
            limit: Some(1),
            ..Filter::all(now)
        })?;
        if found.is_empty() && damaged.count == 0 {
            let none = Hint::from(format!("no key has the label {}; ", quote(&in_word(label))));
            let like = label_like(store, std::slice::from_ref(label), Filter::all(now))?;
            return Ok(Some(none.and(like.map_or_else(shown, Hint::from))));
        }
    }
    Ok(None)
}

/// Hint at the labels of all keys.
pub fn shown() -> Hint {
    run!("list --format jsonl")
        .in_quotes()
        .and(" shows the labels of every key")
}

/// Label as it is typed: `team=search`, or `team` for any value.
pub fn in_word((label, value): &SoughtLabel) -> String {
    match value {
        Some(value) => format!("{label}={value}"),
        None => label.clone(),
    }
}
