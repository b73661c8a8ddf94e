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

/// Directory of `path`, with its slash; empty at the top.
fn directory(path: &str) -> &str {
    let end = path.trim_end_matches('/').rfind('/');
    end.map_or("", |end| &path[..=end])
}

/// Path of the tree that `named` stands for, behind the path `before` in the same cell or paragraph: a name alone is
/// beside that one, or in it, and another path begins at a directory above it. The first one begins at the top or in `src/`.
fn found(tree: &BTreeSet<String>, named: &str, before: Option<&str>) -> Option<String> {
    let mut bases = vec!["", "src/"];
    if let Some(before) = before {
        let mut above = match before.ends_with('/') {
            true => before,
            false => directory(before),
        };
        bases.insert(0, above);
        while named.trim_end_matches('/').contains('/') && !above.is_empty() {
            above = directory(above);
            bases.insert(0, above);
        }
    }
    let mut paths = bases.iter().map(|base| format!("{base}{named}"));
    paths.find(|path| tree.contains(path))
}

#[test]
fn every_file_that_contributing_names_is_there() {
    let mut there = BTreeSet::new();
    tree(root(), "", &mut there);
    let text = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let (mut count, mut missing) = (0, Vec::new());
    for part in text.split("\n\n").flat_map(|part| part.split('|')) {
        let mut before: Option<String> = None;
        for named in code(part).into_iter().filter(|code| is_path(code)) {
            count += 1;
            match found(&there, &named, before.as_deref()) {
                Some(path) => before = Some(path),
                None => missing.push(named),
            }
        }
    }
    assert!(count > 100, "{count}");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_name_alone_is_looked_for_beside_the_path_before_it() {
    let paths = [
        "src/",
        "src/a.rs",
        "src/b/",
        "src/b/c.rs",
        "src/d/c.rs",
        "e.rs",
    ];
    let tree = paths.map(str::to_owned).into();
    let found = |named, before| found(&tree, named, before);
    assert_eq!(found("c.rs", Some("src/b/c.rs")).unwrap(), "src/b/c.rs");
    assert_eq!(found("d/c.rs", Some("src/b/c.rs")).unwrap(), "src/d/c.rs");
    assert_eq!(found("c.rs", Some("src/d/")).unwrap(), "src/d/c.rs");
    assert_eq!(found("a.rs", None).unwrap(), "src/a.rs");
    assert_eq!(found("e.rs", None).unwrap(), "e.rs");
    assert_eq!(found("c.rs", None), None);
    assert_eq!(found("c.rs", Some("src/a.rs")), None);
}
