use spacelint_knowledge::failures::failure;
use spacelint_rules::diagnosis::diagnose;

use super::*;
use crate::terminal::Terminal;
use crate::testing;

const PLAIN: Terminal = Terminal { color: false, links: false, unicode: true, width: 80 };

fn shown(log: &str, format: DiagnosisFormat) -> String {
    shown_to(log, &[], format, PLAIN)
}

/// What is said of the log, beside the Space of these files if there are any.
fn shown_to(
    log: &str,
    files: &[(&str, &str)],
    format: DiagnosisFormat,
    terminal: Terminal,
) -> String {
    let diagnosis = diagnose(log.as_bytes()).expect("memory can be read");
    let space = testing::space(files);
    let within = |cause: &Cause| {
        if files.is_empty() { Here::default() } else { cause.within(&space) }
    };
    let here: Vec<Here> = diagnosis.causes.iter().map(within).collect();
    let place = Place::new("demo".into(), "/home/ann".into());
    let place = (!files.is_empty()).then_some(&place);
    let told = Told { log: "run.log", diagnosis: &diagnosis, here: &here, place };
    match format {
        DiagnosisFormat::Human => human::log(&told, terminal),
        DiagnosisFormat::Markdown => markdown::log(&told),
        DiagnosisFormat::Json => json::log(&told),
    }
}

const CV2: &str = "===== Application Startup at 2026-11-20 10:04:11 =====\n\nTraceback (most recent call last):\n  File \
    \"/home/user/app/app.py\", line 1, in <module>\n    import cv2\nModuleNotFoundError: No module named 'cv2'\n";
const KEY: &str = "Traceback (most recent call last):\n  File \"/home/user/app/app.py\", line 4, in \
    <module>\n    raise RuntimeError(\"OPENAI_API_KEY is not set\")\nRuntimeError: OPENAI_API_KEY is not set\n";

#[test]
fn what_a_person_reads() {
    let space = [
        ("README.md", "---\ntitle: A Space\nsdk: gradio\nsdk_version: 6.31.0\n---\n"),
        ("requirements.txt", "numpy\n"),
        (
            "app.py",
            "import cv2\nimport gradio as gr\n\ngr.Interface(cv2.flip, \"image\", \"image\").launch()\n",
        ),
    ];
    let quota = "Traceback (most recent call last):\n  File \"/usr/local/lib/python3.12/site-packages/gradio/queueing.py\", \
        line 870, in process_events\n    response = await route_utils.call_process_api(\ngradio.exceptions.Error: 'You have \
        exceeded your free ZeroGPU quota (90s requested vs. 25s left). Try again in 3:12:05. Subscribe to Hugging Face PRO \
        to get 40 min of ZeroGPU quota a day - https://huggingface.co/subscribe/pro?from=ZeroGPU'\n";
    let unknown = "Successfully installed gradio-6.31.0 numpy-2.3.0 torch-2.11.0\nTraceback (most recent call last):\n  File \
        \"/home/user/app/app.py\", line 3, in <module>\n    run()\n  File \"/home/user/app/engine.py\", line 9, in run\n    \
        raise Oddity(\"no\")\nengine.Oddity: no\n";
    let noise = "Matplotlib created a temporary cache directory at /tmp/matplotlib-x1 because the default path \
        (/.config/matplotlib) is not a writable directory; it is highly recommended to set it.\n* Running on local URL:  \
        http://0.0.0.0:7860\n";
    let two = format!("{CV2}\n{KEY}");
    let cases = [
        ("finding", CV2, &space[..]),
        ("quota", quota, &[]),
        ("platform", "Scheduling failure: unable to schedule\n", &[]),
        (
            "symptom",
            "Job failed with exit code: 1. Reason: cache miss: [base 6/8] RUN pip install\n",
            &[],
        ),
        ("noise", noise, &[]),
        ("unknown", unknown, &[]),
        ("two", &two, &[]),
    ];
    for (name, log, files) in cases {
        for width in [40, 80] {
            let terminal = Terminal { width, ..PLAIN };
            let shown = shown_to(log, files, DiagnosisFormat::Human, terminal);
            insta::assert_snapshot!(format!("{name}_{width}"), shown);
        }
    }
    let colour = Terminal { color: true, links: true, ..PLAIN };
    let shown = shown_to(CV2, &space, DiagnosisFormat::Human, colour).replace('\u{1b}', "ESC");
    insta::assert_snapshot!("finding_in_colour", shown);
    let markdown = shown_to(CV2, &space, DiagnosisFormat::Markdown, PLAIN);
    insta::assert_snapshot!("finding_markdown", markdown);
}

#[test]
fn what_is_to_be_done_is_said_once_of_each_failure() {
    let conflict = |asked: &str| {
        format!(
            "ERROR: Cannot install {asked} because these package versions have conflicting dependencies.\n"
        )
    };
    let log = conflict("a==1 and b==2") + &conflict("c==1 and d==2");
    let page = failure("conflicting-requirements").and_then(|failure| failure.page.as_ref());
    let first = page.expect("it has a page").mend.split_whitespace().next().expect("a word");
    for format in [DiagnosisFormat::Human, DiagnosisFormat::Markdown] {
        let shown = shown(&log, format);
        assert_eq!(shown.matches("pip was asked for").count(), 2, "{shown}");
        assert_eq!(shown.matches(&format!("{first} ")).count(), 1, "{first}: {shown}");
    }
    // So many that nobody reads them all.
    let many = |n: usize| format!("ModuleNotFoundError: No module named 'm{n}'\n");
    let many = (0..12).map(many).collect::<Vec<_>>().concat();
    for format in [DiagnosisFormat::Human, DiagnosisFormat::Markdown] {
        let shown = shown(&many, format);
        assert_eq!(shown.matches("Nothing that is known by name brings").count(), MAX_CAUSES);
        assert_eq!(shown.matches("And missing-requirement: ").count(), 12 - MAX_CAUSES);
    }
}

#[test]
fn nothing_in_a_log_is_markdown() {
    let bad = "x` ![seen](https://example.org/p.png) <img src=x> `";
    let log = format!(
        "ModuleNotFoundError: No module named '{bad}'\nERROR: Cannot install {bad} and b==1 because these package \
         versions have conflicting dependencies.\nERROR: No matching distribution found for {bad}==1\n"
    );
    let shown = shown(&log, DiagnosisFormat::Markdown);
    let html = {
        let mut html = String::new();
        pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(&shown));
        html
    };
    assert!(!html.contains("<img"), "{html}");
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
