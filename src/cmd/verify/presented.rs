//! Sources of a token to verify: a file, a variable, standard input, a hidden prompt.

use crate::cmd::Cx;
use crate::cmd::confirm::unanswered;
use crate::error::{Error, FailureKind, Result, quote};
use crate::token::{AnyToken, PRESENTED_MAX, trim};
use rustix::fs::{FileType, fstat, tell};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use zeroize::Zeroizing;

/// File and environment variable that may hold the token.
pub type TokenInput<'a> = (Option<&'a Path>, Option<&'a str>);

/// Bytes that were presented as a token, and a description of their source.
pub struct Presented {
    bytes: Zeroizing<Vec<u8>>,
    source: String,
}

impl Presented {
    /// Parses the token; `None` if the bytes are not a token.
    pub fn token(&self) -> Option<AnyToken> {
        AnyToken::presented(&self.bytes)
    }

    /// Describes bytes that are not a token, with a hint. `untouched` says what was spared.
    pub fn flaw(&self, untouched: &str) -> (String, Option<&'static str>) {
        let trimmed = trim(&self.bytes);
        if trimmed.is_empty() {
            return (format!("no token: {} was empty", self.source), None);
        }
        if trimmed.contains(&b'\n') {
            let flaw = format!("{} has more than one line", self.source);
            return (
                flaw,
                Some("give one token, or verify one per line: --batch"),
            );
        }
        let flaw = format!("not a token, or mistyped or cut short ({untouched})");
        (flaw, None)
    }
}

/// Reads a token from the environment variable `variable`, from `file` (`-` is standard input) or, if neither
/// is given, from standard input. Asks with a hidden prompt if standard input is a terminal.
///
/// Reads at most one byte more than a token may have: enough to see that it is too long.
pub fn read(cx: &mut Cx<'_>, (file, variable): TokenInput<'_>) -> Result<Presented> {
    let (bytes, source) = if let Some(name) = variable {
        let source = format!("the environment variable {}", quote(name));
        (from_variable(cx, name)?, source)
    } else if let Some(path) = file.filter(|path| *path != Path::new("-")) {
        let failed = |cause: io::Error| unreadable(Some(path), cause);
        let bytes = bounded(&mut File::open(path).map_err(failed)?).map_err(failed)?;
        (
            bytes,
            format!("the file {}", quote(&path.to_string_lossy())),
        )
    } else if cx.env.terminal.stdin {
        (ask(cx)?, "what was typed".to_owned())
    } else {
        let bytes = bounded(&mut *cx.env.stdin).map_err(|cause| unreadable(None, cause))?;
        (bytes, "standard input".to_owned())
    };
    Ok(Presented { bytes, source })
}

/// Opens a `file` with many tokens. Returns `None` for standard input, which `-` also names. Refuses a terminal,
/// which would show the tokens.
pub fn open(cx: &Cx<'_>, file: Option<&Path>) -> Result<Option<File>> {
    match file {
        Some(path) if path != Path::new("-") => File::open(path)
            .map(Some)
            .map_err(|cause| unreadable(Some(path), cause)),
        _ if cx.env.terminal.stdin => Err(Error::new(
            FailureKind::Unconfirmed,
            "tokens are not read from a terminal, which would show them",
        )
        .hint("pipe them in, one per line, or use --key-file")),
        _ => Ok(None),
    }
}

/// Returns the number of bytes left to read from `file` or, without one, from standard input; `None` if that is
/// not a regular file.
pub fn length(cx: &Cx<'_>, file: Option<&File>) -> Option<u64> {
    let source = match file {
        Some(file) => file.as_fd(),
        None => cx.env.stdin.descriptor()?,
    };
    let found = fstat(source).ok()?;
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return None;
    }
    u64::try_from(found.st_size)
        .ok()?
        .checked_sub(tell(source).ok()?)
}

/// Error for a `file` or, without one, standard input that cannot be read.
pub fn unreadable(file: Option<&Path>, cause: io::Error) -> Error {
    let Some(path) = file.filter(|path| *path != Path::new("-")) else {
        return Error::io("cannot read standard input").because(cause);
    };
    let shown = quote(&path.to_string_lossy());
    Error::io(format!("cannot read the key file {shown}"))
        .because(cause)
        .hint("check the path and its permissions")
}

fn from_variable(cx: &Cx<'_>, name: &str) -> Result<Zeroizing<Vec<u8>>> {
    let value = cx.env.var(name).ok_or_else(|| {
        Error::usage(format!(
            "the environment variable {} is unset or empty",
            quote(name)
        ))
        .hint("export it, or pipe the token in")
    })?;
    let bytes = value.as_bytes();
    let taken = Zeroizing::new(bytes[..bytes.len().min(PRESENTED_MAX + 1)].to_vec());
    drop(Zeroizing::new(value.into_encoded_bytes()));
    Ok(taken)
}

const PIPE_HINT: &str = "pipe the token in, or use --key-file or --key-env";

fn ask(cx: &mut Cx<'_>) -> Result<Zeroizing<Vec<u8>>> {
    if !cx.env.terminal.interactive() {
        return Err(Error::new(
            FailureKind::Unconfirmed,
            "no token is given, and there is no terminal to ask at",
        )
        .hint(PIPE_HINT));
    }
    let answer = cx
        .env
        .prompt
        .hidden("Token: ")
        .map_err(|cause| unanswered(cause, "", PIPE_HINT))?;
    Ok(Zeroizing::new(answer.as_bytes().to_vec()))
}

fn bounded(source: &mut dyn Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; PRESENTED_MAX + 1]);
    let mut filled = 0;
    while filled < bytes.len() {
        match source.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
