//! What an expression is worth, as far as the text settles it.

use std::fmt;
use std::sync::Arc;

use crate::interpret::{ModuleInfo, Slot};
use crate::syntax::{BinOp, ClassDef, FunctionDef, Name};
use crate::text::Span;

/// A file of the program. The [`World`](crate::World) hands them out and knows what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A span in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// Where in it.
    pub span: Span,
}

/// Something on the trace's heap (a namespace, a list, a dict, an instance). It means nothing
/// outside the trace that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub(crate) u32);

/// What an expression is worth.
///
/// A [`World`](crate::World) and the readers of a trace see frozen values only: lists and dicts by
/// content ([`Value::List`], [`Value::Dict`]), never [`Value::Object`].
///
/// Equality is identity of what is known, not Python's `==`: it is total, so that shared parts
/// compare by address.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing is known.
    Unknown,
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A string.
    Str(Arc<str>),
    /// A tuple; also `*args`.
    Tuple(Arc<[Value]>),
    /// A list or set as it was when it was seen.
    List(Arc<[Value]>),
    /// A dict as it was when it was seen.
    Dict(Arc<[(Value, Value)]>),
    /// One of a few, none of them itself a choice or unknown.
    OneOf(Arc<[Value]>),
    /// A function of the program.
    Function(Arc<Function>),
    /// A method together with what it is bound to.
    Method(Arc<Function>, Box<Value>),
    /// A class of the program.
    Class(Arc<Class>),
    /// An instance of a class of the program.
    Instance(Arc<Class>, ObjectId),
    /// A module of the program.
    Module(Name, ObjectId),
    /// `functools.partial(callee, …)`.
    Partial(Arc<Partial>),
    /// A function of the program behind a wrapper that the world knows (see
    /// [`Outcome::wraps`](crate::Outcome::wraps)).
    Wrapped(Arc<Wrapped>),
    /// A function of the program whose results are kept: called again with the same arguments, it
    /// does not run (`functools.lru_cache`).
    Cached(Arc<Cached>),
    /// Something from outside the program, that remembers how it was made.
    External(Arc<External>),
    /// A generator or a coroutine of the program, as readers of a trace see it.
    Suspended(Arc<Function>),
    /// A live list, set or dict.
    Object(ObjectId),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown, Self::Unknown) | (Self::None, Self::None) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Tuple(a), Self::Tuple(b))
            | (Self::List(a), Self::List(b))
            | (Self::OneOf(a), Self::OneOf(b)) => a == b,
            (Self::Dict(a), Self::Dict(b)) => a == b,
            (Self::Function(a), Self::Function(b)) | (Self::Suspended(a), Self::Suspended(b)) => {
                a == b
            }
            (Self::Method(a, on), Self::Method(b, other)) => a == b && on == other,
            (Self::Class(a), Self::Class(b)) => a == b,
            (Self::Instance(_, a), Self::Instance(_, b))
            | (Self::Module(_, a), Self::Module(_, b))
            | (Self::Object(a), Self::Object(b)) => a == b,
            (Self::Partial(a), Self::Partial(b)) => a == b,
            (Self::Wrapped(a), Self::Wrapped(b)) => a == b,
            (Self::Cached(a), Self::Cached(b)) => a == b,
            (Self::External(a), Self::External(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

/// `functools.partial`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    /// What is called in the end.
    pub callee: Value,
    /// What it already has.
    pub arguments: Arguments,
}

/// A callable whose results are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// What is called.
    pub inner: Value,
    /// Its results, by arguments.
    pub(crate) results: ObjectId,
}

/// A callable behind a wrapper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// What the wrapper stands for.
    pub inner: Value,
    /// The wrapping call, as an external value.
    pub wrapper: Arc<External>,
}

/// A function of the program, as its `def` made it.
pub struct Function {
    /// Its text.
    pub def: Arc<FunctionDef>,
    /// Its file.
    pub file: FileId,
    /// The module it stands in (`__main__` for the entry point).
    pub module: Name,
    /// Its qualified name within the module, as CPython's `__qualname__`.
    pub qualname: Name,
    pub(crate) defaults: Vec<Option<Slot>>,
    /// What each parameter is annotated with, where that can be read.
    pub(crate) annotations: Vec<Option<Value>>,
    /// What is around it, innermost first, the module last.
    pub(crate) scopes: Arc<[Scope]>,
    /// The class whose body defined it, for `super()`.
    pub(crate) owner: Option<ObjectId>,
    pub(crate) home: Arc<ModuleInfo>,
    pub(crate) id: u32,
    /// How deep its defaults are nested.
    pub(crate) depth: u32,
}

/// Where a name is looked up that is not bound in the body that reads it.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) names: ObjectId,
    /// For a function's: its text, which says what is bound in it.
    pub(crate) function: Option<Arc<FunctionDef>>,
}

