//! `keyctl purge`
