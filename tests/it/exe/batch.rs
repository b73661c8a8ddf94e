//! A batch as a process: what others see of it while it runs, and what it takes.

use super::harness::{Site, finish, run, wait};
use super::terminal::Terminal;
use crate::harness::id_of;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

const UNKNOWN: &str = "{\"valid\":false,\"reason\":\"unknown\"}\n";

/// A batch that waits for more.
struct Open {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Open {
    fn start(site: &Site) -> Self {
        let mut command = site.cmd("verify --batch");
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        Open {
            stdin: child.stdin.take().unwrap(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// The verdict on a line, while the input stays open.
    fn ask(&mut self, token: &str) -> String {
        writeln!(self.stdin, "{token}").unwrap();
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    fn end(self) -> u8 {
        drop(self.stdin);
        wait(self.child)
    }
}

#[test]
fn each_verdict_is_out_before_the_next_line_comes_and_knows_of_all_that_was_done_before_it() {
    for hash in ["argon2id", "sha256"] {
        let site = Site::new();
        let token = site.create();
        let id = id_of(&token);
        site.run(&format!("policy set hash {hash}"));
        let mut batch = Open::start(&site);
        assert!(batch.ask(&token).starts_with("{\"valid\":true,"));
        site.run(&format!("disable {id}"));
        assert!(batch.ask(&token).contains("\"disabled\""));
        site.run(&format!("enable {id}"));
        assert!(batch.ask(&token).starts_with("{\"valid\":true,"));
        site.run(&format!("delete {id} --yes"));
        assert_eq!(batch.ask(&token), UNKNOWN);
        assert_eq!(batch.end(), 1);
    }
}

#[test]
fn memory_does_not_grow_with_the_input() {
    let site = Site::cheap();
    site.run("policy set hash sha256");
    let token = site.create();
    let mut file = File::create(site.path("tokens")).unwrap();
    for _ in 0..2_000 {
        writeln!(file, "{token}").unwrap();
    }
    // A line that has no end, and more of others than could be held.
    file.write_all(&vec![b'x'; 32 << 20]).unwrap();
    file.write_all("\ny".repeat(100_000).as_bytes()).unwrap();
    drop(file);
    let script = "ulimit -d 24576; exec keyctl verify --batch --no-touch <tokens >verdicts";
    run(&mut site.sh(script))
        .code(1)
        .stderr("102001 tokens: 2000 valid, 100001 rejected\n");
    let verdicts = std::fs::read_to_string(site.path("verdicts")).unwrap();
    assert_eq!(verdicts.lines().count(), 102_001);
}

#[test]
fn where_nobody_takes_the_verdicts_it_fails() {
    let site = Site::cheap();
    let token = site.create();
    let mut command = site.cmd("verify --batch");
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // More than the first verdict is lost on: it may have ended by then.
    for _ in 0..100 {
        if writeln!(stdin, "{token}").is_err() {
            break;
        }
    }
    drop(stdin);
    finish(child)
        .code(5)
        .says("keyctl: cannot write to standard output");
}

#[test]
fn a_bar_is_drawn_on_the_terminal_while_it_lasts_and_is_gone_after() {
    let site = Site::new();
    let token = site.create();
    // Long enough for anybody to ask how long it will take, on whatever machine.
    site.run("policy set argon2-iterations 30");
    let renewed = site.create();
    let text = format!("{renewed}\n").repeat(12) + &token;
    std::fs::write(site.path("tokens"), text).unwrap();
    let mut command = site.sh("exec keyctl verify --batch --no-touch --key-file tokens >verdicts");
    command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
    command.env("TERM", "xterm");
    let mut terminal = Terminal::start(command.into(), 60);
    terminal.expect(" %, ");
    let session = terminal.finish();
    assert_eq!(session.code, 0);
    let end = "\r\u{1b}[2K13 tokens: 13 valid, 0 rejected\n";
    assert!(session.screen.ends_with(end), "{session:#?}");
}

#[test]
fn a_batch_that_has_failed_does_not_wait_for_another_line() {
    let site = Site::cheap();
    let token = site.create();
    site.sql()
        .execute("UPDATE keys SET hash = 'x'", [])
        .unwrap();
    let mut batch = Open::start(&site);
    assert_eq!(batch.ask(&token), "");
    // Its input is still open.
    assert_eq!(wait(batch.child), 5);
    drop(batch.stdin);
}

#[test]
fn a_batch_asks_the_store_that_is_there_now() {
    let site = Site::cheap();
    let token = site.create();
    std::fs::copy(site.db(), site.path("old.db")).unwrap();
    site.run(&format!("delete {} --yes", id_of(&token)));
    std::fs::rename(site.db(), site.path("new.db")).unwrap();
    std::fs::rename(site.path("old.db"), site.db()).unwrap();
    let mut batch = Open::start(&site);
    assert!(batch.ask(&token).starts_with("{\"valid\":true,"));
    std::fs::rename(site.path("new.db"), site.db()).unwrap();
    for log in ["keyctl.db-wal", "keyctl.db-shm"] {
        drop(std::fs::remove_file(site.path(log)));
    }
    assert_eq!(batch.ask(&token), UNKNOWN);
    std::fs::remove_file(site.db()).unwrap();
    assert_eq!(batch.ask(&token), "");
    assert_eq!(wait(batch.child), 5);
}
