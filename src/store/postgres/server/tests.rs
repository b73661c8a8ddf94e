//! Tests of the whole way from a URL to a configuration.

use super::*;
use crate::error::{Error, FailureKind};
use crate::hint::{Hint, Part};
use proptest::prelude::*;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Environment of a test: the user `alice`, and these variables.
#[derive(Default)]
struct World(Vec<(String, OsString)>);

impl World {
    fn with<const N: usize>(variables: [(&str, &str); N]) -> Self {
        let variables = variables.map(|(name, value)| (name.to_owned(), value.into()));
        World(variables.into())
    }

    fn parse(&self, url: &str, variable: Option<&'static str>) -> Result<Server> {
        let around = Surroundings {
            variable: &|name| {
                let found = self.0.iter().find(|(own, _)| own == name);
                found.map(|(_, value)| value.clone())
            },
            user: &|| "alice".to_owned(),
        };
        Server::parse(url, variable, &around)
    }

    #[track_caller]
    fn server(&self, url: &str) -> Server {
        self.parse(url, Some("KEYCTL_DB")).unwrap()
    }

    /// The error for `url` in KEYCTL_DB.
    #[track_caller]
    fn refused(&self, url: &str) -> Error {
        let error = self.parse(url, Some("KEYCTL_DB")).unwrap_err();
        assert_eq!(error.kind, FailureKind::Usage, "{error}");
        error
    }
}

#[track_caller]
fn server(url: &str) -> Server {
    World::default().server(url)
}

fn tcp(name: &str, port: u16) -> Host {
    let addr = name.parse().ok();
    let name = name.to_owned();
    Host::Tcp { name, addr, port }
}

fn unix(directory: &str, port: u16) -> Host {
    let directory = PathBuf::from(directory);
    Host::Unix { directory, port }
}

fn verify_full(server: &Server) -> &Tls {
    match &server.tls {
        TlsMode::VerifyFull(tls) => tls,
        TlsMode::Disable => panic!("{server:?} is plain text"),
    }
}

/// The password in the configuration for the first host.
#[track_caller]
fn password(server: &Server) -> Option<String> {
    let config = server.config(&server.hosts[0]).unwrap();
    config
        .get_password()
        .map(|password| String::from_utf8(password.to_vec()).unwrap())
}

fn hint(error: &Error) -> String {
    let parts = error.hint.as_ref().map_or(&[][..], Hint::parts);
    let texts = parts.iter().map(|part| match part {
        Part::Text(text) => text.as_str(),
        Part::Command { line, .. } => line,
    });
    texts.collect()
}

