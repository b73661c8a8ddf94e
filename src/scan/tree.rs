//! Search of files and directories.

use super::place::{Lines, Place, Spot};
use super::searcher::{Candidate, Searcher, Sought};
use crate::error::Result;
use crate::parallel::locked;
use ignore::{DirEntry, Walk, WalkBuilder};
use rustix::fs::{Mode, OFlags};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread::{self, Builder};

/// Maximum number of events that wait for the thread that takes them.
const WAITING_MAX: usize = 1024;

/// Result of a search that comes before its end.
pub enum Event {
    /// A candidate, and its place.
    Found(Place, Candidate),
    /// File or directory that could not be read to its end, and the cause.
    Unread(PathBuf, io::Error),
}

/// Extent of a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Number of files.
    pub files: u64,
    /// Number of bytes in them.
    pub bytes: u64,
}

/// Searches the files at `paths`, and those below the directories among them, on `workers` threads. Calls `take` on
/// this thread with what is found, in no order.
///
/// Hidden files are read too, whatever a `.gitignore` says: that is where leaks are. Not read are directories named
/// `.git` below one of `paths`, whose files are compressed; `/proc` and `/sys` below one of `paths`; links below one of
/// `paths`; and what is no regular file, such as a socket. The name of each file is searched too.
///
/// # Errors
///
/// The first error of `take`, which ends the search.
pub fn walk(
    paths: &[PathBuf],
    workers: NonZeroUsize,
    sought: &Sought,
    mut take: impl FnMut(Event) -> Result<()>,
) -> Result<Tally> {
    let Some(entries) = entries(paths) else {
        return Ok(Tally::default());
    };
    let search = Search {
        entries: Mutex::new(entries),
        sought,
        files: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
    };
    thread::scope(|scope| {
        let (events, received) = sync_channel(WAITING_MAX);
        let started = (0..workers.get()).take_while(|_| {
            let events = events.clone();
            let search = &search;
            // An error means that `take` has failed.
            let mut send = move |event| match events.send(event) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
            let worker = Builder::new().spawn_scoped(scope, move || search.run(&mut send));
            worker.is_ok()
        });
        if started.count() == 0 {
            let mut taken = Ok(());
            search.run(&mut |event| {
                taken = take(event);
                match taken {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            });
            return taken;
        }
        drop(events);
        received.into_iter().try_for_each(&mut take)
    })?;
    Ok(Tally {
        files: search.files.into_inner(),
        bytes: search.bytes.into_inner(),
    })
}

/// Entries of `paths`, and of the directories below. `None` if there are no paths.
fn entries(paths: &[PathBuf]) -> Option<Walk> {
    let (first, others) = paths.split_first()?;
    let mut builder = WalkBuilder::new(first);
    for path in others {
        builder.add(path);
    }
    let is_wanted = |entry: &DirEntry| {
        let is_directory = entry.file_type().is_some_and(|kind| kind.is_dir());
        entry.depth() == 0
            || !is_directory
            || (entry.file_name() != OsStr::new(".git") && !is_made_up(entry.path()))
    };
    builder.standard_filters(false).filter_entry(is_wanted);
    Some(builder.build())
}

/// Function that takes an event, and tells whether to go on.
type Send<'a> = &'a mut dyn FnMut(Event) -> ControlFlow<()>;

/// Search by several threads.
struct Search<'a> {
    /// Entries that are left. A thread takes one after another.
    entries: Mutex<Walk>,
    sought: &'a Sought,
    files: AtomicU64,
    bytes: AtomicU64,
}

