//! What `Containerfile` says, and a root directory made by its steps: a layer over this machine's own root.

use crate::documents::links::root;
use crate::exe::harness::{Site, is_root, skipped};
use crate::harness::exe;
use crate::recipes::is_here;
use std::fs;
use std::path::Path;
use std::process::Command;

/// An instruction: its name, and the rest of the line.
pub type Instruction = (String, String);

/// What stands for podman.
const PODMAN: &str = include_str!("podman");

/// The `PATH` of an image that sets none.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The stages of the Containerfile, each with its instructions.
pub fn stages() -> Vec<Vec<Instruction>> {
    let text = fs::read_to_string(root().join("Containerfile")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let text = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let mut stages: Vec<Vec<Instruction>> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (name, rest) = line.split_once(' ').unwrap();
        if name == "FROM" {
            stages.push(Vec::new());
        }
        let instruction = (name.to_owned(), rest.trim().to_owned());
        stages.last_mut().unwrap().push(instruction);
    }
    stages
}

/// The rest of every instruction of this name.
pub fn all(stage: &[Instruction], name: &str) -> Vec<String> {
    let found = stage.iter().filter(|(its, _)| its == name);
    found.map(|(_, rest)| rest.clone()).collect()
}

/// The rest of the only instruction of this name.
#[track_caller]
pub fn only(stage: &[Instruction], name: &str) -> String {
    let [rest] = <[String; 1]>::try_from(all(stage, name)).unwrap();
    rest
}

/// The words of an instruction that is written as a JSON array.
#[track_caller]
fn words(stage: &[Instruction], name: &str) -> String {
    let words: Vec<String> = serde_json::from_str(&only(stage, name)).unwrap();
    words.join(" ")
}

/// The steps of the image's last stage as a script that carries them out in `$ROOT`.
fn steps(stage: &[Instruction]) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let tree = quoted(root().to_str().unwrap());
    let program = quoted(exe().to_str().unwrap());
    let mut script = String::new();
    for (name, rest) in stage {
        let line = match (name.as_str(), rest.as_str()) {
            ("COPY", rest) => match rest.strip_prefix("--from=build ") {
                Some("/src/target/release/keyctl /usr/local/bin/") => {
                    format!("cp {program} \"$ROOT/usr/local/bin/\"")
                }
                // The roots of TLS are there already, or they are missing here.
                Some("/etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/") => String::new(),
                Some(other) => panic!("COPY --from=build {other}"),
                None => {
                    let (files, place) = rest.rsplit_once(' ').unwrap();
                    format!(
                        "mkdir -p \"$ROOT{place}\" && (cd {tree} && cp -R {files} \"$ROOT{place}\")"
                    )
                }
            },
            ("RUN", command) => format!("chroot \"$ROOT\" /bin/sh -c {}", quoted(command)),
            (
                "FROM" | "USER" | "ENV" | "VOLUME" | "WORKDIR" | "STOPSIGNAL" | "ENTRYPOINT"
                | "CMD",
                _,
            ) => String::new(),
            (other, _) => panic!("the test does not know how to do {other}"),
        };
        script += &format!("{line}\n");
    }
    script
}

/// Whether a root can be made here; says so if not.
pub fn can_run() -> bool {
    if !is_root() {
        skipped("needs root, for a container");
        return false;
    }
    let mounts =
        "mkdir -p layers && mount -t tmpfs none layers && mkdir layers/up layers/work layers/root
        mount -t overlay -o lowerdir=/,upperdir=layers/up,workdir=layers/work none layers/root";
    let may = Command::new("unshare")
        .args([
            "--mount",
            "--pid",
            "--fork",
            "--mount-proc",
            "sh",
            "-ec",
            mounts,
        ])
        .current_dir(Site::new().path(""))
        .output();
    if !may.is_ok_and(|output| output.status.success()) {
        skipped("needs unshare, and leave to mount");
        return false;
    }
    is_here("useradd", &["--help"])
}

/// A script in which `podman` runs the program in what the Containerfile's steps make, with volumes and files in
/// the site's directory. All that it starts ends with it.
pub fn script(site: &Site, script: &str) -> Command {
    let stages = stages();
    let stage = stages.last().unwrap();
    site.program("bin/podman", PODMAN);
    let make = format!(
        "set -eu
        export ROOT=\"$PWD/layers/root\" STATE=\"$PWD/state\"
        mkdir -p layers state
        mount -t tmpfs none layers
        mkdir layers/up layers/work layers/root
        mount -t overlay -o lowerdir=/,upperdir=layers/up,workdir=layers/work none \"$ROOT\"
        # This machine may have a user and a store of that name.
        sed -i '/^keyctl:/d' \"$ROOT/etc/passwd\" \"$ROOT/etc/group\" \"$ROOT/etc/shadow\"
        rm -rf \"$ROOT/var/lib/keyctl\" \"$ROOT/run/keyctl\"
        mount -t proc proc \"$ROOT/proc\"
        mount --bind /dev \"$ROOT/dev\"
        {}
        set +u
        {script}",
        steps(stage)
    );
    let path = std::env::var("PATH").unwrap();
    let mut command = site.clean("unshare");
    command
        .args([
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            "sh",
            "-c",
            &make,
        ])
        .env("PATH", format!("{}:{path}", site.path("bin").display()))
        .env("USER_OF_IMAGE", only(stage, "USER"))
        .env(
            "ENV_OF_IMAGE",
            format!("{PATH} {}", all(stage, "ENV").join(" ")),
        )
        .env("WORKDIR", only(stage, "WORKDIR"))
        .env(
            "STOPSIGNAL",
            only(stage, "STOPSIGNAL").trim_start_matches("SIG"),
        )
        .env("ENTRYPOINT", words(stage, "ENTRYPOINT"))
        .env("COMMAND_OF_IMAGE", words(stage, "CMD"));
    command
}

/// What `.dockerignore` lets into the build, by the names at the top of the tree.
pub fn context() -> Vec<String> {
    let text = fs::read_to_string(root().join(".dockerignore")).unwrap();
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.next(), Some("*"), "nothing but what is named");
    lines
        .map(|line| line.strip_prefix('!').unwrap().to_owned())
        .collect()
}

/// Whether `path` is in the tree.
pub fn is_in_tree(path: &str) -> bool {
    root().join(Path::new(path)).exists()
}
