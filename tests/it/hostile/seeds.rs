//! What fuzzing begins with and what it has found, and a little of what it does.

use super::{damaged, properties, requests};
use proptest::prelude::*;
use std::fs;
use std::path::Path;

/// What panics if it does not hold of some bytes.
type Property = fn(&[u8]);

/// Each target of `fuzz/` and its function.
const TARGETS: [(&str, Property); 8] = [
    ("token", properties::token),
    ("phrase", properties::phrase),
    ("names", properties::names),
    ("hash", properties::hash),
    ("output", properties::output),
    ("head", properties::head),
    ("serve", requests::request),
    ("store", damaged::store),
];

#[test]
fn every_seed_and_every_find_holds() {
    for (target, holds) in TARGETS {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/seeds")
            .join(target);
        let mut count = 0;
        for seed in fs::read_dir(&seeds).unwrap() {
            holds(&fs::read(seed.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count > 0, "no seeds for {target}");
    }
}

/// Any bytes, those that a reader would get far with, and a piece of each.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let phc = "\\$(argon2id|sha256)\\$(v=19\\$)?(m=[0-9]{1,8},t=[0-9]{1,3},p=[0-9])?\\$[A-Za-z0-9+/]{0,24}(\\$[A-Za-z0-9+/]{40,45})?";
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..600),
        any::<String>().prop_map(String::into_bytes),
        "[ \t]{0,2}(Bearer )?[a-z]{1,3}_[0-9a-hjkmnp-tv-z]{12}_[0-9A-Za-z]{49}"
            .prop_map(String::into_bytes),
        "........[0-9]{1,19}(s|m|h|d|w|months|y)".prop_map(String::into_bytes),
        "[0-9]{1,19}:[0-9a-f]{64}".prop_map(String::into_bytes),
        phc.prop_map(String::into_bytes),
        "(GET (/verify|/at/[a-z,]{0,5}|/livez)(\\?(scope|project)=[a-z=&,%0-9+]{0,9})? HTTP/1\\.[01]\r\n(x-api-key: [!-~]{0,20}\r\n){0,2}\r\n){1,3}"
            .prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_hold(bytes in bytes()) {
        for (target, holds) in TARGETS {
            if target != "store" {
                holds(&bytes);
            }
        }
    }

    #[test]
    fn a_store_with_anything_put_into_it_holds(edits in prop::collection::vec(any::<u8>(), 4..64)) {
        damaged::store(&edits);
    }
}
