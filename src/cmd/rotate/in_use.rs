//! Question and warning about a rotation without a grace period of a key that is in use.

use crate::cmd::Cx;
use crate::cmd::confirm::confirm;
use crate::error::{Result, escape};
use crate::hint::{Hint, run};
use crate::key::Key;
use crate::when::{Span, Timestamp};

/// Time since its last use in which a key counts as one in use.
const RECENT: Span = Span::days(1);

/// Reason to take a key for one in use.
#[derive(Clone, Copy)]
pub enum Use {
    /// It was used lately.
    Last(Timestamp),
    /// It was imported, and nothing is recorded of its use: the other system knew.
    Elsewhere,
}

impl Use {
    /// Returns the reason to take `old`, just rotated without a grace period, for a key in use.
    pub fn of(old: &Key, now: Timestamp) -> Option<Self> {
        if old.expires_at.is_some_and(|at| at <= now) {
            return None;
        }
        match old.last_used_at {
            Some(at) => (now.since(at) < RECENT).then_some(Use::Last(at)),
            None => old.imported.then_some(Use::Elsewhere),
        }
    }

    fn describe(self, now: Timestamp) -> String {
        match self {
            Use::Last(at) => format!("last used {}", at.relative_to(now)),
            Use::Elsewhere => "imported, and perhaps in use".to_owned(),
        }
    }
}

/// Asks whether to stop `old`. Asks nothing without a terminal.
pub fn ask(cx: &mut Cx<'_>, old: &Key, used: Use, now: Timestamp) -> Result<()> {
    if !cx.env.terminal.interactive() {
        return Ok(());
    }
    cx.notice(format_args!(
        "{} ({}) was {}; without a grace period its token stops now, and whatever uses it will fail",
        old.id,
        escape(&old.name),
        used.describe(now)
    ));
    cx.notice_hint(Hint::from("to let it work for another day: ").and(with_grace(old)));
    confirm(cx, false, "rotate", "Rotate it without a grace period?")
}

/// Warns that `old` was stopped.
pub fn warn(cx: &mut Cx<'_>, old: &Key, used: Use, now: Timestamp) {
    cx.notice(format_args!(
        "warning: {}, {}, has stopped working: whatever uses its token will fail",
        old.id,
        used.describe(now)
    ));
    cx.notice_hint("with --grace 1d both tokens work for a day; --grace 0s stops the old one without this warning");
}

fn with_grace(old: &Key) -> Hint {
    run!("rotate {} --grace 1d", old.id)
}
