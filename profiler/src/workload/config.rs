//! From a `config.json`, or a pipeline's folder, to a [`Model`]. An architecture that is not known is a fault that names it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;
use spacelint_knowledge::architectures;
use spacelint_space::escape::escape;

use super::families::{self, Found};
use super::fields::{Fault, Fields, PROJECTION, only};
use super::model::{Model, Number, On, Role};

/// The largest configuration that is read: real ones have a few kilobytes, with thousands of classes some hundreds.
const LARGEST: u64 = 8 << 20;
/// The file that makes a folder a pipeline.
const INDEX: &str = "model_index.json";
/// The types of transformers that are understood, beside decoders.
const TYPES: [&str; 8] =
    ["clip", "clip_text_model", "siglip", "siglip_vision_model", "t5", "umt5", "vit", "whisper"];

/// The model that a file, or a folder of one, describes.
pub(crate) fn read(path: &Path) -> Result<Model, Fault> {
    let file = if !path.is_dir() {
        path.to_owned()
    } else if path.join(INDEX).is_file() {
        path.join(INDEX)
    } else {
        path.join("config.json")
    };
    let value = json(&file)?;
    let name = file.display().to_string();
    if file.file_name().is_some_and(|name| name == INDEX) {
        let folder = file.parent().unwrap_or(Path::new(""));
        return pipeline(&value, &name, &|part| {
            let file = folder.join(part).join("config.json");
            Ok((json(&file)?, file.display().to_string()))
        });
    }
    single(&value, &name)
}

fn json(file: &Path) -> Result<Value, Fault> {
    let fault = |why: &dyn std::fmt::Display| {
        Fault(format!("{}: {why}", escape(&file.display().to_string())))
    };
    let opened = File::open(file).map_err(|error| fault(&error))?;
    let mut text = String::new();
    opened.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| fault(&error))?;
    if text.len() as u64 > LARGEST {
        return Err(fault(&"it is larger than any configuration"));
    }
    serde_json::from_str(&text).map_err(|error| fault(&format_args!("it is no JSON: {error}")))
}

/// The model of one configuration.
pub(crate) fn single(value: &Value, file: &str) -> Result<Model, Fault> {
    let fields = Fields::of(value, file)?;
    let class = class_of(&fields)?;
    let found = match fields.word("_class_name")? {
        Some("AutoencoderKL") => families::image_decoder(&fields)?.0,
        Some(name) => match architectures::denoiser(name) {
            Some(facts) => families::denoiser(&fields, facts)?,
            None => return Err(unknown(&fields, "_class_name", name)),
        },
        None => match (transformers(&fields, &class, false)?, fields.word("model_type")?) {
            (Some(found), _) => found,
            (None, Some(name)) => return Err(unknown(&fields, "model_type", name)),
            (None, None) => {
                return Err(fields.fault(
                    "it has neither `_class_name` (of a network of diffusers) nor `model_type` (of a model of transformers)",
                ));
            }
        },
    };
    Ok(Model {
        class,
        number: number(&fields)?,
        parts: found.parts,
        missing: found.missing,
        notes: found.notes,
    })
}

/// What reads the configuration of a folder, and says which file that is.
type Reader<'a> = &'a dyn Fn(&str) -> Result<(Value, String), Fault>;

/// The model of a pipeline: `part` reads the configuration of a folder.
pub(crate) fn pipeline(value: &Value, file: &str, part: Reader<'_>) -> Result<Model, Fault> {
    let index = Fields::of(value, file)?;
    let class = class_of(&index)?;
    let mut model =
        Model { class, parts: Vec::new(), number: None, missing: Vec::new(), notes: Vec::new() };
    let (mut spatial, mut temporal) = (None, None);
    let mut strange = None;
    for name in index.keys().filter(|name| !name.starts_with('_')) {
        let Some(Value::Array(of)) = index.get(name) else { continue };
        let [Value::String(_), Value::String(class)] = &of[..] else { continue };
        if weightless(class) {
            continue;
        }
        let folder = Path::new(name);
        let plain = folder.components().count() == 1 && folder.file_name().is_some();
        if !plain {
            return Err(index.fault(format_args!("`{}` is no name of a folder", escape(name))));
        }
        let (value, file) = part(name)?;
        let fields = Fields::of(&value, &file)?;
        model.number = model.number.or(number(&fields)?);
        let found = if let Some(facts) = architectures::denoiser(class) {
            families::denoiser(&fields, facts)?
        } else if class == "AutoencoderKL" {
            let (found, smaller) = families::image_decoder(&fields)?;
            spatial = Some(smaller);
            found
        } else {
            let ratio = |keys| fields.maybe(&only(keys));
            if name == "vae" {
                spatial = ratio(&["scale_factor_spatial", "spatial_compression_ratio"])?;
                temporal = ratio(&["scale_factor_temporal", "temporal_compression_ratio"])?;
            }
            let Some(found) = transformers(&fields, class, true)? else {
                let what = format!("{} ({})", escape(name), escape(class));
                if name.starts_with("transformer") || name.starts_with("unet") {
                    strange.get_or_insert_with(|| what.clone());
                }
                model.missing.push(what);
                continue;
            };
            found
        };
        for mut part in found.parts {
            part.name = escape(name).into_owned();
            model.parts.push(part);
        }
        model.missing.extend(found.missing.iter().map(|it| format!("{}: {it}", escape(name))));
        model.notes.extend(found.notes);
    }
    settle(&mut model, spatial, temporal);
    if !model.parts.iter().any(|part| matches!(part.role, Role::Denoiser(_))) {
        return Err(index.fault(match strange {
            Some(what) => format!("no network that takes noise away is understood: {what}"),
            None => "it names no network that takes noise away".to_owned(),
        }));
    }
    Ok(model)
}

