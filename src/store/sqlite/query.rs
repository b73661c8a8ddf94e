//! SQL for filters. `Key::state` defines the states; a test checks that the SQL agrees with it.
//!
//! The store has no statistics, since SQLite would read them at every open. So each condition is worded
//! in a way that makes SQLite choose the index which leads to few keys. Tests check the plans.

#[cfg(test)]
mod plans;

use super::row;
use super::schema::Schema;
use crate::key::State;
use crate::store::filter::{Filter, LogFilter, Sort};
use crate::when::Timestamp;
use rusqlite::types::Value;
use serde_json::Value as Json;

/// A statement and the values of its parameters, in order.
pub struct Query {
    /// The SQL text.
    pub sql: String,
    /// The values of its `?`.
    pub values: Vec<Value>,
}

/// Index by which the keys of one owner and one name are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchIndex {
    /// The index of names, which has the keys of that name of all owners.
    Name,
    /// The index of owners, which has all keys of that owner.
    Owner,
}

/// Returns the query for the keys that match `filter`, in a store with this schema.
pub fn select(schema: Schema, filter: &Filter, index: SearchIndex) -> Query {
    let mut wanted = Conditions::default();
    restrict(&mut wanted, schema, filter, index);
    let select = format!("SELECT {} FROM keys", row::columns(schema));
    // A search for a part of a name goes on after this query, and counts what it finds.
    let limit = filter.limit.filter(|_| filter.name_part.is_none());
    wanted.select(&select, &order(filter), limit)
}

/// Returns the clause for the order of `filter`. Each term ends in a unique column, so that a reversed order
/// is the same one from its end.
fn order(filter: &Filter) -> String {
    let terms: &[&str] = match filter.sort {
        Sort::Created => &["created_at", "seq"],
        Sort::Expires => &["expires_at IS NULL", "expires_at", "created_at", "seq"],
        Sort::LastUsed => &["last_used_at", "created_at", "seq"],
        Sort::Name => &["name", "owner", "created_at", "seq"],
        Sort::Any => return String::new(),
    };
    let direction = if filter.reverse { " DESC" } else { "" };
    format!(
        "ORDER BY {}{direction}",
        terms.join(&format!("{direction}, "))
    )
}

/// Returns the SQL for the live key of an owner and a name. Reads the row by its number: SQLite would
/// otherwise return both columns from the index entry.
pub fn live_key(schema: Schema) -> String {
    format!(
        "SELECT {} FROM keys WHERE seq = (SELECT seq FROM keys WHERE owner = ?1 AND name = ?2 \
         AND deleted_at IS NULL AND usable_until IS NULL)",
        row::columns(schema)
    )
}

/// Finds a row if a name has more than the given number of keys that are not deleted.
pub const NAME_HAS_MORE_THAN: &str =
    "SELECT 1 FROM keys WHERE name = ?1 AND deleted_at IS NULL LIMIT 1 OFFSET ?2";

/// Finds the role of a user in a project.
pub const ROLE: &str = "SELECT role FROM members WHERE project = ?1 AND user = ?2";

/// Finds the next project after a name, in order.
pub const NEXT_PROJECT: &str =
    "SELECT project FROM members WHERE project > ?1 ORDER BY project LIMIT 1";

/// Finds a row if a user was appointed an administrator.
pub const APPOINTED: &str = "SELECT 1 FROM administrators WHERE name = ?1";

/// Finds the name of a key by its ID.
pub const KEY_NAME: &str = "SELECT name FROM keys WHERE id = ?1";

/// Counts the events of a key.
pub const COUNT_EVENTS: &str = "SELECT count(*) FROM events WHERE key_id = ?1";

/// Finds the last event at a sequence number or before.
pub const EVENT_AT: &str = "SELECT seq, hash FROM events WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1";

/// Returns the query for the first live names of `owner`, or of all users, in the order of the index.
pub fn live_names(owner: Option<&str>, limit: u64) -> Query {
    let mut wanted = Conditions::default();
    if let Some(owner) = owner {
        wanted.and("owner = ?", [text(owner)]);
    }
    wanted.and("deleted_at IS NULL AND usable_until IS NULL", []);
    wanted.select(
        "SELECT owner, name FROM keys",
        "ORDER BY owner, name",
        Some(limit),
    )
}

