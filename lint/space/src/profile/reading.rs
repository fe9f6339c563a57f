//! Reading a profile, which anybody may have written: whatever does not make sense as a whole is not believed in
//! part.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use spacelint_knowledge::platform::{Size, duration};
use spacelint_python::{BOM, Span};

use super::{
    Advice, Evidence, FunctionIdentity, PROFILE_SCHEMA, Profile, ProfiledFunction, Translation,
};
use crate::files::SourceFile;

/// The longest text that is read, in bytes: that of a function is some hundred.
const MAX_BYTES: usize = 1 << 20;
/// More calls than this nobody has made.
const MAX_CALLS: u32 = 1_000_000_000;
/// More entries than this no Space gives.
const MAX_FUNCTIONS: usize = 1000;
/// The longest name or path, in bytes.
const MAX_NAME: usize = 1000;
/// The longest word: a version, a date.
const MAX_WORD: usize = 60;

/// The profile of a Space as it was found.
#[derive(Clone, Debug)]
pub struct ProfileFile {
    /// Where it stands.
    pub file: Arc<SourceFile>,
    /// What it says.
    pub content: Result<Profile, ProfileFault>,
}

/// Why a profile says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileFault {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: ProfileFaultKind,
}

/// What is wrong with a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileFaultKind {
    /// It is longer than any profile.
    TooLong,
    /// The text is no JSON, or not of a profile's shape, in the parser's words.
    Syntax(String),
    /// It is of another version of the format.
    Schema(u32),
    /// Something in it makes no sense.
    Value(String),
}

impl fmt::Display for ProfileFaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "it has more than {MAX_BYTES} bytes"),
            Self::Syntax(message) | Self::Value(message) => f.write_str(message),
            Self::Schema(schema) => {
                write!(f, "its format is version {schema}, and version {PROFILE_SCHEMA} is read")
            }
        }
    }
}

impl ProfileFile {
    /// Reads `file`.
    pub fn parse(file: &Arc<SourceFile>) -> Self {
        Self { file: Arc::clone(file), content: parse(file) }
    }

    /// The profile, where it says something.
    pub fn profile(&self) -> Option<&Profile> {
        self.content.as_ref().ok()
    }

    /// Its first line, which stands for the whole.
    pub fn span(&self) -> Span {
        first_line(&self.file)
    }
}

fn parse(file: &SourceFile) -> Result<Profile, ProfileFault> {
    /// What every version has.
    #[derive(Deserialize)]
    struct Version {
        schema: u32,
    }
    let text = file.text.as_str().trim_start_matches(BOM);
    let whole = |kind| ProfileFault { span: first_line(file), kind };
    if text.len() > MAX_BYTES {
        return Err(whole(ProfileFaultKind::TooLong));
    }
    let fault = |error: &serde_json::Error| {
        let message = error.to_string();
        // It says where, which the finding does too.
        let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
        let kind = ProfileFaultKind::Syntax(message.to_owned());
        ProfileFault { span: line(file, error.line()), kind }
    };
    let Version { schema } = serde_json::from_str(text).map_err(|error| fault(&error))?;
    if schema != PROFILE_SCHEMA {
        return Err(whole(ProfileFaultKind::Schema(schema)));
    }
    let profile: Profile = serde_json::from_str(text).map_err(|error| fault(&error))?;
    match verify(&profile) {
        Ok(()) => Ok(profile),
        Err(message) => Err(whole(ProfileFaultKind::Value(message))),
    }
}

/// The first thing that makes no sense.
fn verify(profile: &Profile) -> Result<(), String> {
    let Profile { schema: _, version, made, basis: _, device, functions, .. } = profile;
    for (what, word) in [("version", version), ("made", made)] {
        let is_plain = |one: char| one.is_ascii_alphanumeric() || "-+.:".contains(one);
        if word.len() > MAX_WORD || !word.chars().all(is_plain) {
            return Err(format!("`{what}` is none"));
        }
    }
    if device.as_ref().is_some_and(|device| device.len() > MAX_NAME) {
        return Err("`device` is none".to_owned());
    }
    if functions.len() > MAX_FUNCTIONS {
        return Err(format!("it has more than {MAX_FUNCTIONS} entries"));
    }
    for (index, function) in functions.iter().enumerate() {
        let named = |what: &str| format!("`{what}` of entry {} makes no sense", index + 1);
        verify_function(function).map_err(named)?;
        let same = |other: &ProfiledFunction| {
            other.function.is_of_same(&function.function) && other.size == function.size
        };
        if functions[..index].iter().any(same) {
            return Err(format!("entry {} is there twice", index + 1));
        }
    }
    Ok(())
}

