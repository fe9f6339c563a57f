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
    model_load_in_gpu_function::ModelLoadInGpuFunction,
    idle_gpu::IdleGpu,
    encoding_on_gpu_time::EncodingOnGpuTime,
    compile_per_worker::CompilePerWorker,
    child_process_in_gpu_function::ChildProcessInGpuFunction,
    state_lost_in_worker::StateLostInWorker,
    nested_gpu_call::NestedGpuCall,
    unused_gpu::UnusedGpu,
    gpu_call_in_loop::GpuCallInLoop,
    async_gpu_function::AsyncGpuFunction,
    gpu_over_classmethod::GpuOverClassmethod,
    unpicklable_argument::UnpicklableArgument,
    unpicklable_result::UnpicklableResult,
    unpicklable_select_data::UnpicklableSelectData,
    unknown_gpu_argument::UnknownGpuArgument,
    unknown_gpu_size::UnknownGpuSize,
    second_gpu_decorator::SecondGpuDecorator,
    needless_enable_queue::NeedlessEnableQueue,
    second_gpu::SecondGpu,
    no_gpu_function::NoGpuFunction,
    missing_launch::MissingLaunch,
    short_queue::ShortQueue,
    late_gpu_function::LateGpuFunction,
    wrong_spaces_import::WrongSpacesImport,
    shadowed_spaces::ShadowedSpaces,
    copied_spaces::CopiedSpaces,
    zerogpu_without_gradio::ZerogpuWithoutGradio,
    old_bitsandbytes::OldBitsandbytes,
    undeclared_xlarge::UndeclaredXlarge,
    needless_xlarge::NeedlessXlarge,
}

mod decorator;
mod pickle;
mod weights;
mod worker;

pub(crate) use worker::gpu_function;

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
    is_expected(moment, error) || moment.guards().any(|guard| catches(guard, error))
}

/// Whether this is a `try` that lets the program go on after `error`.
pub(crate) fn catches(guard: &Guard, error: &str) -> bool {
    let takes =
        |class: &str| class == error || matches!(class, "Exception" | "BaseException" | "?");
    matches!(guard, Guard::Try { catches } if catches.iter().any(|class| takes(class)))
}

/// Where a ZeroGPU Space declares its GPU functions, in order.
fn declarations(space: &Space) -> impl Iterator<Item = Moment<'_>> {
    let declares = |moment: &Moment<'_>| matches!(moment.event.effect, Effect::DeclareGpu(_));
    space.moments().filter(move |moment| declares(moment) && space.is_zerogpu())
}

/// Whether start-up puts so much on the GPU that `spaces` takes calls for xlarge that name no size.
pub(crate) fn is_promoted(space: &Space) -> bool {
    undeclared_xlarge::is_promoted(&weights::placed(space))
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
