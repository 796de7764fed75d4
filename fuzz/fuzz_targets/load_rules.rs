//! libFuzzer's entry to the target `load_rules`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (jiesu_fuzz::LOAD_RULES.run)(data));
