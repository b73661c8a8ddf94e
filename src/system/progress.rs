//! A progress bar on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use keyctl::env::{Progress, Unit};
use std::time::{Duration, Instant};

/// What is done sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(250);

/// How often it is drawn at most, in a second.
const RATE: u8 = 10;

/// Shows progress towards `total` units.
pub fn show(unit: Unit, total: u64) -> Box<dyn Progress> {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
    let drawn = match unit {
        Unit::Bytes => "{wide_bar} {percent:>3}% of {total_bytes}, {eta} left",
        Unit::Keys => "{wide_bar} {pos} of {len} keys, {eta} left",
    };
    // The templates are sound; were one not, the default would do.
    if let Ok(style) = ProgressStyle::with_template(drawn) {
        bar.set_style(style.progress_chars("=> "));
    }
    Box::new(Bar {
        bar,
        unseen_since: Some(Instant::now()),
    })
}

struct Bar {
    bar: ProgressBar,
    /// Since when it is not shown, if it is not.
    unseen_since: Option<Instant>,
}

impl Progress for Bar {
    fn advance(&mut self, by: u64) {
        if self
            .unseen_since
            .is_some_and(|since| since.elapsed() > PATIENCE)
        {
            self.unseen_since = None;
            self.bar
                .set_draw_target(ProgressDrawTarget::stderr_with_hz(RATE));
        }
        self.bar.inc(by);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
