//! Judgement of modes, owners, groups and siblings of a store. Pure: [`super::look`] gathers the facts.

use super::surroundings::{Beginning, FileSurroundings, Journal, Stat};
use crate::error::quote;
use crate::hint::{Hint, run};
use crate::store::remarks::{DAMAGE, Remarks};
use crate::store::sqlite::actor::ROOT;
use crate::store::sqlite::owner::{GROUP, GROUP_WRITE, OTHERS_WRITE, SHARED, SHARED_DIRECTORY};
use crate::store::sqlite::siblings::{belongs_to_stranger, has_names};
use std::iter;

const READ: u32 = 0o4;
const WRITE: u32 = 0o2;
const EXECUTE: u32 = 0o1;
const OTHERS: u32 = 0o007;
const STICKY: u32 = 0o1000;

/// Function that returns the name of the group with a gid.
pub type GroupName<'a> = dyn Fn(u32) -> Option<String> + 'a;

/// Groups of the system, and the one that the store is for.
pub struct Groups<'a> {
    /// Names of the groups.
    pub name: &'a GroupName<'a>,
    /// Gid of the group for which `init` made the store.
    pub sharing: Option<u32>,
}

impl Groups<'_> {
    /// Names the group in a message.
    fn word(&self, gid: u32) -> String {
        match (self.name)(gid) {
            Some(name) => format!("the group {} (gid {gid})", quote(&name)),
            None => format!("the group with gid {gid}"),
        }
    }

    /// Tells whether `file` has the group and the mode that `init` gave it.
    fn is_as_made(&self, file: &Stat, mode: u32) -> bool {
        self.sharing == Some(file.gid) && file.mode == mode
    }
}

/// Returns advice on a file that `restore` does not recognise as a store.
pub fn move_and_restore() -> Hint {
    Hint::from("move it away, then restore a backup: ").and(run!("restore PATH"))
}

/// Adds findings on `place`.
pub fn judge(place: &FileSurroundings, remarks: &mut Remarks) {
    // SQLite gives an empty log the mode of the store when it is opened: one `chmod` for all.
    let empty = place.siblings.iter().filter(|file| file.size == 0);
    open_to_others(&place.store, empty, remarks);
    for file in place.siblings.iter().chain(&place.replaced) {
        open_to_others(file, [], remarks);
    }
    ruined(place, remarks);
    several_names(place, remarks);
    let store = &place.store.shown;
    if place.is_mounted_alone {
        remarks.finding(
            "mount",
            format!("{store} is mounted without its directory: each side of the mount has a write-ahead log of its own, which damages the store"),
            "mount the directory that it is in instead",
        );
    }
    for shown in &place.odd {
        remarks.finding(
            "not-a-file",
            format!("{shown} is a symbolic link, or not an ordinary file: what is written to it goes elsewhere"),
            "find out who put it there; move it away while nobody uses the store",
        );
    }
    if let Some(found) = &place.journal {
        journal(place, found, remarks);
    }
    owners(place, remarks);
    directories(place, remarks);
}

/// Adds notes on `place`.
pub fn note(place: &FileSurroundings, groups: &Groups<'_>, remarks: &mut Remarks) {
    let store = &place.store.shown;
    if let Some(link) = &place.link {
        let message = format!("{link} is a symbolic link: the store is {store}");
        remarks.note("via-link", message, None);
    }
    note_groups(place, groups, remarks);
    left_behind(place, remarks);
}

/// Reports a file that is open to others; a `chmod` of it is to cover `siblings` too.
fn open_to_others<'e>(
    file: &'e Stat,
    siblings: impl IntoIterator<Item = &'e Stat>,
    remarks: &mut Remarks,
) {
    let Stat { shown, mode, .. } = file;
    if mode & OTHERS == 0 {
        return;
    }
    let whom = if exceeds_others(*mode) { "o" } else { "go" };
    let words: Vec<_> = iter::once(file).chain(siblings).map(Stat::word).collect();
    remarks.finding(
        "open-file",
        format!("others may {} {shown} (mode {mode:04o})", rights(*mode)),
        format!("chmod {whom}= {}", words.join(" ")),
    );
}

/// Reports a store whose beginning is gone.
fn ruined(place: &FileSurroundings, remarks: &mut Remarks) {
    if !place.is_ruined() {
        return;
    }
    let why = match place.beginning {
        Beginning::Empty => "it is empty",
        _ => "its beginning is gone",
    };
    let beside: Vec<&str> = place.siblings.iter().map(|file| &*file.shown).collect();
    remarks.finding(
        DAMAGE,
        format!(
            "{} was a store, and is damaged: {why}, and beside it is {}",
            place.store.shown,
            beside.join(", ")
        ),
        move_and_restore(),
    );
}