/// Returns the query for the keys that have `scope` and are not deleted, by the index of scopes.
pub fn users_of_scope(schema: Schema, scope: &str, limit: u64) -> Query {
    let mut wanted = Conditions::default();
    wanted.and("scope = ?", [text(scope)]);
    wanted.and("deleted_at IS NULL", []);
    let columns = row::columns(schema);
    let select = format!("SELECT {columns} FROM key_scopes CROSS JOIN keys ON seq = key");
    wanted.select(&select, "", Some(limit))
}

/// Returns the query for the members of `project`, or of all projects, in order.
pub fn members(project: Option<&str>, limit: Option<u64>) -> Query {
    let mut wanted = Conditions::default();
    if let Some(project) = project {
        wanted.and("project = ?", [text(project)]);
    }
    let select = "SELECT project, user, role FROM members";
    wanted.select(select, "ORDER BY project, user", limit)
}

/// Returns the query for the administrators, in order.
pub fn administrators(limit: Option<u64>) -> Query {
    let select = "SELECT name FROM administrators";
    Conditions::default().select(select, "ORDER BY name", limit)
}

/// Returns the query for the events that match `filter`, oldest first.
pub fn select_events(filter: &LogFilter) -> Query {
    let mut wanted = Conditions::default();
    let of_keys = one_of("key_id", filter.keys.len());
    let keys = || filter.keys.iter().map(|id| text(id.as_str()));
    if !filter.keys.is_empty() {
        wanted.and(&*of_keys, keys());
    }
    if let Some(actor) = &filter.actor {
        wanted.and("actor = ?", [text(actor)]);
    }
    if !filter.actions.is_empty() {
        let words = filter.actions.iter().map(|action| text(action.word()));
        wanted.and(one_of("action", filter.actions.len()), words);
    }
    if let Some(since) = filter.since {
        wanted.and("at >= ?", [time(since)]);
    }
    if let Some(until) = filter.until {
        wanted.and("at <= ?", [time(until)]);
    }
    if let Some(recent) = filter.recent {
        // By these keys' own events: there may be many of other keys since then.
        let own = match filter.keys.is_empty() {
            true => String::new(),
            false => format!("{of_keys} AND "),
        };
        wanted.and(
            format!("seq > coalesce((SELECT seq FROM events WHERE {own}at < ? ORDER BY seq DESC LIMIT 1), 0)"),
            keys().chain([time(recent)]),
        );
    }
    let columns = row::EVENT_COLUMNS;
    let mut sql = format!("SELECT {columns} FROM events{}", wanted.clause());
    match filter.limit {
        None => sql.push_str(" ORDER BY seq"),
        Some(limit) => {
            sql = format!("SELECT {columns} FROM ({sql} ORDER BY seq DESC LIMIT ?) ORDER BY seq");
            wanted
                .values
                .push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        }
    }
    Query {
        sql,
        values: wanted.values,
    }
}

/// Condition that `column` is one of `count` parameters.
fn one_of(column: &str, count: usize) -> String {
    match count {
        // With IN, SQLite would sort what an index has in order.
        1 => format!("{column} = ?"),
        count => format!("{column} IN ({})", vec!["?"; count].join(",")),
    }
}

#[derive(Default)]
struct Conditions {
    terms: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    fn and(&mut self, term: impl Into<String>, values: impl IntoIterator<Item = Value>) {
        self.terms.push(term.into());
        self.values.extend(values);
    }

    fn clause(&self) -> String {
        if self.terms.is_empty() {
            return String::new();
        }
        format!(" WHERE {}", self.terms.join(" AND "))
    }

    /// Returns the query with these conditions, this order and this limit.
    fn select(mut self, select: &str, order: &str, limit: Option<u64>) -> Query {
        let mut sql = format!("{select}{} {order}", self.clause());
        if let Some(limit) = limit {
            sql.push_str(" LIMIT ?");
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            self.values.push(Value::Integer(limit));
        }
        Query {
            sql,
            values: self.values,
        }
    }
}

