//! What the Space needs from its settings.

crate::registry::rules! { Secrets:
    missing_secret::MissingSecret,
    hard_coded_token::HardCodedToken,
}

mod list;
mod readme;
#[cfg(test)]
mod tests;
mod wanted;

pub use list::{Need, Secret, list};
