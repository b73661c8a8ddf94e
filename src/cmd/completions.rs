//! `keyctl completions`

use super::Cx;
use crate::error::{DONE, Result};
use clap_complete::Shell;

/// Print a completion script for a shell
///
/// It completes commands, flags and the values that flags take from a list; not keys.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  done
  2  usage: no such shell
  5  the script could not be written

Files:
  ~/.local/share/bash-completion/completions/keyctl  where bash looks for the script
  ~/.config/fish/completions/keyctl.fish             where fish looks for it
  _keyctl                                            what zsh calls it, in a directory of $fpath

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
        cx.print(&script)?;
        Ok(DONE)
    }
}
