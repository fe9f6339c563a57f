//! What a call of a model runs: which blocks of which size, and how often.

use std::collections::BTreeMap;

use super::cost;
use super::fields::Fault;
use super::model::{Denoiser, Layer, Model, Number, On, Part, Role, Second, Shape, Use};
use crate::parts::{self, Amounts, Rates};

/// What a call is asked for; what is not said is taken from the model, or assumed and said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// Tokens of the prompt.
    pub(crate) prompt_tokens: Option<u64>,
    /// Tokens that are written.
    pub(crate) new_tokens: Option<u64>,
    /// Steps in which noise is taken away.
    pub(crate) steps: Option<u64>,
    /// Of the picture, in pixels.
    pub(crate) width: Option<u64>,
    /// Of the picture, in pixels.
    pub(crate) height: Option<u64>,
    /// Of the video.
    pub(crate) frames: Option<u64>,
    /// How many are made at once.
    pub(crate) batch: Option<u64>,
    /// How often the network runs in a step.
    pub(crate) passes: Option<u64>,
    /// Of sound.
    pub(crate) seconds: Option<u64>,
    /// The type of the numbers.
    pub(crate) number: Option<Number>,
}

/// How much a block runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Size {
    /// How many at once.
    pub(crate) batch: u64,
    /// Tokens of each.
    pub(crate) tokens: u64,
    /// Tokens of the second stream.
    pub(crate) second: u64,
    /// Tokens that are looked at, and were before.
    pub(crate) past: u64,
    /// Tokens of something else that is looked at.
    pub(crate) context: u64,
    /// Whether keys and values of that are there already.
    pub(crate) context_kept: bool,
    /// Of a picture.
    pub(crate) height: u64,
    /// Of a picture.
    pub(crate) width: u64,
}

/// A block, and how much it runs on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Block {
    /// The block.
    pub(crate) shape: Shape,
    /// How much it runs on.
    pub(crate) size: Size,
}

/// A stage of a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stage {
    /// `encode`, `prefill`, `decode`, `denoise` or `decode image`.
    pub(crate) name: &'static str,
    /// The network that runs.
    pub(crate) part: String,
    /// Blocks, and how often each runs; halves come of a mean of two lengths.
    pub(crate) runs: Vec<(Block, f64)>,
}

/// What a call runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    /// The model's class.
    pub(crate) class: String,
    /// The type of the numbers.
    pub(crate) number: Number,
    /// In the order in which they run.
    pub(crate) stages: Vec<Stage>,
    /// Networks, with how many numbers their weights are.
    pub(crate) parameters: Vec<(String, u128)>,
    /// Numbers of the key and value cache when it is longest.
    pub(crate) cache: f64,
    /// Numbers that are kept beside, until they are read again.
    pub(crate) kept: f64,
    /// What the call is asked for, as options.
    pub(crate) settings: BTreeMap<&'static str, u64>,
    /// What nobody said, and the model does not say.
    pub(crate) assumed: Vec<String>,
    /// What is missing from all of this.
    pub(crate) missing: Vec<String>,
    /// Where this differs from the model.
    pub(crate) notes: Vec<String>,
}

/// Memory and its share of the two sizes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Memory {
    /// Of the weights, in bytes.
    pub(crate) weights: f64,
    /// Of the key and value cache.
    pub(crate) cache: f64,
    /// Of what the largest block needs while it runs.
    pub(crate) activations: f64,
}

impl Memory {
    /// All of it.
    pub(crate) fn peak(&self) -> f64 {
        self.weights + self.cache + self.activations
    }
}

impl Plan {
    /// How many numbers all weights are.
    pub(crate) fn all_parameters(&self) -> u128 {
        self.parameters.iter().map(|(_, count)| count).sum()
    }