/// A file that only its owner may access.
fn private_file(directory: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, text).unwrap();
    chmod(&path, 0o600);
    path
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_url_names_hosts_user_and_database() {
    let usual = "/var/run/postgresql";
    for (url, user, hosts, database, shown) in [
        (
            "postgres://bob@db.example/keys",
            "bob",
            vec![tcp("db.example", 5432)],
            "keys",
            "postgres://bob@db.example/keys",
        ),
        (
            "postgresql://bob@h1:5433,h2,[::1]:5434/keys",
            "bob",
            vec![tcp("h1", 5433), tcp("h2", 5432), tcp("::1", 5434)],
            "keys",
            "postgresql://bob@h1:5433,h2,[::1]:5434/keys",
        ),
        (
            "postgres://",
            "alice",
            vec![unix(usual, 5432)],
            "alice",
            "postgres://alice@%2Fvar%2Frun%2Fpostgresql/alice",
        ),
        (
            "postgres:///keys",
            "alice",
            vec![unix(usual, 5432)],
            "keys",
            "postgres://alice@%2Fvar%2Frun%2Fpostgresql/keys",
        ),
        (
            "postgres://bob@?port=5433",
            "bob",
            vec![unix(usual, 5433)],
            "bob",
            "postgres://bob@%2Fvar%2Frun%2Fpostgresql:5433/bob",
        ),
        (
            "postgres://b%40x:p%2Fw@%2Frun%2Fpg:6432/k%20k",
            "b@x",
            vec![unix("/run/pg", 6432)],
            "k k",
            "postgres://b%40x@%2Frun%2Fpg:6432/k%20k",
        ),
        (
            "postgres:///keys?host=/run/pg",
            "alice",
            vec![unix("/run/pg", 5432)],
            "keys",
            "postgres://alice@%2Frun%2Fpg/keys",
        ),
        (
            "postgres://?host=h1,/run/pg,127.0.0.1&port=1,,65535&user=bob&dbname=m%C3%BCll",
            "bob",
            vec![tcp("h1", 1), unix("/run/pg", 5432), tcp("127.0.0.1", 65535)],
            "müll",
            "postgres://bob@h1:1,%2Frun%2Fpg,127.0.0.1:65535/m%C3%BCll",
        ),
        (
            "postgres://h1,h2/?port=6432",
            "alice",
            vec![tcp("h1", 6432), tcp("h2", 6432)],
            "alice",
            "postgres://alice@h1:6432,h2:6432/alice",
        ),
        (
            "postgres://h/?hostaddr=10.0.0.1",
            "alice",
            vec![Host::Tcp {
                name: "h".to_owned(),
                addr: "10.0.0.1".parse().ok(),
                port: 5432,
            }],
            "alice",
            "postgres://alice@h/alice",
        ),
        (
            "postgres://?hostaddr=10.0.0.1,::1",
            "alice",
            vec![tcp("10.0.0.1", 5432), tcp("::1", 5432)],
            "alice",
            "postgres://alice@10.0.0.1,[::1]/alice",
        ),
    ] {
        let server = server(url);
        assert_eq!(server.hosts, hosts, "{url}");
        assert_eq!(server.user, user, "{url}");
        assert_eq!(server.database, database, "{url}");
        assert_eq!(server.shown, shown, "{url}");
        assert_eq!(format!("{server:?}"), format!("Server({shown:?})"));
        // What is shown names the same server again.
        let again = World::default().server(shown);
        assert_eq!(
            (&again.user, &again.database),
            (&server.user, &server.database)
        );
        assert_eq!(again.shown, shown);
    }
}

