//! The Python that the card names.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use spacelint_knowledge::platform;
use spacelint_space::{Card, Entry, Space};

use crate::versions;

/// The key that names it.
pub(super) const KEY: &str = "python_version";

/// The card, where it is one of a Gradio Space, its entry, and the version as it is written there.
pub(super) fn named(space: &Space) -> Option<(&Card, &Entry, &Version)> {
    let card = versions::gradio_card(space)?;
    Some((card, card.get(KEY)?, space.pins().environment().python.as_ref()?))
}

/// The newest Python that ZeroGPU is documented to run, without its last number, which a card need not
/// name.
pub(super) fn advised() -> &'static str {
    let newest = platform::supported().python.last().copied().unwrap_or_default();
    newest.rsplit_once('.').map_or(newest, |(minor, _)| minor)
}

/// Whether `version` lies in `range`.
pub(super) fn lies_in(version: &Version, range: &str) -> bool {
    VersionSpecifiers::from_str(range).is_ok_and(|range| range.contains(version))
}
