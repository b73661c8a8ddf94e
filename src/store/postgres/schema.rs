//! Schema of a store and its making.

use super::commit::run_alone;
use super::error::{Explain, PgError};
use super::facts::{self, VERSION};
use super::names::{identifier, literal, role};
use super::row::column;
use super::server::Server;
use super::session::Session;
use super::statement::{ROLLBACK, Statement, Step};
use crate::env::Actor;
use crate::error::{Error, Result, escape, quote};
use crate::event::{Action, Event, GENESIS};
use crate::store::contract::Founder;

/// Roles of a database, in the order in which each has the rights of the one before.
const ROLES: [&str; 4] = ["verifier", "operator", "admin", "owner"];

/// Begins the transaction that makes a store, whatever is set for the role and the database. Functions are bound to the
/// operators that are found now, and texts are read with the escapes of now.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
     SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL standard_conforming_strings = on";

/// Lets one of several processes at once make or replace the store. The number is any that nobody else uses.
pub const LOCK_MAKING: &str = "SELECT pg_advisory_xact_lock(7524017643201)::text";

/// Longest name of a database, in bytes: a role's name has at most 63.
const DATABASE_MAX: usize = 63 - "keyctl__operator".len();

/// Oldest version of a server that has all that the schema needs.
const OLDEST: i32 = 140_000;

/// Returns the SQL that makes a store in `database`, as an administrator of the server runs it with psql. Its first
/// administrator is that user.
///
/// # Errors
///
/// Fails for a name that is too long for the names of the roles.
pub fn script(database: &str) -> Result<String> {
    let roles = ["verifier", "operator", "admin"].map(|name| {
        let role = identifier(&role(database, name));
        format!("-- GRANT {role} TO USER;\n")
    });
    Ok(format!(
        "{BEGIN};\nSET LOCAL client_min_messages = warning;\n{}\nSELECT keyctl.appoint_founder();\n\
         SELECT keyctl.append(keyctl.clock(), 'init', NULL, json_build_object('administrator', session_user)::text);\n\
         COMMIT;\n\n-- Then give each user one of these roles:\n{}",
        statements(database)?,
        roles.concat()
    ))
}

/// Returns the statements that make the schema and the roles in `database`, for one transaction.
///
/// # Errors
///
/// Fails for a name that is too long for the names of the roles.
pub fn statements(database: &str) -> Result<String> {
    statements_after(include_str!("ownership.sql"), database)
}

/// Returns the statements that make the schema in `database`, whose roles are there, for one transaction.
pub fn statements_as_owner(database: &str) -> Result<String> {
    statements_after("SET LOCAL ROLE {owner};", database)
}

fn statements_after(first: &str, database: &str) -> Result<String> {
    let parts = [
        first,
        include_str!("0001_main.sql"),
        include_str!("guard.sql"),
        include_str!("roles.sql"),
    ];
    let mut script = fill(&parts.join("\n"), database)?;
    let genesis = data_encoding::HEXLOWER.encode(&GENESIS);
    script.push_str(&format!(
        "\nINSERT INTO keyctl.store (version, grants) SELECT {VERSION}, array_agg(g) FROM keyctl.grants() g;\n\
         INSERT INTO keyctl.event_head (seq, hash) VALUES (0, '\\x{genesis}');\nRESET ROLE;\n"
    ));
    Ok(script)
}

/// Puts the name of `database` and those of its roles into `sql`: `{database}`, `{owner}`, `{admin}`, `{operator}` and
/// `{verifier}`, or `{owner_text}` and so on for a literal.
///
/// # Errors
///
/// Fails for a name that is too long for the names of the roles.
pub fn fill(sql: &str, database: &str) -> Result<String> {
    if database.len() > DATABASE_MAX {
        return Err(Error::usage(format!(
            "the name of the database {} is longer than {DATABASE_MAX} bytes, and is a part of the names of the roles",
            quote(database)
        )));
    }
    // The name becomes a part of texts in dollar quotes, in which places are filled one after the other.
    if database.contains(['$', '{', '}', '\\']) {
        return Err(Error::usage(format!(
            "the name of the database {} has a character that no store can have in it: $ {{ }} or \\",
            quote(database)
        )));
    }
    let mut filled = sql.to_owned();
    for name in ROLES {
        let role = role(database, name);
        filled = filled.replace(&format!("{{{name}_text}}"), &literal(&role));
        filled = filled.replace(&format!("{{{name}}}"), &identifier(&role));
    }
    Ok(filled.replace("{database}", &identifier(database)))
}

