//! Parses any bytes as a token.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| keyctl_fuzz::properties::token(bytes));
