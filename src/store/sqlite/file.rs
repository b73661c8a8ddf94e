//! Location of a store's file, and what may lie there: permissions at creation, not after.

use super::owner::{self, SHARED_DIRECTORY};
use super::parts::{has_lost_all, real_place, refuse_part, strip_part, whole_of};
use crate::directory;
use crate::error::{Error, Result, escape, quote, shell_word};
use crate::hint::run;
use rustix::fs::{Mode, OFlags, openat};
use rustix::process::geteuid;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, fchown};
use std::path::{Path, PathBuf};

/// The absolute path of a store's file, which may not be there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    path: PathBuf,
    /// The variable that named it.
    variable: Option<&'static str>,
}

impl Location {
    /// The location that `path` names. SQLite's own names (`:memory:`, `file:…`) are refused: a
    /// store in memory would forget its keys, and a URI could switch off its locks.
    pub fn new(path: &Path) -> Result<Self> {
        let bytes = path.as_os_str().as_encoded_bytes();
        if bytes.is_empty() {
            return Err(Error::usage("the store's path is empty").hint("name a file: --db PATH"));
        }
        if bytes.starts_with(b":memory:") || bytes.starts_with(b"file:") {
            let shown = quote(&path.to_string_lossy());
            return Err(
                Error::usage(format!("{shown} is not the path of a file")).hint(format!(
                    "a store is a file; for one of this very name, write ./{}",
                    escape(&path.to_string_lossy())
                )),
            );
        }
        if bytes.contains(&0) {
            return Err(Error::usage(format!(
                "the store's path {} has a NUL byte",
                quote(&path.to_string_lossy())
            )));
        }
        let path = directory::absolute(path)?;
        refuse_part(&path)?;
        Ok(Location {
            path,
            variable: None,
        })
    }

    /// The same, as the environment variable `variable` named it, if one did.
    #[must_use]
    pub fn named_by(mut self, variable: Option<&'static str>) -> Self {
        self.variable = variable;
        self
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path as a message shows it.
    pub fn shown(&self) -> String {
        escape(&self.path.to_string_lossy())
    }

    /// Tells whether nothing at all is there, not even a link, or an empty file that never held anything.
    pub fn is_vacant(&self) -> bool {
        match fs::symlink_metadata(&self.path) {
            Ok(metadata) => metadata.is_file() && metadata.len() == 0 && !has_lost_all(&self.path),
            Err(cause) => cause.kind() == io::ErrorKind::NotFound,
        }
    }

    /// The path of the file that is there, links resolved; an error if there is none, or if it is
    /// not an ordinary file.
    pub fn existing(&self) -> Result<PathBuf> {
        self.find("the store")
    }

    /// The same of a copy of a store.
    pub fn existing_copy(&self) -> Result<PathBuf> {
        self.find("the copy")
    }

    fn find(&self, what: &str) -> Result<PathBuf> {
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Err(self.missing()),
            Err(cause) => return Err(self.failed(&format!("cannot open {what}"), cause)),
        };
        if metadata.is_dir() {
            return Err(Error::unavailable(format!(
                "{} is a directory, not a store",
                self.shown()
            ))
            .hint("name the file in it: --db PATH"));
        }
        if !metadata.is_file() {
            return Err(
                Error::unavailable(format!("{} is not an ordinary file", self.shown()))
                    .hint("name a file: --db PATH"),
            );
        }
        let path = fs::canonicalize(&self.path)
            .map_err(|cause| self.failed(&format!("cannot find {what}"), cause))?;
        // A link may have led to it.
        refuse_part(&path)?;
        Ok(path)
    }

    /// Refuses a directory that others may write as the place of a new store: they could put a log
    /// or a journal of theirs beside it, in a sticky directory too.
    pub fn check_directory(&self) -> Result<()> {
        match self.exposed_directory() {
            None => Ok(()),
            Some(directory) => Err(Error::unavailable(format!(
                "no store is made in {}: others may write that directory",
                escape(&directory.to_string_lossy())
            ))
            .hint("name a file in a directory of its own, which keyctl makes: --db DIRECTORY/keyctl.db")),
        }
    }

