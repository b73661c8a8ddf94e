//! Verdicts in JSON. Scripts rely on the fields and their order.

use super::value::Value;
use crate::verify::{Explanation, Facts};
use std::io;

/// Appends a line of JSON to `out`: `{"valid":true,…}` or `{"valid":false,"reason":…}`.
pub fn write(out: &mut Vec<u8>, verdict: &Explanation<'_>) -> io::Result<()> {
    match verdict {
        Explanation::Valid(facts) => {
            out.extend_from_slice(b"{\"valid\":true");
            identity(out, facts)?;
            terms(out, facts)?;
        }
        Explanation::Rejected(reason, facts) => {
            out.extend_from_slice(b"{\"valid\":false");
            field(out, "reason", &Value::Text(reason.word()))?;
            if let Some(facts) = facts {
                identity(out, facts)?;
                causes(out, facts)?;
            }
        }
    }
    out.extend_from_slice(b"}\n");
    Ok(())
}

/// Appends the fields that identify the key, and its state.
fn identity(out: &mut Vec<u8>, facts: &Facts<'_>) -> io::Result<()> {
    field(out, "id", &Value::Id(facts.key.id))?;
    field(out, "name", &Value::Text(&facts.key.name))?;
    field(out, "owner", &Value::Text(&facts.key.owner))?;
    field(out, "state", &Value::Text(facts.state.word()))
}

/// Appends the fields for a valid token: its scopes, and when it stops.
fn terms(out: &mut Vec<u8>, facts: &Facts<'_>) -> io::Result<()> {
    field(out, "scopes", &Value::Scopes(&facts.key.scopes))?;
    let expires_at = facts.expires_at.map_or(Value::Absent, Value::Time);
    field(out, "expires_at", &expires_at)?;
    maybe(out, "usable_until", facts.usable_until.map(Value::Time))?;
    maybe(out, "replaced_by", facts.replaced_by.map(Value::Id))
}

/// Appends the fields that explain a rejection.
fn causes(out: &mut Vec<u8>, facts: &Facts<'_>) -> io::Result<()> {
    maybe(out, "since", facts.since.map(Value::Time))?;
    maybe(out, "by", facts.by.map(Value::Text))?;
    maybe(out, "replaced_by", facts.replaced_by.map(Value::Id))?;
    maybe(out, "expires_at", facts.expires_at.map(Value::Time))?;
    maybe(out, "usable_until", facts.usable_until.map(Value::Time))?;
    maybe(out, "lacks", facts.lacks.map(Value::Text))
}

/// Appends a field, if it has a value.
fn maybe(out: &mut Vec<u8>, name: &str, value: Option<Value<'_>>) -> io::Result<()> {
    value.map_or(Ok(()), |value| field(out, name, &value))
}

/// Appends a field after another one.
fn field(out: &mut Vec<u8>, name: &str, value: &Value<'_>) -> io::Result<()> {
    value.write_field(out, b',', name)
}
