//! What a trace asks about everything that is not Python: the [`World`].

use std::fmt::Debug;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::interpret::Entry;
use crate::syntax::Name;
use crate::text::Text;
use crate::value::{Arguments, External, FileId, Function, Place, Value};

/// What stands around a program: the text of its modules, and what outside things do and are worth.
///
/// A trace asks in CPython's order, so an answer may depend on what was imported before.
pub trait World: Sync {
    /// What an event means to whoever reads the trace.
    type Effect: Clone + Debug + Send;
    /// In which role a function is called later, by somebody else.
    type Role: Copy + Debug + Eq + Send;

    /// Where `import name` (absolute, dotted) leads. `path` holds what is on `sys.path` before the
    /// installed packages: the folder of the script that runs, and what the program has added so
    /// far, as it wrote it.
    fn find(&self, name: &str, path: &[Arc<str>]) -> Found;

    /// `import module` or, with `name`, `from module import name`, of something that is not in the
    /// program. Asked each time; `now.imported` tells whether it is the first.
    fn import(&self, module: &str, name: Option<&str>, now: &Now<'_>) -> Vec<Self::Effect>;

    /// Something external is read: an attribute, an item, a name from an external module.
    fn read(&self, external: &External, now: &Now<'_>) -> Outcome<Self>;

    /// Something external is called. `callee` may be a chain with unknown start.
    fn call(
        &self,
        callee: &Arc<External>,
        arguments: &Arc<Arguments>,
        now: &Now<'_>,
    ) -> Outcome<Self>;

    /// Something external is written: `target = value`, where target is an attribute or an item.
    fn write(&self, target: &External, value: &Value, now: &Now<'_>) -> Vec<Self::Effect>;

    /// An operator, a condition, an f-string or an iteration was applied to something external.
    fn operate(&self, operation: &External, now: &Now<'_>) -> Outcome<Self>;

    /// Whether reading or calling this may raise where it is there. An `except` around what cannot is
    /// never entered.
    fn may_raise(&self, external: &External) -> bool {
        let _ = external;
        true
    }

    /// Whether it is worth knowing of a function called in this role what it does only once in a process.
    fn lasts(&self, role: Self::Role) -> bool {
        let _ = role;
        false
    }

    /// The program gives up here: `raise`, `sys.exit` and their like, under `now.guards`.
    fn give_up(&self, now: &Now<'_>) -> Vec<Self::Effect>;

    /// A function that a wrapper of this world stands for is called by the program itself. The
    /// arguments are as in [`Gives`](crate::Gives).
    fn call_wrapped(
        &self,
        wrapper: &Arc<External>,
        inner: &Value,
        arguments: &Arc<Arguments>,
        now: &Now<'_>,
    ) -> Vec<Self::Effect>;

    /// Whether readers of the trace want to know which argument a value is made of in what a function
    /// does in this role: its parameters are then [`External::Argument`], which nothing settles, and
    /// not unknown.
    fn tells_arguments(&self, role: Self::Role) -> bool {
        let _ = role;
        false
    }
}

/// Where an import leads.
#[derive(Clone, Debug)]
pub enum Found {
    /// A module of the program.
    Local {
        /// Its file.
        file: FileId,
        /// Its text.
        text: Text,
        /// Whether it is a package's `__init__`.
        package: bool,
        /// Its path as the running program sees it (`__file__`).
        path: Arc<str>,
    },
    /// A folder of the program without `__init__`.
    Namespace,
    /// Not of the program, and sure to be there.
    Installed,
    /// Not of the program, and sure to be missing.
    Missing,
    /// Not of the program; whether it is installed is not known.
    Unsure,
}

/// What comes of something external.
pub struct Outcome<W: World + ?Sized> {
    /// What it does.
    pub effects: Vec<W::Effect>,
    /// What it is worth, if that is settled; else the external value itself.
    pub value: Option<Value>,
    /// The result stands for this callable: calling the result is calling it elsewhere (in the
    /// role given), not here.
    pub wraps: Option<(Value, W::Role)>,
    /// The result stands for this callable, which runs in place when the result is called.
    pub passes: Option<Value>,
    /// Callables that run now, in place.
    pub runs: Vec<Value>,
    /// Callables that somebody else calls later, in this role.
    pub roots: Vec<(Value, W::Role)>,
    /// Scripts of the program that run now, each in a process of its own.
    pub starts: Vec<Entry>,
}

impl<W: World + ?Sized> Default for Outcome<W> {
    fn default() -> Self {
        Self {
            effects: Vec::new(),
            value: None,
            wraps: None,
            passes: None,
            runs: Vec::new(),
            roots: Vec::new(),
            starts: Vec::new(),
        }
    }
}

impl<W: World + ?Sized> Outcome<W> {
    /// Only an effect.
    pub fn effect(effect: W::Effect) -> Self {
        Self { effects: vec![effect], ..Self::default() }
    }

    /// Only a worth.
    pub fn worth(value: Value) -> Self {
        Self { value: Some(value), ..Self::default() }
    }
}

/// The moment at which a [`World`] is asked.
pub struct Now<'a> {
    /// Where.
    pub place: Place,
    /// The external modules surely imported so far, parents included.
    pub imported: &'a FxHashSet<Name>,
    /// Those that were imported on some way only.
    pub perhaps_imported: &'a FxHashSet<Name>,
    /// What this moment depends on, outermost first.
    pub guards: &'a [Guard],
    /// The function being run, if any.
    pub function: Option<&'a Arc<Function>>,
    /// Whether start-up is over.
    pub in_root: bool,
}

/// Something that a moment depends on.
#[derive(Clone, Debug, PartialEq)]
pub enum Guard {
    /// A condition that the text does not settle, and the branch taken.
    Condition {
        /// The condition's value.
        test: Value,
        /// Whether it holds on this branch.
        holds: bool,
        /// Where it stands.
        place: Place,
    },
    /// A condition that the text does not settle, on whose other branch the block was left: what
    /// comes after it in the block comes only on this one.
    Passed {
        /// The condition's value.
        test: Value,
        /// Whether it holds on this branch.
        holds: bool,
        /// Where it stands.
        place: Place,
    },
    /// The body of a `try` that catches these, by the dotted names of the classes; a bare `except`
    /// is `BaseException`.
    Try {
        /// The names.
        catches: Arc<[Name]>,
    },
    /// The handler of a `try`.
    Handler,
}

impl Guard {
    /// What is left of a condition once the block goes on only on this branch of it.
    pub(crate) fn passed(&self) -> Option<Self> {
        match self {
            Self::Condition { test: Value::Unknown, .. } => None,
            Self::Condition { test, holds, place } => {
                Some(Self::Passed { test: test.clone(), holds: *holds, place: *place })
            }
            _ => None,
        }
    }
}
