//! What the build refuses: each table is broken in one way and read by the build script's own reader.

#[path = "../tables/mod.rs"]
mod tables;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn text_of(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::read_to_string(path).expect("the table stands beside Cargo.toml")
}

fn generate(file: &str, text: &str) -> Result<String, String> {
    let table = tables::TABLES.iter().find(|table| table.file == file).expect("a known table");
    (table.generate)(text)
}

/// The table with the `nth` line that starts with `start` taken out.
fn without(text: &str, start: &str, nth: usize) -> String {
    let mut seen = 0;
    let lines = text.lines().filter(|line| {
        let hit = line.starts_with(start);
        seen += usize::from(hit);
        !(hit && seen == nth + 1)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn refused(file: &str, text: &str, words: &str) {
    let error = generate(file, text).expect_err("the table is bad");
    assert!(error.contains(words), "{file}: {error}");
}

#[track_caller]
fn replaced(file: &str, from: &str, to: &str, words: &str) {
    let text = text_of(file);
    assert!(text.contains(from), "{file} has no {from:?}");
    refused(file, &text.replacen(from, to, 1), words);
}

#[test]
fn the_tables_are_good() {
    for table in tables::TABLES {
        let made = (table.generate)(&text_of(table.file));
        assert!(made.is_ok(), "{}: {}", table.file, made.unwrap_or_else(|error| error));
    }
}

/// Which of the lines that start with `start` are the first of their kind of entry: of those of one
/// kind, each is read in the same way.
fn first_of_kind(text: &str, start: &str) -> Vec<usize> {
    let mut kinds = BTreeSet::new();
    let mut kind = "";
    let mut nth = 0;
    let mut first = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') {
            kind = line;
        }
        if line.starts_with(start) {
            if kinds.insert(kind) {
                first.push(nth);
            }
            nth += 1;
        }
    }
    first
}

/// The tables whose every entry has one source and a grade of confidence.
fn graded() -> impl Iterator<Item = &'static tables::Table> {
    tables::TABLES.iter().filter(|table| table.file != "failures.toml")
}

#[test]
fn a_failure_has_its_sources_its_day_and_a_sample() {
    let text =
        |entry: &str| format!("[[failure]]\nname = \"it-fails\"\ntitle = \"It fails\"\n{entry}\n");
    let whole = "sources = [\"x\"]\nas_of = 2026-11-20";
    for (entry, problem) in [
        ("as_of = 2026-11-20", "missing field `sources`"),
        ("sources = [\" \"]\nas_of = 2026-11-20", "`sources` is empty"),
        ("sources = [\"x\"]\nas_of = 12:00:00", "`as_of` is not a day"),
        (&format!("{whole}\nsourec = \"x\""), "unknown field `sourec`"),
        (&format!("{whole}\nyields_to = [\"other\"]"), "not in the table"),
        (&format!("{whole}\nsignature = [{{ text = \"it\" }}]"), "too short"),
        (&format!("{whole}\nsignature = [{{ text = \"it failed\" }}]"), "no sample"),
    ] {
        refused("failures.toml", &text(entry), problem);
    }
}

#[test]
fn every_kind_of_entry_needs_its_source_date_and_confidence() {
    for table in graded() {
        let text = text_of(table.file);
        for field in ["source", "as_of", "confidence"] {
            let start = format!("{field} = ");
            let entries = first_of_kind(&text, &start);
            assert!(!entries.is_empty(), "{} has entries", table.file);
            for nth in entries {
                refused(
                    table.file,
                    &without(&text, &start, nth),
                    &format!("missing field `{field}`"),
                );
            }
        }
    }
}

#[test]
fn a_source_is_words_and_a_date_is_a_day() {
    for table in graded() {
        let text = text_of(table.file);
        let line = text.lines().find(|line| line.starts_with("source = ")).expect("entries");
        refused(table.file, &text.replacen(line, "source = \" \"", 1), "`source` is empty");
        let line = text.lines().find(|line| line.starts_with("as_of = ")).expect("entries");
        refused(table.file, &text.replacen(line, "as_of = 12:00:00", 1), "`as_of` is not a day");
        refused(table.file, &text.replacen(line, "as_of = \"soon\"", 1), "datetime");
    }
}

#[test]
fn what_is_unsure_is_refused() {
    for table in graded() {
        let text = text_of(table.file);
        refused(
            table.file,
            &text.replacen("confidence = \"H\"", "confidence = \"L\"", 1),
            "less sure",
        );
    }
}

#[test]
fn a_misspelt_field_is_refused() {
    for table in graded() {
        let text = text_of(table.file).replacen("\nsource = ", "\nsourec = \"x\"\nsource = ", 1);
        refused(table.file, &text, "unknown field `sourec`");
    }
}

#[test]
fn names_are_sorted_and_there_once() {
    replaced("platform.toml", "\"HOME\", \"PATH\"", "\"PATH\", \"HOME\"", "must come before");
    replaced("platform.toml", "\"HOME\", \"PATH\"", "\"HOME\", \"HOME\"", "there twice");
    replaced("platform.toml", "names = [\"SYSTEM\"]", "names = [\"PATH\"]", "there twice");
    replaced(
        "devices.toml",
        "\"matmul-bf16\"\nbasis = \"m",
        "\"memory\"\nbasis = \"m",
        "must come before",
    );
    replaced("gradio.toml", "fixed = \"4.13.0\"", "fixed = \"4.10.0\"", "does not come after");
}

#[test]
fn versions_are_versions() {
    replaced("gradio.toml", "version = \"5.12.0\"", "version = \"5.x\"", "not a version");
    replaced("platform.toml", "\"2.9.1\"", "\"v2.9.1\"", "not a version");
}

