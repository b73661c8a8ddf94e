//! `keyctl metrics`

mod facts;
mod families;
mod tally;

use self::facts::Facts;
use super::values::file_path;
use super::{Cx, list, path};
use crate::deliver::PublicFile;
use crate::error::{DONE, Error, Result, escape, quote};
use crate::store;
use std::path::PathBuf;

/// Write the store's metrics for Prometheus
///
/// The text format of Prometheus: keys by kind, state and scope, keys that stop within 7 and 30 days,
/// the time until the next one does, keys on which 'doctor' has a remark, each --exec that was cut
/// short, the length of the log. No label holds a key ID or an owner. Changes nothing, and works for
/// whoever may read the store. For the metrics of a server, see 'keyctl serve --metrics'.
///
/// With --output, FILE is replaced as a whole, for the textfile collector of node_exporter, which reads *.prom.
/// On failure the old file stays: alert on its age, node_textfile_mtime_seconds.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  done
  2  usage: a bad flag or value
  5  the store failed, there is none, or the metrics could not be written; FILE is as it was

Examples:
  $ keyctl metrics
  $ keyctl metrics | grep '^keyctl_expiring_keys'
  $ keyctl metrics --output /var/lib/prometheus/node-exporter/keyctl.prom
  $ keyctl metrics --store-label production --output production.prom")]
pub struct Args {
    /// The file to write or replace, with mode 0644, instead of standard output
    #[arg(long, value_name = "FILE", value_parser = file_path(path::OUTPUT))]
    output: Option<PathBuf>,
    /// Add the label store="NAME" to every series, to tell several stores of one host apart
    #[arg(long, value_name = "NAME", value_parser = store_label)]
    store_label: Option<String>,
}

/// Reads the value of --store-label. Prometheus takes an empty label for none.
fn store_label(text: &str) -> Result<String> {
    if text.is_empty() || escape(text) != text {
        return Err(
            Error::usage(format!("{} cannot be a label's value", quote(text)))
                .hint("give a name of printable characters, as in --store-label production"),
        );
    }
    Ok(text.to_owned())
}

impl Args {
    /// Writes the metrics.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let file = self.output.as_deref().map(|path| PublicFile {
            path,
            mark: families::MARK,
        });
        if let Some(file) = &file {
            cx.address()?.check_apart(file.path)?;
            file.check()?;
        }
        let facts = {
            let store = cx.open_to_read()?;
            let now = cx.env.now();
            store::read(&*store, |store| Facts::read(store, now))?
        };
        list::warn_of_damaged(cx, &facts.skipped, "counted");
        let text = families::text(&facts, self.store_label.as_deref())?;
        match file {
            Some(file) => file.replace(text.as_bytes())?,
            None => cx.print(text.as_bytes())?,
        }
        Ok(DONE)
    }
}
