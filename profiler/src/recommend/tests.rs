use std::process::Command;

use spacelint_knowledge::platform::Tier;
use spacelint_knowledge::quota::Calls;
use spacelint_space::profile::{Callable, DefaultValue, Method, ParameterKind};

use super::*;
use crate::parts::Part;
use crate::recording::{Argument, Parts};

fn function(name: &str) -> FunctionName {
    FunctionName {
        module: "__main__".to_owned(),
        name: name.to_owned(),
        path: "app.py".to_owned(),
        line: 7,
    }
}

fn known(function: &FunctionName) -> Known {
    Known {
        identity: FunctionIdentity {
            module: function.module.clone(),
            name: function.name.clone(),
            path: function.path.clone(),
            hash: "0".to_owned(),
            declaration: "0".to_owned(),
        },
        parameters: None,
    }
}

/// A warm call that ended well.
fn call(used_seconds: f64) -> Call {
    Call {
        number: 1,
        at_seconds: 0.0,
        function: Some(function("generate")),
        endpoint: None,
        size: "large".to_owned(),
        declared_seconds: 60,
        allowed_seconds: 90,
        booked_seconds: 90,
        arguments: Vec::new(),
        queued_seconds: 0.0,
        used_seconds,
        start_seconds: None,
        transfer_seconds: None,
        run_seconds: None,
        wall_seconds: None,
        cold: false,
        peak_bytes: None,
        outcome: Outcome::Done,
    }
}

fn cold(used_seconds: f64, start: f64, transfer: f64) -> Call {
    Call {
        cold: true,
        start_seconds: Some(start),
        transfer_seconds: Some(transfer),
        ..call(used_seconds)
    }
}

fn stopped(allowed: i64) -> Call {
    Call { outcome: Outcome::Stopped, allowed_seconds: allowed, ..call(float_of(allowed) + 0.1) }
}

fn failed() -> Call {
    Call { outcome: Outcome::Failed { error: "ValueError".to_owned() }, ..call(0.2) }
}

/// A call whose seconds are `0.5 + steps * (size / 512)^2`, nearly.
fn driven(number: u32) -> Call {
    let steps = f64::from(4 + number * 7 % 47);
    let size = [256.0, 512.0, 768.0, 1024.0][number as usize % 4];
    let noise = 1.0 + f64::from(number * 31 % 11) / 500.0;
    Call {
        arguments: vec![
            ("prompt".to_owned(), Argument::Characters(u64::from(number * 13 % 29))),
            ("steps".to_owned(), Argument::Number(steps)),
            ("size".to_owned(), Argument::Number(size)),
            ("progress".to_owned(), Argument::Other("Progress".to_owned())),
        ],
        ..call((0.5 + steps * (size / 512.0).powi(2)) * noise)
    }
}

fn recommended(calls: &[Call]) -> Vec<Recommendation> {
    let records: Vec<Record> = calls.iter().cloned().map(Record::Call).collect();
    recommend(&records, known, |_, _| None)
}

