//! `verify --server`: the verdict of a running `keyctl serve` in place of a store's.

use super::presented::{self, Presented, TokenInput};
use super::report::{print, print_flaw};
use crate::ask::{
    ClientAddress, Denial, Question, RemoteAnswer, RemoteKey, RemoteScopes, RemoteVerdict,
    ServerUrl, ask,
};
use crate::cmd::Cx;
use crate::cmd::values::Format;
use crate::error::{Error, FOUND, Result, escape};
use crate::key::{Kind, State};
use crate::output::{answer, instant, unwritable};
use crate::scope;
use crate::verify::{Reason, Required};
use clap::{ArgMatches, Args as _, FromArgMatches};

/// Options to ask a server, if `--server` is given.
#[derive(Debug)]
pub struct ServerArgs(Option<ServerOptions>);

#[derive(clap::Args, Debug)]
struct ServerOptions {
    /// Ask a running 'keyctl serve' instead of a store: http://HOST:PORT or unix:PATH
    #[arg(long, value_name = "URL", conflicts_with_all = ["batch", "no_touch"])]
    server: ServerUrl,
    /// Send the token to another machine too, though it crosses the network in plain text
    #[arg(long, requires = "server")]
    plaintext_ok: bool,
    /// The header in which that server takes the address given by --ip
    #[arg(long, value_name = "NAME", requires = "server", requires = "ip")]
    client_header: Option<String>,
}

/// Adds nothing to a definition: to build these options costs each verification more than 1 % of its instructions.
/// [`define`] adds them to the definition that parses what the small one refuses.
impl clap::Args for ServerArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        command
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command
    }
}

impl FromArgMatches for ServerArgs {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        // An error if the definition does not have them.
        let is_given = matches.try_contains_id("server").unwrap_or_default();
        let given = is_given.then(|| ServerOptions::from_arg_matches(matches));
        given.transpose().map(ServerArgs)
    }

    fn update_from_arg_matches(
        &mut self,
        matches: &ArgMatches,
    ) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Adds the options to `verify`, the definition of the command.
pub fn define(verify: clap::Command) -> clap::Command {
    ServerOptions::augment_args(verify).mut_arg("server", |server| server.required(false))
}

impl ServerArgs {
    /// Asks the server, if one is given, for its verdict on the token, and returns the exit code.
    pub fn run(
        &self,
        cx: &mut Cx<'_>,
        required: &Required,
        source: TokenInput<'_>,
        format: Format,
    ) -> Result<Option<u8>> {
        let Some(options) = &self.0 else {
            return Ok(None);
        };
        let server = &options.server;
        options.check(cx, required)?;
        let client = options.client(required)?;
        let presented = presented::read(cx, source)?;
        let Some(token) = presented.token() else {
            return malformed(cx, &presented, format).map(Some);
        };
        let question = Question {
            token: &token,
            scopes: &required.scopes,
            projects: &required.projects,
            client,
        };
        let answer = ask(server, &question)?;
        tell(cx, server, &answer, format)?;
        Ok(Some(answer.verdict.exit_code()))
    }
}

impl ServerOptions {
    /// Refuses what does not go with a server, before the token is read.
    fn check(&self, cx: &Cx<'_>, required: &Required) -> Result<()> {
        let server = &self.server;
        if cx.db.is_some() {
            let error = Error::usage("--server does not go with --db");
            return Err(error.hint("leave one of them out: the server has its own store"));
        }
        if !server.is_local() && !self.plaintext_ok {
            return Err(Error::usage(format!(
                "{server} is not this machine, and the token would cross the network in plain text"
            ))
            .hint("ask on that machine, or through a tunnel (ssh -L 9091:127.0.0.1:9091 HOST); or allow it with --plaintext-ok"));
        }
        // An empty scope would ask for none.
        required
            .scopes
            .iter()
            .try_for_each(|scope| scope::name(scope).map(drop))
    }

