//! `--exec` at a terminal: the command may ask there, and the terminal is given back.

use super::{Fixture, is_alive};
use crate::exe::terminal::Terminal;
use std::fs;
use std::process::Command;

const CTRL_C: &str = "\u{3}";
const CTRL_Z: &str = "\u{1a}";

/// Script of a command that asks a question at the terminal.
const ASK: &str = "cat > got; printf 'passphrase? ' > /dev/tty; read -r line < /dev/tty; \
                   echo \"read $line\"; echo $$ > pid";

/// A shell with job control that rotates the key and hands the token to a shell with `script`.
fn shell(key: &Fixture, script: &str, then: &str) -> Command {
    shell_of(key, script, &format!("{ROTATE} >id; {then}"))
}

/// The command line that rotates the key and hands the token to a shell with `$SCRIPT`.
const ROTATE: &str = "keyctl rotate ci --grace 1h --exec -- sh -c \"$SCRIPT\"";

/// A shell with job control that runs `line`.
fn shell_of(key: &Fixture, script: &str, line: &str) -> Command {
    let mut shell = key.site.clean("sh");
    shell
        .args(["-mc", line])
        .env("KEYCTL_DB", key.site.db())
        .env("SCRIPT", script);
    shell
}

#[test]
fn the_command_may_ask_at_the_terminal() {
    let key = Fixture::new();
    let then = "echo code $?; read -r line; echo \"the shell read $line\"";
    let mut terminal = Terminal::start(shell(&key, ASK, then).into(), 80);
    terminal.expect("passphrase? ");
    terminal.type_in("open sesame\r");
    terminal.expect("code 0\n");
    terminal.type_in("on\r");
    terminal.expect("the shell read on\n");
    let session = terminal.finish();
    assert!(
        session.screen.contains("\nread open sesame\n"),
        "{session:#?}"
    );
    assert_eq!(key.site.verify(key.got()), 0);
}

#[test]
fn ctrl_c_while_the_command_runs_undoes_the_rotation() {
    let key = Fixture::new();
    let mut terminal = Terminal::start(shell(&key, ASK, "echo code $?").into(), 80);
    terminal.expect("passphrase? ");
    terminal.type_in(CTRL_C);
    terminal.expect("code 130\n");
    let session = terminal.finish();
    assert!(
        session.screen.contains("the rotation was undone"),
        "{session:#?}"
    );
    key.is_as_before();
}

#[test]
fn ctrl_z_while_the_command_runs_stops_both_and_fg_continues_both() {
    let key = Fixture::new();
    let then = "echo stopped; read -r line; echo \"the shell read $line\"; fg; echo code $?";
    let mut terminal = Terminal::start(shell(&key, ASK, then).into(), 80);
    terminal.expect("passphrase? ");
    terminal.type_in(CTRL_Z);
    terminal.expect("stopped\n");
    terminal.type_in("on\r");
    terminal.expect("the shell read on\n");
    terminal.type_in("open sesame\r");
    terminal.expect("code 0\n");
    let session = terminal.finish();
    assert!(
        session.screen.contains("\nread open sesame\n"),
        "{session:#?}"
    );
    assert_eq!(key.site.verify(key.got()), 0);
    assert!(!is_alive(&key.site));
}

#[test]
fn ctrl_z_stops_the_whole_pipe_or_script_and_fg_continues_it() {
    let then = "echo stopped; read -r line; fg; echo code $?";
    for job in [
        format!("{ROTATE} | cat >id"),
        format!("sh -c '{ROTATE} >id; exit $?'"),
    ] {
        let key = Fixture::new();
        let line = format!("{job}; {then}");
        let mut terminal = Terminal::start(shell_of(&key, ASK, &line).into(), 80);
        terminal.expect("passphrase? ");
        terminal.type_in(CTRL_Z);
        terminal.expect("stopped\n");
        terminal.type_in("on\r");
        terminal.type_in("open sesame\r");
        terminal.expect("code 0\n");
        let session = terminal.finish();
        let read = session.screen.contains("read open sesame\n");
        assert!(read, "{job}: {session:#?}");
        assert_eq!(key.site.verify(key.got()), 0);
    }
}

#[test]
fn ctrl_z_has_no_effect_where_no_shell_could_continue() {
    let key = Fixture::new();
    let rotate = key.site.exec("rotate ci --grace 1h", ASK);
    let mut terminal = Terminal::start(rotate.into(), 80);
    terminal.expect("passphrase? ");
    terminal.type_in(CTRL_Z);
    terminal.type_in("open sesame\r");
    terminal.expect("read open sesame\n");
    assert_eq!(terminal.finish().code, 0);
    assert_eq!(key.site.verify(key.got()), 0);
}

#[test]
fn a_job_of_the_background_is_stopped_as_its_command_asks_and_may_ask_after_fg() {
    let key = Fixture::new();
    let line = format!(
        "{ROTATE} >id & until jobs >jobs; grep -q Stopped jobs; do :; done; fg; echo code $?"
    );
    let mut terminal = Terminal::start(shell_of(&key, ASK, &line).into(), 80);
    // The shell shows the job as it continues it.
    terminal.expect("keyctl rotate");
    terminal.type_in("open sesame\r");
    terminal.expect("code 0\n");
    let session = terminal.finish();
    let read = session.screen.contains("read open sesame\n");
    assert!(read, "{session:#?}");
    assert_eq!(key.site.verify(key.got()), 0);
}

#[test]
fn a_command_may_ask_that_came_to_the_foreground_after_its_start() {
    let key = Fixture::new();
    key.site.fifo();
    let script = format!(": >runs; cat fifo; {ASK}");
    let line = format!("{ROTATE} >id & until test -e runs; do :; done; fg; echo code $?");
    let mut terminal = Terminal::start(shell_of(&key, &script, &line).into(), 80);
    terminal.expect("keyctl rotate");
    fs::write(key.site.path("fifo"), "").unwrap();
    terminal.expect("passphrase? ");
    terminal.type_in("open sesame\r");
    terminal.expect("code 0\n");
    let session = terminal.finish();
    let read = session.screen.contains("read open sesame\n");
    assert!(read, "{session:#?}");
    assert_eq!(key.site.verify(key.got()), 0);
}

#[test]
fn ctrl_z_stops_the_job_also_after_a_question_of_its_own() {
    let key = Fixture::new();
    fs::write(
        key.site.path("others"),
        "name,token\nweb,sk-Zq8mT3vXw1Lr7KpYb2Nc\n",
    )
    .unwrap();
    key.site.run("import others --scope inference").code(0);
    let rotate = ROTATE.replace(" ci --grace 1h", " web");
    let line = format!("{rotate} >id; echo stopped; read -r line; fg; echo code $?");
    let mut terminal = Terminal::start(shell_of(&key, ASK, &line).into(), 80);
    terminal.expect("[y/N] ");
    terminal.type_in("y\r");
    terminal.expect("passphrase? ");
    terminal.type_in(CTRL_Z);
    terminal.expect("stopped\n");
    terminal.type_in("on\r");
    terminal.type_in("open sesame\r");
    terminal.expect("code 0\n");
    let session = terminal.finish();
    let read = session.screen.contains("read open sesame\n");
    assert!(read, "{session:#?}");
    assert_eq!(key.site.verify(key.got()), 0);
}
