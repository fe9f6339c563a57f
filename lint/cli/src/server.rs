//! `spacelint server`: what an editor shows while a Space is written.
//!
//! How it flows:
//!
//! 1. The editor's messages come over standard input. [`session`] takes them one by one, on one thread,
//!    and is the only one that answers: on standard output, and nothing else is written there.
//! 2. Texts that are open stand in [`documents`], over the disk. Each has a home, the Space that it is
//!    part of; a text without one is never spoken of. A text that changes, opens or closes, and a file
//!    that changes on disk, make their Space one that is to be checked anew ([`spaces`]).
//! 3. When the typing pauses, [`checker`], the one other thread, reads the whole Space from the disk
//!    under the texts as they were then, and checks it. What comes back is thrown away if the Space has
//!    changed meanwhile; else it is what is known of the Space, [`diagnostics`] show it, and files that
//!    have lost theirs are told so.
//! 4. A question ([`hover`], [`actions`]) is answered from what is known. If that is no longer so, the
//!    question waits for the check, which then does not wait for a pause; it is cancelled on request,
//!    and given back if its text changes first.
//!
//! What is found is decided in the crates below. Nothing here opens a file, a connection or, of itself,
//! a window; a panic is a message in the editor's log and never the end.

mod actions;
mod checker;
mod client;
mod diagnostics;
mod documents;
mod hover;
mod session;
mod spaces;
#[cfg(test)]
mod tests;
mod uri;

use std::io::Write;
use std::process::ExitCode;

use lsp_server::Connection;

/// Serves the editor at standard input and output until it says that it goes, or is gone.
pub(crate) fn run() -> ExitCode {
    let (connection, threads) = Connection::stdio();
    let ended = session::serve(connection, checker::check);
    // An editor that is gone reads no more, and that is no news.
    let ended = threads.join().map_err(|error| error.to_string()).and(ended);
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nobody is left to tell if standard error is gone.
            let _ = writeln!(std::io::stderr(), "spacelint: the connection broke: {error}");
            ExitCode::FAILURE
        }
    }
}
