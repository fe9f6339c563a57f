use super::*;

fn parameter(name: &str) -> Parameter {
    Parameter { name: name.to_owned(), kind: ParameterKind::Normal, default: None }
}

fn measured(argument: &str, measure: Measure, least: f64, most: f64) -> Measured {
    Measured { argument: argument.to_owned(), measure, least, most }
}

fn term(coefficient: f64, factors: &[(usize, u8)]) -> Term {
    let factors = factors.iter().map(|&(measured, power)| Factor { measured, power }).collect();
    Term { coefficient, factors }
}

fn usual() -> Callable {
    Callable {
        name: "generate_duration".to_owned(),
        parameters: vec![
            parameter("prompt"),
            Parameter { default: Some(DefaultValue::Number(20.0)), ..parameter("steps") },
            Parameter { default: Some(DefaultValue::Number(512.0)), ..parameter("size") },
            Parameter { default: Some(DefaultValue::Other), ..parameter("progress") },
        ],
        measured: vec![
            measured("steps", Measure::Number, 4.0, 50.0),
            measured("size", Measure::Number, 256.0, 1024.0),
            measured("prompt", Measure::Characters, 3.0, 400.0),
        ],
        fixed: 2.5,
        terms: vec![term(1.25e-6, &[(0, 1), (1, 2)]), term(0.01, &[(2, 1)])],
        multiplier: 0.75,
    }
}

#[test]
fn it_is_a_function_that_takes_what_the_other_takes() {
    let source = "\
def generate_duration(prompt, steps=20, size=512, progress=None):
    try:
        steps = 50 if steps is None else min(max(steps, 4), 50)
        size = 1024 if size is None else min(max(size, 256), 1024)
        prompt_characters = 400 if prompt is None else min(max(len(prompt), 3), 400)
        return int(0.75 * (2.5 + 1.25e-6 * steps * size ** 2 + 0.01 * prompt_characters)) + 1
    except Exception:
        return 55
";
    assert_eq!(usual().source().as_deref(), Ok(source));
}

#[test]
fn every_kind_of_parameter_and_measure_has_its_form() {
    let kinds = [
        ("self", ParameterKind::PositionalOnly, None),
        ("image", ParameterKind::Normal, None),
        ("rest", ParameterKind::VarPositional, None),
        ("path", ParameterKind::KeywordOnly, Some(DefaultValue::Other)),
        ("options", ParameterKind::VarKeyword, None),
    ];
    let parameters =
        kinds.map(|(name, kind, default)| Parameter { name: name.into(), kind, default });
    let measures = [
        ("image", Measure::Width),
        ("image", Measure::Height),
        ("image", Measure::Axis(0)),
        ("image", Measure::Number),
        ("path", Measure::Bytes),
        ("path", Measure::Items),
    ];
    let all = Callable {
        name: "größe".to_owned(),
        parameters: parameters.to_vec(),
        measured: measures.map(|(name, measure)| measured(name, measure, 1.0, 2.5)).to_vec(),
        fixed: 0.0,
        terms: (0..6).map(|index| term(1.0, &[(index, 1)])).collect(),
        multiplier: 1.0,
    };
    let source = "\
def größe(self, /, image, *rest, path=None, **options):
    import os

    try:
        image_width = 2.5 if image is None else min(max(image.width, 1), 2.5)
        image_height = 2.5 if image is None else min(max(image.height, 1), 2.5)
        image_axis_0 = 2.5 if image is None else min(max(image.shape[0], 1), 2.5)
        image_number = 2.5 if image is None else min(max(image, 1), 2.5)
        path_bytes = 2.5 if path is None else min(max(os.path.getsize(path), 1), 2.5)
        path_items = 2.5 if path is None else min(max(len(path), 1), 2.5)
        return int(1 * (0 + 1 * image_width + 1 * image_height + 1 * image_axis_0 + 1 * image_number + 1 * \
path_bytes + 1 * path_items)) + 1
    except Exception:
        return 16
";
    assert_eq!(all.source().as_deref(), Ok(source));
    let by_name = Callable {
        parameters: vec![Parameter { kind: ParameterKind::KeywordOnly, ..parameter("a") }],
        measured: vec![],
        terms: vec![],
        ..usual()
    };
    assert!(
        by_name.source().is_ok_and(|source| source.starts_with("def generate_duration(*, a):\n"))
    );
    let by_place = Callable {
        parameters: vec![Parameter { kind: ParameterKind::PositionalOnly, ..parameter("a") }],
        ..by_name
    };
    assert!(
        by_place.source().is_ok_and(|source| source.starts_with("def generate_duration(a, /):\n"))
    );
}