/// The name of the first field that makes no sense.
fn verify_function(function: &ProfiledFunction) -> Result<(), &'static str> {
    let FunctionIdentity { module, name, path, hash, declaration } = &function.function;
    for (what, text) in [("module", module), ("name", name), ("path", path)] {
        if text.is_empty() || text.len() > MAX_NAME {
            return Err(what);
        }
    }
    for (what, hash) in [("hash", hash), ("declaration", declaration)] {
        if hash.len() > MAX_WORD || !hash.chars().all(|one| one.is_ascii_hexdigit()) {
            return Err(what);
        }
    }
    if Size::from_name(&function.size).is_none() {
        return Err("size");
    }
    let ProfiledFunction { calls, cold_calls, stopped_calls, failed_calls, .. } = *function;
    for (what, number) in [
        ("calls", calls),
        ("cold_calls", cold_calls),
        ("stopped_calls", stopped_calls),
        ("failed_calls", failed_calls),
    ] {
        if number > MAX_CALLS {
            return Err(what);
        }
    }
    if cold_calls > calls {
        return Err("cold_calls");
    }
    if !is_duration(function.declared_seconds) {
        return Err("declared_seconds");
    }
    let ProfiledFunction { median_seconds, longest_seconds, cold_seconds, .. } = *function;
    for (what, number) in [
        ("median_seconds", median_seconds),
        ("longest_seconds", longest_seconds),
        ("cold_seconds", cold_seconds),
    ] {
        if !(0.0..MAX_SECONDS).contains(&number) {
            return Err(what);
        }
    }
    if let Some(Translation { gpu, low, high }) = &function.translation {
        let in_order = 0.0 < *low && low <= high && *high <= MAX_FACTOR;
        if gpu.is_empty() || gpu.len() > MAX_NAME || !in_order {
            return Err("translation");
        }
    }
    match &function.advice {
        Advice::Seconds { lower, target, upper, evidence } => {
            verify_advice(*lower, *target, *upper, evidence)
        }
        Advice::Callable { callable, lower, target, upper, evidence } => {
            callable.verify().map_err(|_| "advice.callable")?;
            verify_advice(*lower, *target, *upper, evidence)
        }
        Advice::NotEnoughCalls { missing } if *missing > MAX_CALLS => Err("advice.missing"),
        Advice::Stopped { calls, .. } if *calls > MAX_CALLS => Err("advice.calls"),
        Advice::Stopped { at_least, .. } if !is_duration(*at_least) => Err("advice.at_least"),
        Advice::NotEnoughCalls { .. } | Advice::Stopped { .. } => Ok(()),
    }
}

/// Longer than this no call was ever waited for.
const MAX_SECONDS: f64 = 1e7;
/// No GPU that is of any use is this much slower than another.
const MAX_FACTOR: f64 = 1e4;

fn verify_advice(
    lower: i64,
    target: i64,
    upper: i64,
    evidence: &Evidence,
) -> Result<(), &'static str> {
    let in_order = 1 <= lower && lower <= target && target <= upper && is_duration(upper);
    if !in_order {
        return Err("advice");
    }
    let Evidence { content, confidence, calls, method: _, content_of_longest } = *evidence;
    let is_share = |share: f64| (0.0..=1.0).contains(&share);
    if [content, confidence, content_of_longest].into_iter().all(is_share) && calls <= MAX_CALLS {
        Ok(())
    } else {
        Err("advice.evidence")
    }
}

/// Whether `spaces` takes so many seconds for what they are.
fn is_duration(seconds: i64) -> bool {
    (0..duration().day_seconds).contains(&seconds)
}

/// The line (from 1), or the last one before it that is not blank, without what indents it.
fn line(file: &SourceFile, number: usize) -> Span {
    let number = u32::try_from(number).unwrap_or(u32::MAX).clamp(1, file.text.line_count());
    let is_blank = |number: &u32| {
        file.text.slice(file.text.line_span(*number)).trim_matches(BOM).trim().is_empty()
    };
    let number = (1..=number).rev().find(|number| !is_blank(number)).unwrap_or(1);
    let whole = file.text.line_span(number);
    let text = file.text.slice(whole);
    let written = text.trim_start_matches(BOM).trim();
    let start =
        whole.start as usize + (text.len() - text.trim_start_matches(BOM).trim_start().len());
    Span::new(start, start + written.len())
}

