//! TLS to a PostgreSQL server: the certificates that are trusted, that of the client, and words for the errors
//! of a handshake.

mod connector;

pub use connector::Connector;

use super::server::{ClientFiles, PrivateFile, Tls};
use crate::error::{Error, ErrorSource, Result, escape, quote};
use crate::hint;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{CertificateError, ClientConfig, OtherError, RootCertStore};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Protocol that a connection names which begins with TLS at once (ALPN).
const PROTOCOL: &[u8] = b"postgresql";

/// Returns the TLS of a connection with the settings `tls`; for `None`, one that trusts nobody. Loads the
/// certificates of the system only if they are needed.
///
/// # Errors
///
/// Fails if a certificate or a key cannot be read, if others may read the key, and if there is nothing to
/// trust.
pub fn connector(tls: Option<&Tls>) -> Result<Connector> {
    Ok(Connector::new(MakeRustlsConnect::new(config(tls)?)))
}

fn config(tls: Option<&Tls>) -> Result<ClientConfig> {
    let roots = match tls.map(|tls| tls.roots.as_deref()) {
        None => RootCertStore::empty(),
        Some(None) => roots_of_system()?,
        Some(Some(path)) => roots_in(path)?,
    };
    // Explicitly, so that nothing depends on a default of the process.
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| unusable("TLS cannot be set up").because(ErrorSource::of(cause)))?
        .with_root_certificates(roots);
    let mut config = match tls.and_then(|tls| tls.client.as_ref()) {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let (certificates, key) = client_certificate(client)?;
            builder
                .with_client_auth_cert(certificates, key)
                .map_err(|cause| mismatched(client).because(ErrorSource::of(cause)))?
        }
    };
    if tls.is_some_and(|tls| tls.is_direct) {
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
    }
    Ok(config)
}

fn mismatched(client: &ClientFiles) -> Error {
    unusable(format!(
        "the certificate {} (sslcert) and the private key {} (sslkey) do not fit together",
        shown(&client.certificate),
        shown(&client.key)
    ))
}

fn unusable(message: impl Into<String>) -> Error {
    Error::unavailable(message)
}

fn shown(path: &Path) -> String {
    quote(&path.to_string_lossy())
}

fn roots_of_system() -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let loaded = rustls_native_certs::load_native_certs();
    // Some are of a kind that rustls does not support.
    roots.add_parsable_certificates(loaded.certs);
    if !roots.is_empty() {
        return Ok(roots);
    }
    let error = unusable("this system has no certificates of authorities to trust").hint(
        "install them (Debian: ca-certificates), or name those of the server: sslrootcert=FILE",
    );
    Err(match loaded.errors.into_iter().next() {
        Some(cause) => error.because(ErrorSource::of(cause)),
        None => error,
    })
}

fn roots_in(path: &Path) -> Result<RootCertStore> {
    let named = format!("the file {} (sslrootcert)", shown(path));
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, &named)? {
        roots.add(certificate).map_err(|cause| {
            unusable(format!("{named} has a certificate that cannot be used"))
                .because(ErrorSource::of(cause))
        })?;
    }
    Ok(roots)
}

/// Reads the certificates in the PEM file at `path`, at least one.
fn certificates(path: &Path, named: &str) -> Result<Vec<CertificateDer<'static>>> {
    let bytes =
        fs::read(path).map_err(|cause| unusable(format!("cannot read {named}")).because(cause))?;
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(unusable(format!("{named} holds no certificate in PEM"))),
    }
}

/// Reads the certificate of a client and its private key.
fn client_certificate(
    client: &ClientFiles,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let named = format!("the certificate {} (sslcert)", shown(&client.certificate));
    let certificates = certificates(&client.certificate, &named)?;
    Ok((certificates, private_key(&client.key)?))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    let named = format!("the private key {} (sslkey)", shown(path));
    let file = PrivateFile::read(path)
        .map_err(|cause| unusable(format!("cannot read {named}")).because(cause))?;
    if !file.is_private_key() {
        return Err(unusable(format!(
            "{named} may be read or written by other users, so it is not used"
        ))
        .hint(format!("chmod 600 {}", hint::word(path.display()))));
    }
    PrivateKeyDer::from_pem_slice(&file.bytes).map_err(|cause| {
        let why = match cause {
            pem::Error::NoItemsFound => "holds no private key in PEM that is not encrypted",
            _ => "is damaged",
        };
        unusable(format!("{named} {why}"))
    })
}

