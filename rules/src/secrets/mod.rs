//! What the Space needs from its settings.

crate::registry::rules! { Secrets:
    missing_secret::MissingSecret,
    hard_coded_token::HardCodedToken,
    unmounted_secret::UnmountedSecret,
}

mod hardware;
mod list;
mod models;
mod readme;
mod storage;
#[cfg(test)]
mod tests;
mod wanted;

pub use list::{Kind, Need, Needs, Secret, Thing, needs};
