//! What a doctor has to say.

use crate::output::json;
use serde::Serialize;
use std::fmt;
use std::io;

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The word that a script goes by.
    pub code: &'static str,
    /// What is so; one line, no full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// All that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What is to be mended.
    pub findings: Vec<Remark>,
    /// What is only to be known.
    pub notes: Vec<Remark>,
}

impl Report {
    /// Adds what is to be mended.
    pub fn finding<'a>(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<Option<&'a str>>,
    ) {
        self.findings
            .push(remark(code, message.into(), hint.into()));
    }

    /// Adds what is only to be known.
    pub fn note<'a>(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<Option<&'a str>>,
    ) {
        self.notes.push(remark(code, message.into(), hint.into()));
    }

    /// The same with each hint as `tell` puts it.
    #[must_use]
    pub fn told(mut self, tell: impl Fn(&str) -> String) -> Self {
        for remark in self.findings.iter_mut().chain(&mut self.notes) {
            remark.hint = remark.hint.as_deref().map(&tell);
        }
        self
    }

    /// The report for people.
    pub fn text(&self) -> String {
        let lines = |title: &str, remarks: &[Remark]| -> String {
            remarks
                .iter()
                .map(|remark| {
                    let hint = remark.hint.as_ref();
                    let hint = hint.map_or_else(String::new, |hint| format!("  hint: {hint}\n"));
                    format!("{title}: {}\n{hint}", remark.message)
                })
                .collect()
        };
        lines("finding", &self.findings) + &lines("note", &self.notes)
    }

    /// The report for programs: one JSON object on a line.
    pub fn json(&self) -> io::Result<Vec<u8>> {
        json::line(self)
    }
}

/// How much there is: `2 findings, 1 note`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |remarks: &[Remark], one: &str| match remarks.len() {
            1 => format!("1 {one}"),
            count => format!("{count} {one}s"),
        };
        if self.findings.is_empty() && self.notes.is_empty() {
            return f.write_str("nothing found");
        }
        write!(
            f,
            "{}, {}",
            count(&self.findings, "finding"),
            count(&self.notes, "note")
        )
    }
}

fn remark(code: &'static str, message: String, hint: Option<&str>) -> Remark {
    Remark {
        code,
        message,
        hint: hint.map(str::to_owned),
    }
}