fn restrict(wanted: &mut Conditions, schema: Schema, filter: &Filter, index: SearchIndex) {
    let now = filter.now;
    // A '+' before a column keeps SQLite from using an index of it.
    let by_owner = index == SearchIndex::Owner;
    if let Some(owner) = &filter.owner {
        let by_name = filter.name.is_some() && !by_owner || filter.name_prefix.is_some();
        let term = if by_name { "+owner = ?" } else { "owner = ?" };
        wanted.and(term, [text(owner)]);
    }
    if !filter.owners.is_empty() {
        wanted.and(
            "owner IN (SELECT value FROM json_each(?))",
            [json(&filter.owners)],
        );
    }
    if let Some(name) = &filter.name {
        let by_owner = filter.owner.is_some() && by_owner;
        wanted.and(
            if by_owner { "+name = ?" } else { "name = ?" },
            [text(name)],
        );
    }
    if let Some(prefix) = &filter.name_prefix {
        // U+10FFFF sorts after every name: it is no character, so no name has it.
        wanted.and(
            "name >= ? AND name < ? || char(1114111)",
            [text(prefix), text(prefix)],
        );
    }
    if let Some(prefix) = &filter.id_prefix {
        // '{' follows 'z', the last character of an ID's alphabet.
        wanted.and("id >= ? AND id < ? || '{'", [text(prefix), text(prefix)]);
    }
    if let Some(kind) = filter.kind {
        wanted.and("kind = ?", [text(kind.word())]);
    }
    if let Some(project) = &filter.project {
        wanted.and(
            "owner IN (SELECT user FROM members WHERE project = ?)",
            [text(project)],
        );
    }
    for scope in &filter.scopes {
        wanted.and(
            "seq IN (SELECT key FROM key_scopes WHERE scope = ?)",
            [text(scope)],
        );
    }
    for scopes in &filter.any_scopes {
        wanted.and(
            "seq IN (SELECT key FROM key_scopes WHERE scope IN (SELECT value FROM json_each(?)))",
            [json(scopes)],
        );
    }
    for (label, value) in &filter.labels {
        // By the text of the pair, or of its first half for any value: to read the JSON of every key costs
        // several times as much. The text cannot be part of a value, in which a quote has a backslash before it.
        let mut pair = format!("{}:", Json::from(label.as_str()));
        if let Some(value) = value {
            pair.push_str(&Json::from(value.as_str()).to_string());
        }
        // A row without labels is damaged, and is visited to be counted.
        let labels = schema.labels();
        wanted.and(
            format!("coalesce(instr({labels}, ?), 1) > 0"),
            [text(&pair)],
        );
    }
    restrict_state(wanted, &filter.states, now);
    restrict_stop(wanted, filter);
    if let Some(since) = filter.unused_since {
        wanted.and(
            "max(created_at, coalesce(last_used_at, created_at)) <= ?",
            [time(since)],
        );
    }
    if let Some(by) = filter.created_until {
        wanted.and("created_at <= ?", [time(by)]);
    }
    if let Some(since) = filter.created_since {
        wanted.and("created_at >= ?", [time(since)]);
    }
    if let Some(by) = filter.died_until {
        let end = by.min(now);
        // A deleted key is dead even if the clock was ahead when it was deleted.
        let deleted = if now <= by { Timestamp::MAX } else { by };
        wanted.and(DIED_BY, [deleted, end, end, end].map(time));
    }
}

fn restrict_stop(wanted: &mut Conditions, filter: &Filter) {
    let now = filter.now;
    let stops = filter
        .stops_until
        .map(|by| [now, by, now, now, by, by].map(time));
    let stopped = filter.stopped_since.map(|since| {
        let times = [since, now, since, now, since, now];
        times.map(time)
    });
    match (stops, stopped) {
        (None, None) => {}
        (Some(values), None) => wanted.and(STOPS_BY, values),
        (None, Some(values)) => wanted.and(STOPPED_SINCE, values),
        (Some(stops), Some(stopped)) => wanted.and(
            format!("({STOPS_BY} OR {STOPPED_SINCE})"),
            stops.into_iter().chain(stopped),
        ),
    }
}

/// Condition for a usable key that stops by a given time: by its expiry or, in its grace, by the end of
/// either. Parameters: now, the time, now, now, the time, the time. Each alternative names all columns of
/// the index of states, so that SQLite uses it.
const STOPS_BY: &str = "((deleted_at IS NULL AND usable_until IS NULL AND disabled_at IS NULL \
    AND expires_at > ? AND expires_at <= ?) \
    OR (deleted_at IS NULL AND usable_until > ? AND disabled_at IS NULL AND grace_from < usable_until \
    AND (expires_at IS NULL OR expires_at > ?) AND (usable_until <= ? OR expires_at <= ?)))";

