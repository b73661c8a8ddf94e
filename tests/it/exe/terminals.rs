//! What only shows at a terminal: prompts, signals at them, widths, colour.

use super::harness::{Site, run, skipped, until};
use super::strace::{self, Fault, failing};
use super::terminal::{Session, Terminal};
use crate::harness::id_of;
use pty_process::blocking::Command;
use rustix::process::Signal;
use std::fs;
use std::process::Stdio;

const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const CTRL_Z: &str = "\u{1a}";
const CTRL_BACKSLASH: &str = "\u{1c}";

/// How a colour begins.
const ESCAPE: &str = "\u{1b}[";

impl Site {
    /// Starts a command line at a terminal.
    fn at_terminal(&self, line: &str) -> Terminal {
        self.at_terminal_of(80, line)
    }

    /// A command line as a terminal that knows colours runs it.
    fn shown(&self, line: &str) -> std::process::Command {
        let mut command = self.cmd(line);
        command.env("TERM", "xterm-256color");
        command
    }

    fn at_terminal_of(&self, columns: u16, line: &str) -> Terminal {
        Terminal::start(self.shown(line).into(), columns)
    }
}

impl Session {
    /// It ended with `code`, and left the terminal as it was.
    #[track_caller]
    fn ends(self, code: u8) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        assert!(self.echoes, "{self:#?}");
        self
    }

    #[track_caller]
    fn shows(self, text: &str) -> Self {
        assert!(
            self.screen.contains(text),
            "not shown: {text:?} in {self:#?}"
        );
        self
    }
}

/// Answers the hidden prompt of `verify` with `typed`.
fn presents(site: &Site, typed: &str) -> Session {
    let mut terminal = site.at_terminal("verify");
    terminal.expect("Token: ");
    terminal.type_in(typed);
    terminal.finish()
}

#[test]
fn a_token_that_is_typed_is_verified_and_never_shown() {
    let site = Site::new();
    let token = site.create();
    let session = presents(&site, &format!("{token}\r"))
        .ends(0)
        .shows(&format!("Token: \nvalid: {}", id_of(&token)));
    assert!(!session.screen.contains(&token[18..30]), "{session:#?}");
}

#[test]
fn nothing_is_shown_from_the_moment_of_the_question_on() {
    let site = Site::new();
    site.create();
    let mut terminal = site.at_terminal("verify");
    terminal.expect("Token: ");
    assert!(!terminal.echoes());
    terminal.type_in("\r");
    terminal.finish().ends(1);
}

#[test]
fn a_wrong_token_that_is_typed_is_rejected_and_never_shown() {
    let site = Site::new();
    let token = site.create();
    let session = presents(&site, &format!("{token}x\r"))
        .ends(1)
        .shows("malformed");
    assert!(!session.screen.contains(&token[18..30]), "{session:#?}");
}

#[test]
fn ctrl_c_at_the_hidden_prompt_leaves_the_terminal_as_it_was() {
    let site = Site::new();
    site.create();
    let session = presents(&site, CTRL_C).ends(130);
    assert_eq!(
        session.screen.matches("interrupted").count(),
        1,
        "{session:#?}"
    );
}

#[test]
fn ctrl_d_at_the_hidden_prompt_is_no_answer() {
    let site = Site::new();
    site.create();
    presents(&site, CTRL_D)
        .ends(4)
        .shows("Token: \nkeyctl: not answered");
}

#[test]
fn a_token_that_is_typed_for_a_file_named_stdin_is_hidden_too() {
    let site = Site::new();
    let token = site.create();
    let mut terminal = site.at_terminal("verify --key-file -");
    terminal.expect("Token: ");
    assert!(!terminal.echoes());
    terminal.type_in(&format!("{token}\r"));
    let session = terminal.finish().ends(0);
    assert!(!session.screen.contains(&token[18..30]), "{session:#?}");
}

#[test]
fn a_key_that_is_typed_for_a_dash_is_asked_for_and_never_shown() {
    let site = Site::new();
    let token = site.create();
    let mut terminal = site.at_terminal("show -");
    terminal.expect("Key ID, name or token (not shown): ");
    assert!(!terminal.echoes());
    terminal.type_in(&format!("{token}\r"));
    let session = terminal.finish().ends(0).shows(&id_of(&token));
    assert!(!session.screen.contains(&token[18..30]), "{session:#?}");
}

