//! Faults of a server, and what commands say and do then: nothing is half done, and no message shows a password.

mod cut;
mod disk;
mod input;
mod language;
mod pooler;
mod refused;
mod restarted;
mod settings;
mod tls;
mod unreachable;
mod waits;

use crate::exe::harness::{Site, run_with};
use crate::harness::Ran;
use crate::harness::postgres::SECRET;
use crate::serving::server::quick;
use std::sync::OnceLock;

/// A token that no store here knows.
fn token() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| quick().create())
}

/// Checks that a command has failed with exit code 5, with these words in the message and these in the hint.
#[track_caller]
fn check(ran: &Ran, message: &str, hint: &str) {
    assert_eq!((ran.code, ran.stdout.as_str()), (5, ""), "{ran:#?}");
    let (said, advice) = ran.stderr.split_once("hint: ").unwrap_or_default();
    assert!(said.contains(message), "{message:?}: {ran:#?}");
    assert!(advice.contains(hint), "{hint:?}: {ran:#?}");
    assert!(!ran.stderr.contains(SECRET), "{ran:#?}");
    assert!(!ran.stderr.contains("panic"), "{ran:#?}");
}

/// Checks that `verify`, a change and a list fail so at `url`.
#[track_caller]
fn fails(url: &str, message: &str, hint: &str) {
    let site = Site::new();
    for line in ["verify", "create --scope inference", "list"] {
        let mut command = site.bare(line);
        check(
            &run_with(command.env("KEYCTL_DB", url), token()),
            message,
            hint,
        );
    }
}
