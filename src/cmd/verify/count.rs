//! Numbers of valid and rejected tokens in a batch.

use crate::error::{DONE, FOUND};
use std::fmt;

/// Numbers of valid and rejected tokens.
#[derive(Clone, Copy, Default)]
pub struct Count {
    valid: u64,
    rejected: u64,
}

impl Count {
    /// Counts one more token.
    pub fn add(&mut self, is_valid: bool) {
        match is_valid {
            true => self.valid += 1,
            false => self.rejected += 1,
        }
    }

    /// Adds the numbers of `other`.
    pub fn add_all(&mut self, other: Count) {
        self.valid += other.valid;
        self.rejected += other.rejected;
    }

    /// Success only if there was a token and none was rejected.
    pub fn exit_code(self) -> u8 {
        if self.valid > 0 && self.rejected == 0 {
            DONE
        } else {
            FOUND
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.valid + self.rejected;
        match all {
            0 => return f.write_str("no tokens"),
            1 => f.write_str("1 token")?,
            _ => write!(f, "{all} tokens")?,
        }
        write!(f, ": {} valid, {} rejected", self.valid, self.rejected)
    }
}
