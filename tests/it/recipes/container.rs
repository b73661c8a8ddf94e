//! `Containerfile` and `docs/container`. Needs neither a registry nor a daemon: the steps of the image are carried out
//! in a root directory over this machine's, and `podman` is a script that runs the program in there.
//! `packaging/container/try` builds and runs the image with a real podman.

mod image;

use super::{blocks, is_here, page};
use crate::documents::links::root;
use crate::exe::harness::{Site, run};
use crate::harness::Ran;
use image::{all, can_run, context, is_in_tree, only, script, stages};
use std::fs;

/// The flags of the page's commands that have the store.
const STORE: &str = "podman run --rm --network none --volume keyctl:/var/lib/keyctl";

#[test]
fn hadolint_finds_nothing_wrong_with_the_containerfile() {
    if is_here("hadolint", &["--version"]) {
        let site = Site::new();
        let mut lint = site.clean("hadolint");
        lint.args(["--no-color", "--failure-threshold", "style"])
            .arg(root().join("Containerfile"));
        run(&mut lint).code(0).stdout("").stderr("");
    }
}

#[test]
fn both_stages_are_of_one_debian_and_the_compiler_is_new_enough() {
    let [build, last] = <[Vec<_>; 2]>::try_from(stages()).unwrap();
    let (build, last) = (only(&build, "FROM"), only(&last, "FROM"));
    let (rust, debian) = (
        build.strip_prefix("rust:").unwrap(),
        last.strip_prefix("debian:").unwrap(),
    );
    let (rust, rest) = rust
        .strip_suffix(" AS build")
        .unwrap()
        .split_once('-')
        .unwrap();
    assert_eq!(
        rest.strip_prefix("slim-"),
        debian.strip_suffix("-slim"),
        "a program needs the libc that it was built with, or a newer one"
    );
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, needed) = manifest.split_once("\nrust-version = \"").unwrap();
    let minor = |version: &str| -> u32 {
        let (_, minor) = version.split_once('.').unwrap();
        minor.split('"').next().unwrap().parse().unwrap()
    };
    assert!(
        minor(rust) >= minor(needed.lines().next().unwrap()),
        "{rust}"
    );
}

#[test]
fn the_build_has_what_cargo_needs_and_leaves_the_program_where_it_is_copied_from() {
    let stages = stages();
    let build = &stages[0];
    assert_eq!(only(build, "WORKDIR"), "/src");
    assert_eq!(
        only(build, "RUN"),
        "cargo build --release --locked --bin keyctl"
    );
    let copied = all(&stages[1], "COPY").into_iter();
    let mut copied: Vec<String> = copied
        .filter(|rest| !rest.starts_with("--from="))
        .map(|rest| rest.rsplit_once(' ').unwrap().0.to_owned())
        .collect();
    let site = Site::new();
    fs::create_dir(site.path("src")).unwrap();
    for rest in all(build, "COPY") {
        let (files, place) = rest.rsplit_once(' ').unwrap();
        // Into a directory that is there, or as a new one of that name.
        let flags = if place == "./" { "-R" } else { "-RT" };
        let copy = format!("to=$PWD/src && cd \"$TREE\" && cp {flags} {files} \"$to/{place}\"");
        run(site.sh(&copy).env("TREE", root())).code(0);
        copied.push(files.to_owned());
    }
    let copied = copied.join(" ");
    let mut copied: Vec<&str> = copied.split(' ').collect();
    copied.sort_unstable();
    assert_eq!(context(), copied, ".dockerignore");
    assert!(copied.iter().all(|path| is_in_tree(path)));
    // cargo reads the manifest, the lock file and the place of every target.
    let mut metadata = site.clean("cargo");
    metadata.args([
        "metadata",
        "--locked",
        "--offline",
        "--no-deps",
        "--format-version",
        "1",
    ]);
    for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME"] {
        if let Some(value) = std::env::var_os(name) {
            metadata.env(name, value);
        }
    }
    let metadata = run(metadata.current_dir(site.path("src"))).code(0).json();
    let target = metadata["target_directory"].as_str().unwrap();
    let built = format!("{target}/release/keyctl").replace(site.path("").to_str().unwrap(), "/");
    let from = format!("--from=build {built} /usr/local/bin/");
    assert!(all(&stages[1], "COPY").contains(&from), "{from}");
    assert!(site.path("src/.cargo/config.toml").exists());
}

