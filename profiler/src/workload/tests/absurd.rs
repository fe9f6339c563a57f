//! What no model is: a fault that names it, and neither a panic nor a number.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::config;
use super::super::fields::Fault;
use super::super::model::Model;
use super::super::plan::{Options, plan};
use super::super::run::Timer;
use super::super::{Number, plan_of};
use super::testdata;
use crate::device::{Choice, Machine};

const ALL: [&str; 14] = [
    "decoder",
    "diffusion",
    "speech",
    "unet",
    "video",
    "vision",
    "tiny-decoder",
    "tiny-diffusion",
    "tiny-experts",
    "tiny-speech",
    "tiny-unet",
    "tiny-video",
    "tiny-vision",
    "decoder/config.json",
];

fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(testdata(name)).expect("it is there");
    serde_json::from_str(&text).expect("it is JSON")
}

#[track_caller]
fn refused(config: &Value, words: &str) {
    let fault = config::single(config, "config.json").expect_err("it is refused");
    assert!(fault.0.starts_with("config.json: ") && fault.0.contains(words), "{fault}");
}

/// The decoder with one field of another value.
#[track_caller]
fn with(key: &str, value: Value, words: &str) {
    let mut config = read("decoder/config.json");
    config[key] = value;
    refused(&config, words);
}

#[test]
fn what_is_no_size_is_refused() {
    with("num_hidden_layers", json!(0), "`num_hidden_layers` is 0");
    with("hidden_size", json!(1_000_000_000), "no model has more than 1048576");
    with("hidden_size", json!(-1), "should be a whole number");
    with("hidden_size", json!("4096"), "should be a whole number");
    with("hidden_size", json!(4096.5), "should be a whole number");
    with("hidden_size", json!(1e300), "should be a whole number");
    with("hidden_size", json!(4095), "4095 does not divide into 32 heads");
    with("num_key_value_heads", json!(5), "do not divide among 5");
    with("vocab_size", Value::Null, "the size of the vocabulary is missing (`vocab_size`)");
    with("hidden_size", Value::Null, "(`hidden_size`, `d_model`, `n_embd`, `dim`)");
    with("tie_word_embeddings", json!("yes"), "should be true or false");
    with("kv_lora_rank", json!(512), "`kv_lora_rank` is not understood");
    with("layer_types", json!(["linear_attention\u{1b}[31m"]), "linear_attention\\x1b[31m");
    with("num_experts", json!(8), "the experts that see a token is missing");
    with("model_type", json!("mamba"), "`model_type` mamba is not understood; these are: gemma");
    refused(&json!([1]), "it is no JSON object");
    refused(&json!({}), "neither `_class_name`");
    refused(&json!({"_class_name": "SanaTransformer2DModel"}), "these are: CogVideoX");
    refused(
        &json!({"model_type": "t5", "architectures": ["T5ForConditionalGeneration"]}),
        "the encoder alone",
    );
    let mut unet = read("unet/unet/config.json");
    unet["down_block_types"][0] = json!("AttnDownBlock2D");
    refused(&unet, "`AttnDownBlock2D` are not understood");
    unet["down_block_types"] = json!(["DownBlock2D"]);
    refused(&unet, "has 4 levels, `down_block_types` 1");
    let mut wan = read("video/transformer/config.json");
    wan["added_kv_proj_dim"] = json!(5120);
    refused(&wan, "`added_kv_proj_dim` is not understood");
}

#[test]
fn what_no_call_asks_is_refused() {
    let refused = |name: &str, options: Options, words: &str| {
        let fault = plan_of(&testdata(name), &options).expect_err("it is refused");
        assert!(fault.0.contains(words), "{fault}");
    };
    let none = Options::default;
    refused("diffusion", Options { steps: Some(0), ..none() }, "--steps 0");
    refused("diffusion", Options { width: Some(1000), ..none() }, "divisible by 16");
    refused("diffusion", Options { width: Some(u64::MAX), ..none() }, "between 1 and 32768");
    refused(
        "diffusion",
        Options { frames: Some(9), ..none() },
        "--frames says nothing of a FluxPipeline",
    );
    refused("unet", Options { height: Some(520), ..none() }, "divisible by 64");
    refused("vision", Options { prompt_tokens: Some(9), ..none() }, "says nothing of a ViTModel");
    refused("decoder", Options { new_tokens: Some(9000), ..none() }, "more than the 8192");
    refused("speech", Options { new_tokens: Some(448), ..none() }, "less than 448");
    let fault = plan_of(&testdata("nothing"), &none()).expect_err("it is not there");
    assert!(fault.0.contains("nothing: "), "{fault}");
    let fault = plan_of(&testdata("../README.md"), &none()).expect_err("it is a text");
    assert!(fault.0.contains("README.md: it is no JSON"), "{fault}");
    let fault = plan_of(&testdata("diffusion/vae"), &none()).expect_err("it is no model");
    assert!(fault.0.contains("name the folder of its pipeline"), "{fault}");
}

