//! `keyctl completions`, and the answers to its scripts.
//!
//! A script contains no commands or flags. At each Tab it runs the program with [`scripts::VARIABLE`] set and
//! the words of the line after `--`, and the program prints the candidates for the last word, one per line. So a
//! script never lags behind the program, and it can offer values from the store.

mod ask;
mod paths;
mod scripts;
mod values;

pub use ask::CompletionRequest;
pub use scripts::script as completion_script;

use super::Cx;
use crate::error::{DONE, Result};
use clap_complete::Shell;

/// Print a completion script for a shell
///
/// It completes commands, flags, files and addresses, and from the store: key IDs and names, scopes,
/// labels, networks, projects and users. Each Tab runs this program, which only reads the store; one on a
/// server is connected to for that.
///
/// To complete from another store, put --db PATH on the line; in zsh and fish, KEYCTL_DB=PATH
/// before the command works too. Bash does not pass such an assignment on to completions: there,
/// export KEYCTL_DB first.
///
/// In PowerShell and Elvish, each Tab passes the whole line to this program as arguments, a token on
/// it too, and PowerShell's script runs Invoke-Expression on the line: type no token there.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  done
  2  usage: unknown shell
  5  the script could not be written

Files:
  ~/.bashrc                                          add the line of the first example for bash
  ~/.zshrc                                           add the same line with zsh in place of bash
  ~/.config/fish/completions/keyctl.fish             where fish looks for the script

Examples:
  $ eval \"$(keyctl completions bash)\"
  $ mkdir -p ~/.config/fish/completions && keyctl completions fish > ~/.config/fish/completions/keyctl.fish")]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Args {
    /// Prints the script.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        // A program that was found by its name is called by its name: it may be installed elsewhere later.
        let own = cx.env.program.as_ref().filter(|_| cx.called.by_path);
        let program = own.map_or_else(
            || cx.called.name.clone(),
            |path| path.to_string_lossy().into_owned(),
        );
        let script = scripts::script(self.shell, &cx.called.name, &program)?;
        cx.print(&script)?;
        Ok(DONE)
    }
}
