//! `keyctl enable`
