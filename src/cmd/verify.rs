//! `keyctl verify`

mod presented;
mod report;

use super::Cx;
use super::values::Format;
use crate::error::Result;
use crate::token::{PRESENTED_MAX, Token, trim};
use crate::verify::{Reason, Verdict, note, verify};
use std::path::PathBuf;

/// Verify a token
///
/// Exits with 0 if the token is valid, 1 if it is rejected, 6 if it is genuine but lacks a scope,
/// and 5 if the store cannot say. The token is read from --key-file, --key-env, standard input, or
/// a hidden prompt; never from an argument, where others could read it.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  $ printf %s \"$TOKEN\" | keyctl verify --scope inference
  $ keyctl verify --key-env API_KEY --scope project --quiet")]
pub struct Args {
    /// A scope that the key must hold, itself or by one that implies it; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// Read the token from this file; '-' is standard input
    #[arg(long, value_name = "PATH", conflicts_with = "key_env")]
    key_file: Option<PathBuf>,
    /// Read the token from this environment variable
    #[arg(long, value_name = "NAME")]
    key_env: Option<String>,
    /// Write nothing to the store: no time of last use, no event
    #[arg(long)]
    no_touch: bool,
    /// The form of the verdict
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

impl Args {
    /// Verifies the token.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        let presented = presented::read(cx, self.key_file.as_deref(), self.key_env.as_deref())?;
        // What was cut off may not have been blank: so much is no token, blanks or not.
        let token = if presented.len() > PRESENTED_MAX {
            None
        } else {
            Token::parse(trim(&presented))
        };
        let Some(token) = token else {
            let verdict = Verdict::Rejected(Reason::Malformed, None);
            return report::report(cx, &verdict, self.format, None);
        };
        let mut store = cx.open_to_read()?;
        let verified = verify(&*store, &token, &self.scopes, &*cx.env.clock)?;
        if !self.no_touch {
            // The verdict stands whether or not it can be noted.
            drop(note(
                &mut *store,
                &verified,
                &token,
                &cx.env.actor,
                &mut *cx.env.random,
            ));
        }
        report::report(
            cx,
            &verified.verdict,
            self.format,
            Some((&store.name(), verified.at)),
        )
    }
}
