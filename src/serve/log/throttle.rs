//! Limits of the log for each second, and what they withheld.

use crate::serve::metrics::VerdictWord;
use serde::Serialize;
use std::mem;
use std::time::{Duration, Instant};

/// Lines of one reason in a second.
const LINES: u32 = 10;

/// Time for which the limits hold.
const SECOND: Duration = Duration::from_secs(1);

/// Lines of one second. It begins with its first line; [`Throttle::over`] ends it.
#[derive(Default)]
pub struct Throttle {
    end: Option<Instant>,
    /// For each reason, in the order of [`VerdictWord::ALL`].
    reasons: [ReasonLines; VerdictWord::ALL.len()],
    /// Kinds of the messages that were written.
    said: Vec<&'static str>,
    /// Last message of each kind that was not, in the order in which they came.
    kept: Vec<(&'static str, Vec<u8>)>,
    dropped: u64,
}

/// Numbers of lines of one reason.
#[derive(Clone, Copy, Default)]
struct ReasonLines {
    written: u32,
    suppressed: u64,
}

/// Line that was withheld, or the number of lines.
#[derive(Debug, PartialEq, Eq)]
pub enum Withheld {
    /// Line of a message.
    Message(Vec<u8>),
    /// Number of lines.
    Count(WithheldCount),
}

/// Number of lines that were withheld, as a line of the log.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum WithheldCount {
    /// Lines of one reason over its limit.
    Suppressed {
        /// Reason.
        reason: VerdictWord,
        /// Number.
        suppressed: u64,
    },
    /// Lines for which the queue had no room.
    Dropped {
        /// Number.
        dropped: u64,
    },
}

impl Throttle {
    /// Tells whether one more line of this reason may be written, and counts it.
    pub fn admits(&mut self, reason: VerdictWord, now: Instant) -> bool {
        self.begin(now);
        let Some(count) = self.reasons.get_mut(reason as usize) else {
            return true;
        };
        let is_admitted = count.written < LINES;
        match is_admitted {
            true => count.written += 1,
            false => count.suppressed += 1,
        }
        is_admitted
    }

    /// Counts a line of this reason that is not written for a cause of the caller's.
    pub fn withhold(&mut self, reason: VerdictWord, now: Instant) {
        self.begin(now);
        if let Some(count) = self.reasons.get_mut(reason as usize) {
            count.suppressed += 1;
        }
    }

    /// Returns the line of a message of this kind if it may be written. Else keeps it, in place of an earlier one.
    pub fn admits_message(
        &mut self,
        kind: &'static str,
        line: Vec<u8>,
        now: Instant,
    ) -> Option<Vec<u8>> {
        self.begin(now);
        if !self.said.contains(&kind) {
            self.said.push(kind);
            return Some(line);
        }
        self.kept.retain(|(other, _)| *other != kind);
        self.kept.push((kind, line));
        None
    }

    /// Counts a line for which the queue has no room.
    pub fn drop_line(&mut self, now: Instant) {
        self.begin(now);
        self.dropped += 1;
    }

    /// Returns the end of the current second; `None` before its first line.
    pub fn end(&self) -> Option<Instant> {
        self.end
    }

    /// Returns what was withheld, if the second is over. Messages count as lines of the next one.
    pub fn over(&mut self, now: Instant) -> Vec<Withheld> {
        match self.end {
            Some(end) if end <= now => {}
            _ => return Vec::new(),
        }
        let kinds: Vec<_> = self.kept.iter().map(|(kind, _)| *kind).collect();
        let withheld = self.take();
        if !kinds.is_empty() {
            self.begin(now);
            self.said = kinds;
        }
        withheld
    }

