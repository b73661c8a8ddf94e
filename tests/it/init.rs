//! `keyctl init`
