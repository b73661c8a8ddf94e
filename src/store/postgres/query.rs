//! SQL for filters. `Key::state` defines the states; a test checks that the SQL agrees with it.

use super::row;
use super::statement::Statement;
use crate::key::State;
use crate::store::filter::{Filter, LogFilter, Sort};
use crate::when::Timestamp;
use serde_json::Value as Json;

/// Returns the query for the keys that match `filter`.
pub fn select(filter: &Filter) -> Statement {
    let mut wanted = Conditions::default();
    restrict(&mut wanted, filter);
    let select = format!("SELECT {} FROM keyctl.keys", row::COLUMNS);
    // A search for a part of a name goes on after this query, and counts what it finds.
    let limit = filter.limit.filter(|_| filter.name_part.is_none());
    wanted.select(&select, &order(filter), limit)
}

/// Returns the clause for the order of `filter`. Each order ends in a unique column, so that a reversed one is the
/// same from its end.
fn order(filter: &Filter) -> String {
    // A server puts NULL behind all values, and in a reversed order before them.
    let terms: &[(&str, bool)] = match filter.sort {
        Sort::Created => &[("created_at", false), ("seq", false)],
        Sort::Expires => &[("expires_at", false), ("created_at", false), ("seq", false)],
        Sort::LastUsed => &[
            ("last_used_at", true),
            ("created_at", false),
            ("seq", false),
        ],
        Sort::Name => &[
            ("name", false),
            ("owner", false),
            ("created_at", false),
            ("seq", false),
        ],
        Sort::Any => return String::new(),
    };
    let terms = terms.iter().map(|(column, nulls_first)| {
        let direction = if filter.reverse { " DESC" } else { "" };
        let nulls = match (nulls_first, filter.reverse) {
            (false, _) => "",
            (true, false) => " NULLS FIRST",
            (true, true) => " NULLS LAST",
        };
        format!("{column}{direction}{nulls}")
    });
    format!("ORDER BY {}", terms.collect::<Vec<_>>().join(", "))
}

/// Returns the query for the live key of an owner and a name.
pub fn live_key(owner: &str, name: &str) -> Statement {
    let mut wanted = Conditions::default();
    wanted.equal("owner", owner);
    wanted.equal("name", name);
    wanted.and(LIVE);
    wanted.select(
        &format!("SELECT {} FROM keyctl.keys", row::COLUMNS),
        "",
        None,
    )
}

/// Returns the query for the first live names of `owner`, or of all users, in order.
pub fn live_names(owner: Option<&str>, limit: u64) -> Statement {
    let mut wanted = Conditions::default();
    if let Some(owner) = owner {
        wanted.equal("owner", owner);
    }
    wanted.and(LIVE);
    wanted.select(
        "SELECT owner, name FROM keyctl.keys",
        "ORDER BY owner, name",
        Some(limit),
    )
}

/// Returns the query for the keys that have `scope` and are not deleted.
pub fn users_of_scope(scope: &str, limit: u64) -> Statement {
    let mut wanted = Conditions::default();
    wanted.holds(&[scope.to_owned()], "@>");
    wanted.and("deleted_at IS NULL");
    wanted.select(
        &format!("SELECT {} FROM keyctl.keys", row::COLUMNS),
        "ORDER BY seq",
        Some(limit),
    )
}

/// Returns the query for the members of `project`, or of all projects, in order.
pub fn members(project: Option<&str>, limit: Option<u64>) -> Statement {
    let mut wanted = Conditions::default();
    if let Some(project) = project {
        wanted.equal("project", project);
    }
    let select = "SELECT project, \"user\", role FROM keyctl.members";
    wanted.select(select, "ORDER BY project, \"user\"", limit)
}

