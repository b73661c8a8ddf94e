//! Password of a user of the database.

use zeroize::Zeroizing;

/// Password, which is wiped from memory when it is dropped and has no text for messages.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Wraps `text`.
    pub fn new(text: Zeroizing<String>) -> Self {
        Password(text)
    }

    /// Returns the password.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