fn one(calls: &[Call]) -> Recommendation {
    let mut all = recommended(calls);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn seconds(calls: &[Call]) -> (i64, i64, i64, Evidence) {
    match one(calls).profile.advice {
        Advice::Seconds { lower, target, upper, evidence } => (lower, target, upper, evidence),
        other => panic!("not a number: {other:?}"),
    }
}

fn callable(calls: &[Call]) -> Callable {
    match one(calls).profile.advice {
        Advice::Callable { callable, .. } => callable,
        other => panic!("not a callable: {other:?}"),
    }
}

#[test]
fn what_is_declared_is_the_need_over_the_factor_and_never_rounded_below_it() {
    assert_eq!(literal(18.0, Size::Large), 12);
    assert_eq!(literal(18.0, Size::Xlarge), 18);
    assert_eq!(literal(17.1, Size::Xlarge), 18);
    assert_eq!(literal(0.0, Size::Large), 1);
    // 3 × 1.5 = 4.5 is rounded to 4, which is too little; 5 × 1.5 = 7.5 to 8, which is enough.
    assert_eq!(literal(4.2, Size::Large), 4);
    assert_eq!(literal(7.8, Size::Large), 5);
    for tenths in 1..3000 {
        let need = f64::from(tenths) / 10.0;
        for size in Size::ALL {
            let declared = literal(need, size);
            assert!(float_of(quota::allowed(declared, size)) >= need, "{need}");
            let less = declared - 1;
            assert!(less == 0 || float_of(quota::allowed(less, size)) < need, "{need}");
        }
    }
}

#[test]
fn below_ten_calls_nothing_is_said_but_how_many_are_missing() {
    for calls in 1..10 {
        let found = one(&vec![call(5.0); calls]).profile;
        assert_eq!(found.advice, Advice::NotEnoughCalls { missing: 10 - counted(calls) });
    }
    assert!(matches!(one(&vec![call(5.0); 10]).profile.advice, Advice::Seconds { .. }));
    // Those that failed are none of them.
    let mut calls = vec![call(5.0); 9];
    calls.extend(vec![failed(); 20]);
    let found = one(&calls).profile;
    assert_eq!(found.advice, Advice::NotEnoughCalls { missing: 1 });
    assert_eq!((found.calls, found.failed_calls, found.stopped_calls), (9, 20, 0));
    assert_eq!(one(&[failed()]).profile.advice, Advice::NotEnoughCalls { missing: 10 });
    assert!(one(&[failed()]).declared.is_none());
}

#[test]
fn few_calls_are_labelled_and_many_are_not_supposed_to_be_anything() {
    let (lower, target, upper, evidence) = seconds(&vec![call(10.0); 30]);
    assert_eq!((evidence.method, evidence.calls), (Method::LogNormal, 30));
    assert!((evidence.content_of_longest - 0.905).abs() < 1e-3);
    // With the least spread 10 × exp(3.06 × 0.02) × 1.03 = 10.95 s: 8 × 1.5 = 12.
    assert_eq!((lower, target), (7, 8));
    assert!(upper > target);
    let (_, target, _, evidence) = seconds(&vec![call(9.5); 299]);
    assert_eq!((evidence.method, evidence.calls, target), (Method::OrderStatistic, 299, 7));
}

#[test]
fn every_recommendation_has_room_for_a_cold_start() {
    let warm = vec![call(10.0); 298];
    // 1 s to start, 4 s of weights, and a first call that takes 2 s longer
    let mut calls = vec![cold(17.0, 1.0, 4.0)];
    calls.extend(warm.clone());
    let found = one(&calls).profile;
    assert!((found.cold_seconds - 7.0).abs() < 1e-9, "{}", found.cold_seconds);
    assert_eq!((found.calls, found.cold_calls), (299, 1));
    // 17 × 1.03 = 17.51 s: 12 × 1.5 = 18
    assert_eq!(seconds(&calls).1, 12);
    // What starts were seen in calls that failed counts, and so does the longest.
    let slow = Call { outcome: failed().outcome, ..cold(9.5, 1.0, 8.0) };
    calls.extend([cold(15.5, 2.0, 4.0), slow]);
    let found = one(&calls).profile;
    assert!((found.cold_seconds - 11.0).abs() < 1e-9, "{}", found.cold_seconds);
    // The lower bound has none beyond what was used.
    assert_eq!(seconds(&calls).0, literal(10.0, Size::Large));
    // If all are cold, the first call is part of each of them.
    let all_cold = one(&vec![cold(17.0, 1.0, 4.0); 299]).profile;
    assert!((all_cold.cold_seconds - 5.0).abs() < 1e-9);
    assert_eq!(seconds(&vec![cold(17.0, 1.0, 4.0); 299]).1, 12);
}

#[test]
fn the_first_call_is_compared_with_such_calls_as_it_is() {
    // The smallest call came first, 3 s late: less than most of those that follow, which do more.
    let mut calls: Vec<Call> = (1..60).map(driven).collect();
    let first = driven(44);
    calls.insert(0, Call { used_seconds: first.used_seconds + 3.0, cold: true, ..first });
    let found = one(&calls).profile;
    assert!((2.9..3.2).contains(&found.cold_seconds), "{}", found.cold_seconds);
}

#[test]
fn a_lag_of_one_cold_call_makes_no_outlier_of_another() {
    let warm = |number: u32| call(0.5 + 0.02 * f64::from(number % 5));
    let warm: Vec<Call> = (0..25).map(warm).collect();
    let slow: Vec<Call> =
        [0.5, 0.52, 0.54, 0.56, 1.08].map(|seconds| cold(seconds, 0.0, 0.0)).into();
    // Without the slow one, and with it: its half second comes on top, and no more than a rounding.
    let (_, few, _, _) = seconds(&[&warm[..], &slow[..4]].concat());
    let (_, target, upper, _) = seconds(&[&warm[..], &slow[..]].concat());
    assert!(target <= few + 1 && upper <= 3, "{few}, {target}, {upper}");
}

#[test]
fn a_stopped_call_is_never_dropped() {
    let mut calls = vec![call(10.0); 100];
    calls.push(stopped(90));
    let found = one(&calls).profile;
    // 61 × 1.5 = 91.5, which is rounded to 92
    assert_eq!(found.advice, Advice::Stopped { calls: 1, at_least: 62 });
    assert_eq!((found.calls, found.stopped_calls, found.failed_calls), (100, 1, 0));
    assert!(one(&calls).recommended.is_none());
    assert!(one(&calls).declared.is_some_and(|it| it.stopped.seen == 1 && it.stopped.calls == 101));
    assert!(matches!(one(&[stopped(30)]).profile.advice, Advice::Stopped { calls: 1, .. }));
    // Of a thousand calls the limit has four above it, whatever they are.
    let mut many = vec![call(9.5); 996];
    many.extend(vec![stopped(90); 4]);
    let (_, target, _, evidence) = seconds(&many);
    assert_eq!((target, evidence.calls), (7, 1000));
    assert_eq!(one(&many).recommended.map(|it| it.stopped.seen), Some(4));
    many.push(stopped(90));
    many.remove(0);
    assert!(matches!(one(&many).profile.advice, Advice::Stopped { calls: 5, .. }));
}

#[test]
fn functions_and_sizes_are_apart_and_what_is_not_known_is_left_out() {
    let mut calls = vec![call(5.0); 10];
    calls.push(Call { size: "xlarge".to_owned(), ..call(3.0) });
    calls.push(Call { function: Some(function("upscale")), ..call(3.0) });
    calls.push(Call { function: None, ..call(500.0) });
    calls.push(Call { size: "medium".to_owned(), ..call(500.0) });
    // The same function, defined anew.
    calls.push(Call {
        function: Some(FunctionName { line: 9, ..function("generate") }),
        ..call(5.0)
    });
    let found: Vec<(String, String, u32)> = recommended(&calls)
        .into_iter()
        .map(|it| (it.function.name, it.profile.size, it.profile.calls))
        .collect();
    let expected = [("generate", "large", 11), ("generate", "xlarge", 1), ("upscale", "large", 1)];
    assert_eq!(found, expected.map(|(name, size, calls)| (name.into(), size.into(), calls)));
    assert!(recommended(&[]).is_empty());
}

#[test]
fn what_the_text_knows_as_one_function_is_one() {
    let calls = [("wrapper", 3), ("generate", 7)].map(|(name, line)| Call {
        function: Some(FunctionName { line, ..function(name) }),
        ..call(5.0)
    });
    let records = calls.map(Record::Call);
    let found = recommend(&records, |_| known(&function("generate")), |_, _| None);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].profile.calls, 2);
}

