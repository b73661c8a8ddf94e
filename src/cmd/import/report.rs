//! Reports of an import.

use super::entry::Entry;
use super::plan::{Defaults, LeftOut, has_token};
use crate::cmd::values::one_of;
use crate::cmd::{Cx, confirm};
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

/// Maximum number of lines that are named as left out.
const NAMED_MAX: usize = 20;

/// Key, and the line that it is made from.
type Import<'a> = (Key, &'a Entry);

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
pub fn preview(
    cx: &mut Cx<'_>,
    imports: &[Import<'_>],
    now: Timestamp,
    format: Format,
) -> Result<()> {
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
        for (key, _) in imports {
            listing.push(key)?;
        }
        listing.finish()
    })?;
    cx.note_left_out(&left_out.unwrap_or_default());
    cx.status(format_args!(
        "dry run: {} would be imported; nothing was changed",
        confirm::keys(imports.len())
    ));
    Ok(())
}

/// Prints the keys that were imported.
pub fn imported(
    cx: &mut Cx<'_>,
    imports: &[Import<'_>],
    now: Timestamp,
    format: Format,
) -> Result<()> {
    match imports.len() {
        0 => cx.status("no key was imported: every line was left out"),
        count => cx.status(format_args!("imported {}", confirm::keys(count))),
    }
    let (format, style) = (format.0.unwrap_or(ListFormat::Ids), cx.style());
    buffered(&mut *cx.env.stdout, |out| {
        let mut listing = Listing::begin(format, &[], out, style, now)?;
        for (key, _) in imports {
            listing.push(key)?;
        }
        listing.finish()
    })?;
    Ok(())
}

/// Names the lines that are left out.
pub fn left_out(cx: &mut Cx<'_>, left_out: &[LeftOut<'_>], now: Timestamp) {
    for (entry, key) in left_out.iter().take(NAMED_MAX) {
        let why = has_token(key, now);
        cx.status(format_args!("left out line {}: {why}", entry.line));
    }
    if let more @ 1.. = left_out.len().saturating_sub(NAMED_MAX) {
        cx.status(format_args!("and {more} more lines"));
    }
}

/// Says what else is to know of the new keys, and what to do next.
pub fn next(cx: &mut Cx<'_>, imports: &[Import<'_>], defaults: &Defaults<'_>, file: &Path) {
    if imports.is_empty() {
        return;
    }
    let is_disabled = |(key, _): &&Import<'_>| key.disabled_at.is_some();
    let disabled = imports.iter().filter(is_disabled).count();
    if disabled > 0 {
        cx.status(format_args!("  disabled, as in the file: {disabled}"));
    }
    let mut by_policy = imports
        .iter()
        .filter(|(_, entry)| entry.expires.is_none() && defaults.expires.is_none());
    if let Some((first, _)) = by_policy.next() {
        cx.status(format_args!(
            "  with policy's default expiry, {}, since the file has none: {}",
            instant(first.expires_at, cx.env.now()),
            1 + by_policy.count()
        ));
    }
    let check = Hint::from("check that an old token works: ").and(run!("verify"));
    let has_tokens = imports.iter().any(|(_, entry)| entry.is_plain);
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
