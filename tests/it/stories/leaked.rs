//! `disable -` and `delete -`: every key that a line leads to is stopped, whatever the others are.

use super::World;
use crate::harness::{Cmd, forged, id_of, open};
use serde_json::json;
use std::io::ErrorKind;
use std::process::Stdio;

/// `disable -` and `delete - --yes`.
const BOTH: [&str; 2] = ["disable -", "delete - --yes"];

/// A new key with this name, of alice.
fn key(world: &World, name: &str) -> String {
    world.create(&format!("--scope inference --name {name}"))
}

/// The past tense of a command.
fn past(line: &str) -> &'static str {
    match line.starts_with("delete") {
        true => "deleted",
        false => "disabled",
    }
}

fn alive(world: &World, token: &str) -> bool {
    world.verify(token, "--no-touch") == 0
}

/// What is said on standard error without what is said of keys that were stopped.
fn complaint(stderr: &str) -> String {
    let lines = stderr.split_inclusive('\n');
    lines
        .skip_while(|line| line.starts_with("disabled ") || line.starts_with("deleted "))
        .collect()
}

#[test]
fn a_live_token_beside_a_purged_one_stops_its_key() {
    for line in BOTH {
        let world = World::quick();
        let gone = key(&world, "gone");
        world.run("delete gone --yes");
        world.run("purge --yes --owner alice");
        let live = key(&world, "live");
        let ran = world.line(line).stdin(format!("{gone}\n{live}\n")).run();
        let ran = ran.fails(
            3,
            &format!(
                "line 1: there is no key {}; the other one is stopped\nhint: 'keyctl list --state all' shows every key\n",
                id_of(&gone)
            ),
        );
        assert!(ran.stderr.starts_with(past(line)), "{ran:#?}");
        assert!(!alive(&world, &live));
    }
}

#[test]
fn each_line_that_stops_nothing_is_named_by_its_number() {
    for line in BOTH {
        let world = World::quick();
        let live = [key(&world, "a"), key(&world, "b"), key(&world, "c")];
        let kept = key(&world, "kept");
        let twin = key(&world, "twin");
        world.advance("1s");
        let second = world.run("rotate twin --grace 1h").stdout;
        let cut = &kept[..40];
        let lines = [
            String::new(),
            live[0].clone(),
            "nosuch".to_owned(),
            forged(&kept),
            "  ".to_owned(),
            format!("Bearer {}", live[1]),
            "twin".to_owned(),
            cut.to_owned(),
            "000000000000".to_owned(),
            id_of(&live[2]),
        ];
        let mut stdin = lines.join("\n").into_bytes();
        stdin.extend_from_slice(b"\n\xff\xfe\n");
        let ran = world.line(line).stdin(stdin).run().code(3).stdout("");
        let id = id_of(&kept);
        assert_eq!(
            complaint(&ran.stderr),
            format!(
                "line 3: there is no key 'nosuch'\n\
                 line 4: the token kc_{id}_… has the wrong secret for its key\n\
                 line 7: 'twin' stands for more than one key: {}, {}\n\
                 line 8: the token kc_{id}_… is mistyped, cut short or inside other text\n\
                 line 9: there is no key 000000000000\n\
                 line 11: the KEY '\u{fffd}\u{fffd}' is not UTF-8\n\
                 keyctl: 6 of 9 KEYs stopped nothing; the other 3 are stopped\n\
                 hint: line 4: anybody can make up such a token, since IDs are public; to stop the key anyway, by its ID: keyctl {} {id}\n",
                id_of(&twin),
                id_of(second.trim_end()),
                line.split(' ').next().unwrap()
            )
        );
        for token in &live {
            assert!(!alive(&world, token), "{line}");
        }
        assert!(alive(&world, &kept) && alive(&world, &twin), "{line}");
        world.check_chain();
        // The lines that stopped none are said with -q too.
        let quiet = world.line(&format!("{line} -q")).stdin("x\ny\n").run();
        quiet.code(3).stderr(
            "line 1: there is no key 'x'\nline 2: there is no key 'y'\nkeyctl: 2 of 2 KEYs stopped nothing\n",
        );
    }
}

