//! Filters of `list`: flags that say which keys are wanted.

use crate::cmd::label::{self, SoughtLabel};
use crate::cmd::{owner, values};
use crate::error::{Error, Result, quote};
use crate::key::{Kind, State};
use crate::name::form::Part;
use crate::store::{Filter, Read};
use crate::when::{Span, Timestamp};
use clap::builder::{NonEmptyStringValueParser, TypedValueParser};

/// Flags that choose keys.
#[derive(clap::Args, Debug)]
pub struct Wanted {
    /// Only keys of this user; may be repeated, for keys of any of these users
    #[arg(long = "owner", value_name = "USER", value_parser = NonEmptyStringValueParser::new())]
    pub owners: Vec<String>,
    /// Only keys with this text in their name, in upper or lower case
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    search: Option<String>,
    /// Only keys with exactly this scope, not one that implies it; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// Only keys that may do what this scope allows: they have it, or one that implies it; may be repeated
    #[arg(long = "grants", value_name = "SCOPE", value_delimiter = ',')]
    grants: Vec<String>,
    /// Only keys in this state [default: all but deleted]; may be repeated
    #[arg(
        long = "state",
        value_name = "STATE",
        value_delimiter = ',',
        value_parser = state()
    )]
    states: Vec<Option<State>>,
    /// Only keys of this kind
    #[arg(long, value_name = "KIND", value_parser = values::kind())]
    kind: Option<Kind>,
    /// Only keys whose owner is a member of this project
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// Only keys with this label, with any value if you give none; may be repeated
    #[arg(long = "label", value_name = "KEY[=VALUE]", value_parser = label::sought)]
    labels: Vec<SoughtLabel>,
    /// Only keys that work now but stop within this time, when they expire or their grace period
    /// ends; together with --expired-within, lists both
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    expiring_within: Option<Span>,
    /// Only keys that expired, or whose grace period ended, within this time up to now; not a rotated
    /// key that was stopped at once or by hand
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    expired_within: Option<Span>,
    /// Only keys neither created nor used within this time; verifying with --no-touch, or without
    /// write access to the store, records no use
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    unused_for: Option<Span>,
    /// Only keys created longer ago than this
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    older_than: Option<Span>,
    /// Only keys created within this time; together with --older-than, those created between the two
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    created_within: Option<Span>,
}

/// Value parser for a state; `None` stands for all states.
fn state() -> impl TypedValueParser<Value = Option<State>> {
    let choice = |state: State, help| (state.word(), help, Some(state));
    values::one_of([
        choice(State::Active, "In use"),
        choice(State::Disabled, "Switched off"),
        choice(State::Expired, "Past its expiry"),
        choice(State::PhasedOut, "Replaced by 'rotate'"),
        choice(State::Deleted, "Permanently revoked"),
        ("all", "All of these", None),
    ])
}

impl Wanted {
    /// Hint for a text that was meant as a pattern; `None` if it is none.
    pub fn literal(&self) -> Option<&'static str> {
        let text = self.search.as_deref()?;
        text.contains(['*', '?'])
            .then_some("--search takes '*' and '?' literally: it finds a text anywhere in the name")
    }

    /// Filter for these keys, oldest first, with names and labels as the store has them.
    pub fn filter(&self, store: &dyn Read, now: Timestamp) -> Result<Filter> {
        let known = store.scopes()?;
        for scope in self.scopes.iter().chain(&self.grants) {
            known.check(scope)?;
        }
        let granting = self.grants.iter().map(|scope| known.granting(scope));
        let project = self
            .project
            .as_deref()
            .map(|project| values::check_project(store, project))
            .transpose()?;
        let owners = self.owners.iter();
        let mut owners: Vec<String> = owners
            .map(|owner| owner::as_stored(store, owner, now))
            .collect::<Result<_>>()?;
        let owner = match owners.len() {
            1 => owners.pop(),
            _ => None,
        };
        let labels = self.labels.iter();
        let labels = labels
            .map(|label| label::as_stored(store, label, now))
            .collect::<Result<_>>()?;
        let is_wanted = |state: &State| match self.states.as_slice() {
            [] => *state != State::Deleted,
            wanted => wanted.contains(&None) || wanted.contains(&Some(*state)),
        };
        Ok(Filter {
            owner,
            owners,
            name_part: self.search.as_deref().map(Part::new),
            kind: self.kind,
            project,
            scopes: self.scopes.clone(),
            any_scopes: granting.collect(),
            states: State::ALL.into_iter().filter(is_wanted).collect(),
            labels,
            stops_until: self.stops_until(now)?,
            stopped_since: self.expired_within.map(|span| now.before(span)),
            unused_since: self.unused_for.map(|span| now.before(span)),
            created_until: self.older_than.map(|span| now.before(span)),
            created_since: self.created_within.map(|span| now.before(span)),
            ..Filter::all(now)
        })
    }

    fn stops_until(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let Some(within) = self.expiring_within else {
            return Ok(None);
        };
        let until = now.after(within).ok_or_else(|| {
            let within = quote(&within.to_string());
            let error = Error::usage(format!("{within} from now is after the year 9999"));
            error.hint("give a shorter one")
        });
        until.map(Some)
    }
}
