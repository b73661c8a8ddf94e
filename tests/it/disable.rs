//! `keyctl disable`