/// Makes a store in the database, with the session's user as its first administrator. Returns that user's name.
///
/// # Errors
///
/// Fails if there is one, if the server is too old or not PostgreSQL, and if its encoding is not UTF-8.
pub fn make(session: &Session, founder: &Founder<'_>) -> Result<String> {
    let server = &session.server;
    let script = statements(&server.database)?;
    check_server(session)?;
    let begin = [
        Step::Script(BEGIN),
        Step::Script("SET LOCAL client_min_messages = error; SET LOCAL lock_timeout = '30s'"),
        Statement::new(LOCK_MAKING).into(),
        Statement::new(
            "SELECT session_user::text, to_regnamespace('keyctl') IS NOT NULL, \
             NOT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = 'keyctl' AND c.relname = 'event_head')",
        )
        .into(),
    ];
    let rows = run_alone(session, &begin)?;
    let row = rows.last().and_then(|rows| rows.first());
    let row = row.ok_or_else(|| facts::damaged(server, "it does not answer"))?;
    let user: String = column(row, 0).explain(server)?;
    if column(row, 1).explain(server)? {
        session.link.send(&ROLLBACK);
        return Err(match column(row, 2).explain(server)? {
            true => foreign(server),
            false => already_there(server),
        });
    }
    let made = session.link.run_script(&script, session.patience);
    if let Err(error) = made {
        session.link.send(&ROLLBACK);
        return Err(not_made(error, server));
    }
    let actor = Actor {
        name: user.clone(),
        ..founder.actor.clone()
    };
    let event = Event::new(founder.now, &actor, Action::Init, None)
        .with("administrator", user.clone())
        .because(founder.reason);
    let found = [
        Statement::new("SELECT keyctl.appoint_founder()").into(),
        Statement::new("SELECT keyctl.append($1, 'init', NULL, $2)")
            .with(event.at.millis())
            .with(event.detail_text())
            .into(),
        Step::Script("COMMIT"),
    ];
    run_alone(session, &found)?;
    Ok(user)
}

/// Refuses a server on which a store cannot be made.
pub fn check_server(session: &Session) -> Result<()> {
    let server = &session.server;
    let asked = Statement::new(
        "SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4, \
         pg_catalog.current_setting('server_encoding'), pg_catalog.version(), pg_catalog.pg_is_in_recovery()",
    );
    let rows = session.query(asked).explain(server)?;
    let row = rows
        .first()
        .ok_or_else(|| facts::damaged(server, "it does not answer"))?;
    let shown = escape(&server.shown);
    let version: String = column(row, 2).explain(server)?;
    if version.contains("CockroachDB") {
        return Err(Error::unavailable(format!("{shown} is CockroachDB"))
            .hint("keyctl needs PostgreSQL: its row-level security and its locks"));
    }
    if column::<bool>(row, 3).explain(server)? {
        return Err(PgError::Standby.about(server));
    }
    if column::<i32>(row, 0).explain(server)? < OLDEST {
        return Err(
            Error::unavailable(format!("{shown} is older than PostgreSQL 14"))
                .hint("keyctl needs PostgreSQL 14 or newer"),
        );
    }
    let encoding: String = column(row, 1).explain(server)?;
    if encoding != "UTF8" {
        return Err(Error::unavailable(format!(
            "the encoding of {shown} is {}, not UTF8",
            escape(&encoding)
        ))
        .hint(
            "make a database for the store: createdb --encoding UTF8 --template template0 NAME",
        ));
    }
    Ok(())
}

/// Returns the error for a schema of this name that is no store.
fn foreign(server: &Server) -> Error {
    Error::state(format!(
        "{} has a schema 'keyctl' that is no store",
        escape(&server.shown)
    ))
    .hint("name another database, or have its owner rename that schema")
}

fn already_there(server: &Server) -> Error {
    Error::state(format!(
        "the store {} already exists",
        escape(&server.shown)
    ))
    .hint("it is ready to use; to make another one, name another database")
}

/// Returns the error for a script that failed.
pub fn not_made(error: PgError, server: &Server) -> Error {
    match error.code() {
        Some("42501") => Error::unavailable(format!(
            "{} may not make a store in {}: that needs the right to make roles (CREATEROLE) and the ownership of the database",
            quote(&server.user),
            quote(&server.database)
        ))
        .hint("give the output of 'init --print-sql' to an administrator of the server"),
        _ => error.about(server),
    }
}
