//! Parameters of a connection, from the URL, the service file and the environment, as they were written.

use super::names::{self, NotTaken, PARAMETERS, Parameter};
use crate::error::{Error, Result, quote};
use crate::store::surroundings::Surroundings;
use std::ffi::OsString;
use zeroize::Zeroizing;

/// Value of a parameter, not empty and without NUL, and the words that name it in a message.
pub struct Setting {
    /// Value, which may be a secret.
    pub text: Zeroizing<String>,
    /// Words such as `the port in KEYCTL_DB`.
    pub named: String,
}

impl Setting {
    /// Error for this value, which the message does not repeat.
    pub fn refused(&self, why: impl AsRef<str>) -> Error {
        Error::usage(format!("{} {}", self.named, why.as_ref()))
    }
}

/// Parameters that are given. The first value of a parameter counts.
#[derive(Default)]
pub struct Parameters(Vec<(Parameter, Setting)>);

impl Parameters {
    /// Returns the value of `parameter`.
    pub fn get(&self, parameter: Parameter) -> Option<&Setting> {
        let found = self.0.iter().find(|(name, _)| *name == parameter);
        found.map(|(_, given)| given)
    }

    /// Takes the value of `parameter` out.
    pub fn take(&mut self, parameter: Parameter) -> Option<Setting> {
        let at = self.0.iter().position(|(name, _)| *name == parameter)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Tells whether the parameters say where the server is.
    pub fn have_host(&self) -> bool {
        self.get(Parameter::Host).is_some() || self.get(Parameter::HostAddr).is_some()
    }

    /// Adds a value that `named` names in messages.
    ///
    /// # Errors
    ///
    /// Fails for an empty value, for a NUL, and for a second value.
    pub fn add(
        &mut self,
        parameter: Parameter,
        text: Zeroizing<String>,
        named: String,
    ) -> Result<()> {
        let given = Setting { text, named };
        if given.text.is_empty() {
            return Err(given.refused("is empty"));
        }
        if given.text.contains('\0') {
            return Err(given.refused("has a NUL in it"));
        }
        if self.get(parameter).is_some() {
            return Err(given.refused("is given twice"));
        }
        self.0.push((parameter, given));
        Ok(())
    }

    /// Adds what `more` has and these parameters have not.
    pub fn complete_with(&mut self, more: Parameters) {
        let have_host = self.have_host();
        for (parameter, given) in more.0 {
            let is_other_host = have_host && parameter.is_host();
            if !is_other_host && self.get(parameter).is_none() {
                self.0.push((parameter, given));
            }
        }
    }

    /// Reads the variables of libpq.
    ///
    /// # Errors
    ///
    /// Fails if one of them is not UTF-8.
    pub fn of_environment(around: &Surroundings<'_>) -> Result<Self> {
        let mut parameters = Parameters::default();
        for (parameter, _, variable) in PARAMETERS {
            let value = variable.and_then(|name| Some((name, (around.variable)(name)?)));
            if let Some((name, value)) = value.filter(|(_, value)| !value.is_empty()) {
                parameters.add(parameter, utf8(name, value)?, name.to_owned())?;
            }
        }
        Ok(parameters)
    }
}

fn utf8(name: &str, value: OsString) -> Result<Zeroizing<String>> {
    match value.into_string() {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(bytes) => {
            drop(Zeroizing::new(bytes.into_encoded_bytes()));
            Err(Error::usage(format!("{name} is not UTF-8")))
        }
    }
}

/// Finds the parameter `name`, given by `by`: a variable, an argument, a service. `is_shown` is false if the
/// name may be a part of a password.
///
/// # Errors
///
/// Fails for a name that keyctl does not take.
pub fn find(name: &str, by: &str, is_shown: bool) -> Result<Parameter> {
    names::find(name).map_err(|refusal| match refusal {
        NotTaken::Refused { name, why } => {
            Error::usage(format!("the parameter {name} in {by} {why}")).hint("leave it out")
        }
        NotTaken::Unknown { .. } if !is_shown => {
            Error::usage(format!("a parameter in {by} is unknown"))
                .hint("in a password, & is written %26")
        }
        NotTaken::Unknown { hint } => {
            Error::usage(format!("the parameter {} in {by} is unknown", quote(name))).hint(hint)
        }
    })
}