#[test]
fn a_malformed_url_is_refused_by_the_part_at_fault_alone() {
    for (url, message) in [
        (
            "postgres:/h/d",
            "KEYCTL_DB is not the URL of a PostgreSQL server",
        ),
        (
            "POSTGRES://h/d",
            "KEYCTL_DB is not the URL of a PostgreSQL server",
        ),
        (
            "postgres://h/d\n",
            "KEYCTL_DB has a space, a line break or a control character in it",
        ),
        (
            "postgres://u:p w@h/d",
            "KEYCTL_DB has a space, a line break or a control character in it",
        ),
        (
            "postgres://u:p\0w@h/d",
            "KEYCTL_DB has a space, a line break or a control character in it",
        ),
        (
            "postgres://u:p@w@h/d",
            "KEYCTL_DB has more than one '@' in it",
        ),
        (
            "postgres://u:p/w@h/d",
            "KEYCTL_DB has a '/' or a '?' before the '@'",
        ),
        (
            "postgres://u:1?w@h/d",
            "KEYCTL_DB has a '/' or a '?' before the '@'",
        ),
        (
            "postgres://u:p%w@h/d",
            "the password in KEYCTL_DB is not percent-encoded UTF-8",
        ),
        (
            "postgres://u:p%ff@h/d",
            "the password in KEYCTL_DB is not percent-encoded UTF-8",
        ),
        (
            "postgres://u:p%00w@h/d",
            "the password in KEYCTL_DB has a NUL in it",
        ),
        ("postgres://u:@h/d", "the password in KEYCTL_DB is empty"),
        ("postgres://@h/d", "the user in KEYCTL_DB is empty"),
        ("postgres://:pw@h/d", "the user in KEYCTL_DB is empty"),
        (
            "postgres://u%zz@h/d",
            "the user in KEYCTL_DB is not percent-encoded UTF-8",
        ),
        (
            "postgres://h/d%00",
            "the database in KEYCTL_DB has a NUL in it",
        ),
        ("postgres://h,,g/d", "the host in KEYCTL_DB is empty"),
        ("postgres://:5432/d", "the host in KEYCTL_DB is empty"),
        (
            "postgres://a%2Cb/d",
            "the host in KEYCTL_DB has a comma in it",
        ),
        (
            "postgres://a%00b/d",
            "the host in KEYCTL_DB has a NUL in it",
        ),
        (
            "postgres://m%C3%BCll/d",
            "the host in KEYCTL_DB is no host name, IP address or absolute path of a directory",
        ),
        (
            "postgres://[::1/d",
            "the host in KEYCTL_DB is no IPv6 address in brackets",
        ),
        (
            "postgres://[h]/d",
            "the host in KEYCTL_DB is no IPv6 address in brackets",
        ),
        (
            "postgres://[::1]5432/d",
            "the host in KEYCTL_DB is no IPv6 address in brackets",
        ),
        (
            "postgres://::1/d",
            "the host in KEYCTL_DB is no IPv6 address in brackets",
        ),
        ("postgres://u:pw/d", "the port in KEYCTL_DB is not a number"),
        ("postgres://h:/d", "the port in KEYCTL_DB is empty"),
        (
            "postgres://h:0/d",
            "the port in KEYCTL_DB is not a number from 1 to 65535",
        ),
        (
            "postgres://h:65536/d",
            "the port in KEYCTL_DB is not a number from 1 to 65535",
        ),
        (
            "postgres://h/d?sslmode",
            "a parameter in KEYCTL_DB has no '=' and no value",
        ),
        (
            "postgres://h/d?",
            "a parameter in KEYCTL_DB has no '=' and no value",
        ),
        (
            "postgres://h/d?=x",
            "the parameter '' in KEYCTL_DB is unknown",
        ),
        (
            "postgres://h/d?host=g",
            "the parameter host in KEYCTL_DB is given twice",
        ),
        (
            "postgres://h:1/d?port=2",
            "the parameter port in KEYCTL_DB is given twice",
        ),
        (
            "postgres://u@h/d?user=v",
            "the parameter user in KEYCTL_DB is given twice",
        ),
        (
            "postgres://h/d?dbname=e",
            "the parameter dbname in KEYCTL_DB is given twice",
        ),
        (
            "postgres://u:p@h?password=q",
            "the parameter password in KEYCTL_DB is given twice",
        ),
        (
            "postgres://h/d?sslmode=disable&sslmode=disable",
            "the parameter sslmode in KEYCTL_DB is given twice",
        ),
        (
            "postgres://h/d?user=",
            "the parameter user in KEYCTL_DB is empty",
        ),
        (
            "postgres://h1,h2/d?port=1,2,3",
            "the parameter port in KEYCTL_DB has not one port for each host",
        ),
        (
            "postgres://h1,h2/d?hostaddr=::1",
            "the parameter hostaddr in KEYCTL_DB has not one address for each host",
        ),
        (
            "postgres://h/d?hostaddr=g",
            "the parameter hostaddr in KEYCTL_DB is not an IP address",
        ),
        (
            "postgres:///d?host=/run&hostaddr=::1",
            "the parameter hostaddr in KEYCTL_DB is for a host, but the host is a directory",
        ),
        (
            "postgres:///d?host=a,,b",
            "the parameter host in KEYCTL_DB has an empty host in it",
        ),
        (
            "postgres:///d?hostaddr=::1,",
            "the parameter hostaddr in KEYCTL_DB has an empty host in it",
        ),
        (
            "postgres:///d?host=%40abstract",
            "the parameter host in KEYCTL_DB is no host name, IP address or absolute path of a directory",
        ),
    ] {
        assert_eq!(World::default().refused(url).to_string(), message, "{url}");
    }
    let hosts = |count: usize| format!("postgres://{}/d", vec!["h"; count].join(","));
    assert_eq!(server(&hosts(16)).hosts.len(), 16);
    assert_eq!(
        World::default().refused(&hosts(17)).to_string(),
        "the host in KEYCTL_DB names 17 hosts, and 16 are allowed"
    );
}

