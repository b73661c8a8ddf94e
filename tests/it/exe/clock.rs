//! The system's clock, set wrong.

use super::harness::{Site, finish};
use super::skipped;
use std::io::ErrorKind;

#[test]
fn a_key_that_is_made_while_the_clock_is_wrong_is_warned_of() {
    let site = Site::new();
    site.create();
    let mut faketime = site.clean("faketime");
    faketime.args(["1970-01-01 00:00:05", "keyctl", "--db"]);
    faketime
        .arg(site.db())
        .args(["create", "--scope", "inference", "-q"]);
    faketime.env("TZ", "UTC");
    match faketime.spawn() {
        Ok(child) => {
            finish(child)
                .code(0)
                .says("warning: the clock is at 1970-01-01T00:00:0");
        }
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            skipped("faketime is not installed");
        }
        Err(cause) => panic!("{cause}"),
    }
}
