//! Output of `scan`: a line for each place of each token.

use super::listing::{end, quote_if_several, unwrapped};
use super::{Column, ListFormat, Sheet, Style, cell, json};
use crate::error::escape;
use crate::id::KeyId;
use crate::key::Key;
use crate::scan::{Place, Spot};
use crate::when::Timestamp;
use comfy_table::Cell;
use serde::Serialize;
use std::collections::HashSet;
use std::io::{self, Write};
use std::path::Path;

/// Number of characters of a commit's hash in text: git finds the commit by them.
const COMMIT_LEN: usize = 12;

/// Columns. Every terminal shows the state and the place, and one of 80 columns whose the key is.
const COLUMNS: [Column; 6] = [
    Column::new("STATE", 24, 10),
    Column::new("ID", 40, 12),
    Column::new("NAME", 56, 4).whole(7).keep(45),
    Column::new("OWNER", 64, 5).keep(20),
    Column::new("EXPIRES", 100, 20).enough(27).keep(40),
    Column::new("WHERE", 0, 12).keep(80),
];

/// Names of the columns in CSV: the fields of [`FindingLine`].
const FIELDS: [&str; 10] = [
    "id",
    "name",
    "owner",
    "state",
    "usable",
    "expires_at",
    "path",
    "line",
    "commit",
    "removed",
];

/// Token that was found, and one of its places.
pub struct Finding<'a> {
    /// Key ID in the token.
    pub id: KeyId,
    /// Key of the token; `None` if the store has none.
    pub key: Option<&'a Key>,
    /// Place, with no token in its paths.
    pub place: &'a Place,
}

/// JSON object of a finding.
#[derive(Serialize)]
struct FindingLine<'a> {
    id: &'a str,
    name: Option<&'a str>,
    owner: Option<&'a str>,
    state: &'static str,
    usable: Option<bool>,
    expires_at: Option<Timestamp>,
    path: Option<String>,
    line: Option<u64>,
    commit: Option<&'a str>,
    removed: bool,
}

impl<'a> FindingLine<'a> {
    fn new(finding: &'a Finding<'_>, now: Timestamp) -> Self {
        let key = finding.key;
        let file = finding.place.path.as_deref().map(shown);
        let (path, line, commit, removed) = match &finding.place.spot {
            Spot::Name => (file, None, None, false),
            Spot::Line(line) => (file, Some(*line), None, false),
            Spot::Commit {
                commit,
                path,
                parent,
                ..
            } => (path.clone(), None, Some(commit.as_str()), parent.is_some()),
        };
        FindingLine {
            id: finding.id.as_str(),
            name: key.map(|key| key.name.as_str()),
            owner: key.map(|key| key.owner.as_str()),
            state: state(key, now),
            usable: key.map(|key| key.is_usable(now)),
            expires_at: key.and_then(|key| key.expires_at),
            path,
            line,
            commit,
            removed,
        }
    }

    /// Cells in CSV. An absent value is an empty cell; control characters are escaped.
    fn cells(&self) -> [String; 10] {
        let maybe = |text: Option<&str>| text.map(escape).unwrap_or_default();
        [
            self.id.to_owned(),
            maybe(self.name),
            maybe(self.owner),
            self.state.to_owned(),
            self.usable
                .map(|usable| usable.to_string())
                .unwrap_or_default(),
            self.expires_at.map(|at| at.to_string()).unwrap_or_default(),
            maybe(self.path.as_deref()),
            self.line.map(|line| line.to_string()).unwrap_or_default(),
            maybe(self.commit),
            self.removed.to_string(),
        ]
    }
}

/// Word for the state of a found token's key.
fn state(key: Option<&Key>, now: Timestamp) -> &'static str {
    key.map_or("unknown", |key| key.state(now).word())
}

