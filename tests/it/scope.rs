//! `keyctl scope`
