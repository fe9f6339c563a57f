//! What calls, methods and imports of external libraries do, by canonical dotted name.
//!
//! Names come resolved: `torch.cuda.is_available`, whatever the program calls it. An instance is named
//! after its class (`gradio.Blocks.launch`), and what a method returns after the method
//! (`gradio.Button.click.then`). Where the start of a chain is unknown, or [`call`] knows nothing of the
//! name, [`method`] may know the last one.
//!
//! To touch CUDA here means to do what makes a later `import spaces` refuse to load on ZeroGPU.

use std::ops::Deref;

use crate::Confidence;

include!(concat!(env!("OUT_DIR"), "/effects.rs"));

/// Where in a call something is said. Positions do not count the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Argument {
    /// Its place among the positional arguments, from 0.
    pub position: Option<u8>,
    /// Its keyword.
    pub keyword: Option<&'static str>,
}

/// Places where the same thing may be said; empty where it cannot be said.
pub type Arguments = &'static [Argument];

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Known to touch no CUDA.
    Harmless,
    /// Touches CUDA.
    TouchesCuda,
    /// Touches CUDA if one of these names it (see [`names_cuda`]).
    PoisonsWhenCalledWithCuda {
        /// The device.
        device: Arguments,
    },
    /// Touches CUDA when the result is iterated, if this is true.
    PoisonsWhenIterated {
        /// The switch.
        when: Arguments,
        /// How many processes it starts then.
        workers: Arguments,
    },
    /// Raises where there is no GPU, without marking the process, if one of these names CUDA (see
    /// [`names_cuda`]).
    NeedsCuda {
        /// The device; empty if it is always CUDA.
        device: Arguments,
    },
    /// Moves the receiver to a device, and touches CUDA if that is it.
    MovesToCuda {
        /// The device; empty if it is always CUDA.
        device: Arguments,
        /// The index of a device that is always CUDA.
        index: Arguments,
    },
    /// Loads a model's weights.
    LoadsModel(ModelLoad),
    /// Computes with the model that it is called on, on the device that this was loaded onto.
    RunsModel,
    /// Loads an adapter, small against the model that it changes.
    LoadsAdapter {
        /// The repository.
        id: Arguments,
        /// The Hub token.
        token: Arguments,
        /// The device.
        device: Arguments,
        /// Whether it looks for CUDA by itself where no device is given, and puts there what can be put
        /// there directly, which depends on the adapter's file.
        detects_cuda: bool,
    },
    /// Makes a GPU function, whether it is called with the function or returns the decorator.
    GpuDecorator {
        /// The function; in its place may stand a duration or a size (see
        /// [`DurationFacts::positional_since_spaces`](crate::platform::DurationFacts)).
        function: Arguments,
        /// The declared duration.
        duration: Arguments,
        /// The size.
        size: Arguments,
        /// What it says that it ignores; anything else it ignores without a word.
        ignored: Arguments,
    },
    /// Makes a GPU function of every handler.
    WrapsHandlers,
    /// Has functions called later, by somebody else.
    Handler {
        /// The functions; anything that is no callable there is none.
        functions: Arguments,
        /// More of them, that are never called at once.
        later: Arguments,
        /// How they are called.
        role: Role,
        /// Whether the result, where no function is given, is a decorator that takes it.
        decorator: bool,
        /// Whether they are also called at once.
        runs_now: bool,
        /// How many of their calls run at once, where that is said of these alone.
        at_once: Arguments,
        /// Where examples are given for which the function is called.
        examples: Option<Examples>,
    },
    /// Serves the app by `gr.Blocks.launch`, which is when ZeroGPU counts GPU functions.
    Launch {
        /// Functions called for each request.
        functions: Arguments,
        /// Whether the pages are made on the server.
        ssr: Arguments,
        /// Whether a second, public address is asked for.
        share: Arguments,
        /// The address that it listens on.
        host: Arguments,
        /// The port that it listens on.
        port: Arguments,
        /// Whether the program goes on while the app is served.
        returns: Arguments,
    },
    /// Serves a Gradio app inside another, without `launch`.
    Mounts {
        /// The Gradio app.
        app: Arguments,
        /// Functions called for each request.
        functions: Arguments,
        /// Whether the pages are made on the server.
        ssr: Arguments,
    },
    /// Serves an app.
    Serves {
        /// The app.
        app: Arguments,
        /// The address that it listens on.
        host: Arguments,
        /// The port that it listens on.
        port: Arguments,
        /// What it listens on where nothing is said; none if that is not known.
        listens: Option<Listens>,
    },
    /// Sets up an app's queue.
    SetsQueue {
        /// How many calls of a function run at once.
        at_once: Arguments,
        /// How many calls may wait.
        waiting: Arguments,
    },
    /// Makes a button with which a visitor signs in to the Hub.
    OffersLogin {
        /// Whether it is part of the page where it is made.
        render: Arguments,
    },
    /// Downloads files.
    Download {
        /// The repository or address.
        id: Arguments,
        /// The Hub token.
        token: Arguments,
    },
    /// Makes a client of a model or a Space that runs elsewhere.
    Client {
        /// The model, Space or address.
        id: Arguments,
        /// The Hub token.
        token: Arguments,
        /// Headers sent with each call.
        headers: Arguments,
    },
    /// Waits.
    Sleep {
        /// For how long.
        seconds: Arguments,
    },
    /// Sends a request over the network.
    Http,
    /// Speaks to another machine on a port of its own.
    Connects {
        /// The machine.
        host: Arguments,
        /// The port.
        port: Arguments,
        /// A file of this machine through which it speaks instead.
        socket: Arguments,
        /// The port where none is named.
        usual: u16,
    },
    /// Encodes a video or a sound on the CPU.
    Encodes,
    /// Calls a Space with the client that is the receiver.
    CallsSpace,
    /// Compiles a model or a function, now or when it is first called.
    Compiles {
        /// Whether to ask for it touches CUDA.
        touches_cuda: bool,
    },
    /// Runs a command.
    Subprocess {
        /// The command.
        command: Arguments,
        /// The folder it runs in.
        folder: Arguments,
    },
    /// Signs in to the Hub. Without this argument a token must be in the environment (see
    /// [`hub_token`](crate::platform::hub_token)).
    Login {
        /// The token.
        token: Arguments,
    },
    /// Raises without a key.
    NeedsKey {
        /// Where a key may be given.
        key: Arguments,
        /// The environment variables it reads where none is given, the usual one first; one is
        /// enough.
        environment: &'static [&'static str],
        /// When it raises.
        at: KeyNeeded,
    },
    /// Reads an environment variable.
    ReadsEnv {
        /// Its name.
        name: Arguments,
        /// What is returned if it is not set; empty if that cannot be said.
        default: Arguments,
        /// Whether it raises where no default is given; else it returns None.
        raises: bool,
    },
    /// Sets an environment variable.
    SetsEnv {
        /// Its name.
        name: Arguments,
        /// Its value.
        value: Arguments,
        /// Whether a variable that is set stays as it is (and is what the call returns).
        unless_set: bool,
    },
    /// Sets the environment variables of a dict, and those given by keyword.
    SetsEnvAll {
        /// The dict.
        values: Arguments,
    },
    /// Reads a `.env` file into the environment.
    LoadsEnvFile,
    /// Makes a value that stands for a device, which touches nothing.
    MakesDevice {
        /// Which one.
        device: Arguments,
    },
    /// Gives the version of a package, as a text.
    PackageVersion {
        /// The package.
        package: Arguments,
    },
    /// Makes something that compares as versions do.
    ParsesVersion {
        /// The version's text.
        version: Arguments,
    },
    /// Gives the version of Python, as a text.
    PythonVersion,
}