#[test]
fn keys_that_are_typed_for_a_dash_are_awaited_aloud_and_never_shown() {
    let site = Site::new();
    let tokens = [site.create(), site.create()];
    let mut terminal = site.at_terminal("delete - --yes");
    terminal.expect("one per line and not shown; end with Ctrl-D\n");
    assert!(!terminal.echoes());
    for token in &tokens {
        terminal.type_in(&format!("{token}\r"));
    }
    assert!(!terminal.echoes());
    terminal.type_in(CTRL_D);
    let session = terminal.finish().ends(0);
    for token in &tokens {
        assert_eq!(site.verify(token), 1);
        assert!(!session.screen.contains(&token[18..30]), "{session:#?}");
    }
}

#[test]
fn ctrl_c_while_keys_are_typed_leaves_the_terminal_as_it_was() {
    let site = Site::new();
    let token = site.create();
    let mut terminal = site.at_terminal("delete - --yes");
    terminal.expect("end with Ctrl-D");
    terminal.type_in(&format!("{token}\r{CTRL_C}"));
    terminal
        .finish()
        .ends(130)
        .shows("keyctl: interrupted: nothing was changed\n")
        .shows("hint: end with Ctrl-D, not Ctrl-C\n");
    assert_eq!(site.verify(&token), 0);
}

#[test]
fn what_is_typed_at_a_hidden_prompt_and_not_read_is_left_to_nobody() {
    let site = Site::new();
    let tokens = [site.create(), site.create()];
    for (line, asked) in [("verify", "Token: "), ("show -", "(not shown): ")] {
        // The next line of what was pasted would go to the shell.
        let mut terminal = site.at_terminal(line);
        terminal.expect(asked);
        terminal.type_in(&format!("{}\r{}\r", tokens[0], tokens[1]));
        assert_eq!(terminal.finish_and_read(), (0, "\n".to_owned()), "{line}");
    }
    // And so would what a signal cuts short. The end of the first line is shown: then all of it is there.
    let mut terminal = site.at_terminal("delete - --yes");
    terminal.expect("end with Ctrl-D\n");
    terminal.take();
    terminal.type_in(&format!("{}\r{}", tokens[0], &tokens[1][..30]));
    terminal.expect("\n");
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.finish_and_read(), (143, "\n".to_owned()));
    assert_eq!(site.verify(&tokens[0]), 0);
}

#[test]
fn ctrl_z_at_the_hidden_prompt_does_not_let_the_rest_be_shown() {
    let site = Site::new();
    let token = site.create();
    let session = presents(&site, &format!("{CTRL_Z}{token}\r")).ends(0);
    assert!(!session.screen.contains(&token[18..30]), "{session:#?}");
}

/// Starts `keyctl` with the command line `line` as a job of a shell, types Ctrl-Z at `question`, then a line for
/// the shell, continues the job, and returns where the question is asked again.
fn stopped_and_continued(site: &Site, line: &str, question: &str) -> Terminal {
    let script = format!(
        "keyctl {line}; echo stopped; read line; echo \"read $line\"; fg >fg.out; echo code $?"
    );
    let mut shell = site.clean("sh");
    shell
        .args(["-mc", &script])
        .env("KEYCTL_DB", site.db())
        .env("TERM", "xterm-256color");
    let mut terminal = Terminal::start(shell.into(), 80);
    terminal.expect(question);
    terminal.type_in(CTRL_Z);
    terminal.expect("stopped\n");
    assert!(terminal.echoes());
    terminal.type_in("for the shell\r");
    terminal.expect("for the shell\nread for the shell\n");
    terminal.until("the question again", |screen| {
        screen.matches(question).count() == 2
    });
    terminal
}

#[test]
fn ctrl_z_at_the_hidden_prompt_stops_it_and_after_fg_what_is_typed_is_hidden() {
    let site = Site::new();
    let token = site.create();
    for (line, question) in [
        ("verify", "Token: "),
        ("show -", "Key ID, name or token (not shown): "),
    ] {
        let mut terminal = stopped_and_continued(&site, line, question);
        assert!(!terminal.echoes());
        terminal.type_in(&format!("{token}\r"));
        terminal.expect("code 0\n");
        let session = terminal.finish().ends(0).shows(&id_of(&token));
        assert!(!session.screen.contains(&token[18..30]), "{session:#?}");
    }
}

