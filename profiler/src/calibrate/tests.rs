use std::fs;

use super::*;
use crate::device::{Choice, Kind};

fn identity(kind: Kind, name: &str) -> Identity {
    Identity {
        kind,
        name: name.to_owned(),
        memory_bytes: 24 << 30,
        threads: (kind == Kind::Cpu).then_some(8),
        driver: (kind == Kind::Cuda).then(|| "13.0".to_owned()),
    }
}

/// A GPU that does 100 TFLOP/s in bf16 and 0.3 TB/s, to a tenth.
fn calibration(kind: Kind, name: &str, made: &str) -> Calibration {
    let rate = |middle: f64| Rate { per_second: middle, low: 0.95 * middle, high: 1.05 * middle };
    let measured = |part, case: &str, amount: f64, seconds: f64| Measured {
        part,
        case: case.to_owned(),
        shape: "1024 x 1024 x 1024".to_owned(),
        amount,
        seconds: Timing { median: seconds, low: 0.95 * seconds, high: 1.05 * seconds, count: 9 },
        error: 1e-7,
        allowed: 1e-5,
        counts: true,
        note: None,
    };
    Calibration {
        schema: SCHEMA,
        version: "0.1.0".to_owned(),
        made: made.to_owned(),
        device: identity(kind, name),
        budget_seconds: 20,
        rates: BTreeMap::from([
            (Part::MatmulBf16, rate(100e12)),
            (Part::Memory, rate(0.3e12)),
            (Part::Attention, rate(20e12)),
        ]),
        measured: vec![
            measured(Part::MatmulBf16, "square", 2e12, 0.02),
            measured(Part::Memory, "copy", 3e9, 0.01),
            Measured {
                note: Some("the file was in the host's memory".to_owned()),
                counts: false,
                ..measured(Part::Disk, "packed weights", 3e9, 1.0)
            },
        ],
        left_out: vec![LeftOut {
            part: Part::HostToDevice,
            case: "pinned".to_owned(),
            why: "candle has no way to it".to_owned(),
        }],
    }
}

/// Whether it is what was written, as far as its numbers survive being written.
fn is_same(one: &Calibration, other: &Calibration) -> bool {
    let near = |(one, other): (&Rate, &Rate)| {
        (one.per_second - other.per_second).abs() <= 1e-12 * other.per_second.abs()
    };
    let head = |it: &Calibration| (it.made.clone(), it.device.clone(), it.budget_seconds);
    head(one) == head(other)
        && one.rates.keys().eq(other.rates.keys())
        && one.rates.values().zip(other.rates.values()).all(near)
        && one.measured.len() == other.measured.len()
        && one.left_out == other.left_out
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::at(folder.path());
    (folder, store)
}

#[test]
fn a_processor_is_measured_once_and_remembered() {
    let (_folder, store) = store();
    let machine = Machine::open(Some(Choice::Cpu)).expect("it is always there");
    let asked = |budget, again| args::Calibrate {
        device: Some(Choice::Cpu),
        json: false,
        again,
        budget: Some(budget),
    };
    let mut notes = Vec::new();
    let found = of(&machine, &asked(1, false), Some(&store), &mut |note| {
        notes.push(note.to_owned());
    })
    .expect("it can be measured");
    assert_eq!(notes, ["the device is measured for about 1 s"]);
    let rates = &found.rates;
    for part in [Part::MatmulF32, Part::MatmulF16, Part::Memory, Part::Launch] {
        // Slower than any machine that is still in use, and faster than any.
        let range = if part == Part::Launch { 1e2..1e9 } else { 1e7..1e14 };
        assert!(range.contains(&rates[&part].per_second), "{part:?}: {rates:?}");
    }
    // There is no such thing on a processor.
    for part in [Part::MatmulTf32, Part::HostToDevice, Part::DeviceToHost] {
        assert!(!rates.contains_key(&part), "{part:?}");
    }
    assert!(found.measured.iter().all(|it| it.error <= it.allowed), "{found:#?}");
    let named = |part, case| {
        let is_in = found.measured.iter().any(|it| it.part == part && it.case == case);
        let is_out = found.left_out.iter().any(|it| it.part == part && it.case == case);
        is_in != is_out
    };
    // Whatever is not measured is said.
    for (part, case) in [
        (Part::MatmulBf16, "square"),
        (Part::Memory, "triad"),
        (Part::Attention, "unfused"),
        (Part::Convolution, "3 x 3"),
        (Part::Disk, "packed weights"),
    ] {
        assert!(named(part, case), "{part:?}, {case}: {found:#?}");
    }

    let mut silent = |note: &str| panic!("{note}");
    let again = of(&machine, &asked(1, false), Some(&store), &mut silent).expect("it is kept");
    assert!(is_same(&again, &found), "{again:#?}");
    assert_eq!(store.newest_of_gpu(&machine.identity.name), None);
    let shown = table::text(&found, Some(&store.path(&found.device)));
    assert!(shown.contains("products in f32") && shown.contains("--again"), "{shown}");
}