#[test]
fn a_parameter_that_keyctl_does_not_take_is_refused_with_the_reason() {
    for (parameter, message, advice) in [
        (
            "options=-c%20x%3D1",
            "the parameter options in KEYCTL_DB is not supported: PgBouncer would drop it",
            "leave it out",
        ),
        (
            "gssencmode=disable",
            "the parameter gssencmode in KEYCTL_DB is not supported: keyctl logs in by password, certificate or socket",
            "leave it out",
        ),
        (
            "keepalives_idle=1",
            "the parameter keepalives_idle in KEYCTL_DB is set by keyctl itself",
            "leave it out",
        ),
        (
            "sslmod=disable",
            "the parameter 'sslmod' in KEYCTL_DB is unknown",
            "did you mean 'sslmode'?",
        ),
        (
            "password=a&hunter2=b",
            "a parameter in KEYCTL_DB is unknown",
            "in a password, & is written %26",
        ),
        (
            "sslmode=prefer",
            "the parameter sslmode in KEYCTL_DB is prefer, which falls back to plain text, in which others could read hashes of tokens",
            "write verify-full, with sslrootcert=FILE for a private authority; disable is plain text",
        ),
        (
            "sslmode=allow",
            "the parameter sslmode in KEYCTL_DB is allow, which falls back to plain text, in which others could read hashes of tokens",
            "write verify-full, with sslrootcert=FILE for a private authority; disable is plain text",
        ),
        (
            "sslmode=require",
            "the parameter sslmode in KEYCTL_DB is require, which does not check the server's certificate: somebody in between could read hashes of tokens",
            "write verify-full, with sslrootcert=FILE for a private authority; disable is plain text",
        ),
        (
            "sslmode=verify-ca",
            "the parameter sslmode in KEYCTL_DB is verify-ca, which does not check the server's name: somebody in between could read hashes of tokens",
            "write verify-full, with sslrootcert=FILE for a private authority; disable is plain text",
        ),
        (
            "sslmode=hunter2",
            "the parameter sslmode in KEYCTL_DB is not a mode of TLS",
            "it takes: verify-full, disable",
        ),
        (
            "sslmode=disable&sslnegotiation=direct",
            "the parameter sslnegotiation in KEYCTL_DB needs TLS",
            "leave out sslmode=disable, or sslnegotiation=direct",
        ),
        (
            "sslnegotiation=x",
            "the parameter sslnegotiation in KEYCTL_DB is none of its words",
            "it takes: postgres, direct",
        ),
        (
            "sslmode=disable&channel_binding=require",
            "the parameter channel_binding in KEYCTL_DB is require, which needs TLS",
            "leave out sslmode=disable",
        ),
        (
            "channel_binding=x",
            "the parameter channel_binding in KEYCTL_DB is none of its words",
            "it takes: disable, prefer, require",
        ),
        (
            "target_session_attrs=standby",
            "the parameter target_session_attrs in KEYCTL_DB is none of its words",
            "leave it out: keyctl uses the primary, since a standby may still have keys that are revoked",
        ),
        (
            "sslcert=c.pem",
            "the parameter sslcert in KEYCTL_DB needs sslkey too",
            "",
        ),
        (
            "sslkey=k.pem",
            "the parameter sslkey in KEYCTL_DB needs sslcert too",
            "",
        ),
        (
            "connect_timeout=0",
            "the parameter connect_timeout in KEYCTL_DB is not a number of seconds from 1 to 3600",
            "",
        ),
        (
            "connect_timeout=3601",
            "the parameter connect_timeout in KEYCTL_DB is not a number of seconds from 1 to 3600",
            "",
        ),
    ] {
        let error = World::default().refused(&format!("postgres://h/d?{parameter}"));
        assert_eq!(
            (error.to_string().as_str(), hint(&error).as_str()),
            (message, advice)
        );
    }
    let error = World::default().refused("postgres://h/d?zzz=1");
    assert!(
        hint(&error).starts_with("known are: host, hostaddr, "),
        "{error}"
    );
}

#[test]
fn a_password_in_an_argument_is_refused() {
    for url in [
        "postgres://u:hunter2@h/d",
        "postgres://u:@h/d",
        "postgres://u:hunt@er2@h/d",
        "postgres://h/d?password=hunter2",
        "postgres://h/d?p%61ssword=hunter2",
        "postgres://u:hunter2@h/d?nonsense",
    ] {
        let error = World::default().parse(url, None).unwrap_err();
        assert_eq!(error.kind, FailureKind::Usage);
        assert_eq!(error.to_string(), "--db has a password in it");
        assert_eq!(
            hint(&error),
            "put the password into ~/.pgpass or PGPASSWORD, or the URL into KEYCTL_DB; others can \
             read arguments with ps: treat the password in this one as leaked"
        );
    }
    let server = World::default()
        .parse("postgres://u@h:5432/d", None)
        .unwrap();
    assert_eq!(server.variable, None);
    for (url, expected) in [
        ("postgres://u:hunter2@h/d", "hunter2"),
        ("postgres://u:a%40b%3A%2F:#$@h/d", "a@b:/:#$"),
        ("postgres://h/d?password=a=b%26", "a=b&"),
    ] {
        let server = World::default().server(url);
        assert_eq!(server.variable, Some("KEYCTL_DB"));
        assert_eq!(password(&server).as_deref(), Some(expected));
    }
}

