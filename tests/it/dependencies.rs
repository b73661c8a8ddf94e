//! The table of dependencies in CONTRIBUTING.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The crates in the sections of Cargo.toml for dependencies.
fn declared() -> BTreeSet<String> {
    let manifest = read("Cargo.toml");
    let sections = manifest.split("\n[").filter(|section| {
        section.starts_with("dependencies]") || section.starts_with("dev-dependencies]")
    });
    let lines = sections.flat_map(str::lines);
    let names = lines.filter_map(|line| line.split_once(" = "));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// The crates that the table names.
fn explained() -> BTreeSet<String> {
    let page = read("CONTRIBUTING.md");
    let (_, section) = page.split_once("\n## Dependencies\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = cells.map(|line| line.split(" | ").next().unwrap());
    let names = cells.flat_map(|cell| cell.split(", "));
    names
        .map(|name| name.trim_matches('`').to_owned())
        .collect()
}

#[test]
fn the_table_says_of_each_dependency_why_it_is_there() {
    let declared = declared();
    assert!(declared.contains("rusqlite") && declared.contains("tempfile"));
    assert_eq!(explained(), declared);
}