#[test]
fn an_effect_is_said_in_full_and_no_more() {
    let file = "effects.toml";
    replaced(file, "kind = \"touches-cuda\"", "kind = \"touches\"", "no kind is called");
    replaced(
        file,
        "args = { when = [\"pin_memory\"], workers = [\"5:num_workers\"] }\n",
        "",
        "which argument is `when`?",
    );
    replaced(file, "kind = \"sleep\"", "kind = \"http\"", "has no use for");
    replaced(file, "role = \"render\"", "role = \"rendering\"", "no role is called");
    replaced(file, "names = [\"torch.compile\"]", "names = [\"torch.load\"]", "there twice");
    replaced(file, "range = \">=2.11\"", "range = \"2.11\"", "does not compare a version");
    replaced(file, "range = \">=2.11\"", "range = \">=2.x\"", "not a version");
    replaced(file, "tested = [\"2.11.0\"]", "tested = []", "some version was tried");
    replaced(file, "\"gradio.Blocks\" =", "\"gradio.Blocky\" =", "nothing is known of");
    replaced(file, "says = \"waits\"", "says = \"Waits.\"", "predicate");
    replaced(file, "passes = \"0:model|decorator\"", "passes = \"300\"", "not a position");
}

#[test]
fn a_breakage_is_said_in_full_and_shown() {
    let file = "drift.toml";
    replaced(file, "gradio-client = \"2.7.2\"", "gradio-client = \"2.x\"", "not a version");
    replaced(file, "httpx = \"0.28.1\"\n", "", "does not know \"httpx\"");
    replaced(file, "package = \"datasets\"", "package = \"Datasets\"", "in another form");
    replaced(file, "range = \"<3\"", "range = \"3\"", "does not compare a version");
    replaced(file, "at = \"launch\"", "at = \"lunch\"", "`at` is");
    replaced(file, "ways = [\"read\"]", "ways = [\"write\"]", "no way is called");
    replaced(file, "delete = \"safe\"", "delete = \"soon\"", "`delete` is");
    replaced(
        file,
        "install = [[\"gradio==6.0.2\", \"spaces\"], ",
        "install = [], was = [",
        "unknown field",
    );
    replaced(file, "[\"PIL.Image.ANTIALIAS\"]", "[\"ANTIALIAS\"]", "is not a full name");
}

#[test]
fn a_device_has_figures_and_shares_that_can_be() {
    let file = "devices.toml";
    replaced(file, "per_second = 788e12", "per_second = -788e12", "is no rate");
    replaced(file, "per_second = 788e12", "per_second = inf", "is no rate");
    replaced(file, "per_second = 788e12", "per_second = 990e12", "more was measured than");
    replaced(file, "basis = \"measured\"", "basis = \"heard\"", "unknown variant `heard`");
    replaced(file, "part = \"memory\"", "part = \"memory-writes\"", "is not known");
    replaced(file, "compute = [60, 132]", "compute = [132, 60]", "is no share");
    replaced(file, "memory = [4, 8]", "memory = [0, 8]", "is no share");
    replaced(file, "size = \"large\"", "size = \"huge\"", "unknown variant `huge`");
    let text = text_of(file).replace("gpu = \"NVIDIA H200\"\nsize", "gpu = \"NVIDIA H100\"\nsize");
    refused(file, &text, "a GPU needs figures and slices");
}

#[test]
fn an_estimate_errs_to_the_side_of_saying_nothing() {
    let file = "models.toml";
    replaced(file, "name_least = 0.8", "name_least = 1.2", "either side of 1");
    replaced(file, "name_most = 2.0", "name_most = 0.5", "either side of 1");
    replaced(file, "beside_share = 0.25", "beside_share = 1.0", "less than 1");
    replaced(file, "adapter_gb = 1.05", "adapter_gb = 0.0", "not more than nothing");
}

#[test]
fn a_model_is_a_repository_with_a_size() {
    let file = "models.toml";
    replaced(file, "\"google/gemma-7b\"", "\"gemma-7b\"", "is not a repository");
    replaced(
        file,
        "prefixes = [\"meta-llama/\"]",
        "prefixes = [\"meta-llama\"]",
        "is not a repository",
    );
    replaced(file, "ids = [\"briaai/RMBG-2.0\"]\n", "", "says of nothing");
    replaced(file, "ids = [\"briaai/RMBG-2.0\"]", "ids = [\"facebook/sam3\"]", "there twice");
    replaced(file, "parts = { model = 2.7 }", "parts = { model = -2.7 }", "not more than nothing");
    replaced(file, "parts = { model = 2.7 }", "parts = {}", "has no parts");
    replaced(file, "dtype = \"bfloat16\"", "dtype = \"bfloat\"", "no type of weights");
    replaced(file, "range = \"<5\"", "range = \"5\"", "does not compare a version");
}

#[test]
fn a_debian_package_is_gone_from_a_release() {
    let file = "debian.toml";
    replaced(file, "debian = [12, 13]", "debian = [13, 12]", "rising");
    replaced(file, "debian = [12, 13]", "debian = []", "rising");
    replaced(file, "kind = \"python\"", "kind = \"snake\"", "no kind");
    replaced(file, "instead = \"chromium\"\n", "", "`same` as what?");
}

#[test]
fn a_token_is_long_enough_to_be_told() {
    replaced("tokens.toml", "least = 34", "least = 8", "too short");
}

#[test]
fn architectures_are_each_there_once_and_whole() {
    let file = "architectures.toml";
    replaced(file, "passes = 2", "passes = 0", "a number is 0");
    replaced(file, "types = [\"gemma2\"]", "types = [\"gemma\"]", "is there twice");
    replaced(file, "norm = \"rms\"", "norm = \"batch\"", "batch");
    replaced(file, "source = \"transformers", "was = \"", "unknown field");
}
