//! Errors of many lines as one.

use crate::error::{Error, FailureKind, Result};

/// Largest number of errors that are shown.
const SHOWN: usize = 20;

/// Errors of lines, which become one error that names them all.
#[derive(Default)]
pub struct Faults {
    first: Option<Error>,
    messages: Vec<String>,
    count: usize,
}

impl Faults {
    /// Returns the value of `result`, or keeps its error, which names its line. Fails with an error that is not the
    /// line's fault.
    pub fn keep<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) => match error.kind {
                FailureKind::Usage
                | FailureKind::Policy
                | FailureKind::Access
                | FailureKind::State => {
                    self.add(error);
                    Ok(None)
                }
                _ => Err(error),
            },
        }
    }

    /// Adds an error whose message names its line.
    pub fn add(&mut self, error: Error) {
        self.count += 1;
        if self.count <= SHOWN {
            self.messages.push(error.to_string());
        }
        self.first.get_or_insert(error);
    }

    /// Fails with the first error, with the messages of the others behind its own.
    pub fn end(self) -> Result<()> {
        let Some(first) = self.first else {
            return Ok(());
        };
        let others = self.messages.iter().skip(1);
        let error = others.fold(first, |error, message| error.adding(message));
        Err(match self.count.saturating_sub(SHOWN) {
            0 => error,
            more => error.adding(format_args!("and {more} more")),
        })
    }
}
