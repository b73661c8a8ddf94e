//! Reports of an import.

use super::entry::Entry;
use super::plan::Defaults;
use crate::cmd::values::one_of;
use crate::cmd::{Cx, confirm, preview};
use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::key::Key;
use crate::output::{Field, ListFormat, Listing, buffered, instant};
use crate::when::Timestamp;
use clap::builder::TypedValueParser;
use std::path::Path;

/// Key ID in a preview, which shows none.
pub const NO_ID: &str = "000000000000";

/// Columns of a preview in a table.
const COLUMNS: [&str; 6] = ["name", "owner", "state", "scopes", "labels", "expires_at"];

/// Format of the output; `None` is text.
#[derive(Clone, Copy, Debug)]
pub struct Format(Option<ListFormat>);

/// Value parser for the format of the output.
pub fn format() -> impl TypedValueParser<Value = Format> {
    let choice = |word, help, format| (word, help, Format(format));
    one_of([
        choice(
            "text",
            "The key IDs, one per line; with --dry-run a table",
            None,
        ),
        choice("table", "A table for people", Some(ListFormat::Table)),
        choice(
            "lines",
            "One line per key, with every value labelled, for screen readers",
            Some(ListFormat::Lines),
        ),
        choice("json", "A JSON array", Some(ListFormat::Json)),
        choice("jsonl", "One JSON object per line", Some(ListFormat::Jsonl)),
        choice(
            "csv",
            "Comma-separated values (RFC 4180) with a header line",
            Some(ListFormat::Csv),
        ),
        choice("ids", "One key ID per line", Some(ListFormat::Ids)),
    ])
}

/// Refuses the format of IDs for a preview.
pub fn check_format(format: Format, is_preview: bool) -> Result<()> {
    match (format.0, is_preview) {
        (Some(ListFormat::Ids), true) => Err(Error::usage("--dry-run cannot print key IDs")
            .hint("an ID is made when its key is imported: choose another --format")),
        _ => Ok(()),
    }
}

/// Prints the keys that would be imported.
pub fn preview(cx: &mut Cx<'_>, keys: &[Key], now: Timestamp, format: Format) -> Result<()> {
    let format = format.0.unwrap_or(ListFormat::Table);
    let columns: Vec<Field> = match format {
        ListFormat::Table | ListFormat::Lines => COLUMNS
            .iter()
            .map(|name| name.parse())
            .collect::<Result<_>>()?,
        _ => Vec::new(),
    };
    let style = cx.style();
    let left_out = buffered(&mut *cx.env.stdout, |out| {
        let mut listing = Listing::begin(format, &columns, out, style, now)?.without_ids();
        for key in keys {
            listing.push(key)?;
        }
        listing.finish()
    })?;
    cx.note_left_out(&left_out.unwrap_or_default());
    cx.status(format_args!(
        "dry run: {} would be imported; nothing was changed",
        confirm::keys(keys.len())
    ));
    Ok(())
}

/// Prints the keys that were imported.
pub fn imported(cx: &mut Cx<'_>, keys: &[Key], now: Timestamp, format: Format) -> Result<()> {
    cx.status(format_args!("imported {}", confirm::keys(keys.len())));
    preview::print(cx, keys, now, format.0.unwrap_or(ListFormat::Ids))
}

/// Says what else is to know of the new keys, and what to do next.
pub fn next(
    cx: &mut Cx<'_>,
    keys: &[Key],
    entries: &[Entry],
    defaults: &Defaults<'_>,
    file: &Path,
) {
    let disabled = keys.iter().filter(|key| key.disabled_at.is_some()).count();
    if disabled > 0 {
        cx.status(format_args!("  disabled, as in the file: {disabled}"));
    }
    let mut by_policy = keys
        .iter()
        .zip(entries)
        .filter(|(_, entry)| entry.expires.is_none() && defaults.expires.is_none());
    if let Some((first, _)) = by_policy.next() {
        cx.status(format_args!(
            "  with policy's default expiry, {}, since the file has none: {}",
            instant(first.expires_at, cx.env.now()),
            1 + by_policy.count()
        ));
    }
    let check = Hint::from("check that an old token works: ").and(run!("verify"));
    let has_tokens = entries.iter().any(|entry| entry.is_plain);
    cx.hint(match has_tokens {
        true => check.and(format!("; then remove the tokens from {}", shown(file))),
        false => check,
    });
}

/// Returns how messages name the file.
fn shown(file: &Path) -> String {
    match file == Path::new("-") {
        true => "where they came from".to_owned(),
        false => quote(&file.to_string_lossy()),
    }
}
