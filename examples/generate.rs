//! Generates manual pages and completion scripts for a program installed under another name:
//!
//! ```sh
//! cargo run --locked --example generate -- api-keyctl target/package
//! ```

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "the generators are shared with the tests, and stop at a malformed help text"
)]

#[path = "../tests/it/generated/manual.rs"]
mod manual;
#[path = "../tests/it/generated/scripts.rs"]
mod scripts;

use std::collections::BTreeMap;
use std::env::args;
use std::fs;
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let (Some(name), Some(directory)) = (args().nth(1), args().nth(2)) else {
        return Err(io::Error::other("give the program's name and a directory"));
    };
    let directory = Path::new(&directory);
    write(&directory.join("man"), manual::pages(&name))?;
    write(&directory.join("completions"), scripts::scripts(&name))
}

/// Writes `files`, a map from file name to text, into `directory`.
fn write(directory: &Path, files: BTreeMap<String, String>) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    for (name, text) in files {
        fs::write(directory.join(name), text)?;
    }
    Ok(())
}
