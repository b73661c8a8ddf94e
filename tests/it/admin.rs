//! `keyctl admin`
