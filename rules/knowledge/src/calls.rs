//! What a call of a model is asked for.

use crate::Confidence;

include!(concat!(env!("OUT_DIR"), "/calls.rs"));

/// A method that computes with its model.
#[derive(Debug)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// A keyword of a call.
#[derive(Debug)]
pub struct Argument {
    /// The keyword.
    pub name: &'static str,
    /// What it sets.
    pub sets: Setting,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What the work of a call depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// How many are made at once.
    Batch,
    /// Of a video.
    Frames,
    /// Of a picture, in pixels.
    Height,
    /// Tokens that are written.
    NewTokens,
    /// Steps in which noise is taken away.
    Steps,
    /// Of a picture, in pixels.
    Width,
}

/// How much longer a call takes than its counted work at the device's rates: Python, small operations and what no count sees.
#[derive(Debug)]
pub struct Longer {
    /// So many times, at most.
    pub most: f64,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Whether a method of that name computes with its model.
pub fn computes(method: &str) -> bool {
    METHODS.iter().any(|it| it.name == method)
}

/// What the keyword sets.
pub fn sets(keyword: &str) -> Option<Setting> {
    Some(ARGUMENTS.iter().find(|it| it.name == keyword)?.sets)
}

/// All methods, by name.
pub fn methods() -> &'static [Method] {
    METHODS
}

/// All keywords, by name.
pub fn arguments() -> &'static [Argument] {
    ARGUMENTS
}

/// How much longer a call takes than its counted work.
pub fn longer() -> &'static Longer {
    &LONGER
}