impl Scope {
    /// Whether it is a function's that binds `name`: then no scope around it is asked.
    pub(crate) fn binds(&self, name: &str) -> bool {
        self.function.as_ref().is_some_and(|def| def.is_local(name))
    }
}

impl Function {
    /// The `def` line's name, for a finding.
    pub fn place(&self) -> Place {
        Place { file: self.file, span: self.def.name_span }
    }

    /// The default of the parameter that stands at `index`, from 0. What it is made of may be alive.
    pub fn default(&self, index: usize) -> Option<&Value> {
        self.defaults.get(index)?.as_ref().map(|slot| &slot.value)
    }

    /// What the parameter at `index` is annotated with, where the text settles that: a string is not
    /// looked into.
    pub fn annotation(&self, index: usize) -> Option<&Value> {
        self.annotations.get(index)?.as_ref()
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Function {}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<function {}.{}>", self.module, self.qualname)
    }
}

/// A class of the program, as its `class` statement made it.
pub struct Class {
    /// Its text.
    pub def: Arc<ClassDef>,
    /// Its file.
    pub file: FileId,
    /// The module it stands in.
    pub module: Name,
    /// Its qualified name within the module.
    pub qualname: Name,
    /// Its bases in order.
    pub bases: Vec<Value>,
    pub(crate) namespace: ObjectId,
    /// What it is looked up in after itself, in order.
    pub(crate) ancestors: Vec<Arc<Class>>,
    /// The first external base among its own and its ancestors'.
    pub(crate) base: Option<Arc<External>>,
    /// How deep its bases are nested.
    pub(crate) depth: u32,
}

impl PartialEq for Class {
    fn eq(&self, other: &Self) -> bool {
        self.namespace == other.namespace
    }
}

impl Eq for Class {}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<class {}.{}>", self.module, self.qualname)
    }
}

/// Something from outside the program. What is quickly compared stands first: two are compared in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum External {
    /// A value that nothing is known of, as the start of a chain (`x` in `x.to("cuda")`).
    Unknown,
    /// What somebody outside the program passes for the parameter of that name (see
    /// [`World::tells_arguments`](crate::World::tells_arguments)).
    Argument(Name),
    /// A module or a name in one, by its full dotted name: `torch`, `torch.cuda.is_available`.
    Name(Arc<str>),
    /// `of.name`, where `of` is not itself a [`External::Name`].
    Attribute {
        /// Its name.
        name: Name,
        /// Whose attribute.
        of: Arc<External>,
    },
    /// The result of a call.
    Call {
        /// Where.
        place: Place,
        /// What was called.
        callee: Arc<External>,
        /// With what.
        arguments: Arc<Arguments>,
    },
    /// `of[key]`.
    Item {
        /// Of what.
        of: Arc<External>,
        /// Which.
        key: Value,
    },
    /// The result of an operator, or of a condition, that involves something external.
    Operation {
        /// Which.
        operator: Operator,
        /// On what, in the order written.
        operands: Arc<[Value]>,
    },
    /// Something of which only this is known besides how it was made: it is there, hence neither
    /// `None` nor empty.
    Present(Arc<External>),
    /// An instance of a class of the program that has an external base: attributes that the
    /// program does not define come from there.
    Instance {
        /// The class.
        class: Arc<Class>,
        /// The base.
        base: Arc<External>,
    },
}

/// What joins the operands of an [`External::Operation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// An arithmetic or bit operator.
    Binary(BinOp),
    /// `==`, `!=`, `<`, …; chains are joined by `And`.
    Compare(crate::syntax::CompareOp),
    /// `not x`
    Not,
    /// `-x`, `+x`, `~x`
    Sign,
    /// `x and y`
    And,
    /// `x or y`
    Or,
    /// An f-string's parts.
    Format,
    /// `*x`, iteration over `x`, an element of it.
    Element,
    /// `min(x, y)`
    Least,
    /// `max(x, y)`
    Greatest,
}

impl External {
    /// The dotted way to this value, with `()` for a call and `[]` for an item:
    /// `torch.zeros().cuda`. What is not known is `?`.
    pub fn path(&self) -> String {
        let mut path = String::new();
        self.write_path(&mut path, 32);
        path
    }

    fn write_path(&self, path: &mut String, depth: u32) {
        if depth == 0 {
            path.push('?');
            return;
        }
        match self {
            Self::Name(name) => path.push_str(name),
            Self::Attribute { of, name } => {
                of.write_path(path, depth - 1);
                path.push('.');
                path.push_str(name);
            }
            Self::Call { callee, .. } => {
                callee.write_path(path, depth - 1);
                path.push_str("()");
            }
            Self::Item { of, .. } => {
                of.write_path(path, depth - 1);
                path.push_str("[]");
            }
            Self::Instance { base, .. } => {
                base.write_path(path, depth - 1);
                path.push_str("()");
            }
            Self::Present(external) => external.write_path(path, depth - 1),
            Self::Unknown | Self::Argument(_) | Self::Operation { .. } => path.push('?'),
        }
    }

