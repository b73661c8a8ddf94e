//! Location of a store's file, which may not exist yet.

use super::base::shown;
use super::owner::OTHERS_WRITE;
use super::parts::{has_lost_all, real_place, refuse_part, strip_part, whole_of};
use crate::directory;
use crate::error::{Error, Result, quote};
use crate::hint::run;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Absolute path of a store's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    path: PathBuf,
    /// The environment variable that held the path.
    variable: Option<&'static str>,
}

impl Location {
    /// Makes `path` absolute. Refuses the special names of SQLite: a store at `:memory:` would lose its keys,
    /// and a URI (`file:…`) could switch off the locks.
    pub fn new(path: &Path) -> Result<Self> {
        let bytes = path.as_os_str().as_encoded_bytes();
        let quoted = quote(&path.to_string_lossy());
        if bytes.is_empty() {
            return Err(Error::usage("the store's path is empty").hint("name a file: --db PATH"));
        }
        if bytes.starts_with(b":memory:") || bytes.starts_with(b"file:") {
            let advice = format!(
                "a store is a file; for a file of exactly this name, write ./{}",
                shown(path)
            );
            return Err(Error::usage(format!("{quoted} is not the path of a file")).hint(advice));
        }
        if bytes.contains(&0) {
            let message = format!("the store's path {quoted} has a NUL byte");
            return Err(Error::usage(message));
        }
        let path = directory::absolute(path)?;
        refuse_part(&path)?;
        Ok(Location {
            path,
            variable: None,
        })
    }

    /// Notes that the environment variable `variable` held the path, for messages.
    #[must_use]
    pub fn named_by(mut self, variable: Option<&'static str>) -> Self {
        self.variable = variable;
        self
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path, escaped for messages.
    pub fn shown(&self) -> String {
        shown(&self.path)
    }

    /// Tells whether nothing is at the path, not even a link, or only an empty file that was never a store.
    pub fn is_vacant(&self) -> bool {
        match fs::symlink_metadata(&self.path) {
            Ok(metadata) => metadata.is_file() && metadata.len() == 0 && !has_lost_all(&self.path),
            Err(cause) => cause.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Returns the path of the existing file, links resolved. Fails if there is no regular file.
    pub fn existing(&self) -> Result<PathBuf> {
        self.find("the store")
    }

    /// Returns the path of an existing copy of a store, as [`Location::existing`] does.
    pub fn existing_copy(&self) -> Result<PathBuf> {
        self.find("the copy")
    }

    fn find(&self, noun: &str) -> Result<PathBuf> {
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Err(self.missing()),
            Err(cause) => return Err(self.failed(&format!("cannot open {noun}"), cause)),
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
            .map_err(|cause| self.failed(&format!("cannot find {noun}"), cause))?;
        // Again: a link may lead to a sibling file of another store.
        refuse_part(&path)?;
        Ok(path)
    }

    /// Refuses to make a store in a directory that others may write: they could put a log or a journal
    /// beside it. The sticky bit does not prevent that.
    pub fn check_directory(&self) -> Result<()> {
        match self.exposed_directory() {
            None => Ok(()),
            Some(directory) => Err(Error::unavailable(format!(
                "keyctl does not make a store in {}: others may write that directory",
                shown(&directory)
            ))
            .hint("name a file in a directory of its own, which keyctl makes: --db DIRECTORY/keyctl.db")),
        }
    }

    /// Returns a warning if others may write the directory of the store.
    pub fn exposure(&self) -> Option<String> {
        let directory = self.exposed_directory()?;
        Some(format!(
            "warning: others may write {}, where the store is: they can put a log of their own beside it; move the store to a directory of its own",
            shown(&directory)
        ))
    }

    /// Returns the directory of the store, or of the store to be made, if others may write it.
    fn exposed_directory(&self) -> Option<PathBuf> {
        // The file's own directory, even if the path is a link to it.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let directory = path.parent()?;
        let is_exposed = fs::metadata(directory).is_ok_and(|it| it.mode() & OTHERS_WRITE != 0);
        is_exposed.then(|| directory.to_owned())
    }

    /// Refuses `path` for a new file if it is the path of this store or of one of its siblings, or if the
    /// file would be the sibling of another existing file.
    pub fn check_apart(&self, path: &Path) -> Result<()> {
        let Some(whole) = whole_of(path).or_else(|| self.whole_of(path)) else {
            return Ok(());
        };
        Err(Error::io(format!(
            "the file {} would be taken for a part of {}",
            quote(&path.to_string_lossy()),
            shown(&whole)
        ))
        .hint("name another file, with a different ending"))
    }

    /// Returns the store's path if `path` is that, or that of a sibling, even if neither exists.
    fn whole_of(&self, path: &Path) -> Option<PathBuf> {
        let (directory, name) = real_place(path)?;
        let target = fs::canonicalize(&self.path).ok();
        let mut stores = [Some(&self.path), target.as_ref()].into_iter().flatten();
        let is_in = |store: &&PathBuf| {
            real_place(store).is_some_and(|(other, whole)| {
                let part = strip_part(&name).unwrap_or(&name);
                // Some file systems ignore case.
                other == directory
                    && [part, &name]
                        .iter()
                        .any(|it| it.eq_ignore_ascii_case(&whole))
            })
        };
        stores.find(is_in).cloned()
    }

    /// Returns the error for a path at which no file was. Another command may have made one since, so that
    /// something at the path is no proof of a link.
    fn missing(&self) -> Error {
        if self.path.is_symlink() {
            return Error::unavailable(format!(
                "{} is a symbolic link to a file that is not there",
                self.shown()
            ))
            .hint("fix the link, or name another file: --db PATH");
        }
        // The user may not know that the variable is set.
        let from = match self.variable {
            Some(variable) => format!(" (from {variable})"),
            None => String::new(),
        };
        Error::unavailable(format!("there is no store at {}{from}", self.shown())).hint(
            run!("init")
                .in_quotes()
                .and(" makes one; if it is somewhere else, name it with --db or KEYCTL_DB"),
        )
    }

    /// Returns the error for an operation that failed. `attempt` describes it, in words before the path.
    pub fn failed(&self, attempt: &str, cause: io::Error) -> Error {
        Error::unavailable(format!("{attempt} {}", self.shown()))
            .because(cause)
            .hint("check the path and its permissions, or name another file: --db PATH")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_made_while_it_is_looked_for_is_not_taken_for_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keyctl.db");
        let location = Location::new(&path).unwrap();
        fs::write(&path, "made after the look").unwrap();
        assert!(
            location
                .missing()
                .to_string()
                .starts_with("there is no store at ")
        );

        let link = directory.path().join("link.db");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        let error = Location::new(&link).unwrap().missing();
        assert!(
            error.to_string().contains(" is a symbolic link to a file "),
            "{error}"
        );
    }
}
