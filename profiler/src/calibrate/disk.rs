//! From disk to the device: a file that is as large as there is time for, read from the disk and not from the host's memory,
//! as far as that can be had.

use std::fs::File;
use std::io::{Read as _, Result, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use candle_core::Tensor;

use super::bench::{Bench, Case, Work};
use super::cases::megabytes;
use super::check::Check;
use super::memory::Random;
use crate::device::{Kind, Machine};
use crate::fault::Fault;
use crate::measure::Timing;
use crate::parts::{Part, float};

/// What is written and read at a time.
const PIECE: usize = 8 << 20;
/// The largest file, in pieces: large enough that no disk holds it in a cache of its own.
const MOST: usize = 256;
/// How often it is read.
const READS: usize = 3;

/// A file of random pieces.
struct Written {
    file: File,
    pieces: usize,
    /// A sum of each piece.
    sums: Vec<u64>,
}

/// What a read of it took.
struct Reading {
    seconds: f64,
    is_whole: bool,
    /// Whether it came from the disk; none where the system does not tell.
    is_cold: Option<bool>,
}

/// Measures it, with a file in `folder` or where temporary files are.
pub(super) fn measure(bench: &mut Bench<'_>, folder: Option<&Path>) {
    let case = Case { part: Part::Disk, name: "packed weights", counts: true };
    let machine = bench.machine;
    let read = || -> std::result::Result<_, String> {
        let cannot = |error: std::io::Error| format!("cannot write or read a file: {error}");
        let mut written = write(folder, bench.each, machine.free_bytes()).map_err(cannot)?;
        let mut readings = Vec::new();
        for _ in 0..READS {
            readings.push(read(&mut written, machine)?);
        }
        Ok((written.pieces * PIECE, readings))
    };
    let (bytes, readings) = match read() {
        Ok(found) => found,
        Err(why) => return bench.leave_out(case, &why),
    };
    let check = Check::exact(readings.iter().all(|it| it.is_whole));
    if !check.holds() {
        return bench.leave_out(case, "what was read is not what was written");
    }
    let note = if readings.iter().all(|it| it.is_cold == Some(true)) {
        None
    } else if readings.iter().any(|it| it.is_cold == Some(false)) {
        Some("the file was in the host's memory: this is no rate of the disk")
    } else {
        Some("whether the file was in the host's memory is not known")
    };
    let case = Case { counts: note.is_none(), ..case };
    let timing = Timing::of(readings.iter().map(|it| it.seconds).collect());
    let work = Work {
        shape: megabytes(bytes),
        amount: float(bytes),
        operations: 0.0,
        bytes: 0.0,
        run: Box::new(|| Ok(())),
        check: Box::new(move || Ok(check)),
    };
    bench.add(case, &work, check, timing, note.map(ToOwned::to_owned));
}

/// Writes as much as can be written in `budget`, a piece at least.
fn write(folder: Option<&Path>, budget: Duration, free: u64) -> Result<Written> {
    let file = match folder {
        // It is the better place: where temporary files are is often no disk.
        Some(folder) => std::fs::create_dir_all(folder)
            .and_then(|()| tempfile::tempfile_in(folder))
            .or_else(|_| tempfile::tempfile()),
        None => tempfile::tempfile(),
    };
    let mut written = Written { file: file?, pieces: 0, sums: Vec::new() };
    let mut random = Random::new(0x5851_f42d_4c95_7f2d);
    let room = usize::try_from(free / 4).unwrap_or(usize::MAX) / PIECE;
    let start = Instant::now();
    let mut piece = vec![0; PIECE];
    loop {
        for word in piece.chunks_exact_mut(8) {
            word.copy_from_slice(&random.next().to_le_bytes());
        }
        written.file.write_all(&piece)?;
        written.sums.push(sum(&piece));
        written.pieces += 1;
        if start.elapsed() >= budget || written.pieces >= MOST.min(room) {
            break;
        }
    }
    written.file.sync_all()?;
    Ok(written)
}

/// Reads it from its start to its end and to the device.
fn read(written: &mut Written, machine: &Machine) -> std::result::Result<Reading, String> {
    let cannot = |error: std::io::Error| format!("cannot read a file: {error}");
    forget(&written.file);
    written.file.rewind().map_err(cannot)?;
    let before = fetched();
    let mut is_whole = true;
    let mut taken = Duration::ZERO;
    let mut piece = vec![0; PIECE];
    for expected in &written.sums {
        let start = Instant::now();
        written.file.read_exact(&mut piece).map_err(cannot)?;
        if machine.identity.kind == Kind::Cuda {
            let sent = Tensor::from_slice(&piece, PIECE, &machine.device);
            sent.and_then(|_| machine.synchronize())
                .map_err(|error| Fault::of(&error).to_string())?;
        }
        taken += start.elapsed();
        is_whole &= sum(&piece) == *expected;
    }
    let bytes = (written.pieces * PIECE) as u64;
    let is_cold = before.zip(fetched()).map(|(before, after)| (after - before) * 10 >= bytes * 9);
    Ok(Reading { seconds: taken.as_secs_f64(), is_whole, is_cold })
}

fn sum(piece: &[u8]) -> u64 {
    let words = piece.chunks_exact(8).filter_map(|word| word.try_into().ok());
    words.map(u64::from_le_bytes).fold(0, |sum, word| sum.rotate_left(5).wrapping_add(word))
}

/// Asks the system to keep nothing of the file in its memory, which it may or may not do.
fn forget(file: &File) {
    #[cfg(target_os = "linux")]
    {
        // Whether it did is seen from where the bytes come.
        let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = file;
    }
}

/// How many bytes this process had fetched from a disk, where the system tells.
fn fetched() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/io").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("read_bytes:"))?;
    line.trim().parse().ok()
}
