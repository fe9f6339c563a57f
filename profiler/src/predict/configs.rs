//! Where the configuration of a model is: where the command line says, or in the cache of Hugging Face's libraries, which is
//! read and never written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{env, fs};

/// A configuration that is named on the command line, `ORG/NAME=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    id: String,
    path: PathBuf,
}

impl FromStr for Given {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (id, path) = text.split_once('=').ok_or("is not of the form ORG/NAME=PATH")?;
        if !is_repository(id) {
            return Err(format!("`{id}` is no name of a repository"));
        }
        if path.is_empty() {
            return Err("names no path".to_owned());
        }
        Ok(Self { id: id.to_owned(), path: path.into() })
    }
}

/// Where configurations are looked for.
#[derive(Debug)]
pub(super) struct Configs {
    given: BTreeMap<String, PathBuf>,
    cache: Option<PathBuf>,
}

impl Configs {
    /// Those that are given, and the cache that the environment names.
    pub(super) fn new(given: &[Given]) -> Result<Self, String> {
        if let Some(missing) = given.iter().find(|it| !it.path.exists()) {
            return Err(format!("--config {}: there is no {}", missing.id, missing.path.display()));
        }
        let folder = |name: &str| env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
        let home = || {
            let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
            Some(cache?.join("huggingface"))
        };
        let cache =
            folder("HF_HUB_CACHE").or_else(|| Some(folder("HF_HOME").or_else(home)?.join("hub")));
        Ok(Self { given: given.iter().map(|it| (it.id.clone(), it.path.clone())).collect(), cache })
    }

    /// The folder, or the file, with the configuration of a repository.
    pub(super) fn find(&self, id: &str) -> Option<PathBuf> {
        if let Some(path) = self.given.get(id) {
            return Some(path.clone());
        }
        if !is_repository(id) {
            return None;
        }
        let repository = self.cache.as_ref()?.join(format!("models--{}", id.replace('/', "--")));
        let snapshots = repository.join("snapshots");
        let main = fs::read_to_string(repository.join("refs/main")).ok().and_then(|commit| {
            let commit = commit.trim();
            let is_commit = !commit.is_empty() && commit.bytes().all(|it| it.is_ascii_hexdigit());
            is_commit.then(|| snapshots.join(commit))
        });
        let mut others: Vec<PathBuf> =
            snapshots.read_dir().ok()?.filter_map(|it| Some(it.ok()?.path())).collect();
        others.sort();
        main.into_iter().chain(others).find(|folder| has_config(folder))
    }
}

fn has_config(folder: &Path) -> bool {
    ["config.json", "model_index.json"].iter().any(|name| folder.join(name).is_file())
}

/// Whether it is the name of a repository on the Hub, and no path.
pub(super) fn is_repository(id: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '-'])
            && part.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.'))
    };
    id.split('/').count() <= 2 && id.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_found_in_the_cache() {
        let cache = tempfile::tempdir().expect("a folder");
        let repository = cache.path().join("models--org--name");
        for commit in ["aaaa", "bbbb", "cccc"] {
            fs::create_dir_all(repository.join("snapshots").join(commit)).expect("a folder");
        }
        fs::create_dir_all(repository.join("refs")).expect("a folder");
        let of = |cache: &Path| Configs { given: BTreeMap::new(), cache: Some(cache.to_owned()) };
        let find = || of(cache.path()).find("org/name");
        assert_eq!(find(), None);
        let config = |commit: &str| repository.join("snapshots").join(commit).join("config.json");
        fs::write(config("cccc"), "{}").expect("a file");
        assert_eq!(find(), Some(repository.join("snapshots/cccc")));
        // What `main` is counts before what is merely there, but not where it has no configuration.
        fs::write(repository.join("refs/main"), "bbbb\n").expect("a file");
        assert_eq!(find(), Some(repository.join("snapshots/cccc")));
        fs::write(config("bbbb"), "{}").expect("a file");
        assert_eq!(find(), Some(repository.join("snapshots/bbbb")));
        fs::write(repository.join("refs/main"), "../../elsewhere").expect("a file");
        assert_eq!(find(), Some(repository.join("snapshots/bbbb")));
        assert_eq!(of(cache.path()).find("../org/name"), None);
        let given =
            Configs { given: BTreeMap::from([("org/name".into(), "x".into())]), cache: None };
        assert_eq!(given.find("org/name"), Some("x".into()));
        assert_eq!(given.find("org/other"), None);
    }

    #[test]
    fn what_is_no_repository_is_refused() {
        for text in ["org/name", "=x", "org/name=", "../x=y", "a/b/c=y", "org/na me=y", "/org=y"] {
            assert!(Given::from_str(text).is_err(), "{text}");
        }
        assert!(Given::from_str("gpt2=a=b").is_ok());
    }
}
