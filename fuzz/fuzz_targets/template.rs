//! libFuzzer's entry to the target `template`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (jiesu_fuzz::TEMPLATE.run)(data));