/// What a server listens on that is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Listens {
    /// The address.
    pub host: &'static str,
    /// The port.
    pub port: u16,
}

/// What can be said of the examples of a function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Examples {
    /// The examples.
    pub examples: Arguments,
    /// Whether their results are kept.
    pub cached: Arguments,
    /// When they are computed.
    pub mode: Arguments,
}

/// What can be said to a call that loads a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelLoad {
    /// The repository, file or model name.
    pub id: Arguments,
    /// What stands before a name that has no `/`, to make it the repository's; empty if nothing does.
    pub id_prefix: &'static str,
    /// Which folder of the repository, and so which part of the model.
    pub part: Arguments,
    /// The type of the weights.
    pub dtype: Arguments,
    /// Whether they are quantised.
    pub quantisation: Arguments,
    /// The Hub token.
    pub token: Arguments,
    /// The device; CUDA there touches it (see [`names_cuda`] and [`spreads_over_cuda`]).
    pub device: Arguments,
    /// Whether it looks for CUDA by itself where no device is given, which touches it.
    pub detects_cuda: bool,
}

/// Where in the main process of a ZeroGPU Space a touch of CUDA works (see [`emulation`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Emulated {
    /// In every thread: the function itself is replaced.
    Everywhere,
    /// In the thread that imported `spaces`, and in no other, where it raises.
    OneThread,
    /// It does, and whatever makes a tensor after it works nowhere.
    Afterwards,
    /// Nowhere: it raises.
    Nowhere,
}

