//! `keyctl doctor`.
