//! libFuzzer's entry to the target `json_lines`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| (jiesu_fuzz::JSON_LINES.run)(data));
