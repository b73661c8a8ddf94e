//! `keyctl log`
