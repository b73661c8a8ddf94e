//! A database of one test.

use super::{Cluster, SUPERUSER, quoted};
use ::postgres::{Client, Error, SimpleQueryMessage};
use std::sync::{Mutex, PoisonError};

/// Rows of a query as text; a field is `None` if it is NULL.
pub type Rows = Vec<Vec<Option<String>>>;

/// Error of a server: its SQLSTATE and its message.
pub type Failure = (String, String);

/// A database that nobody else uses. It is dropped with this, together with its roles, whose names
/// begin with `keyctl_NAME_`.
pub struct Database {
    cluster: &'static Cluster,
    name: String,
    /// A connection of the superuser, made when it is first needed.
    admin: Mutex<Option<Client>>,
}

impl Database {
    pub(super) fn new(cluster: &'static Cluster, name: String) -> Self {
        Database {
            cluster,
            name,
            admin: Mutex::new(None),
        }
    }

    /// The cluster that it belongs to.
    pub fn cluster(&self) -> &'static Cluster {
        self.cluster
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes a user who may make a store here, the database's owner, and returns the name.
    pub fn founder(&self) -> String {
        let founder = format!("founder_{}", self.name());
        self.admin(&format!(
            "CREATE ROLE {founder} LOGIN CREATEROLE; ALTER DATABASE {} OWNER TO {founder}",
            quoted(self.name())
        ));
        founder
    }

    /// Lets `user` make a store here, as the database's owner.
    pub fn let_found(&self, user: &str) {
        self.cluster.login(user);
        self.cluster.let_make_roles(user);
        let name = quoted(self.name());
        self.admin(&format!("ALTER DATABASE {name} OWNER TO {}", quoted(user)));
    }

    /// Its URL for `user`, over the socket.
    pub fn url(&self, user: &str) -> String {
        format!("postgres://{}@{}", encoded(user), self.place())
    }

    /// Its URL for whoever runs the command, over the socket.
    pub fn url_of_actor(&self) -> String {
        format!("postgres://{}", self.place())
    }

    /// Its URL for `user`, over TCP and without TLS.
    pub fn tcp_url(&self, user: &str) -> String {
        let (user, port, name) = (encoded(user), self.cluster.server.port(), &self.name);
        format!("postgres://{user}@127.0.0.1:{port}/{name}?sslmode=disable")
    }

    /// Its URL in messages to `user`.
    pub fn shown(&self, user: &str) -> String {
        let server = self.cluster.server();
        let directory = encoded(server.directory().to_str().unwrap());
        let (user, port) = (encoded(user), server.port());
        format!("postgres://{user}@{directory}:{port}/{}", self.name)
    }

    fn place(&self) -> String {
        let server = self.cluster.server();
        let directory = encoded(server.directory().to_str().unwrap());
        format!("/{}?host={directory}&port={}", self.name, server.port())
    }

    /// Runs SQL as `user` over a connection of its own. Returns the rows of all its statements.
    pub fn sql(&self, user: &str, sql: &str) -> Result<Rows, Failure> {
        let mut client = self.connect(user)?;
        rows(&mut client, sql)
    }

    /// A connection of `user` over the socket.
    pub fn connect(&self, user: &str) -> Result<Client, Failure> {
        self.cluster
            .server
            .connect(user, &self.name)
            .map_err(failure)
    }

    /// Runs SQL as the superuser, which must succeed. Returns the rows of all its statements.
    #[track_caller]
    pub fn admin(&self, sql: &str) -> Rows {
        let mut admin = self.admin.lock().unwrap_or_else(PoisonError::into_inner);
        let client = admin.get_or_insert_with(|| self.connect(SUPERUSER).unwrap());
        rows(client, sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.admin.lock().map(|mut admin| admin.take()));
        let name = &self.name;
        self.cluster
            .run(&format!("DROP DATABASE {name} WITH (FORCE)"));
        self.cluster.drop_roles(&format!("keyctl_{name}_"));
    }
}

/// Runs statements one after the other.
fn rows(client: &mut Client, sql: &str) -> Result<Rows, Failure> {
    let messages = client.simple_query(sql).map_err(failure)?;
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let fields = |row: &::postgres::SimpleQueryRow| {
        (0..row.len())
            .map(|i| row.get(i).map(str::to_owned))
            .collect()
    };
    Ok(rows.map(fields).collect())
}

/// An error of the server as its SQLSTATE and message, another one with no SQLSTATE.
fn failure(error: Error) -> Failure {
    match error.as_db_error() {
        Some(db) => (db.code().code().to_owned(), db.message().to_owned()),
        None => (String::new(), error.to_string()),
    }
}

/// Text for a part of a URL: every byte but letters, digits and `-._~` as `%XX`.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
