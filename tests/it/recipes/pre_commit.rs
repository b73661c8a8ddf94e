//! `docs/pre-commit`: a commit with a token in it is stopped, by pre-commit and by git alone; gitleaks knows tokens.

use super::{block, blocks, doc, is_here, page, shells};
use crate::exe::harness::{Site, content, path_with, run, run_with};
use crate::harness::{Ran, id_of};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

/// A git repository in a directory of its own.
struct Repository(Site);

impl Repository {
    /// An empty one; `None`, which is said, without git.
    fn new() -> Option<Self> {
        if !is_here("git", &["--version"]) {
            return None;
        }
        let repository = Repository(Site::new());
        run(&mut repository.git("init --quiet")).code(0);
        Some(repository)
    }

    /// One with the hook of the page, installed as the page says.
    fn with_hook() -> Option<Self> {
        let repository = Repository::new()?;
        symlink(doc("pre-commit/hook.sh"), repository.0.path("hook.sh")).unwrap();
        run(&mut repository.0.sh(&blocks(&page("pre-commit"), "sh")[0])).code(0);
        Some(repository)
    }

    /// One with the hook of pre-commit that a file has; `None`, which is said, without pre-commit.
    fn with_pre_commit(config: &str) -> Option<Self> {
        if !is_here("pre-commit", &["--version"]) {
            return None;
        }
        let repository = Repository::new()?;
        let mut install = repository.clean("pre-commit");
        install
            .args(["install", "--config"])
            .arg(doc("pre-commit").join(config));
        for hook in ["pre-commit", "pre-merge-commit"] {
            install.args(["--hook-type", hook]);
        }
        run(&mut install).code(0);
        Some(repository)
    }

    /// A program with nothing of the user's own.
    fn clean(&self, program: &str) -> Command {
        let mut command = self.0.clean(program);
        command.env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["GIT_AUTHOR", "GIT_COMMITTER"] {
            command
                .env(format!("{who}_NAME"), "alice")
                .env(format!("{who}_EMAIL"), "alice@localhost");
        }
        command
    }

    fn git(&self, line: &str) -> Command {
        let mut command = self.clean("git");
        command.args(line.split_whitespace());
        command
    }

    /// Adds a file to what is to be committed.
    fn add(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.path(name), content).unwrap();
        run(self.git("add --").arg(name)).code(0);
    }

    fn commit(&self) -> Ran {
        run(&mut self.git("commit --quiet -m change"))
    }

    /// Commits, with another program for keyctl.
    fn commit_with(&self, keyctl: &str) -> Ran {
        let mut commit = self.git("commit --quiet -m change");
        run(commit.env("KEYCTL", keyctl))
    }

    /// Merges, without a conflict, a branch that brings `token` in the file `brought`.
    fn merge(&self, token: &str) -> Ran {
        self.add("file", "one");
        self.commit().code(0);
        run(&mut self.git("checkout --quiet -b other")).code(0);
        self.add("brought", token);
        run(&mut self.git("commit --quiet --no-verify -m forced")).code(0);
        run(&mut self.git("checkout --quiet -")).code(0);
        self.add("more", "two");
        self.commit().code(0);
        run(&mut self.git("merge --quiet --no-edit other"))
    }

    /// Commits, of no file with these contents, any.
    #[track_caller]
    fn lets_pass(&self, contents: &[&str]) {
        for content in contents {
            self.add("file", content);
            self.commit().code(0);
        }
    }
}

/// A token that fits the pattern and has a wrong checksum.
fn look_alike(token: &str) -> String {
    let last = if token.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &token[..token.len() - 1])
}

/// What is nearly a token, but does not fit the pattern.
fn misfits(token: &str) -> [String; 4] {
    let (head, tail) = (&token[..16], &token[16..]);
    [
        token[..token.len() - 1].to_owned(),
        format!("kC{}", &token[2..]),
        head.replace(&head[3..5], "il") + tail,
        format!("{head}{}-{}", &tail[..20], &tail[20..]),
    ]
}

/// The files that have the pattern.
const WITH_PATTERN: [&str; 3] = ["pre-commit-pattern.yaml", "hook.sh", "README.md"];