/// Returns the query for the events that match `filter`, oldest first.
pub fn select_events(filter: &LogFilter) -> Statement {
    let mut wanted = Conditions::default();
    let keys: Vec<String> = filter.keys.iter().map(ToString::to_string).collect();
    if !keys.is_empty() {
        wanted.one_of("key_id", keys.clone());
    }
    if let Some(actor) = &filter.actor {
        wanted.equal("actor", actor);
    }
    if !filter.actions.is_empty() {
        let words = filter.actions.iter().map(|action| action.word().to_owned());
        wanted.one_of("action", words.collect());
    }
    if let Some(since) = filter.since {
        wanted.compare("at >=", since);
    }
    if let Some(until) = filter.until {
        wanted.compare("at <=", until);
    }
    if let Some(recent) = filter.recent {
        // By these keys' own events: there may be many of other keys since then.
        let own = match keys.is_empty() {
            true => String::new(),
            false => format!("key_id = ANY ({}) AND ", wanted.statement.bind(keys)),
        };
        let recent = wanted.statement.bind(recent.millis());
        wanted.and(format!(
            "seq > coalesce((SELECT seq FROM keyctl.events WHERE {own}at < {recent} ORDER BY seq DESC LIMIT 1), 0)"
        ));
    }
    let select = format!("SELECT {} FROM keyctl.events", row::EVENT_COLUMNS);
    match filter.limit {
        None => wanted.select(&select, "ORDER BY seq", None),
        Some(limit) => {
            let mut statement = wanted.select(&select, "ORDER BY seq DESC", Some(limit));
            statement.sql = format!("SELECT * FROM ({}) e ORDER BY seq", statement.sql);
            statement
        }
    }
}

/// Condition for a live key, in the words of the index of live names.
const LIVE: &str = "deleted_at IS NULL AND usable_until IS NULL";

#[derive(Default)]
struct Conditions {
    terms: Vec<String>,
    statement: Statement,
}

impl Conditions {
    fn and(&mut self, term: impl Into<String>) {
        self.terms.push(term.into());
    }

    fn equal(&mut self, column: &str, text: &str) {
        let place = self.statement.bind(text);
        self.and(format!("{column} = {place}"));
    }

    fn one_of(&mut self, column: &str, texts: Vec<String>) {
        let place = self.statement.bind(texts);
        self.and(format!("{column} = ANY ({place})"));
    }

    /// Compares by `comparison`, a column with an operator.
    fn compare(&mut self, comparison: &str, at: Timestamp) {
        let place = self.time(at);
        self.and(format!("{comparison} {place}"));
    }

    /// Requires that the scopes contain (`@>`) or overlap (`&&`) these.
    fn holds(&mut self, scopes: &[String], operator: &str) {
        let place = self.statement.bind(scopes.to_vec());
        self.and(format!("scopes {operator} {place}"));
    }

    fn time(&mut self, at: Timestamp) -> String {
        self.statement.bind(at.millis())
    }

    /// Returns the query with these conditions, this order and this limit.
    fn select(mut self, select: &str, order: &str, limit: Option<u64>) -> Statement {
        let condition = match self.terms.is_empty() {
            true => String::new(),
            false => format!(" WHERE {}", self.terms.join(" AND ")),
        };
        let mut sql = format!("{select}{condition} {order}");
        if let Some(limit) = limit {
            let limit = self
                .statement
                .bind(i64::try_from(limit).unwrap_or(i64::MAX));
            sql.push_str(&format!(" LIMIT {limit}"));
        }
        self.statement.sql = sql;
        self.statement
    }
}

fn restrict(wanted: &mut Conditions, filter: &Filter) {
    let now = filter.now;
    if let Some(owner) = &filter.owner {
        wanted.equal("owner", owner);
    }
    if !filter.owners.is_empty() {
        wanted.one_of("owner", filter.owners.clone());
    }
    if let Some(name) = &filter.name {
        wanted.equal("name", name);
    }
    if let Some(prefix) = &filter.name_prefix {
        // U+10FFFF sorts after every name: it is no character, so no name has it.
        wanted.between("name", prefix, '\u{10ffff}');
    }
    if let Some(prefix) = &filter.id_prefix {
        // '{' follows 'z', the last character of an ID's alphabet.
        wanted.between("id", prefix, '{');
    }
    if let Some(kind) = filter.kind {
        wanted.equal("kind", kind.word());
    }
    if let Some(project) = &filter.project {
        let place = wanted.statement.bind(project);
        wanted.and(format!(
            "owner IN (SELECT \"user\" FROM keyctl.members WHERE project = {place})"
        ));
    }
    if !filter.scopes.is_empty() {
        wanted.holds(&filter.scopes, "@>");
    }
    for scopes in &filter.any_scopes {
        wanted.holds(&scopes.iter().cloned().collect::<Vec<_>>(), "&&");
    }
    for (label, value) in &filter.labels {
        // By the text of the pair, or of its first half for any value. The text cannot be part of a value, in which a
        // quote has a backslash before it.
        let mut pair = format!("{}:", Json::from(label.as_str()));
        if let Some(value) = value {
            pair.push_str(&Json::from(value.as_str()).to_string());
        }
        let pair = wanted.statement.bind(pair);
        wanted.and(format!("strpos(labels, {pair}) > 0"));
    }
    restrict_state(wanted, &filter.states, now);
    restrict_stop(wanted, filter);
    if let Some(since) = filter.unused_since {
        wanted.compare("greatest(created_at, last_used_at) <=", since);
    }
    if let Some(by) = filter.created_until {
        wanted.compare("created_at <=", by);
    }
    if let Some(since) = filter.created_since {
        wanted.compare("created_at >=", since);
    }
    if let Some(by) = filter.died_until {
        let end = by.min(now);
        // A deleted key is dead even if the clock was ahead when it was deleted.
        let deleted = wanted.time(if now <= by { Timestamp::MAX } else { by });
        let end = wanted.time(end);
        wanted.and(format!(
            "(deleted_at <= {deleted} OR (deleted_at IS NULL AND usable_until <= {end}) \
             OR (deleted_at IS NULL AND usable_until IS NULL AND expires_at <= {end}))"
        ));
    }
}

