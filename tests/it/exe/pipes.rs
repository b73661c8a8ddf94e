//! Standard input and output as a shell connects them.

use super::harness::{Site, finish, run, run_with};
use crate::harness::id_of;
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{self, ErrorKind, PipeReader, Write};
use std::process::Stdio;

const CREATE: &str = "create --scope inference";

/// An output where what is written is lost.
#[derive(Clone, Copy)]
enum Sink {
    FullDevice,
    Null,
    Closed,
    ReaderGone,
    FullPipe,
}

/// A pipe that takes no more, and its reader, which reads nothing.
fn full_pipe() -> (PipeReader, Stdio) {
    let (reader, mut writer) = io::pipe().unwrap();
    fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    loop {
        match writer.write(&[0; 4096]) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    fcntl_setfl(&writer, OFlags::empty()).unwrap();
    (reader, writer.into())
}

/// Runs a command line on the site's store, its output to `sink`; it must fail with exit code 5
/// and `message`.
fn fails_into(site: &Site, sink: Sink, line: &str, message: &str) {
    let ran = match sink {
        Sink::FullDevice => {
            let full = File::options().write(true).open("/dev/full").unwrap();
            run(site.cmd(line).stdout(full))
        }
        Sink::Null => run(site.cmd(line).stdout(Stdio::null())),
        Sink::Closed => run(&mut site.sh(&format!("exec keyctl {line} >&-"))),
        Sink::ReaderGone => {
            let (reader, writer) = io::pipe().unwrap();
            drop(reader);
            run(site.cmd(line).stdout(writer))
        }
        Sink::FullPipe => {
            let (_reader, writer) = full_pipe();
            run(site.cmd(line).stdout(writer))
        }
    };
    ran.code(5).stdout("").says(message);
}

const LOST: &str = "standard output is closed or /dev/null: the token would be lost";
const UNWRITABLE: &str = "the token could not be written to standard output: ";

fn creates_nothing_into(sink: Sink, message: &str) {
    let site = Site::new();
    let other = site.create();
    let events = site.number("SELECT count(*) FROM events");

    fails_into(&site, sink, CREATE, message);

    assert_eq!(site.ids(), [id_of(&other)]);
    assert_eq!(site.number("SELECT count(*) FROM events"), events);
}

fn rotates_nothing_into(sink: Sink, message: &str) {
    let site = Site::new();
    let token = site.create();
    let id = id_of(&token);
    let before = site.record(&id);
    let events = site.number("SELECT count(*) FROM events");

    fails_into(&site, sink, &format!("rotate {id} --grace 1h"), message);

    assert_eq!(site.ids(), [id.as_str()]);
    assert_eq!(site.record(&id), before);
    assert_eq!(site.number("SELECT count(*) FROM events"), events);
    assert_eq!(site.verify(&token), 0);
}

#[test]
fn create_to_a_full_device_makes_no_key() {
    creates_nothing_into(Sink::FullDevice, UNWRITABLE);
}

#[test]
fn create_to_the_null_device_makes_no_key() {
    creates_nothing_into(Sink::Null, LOST);
}

#[test]
fn create_with_standard_output_closed_makes_no_key() {
    creates_nothing_into(Sink::Closed, LOST);
}

#[test]
fn create_to_a_pipe_whose_reader_left_makes_no_key() {
    creates_nothing_into(Sink::ReaderGone, UNWRITABLE);
}

#[test]
fn create_to_a_pipe_that_nobody_reads_gives_up_and_makes_no_key() {
    creates_nothing_into(Sink::FullPipe, "the token could not be written");
}

#[test]
fn rotate_to_a_full_device_leaves_the_key_as_it_was() {
    rotates_nothing_into(Sink::FullDevice, UNWRITABLE);
}

#[test]
fn rotate_to_the_null_device_leaves_the_key_as_it_was() {
    rotates_nothing_into(Sink::Null, LOST);
}

#[test]
fn rotate_with_standard_output_closed_leaves_the_key_as_it_was() {
    rotates_nothing_into(Sink::Closed, LOST);
}

#[test]
fn rotate_to_a_pipe_whose_reader_left_leaves_the_key_as_it_was() {
    rotates_nothing_into(Sink::ReaderGone, UNWRITABLE);
}

#[test]
fn rotate_to_a_pipe_that_nobody_reads_gives_up_and_leaves_the_key_as_it_was() {
    rotates_nothing_into(Sink::FullPipe, "the token could not be written");
}

#[test]
fn a_writer_stuck_at_a_full_pipe_keeps_no_verifier_and_no_other_writer_from_working() {
    let site = Site::new();
    let token = site.create();
    let (_reader, full) = full_pipe();
    let stuck = site.cmd(CREATE).stdout(full).spawn().unwrap();
    site.wait_for_writer();

    assert_eq!(site.verify(&token), 0);
    // Waits until the other has given up, by itself.
    let second = site.create();

    finish(stuck).fails(
        5,
        "the token could not be written to standard output: nothing took it",
    );
    assert_eq!(site.ids(), [id_of(&token), id_of(&second)]);
}

#[test]
fn a_writer_killed_at_a_full_pipe_leaves_no_key_and_no_lock() {
    let site = Site::new();
    let token = site.create();
    let (_reader, full) = full_pipe();
    let stuck = site.cmd(CREATE).stdout(full).spawn().unwrap();
    site.wait_for_writer();

    kill_process(Pid::from_child(&stuck), Signal::KILL).unwrap();

    finish(stuck).code(137);
    let second = site.create();
    assert_eq!(site.ids(), [id_of(&token), id_of(&second)]);
}

#[test]
fn the_secret_file_of_a_key_that_was_not_made_is_removed() {
    let site = Site::new();
    let token = site.create();
    let id = id_of(&token);
    let before = site.record(&id);
    for line in [CREATE, &format!("rotate {id}")] {
        for sink in [Sink::FullDevice, Sink::ReaderGone, Sink::FullPipe] {
            let line = format!("{line} --secret-file secret");

            fails_into(&site, sink, &line, "the token could not be written");

            assert!(!site.path("secret").exists(), "{line}");
            assert_eq!(site.ids(), [id.as_str()]);
            assert_eq!(site.record(&id), before);
        }
    }
}

#[test]
fn a_secret_file_that_is_there_already_is_left_alone_and_no_key_is_made() {
    let site = Site::new();
    site.create();
    fs::write(site.path("there"), "mine").unwrap();
    std::os::unix::fs::symlink("nowhere", site.path("link")).unwrap();
    for name in ["there", "link"] {
        run(&mut site.cmd(&format!("{CREATE} --secret-file {name}")))
            .fails(5, &format!("the secret file '{name}' already exists"));
    }
    assert_eq!(fs::read_to_string(site.path("there")).unwrap(), "mine");
    assert!(!site.path("nowhere").exists());
    assert_eq!(site.ids().len(), 1);
}

#[test]
fn a_secret_file_holds_the_token_without_a_newline_and_the_id_goes_to_standard_output() {
    let site = Site::new();
    let ran = site.run(&format!("{CREATE} --secret-file secret"));
    let token = fs::read_to_string(site.path("secret")).unwrap();
    assert_eq!(token.trim_end(), token);
    assert_eq!(ran.stdout, format!("{}\n", id_of(&token)));
    assert_eq!(site.verify(token), 0);
}

#[test]
fn a_shell_variable_takes_the_token_and_nothing_else() {
    let site = Site::new();
    let script =
        "T=$(keyctl create --scope inference --expires 90d 2>/dev/null) && printf %s \"$T\"";
    let token = run(&mut site.sh(script)).code(0).stdout;
    assert_eq!(token.len(), 65);
    assert!(
        token
            .bytes()
            .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    );
    assert_eq!(site.verify(&token), 0);
}

#[test]
fn a_token_goes_to_a_regular_file_whole() {
    let site = Site::new();
    run(&mut site.sh("keyctl create --scope inference >token 2>/dev/null")).code(0);
    let token = fs::read_to_string(site.path("token")).unwrap();
    assert_eq!(token.len(), 66);
    assert!(token.ends_with('\n'));
    assert_eq!(site.verify(token), 0);
}

#[test]
fn the_whole_life_of_a_key_runs_in_a_shell() {
    let script = r#"
        set -eu
        code() { c=0; "$@" >/dev/null 2>&1 || c=$?; printf '%s ' "$c"; }
        check() { printf %s "$1" >presented; shift; code keyctl verify --key-file presented "$@"; }
        T=$(keyctl create --scope inference --name ci 2>/dev/null)
        check "$T" --scope inference
        check "$T" --scope project
        N=$(keyctl rotate ci --grace 1h 2>/dev/null)
        check "$T"; check "$N"
        O=$(keyctl rotate ci 2>/dev/null)
        check "$N"; check "$O"
        printf %s "$O" | keyctl delete - --yes 2>/dev/null
        check "$O"
    "#;
    let site = Site::new();
    run(&mut site.sh(script)).code(0).stdout("0 6 0 0 1 0 1 ");
}

#[test]
fn disable_reads_an_env_file_and_stops_what_it_can() {
    let site = Site::new();
    let (token, other) = (site.create(), site.create());
    fs::write(
        site.path(".env"),
        format!("\u{feff}# keys\r\nexport API_KEY=\"{token}\"\r\nOTHER='{other}'\r\nPASSWORD=hunter2\r\n"),
    )
    .unwrap();
    let ran = run(&mut site.sh("cat .env | keyctl disable -")).code(3);
    assert!(!ran.stderr.contains("hunter2"), "{ran:#?}");
    ran.says("line 1: there is no key '# keys'\n")
        .says("keyctl: 2 of 4 KEYs stopped nothing; the other 2 are stopped\n");
    assert_eq!(site.verify(&token), 1);
    assert_eq!(site.verify(&other), 1);
}

#[test]
fn a_token_in_utf_8_with_a_mark_is_taken_by_every_command_that_reads_one() {
    let site = Site::new();
    let token = site.create();
    fs::write(site.path("token"), format!("\u{feff}{token}\r\n")).unwrap();
    for line in [
        "verify --key-file token",
        "verify <token",
        "verify --batch --key-file token",
        "show - <token",
        "log --key - <token",
        "edit - --label a=b <token",
        "disable - <token",
        "enable - <token",
        "rotate - --grace 1h <token",
        "delete - --yes <token",
    ] {
        run(&mut site.sh(&format!("exec keyctl {line}"))).code(0);
    }
}

#[test]
fn disable_stops_nothing_and_fails_where_standard_input_cannot_be_read() {
    let site = Site::new();
    let token = site.create();
    let id = id_of(&token);
    run(&mut site.sh("exec keyctl disable - </")).fails(5, "cannot read standard input: ");
    run(&mut site.sh(&format!("exec keyctl disable {id} - </")))
        .fails(5, "cannot read standard input: ");
    assert_eq!(site.verify(&token), 0);
}

#[test]
fn verify_reads_a_token_from_a_pipe_a_file_or_a_variable() {
    let site = Site::new();
    let token = site.create();
    fs::write(site.path("token"), format!("{token}\n")).unwrap();

    run_with(&mut site.cmd("verify"), format!("Bearer {token}\r\n")).code(0);
    run_with(&mut site.cmd("verify --key-file -"), &token).code(0);
    run(&mut site.cmd("verify --key-file token")).code(0);
    run(site.cmd("verify --key-env API_KEY").env("API_KEY", &token)).code(0);
}

#[test]
fn a_source_that_is_named_never_falls_back_to_standard_input() {
    let site = Site::new();
    let token = site.create();
    run_with(&mut site.cmd("verify --key-file missing"), &token)
        .fails(5, "cannot read the key file 'missing'");
    run_with(&mut site.cmd("verify --key-env API_KEY"), &token)
        .fails(2, "the environment variable 'API_KEY' is unset or empty");
    fs::write(site.path("empty"), "").unwrap();
    run_with(&mut site.cmd("verify --key-file empty"), &token).code(1);
}

#[test]
fn verify_with_standard_input_closed_rejects_and_does_not_wait() {
    let site = Site::new();
    site.create();
    run(&mut site.sh("exec keyctl verify <&-"))
        .code(1)
        .says("malformed");
}

#[test]
fn verify_asks_nobody_where_only_its_input_is_a_directory() {
    let site = Site::new();
    site.create();
    run(&mut site.sh("exec keyctl verify </")).fails(5, "cannot read standard input");
}

#[test]
fn verify_tells_a_script_by_its_exit_code_alone_where_its_output_is_closed() {
    let site = Site::new();
    let token = site.create();
    run_with(&mut site.sh("exec keyctl verify >&- 2>&-"), &token).code(0);
    run_with(
        &mut site.sh("exec keyctl verify --scope project >&- 2>&-"),
        &token,
    )
    .code(6);
    run_with(&mut site.sh("exec keyctl verify >&- 2>&-"), "x").code(1);
}

#[test]
fn verify_reads_no_more_of_an_endless_input_than_a_token_may_have() {
    let site = Site::new();
    site.create();
    run(site.cmd("verify").stdin(File::open("/dev/zero").unwrap())).code(1);
}

#[test]
fn list_and_show_stay_quiet_when_their_reader_goes_away() {
    let site = Site::new();
    let token = site.create();
    let id = id_of(&token);
    for line in [
        "list",
        "list --format json",
        "list --format csv",
        "list --format ids",
        &format!("show {id}"),
        &format!("show {id} --format json"),
    ] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        run(site.cmd(line).stdout(writer)).code(0).stderr("");
    }
}