#[test]
fn the_pattern_is_the_guides_with_any_prefix_everywhere() {
    let guide = fs::read_to_string(doc("guide/token.md")).unwrap();
    let rest = blocks(&guide, "")
        .into_iter()
        .find_map(|block| Some(block.strip_prefix("kc_[0-9a-")?.trim_end().to_owned()))
        .unwrap();
    for file in WITH_PATTERN {
        let text = fs::read_to_string(doc("pre-commit").join(file)).unwrap();
        assert!(text.contains(&format!("[a-z0-9]_[0-9a-{rest}")), "{file}");
    }
    let rule = fs::read_to_string(doc("pre-commit/gitleaks.toml")).unwrap();
    assert!(rule.contains(&format!("_[0-9a-{rest}'")));
}

#[test]
fn pre_commit_stops_a_token_without_showing_it() {
    let Some(repository) = Repository::with_pre_commit("pre-commit-config.yaml") else {
        return;
    };
    let token = Site::new().create();
    for (name, content) in [
        ("file", format!("{token}\n")),
        ("--format", format!("KEY={token}x")),
        ("binary file", format!("\0{token}")),
    ] {
        repository.add(name, content);
        let ran = repository.commit().code(1);
        let said = format!("state unknown, ID {}, in {name}:1\n", id_of(&token));
        assert!(ran.stderr.contains(&said), "{ran:?}");
        assert!(!ran.stderr.contains(&token[16..]), "{ran:?}");
        run(repository.git("rm --quiet --cached --force --").arg(name)).code(0);
    }
    // Not staged.
    repository.add("file", "one\n");
    fs::write(repository.0.path("file"), &token).unwrap();
    repository.commit().code(0);
    repository.lets_pass(&misfits(&token).each_ref().map(String::as_str));
    repository.lets_pass(&[&look_alike(&token)]);
}

#[test]
fn pre_commit_looks_at_what_a_merge_brings() {
    let Some(repository) = Repository::with_pre_commit("pre-commit-config.yaml") else {
        return;
    };
    let ran = repository.merge(&Site::new().create());
    assert_ne!(ran.code, 0, "{ran:?}");
    ran.says(", in brought:1\n");
}

#[test]
fn pre_commit_without_keyctl_commits_nothing_and_says_why() {
    let Some(repository) = Repository::with_pre_commit("pre-commit-config.yaml") else {
        return;
    };
    repository.add("file", "nothing");
    let mut commit = repository.git("commit --quiet -m change");
    let path = std::env::var_os("PATH").unwrap();
    // Where keyutils is installed, that program of the name refuses the commit, in words of its own.
    let is_another =
        std::env::split_paths(&path).any(|directory| directory.join("keyctl").exists());
    let ran = run(commit.env("PATH", path)).code(1);
    let said = match is_another {
        true => "hook id: keyctl-scan",
        false => "Executable `keyctl` not found",
    };
    assert!(ran.stderr.contains(said), "{ran:?}");
    assert!(page("pre-commit").contains("Executable `keyctl` not found"));
}

#[test]
fn pre_commit_by_the_pattern_stops_a_token_and_lets_what_does_not_fit_pass() {
    let Some(repository) = Repository::with_pre_commit("pre-commit-pattern.yaml") else {
        return;
    };
    let token = Site::new().create();
    for content in [
        format!("{token}\n"),
        format!("KEY={token}x"),
        format!("\0{token}"),
        format!("acme{}", &token[2..]),
    ] {
        repository.add("file", content);
        let ran = repository.commit().code(1);
        assert!(ran.stderr.contains("no keyctl token"), "{ran:?}");
    }
    repository.lets_pass(&misfits(&token).each_ref().map(String::as_str));
}

#[test]
fn the_hook_stops_a_token_and_names_the_file_and_the_key_alone() {
    let Some(repository) = Repository::with_hook() else {
        return;
    };
    let token = Site::new().create();
    repository.add("other", "nothing");
    repository.add("deploy.env", format!("API_KEY=\"{token}\"\n"));
    let said = block("pre-commit", "text").replace("7h2m9qxw4d1e", &id_of(&token));
    repository.commit().code(1).stdout("").stderr(&said);
    let advice = said.lines().last().unwrap();
    let said = format!(
        "text that looks like a keyctl token would be committed, and keyctl scan does not work here; \
         it is in:\ndeploy.env\n{advice}\n"
    );
    for keyctl in ["false", "nowhere/keyctl"] {
        repository
            .commit_with(keyctl)
            .code(1)
            .stdout("")
            .stderr(&said);
    }
    repository.add("deploy.env", "API_KEY=");
    repository
        .commit_with("false")
        .code(0)
        .stdout("")
        .stderr("");
    repository.add("deploy.env", "API_KEY=\n");
    repository.commit().code(0).stdout("").stderr("");
}

