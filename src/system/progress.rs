//! A progress bar on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use keyctl::env::{Progress, Unit};

/// How often it is drawn at most, in a second.
const RATE: u8 = 10;

/// Shows progress towards `total` units.
pub fn show(unit: Unit, total: u64) -> Box<dyn Progress> {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(RATE));
    let drawn = match unit {
        Unit::Bytes => "{wide_bar} {percent:>3}% of {total_bytes}, {eta} left",
        Unit::Keys => "{wide_bar} {pos} of {len} keys, {eta} left",
    };
    // The templates are sound; were one not, the default would do.
    if let Ok(style) = ProgressStyle::with_template(drawn) {
        bar.set_style(style.progress_chars("=> "));
    }
    Box::new(Bar(bar))
}

struct Bar(ProgressBar);

impl Progress for Bar {
    fn advance(&mut self, by: u64) {
        self.0.inc(by);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
