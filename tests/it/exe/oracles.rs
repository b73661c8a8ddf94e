//! Other people's Argon2 and CRC-32 agree with ours.

use super::harness::{Site, run_with, skipped};
use crate::harness::id_of;
use std::process::{Command, Stdio};

/// The characters of a token's secret.
fn secret(token: &str) -> &str {
    let tail = token.rsplit_once('_').unwrap().1;
    &tail[..43]
}

/// Python, if it is here and can import `module`, about to run `script`.
fn python(module: &str, script: &str) -> Option<Command> {
    let found = Command::new("python3")
        .args(["-c", &format!("import {module}")])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        skipped(&format!("needs python3 with the module {module}"));
        return None;
    }
    let mut command = Command::new("python3");
    command
        .args(["-c", script])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Some(command)
}

#[test]
fn the_reference_argon2_accepts_a_stored_hash_for_its_secret_alone() {
    let script = r#"
import sys
from argon2.low_level import Type, verify_secret
from argon2.exceptions import VerifyMismatchError
for line in sys.stdin:
    phc, secret = line.split()
    try:
        print(verify_secret(phc.encode(), secret.encode(), Type.ID))
    except VerifyMismatchError:
        print(False)
"#;
    let Some(mut python) = python("argon2", script) else {
        return;
    };
    let site = Site::new();
    let (token, other) = (site.create(), site.create());
    let hash = site.hash(&id_of(&token));
    assert!(hash.starts_with("$argon2id$v=19$m=7168,t=5,p=1$"), "{hash}");
    let lines = format!("{hash} {}\n{hash} {}\n", secret(&token), secret(&other));
    run_with(&mut python, lines).code(0).stdout("True\nFalse\n");
}

#[test]
fn zlibs_crc_32_gives_the_checksums() {
    let script = r#"
import string, sys, zlib
digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
for token in sys.stdin.read().split():
    crc, text = zlib.crc32(token[:-6].encode()), ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        text = digits[digit] + text
    print(token[:-6] + text)
"#;
    let Some(mut python) = python("zlib", script) else {
        return;
    };
    let site = Site::new();
    let tokens = site.run("create --scope inference --count 20").stdout;
    run_with(&mut python, &tokens).code(0).stdout(&tokens);
}