impl Search<'_> {
    /// Searches until nothing is left, or until `send` ends it.
    fn run(&self, send: Send<'_>) {
        let mut searcher = Searcher::new(self.sought);
        while let Some(entry) = self.next() {
            let gone_on = match entry {
                Ok(entry) => self.search(&mut searcher, &entry, send),
                Err(error) => unread(error, send),
            };
            if gone_on.is_break() {
                return;
            }
        }
    }

    /// Takes the next entry. A function, so that the lock is released before the entry is searched.
    fn next(&self) -> Option<std::result::Result<DirEntry, ignore::Error>> {
        locked(&self.entries).next()
    }

    fn search(
        &self,
        searcher: &mut Searcher<'_>,
        entry: &DirEntry,
        send: Send<'_>,
    ) -> ControlFlow<()> {
        let path: Arc<Path> = entry.path().into();
        let mut found = |spot, candidate| {
            let path = Some(Arc::clone(&path));
            send(Event::Found(Place { path, spot }, candidate))
        };
        searcher.search_text(entry.file_name().as_bytes(), |candidate| {
            found(Spot::Name, candidate)
        })?;
        let is_text = match (entry.file_type(), entry.depth()) {
            // A link to a directory is given for the files below it.
            (Some(_), 0) => !path.is_dir(),
            (Some(kind), _) => kind.is_file(),
            (None, _) => false,
        };
        if !is_text {
            return ControlFlow::Continue(());
        }
        let read = open(&path, entry.depth())
            .and_then(|mut file| searcher.search(&mut file, &mut Lines::default(), &mut found));
        match read {
            Ok(ControlFlow::Break(())) => return ControlFlow::Break(()),
            Ok(ControlFlow::Continue(bytes)) => {
                self.files.fetch_add(1, Ordering::Relaxed);
                self.bytes.fetch_add(bytes, Ordering::Relaxed);
            }
            Err(cause) => send(Event::Unread(path.to_path_buf(), cause))?,
        }
        ControlFlow::Continue(())
    }
}

/// Opens the file of an entry. One below a PATH was a regular file a moment ago: if it is a link or a pipe by now, it is
/// not followed, nor waited for. Nor are those of `/proc` that are read like a pipe.
fn open(path: &Path, depth: usize) -> io::Result<File> {
    let flags = match depth {
        0 => OFlags::empty(),
        _ => OFlags::NOFOLLOW | OFlags::NONBLOCK,
    };
    let flags = flags | OFlags::RDONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

/// Tells whether a directory is on a file system that the kernel makes up, with files that never end: proc or sysfs.
#[cfg(target_os = "linux")]
fn is_made_up(path: &Path) -> bool {
    use rustix::fs::{FsWord, PROC_SUPER_MAGIC, statfs};
    /// `SYSFS_MAGIC` of `linux/magic.h`.
    const SYSFS: FsWord = 0x6265_6572;
    statfs(path).is_ok_and(|at| [PROC_SUPER_MAGIC, SYSFS].contains(&at.f_type))
}

#[cfg(not(target_os = "linux"))]
fn is_made_up(_: &Path) -> bool {
    false
}

/// Sends what could not be read.
fn unread(error: ignore::Error, send: Send<'_>) -> ControlFlow<()> {
    let path = path_of(&error).unwrap_or_default();
    let cause = cause_of(&error).unwrap_or_else(|| io::Error::other(error.to_string()));
    send(Event::Unread(path, cause))
}

/// Error of the system behind `error`, which others wrap in words of their own.
fn cause_of(error: &ignore::Error) -> Option<io::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error.io_error()?);
    while let Some(error) = cause {
        let code = error.downcast_ref().and_then(io::Error::raw_os_error);
        if let Some(code) = code {
            return Some(io::Error::from_raw_os_error(code));
        }
        cause = error.source();
    }
    None
}

/// Path that an error is about.
fn path_of(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            path_of(err)
        }
        ignore::Error::Loop { child, .. } => Some(child.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    #[test]
    fn a_file_below_a_path_that_has_become_a_pipe_or_a_link_is_not_waited_for_nor_followed() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("file"), "x").unwrap();
        symlink("file", path("link")).unwrap();
        let made = Command::new("mkfifo").arg(path("pipe")).status().unwrap();
        assert!(made.success());
        assert!(open(&path("pipe"), 1).is_ok());
        assert!(open(&path("link"), 1).is_err());
        assert!(open(&path("link"), 0).is_ok());
        assert!(open(&path("file"), 1).is_ok());
    }
}
