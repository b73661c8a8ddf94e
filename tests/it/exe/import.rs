//! Imports as a process: real files, many keys, a disk that fails.

use super::harness::{Site, content, run, run_with, set_mode};
use super::strace::{self, Fault, failing};
use sha2::{Digest, Sha256};
use std::fs;

/// Token number `number` of another system.
fn token(number: usize) -> String {
    format!("sk-Zq8mT3vXw1Lr7KpYb2N-{number:06}")
}

/// CSV of the first `count` tokens, with their digests in place of every second one.
fn csv(count: usize) -> String {
    let line = |number| {
        let token = token(number);
        match number % 2 {
            0 => format!("key-{number},{token},\n"),
            _ => {
                let digest = data_encoding::BASE64.encode(&Sha256::digest(token.as_bytes()));
                format!("key-{number},,{digest}\n")
            }
        }
    };
    let lines: String = (0..count).map(line).collect();
    format!("name,token,sha256\n{lines}")
}

#[test]
fn import_reads_a_file_or_standard_input_and_keeps_no_token() {
    let site = Site::new();
    site.run("init");
    let path = site.path("keys.csv");
    fs::write(&path, csv(1)).unwrap();
    set_mode(&path, 0o600);
    site.run("import keys.csv --scope inference --dry-run");
    assert!(site.ids().is_empty());
    let ran = site.run("import keys.csv --scope inference");
    assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), site.ids());
    let line = format!("{{\"name\":\"piped\",\"token\":\"{}\"}}\n", token(2));
    let ran = run_with(&mut site.cmd("import - --scope inference"), line).code(0);
    assert_eq!(
        ran.stdout.lines().next(),
        site.ids().last().map(String::as_str)
    );
    for number in [0, 2] {
        assert_eq!(site.verify(token(number)), 0);
        assert!(!site.holds(token(number)));
    }
    assert_eq!(site.verify(token(1)), 1);
}

#[test]
fn import_of_ten_thousand_keys_is_one_change_and_none_a_second_time() {
    let site = Site::new();
    site.run("init");
    fs::write(site.path("keys.csv"), csv(10_000)).unwrap();
    let ran = site.run("import keys.csv --scope inference");
    assert_eq!(ran.stdout.lines().count(), 10_000);
    let events = site.number("SELECT count(*) FROM events WHERE action = 'import'");
    assert_eq!(events, 10_000);
    for number in [0, 4_321, 9_999] {
        assert_eq!(site.verify(token(number)), 0);
    }
    assert_eq!(site.verify(token(10_000)), 1);
    site.run("log --check");
    let again = run(&mut site.cmd("import keys.csv --scope inference")).fails(
        4,
        "10000 of 10000 lines are refused; nothing was imported\n",
    );
    assert_eq!(
        again
            .stderr
            .matches("a key here has its token already")
            .count(),
        20
    );
    again.says("\nand 9980 more lines\n");
}

#[test]
fn import_whose_commit_fails_leaves_nothing() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    site.run("init");
    fs::write(site.path("keys.csv"), csv(100)).unwrap();
    let (before, log) = (
        site.number("SELECT count(*) FROM events"),
        site.path("keyctl.db-wal"),
    );
    let fault = Fault {
        names: "pwrite64".to_owned(),
        error: "ENOSPC",
        when: "1+".to_owned(),
    };
    let ran = run(&mut failing(
        &site.cmd("import keys.csv --scope inference"),
        &[fault],
        &[&log],
    ));
    let ran = ran.code(5).stdout("");
    assert!(!ran.stderr.contains("sk-Zq8"), "{ran:#?}");
    assert!(site.ids().is_empty());
    assert_eq!(site.number("SELECT count(*) FROM events"), before);
    assert_eq!(site.verify(token(0)), 1);
    site.run("import keys.csv --scope inference");
    assert_eq!(site.verify(token(0)), 0);
}

#[test]
fn a_file_that_cannot_be_read_is_a_failure_and_one_in_another_encoding_names_its_line() {
    let site = Site::new();
    site.run("init");
    run(&mut site.cmd("import missing.csv --scope inference")).fails(
        5,
        "cannot read the file 'missing.csv': No such file or directory",
    );
    run(&mut site.cmd("import . --scope inference"))
        .fails(5, "cannot read the file '.': Is a directory");
    let mut bytes = csv(1).into_bytes();
    bytes.extend_from_slice(b"\xff\xfe");
    fs::write(site.path("keys.csv"), &bytes).unwrap();
    run(&mut site.cmd("import keys.csv --scope inference"))
        .fails(2, "line 3: the text is not UTF-8; nothing was imported\n");
    assert_eq!(content(site.path("keys.csv")), bytes);
    // Windows line ends and a mark at the beginning are no part of a name.
    fs::write(
        site.path("keys.csv"),
        format!("\u{feff}{}", csv(1).replace('\n', "\r\n")),
    )
    .unwrap();
    site.run("import keys.csv --scope inference");
    assert_eq!(site.verify(token(0)), 0);
}
