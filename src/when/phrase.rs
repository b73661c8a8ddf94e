//! Times on the command line: when something ends (`When`), and the bounds of a search (`Since`, `Until`).

use super::span::{Span, parse_span, suggestion};
use super::{DAY, SECOND, Timestamp};
use crate::error::{Error, Result, quote};
use chrono::{DateTime, NaiveDate};
use std::str::FromStr;

const WHEN_HINT: &str = "give a duration (45m, 12h, 1d12h, 90d, 2w, 6months, 1y), a date (2027-03-31), \
                         an RFC 3339 instant (2027-03-31T12:00:00Z) or 'never'";

const SINCE_HINT: &str = "give a duration before now (12h, 1d12h, 30d), a date (2026-03-31, yesterday, today) or an RFC 3339 instant";

/// Start of a search: a duration before now, an instant, or the beginning of a day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// Duration before now.
    Ago(Span),
    /// Instant.
    At(Timestamp),
    /// Beginning of the day that is so far before today.
    Day(Span),
}

impl Since {
    /// Returns the instant, if the time is `now`.
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Since::Ago(span) => now.before(span),
            Since::At(at) => at,
            Since::Day(before) => now.midnight().before(before),
        }
    }
}

impl FromStr for Since {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match parse_bound(text)? {
            Bound::Ago(span) => Since::Ago(span),
            Bound::Day(end) => Since::At(end.before(Span::days(1))),
            Bound::DaysAgo(days) => Since::Day(Span::days(days)),
            Bound::At(at) => Since::At(at),
        })
    }
}

/// End of a search: a duration before now, an instant, or the end of a day. The day is searched, and so is
/// the second of an instant that is given in whole seconds, as instants are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Duration before now.
    Ago(Span),
    /// The last instant that is searched.
    At(Timestamp),
    /// End of the day that is so far before today.
    Day(Span),
}

impl Until {
    /// Returns the last instant that is searched, if the time is `now`.
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Until::Ago(span) => now.before(span),
            Until::At(at) => at,
            Until::Day(before) => Timestamp(now.midnight().before(before).0 + DAY - 1),
        }
    }
}

impl FromStr for Until {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match parse_bound(text)? {
            Bound::Ago(span) => Until::Ago(span),
            Bound::Day(end) => Until::At(end.before(Span(1))),
            Bound::DaysAgo(days) => Until::Day(Span::days(days)),
            Bound::At(at) if at.millis() % SECOND == 0 => Until::At(Timestamp(at.0 + SECOND - 1)),
            Bound::At(at) => Until::At(at),
        })
    }
}

/// Bound of a search as it was typed.
enum Bound {
    /// Duration before now.
    Ago(Span),
    /// Day, by its end.
    Day(Timestamp),
    /// Day, by its distance from today.
    DaysAgo(u32),
    /// Instant.
    At(Timestamp),
}

fn parse_bound(text: &str) -> Result<Bound> {
    match text {
        "today" => return Ok(Bound::DaysAgo(0)),
        "yesterday" => return Ok(Bound::DaysAgo(1)),
        _ => {}
    }
    if let Some(end) = parse_date(text)? {
        return Ok(Bound::Day(end));
    }
    if text.contains(['T', ':']) {
        return match parse_instant(text) {
            Err(error) if completed(text).is_none() => Err(error.hint(SINCE_HINT)),
            at => at.map(Bound::At),
        };
    }
    parse_span(text)?.map(Bound::Ago).ok_or_else(|| {
        Error::usage(format!("{} is not a time", quote(text)))
            .hint(suggestion(text).unwrap_or_else(|| SINCE_HINT.to_owned()))
    })
}

/// End of something: a duration from now, an instant, the end of a day, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Duration from now.
    After(Span),
    /// Instant.
    At(Timestamp),
    /// No end.
    Never,
}

impl When {
    /// Returns the instant, if the time is `now`; `None` for never.
    ///
    /// A past instant, `now` itself, and one after year 9999 are usage errors.
    pub fn resolve(self, now: Timestamp) -> Result<Option<Timestamp>> {
        match self {
            When::Never => Ok(None),
            When::At(at) if at <= now => Err(Error::usage(format!(
                "{at} is already past: it is now {now}"
            ))
            .hint("give a later time")),
            When::At(at) => Ok(Some(at)),
            When::After(span) => now.after(span).map(Some).ok_or_else(|| {
                Error::usage(format!("{span} from now is after the year 9999"))
                    .hint("give a shorter one, or 'never'")
            }),
        }
    }
}

impl FromStr for When {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "never" {
            return Ok(When::Never);
        }
        if let Some(at) = parse_date(text)? {
            return Ok(When::At(at));
        }
        if text.contains(['T', ':']) {
            return parse_instant(text).map(When::At);
        }
        match parse_span(text)? {
            Some(Span::ZERO) => Err(Error::usage(format!(
                "the duration {} must be more than zero",
                quote(text)
            ))
            .hint("give a duration of at least 1s")),
            Some(span) => Ok(When::After(span)),
            None => Err(Error::usage(format!("{} is not a time", quote(text))).hint(
                suggestion(text)
                    .or_else(|| from_now(text))
                    .unwrap_or_else(|| WHEN_HINT.to_owned()),
            )),
        }
    }
}

/// Returns a hint for a duration after a '+', which might be meant from the present end.
fn from_now(text: &str) -> Option<String> {
    let duration = text.strip_prefix('+')?;
    parse_span(duration).ok()??;
    Some(format!("did you mean '{duration}' (from now)?"))
}

/// Parses a date `YYYY-MM-DD` and returns its end: the next 00:00 UTC. `None` for text of another
/// shape.
fn parse_date(text: &str) -> Result<Option<Timestamp>> {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(i, byte)| match i {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !shaped {
        return Ok(None);
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| Error::usage(format!("there is no date {}", quote(text))).hint(WHEN_HINT))?;
    date.succ_opt()
        .map(|next| {
            next.and_time(chrono::NaiveTime::MIN)
                .and_utc()
                .timestamp_millis()
        })
        .and_then(Timestamp::from_millis)
        .map(Some)
        .ok_or_else(|| {
            Error::usage(format!("{} ends after the year 9999", quote(text)))
                .hint("give an earlier date, or 'never'")
        })
}

/// Parses an RFC 3339 instant. The hint completes a time that lacks its seconds or its zone.
pub(super) fn parse_instant(text: &str) -> Result<Timestamp> {
    rfc3339(text).ok_or_else(|| {
        let hint = completed(text).map(|meant| format!("did you mean '{meant}' (UTC)?"));
        Error::usage(format!("{} is not an RFC 3339 instant", quote(text)))
            .hint(hint.unwrap_or_else(|| WHEN_HINT.to_owned()))
    })
}

fn rfc3339(text: &str) -> Option<Timestamp> {
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    Timestamp::from_millis(at.timestamp_millis())
}

/// Returns `text` as an instant in UTC, if only its seconds, its zone or the 'T' are missing.
fn completed(text: &str) -> Option<String> {
    let with_t = text.trim().replacen(' ', "T", 1);
    ["", "Z", ":00Z"]
        .into_iter()
        .map(|rest| format!("{with_t}{rest}"))
        .find(|meant| rfc3339(meant).is_some())
}