    /// Returns what was withheld, and ends the second.
    pub fn take(&mut self) -> Vec<Withheld> {
        let ended = mem::take(self);
        let messages = ended.kept.into_iter();
        let messages = messages.map(|(_, line)| Withheld::Message(line));
        let suppressed = VerdictWord::ALL.into_iter().zip(ended.reasons);
        let suppressed = suppressed.map(|(reason, lines)| WithheldCount::Suppressed {
            reason,
            suppressed: lines.suppressed,
        });
        let dropped = WithheldCount::Dropped {
            dropped: ended.dropped,
        };
        let counts = suppressed.chain([dropped]);
        let counts = counts.filter(|count| !count.is_zero());
        messages.chain(counts.map(Withheld::Count)).collect()
    }

    fn begin(&mut self, now: Instant) {
        self.end.get_or_insert(now + SECOND);
    }
}

impl WithheldCount {
    fn is_zero(&self) -> bool {
        match self {
            WithheldCount::Suppressed { suppressed, .. } => *suppressed == 0,
            WithheldCount::Dropped { dropped } => *dropped == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suppressed(reason: VerdictWord, suppressed: u64) -> Withheld {
        Withheld::Count(WithheldCount::Suppressed { reason, suppressed })
    }

    #[test]
    fn each_reason_has_ten_lines_a_second_and_a_count_of_the_others() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        let admitted = |throttle: &mut Throttle, reason, lines| {
            (0..lines)
                .filter(|_| throttle.admits(reason, start))
                .count()
        };
        assert_eq!(throttle.end(), None);
        assert_eq!(admitted(&mut throttle, VerdictWord::Unknown, 25), 10);
        assert_eq!(admitted(&mut throttle, VerdictWord::Missing, 10), 10);
        assert_eq!(admitted(&mut throttle, VerdictWord::Busy, 11), 10);
        let end = throttle.end().unwrap();
        assert_eq!(throttle.over(end - Duration::from_nanos(1)), []);
        assert!(!throttle.admits(VerdictWord::Unknown, end));
        assert_eq!(
            throttle.over(end),
            [
                suppressed(VerdictWord::Unknown, 16),
                suppressed(VerdictWord::Busy, 1)
            ]
        );
        assert_eq!(throttle.end(), None);
        assert_eq!(throttle.over(end + SECOND), []);
        assert_eq!(admitted(&mut throttle, VerdictWord::Unknown, 11), 10);
    }

    #[test]
    fn each_kind_of_message_is_written_once_a_second_and_the_last_one_at_its_end() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        let said = |throttle: &mut Throttle, kind, text: &str, now| {
            throttle.admits_message(kind, text.into(), now).is_some()
        };
        assert!(said(&mut throttle, "lost", "lost 1", start));
        assert!(said(&mut throttle, "back", "back 1", start));
        assert!(!said(&mut throttle, "lost", "lost 2", start));
        assert!(!said(&mut throttle, "back", "back 2", start));
        assert!(!said(&mut throttle, "lost", "lost 3", start));
        let message = |text: &str| Withheld::Message(text.into());
        let end = start + SECOND;
        assert_eq!(throttle.over(end), [message("back 2"), message("lost 3")]);
        // Those two were the first of their kinds in this second.
        assert!(!said(&mut throttle, "lost", "lost 4", end));
        assert_eq!(throttle.over(end + SECOND), [message("lost 4")]);
        assert_eq!(throttle.over(end + SECOND * 2), []);
        assert_eq!(throttle.end(), None);
        assert!(said(&mut throttle, "lost", "lost 5", end + SECOND * 2));
    }

    #[test]
    fn take_returns_before_the_end_what_was_dropped_and_withheld() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        throttle.drop_line(start);
        throttle.drop_line(start);
        throttle.withhold(VerdictWord::PhasedOut, start);
        assert_eq!(throttle.end(), Some(start + SECOND));
        let dropped = Withheld::Count(WithheldCount::Dropped { dropped: 2 });
        assert_eq!(
            throttle.take(),
            [suppressed(VerdictWord::PhasedOut, 1), dropped]
        );
        assert_eq!(throttle.take(), []);
        assert_eq!(throttle.end(), None);
    }
}
