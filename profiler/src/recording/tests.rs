use super::*;

const RUN: &str = r#"{"kind":"run","schema":1,"version":"0.1.0","began":"2026-12-01T10:00:00Z","basis":"cpu","versions":{},"visitor":"free","zerogpu":true}
"#;
const CALL: &str = r#"{"kind":"call","number":1,"at_seconds":1.5,"size":"large","declared_seconds":60,"allowed_seconds":90,"booked_seconds":90,"arguments":{"steps":{"number":20.0},"prompt":{"characters":5},"image":{"image":[64,48]}},"queued_seconds":0.0,"used_seconds":2.5,"cold":true,"outcome":"done"}
"#;

fn error(text: &str) -> String {
    read(text.as_bytes()).expect_err("it is none").to_string()
}

#[test]
fn what_was_written_is_read_and_arguments_keep_their_order() {
    let recording = read(format!("{RUN}{CALL}").as_bytes()).expect("it is whole");
    assert_eq!((recording.records.len(), recording.cut_off), (2, false));
    let Record::Call(call) = &recording.records[1] else { panic!("a call") };
    let names: Vec<&str> = call.arguments.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["steps", "prompt", "image"]);
    let again: String = recording
        .records
        .iter()
        .map(|record| serde_json::to_string(record).expect("plain data") + "\n")
        .collect();
    assert_eq!(again, format!("{RUN}{CALL}"));
}

#[test]
fn a_run_that_was_killed_anywhere_loses_its_last_line_alone() {
    let whole = format!("{RUN}{CALL}{CALL}");
    for end in RUN.len() + CALL.len() + 1..whole.len() - 1 {
        let recording = read(&whole.as_bytes()[..end]).expect("the rest is whole");
        assert_eq!((recording.records.len(), recording.cut_off), (2, true), "{end}");
    }
    // Nothing but the line feed is missing.
    let recording = read(&whole.as_bytes()[..whole.len() - 1]).expect("it is whole");
    assert_eq!((recording.records.len(), recording.cut_off), (3, false));
    let broken_letter = [RUN.as_bytes(), b"{\"kind\":\"\xc3"].concat();
    assert!(read(&broken_letter).is_ok_and(|recording| recording.cut_off));
}

#[test]
fn what_is_no_recording_says_why() {
    assert!(error("").starts_with("the recording holds no line"));
    assert!(error(&RUN[..40]).starts_with("the recording holds no line"));
    assert!(error(CALL).starts_with("the first line is not of kind `run`"));
    assert!(error(&RUN.replace(r#""schema":1"#, r#""schema":2"#)).contains("has schema 2"));
    let cut = &CALL[..30];
    assert!(
        error(&format!("{RUN}{cut}\n{CALL}")).starts_with("line 2 is no line of a recording: ")
    );
    assert!(error(&format!("{RUN}{CALL}{{}}\n")).starts_with("line 3 is no line of a recording: "));
    assert!(error("hello\n").starts_with("line 1 is no line of a recording: "));
}
