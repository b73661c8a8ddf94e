//! Verdicts as JSON: fields and their order are what scripts rely on.

use super::json;
use crate::key::State;
use crate::verify::Verdict;
use crate::when::Timestamp;
use serde::Serialize;
use std::io;

/// Appends a line of JSON to `out`: `{"valid":true,…}` or `{"valid":false,"reason":…}`.
///
/// `at` is the time of the verdict, if a store was asked.
pub fn write(out: &mut Vec<u8>, verdict: &Verdict, at: Option<Timestamp>) -> io::Result<()> {
    match verdict {
        Verdict::Valid(key) => {
            let state = at.map_or(State::Active, |at| key.state(at));
            out.extend_from_slice(b"{\"valid\":true");
            text_field(out, "id", key.id.as_str())?;
            text_field(out, "name", &key.name)?;
            text_field(out, "owner", &key.owner)?;
            text_field(out, "state", state.word())?;
            field(out, "scopes", &key.scopes)?;
            field(out, "expires_at", &key.expires_at)?;
            if state == State::PhasedOut {
                if let Some(until) = &key.usable_until {
                    field(out, "usable_until", until)?;
                }
                if let Some(successor) = &key.replaced_by {
                    field(out, "replaced_by", successor)?;
                }
            }
        }
        Verdict::Rejected(reason, key) => {
            out.extend_from_slice(b"{\"valid\":false");
            text_field(out, "reason", reason.word())?;
            if let Some(key) = key {
                text_field(out, "id", key.id.as_str())?;
            }
        }
    }
    out.extend_from_slice(b"}\n");
    Ok(())
}

/// Appends a field after another one.
fn field(out: &mut Vec<u8>, name: &str, value: &impl Serialize) -> io::Result<()> {
    begin(out, name);
    json::write(out, value)
}

fn text_field(out: &mut Vec<u8>, name: &str, value: &str) -> io::Result<()> {
    begin(out, name);
    json::string(out, value)
}

fn begin(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}
