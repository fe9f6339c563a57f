//! What an event of the trace means for a Space. Rules read these; the crate's world makes them out
//! of what the program does and what knowledge says of it.

use std::sync::Arc;

use camino::Utf8PathBuf;
use spacelint_knowledge::{drift, effects, modules};
use spacelint_python::{Argument, Arguments, External, Function, Place, Value};

/// Something that some rule may care about.
#[derive(Clone, Debug)]
pub enum Effect {
    /// `spaces` is imported, for the first time.
    ImportSpaces(SpacesImport),
    /// A module of another package is imported, for the first time.
    ImportPackage(&'static modules::Module),
    /// A name is imported that is not there.
    ImportMissing(&'static effects::MissingName),
    /// A name is used that some version no longer has, or that some pair of versions fails at.
    UseName(NameUse),
    /// An argument is passed that some version refuses.
    PassArgument(Arc<ArgumentUse>),
    /// CUDA is touched.
    TouchCuda(CudaTouch),
    /// A model is loaded.
    LoadModel(Arc<ModelLoad>),
    /// A model that is loaded is computed with.
    RunModel(Arc<ModelRun>),
    /// A model that is loaded is called, or a method of it.
    CallModel(Arc<ModelCall>),
    /// A GPU function is declared.
    DeclareGpu(Arc<GpuDeclaration>),
    /// Every handler is made a GPU function.
    WrapHandlers(Called),
    /// A GPU function is called by the program itself.
    CallGpu(Arc<GpuCall>),
    /// An environment variable is read.
    ReadEnv(EnvRead),
    /// Something is done that fails without an environment variable.
    NeedEnv(EnvNeed),
    /// An environment variable is set.
    SetEnv(EnvSet),
    /// Examples are to be computed when the app starts.
    CacheExamples(Arc<EagerExamples>),
    /// The Space's app is served.
    Serve(Arc<Serve>),
    /// An app's queue is set up.
    SetQueue(Arc<Queue>),
    /// An event says how many of its own calls run at once.
    LimitCalls(CallLimit),
    /// A visitor is offered to sign in to the Hub.
    OfferLogin(LoginOffer),
    /// A command is run, which may be another script of the Space.
    RunCommand(Arc<Command>),
    /// The Hub is signed in to.
    Login(Login),
    /// Files are downloaded.
    Download(Arc<Download>),
    /// The program waits.
    Sleep(Sleep),
    /// A request is sent over the network.
    Http(Called),
    /// Another machine is spoken to on a port of its own. A request is sent, too.
    Connect(Arc<Connection>),
    /// A video or a sound is encoded on the CPU.
    Encode(Called),
    /// A client is made of a model or a Space that runs elsewhere.
    Client(Arc<Client>),
    /// A Space that runs elsewhere is called.
    CallSpace(Arc<SpaceCall>),
    /// A model or a function is compiled, which takes time now or at the first call.
    Compile(Compilation),
    /// Python processes are started that run functions of the program, here or by what is made here.
    StartProcess(Called),
}

/// What was called, as its full name: `gradio.Blocks.launch`, `?.launch` where the start is not
/// known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The name.
    pub name: Arc<str>,
}

/// A use of a name of which knowledge says that it drifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameUse {
    /// The full name.
    pub name: &'static str,
    /// How it is used.
    pub way: Way,
}

/// How a name is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is imported: a module as such, or a name from one.
    Imported,
    /// It is read off its module or class.
    Read,
    /// It is called.
    Called,
    /// The program itself sets it.
    Set,
}

/// An argument that is passed.
#[derive(Clone, Debug)]
pub struct ArgumentUse {
    /// To what.
    pub called: Called,
    /// What knowledge says of it.
    pub argument: &'static drift::Argument,
    /// Its value and where that is written.
    pub passed: Argument,
}

/// Examples that are computed when the app starts.
#[derive(Clone, Debug)]
pub struct EagerExamples {
    /// What is given them.
    pub called: Called,
    /// The function that computes them, as it was handed over.
    pub function: Value,
    /// How many there are, where that is settled.
    pub count: Option<usize>,
    /// What says that they are computed at start-up.
    pub mode: Place,
}

/// The serving of an app.
#[derive(Clone, Debug)]
pub struct Serve {
    /// What serves it.
    pub called: Called,
    /// In which way.
    pub how: Served,
    /// Whether its pages are made on the server (server-side rendering), where that is said.
    pub ssr: Option<Value>,
    /// Whether a second, public address is asked for, where that is said.
    pub share: Option<Argument>,
    /// The address that it listens on, where that is said.
    pub host: Option<Argument>,
    /// The port that it listens on, where that is said.
    pub port: Option<Argument>,
    /// Whether the program goes on while it serves, where that is said.
    pub returns: Option<Value>,
    /// What it listens on where that is not said, if that is known.
    pub listens: Option<effects::Listens>,
    /// Whether arguments were passed of which nothing is known.
    pub open: bool,
}