#[test]
fn lines_that_lead_to_no_key_are_looked_up_without_the_write_lock() {
    for line in BOTH {
        let world = World::quick();
        let gone = key(&world, "gone");
        world.run("delete gone --yes");
        world.run("purge --yes --owner alice");
        let lines = format!("no-such-key\n{gone}\n");
        world.while_busy(|| {
            let ran = world.line(line).stdin(lines).run();
            let ran = ran.code(3);
            assert!(
                ran.stderr.contains("2 of 2 KEYs stopped nothing"),
                "{ran:#?}"
            );
            assert!(ran.stderr.contains("line 1: "), "{ran:#?}");
        });
    }
}

#[test]
fn a_forged_token_stops_nothing_and_the_id_does() {
    for line in BOTH {
        let world = World::quick();
        let token = key(&world, "web");
        let before = world.rows();
        let command = line.split(' ').next().unwrap();
        let id = id_of(&token);
        let ran = world.line(line).stdin(forged(&token)).run();
        let ran = ran.code(3).stdout("").stderr(&format!(
            "keyctl: line 1: the token kc_{id}_… has the wrong secret for its key\n\
             hint: anybody can make up such a token, since IDs are public; to stop the key anyway, by its ID: keyctl {command} {id}\n"
        ));
        assert!(!ran.stderr.contains(&forged(&token)[16..24]), "{ran:#?}");
        assert_eq!(world.rows(), before);
        assert!(alive(&world, &token));
        world.line(line).stdin(&id).run().code(0);
        assert!(!alive(&world, &token));
    }
}

#[test]
fn a_key_that_is_stopped_already_counts_as_stopped() {
    for line in BOTH {
        let world = World::quick();
        let deleted = key(&world, "deleted");
        world.run("delete deleted --yes");
        let theirs = world
            .line("create --scope inference --name theirs")
            .user("bob")
            .run();
        let theirs = theirs.stdout.trim_end().to_owned();
        world.line("delete theirs --yes").user("bob").run().code(0);
        // Of a deleted key no secret can be compared: it lets nobody in.
        let stdin = [
            deleted.clone(),
            forged(&deleted),
            theirs.clone(),
            id_of(&theirs),
        ];
        let before = world.rows();
        world
            .line(line)
            .stdin(stdin.join("\n"))
            .run()
            .code(0)
            .stderr(&format!(
                "{} (deleted) is already deleted\n{} (theirs) is already deleted\n",
                id_of(&deleted),
                id_of(&theirs)
            ));
        assert_eq!(world.rows(), before);
    }
}

#[test]
fn a_key_that_is_disabled_already_needs_no_secret_to_be_disabled() {
    let world = World::quick();
    let token = key(&world, "web");
    world.run("disable web");
    let id = id_of(&token);
    let before = world.rows();
    for stdin in [&token, &forged(&token), &id] {
        let ran = world.line("disable -").stdin(stdin).run().code(0);
        ran.stderr(&format!("{id} (web) is already disabled\n"));
        world
            .line("disable -")
            .user("bob")
            .stdin(stdin)
            .run()
            .code(0);
    }
    assert_eq!(world.rows(), before);
    // It may be enabled again: to be deleted, it takes the secret.
    world
        .line("delete - --yes")
        .stdin(forged(&token))
        .run()
        .code(3);
    world
        .line("delete - --yes")
        .user("bob")
        .stdin(&token)
        .run()
        .code(4);
    assert_eq!(world.rows(), before);
    world.line("delete - --yes").stdin(&token).run().code(0);
}

#[test]
fn an_expired_key_is_disabled_so_that_no_edit_revives_it() {
    let world = World::quick();
    let token = world.create("--scope inference --name web --expires 1h");
    world.advance("2h");
    world.line("disable -").stdin(&token).run().code(0);
    world.run("edit web --expires 1d");
    assert_eq!(world.record("web")["state"], json!("disabled"));
}