fn first_line(file: &SourceFile) -> Span {
    line(file, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Xorshift, mutate};

    const USUAL: &str = r#"{
  "schema": 1,
  "version": "0.1.0",
  "made": "2026-07-30T10:00:00Z",
  "basis": "platform-gpu",
  "device": "NVIDIA H200",
  "functions": [
    {
      "module": "__main__",
      "name": "generate",
      "path": "app.py",
      "hash": "00ff",
      "declaration": "00fe",
      "size": "large",
      "calls": 300,
      "cold_calls": 3,
      "stopped_calls": 0,
      "failed_calls": 0,
      "declared_seconds": 60,
      "median_seconds": 8.9,
      "longest_seconds": 11.7,
      "cold_seconds": 3.5,
      "advice": {
        "kind": "seconds",
        "lower": 11,
        "target": 12,
        "upper": 15,
        "evidence": {
          "content": 0.99,
          "confidence": 0.95,
          "calls": 300,
          "method": "order-statistic",
          "content_of_longest": 0.99
        }
      }
    }
  ]
}
"#;

    fn parse(bytes: &[u8]) -> ProfileFile {
        let file = Arc::new(SourceFile::new(super::super::PROFILE_FILE, bytes.to_vec()));
        let read = ProfileFile::parse(&file);
        if let Err(fault) = &read.content {
            assert!(file.text.as_str().get(fault.span.range()).is_some(), "{fault:?}");
        }
        read
    }

    fn fault(text: &str) -> String {
        let read = parse(text.as_bytes());
        let fault = read.content.as_ref().expect_err(text);
        format!("{}: {}", read.file.text.slice(fault.span).trim(), fault.kind)
    }

    #[test]
    fn a_profile_is_read_and_written_the_same() {
        for text in [USUAL.to_owned(), format!("\u{feff}{USUAL}"), USUAL.replace('\n', "\r\n")] {
            let read = parse(text.as_bytes());
            let profile = read.profile().expect("it is whole");
            assert!(profile.holds_on_platform());
            let written = serde_json::to_string_pretty(profile).expect("plain") + "\n";
            assert_eq!(written.replace("  \"times_hold_on_platform\": false,\n", ""), USUAL);
        }
    }

    #[test]
    fn seconds_of_another_gpu_hold_where_they_are_translated() {
        let other = USUAL.replace("\"platform-gpu\"", "\"other-gpu\"");
        assert!(!parse(other.as_bytes()).profile().expect("it is whole").holds_on_platform());
        let with = |translation: &str| {
            let field = format!("\"translation\": {translation},\n      \"advice\"");
            other.replace("\"advice\"", &field)
        };
        let translated = with(r#"{ "gpu": "half of a GPU", "low": 1.0, "high": 2.5 }"#);
        let read = parse(translated.as_bytes());
        assert!(read.profile().expect("it is whole").holds_on_platform());
        // A CPU is no GPU, whoever says so.
        let cpu = translated.replace("\"other-gpu\"", "\"cpu\"");
        assert!(!parse(cpu.as_bytes()).profile().expect("it is whole").holds_on_platform());
        for absurd in [
            r#"{ "gpu": "", "low": 1.0, "high": 2.5 }"#,
            r#"{ "gpu": "a GPU", "low": 0.0, "high": 2.5 }"#,
            r#"{ "gpu": "a GPU", "low": 3.0, "high": 2.5 }"#,
            r#"{ "gpu": "a GPU", "low": 1.0, "high": 1e300 }"#,
        ] {
            assert!(fault(&with(absurd)).contains("`translation` of entry 1"), "{absurd}");
        }
        assert!(fault(&with(r#"{ "gpu": "a GPU" }"#)).contains("missing field `low`"));
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (from, to, says) in [
            ("\"schema\": 1", "\"schema\": 2", "{: its format is version 2, and version 1 is read"),
            (
                "300,\n      \"cold",
                "-1,\n      \"cold",
                "\"calls\": -1,: invalid value: integer `-1`",
            ),
            ("\"platform-gpu\"", "\"tpu\"", "unknown variant `tpu`"),
            ("11.7", "1e999", "number out of range"),
            ("11.7", "1e300", "`longest_seconds` of entry 1"),
            ("8.9", "-8.9", "`median_seconds` of entry 1"),
            ("\"target\": 12", "\"target\": 16", "`advice` of entry 1"),
            ("\"lower\": 11", "\"lower\": 0", "`advice` of entry 1"),
            ("\"upper\": 15", "\"upper\": 86400", "`advice` of entry 1"),
            ("0.95", "1.5", "`advice.evidence` of entry 1"),
            ("00ff", "x", "`hash` of entry 1"),
            ("\"large\"", "\"huge\"", "`size` of entry 1"),
            ("2026-07-30T10:00:00Z", "now\\u001b[0m", "`made` is none"),
            ("\"generate\"", "\"\"", "`name` of entry 1"),
            ("\"cold_calls\": 3,", "", "missing field `cold_calls`"),
        ] {
            assert!(USUAL.contains(from), "{from}");
            let said = fault(&USUAL.replace(from, to));
            assert!(said.contains(says), "{said}");
        }
        let (before, entry) = USUAL.split_once("\"functions\": [").expect("it is there");
        let entry = entry.trim_end().trim_end_matches('}').trim_end().trim_end_matches(']');
        let twice = format!("{before}\"functions\": [{entry},{entry}]}}");
        assert!(fault(&twice).contains("entry 2 is there twice"));
        assert!(fault("").contains("EOF while parsing"));
        assert!(fault(&"[".repeat(100_000)).len() < 200_000);
        assert!(fault(&"[".repeat(2_000_000)).contains("it has more than 1048576 bytes"));
    }

    #[test]
    fn no_mutation_panics() {
        let mut random = Xorshift::new(11);
        for _ in 0..4000 {
            parse(&mutate(USUAL.as_bytes(), &mut random));
        }
    }
}