#[test]
fn a_list_longer_than_any_buffer_stays_quiet_too_when_its_reader_goes_away() {
    let site = Site::new();
    site.run("create --scope inference --count 2");
    // Hashing as many would take its time; the name alone fills the buffers as well.
    let name = "x".repeat(20_000);
    site.sql()
        .execute("UPDATE keys SET name = ?1 || id", [name])
        .unwrap();
    for format in ["table", "lines", "json", "jsonl", "csv", "ids"] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let line = format!("list --format {format}");
        run(site.cmd(&line).stdout(writer)).code(0).stderr("");
    }
}

#[test]
fn the_first_line_of_a_list_can_be_cut_off() {
    let site = Site::new();
    site.run("create --scope inference --count 3");
    let ran = run(&mut site.sh("{ keyctl list --quiet; echo $? >&2; } | head -1")).code(0);
    assert_eq!(ran.stdout.lines().count(), 1);
    assert!(ran.stdout.starts_with("ID"));
    assert_eq!(ran.stderr, "0\n");
}

#[test]
fn a_list_that_cannot_be_written_is_a_failure() {
    let site = Site::new();
    site.create();
    for line in ["list", "list --format json", "list --format csv"] {
        fails_into(
            &site,
            Sink::FullDevice,
            line,
            "cannot write to standard output",
        );
    }
}

