//! The `spacelint` command.

fn main() {}
