//! Service file: named sets of parameters, which several programs share.
//!
//! <https://www.postgresql.org/docs/current/libpq-pgservice.html>

use super::names::Parameter;
use super::parameters::{Parameters, find};
use super::private::PrivateFile;
use crate::error::{Error, Result, quote};
use crate::hint;
use crate::store::surroundings::Surroundings;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Variable that names the user's service file.
const VARIABLE: &str = "PGSERVICEFILE";

/// Name of the service file in the user's home directory.
const USUAL_NAME: &str = ".pg_service.conf";

/// Variable that names the directory of the system's service file.
const SYSTEM: &str = "PGSYSCONFDIR";

/// Directory of the system's service file, on Debian.
const USUAL_SYSTEM: &str = "/etc/postgresql-common";

/// Name of the system's service file.
const SYSTEM_NAME: &str = "pg_service.conf";

/// Reads the parameters of the service `name` from the user's service file, else from that of the system.
///
/// # Errors
///
/// Fails if neither has the service, if one cannot be read, if the service has a line that is no parameter of
/// keyctl, and if others may read the file of a password.
pub fn parameters(name: &str, around: &Surroundings<'_>) -> Result<Parameters> {
    let (own, is_named) = match (around.variable)(VARIABLE) {
        Some(path) => (Some(PathBuf::from(path)), true),
        None => (in_home(around, USUAL_NAME), false),
    };
    let system = (around.variable)(SYSTEM).unwrap_or_else(|| OsString::from(USUAL_SYSTEM));
    let system = Path::new(&system).join(SYSTEM_NAME);
    let files = own.map(|path| (path, is_named)).into_iter();
    for (path, must_exist) in files.chain([(system, false)]) {
        let Some(file) = read(&path, must_exist)? else {
            continue;
        };
        let section = Section {
            name,
            path: &path,
            file: &file,
        };
        if let Some(parameters) = section.parameters()? {
            return Ok(parameters);
        }
    }
    Err(Error::usage(format!(
        "there is no service {} in a service file",
        quote(name)
    ))
    .hint(format!(
        "service files are ~/{USUAL_NAME}, {VARIABLE}, and {SYSTEM_NAME} in {SYSTEM}"
    )))
}

/// Path of the file `name` in the user's home directory, if there is one.
pub fn in_home(around: &Surroundings<'_>, name: &str) -> Option<PathBuf> {
    let home = (around.variable)("HOME")?;
    Some(Path::new(&home).join(name))
}

fn read(path: &Path, must_exist: bool) -> Result<Option<PrivateFile>> {
    match PrivateFile::read(path) {
        Ok(file) => Ok(Some(file)),
        Err(cause) if cause.kind() == ErrorKind::NotFound && !must_exist => Ok(None),
        Err(cause) => Err(Error::unavailable(format!(
            "cannot read the service file {}",
            shown(path)
        ))
        .because(cause)),
    }
}

fn shown(path: &Path) -> String {
    quote(&path.to_string_lossy())
}

/// Section of a service file: the lines between `[name]` and the next `[`.
struct Section<'a> {
    name: &'a str,
    path: &'a Path,
    file: &'a PrivateFile,
}

impl Section<'_> {
    /// Reads the parameters; `None` if the file has no such section.
    fn parameters(&self) -> Result<Option<Parameters>> {
        let text = std::str::from_utf8(&self.file.bytes)
            .map_err(|_| Error::unavailable(format!("{} is not UTF-8", self.shown())))?;
        let mut lines = text.lines().map(str::trim).enumerate();
        let head = format!("[{}]", self.name);
        if !lines.any(|(_, line)| line == head) {
            return Ok(None);
        }
        let mut parameters = Parameters::default();
        for (at, line) in lines.take_while(|(_, line)| !line.starts_with('[')) {
            if !line.is_empty() && !line.starts_with('#') {
                self.add(line, at + 1, &mut parameters)?;
            }
        }
        Ok(Some(parameters))
    }

    fn add(&self, line: &str, number: usize, parameters: &mut Parameters) -> Result<()> {
        let Some((name, value)) = line.split_once('=') else {
            return Err(Error::usage(format!(
                "line {number} of {} is not NAME=VALUE",
                self.shown()
            )));
        };
        let by = format!("the service {} of {}", quote(self.name), shown(self.path));
        let parameter = find(name, &by, parameters.get(Parameter::Password).is_none())?;
        let named = format!("the parameter {name} in {by}");
        match parameter {
            Parameter::Service => return Err(Error::usage(format!("{named} is not supported"))),
            Parameter::Password if !self.file.is_private() => {
                return Err(Error::unavailable(format!(
                    "{} has a password, and other users may read or write it, so it is not used",
                    self.shown()
                ))
                .hint(format!("chmod 600 {}", hint::word(self.path.display()))));
            }
            _ => {}
        }
        parameters.add(parameter, Zeroizing::new(value.to_owned()), named)
    }

    fn shown(&self) -> String {
        format!("the service file {}", shown(self.path))
    }
}
