//! Applies edits, read from any bytes, to the file of a store, and opens it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| keyctl_fuzz::damaged::store(bytes));
