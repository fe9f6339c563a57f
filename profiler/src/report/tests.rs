use super::*;
use crate::recording::Record;

/// A run on the platform's GPU, as it is written.
const RUN: &str = r#"{"kind":"run","schema":1,"version":"0.1.0","began":"2026-12-01T10:00:00Z","basis":"platform-gpu","versions":{"gradio":"6.31.0","spaces":"0.51.3"},"visitor":"free","zerogpu":true}"#;
const EVIL: &str = "</text></svg><script>alert(1)</script>\u{202e}";

fn call(function: &str, used: f64, rest: &str) -> String {
    format!(
        r#"{{"kind":"call","number":1,"at_seconds":1.0,"function":{{"module":"__main__","name":"{function}","path":"app.py","line":7}},"size":"large","declared_seconds":60,"allowed_seconds":90,"booked_seconds":90,"queued_seconds":0.0,"used_seconds":{used},{rest}}}"#
    )
}

/// Calls whose time follows from `steps`, some of them cold.
fn driven(number: u32) -> String {
    let steps = 5 + number * 7 % 46;
    let noise = 1.0 + f64::from(number * 31 % 11) / 300.0;
    let cold = number.is_multiple_of(50);
    let used = f64::from(steps) * 0.2 * noise + if cold { 3.1 } else { 0.0 };
    let start = if cold { r#""start_seconds":1.0,"transfer_seconds":2.0,"# } else { "" };
    call(
        "generate",
        used,
        &format!(
            r#""arguments":{{"steps":{{"number":{steps}.0}}}},{start}"cold":{cold},"peak_bytes":21000000000,"outcome":"done""#
        ),
    )
}

fn recording(lines: &[String]) -> Recording {
    recording::read((lines.join("\n") + "\n").as_bytes()).expect("it is one")
}

fn made(recording: &Recording, times_hold_on_platform: bool) -> String {
    let recommendations =
        recommend(&recording.records, |function| Known::of(&[], function), |_, _| None);
    let report = Report {
        space: "photo-lab",
        recording,
        recommendations: &recommendations,
        times_hold_on_platform,
    };
    page::html(&report).into_string()
}

/// What a reader reads, a line for each piece of text; of each chart once.
fn text(html: &str) -> String {
    let (_, body) = html.split_once("<body>").expect("it has one");
    let mut lines = Vec::new();
    let (mut hidden, mut drawn) = (false, false);
    for piece in body.split('<') {
        let Some((tag, text)) = piece.split_once('>') else { continue };
        if tag.starts_with("svg") {
            (hidden, drawn) = (tag.contains("class=\"narrow\""), true);
        } else if tag == "/svg" {
            (hidden, drawn) = (false, false);
        }
        // The numbers of an axis say nothing that the rest does not.
        let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '.');
        let text = text.trim();
        if !(text.is_empty() || hidden || drawn && is_number(text)) {
            lines.push(text.replace('\u{a0}', " "));
        }
    }
    lines.join("\n")
}

