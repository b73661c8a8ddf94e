//! The `keyctl` program: calls the library with the real clock, streams and terminal.

mod system;

use std::process::ExitCode;

fn main() -> ExitCode {
    system::keep_private();
    system::fail_on_full_files();
    let mut env = system::env();
    ExitCode::from(keyctl::run(std::env::args_os(), &mut env))
}