#[test]
fn ctrl_z_at_a_question_stops_it_and_after_fg_it_is_asked_again() {
    let site = Site::new();
    let id = id_of(&site.create());
    let line = format!("delete {id}");
    let mut terminal = stopped_and_continued(&site, &line, "[y/N] ");
    assert!(terminal.echoes());
    terminal.type_in("y\r");
    terminal.finish().ends(0).shows("code 0\n");
    assert!(site.record(&id).contains(r#""state":"deleted""#));
}

#[test]
fn ctrl_c_after_ctrl_z_and_fg_leaves_the_terminal_as_it_was() {
    let site = Site::new();
    site.create();
    let mut terminal = stopped_and_continued(&site, "verify", "Token: ");
    terminal.type_in(CTRL_C);
    terminal.expect("code 130\n");
    terminal.finish().ends(0);
}

#[test]
fn a_token_that_is_mended_while_it_is_typed_is_read_as_mended() {
    let site = Site::new();
    let token = site.create();
    presents(&site, &format!("xyz\u{15}{token}q\u{7f}\r")).ends(0);
}

#[test]
fn a_signal_at_the_hidden_prompt_leaves_the_terminal_as_it_was() {
    let site = Site::new();
    site.create();
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::INT, 130),
        (Signal::QUIT, 131),
    ] {
        let mut terminal = site.at_terminal("verify");
        terminal.expect("Token: ");
        terminal.signal(signal);
        terminal.finish().ends(code);
    }
}

#[test]
fn verify_does_not_ask_where_nobody_would_see_the_question() {
    let site = Site::new();
    site.create();
    let command = Command::from(site.cmd("verify")).stderr(Stdio::null());
    Terminal::start(command, 80).finish().ends(4);
}

#[test]
fn a_command_that_asks_is_refused_where_only_its_input_is_no_terminal() {
    let site = Site::new();
    let id = id_of(&site.create());
    let command = Command::from(site.cmd(&format!("delete {id}"))).stdin(Stdio::null());
    Terminal::start(command, 80).finish().ends(4).shows("--yes");
}

/// What a command that asks is answered, its exit code, and whether it does what it asked about.
const ANSWERS: [(&str, u8, bool); 6] = [
    ("y\r", 0, true),
    ("YES\r", 0, true),
    ("n\r", 4, false),
    ("\r", 4, false),
    (CTRL_D, 4, false),
    (CTRL_C, 130, false),
];

#[test]
fn delete_asks_and_does_nothing_without_a_yes() {
    for (answer, code, deleted) in ANSWERS {
        let site = Site::new();
        let token = site.create();
        let id = id_of(&token);
        let mut terminal = site.at_terminal(&format!("delete {id}"));
        terminal.expect("Delete 1 key? [y/N] ");
        terminal.type_in(answer);
        terminal
            .finish()
            .ends(code)
            .shows(&id)
            .shows("no use recorded");
        assert_eq!(site.verify(&token), u8::from(deleted), "{answer:?}");
    }
}

#[test]
fn purge_asks_and_does_nothing_without_a_yes() {
    for (answer, code, purged) in ANSWERS {
        let site = Site::new();
        let id = id_of(&site.create());
        site.run(&format!("delete {id} --yes"));
        let mut terminal = site.at_terminal("purge");
        terminal.expect("Purge 1 key? [y/N] ");
        terminal.type_in(answer);
        terminal.finish().ends(code).shows(&id);
        assert_eq!(site.ids().is_empty(), purged, "{answer:?}");
    }
}

#[test]
fn rotate_of_a_key_in_use_asks_and_does_nothing_without_a_yes() {
    for (answer, code, rotated) in ANSWERS {
        let site = Site::new();
        let token = site.create();
        assert_eq!(site.verify(&token), 0);
        let mut terminal = site.at_terminal(&format!("rotate {}", id_of(&token)));
        terminal.expect("Rotate it without a grace period? [y/N] ");
        terminal.type_in(answer);
        terminal.finish().ends(code).shows("was last used ");
        assert_eq!(site.ids().len(), 1 + usize::from(rotated), "{answer:?}");
        assert_eq!(site.verify(&token), u8::from(rotated), "{answer:?}");
    }
}

#[test]
fn rotate_with_undo_asks_and_does_nothing_without_a_yes() {
    for (answer, code, undone) in ANSWERS {
        let site = Site::new();
        let old = site.create();
        let new = site.run(&format!("rotate {} --grace 1h", id_of(&old)));
        let mut terminal = site.at_terminal(&format!("rotate {} --undo", id_of(&old)));
        terminal.expect("Undo the rotation? [y/N] ");
        terminal.type_in(answer);
        terminal.finish().ends(code);
        assert_eq!(site.verify(&old), 0, "{answer:?}");
        assert_eq!(site.verify(&new.stdout), u8::from(undone), "{answer:?}");
    }
}

