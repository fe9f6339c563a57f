//! What the app listens on, and whom it reaches.

crate::registry::rules! { Network:
    unreachable_app::UnreachableApp,
    needless_share::NeedlessShare,
    removed_endpoint::RemovedEndpoint,
}
