//! Cause of an error: an error of the system or of another crate.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

/// Cause of an error, with the words that are shown for it.
///
/// Only these words are shown, in `Debug` too: the cause's own text may quote from a damaged file.
#[derive(Clone)]
pub struct ErrorSource(Arc<Cause>);

struct Cause {
    error: Box<dyn StdError + Send + Sync>,
    /// Empty if the message already implies the cause.
    words: Cow<'static, str>,
}

impl ErrorSource {
    /// Wraps `error`, shown as `words`.
    pub fn new(
        error: impl StdError + Send + Sync + 'static,
        words: impl Into<Cow<'static, str>>,
    ) -> Self {
        ErrorSource(Arc::new(Cause {
            error: Box::new(error),
            words: words.into(),
        }))
    }

    /// Wraps `error`, shown as its own text.
    pub fn of(error: impl StdError + Send + Sync + 'static) -> Self {
        let words = error.to_string();
        ErrorSource::new(error, words)
    }

    /// Wraps `error`, not shown: the message implies it.
    pub fn implied(error: impl StdError + Send + Sync + 'static) -> Self {
        ErrorSource::new(error, "")
    }

    /// Returns the wrapped error.
    pub fn error(&self) -> &(dyn StdError + 'static) {
        &*self.0.error
    }

    /// Returns the words that are shown; empty if the message implies the cause.
    pub fn words(&self) -> &str {
        &self.0.words
    }
}

impl From<io::Error> for ErrorSource {
    fn from(error: io::Error) -> Self {
        let words = words(&error);
        ErrorSource::new(error, words)
    }
}

impl fmt::Debug for ErrorSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ErrorSource").field(&self.words()).finish()
    }
}

/// Compares the words only.
impl PartialEq for ErrorSource {
    fn eq(&self, other: &Self) -> bool {
        self.words() == other.words()
    }
}

impl Eq for ErrorSource {}

/// Returns the system's text for `cause`, without the ` (os error N)` that [`io::Error`] appends.
fn words(cause: &io::Error) -> String {
    let all = cause.to_string();
    let number = cause
        .raw_os_error()
        .map(|code| format!(" (os error {code})"));
    match number.and_then(|number| all.strip_suffix(&number)) {
        Some(words) => words.to_owned(),
        None => all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_system_have_no_number_and_other_words_stay() {
        let cause = io::Error::from_raw_os_error(2);
        assert_eq!(words(&cause), "No such file or directory");
        let own = io::Error::other("x (os error 2)");
        assert_eq!(words(&own), "x (os error 2)");
    }

    #[test]
    fn debug_shows_the_words_and_not_what_the_cause_says_itself() {
        let source = ErrorSource::new(io::Error::other("row: $argon2id$"), "a row is damaged");
        assert_eq!(format!("{source:?}"), "ErrorSource(\"a row is damaged\")");
    }
}