#[test]
fn a_key_of_somebody_else_is_left_and_the_attempt_is_logged() {
    for line in BOTH {
        let world = World::quick();
        let own = key(&world, "own");
        let theirs = world
            .line("create --scope inference --name theirs")
            .user("bob")
            .run();
        let theirs = theirs.stdout.trim_end().to_owned();
        let stdin = format!("{theirs}\nnosuch\n{own}\n");
        let ran = world.line(line).stdin(stdin).run().code(4).stdout("");
        assert_eq!(
            complaint(&ran.stderr),
            "line 1: 'alice' may not manage keys of 'bob'\n\
             line 2: there is no key 'nosuch'\n\
             keyctl: 2 of 3 KEYs stopped nothing; the other one is stopped\n\
             hint: line 1: only their owner or an administrator of this store may; 'keyctl admin list' lists the administrators\n"
        );
        assert!(alive(&world, &theirs) && !alive(&world, &own));
        let refusals: Vec<_> = world
            .events()
            .into_iter()
            .filter(|event| event.action == "refuse")
            .collect();
        assert_eq!(refusals.len(), 1);
        assert_eq!(refusals[0].key_id, Some(id_of(&theirs)));
        assert_eq!(
            refusals[0].detail()["message"],
            json!("'alice' may not manage keys of 'bob'")
        );
        world.line(line).user("carol").stdin(&theirs).run().code(0);
        world.check_chain();
    }
}

#[test]
fn a_hash_that_cannot_be_read_is_named_and_keeps_no_other_key_alive() {
    for line in BOTH {
        let world = World::quick();
        let odd = key(&world, "odd");
        let tokens = [key(&world, "a"), key(&world, "b")];
        let id = id_of(&odd);
        world.set_hash(&id, "$rubbish");
        let command = line.split(' ').next().unwrap();
        let stdin = format!("{}\n{odd}\n{}", tokens[0], tokens[1]);
        world.line(line).cores(2).stdin(&stdin).run().fails(
            5,
            &format!(
                "line 2: the hash of {id} cannot be read or would cost too much to check; the other 2 are stopped\n\
                 hint: to stop the key anyway, by its ID: keyctl {command} {id}\n"
            ),
        );
        for token in &tokens {
            assert!(!alive(&world, token));
        }
        // A fault of the store is graver than what is not there.
        world
            .line(line)
            .stdin(format!("nosuch\n{odd}"))
            .run()
            .fails(5, "2 of 2 KEYs stopped nothing\nhint: line 2: to stop");
        world.line(line).stdin(&id).run().code(0);
    }
}

#[test]
fn delete_disables_keys_of_kind_legacy_and_says_so() {
    let world = World::quick();
    let made = world
        .line("create --kind legacy --name robot --owner alice")
        .user("carol")
        .run();
    let robot = made.stdout.trim_end().to_owned();
    let token = key(&world, "web");
    let ran = world
        .line("delete -")
        .terminal(80)
        .streams(Default::default());
    drop(ran);
    let ran = world
        .line("delete - --yes")
        .stdin(format!("{token}\n{robot}\n"))
        .run();
    ran.code(0).stderr(&format!(
        "deleted {} (web)\ndisabled {} (robot)\n\
         disabled instead of deleted, as legacy keys cannot be deleted: 1 key\n",
        id_of(&token),
        id_of(&robot)
    ));
    assert!(!alive(&world, &token) && !alive(&world, &robot));
    let ran = world.line("delete - --yes").stdin(&robot).run().code(0);
    ran.stderr(&format!("{} (robot) is already disabled\n", id_of(&robot)));
}

#[test]
fn arguments_beside_a_dash_go_by_the_same_rule() {
    for line in BOTH {
        let world = World::quick();
        let (a, b, c) = (key(&world, "a"), key(&world, "b"), key(&world, "c"));
        let line = format!("{line} a nosuch - kc_{}_…", id_of(&c));
        world
            .line(&line)
            .stdin(format!("none\n{b}\na"))
            .run()
            .fails(3, "2 of 6 KEYs stopped nothing; the other 4 are stopped\n")
            .says("\nline 1: there is no key 'none'\n")
            .says("\nthere is no key 'nosuch'\n");
        for token in [&a, &b, &c] {
            assert!(!alive(&world, token));
        }
        assert_eq!(world.log().len(), 4 + 3, "each once");
    }
}