/// Where a second of whatever takes so long.
fn there(low: f64, high: f64) -> OnPlatform {
    let all = Interval { low, high };
    OnPlatform { gpu: "a GPU".to_owned(), function: all, rest: all }
}

#[test]
fn what_a_function_is_made_of_translates_it_and_nothing_else() {
    let of = |function| Call {
        run_seconds: Some(function),
        cold: true,
        start_seconds: Some(1.0),
        transfer_seconds: Some(0.5),
        ..call(function + 2.0)
    };
    let calls: Vec<Call> = (0..20).map(|n| of(4.0 + f64::from(n % 5) / 10.0)).collect();
    let mut records: Vec<Record> = calls.into_iter().map(Record::Call).collect();
    let looked_into = |name, run_seconds, memory| {
        Record::Parts(Parts {
            function: function(name),
            arguments: Vec::new(),
            run_seconds,
            seconds: BTreeMap::from([(Part::Memory, memory)]),
            other_seconds: BTreeMap::new(),
        })
    };
    records.push(looked_into("generate", 8.0, 3.0));
    records.push(looked_into("other", 8.0, 8.0));
    let found = recommend(&records, known, |_, shares| {
        // The whole is that of the shortest call with the same arguments.
        assert_eq!(shares.len(), 1);
        assert_eq!(shares[0].parts, BTreeMap::from([(Part::Memory, 0.75)]));
        let (function, rest) = (Interval { low: 1.0, high: 1.5 }, Interval { low: 0.5, high: 3.0 });
        Some(OnPlatform { gpu: "a GPU".to_owned(), function, rest })
    })
    .remove(0);
    assert_eq!(found.shares.len(), 1);
    let kept = found.profile.translation.as_ref().expect("it was given");
    assert_eq!((kept.low, kept.high), (1.0, 1.5));
    // As if it had been measured there: the function half as long again, all else three times as long.
    let measured: Vec<Call> = (0..20)
        .map(|n| {
            let run = (4.0 + f64::from(n % 5) / 10.0) * 1.5;
            Call {
                run_seconds: Some(run),
                cold: true,
                start_seconds: Some(3.0),
                transfer_seconds: Some(1.5),
                ..call(run + 6.0)
            }
        })
        .collect();
    let target = |found: &Recommendation| match found.profile.advice {
        Advice::Seconds { target, .. } => target,
        _ => panic!("{found:?}"),
    };
    assert_eq!(target(&found), target(&one(&measured)));
    assert!((found.profile.median_seconds - 6.2).abs() < 1e-9);
    assert!((found.profile.cold_seconds - 1.5).abs() < 1e-9);
}

