//! `keyctl doctor` among real modes and users.
