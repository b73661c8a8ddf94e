//! A filter as SQL. What a state is stands in `Key::state`; a test holds the two together.

use super::row;
use crate::key::State;
use crate::store::{Filter, LogFilter, Sort};
use crate::when::Timestamp;
use rusqlite::types::Value;

/// A statement and what is bound to its parameters, in order.
pub struct Query {
    /// The SQL text.
    pub sql: String,
    /// The values of its `?`.
    pub values: Vec<Value>,
}

/// The query that visits what `filter` lets through.
pub fn select(filter: &Filter) -> Query {
    let mut wanted = Conditions::default();
    restrict(&mut wanted, filter);
    let order = match filter.sort {
        Sort::Created => "created_at, seq",
        Sort::Expires => "expires_at IS NULL, expires_at, created_at, seq",
        Sort::LastUsed => "last_used_at, created_at, seq",
        Sort::Name => "name, owner, created_at, seq",
    };
    let mut sql = format!(
        "SELECT {} FROM keys{} ORDER BY {order}",
        row::COLUMNS,
        wanted.clause()
    );
    if let Some(limit) = filter.limit {
        sql.push_str(" LIMIT ?");
        wanted
            .values
            .push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    }
    Query {
        sql,
        values: wanted.values,
    }
}

/// The query that visits the events that `filter` lets through, oldest first.
pub fn select_events(filter: &LogFilter) -> Query {
    let mut wanted = Conditions::default();
    if let Some(id) = filter.key_id {
        wanted.and("key_id = ?", [text(id.as_str())]);
    }
    if let Some(actor) = &filter.actor {
        wanted.and("actor = ?", [text(actor)]);
    }
    if let Some(action) = filter.action {
        wanted.and("action = ?", [text(action.word())]);
    }
    if let Some(since) = filter.since {
        wanted.and("at >= ?", [time(since)]);
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
}

fn restrict(wanted: &mut Conditions, filter: &Filter) {
    let now = filter.now;
    if let Some(owner) = &filter.owner {
        wanted.and("owner = ?", [text(owner)]);
    }
    if let Some(name) = &filter.name {
        wanted.and("name = ?", [text(name)]);
    }
    if let Some(prefix) = &filter.id_prefix {
        // '{' is the character after 'z', the last that an ID may have.
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
    for (label, value) in &filter.labels {
        wanted.and(
            "seq IN (SELECT key FROM key_labels WHERE label = ? AND value = ?)",
            [text(label), text(value)],
        );
    }
    restrict_state(wanted, &filter.states, now);
    if let Some(by) = filter.stops_by {
        wanted.and(USABLE, [time(now), time(now)]);
        wanted.and(
            "coalesce(min(expires_at, usable_until), expires_at, usable_until) <= ?",
            [time(by)],
        );
    }
    if let Some(since) = filter.unused_since {
        wanted.and(
            "max(created_at, coalesce(last_used_at, created_at)) <= ?",
            [time(since)],
        );
    }
    if let Some(by) = filter.created_by {
        wanted.and("created_at <= ?", [time(by)]);
    }
    if let Some(by) = filter.died_by {
        let end = by.min(now);
        wanted.and(
            "CASE WHEN deleted_at IS NOT NULL THEN min(deleted_at, ?) <= ? ELSE coalesce(usable_until, expires_at) <= ? END",
            [time(now), time(by), time(end)],
        );
    }
}

/// Usable: takes the time twice.
const USABLE: &str = "deleted_at IS NULL AND disabled_at IS NULL \
    AND (expires_at IS NULL OR expires_at > ?) \
    AND (usable_until IS NULL OR (usable_until > ? AND grace_from < usable_until))";

fn restrict_state(wanted: &mut Conditions, states: &[State], now: Timestamp) {
    if states.is_empty() {
        return;
    }
    let mut terms = Vec::new();
    let mut values = Vec::new();
    for state in states {
        let (term, times) = state_term(*state);
        terms.push(format!("({term})"));
        values.extend((0..times).map(|_| time(now)));
    }
    wanted.and(format!("({})", terms.join(" OR ")), values);
}

/// The condition for a state, and how often it takes the time.
fn state_term(state: State) -> (&'static str, usize) {
    match state {
        State::Deleted => ("deleted_at IS NOT NULL", 0),
        State::PhasedOut => ("deleted_at IS NULL AND usable_until IS NOT NULL", 0),
        State::Expired => (
            "deleted_at IS NULL AND usable_until IS NULL AND expires_at <= ?",
            1,
        ),
        State::Disabled => (
            "deleted_at IS NULL AND usable_until IS NULL AND (expires_at IS NULL OR expires_at > ?) \
             AND disabled_at IS NOT NULL",
            1,
        ),
        State::Active => (
            "deleted_at IS NULL AND usable_until IS NULL AND (expires_at IS NULL OR expires_at > ?) \
             AND disabled_at IS NULL",
            1,
        ),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn time(at: Timestamp) -> Value {
    Value::Integer(at.millis())
}
