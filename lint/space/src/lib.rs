//! A Space on disk, as a plain value.
//!
//! Everything is read through one [`Files`] value, and nothing after it opens a file. This crate
//! says what the text of a Space says; whether that is good is for the rules, which it must never
//! know.

pub mod attributes;
pub mod card;
mod decode;
pub mod discover;
pub mod dockerfile;
pub mod effect;
mod environment;
pub mod escape;
mod files;
pub mod frozen;
pub mod identity;
mod ignored;
mod injected;
pub mod packages;
pub mod pins;
pub mod profile;
pub mod pyproject;
mod repository;
pub mod requirements;
pub mod settings;
mod space;
#[cfg(test)]
mod testing;
pub mod tokens;
mod trace;
mod world;
pub mod yaml;

pub use card::{Card, CardFault, Entry};
pub use decode::Encoding;
pub use discover::{DiscoverError, Discovery, around, discover};
pub use dockerfile::Dockerfile;
pub use environment::{is_of_environment, is_of_version, mentions};
pub use files::{Files, Kind, MAX_FILE_BYTES, ReadError, ReadErrorReason, SourceFile, digest};
pub use frozen::Frozen;
pub use injected::injected;
pub use packages::Packages;
pub use pins::{Allowed, Pins};
pub use pyproject::Pyproject;
pub use repository::{LargeFile, TEXTS};
pub use requirements::{Requirement, RequirementLine, Requirements};
pub use settings::Settings;
pub use space::{Problem, Space};
pub use trace::{Moment, Phase, SpaceTrace, Stop};
pub use world::Role;
