//! `verify --batch`: one line of JSON for each line with a token, in order, on every core, in constant memory.

use super::count::Count;
use super::lines::{Chunk, Chunks};
use super::presented;
use super::source::TokenSource;
use crate::cmd::Cx;
use crate::env::{Env, Input, Unit};
use crate::error::{Error, Result};
use crate::hash::Scheme;
use crate::output::{self, unwritable};
use crate::parallel::in_order;
use crate::store::{self, Mode};
use crate::token::AnyToken;
use crate::verify::{self, Explanation, Note, Outcome, Required, Shared, Worker, with_writer};
use std::io;
use std::path::Path;
use std::sync::Mutex;

/// Number of tokens in a chunk with a fast hash.
///
/// With a slow hash each token is a chunk of its own: any free core takes it, and its verdict is written at once.
const CHUNK: usize = 256;

/// Verdicts on a chunk of lines.
struct Verdicts {
    /// Verdicts in JSON, one per line.
    text: Vec<u8>,
    /// Numbers of valid and rejected tokens.
    count: Count,
    /// Notes to write to the store.
    notes: Vec<Note>,
    /// Number of bytes of the input that the chunk took.
    bytes: u64,
}

/// Verifies the tokens in `file` or, without one, on standard input. Returns the exit code. Writes notes to the
/// store if `touch`.
pub fn run(cx: &mut Cx<'_>, file: Option<&Path>, required: &Required, touch: bool) -> Result<u8> {
    let mut opened = presented::open(cx, file)?;
    let address = cx.address()?;
    // Fail before any input is read: no store, or an unknown scope.
    let store = store::open(&address, Mode::Read)?;
    let scheme = verify::scheme(&*store, required)?;
    let actor = touch.then(|| store.actor(cx.env));
    drop(store);
    let most = match scheme {
        Scheme::Argon2id(_) => 1,
        Scheme::Sha256 => CHUNK,
    };
    // None on a terminal that also shows the verdicts: they would overwrite each other.
    let mut progress = presented::length(cx, opened.as_ref())
        .filter(|_| !cx.env.terminal.stdout)
        .map(|length| cx.progress(Unit::Bytes, length));
    let (stop, running) = io::pipe().map_err(|cause| presented::unreadable(file, cause))?;
    let Env {
        stdin,
        stdout,
        clock,
        random,
        cores,
        ..
    } = &mut *cx.env;
    let input: &mut (dyn Input + Send) = match &mut opened {
        Some(file) => file,
        None => &mut **stdin,
    };
    let chunks = Chunks::new(TokenSource::new(input, stop), most);
    let workers = scheme.threads(**cores);
    let shared = Shared {
        address: &address,
        workers,
        required,
        clock: &**clock,
        random: touch.then(|| Mutex::new(&mut **random)),
    };
    let start_worker = || {
        let mut worker = Worker::new(&shared);
        move |chunk: io::Result<Chunk>| {
            let chunk = chunk.map_err(|cause| presented::unreadable(file, cause))?;
            Verdicts::by(&mut worker, &chunk)
        }
    };
    let mut count = Count::default();
    with_writer(&address, actor.as_ref(), |notes| {
        let (count, progress) = (&mut count, &mut progress);
        in_order(
            workers,
            chunks,
            start_worker,
            move |done: Result<Verdicts>| {
                // The closure owns this end of the stop pipe. When it is dropped, the pipe closes and reading
                // ends.
                let _ = &running;
                let done = done?;
                stdout.write_all(&done.text).map_err(unwritable)?;
                count.add_all(done.count);
                if let Some(progress) = progress {
                    progress.advance(done.bytes);
                }
                notes.send(done.notes);
                Ok(())
            },
        )
    })?;
    drop(progress);
    cx.status(count);
    Ok(count.exit_code())
}

impl Verdicts {
    /// Verifies the tokens in `chunk` with `worker`.
    fn by(worker: &mut Worker<'_>, chunk: &Chunk) -> Result<Self> {
        let lines: Vec<Option<AnyToken>> = chunk.lines().map(AnyToken::presented).collect();
        let are_tokens: Vec<bool> = lines.iter().map(Option::is_some).collect();
        let tokens: Vec<AnyToken> = lines.into_iter().flatten().collect();
        let Outcome { verified, notes } = worker.verify(&tokens)?;
        let mut done = Verdicts {
            text: Vec::new(),
            count: Count::default(),
            notes,
            bytes: chunk.bytes,
        };
        let mut verified = verified.iter();
        for is_token in are_tokens {
            done.add(&match is_token {
                true => verified.next().ok_or_else(no_verdict)?.explain(),
                false => Explanation::MALFORMED,
            })?;
        }
        Ok(done)
    }

    fn add(&mut self, verdict: &Explanation<'_>) -> Result<()> {
        output::verdict::write(&mut self.text, verdict).map_err(unwritable)?;
        self.count.add(matches!(verdict, Explanation::Valid(_)));
        Ok(())
    }
}

/// Error for a token without a verdict, which ends the batch.
fn no_verdict() -> Error {
    Error::io("a token was not verified")
}
