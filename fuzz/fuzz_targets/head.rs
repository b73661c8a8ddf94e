//! Parses any bytes as the head of a log.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| keyctl_fuzz::properties::head(bytes));
