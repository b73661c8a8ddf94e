//! `keyctl init`

use super::Cx;
use super::values::Why;
use crate::error::{DONE, Error, Result, quote};
use crate::store::{self, Address, Founder, Mode};

/// Create a store
///
/// The user who creates it is its first administrator. 'keyctl create' also makes one in a file if
/// there is none. A file is private to its user. With --group, the store is shared: the directory gets mode
/// 2770 and the files 0660. An existing directory must already have that mode and belong to the
/// group. In a directory that a group shares already, the store is shared without --group too; what
/// root creates in another user's directory belongs to that user. Both are reported.
///
/// In a database on a PostgreSQL server, this makes the schema 'keyctl' and the roles
/// keyctl_DATABASE_verifier, _operator and _admin, and takes the right to connect from all others.
/// It needs the right to make roles and the ownership of the database; an administrator of the
/// server who is to do it gets the statements from --print-sql.
///
/// --upgrade changes no key and no rule: it brings a store that an older keyctl made up to date. That
/// keyctl can no longer use it then.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  the store was created, or brought up to date
  2  usage: a bad flag or value, or no such group
  4  refused: something already exists there, or the store was retired
  5  the store could not be created, or brought up to date

Examples:
  $ keyctl init
  $ keyctl init --db /srv/keyctl/keyctl.db --group keyadmins
  $ keyctl init --db postgres://db.example.com/keys --print-sql")]
pub struct Args {
    /// The group that may use the store
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// Bring the store up to this version of keyctl. In a file, the next change does so too
    #[arg(long, conflicts_with_all = ["group", "print_sql", "reason"])]
    upgrade: bool,
    /// Print the SQL for a server that makes the store, and make nothing
    #[arg(long, conflicts_with = "group")]
    print_sql: bool,
    #[command(flatten)]
    why: Why,
}

impl Args {
    /// Creates the store.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let address = cx.address()?;
        if self.print_sql {
            cx.print(store::script(&address)?.as_bytes())?;
            return Ok(DONE);
        }
        if self.upgrade {
            upgrade(cx, &address)?;
            return Ok(DONE);
        }
        self.make(cx, &address)
    }

    fn make(self, cx: &mut Cx<'_>, address: &Address) -> Result<u8> {
        let group = match &self.group {
            None => None,
            Some(_) if address.is_server() => {
                return Err(Error::usage("--group is for a store in a file").hint(
                    "on a server, give users a role: GRANT keyctl_DATABASE_operator TO USER",
                ));
            }
            Some(group) => Some((cx.env.group)(group).ok_or_else(|| {
                Error::usage(format!("there is no group {}", quote(group)))
                    .hint("'getent group' lists the groups")
            })?),
        };
        let founder = Founder {
            reason: self.why.reason.as_deref(),
            group,
            ..cx.founder()
        };
        let store = store::open(address, Mode::Create(&founder))?;
        for notice in store.notices() {
            cx.notice(notice);
        }
        Ok(DONE)
    }
}

/// Brings the store at `address` up to date, if it is older than this program.
fn upgrade(cx: &mut Cx<'_>, address: &Address) -> Result<()> {
    if address.is_server() {
        store::upgrade(address)?;
    } else {
        // Whatever opens a file for changes takes the steps that it lacks.
        cx.open_to_write()?;
    }
    cx.status(format_args!("the store {address} is up to date"));
    Ok(())
}