#[test]
fn a_pipeline_names_what_is_missing_of_it() {
    let index = |parts: &Value| {
        config::pipeline(parts, "model_index.json", &|part| {
            Err(Fault(format!("{part}/config.json: it is not there")))
        })
    };
    let fault = |parts: Value| index(&parts).map(|_: Model| ()).expect_err("it is refused").0;
    assert!(fault(json!({"_class_name": "X"})).contains("names no network"));
    let away = fault(json!({"unet": ["diffusers", "UNet2DConditionModel"]}));
    assert_eq!(away, "unet/config.json: it is not there");
    let out = fault(json!({"../unet": ["diffusers", "UNet2DConditionModel"]}));
    assert!(out.contains("`../unet` is no name of a folder"), "{out}");
    let strange = config::pipeline(
        &json!({"transformer": ["diffusers", "NewTransformer2DModel"]}),
        "model_index.json",
        &|_| Ok((json!({"_class_name": "NewTransformer2DModel"}), "x".to_owned())),
    );
    let strange = strange.expect_err("it is refused");
    assert!(strange.0.contains("transformer (NewTransformer2DModel)"), "{strange}");
}

#[test]
fn a_block_that_does_not_fit_is_not_built() {
    let mut config = read("decoder/config.json");
    config["hidden_size"] = json!(1 << 17);
    config["intermediate_size"] = json!(1 << 20);
    let model = config::single(&config, "config.json").expect("it is a model");
    let plan = plan(&model, &Options::default()).expect("it can be counted");
    let machine = Machine::open(Some(Choice::Cpu)).expect("a processor");
    let mut timer = Timer::of(&machine, Number::F32, Duration::ZERO).expect("numbers");
    let fault = timer.estimate(&plan).expect_err("there is no such memory");
    assert!(fault.0.contains("GB free"), "{fault}");
}

/// Values that were never meant, put anywhere.
fn odd(random: &mut fastrand::Rng, old: &Value) -> Value {
    match random.u8(..14) {
        0 => Value::Null,
        1 => json!(0),
        2 => json!(-3),
        3 => json!(u64::MAX),
        4 => json!(1e308),
        5 => json!("NaN"),
        6 => json!([]),
        7 => json!({}),
        8 => json!([old, old, old]),
        9 => json!(true),
        10 => json!(random.u64(..20)),
        11 => json!(random.u64(..1 << 21)),
        12 => json!([random.u64(..9), random.u64(..9), random.u64(..3000)]),
        _ => old.clone(),
    }
}

/// The place of one value within another.
fn somewhere<'a>(random: &mut fastrand::Rng, value: &'a mut Value) -> &'a mut Value {
    let count = match value {
        Value::Object(object) => object.len(),
        Value::Array(list) => list.len(),
        _ => 0,
    };
    if count == 0 || (count < 4 && random.u8(..4) == 0) {
        return value;
    }
    let place = random.usize(..count);
    let next = match value {
        Value::Object(object) => object.values_mut().nth(place),
        Value::Array(list) => list.get_mut(place),
        _ => None,
    };
    // There are so many.
    somewhere(random, next.expect("it is there"))
}

#[test]
fn no_configuration_makes_it_panic() {
    let mut random = fastrand::Rng::with_seed(20_261_129);
    let files = [
        "decoder/config.json",
        "tiny-experts/config.json",
        "speech/config.json",
        "vision/config.json",
        "diffusion/transformer/config.json",
        "diffusion/text_encoder_2/config.json",
        "diffusion/vae/config.json",
        "unet/unet/config.json",
        "video/transformer/config.json",
    ];
    let (mut built, mut refused) = (0, 0);
    for file in files {
        let config = read(file);
        for _ in 0..700 {
            let mut config = config.clone();
            for _ in 0..random.u8(1..4) {
                let place = somewhere(&mut random, &mut config);
                *place = odd(&mut random, place);
            }
            let some = |random: &mut fastrand::Rng| {
                let most = 1 << random.u8(1..23);
                (random.u8(..3) == 0).then(|| random.u64(1..=most))
            };
            let options = Options {
                prompt_tokens: some(&mut random),
                steps: some(&mut random),
                width: some(&mut random).map(|side| side * 64),
                batch: some(&mut random),
                ..Options::default()
            };
            let made = config::single(&config, "config.json").and_then(|it| plan(&it, &options));
            match made {
                Ok(plan) => {
                    built += 1;
                    assert!(plan.memory().peak().is_finite() && plan.memory().peak() > 0.0);
                    assert!(plan.amounts().values().all(|amount| amount.is_finite()));
                }
                Err(fault) => {
                    refused += 1;
                    assert!(!fault.0.is_empty());
                }
            }
        }
    }
    assert!(built > 100 && refused > 100, "{built} built, {refused} refused");
    for name in ALL {
        plan_of(&testdata(name), &Options::default()).map_or_else(
            // Tiny models take shorter texts than what is assumed.
            |fault| assert!(fault.0.contains("tokens"), "{name}: {fault}"),
            |plan| assert!(!plan.stages.is_empty()),
        );
    }
}