#[test]
fn seconds_of_another_gpu_are_recommended_at_their_upper_end() {
    let calls: Vec<Call> = (0..20).map(|n| call(4.0 + f64::from(n % 5) / 10.0)).collect();
    let records: Vec<Record> = calls.iter().cloned().map(Record::Call).collect();
    let times = |low, high| {
        recommend(&records, known, |size, _| {
            assert_eq!(size, Size::Large);
            Some(there(low, high))
        })
        .remove(0)
    };
    let of = |found: &Recommendation| match found.profile.advice {
        Advice::Seconds { lower, target, upper, .. } => (lower, target, upper),
        _ => panic!("{found:?}"),
    };
    let here = one(&calls);
    let same = times(1.0, 1.0);
    assert_eq!(of(&same), of(&here));
    // The same calls, each twice as long.
    let twice: Vec<Call> = calls.iter().map(|it| at_most(it, Some(&there(1.0, 2.0)))).collect();
    let there = times(1.0, 2.0);
    assert_eq!(of(&there).1, of(&one(&twice)).1);
    assert_eq!(of(&there).2, of(&one(&twice)).2);
    // What is surely needed is what would be without any loss.
    assert_eq!(of(&there).0, of(&here).0);
    let kept = times(0.25, 2.0).profile.translation.expect("it was given");
    assert_eq!(kept, Translation { gpu: "a GPU".to_owned(), low: 0.25, high: 2.0 });
    assert!(of(&times(0.25, 2.0)).0 < of(&here).0);
    // What is told as measured is what was measured.
    let told = |it: &Recommendation| {
        let ProfiledFunction { median_seconds, longest_seconds, cold_seconds, .. } = it.profile;
        format!("{median_seconds:.6} {longest_seconds:.6} {cold_seconds:.6}")
    };
    assert_eq!(told(&there), told(&here));
    let books = |it: &Recommendation| it.recommended.clone().expect("it is advised").booked_seconds;
    assert!(books(&there) > books(&here));
}

