//! `scan` of what only a real tree has: links, pipes, sockets, odd names, other file systems, a repository's history.

use super::harness::{Site, run, set_mode, skipped};
use crate::harness::{Ran, forged, id_of};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

/// A site with a key, and its token.
fn site() -> (Site, String) {
    let site = Site::new();
    site.run("init");
    site.run("policy set hash sha256");
    let token = site.create();
    (site, token)
}

/// Scans with `line` behind `scan`.
#[track_caller]
fn scan(site: &Site, line: &str) -> Ran {
    run(&mut site.cmd(&format!("scan {line}")))
}

/// The end of each line for the token's places.
fn lines(token: &str, places: &[&str]) -> String {
    let line = |place: &&str| format!("ID {}, in {place}\n", id_of(token));
    places.iter().map(line).collect()
}

/// The end of each line, from the ID on.
fn ends(ran: &Ran) -> String {
    let end = |line: &str| format!("ID {}\n", line.split_once(", ID ").unwrap().1);
    ran.stdout.lines().map(end).collect()
}

#[test]
fn scan_of_a_link_searches_the_file_or_the_directory_that_it_leads_to() {
    let (site, token) = site();
    fs::create_dir(site.path("real")).unwrap();
    fs::write(site.path("real/a"), "nothing").unwrap();
    symlink("real", site.path("link")).unwrap();
    symlink("real/a", site.path("file")).unwrap();
    let ran = scan(&site, "link").code(0).stdout("");
    ran.stderr("no token of this store; searched 1 file, 7 bytes\n");
    fs::write(site.path("real/a"), &token).unwrap();
    for (path, place) in [("link", "link/a:1"), ("file", "file:1")] {
        let ran = scan(&site, &format!("{path} --format lines")).code(1);
        assert_eq!(ends(&ran), lines(&token, &[place]));
    }
}

