//! `keyctl policy`, and how it binds create, rotate and edit.
