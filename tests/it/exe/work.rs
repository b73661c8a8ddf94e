//! What commands take of the system: calls, pages and memory, which are the same in every run where
//! times are not.

use super::harness::{Site, run};
use super::strace::{self, Call};
use crate::harness::{Ran, id_of};
use std::fs;
use std::process::{Command, Stdio};
use std::thread;

/// Runs `command` and returns all calls that it made.
#[track_caller]
fn calls(command: &Command) -> (Ran, Vec<Call>) {
    strace::calls_of(command, "all", Stdio::piped())
}

/// A verification of what is presented, with the rest of its command line.
fn verification(site: &Site, presented: &str, line: &str) -> Command {
    let mut command = site.cmd(&format!("verify --key-env TOKEN {line}"));
    command.env("TOKEN", presented);
    command
}

/// A verification of many, that leaves nothing in the store.
fn batch(site: &Site, presented: &[&str]) -> Command {
    fs::write(site.path("tokens"), presented.join("\n")).unwrap();
    site.cmd("verify --batch --no-touch --key-file tokens")
}

/// How many of `calls` are so.
fn count(calls: &[Call], is_so: impl Fn(&Call) -> bool) -> usize {
    calls.iter().filter(|call| is_so(call)).count()
}

/// How often the store was opened.
fn opens(calls: &[Call]) -> usize {
    count(calls, |call| {
        call.name == "openat" && call.text.contains("/keyctl.db\"")
    })
}

/// As many threads as verify a batch.
fn cores() -> usize {
    thread::available_parallelism().unwrap().get()
}

/// Pages of the store that were read, from its file or from its log.
fn reads(calls: &[Call]) -> usize {
    count(calls, |call| {
        call.name == "pread64" && (is_db(call) || is_wal(call))
    })
}

/// Moments at which the store was looked at: for each, one of the marks of its readers was locked.
fn moments(calls: &[Call]) -> usize {
    const MARKS: [&str; 5] = ["123,", "124,", "125,", "126,", "127,"];
    count(calls, |call| {
        let place = call.text.split_once("l_start=").map(|(_, place)| place);
        call.file.ends_with("keyctl.db-shm")
            && call.text.contains("l_type=F_RDLCK")
            && place.is_some_and(|place| MARKS.iter().any(|mark| place.starts_with(mark)))
    })
}

/// Whether the content of the store was changed, or anything of it was waited for until it was on
/// the disk. The index beside the log is no content: who comes first makes it anew.
fn writes(calls: &[Call]) -> bool {
    const WRITES: [&str; 5] = ["write", "pwrite64", "fsync", "fdatasync", "ftruncate"];
    calls
        .iter()
        .any(|call| (is_db(call) || is_wal(call)) && WRITES.contains(&&*call.name))
}

/// Calls that wait until something is on the disk.
fn syncs(calls: &[Call]) -> usize {
    count(calls, |call| {
        call.name == "fsync" || call.name == "fdatasync"
    })
}

/// Whether it was found out who the user is.
fn asks_for_the_user(calls: &[Call]) -> bool {
    const PLACES: [&str; 3] = ["/etc/passwd", "/etc/nsswitch.conf", "/proc/self/loginuid"];
    calls
        .iter()
        .any(|call| call.name == "socket" || PLACES.iter().any(|place| call.text.contains(place)))
}

fn is_db(call: &Call) -> bool {
    call.file.ends_with("keyctl.db")
}

fn is_wal(call: &Call) -> bool {
    call.file.ends_with("keyctl.db-wal")
}

/// Writes to standard output.
fn outputs(calls: &[Call]) -> usize {
    count(calls, |call| {
        call.name == "write" && call.text.starts_with("1<")
    })
}

#[test]
fn what_is_no_token_costs_as_little_as_the_version_and_no_look_at_the_store() {
    /// A read of what is presented, and the telling of the verdict.
    const MORE: usize = 10;
    if !strace::is_here() {
        return;
    }
    let site = Site::cheap();
    let token = site.create();
    let (ran, version) = calls(&site.bare("--version"));
    ran.code(0);
    let last = if token.ends_with('0') { "1" } else { "0" };
    let mistyped = format!("{}{last}", &token[..token.len() - 1]);
    let after_more = format!("_{token}");
    for presented in ["x", &mistyped, &after_more, &token[..15]] {
        for line in ["", "--scope inference --project p --format json"] {
            let (ran, made) = calls(&verification(&site, presented, line));
            ran.code(1);
            let touched = made.iter().find(|call| {
                let names = call.name != "execve" && call.text.contains("keyctl.db");
                names || call.file.contains("keyctl.db")
            });
            assert!(touched.is_none(), "{touched:?}");
            let (made, version) = (made.len(), version.len());
            assert!(made <= version + MORE, "{made} calls, {version}");
        }
    }
}

