//! The files themselves, and what silences rules in them.

crate::registry::rules! { Files:
    invalid_settings::InvalidSettings,
    broken_profile::BrokenProfile,
    incomplete_trace::IncompleteTrace,
    file_outside_lfs::FileOutsideLfs,
    not_python::NotPython,
    undecodable_file::UndecodableFile,
    unused_ignore::UnusedIgnore,
}
pub(crate) use invalid_settings::InvalidSettings;
pub(crate) use unused_ignore::UnusedIgnore;
