//! `spacelint man`: the manual pages, made from the definition of the command line.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::args::Cli;

/// The page of the command itself, as roff.
pub(crate) fn page() -> String {
    let mut out = Vec::new();
    // Writing to memory cannot fail.
    let _ = man(Cli::command()).render(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Writes the page of the command and one for each of its commands into `folder`, made if need be.
pub(crate) fn write(folder: &Path) -> Result<(), String> {
    let mut command = Cli::command();
    // This is what gives each command its whole name.
    command.build();
    let shown = command.get_subcommands().filter(|one| !one.is_hide_set()).cloned();
    let mut all = std::iter::once(command.clone()).chain(shown);
    std::fs::create_dir_all(folder)
        .and_then(|()| all.try_for_each(|one| man(one).generate_to(folder).map(drop)))
        .map_err(|error| format!("cannot write manual pages to `{}`: {error}", folder.display()))
}

fn man(command: Command) -> Man {
    let version = concat!("spacelint ", env!("CARGO_PKG_VERSION"));
    Man::new(command).source(version).manual("spacelint")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_command_and_the_exit_statuses() {
        let page = page();
        assert!(page.starts_with(".ie \\n(.g .ds Aq \\(aq\n"), "{page}");
        for text in [
            ".TH spacelint 1",
            "spacelint\\-check(1)",
            "spacelint\\-diagnose(1)",
            "spacelint\\-trace(1)",
            "2 the run",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(!page.contains("spacelint\\-site"), "{page}");
    }

    #[test]
    fn each_command_has_a_page() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("man1");
        write(&folder).expect("it can be written");
        let command = Cli::command();
        let names: Vec<&str> = command
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
            .map(Command::get_name)
            .collect();
        for name in &names {
            let path = folder.join(format!("spacelint-{name}.1"));
            let page = std::fs::read_to_string(path).expect("the page is there");
            assert!(page.contains(&format!("\nspacelint\\-{name} \\-")), "{page}");
        }
        let pages = std::fs::read_dir(&folder).expect("it can be listed").count();
        assert_eq!(pages, names.len() + 1);
    }
}
