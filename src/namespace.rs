//! User namespace of the process (user_namespaces(7)): maps its uids to those of the parent namespace.
//!
//! The creator of a namespace chooses their uid in it, 0 included. The kernel grants that uid no rights
//! to files of unmapped users, so a store must not either.

/// Default of the overflow uid, which the kernel shows in the place of an unmapped uid
/// (`/proc/sys/kernel/overflowuid`).
pub const OVERFLOW: u32 = 65534;

/// Line of a `uid_map`: maps `count` uids from `inside` on to those from `outside` on in the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    inside: u32,
    outside: u32,
    count: u32,
}

/// User namespace: its map of uids, and its overflow uid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    ranges: Vec<Range>,
    overflow: u32,
}

impl Default for Namespace {
    /// Returns the initial namespace, which maps every uid to itself.
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
    /// Creates a namespace from the text of `/proc/self/uid_map`. Unreadable lines map no uid.
    pub fn new(uid_map: &str, overflow: u32) -> Self {
        Namespace {
            ranges: uid_map.lines().filter_map(range).collect(),
            overflow,
        }
    }

    /// Tells whether every uid is mapped to itself.
    pub fn is_whole(&self) -> bool {
        self.ranges == [WHOLE]
    }

    /// Translates `uid` to the parent namespace; `None` if it is not mapped.
    pub fn outside(&self, uid: u32) -> Option<u32> {
        self.ranges.iter().find_map(|range| {
            let from = uid.checked_sub(range.inside)?;
            (from < range.count).then(|| range.outside.checked_add(from))?
        })
    }

    /// Tells whether a file owner shown as `uid` may be any unmapped user: `uid` is the overflow uid.
    pub fn is_ambiguous(&self, uid: u32) -> bool {
        uid == self.overflow && !self.is_whole()
    }

    /// Tells whether the creator of the namespace may have chosen `uid` freely.
    ///
    /// Root always may. Other uids may only if the overflow uid is not mapped: containers that map all
    /// usual users map it too.
    pub fn may_be_chosen(&self, uid: u32) -> bool {
        uid == 0 || self.outside(self.overflow).is_none()
    }
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

    /// Map that `unshare -Ur` makes.
    const OWN: &str = "         0    4000003          1\n";

    /// Map of a rootless container.
    const ROOTLESS: &str = "0 1000 1\n1 100000 65536\n";

    fn with(uid_map: &str) -> Namespace {
        Namespace::new(uid_map, OVERFLOW)
    }

    #[test]
    fn the_first_namespace_knows_everybody() {
        let first = with("         0          0 4294967295\n");
        assert_eq!(first, Namespace::default());
        assert!(!first.is_ambiguous(OVERFLOW));
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
            assert_eq!(with(map).outside(uid), outside, "{map} {uid}");
        }
    }

    #[test]
    fn who_is_shown_by_the_number_for_nobody_is_doubtful_but_in_a_whole_namespace() {
        for map in [OWN, ROOTLESS, "", "0 0 65536"] {
            assert!(with(map).is_ambiguous(OVERFLOW), "{map}");
            assert!(!with(map).is_ambiguous(0), "{map}");
        }
        assert!(Namespace::new(OWN, 7).is_ambiguous(7));
    }
}