#[test]
fn a_signal_at_a_confirmation_changes_nothing() {
    let site = Site::new();
    let token = site.create();
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let mut terminal = site.at_terminal(&format!("delete {}", id_of(&token)));
        terminal.expect("[y/N] ");
        terminal.signal(signal);
        terminal.finish().ends(code).shows("nothing was changed");
        assert_eq!(site.verify(&token), 0);
    }
}

#[test]
fn ctrl_backslash_at_a_confirmation_changes_nothing() {
    let site = Site::new();
    let token = site.create();
    let mut terminal = site.at_terminal(&format!("delete {}", id_of(&token)));
    terminal.expect("[y/N] ");
    terminal.type_in(CTRL_BACKSLASH);
    terminal.finish().ends(131);
    assert_eq!(site.verify(&token), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_command_that_waits_for_its_turn_after_a_yes_can_be_interrupted() {
    let site = Site::new();
    let token = site.create();
    let lock = site.sql();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut terminal = site.at_terminal(&format!("delete {}", id_of(&token)));
    terminal.expect("[y/N] ");
    terminal.type_in("y\r");
    // Whatever watches for signals at a prompt is a second thread.
    let threads = format!("/proc/{}/task", terminal.pid().as_raw_nonzero());
    until("the prompt is over", || {
        fs::read_dir(&threads).unwrap().count() == 1
    });

    terminal.type_in(CTRL_C);

    // Uninterrupted, it would fail at the end of its patience, with another code.
    terminal.finish().ends(130);
    lock.execute_batch("ROLLBACK").unwrap();
    assert_eq!(site.verify(&token), 0);
}

#[test]
fn create_gives_up_at_a_terminal_that_was_stopped() {
    let site = Site::new();
    let other = site.create();
    let command = Command::from(site.cmd("create --scope inference")).stderr(Stdio::null());
    Terminal::start_stopped(command).finish().ends(5);
    assert_eq!(site.ids(), [id_of(&other)]);
}

#[test]
fn a_token_at_a_terminal_stands_alone_on_its_line() {
    let site = Site::new();
    let session = site
        .at_terminal("create --scope inference")
        .finish()
        .ends(0);
    let reminder = "\nthat is the token; it is shown only this once\ncreated ";
    assert!(session.screen.contains(reminder), "{session:?}");
    let token = session
        .screen
        .lines()
        .find(|line| line.starts_with("kc_"))
        .unwrap();
    assert_eq!(site.verify(token), 0);
}

#[test]
fn the_beginning_of_an_id_changes_a_key_at_a_terminal_only() {
    let site = Site::new();
    let id = id_of(&site.create());
    let prefix = &id[..6];
    site.run(&format!("show {prefix}"));
    run(&mut site.cmd(&format!("disable {prefix}"))).fails(3, "there is no key");

    site.at_terminal(&format!("disable {prefix}"))
        .finish()
        .ends(0);

    let record = site.record(&id);
    assert!(record.contains(r#""state":"disabled""#), "{record}");
}

/// A store with long names and labels, keys in every state, and names in wide characters.
fn crowded() -> Site {
    let site = Site::new();
    let long = "a-name-that-goes-on-and-on-".repeat(4);
    site.run(&format!(
        "create --scope inference,project --name {long} --owner somebody-with-a-rather-long-name"
    ));
    site.run("create --scope inference --name 鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵");
    site.run("create --scope inference --name old --expires 45m");
    site.run("rotate old --grace 10m");
    site.run("create --scope inference --name off");
    site.run("disable off");
    site
}

/// The columns that a line takes on a screen.
fn width(line: &str) -> usize {
    line.chars()
        .map(|c| if c > '\u{1100}' { 2 } else { 1 })
        .sum()
}

#[test]
fn a_table_fits_its_terminal_and_breaks_no_id() {
    let site = crowded();
    let ids = site.ids();
    for columns in [20, 40, 60, 80, 120] {
        let mut command = site.cmd("list --state all --quiet");
        command.env("NO_COLOR", "1");
        let session = Terminal::start(command.into(), columns).finish().ends(0);
        for line in session.screen.lines() {
            assert!(width(line) <= usize::from(columns), "{columns}: {line:?}");
        }
        for id in &ids {
            let whole = session.screen.lines().any(|line| line.starts_with(id));
            assert!(whole, "{columns}: {id} in {session:#?}");
        }
    }
}

#[test]
fn a_table_in_a_pipe_is_as_wide_as_it_needs() {
    let site = crowded();
    let listed = site.run("list --state all").stdout;
    assert_eq!(listed.lines().count(), site.ids().len() + 1);
    assert!(listed.contains(&"a-name-that-goes-on-and-on-".repeat(4)));
}

#[test]
fn one_key_shown_fits_its_terminal_or_wraps_and_keeps_its_id_whole() {
    let site = crowded();
    for id in site.ids() {
        let mut command = site.cmd(&format!("show {id}"));
        command.env("NO_COLOR", "1");
        Terminal::start(command.into(), 60)
            .finish()
            .ends(0)
            .shows(&id);
    }
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let site = Site::new();
    let id = id_of(&site.create());
    for line in [
        "list",
        &format!("show {id}"),
        "policy show",
        "--help",
        "list -h",
    ] {
        site.at_terminal(line).finish().ends(0).shows(ESCAPE);

        let mut plain = site.shown(line);
        plain.env("NO_COLOR", "1");
        let plain = Terminal::start(plain.into(), 80).finish().ends(0);
        assert!(!plain.screen.contains(ESCAPE), "{plain:#?}");

        let never = site
            .at_terminal(&format!("{line} --color never"))
            .finish()
            .ends(0);
        assert!(!never.screen.contains(ESCAPE), "{never:#?}");

        assert!(!site.run(line).stdout.contains(ESCAPE));
        assert!(
            site.run(&format!("{line} --color always"))
                .stdout
                .contains(ESCAPE)
        );
    }
}

#[test]
fn a_terminal_that_is_dumb_or_says_nothing_of_itself_gets_no_colour() {
    let site = Site::new();
    site.create();
    for line in ["list", "--help"] {
        for terminal in [Some("dumb"), Some(""), None] {
            let mut command = site.cmd(line);
            command.envs(terminal.map(|terminal| ("TERM", terminal)));
            let session = Terminal::start(command.into(), 80).finish().ends(0);
            assert!(
                !session.screen.contains(ESCAPE),
                "{terminal:?}: {session:#?}"
            );
        }
        let mut command = site.cmd(&format!("{line} --color always"));
        command.env("TERM", "dumb");
        Terminal::start(command.into(), 80)
            .finish()
            .ends(0)
            .shows(ESCAPE);
    }
}

#[test]
fn a_state_is_coloured_where_a_flag_says_always_and_a_variable_says_no() {
    let site = Site::new();
    site.create();
    let mut command = site.cmd("list --color always");
    command.env("NO_COLOR", "1").env("TERM", "dumb");
    let shown = run(&mut command).code(0).stdout;
    assert!(shown.contains("\u{1b}[38;5;2mactive"), "{shown:?}");
}

#[test]
fn an_empty_no_color_asks_for_nothing() {
    let site = Site::new();
    site.create();
    let mut command = site.shown("list");
    command.env("NO_COLOR", "");
    Terminal::start(command.into(), 80)
        .finish()
        .ends(0)
        .shows(ESCAPE);
}

#[test]
fn a_prompt_fails_where_the_system_gives_no_thread() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    let id = id_of(&site.create());
    let no_thread = Fault {
        names: "clone,clone3".to_owned(),
        error: "EAGAIN",
        when: "1+".to_owned(),
    };
    let command = failing(&site.shown(&format!("delete {id}")), &[no_thread], &[]);
    Terminal::start(command.into(), 80)
        .finish()
        .ends(5)
        .shows("keyctl: cannot ask at the terminal: Resource temporarily unavailable");
    site.run(&format!("show {id}")).code(0);
}

/// A container may be entered by a process whose session and process group are out of its sight: the
/// system then tells 0 for both.
#[test]
fn a_prompt_works_where_the_process_group_is_in_another_container() {
    const ENTER: [&str; 3] = ["-Ur", "--pid", "--fork"];
    let site = Site::cheap();
    let token = site.create();
    let may = site.clean("unshare").args(ENTER).arg("true").status();
    if !may.is_ok_and(|status| status.success()) {
        return skipped("needs unshare, and leave to make a process namespace");
    }
    let mut command = site.clean("unshare");
    command.args(ENTER).args(["keyctl", "--db"]).arg(site.db());
    command.arg("verify");
    let mut terminal = Terminal::start(command.into(), 80);
    terminal.expect("Token: ");
    terminal.type_in(&format!("{token}\r"));
    terminal.finish().ends(0).shows("valid");
}
