//! Writes the manual pages of the program under a name that it is to be installed by:
//!
//! ```sh
//! cargo run --locked --example manual -- api-keyctl target/debian/man
//! ```

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "its writer is a test's: a help text that is not in form ends it"
)]

#[path = "../tests/it/generated/manual.rs"]
mod manual;

use std::env::args;
use std::fs;
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let (Some(name), Some(directory)) = (args().nth(1), args().nth(2)) else {
        return Err(io::Error::other("give the program's name and a directory"));
    };
    fs::create_dir_all(&directory)?;
    for (page, text) in manual::pages(&name) {
        fs::write(Path::new(&directory).join(page), text)?;
    }
    Ok(())
}