#[test]
fn the_hook_says_whose_key_it_is_if_the_store_is_there() {
    let Some(repository) = Repository::with_hook() else {
        return;
    };
    let site = &repository.0;
    let home = site.path(".local/share/keyctl");
    fs::create_dir_all(&home).unwrap();
    let db = home.join("keyctl.db");
    let mut create = site.bare("create --scope inference --name ci --owner alice");
    let ran = run(create.env("KEYCTL_DB", &db)).code(0);
    repository.add("file", ran.stdout);
    let ran = repository.commit().code(1);
    ran.says("\nstate active, name ci, owner alice, ID ");
    // A store that cannot be read lets nothing pass.
    for end in ["", "-wal", "-shm"] {
        fs::write(home.join(format!("keyctl.db{end}")), "no store").unwrap();
    }
    repository.commit().code(1).says("it is in:\nfile\n");
}

#[test]
fn the_hook_finds_a_token_wherever_it_is_added() {
    let Some(repository) = Repository::with_hook() else {
        return;
    };
    let token = Site::new().create();
    let stopped = |name: &str, content: &str| {
        repository.add(name, content);
        repository.commit().code(1).says(name);
        run(repository.git("rm --quiet --cached --force --").arg(name)).code(0);
    };
    stopped("a name with blanks", &token);
    stopped("binary", &format!("\0\u{1}{token}\0"));
    stopped("among", &format!("x{token}y\n"));
    repository.add(".gitattributes", "* -diff binary\n");
    stopped("by-attribute", &token);
    // In the second of two, and in a line of an older file.
    repository.add("old", "one\ntwo\nthree\n");
    repository.commit().code(0);
    stopped("old", &format!("one\n{token}\nthree\n"));
}

#[test]
fn the_hook_without_keyctl_finds_a_token_wherever_it_is_added() {
    let Some(repository) = Repository::with_hook() else {
        return;
    };
    let token = Site::new().create();
    repository.add("old", "one\ntwo\nthree\n");
    repository.commit().code(0);
    let among = format!("one\n{token}\nthree\n");
    let binary = format!("\0\u{1}{token}\0");
    for (name, content) in [
        ("a name with blanks", &token),
        ("binary", &binary),
        ("old", &among),
    ] {
        repository.add("other", "nothing");
        repository.add(name, content);
        let said = format!("it is in:\n{name}\nTake");
        repository.commit_with("false").code(1).says(&said);
        run(repository.git("rm --quiet --cached --force --").arg(name)).code(0);
    }
}

#[test]
fn the_hook_shows_no_token_that_is_the_name_of_a_file() {
    let Some(repository) = Repository::with_hook() else {
        return;
    };
    let token = Site::new().create();
    repository.add(&token, "nothing");
    let ran = repository.commit().code(1);
    let ran = ran.says(&format!("ID {}, in (the name of a file)\n", id_of(&token)));
    assert!(!ran.stderr.contains(&token[16..]), "{ran:?}");
    repository.add(&token, &token);
    let ran = repository.commit_with("false").code(1);
    assert!(!ran.stderr.contains(&token[16..]), "{ran:?}");
}

#[test]
fn the_hook_finds_a_token_with_any_prefix() {
    let Some(repository) = Repository::with_hook() else {
        return;
    };
    let site = Site::new();
    site.run("init");
    for prefix in ["acme", "a2345678901234567890_1kc"] {
        site.run(&format!("policy set key-prefix {prefix}"));
        let token = site.create();
        for text in [token.clone(), format!("x_{token}")] {
            repository.add("file", text);
            let said = format!("state unknown, ID {}, in file\n", id_of(&token));
            repository.commit().code(1).says(&said);
            let said = "it is in:\nfile\n";
            repository.commit_with("false").code(1).says(said);
        }
        repository.lets_pass(&[&look_alike(&token)]);
    }
}

#[test]
fn the_hook_looks_at_what_a_merge_brings() {
    let Some(repository) = Repository::with_hook() else {
        return;
    };
    let ran = repository.merge(&Site::new().create());
    assert_ne!(ran.code, 0, "{ran:?}");
    ran.says(", in brought\n");
}

