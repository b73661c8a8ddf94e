//! The map of CONTRIBUTING.md: each file and directory that it names is there.

use super::links::root;
use super::spans::code;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Directories that hold what is built or stored, not what is written.
const NOT_WRITTEN: [&str; 2] = [".git", "target"];

/// Paths of the files and directories below `directory`, the latter with a slash at the end.
fn tree(directory: &Path, below: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if NOT_WRITTEN.contains(&name.as_str()) {
            continue;
        }
        let path = format!("{below}{name}");
        if entry.file_type().unwrap().is_dir() {
            tree(&entry.path(), &format!("{path}/"), found);
            found.insert(format!("{path}/"));
        } else {
            found.insert(path);
        }
    }
}

/// Tells whether `code` looks like a path of the tree. One with a placeholder in capitals is none, nor is one of what is built.
fn is_path(code: &str) -> bool {
    let file = [".rs", ".sql", ".py", "/"]
        .iter()
        .any(|end| code.ends_with(end));
    file && !code.starts_with("target/")
        && !code.contains([' ', '*'])
        && !code.contains("NAME")
        && !code.contains("000N")
}

/// Tells whether the tree has `path`, from its root or, as in `cmd/list.rs`, from a directory on the way.
fn has(tree: &BTreeSet<String>, path: &str) -> bool {
    tree.contains(path)
        || tree
            .iter()
            .any(|there| there.ends_with(&format!("/{path}")))
}

#[test]
fn every_file_that_contributing_names_is_there() {
    let mut there = BTreeSet::new();
    tree(root(), "", &mut there);
    let text = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let named: Vec<String> = code(&text)
        .into_iter()
        .filter(|code| is_path(code))
        .collect();
    assert!(named.len() > 100, "{}", named.len());
    let missing: Vec<_> = named.iter().filter(|path| !has(&there, path)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
