//! Certificates of a server.

use super::{check, fails, token};
use crate::exe::harness::{run_with, until};
use crate::harness::postgres::{
    SECRET, Server, Stored, cluster, make_user, private_file, programs,
};
use std::fs;
use std::path::{Path, PathBuf};

/// A certificate of the unit tests of the store's TLS, which say what it is for.
fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/store/postgres/tls")
        .join(name)
}

/// Lets the server use another certificate, or none. Returns once it does.
fn present(server: &Server, name: Option<&str>) {
    let mut admin = server.connect("postgres", "postgres").unwrap();
    let (ssl, file) = match name {
        Some(name) => ("on", name),
        None => ("off", "server.pem"),
    };
    let set = [
        format!("ALTER SYSTEM SET ssl = {ssl}"),
        format!("ALTER SYSTEM SET ssl_cert_file = '{file}'"),
        "ALTER SYSTEM SET ssl_key_file = 'key.pem'".to_owned(),
        "SELECT pg_reload_conf()".to_owned(),
    ];
    for sql in set {
        admin.batch_execute(&sql).unwrap();
    }
    let show = "SELECT current_setting('ssl') || current_setting('ssl_cert_file')";
    until("the certificate is in use", || {
        let mut session = server.connect("postgres", "postgres").unwrap();
        let shown: String = session.query_one(show, &[]).unwrap().get(0);
        shown == format!("{ssl}{file}")
    });
}

#[test]
fn a_server_is_trusted_by_its_certificate_alone() {
    if cluster().is_none() {
        return;
    }
    let server = Server::start(&programs().unwrap(), &["fsync=off"]);
    let data = server.directory().join("data");
    for name in ["server.pem", "expired.pem", "own.pem", "key.pem"] {
        private_file(&data, name, &fs::read(certificate(name)).unwrap());
    }
    let rules = "local all postgres trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
    private_file(&data, "pg_hba.conf", rules.as_bytes());
    let mut admin = server.connect("postgres", "postgres").unwrap();
    admin.batch_execute(&make_user()).unwrap();
    let port = server.port();
    let url = |host: &str, roots: &str| {
        let roots = certificate(roots);
        format!(
            "postgres://ann:{SECRET}@{host}:{port}/postgres?hostaddr=127.0.0.1&sslrootcert={}",
            roots.display()
        )
    };
    let directory = server.directory().display();
    let founder = format!("postgres://postgres@/postgres?host={directory}&port={port}");
    present(&server, Some("server.pem"));
    let bound = url("127.0.0.1", "authority.pem") + "&channel_binding=require";
    let stored = Stored::found(&founder, bound);
    let of_store = stored.create();
    stored.verify(&of_store).code(0);

    fails(
        &url("db.other", "authority.pem"),
        "the certificate of db.other is for another name: db.example, 127.0.0.1",
        "hostaddr=ADDRESS",
    );
    let usual = url("127.0.0.1", "");
    let (usual, _) = usual.split_once("&sslrootcert").unwrap();
    let mut command = stored.by(usual, "verify");
    command.env("SSL_CERT_FILE", certificate("own.pem"));
    let ran = run_with(&mut command, token());
    check(
        &ran,
        "is from an authority that is not trusted",
        "sslrootcert=FILE",
    );

    present(&server, Some("expired.pem"));
    let trusted = url("127.0.0.1", "authority.pem");
    fails(&trusted, "or of its authority, is expired", "renew it");
    present(&server, Some("own.pem"));
    let own = url("127.0.0.1", "own.pem");
    fails(
        &own,
        "uses the certificate of an authority as its own",
        "CA:FALSE",
    );
    present(&server, None);
    fails(&trusted, "does not speak TLS", "ssl = on");
    present(&server, Some("server.pem"));
    stored.verify(&of_store).code(0);
    assert!(!server.log().contains(SECRET));
}