    fn client(&self, required: &Required) -> Result<Option<ClientAddress>> {
        match (&self.client_header, required.address) {
            (Some(header), Some(address)) => ClientAddress::new(header, address).map(Some),
            (None, Some(_)) => Err(Error::usage(
                "--ip goes with --server only if a header carries it",
            )
            .hint("name the header that the server was started with: --client-header NAME")),
            (_, None) => Ok(None),
        }
    }
}

/// Reports that `presented` is not a token, and returns the exit code. Nothing was sent.
fn malformed(cx: &mut Cx<'_>, presented: &Presented, format: Format) -> Result<u8> {
    match format {
        Format::Text => print_flaw(cx, presented, "nothing was sent"),
        Format::Json => {
            let line = answer::malformed_line(Reason::Malformed.word());
            print(cx, &line.map_err(unwritable)?)?;
        }
    }
    Ok(FOUND)
}

/// Prints a valid verdict on standard output, a rejection on standard error; in JSON, both on standard output.
fn tell(cx: &mut Cx<'_>, server: &ServerUrl, answer: &RemoteAnswer, format: Format) -> Result<()> {
    if let RemoteVerdict::Valid(key) = &answer.verdict {
        warn_of_grace(cx, key);
    }
    if format == Format::Json {
        return print(cx, &answer::line(answer).map_err(unwritable)?);
    }
    let origin = &answer.origin;
    match &answer.verdict {
        RemoteVerdict::Valid(key) => {
            let line = format!("valid: {} ({origin})\n", valid(cx, key));
            print(cx, line.as_bytes())
        }
        RemoteVerdict::Rejected(reason) => {
            let why = meaning(reason);
            cx.status(format_args!("rejected: {reason}{why} ({server}: {origin})"));
            Ok(())
        }
        RemoteVerdict::Denied(denial) => {
            let Denial { reason, id, scope } = denial;
            let why = match scope {
                Some(scope) => format!(" lacks {scope}"),
                None => meaning(reason).to_owned(),
            };
            cx.status(format_args!(
                "rejected: {reason}: {id}{why} ({server}: {origin})"
            ));
            Ok(())
        }
    }
}

/// Text about the key of a valid token.
fn valid(cx: &Cx<'_>, key: &RemoteKey) -> String {
    let abilities = match (&key.kind, &key.scopes) {
        (Kind::Legacy, _) => "kind legacy".to_owned(),
        (Kind::Api, RemoteScopes::All(scopes)) => format!("scopes {}", escape(&scopes.join(" "))),
        (Kind::Api, RemoteScopes::Count(count)) => format!("{count} scopes"),
    };
    let name = key.name.as_deref().map(|name| format!(" {}", escape(name)));
    format!(
        "{}{} of {}, {abilities}, expires {}",
        key.id,
        name.unwrap_or_default(),
        escape(&key.owner),
        instant(key.expires_at, cx.env.now())
    )
}

/// Warns that the key was rotated.
fn warn_of_grace(cx: &mut Cx<'_>, key: &RemoteKey) {
    if key.state == State::PhasedOut {
        let by = key
            .replaced_by
            .map_or_else(|| "another".to_owned(), |id| id.to_string());
        cx.notice(format_args!(
            "warning: {} was replaced by {by} and works only until its grace period ends",
            key.id
        ));
    }
}

/// Text that follows the word for a reason. A server says no more of a rejected key.
fn meaning(reason: &str) -> &'static str {
    match reason {
        "malformed" => ": no token, or mistyped or cut short",
        "unknown" => ": no such key, a deleted one, or a wrong secret",
        "phased-out" => ": the key was replaced, and its grace period is over",
        "expired" => ": the key has expired",
        "disabled" => ": the key is disabled",
        "scope" => " lacks a scope that is asked for",
        "project" => " belongs to a user who is not a member of the project",
        "address" => " does not work from this address, or none was given",
        _ => "",
    }
}
