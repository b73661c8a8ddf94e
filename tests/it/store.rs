//! The store: its file, its schema, its log.
