//! `keyctl list`
