//! Time as operators write and read it: instants, durations, and the `WHEN` of the command line.

use crate::error::{Error, Result, quote};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use std::fmt;
use std::str::FromStr;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// The units of a duration, in milliseconds: a month is 30 days, a year 365.
const UNITS: [(&str, i64); 8] = [
    ("s", SECOND),
    ("m", MINUTE),
    ("h", HOUR),
    ("d", DAY),
    ("w", 7 * DAY),
    ("month", 30 * DAY),
    ("months", 30 * DAY),
    ("y", 365 * DAY),
];

const WHEN_HINT: &str = "give a duration (45m, 12h, 90d, 2w, 6months, 1y), a date (2027-03-31), \
                         an RFC 3339 instant (2027-03-31T12:00:00Z) or 'never'";
const SPAN_HINT: &str =
    "give a whole number and one unit: s, m, h, d, w, months or y, as in 12h or 90d";

/// An instant in Unix milliseconds, from year 0 to the end of year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 0000-01-01T00:00:00Z, the first instant that RFC 3339 can write.
    pub const MIN: Timestamp = Timestamp(-62_167_219_200_000);
    /// 9999-12-31T23:59:59.999Z, the last instant that RFC 3339 can write.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_999);

    /// The instant `millis` milliseconds after 1970-01-01T00:00:00Z, unless RFC 3339 cannot write it.
    pub fn from_millis(millis: i64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0)
            .contains(&millis)
            .then_some(Timestamp(millis))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// The instant `span` later, unless it lies after year 9999.
    pub fn after(self, span: Span) -> Option<Self> {
        self.0.checked_add(span.0).and_then(Self::from_millis)
    }

    /// The instant `span` earlier, or the first one there is.
    pub fn before(self, span: Span) -> Self {
        Timestamp(self.0.saturating_sub(span.0)).max(Self::MIN)
    }

    /// The time from `earlier` until this instant; nothing if it is not earlier.
    pub fn since(self, earlier: Timestamp) -> Span {
        Span(self.0.saturating_sub(earlier.0).max(0))
    }

    /// The form `YYYYMMDDThhmmssZ` (ISO 8601 basic), in whole seconds.
    pub fn compact(self) -> String {
        self.utc().format("%Y%m%dT%H%M%SZ").to_string()
    }

    /// How far away this instant is, in one unit, to the nearest whole: `in 90d`, `3h ago`, `now`.
    /// The unit changes only from two of the larger one on, so that little is lost by rounding.
    pub fn relative_to(self, now: Timestamp) -> String {
        let distance = self.0.saturating_sub(now.0);
        let (unit, millis) = match distance.saturating_abs() {
            d if d < 2 * MINUTE => ("s", SECOND),
            d if d < 2 * HOUR => ("m", MINUTE),
            d if d < 2 * DAY => ("h", HOUR),
            d if d < 2 * YEAR => ("d", DAY),
            _ => ("y", YEAR),
        };
        match (distance.saturating_abs() + millis / 2) / millis {
            0 => "now".to_owned(),
            count if distance < 0 => format!("{count}{unit} ago"),
            count => format!("in {count}{unit}"),
        }
    }

    fn utc(self) -> DateTime<Utc> {
        // Every value between MIN and MAX is a date that chrono can hold.
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

/// RFC 3339 in UTC and whole seconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.utc().to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A length of time in milliseconds, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// One minute.
    pub const MINUTE: Span = Span(MINUTE);

    /// `days` times 24 hours.
    pub const fn days(days: u32) -> Self {
        Span(days as i64 * DAY)
    }

    /// The length in milliseconds.
    pub fn millis(self) -> i64 {
        self.0
    }
}

/// The largest unit that divides the span: `365d`, `90m`, `0s`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, millis) = [("d", DAY), ("h", HOUR), ("m", MINUTE)]
            .into_iter()
            .find(|&(_, millis)| self.0 != 0 && self.0 % millis == 0)
            .unwrap_or(("s", SECOND));
        f.pad(&format!("{}{unit}", self.0 / millis))
    }
}

/// Reads a whole number and one unit, such as `90d`; the number may be 0.
impl FromStr for Span {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse_span(text)?.ok_or_else(|| {
            Error::usage(format!("{} is not a duration", quote(text))).hint(SPAN_HINT)
        })
    }
}

/// From when on something is looked at, as the command line says it: so long ago, or since an
/// instant or the beginning of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// So long before now.
    Ago(Span),
    /// At this instant.
    At(Timestamp),
}

impl Since {
    /// The instant that is meant when it is now `now`.
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Since::Ago(span) => now.before(span),
            Since::At(at) => at,
        }
    }
}

impl FromStr for Since {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Some(end) = parse_date(text)? {
            return Ok(Since::At(end.before(Span::days(1))));
        }
        if text.contains(['T', ':']) {
            return parse_instant(text).map(Since::At);
        }
        parse_span(text)?.map(Since::Ago).ok_or_else(|| {
            Error::usage(format!("{} is not a time", quote(text))).hint(
                "give a duration before now (12h, 30d), a date (2026-03-31) or an RFC 3339 instant",
            )
        })
    }
}

