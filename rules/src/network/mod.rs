//! What the app listens on, and whom it reaches.

crate::registry::rules! { Network:
    unreachable_app::UnreachableApp,
    needless_share::NeedlessShare,
    blocked_port::BlockedPort,
    removed_endpoint::RemovedEndpoint,
    space_page_as_client::SpacePageAsClient,
}
