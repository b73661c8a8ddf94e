//! `KEY` arguments, `-` among them.

use super::Cx;
use super::confirm::unanswered;
use crate::error::{Error, Kind, Result, quote, words};
use crate::key::Key;
use crate::lookup::Lookup;
use crate::store::Read;
use crate::token::{Redacted, Token, trim};
use zeroize::Zeroizing;

/// The most bytes of KEYs that are read from standard input. All of it is reserved at once, so
/// that a token in it leaves no copy behind that is not wiped.
const STDIN_MAX: usize = 4 << 20;

/// What is said at a terminal before KEYs are read from it.
const TYPE_KEYS: &str =
    "reading key IDs, names or tokens, one per line and not shown; end with Ctrl-D\n";

/// `given` with each `-` replaced by the lines of standard input, where a token stands for its key
/// ID: so a leaked token is looked up or revoked without being an argument. What is typed at a
/// terminal is not shown, since a token may be among it. That nothing came is an error: whoever pipes in
/// an empty file must not take its key for stopped.
pub fn expand(cx: &mut Cx<'_>, given: &[String]) -> Result<Vec<String>> {
    let mut texts = Vec::with_capacity(given.len());
    for text in given {
        if text == "-" {
            let lines = lines(&read_all(cx)?)?;
            if lines.is_empty() {
                return Err(none_came());
            }
            texts.extend(lines);
        } else {
            texts.push(text.clone());
        }
    }
    Ok(texts)
}

/// `given`, or the one line of standard input that `-` stands for.
pub fn expand_one(cx: &mut Cx<'_>, given: &str) -> Result<String> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let read = match cx.env.terminal.stdin {
        true => typed_line(cx)?,
        false => read_all(cx)?,
    };
    match <[String; 1]>::try_from(lines(&read)?) {
        Ok([text]) => Ok(text),
        Err(none) if none.is_empty() => Err(none_came()),
        Err(texts) => Err(
            Error::usage(format!("{} KEYs came on standard input", texts.len()))
                .hint("this command takes one"),
        ),
    }
}

fn none_came() -> Error {
    Error::usage("no KEY came on standard input")
        .hint("it takes a key ID, a name or a token on a line; an empty file has none")
}

/// The keys that `texts` stand for, each once, in order.
pub fn find(lookup: &Lookup<'_>, store: &dyn Read, texts: &[String]) -> Result<Vec<Key>> {
    let mut keys: Vec<Key> = Vec::with_capacity(texts.len());
    let mut seen = std::collections::HashSet::new();
    for text in texts {
        let key = lookup.key(store, text)?;
        if seen.insert(key.id) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn typed_line(cx: &mut Cx<'_>) -> Result<Zeroizing<Vec<u8>>> {
    check_interactive(cx)?;
    let typed = cx.env.prompt.hidden("Key ID, name or token (not shown): ");
    let typed = typed.map_err(|cause| unanswered(&cause, "", PIPE_HINT))?;
    Ok(Zeroizing::new(typed.as_bytes().to_vec()))
}

/// Refuses what is typed where it could not be said what is waited for.
fn check_interactive(cx: &Cx<'_>) -> Result<()> {
    if cx.env.terminal.interactive() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Unconfirmed,
        "'-' is given, and there is no terminal to ask at",
    )
    .hint(PIPE_HINT))
}

const PIPE_HINT: &str = "give a key ID or a name, or pipe it in";

fn read_all(cx: &mut Cx<'_>) -> Result<Zeroizing<Vec<u8>>> {
    if cx.env.terminal.stdin {
        check_interactive(cx)?;
        let typed = cx.env.prompt.hidden_lines(TYPE_KEYS, STDIN_MAX);
        return typed
            .map_err(|cause| unanswered(&cause, "", PIPE_HINT))
            .and_then(check_length);
    }
    let mut bytes = Zeroizing::new(vec![0; STDIN_MAX + 1]);
    let mut filled = 0;
    while filled < bytes.len() {
        match cx.env.stdin.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) => {
                return Err(Error::store(format!(
                    "cannot read standard input: {}",
                    words(&cause)
                )));
            }
        }
    }
    bytes.truncate(filled);
    check_length(bytes)
}

fn check_length(bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>> {
    if bytes.len() > STDIN_MAX {
        return Err(Error::usage("too many KEYs came on standard input")
            .hint("give them in parts of at most 4 MiB"));
    }
    Ok(bytes)
}

fn lines(bytes: &[u8]) -> Result<Vec<String>> {
    bytes
        .split(|&byte| byte == b'\n')
        .map(trim)
        .filter(|line| !line.is_empty())
        .map(line)
        .collect()
}

fn line(line: &[u8]) -> Result<String> {
    if let Some(token) = Token::parse(line) {
        return Ok(token.id().to_string());
    }
    if let Some(found) = Redacted::find(line) {
        return Err(Error::usage(format!(
            "{found} on standard input is mistyped or cut short"
        ))
        .hint("give its key ID instead"));
    }
    std::str::from_utf8(line).map(str::to_owned).map_err(|_| {
        Error::usage(format!(
            "the KEY {} on standard input is not UTF-8",
            quote(&String::from_utf8_lossy(line))
        ))
        .hint("give its key ID instead")
    })
}