#[test]
fn what_prints_data_fails_where_its_output_is_closed_and_nowhere_else() {
    let site = Site::new();
    let id = id_of(&site.create());
    let lines = [
        "list",
        "list --format json",
        "list --format csv",
        "list --format ids",
        &format!("show {id}"),
        &format!("show {id} --format json"),
        "log",
        "log --head",
        "log --check",
        "policy show",
        "scope list",
        "admin list",
        "doctor --format json",
        "completions bash",
        "--help",
        "help list",
        "--version",
    ];
    for line in lines {
        fails_into(
            &site,
            Sink::Closed,
            line,
            "cannot write to standard output: ",
        );
        // Who throws it away on purpose means it, however the device was opened.
        for script in [
            format!("exec keyctl {line} >/dev/null"),
            format!("exec keyctl {line} 1<>/dev/null"),
            format!("exec keyctl {line} </dev/null >/dev/null 2>&-"),
            format!("exec keyctl {line} <&- >/dev/null"),
        ] {
            run(&mut site.sh(&script)).code(0);
        }
    }
}

#[test]
fn verify_of_many_fails_where_its_output_is_closed() {
    let site = Site::new();
    let token = site.create();
    let lines = format!("{token}\n");
    run_with(&mut site.sh("exec keyctl verify --batch >&-"), &lines)
        .code(5)
        .says("keyctl: cannot write to standard output: ");
    run_with(
        &mut site.sh("exec keyctl verify --batch >/dev/null"),
        &lines,
    )
    .code(0);
    // One verdict is the exit code.
    for (presented, code) in [(token.as_str(), 0), ("x", 1)] {
        let json = "exec keyctl verify --format json >&-";
        run_with(&mut site.sh(json), presented)
            .code(code)
            .stderr("");
    }
}

#[test]
fn a_secret_file_is_written_where_standard_output_is_closed() {
    let site = Site::new();
    let ran = run(&mut site.sh("exec keyctl create --scope inference --secret-file t >&-")).code(0);
    let token = fs::read_to_string(site.path("t")).unwrap();
    assert!(ran.stderr.contains(&id_of(&token)), "{ran:?}");
    assert_eq!(site.verify(&token), 0);
}
