//! The commands that are killed, or whose disk fails, and what each would do.

use super::ledger::{End, Ledger};
use std::fs::{self, File};
use std::process::{Command, Stdio};

/// A kind of command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Create,
    CreateToFile,
    CreateSecretFile,
    CreateMany,
    CreateManySecretFile,
    Rotate,
    RotateWithGrace,
    RotateSecretFile,
    Edit,
    Disable,
    Delete,
    DeleteTwo,
    Purge,
    Touch,
    Rehash,
    Reuse,
}

impl What {
    pub const ALL: [What; 16] = [
        What::Create,
        What::CreateToFile,
        What::CreateSecretFile,
        What::CreateMany,
        What::CreateManySecretFile,
        What::Rotate,
        What::RotateWithGrace,
        What::RotateSecretFile,
        What::Edit,
        What::Disable,
        What::Delete,
        What::DeleteTwo,
        What::Purge,
        What::Touch,
        What::Rehash,
        What::Reuse,
    ];

    /// Such a command on keys of the ledger's.
    #[track_caller]
    pub fn step(self, ledger: &mut Ledger) -> Step {
        const CREATE: &str = "create --scope inference";
        match self {
            What::Create => Step::new(self, CREATE, &["create"]),
            What::CreateToFile => Step {
                out_file: Some("out"),
                ..Step::new(self, CREATE, &["create"])
            },
            What::CreateSecretFile => Step::new(self, CREATE, &["create"]).into_secret_file(),
            What::CreateMany => Step::new(self, "create --scope project --count 3", &["create"; 3]),
            What::CreateManySecretFile => {
                Step::new(self, "create --scope project --count 3", &["create"; 3])
                    .into_secret_file()
            }
            What::Rotate | What::RotateSecretFile | What::RotateWithGrace => {
                let mut line = format!("rotate {}", ledger.spare());
                if self == What::RotateWithGrace {
                    line += " --grace 1h";
                }
                let step = Step::new(self, line, &["rotate", "create"]);
                if self == What::RotateSecretFile {
                    step.into_secret_file()
                } else {
                    step
                }
            }
            What::Edit => {
                let id = ledger.spare();
                Step::new(self, format!("edit {id} --name was-{id}"), &["edit"])
            }
            What::Disable => Step::new(self, format!("disable {}", ledger.spare()), &["disable"]),
            What::Delete => {
                let line = format!("delete {} --yes", ledger.spare());
                Step::new(self, line, &["delete"])
            }
            What::DeleteTwo => {
                let line = format!("delete {} {} --yes", ledger.spare(), ledger.spare());
                Step::new(self, line, &["delete", "delete"])
            }
            What::Purge => {
                if ledger.dead() == 0 {
                    let line = format!("delete {} --yes -q", ledger.spare());
                    ledger.run(&line);
                }
                Step::new(self, "purge --yes", &vec!["purge"; ledger.dead()])
            }
            What::Touch => {
                let id = ledger.fresh();
                Step::verify(self, ledger, &id, 0, &[])
            }
            What::Rehash => {
                let id = ledger.fresh();
                ledger.set_iterations(3 - ledger.iterations());
                Step::verify(self, ledger, &id, 0, &["rehash"])
            }
            What::Reuse => {
                let id = ledger.spare();
                ledger.run(&format!("disable {id} -q"));
                Step::verify(self, ledger, &id, 1, &["reuse"])
            }
        }
    }
}

/// A command on certain keys.
#[derive(Debug)]
pub struct Step {
    pub what: What,
    line: String,
    /// The file that the token goes to.
    pub secret_file: Option<&'static str>,
    /// The file that standard output is.
    pub out_file: Option<&'static str>,
    /// Its exit code where nobody disturbs it.
    pub code: u8,
    /// What the log tells of it then.
    whole: Vec<&'static str>,
}

impl Step {
    fn new(what: What, line: impl Into<String>, whole: &[&'static str]) -> Self {
        Step {
            what,
            line: line.into(),
            secret_file: None,
            out_file: None,
            code: 0,
            whole: whole.to_vec(),
        }
    }

    fn into_secret_file(mut self) -> Self {
        self.secret_file = Some("secret");
        self.line += " --secret-file secret";
        self
    }

    fn verify(what: What, ledger: &Ledger, id: &str, code: u8, whole: &[&'static str]) -> Self {
        fs::write(ledger.site.path("presented"), ledger.token(id)).unwrap();
        Step {
            code,
            ..Step::new(what, "verify --key-file presented", whole)
        }
    }

    /// Whether it only notes what it does not depend on.
    pub fn is_verify(&self) -> bool {
        matches!(self.what, What::Touch | What::Rehash | What::Reuse)
    }

    /// The command, its standard output caught.
    pub fn command(&self, ledger: &Ledger) -> Command {
        ledger.site.cmd(&format!("{} -q", self.line))
    }

    /// Where its standard output is to go.
    pub fn stdout(&self, ledger: &Ledger) -> Stdio {
        match self.out_file {
            Some(name) => File::create(ledger.site.path(name)).unwrap().into(),
            None => Stdio::piped(),
        }
    }

    /// Whether its standard output, which is caught, has a token in it.
    pub fn prints_a_token(&self) -> bool {
        let files = self.secret_file.or(self.out_file);
        files.is_none() && self.whole.contains(&"create")
    }

    /// The log, in which `new` is new, tells of all of it or of nothing; of all if it was done, of
    /// nothing if it has failed.
    #[track_caller]
    pub fn all_or_nothing(&self, new: &[&str], end: End) {
        let (all, nothing) = (new == self.whole, new.is_empty());
        let right = match end {
            // A verdict does not depend on what is noted of it.
            End::Done if self.is_verify() => all || nothing,
            End::Done => all,
            End::Failed => nothing,
            End::Killed | End::Unknown => all || nothing,
        };
        assert!(right, "{end:?}, and the log tells of {new:?}: {self:?}");
    }
}