#[test]
fn what_was_stopped_on_another_gpu_needs_as_much_as_it_surely_held() {
    let calls: Vec<Call> = (0..12).map(|_| stopped(90)).collect();
    let records: Vec<Record> = calls.iter().cloned().map(Record::Call).collect();
    let found = recommend(&records, known, |_, _| Some(there(0.5, 3.0))).remove(0);
    // 90.1 s there are 45.05 s at least, of which 31 declared seconds allow 46.
    let Advice::Stopped { at_least, .. } = found.profile.advice else { panic!("{found:?}") };
    assert_eq!(at_least, 32);
}

#[test]
fn times_that_make_no_sense_still_give_what_can_be_read() {
    let wild: Vec<f64> = (0..10).map(|power| 10_f64.powi(power * 3)).collect();
    for times in [wild, vec![0.0; 10], vec![-1.0; 10], vec![1e300; 10], vec![1e300; 299]] {
        let calls: Vec<Call> = times.into_iter().map(call).collect();
        let (lower, target, upper, _) = seconds(&calls);
        assert!(1 <= lower && lower <= target && target <= upper && upper < 86_400);
    }
}

#[test]
fn where_arguments_drive_the_time_a_function_of_them_is_recommended() {
    let calls: Vec<Call> = (0..120).map(driven).collect();
    let found = callable(&calls);
    assert_eq!(found.verify(), Ok(()));
    assert_eq!(found.name, "generate_duration");
    let terms: Vec<Vec<(&str, u8)>> = found
        .terms
        .iter()
        .map(|term| {
            let factors = term.factors.iter();
            let name = |at: usize| found.measured[at].argument.as_str();
            factors.map(|factor| (name(factor.measured), factor.power)).collect()
        })
        .collect();
    assert_eq!(terms, [[("steps", 1), ("size", 2)]]);
    for call in &calls {
        let allowed = quota::allowed(found.seconds(|it| fit::measure(call, it)), Size::Large);
        assert!(float_of(allowed) >= call.used_seconds, "{call:?}");
        assert!(float_of(allowed) <= call.used_seconds * 1.2 + 3.0, "{allowed} {call:?}");
    }
    let Recommendation { profile, declared, recommended, .. } = one(&calls);
    let Advice::Callable { lower, target, upper, evidence, .. } = profile.advice else {
        panic!("a callable")
    };
    assert_eq!((evidence.method, evidence.calls), (Method::LogNormal, 120));
    assert!(lower <= target && target < upper);
    assert_eq!(target, found.most_seconds());
    let (before, after) = (declared.expect("it is"), recommended.expect("it is"));
    assert!(after.booked_seconds < 0.8 * float_of(quota::booked(target, Size::Large)));
    assert!((before.booked_seconds - 90.0).abs() < 1e-9);
    // As many calls as an order statistic needs, and a hundred to fit to.
    let many: Vec<Call> = (0..399).map(driven).collect();
    let Advice::Callable { evidence, .. } = one(&many).profile.advice else { panic!("a callable") };
    assert_eq!((evidence.method, evidence.calls), (Method::Conformal, 299));
}

#[test]
fn a_function_that_books_hardly_less_than_a_number_is_not_worth_it() {
    // From 10 s to 11 s with the steps.
    let calls: Vec<Call> = (0..120)
        .map(|number| {
            let driven = driven(number);
            let Argument::Number(steps) = driven.arguments[1].1 else { panic!("a number") };
            Call { used_seconds: 10.0 + steps / 50.0, ..driven }
        })
        .collect();
    assert!(matches!(one(&calls).profile.advice, Advice::Seconds { .. }));
    // One that was stopped may have shown anything.
    let mut calls: Vec<Call> = (0..120).map(driven).collect();
    calls.push(stopped(90));
    assert!(matches!(one(&calls).profile.advice, Advice::Stopped { .. }));
}

#[test]
fn two_functions_of_a_file_define_two_names() {
    let mut calls: Vec<Call> = (0..60).map(driven).collect();
    for (name, size) in [("generate", "xlarge"), ("Model.generate", "large"), ("<lambda>", "large")]
    {
        calls.extend((0..60).map(driven).map(|call| Call {
            function: Some(function(name)),
            size: size.to_owned(),
            ..call
        }));
    }
    let names: Vec<String> = recommended(&calls)
        .into_iter()
        .map(|it| match it.profile.advice {
            Advice::Callable { callable, .. } => callable.name,
            other => panic!("{other:?}"),
        })
        .collect();
    let expected =
        ["lambda_duration", "generate_duration", "generate_duration_2", "generate_duration_3"];
    assert_eq!(names, expected);
}