#[test]
fn what_it_gives_is_held_within_what_was_seen() {
    let callable = usual();
    let at = |steps: f64, size: f64| {
        callable.seconds(|it| match it.argument.as_str() {
            "steps" => Some(steps),
            "size" => Some(size),
            _ => Some(100.0),
        })
    };
    // 0.75 × (2.5 + 1.25e-6 × 20 × 512² + 1) = 7.54
    assert_eq!(at(20.0, 512.0), 8);
    assert_eq!(at(500.0, 5000.0), at(50.0, 1024.0));
    assert_eq!(at(0.0, 0.0), at(4.0, 256.0));
    // 0.75 × (2.5 + 65.536 + 4) = 54.03
    assert_eq!(callable.most_seconds(), 55);
}

/// What is made wrong, and how.
type Wrong = (&'static str, fn(&mut Callable));

#[test]
fn nothing_but_names_and_numbers_gets_into_the_source() {
    let wrong: [Wrong; 22] = [
        ("a name", |it| it.name = "x(): pass\nimport os\ndef y".to_owned()),
        ("no name", |it| it.name = String::new()),
        ("a keyword", |it| it.name = "lambda".to_owned()),
        ("a digit first", |it| it.name = "1x".to_owned()),
        ("a long name", |it| it.name = "x".repeat(10_000)),
        ("a dotted parameter", |it| it.parameters[0].name = "os.system".to_owned()),
        ("an unseen space", |it| it.parameters[0].name = "a\u{a0}b".to_owned()),
        ("a parameter twice", |it| it.parameters[1].name = "prompt".to_owned()),
        ("a parameter that hides `min`", |it| it.parameters[3].name = "min".to_owned()),
        ("one without a default behind one with", |it| it.parameters[3].default = None),
        ("a default that is no number", |it| {
            it.parameters[1].default = Some(DefaultValue::Number(f64::NAN));
        }),
        ("an order that Python does not take", |it| {
            it.parameters[0].kind = ParameterKind::VarKeyword;
        }),
        ("a measure of nothing", |it| it.measured[0].argument = "other".to_owned()),
        ("a range upside down", |it| it.measured[0].least = 51.0),
        ("a negative range", |it| it.measured[0].least = -1.0),
        ("a range without end", |it| it.measured[0].most = f64::INFINITY),
        ("a factor that is not there", |it| it.terms[0].factors[0].measured = 3),
        ("a high power", |it| it.terms[0].factors[0].power = 5),
        ("a term without factors", |it| it.terms[1].factors.clear()),
        ("a negative coefficient", |it| it.terms[0].coefficient = -1.0),
        ("more than a day", |it| it.fixed = 1e300),
        ("no number", |it| it.multiplier = f64::NAN),
    ];
    for (what, change) in wrong {
        let mut callable = usual();
        change(&mut callable);
        assert!(callable.source().is_err(), "{what}");
    }
    let mut many = usual();
    many.terms = vec![many.terms[0].clone(); 10_000];
    assert!(many.source().is_err());
}

#[test]
fn it_is_read_back_as_it_was_written() {
    let text = serde_json::to_string(&usual()).expect("it is plain data");
    assert_eq!(serde_json::from_str::<Callable>(&text).expect("the same"), usual());
}
