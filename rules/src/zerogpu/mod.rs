//! How ZeroGPU starts and runs a Space.

use std::collections::BTreeSet;

use spacelint_knowledge::platform;
use spacelint_python::{Guard, Place};
use spacelint_space::effect::Effect;
use spacelint_space::{Moment, Space, is_of_environment};

crate::registry::rules! { Zerogpu:
    cuda_before_spaces::CudaBeforeSpaces,
    unemulated_cuda::UnemulatedCuda,
    cuda_outside_gpu_function::CudaOutsideGpuFunction,
    device_map_at_startup::DeviceMapAtStartup,
    zero_embeddings::ZeroEmbeddings,
    eager_examples::EagerExamples,
    second_gpu::SecondGpu,
    no_gpu_function::NoGpuFunction,
    missing_launch::MissingLaunch,
    late_gpu_function::LateGpuFunction,
    wrong_spaces_import::WrongSpacesImport,
    shadowed_spaces::ShadowedSpaces,
    copied_spaces::CopiedSpaces,
    zerogpu_without_gradio::ZerogpuWithoutGradio,
    old_bitsandbytes::OldBitsandbytes,
    undeclared_xlarge::UndeclaredXlarge,
    needless_xlarge::NeedlessXlarge,
}

mod weights;

/// Whether the program means to meet an `error` of what happens here: a `try` catches it by name, this is
/// itself what is done when something else has failed, or a switch in the environment decides whether it
/// is done at all.
fn is_expected(moment: &Moment<'_>, error: &str) -> bool {
    moment.guards().any(|guard| match guard {
        Guard::Try { catches } => catches.iter().any(|class| **class == *error),
        Guard::Handler => true,
        Guard::Condition { test, .. } | Guard::Passed { test, .. } => is_of_environment(test),
    })
}

/// Whether it is expected, or a `try` lets the program go on after whatever is raised.
pub(crate) fn is_survived(moment: &Moment<'_>, error: &str) -> bool {
    let catches_all = |class: &str| matches!(class, "Exception" | "BaseException" | "?");
    is_expected(moment, error)
        || moment.guards().any(|guard| {
            matches!(guard, Guard::Try { catches } if catches.iter().any(|it| catches_all(it)))
        })
}

/// Where a ZeroGPU Space declares its GPU functions, in order.
fn declarations(space: &Space) -> impl Iterator<Item = Moment<'_>> {
    let declares = |moment: &Moment<'_>| matches!(moment.event.effect, Effect::DeclareGpu(_));
    space.moments().filter(move |moment| declares(moment) && space.is_zerogpu())
}

/// Whether the Space gets a `spaces` that reports GPU functions when the app is launched, and then alone.
fn reports_at_launch(space: &Space) -> bool {
    space.pins().on_zerogpu("spaces", platform::startup_report().sent_by_launch)
}

/// The functions handed to others that call a GPU function.
fn gpu_roots(space: &Space) -> BTreeSet<Place> {
    let calls = space.moments().filter(|it| matches!(it.event.effect, Effect::CallGpu(_)));
    calls.filter_map(|it| Some(it.trace().roots()[it.event.root?].function()?.place())).collect()
}
