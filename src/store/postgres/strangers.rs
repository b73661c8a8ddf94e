//! Users of a copy who have no role on the server.

use super::error::Explain;
use super::names::{identifier, role as role_name};
use super::row::column;
use super::session::Session;
use super::statement::{Statement, Step};
use crate::error::{Result, escape};
use crate::store::contract::{self, Store};
use crate::store::filter::Filter;
use crate::when::Timestamp;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// Most users who are named in a message.
const NAMED_MAX: usize = 5;

/// Returns messages on the owners of keys and the administrators in `copy` who are no roles of the server.
pub fn warnings(session: &Session, copy: &dyn Store) -> Result<Vec<String>> {
    let (owners, administrators) = contract::read(copy, |copy| {
        let mut owners = BTreeSet::new();
        copy.scan(&Filter::all(Timestamp::MAX), &mut |key| {
            if key.deleted_at.is_none() && !owners.contains(&key.owner) {
                owners.insert(key.owner);
            }
            Ok(ControlFlow::Continue(()))
        })?
        .none()?;
        Ok((owners, copy.administrators(None)?))
    })?;
    let role = |name| escape(&role_name(&session.server.database, name));
    let mut warnings = Vec::new();
    let owners = without_role(session, owners.into_iter().collect())?;
    if !owners.is_empty() {
        warnings.push(format!(
            "warning: owners of keys without a role on the server, who cannot change them: {}; \
             for each: CREATE ROLE NAME LOGIN IN ROLE \"{}\"",
            names(&owners),
            role("operator")
        ));
    }
    let administrators = without_role(session, administrators)?;
    if !administrators.is_empty() {
        warnings.push(format!(
            "warning: no administrators after the restore, since they have no role on the server: {}; \
             for each: CREATE ROLE NAME LOGIN, then make it an administrator with 'admin add'",
            names(&administrators)
        ));
    }
    Ok(warnings)
}

/// Makes the users in `administrators` who are roles administrators, and takes the right from those in `former` who
/// are not among them. The session has the role of the owner.
pub fn appoint(session: &Session, administrators: &[String], former: &[String]) -> Result<()> {
    let server = &session.server;
    let strangers = without_role(session, administrators.to_vec())?;
    let admin = identifier(&role_name(&server.database, "admin"));
    let script = |sql: &str| session.link.run_script(sql, session.patience);
    for name in former.iter().filter(|name| !administrators.contains(name)) {
        script(&format!("REVOKE {admin} FROM {}", identifier(name))).explain(server)?;
    }
    // Without events, but in a transaction whose restore has one.
    for name in administrators
        .iter()
        .filter(|name| !strangers.contains(name))
    {
        script(&format!("GRANT {admin} TO {}", identifier(name))).explain(server)?;
        let add = Statement::new("INSERT INTO keyctl.administrators VALUES ($1)").with(name);
        session.run(&[Step::from(add)]).explain(server)?;
    }
    Ok(())
}

/// Returns those of `names` that are no roles of the server.
fn without_role(session: &Session, names: Vec<String>) -> Result<Vec<String>> {
    let server = &session.server;
    let sql = "SELECT n FROM unnest($1) n WHERE NOT EXISTS \
               (SELECT FROM pg_catalog.pg_roles WHERE rolname = n COLLATE \"C\") ORDER BY n COLLATE \"C\"";
    let rows = session.query(Statement::new(sql).with(names));
    let names = rows.explain(server)?;
    let names = names.iter().map(|row| column(row, 0).explain(server));
    names.collect()
}

/// Names the first few users, and counts the others.
fn names(users: &[String]) -> String {
    let first: Vec<&str> = users.iter().take(NAMED_MAX).map(String::as_str).collect();
    let first = escape(&first.join(", "));
    match users.len().saturating_sub(NAMED_MAX) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
