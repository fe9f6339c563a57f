//! What the Space installs.

crate::registry::rules! { Dependencies:
    gradio_pin_conflict::GradioPinConflict,
    old_gradio::OldGradio,
    vulnerable_gradio::VulnerableGradio,
    removed_name::RemovedName,
    removed_argument::RemovedArgument,
    broken_pair::BrokenPair,
}

use old_gradio::OldGradio;
