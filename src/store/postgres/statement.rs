//! Statements with their parameters. Each parameter has its type, so that no statement is prepared by name:
//! a pooler such as PgBouncer gives the next transaction another session.

use tokio_postgres::types::{ToSql, Type};

/// Value of a parameter.
#[derive(Debug)]
pub enum Param {
    /// Text, or NULL.
    Text(Option<String>),
    /// Array of texts.
    Texts(Vec<String>),
    /// 64-bit number, or NULL.
    Int(Option<i64>),
    /// Bytes, or NULL.
    Bytes(Option<Vec<u8>>),
    /// Truth value.
    Bool(bool),
}

impl Param {
    /// Returns the value and its type in SQL.
    pub fn typed(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Param::Text(text) => (text, Type::TEXT),
            Param::Texts(texts) => (texts, Type::TEXT_ARRAY),
            Param::Int(number) => (number, Type::INT8),
            Param::Bytes(bytes) => (bytes, Type::BYTEA),
            Param::Bool(value) => (value, Type::BOOL),
        }
    }

    /// Tells whether the value has a NUL, which no text on a server can hold.
    fn has_nul(&self) -> bool {
        match self {
            Param::Text(Some(text)) => text.contains('\0'),
            Param::Texts(texts) => texts.iter().any(|text| text.contains('\0')),
            _ => false,
        }
    }
}

impl From<&str> for Param {
    fn from(text: &str) -> Self {
        Param::Text(Some(text.to_owned()))
    }
}

impl From<&String> for Param {
    fn from(text: &String) -> Self {
        Param::Text(Some(text.clone()))
    }
}

impl From<String> for Param {
    fn from(text: String) -> Self {
        Param::Text(Some(text))
    }
}

impl From<Option<String>> for Param {
    fn from(text: Option<String>) -> Self {
        Param::Text(text)
    }
}

impl From<Vec<String>> for Param {
    fn from(texts: Vec<String>) -> Self {
        Param::Texts(texts)
    }
}

impl From<i64> for Param {
    fn from(number: i64) -> Self {
        Param::Int(Some(number))
    }
}

impl From<Option<i64>> for Param {
    fn from(number: Option<i64>) -> Self {
        Param::Int(number)
    }
}

impl From<bool> for Param {
    fn from(value: bool) -> Self {
        Param::Bool(value)
    }
}

/// Statement in the course of its making: the text, with `$1`, `$2` and so on for the parameters.
#[derive(Debug, Default)]
pub struct Statement {
    /// SQL text.
    pub sql: String,
    /// Values of the parameters, in order.
    pub params: Vec<Param>,
}

impl Statement {
    /// Starts a statement with `sql`.
    pub fn new(sql: impl Into<String>) -> Self {
        Statement {
            sql: sql.into(),
            params: Vec::new(),
        }
    }

    /// Adds the value of the next parameter, whose place the text has already.
    #[must_use]
    pub fn with(mut self, value: impl Into<Param>) -> Self {
        self.params.push(value.into());
        self
    }

    /// Adds the value of a parameter, and returns its place for the text.
    pub fn bind(&mut self, value: impl Into<Param>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }

    /// Tells whether a parameter has a NUL: a search for it finds nothing, and a server refuses it.
    pub fn has_nul(&self) -> bool {
        self.params.iter().any(Param::has_nul)
    }
}

/// Message to the server.
#[derive(Debug)]
pub enum Step {
    /// Statements without parameters and results.
    Script(&'static str),
    /// Statement.
    Query(Statement),
}

/// Ends a transaction and undoes it.
pub const ROLLBACK: Step = Step::Script("ROLLBACK");

impl From<Statement> for Step {
    fn from(statement: Statement) -> Self {
        Step::Query(statement)
    }
}
