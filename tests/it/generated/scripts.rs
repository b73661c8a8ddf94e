//! Completion scripts, under the file names that `clap_complete` gives them.

use clap::ValueEnum;
use clap_complete::{Generator, Shell};
use std::collections::BTreeMap;

/// Scripts by file name, for a program that shells find in PATH as `name`.
pub fn scripts(name: &str) -> BTreeMap<String, String> {
    Shell::value_variants()
        .iter()
        .map(|shell| {
            let script = keyctl::completion_script(*shell, name, name).unwrap();
            (shell.file_name(name), String::from_utf8(script).unwrap())
        })
        .collect()
}
