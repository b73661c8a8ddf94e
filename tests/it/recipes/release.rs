//! `packaging/release`, with a cargo that makes small files in the place of what takes minutes, and without its
//! plug-ins. What it checks before, how it packs, and what `docs/guide/install.md` does with that.

use super::{blocks, is_here};
use crate::exe::harness::{Site, run};
use crate::harness::Ran;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// What stands for cargo: each subcommand leaves what the script takes from it.
const CARGO: &str = r##"#!/bin/sh
printf '%s\n' "$*" >>"$CALLED"
case $1 in
about) echo 'the licences' ;;
cyclonedx)
    printf '{"metadata": {"component": {"bom-ref": "path+file://%s#keyctl@9.8.7"}}, "components": [],
        "dependencies": [{"ref": "r#libsqlite3-sys@1.0.0", "dependsOn": []}]}\n' "$PWD" >keyctl_bin.cdx.json
    ;;
metadata) printf '{"packages": [{"name": "libsqlite3-sys", "manifest_path": "%s/Cargo.toml"}]}\n' "$CRATE" ;;
build)
    mkdir -p target/release
    printf '#!/bin/sh\n%s\necho keyctl 9.8.7\n' "$BUILT" >target/release/keyctl
    chmod 755 target/release/keyctl
    ;;
deb) mkdir -p target/debian && echo package >target/debian/api-keyctl_9.8.7-1_amd64.deb ;;
esac
"##;

/// A committed tree of version 9.8.7, and programs that stand for the tools.
struct Tree {
    site: Site,
}

