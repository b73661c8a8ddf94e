//! Quotes and prints any bytes.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| keyctl_fuzz::properties::output(bytes));
