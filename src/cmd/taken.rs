//! Check for a name that another key has. Names are unique per owner among live keys.

use crate::error::{Error, Result, quote};
use crate::hint::{Hint, run};
use crate::key::{Key, Kind, State};
use crate::name::form;
use crate::store::Read;
use crate::when::Timestamp;

/// Finds the live key of `owner` with this name, also in another Unicode form, which looks the same and which
/// older versions stored.
pub fn holder(store: &dyn Read, owner: &str, name: &str) -> Result<Option<Key>> {
    form::find(name, |form| store.live_key(owner, form))
}

/// Error for a name that `holder` has. The hint names commands that free it; rotation does not, since the
/// successor keeps the name.
pub fn refusal(holder: &Key, now: Timestamp) -> Error {
    let id = holder.id;
    let delete = match holder.kind {
        Kind::Api => Hint::from(" or ").and(run!("delete {}", id)),
        Kind::Legacy => Hint::default(),
    };
    let (owner, name) = (quote(&holder.owner), quote(&holder.name));
    Error::state(match holder.state(now) {
        State::Active => format!("{owner} already has a live key named {name}: {id} (active)"),
        // Disabled and expired keys hold their names, since they may work again.
        state => format!("the name {name} of {owner} is held by a key that is {state}: {id}"),
    })
    .hint(
        Hint::from("choose another name, or free this one: ")
            .and(run!("edit {} --name OTHER", id))
            .and(delete),
    )
}