/// Reports a store or a sibling with several hard links.
fn several_names(place: &FileSurroundings, remarks: &mut Remarks) {
    let names = place.store.names;
    let of_store = format!(
        "has {names} names (hard links): each would have a write-ahead log of its own, which damages the store"
    );
    let siblings = place.siblings.iter();
    let siblings = siblings.map(|file| (file, has_names(file.names)));
    for (file, fault) in iter::once((&place.store, of_store)).chain(siblings) {
        if file.names > 1 {
            remarks.finding(
                "hard-link",
                format!("{} {fault}", file.shown),
                format!("remove the others: find / -xdev -samefile {}", file.word()),
            );
        }
    }
}

fn journal(place: &FileSurroundings, journal: &Journal, remarks: &mut Remarks) {
    let shown = &journal.entry.shown;
    if place.is_foreign_journal(journal) {
        remarks.finding(
            "journal",
            format!("a rollback journal that is not keyctl's is beside the store: {shown}; SQLite may undo changes with it"),
            "find out who put it there; move it away while nobody uses the store",
        );
    } else if journal.is_hot {
        remarks.finding(
            "journal",
            format!("a restore, or the creation of the store, was interrupted or is still running: {shown} holds what has to be undone"),
            Hint::from("leave it there: it is needed; if nothing is running, run the restore again (")
                .and(run!("restore PATH"))
                .and("), or any command that changes something: that undoes what was begun"),
        );
    }
}

fn owners(place: &FileSurroundings, remarks: &mut Remarks) {
    let owner = place.store.uid;
    let siblings = place.siblings.iter();
    let siblings = siblings.filter(|file| place.is_strangers_file(file));
    let directory = iter::once(&place.directory).filter(|it| place.is_strangers(it));
    for file in siblings.chain(directory) {
        remarks.finding(
            "owner",
            format!("{} {}", file.shown, belongs_to_stranger(file.uid, owner)),
            format!(
                "once you know how that happened: chown {owner} {}",
                file.word()
            ),
        );
    }
    // The sticky bit does not restrict the directory's owner.
    for directory in place.above.iter().filter(|it| place.is_strangers(it)) {
        let (shown, fault) = (&directory.shown, belongs_to_stranger(directory.uid, owner));
        remarks.finding(
            "owner",
            format!(
                "{shown}, on the way to the store, {fault}, and can put another store in its place"
            ),
            format!(
                "chown {ROOT} {}, or move the store to a place where you or root own every directory above it",
                directory.word()
            ),
        );
    }
}

fn directories(place: &FileSurroundings, remarks: &mut Remarks) {
    let Stat { shown, mode, .. } = &place.directory;
    if mode & OTHERS_WRITE != 0 {
        let danger = match mode & STICKY {
            0 => "they can put another store in its place",
            _ => "they can put a write-ahead log or a journal beside it",
        };
        let word = place.directory.word();
        remarks.finding(
            "open-directory",
            format!("others may write {shown}, where the store is (mode {mode:04o}): {danger}"),
            format!("chmod o-w {word}, or move the store to a directory of its own"),
        );
    }
    for directory in &place.above {
        let Stat { shown, mode, .. } = directory;
        if mode & OTHERS_WRITE != 0 && mode & STICKY == 0 {
            remarks.finding(
                "open-ancestor",
                format!("others may write {shown}, on the way to the store (mode {mode:04o}): they can put another store in its place"),
                format!("chmod o-w {}", directory.word()),
            );
        }
    }
}

/// Notes permissions of a group that others do not have, but for those that `init` gave the store's group.
fn note_groups(place: &FileSurroundings, groups: &Groups<'_>, remarks: &mut Remarks) {
    let store = &place.store;
    let differs = |file: &&Stat| file.gid != store.gid || file.mode & GROUP & !store.mode != 0;
    let siblings = place.siblings.iter().filter(differs);
    for file in iter::once(store).chain(siblings) {
        let Stat {
            gid, shown, mode, ..
        } = file;
        if exceeds_others(*mode) && !groups.is_as_made(file, SHARED) {
            let (group, rights) = (groups.word(*gid), rights(mode >> 3));
            remarks.note(
                "group",
                format!("{group} may {rights} {shown} (mode {mode:04o})"),
                format!(
                    "if no group should share the store: chmod g= {}",
                    file.word()
                ),
            );
        }
    }
    let Stat {
        gid, shown, mode, ..
    } = &place.directory;
    let is_open = mode & GROUP_WRITE != 0 && mode & OTHERS_WRITE == 0;
    if is_open && !groups.is_as_made(&place.directory, SHARED_DIRECTORY) {
        let (group, word) = (groups.word(*gid), place.directory.word());
        remarks.note(
            "group",
            format!("{group} may write {shown}, where the store is (mode {mode:04o})"),
            format!("if no group should share the store: chmod g-w {word}"),
        );
    }
    for directory in &place.above {
        let Stat {
            gid, shown, mode, ..
        } = directory;
        let is_open = mode & GROUP_WRITE != 0 && mode & (OTHERS_WRITE | STICKY) == 0;
        if is_open && !groups.is_as_made(directory, SHARED_DIRECTORY) {
            remarks.note(
                "group",
                format!("{} may write {shown}, on the way to the store (mode {mode:04o}): it can put another store in its place", groups.word(*gid)),
                format!("if the group should not be able to: chmod g-w {}", directory.word()),
            );
        }
    }
}

