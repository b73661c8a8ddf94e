//! `docs/systemd-serve`: the units of `keyctl serve`. No systemd runs here: its own tools read the units and
//! rate them. `tests/it/serving/systemd.rs` tests the server behind the sockets that it gets.

use super::systemd::{finds_nothing_wrong, installed, members, setting};
use super::{blocks, doc, is_here, page};
use crate::exe::harness::{Site, is_root, path_with, run, run_with, skipped};
use crate::exe::strace;
use crate::harness::id_of;
use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;

const SERVICE: &str = "systemd-serve/keyctl-serve.service";
const SOCKET: &str = "systemd-serve/keyctl-serve.socket";

/// The largest exposure that the unit may have by `systemd-analyze security`; up to 2 counts as safe.
const EXPOSURE_MAX: f64 = 0.5;

#[test]
fn systemd_finds_nothing_wrong_with_the_units_and_with_what_the_page_puts_over_them() {
    let site = Site::new();
    let set_up = blocks(&page("systemd-serve"), "sh").swap_remove(0);
    if !installed(&site, "systemd-serve", &set_up, &["local/bin/keyctl"]) {
        return;
    }
    let units = ["keyctl-serve.socket", "keyctl-serve.service"];
    finds_nothing_wrong(&site, &units);
    for (number, text) in blocks(&page("systemd-serve"), "dosini").iter().enumerate() {
        let unit = if text.contains("[Socket]") {
            units[0]
        } else {
            units[1]
        };
        let directory = site.path(format!("root/etc/systemd/system/{unit}.d"));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(format!("{number}.conf")), text).unwrap();
        finds_nothing_wrong(&site, &units);
    }
}

#[test]
fn the_service_is_exposed_as_little_as_systemd_can_rate() {
    if !is_here("systemd-analyze", &["security", "--help"]) {
        return;
    }
    let site = Site::new();
    let mut rate = site.clean("systemd-analyze");
    rate.args(["security", "--offline=true", "--no-pager"])
        .arg(doc(SERVICE));
    let ran = run(&mut rate).code(0);
    let (_, level) = ran.stdout.rsplit_once("keyctl-serve.service: ").unwrap();
    let level: f64 = level.split(' ').next().unwrap().parse().unwrap();
    assert!(level <= EXPOSURE_MAX, "{}", ran.stdout);
}

#[test]
fn the_service_cannot_dump_core_leaves_when_drained_and_is_started_again() {
    assert_eq!(setting(SERVICE, "LimitCORE"), "0");
    assert_eq!(setting(SERVICE, "Type"), "notify");
    assert_eq!(setting(SERVICE, "Restart"), "on-failure");
    assert_eq!(setting(SERVICE, "RestrictAddressFamilies"), "AF_UNIX");
    assert_eq!(setting(SERVICE, "PrivateNetwork"), "yes");
    assert_eq!(setting(SOCKET, "SocketMode"), "0660");
}

/// The command that the service runs, with this program and this site's store.
fn serve(site: &Site) -> String {
    let line = setting(SERVICE, "ExecStart");
    let (program, db) = ("/usr/local/bin/keyctl ", "/var/lib/keyctl/keyctl.db");
    assert!(line.starts_with(program) && line.contains(db), "{line}");
    line.replace(program, "keyctl ")
        .replace(db, site.db().to_str().unwrap())
}

/// The system calls that the unit allows, by systemd's own list of its sets.
fn allowed(sets: &str) -> BTreeSet<&str> {
    let unit = fs::read_to_string(doc(SERVICE)).unwrap();
    let mut allowed = BTreeSet::new();
    let filters = unit
        .lines()
        .filter_map(|line| line.strip_prefix("SystemCallFilter="));
    for filter in filters {
        let forbids = filter.starts_with('~');
        for set in filter.trim_start_matches('~').split(' ') {
            for name in members(sets, set) {
                match forbids {
                    true => drop(allowed.remove(name)),
                    false => drop(allowed.insert(name)),
                }
            }
        }
    }
    allowed.extend(members(sets, "@default"));
    allowed
}

/// What the unit refuses with EPERM although the program calls it: niceness, and SQLite's `fchown`, which it
/// calls as root alone.
const REFUSED: [&str; 2] = ["setpriority", "fchown"];

