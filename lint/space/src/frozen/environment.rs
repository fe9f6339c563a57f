//! An environment on disk: what stands in the `*.dist-info` folders of its `site-packages`.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::{Frozen, Origin, Package, Required, Untold, minor, requirement};
use crate::files::{Files, Kind, SourceFile};

/// What the environment in `files` holds: a virtual environment, or a `site-packages` folder.
pub fn read(files: &Files) -> Result<Frozen, Untold> {
    let folder = site_packages(files)?;
    let mut frozen = Frozen { has_requires: true, ..Frozen::default() };
    for (name, kind) in files.list(&folder) {
        // pip leaves folders that begin with `~` where it could not remove what it replaced.
        if kind != Kind::Folder || name.starts_with('~') || !name.ends_with(".dist-info") {
            continue;
        }
        let info = folder.join(name);
        let file = |name: &str| files.read(&info.join(name)).ok().flatten();
        // What has no record was not installed to its end.
        let (Some(metadata), Some(_)) = (file("METADATA"), file("RECORD")) else { continue };
        if let Some(package) = package(&metadata, file("direct_url.json").as_ref()) {
            frozen.add(package);
        }
    }
    if frozen.packages.is_empty() {
        return Err("no package is installed in it".to_owned());
    }
    frozen.python = python(files, &folder);
    Ok(frozen)
}

fn site_packages(files: &Files) -> Result<Utf8PathBuf, Untold> {
    let has_packages =
        |folder: &Utf8Path| files.list(folder).iter().any(|(name, _)| name.ends_with(".dist-info"));
    let is_site_packages = files.root().file_name() == Some("site-packages");
    if has_packages(Utf8Path::new("")) || is_site_packages {
        return Ok(Utf8PathBuf::new());
    }
    let unix = files.list(Utf8Path::new("lib")).into_iter();
    let unix = unix.map(|(name, _)| Utf8PathBuf::from("lib").join(name).join("site-packages"));
    let windows = Utf8PathBuf::from("Lib/site-packages");
    let is_folder = |folder: &Utf8PathBuf| files.kind(folder) == Some(Kind::Folder);
    let folders: Vec<Utf8PathBuf> = unix.chain([windows]).filter(is_folder).collect();
    let mut found = folders.iter().filter(|folder| has_packages(folder));
    match (found.next().or(folders.first()), found.next()) {
        (Some(folder), None) => Ok(folder.clone()),
        (Some(_), Some(_)) => {
            Err("there are several Pythons in it; name one's `site-packages`".to_owned())
        }
        (None, _) => {
            Err("it is neither a virtual environment nor a `site-packages` folder".to_owned())
        }
    }
}

/// The environment's Python: its folder says it, or else its configuration.
fn python(files: &Files, folder: &Utf8Path) -> Option<String> {
    let named = |path: &Utf8Path| {
        let part = path.components().rev().find_map(|part| part.as_str().strip_prefix("python"))?;
        minor(part).map(str::to_owned)
    };
    let configured = || {
        let file = files.read(Utf8Path::new("pyvenv.cfg")).ok().flatten()?;
        file.text.as_str().lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            matches!(key.trim(), "version" | "version_info")
                .then(|| minor(value.trim()))?
                .map(str::to_owned)
        })
    };
    named(folder).or_else(configured).or_else(|| named(files.root()))
}

fn package(metadata: &SourceFile, direct: Option<&Arc<SourceFile>>) -> Option<Package> {
    // Behind the first blank line stands the description.
    let headers = metadata.text.as_str().lines().take_while(|line| !line.trim().is_empty());
    let headers: Vec<(&str, &str)> = headers.filter_map(|line| line.split_once(": ")).collect();
    let of = |key: &'static str| {
        headers
            .iter()
            .filter(move |(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, it)| it.trim())
    };
    let mut package = Package::of_version(of("Name").next()?, of("Version").next()?)?;
    package.origin = direct.map(|file| origin(file.text.as_str()));
    package.requires = of("Requires-Dist")
        .filter_map(requirement)
        .map(|it| Required { name: it.name, extras: it.extras, marker: it.marker })
        .collect();
    Some(package)
}

/// What a `direct_url.json` says (PEP 610).
fn origin(text: &str) -> Origin {
    let Ok(direct) = serde_json::from_str::<Value>(text) else { return Origin::Local };
    let part = |value: Option<&Value>, key: &str| {
        value.and_then(|value| value.get(key)).and_then(Value::as_str).map(str::to_owned)
    };
    let Some(url) = part(Some(&direct), "url") else { return Origin::Local };
    let folder = part(Some(&direct), "subdirectory");
    let folder = folder.map_or(String::new(), |folder| format!("#subdirectory={folder}"));
    let vcs = direct.get("vcs_info");
    match (part(vcs, "vcs"), part(vcs, "commit_id")) {
        (Some(vcs), Some(commit)) if !url.starts_with("file:") => {
            Origin::Address(format!("{vcs}+{url}@{commit}{folder}"))
        }
        (None, _) if url.starts_with("https:") || url.starts_with("http:") => {
            Origin::Address(format!("{url}{folder}"))
        }
        _ => Origin::Local,
    }
}
