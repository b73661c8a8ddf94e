//! Check of a key against policy, for `doctor`, which names the keys, and `metrics`, which counts them. Pure.

use crate::key::{Key, Kind, State};
use crate::name;
use crate::policy::{self, Policy};
use crate::when::{Span, Timestamp};

/// Time without use after which a key is noted.
pub const UNUSED: Span = Span::days(90);

/// All codes that [`codes`] returns.
pub const CODES: [&str; 6] = ["expiry", "grace", "legacy", "names", "scopes", "unused"];

/// Returns the code of each remark on `key` at `now`; none for a deleted key.
pub fn codes(key: &Key, policy: &Policy, now: Timestamp) -> impl Iterator<Item = &'static str> {
    let state = key.state(now);
    let may_work = matches!(state, State::Active | State::Disabled);
    let is_api = key.kind == Kind::Api;
    // The maximum counts from the import, whose time is not in the record.
    let begun = if key.imported { now } else { key.created_at };
    let expiry = policy.check_expiry(key.expires_at, begun);
    let plain = key.scopes.is_empty() && key.expires_at.is_none();
    let last = key.last_used_at.max(Some(key.created_at));
    let idle = last <= Some(now.before(UNUSED));
    let checks = [
        is_api && may_work && expiry.is_err(),
        has_long_grace(key, now),
        !is_api && !plain,
        has_odd_name(key),
        is_api && key.scopes.is_empty(),
        idle && key.is_usable(now),
    ];
    let is_deleted = state == State::Deleted;
    let codes = CODES.into_iter().zip(checks);
    codes
        .filter(move |(_, is_odd)| *is_odd && !is_deleted)
        .map(|(code, _)| code)
}

fn has_long_grace(key: &Key, now: Timestamp) -> bool {
    let grace = key
        .usable_until
        .zip(key.grace_from)
        .map_or(Span::ZERO, |(until, from)| until.since(from));
    key.is_in_grace(now) && policy::check_grace(grace).is_err()
}

/// Tells whether `key` has a name, an owner or a label that no command accepts any more.
fn has_odd_name(key: &Key) -> bool {
    let mut names = [&key.name, &key.owner]
        .into_iter()
        .chain(key.labels.values());
    names.any(|name| !name::is_plain_to_see(name))
}
