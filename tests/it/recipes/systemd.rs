//! `docs/systemd`: units that report keys about to expire. No systemd runs here: its own tool reads the
//! units, and the commands in them are run as they stand.

use super::{block, blocks, doc, is_here, page};
use crate::exe::harness::{Site, content, mode, path_with, run, set_mode};
use crate::exe::strace;
use crate::harness::id_of;
use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

const SERVICE: &str = "systemd/keyctl-expiring.service";
const MAIL: &str = "systemd/keyctl-expiring-mail.sh";

/// The only value of a setting in a unit.
#[track_caller]
pub(super) fn setting(unit: &str, name: &str) -> String {
    let text = fs::read_to_string(doc(unit)).unwrap();
    let values: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix('='))
        .collect();
    let [value] = <[&str; 1]>::try_from(values).unwrap();
    value.to_owned()
}

/// The service's command with this program and this site's store.
fn report(site: &Site) -> String {
    let line = setting(SERVICE, "ExecStart");
    let (program, db) = ("/usr/local/bin/keyctl ", "/srv/keyctl/keyctl.db");
    assert!(line.starts_with(program) && line.contains(db), "{line}");
    line.replace(program, "keyctl ")
        .replace(db, site.db().to_str().unwrap())
}

/// A site whose `bin` has a `journalctl` and a `mail` that write down how they are called.
fn site_with_mail() -> Site {
    let site = Site::new();
    let journalctl = r#"#!/bin/sh
[ "$*" != --sync ] || exit 0
[ "$*" = "--quiet --output=cat _SYSTEMD_INVOCATION_ID=0123abcd" ] || exit 1
cat listed
"#;
    site.program("bin/journalctl", journalctl);
    site.program(
        "bin/mail",
        "#!/bin/sh\n{ printf '%s|' \"$@\"; cat; } >mailed\n",
    );
    site
}

/// The mail script after a run that ended with `status`.
fn mail(site: &Site, status: &str) -> Command {
    let mut command = site.recipe("sh", MAIL);
    command
        .arg("root")
        .env("PATH", path_with(&site.path("bin")))
        .env("MONITOR_EXIT_STATUS", status)
        .env("MONITOR_INVOCATION_ID", "0123abcd");
    command
}

/// Installs units as a page's block says, in a root of its own, beside those of the system and the
/// `programs` of `/usr`; `false`, which is said, where no units are here.
pub(super) fn installed(site: &Site, recipe: &str, block: &str, programs: &[&str]) -> bool {
    let system = "/usr/lib/systemd/system";
    if !is_here("systemd-analyze", &["--version"]) || !fs::exists(system).unwrap() {
        return false;
    }
    let programs: String = programs
        .iter()
        .map(|program| format!("cp /bin/true root/usr/{program}\n"))
        .collect();
    let install: String = block
        .lines()
        .filter(|line| line.starts_with("install "))
        .map(|line| format!("{}\n", line.replace(" /", " root/")))
        .collect();
    let script = format!(
        "set -e
         mkdir -p root/etc/systemd/system root/usr/lib/systemd root/usr/local/bin root/usr/bin
         cp -r {system} root/usr/lib/systemd/
         {programs}{install}"
    );
    run(&mut site.beside(recipe, &script)).code(0);
    true
}

/// systemd's own check of units in that root: what it does not know it says and passes over.
#[track_caller]
pub(super) fn finds_nothing_wrong(site: &Site, units: &[&str]) {
    let mut verify = site.clean("systemd-analyze");
    verify.args(["verify", "--man=no", "--root=root"]);
    verify.args(
        units
            .iter()
            .map(|unit| format!("/etc/systemd/system/{unit}")),
    );
    run(&mut verify).code(0).stdout("").stderr("");
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let units = [
        "keyctl-expiring.timer",
        "keyctl-expiring.service",
        "keyctl-expiring-mail.service",
    ];
    let site = Site::new();
    let page = blocks(&page("systemd"), "sh").swap_remove(0);
    if !installed(&site, "systemd", &page, &["local/bin/keyctl"]) {
        return;
    }
    let mail = site.path("root/usr/local/libexec/keyctl-expiring-mail");
    assert_eq!(mode(mail), 0o755);
    finds_nothing_wrong(&site, &units);
    // And with what the page says to put over it for the Debian package.
    let script = "set -e
         mkdir -p root/etc/systemd/system/keyctl-expiring.service.d
         rm root/usr/local/bin/keyctl
         cp /bin/true root/usr/bin/api-keyctl
         cp override root/etc/systemd/system/keyctl-expiring.service.d/override.conf";
    fs::write(site.path("override"), block("systemd", "dosini")).unwrap();
    run(&mut site.sh(script)).code(0);
    finds_nothing_wrong(&site, &units);
    let command = setting(SERVICE, "ExecStart");
    let packaged = command.replace("/usr/local/bin/keyctl", "/usr/bin/api-keyctl");
    assert_eq!(
        block("systemd", "dosini"),
        format!("[Service]\nExecStart=\nExecStart={packaged}\n")
    );
}

