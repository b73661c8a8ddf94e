//! The fenced blocks of the documents: those at the top of the tree, and the pages of the guide.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;

const FENCE: &str = "```";

/// A fenced block.
#[derive(Clone, Debug)]
pub struct Block {
    /// The document's path in the tree.
    pub file: String,
    /// The number of its first line, counted from 1.
    pub line: usize,
    /// The heading of its section, of level two; empty above the first.
    pub heading: String,
    /// The word behind the fence: `console`, `sh`, or none.
    pub kind: String,
    /// Its lines, each with its end.
    pub text: String,
}

impl Block {
    /// Its first line, by which tables name it.
    pub fn first(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }
}

impl Display for Block {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Block {
            file, line, kind, ..
        } = self;
        write!(f, "{file}:{line}: the {kind} block {:?}", self.first())
    }
}

/// The directories whose pages have their blocks run by these tests; those of the recipes have
/// tests of their own.
const DIRECTORIES: [&str; 2] = ["", "docs/guide/"];

/// Every block of every document, in order.
pub fn all() -> Vec<Block> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<String> = DIRECTORIES
        .iter()
        .flat_map(|directory| pages(root, directory))
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|file| of(file, &fs::read_to_string(root.join(file)).unwrap()))
        .collect()
}

/// The paths of the pages in a directory.
fn pages(root: &Path, directory: &str) -> Vec<String> {
    fs::read_dir(root.join(directory))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md"))
        .map(|name| format!("{directory}{name}"))
        .collect()
}

/// The blocks of a document.
fn of(file: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut heading = "";
    for (line, number) in text.lines().zip(1..) {
        match (&mut open, line.strip_prefix(FENCE)) {
            (None, Some(kind)) => {
                open = Some(Block {
                    file: file.to_owned(),
                    line: number + 1,
                    heading: heading.to_owned(),
                    kind: kind.trim().to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {
                heading = line.strip_prefix("## ").unwrap_or(heading);
                assert!(
                    !line.trim_start().starts_with(FENCE),
                    "{file}:{number}: a block that is not at the margin is not found by the tests"
                );
            }
        }
    }
    assert!(open.is_none(), "{file}: a block without an end: {open:?}");
    blocks
}

#[test]
fn a_block_is_what_stands_between_two_fences() {
    let text = "a\n```console\n$ b\n\n## c\n```\n## d\n```\n```\n";
    let blocks = of("A.md", text);
    let found: Vec<(usize, &str, &str, &str)> = blocks
        .iter()
        .map(|block| (block.line, &*block.heading, &*block.kind, &*block.text))
        .collect();
    assert_eq!(
        found,
        [(3, "", "console", "$ b\n\n## c\n"), (9, "d", "", "")]
    );
}
