//! `keyctl member`

use super::Cx;
use super::owner::{self, Recipient};
use super::values::{self, TableFormat, Why, check_project, some_owners};
use crate::env::Actor;
use crate::error::{DONE, Error, Result, escape, quote};
use crate::event::{Action, Event};
use crate::hint::{Hint, run};
use crate::name::{self, form};
use crate::near::AMONG;
use crate::output::{Column, cell, json, table, unwritable};
use crate::project::{Member, Role};
use crate::store::{self, Read};
use clap::Subcommand;
use clap::builder::TypedValueParser;
use serde_json::json;
use std::collections::BTreeSet;

/// List, add or remove members of a project
///
/// 'keyctl verify --project P' accepts only keys whose owner is a member of P. Administrators and
/// the project's owners can change its members. A project exists as long as it has a member.
#[derive(clap::Args, Debug)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
Exit codes:
  0  done
  2  usage: a bad flag or value
  3  no such project or member
  4  refused: you are neither an administrator nor an owner of the project
  5  the store failed

Examples:
  $ keyctl member add search alice --role owner
  $ keyctl member list search
  $ keyctl member list --user bob")]
pub struct Args {
    #[command(subcommand)]
    command: MemberCommand,
}

#[derive(Debug, Subcommand)]
enum MemberCommand {
    /// Add a user to a project, or change a member's role
    #[command(after_help = "\
Examples:
  $ keyctl member add search alice --role owner
  $ keyctl member add search bob --role collaborator -m 'new in the team'")]
    Add {
        /// The project
        #[arg(value_name = "PROJECT", value_parser = name::sought_project)]
        project: String,
        /// The user
        #[arg(value_name = "USER", value_parser = name::sought_user)]
        user: String,
        /// What they may do: an owner can also change the members
        #[arg(long, value_name = "ROLE", value_parser = role())]
        role: Role,
        #[command(flatten)]
        why: Why,
    },
    /// Remove a user from a project
    #[command(after_help = "\
Examples:
  $ keyctl member remove search bob
  $ keyctl member remove search bob -m 'left the team'")]
    Remove {
        /// The project
        #[arg(value_name = "PROJECT", value_parser = name::sought_project)]
        project: String,
        /// The user
        #[arg(value_name = "USER", value_parser = name::sought_user)]
        user: String,
        #[command(flatten)]
        why: Why,
    },
    /// List the members of a project, or of all projects; or the projects of a user
    #[command(after_help = "\
Examples:
  $ keyctl member list
  $ keyctl member list --user bob
  $ keyctl member list search --format json")]
    List {
        /// The project
        #[arg(value_name = "PROJECT", value_parser = name::sought_project)]
        project: Option<String>,
        /// Only the projects that this user is a member of
        #[arg(long, value_name = "USER", value_parser = name::sought_user)]
        user: Option<String>,
        /// Output format
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: TableFormat,
    },
}

/// Value parser for a role.
fn role() -> impl TypedValueParser<Value = Role> {
    let choice = |role: Role, help| (role.word(), help, role);
    values::one_of([
        choice(Role::Owner, "Uses the project and can change its members"),
        choice(Role::Collaborator, "Uses the project"),
    ])
}

impl Args {
    /// Shows or changes members.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        match self.command {
            MemberCommand::Add {
                project,
                user,
                role,
                why,
            } => add(
                cx,
                &Member {
                    project,
                    user,
                    role,
                },
                why.reason.as_deref(),
            ),
            MemberCommand::Remove { project, user, why } => {
                remove(cx, &project, &user, why.reason.as_deref())
            }
            MemberCommand::List {
                project,
                user,
                format,
            } => list(cx, project.as_deref(), user.as_deref(), format),
        }
    }
}

fn add(cx: &mut Cx<'_>, given: &Member, reason: Option<&str>) -> Result<u8> {
    let mut store = cx.open_to_write()?;
    let actor = store.actor(cx.env);
    let (member, recipient) = store::read(&*store, |store| as_stored(cx, store, &actor, given))?;
    let Member {
        project,
        user,
        role,
    } = &member;
    let (before, new) = store::write(&mut *store, |tx| {
        check_access(&*tx, &actor, project)?;
        let before = tx.role(project, user)?;
        if before == Some(*role) {
            return Ok((before, None));
        }
        let new = match values::project_as_stored(&*tx, project)? {
            Some(_) => None,
            None => Some(values::project_like(&*tx, project)?),
        };
        tx.set_member(&member)?;
        let event = Event::new(cx.env.now(), &actor, Action::MemberAdd, None)
            .with("project", project.as_str())
            .with("user", user.as_str())
            .with(
                "role",
                json!({ "old": before.map(Role::word), "new": role.word() }),
            );
        tx.append(&event.because(reason))?;
        Ok::<_, Error>((before, new))
    })?;
    let (user, project) = (escape(user), escape(project));
    let now = match before == Some(*role) {
        true => "already",
        false => "now",
    };
    let role = match role {
        Role::Owner => "an owner of",
        Role::Collaborator => "a collaborator in",
    };
    cx.status(format_args!("{user} is {now} {role} {project}"));
    if let Some(like) = new {
        cx.status(format_args!("{project} is a new project"));
        like.into_iter().for_each(|like| cx.hint(like));
    }
    owner::warn_if_unknown(cx, &*store, &recipient);
    Ok(DONE)
}