#[test]
fn without_a_dash_several_keys_are_still_all_or_nothing() {
    let world = World::quick();
    key(&world, "a");
    let before = world.rows();
    world
        .line("disable a nosuch")
        .run()
        .fails(3, "there is no key 'nosuch'\n");
    world
        .line("delete a nosuch --yes")
        .run()
        .fails(3, "there is no key 'nosuch'\n");
    assert_eq!(world.rows(), before);
}

#[test]
fn nothing_on_standard_input_is_no_success() {
    for line in BOTH {
        let world = World::quick();
        key(&world, "web");
        let before = world.rows();
        for nothing in ["", "\n \r\n", "\u{feff}", "\u{feff}\r\n"] {
            for line in [
                line,
                &format!("{line} web"),
                &line.replace('-', "- -").replace("- -- -yes", "--yes"),
            ] {
                let ran = world.line(line).stdin(nothing).run();
                ran.fails(2, "standard input has no KEY\n");
            }
        }
        assert_eq!(world.rows(), before);
    }
}

#[test]
fn what_came_before_standard_input_failed_is_stopped() {
    for line in BOTH {
        let world = World::quick();
        let (a, b, c) = (key(&world, "a"), key(&world, "b"), key(&world, "web-1"));
        // The name may have gone on.
        let cut = |stdin: &str| {
            world
                .line(line)
                .stdin(stdin)
                .stdin_fails(ErrorKind::ConnectionReset)
                .run()
        };
        let ran = cut(&format!("{a}\n\nnosuch\nweb-1")).fails(
            5,
            "cannot read standard input: connection reset; 2 of 3 KEYs stopped nothing; the other one is stopped\n\
             hint: lines from 4 on were not read: give them in another run\n",
        );
        assert!(
            complaint(&ran.stderr)
                .starts_with("line 3: there is no key 'nosuch'\nline 4: the KEY is cut off\n")
        );
        assert!(!alive(&world, &a) && alive(&world, &c));
        // A token is known to be whole.
        cut(&b).fails(
            5,
            "cannot read standard input: connection reset; the keys before that are stopped\nhint: lines from 1 on ",
        );
        assert!(!alive(&world, &b));
        cut("").fails(5, "cannot read standard input: connection reset\n");
        cut(&c[..64]).code(5);
        assert!(alive(&world, &c));
    }
}

#[test]
fn of_more_than_four_mebibytes_the_first_are_stopped() {
    let world = World::quick();
    let (a, b) = (key(&world, "a"), key(&world, "b"));
    let line = format!("{}\n", "x".repeat(1023));
    let mut stdin = format!("{a}\n");
    stdin.push_str(&line.repeat(4096));
    stdin.push_str(&b);
    let ran = world.line("disable -").stdin(&stdin).run().code(2);
    assert!(
        ran.stderr.ends_with(
            "keyctl: standard input has too many KEYs; 4096 of 4097 KEYs stopped nothing; the other one is stopped\n\
             hint: lines from 4097 on were not read: give them in another run\n"
        ),
        "{}",
        &ran.stderr[ran.stderr.len() - 400..]
    );
    assert!(!alive(&world, &a) && alive(&world, &b));
    // All or nothing, as ever.
    let ran = world.line("enable -").stdin(&stdin).run();
    ran.fails(
        2,
        "standard input has too many KEYs\nhint: give them in parts of at most 4 MiB\n",
    );
}

