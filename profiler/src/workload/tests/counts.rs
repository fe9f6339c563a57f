//! Counts of parameters and of work, against those of the libraries and against counts by hand.

use serde_json::{Value, json};

use super::super::config;
use super::super::cost;
use super::super::model::{Number, Shape};
use super::super::plan::{Block, Options, Size, plan};
use super::super::{plan_of, run};
use super::testdata;
use crate::parts::{Part, Rates};

fn parameters(config: &Value) -> u128 {
    let model = config::single(config, "config.json").expect("it is understood");
    let uses = model.parts.iter().flat_map(|part| &part.uses);
    uses.map(|each| each.shape.parameters() * u128::from(each.count)).sum()
}

fn language(model_type: &str, sizes: [u64; 6], more: Value) -> Value {
    let [hidden, layers, heads, kv_heads, inner, vocabulary] = sizes;
    let mut config = json!({
        "model_type": model_type, "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": kv_heads, "intermediate_size": inner, "vocab_size": vocabulary,
    });
    let (Some(into), Value::Object(more)) = (config.as_object_mut(), more) else { return config };
    into.extend(more);
    config
}

/// Each count is that of the class in transformers 5.24.0, made of the same configuration on the meta device.
#[test]
fn language_models_have_the_parameters_of_transformers() {
    let none = json!({});
    for (config, count) in [
        (language("llama", [4096, 32, 32, 8, 14336, 128_256], none.clone()), 8_030_261_248),
        (language("mistral", [4096, 32, 32, 8, 14336, 32_000], none.clone()), 7_241_732_096),
        (language("qwen2", [3584, 28, 28, 4, 18944, 152_064], none.clone()), 7_615_616_512),
        (
            language("qwen3", [4096, 36, 32, 8, 12288, 151_936], json!({"head_dim": 128})),
            8_190_735_360,
        ),
        (
            language("gemma", [2048, 18, 8, 1, 16384, 256_000], json!({"head_dim": 256})),
            2_506_172_416,
        ),
        (
            language("gemma2", [3584, 42, 16, 8, 14336, 256_000], json!({"head_dim": 256})),
            9_241_705_984,
        ),
        (
            language("gemma3_text", [1152, 26, 4, 1, 6912, 262_144], json!({"head_dim": 256})),
            999_885_952,
        ),
        (language("phi3", [3072, 32, 32, 32, 8192, 32_064], none.clone()), 3_821_079_552),
        (language("gpt_neox", [2048, 16, 8, 8, 8192, 50_304], none.clone()), 1_011_781_632),
        (language("starcoder2", [3072, 30, 24, 2, 12288, 49_152], none.clone()), 3_030_371_328),
        (
            language(
                "mixtral",
                [4096, 32, 32, 8, 14336, 32_000],
                json!({"num_local_experts": 8, "num_experts_per_tok": 2}),
            ),
            46_702_792_704,
        ),
        (
            language(
                "qwen3_moe",
                [2048, 48, 32, 4, 6144, 151_936],
                json!({"head_dim": 128, "num_experts": 128, "num_experts_per_tok": 8, "moe_intermediate_size": 768}),
            ),
            30_532_122_624,
        ),
        (language("olmo2", [4096, 32, 32, 32, 11008, 50_304], none), 6_888_624_128),
        (
            json!({
                "model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024, "n_inner": null,
                "vocab_size": 50257,
            }),
            124_439_808,
        ),
    ] {
        assert_eq!(parameters(&config), count, "{config}");
    }
}

#[test]
fn encoders_have_the_parameters_of_transformers() {
    let clip = |hidden: u64, layers: u64, heads: u64, class: &str| {
        json!({
            "architectures": [class], "model_type": "clip_text_model", "hidden_size": hidden,
            "intermediate_size": 4 * hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
            "max_position_embeddings": 77, "vocab_size": 49408, "projection_dim": hidden,
        })
    };
    let t5 = |model_type: &str, vocabulary: u64| {
        json!({
            "architectures": ["T5EncoderModel"], "model_type": model_type, "d_model": 4096, "d_ff": 10240, "d_kv": 64,
            "num_heads": 64, "num_layers": 24, "vocab_size": vocabulary, "relative_attention_num_buckets": 32,
            "feed_forward_proj": "gated-gelu",
        })
    };
    let siglip = json!({
        "model_type": "siglip_vision_model", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "intermediate_size": 3072, "image_size": 224, "patch_size": 16,
    });
    let clip_both = json!({
        "model_type": "clip", "projection_dim": 512,
        "text_config": {
            "hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 8,
            "max_position_embeddings": 77, "vocab_size": 49408,
        },
        "vision_config": {
            "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
            "image_size": 224, "patch_size": 32,
        },
    });
    for (config, count) in [
        (clip(768, 12, 12, "CLIPTextModel"), 123_060_480),
        (clip(1280, 32, 20, "CLIPTextModelWithProjection"), 694_659_840),
        (t5("t5", 32128), 4_762_310_656),
        (t5("umt5", 256_384), 5_680_910_336),
        (siglip, 92_884_224),
        // Without the one number by which likeness is scaled.
        (clip_both, 151_277_313 - 1),
    ] {
        assert_eq!(parameters(&config), count, "{config}");
    }
    for (name, count) in
        [("speech", 241_734_912), ("vision", 86_389_248), ("decoder", 8_030_261_248)]
    {
        let plan = plan_of(&testdata(name), &Options::default()).expect("it is understood");
        assert_eq!(plan.all_parameters(), count, "{name}");
    }
}

