//! `keyctl completions`

use super::Cx;
use crate::error::{DONE, Result};
use crate::output::unwritable;
use clap_complete::Shell;

/// Print a completion script for a shell
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  $ eval \"$(keyctl completions bash)\"
  $ keyctl completions fish > ~/.config/fish/completions/keyctl.fish")]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Args {
    /// Prints the script.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut (cx.root)(), "keyctl", &mut script);
        cx.env
            .stdout
            .write_all(&script)
            .map_err(|cause| unwritable(&cause))?;
        Ok(DONE)
    }
}