#[test]
fn parameters_are_those_that_are_known_or_else_those_that_were_seen() {
    let with = |more: &[&str]| -> Vec<Call> {
        let more = more.iter().map(|name| ((*name).to_owned(), Argument::Items(2)));
        (0..60)
            .map(driven)
            .map(|mut call| {
                call.arguments.extend(more.clone());
                call
            })
            .collect()
    };
    let signature = |calls: &[Call]| {
        let source = callable(calls).source().expect("it is sound");
        source.lines().next().expect("a line").to_owned()
    };
    assert_eq!(
        signature(&with(&[])),
        "def generate_duration(prompt=None, steps=None, size=None, progress=None, *args, **kwargs):"
    );
    assert_eq!(
        signature(&with(&["args", "*rest", "last"])),
        "def generate_duration(prompt=None, steps=None, size=None, progress=None, args=None, *rest, last=None, \
         **kwargs):"
    );
    assert_eq!(
        signature(&with(&["args", "**options"])),
        "def generate_duration(prompt=None, steps=None, size=None, progress=None, args=None, *args_, **options):"
    );
    let parameter = |name: &str, default| Parameter {
        name: name.to_owned(),
        kind: ParameterKind::Normal,
        default,
    };
    let own = vec![
        parameter("prompt", None),
        parameter("steps", Some(DefaultValue::Number(20.0))),
        parameter("size", Some(DefaultValue::Number(512.0))),
        parameter("progress", Some(DefaultValue::Other)),
    ];
    let records: Vec<Record> = with(&[]).into_iter().map(Record::Call).collect();
    let found = recommend(
        &records,
        |function| Known { parameters: Some(own.clone()), ..known(function) },
        |_, _| None,
    );
    let Advice::Callable { callable, .. } = &found[0].profile.advice else { panic!("a callable") };
    assert_eq!(callable.parameters, own);
}

