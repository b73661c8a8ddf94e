//! Remarks on a store: findings, which need fixing, and notes.

use crate::hint::Hint;

/// Code of a finding of damage.
pub const DAMAGE: &str = "damage";

/// Finding or note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The word for scripts.
    pub code: &'static str,
    /// The fact; one line, no full stop.
    pub message: String,
    /// The advice.
    pub hint: Option<Hint>,
}

/// All findings and notes on a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Remarks that need fixing.
    pub findings: Vec<Remark>,
    /// Remarks for information.
    pub notes: Vec<Remark>,
}

impl Remarks {
    /// Adds a finding.
    pub fn finding(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<Hint>,
    ) {
        self.findings
            .push(remark(code, message.into(), hint.into()));
    }

    /// Adds a note.
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