/// How a function is called that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// For something that a visitor does.
    Event,
    /// To draw a part of the page.
    Render,
    /// For an example: when a visitor clicks it, or at start-up if examples are cached eagerly.
    Example,
    /// For an HTTP request.
    Route,
    /// In a thread of the web process, which knows nothing of what handed it over.
    Thread,
    /// In a thread of the web process, in the context of what handed it over.
    ThreadInContext,
    /// In another process.
    Process,
    /// Some time, in the web process.
    Callback,
}

/// When a call raises that has no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyNeeded {
    /// When the object is made.
    Construction,
    /// When it is first used.
    FirstUse,
}

/// Which callable the result of a call stands for, so that calling the result is calling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Passes {
    /// None.
    No,
    /// This argument, if it is a callable.
    Argument(Argument),
    /// The result is a decorator, and what it returns stands for what it is given.
    Decorator,
    /// This argument if it is a callable; else the result is a decorator.
    Either(Argument),
}

/// A constant of Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Constant {
    /// `True` or `False`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A string.
    Str(&'static str),
    /// A tuple of integers.
    Tuple(&'static [i64]),
    /// Something, and not `None`.
    There,
}

/// What something is worth: one of these constants, or unknown where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settled {
    /// Before `import spaces`.
    pub before_spaces: &'static [Constant],
    /// After `import spaces`, in the web process as in the worker.
    pub after_spaces: &'static [Constant],
    /// Whether that is so on ZeroGPU only.
    pub zerogpu_only: bool,
}

/// A version that an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VersionOf {
    /// Of what.
    pub of: Versioned,
    /// As what.
    pub form: VersionForm,
}

/// What has a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Versioned {
    /// A package, by the name that pip knows.
    Package(&'static str),
    /// Python.
    Python,
}

/// As what an attribute holds a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VersionForm {
    /// A string like any other: `"1.10" < "1.9"`.
    Text,
    /// A string that compares as versions do, and may say more than pip was asked for.
    Version,
    /// A tuple of numbers.
    Tuple,
}

/// Where a fact holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Condition {
    /// The package that must be installed.
    pub package: &'static str,
    /// In which versions, as PEP 440 specifiers; empty for any.
    pub range: &'static str,
    /// The versions that were tried, from oldest to newest. Between and beyond them the range is
    /// believed, not known.
    pub tested: &'static [&'static str],
    /// One of these must be installed too, if there are any.
    pub also: &'static [&'static str],
}

/// What a call does, by the full name of what is called.
#[derive(Debug)]
pub struct CallEffect {
    /// The canonical name.
    pub name: &'static str,
    fact: &'static CallFact,
}

impl Deref for CallEffect {
    type Target = CallFact;

    fn deref(&self) -> &CallFact {
        self.fact
    }
}

/// What calls of several names do.
#[derive(Debug)]
pub struct CallFact {
    /// What they do.
    pub kind: Kind,
    /// Which callable the result stands for.
    pub passes: Passes,
    /// What it returns.
    pub value: Option<Settled>,
    /// Where in the main process its touch of CUDA works; none if that is not known.
    pub emulated: Option<Emulated>,
    /// Where this holds; else nothing is known of the call.
    pub condition: Option<Condition>,
    /// Words for a message, as a predicate: "counts CUDA devices".
    pub says: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What a method does, by its own name.
#[derive(Debug)]
pub struct MethodEffect {
    /// The method.
    pub name: &'static str,
    fact: &'static MethodFact,
}

impl Deref for MethodEffect {
    type Target = MethodFact;

    fn deref(&self) -> &MethodFact {
        self.fact
    }
}

/// What methods of several names do.
#[derive(Debug)]
pub struct MethodFact {
    /// The families of the receiver, as dotted prefixes, one that ends in `*` for every package that
    /// begins so; empty for any.
    pub on: &'static [&'static str],
    /// Whether the name is enough where nothing is known of the receiver.
    pub alone: bool,
    /// What it does.
    pub kind: Kind,
    /// Whether it returns what it was called on.
    pub returns_receiver: bool,
    /// Where in the main process its touch of CUDA works; none if that is not known.
    pub emulated: Option<Emulated>,
    /// Where this holds; else nothing is known of the call.
    pub condition: Option<Condition>,
    /// Words for a message, as a predicate: "moves to CUDA".
    pub says: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

impl MethodEffect {
    /// How closely this is about a method called on something of that dotted name, or on something of
    /// which nothing is known; none if it is not.
    fn fit(&self, receiver: Option<&str>) -> Option<usize> {
        match receiver {
            None => self.alone.then_some(0),
            Some(_) if self.on.is_empty() => Some(0),
            Some(receiver) => {
                let families = self.on.iter().filter(|family| is_in(receiver, family));
                families.map(|family| family.len()).max()
            }
        }
    }
}

/// Which names of a module an [`ImportEffect`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Names {
    /// The module itself, and whatever is taken from it.
    Any,
    /// These.
    Listed(&'static [&'static str]),
    /// Those that begin or end with one of these.
    Like {
        /// How they begin.
        starts: &'static [&'static str],
        /// How they end.
        endings: &'static [&'static str],
    },
}

