//! Database on a PostgreSQL server, and how to reach it: from a URL, a service file and the variables of
//! libpq.
//!
//! Refuses what libpq allows: a fall back to plain text, and a server whose name is not checked.

mod hosts;
mod names;
mod parameters;
mod passfile;
mod password;
mod private;
mod service;
mod settings;
#[cfg(test)]
mod tests;
mod url;

pub use hosts::Host;
pub(super) use private::PrivateFile;
pub use settings::{ClientFiles, Tls, TlsMode};

use crate::error::Result;
use crate::percent;
use crate::store::exposed::refuse_password;
use crate::store::surroundings::Surroundings;
use names::Parameter;
use parameters::Parameters;
use passfile::{Login, Passfile};
use password::Password;
use std::fmt;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslMode, SslNegotiation};

/// Name of this program in the server's log, where none is given.
const APPLICATION: &str = "keyctl";

/// Time after which a connection fails if nothing that was sent is acknowledged.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Time without data after which the server is probed.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);

/// Time between two probes.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// Number of probes without an answer that end the connection.
const KEEPALIVE_RETRIES: u32 = 3;

/// Database on a PostgreSQL server, and how to reach it.
pub struct Server {
    /// Hosts in the order in which they are tried, at least one.
    pub hosts: Vec<Host>,
    /// User of the database.
    pub user: String,
    /// Database.
    pub database: String,
    /// Encryption over TCP.
    pub tls: TlsMode,
    /// Name of this program in the server's log.
    pub application_name: String,
    /// Time in which a host must answer.
    pub connect_timeout: Duration,
    /// URL for messages, rebuilt from user, hosts and database.
    pub shown: String,
    /// Environment variable that held the URL; `None` if an argument did.
    pub variable: Option<&'static str>,
    channel_binding: ChannelBinding,
    password: Option<Password>,
    passfile: Option<Passfile>,
}

impl Server {
    /// Parses `url`, the value of the environment `variable` or of `--db`, and completes it as libpq does: from
    /// the service file, then from the variables of `around`. The user is the effective one if none is given,
    /// the database has the user's name, and the host is the socket in `/var/run/postgresql`. No other file is
    /// read.
    ///
    /// # Errors
    ///
    /// Fails for a malformed URL, for a parameter that would make the connection less safe or that keyctl does
    /// not take, and for a password in an argument. No message repeats a value that may be a secret.
    pub fn parse(
        url: &str,
        variable: Option<&'static str>,
        around: &Surroundings<'_>,
    ) -> Result<Self> {
        if variable.is_none() {
            refuse_password(url)?;
        }
        let url = url::parse(url, variable.unwrap_or("--db"))?;
        let parameters = completed(url.parameters, around)?;
        Server::from_parameters(url.scheme, variable, parameters, around)
    }

    fn from_parameters(
        scheme: &str,
        variable: Option<&'static str>,
        mut parameters: Parameters,
        around: &Surroundings<'_>,
    ) -> Result<Self> {
        settings::check_target(&parameters)?;
        let hosts = hosts::hosts(&parameters)?;
        let tls = settings::tls(&parameters)?;
        let channel_binding = settings::channel_binding(&parameters, &tls)?;
        let connect_timeout = settings::timeout(&parameters)?;
        let passfile = passfile(&parameters, around);
        let mut text = |parameter| {
            parameters
                .take(parameter)
                .map(|given| given.text.to_string())
        };
        let user = text(Parameter::User).unwrap_or_else(|| (around.user)());
        let database = text(Parameter::Database).unwrap_or_else(|| user.clone());
        Ok(Server {
            shown: shown(scheme, &user, &hosts, &database),
            application_name: text(Parameter::ApplicationName)
                .unwrap_or_else(|| APPLICATION.to_owned()),
            password: parameters
                .take(Parameter::Password)
                .map(|given| Password::new(given.text)),
            hosts,
            user,
            database,
            tls,
            connect_timeout,
            variable,
            channel_binding,
            passfile,
        })
    }

    /// Returns the configuration of a connection to `host`, one of [`Server::hosts`]. Reads the passfile if no
    /// password is given otherwise.
    ///
    /// # Errors
    ///
    /// Fails if the passfile cannot be read, and if others may access it.
    pub fn config(&self, host: &Host) -> Result<Config> {
        let mut config = Config::new();
        config
            .user(&self.user)
            .dbname(&self.database)
            .application_name(&self.application_name)
            .port(host.port())
            .connect_timeout(self.connect_timeout)
            .tcp_user_timeout(SEND_TIMEOUT)
            .keepalives(true)
            .keepalives_idle(KEEPALIVE_IDLE)
            .keepalives_interval(KEEPALIVE_INTERVAL)
            .keepalives_retries(KEEPALIVE_RETRIES)
            .channel_binding(self.channel_binding)
            .ssl_mode(SslMode::Disable);
        match host {
            Host::Unix { directory, .. } => {
                config.host_path(directory);
            }
            Host::Tcp { name, addr, .. } => {
                config.host(name);
                if let Some(addr) = addr {
                    config.hostaddr(*addr);
                }
            }
        }
        if let Some(tls) = self.tls_to(host) {
            config
                .ssl_mode(SslMode::Require)
                .ssl_negotiation(match tls.is_direct {
                    true => SslNegotiation::Direct,
                    false => SslNegotiation::Postgres,
                });
        }
        if let Some(password) = &self.password {
            config.password(password.expose());
        } else if let Some(password) = self.look_up_password(host)? {
            config.password(password.expose());
        }
        Ok(config)
    }

    /// Returns the TLS settings for `host`; `None` for plain text.
    pub fn tls_to(&self, host: &Host) -> Option<&Tls> {
        match (host, &self.tls) {
            (Host::Tcp { .. }, TlsMode::VerifyFull(tls)) => Some(tls),
            _ => None,
        }
    }

    fn look_up_password(&self, host: &Host) -> Result<Option<Password>> {
        let Some(passfile) = &self.passfile else {
            return Ok(None);
        };
        passfile.find(&Login {
            host,
            database: &self.database,
            user: &self.user,
        })
    }
}

/// Shows the URL for messages alone.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.shown).finish()
    }
}

/// Completes the parameters of a URL from the service file and the environment.
fn completed(mut parameters: Parameters, around: &Surroundings<'_>) -> Result<Parameters> {
    let environment = Parameters::of_environment(around)?;
    let service = parameters.take(Parameter::Service);
    let service = service.as_ref().or(environment.get(Parameter::Service));
    if let Some(service) = service {
        parameters.complete_with(service::parameters(&service.text, around)?);
    }
    parameters.complete_with(environment);
    Ok(parameters)
}

fn passfile(parameters: &Parameters, around: &Surroundings<'_>) -> Option<Passfile> {
    let named = settings::path(parameters, Parameter::Passfile);
    let is_named = named.is_some();
    let path = named.or_else(|| service::in_home(around, passfile::USUAL_NAME))?;
    Some(Passfile { path, is_named })
}

fn shown(scheme: &str, user: &str, hosts: &[Host], database: &str) -> String {
    let hosts: Vec<String> = hosts.iter().map(Host::to_string).collect();
    format!(
        "{scheme}://{}@{}/{}",
        percent::encode(user),
        hosts.join(","),
        percent::encode(database)
    )
}
