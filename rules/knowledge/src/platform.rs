//! What is true of Spaces and of ZeroGPU as a platform: tiers, sizes, versions, the builder, and the
//! environment that a Space finds.

use crate::Confidence;

include!(concat!(env!("OUT_DIR"), "/platform.rs"));

/// A class of visitor, each with a daily quota of GPU seconds; from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Not signed in.
    Anonymous,
    /// Signed in, paying nothing.
    Free,
    /// A PRO subscriber or a member of a Team organisation.
    Pro,
    /// A member of an Enterprise organisation.
    Enterprise,
}

/// What is known of a [`Tier`].
#[derive(Debug)]
pub struct TierFacts {
    /// Its name in a message.
    pub label: &'static str,
    /// GPU seconds a day.
    pub quota_seconds: i64,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

impl Tier {
    /// All tiers, from least to most quota.
    pub const ALL: [Self; 4] = [Self::Anonymous, Self::Free, Self::Pro, Self::Enterprise];

    /// What is known of it.
    pub fn facts(self) -> &'static TierFacts {
        &TIERS[self as usize]
    }

    /// Its name in a message.
    pub fn label(self) -> &'static str {
        self.facts().label
    }

    /// GPU seconds a day.
    pub fn quota_seconds(self) -> i64 {
        self.facts().quota_seconds
    }
}

/// How much GPU a call gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    /// `size="large"`
    Large,
    /// `size="xlarge"`
    Xlarge,
}

/// What is known of a [`Size`].
#[derive(Debug)]
pub struct SizeFacts {
    /// Its name, as `spaces.GPU` takes it.
    pub name: &'static str,
    /// The GPU behind it.
    pub gpu: &'static str,
    /// GPU memory, in GB.
    pub vram_gb: u32,
    /// Allowed seconds over declared seconds.
    pub time_factor: f64,
    /// Booked over allowed seconds, and charged over used seconds.
    pub quota_factor: i64,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

impl Size {
    /// All sizes, from small to big.
    pub const ALL: [Self; 2] = [Self::Large, Self::Xlarge];
    /// What a call gets that names no size.
    pub const DEFAULT: Self = DEFAULT_SIZE;

    /// The size of that name. The scheduler is sent any other name as it stands.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.name() == name)
    }

    /// What is known of it.
    pub fn facts(self) -> &'static SizeFacts {
        &SIZES[self as usize]
    }

    /// Its name, as `spaces.GPU` takes it.
    pub fn name(self) -> &'static str {
        self.facts().name
    }
}

/// A GPU that ZeroGPU runs on, or did.
#[derive(Debug)]
pub struct Backing {
    /// Its name, as a person types it.
    pub name: &'static str,
    /// The GPU.
    pub gpu: &'static str,
    /// Allowed seconds over declared seconds, by size.
    time_factors: [f64; 2],
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

impl Backing {
    /// The one that Spaces run on now.
    pub fn current() -> &'static Self {
        &BACKINGS[0]
    }

    /// All of them, the current one first.
    pub fn all() -> &'static [Self] {
        BACKINGS
    }

    /// Allowed seconds over declared seconds for that size.
    pub fn time_factor(&self, size: Size) -> f64 {
        self.time_factors[size as usize]
    }
}

/// How `spaces` reads `duration`.
#[derive(Debug)]
pub struct DurationFacts {
    /// Declared seconds where nothing is declared.
    pub default_seconds: i64,
    /// At how many seconds a duration starts again from 0.
    pub day_seconds: i64,
    /// The first `spaces` that multiplies by the size's time factor.
    pub factor_since_spaces: &'static str,
    /// The first `spaces` that does not ignore `size`.
    pub size_since_spaces: &'static str,
    /// The first `spaces` that takes a duration or a size as first argument.
    pub positional_since_spaces: &'static str,
    /// The first `spaces` that takes a callable.
    pub callable_since_spaces: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// How `spaces` reads `duration`.
pub fn duration() -> &'static DurationFacts {
    &DURATION
}

/// What happens to a Space that names no size and whose weights do not fit the default one.
#[derive(Debug)]
pub struct Promotion {
    /// Bytes of weights on the GPU at start-up above which it happens.
    pub bytes: u64,
    /// The first `spaces` that does it.
    pub since_spaces: &'static str,
    /// What goes wrong then, as a sentence without its first capital and its full stop.
    pub says: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What happens to a Space that names no size and whose weights do not fit the default one.
pub fn promotion() -> &'static Promotion {
    &PROMOTION
}