/// Condition for a key that expired, or whose grace ended, within a given time, and that is not deleted. A
/// grace of no length did not end: the key was rotated without one, or it was cut short by hand.
/// Parameters: three times the start and the end of that time. Each alternative names the columns of the index
/// of states, so that SQLite uses it.
const STOPPED_SINCE: &str = "((deleted_at IS NULL AND usable_until BETWEEN ? AND ? AND grace_from < usable_until) \
    OR (deleted_at IS NULL AND usable_until IS NULL AND disabled_at IS NULL AND expires_at BETWEEN ? AND ?) \
    OR (deleted_at IS NULL AND usable_until IS NULL AND disabled_at IS NOT NULL \
    AND expires_at BETWEEN ? AND ?))";

/// Condition for a key that was dead by a given time: deleted, phased out with its grace over, or expired.
/// Parameters: the time for deletion, then three times the time for the others. Each alternative names the
/// columns of the index of states, so that SQLite uses it.
const DIED_BY: &str = "((deleted_at BETWEEN -9223372036854775808 AND ?) \
    OR (deleted_at IS NULL AND usable_until <= ?) \
    OR (deleted_at IS NULL AND usable_until IS NULL AND disabled_at IS NULL AND expires_at <= ?) \
    OR (deleted_at IS NULL AND usable_until IS NULL AND disabled_at IS NOT NULL AND expires_at <= ?))";

fn restrict_state(wanted: &mut Conditions, states: &[State], now: Timestamp) {
    let asked = |state: &State| states.contains(state);
    if states.is_empty() || State::ALL.iter().all(asked) {
        return;
    }
    if State::ALL
        .iter()
        .all(|&state| asked(&state) != (state == State::Deleted))
    {
        wanted.and("deleted_at IS NULL", []);
        return;
    }
    let ended = |state| matches!(state, State::Deleted | State::PhasedOut);
    if State::ALL.iter().all(|state| asked(state) != ended(*state)) {
        // In the words of the partial index of live names, so that SQLite uses it.
        wanted.and("deleted_at IS NULL AND usable_until IS NULL", []);
        return;
    }
    let terms: Vec<&str> = State::ALL
        .iter()
        .filter(|state| asked(state))
        .flat_map(|state| state_terms(*state))
        .copied()
        .collect();
    let times = terms.iter().map(|term| term.matches('?').count()).sum();
    wanted.and(
        format!("(({}))", terms.join(") OR (")),
        vec![time(now); times],
    );
}

/// Returns alternative conditions for a key in this state; each `?` is the current time. Each alternative
/// fixes as many leading columns of the index of states as it can.
fn state_terms(state: State) -> &'static [&'static str] {
    match state {
        // As IS NOT NULL, but SQLite takes a range to be rare, and uses the index.
        State::Deleted => &["deleted_at BETWEEN -9223372036854775808 AND 9223372036854775807"],
        State::PhasedOut => &["deleted_at IS NULL AND usable_until IS NOT NULL"],
        State::Expired => &[
            "deleted_at IS NULL AND usable_until IS NULL AND disabled_at IS NULL AND expires_at <= ?",
            "deleted_at IS NULL AND usable_until IS NULL AND disabled_at IS NOT NULL AND expires_at <= ?",
        ],
        State::Disabled => &[
            "deleted_at IS NULL AND usable_until IS NULL AND disabled_at IS NOT NULL \
             AND (expires_at IS NULL OR expires_at > ?)",
        ],
        State::Active => &[
            "deleted_at IS NULL AND usable_until IS NULL AND disabled_at IS NULL \
             AND (expires_at IS NULL OR expires_at > ?)",
        ],
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Returns texts as one parameter, a JSON array: SQLite limits the number of parameters.
fn json<'a>(texts: impl IntoIterator<Item = &'a String>) -> Value {
    let texts = texts.into_iter().map(|text| Json::from(text.as_str()));
    Value::Text(Json::Array(texts.collect()).to_string())
}

fn time(at: Timestamp) -> Value {
    Value::Integer(at.millis())
}
