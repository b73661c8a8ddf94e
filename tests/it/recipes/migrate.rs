//! `docs/migrate`: keys for the users of a `.htpasswd` file, and for the API keys of headscale.

use super::{blocks, is_here, keeps_off_arguments, page, shells};
use crate::exe::harness::{Site, is_root, mode, run, run_with, set_mode, skipped, wait};
use crate::harness::{Ran, id_of};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::process::Command;

/// The group of a user without rights.
const NOGROUP: u32 = 65534;

/// A site with a file of bob's and carol's bcrypt hashes, made by Apache's own program.
fn with_htpasswd() -> Option<Site> {
    if !is_here("htpasswd", &["-nbB", "alice", "x"]) {
        return None;
    }
    let site = Site::cheap();
    for (user, first) in [("bob", "-ciB"), ("carol", "-iB")] {
        let mut htpasswd = site.clean("htpasswd");
        htpasswd.args(["-C", "4", first, ".htpasswd", user]);
        run_with(&mut htpasswd, "a password").code(0);
    }
    Some(site)
}

/// The script for `.htpasswd` with these arguments.
fn htpasswd(site: &Site, shell: &str, args: &str) -> Command {
    let mut command = site.recipe(shell, "migrate/htpasswd.sh");
    command.args(args.split_whitespace());
    command
}

/// The script for headscale, fed with `listed`.
fn headscale(site: &Site, shell: &str, listed: &str) -> Ran {
    let mut command = site.recipe(shell, "migrate/headscale.sh");
    command.args(["alice", "inference", "tokens"]);
    run_with(&mut command, listed)
}

