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
    // Another run was recorded to the same file.
    let recording = read(format!("{RUN}{CALL}{}\n{RUN}{CALL}", &CALL[..50]).as_bytes());
    let recording = recording.expect("all others are whole");
    assert_eq!((recording.records.len(), recording.cut_off), (4, true));
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

/// A record of each kind, with all that it can have.
fn every_record() -> Vec<Record> {
    let function = FunctionName {
        module: "__main__".to_owned(),
        name: "draw".to_owned(),
        path: "app.py".to_owned(),
        line: 7,
    };
    let call = Call {
        number: 1,
        at_seconds: 1.5,
        function: Some(function.clone()),
        endpoint: Some("/draw".to_owned()),
        size: "large".to_owned(),
        declared_seconds: 60,
        allowed_seconds: 90,
        booked_seconds: 90,
        arguments: vec![("steps".to_owned(), Argument::Number(20.0))],
        queued_seconds: 0.0,
        used_seconds: 2.5,
        start_seconds: Some(0.5),
        transfer_seconds: Some(0.5),
        run_seconds: Some(1.5),
        wall_seconds: Some(1.5),
        cold: true,
        peak_bytes: Some(1),
        outcome: Outcome::Done,
    };
    let parts = Parts {
        function,
        arguments: vec![("steps".to_owned(), Argument::Number(20.0))],
        run_seconds: 1.5,
        seconds: BTreeMap::from([(Part::MatmulBf16, 0.5)]),
        other_seconds: BTreeMap::from([("strange".to_owned(), 0.5)]),
    };
    let run = Run {
        schema: SCHEMA,
        version: "0.1.0".to_owned(),
        began: "2026-12-01T10:00:00Z".to_owned(),
        basis: Basis::OtherGpu,
        device: Some("a GPU".to_owned()),
        versions: BTreeMap::new(),
        visitor: "free".to_owned(),
        zerogpu: true,
    };
    vec![
        Record::Run(run),
        Record::Ready(Ready { startup_seconds: 1.0, packed_bytes: Some(1) }),
        Record::Call(call),
        Record::Parts(parts),
        Record::Fault(Fault { failure: "crash".to_owned(), message: "no".to_owned() }),
        Record::End(End { calls: 1 }),
    ]
}

#[test]
fn the_schema_is_that_of_its_page() {
    let page = include_str!("../../RECORDING.md");
    let sections: Vec<&str> = page.split("\n## ").skip(1).collect();
    let records = every_record();
    assert_eq!(sections.len(), records.len());
    for (section, record) in sections.into_iter().zip(&records) {
        let value = serde_json::to_value(record).expect("plain data");
        let kind = value["kind"].as_str().expect("it has one");
        assert!(section.starts_with(&format!("`{kind}`\n")), "{section}");
        // The first table: what follows in a section is of values.
        let table =
            section.split("\n\n").find(|part| part.starts_with("| field")).expect("a table");
        let told = |line: &str| Some(line.split('`').nth(1)?.to_owned());
        let told: Vec<String> = table.lines().skip(2).filter_map(told).collect();
        let text = serde_json::to_string(record).expect("plain data");
        let place = |key: &str| text.find(&format!("\"{key}\":")).unwrap_or(usize::MAX);
        let mut written: Vec<String> =
            value.as_object().expect("an object").keys().cloned().collect();
        written.sort_by_key(|key| place(key));
        assert_eq!(told, written);
    }
    let say = |value: serde_json::Value| value.to_string().replace(':', ": ").replace(',', ", ");
    for argument in [
        Argument::Number(20.0),
        Argument::Switch(true),
        Argument::Characters(5),
        Argument::Items(3),
        Argument::Shape(vec![3, 512, 512]),
        Argument::Image(64, 48),
        Argument::File { bytes: 640, seconds: Some(2.5) },
        Argument::Other("NoneType".to_owned()),
    ] {
        let said = say(serde_json::to_value(argument).expect("plain data"));
        assert!(page.contains(&format!("| `{said}` |")), "{said}");
    }
    for outcome in [
        Outcome::Done,
        Outcome::Failed { error: "ValueError".to_owned() },
        Outcome::Stopped,
        Outcome::NeverReleased,
        Outcome::Refused { verdict: "quota-exceeded".to_owned() },
        Outcome::Left,
    ] {
        let said = say(serde_json::to_value(outcome).expect("plain data"));
        assert!(page.contains(&format!("| `{said}` |")), "{said}");
    }
}
