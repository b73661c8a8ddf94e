//! `keyctl rotate`
