//! What the author sets, and what somebody measured: TOML and JSON that anybody may have written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacelint_fuzz::{file, fits};
use spacelint_space::profile::{Advice, PROFILE_FILE, ProfileFile};
use spacelint_space::settings::SETTINGS_FILE;
use spacelint_space::{Pyproject, Settings, Space};

fuzz_target!(|bytes: &[u8]| {
    let own = file(SETTINGS_FILE, bytes);
    let text = own.text.as_str();
    let settings = Settings::parse(&own);
    settings_fit(&settings);
    let project = file("pyproject.toml", bytes);
    let read = Pyproject::parse(&project);
    for fault in &read.faults {
        fits(project.text.as_str(), fault.span);
    }
    let space = Space::read(&spacelint_fuzz::memory(
        &[b"=== pyproject.toml\n", bytes, b"\n=== app.py\n"].concat(),
    ));
    space.settings.iter().for_each(settings_fit);

    let profile = file(PROFILE_FILE, bytes);
    let profile = ProfileFile::parse(&profile);
    fits(profile.file.text.as_str(), profile.span());
    match &profile.content {
        Err(fault) => fits(text, fault.span),
        Ok(profile) => {
            for function in &profile.functions {
                if let Advice::Callable { callable, .. } = &function.advice {
                    // What was believed can be written.
                    callable.verify().expect("it was read");
                    callable.source().expect("it was verified");
                    assert!(callable.seconds(|_| None) <= callable.most_seconds());
                }
            }
        }
    }
});

fn settings_fit(settings: &Settings) {
    let text = settings.file.text.as_str();
    for named in settings
        .select
        .iter()
        .chain(&settings.ignore)
        .chain(&settings.fail_on)
        .chain(&settings.hardware)
    {
        fits(text, named.span);
    }
    settings.faults.iter().for_each(|fault| fits(text, fault.span));
}
