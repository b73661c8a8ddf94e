//! Remarks on a store: findings that have to be mended, and notes.

use crate::hint::Hint;

/// The code of damage to the store's content.
pub const DAMAGE: &str = "damage";

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The word that a script goes by.
    pub code: &'static str,
    /// The fact; one line, no full stop.
    pub message: String,
    /// Advice on it.
    pub hint: Option<Hint>,
}

/// All that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Those that have to be mended.
    pub findings: Vec<Remark>,
    /// Those that are for information.
    pub notes: Vec<Remark>,
}

impl Remarks {
    /// Adds what has to be mended.
    pub fn finding(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<Hint>,
    ) {
        self.findings
            .push(remark(code, message.into(), hint.into()));
    }

    /// Adds what is for information.
    pub fn note(&mut self, code: &'static str, message: impl Into<String>, hint: impl Into<Hint>) {
        self.notes.push(remark(code, message.into(), hint.into()));
    }

    /// Tells whether damage was found.
    pub fn has_damage(&self) -> bool {
        self.findings.iter().any(|finding| finding.code == DAMAGE)
    }
}

fn remark(code: &'static str, message: String, hint: Hint) -> Remark {
    Remark {
        code,
        message,
        hint: Some(hint).filter(|hint| !hint.is_empty()),
    }
}
