//! `keyctl disable`

use super::Cx;
use super::choice::Choice;
use super::preview::Preview;
use super::stop::{StopRequest, Verb};
use super::values::Why;
use crate::error::Result;

/// Switch keys off
///
/// A disabled key is rejected until it is enabled again. Disabling a rotated key also ends its
/// grace period for good. With several keys, either all are disabled or none. --owner and --label,
/// instead of KEY, choose every matching key that is not deleted.
///
/// '-' reads keys from standard input, one per line, and disables every key that a line names, even if
/// other lines are wrong. Then each line that stopped nothing is listed by number. At a terminal, what
/// you type or paste is not shown; end it with Ctrl-D. Around a token there may be quotes, a comma and
/// NAME=, as in an .env file. In other text, such as a log, 'keyctl scan --format ids FILE' finds them. A
/// token stops its key only if its secret is that key's, since anybody can make up the rest; a bare
/// key ID or name always stops its key. If standard input fails or exceeds 4 MiB, the keys read before
/// that are disabled. Other KEYs on the same command line follow the same rule.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0  done; an already disabled key counts as done
  2  usage: a bad flag or value, or no KEY or too many on standard input
  3  no such key, or more than one match; '-': or not the key's secret
  4  refused: another user's key, or a deleted one; '-' counts a deleted one as done
  5  the store or standard input failed, there is no store, or with --owner or --label: one of
     the keys is damaged

Examples:
  $ keyctl disable ci-deploy -m 'not used over the holidays'
  $ keyctl disable - < leaked.token
  $ keyctl disable --owner bob -m 'bob has left'
  $ keyctl disable --label team=search --dry-run")]
pub struct Args {
    /// Key IDs, names or OWNER/NAME; '-' reads them, or tokens, from standard input, one per line
    #[arg(
        value_name = "KEY",
        required_unless_present_any = ["owner", "labels"],
        conflicts_with_all = ["owner", "labels"]
    )]
    keys: Vec<String>,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    preview: Preview,
    #[command(flatten)]
    why: Why,
}

impl Args {
    /// Disables the keys.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let request = StopRequest {
            verb: Verb::Disable,
            keys: &self.keys,
            choice: &self.choice,
            preview: self.preview.format(),
            yes: true,
            reason: self.why.reason.as_deref(),
        };
        request.run(cx)
    }
}
