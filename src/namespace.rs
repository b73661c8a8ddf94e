//! The user namespace that the program runs in: which uids mean somebody there, and who they are
//! outside.
//!
//! A user who makes a namespace chooses a uid in it, 0 too. That gives no right to files of users whom
//! the namespace does not know, and must give none in a store either.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The overflow uid, which the kernel shows in place of one that a namespace does not know, unless it
/// is set to another (`/proc/sys/kernel/overflowuid`).
pub const OVERFLOW: u32 = 65534;

/// So many uids from `inside` on, and from which on they are those of the namespace around this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    inside: u32,
    outside: u32,
    count: u32,
}

/// A user namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    ranges: Vec<Range>,
    overflow: u32,
}

impl Default for Namespace {
    /// The first one, which knows everybody.
    fn default() -> Self {
        Namespace {
            ranges: vec![WHOLE],
            overflow: OVERFLOW,
        }
    }
}

const WHOLE: Range = Range {
    inside: 0,
    outside: 0,
    count: u32::MAX,
};

impl Namespace {
    /// The namespace that `uid_map` describes, as `/proc/self/uid_map` does. Of one that cannot be
    /// read nobody is known to be known.
    pub fn new(uid_map: &str, overflow: u32) -> Self {
        Namespace {
            ranges: uid_map.lines().filter_map(range).collect(),
            overflow,
        }
    }

    /// Tells whether every uid means the same here as outside.
    fn is_whole(&self) -> bool {
        self.ranges == [WHOLE]
    }

    /// Translates `uid` to the namespace around this one; `None` if it is nobody here.
    pub fn outside(&self, uid: u32) -> Option<u32> {
        self.ranges.iter().find_map(|range| {
            let from = uid.checked_sub(range.inside)?;
            (from < range.count).then(|| range.outside.checked_add(from))?
        })
    }

    /// Tells whether a file whose owner is shown as `uid` may belong to somebody here, or as well to
    /// anybody whom this namespace does not know.
    fn is_doubtful(&self, uid: u32) -> bool {
        uid == self.overflow && !self.is_whole()
    }

    /// The owner of the file at `path`, if this namespace knows them.
    pub fn owner_of(&self, path: &Path) -> Option<u32> {
        let uid = fs::metadata(path).ok()?.uid();
        let known =
            !self.is_doubtful(uid) || (self.outside(uid).is_some() && has_rights_of_owner(path));
        known.then_some(uid)
    }

    /// Tells whether `uid` stands here for somebody whom the owner of the file at `path` could not know:
    /// the file is there, and its owner is not known here. In a namespace with a user of its own for the
    /// overflow uid, as a container has that knows all the usual users, only root is doubted.
    pub fn is_foreign_to(&self, uid: u32, path: &Path) -> bool {
        if self.is_whole() || fs::metadata(path).is_err() || self.owner_of(path).is_some() {
            return false;
        }
        uid == 0 || self.outside(self.overflow).is_none()
    }
}

/// Tells whether this process has the rights of the owner of the file at `path`: only then the kernel
/// opens it without a change of its access time (open(2), `O_NOATIME`), and it goes by the real owner.
#[cfg(target_os = "linux")]
fn has_rights_of_owner(path: &Path) -> bool {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::RDONLY | OFlags::NOATIME | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match open(path, flags, Mode::empty()) {
        Ok(file) => {
            // Never closed: that would let go of every lock that SQLite has on the file.
            std::mem::forget(file);
            true
        }
        Err(_) => false,
    }
}

#[cfg(not(target_os = "linux"))]
fn has_rights_of_owner(_: &Path) -> bool {
    false
}

fn range(line: &str) -> Option<Range> {
    let mut numbers = line.split_whitespace().map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some(Range {
        inside: next()?,
        outside: next()?,
        count: next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `unshare -Ur` makes it.
    const OWN: &str = "         0    4000003          1\n";

    /// As rootless containers have it.
    const ROOTLESS: &str = "0 1000 1\n1 100000 65536\n";

    fn of(uid_map: &str) -> Namespace {
        Namespace::new(uid_map, OVERFLOW)
    }

    #[test]
    fn the_first_namespace_knows_everybody() {
        let first = of("         0          0 4294967295\n");
        assert_eq!(first, Namespace::default());
        assert!(!first.is_doubtful(OVERFLOW));
        for uid in [0, 1, OVERFLOW, u32::MAX - 1] {
            assert_eq!(first.outside(uid), Some(uid));
        }
        assert_eq!(first.outside(u32::MAX), None);
    }

    #[test]
    fn a_uid_is_somebody_else_outside() {
        for (map, uid, outside) in [
            (OWN, 0, Some(4_000_003)),
            (OWN, 1, None),
            (ROOTLESS, 0, Some(1000)),
            (ROOTLESS, 1, Some(100_000)),
            (ROOTLESS, 65536, Some(165_535)),
            (ROOTLESS, 65537, None),
            ("5 4294967290 100", 50, None),
            ("", 0, None),
            ("nonsense\n0 x 1\n0 7", 0, None),
        ] {
            assert_eq!(of(map).outside(uid), outside, "{map} {uid}");
        }
    }

    #[test]
    fn who_is_shown_by_the_number_for_nobody_is_doubtful_but_in_a_whole_namespace() {
        for map in [OWN, ROOTLESS, "", "0 0 65536"] {
            assert!(of(map).is_doubtful(OVERFLOW), "{map}");
            assert!(!of(map).is_doubtful(0), "{map}");
        }
        assert!(Namespace::new(OWN, 7).is_doubtful(7));
    }

    #[test]
    fn a_file_of_ones_own_is_known_and_one_that_is_not_there_is_foreign_to_nobody() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let uid = file.as_file().metadata().unwrap().uid();
        for map in [OWN, ROOTLESS, "0 0 4294967295"] {
            assert_eq!(of(map).owner_of(file.path()), Some(uid), "{map}");
            assert!(!of(map).is_foreign_to(0, file.path()));
            assert!(!of(map).is_foreign_to(0, Path::new("/no/such/file")));
        }
    }

    #[test]
    fn where_the_number_for_nobody_is_an_owners_the_kernel_tells() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let uid = file.as_file().metadata().unwrap().uid();
        // As if the owner were shown as nobody: this process has their rights all the same.
        let doubtful = Namespace::new("0 100000 65536\n100000 1000000 4000000000\n", uid);
        assert!(doubtful.is_doubtful(uid));
        #[cfg(target_os = "linux")]
        assert_eq!(doubtful.owner_of(file.path()), Some(uid));
        let unknown = Namespace::new("4294967000 0 1", uid);
        assert_eq!(unknown.owner_of(file.path()), None);
        assert!(unknown.is_foreign_to(0, file.path()));
        assert!(unknown.is_foreign_to(1000, file.path()));
    }
}
