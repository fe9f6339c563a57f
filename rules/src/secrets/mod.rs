//! What the Space needs from its settings.

crate::registry::rules! { Secrets:
    missing_secret::MissingSecret,
}

mod list;
mod readme;
#[cfg(test)]
mod tests;
mod wanted;

pub use list::{Need, Secret, list};
