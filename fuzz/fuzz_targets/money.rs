//! See [`fuzz::money`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::money(data));
