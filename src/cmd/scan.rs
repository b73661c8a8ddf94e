//! `keyctl scan`

mod conceal;
mod findings;
mod report;

use self::conceal::Concealer;
use self::findings::Matcher;
use self::report::Report;
use super::Cx;
use crate::error::{DONE, Error, FOUND, Result, quote};
use crate::hint::run;
use crate::output::ListFormat;
use crate::policy::Policy;
use crate::scan::{self, Event, History, Place, Searcher, Sought, Tally};
use crate::store::{self, Store};
use crate::token::Prefix;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Find leaked tokens
///
/// Reads files, and all files below directories, and lists each place that holds a token of a key in
/// the store: first the keys that still work. The token itself is not shown. Without PATH, it reads
/// the current directory. '-' reads standard input; of the output of 'git log -p' it tells the commit
/// and the path.
///
/// Only the secret counts: text that has the ID of a key and a secret that is not the key's is not
/// listed, since anybody can make it up. Nothing is sent anywhere, and no use of a key is recorded.
///
/// Hidden files, files that .gitignore names and binary files are read too. Left out, unless given as
/// PATH, are /proc, /sys, what a link leads to, and directories named .git: their history is searched with
/// 'git log -p -c --all --reflog -a | keyctl scan -'. Tokens are found in text, in UTF-16, in JSON escapes, and in
/// base64 if their prefix is that of the policy or the default one. Compressed or encrypted files are
/// not opened.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  no token was found
  1  a token was found
  2  usage: a bad flag or value
  5  the store failed, or there is none; a file could not be read, and no token was found in others

Examples:
  $ keyctl scan
  $ keyctl scan /srv/app /var/log --format json
  $ git log -p -c --all --reflog -a | keyctl scan -
  $ keyctl scan --format ids . | keyctl disable - -m 'leaked'
  $ keyctl scan --unknown deploy.env")]
pub struct Args {
    /// Files and directories; '-' is standard input [default: the current directory]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// List tokens that are not of this store too, such as those of purged keys or of another store; needs
    /// no store
    #[arg(long)]
    unknown: bool,
    /// Look for imported tokens too: each word of the text is looked up, which takes much longer
    #[arg(long)]
    imported: bool,
    /// Output format; ids leaves out tokens that are not of this store
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ListFormat,
}

impl Args {
    /// Searches, and lists what it finds.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        self.check(cx)?;
        let store = self.open(cx)?;
        let policy = match &store {
            Some(store) => store::read(&**store, |store| store.policy())?,
            None => Policy::default(),
        };
        let sought = Sought::new(&prefixes(&policy), self.imported);
        let workers = policy.scheme().threads(*cx.env.cores);
        let mut matcher = Matcher::new(store.as_deref(), workers, self.unknown);
        // Which words are tokens of another system is not known yet.
        let concealer = Concealer::new(Searcher::new(&sought), &|_| false);
        let mut unread: u64 = 0;
        let mut tally = Tally::default();
        if self.reads_stdin() {
            match search_stdin(cx, &sought, &mut matcher)? {
                Ok(read) => tally = read,
                Err(cause) => {
                    unread += 1;
                    cx.notice(Error::io("cannot read standard input").because(cause));
                }
            }
        }
        let walked = scan::walk(
            &self.to_walk(),
            *cx.env.cores,
            &sought,
            |event| match event {
                Event::Found(place, candidate) => matcher.take(self.named(place), candidate),
                Event::Unread(path, cause) => {
                    unread += 1;
                    let path = concealer.path(&path).unwrap_or(path);
                    let path = quote(&path.to_string_lossy());
                    cx.notice(Error::io(format!("cannot read {path}")).because(cause));
                    Ok(())
                }
            },
        )?;
        tally.files += walked.files;
        tally.bytes += walked.bytes;
        let findings = matcher.finish(cx, Searcher::new(&sought))?;
        let report = Report {
            findings: &findings,
            tally,
            format: self.format,
        };
        report.print(cx)?;
        let damaged = findings.damaged.len();
        match (findings.found.is_empty(), unread, damaged) {
            (false, ..) => Ok(FOUND),
            (true, 0, 0) => Ok(DONE),
            (true, 0, _) => Err(Error::damaged(
                "keys are damaged: whether a token is theirs is unknown",
            )),
            (true, ..) => Err(incomplete(unread)),
        }
    }

    fn check(&self, cx: &Cx<'_>) -> Result<()> {
        if self.reads_stdin() && cx.env.terminal.stdin {
            return Err(
                Error::usage("'-' is given, and standard input is a terminal").hint(
                    run!("scan PATH")
                        .and(" reads files; or pipe text into ")
                        .and(run!("scan -").in_quotes()),
                ),
            );
        }
        Ok(())
    }

    /// Opens the store to read. With `--unknown`, there need be none.
    fn open(&self, cx: &mut Cx<'_>) -> Result<Option<Box<dyn Store>>> {
        let address = cx.address()?;
        if self.unknown && address.is_vacant() {
            cx.status(format_args!(
                "there is no store at {address}: every token is unknown"
            ));
            return Ok(None);
        }
        cx.open_to_read().map(Some)
    }

    fn reads_stdin(&self) -> bool {
        self.paths.iter().any(|path| path.as_os_str() == "-")
    }

    /// Files and directories to search.
    fn to_walk(&self) -> Vec<PathBuf> {
        match self.paths.is_empty() {
            true => vec![PathBuf::from(".")],
            false => {
                let paths = self.paths.iter();
                paths
                    .filter(|path| path.as_os_str() != "-")
                    .cloned()
                    .collect()
            }
        }
    }

    /// Place as the user would name it: without `./` if no PATH was given.
    fn named(&self, place: Place) -> Place {
        let path = place.path.map(|path| match path.strip_prefix(".") {
            Ok(bare) if self.paths.is_empty() => bare.into(),
            _ => path,
        });
        Place { path, ..place }
    }
}

/// Prefixes that tokens of the store may have: that of `policy`, and the one that it began with.
fn prefixes(policy: &Policy) -> Vec<Prefix> {
    let mut prefixes = vec![policy.key_prefix.clone(), Prefix::default()];
    prefixes.dedup();
    prefixes
}

/// Searches standard input. Returns the cause if it could not be read to its end.
fn search_stdin(
    cx: &mut Cx<'_>,
    sought: &Sought,
    matcher: &mut Matcher<'_>,
) -> Result<io::Result<Tally>> {
    let mut taken = Ok(());
    let mut found = |spot, candidate| {
        let place = Place { path: None, spot };
        match matcher.take(place, candidate) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                taken = Err(error);
                ControlFlow::Break(())
            }
        }
    };
    let input = &mut *cx.env.stdin;
    let read = Searcher::new(sought).search(input, &mut History::default(), &mut found);
    taken?;
    Ok(read.map(|read| match read {
        ControlFlow::Continue(bytes) => Tally { files: 1, bytes },
        ControlFlow::Break(()) => Tally::default(),
    }))
}

fn incomplete(count: u64) -> Error {
    let what = match count {
        1 => "1 file or directory was not searched to its end".to_owned(),
        count => format!("{count} files or directories were not searched to their end"),
    };
    Error::io(what).hint("no token was found in what could be read")
}
