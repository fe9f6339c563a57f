//! `spacelint completions`: what a shell needs to complete the command line, made from its definition.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;

/// The script for `shell`.
pub(crate) fn script(shell: Shell) -> String {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "spacelint", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_learns_every_command_and_flag() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for word in
                ["check", "explain", "diagnose", "quota", "unsafe-fixes", "what-if", "fail-on"]
            {
                assert!(script.contains(word), "{shell} does not know {word}");
            }
            assert!(script.ends_with('\n'), "{shell}");
        }
    }
}
