//! The recipes in `docs/`: their files are run as they lie there, with the real program and the real
//! tools, and their pages say what those do.

mod container;
mod endpoint;
mod github_actions;
mod gitlab_ci;
mod guard;
mod handover;
mod metrics;
mod migrate;
mod pages;
mod pre_commit;
mod release;
mod rotate;
mod shared_store;
mod systemd;
mod systemd_serve;

use crate::exe::harness::{Site, run, run_with, skipped};
use crate::exe::strace;
use crate::harness::id_of;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The shells that a script for `sh` may meet.
const SHELLS: [&str; 3] = ["sh", "dash", "bash"];

/// A file or a directory of the recipes.
pub fn doc(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(path)
}

/// The page of a recipe.
pub fn page(recipe: &str) -> String {
    fs::read_to_string(doc(recipe).join("README.md")).unwrap()
}

/// The parts of a page that are fenced as `language`, without what they are indented by.
pub fn blocks(page: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(found) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        let block: Vec<&str> = lines
            .by_ref()
            .take_while(|line| line.trim_start() != "```")
            .map(|line| line.get(indent..).unwrap_or_default())
            .collect();
        if found == language {
            blocks.push(block.join("\n") + "\n");
        }
    }
    blocks
}

/// The only part of a recipe's page that is fenced as `language`.
#[track_caller]
fn block(recipe: &str, language: &str) -> String {
    let [block] = <[String; 1]>::try_from(blocks(&page(recipe), language)).unwrap();
    block
}

/// The shells of [`SHELLS`] that are here; the others are named as skipped.
fn shells() -> Vec<&'static str> {
    SHELLS
        .into_iter()
        .filter(|shell| is_here(shell, &["-c", ":"]))
        .collect()
}

/// Whether `program` is here and does something when called so; says so if not.
pub fn is_here(program: &str, args: &[&str]) -> bool {
    let ran = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let is_here = ran.is_ok_and(|status| status.success());
    if !is_here {
        skipped(&format!("needs {program}"));
    }
    is_here
}

/// What a YAML file says, read by a parser that is not ours; `None`, which is said, without one.
fn yaml(path: &Path) -> Option<Value> {
    if !is_here("python3", &["-c", "import yaml"]) {
        return None;
    }
    let read = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";
    let mut python = Command::new("python3");
    python
        .args(["-c", read])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let ran = run_with(&mut python, fs::read(path).unwrap()).code(0);
    Some(ran.json())
}

/// The file fits a schema that `check-jsonschema` has in it.
#[track_caller]
fn fits_schema(path: &Path, schema: &str) {
    if is_here("check-jsonschema", &["--version"]) {
        let site = Site::new();
        let mut check = site.clean("check-jsonschema");
        run(check.args(["--builtin-schema", schema]).arg(path)).code(0);
    }
}

/// No process that `command` starts has the token in an argument, which may be there only afterwards.
#[track_caller]
fn keeps_off_arguments(command: &Command, token: impl FnOnce() -> String) {
    if strace::is_here() {
        let (_, arguments) = strace::arguments_of(command);
        assert!(
            arguments.contains("\"--scope") || arguments.contains("\"rotate\""),
            "{arguments}"
        );
        let token = token();
        let (_, secret) = token.rsplit_once('_').unwrap();
        assert!(!arguments.contains(secret), "{arguments}");
    }
}

impl Site {
    /// A file of the recipes, run by `shell` on the store of this directory.
    fn recipe(&self, shell: &str, path: &str) -> Command {
        let mut command = self.clean(shell);
        command.arg(doc(path)).env("KEYCTL_DB", self.db());
        command
    }

    /// Commands as a page has them, where the files beside that page lie too.
    fn beside(&self, recipe: &str, script: &str) -> Command {
        for entry in fs::read_dir(doc(recipe)).unwrap() {
            let entry = entry.unwrap();
            let link = self.path(entry.file_name());
            if fs::symlink_metadata(&link).is_err() {
                symlink(entry.path(), link).unwrap();
            }
        }
        self.sh(script)
    }

    /// A program of one's own. Written by another process: while this one writes to it, a child that
    /// another test has just started would keep it from being run.
    pub fn program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.path(name);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).unwrap();
        }
        let mut write = self.clean("sh");
        write
            .args(["-c", r#"cat >"$1" && chmod 0755 "$1""#, "sh"])
            .arg(&path);
        run_with(&mut write, script).code(0);
        path
    }

    /// A key with a token in a file of that name; its token.
    fn token_file(&self, name: &str, line: &str) -> String {
        self.run(&format!("create {line} --secret-file {name}"));
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Disables the key of a token.
    fn disable(&self, token: &str) {
        self.run(&format!("disable {}", id_of(token)));
    }
}
