//! Parses any bytes as a stored hash.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| keyctl_fuzz::properties::hash(bytes));
