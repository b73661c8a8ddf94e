//! `keyctl completions`
