//! The README's table of a key's life is not run: each of its commands also stands in a block that
//! is.

use super::blocks;
use std::fs;
use std::path::Path;

/// The line above the table.
const ABOVE: &str = "| what you want | command |";

#[test]
fn every_command_of_the_table_stands_in_a_block_too() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let readme = readme.unwrap();
    let (_, table) = readme.split_once(ABOVE).unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let commands: Vec<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    assert_eq!(commands.len(), 5, "{commands:?}");
    let typed = |command: &str| {
        blocks::all()
            .iter()
            .any(|block| block.file == "README.md" && block.text.contains(&format!("$ {command}")))
    };
    for command in commands {
        assert!(typed(command), "it stands in no block: {command}");
    }
}
