//! What the Space installs.

crate::registry::rules! { Dependencies:
    gradio_pin_conflict::GradioPinConflict,
    old_gradio::OldGradio,
    vulnerable_gradio::VulnerableGradio,
}

use old_gradio::OldGradio;