#[test]
fn a_hook_that_is_stopped_leaves_no_copy_of_what_was_staged() {
    for shell in shells() {
        for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 143)] {
            let Some(repository) = Repository::new() else {
                return;
            };
            let site = &repository.0;
            let stub = format!("#!/bin/sh\nls tmp >seen\nkill -{signal} $PPID\n");
            let stub = site.program("bin/git", &stub);
            fs::create_dir(site.path("tmp")).unwrap();
            // What ran the tests may have been told to ignore some, and no shell traps what it was born to
            // ignore.
            let mut hook = repository.clean("env");
            hook.args(["--default-signal", shell])
                .arg(doc("pre-commit/hook.sh"))
                .env("TMPDIR", site.path("tmp"))
                .env("PATH", path_with(stub.parent().unwrap()));
            run(&mut hook).code(code);
            assert_ne!(content(site.path("seen")), b"", "{shell}");
            let left = fs::read_dir(site.path("tmp")).unwrap().count();
            assert_eq!(left, 0, "{shell}: {signal}");
        }
    }
}

#[test]
fn the_hook_looks_at_what_is_added_only() {
    let Some(repository) = Repository::with_hook() else {
        return;
    };
    let token = Site::new().create();
    repository.add("file", &token);
    run(&mut repository.git("commit --quiet --no-verify -m forced")).code(0);
    repository.add("other", "nothing");
    repository.commit().code(0);
    // Not staged.
    fs::write(repository.0.path("untracked"), &token).unwrap();
    repository.add("other", "something");
    repository.commit().code(0);
    // In a file of another name: it was there before.
    run(&mut repository.git("mv file renamed")).code(0);
    repository.commit().code(0);
    repository.add("renamed", "taken out");
    repository.commit().code(0);
}

#[test]
fn the_hook_lets_a_look_alike_pass_only_if_keyctl_says_that_it_is_none() {
    let Some(repository) = Repository::with_hook() else {
        return;
    };
    let token = Site::new().create();
    let stub = repository.0.program("stub", "#!/bin/sh\nexit 2\n");
    repository.add("file", look_alike(&token));
    for keyctl in ["false", "nowhere/keyctl", stub.to_str().unwrap()] {
        repository
            .commit_with(keyctl)
            .code(1)
            .says("text that looks like a keyctl token");
    }
    repository.commit().code(0);
    for content in misfits(&token) {
        repository.add("file", content);
        repository.commit_with("false").code(0);
    }
    // Among look-alikes, a token is found.
    repository.add("file", format!("{}\n{token}\n", look_alike(&token)));
    repository.commit().code(1);
}

#[test]
fn the_line_on_the_page_finds_what_was_committed_before() {
    let Some(repository) = Repository::new() else {
        return;
    };
    let token = Site::new().create();
    repository.add("old", &token);
    repository.commit().code(0);
    repository.add("old", "taken out");
    repository.commit().code(0);
    let page = page("pre-commit");
    let (_, line) = page.split_once("`git log ").unwrap();
    let (line, _) = line.split_once('`').unwrap();
    let mut find = repository.clean("sh");
    let ran = run(find.args(["-c", &format!("git log {line}")])).code(1);
    for place in [":old", "^:old"] {
        assert!(ran.stdout.contains(&format!("{place}\n")), "{ran:?}");
    }
}

#[test]
fn the_lines_for_ci_fail_on_a_token_and_do_not_show_it() {
    let Some(repository) = Repository::new() else {
        return;
    };
    let [_, with, without, _] = <[String; 4]>::try_from(blocks(&page("pre-commit"), "sh")).unwrap();
    let check = |lines: &str| {
        let mut check = repository.clean("sh");
        run(check.args(["-ec", &format!("{lines}echo passed")]))
    };
    let token = Site::new().create();
    repository.add("file", look_alike(&token).replace('_', "-"));
    repository.commit().code(0);
    check(&with).code(0).stdout("passed\n").stderr("");
    check(&without).code(0).stdout("passed\n");
    repository.add("binary", format!("\0{token}"));
    repository.commit().code(0);
    let said = format!("state unknown, ID {}, in ./binary:1\n", id_of(&token));
    check(&with).code(1).stdout(&said).stderr("");
    check(&without).code(1).stdout("binary\n");
    fs::write(repository.0.path(".git/index"), "broken").unwrap();
    check(&without).code(1).stdout("");
}

