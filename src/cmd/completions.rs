//! `keyctl completions`, and the answers to what its scripts ask.
//!
//! The scripts know nothing: at each Tab they run the program with [`scripts::VARIABLE`] set and the
//! words of the line so far behind `--`, and it prints what the last one may become, one per line. So
//! they never lag behind the program, and can offer what is in the store.

mod ask;
mod scripts;
mod values;

pub use ask::CompletionRequest;
pub use scripts::script as completion_script;

use super::Cx;
use crate::error::{DONE, Result};
use clap_complete::Shell;

/// Print a completion script for a shell
///
/// It completes commands, flags and their values, and from the store: key IDs and names, scopes,
/// projects and users. Each Tab runs this program, which only reads the store.
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
        // By its name where a shell found it so: it will again, wherever it is installed then.
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