/// What importing does.
#[derive(Debug)]
pub struct ImportEffect {
    /// The module.
    pub module: &'static str,
    /// Which of its names.
    pub names: Names,
    /// Whether it touches CUDA; else it is known not to.
    pub poisons: bool,
    /// Whether reading the name off the imported module does the same, as the module loads lazily.
    pub lazy: bool,
    /// Where this holds; else nothing is known of the import.
    pub condition: Option<Condition>,
    /// Words for a message, as a predicate: "asks `PyTorch` for a CUDA device while it is imported".
    pub says: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

impl ImportEffect {
    /// Whether this is about `import module` (no name) or `from module import name`, where `module` is
    /// the entry's own.
    fn is_about(&self, name: Option<&str>) -> bool {
        match (self.names, name) {
            // A star takes the names in question among the rest.
            (Names::Any, _) | (_, Some("*")) => true,
            (_, None) => false,
            (Names::Listed(names), Some(name)) => names.contains(&name),
            (Names::Like { starts, endings }, Some(name)) => {
                starts.iter().any(|start| name.starts_with(start))
                    || endings.iter().any(|ending| name.ends_with(ending))
            }
        }
    }
}

/// A name that a package does not have, though programs import it from there.
#[derive(Debug)]
pub struct MissingName {
    /// The package.
    pub module: &'static str,
    /// The name.
    pub name: &'static str,
    /// The statement that they mean.
    pub instead: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Whether `from module import name` raises, because that name is not there.
pub fn missing(module: &str, name: &str) -> Option<&'static MissingName> {
    MISSING.iter().find(|missing| missing.module == module && missing.name == name)
}

/// What the result of calling the thing of that full name is, where it cannot be pickled: "a lock".
pub fn unpicklable(name: &str) -> Option<&'static str> {
    let index = UNPICKLABLE.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Some(UNPICKLABLE[index].1)
}

/// What calling the thing of that full name does.
pub fn call(name: &str) -> Option<&'static CallEffect> {
    let index = CALL_NAMES.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Some(&CALLS[usize::from(CALL_NAMES[index].1)])
}

/// What the attribute of that full name is worth.
pub fn value(name: &str) -> Option<Settled> {
    let index = VALUES.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Some(VALUES[index].1)
}

/// Whose version the attribute of that full name holds.
pub fn version(name: &str) -> Option<VersionOf> {
    let index = VERSIONS.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    Some(VERSIONS[index].1)
}

/// Whether what that package says of its own version may have more behind it than pip was asked for: the
/// `+cu128` of a build.
pub fn says_more_than_asked(package: &str) -> bool {
    VERSIONS.iter().any(|(_, version)| {
        version.form == VersionForm::Version
            && matches!(version.of, Versioned::Package(of) if of == package)
    })
}

/// The attribute of a device (see [`Kind::MakesDevice`]) that says of which kind it is.
pub fn device_type() -> &'static str {
    DEVICE_TYPE
}

/// What a method of that name does on a receiver of that dotted name, or on one of which nothing is
/// known. The longest family that the receiver is in decides.
pub fn method(name: &str, receiver: Option<&str>) -> Option<&'static MethodEffect> {
    let mut best: Option<(usize, &'static MethodEffect)> = None;
    for effect in equal_range(METHODS, name, |effect| effect.name) {
        let Some(fit) = effect.fit(receiver) else { continue };
        if best.is_none_or(|(other, _)| fit > other) {
            best = Some((fit, effect));
        }
    }
    best.map(|(_, effect)| effect)
}

