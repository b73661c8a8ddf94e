//! Record of a key in JSON and CSV. Scripts rely on the fields and their order.

use super::value::Value;
use crate::id::KeyId;
use crate::key::Key;
use crate::when::Timestamp;
use std::io;

/// Record of a key: a value for each of [`Record::FIELDS`].
pub struct Record<'a>([Value<'a>; 20]);

impl<'a> Record<'a> {
    /// Names of the fields, in order.
    pub const FIELDS: [&'static str; 20] = [
        "id",
        "name",
        "owner",
        "kind",
        "state",
        "usable",
        "scopes",
        "labels",
        "allow_from",
        "imported",
        "created_at",
        "created_by",
        "expires_at",
        "first_used_at",
        "last_used_at",
        "usable_until",
        "disabled_at",
        "deleted_at",
        "replaces",
        "replaced_by",
    ];

    /// Record of `key` with its state at `now`.
    pub fn new(key: &'a Key, now: Timestamp) -> Self {
        let time = |at: Option<Timestamp>| at.map_or(Value::Absent, Value::Time);
        let id = |id: Option<KeyId>| id.map_or(Value::Absent, Value::Id);
        Record([
            Value::Id(key.id),
            Value::Text(&key.name),
            Value::Text(&key.owner),
            Value::Text(key.kind.word()),
            Value::Text(key.state(now).word()),
            Value::Flag(key.is_usable(now)),
            Value::Scopes(&key.scopes),
            Value::Labels(&key.labels),
            Value::Networks(&key.allow_from),
            Value::Flag(key.imported),
            Value::Time(key.created_at),
            Value::Text(&key.created_by),
            time(key.expires_at),
            time(key.first_used_at),
            time(key.last_used_at),
            time(key.usable_until),
            time(key.disabled_at),
            time(key.deleted_at),
            id(key.replaces),
            id(key.replaced_by),
        ])
    }

    /// Leaves the ID out.
    pub(super) fn without_id(mut self) -> Self {
        self.0[0] = Value::Absent;
        self
    }

    /// Tells whether the record has a last use.
    pub(super) fn is_used(&self) -> bool {
        let mut fields = Self::FIELDS.iter().zip(&self.0);
        fields.any(|(name, value)| *name == "last_used_at" && matches!(value, Value::Time(_)))
    }

    /// Value of the field with this index in [`Record::FIELDS`].
    pub(super) fn value(&self, index: usize) -> &Value<'a> {
        &self.0[index]
    }

    /// Appends the record to `out` as a compact JSON object. An absent value is `null`.
    pub fn write(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let mut before = b'{';
        for (name, value) in Self::FIELDS.iter().zip(&self.0) {
            value.write_field(out, before, name)?;
            before = b',';
        }
        out.push(b'}');
        Ok(())
    }

    /// JSON of the record.
    pub fn json(&self) -> io::Result<Vec<u8>> {
        let mut json = Vec::new();
        self.write(&mut json)?;
        Ok(json)
    }

    /// Cells of the record in CSV. An absent value is an empty cell; control characters are escaped.
    pub fn cells(&self) -> io::Result<Vec<String>> {
        self.0.iter().map(Value::cell).collect()
    }
}
