use spacelint_rules::diagnosis::diagnose;

use super::*;
use crate::terminal::Terminal;

const PLAIN: Terminal = Terminal { color: false, links: false, unicode: true, width: 80 };

fn shown(log: &str, format: DiagnosisFormat) -> String {
    let diagnosis = diagnose(log.as_bytes()).expect("memory can be read");
    let here: Vec<Here> = diagnosis.causes.iter().map(|_| Here::default()).collect();
    let told = Told { log: "run.log", diagnosis: &diagnosis, here: &here, place: None };
    match format {
        DiagnosisFormat::Human => human::log(&told, PLAIN),
        DiagnosisFormat::Markdown => markdown::log(&told),
        DiagnosisFormat::Json => json::log(&told),
    }
}

#[test]
fn no_format_prints_a_token_or_obeys_the_log() {
    // Of letters alone, as the Hub makes them.
    let token = format!("hf_{}", "QwErTzUiOp".repeat(4).split_at(34).0);
    let log = format!(
        "Traceback (most recent call last):\n  File \"::error::\u{1b}[31m.py\", line 1, in \u{202e}f\nKeyError: '{token}'\n\
         ::error::x{token}\nModuleNotFoundError: No module named '{token}'\n"
    );
    for format in [DiagnosisFormat::Human, DiagnosisFormat::Markdown, DiagnosisFormat::Json] {
        let shown = shown(&log, format);
        assert!(!shown.contains(&token), "{shown}");
        assert!(
            !shown.contains(['\u{1b}', '\u{202e}']) || format == DiagnosisFormat::Json,
            "{shown}"
        );
        assert!(!shown.lines().any(|line| line.trim_start().starts_with("::")), "{shown}");
    }
}