/// Member with the names as the store has them, or with valid new names; and the user in detail.
fn as_stored(
    cx: &Cx<'_>,
    store: &dyn Read,
    actor: &Actor,
    given: &Member,
) -> Result<(Member, Recipient)> {
    let project = match values::project_as_stored(store, &given.project)? {
        Some(project) => project,
        None => name::project(&given.project)?,
    };
    // Access is checked before the system is asked for the user, which may be slow.
    check_access(store, actor, &project)?;
    let is_member = |user: &str| Ok(store.role(&project, user)?.is_some());
    let recipient = owner::recipient(cx, store, actor, &given.user, is_member, name::user)?;
    let member = Member {
        project,
        user: recipient.name.clone(),
        role: given.role,
    };
    Ok((member, recipient))
}

fn remove(cx: &mut Cx<'_>, project: &str, user: &str, reason: Option<&str>) -> Result<u8> {
    let mut store = cx.open_to_write()?;
    let actor = store.actor(cx.env);
    store::write(&mut *store, |tx| {
        let known = values::project_as_stored(&*tx, project)?;
        let project = known.as_deref().unwrap_or(project);
        check_access(&*tx, &actor, project)?;
        check_project(&*tx, project)?;
        let listed = form::find(user, |form| {
            let role = tx.role(project, form)?;
            Ok(role.map(|role| (form.to_owned(), role)))
        })?;
        let Some((user, role)) = listed else {
            let members = tx.members(Some(project), Some(AMONG))?;
            let users: Vec<&str> = members.iter().map(|member| member.user.as_str()).collect();
            return Err(Error::not_found(format!(
                "{} is not a member of {}",
                quote(user),
                quote(project)
            ))
            .hint(values::suggestion(
                user,
                &users,
                run!("member list").in_quotes().and(" shows the members"),
            )));
        };
        tx.remove_member(project, &user)?;
        let event = Event::new(cx.env.now(), &actor, Action::MemberRemove, None)
            .with("project", project)
            .with("user", &*user)
            .with("role", role.word());
        tx.append(&event.because(reason))
    })?;
    cx.status(format_args!(
        "{} is no longer a member of {}",
        escape(user),
        escape(project)
    ));
    Ok(DONE)
}

/// Refuses an actor who is neither an administrator nor an owner of the project.
fn check_access(store: &dyn Read, actor: &Actor, project: &str) -> Result<()> {
    let access = store.access(actor)?;
    let role = store.role(project, &access.actor)?;
    access.for_project(project, role, || some_owners(store, project))
}

const COLUMNS: [Column; 3] = [
    Column::new("PROJECT", 0, 7),
    Column::new("USER", 0, 4),
    Column::new("ROLE", 0, 12),
];

/// Members to list, and advice if there are none.
struct Listed {
    members: Vec<Member>,
    advice: Option<Hint>,
}

impl Listed {
    /// Finds the members of `project`, or of all, and of these the memberships of `user`.
    fn find(store: &dyn Read, project: Option<&str>, user: Option<&str>) -> Result<Self> {
        let project = project
            .map(|project| check_project(store, project))
            .transpose()?;
        let all = store.members(project.as_deref(), None)?;
        let Some(user) = user else {
            let (members, advice) = (all, None);
            return Ok(Listed { members, advice });
        };
        let is_member = |form: &str| Ok(all.iter().any(|member| member.user == form));
        let stored = form::as_stored(user, is_member)?;
        let (theirs, others): (Vec<Member>, Vec<Member>) =
            all.into_iter().partition(|member| member.user == stored);
        let advice = theirs.is_empty().then(|| {
            let users: BTreeSet<&str> = others.iter().map(|member| &*member.user).collect();
            let users: Vec<&str> = users.into_iter().take(AMONG as usize).collect();
            let of = match &project {
                Some(project) => format!("not a member of {}", quote(project)),
                None => "not a member of any project".to_owned(),
            };
            let list = run!("member list").in_quotes().and(" shows the members");
            let none = Hint::from(format!("{} is {of}; ", quote(user)));
            none.and(values::suggestion(user, &users, list))
        });
        Ok(Listed {
            members: theirs,
            advice,
        })
    }
}

fn list(
    cx: &mut Cx<'_>,
    project: Option<&str>,
    user: Option<&str>,
    format: TableFormat,
) -> Result<u8> {
    let store = cx.open_to_read()?;
    let Listed { members, advice } =
        store::read(&*store, |store| Listed::find(store, project, user))?;
    let text = match format {
        TableFormat::Json => {
            let all: Vec<_> = members
                .iter()
                .map(|member| json!({"project": member.project, "user": member.user, "role": member.role.word()}))
                .collect();
            json::line(&all)
        }
        TableFormat::Table if members.is_empty() => {
            cx.status("no members");
            advice.into_iter().for_each(|advice| cx.hint(advice));
            return Ok(DONE);
        }
        TableFormat::Table => {
            let rows = members.iter().map(|member| {
                [
                    cell(&member.project),
                    cell(&member.user),
                    member.role.word().to_owned(),
                ]
            });
            table(cx.style(), COLUMNS, rows)
        }
    };
    cx.print(&text.map_err(unwritable)?)?;
    Ok(DONE)
}
