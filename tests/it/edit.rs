//! `keyctl edit`
