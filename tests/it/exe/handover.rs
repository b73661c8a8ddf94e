//! `--exec`: a new token goes to the standard input of a command.

mod kills;
mod terminal;

use super::harness::{Site, finish, run, until};
use super::strace;
use crate::harness::{Ran, id_of};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::ffi::OsString;
use std::fs;
use std::process::Command;

/// Script of a command that keeps its token.
const KEEP: &str = "cat > got";

/// Site with a key `ci` that was created with its token in a file.
struct Fixture {
    site: Site,
    token: String,
    id: String,
}

impl Fixture {
    fn new() -> Self {
        let site = Site::cheap();
        let ran = site.run("create --scope inference --name ci");
        let token = ran.stdout.trim_end().to_owned();
        let id = id_of(&token);
        Fixture { site, token, id }
    }

    /// Rotates the key with a grace of an hour, and hands the new token to a shell with `script`.
    fn rotate(&self, script: &str) -> Ran {
        run(&mut self.site.exec("rotate ci --grace 1h", script))
    }

    fn got(&self) -> String {
        self.site.got()
    }

    /// The rotation was undone: there is one live key, the old one.
    #[track_caller]
    fn is_as_before(&self) {
        assert_eq!(self.site.verify(&self.token), 0);
        let listed = self.site.run("list --format ids");
        assert_eq!(listed.stdout, format!("{}\n", self.id));
        let record = self.site.record(&self.id);
        assert!(record.contains(r#""state":"active""#), "{record}");
        assert!(record.contains(r#""usable_until":null"#), "{record}");
        self.site.has_no_handover_left();
    }
}

impl Site {
    /// A command line, split at blanks, with `--exec` and a shell that runs `script`.
    pub fn exec(&self, line: &str, script: &str) -> Command {
        let mut command = self.cmd(line);
        command.args(["--exec", "--", "sh", "-c", script]);
        command
    }

    /// The token that [`KEEP`] has kept.
    pub fn got(&self) -> String {
        fs::read_to_string(self.path("got")).unwrap()
    }

    /// `doctor` has no finding, and no note on a handover.
    #[track_caller]
    fn has_no_handover_left(&self) {
        let remarks = self.run("doctor --format json").json();
        let codes = remarks["notes"].as_array().unwrap().iter();
        let mut codes = codes.map(|note| note["code"].as_str().unwrap());
        assert!(codes.all(|code| code != "handover"), "{remarks}");
    }

    /// Makes a FIFO that nobody writes to.
    fn fifo(&self) {
        let made = Command::new("mkfifo").arg(self.path("fifo")).status();
        assert!(made.unwrap().success());
    }
}

#[test]
fn rotate_with_exec_hands_the_token_over_and_sets_the_grace() {
    let key = Fixture::new();
    let ran = key
        .rotate("cat > got; echo out; echo err >&2; env | grep ^KEYCTL_ | sort > env")
        .code(0);
    let got = key.got();
    assert_eq!(got.len(), key.token.len());
    let new = id_of(&got);
    let ran = ran
        .stdout(&format!("{new}\n"))
        .says("\nout\nerr\n")
        .says("'sh' has the token\n")
        .says(&format!("phased out {}: it works until ", key.id))
        .says("(in 60m)");
    assert!(!ran.stderr.contains(&got), "{ran:#?}");
    let env = fs::read_to_string(key.site.path("env")).unwrap();
    let user = key.site.record(&new);
    let user = user.split(r#""owner":""#).nth(1).unwrap();
    let user = user.split('"').next().unwrap();
    assert_eq!(
        env,
        format!(
            "KEYCTL_KEY_ID={new}\nKEYCTL_KEY_NAME=ci\nKEYCTL_KEY_OWNER={user}\nKEYCTL_OLD_KEY_ID={}\n",
            key.id
        )
    );
    assert_eq!(key.site.verify(&got), 0);
    assert_eq!(key.site.verify(&key.token), 0);
    key.site.has_no_handover_left();
    key.site.run("log --check");
}

#[test]
fn rotate_with_exec_and_no_grace_stops_the_old_key() {
    let key = Fixture::new();
    run(&mut key.site.exec("rotate ci", KEEP)).code(0);
    assert_eq!(key.site.verify(&key.token), 1);
    assert_eq!(key.site.verify(key.got()), 0);
}

#[test]
fn create_with_exec_hands_the_token_over() {
    let site = Site::cheap();
    let mut create = site.exec(
        "create --scope inference --name ci",
        "cat > got; echo \"${KEYCTL_OLD_KEY_ID-none} ${KEYCTL_DB-none}\"",
    );
    create
        .env("KEYCTL_OLD_KEY_ID", "of another run")
        .env("KEYCTL_DB", "postgres://user:password@host/keys");
    let ran = run(&mut create).code(0);
    let got = site.got();
    assert_eq!(site.verify(&got), 0);
    ran.stdout(&format!("{}\n", id_of(&got)))
        .says("\nnone none\n");
    site.has_no_handover_left();
}

#[test]
fn a_store_without_a_password_is_passed_on_to_the_command() {
    let site = Site::cheap();
    let script = "keyctl create --scope inference --name ci --exec -- \
                  sh -c 'cat > got; keyctl verify --key-file got; echo \"$KEYCTL_DB\"'";
    let ran = run(&mut site.sh(script)).code(0);
    ran.says("\nvalid: ")
        .says(&format!("\n{}\n", site.db().display()));
}

#[test]
fn exec_prints_the_record_without_the_token_as_json() {
    let key = Fixture::new();
    for line in [
        "rotate ci --format json",
        "create --scope inference --format json",
    ] {
        let ran = run(&mut key.site.exec(line, KEEP)).code(0);
        let record = ran.json();
        assert_eq!(record["id"], id_of(&key.got()), "{line}");
        assert_eq!(record["token"], serde_json::Value::Null, "{line}");
    }
}

#[test]
fn exec_needs_no_standard_output() {
    let key = Fixture::new();
    let mut closed = key.site.sh(&format!(
        "exec keyctl rotate ci --exec -- sh -c '{KEEP}' >&-"
    ));
    run(&mut closed).code(0).says("created ");
    let mut null = key.site.sh(&format!(
        "keyctl rotate ci --exec -- sh -c '{KEEP}' >/dev/null"
    ));
    run(&mut null).code(0);
    assert_eq!(key.site.verify(key.got()), 0);
}

/// Signals, descriptors and limits of a process, as the shell and what it runs see them.
const PROCESS: &str = "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status; ls /proc/self/fd; \
                       ulimit -S -a; ulimit -H -a; umask; pwd";

#[test]
#[cfg(target_os = "linux")]
fn the_command_has_the_signals_limits_and_descriptors_that_the_user_had() {
    let key = Fixture::new();
    // As far as the soft limit for cores can go, and one signal that is ignored.
    let before = "ulimit -S -c $(ulimit -H -c); trap '' HUP;";
    let plain = run(&mut key.site.sh(&format!("{before} {PROCESS}"))).code(0);
    let script = format!("{before} exec keyctl rotate ci --exec -- sh -c \"$SCRIPT\"");
    let inner = format!(
        "cat > got; ({PROCESS}) > process; read -r stat < /proc/self/stat; echo \"$stat\" > stat"
    );
    run(key.site.sh(&script).env("SCRIPT", inner)).code(0);
    let process = fs::read_to_string(key.site.path("process")).unwrap();
    assert_eq!(without_internal(&process), without_internal(&plain.stdout));
    let stat = fs::read_to_string(key.site.path("stat")).unwrap();
    let fields: Vec<&str> = stat.split(' ').collect();
    // pid (comm) state ppid pgrp
    assert_eq!(fields[0], fields[4], "no process group of its own: {stat}");
}

/// Signals and limits without the two signals that the C library keeps for itself: it ignores those that it
/// handles when it starts a program.
fn without_internal(process: &str) -> String {
    const INTERNAL: u64 = 0b11 << 31;
    let line = |line: &str| {
        let (name, mask) = line.split_once(":\t")?;
        let mask = u64::from_str_radix(mask, 16).unwrap() & !INTERNAL;
        Some(format!("{name} {mask:x}\n"))
    };
    let lines = process.lines();
    lines
        .map(|text| line(text).unwrap_or_else(|| format!("{text}\n")))
        .collect()
}

#[test]
fn a_command_that_fails_undoes_the_rotation() {
    let key = Fixture::new();
    for (script, how) in [
        ("cat > got; exit 7", "'sh' exited with status 7"),
        ("cat > got; kill -KILL $$", "'sh' was killed by SIGKILL"),
        ("cat > got; kill -TERM $$", "'sh' was killed by SIGTERM"),
        (":", "'sh' ended without reading the token"),
        ("exec <&-", "'sh' ended without reading the token"),
        ("head -c 10 > got", "'sh' ended without reading the token"),
    ] {
        let ran = key.rotate(script).code(5).stdout("");
        let error = format!(
            "keyctl: {how}; the rotation was undone: {} (ci) is as it was before, and ",
            key.id
        );
        ran.says(&error).says("\nhint: fix the command");
        key.is_as_before();
        let log = key.site.run("log --key ci --only").stdout;
        assert!(log.contains(&format!("failure={how}")), "{log}");
        if key.site.path("got").exists() {
            assert_ne!(key.site.verify(key.got()), 0, "{script}");
        }
    }
}

#[test]
fn a_command_that_fails_deletes_the_created_key() {
    let site = Site::cheap();
    for script in ["cat > got; exit 7", "cat > got; kill -KILL $$", ":"] {
        for line in [
            "create --scope inference --name ci",
            "create --kind legacy --name ci",
        ] {
            let ran = run(&mut site.exec(line, script)).code(5).stdout("");
            ran.says("('ci') is deleted\n");
            site.run("list").stderr("no keys\n");
            site.has_no_handover_left();
        }
    }
    assert_eq!(site.verify(site.got()), 1);
}

#[test]
fn a_command_that_cannot_be_found_changes_nothing() {
    let key = Fixture::new();
    fs::write(key.site.path("text"), "no program").unwrap();
    let events = key.site.number("SELECT count(*) FROM events");
    for (program, cause) in [
        ("gx", "there is no such program"),
        ("./gx", "it is not a program: No such file"),
        ("./text", "it is not a program: Permission denied"),
        (".", "there is no such program"),
    ] {
        for line in ["rotate ci", "create --scope inference"] {
            let mut command = key.site.cmd(line);
            let ran = run(command.args(["--exec", program]));
            ran.fails(5, &format!("'{program}' cannot be started: {cause}"));
        }
    }
    assert_eq!(key.site.number("SELECT count(*) FROM events"), events);
}

#[test]
fn a_program_that_the_kernel_refuses_undoes_the_rotation() {
    let key = Fixture::new();
    fs::write(key.site.path("text"), "no program").unwrap();
    super::harness::set_mode(key.site.path("text"), 0o755);
    let mut command = key.site.cmd("rotate ci --grace 1h --exec ./text");
    run(&mut command).fails(5, "").says("could not be run");
    key.is_as_before();
}

#[test]
fn the_line_after_exec_is_the_command_s_alone() {
    let key = Fixture::new();
    let script = "cat > got; printf '%s\\n' \"$@\" > args";
    let mut command = key.site.cmd("rotate ci");
    command.args([
        "--exec", "sh", "-c", script, "0", "--db", "x", "--", "--exec", "",
    ]);
    run(&mut command).code(0);
    let args = fs::read_to_string(key.site.path("args")).unwrap();
    assert_eq!(args, "--db\nx\n--\n--exec\n\n");
    let mut token = key.site.cmd("rotate ci --exec echo");
    run(token.arg(key.got())).fails(2, "the token kc_");
    for (line, error, hint) in [
        (
            "rotate ci --exec",
            "--exec has no value",
            "--exec comes last",
        ),
        (
            "rotate ci --exec --",
            "--exec has no value",
            "--exec comes last",
        ),
        (
            "rotate ci --exec=",
            "--exec has no value",
            "--exec -- COMMAND",
        ),
        (
            "rotate --exec cat ci",
            "missing argument: KEY",
            "--exec comes last",
        ),
        (
            "--exec cat rotate ci",
            "unexpected argument '--exec'",
            "at the end of the line",
        ),
        (
            "list --exec cat",
            "unexpected argument '--exec'",
            "only 'create' and 'rotate'",
        ),
        (
            "rotate ci --cmd cat",
            "unexpected argument '--cmd'",
            "did you mean '--exec'?",
        ),
        (
            "rotate ci --exec-timeout 1s",
            "missing argument: --exec",
            "",
        ),
        (
            "rotate ci --undo --exec cat",
            "--undo does not go with --exec",
            "",
        ),
        (
            "rotate ci --secret-file x --exec cat",
            "--secret-file does not go with --exec",
            "",
        ),
        (
            "create --scope inference --count 2 --exec cat",
            "missing argument: --name NAME",
            "by their names --skip-existing knows",
        ),
        (
            "create --scope inference --name w --count 2 --secret-dir x",
            "missing argument: --from FILE",
            "--secret-file FILE takes the tokens",
        ),
        (
            "create --scope inference --name w --count 2 --exec-timeout 5s",
            "missing argument: --exec COMMAND",
            "",
        ),
        (
            "rotate ci --undo --exec-timeout 5s",
            "missing argument: --exec COMMAND",
            "",
        ),
        (
            "rotate ci --exec --exec-timeout 5s -- cat",
            "'--exec-timeout' is no program",
            "give flags of keyctl before it",
        ),
        (
            "rotate ci --exec-timeout 0s --exec cat",
            "a timeout of 0s",
            "at least 1s",
        ),
        (
            "rotate ci --exec-timeout 2d --exec cat",
            "a timeout of 2d",
            "at most 1d",
        ),
    ] {
        run(&mut key.site.cmd(line)).fails(2, error).says(hint);
    }
}

#[test]
fn a_standard_output_that_is_full_does_not_make_a_handover_a_failure() {
    let key = Fixture::new();
    let full = fs::File::options().write(true).open("/dev/full");
    let mut rotate = key.site.exec("rotate ci", "cat > got");
    let ran = run(rotate.stdout(full.unwrap())).code(0);
    ran.says("warning: cannot write to standard output")
        .says("; the change is made all the same\n");
    assert_eq!(key.site.verify(key.got()), 0);
    assert_eq!(key.site.verify(&key.token), 1);
    let mut create = key
        .site
        .exec("create --name w --count 2 --scope inference", "cat > got");
    let full = fs::File::options().write(true).open("/dev/full");
    let ran = run(create.stdout(full.unwrap())).code(0);
    ran.says("created 2 keys, each with a run of the command\n");
}

#[test]
fn a_command_that_takes_too_long_is_ended_and_the_rotation_undone() {
    let key = Fixture::new();
    key.site.fifo();
    let line = "rotate ci --grace 1h --exec-timeout 1s";
    // The shell waits for another process of its group.
    let script = "cat > got; echo $$ > pid; cat fifo; :";
    let ran = run(&mut key.site.exec(line, script));
    ran.fails(5, "'sh' did not end within 1s; the rotation was undone: ");
    assert!(!is_alive(&key.site));
    key.is_as_before();
}

#[test]
fn a_command_that_ignores_its_end_is_killed() {
    let key = Fixture::new();
    key.site.fifo();
    let line = "rotate ci --grace 1h --exec-timeout 1s";
    let script = "trap '' TERM; cat > got; echo $$ > pid; cat fifo; :";
    let ran = run(&mut key.site.exec(line, script));
    ran.fails(5, "'sh' did not end within 1s; ");
    assert!(!is_alive(&key.site));
    key.is_as_before();
}

/// Tells whether the command that has written its `pid` still runs.
fn is_alive(site: &Site) -> bool {
    let pid = fs::read_to_string(site.path("pid")).unwrap();
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    test_kill_process(pid).is_ok()
}

#[test]
fn a_signal_ends_the_command_and_undoes_the_rotation() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        let key = Fixture::new();
        key.site.fifo();
        let script = "cat > got; echo $$ > pid; cat fifo";
        let child = key
            .site
            .exec("rotate ci --grace 1h", script)
            .spawn()
            .unwrap();
        let pid = key.site.path("pid");
        until("the command runs", || {
            fs::read_to_string(&pid).is_ok_and(|pid| pid.ends_with('\n'))
        });
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ran = finish(child);
        let error = "interrupted while 'sh' had the token; the rotation was undone: ";
        ran.fails(130, error);
        assert!(!is_alive(&key.site), "{signal:?}");
        key.is_as_before();
    }
}

#[test]
fn a_signal_ends_the_command_and_deletes_the_created_key() {
    let site = Site::cheap();
    site.fifo();
    let script = "cat > got; echo $$ > pid; cat fifo";
    let child = site.exec("create --scope inference", script).spawn();
    let child = child.unwrap();
    let pid = site.path("pid");
    until("the command runs", || pid.exists());
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    finish(child).fails(130, "interrupted while 'sh' had the token; ");
    site.run("list").stderr("no keys\n");
}

#[test]
fn an_ignored_signal_stays_ignored() {
    let key = Fixture::new();
    key.site.fifo();
    let script = "trap '' HUP; exec keyctl rotate ci --exec -- sh -c 'cat > got; kill -HUP $PPID; kill -HUP $$; echo on'";
    run(&mut key.site.sh(script)).code(0).says("\non\n");
    assert_eq!(key.site.verify(key.got()), 0);
}

/// Changes by another process while the command runs, the reason for which nothing else was changed, and the advice.
const MEANWHILE: [(&str, &str, &str); 8] = [
    (
        "keyctl disable $KEYCTL_KEY_ID",
        "NEW was disabled by ",
        "create a new key before it stops",
    ),
    (
        "keyctl disable $KEYCTL_OLD_KEY_ID",
        "OLD was disabled by ",
        "to see more: ",
    ),
    (
        "keyctl delete $KEYCTL_KEY_ID --yes",
        "NEW was deleted",
        "create a new key before it stops",
    ),
    (
        "keyctl delete $KEYCTL_OLD_KEY_ID --yes",
        "OLD was deleted",
        "to see more: ",
    ),
    (
        "keyctl rotate $KEYCTL_KEY_ID --secret-file other",
        "NEW was rotated",
        "to stop the old token: ",
    ),
    (
        "keyctl rotate $KEYCTL_KEY_ID --undo --yes",
        "NEW was deleted",
        "for another token, rotate it again",
    ),
    (
        "keyctl edit $KEYCTL_OLD_KEY_ID --owner heir",
        "OLD was given to 'heir'",
        "to stop the old token: ",
    ),
    (
        "keyctl edit $KEYCTL_KEY_ID --owner heir",
        "NEW was given to 'heir'",
        "to stop the old token: ",
    ),
];

#[test]
fn what_another_has_changed_meanwhile_stays_whether_the_command_fails_or_not() {
    for (change, why, advice) in MEANWHILE {
        for (end, how) in [
            ("", "'sh' has the new token"),
            ("; exit 3", "exited with status 3"),
        ] {
            let key = Fixture::new();
            let db = key.site.db();
            let script = format!(
                "cat > got; {{ {change}; keyctl list --state all --format json > during; }} >/dev/null 2>&1{end}"
            );
            let mut rotate = key.site.exec("rotate ci --grace 1h", &script);
            let ran = run(rotate.env("KEYCTL_DB", db));
            let new = id_of(&key.got());
            let why = why.replace("NEW", &new).replace("OLD", &key.id);
            let error = format!(
                "the rotation of {} ('ci') was neither completed nor undone: {why}",
                key.id
            );
            assert!(ran.stderr.contains(&error), "{change}{end}: {ran:#?}");
            ran.fails(4, &error).says(how).says(advice);
            let during = fs::read_to_string(key.site.path("during")).unwrap();
            let after = key.site.run("list --state all --format json").stdout;
            assert_eq!(after, during, "{change}{end}");
            key.site.run("log --check");
        }
    }
}

#[test]
fn a_grace_that_another_has_ended_meanwhile_stays_over() {
    let key = Fixture::new();
    let script = "cat > got; keyctl edit $KEYCTL_OLD_KEY_ID --grace 0s";
    let mut rotate = key.site.exec("rotate ci --grace 1h", script);
    run(rotate.env("KEYCTL_DB", key.site.db())).code(0);
    assert_eq!(key.site.verify(&key.token), 1);
    assert_eq!(key.site.verify(key.got()), 0);
}

#[test]
fn a_command_that_fails_after_another_has_ended_the_grace_leaves_the_new_token_working() {
    let key = Fixture::new();
    let script = "cat > got; keyctl edit $KEYCTL_OLD_KEY_ID --grace 0s; exit 3";
    let mut rotate = key.site.exec("rotate ci --grace 1h", script);
    run(rotate.env("KEYCTL_DB", key.site.db())).code(4);
    assert_eq!(key.site.verify(&key.token), 1);
    assert_eq!(key.site.verify(key.got()), 0);
}

#[test]
fn a_created_key_that_another_has_changed_meanwhile_is_told() {
    for (change, code, says) in [
        (
            "keyctl delete $KEYCTL_KEY_ID --yes",
            4,
            "was deleted while 'sh' ran; 'sh' has its token",
        ),
        ("keyctl disable $KEYCTL_KEY_ID", 0, " is disabled\n"),
        (
            "keyctl rotate $KEYCTL_KEY_ID -q; exit 1",
            4,
            "was rotated while 'sh' ran; 'sh' exited",
        ),
        (
            "keyctl delete $KEYCTL_KEY_ID --yes; exit 1",
            5,
            "is deleted\n",
        ),
    ] {
        let site = Site::cheap();
        let script = format!("cat > got; {change}");
        let mut create = site.exec("create --scope inference --name ci", &script);
        let ran = run(create.env("KEYCTL_DB", site.db()));
        ran.code(code).says(says);
    }
}

#[test]
fn a_store_that_cannot_be_written_after_the_command_is_told_with_what_mends_it() {
    let key = Fixture::new();
    let back = |key: &Fixture| fs::rename(key.site.path("away"), key.site.db()).unwrap();
    let ran = key
        .rotate("cat > got; mv keyctl.db away")
        .code(5)
        .stdout("");
    let new = id_of(&key.got());
    let (id, db) = (&key.id, key.site.db());
    ran.says("; 'sh' has the new token; ")
        .says(&format!(
            "the tokens of {id} and {new} both work, the old one until "
        ))
        .says(&format!(
            "keyctl --db {} edit {id} --grace 1h\n",
            db.display()
        ));
    back(&key);
    assert_eq!(key.site.verify(&key.token), 0);
    assert_eq!(key.site.verify(key.got()), 0);
    let doctor = key.site.run("doctor").stdout;
    assert!(
        doctor.contains("note: a command may be taking the token of "),
        "{doctor}"
    );
    key.site.run(&format!("edit {id} --grace 0s"));
    key.site.has_no_handover_left();

    let other = Fixture::new();
    let ran = other.rotate("cat > got; mv keyctl.db away; exit 1").code(5);
    let new = id_of(&other.got());
    ran.says("; 'sh' exited with status 1; ")
        .says(&format!(" rotate {new} --undo\n"));
    back(&other);
    other.site.run(&format!("rotate {new} --undo --yes"));
    other.is_as_before();
}

#[test]
fn no_argument_and_no_environment_holds_the_token() {
    if !strace::is_here() {
        return;
    }
    let key = Fixture::new();
    let script = "cat > got; tr '\\0' '\\n' < /proc/self/environ > environ";
    let rotate = key.site.exec("rotate ci", script);
    let (ran, arguments) = strace::arguments_of(&rotate);
    ran.code(0);
    let got = key.got();
    let secret = &got[got.len() - 49..];
    assert!(arguments.contains("environ"), "{arguments}");
    assert!(!arguments.contains(secret), "{arguments}");
    let environ = fs::read_to_string(key.site.path("environ")).unwrap();
    assert!(environ.contains("KEYCTL_KEY_ID"), "{environ}");
    assert!(!environ.contains(secret), "{environ}");
    assert!(!key.site.holds(secret));
}

#[test]
fn nothing_is_handed_over_before_the_key_is_committed() {
    if !strace::is_here() {
        return;
    }
    let key = Fixture::new();
    // The first commit fails, and the second is not reached.
    let faults = [strace::Fault {
        names: "fdatasync,fsync".to_owned(),
        error: "EIO",
        when: "1+".to_owned(),
    }];
    let rotate = key.site.exec("rotate ci --grace 1h", KEEP);
    let ran = run(&mut strace::failing(&rotate, &faults, &[]));
    assert_eq!(ran.code, 5, "{ran:#?}");
    assert!(!key.site.path("got").exists(), "{ran:#?}");
    assert_eq!(key.site.verify(&key.token), 0);
}

#[test]
fn a_word_that_is_not_utf_8_reaches_the_command() {
    use std::os::unix::ffi::OsStringExt;
    let key = Fixture::new();
    let mut rotate = key
        .site
        .exec("rotate ci", "cat > got; printf %s \"$0\" > word");
    rotate.arg(OsString::from_vec(vec![b'a', 0xff]));
    run(&mut rotate).code(0);
    assert_eq!(fs::read(key.site.path("word")).unwrap(), [b'a', 0xff]);
}
