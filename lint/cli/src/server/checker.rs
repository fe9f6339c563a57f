//! The one thread that checks, so that the session goes on listening. What it is given it does in
//! order, and what it panics at is an answer too. It ends when the session does.

use std::thread;

use camino::{Utf8Path, Utf8PathBuf};
use crossbeam_channel::{Receiver, Sender, unbounded};
use lsp_server::RequestId;
use spacelint_rules::check::{self, Report, Selection};
use spacelint_rules::finding::Applicability;
use spacelint_rules::fix::{self, FixedFile};
use spacelint_space::{Files, Space};

use crate::panics;

/// How a Space is checked: the real way, or a test's.
pub(super) type Check = fn(&Files) -> (Space, Report);

/// The real way.
pub(super) fn check(files: &Files) -> (Space, Report) {
    let space = Space::read(files);
    let report = check::check(&space, &selection());
    (space, report)
}

/// The rules that run in an editor.
fn selection() -> Selection {
    Selection::default()
}

/// A Space that was checked, and what of.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) files: Files,
    pub(super) space: Space,
    pub(super) report: Report,
}

/// What is to be done.
pub(super) enum Job {
    /// Check the Space at `root`.
    Check { root: Utf8PathBuf, generation: u64, files: Files },
    /// Apply the safe fixes of the file at `path`, for the request `id`.
    FixAll { id: RequestId, files: Files, path: Utf8PathBuf },
}

/// What came of a job: an error is what to say of a panic.
pub(super) enum Done {
    Checked { root: Utf8PathBuf, generation: u64, result: Result<Box<Checked>, String> },
    FixedAll { id: RequestId, result: Result<Option<FixedFile>, String> },
}

/// The thread, as the session sees it.
pub(super) struct Checker {
    pub(super) jobs: Sender<Job>,
    pub(super) done: Receiver<Done>,
}

impl Checker {
    pub(super) fn start(check: Check) -> std::io::Result<Self> {
        let (jobs, to_do) = unbounded();
        let (done, results) = unbounded();
        thread::Builder::new().name("checker".to_owned()).spawn(move || {
            for job in to_do {
                // Nobody waits for it any more if the session has ended.
                if done.send(work(job, check)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { jobs, done: results })
    }
}

fn work(job: Job, check: Check) -> Done {
    match job {
        Job::Check { root, generation, files } => {
            let result = caught("checking", &root, || {
                let (space, report) = check(&files);
                Box::new(Checked { files, space, report })
            });
            Done::Checked { root, generation, result }
        }
        Job::FixAll { id, files, path } => {
            let root = files.root().to_owned();
            let result = caught("fixing", &root, || {
                let fixed = fix::fix_file(files, &selection(), Applicability::Safe, &path);
                fixed.files.into_iter().find(|file| file.before.path == path)
            });
            Done::FixedAll { id, result }
        }
    }
}

fn caught<T>(doing: &str, root: &Utf8Path, work: impl FnOnce() -> T) -> Result<T, String> {
    panics::catch(work).map_err(|message| panics::describe(&format!("{doing} `{root}`"), &message))
}