/// What an app's queue is told.
#[derive(Clone, Debug)]
pub struct Queue {
    /// What sets it up.
    pub called: Called,
    /// How many calls of a function run at once, where that is said.
    pub at_once: Option<Argument>,
    /// How many calls may wait, where that is said.
    pub waiting: Option<Argument>,
    /// Whether arguments were passed of which nothing is known.
    pub open: bool,
}

/// A limit of an event's own.
#[derive(Clone, Debug)]
pub struct CallLimit {
    /// What sets up the event.
    pub called: Called,
    /// How many of its calls run at once.
    pub at_once: Value,
}

/// A button with which a visitor signs in to the Hub.
#[derive(Clone, Debug)]
pub struct LoginOffer {
    /// What makes it.
    pub called: Called,
    /// Whether it is part of the page where it is made, where that is said.
    pub render: Option<Value>,
}

/// How an app is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// By `gradio.Blocks.launch`.
    Launched,
    /// As a part of another app: `gradio.mount_gradio_app`.
    Mounted,
    /// By a server that is not Gradio's: `uvicorn.run`.
    ByServer,
}

/// A command that is run.
#[derive(Clone, Debug)]
pub struct Command {
    /// What runs it.
    pub called: Called,
    /// The command, a text or a list of words, as far as it is settled.
    pub command: Option<Value>,
}

/// A signing in to the Hub.
#[derive(Clone, Debug)]
pub struct Login {
    /// What signs in.
    pub called: Called,
    /// The token it is given.
    pub token: Token,
}

/// A compilation.
#[derive(Clone, Debug)]
pub struct Compilation {
    /// What compiles.
    pub called: Called,
    /// Whether it is done when what comes of it is first called.
    pub lazily: bool,
}

/// A download.
#[derive(Clone, Debug)]
pub struct Download {
    /// What downloads.
    pub called: Called,
    /// The repositories or addresses it may be from; none if unknown.
    pub ids: Vec<Arc<str>>,
    /// Whether the id is written out and not one of several.
    pub settled: bool,
    /// The token it is given.
    pub token: Token,
    /// Whether arguments were passed of which nothing is known.
    pub open: bool,
}

/// A wait.
#[derive(Clone, Debug)]
pub struct Sleep {
    /// What waits.
    pub called: Called,
    /// For how many seconds.
    pub seconds: Option<Value>,
}

/// A connection to another machine.
#[derive(Clone, Debug)]
pub struct Connection {
    /// What connects.
    pub called: Called,
    /// The machine, where one is named.
    pub host: Option<Value>,
    /// The port, where one is named.
    pub port: Option<Argument>,
    /// The port where none is.
    pub usual: u16,
    /// Whether arguments were passed of which nothing is known.
    pub open: bool,
}

/// A client of something that runs elsewhere.
#[derive(Clone, Debug)]
pub struct Client {
    /// What makes it.
    pub called: Called,
    /// The models, Spaces or addresses it may call; none if unknown.
    pub ids: Vec<Arc<str>>,
    /// Whether the id is written out and not one of several.
    pub settled: bool,
    /// The token it is given.
    pub token: Token,
    /// The headers that it sends with each call.
    pub headers: Option<Value>,
    /// Whether arguments were passed of which nothing is known.
    pub open: bool,
    /// Everything that the call was given.
    pub arguments: Arc<Arguments>,
}

/// A call of a Space.
#[derive(Clone, Debug)]
pub struct SpaceCall {
    /// What calls it.
    pub called: Called,
    /// The client that it is called with.
    pub client: Client,
    /// Where that is made.
    pub made_at: Place,
}

/// An `import spaces`.
#[derive(Clone, Debug)]
pub struct SpacesImport {
    /// Whether it is `import spaces` as such, without alias, rather than a `from spaces import …`
    /// or a lookup by name.
    pub plain: bool,
    /// The Space's own copy of the package, its folder, where that is what is imported.
    pub copy: Option<Utf8PathBuf>,
}

/// A touch of CUDA.
#[derive(Clone, Debug)]
pub struct CudaTouch {
    /// What touches, as a message says it: `torch.cuda.is_available()`, `import diffusers`, `.to()`
    /// where that is a method of some value.
    pub what: Arc<str>,
    /// The same in full: `diffusers.FluxPipeline.from_pretrained.to()`.
    pub full: Arc<str>,
    /// What it does, as a predicate.
    pub says: &'static str,
    /// The condition under which knowledge says so, if any, and which packages meet it.
    pub condition: Option<&'static effects::Condition>,
    /// Whether the condition is met for sure. The device may also be one of several.
    pub sure: bool,
    /// Whether the touch is the import itself, and not something that the Space does.
    pub import: bool,
    /// Whether it makes a later `import spaces` refuse.
    pub poisons: bool,
    /// Where it works in the main process of a ZeroGPU Space, once `spaces` is imported; none if that
    /// is not known, of the touch or of the `spaces` that the Space gets.
    pub emulated: Option<effects::Emulated>,
    /// The index of the CUDA device, where one is named.
    pub index: Option<i64>,
    /// What is moved to CUDA, where the touch is a move.
    pub moved: Option<Arc<External>>,
}