#[test]
fn the_page_in_words() {
    let mut lines = vec![
        RUN.to_owned(),
        r#"{"kind":"ready","startup_seconds":12.4,"packed_bytes":6600000000}"#.to_owned(),
    ];
    lines.extend((0..300).map(driven));
    lines.extend((0..20u32).map(|number| {
        let used = 8.0 + f64::from(number * 7 % 10) / 10.0;
        call("upscale", used, r#""cold":false,"outcome":"done""#)
    }));
    lines.push(call("caption", 0.5, r#""cold":true,"outcome":"done""#));
    let failed = r#""cold":false,"outcome":{"failed":{"error":"ValueError"}}"#;
    lines.extend([call("caption", 0.1, failed), call("caption", 0.2, failed)]);
    lines.push(call("video", 90.1, r#""cold":false,"outcome":"stopped""#));
    for (index, line) in lines.iter_mut().enumerate() {
        *line = line.replace("\"at_seconds\":1.0", &format!("\"at_seconds\":{}.0", index * 12));
    }
    lines.push(
        r#"{"kind":"parts","function":{"module":"__main__","name":"upscale","path":"app.py","line":7},"run_seconds":9.0,"seconds":{"matmul-f16":3.0,"convolution":4.5,"memory":0.75},"other_seconds":{"strange":0.3}}"#
            .to_owned(),
    );
    lines.push(
        r#"{"kind":"fault","failure":"late-gpu-function","message":"it did not report"}"#
            .to_owned(),
    );
    lines.push(r#"{"kind":"end","calls":324}"#.to_owned());
    insta::assert_snapshot!(text(&made(&recording(&lines), false)));
}

#[test]
fn what_is_not_known_is_said_and_nothing_recommended_from_it() {
    let run = RUN
        .replace("platform-gpu", "other-gpu")
        .replace("true}", "false}")
        .replace(r#""versions""#, r#""device":"NVIDIA GeForce RTX 4090","versions""#);
    let mut lines = vec![run];
    lines.extend((0..300).map(driven));
    lines.push(
        call("x", 1.0, r#""cold":false,"outcome":"done""#).replace("\"function\"", "\"was\""),
    );
    let recording = recording(&lines);
    let page = text(&made(&recording, false));
    for words in [
        "that of ZeroGPU is",
        "So no duration is recommended.",
        "the Space ran outside ZeroGPU",
        "in 1 of its calls",
        "it was killed, or goes on",
        "Nothing is recommended",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for words in ["duration=", "def ", "target"] {
        assert!(!page.contains(words), "{words}: {page}");
    }
    let held = text(&made(&recording, true));
    assert!(
        held.contains("def generate_duration(") && held.contains("its author's word"),
        "{held}"
    );
}

#[test]
fn nothing_of_a_recording_becomes_markup() {
    let escaped = EVIL.replace('\u{202e}', "\\u202e");
    let mut lines = vec![
        RUN.replace("6.31.0", &escaped)
            .replace("free", &escaped)
            .replace("2026-12-01T10:00:00Z", &escaped),
    ];
    lines.extend((0..30).map(|number| driven(number).replace("generate", &escaped)));
    lines.push(
        call(&escaped, 1.0, r#""cold":false,"outcome":{"failed":{"error":"E"}}"#)
            .replace("\"E\"", &format!("\"{escaped}\""))
            .replace("large", &escaped),
    );
    lines.push(format!(r#"{{"kind":"fault","failure":"{escaped}","message":"{escaped}"}}"#));
    let recording = recording(&lines);
    let Record::Run(run) = &recording.records[0] else { panic!("a run") };
    assert_eq!(run.versions["gradio"], EVIL);
    let page = made(&recording, false);
    assert!(page.matches("alert(1)").count() > 8);
    assert!(!page.contains("<script") && !page.contains('\u{202e}'));
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    assert_eq!(page.matches("<text").count(), page.matches("</text>").count());
    // All colours are the style's.
    assert!(!page.contains("=\"#0"));
}

#[test]
fn numbers_that_make_no_sense_are_drawn_all_the_same() {
    for seconds in ["-1.0", "0.0", "1e-300", "1e300"] {
        for count in ["0", "-9223372036854775808", "9223372036854775807"] {
            let lines: Vec<String> = std::iter::once(RUN.to_owned())
                .chain((0..40).map(|number| {
                    driven(number)
                        .replace("\"at_seconds\":1.0", &format!("\"at_seconds\":{seconds}"))
                        .replace("\"queued_seconds\":0.0", &format!("\"queued_seconds\":{seconds}"))
                        .replace("\"start_seconds\":1.0", &format!("\"start_seconds\":{seconds}"))
                        .replace("21000000000", "18446744073709551615")
                        .replace("_seconds\":90", &format!("_seconds\":{count}"))
                        .replace("_seconds\":60", &format!("_seconds\":{count}"))
                }))
                .chain([call("other", 1.0, r#""cold":true,"outcome":"stopped""#)
                    .replace("_seconds\":1", &format!("_seconds\":{seconds},\"x\":1"))])
                .collect();
            let page = made(&recording(&lines), false);
            assert!(page.ends_with("</html>") && !page.contains("NaN"), "{seconds} {count}");
        }
    }
    let nothing = made(&recording(&[RUN.to_owned()]), false);
    assert!(text(&nothing).contains("No GPU call was recorded."));
}

#[test]
fn the_newest_recording_is_found_and_its_page_lies_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let recordings = folder.path().join(recording::FOLDER);
    fs::create_dir_all(&recordings).expect("writable");
    let asked = |output: Option<PathBuf>| args::Report {
        recording: Some(folder.path().to_owned()),
        output,
        times_hold_on_platform: false,
    };
    let error = again(&asked(None)).expect_err("there is none");
    assert!(error.contains("holds no recording"), "{error}");
    let old = recordings.join("b.jsonl");
    let new = recordings.join("a.jsonl");
    for path in [&old, &new] {
        fs::write(path, format!("{RUN}\n")).expect("writable");
    }
    let hour = std::time::Duration::from_hours(1);
    let file = fs::File::options().append(true).open(&old).expect("it is there");
    file.set_modified(std::time::SystemTime::now() - hour).expect("its time can be set");
    let page = again(&asked(None)).expect("it can be read");
    assert_eq!(page, recordings.join("a.html"));
    let name = folder.path().canonicalize().expect("it is there");
    let name = name.file_name().and_then(|it| it.to_str()).expect("a name").to_owned();
    let html = fs::read_to_string(&page).expect("it is there");
    assert!(html.contains(&format!("<h1>GPU profile of {name}</h1>")), "{html}");
    let onto = again(&asked(Some(new.clone())));
    assert!(onto.is_err() && fs::read_to_string(&new).is_ok_and(|it| it.starts_with(RUN)));
}