/// Each count is that of the class in diffusers 0.42.1.
#[test]
fn denoisers_have_the_parameters_of_diffusers() {
    let unet_xl = json!({
        "_class_name": "UNet2DConditionModel", "in_channels": 4, "out_channels": 4, "sample_size": 128,
        "block_out_channels": [320, 640, 1280], "layers_per_block": 2, "attention_head_dim": [5, 10, 20],
        "transformer_layers_per_block": [1, 2, 10], "cross_attention_dim": 2048,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        "addition_embed_type": "text_time", "projection_class_embeddings_input_dim": 2816,
    });
    let sd3 = json!({
        "_class_name": "SD3Transformer2DModel", "sample_size": 128, "patch_size": 2, "in_channels": 16, "out_channels": 16,
        "num_layers": 24, "attention_head_dim": 64, "num_attention_heads": 24, "joint_attention_dim": 4096,
        "caption_projection_dim": 1536, "pooled_projection_dim": 2048,
    });
    let pixart = json!({
        "_class_name": "PixArtTransformer2DModel", "sample_size": 128, "patch_size": 2, "in_channels": 4,
        "out_channels": 8, "num_layers": 28, "attention_head_dim": 72, "num_attention_heads": 16,
        "cross_attention_dim": 1152, "norm_type": "ada_norm_single",
    });
    let qwen = json!({
        "_class_name": "QwenImageTransformer2DModel", "patch_size": 2, "in_channels": 64, "out_channels": 16,
        "num_layers": 60, "attention_head_dim": 128, "num_attention_heads": 24, "joint_attention_dim": 3584,
    });
    let wan = |heads: u64, layers: u64, inner: u64| {
        json!({
            "_class_name": "WanTransformer3DModel", "patch_size": [1, 2, 2], "num_attention_heads": heads,
            "attention_head_dim": 128, "in_channels": 16, "out_channels": 16, "text_dim": 4096, "freq_dim": 256,
            "ffn_dim": inner, "num_layers": layers, "cross_attn_norm": true, "qk_norm": "rms_norm_across_heads",
        })
    };
    let hunyuan = json!({
        "_class_name": "HunyuanVideoTransformer3DModel", "in_channels": 16, "out_channels": 16, "num_layers": 20,
        "num_single_layers": 40, "num_refiner_layers": 2, "num_attention_heads": 24, "attention_head_dim": 128,
        "patch_size": 2, "patch_size_t": 1, "qk_norm": "rms_norm", "guidance_embeds": true, "text_embed_dim": 4096,
        "pooled_projection_dim": 768, "mlp_ratio": 4.0,
    });
    let ltx = json!({
        "_class_name": "LTXVideoTransformer3DModel", "in_channels": 128, "out_channels": 128, "patch_size": 1,
        "patch_size_t": 1, "num_attention_heads": 32, "attention_head_dim": 64, "cross_attention_dim": 2048,
        "num_layers": 28, "qk_norm": "rms_norm_across_heads", "caption_channels": 4096,
    });
    let cogvideo = |heads: u64, layers: u64| {
        json!({
            "_class_name": "CogVideoXTransformer3DModel", "num_attention_heads": heads, "attention_head_dim": 64,
            "in_channels": 16, "out_channels": 16, "time_embed_dim": 512, "text_embed_dim": 4096, "num_layers": layers,
            "patch_size": 2,
        })
    };
    let autoencoder = json!({
        "_class_name": "AutoencoderKL", "in_channels": 3, "out_channels": 3, "latent_channels": 4, "layers_per_block": 2,
        "block_out_channels": [128, 256, 512, 512],
        "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
        "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
    });
    for (config, count) in [
        (unet_xl, 2_567_463_684),
        (sd3, 2_028_328_000),
        (pixart, 605_301_152),
        (qwen, 20_430_401_088),
        (wan(12, 30, 8960), 1_418_996_800),
        (wan(40, 40, 13824), 14_288_491_584),
        (hunyuan, 12_821_012_544),
        (ltx, 1_923_385_472),
        (cogvideo(30, 30), 1_693_783_872),
        (cogvideo(48, 42), 5_570_283_072),
        (autoencoder, 83_653_863),
    ] {
        assert_eq!(parameters(&config), count, "{config}");
    }
    for (name, counts) in [
        (
            "diffusion",
            &[
                ("text_encoder", 123_060_480),
                ("text_encoder_2", 4_762_310_656),
                ("transformer", 11_901_408_320),
                ("vae", 83_819_683),
            ][..],
        ),
        ("unet", &[("text_encoder", 123_060_480), ("unet", 859_520_964), ("vae", 83_653_863)]),
        ("video", &[("text_encoder", 5_680_910_336), ("transformer", 1_418_996_800)]),
    ] {
        let plan = plan_of(&testdata(name), &Options::default()).expect("it is understood");
        let found: Vec<(&str, u128)> =
            plan.parameters.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        assert_eq!(found, counts, "{name}");
    }
}