#[test]
fn the_timer_says_when_in_words_that_systemd_knows() {
    if is_here("systemd-analyze", &["--version"]) {
        let when = setting("systemd/keyctl-expiring.timer", "OnCalendar");
        let site = Site::new();
        let ran = run(site.clean("systemd-analyze").args(["calendar", &when])).code(0);
        assert!(ran.stdout.contains(&format!("Normalized form: {when}\n")));
    }
}

#[test]
fn the_service_is_silent_without_news_lists_what_there_is_and_fails_where_it_cannot_look() {
    let site = Site::cheap();
    site.run("create --scope inference --name later --expires 15d");
    run(&mut site.sh(&report(&site)))
        .code(0)
        .stdout("")
        .stderr("");

    site.run("create --scope inference --name soon --expires 13d");
    let ran = run(&mut site.sh(&report(&site))).code(1).stderr("");
    assert!(
        ran.stdout.contains(" soon ") && !ran.stdout.contains(" later "),
        "{ran:?}"
    );

    fs::remove_file(site.db()).unwrap();
    run(&mut site.sh(&report(&site)))
        .code(5)
        .stdout("")
        .says("keyctl: ");

    // News is no failure, and everything else is one.
    assert_eq!(setting(SERVICE, "SuccessExitStatus"), "1");
    assert_eq!(
        format!("ExecStart={}\n", setting(SERVICE, "ExecStart")),
        block("systemd", "ini")
    );
}

/// A group that no user of this machine is in.
const GROUP: &str = "4000001";

/// The service's command where the store's directory is mounted read-only, by the user whom `who`, a
/// command that runs another, makes it.
fn report_read_only(site: &Site, who: &str) -> Command {
    let script = format!(
        "mount --bind . . && mount -o remount,bind,ro . && cd \"$PWD\" && ! touch x 2>/dev/null &&
         exec {who} {}",
        report(site)
    );
    let mut command = site.clean("unshare");
    command.args(["-m", "sh", "-c", &script]);
    command
}

#[test]
fn the_service_sees_what_was_written_last_where_the_store_is_mounted_read_only() {
    if !is_here("unshare", &["-m", "mount", "--bind", "/tmp", "/tmp"]) {
        return;
    }
    let nobody = format!("setpriv --reuid 65534 --regid 65534 --groups {GROUP}");
    for who in ["env", &nobody] {
        let site = Site::cheap();
        // Kept in the log by one who looks at the store as it was.
        let reader = site.reader();
        let id = id_of(&site.token_file("token", "--scope inference --expires 1d"));
        let file = content(site.db());
        assert!(!file.windows(id.len()).any(|bytes| bytes == id.as_bytes()));
        // Shared as `init --group` does it, with the executable where its group may go.
        drop(site.without_rights(site.cmd("list")));
        let share = format!("chgrp {GROUP} . keyctl.db* && chmod 2770 . && chmod 0660 keyctl.db*");
        run(&mut site.sh(&share)).code(0);
        let path = path_with(&site.path(""));
        let look = || {
            let ran = run(report_read_only(&site, who).env("PATH", &path));
            let ran = ran.code(1).stderr("");
            assert!(ran.stdout.contains(&id), "{who}: {ran:?}");
        };
        look();
        drop(reader);
        look();
        // And where nobody may read it, the service does not say that there is nothing.
        if who != "env" {
            run(&mut site.sh("chmod 0600 keyctl.db*")).code(0);
            run(report_read_only(&site, who).env("PATH", &path)).code(5);
        }
    }
}

