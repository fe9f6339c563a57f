//! Which package an import needs, and which packages come with others. Names of packages are as pip compares
//! them.

include!(concat!(env!("OUT_DIR"), "/modules.rs"));
include!(concat!(env!("OUT_DIR"), "/brings.rs"));

/// A module that is no part of Python.
#[derive(Debug, PartialEq, Eq)]
pub struct Module {
    /// The first name of what is imported.
    pub import: &'static str,
    /// The package to install for it, as people write it.
    pub package: &'static str,
    /// Further packages that bring a module of that name.
    also: &'static [&'static str],
}

impl Module {
    /// Whether `package` itself is or holds the module.
    pub fn is_of(&self, package: &str) -> bool {
        let own = self.package.bytes().map(|byte| byte.to_ascii_lowercase());
        own.eq(package.bytes()) || self.also.contains(&package)
    }
}

/// What is known of the module of that first name.
pub fn module(import: &str) -> Option<&'static Module> {
    MODULES.binary_search_by_key(&import, |module| module.import).ok().map(|at| &MODULES[at])
}

/// The packages of modules that may come with `package`; none where nothing is known of it.
pub fn brought_by(package: &str) -> Option<&'static [&'static str]> {
    BRINGS.binary_search_by_key(&package, |(name, _)| name).ok().map(|at| BRINGS[at].1)
}

/// What every Gradio Space has besides what the builder's command asks for.
pub fn preinstalled() -> &'static [&'static str] {
    PREINSTALLED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_of_its_package_whatever_that_is_called() {
        let module = module("cv2").expect("it is in the table");
        assert!(module.is_of("opencv-python-headless") && module.is_of("opencv-contrib-python"));
        assert!(!module.is_of("cv2"));
        assert!(super::module("PyPDF2").is_some_and(|module| module.is_of("pypdf2")));
        assert_eq!(super::module("gradio"), None);
    }

    #[test]
    fn what_comes_along_is_told() {
        assert!(brought_by("diffusers").is_some_and(|brings| brings.contains(&"safetensors")));
        assert!(brought_by("gradio").is_some_and(|brings| brings.contains(&"python-dotenv")));
        assert_eq!(brought_by("no-such-package"), None);
    }
}
