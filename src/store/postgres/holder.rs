//! Session that holds the lock of the log.

use super::error::{PgError, PgResult};
use super::row::column;
use super::session::Session;
use super::statement::{ROLLBACK, Statement};
use crate::error::{Error, escape, quote};
use std::time::Duration;
use tokio_postgres::Row;

/// Longest time to wait for the name of the session.
const PATIENCE: Duration = Duration::from_secs(2);

/// Session that holds the lock. The server shows a user only so much of the sessions of other users.
struct Holder {
    pid: i32,
    user: Option<String>,
    program: Option<String>,
    address: Option<String>,
    /// Age of its transaction, in seconds.
    age: Option<i64>,
    waits_for_standby: bool,
}

/// Returns the error for `error`, which ended the wait for the lock of the log. Names the session that holds it.
pub fn waited(session: &Session, error: PgError) -> Error {
    match find(session) {
        Ok(Some(holder)) => holder.blocks(&escape(&session.server.shown)),
        _ => error.about(&session.server),
    }
}

/// Ends the transaction that has waited for the lock of the log, and tells which session holds it.
pub fn tell(session: &Session) {
    if let Ok(Some(holder)) = find(session) {
        let server = &session.server;
        server.tell(&format!(
            "waiting: {}",
            holder.blocks(&escape(&server.shown))
        ));
    }
}

/// Finds the session in whose transaction the row of the head is locked.
fn find(session: &Session) -> PgResult<Option<Holder>> {
    let holder = Statement::new(
        "SELECT a.pid, a.usename::text, a.application_name, host(a.client_addr), \
         extract(epoch FROM clock_timestamp() - a.xact_start)::bigint, a.wait_event = 'SyncRep' \
         FROM keyctl.event_head h \
         JOIN pg_catalog.pg_locks l ON l.locktype = 'transactionid' AND l.granted AND l.transactionid = h.xmax \
         JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid",
    );
    let rows = session.link.run(&[ROLLBACK, holder.into()], PATIENCE)?;
    rows.get(1)
        .and_then(|rows| rows.first())
        .map(read)
        .transpose()
}

fn read(row: &Row) -> PgResult<Holder> {
    Ok(Holder {
        pid: column(row, 0)?,
        user: column(row, 1)?,
        program: column(row, 2)?,
        address: column(row, 3)?,
        age: column(row, 4)?,
        waits_for_standby: column::<Option<bool>>(row, 5)?.unwrap_or_default(),
    })
}

impl Holder {
    /// Returns the error of a session that waited for this one to release the lock of the store `shown`.
    fn blocks(&self, shown: &str) -> Error {
        let mut who = format!("process {}", self.pid);
        if let Some(user) = &self.user {
            who.push_str(&format!(" of {}", quote(user)));
        }
        if let Some(program) = self.program.as_ref().filter(|program| !program.is_empty()) {
            who.push_str(&format!(" ({})", escape(program)));
        }
        if let Some(address) = &self.address {
            who.push_str(&format!(" from {}", escape(address)));
        }
        if let Some(age) = self.age {
            who.push_str(&format!(", for {age} s"));
        }
        let error = Error::busy(format!("another session holds the lock of {shown}: {who}"));
        match self.waits_for_standby {
            true => error
                .adding("it waits for a standby to confirm its change")
                .hint("check that the standby is up: see pg_stat_replication on the primary"),
            false => error.hint(format!(
                "try again; an administrator of the server can end that session: SELECT pg_terminate_backend({})",
                self.pid
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder() -> Holder {
        Holder {
            pid: 4711,
            user: None,
            program: None,
            address: None,
            age: None,
            waits_for_standby: false,
        }
    }

    #[test]
    fn the_error_says_as_much_of_the_session_as_the_server_shows() {
        let error = holder().blocks("postgres://h/d");
        assert_eq!(
            error.to_string(),
            "another session holds the lock of postgres://h/d: process 4711"
        );
        let all = Holder {
            user: Some("bob".to_owned()),
            program: Some("psql\u{1b}".to_owned()),
            address: Some("10.0.0.7".to_owned()),
            age: Some(42),
            waits_for_standby: true,
            ..holder()
        };
        assert_eq!(
            all.blocks("postgres://h/d").to_string(),
            "another session holds the lock of postgres://h/d: process 4711 of 'bob' (psql\\u{1b}) from 10.0.0.7, \
             for 42 s; it waits for a standby to confirm its change"
        );
    }
}