#[test]
fn tls_is_verify_full_over_tcp_unless_it_is_disabled() {
    let both = server("postgres://h,%2Frun%2Fpg/d");
    let [over_tcp, over_socket] = &both.hosts[..] else {
        panic!("{both:?}")
    };
    let config = both.config(over_tcp).unwrap();
    assert_eq!(config.get_ssl_mode(), SslMode::Require);
    assert_eq!(config.get_ssl_negotiation(), SslNegotiation::Postgres);
    assert!(both.tls_to(over_tcp).is_some());
    assert_eq!(
        both.config(over_socket).unwrap().get_ssl_mode(),
        SslMode::Disable
    );
    assert!(both.tls_to(over_socket).is_none());

    let plain = server("postgres://h/d?sslmode=disable");
    assert_eq!(plain.tls, TlsMode::Disable);
    assert_eq!(
        plain.config(&plain.hosts[0]).unwrap().get_ssl_mode(),
        SslMode::Disable
    );

    let direct = server(
        "postgres://h/d?sslmode=verify-full&sslnegotiation=direct&sslrootcert=/r.pem&sslcert=c&sslkey=k",
    );
    assert_eq!(
        direct.tls,
        TlsMode::VerifyFull(Tls {
            roots: Some("/r.pem".into()),
            client: Some(ClientFiles {
                certificate: "c".into(),
                key: "k".into()
            }),
            is_direct: true,
        })
    );
    let config = direct.config(&direct.hosts[0]).unwrap();
    assert_eq!(config.get_ssl_negotiation(), SslNegotiation::Direct);
    let system = server("postgres://h/d?sslrootcert=system");
    assert_eq!(verify_full(&system).roots, None);
}

#[test]
fn a_configuration_has_one_host_and_timeouts() {
    let server = server("postgres://bob@h:1,g/keys?hostaddr=::1,&connect_timeout=7");
    let config = server.config(&server.hosts[0]).unwrap();
    assert_eq!(
        config.get_hosts(),
        [tokio_postgres::config::Host::Tcp("h".to_owned())]
    );
    assert_eq!(
        config.get_hostaddrs(),
        ["::1".parse::<std::net::IpAddr>().unwrap()]
    );
    assert_eq!(config.get_ports(), [1]);
    assert_eq!(config.get_user(), Some("bob"));
    assert_eq!(config.get_dbname(), Some("keys"));
    assert_eq!(config.get_password(), None);
    assert_eq!(config.get_options(), None);
    assert_eq!(config.get_application_name(), Some("keyctl"));
    assert_eq!(config.get_channel_binding(), ChannelBinding::Prefer);
    let seconds = Duration::from_secs;
    assert_eq!(config.get_connect_timeout(), Some(&seconds(7)));
    assert_eq!(config.get_tcp_user_timeout(), Some(&seconds(10)));
    assert!(config.get_keepalives());
    assert_eq!(config.get_keepalives_idle(), seconds(10));
    assert_eq!(config.get_keepalives_interval(), Some(seconds(5)));
    assert_eq!(config.get_keepalives_retries(), Some(3));
    let config = server.config(&server.hosts[1]).unwrap();
    assert_eq!(
        config.get_hosts(),
        [tokio_postgres::config::Host::Tcp("g".to_owned())]
    );
    assert!(config.get_hostaddrs().is_empty());
    assert_eq!(
        super::settings::timeout(&Parameters::default()).unwrap(),
        seconds(5)
    );
}