impl Tree {
    fn new() -> Option<Self> {
        let all = [
            ("git", "--version"),
            ("jq", "--version"),
            ("tar", "--version"),
        ];
        if !all.iter().all(|(tool, flag)| is_here(tool, &[flag])) {
            return None;
        }
        let site = Site::new();
        site.program("tools/cargo", CARGO);
        site.program("tools/rustc", "#!/bin/sh\necho 'host: this-machine'\n");
        for tool in ["about", "cyclonedx", "deb", "deny"] {
            site.program(&format!("tools/cargo-{tool}"), "#!/bin/sh\nexit 1\n");
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let units = ["keyctl-serve.service", "keyctl-serve.socket"];
        let units = units.map(|unit| format!("docs/systemd-serve/{unit}"));
        let scripts = ["packaging/release", "packaging/debian/build"].map(str::to_owned);
        for file in scripts.iter().chain(&units) {
            let to = site.path(format!("tree/{file}"));
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            // By another process: a child that another test has just started would keep a script from being run.
            run(site.clean("cp").arg(root.join(file)).arg(to)).code(0);
        }
        let tree = Tree { site };
        tree.write(
            "Cargo.toml",
            "[package]\nname = \"keyctl\"\nversion = \"9.8.7\"\n\n[features]\n",
        );
        tree.write(
            "CHANGELOG.md",
            "# Changelog\n\n## [9.8.7] - 2026-11-29\n\n## [0.1.0]\n",
        );
        tree.write(
            "packaging/debian/changelog",
            "api-keyctl (9.8.7-1) stable; urgency=medium\n",
        );
        tree.write(".gitignore", "/target\n");
        for file in [
            "README.md",
            "BENCHMARKS.md",
            "SECURITY.md",
            "LICENSE-APACHE",
            "LICENSE-MIT",
        ] {
            tree.write(file, file);
        }
        for file in [
            "man/keyctl.1",
            "completions/keyctl.bash",
            "../crate/sqlite3/sqlite3.h",
        ] {
            tree.write(file, "#define SQLITE_VERSION        \"3.1.4\"\n");
        }
        tree.git("init --quiet");
        tree.commit();
        Some(tree)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.site.path("tree").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[track_caller]
    fn git(&self, line: &str) {
        let mut git = self.site.clean("git");
        git.args(["-c", "user.name=alice", "-c", "user.email=alice@localhost"])
            .args(line.split(' '))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_COMMITTER_DATE", "2026-11-29T12:00:00Z")
            .current_dir(self.site.path("tree"));
        run(&mut git).code(0);
    }

    #[track_caller]
    fn commit(&self) {
        self.git("add --all");
        self.git("commit --quiet --message change");
    }

    fn script(&self, arguments: &[&str]) -> Command {
        let path = std::env::var("PATH").unwrap();
        let mut command = self
            .site
            .clean(self.site.path("tree/packaging/release").to_str().unwrap());
        command
            .args(arguments)
            .env(
                "PATH",
                format!("{}:{path}", self.site.path("tools").display()),
            )
            .env("CALLED", self.site.path("called"))
            .env("CRATE", self.site.path("crate"))
            .env("RUSTFLAGS", "-Cdebuginfo=2");
        command
    }

    /// The script stops with this message, and has built nothing.
    #[track_caller]
    fn refuses(&self, message: &str) {
        let ran = run(&mut self.script(&[])).code(1).stdout("");
        assert_eq!(ran.stderr, format!("packaging/release: {message}\n"));
        assert!(!self.site.path("called").exists(), "{message}");
    }

    /// The files of the release, by name.
    fn dist(&self) -> Vec<String> {
        let entries = fs::read_dir(self.site.path("tree/target/dist")).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn checksums(&self) -> String {
        fs::read_to_string(self.site.path("tree/target/dist/SHA256SUMS")).unwrap()
    }
}

const ARCHIVE: &str = "keyctl-9.8.7-this-machine.tar.gz";

#[test]
fn a_release_is_refused_unless_one_version_is_everywhere_and_all_is_committed() {
    let Some(tree) = Tree::new() else { return };
    for (file, text, message) in [
        (
            "CHANGELOG.md",
            "# Changelog\n\n## [Unreleased]\n\n## [9.8.7] - 2026-11-29\n",
            "CHANGELOG.md begins with 'Unreleased', and Cargo.toml has 9.8.7",
        ),
        (
            "packaging/debian/changelog",
            "api-keyctl (9.8.6-1) stable; urgency=medium\n",
            "packaging/debian/changelog begins with '9.8.6', and Cargo.toml has 9.8.7",
        ),
        (
            "README.md",
            "changed",
            "the tree has changes that are not in a commit: git status",
        ),
        (
            "new",
            "not committed",
            "the tree has changes that are not in a commit: git status",
        ),
    ] {
        let path = tree.site.path("tree").join(file);
        let before = fs::read(&path).ok();
        tree.write(file, text);
        if message.contains("begins") {
            tree.commit();
        }
        tree.refuses(message);
        match before {
            Some(text) => fs::write(path, text).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
        if message.contains("begins") {
            tree.commit();
        }
    }
    fs::remove_file(tree.site.path("tools/cargo-deny")).unwrap();
    if Command::new("cargo-deny")
        .arg("--version")
        .output()
        .is_err()
    {
        tree.refuses(
            "missing: cargo-deny (cargo install --locked, cargo-about with --features cli)",
        );
    }
}

#[test]
fn a_release_has_checksums_licences_and_components_and_is_the_same_each_time() {
    let Some(tree) = Tree::new() else { return };
    run(&mut tree.script(&[])).code(0);
    let sbom = "keyctl-9.8.7.cdx.json";
    let all = [
        "SHA256SUMS",
        "THIRD-PARTY.txt",
        "api-keyctl_9.8.7-1_amd64.deb",
        ARCHIVE,
        sbom,
    ];
    assert_eq!(tree.dist(), all);
    let first = tree.checksums();
    assert_eq!(first.lines().count(), all.len() - 1, "{first}");
    let components =
        fs::read_to_string(tree.site.path(format!("tree/target/dist/{sbom}"))).unwrap();
    let components: serde_json::Value = serde_json::from_str(&components).unwrap();
    assert_eq!(
        components["metadata"]["component"]["bom-ref"],
        "path+file:///keyctl#keyctl@9.8.7"
    );
    assert_eq!(components["components"][0]["version"], "3.1.4");
    assert_eq!(components["dependencies"][0]["dependsOn"][0], "sqlite");
    let called = fs::read_to_string(tree.site.path("called")).unwrap();
    let deny = "deny --locked --config packaging/deny.toml check --hide-inclusion-graph advisories bans licenses sources";
    assert_eq!(called.lines().next(), Some(deny));
    run(&mut tree.script(&["--no-advisories"])).code(0);
    assert_eq!(tree.checksums(), first);
    // Nothing is left in the tree.
    let status = run(tree
        .site
        .clean("git")
        .args(["-C", "tree", "status", "--porcelain"]))
    .code(0);
    status.stdout("");
}

#[test]
fn a_release_whose_executable_names_the_tree_is_refused() {
    let Some(tree) = Tree::new() else { return };
    let place = tree.site.path("tree/src/main.rs");
    let ran = run(tree
        .script(&[])
        .env("BUILT", format!(": {}", place.display())));
    let place = tree.site.path("tree");
    ran.code(1).says(&format!(
        "{}/ is named in target/release/keyctl",
        place.display()
    ));
}

/// The block of the page about archives, with `sudo` and `/usr/local` in the site's directory.
fn installed(site: &Site) -> Ran {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/install.md");
    let page = fs::read_to_string(page).unwrap();
    let block = blocks(&page, "sh").pop().unwrap();
    assert!(block.starts_with("sha256sum "), "{block}");
    let block = block
        .replace("sudo ", "")
        .replace(" /usr/local/", " usr/local/");
    run(&mut site.sh(&format!("set -e\n{block}")))
}

#[test]
fn the_page_checks_an_archive_and_installs_the_program() {
    let Some(tree) = Tree::new() else { return };
    run(&mut tree.script(&[])).code(0);
    let site = Site::new();
    fs::create_dir_all(site.path("usr/local/bin")).unwrap();
    for file in [ARCHIVE, "SHA256SUMS"] {
        fs::copy(
            tree.site.path(format!("tree/target/dist/{file}")),
            site.path(file),
        )
        .unwrap();
    }
    let ran = installed(&site).code(0);
    assert_eq!(ran.stdout, format!("{ARCHIVE}: OK\n"));
    run(site.clean("usr/local/bin/keyctl").arg("--version"))
        .code(0)
        .stdout("keyctl 9.8.7\n");
    for file in [
        "man/keyctl.1",
        "completions/keyctl.bash",
        "docs/systemd-serve/keyctl-serve.socket",
        "THIRD-PARTY.txt",
        "LICENSE-MIT",
    ] {
        assert!(
            site.path(format!("keyctl-9.8.7-this-machine/{file}"))
                .exists(),
            "{file}"
        );
    }
    fs::write(site.path(ARCHIVE), "other").unwrap();
    assert_ne!(installed(&site).code, 0);
}

#[test]
fn the_page_s_line_puts_the_manual_pages_where_man_looks() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/guide/install.md")).unwrap();
    let blocks = blocks(&page, "sh");
    let line = blocks
        .iter()
        .find(|block| block.contains("/man1/"))
        .unwrap();
    let site = Site::new();
    symlink(root.join("man"), site.path("man")).unwrap();
    run(&mut site.sh(line)).code(0);
    assert!(site.path(".local/share/man/man1/keyctl-create.1").exists());
}

#[test]
fn the_licences_that_are_accepted_are_those_that_are_listed() {
    let list = |file: &str, start: &str| -> String {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(start));
        line.unwrap().to_owned()
    };
    assert_eq!(
        list("packaging/about.toml", "accepted = "),
        list("packaging/deny.toml", "allow = ")
    );
}

#[test]
fn the_scripts_of_packaging_are_clean_to_shellcheck() {
    if is_here("shellcheck", &["--version"]) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let scripts = [
            "packaging/release",
            "packaging/container/try",
            "packaging/debian/build",
            "packaging/debian/try",
            "packaging/debian/postinst",
            "tests/it/recipes/container/podman",
        ];
        let site = Site::new();
        let mut check = site.clean("shellcheck");
        run(check.args(scripts.map(|script| root.join(script))))
            .code(0)
            .stdout("");
    }
}