/// How the platform learns that a ZeroGPU Space has GPU functions.
#[derive(Debug)]
pub struct StartupReport {
    /// The versions of `spaces`, as PEP 440 specifiers, in which `gradio.Blocks.launch` reports those
    /// that are declared by then, and nothing else does.
    pub sent_by_launch: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// How the platform learns that a ZeroGPU Space has GPU functions.
pub fn startup_report() -> &'static StartupReport {
    &STARTUP_REPORT
}

/// What a person is told when a Space fails, word for word.
#[derive(Debug)]
pub struct Message {
    /// The words.
    pub text: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What the platform says of a ZeroGPU Space that declares no GPU function.
pub fn no_gpu_function() -> &'static Message {
    &NO_GPU_FUNCTION
}

/// What `import spaces` raises on ZeroGPU with a bitsandbytes below [`Supported::bitsandbytes_minimum`].
pub fn old_bitsandbytes() -> &'static Message {
    &OLD_BITSANDBYTES
}

/// What the platform says of a Space without a card, at the stage `CONFIG_ERROR`.
pub fn no_card() -> &'static Message {
    &NO_CARD
}

/// What the Hub says to a push whose card is not YAML.
pub fn invalid_card() -> &'static Message {
    &INVALID_CARD
}

/// What a Space is installed on.
#[derive(Debug)]
pub struct System {
    /// As a message says it: `Linux on x86_64`.
    pub name: &'static str,
    /// The machine, as the tags of wheels end.
    pub machine: &'static str,
    /// How the tags of the systems begin whose wheels it takes.
    pub wheels: &'static [&'static str],
    /// How those begin that it refuses.
    pub other_wheels: &'static [&'static str],
    /// The letters of its own Python's tags.
    pub implementation: &'static str,
    /// The letters of the tags for any Python.
    pub any_python: &'static str,
    /// The letters of other Pythons' tags.
    pub other_pythons: &'static [&'static str],
    /// What the variables of a requirement's marker are worth, sorted.
    pub markers: &'static [(&'static str, &'static str)],
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What a Space is installed on.
pub fn system() -> &'static System {
    &SYSTEM
}

/// What Gradio raises where the port that the app asks for is not free.
pub fn port_taken() -> &'static Message {
    &PORT_TAKEN
}

/// Where the repository lies on the machine that runs a Space.
#[derive(Debug)]
pub struct Home {
    /// The folder, absolute.
    pub folder: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Where the repository lies on the machine that runs a Space.
pub fn home() -> &'static Home {
    &HOME
}

/// Where apps are served by themselves, outside the pages of the Hub that frame them.
#[derive(Debug)]
pub struct Direct {
    /// What the addresses of the pages begin with.
    pub page: &'static str,
    /// What their addresses end with.
    pub domain: &'static str,
    /// What those of Spaces that run nothing end with.
    pub static_domain: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Where apps are served by themselves, outside the pages of the Hub that frame them.
pub fn direct() -> &'static Direct {
    &DIRECT
}

/// Where the platform asks whether a Gradio Space is up.
#[derive(Debug)]
pub struct Listening {
    /// The port.
    pub port: u16,
    /// An address on which an app hears it.
    pub host: &'static str,
    /// Addresses on which it does not, sorted.
    pub unreachable: &'static [&'static str],
    /// For how many minutes it asks, unless the card says otherwise.
    pub minutes: u32,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Where the platform asks whether a Gradio Space is up.
pub fn listening() -> &'static Listening {
    &LISTENING
}

/// What a Docker Space is.
#[derive(Debug)]
pub struct Docker {
    /// Its card's `sdk`.
    pub sdk: &'static str,
    /// The file that it is built from, in the repository's root.
    pub file: &'static str,
    /// The card's key for the port on which the platform asks, where that is another than
    /// [`Listening::port`].
    pub port_key: &'static str,
    /// The folder in which a `RUN` finds the secrets that are mounted for it.
    pub secrets: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What a Docker Space is.
pub fn docker() -> &'static Docker {
    &DOCKER
}

/// What the Hub refuses of a push with git, where it is not in LFS or Xet.
#[derive(Debug)]
pub struct Push {
    /// The most bytes that a file may have.
    pub bytes: u64,
    /// The most bytes that one may have which is no text.
    pub binary_bytes: u64,
    /// The Hub's words to a file that is too large.
    pub refuses: &'static str,
    /// The Hub's words to one that is no text.
    pub refuses_binary: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What the Hub refuses of a push with git.
pub fn push() -> &'static Push {
    &PUSH
}

/// The ports on which a Space reaches other machines.
pub fn outbound_ports() -> &'static [u16] {
    OUTBOUND_PORTS
}

/// How Inference Providers refuse a call.
#[derive(Debug)]
pub struct Inference {
    /// Where the credits of the account that pays are spent.
    pub spent: &'static str,
    /// Where the token may not ask for it.
    pub refused: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// How Inference Providers refuse a call.
pub fn inference() -> &'static Inference {
    &INFERENCE
}

