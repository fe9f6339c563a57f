//! The file of a recording: each record is one append, and two runs never write to one file at once.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::Record;

/// Where recordings lie in a Space.
pub(crate) const FOLDER: &str = ".spacelint/recordings";

/// Writes a recording.
#[derive(Debug)]
pub(crate) struct Recorder {
    file: File,
    path: PathBuf,
}

impl Recorder {
    /// Appends to `path`, which is made if it is not there.
    pub(crate) fn append(path: &Path) -> Result<Self, String> {
        let cannot = |error: std::io::Error| cannot(path, &error);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(cannot)?;
        }
        let file =
            File::options().create(true).append(true).read(true).open(path).map_err(cannot)?;
        let mut recorder = Self { file, path: path.to_owned() };
        match recorder.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(format!(
                    "another run is recording to `{}`; name another file with --record",
                    path.display()
                ));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        recorder.end_line().map_err(cannot)?;
        Ok(recorder)
    }

    /// A new file in the Space at `root`, named by when the run began.
    pub(crate) fn fresh(root: &Path, began: &str) -> Result<Self, String> {
        let folder = root.join(FOLDER);
        let ignore = folder.join(".gitignore");
        fs::create_dir_all(&folder).map_err(|error| cannot(&folder, &error))?;
        if !ignore.exists() {
            // What a Space prints may be anybody's; it does not belong into its repository.
            fs::write(&ignore, "*\n").map_err(|error| cannot(&ignore, &error))?;
        }
        let name = began.replace(':', "-");
        for count in 1.. {
            let name = if count == 1 { name.clone() } else { format!("{name}-{count}") };
            let path = folder.join(format!("{name}.jsonl"));
            match File::create_new(&path) {
                Ok(_) => return Self::append(&path),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(cannot(&path, &error)),
            }
        }
        Err(format!("`{}` is full of recordings", folder.display()))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where what the Space prints goes: beside it, if that is a place for files.
    pub(crate) fn log(&self) -> PathBuf {
        if self.path.is_file() {
            return self.path.with_extension("log");
        }
        std::env::temp_dir().join(format!("spacelint-profile-{}.log", std::process::id()))
    }

    /// Appends a record.
    pub(crate) fn write(&mut self, record: &Record) -> Result<(), String> {
        let mut line = serde_json::to_vec(record)
            .map_err(|error| format!("a record cannot be written as JSON: {error}"))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(|error| cannot(&self.path, &error))
    }

    /// A run that was killed, or a full disk, may have left half a line.
    fn end_line(&mut self) -> std::io::Result<()> {
        let length = self.file.seek(SeekFrom::End(0))?;
        if length == 0 {
            return Ok(());
        }
        let mut last = [0];
        self.file.seek(SeekFrom::End(-1))?;
        self.file.read_exact(&mut last)?;
        if last == *b"\n" { Ok(()) } else { self.file.write_all(b"\n") }
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> String {
    let what_to_do = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "; free some space, or name a place with more of it with --record"
        }
        _ => "",
    };
    format!("cannot write the recording `{}`: {error}{what_to_do}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::End;

    #[test]
    fn records_are_appended_after_whatever_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/b.jsonl");
        let record = Record::End(End { calls: 1 });
        Recorder::append(&path).and_then(|mut it| it.write(&record)).expect("writable");
        fs::write(&path, [fs::read(&path).expect("it is there"), b"{\"ki".to_vec()].concat())
            .expect("writable");
        let mut recorder = Recorder::append(&path).expect("writable");
        recorder.write(&record).expect("writable");
        let second = Recorder::append(&path).expect_err("it is being written");
        assert!(second.contains("another run"), "{second}");
        let text = fs::read_to_string(&path).expect("it is there");
        let line = r#"{"kind":"end","calls":1}"#;
        assert_eq!(text, format!("{line}\n{{\"ki\n{line}\n"));
    }

    #[test]
    fn two_runs_of_one_second_have_two_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let began = "2026-11-29T15:00:00Z";
        let one = Recorder::fresh(folder.path(), began).expect("writable");
        let two = Recorder::fresh(folder.path(), began).expect("writable");
        assert!(one.path().ends_with("2026-11-29T15-00-00Z.jsonl"));
        assert!(two.path().ends_with("2026-11-29T15-00-00Z-2.jsonl"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_said() {
        let mut recorder = Recorder::append(Path::new("/dev/full")).expect("it can be opened");
        let error = recorder.write(&Record::End(End { calls: 1 })).expect_err("it is full");
        assert!(error.contains("/dev/full") && error.contains("free some space"), "{error}");
    }
}