/// Notes files that may hold hashes and that the store does not need.
fn left_behind(place: &FileSurroundings, remarks: &mut Remarks) {
    if let [first, ..] = &place.replaced[..] {
        let count = place.replaced.len();
        remarks.note(
            "replaced",
            format!("files of replaced stores are still here ({count}): {}", and_more(&first.shown, count)),
            "they hold the hashes of keys that were deleted since: remove them when nobody needs them any more",
        );
    }
    if let [first, ..] = &place.scratch[..] {
        let count = place.scratch.len();
        remarks.note(
            "leftover",
            format!("directories of backups or restores that were killed, or are still running ({count}): {}", and_more(first, count)),
            "they may hold hashes; the next backup or restore of the same user removes what was left behind",
        );
    }
}

/// Returns the first of `count` paths, with `…` if there are more.
fn and_more(first: &str, count: usize) -> String {
    let more = if count > 1 { ", …" } else { "" };
    format!("{first}{more}")
}

/// Tells whether `mode` gives the group a permission that others do not have.
fn exceeds_others(mode: u32) -> bool {
    (mode & GROUP) >> 3 & !mode != 0
}

/// Describes the permissions in the last three bits of `mode`.
fn rights(mode: u32) -> String {
    [(READ, "read"), (WRITE, "write"), (EXECUTE, "execute")]
        .into_iter()
        .filter(|(bit, _)| mode & bit != 0)
        .map(|(_, word)| word)
        .collect::<Vec<_>>()
        .join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::called::Called;
    use crate::store::remarks::Remark;

    const ALICE: u32 = 1001;
    const BOB: u32 = 1002;
    const MALLORY: u32 = 1003;
    const STAFF: u32 = 50;

    fn stat(shown: &str, mode: u32) -> Stat {
        Stat {
            shown: shown.to_owned(),
            mode,
            uid: ALICE,
            gid: STAFF,
            size: 4096,
            names: 1,
        }
    }

    /// A private store of alice.
    fn place() -> FileSurroundings {
        FileSurroundings {
            you: ALICE,
            link: None,
            store: stat("/s/k.db", 0o600),
            beginning: Beginning::Ours,
            is_mounted_alone: false,
            siblings: vec![stat("/s/k.db-wal", 0o600), stat("/s/k.db-shm", 0o600)],
            odd: Vec::new(),
            journal: None,
            replaced: Vec::new(),
            scratch: Vec::new(),
            directory: stat("/s", 0o700),
            above: vec![stat("/", 0o755)],
        }
    }

    fn judged(place: &FileSurroundings) -> Remarks {
        judged_for(None, place)
    }

    /// The remarks on a store that was made for the group with the gid `sharing`.
    fn judged_for(sharing: Option<u32>, place: &FileSurroundings) -> Remarks {
        let name = |gid| (gid == STAFF).then(|| "staff".to_owned());
        let name = &name;
        let mut remarks = Remarks::default();
        judge(place, &mut remarks);
        note(place, &Groups { name, sharing }, &mut remarks);
        remarks
    }

    /// The codes of the remarks with one change to the place: findings, then notes behind a `|`.
    fn codes(change: impl FnOnce(&mut FileSurroundings)) -> String {
        let mut place = place();
        change(&mut place);
        let remarks = judged(&place);
        let codes = |remarks: &[Remark]| -> Vec<&str> {
            remarks.iter().map(|remark| remark.code).collect()
        };
        let (findings, notes) = (codes(&remarks.findings), codes(&remarks.notes));
        match notes[..] {
            [] => findings.join(" "),
            _ => format!("{}|{}", findings.join(" "), notes.join(" ")),
        }
    }

    #[test]
    fn what_a_hint_runs_is_quoted_for_the_shell() {
        let mut place = place();
        place.store = stat("/my store/it's.db", 0o604);
        place.siblings = vec![Stat {
            size: 0,
            ..stat("/my store/it's.db-wal", 0o600)
        }];
        assert_eq!(
            judged(&place).findings[0].hint,
            Some(r"chmod go= '/my store/it'\''s.db' '/my store/it'\''s.db-wal'".into())
        );
    }

    #[test]
    fn nothing_is_said_of_a_private_store() {
        assert_eq!(codes(|_| {}), "");
        assert_eq!(codes(|place| place.directory.mode = 0o755), "");
        assert_eq!(codes(|place| place.you = ROOT), "");
    }

    #[test]
    fn every_bit_for_others_counts_on_every_file() {
        for bit in [0o4, 0o2, 0o1] {
            assert_eq!(codes(|place| place.store.mode |= bit), "open-file");
            for i in [0, 1] {
                assert_eq!(codes(|place| place.siblings[i].mode |= bit), "open-file");
            }
        }
    }

    #[test]
    fn a_directory_that_others_may_write_counts_sticky_or_not_and_one_above_it_without() {
        for mode in [0o702, 0o777, 0o1777] {
            let found = codes(|place| place.directory.mode = mode);
            assert_eq!(found, "open-directory", "{mode:o}");
        }
        for (mode, expected) in [(0o777, "open-ancestor"), (0o1777, "")] {
            assert_eq!(codes(|place| place.above[0].mode = mode), expected);
        }
    }

    #[test]
    fn a_strangers_file_counts_and_a_colleagues_does_not() {
        assert_eq!(codes(|place| place.siblings[0].uid = MALLORY), "owner");
        assert_eq!(codes(|place| place.directory.uid = MALLORY), "owner");
        assert_eq!(codes(|place| place.siblings[0].uid = ROOT), "");
        let shared = |place: &mut FileSurroundings| {
            place.you = BOB;
            place.store.mode = 0o660;
            place.directory.mode = 0o2770;
            for file in &mut place.siblings {
                file.mode = 0o660;
                file.uid = MALLORY;
            }
        };
        assert_eq!(codes(shared), "|group group");
        let other_group = |place: &mut FileSurroundings| {
            shared(place);
            place.siblings[0].gid = 51;
        };
        assert!(codes(other_group).starts_with("owner|"));
    }

    #[test]
    fn a_strangers_directory_on_the_way_counts_sticky_or_not() {
        for mode in [0o755, 0o1755] {
            let strangers = |place: &mut FileSurroundings| {
                place.above[0].uid = MALLORY;
                place.above[0].mode = mode;
            };
            assert_eq!(codes(strangers), "owner");
        }
        for uid in [ALICE, ROOT] {
            assert_eq!(codes(|place| place.above[0].uid = uid), "");
        }
    }

    #[test]
    fn a_directory_on_the_way_that_a_group_may_write_is_noted_unless_it_is_sticky() {
        for (mode, expected) in [(0o775, "|group"), (0o1775, ""), (0o777, "open-ancestor")] {
            assert_eq!(codes(|place| place.above[0].mode = mode), expected);
        }
    }

    #[test]
    fn what_was_left_behind_is_noted_and_counts_where_others_get_at_it() {
        let replaced = |mode| {
            codes(|place| {
                let name = |n| format!("/s/k.db.replaced-2026112{n}T120000Z");
                place.replaced = (0..2).map(|n| stat(&name(n), mode)).collect();
            })
        };
        assert_eq!(replaced(0o600), "|replaced");
        for bit in [0o4, 0o2, 0o1] {
            assert_eq!(replaced(0o600 | bit), "open-file open-file|replaced");
        }
        let scratch = vec!["/s/.keyctl-7-0".to_owned()];
        assert_eq!(codes(|place| place.scratch = scratch), "|leftover");
    }

    #[test]
    fn what_a_group_may_do_is_noted() {
        assert_eq!(codes(|place| place.store.mode = 0o640), "|group");
        assert_eq!(codes(|place| place.siblings[1].mode = 0o640), "|group");
        assert_eq!(codes(|place| place.directory.mode = 0o770), "|group");
    }

    #[test]
    fn a_group_is_named_and_its_gid_stays_where_it_has_no_name() {
        let message = |gid| {
            let mut place = place();
            place.store.mode = 0o640;
            place.store.gid = gid;
            let note = judged(&place).notes.remove(0);
            note.message
        };
        let said = "the group 'staff' (gid 50) may read /s/k.db (mode 0640)";
        assert_eq!(message(STAFF), said);
        let said = "the group with gid 51 may read /s/k.db (mode 0640)";
        assert_eq!(message(51), said);
    }

    #[test]
    fn the_group_that_a_store_was_made_for_is_not_noted_while_it_may_no_more() {
        let notes = |sharing, change: fn(&mut FileSurroundings)| {
            let mut place = place();
            place.store.mode = 0o660;
            place.directory.mode = 0o2770;
            for file in &mut place.siblings {
                file.mode = 0o660;
            }
            place.above.push(stat("/made", 0o2770));
            change(&mut place);
            let remarks = judged_for(sharing, &place);
            let notes = remarks.notes.into_iter();
            notes
                .map(|note| note.message)
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert_eq!(notes(Some(STAFF), |_| {}), "");
        assert_eq!(notes(None, |_| {}).lines().count(), 3);
        assert_eq!(notes(Some(51), |_| {}).lines().count(), 3);
        let noted = |change| {
            let notes = notes(Some(STAFF), change);
            assert_eq!(notes.lines().count(), 1, "{notes}");
            notes
        };
        assert!(noted(|place| place.store.mode = 0o670).contains(" /s/k.db "));
        assert!(noted(|place| place.siblings[0].mode = 0o670).contains(" /s/k.db-wal "));
        assert!(noted(|place| place.siblings[1].gid = 51).contains(" /s/k.db-shm "));
        assert!(noted(|place| place.directory.mode = 0o770).contains(" /s, "));
        assert!(noted(|place| place.directory.gid = 51).contains(" /s, "));
        assert!(noted(|place| place.above[1].mode = 0o775).contains(" /made, "));
        assert!(noted(|place| place.above[1].gid = 51).contains(" /made, "));
    }

    #[test]
    fn links_and_journals_count_and_a_link_to_the_store_is_noted() {
        assert_eq!(codes(|place| place.store.names = 2), "hard-link");
        assert_eq!(codes(|place| place.siblings[0].names = 2), "hard-link");
        assert_eq!(codes(|place| place.is_mounted_alone = true), "mount");
        let odd = "/s/k.db-wal".to_owned();
        assert_eq!(codes(|place| place.odd.push(odd)), "not-a-file");
        let link = Some("/l".to_owned());
        assert_eq!(codes(|place| place.link = link), "|via-link");
    }

    #[test]
    fn a_journal_is_left_where_it_is_unless_somebody_else_put_it_there() {
        let advice = |change: &dyn Fn(&mut Journal)| -> String {
            let mut journal = Journal {
                entry: stat("/s/k.db-journal", 0o600),
                is_file: true,
                is_hot: true,
            };
            change(&mut journal);
            let mut place = place();
            place.journal = Some(journal);
            let called = Called::by(&[]);
            let findings = judged(&place).findings;
            let hints = findings.iter().filter_map(|finding| finding.hint.as_ref());
            hints.map(|hint| called.advice(hint)).collect()
        };
        for uid in [ALICE, ROOT] {
            let text = advice(&|journal| journal.entry.uid = uid);
            assert!(text.contains("leave it there"), "{text}");
            assert!(!text.contains("move it"), "{text}");
        }
        assert_eq!(advice(&|journal| journal.is_hot = false), "");
        assert!(advice(&|journal| journal.is_file = false).contains("move it away"));
        assert!(advice(&|journal| journal.entry.uid = MALLORY).contains("move it away"));
    }

    #[test]
    fn a_file_without_a_beginning_was_a_store_where_sqlites_files_lie_beside_it() {
        let is_ruined = |beginning, change: fn(&mut Vec<Stat>)| {
            let place = |place: &mut FileSurroundings| {
                place.beginning = beginning;
                change(&mut place.siblings);
            };
            codes(place) == "damage"
        };
        assert!(is_ruined(Beginning::Empty, |_| {}));
        assert!(!is_ruined(Beginning::Empty, |files| files[0].size = 0));
        assert!(!is_ruined(Beginning::Empty, |files| drop(files.remove(0))));
        assert!(is_ruined(Beginning::Blank, |files| files[0].size = 0));
        assert!(is_ruined(Beginning::Blank, |files| drop(files.remove(0))));
        assert!(!is_ruined(Beginning::Blank, |files| files.clear()));
        assert!(!is_ruined(Beginning::Other, |_| {}));
    }

    #[test]
    fn rights_are_told_in_words() {
        assert_eq!(rights(0o604), "read");
        assert_eq!(rights(0o666 >> 3), "read and write");
        assert_eq!(rights(0o007), "read and write and execute");
    }
}
