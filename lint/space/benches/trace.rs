//! What a trace costs beside the bare parse of the files that it reaches: `cargo bench -p
//! spacelint-space --bench trace -- FOLDER…` for the folders of Spaces. Both are measured in one run,
//! in turn, so that whatever else the machine does meets both.

use std::hint::black_box;
use std::time::{Duration, Instant};

use spacelint_space::{Files, Space};
use tree_sitter::Parser;

/// How often each is measured; the median counts.
const REPETITIONS: usize = 11;

struct Measured {
    folder: String,
    /// The texts of the files that the trace reached.
    texts: Vec<String>,
    steps: u64,
    note: String,
    parse: Vec<Duration>,
    read: Vec<Duration>,
}

#[expect(clippy::print_stdout, reason = "the figures are what this is for")]
fn main() {
    // `cargo bench` adds an option of its own.
    let folders = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let mut measured: Vec<Measured> = folders.filter_map(first).collect();
    for _ in 0..REPETITIONS {
        for space in &mut measured {
            space.parse.push(time(|| space.texts.iter().for_each(|text| parse(text))));
            space.read.push(time(|| read(&space.folder)));
        }
    }
    println!("files    KiB   steps    parse     read  ratio");
    let mut ratios = Vec::with_capacity(measured.len());
    for space in &mut measured {
        let (parse, read) = (median(&mut space.parse), median(&mut space.read));
        let ratio = read.as_secs_f64() / parse.as_secs_f64();
        ratios.push(ratio);
        println!(
            "{:5} {:6} {:7} {:>8.2?} {:>8.2?} {ratio:6.2}  {}{}",
            space.texts.len(),
            space.texts.iter().map(String::len).sum::<usize>() / 1024,
            space.steps,
            parse,
            read,
            space.folder,
            space.note,
        );
    }
    ratios.sort_by(f64::total_cmp);
    if let Some(median) = ratios.get(ratios.len() / 2) {
        println!("median of {} ratios: {median:.2}", ratios.len());
    }
}

/// Reads a Space once, to see which files its trace reaches; `None` where nothing is traced.
fn first(folder: String) -> Option<Measured> {
    let space = Space::read(&Files::disk(folder.as_str()));
    let trace = space.trace()?;
    let texts = trace.files().map(|file| file.text.as_str().to_owned()).collect();
    let note = match trace.exhausted() {
        [] => String::new(),
        exhausted => format!(" (ran out of {exhausted:?})"),
    };
    let steps = trace.steps();
    Some(Measured { folder, texts, steps, note, parse: Vec::new(), read: Vec::new() })
}

fn parse(text: &str) {
    let mut parser = Parser::new();
    let set = parser.set_language(&tree_sitter_python::LANGUAGE.into());
    black_box(set.ok().and_then(|()| parser.parse(text, None)));
}

fn read(folder: &str) {
    black_box(Space::read(&Files::disk(folder)));
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
