//! Names of projects, members and administrators that no command accepts any more. Pure.

use crate::name::{is_plain_to_see, spelled};
use crate::project::Member;
use crate::store::Remarks;
use std::collections::BTreeSet;

/// Most names that are shown.
const SHOWN: usize = 10;

/// Notes names of `members` and `administrators` that may look like others.
pub fn judge(members: &[Member], administrators: &[String], report: &mut Remarks) {
    let of_members = members
        .iter()
        .flat_map(|member| [&member.project, &member.user]);
    let odd: BTreeSet<&String> = of_members
        .chain(administrators)
        .filter(|name| !is_plain_to_see(name))
        .collect();
    if odd.is_empty() {
        return;
    }
    let mut shown: Vec<String> = odd.iter().take(SHOWN).map(|name| spelled(name)).collect();
    if odd.len() > SHOWN {
        shown.push("…".to_owned());
    }
    report.note(
        "names",
        format!(
            "projects, members or administrators that may look like another (Unicode that does not show, or another form than NFC): {} ({})",
            odd.len(),
            shown.join(", ")
        ),
        "each can be named exactly: add the right name, then remove this one",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_ten_names_are_shown_each_so_that_it_differs() {
        let users: Vec<String> = (0..12).map(|i| format!("e\u{301}{i:02}")).collect();
        let mut report = Remarks::default();
        judge(&[], &users[..1], &mut report);
        judge(&[], &users, &mut report);
        judge(&[], &["é".to_owned()], &mut report);
        let said: Vec<&str> = report.notes.iter().map(|note| &*note.message).collect();
        assert!(said[0].ends_with(": 1 ('e\\u{301}00')"), "{}", said[0]);
        assert!(said[1].contains(": 12 ('e\\u{301}00', "), "{}", said[1]);
        assert!(said[1].ends_with("'e\\u{301}09', …)"), "{}", said[1]);
        assert_eq!(said.len(), 2);
    }
}
