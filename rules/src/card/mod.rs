//! The front matter of `README.md`.

mod python;
mod values;

crate::registry::rules! { Card:
    missing_card::MissingCard,
    broken_card::BrokenCard,
    refused_card_value::RefusedCardValue,
    invalid_card_value::InvalidCardValue,
    misspelt_card_key::MisspeltCardKey,
    unquoted_version::UnquotedVersion,
    missing_app_file::MissingAppFile,
    missing_dockerfile::MissingDockerfile,
    notebook_app_file::NotebookAppFile,
    idle_card_key::IdleCardKey,
    missing_sdk_version::MissingSdkVersion,
    missing_python_version::MissingPythonVersion,
    unsupported_python::UnsupportedPython,
    undocumented_python::UndocumentedPython,
    missing_oauth::MissingOauth,
}