/// One layer of `testdata/models/tiny-decoder` over 8 tokens, by hand.
///
/// Width 64, 4 heads of 16, 2 heads of keys and values, inner width 160, 8 rows.
/// Products, 2·rows·in·out: queries 2·8·64·64 = 65,536; keys and values 2 × 2·8·64·32 = 65,536; output 65,536; gate, up and
/// down 3 × 2·8·64·160 = 491,520: 688,128 in all.
/// Attention: 8·9/2 = 36 pairs × 4 heads × 4·16 = 9,216.
/// Numbers touched: products (rows·(in + out) + in·out): queries 1,024 + 4,096, keys and values 2 × (768 + 2,048), output
/// 5,120, three of 8·224 + 10,240 = 12,032: 51,968; attention: queries and result 2 × 8·64, keys and values 2 × 8·32: 1,536;
/// two norms 2 × 2·512 = 2,048; turned queries and keys 2·8·96 = 1,536; two sums 2 × 3·512 = 3,072; activation 2·1,280, and
/// its product 3·1,280: 6,400. All: 66,560.
/// Operations: 7 products, 1 attention, 2 norms, 1 turning, 2 sums, 2 of the activation: 15.
#[test]
fn a_layer_is_as_much_work_as_a_count_by_hand_says() {
    let options = Options { prompt_tokens: Some(8), new_tokens: Some(1), ..Options::default() };
    let plan = plan_of(&testdata("tiny-decoder"), &options).expect("it is understood");
    let layer = |(block, times): &(Block, f64)| {
        matches!(block.shape, Shape::Transformer(_)).then(|| (block.clone(), *times))
    };
    let (block, times) = plan.stages[0].runs.iter().find_map(layer).expect("a layer");
    assert!((times - 3.0).abs() < f64::EPSILON, "three layers");
    let amounts = cost::amounts(&block, Number::Bf16);
    let expected = [
        (Part::MatmulBf16, 688_128.0),
        (Part::Attention, 9_216.0),
        (Part::Memory, 2.0 * 66_560.0),
        (Part::Launch, 15.0),
    ];
    assert_eq!(amounts, expected.into_iter().collect());

    // At a rate of one a second each, an operation takes the longer of its arithmetic and its memory, and its start.
    let rates: Rates = expected.map(|(part, _)| (part, 1.0)).into_iter().collect();
    let seconds = cost::seconds_at(&block, Number::Bf16, &rates).expect("all rates are there");
    // Of what has no arithmetic the memory counts: 2 bytes × (2,048 + 1,536 + 3,072 + 6,400).
    assert!((seconds - (688_128.0 + 9_216.0 + 2.0 * 13_056.0 + 15.0)).abs() < 1e-6, "{seconds}");
    assert_eq!(cost::seconds_at(&block, Number::F16, &rates), None, "there is no rate of f16");
    let all = plan.seconds_at(&rates).expect("all rates are there");
    assert!(all > 3.0 * seconds, "three layers, and what follows them: {all}");
}