/// What the parts of a pipeline say of each other, and in which order they run.
fn settle(model: &mut Model, spatial: Option<u64>, temporal: Option<u64>) {
    let mut seen: Option<String> = None;
    for part in &mut model.parts {
        match &mut part.role {
            Role::Denoiser(role) => {
                role.spatial = spatial;
                role.temporal = temporal.or(role.temporal);
                if let Some(first) = &seen {
                    model.notes.push(format!(
                        "all steps are counted with {first}: {}, which takes some of them over, is loaded beside it",
                        part.name
                    ));
                    for each in &mut part.uses {
                        each.on = On::Nothing;
                    }
                } else {
                    seen = Some(part.name.clone());
                }
            }
            // A language model reads the prompt here, and writes nothing.
            Role::Language { most } => part.role = Role::TextEncoder { most: *most },
            _ => {}
        }
    }
    // What runs first stands first: texts are read, noise is taken away, a picture is made of it.
    model.parts.sort_by_key(|part| match part.role {
        Role::Denoiser(_) => 1,
        Role::ImageDecoder => 2,
        _ => 0,
    });
}

/// Whether a part of a pipeline has no weights.
fn weightless(class: &str) -> bool {
    ["Scheduler", "Tokenizer", "TokenizerFast", "Processor", "FeatureExtractor", "ProcessorFast"]
        .iter()
        .any(|end| class.ends_with(end))
}

/// A model of transformers, if its type is known; only what reads is meant where `encodes`.
fn transformers(fields: &Fields<'_>, class: &str, encodes: bool) -> Result<Option<Found>, Fault> {
    let Some(model_type) = fields.word("model_type")? else { return Ok(None) };
    let mut found = match model_type {
        "clip" => families::clip(fields)?,
        "clip_text_model" => {
            let projected = class.ends_with("WithProjection");
            let projection = if projected { Some(fields.whole(&PROJECTION)?) } else { None };
            families::clip_text(fields, projection)?
        }
        "siglip" => families::siglip(fields)?,
        "siglip_vision_model" => families::siglip_vision(fields)?,
        "t5" | "umt5" => {
            if !encodes && !class.ends_with("EncoderModel") {
                return Err(fields.fault(format_args!(
                    "of `{model_type}` the encoder alone is understood, and `architectures` names {}",
                    escape(class)
                )));
            }
            families::t5(fields, model_type == "umt5")?
        }
        "vit" => families::vit(fields, class)?,
        _ => {
            if let Some(facts) = architectures::speech(model_type) {
                families::speech(fields, f64::from(facts.window_seconds))?
            } else if let Some(found) = language(fields, model_type)? {
                found
            } else {
                return Ok(None);
            }
        }
    };
    if fields.get("quantization_config").is_some() {
        found.notes.push(
            "the weights are quantised (`quantization_config`), and are counted here as if they were not".to_owned(),
        );
    }
    Ok(Some(found))
}

/// A language model, perhaps with eyes or ears beside it, which are not understood.
fn language(fields: &Fields<'_>, model_type: &str) -> Result<Option<Found>, Fault> {
    let text = fields.within("text_config")?;
    let of_text = match &text {
        Some(text) => text.word("model_type")?,
        None => None,
    };
    let known = architectures::decoder(model_type).or(of_text.and_then(architectures::decoder));
    let Some(facts) = known else { return Ok(None) };
    let mut found = families::language(text.as_ref().unwrap_or(fields), facts)?;
    blind(fields, &mut found);
    Ok(Some(found))
}

fn blind(fields: &Fields<'_>, found: &mut Found) {
    for key in ["vision_config", "audio_config"] {
        if fields.get(key).is_some() {
            found.missing.push(format!("what `{key}` describes"));
        }
    }
}

fn unknown(fields: &Fields<'_>, key: &str, name: &str) -> Fault {
    let name: String = name.chars().take(60).collect();
    let known = if key == "_class_name" {
        let denoisers = architectures::denoisers().iter().map(|denoiser| denoiser.class);
        denoisers.chain(["AutoencoderKL"]).collect::<Vec<_>>()
    } else {
        let decoders = architectures::decoders().iter().flat_map(|decoder| decoder.types).copied();
        decoders.chain(TYPES.iter().copied()).collect()
    };
    fields.fault(format_args!(
        "`{key}` {} is not understood; these are: {}",
        escape(&name),
        known.join(", ")
    ))
}

/// The class that a configuration names.
fn class_of(fields: &Fields<'_>) -> Result<String, Fault> {
    let list = fields.get("architectures").and_then(Value::as_array);
    let first = list.and_then(|list| list.first()?.as_str());
    let named = fields.word("_class_name")?.or(first).or(fields.word("model_type")?);
    let named = named.unwrap_or_default();
    Ok(escape(&named.chars().take(80).collect::<String>()).into_owned())
}

/// The type of the stored numbers.
fn number(fields: &Fields<'_>) -> Result<Option<Number>, Fault> {
    let word = match fields.word("torch_dtype")? {
        Some(word) => Some(word),
        None => fields.word("dtype")?,
    };
    Ok(match word {
        Some("float32") => Some(Number::F32),
        Some("float16") => Some(Number::F16),
        Some("bfloat16") => Some(Number::Bf16),
        _ => None,
    })
}
