//! What a trace must endure: a whole library, text that was broken at random, and programs written
//! to exhaust it. It neither panics nor hangs nor overflows the stack; where it ends early, it says
//! so. What a run does beyond the everyday tests is in those that are ignored:
//! `cargo test --release -p spacelint-python --test endurance -- --ignored --nocapture`.

mod budgets;
mod chance;
mod mutation;
mod standard_library;
mod world;
