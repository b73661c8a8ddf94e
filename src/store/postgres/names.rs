//! Names in SQL: quoted, and those of the store's roles.

/// Returns the name of a role of the store in `database`. Roles belong to the whole cluster.
pub fn role(database: &str, role: &str) -> String {
    format!("keyctl_{database}_{role}")
}

/// Returns `name` as a quoted identifier.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns `text` as a quoted literal.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