    /// How much of each part a call is, its weights loaded before. Memory is what all operations read and write: a device
    /// that reads while it computes takes less than the sum of the parts.
    pub(crate) fn amounts(&self) -> Amounts {
        let mut sum = Amounts::new();
        for (block, times) in self.stages.iter().flat_map(|stage| &stage.runs) {
            for (part, amount) in cost::amounts(block, self.number) {
                *sum.entry(part).or_default() += amount * times;
            }
        }
        sum
    }

    /// What must be read from disk, and copied to the device, before the first call.
    pub(crate) fn load(&self) -> Amounts {
        let bytes = self.memory().weights;
        Amounts::from([(parts::Part::Disk, bytes), (parts::Part::HostToDevice, bytes)])
    }

    /// How long a call takes at these rates, where each operation takes the longer of its arithmetic and its memory; nothing
    /// where a rate is missing that is needed.
    pub(crate) fn seconds_at(&self, rates: &Rates) -> Option<f64> {
        let runs = self.stages.iter().flat_map(|stage| &stage.runs);
        runs.map(|(block, times)| Some(times * cost::seconds_at(block, self.number, rates)?)).sum()
    }

    /// What it needs of the device's memory.
    pub(crate) fn memory(&self) -> Memory {
        let bytes = self.number.bytes() as f64;
        let live = self
            .stages
            .iter()
            .flat_map(|stage| &stage.runs)
            .map(|(block, _)| cost::live(block))
            .fold(0.0, f64::max);
        Memory {
            weights: self.all_parameters() as f64 * bytes,
            cache: self.cache * bytes,
            activations: (live + self.kept) * bytes,
        }
    }
}

/// The largest value of an option that is believed.
const MOST: [(&str, u64); 9] = [
    ("batch", 4096),
    ("frames", 100_000),
    ("guidance", 8),
    ("height", 1 << 15),
    ("new-tokens", 1 << 22),
    ("prompt-tokens", 1 << 22),
    ("seconds", 1_000_000),
    ("steps", 100_000),
    ("width", 1 << 15),
];

/// What a call of `model` runs.
pub(crate) fn plan(model: &Model, options: &Options) -> Result<Plan, Fault> {
    let mut planner = Planner::of(model, options)?;
    if let Some((part, role)) = model.parts.iter().find_map(|part| match &part.role {
        Role::Denoiser(role) => Some((part, role)),
        _ => None,
    }) {
        planner.denoising(model, part, role)?;
    } else if model.parts.iter().any(|part| matches!(part.role, Role::ImageDecoder)) {
        return Err(Fault(
            "an autoencoder by itself is no model that is called: name the folder of its pipeline"
                .to_owned(),
        ));
    } else {
        for part in &model.parts {
            planner.part(part)?;
        }
    }
    planner.finish()
}

