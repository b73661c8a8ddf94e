//! The user namespace that the program runs in: which uids mean somebody there, and who they are
//! outside.
//!
//! A user who makes a namespace chooses a uid in it, 0 too. That gives no right to files of users whom
//! the namespace does not know, and must give none in a store either.

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
    pub fn is_whole(&self) -> bool {
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
    pub fn is_doubtful(&self, uid: u32) -> bool {
        uid == self.overflow && !self.is_whole()
    }

    /// Tells whether a user outside whom this namespace does not know may be taken for `uid` here: root
    /// always, and anybody in a namespace without a user of its own for the overflow uid, as a container
    /// has that knows all the usual users.
    pub fn is_doubted(&self, uid: u32) -> bool {
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
}
