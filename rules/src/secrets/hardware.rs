//! On which hardware a Space is meant to run. A duplicate gets other, where nobody chooses.

use spacelint_knowledge::platform;
use spacelint_python::{Certainty, Guard};
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Space, SpaceTrace};

use super::list::{Need, Thing};
use crate::finding::Location;

/// The hardware that `space` is meant for, where a duplicate gets other by default.
pub(super) fn hardware(space: &Space) -> Option<Thing> {
    let given = platform::duplicate().hardware;
    let card = space.card.as_ref();
    // What the author set outweighs what the card suggests.
    let set = space.settings.as_ref().and_then(|settings| {
        let hardware = settings.hardware.as_ref()?;
        Some((hardware.text.as_str(), Location::new(&settings.file, hardware.span)))
    });
    let suggested = || {
        let name = card?.str("suggested_hardware")?;
        let entry = card?.get("suggested_hardware")?;
        Some((name, Location::new(&card?.file, entry.key_span.to(entry.value_span))))
    };
    let told = set.or_else(suggested).filter(|(name, _)| *name != given);
    let cuda = space.moments().find(|moment| is_nothing_but_cuda(space, moment));
    let is_zerogpu = space.is_zerogpu();
    let name = match (&told, &cuda) {
        _ if is_zerogpu => "ZeroGPU",
        (Some((name, _)), _) => name,
        (None, Some(_)) => "a GPU",
        (None, None) => return None,
    };
    let default = format!("`{given}`, which a duplicate gets where nobody chooses");
    let (need, reason) = match &cuda {
        Some(_) => {
            (Need::Hard, format!("it asks for CUDA and nothing else, and fails on {default}"))
        }
        None if is_zerogpu => {
            (Need::Soft, format!("its GPU functions run on the CPU on {default}"))
        }
        None => (Need::Soft, format!("the author names it, and not {default}")),
    };
    let declared = space.moments().find(|moment| {
        matches!(moment.event.effect, Effect::DeclareGpu(_) | Effect::ImportSpaces(_))
    });
    let mut places: Vec<Location> = told.into_iter().map(|(_, place)| place).collect();
    places.extend(declared.filter(|_| is_zerogpu).as_ref().map(Location::from));
    places.extend(cuda.as_ref().map(Location::from));
    Some(Thing { name: name.into(), need, reason, places })
}

/// Whether something is put on CUDA there, whatever hardware there is: the device is written out, nothing
/// decides whether it comes to that, and nowhere the program looks what there is.
fn is_nothing_but_cuda(space: &Space, moment: &Moment<'_>) -> bool {
    let Effect::TouchCuda(touch) = &moment.event.effect else { return false };
    let text = moment.file().text.slice(moment.place().span);
    let is_written = ["\"cuda", "'cuda", ".cuda("].iter().any(|cuda| text.contains(cuda));
    // The trace settles what ZeroGPU settles, so that no guard speaks of it.
    let looks = ["is_available", "device_count", "SPACES_ZERO_GPU"];
    touch.sure
        && is_written
        && !text.contains(" if ")
        && moment.certainty() == Certainty::Always
        && !moment.guards().any(|guard| {
            matches!(guard, Guard::Condition { .. } | Guard::Try { .. } | Guard::Handler)
        })
        && !space
            .trace()
            .into_iter()
            .flat_map(SpaceTrace::files)
            .any(|file| looks.iter().any(|look| file.text.as_str().contains(look)))
}