/// The duration that `text` writes; `None` if it has not that shape, an error if it is too long.
fn parse_span(text: &str) -> Result<Option<Span>> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let Some((_, millis)) = UNITS.into_iter().find(|&(name, _)| name == unit) else {
        return Ok(None);
    };
    if number.is_empty() {
        return Ok(None);
    }
    number
        .parse::<i64>()
        .ok()
        .and_then(|count| count.checked_mul(millis))
        .filter(|&total| total <= Timestamp::MAX.0)
        .map(|total| Some(Span(total)))
        .ok_or_else(|| {
            Error::usage(format!("the duration {} is too long", quote(text)))
                .hint("time here ends with the year 9999")
        })
}

/// When something ends, as the command line says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So long after now.
    After(Span),
    /// At this instant.
    At(Timestamp),
    /// Not at all.
    Never,
}

impl When {
    /// The instant that is meant when it is now `now`; `None` for never.
    ///
    /// An instant that is not after `now`, or after year 9999, is a usage error.
    pub fn resolve(self, now: Timestamp) -> Result<Option<Timestamp>> {
        match self {
            When::Never => Ok(None),
            When::At(at) if at <= now => Err(Error::usage(format!(
                "{at} is already past: it is now {now}"
            ))
            .hint("give a later time")),
            When::At(at) => Ok(Some(at)),
            When::After(span) => now.after(span).map(Some).ok_or_else(|| {
                Error::usage(format!("{span} from now lies after the year 9999"))
                    .hint("give less, or 'never'")
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
            Some(Span::ZERO) => Err(Error::usage(format!("{} is no time at all", quote(text)))
                .hint("give a duration of at least 1s")),
            Some(span) => Ok(When::After(span)),
            None => Err(Error::usage(format!("{} is not a time", quote(text))).hint(WHEN_HINT)),
        }
    }
}

/// The end of the day that `text` names as `YYYY-MM-DD`: the next 00:00 UTC. `None` if it has not
/// that shape.
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

/// The instant that `text` writes as RFC 3339.
fn parse_instant(text: &str) -> Result<Timestamp> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .and_then(|at| Timestamp::from_millis(at.timestamp_millis()))
        .ok_or_else(|| {
            Error::usage(format!("{} is not an RFC 3339 instant", quote(text))).hint(WHEN_HINT)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        parse_instant(text).unwrap()
    }

    #[test]
    fn a_date_lasts_until_the_next_midnight() {
        assert_eq!(
            "2027-03-31".parse(),
            Ok(When::At(at("2027-04-01T00:00:00Z")))
        );
        assert_eq!(
            "2028-02-29".parse(),
            Ok(When::At(at("2028-03-01T00:00:00Z")))
        );
        assert!("2027-02-29".parse::<When>().is_err());
        assert!("9999-12-31".parse::<When>().is_err());
        assert_eq!(
            "9999-12-30".parse(),
            Ok(When::At(at("9999-12-31T00:00:00Z")))
        );
    }

    #[test]
    fn durations_have_one_unit() {
        assert_eq!("45m".parse(), Ok(When::After(Span(45 * MINUTE))));
        assert_eq!("6months".parse(), Ok(When::After(Span::days(180))));
        assert_eq!("1y".parse(), Ok(When::After(Span::days(365))));
        assert_eq!("2w".parse(), Ok(When::After(Span::days(14))));
        for bad in [
            "",
            "d",
            "0d",
            "-1d",
            "+1d",
            "1.5h",
            "1h30m",
            "90",
            "90D",
            "1 d",
            "1mo",
            "99999999999999999999d",
            "soon",
            "never ",
        ] {
            assert!(bad.parse::<When>().is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn instants_need_an_offset() {
        assert_eq!(
            "2027-03-31T14:00:00+02:00".parse(),
            Ok(When::At(at("2027-03-31T12:00:00Z")))
        );
        assert!("2027-03-31T12:00:00".parse::<When>().is_err());
        assert!("2027-03-31T25:00:00Z".parse::<When>().is_err());
    }

    #[test]
    fn the_past_and_the_far_future_are_refused() {
        let now = at("2026-11-22T00:00:00Z");
        assert!(When::At(now).resolve(now).is_err());
        assert!(When::After(Span(Timestamp::MAX.0)).resolve(now).is_err());
        assert_eq!(
            When::After(Span(1)).resolve(now),
            Ok(Timestamp::from_millis(now.0 + 1))
        );
    }

    #[test]
    fn distance_is_told_in_one_unit() {
        let now = at("2026-11-22T00:00:00Z");
        for (span, words) in [
            ("119s", "in 119s"),
            ("90m", "in 90m"),
            ("47h", "in 47h"),
            ("365d", "in 365d"),
            ("3y", "in 3y"),
        ] {
            assert_eq!(
                now.after(span.parse().unwrap()).unwrap().relative_to(now),
                words
            );
        }
        assert_eq!(now.before(Span::days(3)).relative_to(now), "3d ago");
        assert_eq!(now.relative_to(now), "now");
        let moment = Timestamp(now.0 + 90 * DAY - 1);
        assert_eq!(moment.relative_to(now), "in 90d");
    }

    #[test]
    fn a_span_reads_back() {
        for text in ["0s", "59s", "90m", "36h", "365d"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
    }
}
