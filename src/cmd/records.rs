//! Files of records from arguments, in memory that is wiped.

use super::Cx;
use super::flaws::Flaws;
use crate::error::{Error, Result, quote};
use crate::records::{self, Record};
use crate::when::Timestamp;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use zeroize::Zeroizing;

/// Largest number of bytes to read.
const MOST: usize = 256 << 20;

/// Size of the first buffer.
const FIRST: usize = 64 << 10;

/// Reads the records of the file at `path`, or of standard input if that is `-`, each by `parse`. Returns them without
/// those that are refused, and the flaws of these. `known` are the fields that may occur.
pub fn read<T>(
    cx: &mut Cx<'_>,
    path: &Path,
    known: &[&'static str],
    outcome: &'static str,
    parse: impl Fn(&Record, Timestamp) -> Result<T>,
) -> Result<(Vec<T>, Flaws)> {
    let records = raw(cx, path, known).map_err(|error| error.adding(outcome))?;
    let now = cx.env.now();
    let mut flaws = Flaws::new(records.len(), outcome);
    let mut parsed = Vec::with_capacity(records.len());
    for record in records {
        parsed.extend(flaws.keep(Some(record.line), parse(&record, now))?);
    }
    Ok((parsed, flaws))
}

fn raw(cx: &mut Cx<'_>, path: &Path, known: &[&'static str]) -> Result<Vec<Record>> {
    let bytes = if path == Path::new("-") {
        if cx.env.terminal.stdin {
            return Err(
                Error::usage("'-' is standard input, and that is a terminal")
                    .hint("name a file, or pipe the records in"),
            );
        }
        all(&mut cx.env.stdin, FIRST)
            .map_err(|cause| Error::io("cannot read standard input").because(cause))?
    } else {
        let shown = quote(&path.to_string_lossy());
        let unreadable = |cause| Error::io(format!("cannot read the file {shown}")).because(cause);
        let mut file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_or(0, |it| it.len());
        // One byte more, so that the end is found without a larger buffer.
        let room = usize::try_from(length).unwrap_or(MOST).min(MOST) + 1;
        all(&mut file, room.max(FIRST)).map_err(unreadable)?
    };
    if bytes.len() > MOST {
        return Err(Error::usage("the input is larger than 256 MiB").hint("give it in parts"));
    }
    records::read(&bytes, known)
}

/// Reads up to one byte more than [`MOST`], first into a buffer of `room` bytes.
fn all(input: &mut dyn Read, room: usize) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; room]);
    let mut filled = 0;
    while filled <= MOST {
        if filled == bytes.len() {
            bytes = grown(&bytes);
        }
        match input.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Copies `bytes` to a larger buffer. Replaces `Vec`'s own growth, which does not wipe the old buffer.
fn grown(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let room = (2 * bytes.len()).min(MOST + 1);
    let mut more = Zeroizing::new(Vec::with_capacity(room));
    more.extend_from_slice(bytes);
    more.resize(room, 0);
    more
}