#[test]
fn the_server_makes_no_call_that_its_unit_forbids_but_the_harmless_ones() {
    if !is_here("systemd-analyze", &["syscall-filter"]) || !strace::is_here() {
        return;
    }
    let site = Site::cheap();
    site.run("create --scope inference --secret-file token");
    let socket = site.path("serve.sock");
    let script = format!(
        "{} --listen unix:{place} >served & server=$!
         until [ -s served ]; do :; done
         for time in 1 2 3; do keyctl verify --server unix:{place} --key-file token || exit 1; done
         kill $server; wait $server",
        serve(&site),
        place = socket.display()
    );
    let (ran, calls) = strace::calls_of(&site.sh(&script), "all", Stdio::piped());
    ran.code(0);
    let sets = run(site.clean("systemd-analyze").arg("syscall-filter")).code(0);
    let allowed = allowed(&sets.stdout);
    for call in calls {
        // What strace says of the end.
        if call.name.starts_with('+') || call.name.starts_with('-') {
            continue;
        }
        let name = call.name.as_str();
        assert!(
            allowed.contains(name) || REFUSED.contains(&name),
            "{call:?}"
        );
        // MemoryDenyWriteExecute= and RestrictAddressFamilies=
        assert!(!call.text.contains("PROT_WRITE|PROT_EXEC"), "{call:?}");
        let is_local = call.text.starts_with("AF_UNIX");
        assert!(call.name != "socket" || is_local, "{call:?}");
    }
}

#[test]
fn a_refused_setpriority_stops_no_hash() {
    if !strace::is_here() {
        return;
    }
    let site = Site::new();
    site.run("create --scope inference --secret-file token");
    let script = format!(
        "{} --listen unix:$PWD/serve.sock >served & server=$!
         until [ -s served ]; do :; done
         keyctl verify --server unix:$PWD/serve.sock --key-file token || exit 1
         kill $server; wait $server",
        serve(&site)
    );
    let fault = strace::Fault {
        names: "setpriority".to_owned(),
        error: "EPERM",
        when: "1+".to_owned(),
    };
    run(&mut strace::failing(&site.sh(&script), &[fault], &[])).code(0);
}

/// A group that no user of this machine is in.
const GROUP: &str = "4000001";

#[test]
fn a_user_in_the_group_of_the_store_serves_it_and_notes_the_use() {
    if !is_root() {
        return skipped("only root can run the server as another user");
    }
    let site = Site::cheap();
    let id = id_of(&site.token_file("token", "--scope inference"));
    // Shared as `init --group` does it, with the executable where its group may go.
    drop(site.without_rights(site.cmd("list")));
    let script = format!(
        "chgrp {GROUP} . keyctl.db* && chmod 2770 . && chmod 0660 keyctl.db*
         setpriv --reuid 65534 --regid 65534 --groups {GROUP} \\
             {} --listen unix:$PWD/serve.sock >served & server=$!
         until [ -s served ]; do :; done
         keyctl verify --server unix:$PWD/serve.sock --key-file token || exit 1
         kill $server; wait $server",
        serve(&site)
    );
    let mut command = site.sh(&script);
    run(command.env("PATH", path_with(&site.path("")))).code(0);
    assert!(!site.record(&id).contains("\"last_used_at\":null"));
}

#[test]
fn the_page_s_filter_of_the_log_leaves_what_was_not_200() {
    if !is_here("jq", &["--version"]) {
        return;
    }
    let page = page("systemd-serve");
    let line = page
        .lines()
        .find(|line| line.starts_with("journalctl "))
        .unwrap();
    let (_, jq) = line.split_once(" | ").unwrap();
    let lines = "no JSON\n{\"status\":200}\n{\"status\":401}\n";
    let ran = run_with(&mut Site::new().sh(jq), lines).code(0).stderr("");
    assert_eq!(
        ran.stdout.split_whitespace().collect::<String>(),
        "{\"status\":401}"
    );
}

#[test]
fn the_page_s_store_is_one_of_a_group_that_the_service_is_in() {
    let group = setting(SERVICE, "SupplementaryGroups");
    let set_up = blocks(&page("systemd-serve"), "sh").swap_remove(1);
    assert!(
        set_up.contains(&format!("groupadd --system {group}\n")),
        "{set_up}"
    );
    assert!(set_up.contains(&format!(" --group {group}\n")), "{set_up}");
    let writable = setting(SERVICE, "ReadWritePaths");
    let directory = writable.trim_start_matches('-');
    assert!(set_up.contains(&format!("install -d -g {group} -m 2770 {directory}\n")));
    assert!(serve(&Site::new()).contains("keyctl.db"));
}