/// What a line does in the image, with `podman` of the page's volume before it.
fn podman(site: &Site, line: &str) -> Ran {
    run(&mut script(
        site,
        &line.replace("keyctl ", &format!("{STORE} keyctl ")),
    ))
}

#[test]
fn the_page_s_commands_work_in_their_order() {
    if !can_run() {
        return;
    }
    let site = Site::new();
    let page = page("container");
    let all = blocks(&page, "sh").join("\n");
    let ran = run(&mut script(&site, &format!("set -x\n{all}"))).code(0);
    let valid = ran
        .stdout
        .lines()
        .filter(|line| line.starts_with("valid: "));
    let valid: Vec<&str> = valid.collect();
    assert!(
        valid.len() == 2
            && valid[0].contains(" ci of keyctl, scopes inference")
            && valid[1].ends_with("(HTTP 200)"),
        "{ran:?}"
    );
    assert!(ran.stdout.contains("\nOwner      keyctl\n"), "{ran:?}");
    assert!(
        ran.stderr
            .contains("\nserving the keys in /var/lib/keyctl/keyctl.db\n"),
        "{ran:?}"
    );
    let backups = fs::read_dir(site.path("state/keyctl-backup")).unwrap();
    assert_eq!(backups.count(), 1);
}

#[test]
fn without_a_command_the_image_prints_the_help() {
    if can_run() {
        let ran = run(&mut script(&Site::new(), "podman run --rm keyctl")).code(0);
        assert!(ran.stdout.contains("\nUsage: keyctl "), "{ran:?}");
    }
}

#[test]
fn the_store_is_a_user_s_who_has_no_rights_and_nobody_else_may_enter_its_directory() {
    if !can_run() {
        return;
    }
    let site = Site::new();
    podman(&site, "keyctl init").code(0);
    let listed =
        run(&mut site.sh("stat -c '%u %g %a' state/keyctl state/keyctl/keyctl.db")).code(0);
    assert_eq!(listed.stdout, "10001 10001 700\n10001 10001 600\n");
}

/// The rows of the page's table of failures: what is seen, with `…` for what is left out.
fn failures() -> Vec<String> {
    let page = page("container");
    let (_, section) = page.split_once("\n## When it fails\n").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_page_s_table_has_what_keyctl_says_when_it_fails() {
    if !can_run() {
        return;
    }
    let init = format!("{STORE} keyctl init");
    let list = format!("{STORE} keyctl list");
    let other = |line: &str| line.replace("--rm", "--rm --user 1234");
    let file = list.replace(
        "keyctl:/var/lib/keyctl",
        "\"$STATE/keyctl/keyctl.db\":/var/lib/keyctl/keyctl.db",
    );
    let read_only = init
        .replace("keyctl init", "keyctl disable ci")
        .replace("/var/lib/keyctl", "/var/lib/keyctl:ro");
    let create = format!("{STORE} keyctl create --scope inference --name ci >token");
    let tried = [
        other(&init),
        format!("{init} && {}", other(&list)),
        format!("{init} && {file}"),
        format!("{create} && {read_only}"),
        list.clone(),
    ];
    let failures = failures();
    assert_eq!(failures.len(), tried.len());
    for (row, line) in failures.iter().zip(tried) {
        let ran = run(&mut script(&Site::new(), &line)).code(5);
        let mut rest = ran.stderr.as_str();
        for part in row.split('…') {
            let Some((_, after)) = rest.split_once(part) else {
                panic!("{row}: {line}: {ran:?}");
            };
            rest = after;
        }
    }
}

#[test]
fn keys_of_a_user_without_a_name_belong_to_its_number() {
    if !can_run() {
        return;
    }
    let site = Site::new();
    let line = "install -d -o 1234 -m 0700 \"$STATE/keyctl\"
        podman run --rm --user 1234 --volume keyctl:/var/lib/keyctl keyctl create --scope inference >token
        podman run --rm --user 1234 --volume keyctl:/var/lib/keyctl keyctl list --format json";
    let ran = run(&mut script(&site, line)).code(0);
    assert_eq!(ran.json()[0]["owner"], "uid:1234");
}
