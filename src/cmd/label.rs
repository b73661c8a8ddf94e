//! Labels to look for, with a value or with any.

use crate::error::Result;
use crate::name::{self, form, stored};
use crate::store::{Filter, Read};
use crate::when::Timestamp;

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
