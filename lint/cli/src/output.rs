//! Standard output, for what was asked for, and standard error, for what went wrong in the asking.
//!
//! A reader that goes away (`spacelint check | head -1`) is no failure: the rest is left unsaid, and
//! the exit status is what it would have been. Any other failure to write makes the run incomplete.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use spacelint_rules::fix;
use tempfile::NamedTempFile;

use crate::escape;
use crate::summary::Status;
use crate::terminal::Terminal;

/// The two streams of a run.
pub(crate) struct Output {
    stdout: AutoStream<io::StdoutLock<'static>>,
    closed: bool,
    failed: Option<io::Error>,
}

impl Output {
    /// Where `terminal` says no colour, no escape sequence gets through, whoever wrote it.
    pub(crate) fn new(terminal: Terminal) -> Self {
        let choice = if terminal.color { ColorChoice::Always } else { ColorChoice::Never };
        Self { stdout: AutoStream::new(io::stdout().lock(), choice), closed: false, failed: None }
    }

    /// Prints `text`, which ends its own lines and is escaped.
    pub(crate) fn print(&mut self, text: &str) {
        if !self.closed {
            let result = self.stdout.write_all(text.as_bytes());
            self.note(result);
        }
    }

    /// Prints `bytes` as they are: a text that was asked for, not a report of one.
    pub(crate) fn print_raw(&mut self, bytes: &[u8]) {
        self.flush();
        if !self.closed {
            // This thread holds the lock already, and may take it again.
            let result = io::stdout().write_all(bytes);
            self.note(result);
        }
    }

    /// Says what went wrong: what, where, what to do, in a line. `message` is escaped here.
    pub(crate) fn error(&mut self, message: &str) {
        // What was printed before must come before.
        self.flush();
        // Nobody is left to tell if standard error is gone.
        let _ = writeln!(io::stderr(), "spacelint: {}", escape::escape(message));
    }

    /// Says `message`, escaped already, where it is not in the way of what was asked for.
    #[expect(clippy::unused_self, reason = "one value stands for both streams")]
    pub(crate) fn aside(&mut self, message: &str) {
        // Nobody is left to tell if standard error is gone.
        let _ = write!(io::stderr(), "{message}");
    }

    /// Hands on what is left, and says how the run ended.
    pub(crate) fn finish(mut self, status: Status) -> Status {
        self.flush();
        match self.failed.take() {
            Some(error) => {
                self.error(&format!("cannot write to standard output: {error}"));
                Status::Incomplete
            }
            None => status,
        }
    }

    fn flush(&mut self) {
        if !self.closed {
            let result = self.stdout.flush();
            self.note(result);
        }
    }

    fn note(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.closed = true;
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.failed = Some(error);
            }
        }
    }
}

/// A file that gets a report.
///
/// What is there is replaced when the report is whole, a link and not what it leads to; only what is no
/// file, such as a pipe, is written where it stands. The first failure is kept until
/// [`finish`](Self::finish), and the rest is left unsaid.
pub(crate) struct FileOutput {
    path: PathBuf,
    sink: io::Result<BufWriter<Sink>>,
}

enum Sink {
    New(NamedTempFile),
    InPlace(File),
}

impl FileOutput {
    /// Begins the report for `path`.
    pub(crate) fn create(path: &Path) -> Self {
        let is_special = std::fs::metadata(path).is_ok_and(|found| !found.is_file());
        let sink = if is_special {
            OpenOptions::new().write(true).open(path).map(Sink::InPlace)
        } else {
            beside(path).map(Sink::New)
        };
        Self { path: path.to_owned(), sink: sink.map(BufWriter::new) }
    }

    /// Writes `text`, which ends its own lines and is escaped.
    pub(crate) fn write(&mut self, text: &str) {
        if let Ok(sink) = &mut self.sink
            && let Err(error) = sink.write_all(text.as_bytes())
        {
            self.sink = Err(error);
        }
    }

    /// Hands on what is left; if anything could not be written, says so.
    pub(crate) fn finish(self) -> Result<(), String> {
        let put = |sink: BufWriter<Sink>| match sink.into_inner().map_err(io::Error::from)? {
            Sink::New(file) => put(file, &self.path),
            Sink::InPlace(_) => Ok(()),
        };
        self.sink.and_then(put).map_err(|error| {
            format!("cannot write the report to `{}`: {error}", self.path.display())
        })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::New(file) => file.write(bytes),
            Self::InPlace(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::New(file) => file.flush(),
            Self::InPlace(file) => file.flush(),
        }
    }
}

/// A file beside `path` that is to take its place, with its mode.
pub(crate) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_or(0o666, |found| found.permissions().mode());
        builder.permissions(std::fs::Permissions::from_mode(mode & 0o777));
    }
    let folder = folder.unwrap_or(Path::new("."));
    fix::remove_left(folder);
    fix::temporary(&mut builder, folder)
}

/// Puts `file`, which is whole, in the place of `path`.
pub(crate) fn put(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