#[test]
fn every_measure_that_can_drive_is_found() {
    type Case = (&'static str, fn(u32) -> Argument, i32);
    let cases: [Case; 8] = [
        ("a number", |it| Argument::Number(f64::from(it)), 1),
        ("a text", |it| Argument::Characters(it.into()), 1),
        ("a list", |it| Argument::Items(it.into()), 1),
        ("a file", |it| Argument::File { bytes: it.into(), seconds: None }, 1),
        ("an array", |it| Argument::Shape(vec![1, it.into(), 3]), 1),
        ("an image", |it| Argument::Image(u64::from(it) * 8, u64::from(it) * 4), 2),
        ("a switch", |it| Argument::Switch(it % 2 == 0), 0),
        (
            "none at times",
            |it| match it {
                ..9 => Argument::Other("NoneType".to_owned()),
                _ => Argument::Number(f64::from(it)),
            },
            1,
        ),
    ];
    for (what, argument, power) in cases {
        let calls: Vec<Call> = (0..120)
            .map(|number| {
                let it = number * 7 % 47 + 3;
                let worth = match argument(it) {
                    Argument::Switch(on) => 1.0 + f64::from(u8::from(on)) * 30.0,
                    // The callable takes it for the most.
                    Argument::Other(_) => 49.0,
                    _ => f64::from(it).powi(power),
                };
                Call {
                    arguments: vec![("x".to_owned(), argument(it))],
                    ..call(1.0 + worth * (1.0 + f64::from(number % 7) / 100.0))
                }
            })
            .collect();
        let found = callable(&calls);
        assert_eq!(found.verify(), Ok(()), "{what}");
        assert!(found.measured.iter().all(|it| it.argument == "x"), "{what}");
    }
}

#[test]
fn what_cannot_be_measured_alike_in_all_calls_drives_nothing() {
    type Case = (&'static str, fn(u32) -> Argument);
    let cases: [Case; 5] = [
        ("two types", |it| match it % 2 {
            0 => Argument::Number(f64::from(it)),
            _ => Argument::Characters(u64::from(it)),
        }),
        ("below zero", |it| Argument::Number(f64::from(it) - 50.0)),
        ("not finite", |it| Argument::Number(if it == 7 { f64::NAN } else { f64::from(it) })),
        ("another rank", |it| Argument::Shape(vec![2; 1 + it as usize % 2])),
        ("never anything", |_| Argument::Other("NoneType".to_owned())),
    ];
    for (what, argument) in cases {
        let calls: Vec<Call> = (0..120)
            .map(|number| Call {
                arguments: vec![("x".to_owned(), argument(number))],
                ..call(1.0 + f64::from(number))
            })
            .collect();
        assert!(matches!(one(&calls).profile.advice, Advice::Seconds { .. }), "{what}");
    }
    // An argument that some calls do not have at all.
    let mut calls: Vec<Call> = (0..120).map(driven).collect();
    calls[7].arguments.clear();
    assert!(matches!(one(&calls).profile.advice, Advice::Seconds { .. }));
}

#[test]
fn of_many_arguments_the_driving_ones_are_found() {
    let calls: Vec<Call> = (0..200)
        .map(|number| {
            let mut call = driven(number);
            for other in 0..30_u32 {
                let value = f64::from((number * (other * 2 + 3) * 17 + other) % 101);
                call.arguments.insert(0, (format!("other_{other}"), Argument::Number(value)));
            }
            call
        })
        .collect();
    let found = callable(&calls);
    let names: BTreeSet<&str> = found.measured.iter().map(|it| it.argument.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["size", "steps"]));
}

#[test]
fn what_a_tier_gains_is_told() {
    // 20 s a call; declared 60 on large, so 90 s are booked.
    let Recommendation { declared, recommended, .. } = one(&vec![call(20.0); 299]);
    let calls = |outlook: Option<Outlook>, tier: Tier| {
        let outlook = outlook.expect("calls ended well");
        outlook.calls_a_day.into_iter().find(|it| it.0 == tier).map(|it| it.1)
    };
    // (300 - 90) / 20 + 1
    assert_eq!(calls(declared.clone(), Tier::Free), Some(Calls::Exactly(11)));
    // 20.6 s: 14 × 1.5 = 21; (300 - 21) / 20 + 1
    assert_eq!(calls(recommended.clone(), Tier::Free), Some(Calls::Exactly(14)));
    let risk = recommended.expect("it is").stopped;
    assert_eq!((risk.seen, risk.calls), (0, 299));
    assert!(risk.at_most < 0.01);
}

#[test]
fn the_callable_runs_in_python_and_agrees() {
    let calls: Vec<Call> = (0..120).map(driven).collect();
    let found = callable(&calls);
    let source = found.source().expect("it is sound");
    let most = found.most_seconds();
    let at = |steps: f64, size: f64| {
        found.seconds(|it| Some(if it.argument == "steps" { steps } else { size }))
    };
    let program = format!(
        "{source}
class Progress: pass
f = generate_duration
assert f('a cat', 20, 512, Progress()) == {}
assert f('a cat', 20.0, size=512) == {}
assert f('a cat', 500, 5000) == f('a cat', 50, 1024, Progress(), 1, 2, other=3) == {most}
assert f('a cat', 0, -5) == {}
for odd in [None, 'many', '20', [], {{}}, object(), float('nan'), 10 ** 400, float('inf')]:
    for given in [(odd,), ('a cat', odd, odd), ('a cat', 20, odd), (odd, odd, 512, odd)]:
        seconds = f(*given)
        assert type(seconds) is int and 1 <= seconds <= {most}, (given, seconds)
assert f() == f('a cat') == f(None, None, None) == {most}
",
        at(20.0, 512.0),
        at(20.0, 512.0),
        at(0.0, 0.0),
    );
    let output =
        Command::new("python3").args(["-I", "-c", &program]).output().expect("Python runs");
    assert!(output.status.success(), "{source}\n{}", String::from_utf8_lossy(&output.stderr));
}
