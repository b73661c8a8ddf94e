//! A secret leaves once, to standard output, and stays nowhere.

use super::harness::{Site, finish, run, run_with};
use crate::harness::id_of;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

/// The characters of a token's secret.
fn secret(token: &str) -> &str {
    let tail = token.rsplit_once('_').unwrap().1;
    &tail[..43]
}

#[test]
fn a_secret_is_not_in_the_store_and_neither_it_nor_its_hash_is_ever_said() {
    let site = Site::new();
    let made = site.run("create --scope inference --name ci");
    let token = made.stdout.trim_end().to_owned();
    let (id, secret) = (id_of(&token), secret(&token));
    let hash = site.hash(&id);
    let (_, digest) = hash.rsplit_once('$').unwrap();
    assert!(site.holds(&hash));
    assert!(!site.holds(secret));

    let mut said = vec![made.stderr];
    for line in [
        format!("show {id}"),
        format!("show {id} --format json"),
        "list".to_owned(),
        "list --format json".to_owned(),
        "list --format csv".to_owned(),
        "create --scope inference --name ci".to_owned(),
        format!("delete {id}"),
        "purge --dry-run --owner nobody".to_owned(),
    ] {
        let ran = run(&mut site.cmd(&line));
        said.extend([ran.stdout, ran.stderr]);
    }
    for line in [
        "verify",
        "verify --format json",
        "verify --scope project",
        "show -",
        "disable -",
        "delete - --yes",
        "verify",
    ] {
        let ran = run_with(&mut site.cmd(line), &token);
        said.extend([ran.stdout, ran.stderr]);
    }
    let altered = format!("{}!", &token[..token.len() - 1]);
    for line in ["verify", "show -", "delete - --yes"] {
        let ran = run_with(&mut site.cmd(line), &altered);
        said.extend([ran.stdout, ran.stderr]);
    }

    for text in said {
        assert!(!text.contains(secret), "{text}");
        assert!(!text.contains(digest), "{text}");
    }
    assert!(!site.holds(secret));
}

#[test]
fn a_token_as_an_argument_is_refused_and_shown_by_its_id_alone() {
    let site = Site::new();
    let token = site.create();
    let id = id_of(&token);
    let before = site.record(&id);
    for (line, glued) in [
        ("verify", ""),
        ("show", ""),
        ("delete --yes", ""),
        ("rotate", ""),
        ("list --owner", ""),
        ("list", "--owner="),
        ("create --scope", ""),
        ("create --scope inference --name", ""),
        ("create --scope inference --label", "k="),
        ("create --scope inference --secret-file", ""),
        ("disable -m", ""),
        ("verify --key-file", ""),
        ("verify --key-file", "./"),
        ("verify --key-env", ""),
        ("", ""),
        ("", "--"),
        ("--db", ""),
        ("help", ""),
        ("show", "root/"),
        ("show", "Bearer "),
    ] {
        let mut argument = OsString::from(glued);
        argument.push(&token);
        let ran = run(site.cmd(line).arg(argument)).fails(2, &format!("the token kc_{id}_…"));
        assert!(
            !ran.stderr.contains(&secret(&token)[..8]),
            "{line}: {ran:#?}"
        );
    }
    assert_eq!(site.record(&id), before);
    assert_eq!(fs::read_dir(site.path("")).unwrap().count(), 3);
}

#[test]
fn what_only_looks_like_a_token_is_not_echoed_either() {
    let site = Site::new();
    let token = site.create();
    let mut mistyped = token.clone().into_bytes();
    mistyped[40] = if mistyped[40] == b'a' { b'b' } else { b'a' };
    let mut framed = b"\xff ".to_vec();
    framed.extend_from_slice(token.as_bytes());
    framed.extend_from_slice(b" \xff");
    for argument in [
        mistyped.as_slice(),
        &token.as_bytes()[..60],
        format!("{token}{token}").as_bytes(),
        format!("\"{token}\"").as_bytes(),
        &framed,
    ] {
        let ran = run(site.cmd("show").arg(OsStr::from_bytes(argument)))
            .code(2)
            .stdout("");
        assert!(!ran.stderr.contains(&secret(&token)[..8]), "{ran:#?}");
    }
}

#[test]
fn an_error_in_json_does_not_echo_a_token_either() {
    let site = Site::new();
    let token = site.create();
    let ran = run(site.cmd("show --format json").arg(&token))
        .code(2)
        .stdout("");
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["error"]["code"], "usage");
    assert!(!ran.stderr.contains(secret(&token)));
}

#[test]
#[cfg(target_os = "linux")]
fn a_token_that_is_piped_in_is_not_in_the_process_list() {
    let site = Site::new();
    let token = site.create();
    for line in ["verify", "verify --key-file -", "show -"] {
        let mut child = site.cmd(line).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(token.as_bytes()).unwrap();
        for list in ["cmdline", "environ"] {
            let bytes = match fs::read(format!("/proc/{}/{list}", child.id())) {
                // The process is not open to others of its user.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => continue,
                read => read.unwrap(),
            };
            assert!(
                !String::from_utf8_lossy(&bytes).contains(secret(&token)),
                "{line}"
            );
        }
        drop(stdin);
        finish(child).code(0);
    }
}
