//! Stores of an older schema.
