//! `verify --batch`: many tokens, one a line, each with its verdict on a line; in order, on every
//! core, in constant memory.

use super::keeper::keeping;
use super::lines::Lots;
use super::presented;
use super::source::Source;
use super::worker::{Count, Done, Shared, Worker};
use crate::cmd::Cx;
use crate::env::{Env, Input, Unit};
use crate::error::Result;
use crate::hash::Scheme;
use crate::output::unwritable;
use crate::parallel::in_order;
use crate::store::{self, Mode};
use crate::verify::{self, Required};
use std::io;
use std::path::Path;
use std::sync::Mutex;

/// How many tokens are looked up at once where a hash costs next to nothing. Where it is what costs,
/// each goes alone: to whichever core is free, and its verdict out as soon as it is known.
const LOT: usize = 256;

/// Verifies the tokens in `file`, or on standard input, and returns the exit code. With `touch`,
/// notes in the store what is to be noted.
pub fn run(cx: &mut Cx<'_>, file: Option<&Path>, required: &Required, touch: bool) -> Result<u8> {
    let mut opened = presented::open(cx, file)?;
    let address = cx.address()?;
    // What cannot work is refused before anything is read.
    let store = store::open(&address, Mode::Read)?;
    let scheme = verify::scheme(&*store, required)?;
    let actor = touch.then(|| store.actor(cx.env));
    drop(store);
    let lot = match scheme {
        Scheme::Argon2id(_) => 1,
        Scheme::Sha256 => LOT,
    };
    // On one screen a bar and the verdicts would be in each other's way.
    let mut progress = presented::length(cx, opened.as_ref())
        .filter(|_| !cx.env.terminal.stdout)
        .map(|length| cx.progress(Unit::Bytes, length));
    let (stop, going) = io::pipe().map_err(|cause| presented::unreadable(file, cause))?;
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
    let lots = Lots::new(Source::new(input, stop), lot);
    let workers = scheme.threads(**cores);
    let shared = Shared {
        address: &address,
        file,
        workers,
        required,
        clock: &**clock,
        random: touch.then(|| Mutex::new(&mut **random)),
    };
    let hire = || {
        let mut worker = Worker::new(&shared);
        move |lot| worker.verify(lot)
    };
    let mut count = Count::default();
    keeping(&address, actor.as_ref(), |notes| {
        let (count, progress) = (&mut count, &mut progress);
        in_order(workers, lots, hire, move |done: Result<Done>| {
            // Let go with this closure: then nothing more is read.
            let _ = &going;
            let done = done?;
            stdout.write_all(&done.text).map_err(unwritable)?;
            count.add(done.count);
            if let Some(progress) = progress {
                progress.advance(done.bytes);
            }
            notes.leave(done.notes);
            Ok(())
        })
    })?;
    drop(progress);
    cx.status(count);
    Ok(count.exit_code())
}
