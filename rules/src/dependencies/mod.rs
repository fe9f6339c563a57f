//! What the Space installs.

crate::registry::rules! { Dependencies:
    invalid_requirement::InvalidRequirement,
    local_requirement::LocalRequirement,
    missing_requirement::MissingRequirement,
    wrong_package_name::WrongPackageName,
    source_build::SourceBuild,
    broken_packages_file::BrokenPackagesFile,
    gone_debian_package::GoneDebianPackage,
    unfit_wheel::UnfitWheel,
    unsupported_torch::UnsupportedTorch,
    mismatched_torch::MismatchedTorch,
    pinned_spaces::PinnedSpaces,
    gradio_pin_conflict::GradioPinConflict,
    old_gradio::OldGradio,
    vulnerable_gradio::VulnerableGradio,
    removed_name::RemovedName,
    removed_argument::RemovedArgument,
    broken_pair::BrokenPair,
    runtime_pip_install::RuntimePipInstall,
}

use old_gradio::OldGradio;
