//! Whether what is printed is what a document says: the same but for key IDs, tokens, hashes and
//! times.
//!
//! An ID of the document stands for one real ID wherever it appears, and two for two; hashes and
//! tokens too. The times of a block are all off by the same. How long ago something was is not
//! compared; how far ahead something is, is: `(in 90d)` is what a command was asked for.

use chrono::{NaiveDate, NaiveDateTime};
use std::collections::BTreeMap;

/// How far the times of a block may be off each other, in seconds: somebody typed the document's.
const SLACK: i64 = 60 * 60;

/// What is another one each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A key ID, a token or a hash.
    Name,
    /// An instant: the seconds since 1970, and how exact it is.
    Time { at: i64, within: i64 },
    /// How long ago.
    Past,
}

/// A part of a line: itself, or of a kind.
#[derive(Clone, Copy, Debug)]
struct Part<'t> {
    kind: Option<Kind>,
    /// Where it begins, in characters from the line's beginning.
    column: usize,
    text: &'t str,
}

impl Part<'_> {
    /// Its text with two blanks for any more that reach behind the column `from`.
    fn narrowed(&self, from: Option<usize>) -> String {
        let mut narrow = String::new();
        let mut blanks = 0;
        for (c, column) in self.text.chars().zip(self.column..) {
            blanks = if c == ' ' { blanks + 1 } else { 0 };
            if blanks <= 2 || from.is_none_or(|from| column < from) {
                narrow.push(c);
            }
        }
        narrow
    }
}

/// What the document's names stand for, and how far off its times are.
#[derive(Debug, Default)]
pub struct Likeness {
    real: BTreeMap<String, String>,
    written: BTreeMap<String, String>,
    offset: Option<i64>,
}

impl Likeness {
    /// From here on, the document's times may be of another day.
    pub fn another_block(&mut self) {
        self.offset = None;
    }

    /// `line` of the document with what its names stand for.
    pub fn in_reality(&self, line: &str) -> String {
        replaced(line, &self.real)
    }

    /// What was `printed`, with the document's names where they are known.
    pub fn in_the_document(&self, printed: &str) -> String {
        printed
            .lines()
            .map(|line| replaced(line, &self.written) + "\n")
            .collect()
    }

