//! Version of the schema, for the queries that differ by it.

use super::base::{RETIRED, WITH_IMPORTED, WITH_NETWORKS, WITH_PROJECTS, WITH_SCOPES_IN_ROW};
use super::error::SqliteResult;
use rusqlite::Connection;

/// Version of a store's schema. A reader leaves an older store as it is.
#[derive(Clone, Copy)]
pub struct Schema(usize);

impl Schema {
    /// The version that this program writes.
    #[cfg(test)]
    pub const LATEST: Schema = Schema(super::base::LATEST);

    /// Returns the version of the store behind `connection`.
    pub fn of(connection: &Connection) -> SqliteResult<Self> {
        // Cached: a batch asks for each chunk of tokens.
        let mut statement = connection.prepare_cached("PRAGMA user_version")?;
        let version: i64 = statement.query_row([], |row| row.get(0))?;
        Ok(Schema(usize::try_from(version).unwrap_or_default()))
    }

    /// Returns the number of the version, with [`RETIRED`] added for a store that was retired.
    pub fn number(self) -> usize {
        self.0
    }

    /// Tells whether the store was retired.
    pub fn is_retired(self) -> bool {
        self.0 >= RETIRED
    }

    /// Tells whether there is a table of members.
    pub fn has_projects(self) -> bool {
        self.0 >= WITH_PROJECTS
    }

    /// Tells whether the scopes and labels of a key are in its own row.
    pub fn has_scopes_in_row(self) -> bool {
        self.0 >= WITH_SCOPES_IN_ROW
    }

    /// Tells whether a key has networks, and the time of its first use.
    pub fn has_networks(self) -> bool {
        self.0 >= WITH_NETWORKS
    }

    /// Tells whether there may be imported keys.
    pub fn has_imported(self) -> bool {
        self.0 >= WITH_IMPORTED
    }

    /// SQL expression that is 1 for an imported key, else NULL.
    pub fn imported(self) -> &'static str {
        match self.has_imported() {
            true => "imported",
            false => "NULL",
        }
    }

    /// SQL expressions for the networks of a row of `keys`, and for the time of the first use.
    pub fn networks_and_first_use(self) -> &'static str {
        match self.has_networks() {
            true => "allow_from, first_used_at",
            false => "NULL, NULL",
        }
    }

    /// SQL expression for the scopes of a row of `keys`: their names in order, with a space between them.
    /// NULL is damage.
    pub fn scopes(self) -> &'static str {
        match self.has_scopes_in_row() {
            true => "scopes",
            false => {
                "(SELECT iif(total(typeof(scope) <> 'text') = 0, \
                 coalesce(group_concat(scope, ' '), ''), NULL) FROM key_scopes WHERE key = seq)"
            }
        }
    }

    /// SQL expression for the labels of a row of `keys`, as a JSON object. NULL is damage.
    pub fn labels(self) -> &'static str {
        match self.has_scopes_in_row() {
            true => "labels",
            // CAST: SQLite computes the object also where `iif` drops it, and fails on a blob.
            false => {
                "(SELECT iif(total(typeof(label) <> 'text' OR typeof(value) <> 'text') = 0, \
                 json_group_object(CAST(label AS TEXT), CAST(value AS TEXT)), NULL) \
                 FROM key_labels WHERE key = seq)"
            }
        }
    }
}
