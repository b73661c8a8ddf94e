//! `docs/rotate`: a service gets a new token, and never holds one that is not let in.

use super::{block, doc, keeps_off_arguments, shells};
use crate::exe::harness::{Site, content, finish, mode, path_with, run, until};
use crate::harness::{Ran, exe, id_of};
use std::fs;
use std::process::Command;

/// What stands between the script and each tool that it calls: it verifies the token in the file as a
/// service would, before the tool runs and after, and kills the script there if that is its turn.
const STEP: &str = r#"#!/bin/sh
tool=${0##*/}
check() {
    "$REAL" verify --no-touch --key-file api.token >/dev/null 2>&1 || echo "before or after $tool" >>outages
    echo x >>steps
    if [ "$(wc -l <steps)" = "$DIE_AT" ]; then
        kill -9 "$SCRIPT"
        exit 1
    fi
}
check
case $tool in
    keyctl) "$REAL" "$@" ;;
    reload) ./reload ;;
    *) "/bin/$tool" "$@" ;;
esac
code=$?
check
exit $code
"#;

/// What the script calls.
const TOOLS: [&str; 6] = ["keyctl", "cmp", "rm", "ln", "mv", "reload"];

/// A site with a service's token in `api.token`, and tools that are looked at.
struct Service {
    site: Site,
    old: String,
}

impl Service {
    fn new() -> Self {
        let site = Site::cheap();
        let old = site.token_file("api.token", "--scope inference --name service");
        for tool in TOOLS {
            site.program(&format!("bin/{tool}"), STEP);
        }
        // The service: it reads the file, and is let in with what it has read.
        site.program("reload", "#!/bin/sh\ncat api.token >loaded\n");
        Service { site, old }
    }

