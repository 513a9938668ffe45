//! See [`fuzz::histories`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::histories(data));