#[test]
fn variables_of_libpq_complete_a_url() {
    let world = World::with([
        ("PGHOST", "h1,h2"),
        ("PGPORT", "1,2"),
        ("PGUSER", "carol"),
        ("PGDATABASE", "keys"),
        ("PGPASSWORD", "hunter2"),
        ("PGSSLROOTCERT", "/r.pem"),
        ("PGSSLCERT", "/c.pem"),
        ("PGSSLKEY", "/k.pem"),
        ("PGCONNECT_TIMEOUT", "9"),
        ("PGAPPNAME", "gate"),
        ("PGCHANNELBINDING", "require"),
        ("PGTARGETSESSIONATTRS", "standby"),
        ("PGOPTIONS", "-c x=1"),
    ]);
    let server = world.server("postgres://");
    assert_eq!(server.shown, "postgres://carol@h1:1,h2:2/keys");
    assert_eq!(password(&server).as_deref(), Some("hunter2"));
    let tls = verify_full(&server);
    assert_eq!(tls.roots.as_deref(), Some(Path::new("/r.pem")));
    assert_eq!(tls.client.as_ref().unwrap().key, Path::new("/k.pem"));
    let config = server.config(&server.hosts[0]).unwrap();
    assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(9)));
    assert_eq!(config.get_application_name(), Some("gate"));
    assert_eq!(config.get_channel_binding(), ChannelBinding::Require);
    assert_eq!(config.get_options(), None);

    // What the URL says comes first, and its host takes no address of another.
    let world = World::with([("PGHOST", "h1"), ("PGHOSTADDR", "::1"), ("PGUSER", "carol")]);
    let server = world.server("postgres://bob@g/d");
    assert_eq!(server.hosts, [tcp("g", 5432)]);
    assert_eq!(server.user, "bob");

    for (name, value, message) in [
        ("PGPORT", "x", "PGPORT is not a number from 1 to 65535"),
        (
            "PGHOST",
            "a b",
            "PGHOST is no host name, IP address or absolute path of a directory",
        ),
        (
            "PGSSLMODE",
            "prefer",
            "PGSSLMODE is prefer, which falls back to plain text, in which others could read hashes of tokens",
        ),
        (
            "PGSSLMODE",
            "require",
            "PGSSLMODE is require, which does not check the server's certificate: somebody in between could read hashes of tokens",
        ),
    ] {
        assert_eq!(
            World::with([(name, value)])
                .refused("postgres://")
                .to_string(),
            message
        );
    }
    // An empty variable counts as unset.
    let world = World::with([("PGSSLMODE", ""), ("PGHOST", "")]);
    assert_eq!(
        world.server("postgres://").hosts,
        [unix("/var/run/postgresql", 5432)]
    );
}

#[test]
fn a_variable_that_is_not_utf_8_is_refused_by_its_name() {
    use std::os::unix::ffi::OsStringExt;
    let bytes = OsString::from_vec(b"hunter\xff".to_vec());
    let world = World(vec![("PGPASSWORD".to_owned(), bytes)]);
    let error = world.refused("postgres://h/d");
    assert_eq!(error.to_string(), "PGPASSWORD is not UTF-8");
}

#[test]
fn a_password_comes_from_the_url_then_the_variable_then_the_passfile() {
    let directory = TempDir::new().unwrap();
    let home = directory.path().to_str().unwrap();
    private_file(&directory, ".pgpass", "h:5432:d:u:from-home\n");
    let named = private_file(&directory, "named", "h:5432:d:u:from-named\n");
    let named = named.to_str().unwrap();
    let in_url = format!("postgres://u@h/d?passfile={named}");
    for (variables, url, expected) in [
        (
            vec![("PGPASSWORD", "from-variable")],
            "postgres://u:from-url@h/d",
            "from-url",
        ),
        (
            vec![("PGPASSWORD", "from-variable"), ("PGPASSFILE", named)],
            "postgres://u@h/d",
            "from-variable",
        ),
        (
            vec![("PGPASSFILE", named)],
            "postgres://u@h/d",
            "from-named",
        ),
        (vec![("PGPASSFILE", "/nowhere")], &in_url, "from-named"),
        (vec![], "postgres://u@h/d", "from-home"),
    ] {
        let mut world = World::with([("HOME", home)]);
        for (name, value) in variables {
            world.0.push((name.to_owned(), value.into()));
        }
        assert_eq!(
            password(&world.server(url)).as_deref(),
            Some(expected),
            "{url}"
        );
    }
    let world = World::with([("HOME", home)]);
    assert_eq!(password(&world.server("postgres://other@h/d")), None);
    let world = World::with([("HOME", home), ("PGPASSFILE", "/dev/null")]);
    assert_eq!(password(&world.server("postgres://u@h/d")), None);
    assert_eq!(password(&server("postgres://u@h/d")), None);
}

