//! `keyctl show`
