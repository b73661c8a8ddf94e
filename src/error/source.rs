//! The cause of an error, as another part of the program or the system reported it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

/// A cause, and its words in a message. Only the words are shown, in `Debug` too: what the cause says
/// of itself may repeat what lies in a damaged file.
#[derive(Clone)]
pub struct ErrorSource(Arc<Cause>);

struct Cause {
    error: Box<dyn StdError + Send + Sync>,
    /// Empty where the message says as much already.
    words: Cow<'static, str>,
}

impl ErrorSource {
    /// The cause `error`, of which a message says `words`.
    pub fn new(
        error: impl StdError + Send + Sync + 'static,
        words: impl Into<Cow<'static, str>>,
    ) -> Self {
        ErrorSource(Arc::new(Cause {
            error: Box::new(error),
            words: words.into(),
        }))
    }

    /// The cause `error`, of which a message says what it says itself.
    pub fn of(error: impl StdError + Send + Sync + 'static) -> Self {
        let words = error.to_string();
        ErrorSource::new(error, words)
    }

    /// The cause `error`, which a message implies.
    pub fn implied(error: impl StdError + Send + Sync + 'static) -> Self {
        ErrorSource::new(error, "")
    }

    /// The cause itself.
    pub fn error(&self) -> &(dyn StdError + 'static) {
        &*self.0.error
    }

    /// The words of a message for it; empty where the message implies it.
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

/// Two sources are equal where a message has the same words for them.
impl PartialEq for ErrorSource {
    fn eq(&self, other: &Self) -> bool {
        self.words() == other.words()
    }
}

impl Eq for ErrorSource {}

/// Words of the system for `cause`, without the number that [`io::Error`] puts behind them.
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