    /// Returns the warning that others may write the directory that the store lies in, if so.
    pub fn exposure(&self) -> Option<String> {
        let directory = self.exposed_directory()?;
        Some(format!(
            "warning: others may write {}, where the store lies: they can put a log of theirs beside it; move it to a directory of its own",
            escape(&directory.to_string_lossy())
        ))
    }

    /// The directory that the store lies in, or would, if others may write it.
    fn exposed_directory(&self) -> Option<PathBuf> {
        // A link may lead to another directory.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let directory = path.parent()?;
        let is_exposed =
            fs::metadata(directory).is_ok_and(|it| it.mode() & owner::OTHERS_WRITE != 0);
        is_exposed.then(|| directory.to_owned())
    }

    /// Refuses `path` for a new file where SQLite would take that for a part of this store, be it there
    /// yet or not, or of another file; and where the store itself is to lie.
    pub fn check_apart(&self, path: &Path) -> Result<()> {
        let Some(whole) = whole_of(path).or_else(|| self.whole_of(path)) else {
            return Ok(());
        };
        Err(Error::io(format!(
            "the file {} would be taken for a part of {}",
            quote(&path.to_string_lossy()),
            escape(&whole.to_string_lossy())
        ))
        .hint("name another file, whose name ends otherwise"))
    }

    /// The store's path, if `path` names its place, or that of a part of it.
    fn whole_of(&self, path: &Path) -> Option<PathBuf> {
        let (directory, name) = real_place(path)?;
        let target = fs::canonicalize(&self.path).ok();
        let mut stores = [Some(&self.path), target.as_ref()].into_iter().flatten();
        let is_in = |store: &&PathBuf| {
            real_place(store).is_some_and(|(other, whole)| {
                let part = strip_part(&name).unwrap_or(&name);
                // Some file systems do not tell 'A' from 'a'.
                other == directory
                    && [part, &name]
                        .iter()
                        .any(|it| it.eq_ignore_ascii_case(&whole))
            })
        };
        stores.find(is_in).cloned()
    }

