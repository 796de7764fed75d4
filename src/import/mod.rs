//! Past tickets of other systems (CSV, Excel, JSON Lines) into cases of the exchange format.
//!
//! Tables in, cases out: columns are mapped, texts masked, repeats removed, departments named as the bundle names
//! them. Knows no HTTP and no tickets.