#[test]
fn a_passfile_is_read_when_a_connection_is_made_and_refused_if_others_may_access_it() {
    let directory = TempDir::new().unwrap();
    let home = directory.path().to_str().unwrap();
    let world = World::with([("HOME", home)]);
    let server = world.server("postgres://u@h/d");
    assert_eq!(password(&server), None);
    let path = private_file(&directory, ".pgpass", "*:*:*:*:hunter2\n");
    assert_eq!(password(&server).as_deref(), Some("hunter2"));

    let refused = |server: &Server| {
        let error = server.config(&server.hosts[0]).map(drop).unwrap_err();
        assert_eq!(error.kind, FailureKind::Unavailable);
        (error.to_string(), hint(&error))
    };
    let shown = path.display();
    for mode in [0o640, 0o604, 0o620, 0o602, 0o601] {
        chmod(&path, mode);
        let expected = format!(
            "the passfile '{shown}' may be read or written by other users, so it is not used"
        );
        assert_eq!(refused(&server), (expected, format!("chmod 600 {shown}")));
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(
        refused(&server).0,
        format!("cannot read the passfile '{shown}': it is not a regular file")
    );
    let missing = world.server("postgres://u@h/d?passfile=/nowhere/passfile");
    assert_eq!(
        refused(&missing).0,
        "cannot read the passfile '/nowhere/passfile': No such file or directory"
    );
    let pipe = directory.path().join("pipe");
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, 0o600.into(), 0).unwrap();
    let pipe = World::with([("PGPASSFILE", pipe.to_str().unwrap())]);
    let server = pipe.server("postgres://u@h/d");
    assert!(refused(&server).0.ends_with(": it is not a regular file"));
}

#[test]
fn a_service_gives_what_the_url_leaves_out() {
    let directory = TempDir::new().unwrap();
    let home = directory.path().to_str().unwrap();
    let text = "# comment\n[other]\nhost=other\n\n  [prod]\r\nhost=h1,h2\nport=1\nuser=carol\n\
                # comment\npassword=hunter2\ndbname=a b\nsslmode=disable\n[last]\nuser=dave\n";
    let path = private_file(&directory, ".pg_service.conf", text);
    let world = World::with([("HOME", home), ("PGUSER", "eve"), ("PGPASSWORD", "no")]);
    let server = world.server("postgres://?service=prod");
    assert_eq!(server.shown, "postgres://carol@h1:1,h2:1/a%20b");
    assert_eq!(password(&server).as_deref(), Some("hunter2"));
    assert_eq!(server.tls, TlsMode::Disable);
    let server = world.server("postgres://bob@g:2/d?service=prod");
    assert_eq!(server.shown, "postgres://bob@g:2/d");
    let by_variable = World::with([("HOME", home), ("PGSERVICE", "last")]);
    assert_eq!(by_variable.server("postgres://h/d").user, "dave");

    let system = TempDir::new().unwrap();
    fs::write(
        system.path().join("pg_service.conf"),
        "[sys]\nhost=s\n[prod]\nhost=s\n",
    )
    .unwrap();
    let system = system.path().to_str().unwrap();
    let world = World::with([("HOME", home), ("PGSYSCONFDIR", system)]);
    assert_eq!(
        world.server("postgres://?service=sys").hosts,
        [tcp("s", 5432)]
    );
    assert_eq!(world.server("postgres://?service=prod").hosts.len(), 2);
    let error = world.refused("postgres://?service=none");
    assert_eq!(
        error.to_string(),
        "there is no service 'none' in a service file"
    );

    // The password of an argument may stand in the file.
    let server = world.parse("postgres://?service=prod", None).unwrap();
    assert_eq!(password(&server).as_deref(), Some("hunter2"));
    chmod(&path, 0o644);
    let error = world.parse("postgres://?service=prod", None).unwrap_err();
    let shown = path.display();
    assert_eq!(
        error.to_string(),
        format!(
            "the service file '{shown}' has a password, and other users may read or write it, so it is not used"
        )
    );
    assert_eq!(hint(&error), format!("chmod 600 {shown}"));
    assert_eq!(world.server("postgres://?service=last").user, "dave");
}

