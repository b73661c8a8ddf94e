//! `keyctl restore`.