#[test]
fn what_is_kept_is_read_back_or_said_to_be_nothing() {
    let (_folder, store) = store();
    let kept = calibration(Kind::Cuda, "NVIDIA L4", "2026-11-29T10:00:00Z");
    assert_eq!(store.read(&kept.device), Ok(None));
    store.write(&kept).expect("it can be written");
    let read = store.read(&kept.device).expect("it makes sense").expect("it is kept");
    assert!(is_same(&read, &kept), "{read:#?}");
    // The same card behind another driver is another device.
    let other = Identity { driver: Some("12.4".to_owned()), ..kept.device.clone() };
    assert_eq!(store.read(&other), Ok(None));
    fs::rename(store.path(&kept.device), store.path(&other)).expect("it is there");
    assert_eq!(store.read(&other), Ok(None));
    fs::remove_file(store.path(&other)).expect("it is there");
    store.write(&kept).expect("it can be written");

    let path = store.path(&kept.device);
    let text = fs::read_to_string(&path).expect("it is there");
    for (from, to) in [
        (text.as_str(), ""),
        (text.as_str(), "{"),
        (text.as_str(), "[1, 2]"),
        ("\"schema\": 1", "\"schema\": 2"),
        ("\"low\": 0.019", "\"low\": -0.019"),
        ("\"low\": 0.019", "\"low\": 1e999"),
        ("\"per_second\": 100000000000000.0", "\"per_second\": 0.0"),
        ("\"per_second\": 100000000000000.0", "\"per_second\": null"),
        ("\"matmul-bf16\"", "\"tea\""),
        ("\"error\": 1e-7", "\"error\": 1.0"),
        ("\"made\": \"2026", "\"mode\": \"2026"),
    ] {
        assert!(text.contains(from), "{from}");
        fs::write(&path, text.replacen(from, to, 1)).expect("it can be written");
        let why = store.read(&kept.device).expect_err(to);
        assert!(why.contains("says nothing"), "{why}");
        assert_eq!(store.newest_of_gpu("NVIDIA L4"), None);
    }
    fs::write(&path, "[".repeat(2 << 20)).expect("it can be written");
    assert!(store.read(&kept.device).expect_err("it is long").contains("too long"));
    fs::remove_file(&path).expect("it is there");
    fs::create_dir(&path).expect("it can be made");
    assert!(store.read(&kept.device).expect_err("it is a folder").contains("no file"));
    assert!(store.write(&kept).expect_err("it is a folder").contains("cannot keep"));
}

