//! `keyctl admin`

use super::values::{self, TableFormat, Why};
use super::{Cx, owner};
use crate::env::Actor;
use crate::error::{DONE, Error, Result, escape, quote};
use crate::event::{Action, Event};
use crate::hint::{Hint, run};
use crate::name::{self, form};
use crate::near::AMONG;
use crate::output::{json, unwritable};
use crate::store::{self, Read};
use clap::Subcommand;

/// List, add or remove administrators
///
/// An administrator may do anything: set policy, register scopes, change anyone's keys. The owner
/// of the store's file and root (uid 0) are always administrators, listed or not.
#[derive(clap::Args, Debug)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
Exit codes:
  0  done
  2  usage: a bad flag or value
  3  no such administrator
  4  refused: you are not an administrator, or this is the last one
  5  the store failed

Examples:
  $ keyctl admin add bob -m 'covers for alice in May'
  $ keyctl admin list")]
pub struct Args {
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Make a user an administrator
    #[command(after_help = "\
Examples:
  $ keyctl admin add bob
  $ keyctl admin add bob -m 'covers for alice in May'")]
    Add {
        /// The user
        #[arg(value_name = "USER", value_parser = name::sought_user)]
        user: String,
        #[command(flatten)]
        why: Why,
    },
    /// Remove an administrator (never the last one)
    #[command(after_help = "\
Examples:
  $ keyctl admin remove carol
  $ keyctl admin remove carol -m 'alice is back'")]
    Remove {
        /// The user
        #[arg(value_name = "USER")]
        user: String,
        #[command(flatten)]
        why: Why,
    },
    /// List the administrators
    #[command(after_help = "\
Examples:
  $ keyctl admin list
  $ keyctl admin list --format json")]
    List {
        /// Output format
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: TableFormat,
    },
}

impl Args {
    /// Shows or changes administrators.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        match self.command {
            AdminCommand::Add { user, why } => add(cx, &user, why.reason.as_deref()),
            AdminCommand::Remove { user, why } => remove(cx, &user, why.reason.as_deref()),
            AdminCommand::List { format } => list(cx, format),
        }
    }
}

fn add(cx: &mut Cx<'_>, user: &str, reason: Option<&str>) -> Result<u8> {
    let mut store = cx.open_to_write()?;
    let may_appoint = |store: &dyn Read, actor: &Actor| {
        let access = store.access(actor)?;
        access.administrator("appoint an administrator")
    };
    let actor = store.actor(cx.env);
    let recipient = store::read(&*store, |store| {
        // Access is checked before the system is asked for the user, which may be slow.
        may_appoint(store, &actor)?;
        let is_listed = |user: &str| store.is_appointed(user);
        owner::recipient(cx, store, &actor, user, is_listed, name::user)
    })?;
    let user = &*recipient.name;
    let added = store::write(&mut *store, |tx| {
        may_appoint(&*tx, &actor)?;
        if tx.is_appointed(user)? {
            return Ok(false);
        }
        tx.add_administrator(user)?;
        let event = Event::new(cx.env.now(), &actor, Action::AdminAdd, None).with("user", user);
        tx.append(&event.because(reason))?;
        Ok(true)
    })?;
    let now = if added { "now" } else { "already" };
    cx.status(format_args!("{} is {now} an administrator", escape(user)));
    owner::warn_if_unknown(cx, &*store, &recipient);
    Ok(DONE)
}

fn remove(cx: &mut Cx<'_>, user: &str, reason: Option<&str>) -> Result<u8> {
    let mut store = cx.open_to_write()?;
    let actor = store.actor(cx.env);
    let remains = store::write(&mut *store, |tx| {
        tx.access(&actor)?
            .administrator("dismiss an administrator")?;
        let listed = form::find(user, |form| {
            Ok(tx.is_appointed(form)?.then(|| form.to_owned()))
        })?;
        let Some(listed) = listed else {
            let names = tx.administrators(Some(AMONG))?;
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            return Err(
                Error::not_found(format!("{} is not an administrator", quote(user))).hint(
                    values::suggestion(
                        user,
                        &names,
                        run!("admin list").in_quotes().and(" shows them"),
                    ),
                ),
            );
        };
        if tx.administrators(Some(2))?.len() == 1 {
            return Err(
                Error::state(format!("{} is the last administrator", quote(user)))
                    .hint(Hint::from("appoint another one first: ").and(run!("admin add USER"))),
            );
        }
        tx.remove_administrator(&listed)?;
        let event =
            Event::new(cx.env.now(), &actor, Action::AdminRemove, None).with("user", &*listed);
        tx.append(&event.because(reason))?;
        Ok(listed == actor.name && tx.access(&actor)?.admin)
    })?;
    let user = escape(user);
    if remains {
        let implicit = store.implicit_administrators().iter().rev();
        let implicit: Vec<&str> = implicit.copied().collect();
        cx.status(format_args!(
            "{user} is no longer listed, but remains an administrator as {}",
            implicit.join(" or ")
        ));
    } else {
        cx.status(format_args!("{user} is no longer an administrator"));
    }
    Ok(DONE)
}

fn list(cx: &mut Cx<'_>, format: TableFormat) -> Result<u8> {
    let store = cx.open_to_read()?;
    let all = store::read(&*store, |store| store.administrators(None))?;
    let text = match format {
        TableFormat::Json => json::line(&all).map_err(unwritable)?,
        TableFormat::Table => all
            .iter()
            .map(|name| format!("{}\n", escape(name)))
            .collect::<String>()
            .into_bytes(),
    };
    cx.print(&text)?;
    cx.status(format_args!(
        "always administrators: {}",
        store.implicit_administrators().join(", and ")
    ));
    Ok(DONE)
}