    /// The full dotted name, where this is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The dotted name at the start of the chain: `torch.zeros` for `torch.zeros(1).cuda`.
    pub fn origin(&self) -> Option<&str> {
        let mut external = self;
        loop {
            external = match external {
                Self::Name(name) => return Some(name),
                Self::Attribute { of, .. } | Self::Item { of, .. } => of,
                Self::Call { callee, .. } => callee,
                Self::Present(external) => external,
                Self::Instance { base, .. } => base,
                Self::Unknown | Self::Argument(_) | Self::Operation { .. } => return None,
            };
        }
    }

    fn depth(&self) -> u32 {
        1 + match self {
            Self::Unknown | Self::Name(_) | Self::Argument(_) => 0,
            Self::Attribute { of, .. } | Self::Present(of) => of.depth(),
            Self::Call { callee, arguments, .. } => callee.depth().max(arguments.depth()),
            Self::Item { of, key } => of.depth().max(key.depth()),
            Self::Operation { operands, .. } => deepest(operands),
            Self::Instance { class, base } => class.depth.max(base.depth()),
        }
    }

    fn weigh(&self, left: &mut u32) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        match self {
            // A loop may make a name longer and longer.
            Self::Name(name) => *left -= (*left).min(name.len() as u32 / NAME_PART),
            Self::Unknown | Self::Argument(_) => {}
            Self::Attribute { of, .. } | Self::Present(of) | Self::Instance { base: of, .. } => {
                of.weigh(left);
            }
            Self::Call { callee, arguments, .. } => {
                callee.weigh(left);
                arguments.weigh(left);
            }
            Self::Item { of, key } => {
                of.weigh(left);
                key.weigh(left);
            }
            Self::Operation { operands, .. } => {
                operands.iter().for_each(|operand| operand.weigh(left));
            }
        }
    }

    /// The attribute `name` of this value.
    #[must_use]
    pub fn attribute(self: &Arc<Self>, name: &str) -> Self {
        match &**self {
            Self::Name(path) => Self::Name(format!("{path}.{name}").into()),
            _ => Self::Attribute { of: Arc::clone(self), name: name.into() },
        }
    }
}

/// The arguments of a call, in the order written.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Arguments {
    /// Those that are known.
    pub items: Vec<Argument>,
    /// Whether a `*x` or `**x` of unknown content was passed as well.
    pub open: bool,
}

/// One argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its keyword, if it has one.
    pub name: Option<Name>,
    /// Its value.
    pub value: Value,
    /// Where the author wrote it: a parameter that is merely passed on stands where the caller
    /// wrote it.
    pub place: Place,
}

impl Arguments {
    fn depth(&self) -> u32 {
        self.items.iter().map(|argument| argument.value.depth()).max().unwrap_or(0)
    }

    fn weigh(&self, left: &mut u32) {
        self.items.iter().for_each(|argument| argument.value.weigh(left));
    }

    /// The argument with this keyword.
    pub fn keyword(&self, name: &str) -> Option<&Argument> {
        self.items.iter().find(|argument| argument.name.as_deref() == Some(name))
    }

    /// The positional argument at `index`, from 0.
    pub fn positional(&self, index: usize) -> Option<&Argument> {
        self.items.iter().filter(|argument| argument.name.is_none()).nth(index)
    }

    /// The argument of a parameter that stands at `index` and is called `name`.
    pub fn get(&self, index: usize, name: &str) -> Option<&Argument> {
        self.keyword(name).or_else(|| self.positional(index))
    }
}

/// How many parts (calls, attributes, tuples, …) a variable's value is made of at most.
const MAX_PARTS: u32 = 200;

/// How many bytes of a dotted name count as one part.
const NAME_PART: u32 = 64;

fn deepest(values: &[Value]) -> u32 {
    values.iter().map(Value::depth).max().unwrap_or(0)
}

/// How many alternatives a value keeps before it is [`Value::Unknown`].
pub const MAX_ALTERNATIVES: usize = 8;

impl Value {
    /// A string.
    pub fn str(text: &str) -> Self {
        Self::Str(text.into())
    }

