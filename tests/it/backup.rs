//! `keyctl backup`.