#[test]
fn a_token_is_found_in_env_json_and_yaml_lines() {
    let world = World::quick();
    let tokens: Vec<String> = (0..8).map(|n| key(&world, &format!("k{n}"))).collect();
    let lines = [
        format!("\u{feff}API_KEY={}", tokens[0]),
        format!("export API_KEY='{}'", tokens[1]),
        format!("  \"api_key\": \"{}\",\r", tokens[2]),
        format!("api-key: {}", tokens[3]),
        format!("'{}',", tokens[4]),
        format!("Authorization: Bearer {}", tokens[5]),
        format!("token = \"{}\"", tokens[6]),
        format!("\"{}\"", tokens[7]),
    ];
    world
        .line("disable -")
        .stdin(lines.join("\n"))
        .run()
        .code(0);
    for token in &tokens {
        assert!(!alive(&world, token));
    }
    // Wherever KEYs are read.
    let id = id_of(&tokens[1]);
    for (line, stdin) in lines.iter().zip(&tokens) {
        let ran = world.line("show - --format json").stdin(line).run().code(0);
        assert_eq!(ran.json()["id"], json!(id_of(stdin)));
    }
    world.line("enable -").stdin(lines.join("\n")).run().code(0);
    for line in ["log --key -", "edit - --label a=b", "rotate -"] {
        let ran = world.line(line).stdin(&lines[1]).run().code(0);
        assert!(
            format!("{}{}", ran.stdout, ran.stderr).contains(&id),
            "{line}: {ran:#?}"
        );
    }
}

#[test]
fn the_values_of_other_lines_of_an_env_file_are_not_shown() {
    let world = World::quick();
    let token = key(&world, "web");
    let stdin = format!(
        "# settings\nDB_PASSWORD=hunter2\nexport OTHER='hunter3'\n\"pass\": \"hunter4\",\nAPI_KEY={token}\n"
    );
    let ran = world.line("disable -").stdin(stdin).run().code(3);
    assert!(!alive(&world, &token));
    assert!(!ran.stderr.contains("hunter"), "{ran:#?}");
    ran.says("line 1: there is no key '# settings'\n")
        .says("line 2: the value of 'DB_PASSWORD' is not a token\n")
        .says("line 3: the value of 'OTHER' is not a token\n")
        .says("line 4: the value of 'pass' is not a token\n");
    // A name may have either sign in it.
    key(&world, "uid:7=x");
    world.line("disable -").stdin("uid:7=x").run().code(0);
    let ran = world.line("disable -").stdin("uid:8").run();
    ran.fails(3, "line 1: there is no key 'uid:8'\n");
}

#[test]
fn a_hash_that_is_renewed_while_somebody_is_asked_is_compared_again() {
    let world = World::quick();
    let (a, b) = (key(&world, "a"), key(&world, "b"));
    world.policy("hash", "sha256");
    let mut verify = world.real("verify");
    let presented = a.clone();
    let renew = move || {
        use std::io::Write;
        let mut child = verify
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(presented.as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success());
    };
    let stdin = format!("{a}\n{}\n{b}", forged(&b));
    let ran = typed(&world, "delete -", &stdin)
        .answer_after(renew, "y")
        .run();
    let ran = ran.code(3);
    assert!(ran.stderr.contains("line 2: the token kc_"), "{ran:#?}");
    let rehashes = |action: &&String| *action == "rehash";
    assert_eq!(world.log().iter().filter(rehashes).count(), 1);
    assert!(!alive(&world, &a) && !alive(&world, &b));
    let hashes = world
        .keys()
        .into_iter()
        .filter_map(|key| world.hash(key.id.as_str()));
    assert_eq!(hashes.count(), 0);
}

/// A command at a terminal where these lines are typed.
fn typed<'w>(world: &'w World, line: &str, lines: &str) -> Cmd<'w> {
    world.line(line).terminal(80).answer(lines)
}

#[test]
fn delete_asks_about_the_keys_that_would_be_deleted_alone() {
    let world = World::quick();
    let (a, b) = (key(&world, "a"), key(&world, "b"));
    let made = world
        .line("create --kind legacy --name robot --owner alice")
        .user("carol")
        .run();
    let robot = made.stdout.trim_end().to_owned();
    let stdin = format!("{a}\n{}\nnosuch\n{robot}\n", forged(&b));
    let before = world.rows();
    let ran = typed(&world, "delete -", &stdin).answer("n").run();
    let ran = ran.fails(4, "not confirmed: nothing was changed\n");
    assert!(
        ran.asked
            .ends_with("Delete 1 key, and disable 1 key of kind legacy? [y/N] \n"),
        "{ran:#?}"
    );
    assert!(!ran.stderr.contains(&id_of(&b)), "{ran:#?}");
    assert_eq!(world.rows(), before);
    typed(&world, "delete -", &stdin).answer("y").run().code(3);
    assert!(!alive(&world, &a) && alive(&world, &b) && !alive(&world, &robot));
    // Where nothing would be deleted, nobody is asked.
    typed(&world, "delete -", &forged(&b)).run().code(3);
    // Nor where there is no terminal: it needs --yes.
    let ran = world.line("delete -").stdin(&b).run();
    ran.fails(4, "delete needs confirmation, and this is not a terminal\n");
    world.line("delete -").stdin(forged(&b)).run().code(3);
    assert!(alive(&world, &b));
}

