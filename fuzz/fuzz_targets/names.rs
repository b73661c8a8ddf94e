//! Checks any bytes as names.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| keyctl_fuzz::properties::names(bytes));
