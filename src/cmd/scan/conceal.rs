//! Paths, shown without the tokens in them.

use crate::hash::TokenDigest;
use crate::scan::{Candidate, Place, Searcher, Spot};
use crate::token::Redacted;
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Stand-in for a token of another system, in which nothing is public.
const FOREIGN: &str = "(a token)";

/// Replaces tokens in paths, in all forms in which a scan finds them: a name that is base64 of a token, or an imported
/// token, does not look like one.
pub struct Concealer<'a> {
    searcher: Searcher<'a>,
    /// Tells whether a digest is that of a token of another system.
    is_foreign: &'a dyn Fn(&TokenDigest) -> bool,
}

impl<'a> Concealer<'a> {
    /// Makes a concealer of the tokens that `searcher` finds; of foreign ones, if `is_foreign` knows their digest.
    pub fn new(searcher: Searcher<'a>, is_foreign: &'a dyn Fn(&TokenDigest) -> bool) -> Self {
        Concealer {
            searcher,
            is_foreign,
        }
    }

    /// Replaces the parts of the paths of `place` that hold a token.
    pub fn conceal(&self, place: &mut Place) {
        if let Some(path) = &mut place.path
            && let Some(concealed) = self.path(path)
        {
            *path = concealed.into();
        }
        if let Spot::Commit {
            path: Some(path), ..
        } = &mut place.spot
            && let Some(concealed) = self.path(Path::new(path))
        {
            *path = concealed.to_string_lossy().into_owned();
        }
    }

    /// Returns `path` with a stand-in for each part that holds a token; `None` if there is no such part.
    pub fn path(&self, path: &Path) -> Option<PathBuf> {
        let mut is_concealed = false;
        let parts = path.as_os_str().as_bytes().split(|byte| *byte == b'/');
        let parts = parts.map(|part| match self.stand_in(part) {
            Some(stand_in) => {
                is_concealed = true;
                stand_in.into_bytes()
            }
            None => part.to_vec(),
        });
        let parts: Vec<Vec<u8>> = parts.collect();
        is_concealed.then(|| OsString::from_vec(parts.join(&b'/')).into())
    }

    /// Returns the text to show in place of a part of a path that holds a token.
    fn stand_in(&self, part: &[u8]) -> Option<String> {
        let shown = |token: Redacted| format!("({token})");
        // Also one that is mistyped or cut short, which is not found.
        let mut stand_in = Redacted::find(part).map(shown);
        if stand_in.is_some() {
            return stand_in;
        }
        let _ = self.searcher.search_text(part, |candidate| {
            stand_in = match candidate {
                Candidate::Own(token) => Redacted::find(token.expose()).map(shown),
                Candidate::Foreign(digest) => {
                    (self.is_foreign)(&digest).then(|| FOREIGN.to_owned())
                }
            };
            match stand_in {
                Some(_) => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            }
        });
        stand_in
    }
}
