//! Progress bar on standard error.
//!
//! The crate `indicatif` would do the same, but it makes each process load libm: then `--version` executed
//! 4.7 % more instructions, and `verify --no-touch` 2.4 % more (callgrind).

use super::terminal;
use keyctl::env::{Progress, Unit};
use rustix::stdio;
use std::time::{Duration, Instant};

/// Delay before a bar is shown. Shorter work needs none.
const PATIENCE: Duration = Duration::from_millis(250);

/// Minimal time between two drawings.
const PAUSE: Duration = Duration::from_millis(100);

/// Moves the cursor to the start of the line and clears it (ECMA-48: CR, EL 2).
const CLEAR: &str = "\r\u{1b}[2K";

/// Shows progress towards `total` units.
pub fn show(unit: Unit, total: u64) -> Box<dyn Progress> {
    let now = Instant::now();
    Box::new(Bar {
        unit,
        total,
        done: 0,
        begun: now,
        next: can_draw_again().then_some(now + PATIENCE),
        drawn: false,
    })
}

/// Tells whether the terminal can clear a line.
fn can_draw_again() -> bool {
    std::env::var_os("TERM").is_some_and(|terminal| !terminal.is_empty() && terminal != "dumb")
}

struct Bar {
    unit: Unit,
    total: u64,
    done: u64,
    begun: Instant,
    /// Time of the next drawing; `None` if the terminal cannot draw the bar.
    next: Option<Instant>,
    drawn: bool,
}

impl Progress for Bar {
    fn advance(&mut self, by: u64) {
        self.done = self.done.saturating_add(by);
        let now = Instant::now();
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        self.next = Some(now + PAUSE);
        self.drawn = true;
        let width = usize::from(terminal::columns(stdio::stderr()).unwrap_or(80));
        let line = line(self.unit, self.done, self.total, now - self.begun, width);
        say(&format!("{CLEAR}{line}"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if self.drawn {
            say(CLEAR);
        }
    }
}

fn say(text: &str) {
    // A bar that cannot be written is no failure.
    rustix::io::write(stdio::stderr(), text.as_bytes()).ok();
}

/// Bar with its figures, for a terminal of `width` columns, after the time `passed`.
fn line(unit: Unit, done: u64, total: u64, passed: Duration, width: usize) -> String {
    let share = |of: usize| of as u128 * u128::from(done.min(total)) / u128::from(total.max(1));
    let done_so_far = match unit {
        Unit::Bytes => format!("{:>3} %", share(100)),
        Unit::Keys => format!("{done} of {total} keys"),
    };
    let left = u128::from(total.saturating_sub(done)).saturating_mul(passed.as_millis())
        / u128::from(done.max(1));
    let figures = format!(" {done_so_far}, {} s left", left.div_ceil(1000));
    // The last column stays free, since some terminals wrap after writing it.
    let room = width.saturating_sub(figures.len() + 3);
    let full = usize::try_from(share(room)).unwrap_or(room);
    let text = format!("[{}{}]{figures}", "=".repeat(full), " ".repeat(room - full));
    text.chars().take(width.saturating_sub(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(done: u64, total: u64, seconds: u64, width: usize) -> String {
        line(Unit::Keys, done, total, Duration::from_secs(seconds), width)
    }

    #[test]
    fn a_bar_fills_the_line_but_for_its_last_column() {
        let half = at(5, 10, 7, 41);
        assert_eq!(half, "[=======        ] 5 of 10 keys, 7 s left");
        assert_eq!(half.len(), 40);
        assert_eq!(at(0, 10, 0, 41), "[               ] 0 of 10 keys, 0 s left");
        assert_eq!(
            at(10, 10, 7, 42),
            "[===============] 10 of 10 keys, 0 s left"
        );
        let bytes = line(Unit::Bytes, 1, 3, Duration::from_secs(1), 30);
        assert_eq!(bytes, "[===        ]  33 %, 2 s left");
    }

    #[test]
    fn no_numbers_are_too_large_and_no_terminal_too_narrow() {
        for width in [0, 1, 2, 10] {
            assert!(at(1, 2, 3, width).len() <= width);
        }
        for (done, total) in [(0, 0), (u64::MAX, 1), (1, u64::MAX), (u64::MAX, u64::MAX)] {
            let shown = line(Unit::Bytes, done, total, Duration::MAX, 80);
            assert!(shown.len() <= 80, "{shown}");
        }
    }
}