    /// Says in which way what was `printed` is not what is `written`, and learns what names stand
    /// for if it is.
    pub fn compare(&mut self, written: &str, printed: &str) -> Result<(), String> {
        let (written, printed) = (lines(written), lines(printed));
        if written.len() != printed.len() {
            return Err(format!(
                "{} lines are written, {} were printed",
                written.len(),
                printed.len()
            ));
        }
        let pairs: Vec<_> = written.iter().zip(&printed).collect();
        // Behind a value that is wider or narrower than the document's, columns begin elsewhere.
        let moved = pairs
            .iter()
            .flat_map(|(written, printed)| written.iter().zip(printed.iter()))
            .filter(|(written, printed)| written.kind.is_some() && printed.kind.is_some())
            .filter(|(written, printed)| written.text.len() != printed.text.len())
            .map(|(written, _)| written.column)
            .min();
        for ((written, printed), number) in pairs.into_iter().zip(1..) {
            if written.len() != printed.len() {
                return Err(format!("line {number} is another"));
            }
            for (written, printed) in written.iter().zip(printed) {
                match (written.kind, printed.kind) {
                    (None, None) if written.narrowed(moved) == printed.narrowed(moved) => {}
                    (Some(_), Some(_)) => self.value(written, printed)?,
                    _ => {
                        return Err(format!(
                            "line {number}: {:?} is written, {:?} was printed",
                            written.text, printed.text
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    fn value(&mut self, written: &Part<'_>, printed: &Part<'_>) -> Result<(), String> {
        let (Some(kind), Some(real)) = (written.kind, printed.kind) else {
            unreachable!("both are values");
        };
        let (written, printed) = (written.text, printed.text);
        match (kind, real) {
            (Kind::Name, Kind::Name) => {
                let known = self
                    .real
                    .entry(written.to_owned())
                    .or_insert_with(|| printed.to_owned());
                let back = self
                    .written
                    .entry(printed.to_owned())
                    .or_insert_with(|| written.to_owned());
                if known != printed || back != written {
                    return Err(format!(
                        "{written} stands for {known}, and {printed} is {back}"
                    ));
                }
            }
            (
                Kind::Time { at, within },
                Kind::Time {
                    at: real,
                    within: exact,
                },
            ) if within == exact => {
                let offset = real - at;
                if within < SLACK {
                    self.offset.get_or_insert(offset);
                }
                let expected = self.offset.unwrap_or(offset);
                if written != printed && (offset - expected).abs() > SLACK + within {
                    return Err(format!(
                        "{written} is written, {printed} was printed: off by {offset} s, and what came before by {expected} s"
                    ));
                }
            }
            (Kind::Past, Kind::Past) => {}
            _ => return Err(format!("{written} is written, {printed} was printed")),
        }
        Ok(())
    }
}

/// The parts of each line.
fn lines(text: &str) -> Vec<Vec<Part<'_>>> {
    text.lines().map(parts).collect()
}

fn replaced(line: &str, names: &BTreeMap<String, String>) -> String {
    parts(line)
        .iter()
        .map(|part| names.get(part.text).map_or(part.text, String::as_str))
        .collect()
}

/// The values of a line, and what stands between them.
fn parts(line: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let part = |kind, from: usize, to: usize| Part {
        kind,
        column: line[..from].chars().count(),
        text: &line[from..to],
    };
    let mut plain = 0;
    let mut at = 0;
    while let Some(next) = line[at..].chars().next() {
        let inside = line[..at].chars().next_back().is_some_and(in_word);
        let found = if inside { None } else { value(line, at) };
        let Some((kind, length)) = found else {
            at += next.len_utf8();
            continue;
        };
        parts.push(part(None, plain, at));
        parts.push(part(Some(kind), at, at + length));
        at += length;
        plain = at;
    }
    parts.push(part(None, plain, line.len()));
    parts
}

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The value that begins at `at`, and its length.
fn value(line: &str, at: usize) -> Option<(Kind, usize)> {
    let rest = &line[at..];
    if let Some((at, within, length)) = time(rest) {
        return Some((Kind::Time { at, within }, length));
    }
    if line[..at].ends_with('(')
        && let Some((text, _)) = rest.split_once(')')
        && (text == "now" || text.ends_with(" ago"))
    {
        return Some((Kind::Past, text.len()));
    }
    if line[..at].ends_with(" used ")
        && let Some(text) = rest.split(';').next()
        && (text == "now" || text.ends_with(" ago"))
    {
        return Some((Kind::Past, text.len()));
    }
    let word = rest.split(|c| !in_word(c)).next().unwrap_or_default();
    is_name(word).then_some((Kind::Name, word.len()))
}

/// Whether `word` is a key ID, a token or a hash.
fn is_name(word: &str) -> bool {
    let is_id = |word: &str| {
        let letter =
            |c: char| c.is_ascii_digit() || (c.is_ascii_lowercase() && !"ilou".contains(c));
        word.len() == 12 && word.chars().all(letter)
    };
    let is_token = || {
        let (head, secret) = word.rsplit_once('_')?;
        let (_, id) = head.rsplit_once('_')?;
        (secret.len() == 49 && is_id(id)).then_some(())
    };
    let is_hash = word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit());
    is_id(word) || is_token().is_some() || is_hash
}

/// The time that `text` begins with, how exact it is, and its length.
fn time(text: &str) -> Option<(i64, i64, usize)> {
    const SHAPES: [(&str, &str, i64); 4] = [
        ("0000-00-00T00:00:00Z", "%Y-%m-%dT%H:%M:%SZ", 1),
        ("0000-00-00T00:00Z", "%Y-%m-%dT%H:%MZ", 60),
        ("00000000T000000Z", "%Y%m%dT%H%M%SZ", 1),
        ("0000-00-00", "%Y-%m-%d", 24 * 60 * 60),
    ];
    SHAPES.into_iter().find_map(|(shape, format, within)| {
        let found = text.get(..shape.len())?;
        let follows = text[shape.len()..].chars().next();
        if follows.is_some_and(in_word) {
            return None;
        }
        let at = match NaiveDateTime::parse_from_str(found, format) {
            Ok(at) => at,
            Err(_) => NaiveDate::parse_from_str(found, format)
                .ok()?
                .and_hms_opt(0, 0, 0)?,
        };
        Some((at.and_utc().timestamp(), within, shape.len()))
    })
}

/// Whether the second line is like the first, to somebody who has just seen both.
#[cfg(test)]
fn like(written: &str, printed: &str) -> bool {
    Likeness::default().compare(written, printed).is_ok()
}

#[test]
fn only_ids_tokens_hashes_and_times_may_differ() {
    let hash = "0".repeat(63);
    let secret = "x".repeat(48);
    for (written, printed, alike) in [
        ("created rcpdphdw3vkh", "created 3ex81xa90egv", true),
        ("created rcpdphdw3vkh", "created 3ex81xa90egvv", false),
        ("created rcpdphdw3vkh", "made 3ex81xa90egv", false),
        ("a  b", "a b", false),
        ("a", "a\nb", false),
        ("at 2026-11-22T03:47:58Z", "at 2027-01-01T00:00:00Z", true),
        ("at 2026-11-22T03:47:58Z", "at 2027-01-01T00:00Z", false),
        ("at 2026-11-22T03:47Z", "at 2027-01-01T00:00Z", true),
        ("(75s ago) a", "(now) a", true),
        ("(in 90d)", "(in 60d)", false),
        ("(in 90d)", "(now)", false),
        ("now", "then", false),
    ] {
        assert_eq!(like(written, printed), alike, "{written:?}, {printed:?}");
    }
    assert!(like(
        &format!("head 1:{hash}a kc_rcpdphdw3vkh_{secret}a"),
        &format!("head 1:{hash}b kc_3ex81xa90egv_{secret}b")
    ));
    assert!(!like(
        &format!("head 1:{hash}a"),
        &format!("head 2:{hash}a")
    ));
}

#[test]
fn an_id_of_the_document_stands_for_one_and_two_for_two() {
    assert!(like(
        "aaaaaaaaaaaa aaaaaaaaaaaa",
        "bbbbbbbbbbbb bbbbbbbbbbbb"
    ));
    assert!(!like(
        "aaaaaaaaaaaa aaaaaaaaaaaa",
        "bbbbbbbbbbbb cccccccccccc"
    ));
    assert!(!like(
        "aaaaaaaaaaaa dddddddddddd",
        "bbbbbbbbbbbb bbbbbbbbbbbb"
    ));
}

#[test]
fn the_times_of_a_block_are_off_by_the_same() {
    let written = "from 2026-11-22T03:47:58Z to 2027-02-20T03:47:58Z, a 2027-02-20";
    for (printed, alike) in [
        (
            "from 2027-01-01T00:00:00Z to 2027-04-01T00:00:00Z, a 2027-04-01",
            true,
        ),
        (
            "from 2027-01-01T00:00:00Z to 2027-04-01T00:10:00Z, a 2027-04-01",
            true,
        ),
        (
            "from 2027-01-01T00:00:00Z to 2027-03-01T00:00:00Z, a 2027-04-01",
            false,
        ),
        (
            "from 2027-01-01T00:00:00Z to 2027-04-01T00:00:00Z, a 2027-05-01",
            false,
        ),
    ] {
        assert_eq!(like(written, printed), alike, "{printed:?}");
    }
}

#[test]
fn how_long_ago_something_was_used_is_not_compared() {
    let line = "old token last used 1s ago; new token first used now";
    assert!(like(
        line,
        "old token last used now; new token first used 2m ago"
    ));
    assert!(!like(
        line,
        "old token last used 1s ago; new token first used soon"
    ));
}

#[test]
fn columns_move_only_with_a_value_of_another_width() {
    let table = "ID            AT         BY\nrcpdphdw3vkh  (75s ago)  me";
    let moved = "ID            AT     BY\n3ex81xa90egv  (now)  me";
    assert!(like(table, moved));
    assert!(!like(table, &moved.replace("(now)", "(85s ago)")));
    assert!(!like(table, &moved.replace("  me", " me")));
    assert!(!like(table, &moved.replace("ID  ", "ID ")));
    assert!(!like(
        table,
        &moved.replace("3ex81xa90egv  ", "3ex81xa90egv   ")
    ));
}
