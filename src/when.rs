//! Instants, durations, and the `WHEN` of the command line.

mod phrase;
mod span;

pub use phrase::{Since, Until, When};
pub use span::Span;

use chrono::{DateTime, Datelike, Timelike, Utc};
use std::fmt;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// Instant in Unix milliseconds, from year 0 to the end of year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 0000-01-01T00:00:00Z, the first instant that RFC 3339 can write.
    pub const MIN: Timestamp = Timestamp(-62_167_219_200_000);
    /// 9999-12-31T23:59:59.999Z, the last instant that RFC 3339 can write.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_999);

    /// Returns the instant `millis` milliseconds after 1970-01-01T00:00:00Z; `None` if RFC 3339 cannot
    /// write it.
    pub fn from_millis(millis: i64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0)
            .contains(&millis)
            .then_some(Timestamp(millis))
    }

    /// Returns the milliseconds since 1970-01-01T00:00:00Z.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Returns the instant `span` later; `None` after year 9999.
    pub fn after(self, span: Span) -> Option<Self> {
        self.0.checked_add(span.0).and_then(Self::from_millis)
    }

    /// Returns the instant `span` earlier, at least [`Timestamp::MIN`].
    pub fn before(self, span: Span) -> Self {
        Timestamp(self.0.saturating_sub(span.0)).max(Self::MIN)
    }

    /// Returns the beginning of the day, 00:00 UTC.
    fn midnight(self) -> Self {
        Timestamp(self.0 - self.0.rem_euclid(DAY))
    }

    /// Returns the time from `earlier` to this instant; zero if `earlier` is later.
    pub fn since(self, earlier: Timestamp) -> Span {
        Span(self.0.saturating_sub(earlier.0).max(0))
    }

    /// Returns the time between this instant and `other`, whichever is later.
    pub fn apart(self, other: Timestamp) -> Span {
        self.since(other).max(other.since(self))
    }

    /// Tells whether `millis` (Unix milliseconds) is less than a minute before or after this instant.
    pub fn is_near(self, millis: i64) -> bool {
        self.0.abs_diff(millis) < MINUTE.unsigned_abs()
    }

    /// Formats as `YYYYMMDDThhmmssZ` (ISO 8601 basic), in whole seconds.
    pub fn compact(self) -> String {
        self.utc().format("%Y%m%dT%H%M%SZ").to_string()
    }

    /// Formats the distance from `now`, rounded to one unit: `in 90d`, `3h ago`, `now`.
    ///
    /// A larger unit is used from two of it on, so that rounding changes the value by a quarter at
    /// most.
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

    /// Formats as `YYYY-MM-DDThh:mm:ssZ` (RFC 3339), in whole seconds.
    ///
    /// Digit by digit, without `chrono`: a list has several instants a line.
    pub fn rfc3339(self) -> [u8; 20] {
        let utc = self.utc();
        let year = utc.year().unsigned_abs();
        let mut text = *b"0000-00-00T00:00:00Z";
        for (at, pair) in [
            (0, year / 100),
            (2, year % 100),
            (5, utc.month()),
            (8, utc.day()),
            (11, utc.hour()),
            (14, utc.minute()),
            (17, utc.second()),
        ] {
            // Each number is below 100, so both digits fit in `u8`.
            text[at] += (pair / 10) as u8;
            text[at + 1] += (pair % 10) as u8;
        }
        text
    }

    fn utc(self) -> DateTime<Utc> {
        // `chrono` can hold every value between MIN and MAX.
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

/// Formats as [`Timestamp::rfc3339`] does.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(as_str(&self.rfc3339()))
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(as_str(&self.rfc3339()))
    }
}

/// Returns the digits of an instant, which are ASCII, as text.
fn as_str(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::phrase::parse_instant;
    use super::*;
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        parse_instant(text).unwrap()
    }

    fn written_by_chrono(at: Timestamp) -> String {
        at.utc().to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    proptest! {
        #[test]
        fn an_instant_is_written_as_chrono_writes_it(millis in Timestamp::MIN.0..=Timestamp::MAX.0) {
            let at = Timestamp(millis);
            prop_assert_eq!(at.to_string(), written_by_chrono(at));
        }
    }

    #[test]
    fn the_first_and_the_last_instant_are_written_as_chrono_writes_them() {
        for at in [Timestamp::MIN, Timestamp(-1), Timestamp(0), Timestamp::MAX] {
            assert_eq!(at.to_string(), written_by_chrono(at));
        }
        assert_eq!(Timestamp::MIN.to_string(), "0000-01-01T00:00:00Z");
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59Z");
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
    fn durations_are_numbers_with_units() {
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
            "30m1h",
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