/// What gitleaks finds by the rule in a file with this content; `None`, which is said, without gitleaks.
fn gitleaks(content: &str) -> Option<Vec<String>> {
    if !is_here("gitleaks", &["version"]) {
        return None;
    }
    let site = Site::new();
    fs::create_dir(site.path("tree")).unwrap();
    fs::write(site.path("tree/file"), content).unwrap();
    let mut gitleaks = site.clean("gitleaks");
    gitleaks
        .args(["dir", "--no-banner", "--log-level", "error", "--config"])
        .arg(doc("pre-commit/gitleaks.toml"))
        .args(["--report-format", "json", "--report-path", "-", "tree"]);
    let ran = run(&mut gitleaks);
    let Value::Array(found) = ran.json() else {
        panic!("{ran:?}");
    };
    assert_eq!(ran.code, u8::from(!found.is_empty()), "{ran:?}");
    let is_ours = |found: &&Value| found["RuleID"] == "keyctl-token";
    let found = found.iter().filter(is_ours);
    let secret = |found: &Value| found["Secret"].as_str().unwrap().to_owned();
    Some(found.map(secret).collect())
}

#[test]
fn gitleaks_finds_tokens_with_any_prefix_and_no_near_misses() {
    let site = Site::new();
    site.run("init");
    for prefix in ["kc", "a", "acme_kc", "a2345678901234567890_1kc"] {
        site.run(&format!("policy set key-prefix {prefix}"));
        let token = site.create();
        let Some(found) = gitleaks(&format!("KEY={token}x\n")) else {
            return;
        };
        assert_eq!(found, [token]);
    }
    let token = Site::new().create();
    for content in misfits(&token) {
        assert_eq!(gitleaks(&content), Some(Vec::new()));
    }
    for placeholder in [
        format!("kc_7h2m9qxw4d1e_{}", &token[16..]),
        format!("kc_7h2m9qxw4d1f_{}", "x".repeat(49)),
    ] {
        assert_eq!(gitleaks(&placeholder), Some(Vec::new()));
    }
}

#[test]
fn the_lines_on_the_page_run_gitleaks_and_show_no_token() {
    let Some(repository) = Repository::new() else {
        return;
    };
    if !is_here("gitleaks", &["version"]) {
        return;
    }
    let token = Site::new().create();
    repository.add("file", format!("{token}\n"));
    repository.commit().code(0);
    let rules = repository.0.path("gitleaks.toml");
    symlink(doc("pre-commit/gitleaks.toml"), rules).unwrap();
    let lines = blocks(&page("pre-commit"), "sh").pop().unwrap();
    assert_eq!(lines.lines().count(), 2);
    for line in lines.lines() {
        let mut command = repository.clean("sh");
        let ran = run(command.args(["-c", &format!("{line} --verbose")])).code(1);
        assert!(ran.stdout.contains("keyctl-token"), "{ran:?}");
        assert!(!ran.stdout.contains(&token[16..]), "{ran:?}");
    }
}

#[test]
fn the_rule_for_gitleaks_is_toml_and_its_expression_fits_tokens_alone() {
    if !is_here("python3", &["-c", "import tomllib"]) {
        return;
    }
    let site = Site::new();
    let token = site.create();
    let fits = |text: &str| -> bool {
        let script = "import re, sys, tomllib
rules = tomllib.load(open(sys.argv[1], 'rb'))['rules']
print(any(re.fullmatch(rule['regex'], sys.stdin.read()) for rule in rules))";
        let mut python = site.clean("python3");
        python
            .args(["-c", script])
            .arg(doc("pre-commit/gitleaks.toml"));
        run_with(&mut python, text).code(0).stdout == "True\n"
    };
    let with = |prefix: &str| format!("{prefix}{}", &token[2..]);
    for prefix in ["kc", "k", "acme_kc", "a1_2_b"] {
        assert!(fits(&with(prefix)), "{prefix}");
    }
    for prefix in ["1kc", "K", "_kc", "a__kc", ""] {
        assert!(!fits(&with(prefix)), "{prefix}");
    }
    for text in misfits(&token) {
        assert!(!fits(&text), "{text}");
    }
}

#[test]
fn the_hook_stops_what_git_cannot_show_it() {
    let Some(repository) = Repository::with_hook() else {
        return;
    };
    fs::write(repository.0.path("broken"), "no index").unwrap();
    let mut hook = repository.clean("sh");
    hook.arg(doc("pre-commit/hook.sh"))
        .env("GIT_INDEX_FILE", "broken");
    let ran = run(&mut hook);
    assert_ne!(ran.code, 0, "{ran:?}");
}

#[test]
fn what_the_page_says_of_the_checksum_is_so() {
    assert!(page("pre-commit").contains("57 billion"));
    assert_eq!(62_u64.pow(6) / 1_000_000_000, 56);
    let site = Site::new();
    let mut scan = site.cmd("scan --unknown --quiet -");
    run_with(&mut scan, look_alike(&Site::new().create()))
        .code(0)
        .stdout("");
    assert!(!site.db().exists());
}
