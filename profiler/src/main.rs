//! Measures how long the GPU calls of a Hugging Face Space hold the GPU, and recommends a `duration`.

#[expect(dead_code, unused_imports, reason = "`run` is to call it")]
mod drive;
mod recording;

fn main() {}
