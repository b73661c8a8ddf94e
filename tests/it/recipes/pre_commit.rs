//! `docs/pre-commit`: a commit with a token in it is stopped, by pre-commit and by git alone.

use super::{block, blocks, doc, is_here, page, shells};
use crate::exe::harness::{Site, content, path_with, run, run_with};
use crate::harness::{Ran, id_of};
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

    /// One with the hook of pre-commit; `None`, which is said, without that.
    fn with_pre_commit() -> Option<Self> {
        if !is_here("pre-commit", &["--version"]) {
            return None;
        }
        let repository = Repository::new()?;
        let mut install = repository.clean("pre-commit");
        install
            .args(["install", "--config"])
            .arg(doc("pre-commit/pre-commit-config.yaml"));
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
        format!("kd{}", &token[2..]),
        head.replace(&head[3..5], "il") + tail,
        format!("{head}{}-{}", &tail[..20], &tail[20..]),
    ]
}

#[test]
fn the_pattern_is_the_guides_everywhere() {
    let guide = fs::read_to_string(doc("guide/token.md")).unwrap();
    let pattern = blocks(&guide, "")
        .into_iter()
        .find(|block| block.starts_with("kc_[0-9a-"))
        .unwrap();
    assert_eq!(block("pre-commit", ""), pattern);
    for file in ["pre-commit-config.yaml", "hook.sh"] {
        let text = fs::read_to_string(doc("pre-commit").join(file)).unwrap();
        assert!(text.contains(pattern.trim_end()), "{file}");
    }
}

#[test]
fn pre_commit_stops_a_token_and_lets_what_does_not_fit_the_pattern_pass() {
    let Some(repository) = Repository::with_pre_commit() else {
        return;
    };
    let token = Site::new().create();
    for content in [
        format!("{token}\n"),
        format!("KEY={token}x"),
        format!("\0{token}"),
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
    let said = block("pre-commit", "text").replace("ID", &id_of(&token));
    repository.commit().code(1).stdout("").stderr(&said);
    repository.add("deploy.env", "API_KEY=");
    repository.commit().code(0).stdout("").stderr("");
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
fn the_hook_finds_a_token_whose_prefix_only_ends_as_the_pattern_begins() {
    let Some(repository) = Repository::with_hook() else {
        return;
    };
    let site = Site::new();
    site.run("init");
    for prefix in ["acme_kc", "a2345678901234567890_1kc"] {
        site.run(&format!("policy set key-prefix {prefix}"));
        let token = site.create();
        let (key, _) = token.rsplit_once('_').unwrap();
        for text in [token.clone(), format!("x_{token}")] {
            repository.add("file", text);
            let said = format!("a keyctl token would be committed: {key}_... in\nfile\n");
            repository.commit().code(1).says(&said);
        }
        repository.lets_pass(&[&look_alike(&token)]);
    }
}

#[test]
fn the_hook_looks_at_what_a_merge_brings() {
    let Some(repository) = Repository::with_hook() else {
        return;
    };
    let token = Site::new().create();
    repository.add("file", "one");
    repository.commit().code(0);
    run(&mut repository.git("checkout --quiet -b other")).code(0);
    repository.add("brought", &token);
    run(&mut repository.git("commit --quiet --no-verify -m forced")).code(0);
    run(&mut repository.git("checkout --quiet -")).code(0);
    repository.add("more", "two");
    repository.commit().code(0);
    let ran = run(&mut repository.git("merge --quiet --no-edit other"));
    assert_ne!(ran.code, 0, "{ran:?}");
    ran.says("\nbrought\n");
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
    repository.add("file", "taken out");
    repository.commit().code(0);
}

#[test]
fn the_hook_lets_a_look_alike_pass_only_if_keyctl_says_that_it_is_none() {
    let Some(repository) = Repository::with_hook() else {
        return;
    };
    let token = Site::new().create();
    let stub = repository.0.program("stub", "#!/bin/sh\nexit 1\n");
    repository.add("file", look_alike(&token));
    for keyctl in ["false", "true", "nowhere/keyctl", stub.to_str().unwrap()] {
        let mut commit = repository.git("commit --quiet -m change");
        run(commit.env("KEYCTL", keyctl))
            .code(1)
            .says("a keyctl token");
    }
    repository.commit().code(0);
    repository.lets_pass(&misfits(&token).each_ref().map(String::as_str));
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
    let line = page.lines().find(|line| line.contains("rev-list")).unwrap();
    let line = line.trim().trim_end_matches('.').trim_matches('`');
    let pattern = block("pre-commit", "");
    let line = line.replace("PATTERN", pattern.trim_end());
    let mut find = repository.clean("sh");
    let ran = run(find.args(["-c", &line])).code(0);
    assert!(ran.stdout.ends_with(":old\n"), "{ran:?}");
    assert_eq!(ran.stdout.lines().count(), 1);
}

#[test]
fn the_lines_for_ci_fail_on_a_token_and_do_not_show_it() {
    let Some(repository) = Repository::new() else {
        return;
    };
    let [_, lines] = <[String; 2]>::try_from(blocks(&page("pre-commit"), "sh")).unwrap();
    assert!(lines.contains(&format!("'{}'", block("pre-commit", "").trim_end())));
    let check = || {
        let mut check = repository.clean("sh");
        run(check.args(["-ec", &format!("{lines}echo passed")]))
    };
    repository.add("file", look_alike(&Site::new().create()).replace("_", "-"));
    repository.commit().code(0);
    check().code(0).stdout("passed\n");
    repository.add("binary", format!("\0{}", Site::new().create()));
    repository.commit().code(0);
    check().code(1).stdout("binary\n");
    fs::write(repository.0.path(".git/index"), "broken").unwrap();
    check().code(1).stdout("");
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
    let said = run_with(
        &mut site.cmd("verify --format json"),
        look_alike(&Site::new().create()),
    );
    said.code(1)
        .stdout("{\"valid\":false,\"reason\":\"malformed\"}\n");
    assert!(!site.db().exists());
}
