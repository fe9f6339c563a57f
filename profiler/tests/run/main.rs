//! `spacelint-profile run` on Spaces under the real `spaces` and Gradio: what it records and recommends, and what it does
//! when something is wrong. After each run no process of it is left.

#![cfg(target_os = "linux")]

mod calls;
mod driving;
mod faults;
mod harness;
mod overhead;
mod parts;
mod profile;
mod releases;
