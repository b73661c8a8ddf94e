//! The blocks that are no console's: scripts are run, patterns are tried on real tokens. A table has
//! those that are not run, each with its reason. A new block must be in one of the two tables.

use super::blocks::{self, Block};
use crate::exe::harness::{Site, is_root, run, run_with, set_mode, skipped};
use crate::harness::postgres::cluster;
use crate::harness::{Ran, exe, id_of};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

/// What is first in a block, and what runs it.
type Runs = (&'static str, fn(&Block));

/// The page of which `tests/it/week.rs` runs every block.
const FOLLOWED: &str = "docs/guide/week.md";

/// The blocks that are run.
const RUN: [Runs; 15] = [
    ("eval \"$(keyctl completions bash)\"", completions),
    (
        "keyctl rotate rcpdphdw3vkh --grace 0s --secret-file fresh.token",
        a_leaked_token_that_is_replaced,
    ),
    ("#!/bin/sh", a_script_that_guards),
    (
        "keyctl init --db postgres://db1/keys",
        keys_that_move_to_a_server,
    ),
    (
        "psql --csv \"$DATABASE_URL\" >litellm.csv <<'SQL'",
        keys_of_litellm,
    ),
    (
        "for f in *.token; do cat \"$f\"; echo; done | keyctl verify --batch --scope inference >verdicts.jsonl",
        many_at_once,
    ),
    (
        "keyctl rotate ci-deploy --grace 24h --secret-file ci.token.new && mv ci.token.new ci.token",
        a_rotation,
    ),
    (
        "0 7 * * * /home/alice/.cargo/bin/keyctl --db /home/alice/try/keyctl.db list --expired-within 2d --expiring-within 14d --exit-code --quiet",
        a_warning_from_cron,
    ),
    (
        "git log -p -c --all --reflog -a | keyctl scan -",
        leaked_tokens_in_a_history,
    ),
    (
        "0 6 * * * /home/alice/.cargo/bin/keyctl --db /home/alice/try/keyctl.db scan --quiet /srv/app",
        a_scan_from_cron,
    ),
    ("groupadd keyadmins", a_machine_set_up_for_a_group),
    (
        "keyctl verify --db /srv/keyctl/keyctl.db --key-env API_KEY --scope inference",
        steps_of_a_job,
    ),
    (
        "kc_7h2m9qxw4d1e_<43 characters><6 characters>",
        the_parts_of_a_token,
    ),
    (
        "kc_[0-9a-hjkmnp-tv-z]{12}_[0-9A-Za-z]{49}",
        a_regular_expression,
    ),
    ("import sys, zlib", the_checksum_in_python),
];

/// The blocks that are not run, by what is first in them, and why.
const NOT_RUN: [(&str, &str); 20] = [
    (
        "mkdir aside && mv keyctl.db* aside/",
        "it is for the older keyctl, which is not here",
    ),
    (
        "benches/scan.py                             # builds keyctl; some minutes",
        "it measures, which takes minutes",
    ),
    (
        "benches/postgres.py                               # builds keyctl; a list of a million keys",
        "it measures, which takes minutes",
    ),
    (
        "KEYCTL_TEST_ROUNDS=100 cargo test --locked --release --test it -- --ignored failover",
        "it is a long run of tests",
    ),
    (
        "keyctl serve --listen 127.0.0.1:9091 --client-header x-real-ip",
        "it serves until it is ended; the examples of its help are run",
    ),
    (
        "keyctl verify --server http://127.0.0.1:9091 --scope inference --key-file api.token",
        "it asks a port that may be anybody's; serving::remote asks servers of its own",
    ),
    (
        "valid: 7h2m9qxw4d1e ci of alice, scopes inference, expires 2027-02-20T00:00:00Z (in 90d) (HTTP 200, replica gpu-2)",
        "it is what the block before prints; exe::remote looks at such a line",
    ),
    (
        "{ printf 'x-api-key: '; cat api.token; } |",
        "serving::remote runs it with a server of its own",
    ),
    (
        "packaging/debian/build && sudo apt install ./target/debian/api-keyctl_*.deb",
        "it installs a package; packaging/debian/try does that elsewhere",
    ),
    (
        "cargo install --path . --locked",
        "it builds for minutes; .ci/run does it",
    ),
    (
        "mkdir -p ~/.local/share/man/man1 && cp man/*.1 ~/.local/share/man/man1/",
        "recipes::release runs it with a release of its own",
    ),
    (
        "sha256sum --check --ignore-missing SHA256SUMS",
        "recipes::release runs it with a release of its own",
    ),
    (
        "cargo test --locked                                      # all tests, some ten minutes",
        "this is one of them",
    ),
    (
        "cargo test --locked --test it stories::list              # builds, then tests one command on both kinds of store",
        "this is another one of them",
    ),
    (
        "UPDATE=1 cargo test --locked --test it generated       # man/ from the help texts, completions/",
        "it changes what is tested",
    ),
    (
        "git clone . ../clean && cd ../clean && bash .ci/run",
        "this is a part of it",
    ),
    (
        "cargo install --path . --locked && ~/.cargo/bin/keyctl create --scope inference --expires 90d",
        "it builds for minutes",
    ),
    ("cargo test --locked", "this is that"),
    (
        "export KEYCTL_DB=/var/tmp/busy.db",
        "it makes a store of 50,000 keys; exe::work counts what the program reads of such stores",
    ),
    (
        "cargo bench --bench library                 # what the library does, in one process",
        "it measures for an hour",
    ),
];

/// The blocks that other tests do not follow.
fn others() -> impl Iterator<Item = Block> {
    let blocks = blocks::all().into_iter();
    blocks.filter(|block| block.kind != "console" && block.file != FOLLOWED)
}

#[test]
fn every_other_block_is_run_or_it_is_said_why_not() {
    const WHERE: &str = "tests/it/documents/others.rs";
    let blocks: Vec<Block> = others().collect();
    let mut wrong = Vec::new();
    for block in &blocks {
        let runs = RUN.iter().any(|(first, _)| *first == block.first());
        let not = NOT_RUN.iter().any(|(first, _)| *first == block.first());
        if !runs && !not {
            wrong.push(format!(
                "{block} is new: add it to RUN or NOT_RUN in {WHERE}\n"
            ));
        }
    }
    let firsts = RUN.iter().map(|(first, _)| first);
    for first in firsts.chain(NOT_RUN.iter().map(|(first, _)| first)) {
        if !blocks.iter().any(|block| block.first() == *first) {
            wrong.push(format!(
                "{first:?} begins no block: remove it from {WHERE}\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.concat());
}

#[test]
fn every_other_block_does_what_is_said() {
    for block in others() {
        if let Some((_, runs)) = RUN.iter().find(|(first, _)| *first == block.first()) {
            runs(&block);
        }
    }
}

/// Each shell runs the line for it, and has nothing to complain of.
fn completions(block: &Block) {
    for line in block.text.lines() {
        let (_, rest) = line.split_once("keyctl completions ").unwrap();
        let shell = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap();
        let site = Site::new();
        let known = match shell {
            "bash" => "complete -p keyctl",
            "zsh" => "[[ -n $_comps[keyctl] ]]",
            "fish" => "complete --do-complete 'keyctl rota' | string match -q 'rotate*'",
            other => panic!("{block}: {other}"),
        };
        let before = match shell {
            "zsh" => "autoload -U compinit && compinit -u -D\n",
            _ => "",
        };
        // What is written to a file, fish reads at the next start.
        let script = match line.contains('>') {
            true => {
                run(&mut site.sh(line)).code(0).stderr("");
                known.to_owned()
            }
            false => format!("{before}{line}\n{known}"),
        };
        let mut command = site.sh("exec \"$@\"");
        command.args(["sh", shell, "-c", &script]);
        let ran = run(&mut command);
        if ran.code == 127 {
            skipped(&format!("{shell} is not installed"));
            continue;
        }
        ran.code(0).stderr("");
    }
}

/// A site with a key in `ci.token`, a deleted one in `gone.token` and one without the scope for
/// inference in `read.token`.
fn site() -> Site {
    let site = Site::new();
    let prepared = "keyctl create --scope inference --name ci-deploy --secret-file ci.token
        keyctl create --scope inference --name gone --secret-file gone.token
        keyctl delete gone --yes
        keyctl scope add data:read
        keyctl create --scope data:read --name read --secret-file read.token";
    run(&mut site.sh(&format!("set -e\n{prepared}"))).code(0);
    site
}

/// By its ID, the key whose token leaked is replaced; one that was rotated before is not, and neither is
/// its successor, which has the same name.
fn a_leaked_token_that_is_replaced(block: &Block) {
    let site = site();
    let leaked = fs::read_to_string(site.path("ci.token")).unwrap();
    let line = block.text.replace("rcpdphdw3vkh", &id_of(&leaked));
    assert_ne!(line, block.text, "{block}");
    run(&mut site.sh(&line)).code(0);
    assert_eq!(site.verify(leaked), 1, "{block}");
    let fresh = fs::read_to_string(site.path("fresh.token")).unwrap();
    assert_eq!(site.verify(&fresh), 0, "{block}");
    fs::remove_file(site.path("fresh.token")).unwrap();
    run(&mut site.sh(&line)).code(4);
    assert_eq!(site.verify(fresh), 0, "{block}");
}

/// The file's keys work on the server, and the file verifies none any more.
fn keys_that_move_to_a_server(block: &Block) {
    let Some(cluster) = cluster() else { return };
    cluster.login("alice");
    let database = cluster.database();
    database.let_found("alice");
    let site = site();
    let token = fs::read_to_string(site.path("ci.token")).unwrap();
    let here = block
        .text
        .replace("postgres://db1/keys", &database.shown("alice"));
    let script = format!("set -e\n{here}keyctl verify --key-file ci.token --scope inference");
    let ran = run(&mut site.sh(&script)).code(0);
    assert!(ran.stdout.starts_with("valid: "), "{block}: {ran:?}");
    run_with(&mut site.cmd("verify"), token)
        .code(5)
        .says("retired");
}

/// The table of LiteLLM's keys, with the columns that its schema has in 2026.
const LITELLM: &str = r#"CREATE TABLE "LiteLLM_VerificationToken" (
    token text PRIMARY KEY, key_name text, key_alias text, soft_budget_cooldown boolean NOT NULL DEFAULT false,
    spend double precision NOT NULL DEFAULT 0, expires timestamp(3), models text[], aliases jsonb NOT NULL DEFAULT '{}',
    config jsonb NOT NULL DEFAULT '{}', user_id text, team_id text, permissions jsonb NOT NULL DEFAULT '{}',
    max_parallel_requests integer, metadata jsonb NOT NULL DEFAULT '{}', blocked boolean, tpm_limit bigint,
    rpm_limit bigint, max_budget double precision, budget_duration text, budget_reset_at timestamp(3),
    created_at timestamp(3) DEFAULT CURRENT_TIMESTAMP, created_by text, updated_at timestamp(3), updated_by text)"#;

/// What the query takes from a table of LiteLLM's can be imported: the keys that have not expired, blocked ones
/// as disabled. The client's token, of which the table has the digest, works.
fn keys_of_litellm(block: &Block) {
    let Some(cluster) = cluster() else { return };
    cluster.login("alice");
    let database = cluster.database();
    database.admin("GRANT ALL ON SCHEMA public TO alice");
    database.sql("alice", LITELLM).unwrap();
    for (token, alias, expires, blocked, team) in [
        (
            "sk-LDwzKf8zQ2mT6vXb1RcY9w",
            "'chat'",
            "now() + interval '60 days'",
            "NULL",
            "'search'",
        ),
        ("sk-7Ty2Hn5Bv8Qm4Lf1Xc3Wd6", "NULL", "NULL", "true", "NULL"),
        (
            "sk-3Rv9Kd7Lq2Zx8Vb5Nm1Tc6",
            "'gone'",
            "now() - interval '1 day'",
            "false",
            "NULL",
        ),
    ] {
        let insert = format!(
            r#"INSERT INTO "LiteLLM_VerificationToken" (token, key_alias, user_id, expires, blocked, team_id)
               VALUES (encode(sha256('{token}'), 'hex'), {alias}, 'bob', {expires}, {blocked}, {team})"#
        );
        database.sql("alice", &insert).unwrap();
    }
    let site = Site::new();
    site.run("init");
    run(site
        .sh(&block.text)
        .env("DATABASE_URL", database.url("alice")))
    .code(0);
    site.run("import litellm.csv --scope inference --label from=litellm");
    assert_eq!(site.ids().len(), 2, "{block}");
    assert_eq!(site.verify("sk-LDwzKf8zQ2mT6vXb1RcY9w"), 0, "{block}");
    let chat = site.record("bob/chat");
    assert!(
        chat.contains(r#""labels":{"from":"litellm","team":"search"}"#),
        "{chat}"
    );
    let blocked = site.run("list --state disabled --format csv").stdout;
    assert!(blocked.contains(",litellm-"), "{blocked}");
}

fn a_script_that_guards(block: &Block) {
    let site = site();
    let script = site.path("guard");
    fs::write(&script, &block.text).unwrap();
    set_mode(&script, 0o700);
    let guard = |file: &str, db: &str| -> Ran {
        let mut command = site.sh(&format!("./guard {file}"));
        run(command.env("KEYCTL_DB", site.path(db)))
    };
    let says = |ran: Ran, message: &str| {
        let ran = ran.code(1).stdout("");
        assert_eq!(ran.stderr.lines().last(), Some(message), "{block}: {ran:?}");
    };
    guard("ci.token", "keyctl.db").code(0).stdout("welcome\n");
    says(guard("gone.token", "keyctl.db"), "401: not a valid key");
    says(
        guard("read.token", "keyctl.db"),
        "403: this key may not do that",
    );
    says(guard("ci.token", "none.db"), "503: cannot tell");
    says(guard("none.token", "keyctl.db"), "503: cannot tell");
}

fn many_at_once(block: &Block) {
    let site = Site::new();
    let made = ["a", "b", "c"].map(|name| {
        let file = format!("{name}.token");
        site.run(&format!("create --scope inference --secret-file {file}"));
        fs::read_to_string(site.path(&file)).unwrap()
    });
    let verdicts = || -> Vec<String> {
        let verdicts = fs::read_to_string(site.path("verdicts.jsonl")).unwrap();
        verdicts.lines().map(str::to_owned).collect()
    };
    run(&mut site.sh(&block.text)).code(0);
    let all = verdicts();
    assert_eq!(all.len(), 3, "{block}");
    for (token, verdict) in made.iter().zip(&all) {
        let begins = format!(r#"{{"valid":true,"id":"{}","#, id_of(token));
        assert!(verdict.starts_with(&begins), "{block}: {verdict}");
    }
    fs::write(site.path("d.token"), "none").unwrap();
    run(&mut site.sh(&block.text)).code(1);
    assert_eq!(verdicts()[3], r#"{"valid":false,"reason":"malformed"}"#);
}

fn a_rotation(block: &Block) {
    let site = site();
    let token = || fs::read_to_string(site.path("ci.token")).unwrap();
    let old = token();
    run(&mut site.sh(&block.text)).code(0);
    assert_ne!(old, token(), "{block}");
    assert!(!site.path("ci.token.new").exists(), "{block}");
    assert_eq!(site.verify(token()), 0, "{block}");
    run_with(&mut site.cmd("verify"), old)
        .code(0)
        .says("was replaced");
}

/// The crontab line works with the environment that cron gives it: no `KEYCTL_DB`, a short `PATH`.
fn a_warning_from_cron(block: &Block) {
    let site = site();
    let line = block.text.strip_prefix("0 7 * * * ").unwrap();
    let db = site.db().into_os_string().into_string().unwrap();
    let line = line
        .replace("/home/alice/.cargo/bin/keyctl", exe().to_str().unwrap())
        .replace("/home/alice/try/keyctl.db", &db);
    let cron = || {
        let mut shell = site.clean("/bin/sh");
        shell.args(["-c", &line]).env("PATH", "/usr/bin:/bin");
        run(&mut shell)
    };
    cron().code(0).stdout("").stderr("");
    site.run("create --scope inference --name soon --expires 7d");
    let printed = cron().code(1).stdout;
    assert!(printed.contains("  soon  "), "{block}: {printed:?}");
}

/// Finds what a commit added and the next one took out, and what only the reflog still has.
fn leaked_tokens_in_a_history(block: &Block) {
    if Command::new("git").arg("--version").output().is_err() {
        return skipped("git is not installed");
    }
    let site = Site::new();
    let [removed, reset] = [(); 2].map(|()| site.create());
    let script = format!(
        "set -e; git init --quiet; git config user.name alice; git config user.email alice@localhost
        git commit --quiet --allow-empty -m first
        echo {reset} >reset; git add reset; git commit --quiet -m reset; git reset --quiet --hard HEAD^
        echo {removed} >removed; git add removed; git commit --quiet -m add
        git rm --quiet removed; git commit --quiet -m remove"
    );
    run(site.sh(&script).env("GIT_CONFIG_NOSYSTEM", "1")).code(0);
    let ran = run(&mut site.sh(&block.text)).code(1);
    for (token, places) in [
        (removed, [":removed", "^:removed"].as_slice()),
        (reset, &[":reset"]),
    ] {
        let id = id_of(&token);
        let lines = ran.stdout.lines().filter(|line| line.contains(&id));
        let lines: Vec<&str> = lines.collect();
        assert_eq!(lines.len(), places.len(), "{block}: {ran:?}");
        for place in places {
            assert!(
                lines.iter().any(|line| line.ends_with(place)),
                "{block}: {ran:?}"
            );
        }
    }
}

/// The crontab line works with the environment that cron gives it, and prints nothing if there is nothing.
fn a_scan_from_cron(block: &Block) {
    let site = site();
    let line = block.text.strip_prefix("0 6 * * * ").unwrap();
    let path = |name: &str| site.path(name).into_os_string().into_string().unwrap();
    let line = line
        .replace("/home/alice/.cargo/bin/keyctl", exe().to_str().unwrap())
        .replace("/home/alice/try/keyctl.db", &path("keyctl.db"))
        .replace("/srv/app", &path("app"));
    let cron = || {
        let mut shell = site.clean("/bin/sh");
        shell.args(["-c", &line]).env("PATH", "/usr/bin:/bin");
        run(&mut shell)
    };
    fs::create_dir(site.path("app")).unwrap();
    fs::write(site.path("app/.env"), "API_KEY=\n").unwrap();
    cron().code(0).stdout("").stderr("");
    fs::copy(site.path("ci.token"), site.path("app/.env")).unwrap();
    let printed = cron().code(1).stderr("").stdout;
    assert!(printed.contains("  ci-deploy  "), "{block}: {printed:?}");
}

/// Root's commands, in a directory that stands for the machine.
fn a_machine_set_up_for_a_group(block: &Block) {
    if !is_root() {
        return skipped("only root can make a group");
    }
    let site = Site::new();
    for dir in [
        "home/alice/.cargo/bin",
        "usr/local/bin",
        "srv",
        "etc/profile.d",
    ] {
        fs::create_dir_all(site.path(dir)).unwrap();
    }
    fs::copy(exe(), site.path("home/alice/.cargo/bin/keyctl")).unwrap();
    let users = ["alice", "bob", "carol"].map(|user| format!("{user}:x:4001:100::/:/bin/sh\n"));
    fs::write(site.path("etc/passwd"), users.concat()).unwrap();
    fs::write(site.path("etc/group"), "users:x:100:\n").unwrap();
    let root = site.path("").into_os_string().into_string().unwrap();
    let root = root.trim_end_matches('/');
    let there = ["/home/", "/usr/local/", "/srv/keyctl\n", "/etc/"]
        .iter()
        .fold(block.text.clone(), |text, place| {
            text.replace(&format!(" {place}"), &format!(" {root}{place}"))
        });
    let script = format!(
        "set -e
        groupadd() {{ command groupadd --prefix {root} \"$@\"; }}
        usermod() {{ command usermod --prefix {root} \"$@\"; }}
        {there}"
    );
    let ran = run(site
        .sh(&script)
        .env("LD_PRELOAD", "libnss_wrapper.so")
        .env("NSS_WRAPPER_PASSWD", site.path("etc/passwd"))
        .env("NSS_WRAPPER_GROUP", site.path("etc/group")));
    if ran.code == 127 || ran.stderr.contains("libnss_wrapper.so") {
        return skipped("groupadd or libnss-wrapper is not installed");
    }
    ran.code(0).stderr("");
    let groups = fs::read_to_string(site.path("etc/group")).unwrap();
    let group = groups.lines().find(|line| line.starts_with("keyadmins:"));
    let fields: Vec<&str> = group.unwrap().split(':').collect();
    assert_eq!(fields[3], "alice,bob,carol", "{block}");
    let directory = fs::metadata(site.path("srv/keyctl")).unwrap();
    assert_eq!(directory.mode() & 0o7777, 0o2770, "{block}");
    assert_eq!(directory.gid().to_string(), fields[2], "{block}");
    let program = fs::metadata(site.path("usr/local/bin/keyctl")).unwrap();
    assert_eq!(program.mode() & 0o7777, 0o755, "{block}");
    let mut login = site.clean("sh");
    login.args(["-c", ". ./etc/profile.d/keyctl.sh && exec env"]);
    let variables = run(&mut login).code(0).stdout;
    assert!(
        variables.contains("KEYCTL_DB=/srv/keyctl/keyctl.db\n"),
        "{block}: {variables}"
    );
}

/// What the step of the job runs, with the variables that the job sets: the secret and the store.
fn steps_of_a_job(block: &Block) {
    for line in block.text.lines() {
        lets_in_who_should(block, line);
    }
}

/// `line` succeeds with a token that is valid, and fails with others.
fn lets_in_who_should(block: &Block, line: &str) {
    let site = site();
    let db = site.db().into_os_string().into_string().unwrap();
    let line = line.replace("/srv/keyctl/keyctl.db", &db);
    for (file, code) in [("ci.token", 0), ("gone.token", 1), ("read.token", 6)] {
        let mut command = site.sh(&line);
        command
            .env("API_KEY", fs::read_to_string(site.path(file)).unwrap())
            .env("API_KEY_FILE", site.path(file));
        let ran = run(&mut command);
        assert_eq!(ran.code, code, "{block}: {line}: {ran:?}");
    }
}

fn the_parts_of_a_token(block: &Block) {
    let mut written = block.text.trim_end().to_owned();
    for count in [43, 6] {
        let stands_for = format!("<{count} characters>");
        written = written.replace(&stands_for, &"x".repeat(count));
    }
    let token = Site::new().create();
    let shape = |token: &str| -> Vec<usize> { token.split('_').map(str::len).collect() };
    assert_eq!(shape(&written), shape(&token), "{block}");
    assert_eq!(written[..3], token[..3], "{block}");
}

fn a_regular_expression(block: &Block) {
    let site = Site::new();
    let token = site.create();
    let finds = |text: &str| -> bool {
        let mut grep = site.sh(&format!("grep -Eqx '{}'", block.text.trim_end()));
        run_with(&mut grep, text).code == 0
    };
    assert!(finds(&token), "{block}");
    assert!(!finds(&token[1..]), "{block}");
    assert!(!finds(&token[..token.len() - 1]), "{block}");
    assert!(
        !finds(&token.replace(&id_of(&token), "lllllllllllo")),
        "{block}"
    );
}

fn the_checksum_in_python(block: &Block) {
    if Command::new("python3").arg("--version").output().is_err() {
        return skipped("python3 is not installed");
    }
    let token = Site::new().create();
    let says = |token: &str| -> String {
        let site = Site::new();
        let mut python = site.sh("exec python3 -c \"$SNIPPET\"");
        run_with(python.env("SNIPPET", &block.text), format!("{token}\n"))
            .code(0)
            .stdout
    };
    assert_eq!(says(&token), "True\n", "{block}");
    let last = if token.ends_with('0') { '1' } else { '0' };
    let other = format!("{}{last}", &token[..token.len() - 1]);
    assert_eq!(says(&other), "False\n", "{block}");
}
