//! Examination of a store on a server: its roles and grants, its replication, and its content.

use super::error::Explain;
use super::error::PgResult;
use super::facts::damaged;
use super::pool::Pool;
use super::row::{self, column};
use super::session::{PATIENCE, Session};
use super::statement::Statement;
use super::view::View;
use crate::error::{Result, escape};
use crate::hint::{Hint, run};
use crate::store::contract::Read;
use crate::store::examined::{Examine, Examined, VisitHash};
use crate::store::remarks::Remarks;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most differences that one finding names.
const NAMED: usize = 5;

struct PgExamined<'a>(&'a View<'a>);

/// Adds to `remarks` what is wrong with the store on `server`, and what `content` finds, all in one transaction.
///
/// # Errors
///
/// Fails if there is no store, and if the user may not read it.
pub fn examine(server: &Arc<Pool>, remarks: &mut Remarks, content: &mut Examine<'_>) -> Result<()> {
    let session = Session::open(server, PATIENCE)?;
    let view = View::new(&session);
    let facts = view.facts()?;
    grants(&view, remarks)?;
    replication(&view, remarks)?;
    if !facts.is_admin {
        remarks.note(
            "hash",
            "the hashes were not checked: only administrators read them",
            None,
        );
    }
    content(&PgExamined(&view), remarks)
}

/// Compares the roles and grants with those that `init` made.
fn grants(view: &View<'_>, remarks: &mut Remarks) -> Result<()> {
    let server = &view.session.server;
    let rows = view.query(Statement::new(
        "SELECT g, true FROM (SELECT g FROM keyctl.grants() g EXCEPT SELECT unnest(grants) FROM keyctl.store) a \
         UNION ALL \
         SELECT g, false FROM (SELECT unnest(grants) AS g FROM keyctl.store EXCEPT SELECT g FROM keyctl.grants() g) b \
         ORDER BY 1",
    ))?;
    let (mut added, mut missing) = (Vec::new(), Vec::new());
    for row in &rows {
        let line: String = column(row, 0).explain(server)?;
        match column(row, 1).explain(server)? {
            true => added.push(line),
            false => missing.push(line),
        }
    }
    for (lines, what) in [
        (added, "added since 'init'"),
        (missing, "missing since 'init'"),
    ] {
        if lines.is_empty() {
            continue;
        }
        let named: Vec<String> = lines.iter().take(NAMED).map(|line| escape(line)).collect();
        let more = match lines.len() > NAMED {
            true => format!(" and {} more", lines.len() - NAMED),
            false => String::new(),
        };
        remarks.finding(
            "grants",
            format!("{what}: {}{more}", named.join("; ")),
            Hint::from("the rules of access are these grants; to see how they were made: ")
                .and(run!("init --print-sql")),
        );
    }
    Ok(())
}

/// Looks whether a commit waits for a standby, and whether there is one that ends the wait.
fn replication(view: &View<'_>, remarks: &mut Remarks) -> Result<()> {
    let server = &view.session.server;
    // A user without rights to the server's statistics sees how many standbys there are, and nothing of them.
    let rows = view.query(Statement::new(
        "SELECT count(*), count(*) FILTER (WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')), \
         current_setting('synchronous_standby_names') <> '', current_setting('synchronous_commit') \
         FROM pg_catalog.pg_stat_replication",
    ))?;
    let row = rows
        .first()
        .ok_or_else(|| damaged(server, "it does not answer"))?;
    let standbys: i64 = column(row, 0).explain(server)?;
    let confirming: i64 = column(row, 1).explain(server)?;
    let waits: bool = column(row, 2).explain(server)?;
    let how: String = column(row, 3).explain(server)?;
    if standbys > 0 && !(waits && ["on", "remote_apply"].contains(&how.as_str())) {
        remarks.finding(
            "replication",
            "a commit does not wait for a standby: after a failover, the last changes may be gone and revoked keys work again",
            "set synchronous_standby_names and synchronous_commit = remote_apply on the server",
        );
    }
    if waits && confirming == 0 {
        remarks.finding(
            "replication",
            "a commit waits for a standby, and none of those in synchronous_standby_names is connected: no change can be made, no key disabled",
            "start the standby, or set synchronous_standby_names = '' on the server: from then on the loss of that server is a loss of changes",
        );
    }
    Ok(())
}

impl Examined for PgExamined<'_> {
    fn store(&self) -> &dyn Read {
        self.0
    }

    fn is_current(&self) -> Result<bool> {
        // Another version was refused.
        Ok(true)
    }

    fn scan_hashes(&self, visit: &mut VisitHash<'_>) -> Result<()> {
        let hash = match self.0.facts()?.is_admin {
            true => "hash",
            false => "NULL::text",
        };
        let statement = Statement::new(format!(
            "SELECT {}, {hash} FROM keyctl.keys ORDER BY seq",
            row::COLUMNS
        ));
        self.0.walk(statement, &mut |row| match row::key(row) {
            Ok(key) => visit(key, column(row, row::HASH).explain(&self.0.session.server)?),
            // A damaged key is reported by whatever reads it.
            Err(_) => Ok(std::ops::ControlFlow::Continue(())),
        })
    }

    fn users(&self) -> Result<Option<BTreeSet<String>>> {
        let rows = self.0.query(Statement::new(
            "SELECT rolname::text FROM pg_catalog.pg_roles",
        ))?;
        let names = rows
            .iter()
            .map(|row| column(row, 0))
            .collect::<PgResult<_>>();
        names.map(Some).explain(&self.0.session.server)
    }
}
