//! Too little memory: a store of which nothing could be told is neither damaged nor sound.

use crate::harness::{World, exe};
use std::fs::{self, File};
use std::process::{Command, Output};

/// How many keys there are: enough that to sort or check them takes more than to start.
const KEYS: usize = 2000;

/// How the address space grows from one turn to the next, in KiB.
const STEP: u64 = 512;

/// How many turns there are.
const TURNS: u64 = 20;

/// What is enough for everything, in KiB.
const ENOUGH: u64 = 1 << 20;

/// A sound store with many keys, and the token of one.
fn crowded() -> (World, String) {
    let world = World::quick();
    world.policy("hash", "sha256");
    // Whatever day it is.
    world.policy("max-expiry", "never");
    let token = world.create("--name api --scope inference --expires never");
    world
        .sql()
        .execute_batch(&format!(
            "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {KEYS})
             INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by, expires_at, scopes, labels)
             SELECT printf('%012d', n), printf('name-%060d', n), owner, kind, hash, created_at + n, created_by,
                 expires_at, scopes, labels
             FROM up, (SELECT * FROM keys LIMIT 1);
             INSERT INTO key_scopes SELECT 'inference', seq FROM keys WHERE seq > 1"
        ))
        .unwrap();
    (world, token)
}

/// Runs a program with `kib` KiB of address space.
fn limited(program: &Command, kib: u64, stdin: Option<&File>) -> Output {
    let mut command = Command::new("sh");
    command
        .env_clear()
        .args(["-c", "ulimit -v \"$1\"; shift; exec \"$@\"", "sh"])
        .arg(kib.to_string())
        .arg(program.get_program())
        .args(program.get_args());
    if let Some(file) = stdin {
        command.stdin(file.try_clone().unwrap());
    }
    command.output().unwrap()
}

/// The least KiB with which the program can say its version.
fn least() -> u64 {
    let mut version = Command::new(exe());
    version.arg("--version");
    (2..)
        .map(|step| step * STEP)
        .find(|&kib| limited(&version, kib, None).status.success())
        .unwrap()
}

#[test]
fn a_sound_store_is_never_called_damaged_for_want_of_memory() {
    let (world, token) = crowded();
    world.run(&format!("backup {}", world.path("copy.db").display()));
    fs::write(world.path("token"), token).unwrap();
    let (least, mut without) = (least(), 0);
    let turns = (0..TURNS).map(|turn| least + turn * STEP);
    for kib in turns.chain([ENOUGH]) {
        let copy = world.path("copy.db").display().to_string();
        let made = world.path(&format!("{kib}.db")).display().to_string();
        for line in [
            "list --sort name --format ids",
            "doctor",
            "log --check",
            "verify --no-touch",
            "show api",
            &format!("backup {made}"),
            &format!("restore {copy} --yes"),
        ] {
            let token = File::open(world.path("token")).unwrap();
            let output = limited(&world.real(line), kib, Some(&token));
            // None where Rust found no memory and ended the program.
            let code = output.status.code();
            let stderr = String::from_utf8_lossy(&output.stderr);
            let stdout = String::from_utf8_lossy(&output.stdout);
            let context = format!("{line} with {kib} KiB: {code:?}\n{stdout}\n{stderr}");
            assert!(!context.contains("damage"), "{context}");
            if stderr.contains("memory ran out") {
                without += 1;
                assert!(stderr.contains("\nhint: free memory "), "{context}");
            }
            match code {
                Some(0) if line.starts_with("list") => {
                    assert_eq!(stdout.lines().count(), KEYS + 1, "{context}");
                }
                Some(5) => assert!(stderr.contains("keyctl: "), "{context}"),
                Some(0) | None => {}
                Some(code) => panic!("exit {code}: {context}"),
            }
            assert!(kib < ENOUGH || code == Some(0), "{context}");
        }
    }
    assert!(without > 0, "memory never ran out");
}

#[test]
fn create_that_finds_no_memory_to_hash_in_makes_nothing_and_advises() {
    let world = World::quick();
    world.create("--name api --scope inference");
    world.policy("argon2-memory", "262144");
    let before = world.rows();
    // Much for anything but the hash.
    let kib = least() + (128 << 10);
    let output = limited(&world.real("create --scope inference"), kib, None);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    assert!(
        stderr.contains("keyctl: cannot hash the secret: "),
        "{stderr}"
    );
    assert!(stderr.contains("\nhint: free memory "), "{stderr}");
    assert!(output.stdout.is_empty());
    assert_eq!(world.rows(), before);
}

#[test]
fn scan_that_finds_no_memory_to_hash_in_fails_and_calls_no_key_damaged() {
    let world = World::quick();
    world.policy("argon2-memory", "262144");
    let token = world.create("--name api --scope inference");
    fs::write(world.path("token"), token).unwrap();
    let line = format!("scan {}", world.path("token").display());
    // Much for anything but the hash.
    let kib = least() + (128 << 10);
    let output = limited(&world.real(&line), kib, None);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    assert!(
        stderr.contains("keyctl: cannot hash the secret: "),
        "{stderr}"
    );
    assert!(!stderr.contains("damage"), "{stderr}");
}
