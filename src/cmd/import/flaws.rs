//! Lines of an import that cannot be imported, and their report.

use crate::cmd::Cx;
use crate::error::{Error, FailureKind};

/// Maximum number of lines that are named.
const NAMED_MAX: usize = 20;

/// Flawed lines. Keeps the errors of the first lines, and the number of all.
#[derive(Clone)]
pub struct Flaws {
    /// Line and error, in order.
    named: Vec<(usize, Error)>,
    count: usize,
    /// Number of all lines.
    total: usize,
    has_usage: bool,
}

impl Flaws {
    /// Begins with no flaw in `total` lines.
    pub fn new(total: usize) -> Self {
        Flaws {
            named: Vec::new(),
            count: 0,
            total,
            has_usage: false,
        }
    }

    /// Adds the error of a line.
    pub fn add(&mut self, line: usize, error: Error) {
        let message = format!("line {line}: {}", error.message);
        self.add_named(line, Error { message, ..error });
    }

    /// Adds the error of a line that names the line.
    pub fn add_named(&mut self, line: usize, error: Error) {
        self.count += 1;
        self.has_usage |= error.kind == FailureKind::Usage;
        let at = self.named.partition_point(|(other, _)| *other <= line);
        self.named.insert(at, (line, error));
        self.named.truncate(NAMED_MAX);
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Names the lines, and returns the error for all of them: how many of how many lines.
    pub fn report(mut self, cx: &mut Cx<'_>) -> Error {
        const NOTHING: &str = "nothing was imported";
        if self.count == 1
            && let Some((_, error)) = self.named.pop()
        {
            return error.adding(NOTHING);
        }
        let mut hints = Vec::new();
        for (_, error) in &self.named {
            cx.notice(error);
            if let Some(hint) = &error.hint
                && !hints.contains(hint)
            {
                cx.hint(hint.clone());
                hints.push(hint.clone());
            }
        }
        if self.count > self.named.len() {
            cx.notice(format_args!(
                "and {} more lines",
                self.count - self.named.len()
            ));
        }
        let first = self.named.first().map(|(_, error)| error.kind);
        let kind = match self.has_usage {
            true => FailureKind::Usage,
            false => first.unwrap_or(FailureKind::Usage),
        };
        Error::new(
            kind,
            format!("{} of {} lines cannot be imported", self.count, self.total),
        )
        .adding(NOTHING)
    }
}
