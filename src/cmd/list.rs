//! `keyctl list`

use super::waiting::Waiting;
use super::{Cx, owner, values};
use crate::error::{DONE, Error, FOUND, Result, quote};
use crate::hint::run;
use crate::key::{Kind, State};
use crate::name::{self, form};
use crate::output::{ListFormat, Listing, buffered, unless_failed};
use crate::store::{self, Filter, Read, Skipped, Sort};
use crate::when::{Span, Timestamp};
use clap::builder::{NonEmptyStringValueParser, TypedValueParser};

/// List keys
///
/// Oldest first. Deleted keys are left out unless --state asks for them. '--state phased-out' says, of
/// each key that still works, when its token was last used and the new one first. On a narrow terminal the
/// table leaves columns out; the other formats never do. A key whose record is damaged cannot be
/// listed, and is named on standard error. '--format lines' is for screen readers.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  done, even if nothing is listed
  1  with --exit-code: something is listed
  2  usage: a bad flag or value, or an unknown scope
  3  no such project
  5  the store failed, or there is none

Examples:
  $ keyctl list --owner alice --format json
  $ keyctl list --expiring-within 14d --exit-code
  $ keyctl list --unused-for 90d --format ids
  $ keyctl list --state phased-out")]
pub struct Args {
    /// Only keys of this user
    #[arg(long, value_name = "USER", value_parser = NonEmptyStringValueParser::new())]
    owner: Option<String>,
    /// Only keys with exactly this scope, not one that implies it; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
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
    /// Only keys with this label; may be repeated
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = name::sought_label)]
    labels: Vec<(String, String)>,
    /// Only keys that work now but stop within this time, when they expire or their grace period
    /// ends
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    expiring_within: Option<Span>,
    /// Only keys neither created nor used within this time; verifying with --no-touch, or without
    /// write access to the store, records no use
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    unused_for: Option<Span>,
    /// Only keys created longer ago than this
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    older_than: Option<Span>,
    /// Sort order
    #[arg(long, value_name = "ORDER", value_parser = order(), default_value = "created")]
    sort: Sort,
    /// List at most N keys
    #[arg(long, value_name = "N", value_parser = values::limit, allow_hyphen_values = true)]
    limit: Option<u64>,
    /// Exit with 1 if anything is listed, for cron and CI
    #[arg(long)]
    exit_code: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ListFormat,
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

/// Value parser for the order of a list.
fn order() -> impl TypedValueParser<Value = Sort> {
    values::one_of([
        ("created", "Oldest first", Sort::Created),
        ("expires", "First to expire first", Sort::Expires),
        ("last-used", "Longest unused first", Sort::LastUsed),
        ("name", "By name", Sort::Name),
    ])
}

impl Args {
    /// Lists the keys.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let store = cx.open_to_read()?;
        let listed = store::stream(&*store, |store| {
            let filter = self.filter(store, cx.env.now())?;
            let listed = print(cx, store, &filter, self.format)?;
            if let (0, Some(owner), ListFormat::Table | ListFormat::Lines) =
                (listed, &filter.owner, self.format)
            {
                let advice = owner::advice_if_none(store, owner, filter.now)?;
                advice.into_iter().for_each(|advice| cx.hint(advice));
            }
            Ok(listed)
        })?;
        Ok(if self.exit_code && listed > 0 {
            FOUND
        } else {
            DONE
        })
    }

    fn filter(&self, store: &dyn Read, now: Timestamp) -> Result<Filter> {
        let known = store.scopes()?;
        for scope in &self.scopes {
            known.check(scope)?;
        }
        let project = self
            .project
            .as_deref()
            .map(|project| values::check_project(store, project))
            .transpose()?;
        let owner = self
            .owner
            .as_deref()
            .map(|owner| owner::as_stored(store, owner, now))
            .transpose()?;
        let labels = self
            .labels
            .iter()
            .map(|label| label_as_stored(store, label, now))
            .collect::<Result<_>>()?;
        let is_wanted = |state: &State| match self.states.as_slice() {
            [] => *state != State::Deleted,
            wanted => wanted.contains(&None) || wanted.contains(&Some(*state)),
        };
        let stops_until = self
            .expiring_within
            .map(|within| {
                now.after(within).ok_or_else(|| {
                    Error::usage(format!(
                        "{} from now lies after the year 9999",
                        quote(&within.to_string())
                    ))
                    .hint("give a shorter one")
                })
            })
            .transpose()?;
        Ok(Filter {
            owner,
            kind: self.kind,
            project,
            scopes: self.scopes.clone(),
            states: State::ALL.into_iter().filter(is_wanted).collect(),
            labels,
            stops_until,
            unused_since: self.unused_for.map(|span| now.before(span)),
            created_until: self.older_than.map(|span| now.before(span)),
            sort: self.sort,
            limit: self.limit,
            ..Filter::all(now)
        })
    }
}