/// A residual block of 4 to 6 channels over 5 by 7 pixels, told of a time step of 8, by hand.
///
/// Convolutions, 2·pixels·9·in·out: 2·35·9·4·6 = 15,120, 2·35·9·6·6 = 22,680, around 2·35·4·6 = 1,680: 39,480.
/// The time step: 2·8·6 = 96.
/// Touched: norm and activation 2 × 2·35·4 = 560, after it 2 × 2·35·6 = 840; convolutions 35·10 + 216 = 566,
/// 35·12 + 324 = 744, 35·10 + 24 = 374; time 8 + 6 + 48 = 62, added 2·35·6 = 420; sum 3·35·6 = 630. All: 4,196.
#[test]
fn a_residual_block_is_as_much_work_as_a_count_by_hand_says() {
    let block = Block {
        shape: Shape::Residual { inputs: 4, outputs: 6, time: Some(8) },
        size: Size { batch: 1, height: 5, width: 7, ..Size::default() },
    };
    let expected = [
        (Part::Convolution, 39_480.0),
        (Part::MatmulF32, 96.0),
        (Part::Memory, 4.0 * 4_196.0),
        (Part::Launch, 10.0),
    ];
    assert_eq!(cost::amounts(&block, Number::F32), expected.into_iter().collect());
}

/// What is written is counted at two lengths of the cache, of which the mean is exact: 1 + 2 + … grows as a line.
#[test]
fn decoding_is_counted_token_by_token() {
    let count = |prompt, new| {
        let options =
            Options { prompt_tokens: Some(prompt), new_tokens: Some(new), ..Options::default() };
        let plan = plan_of(&testdata("tiny-decoder"), &options).expect("it is understood");
        plan.amounts()[&Part::Attention]
    };
    // Three layers, 4 heads of 16: 4·64 a pair. A prompt of 10, then one query that sees 11, 12 and 13.
    let pairs = 10.0 * 11.0 / 2.0 + 11.0 + 12.0 + 13.0;
    assert!((count(10, 4) - 3.0 * 256.0 * pairs).abs() < 1e-6);
    let mut apart = 0.0;
    for new in 1..9 {
        apart += count(20 + new, 2) - count(20 + new, 1);
    }
    assert!((count(21, 9) - count(21, 1) - apart).abs() < 1e-6);
}

#[test]
fn memory_is_held_against_both_sizes() {
    let plan = plan_of(&testdata("decoder"), &Options::default()).expect("it is understood");
    let memory = plan.memory();
    // 8,030,261,248 numbers of 2 bytes.
    assert!((memory.weights - 16_060_522_496.0).abs() < 1.0);
    // 32 layers × (512 + 256) tokens × 8 heads × 128 × keys and values × 2 bytes.
    assert!((memory.cache - 100_663_296.0).abs() < 1.0);
    assert!(memory.activations > 0.0 && memory.activations < 1e9, "{memory:?}");
    let video = plan_of(&testdata("video"), &Options::default()).expect("it is understood");
    assert_eq!(video.missing, ["vae (AutoencoderKLWan)"]);
    // 81 frames are 21 latent ones of 60 by 104, in patches of 2 by 2: 32,760 tokens.
    let tokens = video.stages[1].runs.iter().map(|(block, _)| block.size.tokens).max();
    assert_eq!(tokens, Some(32_760));
}

#[test]
fn a_large_block_is_timed_in_part() {
    let video = plan_of(&testdata("video"), &Options::default()).expect("it is understood");
    for (block, _) in video.stages.iter().flat_map(|stage| &stage.runs) {
        let part = run::share_of(block, 1e10);
        if let Shape::Transformer(_) = block.shape {
            let keys = |of: &Block| of.size.past + of.size.tokens + of.size.second;
            assert_eq!(keys(&part), keys(block), "queries look at as much as before");
            assert!(part.size.tokens >= 64.min(block.size.tokens));
        }
        assert!(part.size.tokens <= block.size.tokens && part.size.batch >= 1);
    }
    let unet = plan_of(&testdata("unet"), &Options::default()).expect("it is understood");
    for (block, _) in unet.stages.iter().flat_map(|stage| &stage.runs) {
        let part = run::share_of(block, 1e9);
        assert!(part.size.height <= block.size.height && part.size.width == block.size.width);
    }
}

#[test]
fn options_that_a_model_has_no_use_for_are_refused() {
    let model = config::read(&testdata("tiny-decoder")).expect("it is understood");
    let fault = plan(&model, &Options { steps: Some(3), ..Options::default() });
    let fault = fault.expect_err("a language model has no steps");
    assert!(
        fault.0.contains("--steps says nothing of a LlamaForCausalLM")
            || fault.0.contains("tokens"),
        "{fault}"
    );
}