struct Planner<'a> {
    options: &'a Options,
    batch: u64,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn of(model: &Model, options: &'a Options) -> Result<Self, Fault> {
        for (name, value) in given(options) {
            believed(name, value)?;
        }
        let mut assumed = Vec::new();
        let number = options.number.or(model.number).unwrap_or_else(|| {
            assumed.push("--dtype bf16".to_owned());
            Number::Bf16
        });
        let batch = options.batch.unwrap_or(1);
        let count = |part: &Part| -> u128 {
            part.uses.iter().map(|each| each.shape.parameters() * u128::from(each.count)).sum()
        };
        let parameters: Vec<(String, u128)> =
            model.parts.iter().map(|part| (part.name.clone(), count(part))).collect();
        Ok(Self {
            options,
            batch,
            plan: Plan {
                class: model.class.clone(),
                number,
                stages: Vec::new(),
                parameters,
                cache: 0.0,
                kept: 0.0,
                settings: BTreeMap::from([("batch", batch)]),
                assumed,
                missing: model.missing.clone(),
                notes: model.notes.clone(),
            },
        })
    }

    /// The value of an option, or else what is assumed, and said.
    fn setting(
        &mut self,
        name: &'static str,
        asked: Option<u64>,
        assumed: u64,
    ) -> Result<u64, Fault> {
        let value = asked.unwrap_or(assumed);
        if asked.is_none() {
            believed(name, assumed)?;
            self.plan.assumed.push(format!("--{name} {assumed}"));
        }
        self.plan.settings.insert(name, value);
        Ok(value)
    }

    fn stage(&mut self, name: &'static str, part: &Part, runs: Vec<(Block, f64)>) {
        self.plan.stages.push(Stage { name, part: part.name.clone(), runs });
    }

    /// A network by itself.
    fn part(&mut self, part: &Part) -> Result<(), Fault> {
        let size = Size { batch: self.batch, ..Size::default() };
        match &part.role {
            Role::Language { most } => {
                let prompt = self.setting("prompt-tokens", self.options.prompt_tokens, 512)?;
                let new = self.setting("new-tokens", self.options.new_tokens, 256)?;
                if let Some(most) = most
                    && prompt + new > *most
                {
                    return Err(Fault(format!(
                        "{prompt} tokens of a prompt and {new} new ones are more than the {most} that the model is made for"
                    )));
                }
                self.stage("prefill", part, blocks(part, &size, &Sizes::tokens(prompt), 1.0));
                self.decode(part, &size, prompt, new, 1.0, 0);
            }
            Role::TextEncoder { most } => {
                let asked = self.options.prompt_tokens;
                let usual = most.unwrap_or(512);
                let tokens = self.setting("prompt-tokens", asked, usual)?;
                if let Some(most) = most
                    && tokens > *most
                {
                    return Err(Fault(format!(
                        "--prompt-tokens {tokens}: the text encoder takes {most} at most"
                    )));
                }
                self.stage("encode", part, blocks(part, &size, &Sizes::tokens(tokens), 1.0));
            }
            Role::Vision { tokens } => {
                self.stage("encode", part, blocks(part, &size, &Sizes::tokens(*tokens), 1.0));
            }
            Role::SpeechEncoder { tokens, seconds } => {
                let whole = seconds.ceil() as u64;
                let sound = self.setting("seconds", self.options.seconds, whole)?;
                let windows = (sound as f64 / seconds).ceil();
                self.stage("encode", part, blocks(part, &size, &Sizes::tokens(*tokens), windows));
            }
            Role::SpeechDecoder { most, context } => {
                let new =
                    self.setting("new-tokens", self.options.new_tokens, (*most / 4).max(1))?;
                if new >= *most {
                    return Err(Fault(format!(
                        "--new-tokens {new}: of a window of sound the model writes less than {most}"
                    )));
                }
                let windows = self.windows();
                if windows > 1.0 {
                    self.plan.notes.push(format!(
                        "{new} new tokens are for each of {windows} windows of sound"
                    ));
                }
                // What it begins with: that a text starts, in which language, what is wanted.
                let prompt = 4_u64.min(*most - new).max(1);
                let sizes = Sizes { context: *context, ..Sizes::tokens(prompt) };
                self.stage("prefill", part, blocks(part, &size, &sizes, windows));
                self.decode(part, &size, prompt, new, windows, *context);
            }
            Role::Denoiser(_) | Role::ImageDecoder => {}
        }
        Ok(())
    }

    /// How many windows of sound the encoder before reads.
    fn windows(&self) -> f64 {
        let encoder = self.plan.stages.iter().rfind(|stage| stage.name == "encode");
        let layers = encoder.and_then(|stage| {
            stage.runs.iter().find(|(block, _)| matches!(block.shape, Shape::Norm { .. }))
        });
        layers.map_or(1.0, |(_, times)| *times)
    }

    /// A token at a time, at the first length of the cache and at the last: between the two, time grows as a line.
    fn decode(
        &mut self,
        part: &Part,
        size: &Size,
        prompt: u64,
        new: u64,
        windows: f64,
        context: u64,
    ) {
        if new > 1 {
            let half = (new - 1) as f64 / 2.0 * windows;
            let mut runs = Vec::new();
            for past in [prompt, prompt + new - 2] {
                let sizes = Sizes { past, context, context_kept: true, ..Sizes::tokens(1) };
                runs.extend(blocks(part, size, &sizes, half));
            }
            self.stage("decode", part, merged(runs));
        }
        let wide = |layer: &Layer| 2 * layer.attention.kv_heads * layer.attention.head_size;
        for each in &part.uses {
            if let Shape::Transformer(layer) = &each.shape {
                let seen = (prompt + new) as f64 * wide(layer) as f64;
                let cross =
                    layer.cross.as_ref().map_or(0, |cross| 2 * cross.heads * cross.head_size);
                let seen = seen + context as f64 * cross as f64;
                self.plan.cache += self.batch as f64 * each.count as f64 * seen;
            }
        }
    }

    /// A pipeline, or the network of one that takes noise away.
    fn denoising(&mut self, model: &Model, part: &Part, role: &Denoiser) -> Result<(), Fault> {
        let facts = role.facts;
        let spatial = role.spatial.unwrap_or(facts.spatial);
        let temporal = role.temporal.unwrap_or(facts.temporal);
        let sample = role.sample.map(|(width, height)| (width * spatial, height * spatial));
        let (width, height) = sample.unwrap_or((facts.width, facts.height));
        let width = self.setting("width", self.options.width, width)?;
        let height = self.setting("height", self.options.height, height)?;
        let steps = self.setting("steps", self.options.steps, facts.steps)?;
        let passes = self.setting("guidance", self.options.passes, facts.passes)?;
        let text = self.setting("prompt-tokens", self.options.prompt_tokens, facts.text_tokens)?;
        let moves = facts.frames > 1;
        let frames = if moves {
            self.setting("frames", self.options.frames, role.frames.unwrap_or(facts.frames))?
        } else {
            1
        };
        let [patch_frames, patch_height, patch_width] = role.patch;
        for (name, side, patch) in [("width", width, patch_width), ("height", height, patch_height)]
        {
            let multiple = spatial * patch * role.multiple;
            if !side.is_multiple_of(multiple) {
                return Err(Fault(format!(
                    "--{name} {side} should be divisible by {multiple}: the model has latent pixels of {spatial}, in patches"
                )));
            }
        }
        let latent_frames = (frames - 1) / temporal + 1;
        let tokens = latent_frames.div_ceil(patch_frames)
            * (height / spatial / patch_height)
            * (width / spatial / patch_width);
        let sizes = Sizes {
            tokens,
            text,
            context: text,
            grid: (height / spatial, width / spatial),
            ..Sizes::default()
        };
        let size = Size { batch: self.batch * passes, ..Size::default() };
        for other in &model.parts {
            match &other.role {
                Role::TextEncoder { most } => {
                    let tokens = most.map_or(text, |most| most.min(text));
                    self.stage("encode", other, blocks(other, &size, &Sizes::tokens(tokens), 1.0));
                }
                Role::Vision { .. } => {
                    self.plan
                        .notes
                        .push(format!("{} is loaded, and is not counted as running", other.name));
                }
                _ => {}
            }
        }
        self.stage("denoise", part, blocks(part, &size, &sizes, steps as f64));
        self.plan.kept = part.uses.iter().map(|each| kept(each, &size, &sizes)).sum();
        for other in &model.parts {
            if matches!(other.role, Role::ImageDecoder) {
                let size = Size { batch: self.batch, ..Size::default() };
                self.stage("decode image", other, blocks(other, &size, &sizes, 1.0));
            }
        }
        if passes > 1 {
            self.plan.notes.push(format!(
                "the {passes} passes of a step are counted as one of a batch of {passes}"
            ));
        }
        Ok(())
    }

    fn finish(self) -> Result<Plan, Fault> {
        for (name, _) in given(self.options) {
            if !self.plan.settings.contains_key(name) {
                return Err(Fault(format!("--{name} says nothing of a {}", self.plan.class)));
            }
        }
        if self.plan.stages.iter().all(|stage| stage.runs.is_empty()) {
            return Err(Fault(format!("{} runs nothing that could be timed", self.plan.class)));
        }
        Ok(self.plan)
    }
}

