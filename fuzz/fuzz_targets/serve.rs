//! Reads any bytes as a connection to the server.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| keyctl_fuzz::requests::request(bytes));