/// A store of so many keys with tokens: of a key that is there, of one with another secret, of none, and
/// of none behind all that are there.
fn store(keys: usize) -> (Site, [(&'static str, String); 4]) {
    let site = Site::cheap();
    let ran = site.run("create --scope inference --count 4");
    let mut tokens: Vec<String> = ran.stdout.lines().map(str::to_owned).collect();
    tokens.sort_by_key(|token| id_of(token));
    let [valid, between, wrong, behind] = tokens.try_into().unwrap();
    let [valid_id, between_id, wrong_id, behind_id] =
        [&valid, &between, &wrong, &behind].map(|token| id_of(token));
    let filled = keys - 2;
    // No digit is behind a letter: all of these are before the first.
    site.sql()
        .execute_batch(&format!(
            "BEGIN;
             DELETE FROM key_scopes
                 WHERE key IN (SELECT seq FROM keys WHERE id IN ('{between_id}', '{behind_id}'));
             DELETE FROM keys WHERE id IN ('{between_id}', '{behind_id}');
             UPDATE keys SET hash = (SELECT hash FROM keys WHERE id = '{valid_id}')
                 WHERE id = '{wrong_id}';
             WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {filled})
             INSERT INTO keys (id, name, owner, kind, hash, created_at, created_by, expires_at, scopes, labels)
             SELECT printf('%012d', n), 'key-' || n, owner, kind, hash, created_at, created_by, expires_at,
                 scopes, labels
             FROM keys, up WHERE id = '{valid_id}';
             INSERT INTO key_scopes SELECT 'inference', seq FROM keys WHERE id LIKE '0000%';
             COMMIT"
        ))
        .unwrap();
    assert_eq!(
        site.number("SELECT count(*) FROM keys"),
        i64::try_from(keys).unwrap()
    );
    let tokens = [
        ("valid", valid),
        ("wrong", wrong),
        ("between", between),
        ("behind", behind),
    ];
    (site, tokens)
}

/// How many pages are read to verify each of `tokens`: as many, whatever it is.
#[track_caller]
fn reads_for_each(site: &Site, tokens: &[(&str, String)]) -> usize {
    let mut all = Vec::new();
    for (name, token) in tokens {
        let (ran, made) = calls(&verification(site, token, "--no-touch"));
        ran.code(u8::from(*name != "valid"));
        all.push((*name, reads(&made)));
    }
    let (_, first) = all[0];
    assert!(all.iter().all(|&(_, pages)| pages == first), "{all:?}");
    first
}

#[test]
fn verifying_reads_as_many_pages_whatever_is_presented_and_hardly_more_of_a_large_store() {
    /// The file's header; its first page, which has the whole schema, twice; a page each of the policy,
    /// the IDs and the scopes; and two of the keys.
    const FEW: usize = 8;
    /// Levels more of the trees: one of the IDs, one of the scopes, two of the keys.
    const DEEPER: usize = 4;
    if !strace::is_here() {
        return;
    }
    let [few, many] = [20, 20_000].map(|keys| {
        let (site, tokens) = store(keys);
        reads_for_each(&site, &tokens)
    });
    assert!((1..=FEW).contains(&few), "{few}");
    assert!(many <= few + DEEPER, "{few}, then {many}");
}

/// Runs each of `lines` on a store of few keys of its user and on one of many, where USER stands for that
/// user, and requires that it reads hardly more pages of the latter.
#[track_caller]
fn reads_hardly_more_with_many_keys(lines: &[&str]) {
    /// Each index and table that is read is deeper by a page or two, and leads to other pages.
    const DEEPER: usize = 30;
    let [few, many] = [20, 20_000].map(|keys| {
        let (site, _) = store(keys);
        let sql = "SELECT owner FROM keys LIMIT 1";
        let user: String = site.sql().query_one(sql, [], |row| row.get(0)).unwrap();
        let run = |line: &&str| {
            let (ran, made) = calls(&site.cmd(&line.replace("USER", &user)));
            ran.code(0);
            reads(&made)
        };
        lines.iter().map(run).collect::<Vec<_>>()
    });
    for (line, (few, many)) in lines.iter().zip(few.into_iter().zip(many)) {
        assert!(many <= few + DEEPER, "{line}: {few}, then {many}");
    }
}

#[test]
fn what_is_done_to_one_key_does_not_read_the_others_of_its_owner() {
    if !strace::is_here() {
        return;
    }
    reads_hardly_more_with_many_keys(&[
        "create --scope inference --name new",
        "create --scope inference",
        "create --scope inference --name five --count 5",
        "show USER/new",
        "edit USER/new --name other",
        "rotate USER/other --grace 1h",
        "rotate USER/other",
        "show other",
        "edit USER/other --label team=search",
        "disable USER/five-1",
        "enable five-1",
        "delete USER/five-1 --yes",
    ]);
}

#[test]
fn a_user_s_role_in_a_project_is_read_without_its_other_members() {
    /// Levels more of the members' tree, and the pages that it leads to elsewhere.
    const DEEPER: usize = 4;
    if !strace::is_here() {
        return;
    }
    let [few, many] = [20, 20_000].map(|members| {
        let (site, tokens) = store(20);
        site.sql()
            .execute_batch(&format!(
                "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {members})
                 INSERT INTO members SELECT 'search', 'user-' || n, 'collaborator' FROM up;
                 INSERT INTO members SELECT DISTINCT 'search', owner, 'owner' FROM keys"
            ))
            .unwrap();
        let line = "--no-touch --project search";
        let (ran, verified) = calls(&verification(&site, &tokens[0].1, line));
        ran.code(0);
        let others = ["member add search zoe --role owner", "member remove search zoe"];
        let others = others.map(|line| {
            let (ran, made) = calls(&site.cmd(line));
            ran.code(0);
            reads(&made)
        });
        [reads(&verified), others[0], others[1]]
    });
    for (few, many) in few.into_iter().zip(many) {
        assert!(many <= few + DEEPER, "{few}, then {many}");
    }
}

#[test]
fn where_nothing_is_to_be_noted_verifying_looks_thrice_at_the_store_and_does_nothing_else() {
    /// To see that it is a store; for the hash; and, once that matched or did not, for the record.
    const MOMENTS: usize = 3;
    if !strace::is_here() {
        return;
    }
    let (site, tokens) = store(20);
    let (ran, untouched) = calls(&verification(&site, &tokens[0].1, "--no-touch"));
    ran.code(0);
    assert!(!writes(&untouched) && !asks_for_the_user(&untouched));
    let (ran, first) = calls(&verification(&site, &tokens[0].1, ""));
    ran.code(0);
    assert!(
        writes(&first) && asks_for_the_user(&first),
        "the first use is not seen to be noted: this test shows nothing"
    );
    for (name, token) in &tokens {
        for line in ["", "--no-touch"] {
            let (ran, made) = calls(&verification(&site, token, line));
            ran.code(u8::from(*name != "valid"));
            let what = format!("{name} {line}");
            assert!(!writes(&made), "{what}");
            assert!(!asks_for_the_user(&made), "{what}");
            assert_eq!(moments(&made), MOMENTS, "{what}");
            assert_eq!(opens(&made), 1, "{what}");
        }
    }
}

#[test]
fn advice_is_looked_for_once_all_is_noted_and_not_where_nobody_reads_it() {
    if !strace::is_here() {
        return;
    }
    let site = Site::cheap();
    let token = site.create();
    site.run(&format!("rotate {}", id_of(&token)));
    let rejected = |line| {
        let (ran, made) = calls(&verification(&site, &token, line));
        ran.code(1);
        made
    };
    let noting = rejected("");
    let noted = noting
        .iter()
        .rposition(|call| is_wal(call) && call.name == "pwrite64");
    assert_ne!(moments(&noting[noted.unwrap()..]), 0);
    let [told, quiet, json] = ["", "--quiet", "--format json"].map(|line| moments(&rejected(line)));
    assert!(quiet < told, "{quiet}, {told}");
    assert_eq!(quiet, json);
}

#[test]
fn a_batch_of_cheap_hashes_reads_its_tokens_and_writes_its_verdicts_by_the_chunk() {
    const TOKENS: usize = 1_000;
    if !strace::is_here() {
        return;
    }
    let site = Site::cheap();
    site.run("policy set hash sha256");
    let token = site.create();
    let (ran, made) = calls(&batch(&site, &[&*token; TOKENS]));
    assert_eq!(ran.code(0).stdout.lines().count(), TOKENS);
    let locks = count(&made, |call| call.name == "fcntl");
    assert!(locks < TOKENS / 4, "{locks}");
    assert!((1..=10).contains(&outputs(&made)), "{}", outputs(&made));
}

#[test]
fn a_batch_of_costly_hashes_tells_each_verdict_by_itself_and_keeps_the_store_open() {
    const TOKENS: usize = 20;
    if !strace::is_here() {
        return;
    }
    let site = Site::cheap();
    let token = site.create();
    let (ran, made) = calls(&batch(&site, &[&*token; TOKENS]));
    assert_eq!(ran.code(0).stdout.lines().count(), TOKENS);
    assert_eq!(outputs(&made), TOKENS);
    // Once to see how hashes are made, and once for each thread.
    assert!(opens(&made) <= 1 + cores(), "{}", opens(&made));
}

/// The default policy's memory for one hash.
const HASH: usize = 7 << 20;

/// The pieces of memory that were taken for hashes: the length of each, and its address as strace
/// shows it, where no other thread's call came between.
fn hash_memory(calls: &[Call]) -> Vec<(usize, &str)> {
    let maps = calls.iter().filter_map(|call| {
        let (length, rest) = call.text.strip_prefix("NULL, ")?.split_once(", ")?;
        let plain = rest.starts_with("PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0");
        let address = rest.split_once("= ").map_or("", |(_, address)| address);
        let length = length.parse().ok()?;
        (call.name == "mmap" && plain && length >= HASH).then_some((length, address))
    });
    maps.collect()
}

#[test]
fn a_hash_has_its_memory_in_one_piece_on_huge_pages_and_does_without_them() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    let token = site.create();
    let command = verification(&site, &token, "--no-touch --format json");
    let (ran, made) = calls(&command);
    let memory = hash_memory(&made);
    // Whole huge pages of 2 MiB, and one for the start.
    let [(length, address)] = memory[..] else {
        panic!("{memory:?}");
    };
    assert!(length <= HASH + (4 << 20), "{length}");
    let asked = format!("{address}, {length}, MADV_HUGEPAGE)");
    let huge = count(&made, |call| call.text.starts_with(&asked));
    assert_eq!(huge, 1, "{asked}");

    let fault = strace::Fault {
        names: "madvise".to_owned(),
        error: "EINVAL",
        when: "1+".to_owned(),
    };
    let ordinary = run(&mut strace::failing(&command, &[fault], &[])).code(0);
    let verdict = |ran: &Ran| ran.json()["valid"].clone();
    assert_eq!(verdict(&ordinary), true);
    assert_eq!(verdict(&ordinary), verdict(&ran));
}

