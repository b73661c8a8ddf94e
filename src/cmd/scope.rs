//! `keyctl scope`

use super::Cx;
use super::values::{TableFormat, Why, check_scopes};
use crate::error::{DONE, Error, FailureKind, Result, quote};
use crate::event::{Action, Event};
use crate::hint::{Hint, run};
use crate::name;
use crate::output::{Column, cell, json, table, unwritable};
use crate::scope::{self, Scope};
use crate::store::{self, Tx};
use crate::when::Timestamp;
use clap::Subcommand;
use serde_json::json;

/// Maximum of keys that an error names.
const NAMED_MAX: u64 = 5;

/// List, register or remove scopes
///
/// A key can only be given a registered scope. Only an administrator can register one.
#[derive(clap::Args, Debug)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
Exit codes:
  0  done
  2  usage: a bad flag or name, or an unknown scope in --implies
  3  no such scope to remove
  4  refused: the scope already exists or is in use, or you are not an administrator
  5  the store failed

Examples:
  $ keyctl scope list
  $ keyctl scope add data:read --description 'read data sets'")]
pub struct Args {
    #[command(subcommand)]
    command: ScopeCommand,
}

#[derive(Debug, Subcommand)]
enum ScopeCommand {
    /// List the scopes
    #[command(after_help = "\
Examples:
  $ keyctl scope list
  $ keyctl scope list --format json")]
    List {
        /// Output format
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: TableFormat,
    },
    /// Register a scope
    #[command(after_help = "\
Examples:
  $ keyctl scope add data:read --description 'read data sets'
  $ keyctl scope add data:write --implies data:read,inference")]
    Add {
        /// The scope's name: lower-case letters, digits, ':', '.', '_' and '-'
        #[arg(value_name = "NAME", value_parser = scope::name)]
        name: String,
        /// What it allows, in words
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, value_parser = name::description)]
        description: String,
        /// A scope that a key with this one holds too; may be repeated
        #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
        implies: Vec<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Remove a scope that no key has and no other scope implies
    #[command(after_help = "\
Examples:
  $ keyctl scope remove models:train
  $ keyctl scope remove models:train -m 'training has ended'")]
    Remove {
        /// The scope's name
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        why: Why,
    },
}

impl Args {
    /// Shows or changes scopes.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        match self.command {
            ScopeCommand::List { format } => list(cx, format),
            ScopeCommand::Add {
                name,
                description,
                implies,
                why,
            } => add(cx, &name, &description, &implies, why.reason.as_deref()),
            ScopeCommand::Remove { name, why } => remove(cx, &name, why.reason.as_deref()),
        }
    }
}

const COLUMNS: [Column; 3] = [
    Column::new("SCOPE", 0, 5),
    Column::new("IMPLIES", 0, 7),
    Column::new("DESCRIPTION", 0, 11),
];

fn list(cx: &mut Cx<'_>, format: TableFormat) -> Result<u8> {
    let store = cx.open_to_read()?;
    let scopes = store::read(&*store, |store| store.scopes())?;
    let text = match format {
        TableFormat::Json => {
            let all: Vec<_> = scopes
                .all()
                .map(|(name, scope)| json!({"name": name, "description": scope.description, "implies": scope.implies}))
                .collect();
            json::line(&all)
        }
        TableFormat::Table => {
            let rows = scopes.all().map(|(name, scope)| {
                let implies: Vec<&str> = scope.implies.iter().map(String::as_str).collect();
                [
                    cell(name),
                    cell(&implies.join(" ")),
                    cell(&scope.description),
                ]
            });
            table(cx.style(), COLUMNS, rows)
        }
    };
    cx.print(&text.map_err(unwritable)?)?;
    Ok(DONE)
}

fn add(
    cx: &mut Cx<'_>,
    name: &str,
    description: &str,
    implies: &[String],
    reason: Option<&str>,
) -> Result<u8> {
    let mut store = cx.open_to_write()?;
    let actor = store.actor(cx.env);
    store::write(&mut *store, |tx| {
        tx.access(&actor)?.administrator("register a scope")?;
        if tx.scopes()?.has(name) {
            return Err(
                Error::state(format!("scope {} already exists", quote(name)))
                    .hint("choose another name"),
            );
        }
        // A scope implies only scopes that exist already, so there is never a cycle.
        let scope = Scope {
            description: description.to_owned(),
            implies: check_scopes(&*tx, implies)?,
        };
        tx.add_scope(name, &scope)?;
        let event = Event::new(cx.env.now(), &actor, Action::ScopeAdd, None)
            .with("scope", name)
            .with("description", description)
            .with("implies", json!(scope.implies));
        tx.append(&event.because(reason))
    })?;
    cx.status(format_args!("registered the scope {name}"));
    Ok(DONE)
}

fn remove(cx: &mut Cx<'_>, name: &str, reason: Option<&str>) -> Result<u8> {
    let mut store = cx.open_to_write()?;
    let actor = store.actor(cx.env);
    store::write(&mut *store, |tx| {
        let now = cx.env.now();
        tx.access(&actor)?.administrator("remove a scope")?;
        let scopes = tx.scopes()?;
        // An unknown scope is a usage error in a flag, but here the scope is the one to remove.
        scopes.check(name).map_err(|unknown| Error {
            kind: FailureKind::NotFound,
            ..unknown
        })?;
        let implying = scopes.implying(name);
        if !implying.is_empty() {
            return Err(Error::state(format!(
                "the scope {name} is implied by {}",
                implying.join(", ")
            ))
            .hint("remove that first"));
        }
        check_unused(&*tx, name, now)?;
        tx.remove_scope(name)?;
        let event = Event::new(now, &actor, Action::ScopeRemove, None).with("scope", name);
        tx.append(&event.because(reason))
    })?;
    cx.status(format_args!("removed the scope {name}"));
    Ok(DONE)
}

/// Refuses if a key that is not deleted has the scope, and names some of these keys.
fn check_unused(tx: &dyn Tx, name: &str, now: Timestamp) -> Result<()> {
    let users = tx.users_of_scope(name, NAMED_MAX)?;
    if users.is_empty() {
        return Ok(());
    }
    let mut error = Error::state(format!("the scope {name} is in use")).hint(
        Hint::from("remove it from these keys (")
            .and(run!("edit KEY --remove-scope {}", name))
            .and(", or --scope OTHER where it is the only one) or delete them first; ")
            .and(run!("list --scope {}", name).in_quotes())
            .and(" shows all of them"),
    );
    error.candidates = users.iter().map(|key| key.candidate(now)).collect();
    Err(error)
}