/// Writes `findings` to `out` in `format`, as their keys are at `now`. Returns the titles of the columns for which the
/// terminal is too narrow.
pub fn write<'a>(
    findings: impl Iterator<Item = Finding<'a>>,
    format: ListFormat,
    out: &mut dyn Write,
    style: Style,
    now: Timestamp,
) -> io::Result<Vec<&'static str>> {
    match format {
        ListFormat::Table => return table(findings, out, style, now),
        ListFormat::Lines => {
            for finding in findings {
                out.write_all(line(&finding, now).as_bytes())?;
            }
        }
        ListFormat::Json => {
            let mut before = b"[";
            for finding in findings {
                out.write_all(before)?;
                json::write(out, &FindingLine::new(&finding, now))?;
                before = b",";
            }
            if before == b"[" {
                out.write_all(before)?;
            }
            out.write_all(b"]\n")?;
        }
        ListFormat::Jsonl => {
            for finding in findings {
                out.write_all(&json::line(&FindingLine::new(&finding, now))?)?;
            }
        }
        ListFormat::Csv => {
            let mut csv = csv::Writer::from_writer(&mut *out);
            csv.write_record(FIELDS).map_err(unwrapped)?;
            for finding in findings {
                let cells = FindingLine::new(&finding, now).cells();
                csv.write_record(cells).map_err(unwrapped)?;
            }
            csv.flush()?;
        }
        ListFormat::Ids => {
            let mut written = HashSet::new();
            for finding in findings.filter(|finding| finding.key.is_some()) {
                if written.insert(finding.id) {
                    writeln!(out, "{}", finding.id)?;
                }
            }
        }
    }
    out.flush()?;
    Ok(Vec::new())
}

/// Draws a table, unless it would have no rows.
fn table<'a>(
    findings: impl Iterator<Item = Finding<'a>>,
    out: &mut dyn Write,
    style: Style,
    now: Timestamp,
) -> io::Result<Vec<&'static str>> {
    let mut findings = findings.peekable();
    if findings.peek().is_none() {
        return Ok(Vec::new());
    }
    let mut sheet = Sheet::begin(out, style, COLUMNS);
    for finding in findings {
        let key = finding.key;
        let text =
            |text: Option<&String>| Cell::new(text.map(|text| cell(text)).unwrap_or_default());
        sheet.row([
            key.map_or_else(|| Cell::new("unknown"), |key| style.state(key.state(now))),
            Cell::new(finding.id),
            text(key.map(|key| &key.name)),
            text(key.map(|key| &key.owner)),
            Cell::new(key.map(|key| end(key, now)).unwrap_or_default()),
            Cell::new(cell(&place(finding.place))),
        ])?;
    }
    sheet.close()
}

/// Line for the finding, in which each value is labelled.
fn line(finding: &Finding<'_>, now: Timestamp) -> String {
    let whose = finding.key.map_or_else(String::new, |key| {
        let (name, owner) = (quote_if_several(&key.name), quote_if_several(&key.owner));
        format!("name {name}, owner {owner}, ")
    });
    let state = state(finding.key, now);
    let place = cell(&place(finding.place));
    format!("state {state}, {whose}ID {}, in {place}\n", finding.id)
}

/// Text for a place: `PATH:LINE`, `COMMIT:PATH`, or `COMMIT^:PATH` for a line that the commit removed, `COMMIT^2:PATH` if
/// only its second parent has it.
fn place(place: &Place) -> String {
    let file = place.path.as_deref().map_or_else(|| "-".to_owned(), shown);
    match &place.spot {
        Spot::Name => format!("{file} (its name)"),
        Spot::Line(line) => format!("{file}:{line}"),
        Spot::Commit {
            commit,
            path,
            is_name,
            parent,
        } => {
            let commit = commit.get(..COMMIT_LEN).unwrap_or(commit);
            let parent = match parent {
                None => String::new(),
                Some(1) => "^".to_owned(),
                Some(number) => format!("^{number}"),
            };
            match path {
                Some(path) => format!("{commit}{parent}:{}", path),
                None if *is_name => format!("{commit} (the name of a file)"),
                None => format!("{commit} (its message)"),
            }
        }
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
