//! Duration: `90d`.

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

const SPAN_HINT: &str =
    "give a whole number and one unit: s, m, h, d, w, months or y, as in 12h or 90d";

/// Duration in milliseconds, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub(super) i64);

impl Span {
    /// Zero.
    pub const ZERO: Span = Span(0);
    /// One minute.
    pub const MINUTE: Span = Span(MINUTE);

    /// Returns `days` times 24 hours.
    pub const fn days(days: u32) -> Self {
        Span(days as i64 * DAY)
    }

    /// Rounds up to whole days.
    pub fn to_days(self) -> Self {
        Span((self.0 + DAY - 1) / DAY * DAY)
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

/// Parses a whole number and one unit, such as `90d`. The number may be 0.
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
                .hint("give a shorter one: dates end with the year 9999")
        })
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
