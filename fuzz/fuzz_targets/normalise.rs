//! libFuzzer's entry to the target `normalise`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (jiesu_fuzz::NORMALISE.run)(data));