impl Conditions {
    /// Requires that `column` begins with `prefix`; `last` sorts after each character that may follow.
    fn between(&mut self, column: &str, prefix: &str, last: char) {
        let begin = self.statement.bind(prefix);
        let end = self.statement.bind(format!("{prefix}{last}"));
        self.and(format!("{column} >= {begin} AND {column} < {end}"));
    }
}

fn restrict_stop(wanted: &mut Conditions, filter: &Filter) {
    if filter.stops_until.is_none() && filter.stopped_since.is_none() {
        return;
    }
    let now = wanted.time(filter.now);
    let mut either = Vec::new();
    if let Some(by) = filter.stops_until {
        let by = wanted.time(by);
        // A usable key that stops by then: by its expiry or, in its grace, by the end of either.
        either.push(format!(
            "(deleted_at IS NULL AND usable_until IS NULL AND disabled_at IS NULL AND expires_at > {now} AND expires_at <= {by})"
        ));
        either.push(format!(
            "(deleted_at IS NULL AND usable_until > {now} AND disabled_at IS NULL AND grace_from < usable_until \
             AND (expires_at IS NULL OR expires_at > {now}) AND (usable_until <= {by} OR expires_at <= {by}))"
        ));
    }
    if let Some(since) = filter.stopped_since {
        let since = wanted.time(since);
        // A grace of no length did not end: the key was rotated without one, or it was cut short by hand.
        either.push(format!(
            "(deleted_at IS NULL AND usable_until BETWEEN {since} AND {now} AND grace_from < usable_until)"
        ));
        either.push(format!(
            "(deleted_at IS NULL AND usable_until IS NULL AND expires_at BETWEEN {since} AND {now})"
        ));
    }
    wanted.and(format!("({})", either.join(" OR ")));
}

fn restrict_state(wanted: &mut Conditions, states: &[State], now: Timestamp) {
    let asked = |state: &State| states.contains(state);
    if states.is_empty() || State::ALL.iter().all(asked) {
        return;
    }
    if State::ALL
        .iter()
        .all(|&state| asked(&state) != (state == State::Deleted))
    {
        wanted.and("deleted_at IS NULL");
        return;
    }
    let now = wanted.time(now);
    let terms = State::ALL
        .iter()
        .filter(|state| asked(state))
        .map(|state| state_term(*state, &now));
    let terms: Vec<String> = terms.collect();
    wanted.and(format!("(({}))", terms.join(") OR (")));
}

/// Returns the condition for a key in this state; `now` is the place of the current time.
fn state_term(state: State, now: &str) -> String {
    match state {
        State::Deleted => "deleted_at IS NOT NULL".to_owned(),
        State::PhasedOut => "deleted_at IS NULL AND usable_until IS NOT NULL".to_owned(),
        State::Expired => format!("{LIVE} AND expires_at <= {now}"),
        State::Disabled => format!(
            "{LIVE} AND disabled_at IS NOT NULL AND (expires_at IS NULL OR expires_at > {now})"
        ),
        State::Active => {
            format!("{LIVE} AND disabled_at IS NULL AND (expires_at IS NULL OR expires_at > {now})")
        }
    }
}
