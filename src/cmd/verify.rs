//! `keyctl verify`

mod advice;
mod batch;
mod count;
mod lines;
mod presented;
#[cfg(feature = "serve")]
mod remote;
mod report;
mod source;

use super::values::{self, Format, file_path};
use super::{Cx, path};
use crate::error::{Error, Result, quote};
use crate::name;
use crate::token::ForeignToken;
use crate::verify::{Note, Request, Required, Verifier};
use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::path::PathBuf;

/// Verify a token
///
/// The token is read from --key-file, --key-env, standard input, or a hidden prompt; never from an
/// argument, where others could read it. Surrounding whitespace and a leading 'Bearer ' are
/// ignored. Only exit code 0 means that the token is valid: grant access on nothing else. An empty
/// file or pipe is rejected like a wrong token, but the command that should have written the token
/// may have failed: check that command first.
///
/// The verdict on a valid token goes to standard output, the reason for a rejection to standard
/// error. With --format json, both go to standard output. The reason is malformed, unknown,
/// phased-out, expired or disabled; or, for a genuine token without the permission asked for,
/// address, scope or project. A deleted key's token is unknown.
///
/// In JSON, a valid token has id, name, owner, state, scopes and expires_at, and in its grace period
/// also usable_until and replaced_by. A rejected one has the reason; once its secret has matched, also
/// id, name, owner and state, and as they apply: since (when the key expired, stopped or was
/// disabled), by (who disabled it), replaced_by, expires_at, usable_until (the end of its grace
/// period), and lacks (the scope or project). An unknown token has only the reason.
///
/// With --server, a running 'keyctl serve' is asked instead of a store, with the same exit codes; the
/// HTTP status and the replica that answered are printed too. An answer that 'keyctl serve' does not
/// give is exit code 5.
///
/// With --batch, each line of the file or pipe is a token. Its verdict is one line of JSON on
/// standard output, in the same order, written as soon as it is known and based on the keys as they
/// are at that moment. Batch mode uses every core and constant memory. A file written by
/// --secret-file does not end with a newline: when you join several, add one after each, as in the
/// last example.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Exit codes:
  0    valid; --batch: all are valid
  1    rejected, or the file or pipe was empty; --batch: at least one rejected, or no token given
  2    usage: a bad flag or value, an unknown scope, or a variable that is unset or empty
  4    the prompt was not answered or could not be shown; --batch: standard input is a terminal
  5    cannot tell: the store, the server or the token's file failed
  6    genuine, but lacks a scope or the project, or comes from another network
  130  the prompt was interrupted

Examples:
  $ printf %s \"$TOKEN\" | keyctl verify --scope inference
  $ keyctl verify --key-env API_KEY --scope project >/dev/null
  $ printf %s \"$TOKEN\" | keyctl verify --scope inference --ip \"$REMOTE_ADDR\"
  $ keyctl verify --key-file api.token --no-touch --format json
  $ keyctl verify --server unix:/run/keyctl/keyctl.sock --scope inference --key-file api.token
  $ keyctl verify --batch --key-file tokens >verdicts.jsonl
  $ for f in *.token; do cat \"$f\"; echo; done | keyctl verify --batch >verdicts.jsonl")]
pub struct Args {
    /// A scope the key must have, directly or through one that implies it; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',')]
    scopes: Vec<String>,
    /// A project that the key's owner must be a member of
    #[arg(long, value_name = "PROJECT", value_parser = name::sought_project)]
    project: Option<String>,
    /// The address of the client, as your server sees it; a key that works from some networks only
    /// is rejected from any other address, and without --ip
    #[arg(long, value_name = "ADDRESS", value_parser = values::address)]
    ip: Option<IpAddr>,
    /// Read the token from this file; '-' is standard input
    #[arg(long, value_name = "PATH", conflicts_with = "key_env", value_parser = file_path(path::KEY_FILE))]
    key_file: Option<PathBuf>,
    /// Read the token from this environment variable
    #[arg(long, value_name = "NAME")]
    key_env: Option<String>,
    /// Write nothing to the store: no last-used time, no event, no renewed hash
    #[arg(long)]
    no_touch: bool,
    /// Read many tokens, one per line, and print a JSON verdict for each, one per line, in order
    #[arg(long, conflicts_with = "key_env")]
    batch: bool,
    // Refused whatever its value, with a message of its own: a token must not be an argument.
    #[arg(hide = true)]
    argument: Option<OsString>,
    /// Output format; --batch is always JSON
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    #[cfg(feature = "serve")]
    #[command(flatten)]
    server: remote::ServerArgs,
}

/// Completes `verify`, the definition made of [`Args`], by the options that are left out there.
pub fn define(verify: clap::Command) -> clap::Command {
    #[cfg(feature = "serve")]
    let verify = remote::define(verify);
    verify
}

impl Args {
    /// Verifies the token.
    pub fn run(self, cx: &mut Cx<'_>) -> Result<u8> {
        if let Some(argument) = &self.argument {
            return Err(misplaced(argument));
        }
        let required = Required {
            scopes: self.scopes,
            projects: self.project.into_iter().collect(),
            address: self.ip,
        };
        let source = (self.key_file.as_deref(), self.key_env.as_deref());
        #[cfg(feature = "serve")]
        if let Some(code) = self.server.run(cx, &required, source, self.format)? {
            return Ok(code);
        }
        if self.batch {
            return batch::run(cx, source.0, &required, !self.no_touch);
        }
        let presented = presented::read(cx, source)?;
        let Some(token) = presented.token() else {
            return report::malformed(cx, &presented, self.format);
        };
        let mut store = cx.open_to_read()?;
        let mut verifier = Verifier::default();
        let request = Request {
            token: &token,
            required: &required,
        };
        let verified = verifier.verify_one(&*store, request, &*cx.env.clock)?;
        report::report(cx, &token, &verified.explain(), self.format, &*store)?;
        if !self.no_touch
            && let Ok(Some(note)) = verifier.note(&*store, &verified, &token, &mut *cx.env.random)
        {
            // A failure to write the note does not change the verdict. The actor is looked up only here, since
            // most verdicts have no note.
            let actor = store.actor(cx.env);
            drop(Note::write(&[note], &mut *store, &actor));
        }
        // After the note: the record that a stopped key was presented matters more than a hint.
        if self.format == Format::Text {
            advice::advise(cx, &verified, &*store);
        }
        Ok(verified.verdict.exit_code())
    }
}

/// Error for an argument. An argument shaped like a token of our own was refused before; one that may be a token of
/// another system is not shown.
fn misplaced(argument: &OsStr) -> Error {
    let text = argument.to_string_lossy();
    let shown = match ForeignToken::may_be_in(&text) {
        true => format!("one of {} characters, not shown,", text.chars().count()),
        false => quote(&text),
    };
    let error = Error::usage(format!(
        "verify takes no argument, but {shown} is given: others can read arguments with ps"
    ));
    if argument == "-" {
        return error.hint("leave it out: standard input is read anyway; or write --key-file -");
    }
    error.hint("pipe the token in, or use --key-file or --key-env; if you typed a token, treat it as leaked: disable or delete its key, or rotate it with --grace 0s")
}