#[test]
fn of_several_calibrations_of_a_gpu_the_newest_counts() {
    let (_folder, store) = store();
    assert_eq!(store.newest_of_gpu("NVIDIA L4"), None);
    let mut old = calibration(Kind::Cuda, "NVIDIA L4", "2026-11-29T10:00:00Z");
    old.device.driver = Some("12.4".to_owned());
    let new = calibration(Kind::Cuda, "NVIDIA L4", "2026-11-30T10:00:00Z");
    let other = calibration(Kind::Cuda, "NVIDIA L40S", "2026-12-30T10:00:00Z");
    let cpu = calibration(Kind::Cpu, "NVIDIA L4", "2026-12-30T10:00:00Z");
    for it in [&new, &old, &other, &cpu] {
        store.write(it).expect("it can be written");
    }
    let found = store.newest_of_gpu("NVIDIA L4").expect("two are kept");
    assert!(is_same(&found, &new), "{found:#?}");
    assert_eq!(store.newest_of_gpu("NVIDIA"), None);
}

#[test]
fn a_gpu_is_held_against_the_platforms() {
    let of = calibration(Kind::Cuda, "NVIDIA L4", "2026-11-29T10:00:00Z");
    let (slice, large) = of.on_platform(Size::Large, None).expect("both are known");
    assert!(slice.name.contains("half"), "{slice:?}");
    // 95 of at most 250 TFLOP/s; no more than as long as here, for what is the host's own.
    let products = large.parts[&Part::MatmulBf16];
    assert!((products.low - 95.0 / 250.0).abs() < 1e-9, "{products:?}");
    assert!((large.factor.high - 1.0).abs() < 1e-9, "{large:?}");
    assert_eq!(large.unknown, [Part::Attention]);
    let (_, whole) = of.on_platform(Size::Xlarge, None).expect("both are known");
    assert!(whole.factor.low < large.factor.low);
    // What a function is made of narrows what is told of it, and of nothing else; of several it may be any.
    let shares =
        |products| Shares { parts: BTreeMap::from([(Part::MatmulBf16, products)]), unknown: 0.0 };
    let told = of.of_function(Size::Large, &[shares(1.0), shares(0.5)]).expect("both are known");
    assert_eq!(told.rest, large.factor);
    let Interval { low, high } = told.function;
    assert!((low - products.low).abs() < 1e-9, "{told:?}");
    assert!((high - (0.5 + 0.5 * products.high)).abs() < 1e-9, "{told:?}");
    for useless in [vec![], vec![shares(1.0), shares(7.0)]] {
        let told = of.of_function(Size::Large, &useless).expect("both are known");
        assert_eq!(told.function, told.rest);
    }
    // One with a fast memory loses more there than it is given back.
    let mut fast = of.clone();
    let memory = Rate { per_second: 4.3e12, low: 4.2e12, high: 4.4e12 };
    fast.rates.insert(Part::Memory, memory);
    let (slice, found) = fast.on_platform(Size::Large, None).expect("both are known");
    let warning = table::memory_warning(slice, &found, Size::Large).expect("it loses");
    // 4.2 TB/s of at most 0.7985 TB/s.
    assert!(warning.contains("takes 5.26 to"), "{warning}");
    assert_eq!(table::memory_warning(slice, &large, Size::Large), None);
}

#[test]
fn the_table_fits_and_is_escaped() {
    let mut of = calibration(Kind::Cuda, "NVIDIA \u{1b}[31mL4\u{202e}", "2026-11-29T10:00:00Z");
    of.rates.insert(Part::Memory, Rate { per_second: 4.3e12, low: 4.2e12, high: 4.4e12 });
    of.measured[0].case = "\u{1b}[2J".to_owned();
    of.left_out[0].why = "\u{7}\n".to_owned();
    let text = table::text(&of, None);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(!text.chars().any(|it| it.is_control() && it != '\n'), "{text}");
    assert!(!text.contains('\u{202e}'), "{text}");

    insta::assert_snapshot!(table::text(
        &calibration(Kind::Cuda, "NVIDIA L4", "2026-11-29T10:00:00Z"),
        Some(std::path::Path::new("/home/me/.cache/spacelint/calibration/cuda-1.json"))
    ));
}