/// The names of the token files, sorted, as a page has them.
fn tokens(site: &Site) -> String {
    let mut names: Vec<String> = fs::read_dir(site.path("tokens"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| format!("tokens/{name}\n"))
        .collect();
    names.sort();
    names.concat()
}

/// The record of the key whose token is in that file, where it is let in for inference.
#[track_caller]
fn record(site: &Site, name: &str) -> Value {
    let path = site.path("tokens").join(name);
    assert_eq!(mode(&path), 0o600, "{name}");
    assert_eq!(mode(site.path("tokens")), 0o700);
    let token = fs::read_to_string(&path).unwrap();
    run_with(&mut site.cmd("verify --scope inference"), &token).code(0);
    run_with(&mut site.cmd("verify --scope project"), &token).code(6);
    serde_json::from_str(&site.record(&id_of(&token))).unwrap()
}

/// The time so many days from now, in seconds.
fn days_from_now(site: &Site, days: i64) -> i64 {
    site.number(&format!(
        "SELECT CAST(strftime('%s', 'now', '{days} days') AS INTEGER)"
    ))
}

/// The same as RFC 3339 has it.
fn as_text(site: &Site, seconds: i64) -> String {
    let query = format!("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', {seconds}, 'unixepoch')");
    site.sql().query_row(&query, [], |row| row.get(0)).unwrap()
}

/// What `headscale apikeys list -o json` prints, to 0.29 and from 0.30 on: a key that ends within what
/// policy allows, one that has expired, one that ends later, and one without an end.
fn listings(site: &Site) -> [String; 2] {
    let ends = [30, -1, 4000].map(|days| days_from_now(site, days));
    let [soon, past, late] = ends;
    let object = |seconds: i64| json!({"seconds": seconds, "nanos": 806_378_454});
    let old = json!([
        {"id": 1, "prefix": "aB3xY7z", "expiration": object(soon), "created_at": object(1)},
        {"id": 2, "prefix": "gone", "expiration": object(past), "created_at": object(1)},
        {"id": 3, "prefix": "hskey-api-Late-***", "expiration": object(late), "last_seen": object(2)},
        {"id": 4, "prefix": "endless", "created_at": object(1)},
        {"id": 5, "prefix": "year1", "expiration": {"seconds": -62_135_596_800_i64}, "created_at": object(1)},
        {"id": 6, "prefix": "empty", "expiration": {}, "created_at": object(1)},
    ]);
    let text = |seconds: i64| as_text(site, seconds).replace('Z', ".806378454Z");
    let new = json!([
        {"createdAt": text(1), "expiration": text(soon), "id": "1", "lastSeen": null, "prefix": "aB3xY7z"},
        {"createdAt": text(1), "expiration": text(past), "id": "2", "lastSeen": null, "prefix": "gone"},
        {"createdAt": text(1), "expiration": text(late), "id": "3", "lastSeen": text(2), "prefix": "hskey-api-Late-***"},
        {"createdAt": text(1), "expiration": "0001-01-01T00:00:00Z", "id": "4", "lastSeen": null, "prefix": "endless"},
        {"createdAt": text(1), "expiration": null, "id": "5", "lastSeen": null, "prefix": "year1"},
        {"createdAt": text(1), "id": "6", "lastSeen": null, "prefix": "empty"},
    ]);
    [old, new].map(|listed| serde_json::to_string_pretty(&listed).unwrap())
}

#[test]
fn each_user_of_a_htpasswd_file_gets_a_key_and_its_token_in_a_file_as_the_page_says() {
    let Some(site) = with_htpasswd() else {
        return;
    };
    let page = page("migrate");
    run(&mut site.beside("migrate", &blocks(&page, "sh")[0])).code(0);
    assert_eq!(tokens(&site), blocks(&page, "text")[0]);
    for user in ["bob", "carol"] {
        let record = record(&site, &format!("{user}.token"));
        assert_eq!(record["owner"], user);
        assert_eq!(record["name"], "from-htpasswd");
        assert_eq!(record["labels"], json!({"from": "htpasswd"}));
    }
    // All new and unused, so none of them is one that has waited for a week.
    run(&mut site.sh(&blocks(&page, "sh")[2]))
        .code(0)
        .stdout("");
    let listed = site.run("list --label from=htpasswd --format ids").stdout;
    assert_eq!(listed.lines().count(), 2);
}

#[test]
fn a_second_run_makes_keys_for_new_users_only_whatever_became_of_the_others() {
    for shell in shells() {
        let Some(site) = with_htpasswd() else {
            return;
        };
        run(&mut htpasswd(&site, shell, ".htpasswd inference tokens")).code(0);
        let before = site.ids();
        site.run("rotate bob/from-htpasswd");
        site.run("delete carol/from-htpasswd --yes");
        fs::remove_file(site.path("tokens/bob.token")).unwrap();
        let mut text = fs::read_to_string(site.path(".htpasswd")).unwrap();
        // No line end, and what is no user.
        text.push_str("\n# a comment\ndave:x");
        fs::write(site.path(".htpasswd"), text).unwrap();
        run(&mut htpasswd(&site, shell, ".htpasswd inference tokens"))
            .code(0)
            .says("bob already has a key")
            .says("carol already has a key");
        assert_eq!(
            site.ids().len(),
            before.len() + 2,
            "{shell}: bob's second and dave's"
        );
        assert_eq!(record(&site, "dave.token")["owner"], "dave");
        assert!(!site.path("tokens/bob.token").exists());
    }
}

#[test]
fn two_runs_at_once_make_one_key_for_each_user() {
    let Some(site) = with_htpasswd() else {
        return;
    };
    let runs = ["one", "two"].map(|directory| {
        htpasswd(&site, "sh", &format!(".htpasswd inference {directory}"))
            .spawn()
            .unwrap()
    });
    for run in runs {
        wait(run);
    }
    assert_eq!(site.ids().len(), 2);
}

#[test]
fn a_name_that_is_none_is_passed_over_and_told_of() {
    for shell in shells() {
        let site = Site::cheap();
        fs::write(site.path("users"), "../carol:x\n-n:x\n a:x\nbob:x\n").unwrap();
        run(&mut htpasswd(&site, shell, "users inference tokens"))
            .code(1)
            .says("no key for '../carol'");
        assert_eq!(tokens(&site), "tokens/bob.token\n", "{shell}");
        assert_eq!(site.ids().len(), 1);
    }
}

#[test]
fn a_token_file_that_was_left_is_neither_taken_nor_removed() {
    for shell in shells() {
        let site = Site::cheap();
        fs::write(site.path("users"), "bob:x\ncarol:x\n").unwrap();
        fs::create_dir(site.path("tokens")).unwrap();
        fs::write(site.path("tokens/bob.token"), "void").unwrap();
        run(&mut htpasswd(&site, shell, "users inference tokens"))
            .code(1)
            .says("tokens/bob.token exists, but its key does not");
        assert_eq!(fs::read(site.path("tokens/bob.token")).unwrap(), b"void");
        fs::remove_file(site.path("tokens/bob.token")).unwrap();
        run(&mut htpasswd(&site, shell, "users inference tokens")).code(0);
        assert_eq!(
            tokens(&site),
            "tokens/bob.token\ntokens/carol.token\n",
            "{shell}"
        );
    }
}

#[test]
fn nothing_is_made_without_a_store_or_the_file() {
    for shell in shells() {
        let site = Site::new();
        fs::write(site.path("users"), "bob:x\n").unwrap();
        let ran = run(&mut htpasswd(&site, shell, "users inference tokens"));
        assert_eq!(ran.code, 5, "{shell}: {ran:?}");
        assert!(!site.db().exists());
        let ran = run(&mut htpasswd(&site, shell, "nowhere inference tokens"));
        assert_ne!(ran.code, 0, "{shell}");
    }
}

#[test]
fn another_keyctl_is_told_of_before_anything_is_done() {
    for shell in shells() {
        let site = Site::cheap();
        fs::write(site.path("users"), "bob:x\n").unwrap();
        let others = site.program("others", "#!/bin/sh\necho 'keyctl from keyutils-1.6.3'\n");
        for other in [others.to_str().unwrap(), "nowhere/keyctl"] {
            for (script, args) in [
                ("htpasswd", ["users", "inference", "tokens"]),
                ("headscale", ["alice", "inference", "tokens"]),
            ] {
                let mut command = site.recipe(shell, &format!("migrate/{script}.sh"));
                command.args(args).env("KEYCTL", other);
                let ran = run_with(&mut command, "[]").code(78);
                assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
                ran.says(&format!(
                    "{script}: {other} is missing or is another keyctl"
                ));
                assert!(!site.path("tokens").exists());
            }
        }
    }
}

#[test]
fn who_is_no_administrator_makes_no_key_for_others() {
    if !is_root() {
        skipped("needs root, to be two users");
        return;
    }
    let site = Site::cheap();
    fs::write(site.path("users"), "bob:x\n").unwrap();
    let command = htpasswd(&site, "sh", "users inference tokens");
    let mut command = site.without_rights(command);
    // The store is a group's to write, and still not all of the group's to rule.
    for (name, mode) in [
        ("", 0o2770),
        ("keyctl.db", 0o660),
        ("keyctl.db-wal", 0o660),
        ("keyctl.db-shm", 0o660),
    ] {
        if site.path(name).exists() {
            chown(site.path(name), None, Some(NOGROUP)).unwrap();
            set_mode(site.path(name), mode);
        }
    }
    run(&mut command).code(1).says("may not");
    assert_eq!(site.ids().len(), 0);
    assert_eq!(tokens(&site), "");
}

#[test]
fn each_key_of_headscale_that_works_gets_one_with_its_end_where_policy_allows_it() {
    if !is_here("jq", &["--version"]) {
        return;
    }
    let listings = listings(&Site::cheap());
    for (index, shell) in shells().into_iter().enumerate() {
        // Both in the first shell, one of them in each other.
        let listed = listings.iter().enumerate();
        let listed = listed.filter(|(place, _)| index == 0 || index % 2 == *place);
        for (_, listed) in listed {
            let site = Site::cheap();
            headscale(&site, shell, listed)
                .code(0)
                .says("gone has expired")
                .says("hskey-api-Late-***: that expiry is not allowed")
                .says("endless: that expiry is not allowed")
                .says("year1: that expiry is not allowed")
                .says("empty: that expiry is not allowed");
            let named =
                ["1", "3", "4", "5", "6"].map(|id| format!("tokens/headscale-{id}.token\n"));
            assert_eq!(tokens(&site), named.concat(), "{shell}");

            let first = record(&site, "headscale-1.token");
            assert_eq!(first["owner"], "alice");
            assert_eq!(first["name"], "headscale-1");
            assert_eq!(
                first["labels"],
                json!({"from": "headscale", "headscale": "aB3xY7z"})
            );
            let end = first["expires_at"].as_str().unwrap();
            assert!(
                listed.contains(&end.replace('Z', ".")) || {
                    let seconds =
                        site.number(&format!("SELECT CAST(strftime('%s', '{end}') AS INTEGER)"));
                    listed.contains(&seconds.to_string())
                }
            );
            for capped in 3..=6 {
                let end = record(&site, &format!("headscale-{capped}.token"))["expires_at"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                let (least, most) = (days_from_now(&site, 364), days_from_now(&site, 366));
                assert!(
                    (as_text(&site, least)..as_text(&site, most)).contains(&end),
                    "{end}"
                );
            }

            let before = site.ids();
            headscale(&site, shell, listed)
                .code(0)
                .says("aB3xY7z already has a key");
            assert_eq!(site.ids(), before, "{shell}");
        }
    }
}

#[test]
fn without_a_list_of_headscales_nothing_is_made() {
    if !is_here("jq", &["--version"]) {
        return;
    }
    for shell in shells() {
        let site = Site::cheap();
        for none in ["[]", "null"] {
            headscale(&site, shell, none).code(0).stderr("");
        }
        for wrong in ["no json", "[1]"] {
            let ran = headscale(&site, shell, wrong);
            assert_ne!(ran.code, 0, "{shell}: {wrong}");
        }
        for answer in [r#"{"error": {"message": "unauthorized"}}"#, "{}"] {
            let ran = headscale(&site, shell, answer).says("not a list of API keys");
            assert_ne!(ran.code, 0, "{shell}: {answer}");
        }
        let odd = r#"[{"id": "../1", "prefix": "odd"}]"#;
        headscale(&site, shell, odd)
            .code(1)
            .says("no key for '../1'");
        let soon = days_from_now(&site, 3);
        for without in [json!({"id": 1, "prefix": ""}), json!({"id": 1})] {
            let mut without = without;
            without["expiration"] = json!({"seconds": soon});
            headscale(&site, shell, &json!([without]).to_string())
                .code(1)
                .says("headscale: no key for 1: it has no prefix");
        }
        assert_eq!(site.ids().len(), 0);
    }
}

#[test]
fn the_line_for_headscale_on_the_page_does_what_the_page_says() {
    if !is_here("jq", &["--version"]) {
        return;
    }
    let site = Site::cheap();
    let ends = days_from_now(&site, 30);
    let [listed, _] = listings(&site);
    let late = json!({"seconds": ends, "nanos": 0});
    let mut keys: Vec<Value> = serde_json::from_str(&listed).unwrap();
    keys.truncate(3);
    keys[2]["expiration"] = late;
    fs::write(site.path("listed"), serde_json::to_string(&keys).unwrap()).unwrap();
    let stub = "#!/bin/sh\n[ \"$*\" = 'apikeys list -o json' ] && cat listed\n";
    let stub = site.program("bin/headscale", stub);
    let page = page("migrate");
    let script = format!(
        "PATH={}:$PATH\n{}",
        stub.parent().unwrap().display(),
        blocks(&page, "sh")[1]
    );
    run(&mut site.beside("migrate", &script)).code(0);
    assert_eq!(tokens(&site), blocks(&page, "text")[1]);
}

#[test]
fn a_directory_of_tokens_that_others_could_read_is_shut() {
    let site = Site::cheap();
    fs::write(site.path("users"), "bob:x\n").unwrap();
    fs::create_dir(site.path("tokens")).unwrap();
    set_mode(site.path("tokens"), 0o755);
    run(&mut htpasswd(&site, "sh", "users inference tokens")).code(0);
    record(&site, "bob.token");
    // What lies in the way is not written through.
    symlink(site.path("elsewhere"), site.path("tokens/carol.token")).unwrap();
    fs::write(site.path("users"), "carol:x\n").unwrap();
    let ran = run(&mut htpasswd(&site, "sh", "users inference tokens"));
    assert_ne!(ran.code, 0, "{ran:?}");
    assert!(!site.path("elsewhere").exists());
}

#[test]
fn no_process_has_a_token_in_an_argument() {
    let site = Site::cheap();
    fs::write(site.path("users"), "bob:x\n").unwrap();
    let script = htpasswd(&site, "sh", "users inference tokens");
    let token = || fs::read_to_string(site.path("tokens/bob.token")).unwrap();
    keeps_off_arguments(&script, token);
}
