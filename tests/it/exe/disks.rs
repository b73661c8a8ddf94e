//! Disks that are full or fail, in the middle of a change.
