//! Question and warning about a rotation without a grace period of a key that is in use.

use crate::cmd::Cx;
use crate::cmd::confirm::confirm;
use crate::error::{Result, escape};
use crate::hint::{Hint, run};
use crate::key::Key;
use crate::when::{Span, Timestamp};

/// Time since its last use in which a key counts as one in use.
const RECENT: Span = Span::days(1);

/// Returns the last use of `old`, just rotated without a grace period, if it was in use.
pub fn last_use(old: &Key, now: Timestamp) -> Option<Timestamp> {
    let had_expired = old.expires_at.is_some_and(|at| at <= now);
    old.last_used_at
        .filter(|&at| !had_expired && now.since(at) < RECENT)
}

/// Asks whether to stop `old`, last used at `at`. Asks nothing without a terminal.
pub fn ask(cx: &mut Cx<'_>, old: &Key, at: Timestamp, now: Timestamp) -> Result<()> {
    if !cx.env.terminal.interactive() {
        return Ok(());
    }
    cx.notice(format_args!(
        "{} ({}) was last used {}; without a grace period its token stops now, and whatever uses it will fail",
        old.id,
        escape(&old.name),
        at.relative_to(now)
    ));
    cx.notice_hint(Hint::from("to let it work for another day: ").and(with_grace(old)));
    confirm(cx, false, "rotate", "Rotate it without a grace period?")
}

/// Warns that `old`, last used at `at`, was stopped.
pub fn warn(cx: &mut Cx<'_>, old: &Key, at: Timestamp, now: Timestamp) {
    cx.notice(format_args!(
        "warning: {}, last used {}, has stopped working: whatever uses its token will fail",
        old.id,
        at.relative_to(now)
    ));
    cx.notice_hint("with --grace 1d both tokens work for a day; --grace 0s stops the old one without this warning");
}

fn with_grace(old: &Key) -> Hint {
    run!("rotate {} --grace 1d", old.id)
}
