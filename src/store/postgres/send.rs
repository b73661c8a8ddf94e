//! Content of a store for another backend.

use super::error::Explain;
use super::facts::damaged;
use super::row::{self, column};
use super::statement::Statement;
use super::view::View;
use crate::error::Result;
use crate::store::contract::Read;
use crate::store::transfer::{Item, Take};
use std::ops::ControlFlow;
use tokio_postgres::Row;

/// Sends everything that `view` shows to `take`, in constant memory. Only an administrator sees the hashes.
///
/// # Errors
///
/// Fails for a row that cannot be read, and as `take` does.
pub fn send(view: &View<'_>, take: &mut Take<'_>) -> Result<()> {
    let server = &view.session.server;
    take(Item::Scopes(view.scopes()?))?;
    view.policy()?;
    let settings = "SELECT name, value FROM keyctl.policy ORDER BY name";
    for row in view.query(Statement::new(settings))? {
        let text = |index| column(&row, index).explain(server);
        take(Item::Setting(text(0)?, text(1)?))?;
    }
    for member in view.members(None, None)? {
        take(Item::Member(member))?;
    }
    for name in view.administrators(None)? {
        take(Item::Administrator(name))?;
    }
    let keys = format!(
        "SELECT {}, hash, seq FROM keyctl.keys ORDER BY seq",
        row::COLUMNS
    );
    view.walk(Statement::new(keys), &mut |row| {
        let key = row::key(row).map_err(|damage| damage.error())?;
        let hash = column(row, row::HASH).explain(server)?;
        let seq = column(row, row::HASH + 1).explain(server)?;
        take(Item::Key(seq, Box::new(key), hash))?;
        Ok(ControlFlow::Continue(()))
    })?;
    let events = format!(
        "SELECT {} FROM keyctl.events ORDER BY seq",
        row::EVENT_COLUMNS
    );
    view.walk(Statement::new(events), &mut |row: &Row| {
        let line = row::event(row);
        let line = line.ok_or_else(|| damaged(server, "a line of its log cannot be read"))?;
        take(Item::Event(line))?;
        Ok(ControlFlow::Continue(()))
    })?;
    take(Item::Head(view.head()?))
}