#[test]
fn a_key_that_a_name_came_to_mean_meanwhile_is_not_deleted() {
    let world = World::quick();
    let a = key(&world, "a");
    let b = id_of(&key(&world, "b")).parse().unwrap();
    let (mut others, new) = (world.open(), "000000000000".parse().unwrap());
    let renamed = move || open::alter(&mut *others, b, |key| key.id = new);
    typed(&world, "delete -", &format!("{a}\nb")).answer_after(renamed, "y").run()
        .fails(4, "")
        .says("also matches now; it did not when you confirmed\nhint: nothing was changed; run the command again\n");
    assert!(alive(&world, &a));
}

#[test]
fn tokens_are_compared_on_every_core_and_each_once() {
    let world = World::quick();
    let tokens: Vec<String> = (0..20).map(|n| key(&world, &format!("k{n}"))).collect();
    let mut lines = tokens.clone();
    lines.extend(tokens.iter().map(|token| forged(token)));
    lines.extend(tokens.iter().cloned());
    let ran = world
        .line("disable -")
        .cores(3)
        .terminal(80)
        .streams(keyctl::env::Terminal {
            stderr: true,
            ..Default::default()
        });
    let ran = ran.stdin(lines.join("\n")).run().code(3);
    assert_eq!(ran.progress, format!("Keys 40:{}\n", " 1".repeat(40)));
    assert_eq!(
        ran.stderr
            .matches("has the wrong secret for its key")
            .count(),
        20
    );
    for token in &tokens {
        assert!(!alive(&world, token));
    }
    assert_eq!(
        world
            .log()
            .iter()
            .filter(|action| *action == "disable")
            .count(),
        20
    );
    world.check_chain();
}

#[test]
fn a_token_with_an_older_prefix_or_hash_is_compared_all_the_same() {
    let world = World::quick();
    world.policy("key-prefix", "acme_prod");
    let older = key(&world, "older");
    world.policy("key-prefix", "kc");
    world.policy("hash", "sha256");
    let newer = key(&world, "newer");
    world
        .line("disable -")
        .stdin(format!("{older}\n{newer}"))
        .run()
        .code(0);
    assert!(!alive(&world, &older) && !alive(&world, &newer));
    world
        .line("enable -")
        .stdin(format!("{older}\n{newer}"))
        .run()
        .code(0);
    // Enabling takes no secret.
    world.line("disable older").run().code(0);
    world.line("enable -").stdin(forged(&older)).run().code(0);
}

#[test]
fn show_and_edit_say_that_the_secret_of_a_piped_token_is_not_checked() {
    let world = World::quick();
    let token = key(&world, "web");
    let note = "note: only the ID in the token was looked up; 'keyctl verify' checks its secret\n";
    for line in ["show -", "edit - --label team=search"] {
        let run = |line: &str, stdin: &str| world.line(line).stdin(stdin).run().code(0);
        run(line, &token).says(note);
        let silent = run(&format!("{line} -q"), &token).stderr;
        assert!(!silent.contains("note: "), "{silent}");
        let of_id = run(line, &id_of(&token)).stderr;
        assert!(!of_id.contains("note: "), "{of_id}");
    }
}

#[test]
fn an_interrupted_list_of_keys_changes_nothing_and_names_ctrl_d() {
    let world = World::quick();
    key(&world, "web");
    world
        .line("disable -")
        .terminal(80)
        .prompt_fails(std::io::ErrorKind::Interrupted)
        .run()
        .fails(
            130,
            "interrupted: nothing was changed\nhint: end with Ctrl-D, not Ctrl-C\n",
        );
}
