//! The front matter of `README.md`.

crate::registry::rules! { Card:
    missing_card::MissingCard,
    broken_card::BrokenCard,
    missing_sdk_version::MissingSdkVersion,
}
