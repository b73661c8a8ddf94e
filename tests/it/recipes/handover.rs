//! `docs/handover`: a command gets a new token. systemd-creds is the real one. Stand-ins take the place of
//! what needs an account, a cluster or a GPG key, and refuse what does not look as the page says.

use super::systemd::{finds_nothing_wrong, installed, setting};
use super::{block, blocks, is_here, keeps_off_arguments, page};
use crate::exe::harness::{Site, content, path_with, run, run_with};
use crate::harness::{Ran, exe, id_of};
use std::fs;
use std::process::Command;

const SERVICE: &str = "handover/keyctl-rotate-worker.service";

/// The beginning of each stand-in: its own arguments, the check of a token, and its end.
const COMMON: &str = r#"#!/bin/sh
set -eu
refuse() { printf 'stand-in: %s\n' "$*" >&2; exit 64; }
all=$(printf '<%s>' "$@")
if (: </dev/tty) 2>/dev/null; then refuse 'there is a terminal'; fi
printf '%s|%s|%s|%s\n' "$KEYCTL_KEY_ID" "$KEYCTL_KEY_NAME" "$KEYCTL_KEY_OWNER" "${KEYCTL_OLD_KEY_ID-}" >variables

# Reads a token to the end of the file, and refuses one that does not work yet.
take() {
    token=$(cat "$1"; echo .)
    token=${token%.}
    case $token in
        *[!0-9A-Za-z_]*) refuse 'more than a token' ;;
        kc_"$KEYCTL_KEY_ID"_*) ;;
        *) refuse 'no token of this key' ;;
    esac
    [ ${#token} -eq 65 ] || refuse 'no whole token'
    printf %s "$token" | keyctl verify --no-touch --scope inference >/dev/null || refuse 'a token that does not work'
    printf %s "$token" >taken
}

# Fails if the test says so, or stores the token. Then it may send keyctl a signal, and wait to be ended.
store() {
    if [ -e "fail-$1" ]; then exit 7; fi
    printf %s "$token" >"$1.stored"
    if [ -e signal ]; then
        kill -s "$(cat signal)" "$PPID"
        [ "$(cat signal)" = KILL ] || kill -s STOP $$
    fi
}
"#;

const GH: &str = r#"
case $all in
    '<secret><set><API_KEY><--repo><OWNER/REPO>') ;;
    *) refuse "$all" ;;
esac
take /dev/stdin
store gh
"#;

const KUBECTL: &str = r#"
case $all in
    '<create><secret><generic><web-token><--from-file=token=/dev/stdin><--dry-run=client><-o><yaml>')
        take /dev/stdin
        if [ -e fail-create ]; then exit 7; fi
        encoded=$(printf %s "$token" | base64 -w 0)
        printf 'apiVersion: v1\ndata:\n  token: %s\nkind: Secret\nmetadata:\n  name: web-token\n' "$encoded" ;;
    '<apply><-f><->')
        encoded=$(sed -n 's/^  token: //p')
        [ -n "$encoded" ] || refuse 'no objects passed to apply'
        token=$(printf %s "$encoded" | base64 -d)
        store kubectl ;;
    *) refuse "$all" ;;
esac
"#;

const VAULT: &str = r#"
case $all in
    '<kv><put><-mount=secret><app/token><value=->') ;;
    "<kv><put><-mount=secret><app/token><value=-><key_id=$KEYCTL_KEY_ID>") ;;
    *) refuse "$all" ;;
esac
take /dev/stdin
store vault
"#;

const PASS: &str = r#"
case $all in
    '<insert><--multiline><--force><keyctl/laptop>') ;;
    *) refuse "$all" ;;
esac
take /dev/stdin
store pass
"#;

