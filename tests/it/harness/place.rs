//! A place for one store: where it is, and what has to be so that somebody can use it there.

use keyctl::when::Timestamp;
use std::path::PathBuf;

/// A place for one store.
pub trait Place: Send + Sync {
    /// Text for `--db`, whoever runs the command.
    fn address(&self) -> PathBuf;

    /// Text for `--db` by which `user` opens the store, who runs no command.
    fn address_of(&self, _user: &str) -> PathBuf {
        self.address()
    }

    /// Text for `--db` past the rules that commands keep.
    fn unruled(&self) -> PathBuf {
        self.address()
    }

    /// The store in messages to `user`.
    fn shown(&self, _user: &str) -> String {
        self.address().display().to_string()
    }

    /// Makes `user` one whom the store can be given as a member or an administrator.
    fn know(&self, _user: &str) {}

    /// Writes the uses of the key `id`, which a transaction of a server cannot.
    fn set_uses(&self, _id: &str, _first: Option<Timestamp>, _last: Option<Timestamp>) {}

    /// Lets `user` use the store, and found one if there is none: as an administrator without an
    /// appointment, while the result is kept, if `uid` is 0.
    fn admit(&self, _user: &str, _uid: u32) -> Option<Admitted> {
        None
    }

    /// Lets the user who runs the tests use the store. Text for `--db` for whom the time is the present.
    fn admit_this_process(&self) -> PathBuf {
        self.address()
    }

    /// Tells the place what time it is, in Unix milliseconds.
    fn set_clock(&self, _now: i64) {}
}

/// Ends what somebody was admitted for.
pub struct Admitted(Option<Box<dyn FnOnce()>>);

impl Admitted {
    /// Calls `end` when it is dropped.
    pub fn until(end: impl FnOnce() + 'static) -> Self {
        Admitted(Some(Box::new(end)))
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if let Some(end) = self.0.take() {
            end();
        }
    }
}

/// A file, which everybody may use whom its mode lets.
impl Place for PathBuf {
    fn address(&self) -> PathBuf {
        self.clone()
    }
}
