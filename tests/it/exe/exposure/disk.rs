//! What reaches the disk: nothing but the store and a secret file that was asked for, and no byte
//! of a hash that was wiped.

use super::secret;
use crate::exe::harness::{Site, content, run_with};
use crate::exe::strace;
use crate::harness::{exe, id_of};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

impl Site {
    /// The names of all that is in the directory.
    fn files(&self) -> BTreeSet<String> {
        fs::read_dir(self.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    /// Whether these bytes are in any file of the store.
    fn keeps(&self, bytes: &str) -> bool {
        ["keyctl.db", "keyctl.db-wal", "keyctl.db-shm"]
            .iter()
            .any(|name| {
                let file = content(self.path(name));
                file.windows(bytes.len())
                    .any(|window| window == bytes.as_bytes())
            })
    }
}

/// The end of a hash: what only it has.
fn tag(hash: &str) -> &str {
    hash.rsplit_once('$').unwrap().1
}

#[test]
fn a_hash_that_was_made_anew_is_nowhere_in_the_files() {
    let site = Site::new();
    let token = site.create();
    let id = id_of(&token);
    for scheme in ["sha256", "argon2id", "sha256"] {
        let old = site.hash(&id);
        site.run(&format!("policy set hash {scheme}"));
        assert!(site.keeps(tag(&old)));
        assert_eq!(site.verify(&token), 0);
        let new = site.hash(&id);
        assert!(new.starts_with(&format!("${scheme}$")), "{new}");
        assert!(site.keeps(tag(&new)));
        assert!(!site.keeps(tag(&old)), "{scheme}");
    }
}

#[test]
fn what_a_reader_held_back_is_wiped_by_the_first_change_after_it() {
    let site = Site::new();
    let (purged, renewed, kept) = (site.create(), site.create(), site.create());
    let [dead, old] = [&purged, &renewed].map(|token| site.hash(&id_of(token)));
    // Its hash is still there.
    site.run(&format!("rotate {}", id_of(&purged)));
    let reader = site.reader();

    site.run("purge --yes");
    site.run("policy set hash sha256");
    assert_eq!(site.verify(&renewed), 0);
    assert_eq!(site.number("SELECT count(*) FROM keys"), 3);
    assert!(
        site.keeps(tag(&old)) && site.keeps(tag(&dead)),
        "the reader held nothing back: this test shows nothing"
    );

    // Not closed, for closing would wipe by itself.
    reader.execute_batch("ROLLBACK").unwrap();
    // A change of no other kind than the noted use of another key.
    assert_eq!(site.verify(&kept), 0);
    assert!(!site.keeps(tag(&old)) && !site.keeps(tag(&dead)));
}

#[test]
fn a_rotated_keys_hash_stays_until_the_key_is_deleted_and_an_edit_moves_none() {
    let site = Site::new();
    let token = site.create();
    let id = id_of(&token);
    let hash = site.hash(&id);
    site.run(&format!("edit {id} --name other --label team=search"));
    site.run(&format!("rotate {id} --grace 1h"));
    assert_eq!(site.hash(&id), hash);

    run_with(&mut site.cmd("delete - --yes"), &token).code(0);
    assert!(!site.keeps(tag(&hash)));
}

#[test]
fn no_event_and_no_answer_holds_a_token_or_a_hash() {
    let site = Site::new();
    let token = site.create();
    let id = id_of(&token);
    let mut hashes = vec![site.hash(&id)];
    let mut said = Vec::new();
    let mut with = |line: &str, stdin: &str| {
        let ran = run_with(&mut site.cmd(line), stdin);
        said.extend([ran.stdout, ran.stderr]);
    };
    let short = &token[..token.len() - 1];
    for line in ["show -", "delete - --yes", "rotate -", "disable -"] {
        with(&format!("{line} --format json"), short);
        with(line, short);
        with(line, &format!("no such key {token}"));
    }
    with("policy set hash sha256", "");
    with("verify --format json", &token);
    hashes.push(site.hash(&id));
    with("disable -", &token);
    with("verify --format json", &token);
    with("enable -", &token);
    with("edit - --name other", &token);
    with("show - --format json", &token);
    with("delete - --yes -m leaked", &token);
    with("verify --format json", &token);
    for format in ["table", "json", "jsonl"] {
        with(&format!("log --format {format}"), "");
    }
    with("log --head", "");
    with("purge --yes", "");

    for text in said {
        assert!(!text.contains(&secret(&token)[..8]), "{text}");
        for hash in &hashes {
            assert!(!text.contains(tag(hash)), "{text}");
        }
    }
    assert!(!site.keeps(secret(&token)));
    for hash in &hashes {
        assert!(!site.keeps(tag(hash)));
    }
}

/// Every command that has a token or a hash in its hands, in order.
fn life(site: &Site, mut runs: impl FnMut(&str, &str)) {
    runs("create --scope inference --secret-file secret", "");
    let token = String::from_utf8(content(site.path("secret"))).unwrap();
    let id = id_of(&token);
    for (line, stdin) in [
        ("create --scope inference --count 2", ""),
        ("verify", &token),
        ("verify --key-file secret", ""),
        ("policy set hash sha256", ""),
        ("verify", &token),
        ("show -", &token),
        (&format!("edit {id} --name other"), ""),
        (&format!("rotate {id}"), ""),
        ("verify", &token),
        ("disable -", &token),
        ("list --state all --sort name", ""),
        ("log", ""),
        ("delete - --yes", &token),
        ("purge --yes", ""),
    ] {
        runs(line, stdin);
    }
}

const FILES: [&str; 4] = ["keyctl.db", "keyctl.db-shm", "keyctl.db-wal", "secret"];

#[test]
fn nothing_is_left_in_any_directory_but_the_store_and_the_secret_file() {
    let site = Site::new();
    life(&site, |line, stdin| {
        // The home and the directory in which it runs are the site's own anyway.
        let mut command = site.cmd(line);
        command.env("TMPDIR", site.path(""));
        command.env("SQLITE_TMPDIR", site.path(""));
        run_with(&mut command, stdin);
    });
    assert_eq!(site.files(), FILES.map(str::to_owned).into());
}

#[test]
fn no_other_file_is_made_even_for_a_moment() {
    /// All by which a name or an unnamed file comes into being.
    const MAKES: [&str; 7] = [
        "O_CREAT",
        "O_TMPFILE",
        "memfd_create(",
        "mkdir",
        "mknod",
        "rename",
        "link",
    ];
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    let traces = tempfile::tempdir().unwrap();
    let trace = traces.path().join("trace");
    let mut made = BTreeSet::new();
    life(&site, |line, stdin| {
        let plain = site.cmd(line);
        let mut command = Command::new("strace");
        command
            .args(["-f", "-y", "-e", "trace=%file,memfd_create", "-o"])
            .arg(&trace)
            .arg(exe())
            .args(plain.get_args())
            .current_dir(site.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        run_with(&mut command, stdin);
        for call in String::from_utf8(content(&trace)).unwrap().lines() {
            let path = strace::named_path(call).unwrap_or_else(|| call.into());
            let is_gone = call.contains("unlink") || call.contains("readlink");
            if MAKES.iter().any(|makes| call.contains(makes)) && !is_gone {
                made.insert(path);
            }
        }
    });
    let wanted: BTreeSet<PathBuf> = FILES[..3]
        .iter()
        // SQLite's own, while a new store is not yet in write-ahead mode.
        .chain(&["keyctl.db-journal", "secret"])
        .map(|name| site.path(name))
        .collect();
    assert_eq!(made, wanted);
    assert_eq!(site.files(), FILES.map(str::to_owned).into());
}
