//! A file that was cut, flipped, overwritten, or left with a log that is not its own.

use super::Stage;
use super::damaged::{Met, Original};
use std::collections::BTreeMap;
use std::fs;

#[test]
fn a_file_that_ends_early_lets_nobody_in() {
    let original = Original::new();
    let file = original.file();
    let whole = original.meet(file, 0);
    assert_eq!(whole, Met::Valid);
    let mut met = BTreeMap::new();
    for end in (0..file.len())
        .step_by(512)
        .chain([1, 99, 100, 511, file.len() - 1])
    {
        *met.entry(original.meet(&file[..end], 0)).or_insert(0) += 1;
    }
    // But for the last page, which may be one that nobody misses.
    assert!(met[&Met::Failed] > 30, "{met:?}");
}

#[test]
fn no_flipped_bit_of_the_header_lets_anybody_in() {
    let original = Original::new();
    // What marks a store, its version and its pages; of the rest every third.
    for bit in (0..100 * 8).filter(|bit| bit % 3 == 0 || (128..192).contains(bit)) {
        flipped(&original, bit);
    }
}

#[test]
fn no_flipped_bit_of_a_page_lets_anybody_in() {
    let original = Original::new();
    let bits = original.file().len() * 8;
    // A number that is prime to that of the bits, so that every page and every part of one has
    // its turn; all of them where that is asked for.
    let rounds = std::env::var("KEYCTL_TEST_ROUNDS").map_or(300, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        flipped(&original, (800 + round * 7919) % bits);
    }
}

fn flipped(original: &Original, bit: usize) {
    let mut file = original.file().to_vec();
    file[bit / 8] ^= 1 << (bit % 8);
    original.meet(&file, 1);
}

#[test]
fn a_byte_that_is_all_ones_or_none_lets_nobody_in() {
    let original = Original::new();
    for at in (0..original.file().len()).step_by(331) {
        for byte in [0, 0xff] {
            let mut file = original.file().to_vec();
            file[at] = byte;
            original.meet(&file, 1);
        }
    }
}

#[test]
fn pages_that_change_places_let_nobody_in() {
    let original = Original::new();
    let pages = original.file().len() / 512;
    for page in 1..pages {
        let mut file = original.file().to_vec();
        let other = 1 + (page * 7) % (pages - 1);
        let (a, b) = (page * 512, other * 512);
        for at in 0..512 {
            file.swap(a + at, b + at);
        }
        original.meet(&file, 1024);
    }
}

#[test]
fn every_command_meets_a_file_that_was_cut_or_overwritten() {
    let stage = Stage::new();
    let file = &stage.file;
    let third = file.len() / 3;
    let mut torn = file.clone();
    torn[4096..8192].fill(0xa5);
    let mut strange = file.clone();
    // A page of 513 bytes.
    strange[16..18].copy_from_slice(&[2, 1]);
    let mut newer = file.clone();
    // Formats for reading and writing that nobody knows.
    newer[18..20].copy_from_slice(&[9, 9]);
    for damaged in [
        &file[..third],
        &file[..4096],
        &file[..100],
        &file[..16],
        &file[..1],
        &[][..],
        &torn,
        &strange,
        &newer,
        &[0; 8192],
        b"SQLite format 3\0",
    ] {
        stage.put(damaged);
        stage.meet();
    }
}

#[test]
fn a_log_of_garbage_beside_the_store_is_not_taken_for_its_own() {
    let stage = Stage::new();
    let mut garbage: Vec<u8> = (0..40_000_u32).map(|at| ((at * 131) >> 3) as u8).collect();
    for magic in [[0x37, 0x7f, 0x06, 0x82], [0x37, 0x7f, 0x06, 0x83], [0; 4]] {
        garbage[..4].copy_from_slice(&magic);
        for beside in ["keyctl.db-wal", "keyctl.db-journal", "keyctl.db-shm"] {
            stage.reset();
            fs::write(stage.world.path(beside), &garbage).unwrap();
            stage.read();
            assert!([0, 5].contains(&stage.verify(&stage.active)), "{beside}");
        }
    }
}
