//! Metrics of a store: their names, help texts and labels. Pure.

use super::facts::Facts;
use super::tally::{ByState, USABLE, WITHIN};
use crate::error::{Error, ErrorSource, Result};
use crate::key::{Kind, State};
use crate::output::exposition::{self, Series};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::borrow::Cow;

/// Beginning of the text of all metrics.
pub const MARK: &[u8] = b"# HELP keyctl_";

/// Returns `facts` in the text format of Prometheus, each series with the label `store`, if there is one.
pub fn text(facts: &Facts, store: Option<&str>) -> Result<String> {
    let store = store.map(|name| (Cow::from("store"), Cow::from(name.to_owned())));
    let mut registry = Registry::with_labels(store.into_iter());
    let all = &mut registry;
    exposition::register_build(all);
    register_keys(all, facts);
    register_usable(all, facts);
    let mut remarks = Series::default();
    for (code, count) in &facts.keys.remarks {
        remarks.push([("code", *code)], *count);
    }
    all.register(
        "keyctl_doctor_keys",
        "Keys on which 'doctor' has a finding (expiry, grace, legacy, scopes) or a note (names, unused), by its code",
        remarks,
    );
    let mut handovers = Series::default();
    handovers.push([("action", "create")], facts.created);
    handovers.push([("action", "rotate")], facts.rotated);
    all.register(
        "keyctl_cut_short_handovers",
        "Creations and rotations whose --exec was cut short, so that the command may not have got the token",
        handovers,
    );
    all.register(
        "keyctl_log_events",
        "Lines of the audit log",
        ConstCounter::new(facts.events),
    );
    all.register(
        "keyctl_store_retired",
        "1 if the store was retired, since another one has taken its place, else 0",
        ConstGauge::new(i64::from(facts.is_retired)),
    );
    exposition::text(&registry).map_err(|cause| {
        Error::io("cannot write the metrics as text").because(ErrorSource::of(cause))
    })
}

fn register_keys(registry: &mut Registry, facts: &Facts) {
    let mut kinds = Series::default();
    for (kind, counts) in Kind::ALL.iter().zip(&facts.keys.kinds) {
        for (state, count) in by_state(counts) {
            kinds.push([("kind", kind.word()), ("state", state)], count);
        }
    }
    registry.register(
        "keyctl_keys",
        "Keys by kind and state; each key counts once",
        kinds,
    );
    let mut scopes = Series::default();
    for (scope, counts) in &facts.keys.scopes {
        for (state, count) in by_state(counts) {
            scopes.push([("scope", scope), ("state", state)], count);
        }
    }
    registry.register(
        "keyctl_scope_keys",
        "Keys that hold a registered scope, by state; a key with several scopes counts in each, one of kind legacy in none",
        scopes,
    );
    registry.register(
        "keyctl_damaged_keys",
        "Keys that count in no other metric, since their records are damaged",
        ConstGauge::new(i64::try_from(facts.skipped.count).unwrap_or(i64::MAX)),
    );
}

fn register_usable(registry: &mut Registry, facts: &Facts) {
    let now = facts.keys.now();
    let [mut usable, mut stopping, mut left, mut at] = [const { Series::new() }; 4];
    for (state, keys) in USABLE.iter().zip(&facts.keys.usable) {
        let state = state.word();
        usable.push([("state", state)], keys.count);
        for (span, count) in WITHIN.iter().zip(&keys.stopping) {
            stopping.push([("state", state), ("within", &span.to_string())], *count);
        }
        if let Some(next) = keys.next {
            left.push([("state", state)], next.since(now).millis() / 1000);
            at.push([("state", state)], next.millis().div_euclid(1000));
        }
    }
    registry.register(
        "keyctl_usable_keys",
        "Keys that verify accepts; phased-out ones are in their grace",
        usable,
    );
    registry.register(
        "keyctl_expiring_keys",
        "Keys that verify accepts and that stop within this time, by expiry or the end of their grace",
        stopping,
    );
    registry.register(
        "keyctl_next_expiry_seconds",
        "Time until the first key that verify accepts stops, as of this text",
        left,
    );
    registry.register(
        "keyctl_next_expiry_timestamp_seconds",
        "Time at which the first key that verify accepts stops, since the Unix epoch",
        at,
    );
}

/// Words and counts of all states, the active one first.
fn by_state(counts: &ByState) -> impl Iterator<Item = (&'static str, i64)> {
    let states = State::ALL.iter().zip(counts).rev();
    states.map(|(state, count)| (state.word(), *count))
}