/// The real one, found behind this on the path. Without a TPM it would need a file system that lasts
/// for the machine's key, which a test's directory may not be on.
const SYSTEMD_CREDS: &str = r#"
if [ -e fail-systemd-creds ]; then cat >taken; exit 7; fi
PATH=${PATH#*:}
exec systemd-creds --with-key=host "$@"
"#;

/// What is in the command of a line, the name that its token is stored under, and where it can fail.
const TOOLS: [(&str, &str, &[&str]); 5] = [
    ("gh secret set ", "gh", &["gh"]),
    ("kubectl create ", "kubectl", &["create", "kubectl"]),
    ("vault kv put ", "vault", &["vault"]),
    (
        "systemd-creds encrypt ",
        "systemd-creds",
        &["systemd-creds"],
    ),
    ("pass insert ", "pass", &["pass"]),
];

/// The tool that a line calls.
#[track_caller]
fn tool(line: &str) -> (&'static str, &'static [&'static str]) {
    let found = TOOLS.iter().find(|(part, ..)| line.contains(part));
    let (_, name, fails) = found.unwrap_or_else(|| panic!("no stand-in: {line}"));
    (name, fails)
}

/// The name of the key that a line creates or rotates.
#[track_caller]
fn key(line: &str) -> &str {
    let (_, rest) = line
        .split_once(" --name ")
        .or_else(|| line.split_once(" rotate "))
        .unwrap();
    rest.split(' ').next().unwrap()
}

/// The lines of the page that hand a token over, in order. Those for systemd need its program.
fn lines() -> Vec<String> {
    let is_systemd_here = is_here("systemd-creds", &["--version"]);
    blocks(&page("handover"), "sh")
        .iter()
        .flat_map(|block| block.lines())
        .filter(|line| line.contains(" --exec "))
        .filter(|line| is_systemd_here || !line.contains("systemd-creds"))
        .map(str::to_owned)
        .collect()
}

/// A site with the tools, and a key named `API_KEY`.
struct Desk {
    site: Site,
    /// The token of that key.
    token: String,
}

impl Desk {
    fn new() -> Self {
        let site = Site::cheap();
        for (name, script) in [
            ("gh", GH),
            ("kubectl", KUBECTL),
            ("vault", VAULT),
            ("pass", PASS),
            ("systemd-creds", SYSTEMD_CREDS),
        ] {
            site.program(&format!("bin/{name}"), &format!("{COMMON}{script}"));
        }
        fs::create_dir_all(site.path("etc/credstore.encrypted")).unwrap();
        let token = site.token_file("api.token", "--scope inference --name API_KEY");
        Desk { site, token }
    }

    /// A line as it is typed, but without a terminal, and with this site in place of `/etc`.
    fn typed(&self, line: &str) -> Command {
        let line = line.replace("/etc/", &format!("{}/", self.site.path("etc").display()));
        let mut path = self.site.path("bin").into_os_string();
        path.push(":");
        path.push(path_with(exe().parent().unwrap()));
        let mut command = self.site.clean("setsid");
        command
            .args(["--wait", "sh", "-c", &line])
            .env("KEYCTL_DB", self.site.db())
            .env("PATH", path)
            .env("SYSTEMD_CREDENTIAL_SECRET", self.site.path("host.secret"));
        command
    }

    fn run(&self, line: &str) -> Ran {
        run(&mut self.typed(line))
    }

    /// The bytes that the tool of a line has stored.
    fn stored(&self, line: &str) -> Vec<u8> {
        match tool(line) {
            ("systemd-creds", _) => {
                let decrypt = "PATH=${PATH#*:}; systemd-creds decrypt /etc/credstore.encrypted/worker-token - 2>/dev/null";
                self.run(decrypt).stdout.into_bytes()
            }
            (name, _) => content(self.site.path(format!("{name}.stored"))),
        }
    }

    /// The token that the tool of a line has stored, which is all that it has stored.
    #[track_caller]
    fn token(&self, line: &str) -> String {
        let token = String::from_utf8(self.stored(line)).unwrap();
        assert_eq!(token.len(), 65, "{line}");
        assert_eq!(self.site.verify(&token), 0, "{line}");
        token
    }

    /// The ID of the live key of that name.
    #[track_caller]
    fn id(&self, name: &str) -> String {
        let shown = self.site.run(&format!("show {name} --format json"));
        shown.json()["id"].as_str().unwrap().to_owned()
    }

    /// Runs a line whose tool sends keyctl a signal once it has stored the token.
    #[track_caller]
    fn signalled(&self, signal: &str, line: &str) -> Ran {
        let path = self.site.path("signal");
        fs::write(&path, signal).unwrap();
        let ran = self.run(line);
        fs::remove_file(path).unwrap();
        ran
    }

    /// The findings of `doctor` in half an hour: a command may take five minutes.
    #[track_caller]
    fn doctor_later(&self) -> String {
        let doctor = run(&mut self.typed("faketime -f +30m keyctl doctor"));
        assert!(doctor.code <= 1, "{doctor:?}");
        match doctor.code {
            0 => String::new(),
            _ => doctor.stdout,
        }
    }

    /// Lets a tool fail from now on, or no longer.
    fn fail(&self, point: &str, fails: bool) {
        let path = self.site.path(format!("fail-{point}"));
        if fails {
            fs::write(path, "").unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn each_line_of_the_page_stores_a_token_that_works() {
    let desk = Desk::new();
    let owner = desk.site.run("show API_KEY --format json").json()["owner"].clone();
    let mut old = vec![("API_KEY".to_owned(), desk.token.clone())];
    let lines = lines();
    assert!(lines.len() >= 11, "{lines:?}");
    for line in &lines {
        let ran = desk.run(line).code(0);
        let token = desk.token(line);
        let name = key(line);
        let (id, secret) = (id_of(&token), token.rsplit_once('_').unwrap().1);
        assert_eq!(desk.id(name), id, "{line}");
        assert!(!format!("{ran:?}").contains(secret), "{line}: {ran:?}");

        let at = old.iter().position(|(of, _)| of == name);
        let replaced = at.map(|at| old.swap_remove(at).1);
        let replaced_id = replaced.as_deref().map(id_of).unwrap_or_default();
        assert_eq!(
            String::from_utf8(content(desk.site.path("variables"))).unwrap(),
            format!("{id}|{name}|{}|{replaced_id}\n", owner.as_str().unwrap()),
            "{line}"
        );
        if let Some(replaced) = replaced {
            // For the hour that the line says, and no longer.
            assert_eq!(desk.site.verify(&replaced), 0, "{line}");
            let ending = "list --state phased-out --expiring-within 61m --format ids";
            let ending = desk.site.run(ending).stdout;
            assert!(ending.contains(&replaced_id), "{line}");
        }
        old.push((name.to_owned(), token));
    }
}

#[test]
fn a_command_that_fails_leaves_the_old_token_working_and_its_line_can_run_again() {
    let desk = Desk::new();
    let mut tokens = vec![("API_KEY".to_owned(), desk.token.clone())];
    for line in lines() {
        let name = key(&line);
        for point in tool(&line).1 {
            let when = format!("{point}: {line}");
            let (ids, stored) = (desk.site.run("list --format ids"), desk.stored(&line));
            desk.fail(point, true);
            desk.run(&line).code(5);
            desk.fail(point, false);
            let live = desk.site.run("list --format ids");
            assert_eq!(live.stdout, ids.stdout, "{when}");
            let taken = content(desk.site.path("taken"));
            assert_eq!(taken.len(), 65, "{when}");
            assert_eq!(desk.site.verify(&taken), 1, "{when}");
            assert_eq!(desk.stored(&line), stored, "{when}");
            if let Some((_, token)) = tokens.iter().find(|(of, _)| of == name) {
                assert_eq!(desk.site.verify(token), 0, "{when}");
                let active = "list --state active --format ids";
                let active = desk.site.run(active).stdout;
                assert!(active.contains(&id_of(token)), "{when}");
            }
        }
        desk.run(&line).code(0);
        tokens.retain(|(of, _)| of != name);
        tokens.push((name.to_owned(), desk.token(&line)));
    }
}

#[test]
fn a_signal_to_keyctl_ends_the_command_and_takes_the_rotation_back() {
    let desk = Desk::new();
    let lines = lines();
    desk.run(&lines[0]).code(0);
    let token = desk.token(&lines[0]);
    for signal in ["TERM", "INT", "HUP"] {
        desk.signalled(signal, &lines[1]).code(130);
        assert_eq!(desk.site.verify(&token), 0, "{signal}");
        let stored = desk.stored(&lines[1]);
        assert_ne!(stored, token.as_bytes(), "{signal}");
        assert_eq!(desk.site.verify(stored), 1, "{signal}");
    }
    desk.run(&lines[1]).code(0);
    desk.token(&lines[1]);
}

#[test]
fn the_exit_code_of_a_pipe_is_that_of_its_last_command_without_pipefail() {
    let desk = Desk::new();
    let line = |pipe: &str| format!("keyctl rotate API_KEY --grace 1h --exec -- bash -c '{pipe}'");
    let id = desk.id("API_KEY");
    desk.run(&line("set -o pipefail; cat >/dev/null; false | true"))
        .code(5);
    assert_eq!(desk.id("API_KEY"), id);
    desk.run(&line("cat >/dev/null; false | true")).code(0);
    assert_ne!(desk.id("API_KEY"), id);
}

#[test]
fn a_stand_in_refuses_what_is_not_one_token_of_the_key() {
    let desk = Desk::new();
    let (token, id) = (&desk.token, id_of(&desk.token));
    let other = desk.site.create();
    let gh = |line: &str, stdin: &str, code: u8| {
        let mut gh = desk.typed(line);
        gh.env("KEYCTL_KEY_ID", &id)
            .env("KEYCTL_KEY_NAME", "API_KEY");
        run_with(gh.env("KEYCTL_KEY_OWNER", "alice"), stdin).code(code)
    };
    let line = "gh secret set API_KEY --repo OWNER/REPO";
    gh(line, token, 0);
    for stdin in [
        "",
        &token[1..],
        &format!("{token}\n"),
        &format!("{token}{token}"),
        &other,
    ] {
        gh(line, stdin, 64);
    }
    gh("gh secret set API_KEY", token, 64);
    gh(&format!("{line} ''"), token, 64);
    desk.site.disable(token);
    gh(line, token, 64);
}

#[test]
fn the_page_shows_whose_token_a_credential_holds() {
    let lines = lines();
    let Some(create) = lines.iter().find(|line| line.contains("systemd-creds")) else {
        return;
    };
    let desk = Desk::new();
    desk.run(create).code(0);
    let id = desk.id("worker");
    let page = page("handover");
    let decrypt = page
        .lines()
        .find(|line| line.starts_with("systemd-creds decrypt "));
    // Not the one for the tests: that would want to know the key for encryption.
    let line = format!("PATH=${{PATH#*:}}; {}", decrypt.unwrap());
    let ran = desk.run(&line).code(0);
    assert!(
        ran.stdout.starts_with(&format!("valid: {id} worker ")),
        "{ran:?}"
    );
}

/// What is known of a token whose handover was cut short.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    NotStored,
    Stored,
    CannotTell,
}

#[test]
fn after_a_kill_both_tokens_work_until_doctor_says_how_to_end_that() {
    if !is_here("faketime", &["--version"]) {
        return;
    }
    let lines = lines();
    let [create, rotate] = [&lines[0], &lines[1]];
    assert_eq!([key(create), key(rotate)], ["ci"; 2]);
    for way in [Way::NotStored, Way::Stored, Way::CannotTell] {
        let desk = Desk::new();
        desk.run(create).code(0);
        let first = desk.token(create);
        desk.signalled("KILL", rotate).code(137);
        let second = desk.token(rotate);
        let (old, new) = (id_of(&first), id_of(&second));
        assert_ne!(old, new);
        assert_eq!(desk.site.verify(&first), 0);
        // The command's time is not up yet.
        desk.site.run("doctor");
        let said = desk.doctor_later();
        assert!(said.contains(&old) && said.contains(&new), "{said}");

        let mend = match way {
            Way::NotStored => format!("rotate {new} --undo"),
            Way::Stored | Way::CannotTell => format!("edit {old} --grace 1h"),
        };
        let shown = mend.replace(&new, "NEW_ID").replace(&old, "OLD_ID");
        let shown = format!("`keyctl {shown}`");
        assert!(page("handover").contains(&shown), "{shown}");
        if way == Way::CannotTell {
            desk.run(rotate).code(0);
        }
        // No question without a terminal.
        let yes = if way == Way::NotStored { " --yes" } else { "" };
        desk.site.run(&format!("{mend}{yes}"));
        assert_eq!(desk.doctor_later(), "");
        assert_eq!(desk.site.verify(&first), 0);
        assert_eq!(desk.site.verify(&second), u8::from(way == Way::NotStored));
        // And the line runs again.
        desk.run(rotate).code(0);
        desk.token(rotate);
    }
}

#[test]
fn after_a_killed_create_doctor_names_the_key_until_it_is_deleted_or_used() {
    if !is_here("faketime", &["--version"]) {
        return;
    }
    let create = lines().swap_remove(0);
    for is_used in [true, false] {
        let desk = Desk::new();
        desk.signalled("KILL", &create).code(137);
        let token = String::from_utf8(desk.stored(&create)).unwrap();
        let id = id_of(&token);
        assert!(desk.doctor_later().contains(&id));
        if is_used {
            assert_eq!(desk.site.verify(&token), 0);
        } else {
            let delete = page("handover").contains("`keyctl delete\nNEW_ID`");
            assert!(delete);
            desk.site.run(&format!("delete {id} --yes"));
        }
        assert_eq!(desk.doctor_later(), "");
        if !is_used {
            desk.run(&create).code(0);
            desk.token(&create);
        }
    }
}

#[test]
fn an_expired_key_is_refused_and_works_again_with_the_edit_on_the_page() {
    let desk = Desk::new();
    let edit = "edit API_KEY --expires 90d";
    assert!(page("handover").contains(&format!("`keyctl {}`", edit.replace("API_KEY", "NAME"))));
    let line = "keyctl rotate API_KEY --grace 1h --exec -- gh secret set API_KEY --repo OWNER/REPO";
    desk.site
        .sql()
        .execute_batch(
            "UPDATE keys SET created_at = created_at - 86400000, expires_at = created_at - 1000",
        )
        .unwrap();
    desk.run(line).code(4);
    assert!(!desk.site.path("variables").exists());
    desk.site.run(edit);
    desk.run(line).code(0);
}

#[test]
fn the_line_for_cron_rotates_the_key_and_has_nothing_to_say() {
    let desk = Desk::new();
    let create = lines().swap_remove(0);
    desk.run(&create).code(0);
    let first = desk.token(&create);
    let line = block("handover", "text");
    let fields: Vec<&str> = line.trim_end().splitn(6, ' ').collect();
    let program = "/usr/local/bin/keyctl ";
    assert_eq!(fields[2..5], ["1", "*", "*"], "once a month");
    // A per cent sign would end the command.
    assert!(
        fields[5].starts_with(program) && !line.contains('%'),
        "{line}"
    );
    desk.run(&fields[5].replace(program, "keyctl "))
        .code(0)
        .stderr("");
    assert_ne!(desk.token(&create), first);
    assert_eq!(desk.site.verify(&first), 0);
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let site = Site::new();
    let block = blocks(&page("handover"), "sh").pop().unwrap();
    let units = ["keyctl-rotate-worker.timer", "keyctl-rotate-worker.service"];
    if installed(
        &site,
        "handover",
        &block,
        &["local/bin/keyctl", "bin/systemctl"],
    ) {
        finds_nothing_wrong(&site, &units);
    }
}

#[test]
fn the_service_stores_a_token_and_then_restarts_what_uses_it() {
    let lines = lines();
    let Some(create) = lines.iter().find(|line| line.contains("systemd-creds")) else {
        return;
    };
    let desk = Desk::new();
    desk.run(create).code(0);
    let first = desk.token(create);
    let line = setting(SERVICE, "ExecStart");
    let before = "/usr/local/bin/keyctl --db /srv/keyctl/keyctl.db ";
    assert!(line.starts_with(before), "{line}");
    desk.run(&line.replace(before, "keyctl ")).code(0);
    let second = desk.token(create);
    assert_ne!(second, first);
    assert_eq!(desk.site.verify(&first), 0);
    // What comes after is not part of the command, whose failure would stop the new token.
    let after = setting(SERVICE, "ExecStartPost");
    assert_eq!(after, "/usr/bin/systemctl try-restart worker.service");
}

#[test]
fn no_process_has_the_token_in_an_argument() {
    for name in ["API_KEY", "web", "billing"] {
        let desk = Desk::new();
        let lines = lines();
        let mut lines = lines.iter().filter(|line| key(line) == name).rev();
        let last = lines.next().unwrap();
        if name != "API_KEY" {
            desk.run(lines.next_back().unwrap()).code(0);
        }
        keeps_off_arguments(&desk.typed(last), || desk.token(last));
    }
}
