//! Measures how long the GPU calls of a Hugging Face Space hold the GPU, and recommends a `duration`.

mod recommend;
mod recording;

fn main() {}
