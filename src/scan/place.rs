//! Places where something was found.

use memchr::memchr_iter;
use std::path::Path;
use std::sync::Arc;

/// Place within a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Name of the file itself.
    Name,
    /// Line, from 1.
    Line(u64),
    /// Commit in the history of a repository.
    Commit {
        /// Hash of the commit, in hexadecimal.
        commit: String,
        /// Path of the file in the repository; `None` for the commit's message and the names of its files.
        path: Option<String>,
        /// True for the name of a file.
        is_name: bool,
        /// Parent of the commit, from 1, that has a line which the commit removed; `None` for any other text.
        parent: Option<usize>,
    },
}

/// Place of something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Path of the file; `None` for standard input.
    pub path: Option<Arc<Path>>,
    /// Place within the file.
    pub spot: Spot,
}

impl Place {
    /// Returns the path and the line, by which places are sorted. Commits stay as they come: the newest first.
    pub fn order(&self) -> (Option<&Path>, u64) {
        let line = match self.spot {
            Spot::Line(line) => line,
            Spot::Name | Spot::Commit { .. } => 0,
        };
        (self.path.as_deref(), line)
    }
}

/// Position in a stream that is read in pieces.
pub trait Track {
    /// Takes the next bytes of the stream.
    fn advance(&mut self, bytes: &[u8]);

    /// Returns the place of the next byte.
    fn spot(&self) -> Spot;
}

/// Number of the current line, from 1.
pub struct Lines(u64);

impl Default for Lines {
    fn default() -> Self {
        Lines(1)
    }
}

impl Track for Lines {
    fn advance(&mut self, bytes: &[u8]) {
        self.0 += memchr_iter(b'\n', bytes).count() as u64;
    }

    fn spot(&self) -> Spot {
        Spot::Line(self.0)
    }
}