/// An address at which the Hub answered once.
#[derive(Debug)]
pub struct GoneAddress {
    /// The address, without a slash at its end.
    pub address: &'static str,
    /// What it says now.
    pub answer: &'static str,
    /// Paths below it, each with where the same is asked for now.
    pub moved: &'static [(&'static str, &'static str)],
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// The addresses at which the Hub answered once.
pub fn gone_addresses() -> &'static [GoneAddress] {
    GONE_ADDRESSES
}

/// What a Space says when a failure has happened.
#[derive(Debug)]
pub struct Symptom {
    /// Part of a line at the end of a traceback.
    pub text: &'static str,
    /// The rule that sees the failure before it happens.
    pub rule: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What Spaces say when something has failed; the first that fits counts.
pub fn symptoms() -> &'static [Symptom] {
    SYMPTOMS
}

/// Which versions ZeroGPU takes.
#[derive(Debug)]
pub struct Supported {
    /// The SDK, as the card names it.
    pub sdk: &'static str,
    /// The oldest Gradio.
    pub gradio_minimum: &'static str,
    /// The Python versions of the documentation, from oldest to newest.
    pub python: &'static [&'static str],
    /// The PyTorch versions of the documentation, from oldest to newest.
    pub torch: &'static [&'static str],
    /// The newest PyTorch that the builder lets in; what is between the documentation's newest and this
    /// is probably fine.
    pub torch_cap: &'static str,
    /// The oldest bitsandbytes with which `import spaces` does not raise.
    pub bitsandbytes_minimum: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Which versions ZeroGPU takes.
pub fn supported() -> &'static Supported {
    &SUPPORTED
}

/// The versions of Python that a Space may get whose card names none.
pub fn python_defaults() -> &'static [&'static str] {
    PYTHON_DEFAULTS
}

/// A kind of Space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spaces {
    /// Every Gradio Space.
    Every,
    /// A ZeroGPU Space.
    ZeroGpu,
    /// A Gradio Space on any other hardware.
    Other,
}

/// One requirement that the builder installs in the same go as the Space's own.
#[derive(Debug)]
pub struct BuilderLine {
    /// The package.
    pub package: &'static str,
    /// The requirement; `{sdk_version}` stands for the card's.
    pub requirement: &'static str,
    /// On which Spaces.
    pub on: Spaces,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What the builder installs besides, sorted.
pub fn builder() -> &'static [BuilderLine] {
    BUILDER
}

/// The names of ZeroGPU's hardware, sorted; there is one at least.
pub fn zerogpu_hardware() -> &'static [&'static str] {
    ZEROGPU_HARDWARE
}

/// Whether a hardware name, as the card's `suggested_hardware` or the Hub's API has it, means ZeroGPU.
pub fn is_zerogpu_hardware(name: &str) -> bool {
    ZEROGPU_HARDWARE.binary_search(&name).is_ok()
}

/// What an environment variable is worth on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnvValue {
    /// This.
    Known(&'static str),
    /// Something.
    SetButUnknown,
}

/// An environment variable that the platform sets.
#[derive(Debug)]
pub struct Env {
    /// Its name.
    pub name: &'static str,
    /// What it is worth, if it is sure to be set.
    pub value: Option<EnvValue>,
    /// Whether that holds on ZeroGPU only.
    pub zerogpu_only: bool,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

fn env(name: &str) -> Option<&'static Env> {
    let index = ENVIRONMENT.binary_search_by(|env| env.name.cmp(name)).ok()?;
    Some(&ENVIRONMENT[index])
}

/// Whether the platform, or the `spaces` package for its own use, has a say in this environment
/// variable, so that reading it never asks for a secret.
pub fn is_platform_env(name: &str) -> bool {
    env(name).is_some()
}

/// The environment variable of that name, if it is sure to be set (see [`Env::zerogpu_only`]). Its
/// [`value`](Env::value) is then some.
pub fn env_value(name: &str) -> Option<&'static Env> {
    env(name).filter(|env| env.value.is_some())
}

/// How `huggingface_hub` finds a token that no call gives it.
#[derive(Debug)]
pub struct HubToken {
    /// The environment variables it reads, first come first served.
    pub read: &'static [&'static str],
    /// Names that look like them and that it does not read, sorted.
    pub not_read: &'static [&'static str],
    /// The environment variable that stops it from sending a token unasked.
    pub disabled_by: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// How `huggingface_hub` finds a token that no call gives it.
pub fn hub_token() -> &'static HubToken {
    &HUB_TOKEN
}

