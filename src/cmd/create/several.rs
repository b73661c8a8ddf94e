//! Several keys: from a file, or numbered with a command for each.

use super::fields::check_kind;
use super::from::{self, Order};
use super::lines::{self, Defaults, Line, NO_KEY};
use super::plan::Rules;
use super::series::Series;
use crate::cmd::Cx;
use crate::cmd::flaws::Flaws;
use crate::cmd::handover::{Exec, Plan};
use crate::cmd::values::Format;
use crate::error::{Error, Result};
use crate::hint::Hint;
use std::path::Path;

/// Flags for several keys.
pub struct Several<'a> {
    /// Owner and fields of the keys, or those that a line leaves out.
    pub defaults: &'a Defaults,
    /// Rules for names that are held.
    pub rules: Rules,
    /// Command for the tokens.
    pub exec: &'a Exec,
    /// Output format.
    pub format: Format,
    /// Reason for the log.
    pub reason: Option<&'a str>,
}

impl Several<'_> {
    /// Makes the keys that the file at `path` describes: with files in `directory`, or with a command for each.
    pub fn from(&self, cx: &mut Cx<'_>, path: &Path, directory: Option<&Path>) -> Result<u8> {
        if let Some(directory) = directory {
            let order = Order {
                from: path,
                directory,
                defaults: self.defaults,
                rules: self.rules,
                format: self.format,
                reason: self.reason,
            };
            return order.run(cx);
        }
        let Some(exec) = self.exec.plan(cx)? else {
            return Err(missing(
                "--secret-dir DIR",
                "the tokens go there; or give --exec -- COMMAND, to hand each to a command",
            ));
        };
        let (lines, flaws) = from::read(cx, path, self.defaults)?;
        self.in_series(cx, &exec, &lines, flaws)
    }

    /// Makes the keys `name-1` to `name-N`, with a command for each.
    pub fn numbered(&self, cx: &mut Cx<'_>, name: Option<&str>, count: u32) -> Result<u8> {
        let fields = &self.defaults.fields;
        check_kind(fields.kind, &fields.scopes, fields.expires.as_ref())?;
        fields.check(cx.env.now())?;
        let Some(name) = name else {
            return Err(missing(
                "--name NAME",
                "by their names --skip-existing knows the keys that were made, if a command fails",
            ));
        };
        let Some(exec) = self.exec.plan(cx)? else {
            return Err(missing("--exec COMMAND", Hint::default()));
        };
        let lines = lines::numbered(name, count, self.defaults)?;
        let flaws = Flaws::new(lines.len(), NO_KEY);
        self.in_series(cx, &exec, &lines, flaws)
    }

    fn in_series(&self, cx: &mut Cx<'_>, exec: &Plan, lines: &[Line], flaws: Flaws) -> Result<u8> {
        let series = Series {
            lines,
            flaws,
            rules: self.rules,
            exec,
            format: self.format,
            reason: self.reason,
        };
        series.run(cx)
    }
}

/// Error for an `argument` without which others make no sense.
pub fn missing(argument: &str, hint: impl Into<Hint>) -> Error {
    Error::usage(format!("missing argument: {argument}")).hint(hint)
}
