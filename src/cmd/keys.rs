//! `KEY` arguments, `-` among them.

use super::Cx;
use crate::error::{Error, Result, quote};
use crate::key::Key;
use crate::lookup::Lookup;
use crate::store::Read;
use crate::token::{Redacted, Token, trim};
use zeroize::Zeroizing;

/// The most bytes of KEYs that are read from standard input. All of it is reserved at once, so
/// that a token in it leaves no copy behind that is not wiped.
const STDIN_MAX: usize = 4 << 20;

/// `given` with each `-` replaced by the lines of standard input, where a token stands for its key
/// ID: so a leaked token is looked up or revoked without being an argument.
pub fn expand(cx: &mut Cx<'_>, given: &[String]) -> Result<Vec<String>> {
    let mut texts = Vec::with_capacity(given.len());
    for text in given {
        if text == "-" {
            texts.extend(lines(&read_all(cx)?)?);
        } else {
            texts.push(text.clone());
        }
    }
    if texts.is_empty() {
        return Err(Error::usage("no KEY came on standard input").hint("write one KEY a line"));
    }
    Ok(texts)
}

/// `given`, or the one line of standard input that `-` stands for.
pub fn expand_one(cx: &mut Cx<'_>, given: &str) -> Result<String> {
    match <[String; 1]>::try_from(expand(cx, &[given.to_owned()])?) {
        Ok([text]) => Ok(text),
        Err(texts) => Err(
            Error::usage(format!("{} KEYs came on standard input", texts.len()))
                .hint("this command takes one"),
        ),
    }
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

fn read_all(cx: &mut Cx<'_>) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; STDIN_MAX + 1]);
    let mut filled = 0;
    while filled < bytes.len() {
        match cx.env.stdin.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(Error::store(format!("cannot read standard input: {cause}"))),
        }
    }
    if filled > STDIN_MAX {
        return Err(Error::usage("too many KEYs came on standard input")
            .hint("give them in parts of at most 4 MiB"));
    }
    bytes.truncate(filled);
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
    if let Some(shown) = Redacted::find(line) {
        return Err(Error::usage(format!(
            "the token {shown} on standard input is mistyped or cut short"
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
