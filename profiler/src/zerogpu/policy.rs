//! What the platform's scheduler decides and nobody outside it has read: the assumptions of this emulation, in one
//! place. What is documented stands in `spacelint-knowledge`; what `spaces` itself says is named as the source.

use spacelint_knowledge::platform::{Size, Tier};

/// For how long a call waits for a GPU. `spaces` 0.51.3 says "No GPU was available after 60s" then.
pub(crate) const QUEUE_SECONDS: f64 = 60.0;
/// How often a waiting call hears of it. `spaces` gives up after a minute without a word, and notices at each whether
/// its visitor is still there.
pub(crate) const PING_SECONDS: f64 = 1.0;
/// How much longer than allowed a call may hold the GPU before it is stopped. Assumed: not at all.
pub(crate) const GRACE_SECONDS: f64 = 0.0;
/// For how long a GPU whose worker is dead or was stopped is kept for a release that may be on its way.
pub(crate) const RELEASE_SECONDS: f64 = 3.0;
/// After how long a visitor's quota is whole again, counted from its first use. From hub-docs spaces-zerogpu.md.
pub(crate) const QUOTA_SECONDS: f64 = 86_400.0;

/// The largest booking that a visitor of this tier may make at all. Assumed: the whole quota, as field reports say.
pub(crate) fn largest_booking(tier: Tier) -> i64 {
    tier.quota_seconds()
}

/// How `X-Authenticated` names the tier. `spaces` knows these two and no other; that a member of an Enterprise
/// organisation is `pro` is assumed.
pub(crate) fn authenticated(tier: Tier) -> Option<&'static str> {
    match tier {
        Tier::Anonymous => None,
        Tier::Free => Some("regular"),
        Tier::Pro | Tier::Enterprise => Some("pro"),
    }
}

/// The size behind what `spaces` sends as `gpuSize`. What becomes of a name that is none is not known; assumed: the
/// default one.
pub(crate) fn size(sent: Option<&str>) -> Size {
    sent.and_then(Size::from_name).unwrap_or(Size::DEFAULT)
}

/// The releases of `spaces` between which the protocol was held against the package itself.
pub(crate) const KNOWN_SPACES: (&str, &str) = ("0.40", "0.51.3");
