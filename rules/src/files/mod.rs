//! The files themselves, and what silences rules in them.

crate::registry::rules! { Files:
    invalid_settings::InvalidSettings,
    broken_profile::BrokenProfile,
    incomplete_trace::IncompleteTrace,
    not_python::NotPython,
    undecodable_file::UndecodableFile,
    unused_ignore::UnusedIgnore,
}
pub(crate) use unused_ignore::UnusedIgnore;