/// Label as the store has it: with the value as given, or else in another Unicode form.
///
/// Returns the label as given if no key has either.
fn label_as_stored(
    store: &dyn Read,
    given: &(String, String),
    now: Timestamp,
) -> Result<(String, Option<String>)> {
    let (label, value) = given;
    let value = form::as_stored(value, |form| {
        let (found, damaged) = store.find_readable(&Filter {
            labels: vec![(label.clone(), Some(form.to_owned()))],
            limit: Some(1),
            ..Filter::all(now)
        })?;
        Ok(!found.is_empty() || damaged.count > 0)
    })?;
    Ok((label.clone(), Some(value)))
}

/// Prints the keys that match `filter`, with their number below a table, and returns the number.
pub fn print(
    cx: &mut Cx<'_>,
    store: &dyn Read,
    filter: &Filter,
    format: ListFormat,
) -> Result<u64> {
    let style = cx.style();
    let mut count = 0;
    let mut waiting = Waiting::begin(filter);
    let printed = buffered(&mut *cx.env.stdout, |out| {
        let mut listing = Listing::begin(format, out, style, filter.now)?;
        let mut pushed = Ok(());
        let skipped = store.scan(filter, &mut |key| {
            count += 1;
            waiting.take(&key);
            pushed = listing.push(&key);
            Ok(unless_failed(&pushed))
        });
        pushed?;
        if skipped.is_ok() {
            listing.finish()?;
        }
        Ok(skipped)
    })?;
    let Some(skipped) = printed else {
        return Ok(count);
    };
    let skipped = skipped?;
    warn_of_damaged(cx, &skipped, "listed");
    if matches!(format, ListFormat::Table | ListFormat::Lines) {
        let is_full = filter.limit == Some(count + skipped.count);
        legend(cx, count, is_full, &format.left_out(style));
        waiting.report(cx, store);
    }
    Ok(count)
}

/// Warns of keys that were not `done` (listed, purged) because their records are damaged.
///
/// Without the warning, an incomplete list would look complete.
pub fn warn_of_damaged(cx: &mut Cx<'_>, skipped: &Skipped, done: &str) {
    let (damaged, them) = match skipped.count {
        0 => return,
        1 => (format!("1 key is damaged and not {done}"), "it"),
        count => (format!("{count} keys are damaged and not {done}"), "them"),
    };
    cx.notice(format_args!("{damaged}: {}", skipped.names()));
    let says = format!(" says what is wrong with {them}");
    cx.notice_hint(run!("doctor").in_quotes().and(says));
}

fn legend(cx: &mut Cx<'_>, count: u64, is_full: bool, left_out: &[&str]) {
    let more = match is_full {
        true => "; there may be more (--limit)",
        false => "",
    };
    match count {
        0 => cx.status(format_args!("no keys{more}")),
        1 => cx.status(format_args!("1 key{more}")),
        count => cx.status(format_args!("{count} keys{more}")),
    }
    if count > 0 {
        cx.note_left_out(left_out);
    }
}