/// What a Space gets that is made by duplicating another, where nobody chooses.
#[derive(Debug)]
pub struct Duplicate {
    /// Its hardware.
    pub hardware: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What a Space gets that is made by duplicating another: of its secrets none.
pub fn duplicate() -> &'static Duplicate {
    &DUPLICATE
}

/// Where what is to outlast a restart is kept.
#[derive(Debug)]
pub struct Storage {
    /// The folder at which a volume is mounted, absolute, without a slash at its end.
    pub folder: &'static str,
    /// How the address of a bucket begins.
    pub bucket: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Where what is to outlast a restart is kept.
pub fn storage() -> &'static Storage {
    &STORAGE
}

/// Whether an environment variable's name says that it holds a secret. `TOKEN` alone does not decide:
/// `MAX_INPUT_TOKEN_LENGTH` counts pieces of text.
pub fn sounds_secret(name: &str) -> bool {
    let mut secret = false;
    let mut before: Option<&str> = None;
    for word in words(name) {
        if has(COUNT_WORDS, word) {
            return false;
        }
        secret |= has(SECRET_WORDS, word)
            || before.is_some_and(|before| {
                SECRET_PAIRS.iter().any(|(first, second)| {
                    before.eq_ignore_ascii_case(first) && word.eq_ignore_ascii_case(second)
                })
            });
        before = Some(word);
    }
    secret
}

/// Whether reading this environment variable is never reading a secret: the platform sets it, or its
/// name says that it counts something.
pub fn is_never_secret(name: &str) -> bool {
    is_platform_env(name) || words(name).any(|word| has(COUNT_WORDS, word))
}

fn has(list: &[&str], word: &str) -> bool {
    list.iter().any(|one| word.eq_ignore_ascii_case(one))
}

/// The words of a name: `HF_TOKEN`, `hfToken` and `hf-token` have two.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric()).flat_map(|part| {
        let mut rest = part;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let bytes = rest.as_bytes();
            let end = (1..bytes.len())
                .find(|&at| bytes[at - 1].is_ascii_lowercase() && bytes[at].is_ascii_uppercase())
                .unwrap_or(bytes.len());
            let (word, after) = rest.split_at(end);
            rest = after;
            Some(word)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_rise_and_sizes_are_found_by_name() {
        assert!(Tier::ALL.windows(2).all(|pair| pair[0].quota_seconds() < pair[1].quota_seconds()));
        assert_eq!(Tier::Pro.label(), "PRO/Team");
        for size in Size::ALL {
            assert_eq!(Size::from_name(size.name()), Some(size));
        }
        assert_eq!(Size::from_name("xl"), None);
        assert_eq!(Size::DEFAULT, Size::Large);
    }

    #[test]
    fn what_the_platform_sets() {
        let zero = env_value("SPACES_ZERO_GPU").expect("ZeroGPU sets it");
        assert_eq!((zero.value, zero.zerogpu_only), (Some(EnvValue::Known("true")), true));
        let system = env_value("SYSTEM").expect("every Space has it");
        assert_eq!((system.value, system.zerogpu_only), (Some(EnvValue::Known("spaces")), false));
        let id = env_value("SPACE_ID").expect("every Space has it");
        assert_eq!(id.value, Some(EnvValue::SetButUnknown));
        assert!(is_platform_env("OAUTH_CLIENT_SECRET"));
        assert!(env_value("OAUTH_CLIENT_SECRET").is_none());
        assert!(!is_platform_env("PORT") && !is_platform_env("HF_TOKEN") && !is_platform_env(""));
        assert!(is_zerogpu_hardware("zero-a10g") && !is_zerogpu_hardware("a10g-small"));
    }

    #[test]
    fn token_alone_does_not_decide() {
        let secret = [
            "HF_TOKEN",
            "hf_token",
            "Token",
            "HUGGINFACE_TOKEN",
            "FTP_PASS",
            "GEMINI_API_KEY",
            "openaiApiKey",
            "OPENAI_APIKEY",
            "DB_PASSWORD",
            "AWS_SECRET_ACCESS_KEY",
            "HF_ACCESS_TOK",
            "HF_TOKEN_LOGIN",
        ];
        for name in secret {
            assert!(sounds_secret(name), "{name}");
            assert!(!is_never_secret(name), "{name}");
        }
        let plain = ["MAX_INPUT_TOKEN_LENGTH", "MAX_NEW_TOKENS", "TOKEN_LIMIT", "maxTokens"];
        for name in plain {
            assert!(!sounds_secret(name), "{name}");
            assert!(is_never_secret(name), "{name}");
        }
        for name in ["MODEL_ID", "CACHE_EXAMPLES", "KEYBOARD", "COMPASS", "PASSAGE", "PATH_TO", ""]
        {
            assert!(!sounds_secret(name), "{name}");
        }
    }
}
