//! Names of the parameters of libpq: those that keyctl takes, and the reason to refuse each other one.
//!
//! <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS>

use crate::near;

/// Parameter that keyctl takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// Names of the hosts, or directories of sockets.
    Host,
    /// IP addresses of the hosts.
    HostAddr,
    /// Ports of the hosts.
    Port,
    /// User of the database.
    User,
    /// Database.
    Database,
    /// Password of the user.
    Password,
    /// File with passwords.
    Passfile,
    /// Name of a section in the service file.
    Service,
    /// TLS, or none.
    SslMode,
    /// File of the certificates that are trusted.
    SslRootCert,
    /// File of the client's certificate.
    SslCert,
    /// File of the client's private key.
    SslKey,
    /// First message of a connection with TLS.
    SslNegotiation,
    /// Binding of the authentication to the TLS channel.
    ChannelBinding,
    /// Seconds in which a host must answer.
    ConnectTimeout,
    /// Name of the program in the server's log.
    ApplicationName,
    /// Kind of server to look for.
    TargetSessionAttrs,
}

impl Parameter {
    /// Tells whether this parameter says where the server is.
    pub fn is_host(self) -> bool {
        matches!(self, Parameter::Host | Parameter::HostAddr)
    }

    /// Returns the name of the parameter.
    pub fn name(self) -> &'static str {
        let found = PARAMETERS.iter().find(|(parameter, ..)| *parameter == self);
        found.map_or("", |(_, name, _)| name)
    }
}

/// Each parameter that keyctl takes, its name, and the variable that gives it.
pub const PARAMETERS: [(Parameter, &str, Option<&str>); 17] = [
    (Parameter::Host, "host", Some("PGHOST")),
    (Parameter::HostAddr, "hostaddr", Some("PGHOSTADDR")),
    (Parameter::Port, "port", Some("PGPORT")),
    (Parameter::User, "user", Some("PGUSER")),
    (Parameter::Database, "dbname", Some("PGDATABASE")),
    (Parameter::Password, "password", Some("PGPASSWORD")),
    (Parameter::Passfile, "passfile", Some("PGPASSFILE")),
    (Parameter::Service, "service", Some("PGSERVICE")),
    (Parameter::SslMode, "sslmode", Some("PGSSLMODE")),
    (Parameter::SslRootCert, "sslrootcert", Some("PGSSLROOTCERT")),
    (Parameter::SslCert, "sslcert", Some("PGSSLCERT")),
    (Parameter::SslKey, "sslkey", Some("PGSSLKEY")),
    (
        Parameter::SslNegotiation,
        "sslnegotiation",
        Some("PGSSLNEGOTIATION"),
    ),
    (
        Parameter::ChannelBinding,
        "channel_binding",
        Some("PGCHANNELBINDING"),
    ),
    (
        Parameter::ConnectTimeout,
        "connect_timeout",
        Some("PGCONNECT_TIMEOUT"),
    ),
    (
        Parameter::ApplicationName,
        "application_name",
        Some("PGAPPNAME"),
    ),
    // The variable may be set for another program; keyctl uses the primary in any case.
    (Parameter::TargetSessionAttrs, "target_session_attrs", None),
];

/// Reason for parameters that keyctl sets itself.
const OWN: &str = "is set by keyctl itself";

/// Reason for parameters of another authentication than by password or certificate.
const OTHER_LOGIN: &str = "is not supported: keyctl logs in by password, certificate or socket";

/// Reason for parameters that have no place in keyctl.
const NOT_TAKEN: &str = "is not supported";

/// Parameters of libpq that keyctl refuses, with the reason.
const REFUSED: [(&str, &str); 35] = [
    ("client_encoding", OWN),
    ("fallback_application_name", NOT_TAKEN),
    ("gssdelegation", OTHER_LOGIN),
    ("gssencmode", OTHER_LOGIN),
    ("gsslib", OTHER_LOGIN),
    ("keepalives", OWN),
    ("keepalives_count", OWN),
    ("keepalives_idle", OWN),
    ("keepalives_interval", OWN),
    ("krbsrvname", OTHER_LOGIN),
    (
        "load_balance_hosts",
        "is not supported: keyctl tries the hosts in their order",
    ),
    ("max_protocol_version", NOT_TAKEN),
    ("min_protocol_version", NOT_TAKEN),
    ("oauth_client_id", OTHER_LOGIN),
    ("oauth_client_secret", OTHER_LOGIN),
    ("oauth_issuer", OTHER_LOGIN),
    ("oauth_scope", OTHER_LOGIN),
    ("options", "is not supported: PgBouncer would drop it"),
    ("replication", NOT_TAKEN),
    ("require_auth", NOT_TAKEN),
    ("requirepeer", NOT_TAKEN),
    ("requiressl", "is not supported: the parameter is sslmode"),
    ("scram_client_key", OTHER_LOGIN),
    ("scram_server_key", OTHER_LOGIN),
    ("servicefile", "is not supported: set PGSERVICEFILE"),
    (
        "ssl_max_protocol_version",
        "is not supported: keyctl takes TLS 1.2 and 1.3",
    ),
    (
        "ssl_min_protocol_version",
        "is not supported: keyctl takes TLS 1.2 and 1.3",
    ),
    ("sslcertmode", NOT_TAKEN),
    ("sslcompression", NOT_TAKEN),
    ("sslcrl", NOT_TAKEN),
    ("sslcrldir", NOT_TAKEN),
    ("sslkeylogfile", NOT_TAKEN),
    (
        "sslpassword",
        "is not supported: the private key may not be encrypted",
    ),
    ("sslsni", OWN),
    ("tcp_user_timeout", OWN),
];

/// Refusal of a parameter.
pub enum NotTaken {
    /// Parameter of libpq that keyctl does not take.
    Refused {
        /// Name.
        name: &'static str,
        /// Reason.
        why: &'static str,
    },
    /// Name that libpq does not know either.
    Unknown {
        /// Advice on what to write instead.
        hint: String,
    },
}

/// Finds the parameter `name`.
pub fn find(name: &str) -> Result<Parameter, NotTaken> {
    if let Some((parameter, ..)) = PARAMETERS.iter().find(|(_, own, _)| *own == name) {
        return Ok(*parameter);
    }
    if let Some(&(name, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Err(NotTaken::Refused { name, why });
    }
    let names = PARAMETERS.map(|(_, name, _)| name);
    let hint = near::suggestion(name, &names);
    Err(NotTaken::Unknown {
        hint: hint.unwrap_or_else(|| format!("known are: {}", names.join(", "))),
    })
}