/// A model load.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug)]
pub struct ModelLoad {
    /// What loads it, as its full name (`diffusers.FluxPipeline.from_pretrained`), `?` where the
    /// start is not known.
    pub loader: Arc<str>,
    /// The repositories or names it may load; none if unknown.
    pub ids: Vec<Arc<str>>,
    /// Whether the id is written out and not one of several.
    pub settled: bool,
    /// Which folder of the repository.
    pub part: Option<Value>,
    /// The type of the weights as it was given: `torch.bfloat16`, `"auto"`.
    pub dtype: Option<Value>,
    /// What was said about quantisation.
    pub quantisation: Vec<Argument>,
    /// Where it is put, if the load says so.
    pub device: Option<Value>,
    /// The token it is given.
    pub token: Token,
    /// Whether it reads weights (and not, say, a tokenizer).
    pub weights: bool,
    /// Whether it is an adapter on another model.
    pub adapter: bool,
    /// Whether arguments were passed of which nothing is known.
    pub open: bool,
    /// Everything that the call was given. What the call returns carries this very value, by which
    /// it is known again wherever it turns up.
    pub arguments: Arc<Arguments>,
}

/// A computation with a model.
#[derive(Clone, Debug)]
pub struct ModelRun {
    /// What computes.
    pub called: Called,
    /// Where the model is loaded.
    pub loaded_at: Option<Place>,
    /// Whether the load itself puts it on CUDA: because it is told to, or because it looks for a device
    /// and finds that one.
    pub on_cuda: bool,
}

/// A call of what a [load](ModelLoad) made, or of a method of it. Whether that computes anything is for the reader to know.
#[derive(Clone, Debug)]
pub struct ModelCall {
    /// What the load was given: the very value that it [carries](ModelLoad::arguments).
    pub load: Arc<Arguments>,
    /// The method; none where the model itself is called.
    pub method: Option<Arc<str>>,
    /// What it is called with. Where a thread is to call it, what the thread is told to call it with.
    pub arguments: Arc<Arguments>,
}

/// A Hub token as it is given to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// None is given: the call looks for one in the environment by itself.
    Implicit,
    /// It is what one of these environment variables holds, the first that is set.
    Env(Vec<Arc<str>>),
    /// `token=False`: none is sent.
    Refused,
    /// Something else.
    Other,
}

/// A GPU function's declaration.
#[derive(Clone, Debug)]
pub struct GpuDeclaration {
    /// What is made a GPU function, as it was given.
    pub callable: Value,
    /// The function, where it is one of the program's.
    pub function: Option<Arc<Function>>,
    /// The declared duration, if any.
    pub duration: Option<Argument>,
    /// The size, if any.
    pub size: Option<Argument>,
    /// What declares it: `spaces.GPU`.
    pub called: Called,
    /// Where `spaces.GPU` is called with (or without) them, or stands as a bare decorator.
    pub declared_at: Place,
    /// An argument of which `spaces.GPU` says that it ignores it.
    pub ignored: Option<Argument>,
    /// Arguments that it ignores without a word.
    pub unknown: Vec<Argument>,
    /// Whether arguments were passed of which nothing is known.
    pub open: bool,
}

/// A call of a GPU function by the program itself. Within a GPU function it runs in place, and nothing is
/// handed from one process to the other.
#[derive(Clone, Debug)]
pub struct GpuCall {
    /// What is called: a function, a method with what it is bound to, a partial.
    pub callable: Value,
    /// What it is called with, without what the callable brings itself. A generator among them is
    /// [`Value::Suspended`].
    pub arguments: Arc<Arguments>,
}

impl GpuCall {
    /// The function of the program that runs in the end, the same as in its
    /// [declaration](GpuDeclaration::function).
    pub fn function(&self) -> Option<&Arc<Function>> {
        self.callable.function()
    }
}

/// A read of the environment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvRead {
    /// The variable.
    pub name: Arc<str>,
    /// What happens where it is not set.
    pub missing: Missing,
}

/// What a read of an environment variable does where the variable is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// It has a default, or the program looks first.
    Handled,
    /// It gives the empty string, which is a default that says nothing.
    Empty,
    /// It gives `None`.
    None,
    /// It raises.
    Raises,
}

/// Something that fails without an environment variable.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvNeed {
    /// The variables; one of them is enough.
    pub names: Vec<Arc<str>>,
    /// What happens without, as a clause: "`OpenAI()` raises without a key".
    pub otherwise: Arc<str>,
    /// Whether what it must hold is a token or a key.
    pub is_token: bool,
}

/// A write to the environment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvSet {
    /// The variable, where that is settled.
    pub name: Option<Arc<str>>,
    /// The variables of which its value is made, the first that is set; none where the value comes
    /// from elsewhere.
    pub from: Option<Vec<Arc<str>>>,
}