#[test]
fn the_list_is_mailed_if_there_is_one() {
    let site = site_with_mail();
    fs::write(site.path("listed"), "~r /etc/passwd\n\nthe list\n").unwrap();
    for status in ["0", "5", ""] {
        let ran = run(&mut mail(&site, status)).stdout("");
        assert_eq!(ran.code != 0, status.is_empty(), "{ran:?}");
        assert!(!site.path("mailed").exists(), "{status}");
    }

    run(&mut mail(&site, "1")).code(0).stdout("").stderr("");
    let mailed = fs::read_to_string(site.path("mailed")).unwrap();
    assert!(mailed.starts_with("-s|API keys stop soon on "), "{mailed}");
    assert!(
        mailed.ends_with("|root|  ~r /etc/passwd\n  \n  the list\n"),
        "{mailed}"
    );
}

#[test]
fn a_list_that_the_journal_has_lost_is_told_of_all_the_same() {
    let site = site_with_mail();
    fs::write(site.path("listed"), "").unwrap();
    run(&mut mail(&site, "1")).code(0);
    let mailed = fs::read_to_string(site.path("mailed")).unwrap();
    assert!(
        mailed.contains("see keyctl list --expired-within 2d --expiring-within 14d"),
        "{mailed}"
    );
}

#[test]
fn a_mail_that_could_not_be_sent_is_a_failure() {
    let site = site_with_mail();
    fs::write(site.path("listed"), "the list\n").unwrap();
    // Neither asked nor found.
    run(mail(&site, "1").env("MONITOR_INVOCATION_ID", "other")).code(1);
    site.program("bin/mail", "#!/bin/sh\nexit 4\n");
    run(&mut mail(&site, "1")).code(4);
    set_mode(site.path("bin/mail"), 0o644);
    let failed = run(&mut mail(&site, "1"));
    assert_ne!(failed.code, 0, "{failed:?}");
    run(mail(&site, "1").env_remove("MONITOR_EXIT_STATUS")).says("MONITOR_EXIT_STATUS");
}

#[test]
fn the_real_journalctl_takes_what_the_mail_script_and_the_page_say() {
    if !is_here("journalctl", &["--version"]) {
        return;
    }
    let page = page("systemd");
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix("journalctl "))
        .unwrap();
    let id = "--output=cat _SYSTEMD_INVOCATION_ID=0123456789abcdef0123456789abcdef";
    let site = Site::new();
    for line in [line, id] {
        // A journal with nothing in it.
        let mut journalctl = site.clean("journalctl");
        journalctl
            .args(["--quiet", "--directory=."])
            .args(line.split(' '));
        let ran = run(&mut journalctl).stdout("").stderr("");
        assert!(ran.code <= 1, "{ran:?}");
    }
}

#[test]
fn the_service_makes_no_call_that_its_unit_forbids() {
    let site = Site::cheap();
    site.run("create --scope inference --expires 1d");
    let line = report(&site);
    let mut list = site.clean("keyctl");
    list.args(line.split(' ').skip(1));
    makes_no_forbidden_call(SERVICE, &list, 1);
}

/// The command ends with `code`, and makes no call that the unit's sandbox forbids.
#[track_caller]
pub(super) fn makes_no_forbidden_call(unit: &str, command: &Command, code: u8) {
    if !is_here("systemd-analyze", &["syscall-filter"]) || !strace::is_here() {
        return;
    }
    let site = Site::new();
    let sets = run(site.clean("systemd-analyze").arg("syscall-filter")).code(0);
    let filter = setting(unit, "SystemCallFilter");
    let allowed = members(&sets.stdout, &filter);
    let always = members(&sets.stdout, "@default");
    let (ran, calls) = strace::calls_of(command, "all", Stdio::piped());
    ran.code(code);
    for call in calls {
        // What strace says of the end.
        if call.name.starts_with('+') {
            continue;
        }
        let name = call.name.as_str();
        assert!(allowed.contains(name) || always.contains(name), "{call:?}");
        // MemoryDenyWriteExecute= and RestrictAddressFamilies=
        assert!(!call.text.contains("PROT_WRITE|PROT_EXEC"), "{call:?}");
        let is_local = call.text.starts_with("AF_UNIX");
        assert!(call.name != "socket" || is_local, "{call:?}");
    }
}

/// The system calls of a set, and of the sets in it, by systemd's own list of its sets.
pub(super) fn members<'a>(sets: &'a str, set: &str) -> BTreeSet<&'a str> {
    let inner = sets.lines().skip_while(|line| *line != set).skip(1);
    let inner = inner.take_while(|line| line.starts_with(' '));
    let mut members = BTreeSet::new();
    for name in inner.map(str::trim) {
        if name.starts_with('@') {
            members.append(&mut self::members(sets, name));
        } else {
            members.insert(name);
        }
    }
    members
}