    /// The script, killed at that step; at 0 it is not.
    fn rotate(&self, shell: &str, die_at: usize) -> Ran {
        // The tool that killed the last run has its lock until it has ended too.
        until("the last run has ended", || {
            let mut flock = self.site.clean("flock");
            let held = flock.args(["--nonblock", "api.token.lock", "true"]);
            run(held).code == 0
        });
        drop(fs::remove_file(self.site.path("steps")));
        let mut script = self.site.recipe(shell, "rotate/rotate.sh");
        script.args(["api.token", "1h", "reload"]);
        let mut command = self.site.clean("sh");
        command
            .args(["-c", r#"export SCRIPT=$$ && exec "$@""#, "sh"])
            .arg(script.get_program())
            .args(script.get_args())
            .env("KEYCTL_DB", self.site.db())
            .env("REAL", exe())
            .env("DIE_AT", die_at.to_string())
            .env("PATH", path_with(&self.site.path("bin")));
        run(&mut command)
    }

    /// The script on its own, in place of whose `keyctl` that program may be.
    fn plain(&self, grace: &str, command: &str) -> Command {
        let mut script = self.site.recipe("sh", "rotate/rotate.sh");
        script.args(["api.token", grace, command]);
        script
    }

    /// How many steps the last run went.
    fn steps(&self) -> usize {
        fs::read_to_string(self.site.path("steps"))
            .unwrap()
            .lines()
            .count()
    }

    /// At no step the file held anything but a token that is let in.
    #[track_caller]
    fn had_no_outage(&self, when: &str) {
        let outages = content(self.site.path("outages"));
        assert_eq!(String::from_utf8(outages).unwrap(), "", "{when}");
        assert_eq!(self.verify("api.token"), 0, "{when}");
        assert_eq!(self.site.verify(&self.old), 0, "{when}");
    }

    fn verify(&self, file: &str) -> u8 {
        self.site.verify(content(self.site.path(file)))
    }

    /// The service has the one new key's token, and nothing is left lying about.
    #[track_caller]
    fn is_rotated(&self, when: &str) {
        self.had_no_outage(when);
        let token = fs::read_to_string(self.site.path("api.token")).unwrap();
        assert_ne!(token, self.old, "{when}");
        assert_eq!(
            content(self.site.path("loaded")),
            token.as_bytes(),
            "{when}"
        );
        assert_eq!(self.site.ids(), [id_of(&self.old), id_of(&token)], "{when}");
        assert_eq!(mode(self.site.path("api.token")), 0o600, "{when}");
        for left in ["api.token.new", "api.token.next"] {
            assert!(!self.site.path(left).exists(), "{when}: {left}");
        }
    }
}

#[test]
fn a_service_gets_a_new_token_and_the_old_one_works_at_every_step() {
    for shell in shells() {
        let service = Service::new();
        service.rotate(shell, 0).code(0);
        service.is_rotated(shell);
        assert!(service.steps() >= 16, "{shell}");
    }
}

#[test]
fn a_run_killed_at_any_step_leaves_no_outage_and_is_taken_up_by_the_next() {
    let whole = Service::new();
    whole.rotate("sh", 0).code(0);
    // Killed after the last, it was done.
    for step in 1..whole.steps() {
        let when = format!("killed at step {step}");
        let service = Service::new();
        service.rotate("sh", step).code(137);
        service.had_no_outage(&when);
        service.rotate("sh", 0).code(0);
        service.is_rotated(&when);
    }
}

#[test]
fn a_token_of_no_key_in_this_store_is_moved_aside_and_never_removed() {
    // As a kill between the secret file and the commit leaves it, or a rotation in another store.
    let other = Site::cheap();
    let theirs = other.create();
    for shell in shells() {
        let service = Service::new();
        let new = service.site.path("api.token.new");
        let void = service.site.path("api.token.new.void");
        fs::write(&new, &theirs).unwrap();
        service.rotate(shell, 0).code(0).says(
            "rotate: the token in api.token.new belongs to no key in this store: moved it to api.token.new.void",
        );
        service.is_rotated(shell);
        assert_eq!(content(&void), theirs.as_bytes());
        assert_eq!(other.verify(content(&void)), 0);

        // A second one: neither is lost.
        let second = other.create();
        let before = service.site.ids();
        fs::write(&new, &second).unwrap();
        service
            .rotate(shell, 0)
            .code(1)
            .says("api.token.new.void already exists: look at both");
        assert_eq!(content(&new), second.as_bytes());
        assert_eq!(content(&void), theirs.as_bytes());
        assert_eq!(service.site.ids(), before);
        service.had_no_outage(shell);
    }
}

#[test]
fn the_beginning_of_a_token_that_a_kill_leaves_is_not_taken() {
    let service = Service::new();
    fs::write(service.site.path("api.token.new"), "kc_7h2m9q").unwrap();
    service.rotate("sh", 0).code(0);
    service.is_rotated("half a token");
}

#[test]
fn a_label_says_nothing_about_what_replaced_a_key() {
    for shell in shells() {
        let service = Service::new();
        let other = service.site.create();
        let forged = id_of(&other);
        service
            .site
            .run(&format!("edit service --label replaced_by={forged}"));
        let new = service.site.path("api.token.new");
        fs::write(&new, &other).unwrap();
        for rotated in [false, true] {
            if rotated {
                service
                    .site
                    .run("rotate service --grace 1h --secret-file theirs");
            }
            service
                .rotate(shell, 0)
                .code(1)
                .says("api.token.new exists");
            assert_eq!(content(&new), other.as_bytes(), "{shell}");
            service.had_no_outage(shell);
        }
        // The label is no obstacle to the true successor.
        fs::rename(service.site.path("theirs"), &new).unwrap();
        let said = service.rotate(shell, 0).code(0);
        said.says("going on with an earlier run's rotation, to ");
        service.had_no_outage(shell);
    }
}

#[test]
fn a_service_that_does_not_reload_is_told_of_and_gets_the_same_token_next_time() {
    let service = Service::new();
    service.site.program("reload", "#!/bin/sh\nexit 9\n");
    for _ in 0..2 {
        service.rotate("sh", 0).code(9);
        service.had_no_outage("not reloaded");
        assert_eq!(service.site.ids().len(), 2);
        assert!(service.site.path("api.token.new").exists());
    }
    service
        .site
        .program("reload", "#!/bin/sh\ncat api.token >loaded\n");
    service.rotate("sh", 0).code(0);
    service.is_rotated("reloaded");
}

#[test]
fn nothing_is_touched_where_the_store_does_not_know_the_token_or_is_not_there() {
    for shell in shells() {
        let service = Service::new();
        let mine = service.site.path("api.token.new");
        fs::write(&mine, Site::cheap().create()).unwrap();
        let kept = content(&mine);
        let other = Site::cheap();
        for db in [other.db(), service.site.path("gone.db")] {
            let mut script = service.site.recipe(shell, "rotate/rotate.sh");
            script
                .args(["api.token", "1h", "true"])
                .env("KEYCTL_DB", &db);
            run(&mut script)
                .code(1)
                .says("rotate: the token in api.token belongs to no key")
                .says(if db == other.db() {
                    "rejected: unknown"
                } else {
                    "keyctl: there is no store"
                });
        }
        assert_eq!(content(&mine), kept);
        assert_eq!(
            content(service.site.path("api.token")),
            service.old.as_bytes()
        );
    }
}

#[test]
fn a_new_token_that_is_stopped_is_not_put_in_place() {
    let service = Service::new();
    let other = service.site.create();
    service.site.disable(&other);
    fs::write(service.site.path("api.token.new"), &other).unwrap();
    service.rotate("sh", 0).code(1).says("api.token.new exists");
    service.had_no_outage("another's token");
    assert_eq!(
        content(service.site.path("api.token.new")),
        other.as_bytes()
    );
}

#[test]
fn another_keys_token_is_not_put_in_place() {
    let service = Service::new();
    let other = service.site.create();
    fs::write(service.site.path("api.token.new"), &other).unwrap();
    for rotated in [false, true] {
        if rotated {
            service.site.run("rotate service --grace 1h");
        }
        service.rotate("sh", 0).code(1).says("api.token.new exists");
        service.had_no_outage("another's token");
        assert_eq!(
            content(service.site.path("api.token")),
            service.old.as_bytes()
        );
    }
}

#[test]
fn the_successors_token_is_put_in_place_even_where_the_old_one_has_stopped() {
    for grace in ["1h", "0s"] {
        let service = Service::new();
        service.site.run(&format!(
            "rotate service --grace {grace} --secret-file api.token.new"
        ));
        let new = content(service.site.path("api.token.new"));
        let said = run(&mut service.plain("1h", "true")).code(0);
        assert_eq!(content(service.site.path("api.token")), new, "{grace}");
        let id = id_of(std::str::from_utf8(&new).unwrap());
        said.says(&format!("going on with an earlier run's rotation, to {id}"));
        assert_eq!(service.site.ids().len(), 2, "{grace}");
    }
}

#[test]
fn a_file_that_no_run_has_left_is_neither_removed_nor_written_to() {
    let service = Service::new();
    let beginning = &service.old[..30];
    for (name, notes) in [
        ("api.token.new", "notes\n".to_owned()),
        ("api.token.new", format!("{beginning}\nnotes\n")),
        ("api.token.new", format!("{beginning}-")),
        ("api.token.next", "notes\n".to_owned()),
        ("api.token.next", service.site.create()),
    ] {
        fs::write(service.site.path(name), &notes).unwrap();
        let before = service.site.ids();
        let ran = run(&mut service.plain("1h", "true"));
        ran.code(1).says(&format!("{name} exists, but is not"));
        assert_eq!(content(service.site.path(name)), notes.as_bytes());
        assert_eq!(service.site.ids(), before, "{notes}");
        service.had_no_outage(&notes);
        fs::remove_file(service.site.path(name)).unwrap();
    }
}

#[test]
fn a_run_beside_another_leaves_its_token_alone() {
    let service = Service::new();
    // Where the real one has written the token and not yet committed, the other comes by.
    let during = r#"#!/bin/sh
if [ "$1" = rotate ]; then
    cp void api.token.new
    KEYCTL=keyctl sh "$SCRIPT" api.token 1h true 2>other
    echo $? >code
    cmp void api.token.new && rm api.token.new || exit 9
fi
exec keyctl "$@"
"#;
    let stub = service.site.program("stub", during);
    fs::write(service.site.path("void"), Site::cheap().create()).unwrap();
    let mut one = service.plain("1h", "true");
    one.env("KEYCTL", stub)
        .env("SCRIPT", doc("rotate/rotate.sh"));
    run(&mut one).code(0);
    assert_eq!(content(service.site.path("code")), b"75\n");
    let said = content(service.site.path("other"));
    assert_eq!(
        String::from_utf8(said).unwrap(),
        "rotate: another run is using api.token: nothing was changed\n"
    );
    assert_eq!(service.site.ids().len(), 2);
    assert_eq!(service.verify("api.token"), 0);
}

#[test]
fn of_two_runs_at_once_none_loses_the_token() {
    let service = Service::new();
    let mut rotations = 0;
    for _ in 0..4 {
        let runs = [0, 1].map(|_| service.plain("1h", "true").spawn().unwrap());
        for ran in runs.map(finish) {
            assert!([0, 75].contains(&ran.code), "{ran:?}");
            rotations += usize::from(ran.code == 0);
        }
        assert_eq!(service.site.ids().len(), 1 + rotations);
        let listed = service.site.run("list --state active --format ids").stdout;
        let token = fs::read_to_string(service.site.path("api.token")).unwrap();
        assert_eq!(listed.trim_end(), id_of(&token));
    }
    assert!(rotations >= 4);
}

#[test]
fn what_the_command_leaves_running_keeps_no_run_away() {
    let service = Service::new();
    let daemon = "#!/bin/sh\nmkfifo stop; sh -c 'read line <stop' >/dev/null 2>&1 &\n";
    service.site.program("daemon", daemon);
    run(&mut service.plain("1h", "./daemon")).code(0);
    run(&mut service.plain("1h", "true")).code(0);
    run(&mut service.site.sh("echo >stop")).code(0);
}

#[test]
fn what_is_wrong_is_told_plainly_before_anything_is_done() {
    for shell in shells() {
        let service = Service::new();
        let fails = |args: &[&str], keyctl: &str, code: u8, says: &str| {
            let mut script = service.site.recipe(shell, "rotate/rotate.sh");
            script.args(args).env("KEYCTL", keyctl);
            let ran = run(&mut script).code(code).stdout("");
            assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
            ran.says(says);
        };
        for grace in ["0s", "0", "00h", "", "soon"] {
            let says = format!("rotate: '{grace}' is not a grace period");
            fails(&["api.token", grace, "true"], "keyctl", 64, &says);
        }
        fails(&["api.token", "1h"], "keyctl", 64, "rotate: usage: ");
        fails(
            &["gone", "1h", "true"],
            "keyctl",
            1,
            "rotate: gone does not exist",
        );
        let others = service
            .site
            .program("others", "#!/bin/sh\necho 'keyctl from keyutils-1.6.3'\n");
        for other in [others.to_str().unwrap(), "nowhere/keyctl"] {
            let says = format!("rotate: {other} is missing or is another keyctl");
            fails(&["api.token", "1h", "true"], other, 78, &says);
        }
        assert_eq!(service.site.ids().len(), 1);
        service.had_no_outage(shell);
    }
}

#[test]
fn what_keyctl_refuses_changes_nothing() {
    let service = Service::new();
    service.site.run("rotate service --grace 1h");
    service
        .rotate("sh", 0)
        .code(4)
        .says("its live successor is ");
    let ran = run(&mut service.plain("1x", "true"));
    ran.code(2).says("'1x' is not a duration");
    service.had_no_outage("rotated already");
    assert!(!service.site.path("loaded").exists());
}

#[test]
fn the_line_on_the_page_rotates() {
    let service = Service::new();
    let systemctl = "#!/bin/sh\n[ \"$*\" = 'reload my-service' ] && ./reload\n";
    service.site.program("systemd/systemctl", systemctl);
    let mut line = service.site.beside("rotate", &block("rotate", "sh"));
    run(line
        .env("KEYCTL", exe())
        .env("PATH", path_with(&service.site.path("systemd"))))
    .code(0);
    service.is_rotated("by the page's line");
}

#[test]
fn the_page_says_how_to_see_the_uses_of_both_tokens_and_how_to_undo() {
    let service = Service::new();
    let site = &service.site;
    let old = id_of(&service.old);
    run(&mut service.plain("1h", "true")).code(0);
    let new = fs::read_to_string(site.path("api.token")).unwrap();
    for token in [&service.old, &new] {
        assert_eq!(site.verify(token), 0);
    }
    let page = fs::read_to_string(doc("rotate/README.md")).unwrap();
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let see = "keyctl list --state phased-out";
    let undo = "keyctl rotate OLD_ID --undo";
    assert!(
        page.contains(see) && page.contains(&format!("`{undo}`")),
        "{page}"
    );
    let seen = run(&mut site.sh(see)).code(0);
    seen.says(&format!("{old} (service): old token last used "))
        .says("; new token first used ");

    fs::write(site.path("api.token"), &service.old).unwrap();
    run(&mut site.sh(&format!("{} --yes", undo.replace("OLD_ID", &old)))).code(0);
    assert_eq!(service.verify("api.token"), 0);
    assert_eq!(site.verify(&new), 1);
}

#[test]
fn no_process_has_a_token_in_an_argument() {
    let service = Service::new();
    let mut script = service.site.recipe("sh", "rotate/rotate.sh");
    script.args(["api.token", "1h", "true"]);
    keeps_off_arguments(&script, || service.old.clone());
    let mut again = service.site.recipe("sh", "rotate/rotate.sh");
    again.args(["api.token", "1h", "true"]);
    let new = || fs::read_to_string(service.site.path("api.token")).unwrap();
    keeps_off_arguments(&again, new);
}