#[test]
fn a_service_file_with_a_line_that_is_no_parameter_of_keyctl_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("s.conf");
    let shown = path.display().to_string();
    let world = World::with([("PGSERVICEFILE", shown.as_str())]);
    let message = |text: &str| {
        fs::write(&path, format!("[x]\n{text}\n")).unwrap();
        let error = world.parse("postgres://h/d?service=x", None).unwrap_err();
        error.to_string().replace(&shown, "FILE")
    };
    for (line, expected) in [
        (
            "hunter2",
            "line 2 of the service file 'FILE' is not NAME=VALUE",
        ),
        (
            "\n\nldap://x",
            "line 4 of the service file 'FILE' is not NAME=VALUE",
        ),
        (
            "host =h",
            "the parameter 'host ' in the service 'x' of 'FILE' is unknown",
        ),
        (
            "service=y",
            "the parameter service in the service 'x' of 'FILE' is not supported",
        ),
        (
            "user=",
            "the parameter user in the service 'x' of 'FILE' is empty",
        ),
        (
            "user=a\nuser=b",
            "the parameter user in the service 'x' of 'FILE' is given twice",
        ),
        (
            "sslmode=allow",
            "the parameter sslmode in the service 'x' of 'FILE' is allow, which falls back to plain text, in which others could read hashes of tokens",
        ),
        (
            "options=-c x",
            "the parameter options in the service 'x' of 'FILE' is not supported: PgBouncer would drop it",
        ),
    ] {
        assert_eq!(message(line), expected);
    }
    fs::write(&path, b"[x]\nuser=\xff\n").unwrap();
    let error = world.parse("postgres://h/d?service=x", None).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the service file '{shown}' is not UTF-8")
    );
    fs::remove_file(&path).unwrap();
    let error = world.parse("postgres://h/d?service=x", None).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot read the service file '{shown}': No such file or directory")
    );
}

/// Text in each generated password.
const MARK: &str = "QxZ";

/// A password of several marks with special characters between them.
fn passwords() -> impl Strategy<Value = String> {
    let piece = "[-@:/?#\\[\\]%=+,.;'\" \\\\a0é\u{202e}\n]{0,3}";
    prop::collection::vec(piece, 2..5).prop_map(|pieces| pieces.join(MARK))
}

#[track_caller]
fn shows_no_password(parsed: &Result<Server>) {
    let shown = match parsed {
        Ok(server) => format!("{server:?} {}", server.shown),
        Err(error) => format!("{error} {error:?} {}", hint(error)),
    };
    assert!(!shown.contains(MARK), "{shown}");
}

proptest! {
    #[test]
    fn no_text_behind_the_scheme_makes_parse_panic(rest in "\\PC*", more in "[:@/?&=,%\\[\\]0-9a-f]*") {
        for url in [format!("postgres://{rest}"), format!("postgresql://{more}{rest}{more}"), more] {
            for variable in [None, Some("KEYCTL_DB")] {
                drop(World::default().parse(&url, variable));
            }
        }
    }

    #[test]
    fn no_message_shows_a_password(password in passwords(), user in "[a-z]{0,3}") {
        let encoded = percent::encode(&password);
        for text in [&password, &encoded] {
            for url in [
                format!("postgres://{user}:{text}@h/d"),
                format!("postgres://{user}:{text}@h:0/d?sslmode=require"),
                format!("postgres://{user}:{text}@h/d?sslmode"),
                format!("postgres://h/d?password={text}"),
                format!("postgres://h/d?password={text}&bogus=1"),
                format!("postgres://h/d?passwd={text}"),
            ] {
                for variable in [None, Some("KEYCTL_DB")] {
                    shows_no_password(&World::default().parse(&url, variable));
                }
            }
        }
    }

    #[test]
    fn a_percent_encoded_password_arrives_as_it_was(password in passwords(), in_query: bool) {
        let encoded = percent::encode(&password);
        let url = match in_query {
            true => format!("postgres://h/d?password={encoded}"),
            false => format!("postgres://u:{encoded}@h/d"),
        };
        let server = World::default().server(&url);
        prop_assert_eq!(super::tests::password(&server), Some(password));
    }
}