/// What `import module` or, with a name, `from module import name` may do, depending on what is installed
/// (see [`ImportEffect::condition`]). To import a module is to import the packages around it.
pub fn import(module: &str, name: Option<&str>) -> impl Iterator<Item = &'static ImportEffect> {
    let parents = module
        .match_indices('.')
        .map(|(dot, _)| &module[..dot])
        .flat_map(|parent| at_module(parent))
        .filter(|effect| effect.poisons && effect.names == Names::Any);
    let own = at_module(module).iter().filter(move |effect| effect.is_about(name));
    // `from optimum import quanto` imports a module as well.
    let start = IMPORTS.partition_point(|effect| effect.module <= module);
    let below = IMPORTS[start..]
        .iter()
        .map_while(move |effect| Some((effect, effect.module.strip_prefix(module)?)))
        .filter(move |(effect, rest)| {
            effect.names == Names::Any
                && rest.strip_prefix('.').is_some_and(|rest| Some(rest) == name)
        })
        .map(|(effect, _)| effect);
    parents.chain(own).chain(below)
}

fn at_module(module: &str) -> &'static [ImportEffect] {
    equal_range(IMPORTS, module, |effect| effect.module)
}

fn equal_range<T>(sorted: &'static [T], name: &str, key: impl Fn(&T) -> &str) -> &'static [T] {
    let start = sorted.partition_point(|item| key(item) < name);
    let length = sorted[start..].partition_point(|item| key(item) == name);
    &sorted[start..start + length]
}

fn is_in(name: &str, family: &str) -> bool {
    if let Some(start) = family.strip_suffix('*') {
        return name.starts_with(start);
    }
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// All calls that are known, for tests and listings.
pub fn calls() -> &'static [CallEffect] {
    CALLS
}

/// All methods that are known, sorted by name.
pub fn methods() -> &'static [MethodEffect] {
    METHODS
}

/// All imports that are known, sorted by module.
pub fn imports() -> &'static [ImportEffect] {
    IMPORTS
}

/// Whether `from_pretrained` of a class of that name reads weights: a tokenizer's, a processor's or a
/// scheduler's does not.
pub fn class_loads_weights(class: &str) -> bool {
    !NO_WEIGHTS.iter().any(|ending| class.ends_with(ending))
}

/// Of which versions of `spaces` the tables know what their emulation of CUDA covers.
pub fn emulation() -> &'static Condition {
    &EMULATION
}

/// Loads that put each weight on its device in another thread.
#[derive(Debug)]
pub struct AsyncLoading {
    /// In which versions of which package.
    pub condition: Condition,
    /// Whose loaders do it, as a dotted prefix.
    pub loaders: &'static str,
    /// The environment variable that turns it off where it is set.
    pub switch: &'static str,
}

impl AsyncLoading {
    /// Whether a loader of that full name does it.
    pub fn is_of(&self, loader: &str) -> bool {
        is_in(loader, self.loaders)
    }
}

/// Which loads put each weight on its device in another thread, where nothing emulates CUDA.
pub fn async_loading() -> &'static AsyncLoading {
    &ASYNC_LOADING
}

/// The `cache_mode` with which Gradio computes the examples when the app starts.
pub fn eager_cache_mode() -> &'static str {
    EAGER
}

/// Whether a device's text is CUDA: `cuda` or `cuda:1`. A whole number as a device is CUDA too, unless
/// negative.
pub fn names_cuda(device: &str) -> bool {
    device.strip_prefix("cuda").is_some_and(|rest| {
        rest.is_empty()
            || rest
                .strip_prefix(':')
                .is_some_and(|index| !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// The index that a CUDA device's text names: 1 of `cuda:1`, none of `cuda`.
pub fn cuda_index(device: &str) -> Option<i64> {
    device.strip_prefix("cuda:")?.parse().ok()
}

/// How a device is written that is given as a whole number.
pub fn cuda_device(index: i64) -> String {
    format!("cuda:{index}")
}

/// The program that a command runs, where it is one that has no use for a GPU.
pub fn cpu_program(command: &str) -> Option<&'static str> {
    let first = command.split_whitespace().next()?;
    let name = first.rsplit('/').next().unwrap_or(first);
    let uses_gpu = CPU_UNLESS.iter().any(|text| command.contains(text));
    CPU_PROGRAMS.iter().find(|program| **program == name && !uses_gpu).copied()
}

/// Whether a package does all it does on the CPU.
pub fn is_for_cpu(package: &str) -> bool {
    CPU_PACKAGES.binary_search(&package).is_ok()
}

/// Whether a loader, by its full name, reads whatever tensors a file holds, which need be no model's.
pub fn reads_any_tensors(loader: &str) -> bool {
    ANY_TENSORS.contains(&loader)
}

/// Whether a `device_map`'s text spreads the model over the CUDA devices there are, for which it counts
/// them.
pub fn spreads_over_cuda(device_map: &str) -> bool {
    SPREADS.contains(&device_map)
}

#[cfg(test)]
#[path = "effects_tests.rs"]
mod tests;
