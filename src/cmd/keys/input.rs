//! Standard input as lines of KEYs, in memory that is wiped.

use super::line::KeyLine;
use crate::cmd::Cx;
use crate::cmd::confirm::unanswered;
use crate::error::{Error, FailureKind, Result};
use std::io::ErrorKind;
use zeroize::Zeroizing;

/// Largest number of bytes to read from standard input.
const STDIN_MAX: usize = 4 << 20;

/// Size of the first buffer. Small, since most input is short and the whole buffer has to be wiped.
const STDIN_FIRST: usize = 64 << 10;

/// Printed at a terminal before KEYs are read from it.
const TYPE_KEYS: &str =
    "reading key IDs, names or tokens, one per line and not shown; end with Ctrl-D\n";

const PIPE_HINT: &str = "give a key ID or a name, or pipe it in";

/// Text from standard input. A terminal does not show it while it is typed: it may hold a token.
pub struct KeyInput {
    bytes: Zeroizing<Vec<u8>>,
    /// Error if the input was not read to its end.
    pub cut: Option<Error>,
}

impl KeyInput {
    /// Reads all lines.
    pub fn lines(cx: &mut Cx<'_>) -> Result<Self> {
        if cx.env.terminal.stdin {
            check_interactive(cx)?;
            let typed = cx.env.prompt.hidden_lines(TYPE_KEYS, STDIN_MAX);
            let typed = typed.map_err(|cause| match cause.kind() {
                ErrorKind::Interrupted => unanswered(cause, ": nothing was changed", PIPE_HINT)
                    .hint("end with Ctrl-D, not Ctrl-C"),
                _ => unanswered(cause, "", PIPE_HINT),
            })?;
            return Ok(bounded(typed));
        }
        let mut bytes = Zeroizing::new(vec![0; STDIN_FIRST]);
        let mut filled = 0;
        while filled <= STDIN_MAX {
            if filled == bytes.len() {
                bytes = grown(&bytes);
            }
            match cx.env.stdin.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) => {
                    bytes.truncate(filled);
                    let cut = Error::io("cannot read standard input").because(cause);
                    return Ok(KeyInput {
                        bytes,
                        cut: Some(cut),
                    });
                }
            }
        }
        bytes.truncate(filled);
        Ok(bounded(bytes))
    }

    /// Reads one line at a terminal, else all lines.
    pub fn line(cx: &mut Cx<'_>) -> Result<Self> {
        if !cx.env.terminal.stdin {
            return KeyInput::lines(cx);
        }
        check_interactive(cx)?;
        let typed = cx.env.prompt.hidden("Key ID, name or token (not shown): ");
        let typed = typed.map_err(|cause| unanswered(cause, "", PIPE_HINT))?;
        let bytes = Zeroizing::new(typed.as_bytes().to_vec());
        Ok(KeyInput { bytes, cut: None })
    }

    /// Number of the first line that was not read to its end.
    pub fn unread_from(&self) -> usize {
        1 + self.bytes.iter().filter(|&&byte| byte == b'\n').count()
    }

    /// Lines that are not blank, with their numbers, for which blank lines count.
    ///
    /// If the input was cut, its last line may be cut too. Then it counts only if it is a token, which has a
    /// checksum: the beginning of a name could be the name of another key.
    pub fn keys(&self) -> impl Iterator<Item = (usize, KeyLine)> {
        let whole = match self.cut {
            None => self.bytes.len(),
            Some(_) => {
                let end = self.bytes.iter().rposition(|&byte| byte == b'\n');
                end.map_or(0, |end| end + 1)
            }
        };
        let (whole, cut) = self.bytes.split_at(whole);
        let lines = (1..).zip(whole.split(|&byte| byte == b'\n'));
        let lines =
            lines.filter_map(|(number, line)| Some((number, KeyLine::read(line, number == 1)?)));
        lines.chain(KeyLine::read_cut(cut).map(|line| (self.unread_from(), line)))
    }
}

/// Copies `bytes` to a larger buffer. Replaces `Vec`'s own growth, which does not wipe the old buffer.
fn grown(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let room = (2 * bytes.len()).min(STDIN_MAX + 1);
    let mut more = Zeroizing::new(Vec::with_capacity(room));
    more.extend_from_slice(bytes);
    more.resize(room, 0);
    more
}

/// Cuts input that is too long.
fn bounded(mut bytes: Zeroizing<Vec<u8>>) -> KeyInput {
    let cut = (bytes.len() > STDIN_MAX).then(|| {
        bytes.truncate(STDIN_MAX);
        Error::usage("standard input has too many KEYs").hint("give them in parts of at most 4 MiB")
    });
    KeyInput { bytes, cut }
}

/// Refuses to read from a terminal if there is none to print the question on.
fn check_interactive(cx: &Cx<'_>) -> Result<()> {
    if cx.env.terminal.interactive() {
        return Ok(());
    }
    Err(Error::new(
        FailureKind::Unconfirmed,
        "'-' is given, and there is no terminal to ask at",
    )
    .hint(PIPE_HINT))
}
