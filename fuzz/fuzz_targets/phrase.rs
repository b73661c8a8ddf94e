//! Parses any bytes as a time.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| keyctl_fuzz::properties::phrase(bytes));