/// Words for an error of TLS.
#[derive(Debug, PartialEq, Eq)]
pub struct TlsFailure {
    /// Event, without the host.
    pub message: String,
    /// Advice on what to do.
    pub hint: Option<&'static str>,
}

/// Says in words why a handshake with `host` (its name, as a certificate has it) failed.
pub fn explain(error: &rustls::Error, host: &str) -> TlsFailure {
    let host = escape(host);
    let (message, hint) = match error {
        rustls::Error::InvalidCertificate(certificate) => explain_certificate(certificate, &host),
        rustls::Error::NoCertificatesPresented => (format!("{host} has no certificate"), None),
        rustls::Error::AlertReceived(_) => (
            format!("{host} refused TLS: {}", escape(&error.to_string())),
            Some(
                "a server that asks for a certificate of the client needs sslcert=FILE and sslkey=FILE",
            ),
        ),
        _ => (
            format!("TLS with {host} failed: {}", escape(&error.to_string())),
            None,
        ),
    };
    TlsFailure { message, hint }
}

fn explain_certificate(error: &CertificateError, host: &str) -> (String, Option<&'static str>) {
    match error {
        CertificateError::UnknownIssuer => (
            format!("the certificate of {host} is from an authority that is not trusted"),
            Some(
                "a private authority, as that of Amazon RDS or of a company, is trusted by \
                  sslrootcert=FILE; an intermediate certificate belongs into the server's ssl_cert_file, \
                  behind its own",
            ),
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            format!("the certificate of {host}, or of its authority, is expired"),
            Some("renew it and reload the server; if it is valid, this machine's clock is wrong"),
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            format!("the certificate of {host}, or of its authority, is not valid yet"),
            Some("if it should be, this machine's clock is wrong"),
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            wrong_name(error, host),
            Some(
                "connect by a name that the certificate has, with hostaddr=ADDRESS where that name leads \
                  elsewhere; or give the server a certificate with this name as a subjectAltName",
            ),
        ),
        CertificateError::Other(OtherError(cause)) if is_authority(&cause.to_string()) => (
            format!("{host} uses the certificate of an authority as its own"),
            Some(
                "a self-signed certificate must not be one of an authority (basicConstraints CA:FALSE); \
                  or make an authority, let it sign the server's certificate, and trust it by sslrootcert=FILE",
            ),
        ),
        CertificateError::BadSignature => (
            format!("the certificate of {host} is not signed by its authority"),
            Some("sslrootcert=FILE may be an older certificate of that authority"),
        ),
        CertificateError::Revoked => (format!("the certificate of {host} is revoked"), None),
        _ => (
            format!(
                "the certificate of {host} is not valid: {}",
                escape(&error.to_string())
            ),
            None,
        ),
    }
}

/// Tells whether `cause`, the text of an error of webpki, is `CaUsedAsEndEntity`. The type is not public.
fn is_authority(cause: &str) -> bool {
    cause.contains("CaUsedAsEndEntity")
}

fn wrong_name(error: &CertificateError, host: &str) -> String {
    let presented = match error {
        CertificateError::NotValidForNameContext { presented, .. } => presented.as_slice(),
        _ => &[],
    };
    let names: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
    match names.is_empty() {
        true => format!("the certificate of {host} has no name that can be checked"),
        false => format!(
            "the certificate of {host} is for another name: {}",
            escape(&names.join(", "))
        ),
    }
}

/// Returns the name in `presented`, which webpki writes as `DnsName("h")` or `IpAddress(::1)`.
fn bare(presented: &str) -> &str {
    let (_, name) = presented.split_once('(').unwrap_or(("", presented));
    name.trim_end_matches(')').trim_matches('"')
}

#[cfg(test)]
mod tests;