    /// Something external, by its full dotted name.
    pub fn external(name: &str) -> Self {
        Self::External(Arc::new(External::Name(name.into())))
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The external thing, if it is one.
    pub fn as_external(&self) -> Option<&Arc<External>> {
        match self {
            Self::External(external) => Some(external),
            _ => None,
        }
    }

    /// Whether it is true, where that is settled.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::None => Some(false),
            Self::Bool(value) => Some(*value),
            Self::Int(value) => Some(*value != 0),
            Self::Float(value) => Some(*value != 0.0),
            Self::Str(value) => Some(!value.is_empty()),
            Self::Tuple(items) | Self::List(items) => Some(!items.is_empty()),
            Self::Dict(items) => Some(!items.is_empty()),
            Self::Function(_)
            | Self::Method(..)
            | Self::Class(_)
            | Self::Module(..)
            | Self::Partial(_)
            | Self::Wrapped(_)
            | Self::Cached(_)
            | Self::Suspended(_) => Some(true),
            Self::OneOf(values) => {
                let mut truths = values.iter().map(Self::truth);
                let first = truths.next()??;
                truths.all(|truth| truth == Some(first)).then_some(first)
            }
            Self::External(external) => match &**external {
                External::Present(_) => Some(true),
                External::Name(path) if path.starts_with("builtins.") => Some(true),
                _ => None,
            },
            Self::Unknown | Self::Instance(..) | Self::Object(_) => None,
        }
    }

    /// Each alternative, this value itself where there is no choice.
    pub fn alternatives(&self) -> &[Value] {
        match self {
            Self::OneOf(values) => values,
            other => std::slice::from_ref(other),
        }
    }

    /// The function of the program that calling this runs in the end, if it is one.
    pub fn function(&self) -> Option<&Arc<Function>> {
        match self {
            Self::Function(function) | Self::Method(function, _) => Some(function),
            Self::Partial(partial) => partial.callee.function(),
            Self::Wrapped(wrapped) => wrapped.inner.function(),
            Self::Cached(cached) => cached.inner.function(),
            _ => None,
        }
    }

    /// Whether so much went into this value that following it on would cost more than it tells.
    /// What a variable holds never does: chains and tuples that a loop or a recursion grows end
    /// here, so that whatever walks a value may recurse, and dropping it too.
    pub(crate) fn is_heavy(&self) -> bool {
        // What is asked most often is made of one part.
        if let Self::Unknown
        | Self::None
        | Self::Bool(_)
        | Self::Int(_)
        | Self::Str(_)
        | Self::Object(_)
        | Self::Function(_)
        | Self::Instance(..) = self
        {
            return false;
        }
        let mut left = MAX_PARTS;
        self.weigh(&mut left);
        left == 0
    }

    /// How deep it is nested. Walks all parts, of which there are few in what is not
    /// [heavy](Self::is_heavy); those of functions and classes are counted already.
    pub(crate) fn depth(&self) -> u32 {
        match self {
            Self::Tuple(items) | Self::List(items) | Self::OneOf(items) => 1 + deepest(items),
            Self::Dict(pairs) => {
                let parts = pairs.iter().map(|(key, value)| key.depth().max(value.depth()));
                1 + parts.max().unwrap_or(0)
            }
            Self::Function(function) | Self::Suspended(function) => 1 + function.depth,
            Self::Method(function, receiver) => 1 + function.depth.max(receiver.depth()),
            Self::Class(class) | Self::Instance(class, _) => 1 + class.depth,
            Self::Partial(partial) => 1 + partial.callee.depth().max(partial.arguments.depth()),
            Self::Wrapped(wrapped) => 1 + wrapped.inner.depth().max(wrapped.wrapper.depth()),
            Self::Cached(cached) => 1 + cached.inner.depth(),
            Self::External(external) => external.depth(),
            _ => 0,
        }
    }

    fn weigh(&self, left: &mut u32) {
        if *left == 0 {
            return;
        }
        match self {
            Self::Tuple(items) | Self::List(items) | Self::OneOf(items) => {
                *left -= 1;
                items.iter().for_each(|item| item.weigh(left));
            }
            Self::Dict(pairs) => {
                *left -= 1;
                for (key, value) in pairs.iter() {
                    key.weigh(left);
                    value.weigh(left);
                }
            }
            Self::Method(_, receiver) => receiver.weigh(left),
            Self::Partial(partial) => {
                *left -= 1;
                partial.callee.weigh(left);
                partial.arguments.weigh(left);
            }
            Self::Wrapped(wrapped) => {
                *left -= 1;
                wrapped.inner.weigh(left);
                wrapped.wrapper.weigh(left);
            }
            Self::Cached(cached) => {
                *left -= 1;
                cached.inner.weigh(left);
            }
            Self::External(external) => external.weigh(left),
            _ => {}
        }
    }

    /// Either of two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        if matches!(self, Self::Unknown) || matches!(other, Self::Unknown) {
            return Self::Unknown;
        }
        let mut values = self.into_alternatives();
        for value in other.into_alternatives() {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        if values.len() > MAX_ALTERNATIVES { Self::Unknown } else { Self::OneOf(values.into()) }
    }

    fn into_alternatives(self) -> Vec<Self> {
        match self {
            Self::OneOf(values) => values.to_vec(),
            other => vec![other],
        }
    }
}