    /// Makes an empty file here, and the directories to it, with the modes that `sharing` has;
    /// says whether the file was made. A file that is there is left as it is.
    pub fn create(&self, sharing: Sharing) -> Result<bool> {
        // A directory for a group has to meet more than this.
        if sharing == Sharing::AsDirectory && self.is_vacant() {
            self.check_directory()?;
        }
        if let Some(parent) = self.path.parent() {
            self.create_directory(parent, sharing)?;
        }
        match self.make_file(sharing) {
            Ok(()) => Ok(true),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                // A link to nowhere is told better by who opens it.
                fs::canonicalize(&self.path).map_or(Ok(()), |path| refuse_part(&path))?;
                Ok(false)
            }
            Err(cause) => Err(self.failed("cannot make the store", cause)),
        }
    }

    /// Makes an empty file here as its directory is shared, or takes from one that is there what others
    /// may do with it.
    pub fn ensure(&self) -> Result<()> {
        match self.create(Sharing::AsDirectory)? {
            true => Ok(()),
            false => self.close_to_others(),
        }
    }

    /// Makes the file, and gives it to whom `sharing` says. Both by the directory as it was opened:
    /// whoever owns one above it can put another in its place between the two.
    fn make_file(&self, sharing: Sharing) -> io::Result<()> {
        let directory = directory::open(directory::of(&self.path))?;
        let name = self.path.file_name().unwrap_or_default();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = File::from(openat(&directory, name, flags, Mode::from_raw_mode(0o600))?);
        owner::give_as_directory(&file, &directory.metadata()?)?;
        if let Sharing::Group(gid) = sharing {
            fchown(&file, None, Some(gid))?;
            file.set_permissions(Permissions::from_mode(owner::SHARED))?;
        }
        Ok(())
    }

    /// Says to whom the file belongs that was just made here as `sharing` asks, where that is somebody
    /// else than its maker and than the group that was asked for.
    pub fn belongs_to(&self, sharing: Sharing) -> Option<String> {
        let file = fs::metadata(&self.path).ok()?;
        let uid = file.uid();
        let owner = (uid != geteuid().as_raw())
            .then(|| format!("it belongs to uid {uid}, as its directory does"));
        let is_given = sharing == Sharing::AsDirectory && file.mode() & FOR_GROUP != 0;
        let group = is_given.then(|| {
            let gid = file.gid();
            format!("the group with gid {gid} shares it, as it shares the directory")
        });
        let said: Vec<String> = owner.into_iter().chain(group).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// Takes from an empty file that is here what others may do with it: it is to hold secrets.
    fn close_to_others(&self) -> Result<()> {
        let (Ok(file), Ok(directory)) = (
            fs::metadata(&self.path),
            fs::metadata(directory::of(&self.path)),
        ) else {
            return Ok(());
        };
        let is_shared = owner::is_shared(&directory) && file.gid() == directory.gid();
        let kept = if is_shared {
            owner::SHARED
        } else {
            owner::PRIVATE
        };
        if !file.is_file() || file.len() > 0 || file.mode() & FOR_ALL & !kept == 0 {
            return Ok(());
        }
        let mode = file.mode() & kept | owner::PRIVATE;
        fs::set_permissions(&self.path, Permissions::from_mode(mode))
            .map_err(|cause| self.failed("cannot close to others the empty file", cause))
    }

    fn create_directory(&self, directory: &Path, sharing: Sharing) -> Result<()> {
        let failed =
            |cause: io::Error| self.failed("cannot make the directory for the store", cause);
        let made = make_directories(directory).map_err(failed)?;
        let Sharing::Group(gid) = sharing else {
            return Ok(());
        };
        if !made.is_empty() {
            // On the way to the store too: the group has to get there.
            let shared = made.iter().try_for_each(|new| {
                chown(new, None, Some(gid))?;
                fs::set_permissions(new, Permissions::from_mode(SHARED_DIRECTORY))
            });
            return shared.map_err(|cause| {
                // Left behind, they would be in the way of another try.
                for new in made.iter().rev() {
                    drop(fs::remove_dir(new));
                }
                failed(cause)
            });
        }
        let metadata = fs::metadata(directory).map_err(failed)?;
        if metadata.gid() == gid && owner::is_shared(&metadata) {
            return Ok(());
        }
        let shown = escape(&directory.to_string_lossy());
        Err(Error::unavailable(format!("the directory {shown} is not one that the group can share"))
            .hint(format!("chgrp {gid} {word} && chmod {SHARED_DIRECTORY:o} {word}, or name a directory that is not there yet", word = shell_word(&directory.to_string_lossy()))))
    }

    fn missing(&self) -> Error {
        if fs::symlink_metadata(&self.path).is_ok() {
            return Error::unavailable(format!(
                "{} is a symbolic link to a file that is not there",
                self.shown()
            ))
            .hint("fix the link, or name another file: --db PATH");
        }
        // Who runs the command may not know that it is set.
        let from = match self.variable {
            Some(variable) => format!(" (from {variable})"),
            None => String::new(),
        };
        Error::unavailable(format!("there is no store at {}{from}", self.shown())).hint(
            run!("init")
                .in_quotes()
                .and(" makes one; --db or KEYCTL_DB names another place"),
        )
    }

    /// Returns the error where `what` could not be done to the store.
    pub fn failed(&self, what: &str, cause: io::Error) -> Error {
        Error::unavailable(format!("{what} {}", self.shown()))
            .because(cause)
            .hint("check the path and its permissions, or name another file: --db PATH")
    }
}

/// The bits of a mode that let the group do something.
const FOR_GROUP: u32 = 0o070;

/// The bits of a mode that let anybody do something.
const FOR_ALL: u32 = 0o777;

/// Users who may use a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// The group that shares the store's directory, or else its owner alone.
    AsDirectory,
    /// The group with this gid.
    Group(u32),
}

/// Makes those of `path` and the directories above it that are not there, for one user alone: their
/// maker, or if that is root, the owner of the directory around them.
/// Returns those that it made.
fn make_directories(path: &Path) -> io::Result<Vec<&Path>> {
    let mut made = Vec::new();
    let missing: Vec<&Path> = path.ancestors().take_while(|path| !path.exists()).collect();
    for directory in missing.into_iter().rev() {
        match DirBuilder::new().mode(0o700).create(directory) {
            Ok(()) => {
                // A umask may have taken more away than it should: then nothing could be put into it.
                fs::set_permissions(directory, Permissions::from_mode(0o700))?;
                owner::give_directory(directory, &fs::metadata(directory::of(directory))?);
                made.push(directory);
            }
            // Somebody else was faster, or it cannot be looked at: what is done in it will tell.
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(made)
}
