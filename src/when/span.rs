//! Duration: `90d`, `1d12h`.

use super::{DAY, HOUR, MINUTE, SECOND, Timestamp};
use crate::error::{Error, Result, quote};
use std::fmt;
use std::str::FromStr;

/// Units of a duration, in milliseconds. A month is 30 days, a year 365.
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

const SPAN_HINT: &str = "give whole numbers with units, the largest first: y, months, w, d, h, m, s, as in 90d or 1d12h";

/// Duration in milliseconds, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub(super) i64);

impl Span {
    /// Zero.
    pub const ZERO: Span = Span(0);
    /// One minute.
    pub const MINUTE: Span = Span(MINUTE);

    /// Returns `seconds` seconds.
    pub const fn seconds(seconds: u32) -> Self {
        Span(seconds as i64 * SECOND)
    }

    /// Returns `minutes` minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Span(minutes as i64 * MINUTE)
    }

    /// Returns `days` times 24 hours.
    pub const fn days(days: u32) -> Self {
        Span(days as i64 * DAY)
    }

    /// Rounds up to whole days.
    pub fn to_days(self) -> Self {
        Span((self.0 + DAY - 1) / DAY * DAY)
    }

    /// Rounds down to whole days or, below one day, to whole hours.
    pub fn rounded_down(self) -> Self {
        let unit = match self.0 < DAY {
            true => HOUR,
            false => DAY,
        };
        Span(self.0 / unit * unit)
    }

    /// Returns the number of milliseconds.
    pub fn millis(self) -> i64 {
        self.0
    }
}

/// Formats in the largest unit that divides the duration: `365d`, `90m`, `0s`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, millis) = [("d", DAY), ("h", HOUR), ("m", MINUTE)]
            .into_iter()
            .find(|&(_, millis)| self.0 != 0 && self.0 % millis == 0)
            .unwrap_or(("s", SECOND));
        f.pad(&format!("{}{unit}", self.0 / millis))
    }
}

/// Parses whole numbers with units, the largest unit first, such as `90d` or `1h30m`. It may be 0.
impl FromStr for Span {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse_span(text)?.ok_or_else(|| {
            Error::usage(format!("{} is not a duration", quote(text)))
                .hint(suggestion(text).unwrap_or_else(|| SPAN_HINT.to_owned()))
        })
    }
}

/// Parses a duration; `None` for text of another shape, an error if it is too long.
pub(super) fn parse_span(text: &str) -> Result<Option<Span>> {
    let mut total = Some(0_i64);
    let (mut rest, mut larger) = (text, i64::MAX);
    while !rest.is_empty() {
        let is_digit = |character: char| character.is_ascii_digit();
        let (number, tail) = split_where(rest, |character| !is_digit(character));
        let (unit, tail) = split_where(tail, is_digit);
        let Some((_, millis)) = UNITS.into_iter().find(|&(name, _)| name == unit) else {
            return Ok(None);
        };
        if number.is_empty() || millis >= larger {
            return Ok(None);
        }
        let part = number.parse().ok();
        let part = part.and_then(|count: i64| count.checked_mul(millis));
        total = total
            .zip(part)
            .and_then(|(total, part)| total.checked_add(part));
        (rest, larger) = (tail, millis);
    }
    if text.is_empty() {
        return Ok(None);
    }
    total
        .filter(|&total| total <= Timestamp::MAX.0)
        .map(|total| Some(Span(total)))
        .ok_or_else(|| {
            Error::usage(format!("the duration {} is too long", quote(text)))
                .hint("give a shorter one: dates end with the year 9999")
        })
}

/// Splits `text` before the first character that `is_end` is true for.
fn split_where(text: &str, is_end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(is_end).unwrap_or(text.len()))
}

/// Returns a hint with the right form of a duration that is written in another way, such as `90 days`.
pub(super) fn suggestion(text: &str) -> Option<String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, word) = text.split_at(digits);
    number.parse::<u32>().ok()?;
    let unit = match word.trim() {
        "S" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "H" | "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "D" | "d" | "day" | "days" => "d",
        "W" | "w" | "week" | "weeks" => "w",
        "mo" | "month" | "months" if number == "1" => "month",
        "mo" | "month" | "months" => "months",
        "Y" | "y" | "yr" | "yrs" | "year" | "years" => "y",
        _ => return None,
    };
    Some(format!("did you mean '{number}{unit}'?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_adds_the_parts_of_a_duration_from_the_largest_unit_on() {
        for (text, expected) in [
            ("1d12h", "36h"),
            ("1h30m", "90m"),
            ("1y2months3w4d5h6m7s", "38898367s"),
            ("0d0s", "0s"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.to_string(), expected, "{text}");
        }
        for text in [
            "", "12h1d", "1h1h", "1h60", "h", "1h30", "1 h", "1h 30m", "1m1month",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        for text in ["8000y999999999999s", "106751991167d24h"] {
            let error = text.parse::<Span>().unwrap_err();
            assert!(error.to_string().contains("is too long"), "{text}");
        }
    }
}
