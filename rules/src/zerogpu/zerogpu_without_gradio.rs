use spacelint_knowledge::platform;
use spacelint_space::{Card, Entry, Space};

use crate::finding::{Finding, Location};
use crate::rule::{Check, Rule};

/// The card suggests ZeroGPU for a Space whose SDK is not Gradio, which ZeroGPU does not run.
#[derive(Rule)]
#[rule(severity = error, since = "0.1.0")]
#[rule(source = "hub-docs docs/hub/spaces-zerogpu.md at 34ee0f0: Gradio SDK only")]
pub(crate) struct ZerogpuWithoutGradio<'a> {
    card: &'a Card,
    sdk: &'a Entry,
    hardware: &'a Entry,
}

impl<'a> Check<'a> for ZerogpuWithoutGradio<'a> {
    fn check(space: &'a Space) -> impl Iterator<Item = Self> {
        let card = space.card.as_ref().filter(|card| {
            card.str("sdk").is_some_and(|sdk| sdk != platform::supported().sdk)
                && card.str("suggested_hardware").is_some_and(platform::is_zerogpu_hardware)
        });
        card.and_then(|card| {
            Some(Self { card, sdk: card.get("sdk")?, hardware: card.get("suggested_hardware")? })
        })
        .into_iter()
    }

    fn finding(&self) -> Finding {
        let sdk = self.card.str("sdk").unwrap_or_default();
        let message = format!(
            "the card suggests ZeroGPU and its SDK is `{sdk}`: ZeroGPU runs Gradio Spaces alone, so \
             neither this Space nor a duplicate gets a GPU"
        );
        Self::at(Location::new(&self.card.file, self.hardware.value_span), message)
            .related(Location::new(&self.card.file, self.sdk.value_span), "the SDK")
            .help("Make it a Gradio Space (`sdk: gradio`), or name hardware that runs this SDK.")
    }
}
