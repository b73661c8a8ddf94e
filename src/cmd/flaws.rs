//! Lines of a file that are refused, and the error for all of them.

use super::Cx;
use crate::error::{Error, ErrorSource, FailureKind, Result};
use crate::records::at_line;
use std::error::Error as StdError;
use std::fmt;

/// Maximum number of lines that are named.
const NAMED_MAX: usize = 20;

/// Errors of the lines of a file, or of numbered keys, which have no lines. Keeps the first ones, and the number of
/// all.
///
/// Each error begins with its line, or names the key itself. The default is for one key by itself: it keeps no error.
#[derive(Clone, Debug, Default)]
pub struct Flaws {
    /// Lines and their errors, in order.
    named: Vec<(Option<usize>, Error)>,
    count: usize,
    /// Number of all lines.
    total: usize,
    has_usage: bool,
    /// Clause for what was not done.
    outcome: &'static str,
}

impl Flaws {
    /// Begins with no flaw in `total` lines. `outcome` says what any flaw prevents: `no key was created`.
    pub fn new(total: usize, outcome: &'static str) -> Self {
        Flaws {
            total,
            outcome,
            ..Flaws::default()
        }
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns the value of `result`, or keeps its error as that of `line`.
    ///
    /// Fails with an error that is not the line's fault. Without a line, only a name that is held is the fault of one
    /// key: all else is the same for all keys.
    pub fn keep<T>(&mut self, line: Option<usize>, result: Result<T>) -> Result<Option<T>> {
        let error = match result {
            Ok(value) => return Ok(Some(value)),
            Err(error) => error,
        };
        let is_of_line = match error.kind {
            FailureKind::State => true,
            FailureKind::Usage | FailureKind::Policy | FailureKind::Access => line.is_some(),
            _ => false,
        };
        if self.total == 0 || !is_of_line {
            return Err(error);
        }
        self.add(line, error);
        Ok(None)
    }

    /// Adds the error of `line`.
    pub fn add(&mut self, line: Option<usize>, error: Error) {
        self.count += 1;
        self.has_usage |= error.kind == FailureKind::Usage;
        let error = match line {
            Some(line) => at_line(line, error),
            None => error,
        };
        let at = self.named.partition_point(|(other, _)| *other <= line);
        self.named.insert(at, (line, error));
        self.named.truncate(NAMED_MAX);
    }

    /// Fails if there are any: with the only one, or with an error whose cause is these flaws.
    pub fn end(self) -> Result<()> {
        let Some((_, first)) = self.named.first() else {
            return Ok(());
        };
        let outcome = self.outcome;
        let kind = match self.has_usage {
            true => FailureKind::Usage,
            false => first.kind,
        };
        let error = match self.count {
            1 => first.clone(),
            _ => Error::new(kind, self.to_string()).because(ErrorSource::implied(self)),
        };
        Err(error.adding(outcome))
    }

    fn noun(&self) -> &'static str {
        match self.named.first() {
            Some((None, _)) => "keys",
            _ => "lines",
        }
    }
}

/// Formats how many of how many lines are refused.
impl fmt::Display for Flaws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, total) = (self.count, self.total);
        write!(f, "{count} of {total} {} are refused", self.noun())
    }
}

impl StdError for Flaws {}

/// Prints the flaws that are the cause of `error`, each hint once. Returns the first of them, or else `error`.
pub fn print<'a>(cx: &mut Cx<'_>, error: &'a Error) -> &'a Error {
    let cause = StdError::source(error).and_then(|cause| cause.downcast_ref());
    let Some(flaws): Option<&Flaws> = cause else {
        return error;
    };
    let mut hints = Vec::new();
    for (_, error) in &flaws.named {
        cx.notice(error);
        if let Some(hint) = &error.hint
            && !hints.contains(&hint)
        {
            cx.hint(hint.clone());
            hints.push(hint);
        }
    }
    match flaws.count - flaws.named.len() {
        0 => {}
        more => cx.notice(format_args!("and {more} more {}", flaws.noun())),
    }
    flaws.named.first().map_or(error, |(_, first)| first)
}
