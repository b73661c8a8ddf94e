//! `keyctl member`, and `verify` and `list` with a project.