#[test]
fn a_batch_takes_its_memory_for_hashes_once_for_each_core() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    let token = site.create();
    let cores = cores();
    let (ran, made) = calls(&batch(&site, &vec![&*token; 5 * cores]));
    ran.code(0);
    let taken = hash_memory(&made).len();
    assert!((1..=cores).contains(&taken), "{taken} on {cores} cores");
}

#[test]
fn many_keys_are_created_and_purged_with_as_few_waits_for_the_disk_as_few_keys() {
    if !strace::is_here() {
        return;
    }
    let [few, many] = [2, 50].map(|keys| {
        let site = Site::cheap();
        let line = format!("create --scope inference --count {keys}");
        let (ran, created) = calls(&site.cmd(&line));
        assert_eq!(ran.code(0).stdout.lines().count(), keys);
        site.sql()
            .execute_batch("UPDATE keys SET hash = NULL, deleted_at = 1")
            .unwrap();
        let (ran, purged) = calls(&site.cmd("purge --yes"));
        ran.code(0);
        assert_eq!(site.number("SELECT count(*) FROM keys"), 0);
        [syncs(&created), syncs(&purged)]
    });
    assert!(few.iter().all(|&syncs| syncs > 0), "{few:?}");
    assert_eq!(many, few);
}

/// The number of Argon2id hashes, which each take memory of their own the first time, and of those that
/// began while the store's write lock was held.
fn hashes_and_those_under_the_lock(calls: &[Call]) -> (usize, usize) {
    let (mut all, mut locked, mut held) = (0, 0, false);
    for call in calls {
        if call.file.ends_with("keyctl.db-shm") && call.text.contains("l_start=120,") {
            held = call.text.contains("F_WRLCK");
        }
        // 7168 KiB, in huge pages, and one more to begin at.
        if call.name == "mmap" && call.text.starts_with("NULL, 10485760,") {
            all += 1;
            locked += usize::from(held);
        }
    }
    (all, locked)
}

#[test]
fn no_secret_is_hashed_under_the_write_lock() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    let tokens = [site.create(), site.create()];
    for (token, line) in tokens.iter().zip(["disable -", "delete - --yes"]) {
        fs::write(site.path("leaked"), token).unwrap();
        let command = site.sh(&format!("exec keyctl {line} <leaked"));
        let (ran, calls) = calls(&command);
        ran.code(0);
        assert!(
            calls
                .iter()
                .any(|call| call.text.contains("F_WRLCK") && call.text.contains("l_start=120,"))
        );
        assert_eq!(hashes_and_those_under_the_lock(&calls), (1, 0), "{line}");
    }
}