/// Refuses a value of an option that no call has.
fn believed(name: &str, value: u64) -> Result<(), Fault> {
    let most = MOST.iter().find(|(known, _)| *known == name).map_or(0, |(_, most)| *most);
    if value == 0 || value > most {
        return Err(Fault(format!("--{name} {value}: it should be between 1 and {most}")));
    }
    Ok(())
}

/// The options that were given, by their names.
fn given(options: &Options) -> impl Iterator<Item = (&'static str, u64)> {
    [
        ("batch", options.batch),
        ("frames", options.frames),
        ("guidance", options.passes),
        ("height", options.height),
        ("new-tokens", options.new_tokens),
        ("prompt-tokens", options.prompt_tokens),
        ("seconds", options.seconds),
        ("steps", options.steps),
        ("width", options.width),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}

/// How much a network runs on.
#[derive(Default)]
struct Sizes {
    tokens: u64,
    text: u64,
    context: u64,
    context_kept: bool,
    past: u64,
    grid: (u64, u64),
}

impl Sizes {
    fn tokens(tokens: u64) -> Self {
        Self { tokens, ..Self::default() }
    }
}

/// The blocks of a network with their sizes, each as often as `times` runs of the network have it.
fn blocks(part: &Part, size: &Size, sizes: &Sizes, times: f64) -> Vec<(Block, f64)> {
    let runs = part.uses.iter().filter_map(|each| {
        Some((
            Block { shape: each.shape.clone(), size: sized(each, size, sizes)? },
            each.count as f64 * times,
        ))
    });
    merged(runs.collect())
}

/// What one block runs on.
fn sized(each: &Use, size: &Size, sizes: &Sizes) -> Option<Size> {
    if matches!(each.shape, Shape::Table { .. }) {
        return None;
    }
    let mut own = size.clone();
    match each.on {
        On::Nothing => return None,
        On::Row => own.tokens = 1,
        On::Tokens(times) => own.tokens = sizes.tokens * times,
        On::Text => own.tokens = sizes.text,
        On::Both => own.tokens = sizes.tokens + sizes.text,
        On::Grid { times, over, .. } => {
            let (height, width) = (sizes.grid.0 * times / over, sizes.grid.1 * times / over);
            match each.shape {
                Shape::Linear { .. } | Shape::Norm { .. } | Shape::Transformer(_) => {
                    own.tokens = height * width;
                }
                _ => (own.height, own.width) = (height, width),
            }
        }
    }
    if let Shape::Transformer(layer) = &each.shape {
        own.past = sizes.past;
        if layer.second != Second::None {
            own.second = sizes.text;
        }
        if layer.cross.is_some() {
            own.context = sizes.context;
            own.context_kept = sizes.context_kept;
        }
    }
    Some(own)
}

/// How many numbers a block leaves until they are read again.
fn kept(each: &Use, size: &Size, sizes: &Sizes) -> f64 {
    let On::Grid { kept: true, .. } = each.on else { return 0.0 };
    let Some(own) = sized(each, size, sizes) else { return 0.0 };
    let pixels = (own.batch * own.height * own.width) as f64;
    match &each.shape {
        Shape::Residual { outputs, .. } => pixels * *outputs as f64,
        Shape::Convolution { outputs, stride, .. } => {
            pixels * *outputs as f64 / (stride * stride) as f64
        }
        _ => 0.0,
    }
}

/// Blocks that are the same, put together, in the order in which they come first.
fn merged(runs: Vec<(Block, f64)>) -> Vec<(Block, f64)> {
    let mut together: Vec<(Block, f64)> = Vec::new();
    let mut places: BTreeMap<Block, usize> = BTreeMap::new();
    for (block, times) in runs {
        if let Some(place) = places.get(&block) {
            together[*place].1 += times;
        } else {
            places.insert(block.clone(), together.len());
            together.push((block, times));
        }
    }
    together
}
