//! `keyctl verify`
