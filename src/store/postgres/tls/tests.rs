//! Tests with handshakes in memory.
//!
//! The certificates beside this file are for `db.example` and 127.0.0.1, and all have the key `key.pem`.
//! `server.pem` and `expired.pem` are signed by `authority.pem`; `own.pem` is what `openssl req -x509` makes.

use super::*;
use rustls::pki_types::ServerName;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConnection, ConnectionCommon, ServerConfig, ServerConnection, SideData};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tempfile::TempDir;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/store/postgres/tls")
        .join(name)
}

fn trusting(name: &str) -> Tls {
    Tls {
        roots: Some(file(name)),
        client: None,
        is_direct: false,
    }
}

/// A copy of the private key, mode 0600.
fn key(directory: &TempDir) -> PathBuf {
    let path = directory.path().join("key.pem");
    fs::copy(file("key.pem"), &path).unwrap();
    chmod(&path, 0o600);
    path
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A server with the certificate `name`, that asks for a certificate of the client.
fn server(name: &str) -> ServerConnection {
    let provider = || Arc::new(ring::default_provider());
    let roots = Arc::new(roots_in(&file("authority.pem")).unwrap());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
        .allow_unauthenticated()
        .build()
        .unwrap();
    let key = PrivateKeyDer::from_pem_file(file("key.pem")).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(certificates(&file(name), name).unwrap(), key)
        .unwrap();
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    ServerConnection::new(Arc::new(config)).unwrap()
}

/// Moves what `from` has to send to `to`.
fn send<A: SideData, B: SideData>(
    from: &mut ConnectionCommon<A>,
    to: &mut ConnectionCommon<B>,
) -> std::result::Result<(), rustls::Error> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).unwrap();
    }
    let mut bytes = &bytes[..];
    while !bytes.is_empty() {
        to.read_tls(&mut bytes).unwrap();
        to.process_new_packets()?;
    }
    Ok(())
}

/// The server after a handshake of a client with `tls` that expects the name `host`.
fn shake(
    tls: &Tls,
    certificate: &str,
    host: &'static str,
) -> std::result::Result<ServerConnection, rustls::Error> {
    let name = ServerName::try_from(host).unwrap();
    let client = Arc::new(config(Some(tls)).unwrap());
    let mut client = ClientConnection::new(client, name).unwrap();
    let mut server = server(certificate);
    while client.is_handshaking() || server.is_handshaking() {
        send(&mut client, &mut server)?;
        send(&mut server, &mut client)?;
    }
    Ok(server)
}

#[track_caller]
fn failure(roots: &str, certificate: &str, host: &'static str) -> TlsFailure {
    let error = shake(&trusting(roots), certificate, host).map(drop);
    explain(&error.unwrap_err(), host)
}

#[track_caller]
fn refused(tls: &Tls) -> Error {
    config(Some(tls)).map(drop).unwrap_err()
}

#[test]
fn a_server_with_its_name_and_a_trusted_authority_is_accepted() {
    for host in ["db.example", "127.0.0.1"] {
        let server = shake(&trusting("authority.pem"), "server.pem", host).unwrap();
        assert!(server.peer_certificates().is_none());
        assert_eq!(server.alpn_protocol(), None);
    }
    let direct = Tls {
        is_direct: true,
        ..trusting("authority.pem")
    };
    let server = shake(&direct, "server.pem", "db.example").unwrap();
    assert_eq!(server.alpn_protocol(), Some(PROTOCOL));
}

#[test]
fn a_client_shows_its_certificate() {
    let directory = TempDir::new().unwrap();
    let tls = Tls {
        client: Some(ClientFiles {
            certificate: file("server.pem"),
            key: key(&directory),
        }),
        ..trusting("authority.pem")
    };
    let server = shake(&tls, "server.pem", "db.example").unwrap();
    let shown = certificates(&file("server.pem"), "").unwrap();
    assert_eq!(server.peer_certificates(), Some(&shown[..]));
}

#[test]
fn explain_names_the_fault_of_a_certificate_and_the_remedy() {
    for (roots, certificate, host, message, advice) in [
        (
            "own.pem",
            "server.pem",
            "db.example",
            "the certificate of db.example is from an authority that is not trusted",
            "sslrootcert=FILE",
        ),
        (
            "own.pem",
            "own.pem",
            "db.example",
            "db.example uses the certificate of an authority as its own",
            "basicConstraints CA:FALSE",
        ),
        (
            "authority.pem",
            "expired.pem",
            "db.example",
            "the certificate of db.example, or of its authority, is expired",
            "renew it",
        ),
        (
            "authority.pem",
            "server.pem",
            "other.example",
            "the certificate of other.example is for another name: db.example, 127.0.0.1",
            "hostaddr=ADDRESS",
        ),
    ] {
        let found = failure(roots, certificate, host);
        assert_eq!(found.message, message);
        let hint = found.hint.unwrap_or_default();
        assert!(hint.contains(advice), "{hint}");
    }
}

#[test]
fn explain_escapes_what_a_server_sends() {
    let error = rustls::Error::General("\u{1b}[31m".to_owned());
    let found = explain(&error, "a\nb").message;
    assert!(
        found.contains("a\\u{a}b") && found.contains("\\u{1b}[31m"),
        "{found}"
    );
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let directory = TempDir::new().unwrap();
    let key = key(&directory);
    let shown = key.display();
    let named = |message: &str| message.replace(&shown.to_string(), "FILE");

    let missing = Tls {
        roots: Some("/nowhere/r.pem".into()),
        ..trusting("own.pem")
    };
    assert_eq!(
        refused(&missing).to_string(),
        "cannot read the file '/nowhere/r.pem' (sslrootcert): No such file or directory"
    );
    let no_certificate = Tls {
        roots: Some(key.clone()),
        ..trusting("own.pem")
    };
    assert_eq!(
        named(&refused(&no_certificate).to_string()),
        "the file 'FILE' (sslrootcert) holds no certificate in PEM"
    );

    let with = |certificate: &Path, key: &Path| {
        refused(&Tls {
            client: Some(ClientFiles {
                certificate: certificate.to_owned(),
                key: key.to_owned(),
            }),
            ..trusting("authority.pem")
        })
    };
    assert_eq!(
        with(Path::new("/nowhere/c.pem"), &key).to_string(),
        "cannot read the certificate '/nowhere/c.pem' (sslcert): No such file or directory"
    );
    assert_eq!(
        with(&file("server.pem"), Path::new("/nowhere/k.pem")).to_string(),
        "cannot read the private key '/nowhere/k.pem' (sslkey): No such file or directory"
    );
    fs::copy(file("other-key.pem"), &key).unwrap();
    chmod(&key, 0o600);
    assert!(
        with(&file("server.pem"), &key)
            .to_string()
            .contains("' (sslkey) do not fit together: ")
    );
    chmod(&key, 0o644);
    let error = with(&file("server.pem"), &key);
    assert_eq!(
        named(&error.to_string()),
        "the private key 'FILE' (sslkey) may be read or written by other users, so it is not used"
    );
    assert_eq!(error.hint, Some(format!("chmod 600 {shown}").into()));
    for text in [
        "",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    ] {
        fs::write(&key, text).unwrap();
        chmod(&key, 0o600);
        assert_eq!(
            named(&with(&file("server.pem"), &key).to_string()),
            "the private key 'FILE' (sslkey) holds no private key in PEM that is not encrypted"
        );
    }
}
