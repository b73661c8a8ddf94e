//! `keyctl list`

mod columns;
mod wanted;

use self::wanted::Wanted;
use super::waiting::Waiting;
use super::{Cx, label, owner, values};
use crate::error::{DONE, FOUND, Result, quote};
use crate::hint::{Hint, run, word};
use crate::output::{Field, ListFormat, Listing, buffered, unless_failed};
use crate::store::{self, Filter, Read, Skipped, Sort};
use clap::builder::TypedValueParser;

/// List keys
///
/// Oldest first. Deleted keys are left out unless --state asks for them. For each key that still
/// works, '--state phased-out' also says when its token was last used, and when the new one was first
/// used. On a narrow terminal the table leaves columns out; the other formats never do. A key whose
/// record is damaged cannot be listed, and is named on standard error. '--format lines' is for screen readers.
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
  $ keyctl list --owner alice --owner bob --columns id,owner,name,state
  $ keyctl list --search deploy
  $ keyctl list --grants inference
  $ keyctl list --label team
  $ keyctl list --expiring-within 14d --exit-code
  $ keyctl list --state phased-out
  $ keyctl list --expired-within 1d --expiring-within 7d
  $ keyctl list --created-within 7d --state all
  $ keyctl list --reverse --limit 10
  $ keyctl list --label team=search --sort last-used --format csv
  $ keyctl list --unused-for 90d --format ids")]
pub struct Args {
    #[command(flatten)]
    wanted: Wanted,
    /// Sort order
    #[arg(long, value_name = "ORDER", value_parser = order(), default_value = "created")]
    sort: Sort,
    /// Reverse the order; --limit then keeps the other end of the list
    #[arg(long)]
    reverse: bool,
    /// List at most N keys
    #[arg(long, value_name = "N", value_parser = values::limit, allow_hyphen_values = true)]
    limit: Option<u64>,
    /// Exit with 1 if anything is listed, for cron and CI
    #[arg(long)]
    exit_code: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ListFormat,
    /// Columns of the table, of lines or of csv, in this order; may be repeated
    #[arg(
        long,
        value_name = "COLUMN",
        value_delimiter = ',',
        value_parser = columns::column()
    )]
    columns: Vec<Field>,
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
        columns::check(&self.columns, self.format)?;
        let store = cx.open_to_read()?;
        let listed = store::stream(&*store, |store| {
            let filter = Filter {
                sort: self.sort,
                reverse: self.reverse,
                limit: self.limit,
                ..self.wanted.filter(store, cx.env.now())?
            };
            let listed = print_columns(cx, store, &filter, self.format, &self.columns)?;
            if listed == 0 && matches!(self.format, ListFormat::Table | ListFormat::Lines) {
                if let Some(literal) = self.wanted.literal() {
                    cx.hint(literal);
                }
                for owner in filter.owner.iter().chain(&filter.owners) {
                    let advice = owner::advice_if_none(store, owner, filter.now)?;
                    advice.into_iter().for_each(|advice| {
                        cx.hint(several_owners(owner).unwrap_or(advice));
                    });
                }
                if let Some(advice) = label::advice_if_none(store, &filter.labels, filter.now)? {
                    cx.hint(advice);
                }
            }
            Ok(listed)
        })?;
        Ok(if self.exit_code && listed > 0 {
            FOUND
        } else {
            DONE
        })
    }
}

/// Hint for an `owner` without keys that has a comma, as a list of users has.
fn several_owners(owner: &str) -> Option<Hint> {
    let users = owner
        .split(',')
        .map(|user| format!("--owner {}", word(user)));
    let users = users.collect::<Vec<_>>().join(" ");
    let hint = format!(
        "{} has no keys; for several users, repeat it: {users}",
        quote(owner)
    );
    owner.contains(',').then(|| Hint::from(hint))
}

/// Prints the keys that match `filter`, with their number below a table, and returns the number.
pub fn print(
    cx: &mut Cx<'_>,
    store: &dyn Read,
    filter: &Filter,
    format: ListFormat,
) -> Result<u64> {
    print_columns(cx, store, filter, format, &[])
}

/// Prints keys as [`print`] does, with these columns, if there are any.
fn print_columns(
    cx: &mut Cx<'_>,
    store: &dyn Read,
    filter: &Filter,
    format: ListFormat,
    columns: &[Field],
) -> Result<u64> {
    let style = cx.style();
    let mut count = 0;
    let mut waiting = Waiting::begin(filter);
    let printed = buffered(&mut *cx.env.stdout, |out| {
        let mut listing = Listing::begin(format, columns, out, style, filter.now)?;
        listing.prefer(&columns::asked_about(filter));
        let mut pushed = Ok(());
        let skipped = store.scan(filter, &mut |key| {
            count += 1;
            waiting.take(&key);
            pushed = listing.push(&key);
            Ok(unless_failed(&pushed))
        });
        pushed?;
        let left_out = match &skipped {
            Ok(_) => listing.finish()?,
            Err(_) => Vec::new(),
        };
        Ok((skipped, left_out))
    })?;
    let Some((skipped, left_out)) = printed else {
        return Ok(count);
    };
    let skipped = skipped?;
    warn_of_damaged(cx, &skipped, "listed");
    if matches!(format, ListFormat::Table | ListFormat::Lines) {
        let is_full = filter.limit == Some(count + skipped.count);
        legend(cx, count, is_full, &left_out);
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
