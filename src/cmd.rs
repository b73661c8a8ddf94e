//! The commands, and code that several of them share.

mod admin;
mod backup;
mod change;
mod choice;
mod clock;
mod completions;
mod confirm;
mod conformity;
mod create;
mod cx;
mod delete;
mod disable;
mod doctor;
mod edit;
mod enable;
mod flaws;
mod handover;
mod import;
mod init;
mod issue;
mod keys;
mod label;
mod list;
mod log;
mod member;
mod metrics;
mod next;
mod owner;
pub mod path;
mod policy;
mod preview;
mod purge;
mod records;
mod refusal;
mod restore;
mod rotate;
mod scan;
mod scope;
#[cfg(feature = "serve")]
mod serve;
mod show;
mod stop;
mod taken;
mod values;
mod verify;
mod waiting;
mod words;

pub use completions::{CompletionRequest, completion_script};
pub use cx::{Attempt, Cx};
pub use values::file_path;

use crate::error::Result;
use clap::{Args as _, Subcommand};

/// Title of a group, and its commands.
pub type Group = (&'static str, &'static [&'static str]);

/// Groups of commands, in the order of a key's life.
pub const GROUPS: [Group; 6] = [
    (
        "Make and use keys",
        &["create", "import", "list", "show", "verify", "serve"],
    ),
    ("Change and replace keys", &["edit", "rotate"]),
    (
        "Stop keys",
        &["scan", "disable", "enable", "delete", "purge"],
    ),
    ("Set rules", &["policy", "scope", "member", "admin"]),
    (
        "Look after the store",
        &["init", "log", "doctor", "metrics", "backup", "restore"],
    ),
    ("Set up a shell", &["completions"]),
];

/// True if `word` is the name of a command.
pub fn is_command(word: &str) -> bool {
    word == "help" || GROUPS.iter().any(|(_, names)| names.contains(&word))
}

/// Command with its arguments.
///
/// The variants have no doc comments: clap would print those in place of the longer ones of their `Args`.
#[derive(Debug, Subcommand)]
pub enum Command {
    Create(create::Args),
    Import(import::Args),
    #[command(visible_alias = "ls")]
    List(list::Args),
    Show(show::Args),
    Verify(verify::Args),
    #[cfg(feature = "serve")]
    Serve(serve::Args),
    Edit(edit::Args),
    Rotate(rotate::Args),
    Scan(scan::Args),
    Disable(disable::Args),
    Enable(enable::Args),
    Delete(delete::Args),
    Purge(purge::Args),
    Policy(policy::Args),
    Scope(scope::Args),
    Member(member::Args),
    Admin(admin::Args),
    Init(init::Args),
    Log(log::Args),
    Doctor(doctor::Args),
    Metrics(metrics::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Completions(completions::Args),
}

impl Command {
    /// Definition of `verify`, the same as in the whole command line but for the options of `--server`.
    pub fn verify() -> clap::Command {
        verify::Args::augment_args(clap::Command::new("verify"))
    }

    /// Completes `root`, the definition of the whole command line, by the options that [`Command::verify`] leaves out.
    pub fn define(root: clap::Command) -> clap::Command {
        // `mut_subcommand` would move it to the end.
        root.mut_subcommands(|command| match command.get_name() {
            "verify" => verify::define(command),
            _ => command,
        })
    }

    /// Runs the command and returns its exit code. Prints the lines of a file that are refused, and logs a refusal by
    /// access or policy.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let ran = match self {
            Command::Create(args) => args.run(cx),
            Command::Import(args) => args.run(cx),
            Command::List(args) => args.run(cx),
            Command::Show(args) => args.run(cx),
            Command::Verify(args) => args.run(cx),
            #[cfg(feature = "serve")]
            Command::Serve(args) => args.run(cx),
            Command::Edit(args) => args.run(cx),
            Command::Rotate(args) => args.run(cx),
            Command::Scan(args) => args.run(cx),
            Command::Disable(args) => args.run(cx),
            Command::Enable(args) => args.run(cx),
            Command::Delete(args) => args.run(cx),
            Command::Purge(args) => args.run(cx),
            Command::Policy(args) => args.run(cx),
            Command::Scope(args) => args.run(cx),
            Command::Member(args) => args.run(cx),
            Command::Admin(args) => args.run(cx),
            Command::Init(args) => args.run(cx),
            Command::Log(args) => args.run(cx),
            Command::Doctor(args) => args.run(cx),
            Command::Metrics(args) => args.run(cx),
            Command::Backup(args) => args.run(cx),
            Command::Restore(args) => args.run(cx),
            Command::Completions(args) => args.run(cx),
        };
        if let Err(error) = &ran {
            let error = flaws::print(cx, error);
            refusal::log(cx, error);
        }
        ran
    }
}
