//! The PostgreSQL backend: a database that several hosts share. The database enforces who may do what.

mod backup;
mod commit;
mod error;
mod examine;
mod facts;
mod holder;
mod link;
mod names;
mod opened;
mod pending;
mod pool;
mod query;
mod read;
mod receive;
mod resolve;
mod restore;
mod row;
mod schema;
mod send;
mod server;
mod session;
mod settings;
mod statement;
mod strangers;
mod tls;
mod tx;
mod view;

pub use backup::{back_up, retire};
pub use examine::examine;
pub use pool::Pool;
pub use restore::prepare as prepare_restore;
pub use schema::script;
pub use server::Server;

use self::opened::Postgres;
use self::session::{PATIENCE, Session};
use self::view::View;
use super::mode::Mode;
use crate::error::{Result, escape};
use std::sync::Arc;
use std::time::Duration;

/// Longest time to wait for the answer to a read of a server of gateways, whose requests wait.
const SERVED_PATIENCE: Duration = Duration::from_secs(2);

/// Opens the store on `server` in `mode`. Only [`Mode::Create`] makes one.
pub fn open(server: &Arc<Pool>, mode: Mode<'_>) -> Result<Postgres> {
    let patience = match mode {
        Mode::Served(_) => SERVED_PATIENCE,
        _ => PATIENCE,
    };
    let mut store = Postgres {
        session: Session::open(server, patience)?,
        notices: Vec::new(),
    };
    if let Mode::Create(founder) = mode {
        let user = schema::make(&store.session, founder)?;
        store.notices.push(format!(
            "made a new store in {}; its administrator is {}",
            escape(&server.shown),
            escape(&user)
        ));
    }
    Ok(store)
}

/// Brings the store on `server` up to this version.
///
/// # Errors
///
/// Fails for a store of a newer version, and if there is none.
pub fn upgrade(server: &Arc<Pool>) -> Result<()> {
    let session = Session::open(server, PATIENCE)?;
    // There is only one version so far: a store of another one is refused here.
    View::new(&session).facts()?;
    Ok(())
}