#[test]
fn scan_of_a_tree_follows_no_link_and_waits_for_no_pipe() {
    let (site, token) = site();
    fs::create_dir(site.path("tree")).unwrap();
    fs::write(site.path("outside"), &token).unwrap();
    symlink("../outside", site.path("tree/link")).unwrap();
    symlink("..", site.path("tree/up")).unwrap();
    symlink("loop", site.path("tree/loop")).unwrap();
    symlink("/dev/zero", site.path("tree/endless")).unwrap();
    let _socket = UnixListener::bind(site.path("tree/socket")).unwrap();
    run(Command::new("mkfifo")
        .arg(site.path("tree/pipe"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped()))
    .code(0);
    let ran = scan(&site, "tree").code(0).stdout("");
    ran.stderr("no token of this store; searched 0 files, 0 bytes\n");
}

#[test]
fn scan_writes_one_line_for_a_file_whatever_its_name() {
    let (site, token) = site();
    fs::create_dir(site.path("tree")).unwrap();
    let names: [&[u8]; 6] = [
        b"-",
        b"--format",
        b"a\nb",
        b"a\xff",
        b"a\x1b[31m",
        "a\u{202e}b".as_bytes(),
    ];
    for name in names {
        let path = site.path("tree").join(OsStr::from_bytes(name));
        fs::write(path, &token).unwrap();
    }
    let places = [
        "-:1",
        "--format:1",
        "a\\u{a}b:1",
        "a\\u{1b}[31m:1",
        "a\\u{202e}b:1",
        "a\u{fffd}:1",
    ];
    let mut command = site.cmd("scan --format lines");
    let ran = run(command.current_dir(site.path("tree"))).code(1);
    assert_eq!(ends(&ran), lines(&token, &places));
}

#[test]
fn scan_of_a_tree_leaves_out_what_the_kernel_makes_up() {
    let (site, token) = site();
    fs::create_dir_all(site.path("tree/proc")).unwrap();
    let scanned = |path: &str| {
        let mut command = site.clean("unshare");
        command.env("KEYCTL_DB", site.db()).env("LEAKED", &token);
        let script = format!("mount -t proc proc tree/proc || exit 9; keyctl scan -q {path}");
        run(command.args(["-m", "sh", "-c", &script]))
    };
    // The token is in the environment of the process that searches.
    let given = scanned("tree/proc/self/environ");
    if given.code != 1 && given.stderr.contains("mount") || given.stderr.contains("unshare") {
        return skipped("needs unshare, and leave to mount");
    }
    given.code(1);
    scanned("tree").code(0).stdout("").stderr("");
}

#[test]
fn scan_names_what_its_user_may_not_read_and_finds_the_rest() {
    let (site, token) = site();
    fs::create_dir_all(site.path("tree/closed")).unwrap();
    fs::write(site.path("tree/open"), "nothing").unwrap();
    fs::write(site.path("tree/secret"), &token).unwrap();
    set_mode(site.path("tree/closed"), 0);
    set_mode(site.path("tree/secret"), 0);
    let scan = || {
        let mut command = site.bare("--db none.db scan --unknown --quiet tree --format lines");
        command.env_remove("KEYCTL_DB");
        run(&mut site.without_rights(command))
    };
    let ran = scan().code(5).stdout("");
    for path in ["tree/closed", "tree/secret"] {
        assert!(
            ran.stderr
                .contains(&format!("cannot read '{path}': Permission denied\n")),
            "{ran:#?}"
        );
    }
    ran.says("2 files or directories were not searched to their end\n");
    fs::write(site.path("tree/open"), &token).unwrap();
    let ran = scan().code(1);
    assert_eq!(
        ran.stdout,
        format!("state unknown, ID {}, in tree/open:1\n", id_of(&token))
    );
    set_mode(site.path("tree/closed"), 0o700);
}

#[test]
fn scan_whose_output_cannot_be_written_fails() {
    let (site, token) = site();
    fs::write(site.path("a"), &token).unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ran = run(site.cmd("scan a").stdout(full));
    ran.code(5)
        .says("cannot write to standard output: No space left on device");
    let closed = site.sh("keyctl scan a >&-").output().unwrap();
    assert_eq!(closed.status.code(), Some(5), "{closed:?}");
}

/// The repository of a directory, which git makes with nothing of the user's own.
fn git(site: &Site, script: &str) {
    let mut shell = site.sh(&format!("set -e; cd repository; {script}"));
    shell.env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["GIT_AUTHOR", "GIT_COMMITTER"] {
        shell
            .env(format!("{who}_NAME"), "alice")
            .env(format!("{who}_EMAIL"), "alice@localhost");
    }
    run(&mut shell).code(0);
}

#[test]
fn scan_of_a_history_finds_what_a_merge_and_a_stash_hold_and_who_had_what_a_merge_removed() {
    let (site, _) = site();
    let [merged, ours, theirs, stashed] = [(); 4].map(|()| site.create());
    fs::create_dir(site.path("repository")).unwrap();
    let script = format!(
        "git init --quiet --initial-branch main
        echo one >file; git add file; git commit --quiet -m one
        git checkout --quiet -b other
        echo {theirs} >file; git commit --quiet -am theirs
        git checkout --quiet main
        echo {ours} >file; git commit --quiet -am ours
        git merge --quiet other >/dev/null || :
        echo {merged} >file; git commit --quiet -am merge
        echo {stashed} >file; git stash --quiet"
    );
    git(&site, &script);
    let log = "cd repository && git log -p -c --all -a | keyctl scan - --format json";
    let found = run(&mut site.sh(log)).code(1).json();
    let of = |token: &str| -> Vec<String> {
        let found = found.as_array().unwrap().iter();
        let found = found.filter(|line| line["id"] == id_of(token).as_str());
        let place =
            |line: &Value| format!("{} {}", line["path"].as_str().unwrap(), line["removed"]);
        let mut places: Vec<String> = found.map(place).collect();
        places.sort();
        places
    };
    assert_eq!(of(&merged), ["file false", "file true"]);
    assert_eq!(of(&stashed), ["file false"]);
    // Each was added by its own commit, and removed by the merge.
    for token in [&ours, &theirs] {
        assert_eq!(of(token), ["file false", "file true"]);
    }
    // What a place names is in the repository.
    let shown = "cd repository && git log -p -c --all -a | keyctl scan - --format lines | sed 's/.* in //' |
        while read -r place; do git show \"$place\"; done | keyctl scan - --format ids | sort";
    let shown = run(&mut site.sh(shown)).code(0).stdout;
    let mut ids = [&merged, &ours, &theirs, &stashed].map(|token| id_of(token) + "\n");
    ids.sort();
    assert_eq!(shown, ids.concat());
}

#[test]
fn scan_leaves_out_git_s_own_directory_unless_it_is_given() {
    let (site, token) = site();
    fs::create_dir_all(site.path("tree/.git")).unwrap();
    fs::write(
        site.path("tree/.git/config"),
        format!("\turl = https://ci:{token}@h/"),
    )
    .unwrap();
    scan(&site, "tree").code(0);
    let ran = scan(&site, "tree/.git --format lines").code(1);
    assert_eq!(ends(&ran), lines(&token, &["tree/.git/config:1"]));
}

#[test]
fn scan_of_standard_input_finds_tokens_in_an_archive_and_in_rotated_logs() {
    let (site, token) = site();
    fs::create_dir(site.path("app")).unwrap();
    fs::write(site.path("app/app.log"), format!("start\n{token}\n")).unwrap();
    fs::write(site.path("app/app.log.1"), format!("{token}\n")).unwrap();
    let script = "set -e; gzip app/app.log.1
        tar -cf - app/app.log | keyctl scan - --format lines || :
        zcat -f app/app.log* | keyctl scan - --format lines || :
        keyctl scan app --format lines || :";
    let ran = run(&mut site.sh(script)).code(0);
    // A compressed file is not opened.
    let places = ["-:2", "-:2", "-:3", "app/app.log:2"];
    assert_eq!(ends(&ran), lines(&token, &places));
}

#[test]
fn scan_finds_each_of_ten_thousand_tokens_and_shows_none() {
    const TOKENS: usize = 10_000;
    let (site, _) = site();
    let created = site.run(&format!(
        "create --scope inference --name many --count {TOKENS}"
    ));
    let tokens: Vec<&str> = created.stdout.lines().collect();
    assert_eq!(tokens.len(), TOKENS);
    fs::create_dir(site.path("tree")).unwrap();
    for (number, chunk) in tokens.chunks(97).enumerate() {
        let text: Vec<u8> = match number % 3 {
            0 => chunk.join(" and ").into_bytes(),
            1 => chunk.concat().into_bytes(),
            _ => chunk
                .join("\n")
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect(),
        };
        fs::write(site.path(format!("tree/{number}")), text).unwrap();
    }
    let ran = scan(&site, "tree --format jsonl").code(1);
    let found: BTreeSet<String> = ran
        .stdout
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(found, tokens.iter().map(|token| id_of(token)).collect());
    for token in tokens {
        let secret = token.rsplit('_').next().unwrap();
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret));
    }
}

#[test]
fn scan_names_a_damaged_key_once_and_does_not_take_its_tokens_for_unknown_ones() {
    let (site, token) = site();
    let change = "UPDATE keys SET expires_at = 9223372036854775807";
    site.sql().execute(change, []).unwrap();
    fs::write(site.path("a"), format!("{token}\n{}\n", forged(&token))).unwrap();
    let ran = scan(&site, "a").code(5).stdout("");
    let said = format!(
        "{} is damaged: whether one of its tokens was found is unknown\n",
        id_of(&token)
    );
    assert_eq!(ran.stderr.matches(&said).count(), 1, "{ran:#?}");
    assert!(!ran.stderr.contains("not of this store;"), "{ran:#?}");
    ran.says("keyctl: keys are damaged: whether a token is theirs is unknown\n");
}
