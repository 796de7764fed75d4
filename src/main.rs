//! The `jiesu` binary.

fn main() {}
