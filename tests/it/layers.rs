//! The layers of the source files: imports run downwards only, and in no circle.

mod imports;
mod words;

use imports::{ROOT, Tree, circles, parts};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The modules from the top to the bottom, as the documentation of `src/lib.rs` and the table in
/// CONTRIBUTING.md have them. One may import from those in its own line, if not in a circle.
const LAYERS: [&[&str]; 12] = [
    &["main"],
    &["system"],
    &[ROOT],
    &["cli"],
    &["cmd"],
    &["serve"],
    &[
        "usage", "output", "deliver", "verify", "lookup", "ask", "scan",
    ],
    &["store"],
    &[
        "key", "name", "policy", "scope", "project", "access", "event", "token",
    ],
    &["hash", "id", "network"],
    &[
        "parallel",
        "env",
        "when",
        "directory",
        "namespace",
        "near",
        "called",
        "records",
    ],
    &["error", "hint", "text", "url", "percent", "word"],
];

/// The rules: they see no command line, no SQL and no streams.
const PURE: [&str; 11] = [
    "key", "name", "policy", "scope", "project", "access", "event", "token", "hash", "id",
    "network",
];

/// The parts of `std::io` that are no streams.
const NO_STREAMS: [&str; 3] = ["Error", "ErrorKind", "Result"];

/// The source files: the names of their modules, and their texts.
fn files() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeMap::new();
    let mut due = vec![root.clone()];
    while let Some(path) = due.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            due.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(&root).unwrap().with_extension("");
            let name = name.to_str().unwrap().replace('/', "::");
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    files
}

fn tree(files: &BTreeMap<String, String>) -> Tree<'_> {
    Tree::read(files.iter().map(|(name, text)| (&**name, &**text)))
}

/// The layer of a module, from the top.
fn layer(module: &str) -> Option<usize> {
    let first = module.split("::").next()?;
    LAYERS.iter().position(|layer| layer.contains(&first))
}

fn is_in(module: &str, parent: &str) -> bool {
    parts(module).starts_with(&parts(parent))
}

/// The imports that run upwards.
fn upwards(tree: &Tree<'_>) -> Vec<String> {
    let edges = tree.edges();
    let pairs = edges
        .iter()
        .flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    pairs
        .filter(|(from, to)| layer(from) > layer(to))
        .map(|(from, to)| format!("{from} imports from {to}"))
        .collect()
}

/// What the rules name of what they are not to see.
fn impure(tree: &Tree<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for module in tree.modules() {
        if !PURE.iter().any(|pure| is_in(module, pure)) {
            continue;
        }
        for path in tree.paths(module) {
            let is_foreign = ["clap", "rusqlite"].contains(&path.split("::").next().unwrap());
            let mut io = path.split("::").skip_while(|part| *part != "io").skip(1);
            let is_stream = io.next().is_some_and(|part| !NO_STREAMS.contains(&part));
            let is_given = ["Input", "Output"]
                .iter()
                .any(|it| path == format!("crate::env::{it}"));
            if is_foreign || is_stream || is_given {
                found.push(format!("{module} names {path}"));
            }
        }
    }
    found
}

#[test]
fn every_module_has_a_layer() {
    let files = files();
    let without: Vec<&String> = files.keys().filter(|name| layer(name).is_none()).collect();
    assert!(without.is_empty(), "not in LAYERS: {without:?}");
    let tops = LAYERS.iter().flat_map(|layer| layer.iter());
    let gone: Vec<_> = tops.filter(|top| !files.contains_key(**top)).collect();
    assert!(gone.is_empty(), "not in src: {gone:?}");
}

#[test]
fn imports_run_in_no_circle() {
    let files = files();
    let found = circles(&tree(&files).edges());
    assert!(found.is_empty(), "import each other: {found:#?}");
}

#[test]
fn imports_run_downwards() {
    let files = files();
    let found = upwards(&tree(&files));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn store_alone_names_the_driver_and_lib_alone_the_command_line() {
    let files = files();
    let tree = tree(&files);
    for module in tree.modules() {
        let names_driver = tree.names(module, "rusqlite");
        assert!(
            !names_driver || is_in(module, "store"),
            "{module} names rusqlite"
        );
    }
    for (from, to) in tree.edges() {
        assert!(
            !to.contains("cli") || from == ROOT,
            "{from} imports from cli"
        );
    }
}

#[test]
fn rules_see_no_command_line_no_sql_and_no_streams() {
    let files = files();
    let found = impure(&tree(&files));
    assert!(found.is_empty(), "{found:#?}");
}

/// A tree that is made up of modules and their texts.
fn made_up<'a>(more: &[(&'a str, &'a str)]) -> Tree<'a> {
    let files = [
        (
            ROOT,
            "pub mod error; mod cmd; mod output; pub use cmd::GROUPS;",
        ),
        (
            "cmd",
            "mod cx; mod list; pub use cx::Cx; pub const GROUPS: usize = 0;",
        ),
        (
            "cmd::cx",
            "use crate::error::{self, Result as R}; pub struct Cx;",
        ),
        (
            "cmd::list",
            "use super::Cx; fn run() { crate::output::table() }",
        ),
        ("output", "use crate::error::Error;"),
        ("error", "pub struct Error; pub type Result = ();"),
        ("key", ""),
    ];
    Tree::read(files.into_iter().chain(more.iter().copied()))
}

#[test]
fn edges_are_those_to_the_module_that_has_the_item() {
    let edges = made_up(&[]).edges();
    let of = |module: &str| edges[module].iter().copied().collect::<Vec<_>>().join(" ");
    assert_eq!(of("cmd::list"), "cmd::cx output");
    assert_eq!(of("cmd::cx"), "error");
    // What it only exports is no import.
    assert_eq!(of(ROOT), "");
    assert!(circles(&edges).is_empty());
    assert!(upwards(&made_up(&[])).is_empty());
}

#[test]
fn circles_are_found_in_declarations_and_in_paths() {
    let by_parent = made_up(&[
        ("cmd", "mod cx; mod list; use list::Row; pub use cx::Cx;"),
        ("cmd::list", "use super::GROUPS;"),
    ]);
    assert_eq!(circles(&by_parent.edges()), [["cmd", "cmd::list"]]);
    let by_path = made_up(&[("error", "fn f() { crate::output::table() }")]);
    assert_eq!(circles(&by_path.edges()), [["error", "output"]]);
    let of_child = made_up(&[
        ("cmd", "mod list; fn f() { list::run() }"),
        ("cmd::list", "use super::f;"),
    ]);
    assert_eq!(circles(&of_child.edges()), [["cmd", "cmd::list"]]);
}

#[test]
fn upwards_and_impure_tell_who_imports_what() {
    let tree = made_up(&[
        ("output", "use crate::cmd::{Cx, GROUPS};"),
        (
            "key",
            "use std::io::{self, Read}; use clap::Args; fn f() -> io::Result<()> { io::stdin() }",
        ),
    ]);
    assert_eq!(
        upwards(&tree),
        ["output imports from cmd", "output imports from cmd::cx"]
    );
    assert_eq!(
        impure(&tree),
        [
            "key names std::io::Read",
            "key names clap::Args",
            "key names io::stdin"
        ]
    );
}
