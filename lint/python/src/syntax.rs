//! The syntax tree that the trace walks: as small as what names and calls need, with every span.
//!
//! It is lowered once from the tree-sitter tree (see [`parse`](crate::parse)), never fails, and
//! never nests deeper than [`MAX_NESTING`]: what is deeper, or cannot be understood, is
//! [`ExprKind::Unknown`], so that whatever walks it may recurse.

use std::sync::Arc;

use crate::text::Span;

/// How deep statements and expressions may nest before they are cut to [`ExprKind::Unknown`].
pub const MAX_NESTING: usize = 120;

/// A name as written. Shared, because the same few names recur.
pub type Name = Arc<str>;

/// One file.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Module {
    /// The statements in order. Text that does not parse is left out, what stands around it kept.
    pub body: Vec<Stmt>,
    /// Where the tree has an error, if it has: valid Python may be marked so, hence never reported
    /// as a syntax error.
    pub broken: Vec<Span>,
}

/// A statement. As much of it is in boxes as keeps those that have little from being as large as those that have much.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// The whole statement, its decorators included.
    pub span: Span,
    /// What it is.
    pub kind: StmtKind,
}

/// What a statement is.
#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// A bare expression; a `print` statement of Python 2 is a call.
    Expr(Expr),
    /// `a = b = value`.
    Assign { targets: Vec<Expr>, value: Expr },
    /// `a += value`.
    AugAssign { target: Box<Expr>, op: BinOp, value: Expr },
    /// `a: T` or `a: T = value`. The annotation is evaluated (unless `from __future__` says no).
    AnnAssign { target: Box<Expr>, annotation: Box<Expr>, value: Option<Expr> },
    /// `import a.b as c, d`.
    Import(Vec<ImportAlias>),
    /// `from ..a import b as c`; `module_span` is that of `..a`.
    ImportFrom { level: u32, module: Option<Name>, module_span: Span, names: ImportNames },
    /// `def` and `async def`.
    Function(Arc<FunctionDef>),
    /// `class`.
    Class(Arc<ClassDef>),
    /// `if`/`elif`/`else`: the arms in order, then what runs when none holds.
    If { arms: Vec<(Expr, Vec<Stmt>)>, orelse: Vec<Stmt> },
    /// `for` and `async for`.
    For { target: Box<Expr>, iter: Box<Expr>, body: Vec<Stmt>, orelse: Vec<Stmt> },
    /// `while`.
    While { test: Expr, body: Vec<Stmt>, orelse: Vec<Stmt> },
    /// `try`.
    Try { body: Vec<Stmt>, handlers: Vec<Handler>, orelse: Vec<Stmt>, finally: Vec<Stmt> },
    /// `with` and `async with`: context and target.
    With { items: Vec<(Expr, Option<Expr>)>, body: Vec<Stmt> },
    /// `match`.
    Match { subject: Expr, cases: Vec<Case> },
    /// `return`.
    Return(Option<Expr>),
    /// `raise exception from cause`.
    Raise { exception: Option<Expr>, cause: Option<Expr> },
    /// `assert`.
    Assert { test: Expr, message: Option<Expr> },
    /// `del`.
    Delete(Vec<Expr>),
    /// `global`.
    Global(Vec<Name>),
    /// `nonlocal`.
    Nonlocal(Vec<Name>),
    /// `pass`, and `type` aliases, which do nothing that matters here.
    Pass,
    /// `break`.
    Break,
    /// `continue`.
    Continue,
}

/// One module of an `import`, or one name of a `from … import`.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportAlias {
    /// The dotted name as written, without spaces.
    pub name: Name,
    /// What it is called here, if `as` says so.
    pub alias: Option<Name>,
    /// The alias with its `as`.
    pub span: Span,
}

/// What a `from … import` takes.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportNames {
    /// `*`
    Star,
    /// Names.
    Names(Vec<ImportAlias>),
}

/// One `except`.
#[derive(Clone, Debug, PartialEq)]
pub struct Handler {
    /// The whole clause.
    pub span: Span,
    /// The classes it takes; `None` takes all.
    pub class: Option<Expr>,
    /// `as name`.
    pub name: Option<Name>,
    /// What it does.
    pub body: Vec<Stmt>,
}

/// One `case`.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The pattern.
    pub pattern: Pattern,
    /// `if guard`.
    pub guard: Option<Expr>,
    /// What it does.
    pub body: Vec<Stmt>,
}

/// A pattern, as far as it can be settled.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// `_`, or a bare name, which it binds.
    Capture(Option<Name>),
    /// A value to compare with: a literal or a dotted name.
    Value(Expr),
    /// `a | b`.
    Or(Vec<Pattern>),
    /// `[a, b]` and `(a, b)`.
    Sequence(Vec<Pattern>),
    /// `*name` in a sequence; no name for `*_`.
    Star(Option<Name>),
    /// `{key: a, **rest}`.
    Mapping { pairs: Vec<(Expr, Pattern)>, rest: Option<Name> },
    /// `Class(a, name=b)`.
    Class { class: Expr, positional: Vec<Pattern>, keywords: Vec<(Name, Pattern)> },
    /// `a as name`.
    As(Box<Pattern>, Name),
    /// What nests too deep. It binds nothing that is known.
    Unknown,
}

/// A function, lambda included.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionDef {
    /// Its name; `<lambda>` for a lambda.
    pub name: Name,
    /// The name alone (for a lambda the whole expression).
    pub name_span: Span,
    /// The whole definition, without decorators.
    pub span: Span,
    /// The decorators in the order written.
    pub decorators: Vec<Expr>,
    /// The parameters in order.
    pub params: Vec<Param>,
    /// `-> T`.
    pub returns: Option<Expr>,
    /// The body; for a lambda one `return`.
    pub body: Vec<Stmt>,
    /// `async def`.
    pub is_async: bool,
    /// Whether its own body yields.
    pub is_generator: bool,
    /// Names that its own body binds (assignments, imports, definitions, loops, `with`, `except`,
    /// walrus, `del`), parameters included, without those that it declares `global` or `nonlocal`.
    /// Sorted.
    pub locals: Vec<Name>,
    /// Names declared `global` in its own body. Sorted.
    pub globals: Vec<Name>,
    /// Names declared `nonlocal` in its own body. Sorted.
    pub nonlocals: Vec<Name>,
}

impl FunctionDef {
    /// Whether its own body binds `name`, so that it is read from there and nowhere else.
    pub fn is_local(&self, name: &str) -> bool {
        self.locals.binary_search_by(|local| (**local).cmp(name)).is_ok()
    }

    /// Whether its own body declares `name` global.
    pub fn is_global(&self, name: &str) -> bool {
        self.globals.binary_search_by(|global| (**global).cmp(name)).is_ok()
    }

    /// Whether its own body declares `name` nonlocal.
    pub fn is_nonlocal(&self, name: &str) -> bool {
        self.nonlocals.binary_search_by(|outer| (**outer).cmp(name)).is_ok()
    }
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// How it takes arguments.
    pub kind: ParamKind,
    /// `= default`.
    pub default: Option<Box<Expr>>,
    /// `: T`.
    pub annotation: Option<Box<Expr>>,
    /// The whole parameter.
    pub span: Span,
}

/// How a parameter takes arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Before `/`.
    PositionalOnly,
    /// By place or by name.
    Normal,
    /// `*args`.
    VarPositional,
    /// After `*`.
    KeywordOnly,
    /// `**kwargs`.
    VarKeyword,
}

/// A class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassDef {
    /// Its name.
    pub name: Name,
    /// The name alone.
    pub name_span: Span,
    /// The whole definition, without decorators.
    pub span: Span,
    /// The decorators in the order written.
    pub decorators: Vec<Expr>,
    /// Bases and keywords, as in a call.
    pub bases: Vec<Arg>,
    /// The body.
    pub body: Vec<Stmt>,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// The expression, parentheses around it not included.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A name.
    Name(Name),
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer that fits.
    Int(i64),
    /// A float, or an integer that does not fit.
    Float(f64),
    /// A string, adjacent parts joined, escapes decoded.
    Str(Arc<str>),
    /// Bytes.
    Bytes,
    /// `...`
    Ellipsis,
    /// An f-string (or a join that has one).
    FString(Vec<FStringPart>),
    /// `value.name`.
    Attribute { value: Box<Expr>, name: Name, name_span: Span },
    /// `value[index]`.
    Subscript { value: Box<Expr>, index: Box<Expr> },
    /// `start:stop:step` in a subscript; any of them may be missing.
    Slice(Box<[Option<Expr>; 3]>),
    /// `callee(args)`.
    Call { callee: Box<Expr>, args: Vec<Arg> },
    /// `left op right`.
    Binary { left: Box<Expr>, op: BinOp, right: Box<Expr> },
    /// `op operand`.
    Unary { op: UnaryOp, operand: Box<Expr> },
    /// `a and b and c` or with `or`.
    Logic { and: bool, values: Vec<Expr> },
    /// `first op a op b …`.
    Compare { first: Box<Expr>, rest: Vec<(CompareOp, Expr)> },
    /// `then if test else orelse`.
    Conditional { test: Box<Expr>, then: Box<Expr>, orelse: Box<Expr> },
    /// `lambda`.
    Lambda(Arc<FunctionDef>),
    /// `(a, b)`.
    Tuple(Vec<Expr>),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `{a, b}`.
    Set(Vec<Expr>),
    /// `{key: value, **other}`; no key for `**`.
    Dict(Vec<(Option<Expr>, Expr)>),
    /// A comprehension; a dict's element is the tuple of key and value. There is at least one
    /// clause.
    Comprehension { kind: ComprehensionKind, element: Box<Expr>, clauses: Vec<Clause> },
    /// `await value`.
    Await(Box<Expr>),
    /// `yield value` and `yield from value`.
    Yield { value: Option<Box<Expr>>, from: bool },
    /// `*value`.
    Starred(Box<Expr>),
    /// `name := value`.
    Walrus { name: Name, value: Box<Expr> },
    /// What is not understood, or nests too deep.
    Unknown,
}

/// A part of an f-string.
#[derive(Clone, Debug, PartialEq)]
pub enum FStringPart {
    /// Text, escapes decoded.
    Text(Arc<str>),
    /// `{value}`. Values within a format follow as parts of their own.
    Value { value: Expr, shown: Shown },
}

/// How an f-string shows a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As `str` does.
    Str,
    /// As `repr` does: `{value!r}`, `{value = }`.
    Repr,
    /// By this format: `{value:.2f}`; or its `repr` by it: `{value!r:>8}`.
    Format { of_repr: bool, spec: Arc<str> },
    /// Otherwise.
    Otherwise,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// The whole argument, `name=`, stars and parentheses included.
    pub span: Span,
    /// How it is passed.
    pub kind: ArgKind,
    /// The value.
    pub value: Expr,
}

/// How an argument is passed.
#[derive(Clone, Debug, PartialEq)]
pub enum ArgKind {
    /// By place.
    Positional,
    /// `name=value`.
    Keyword(Name),
    /// `*value`.
    Star,
    /// `**value`.
    DoubleStar,
}

/// What a comprehension makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComprehensionKind {
    /// `[…]`
    List,
    /// `{…}`
    Set,
    /// `{k: v …}`
    Dict,
    /// `(…)`, which runs only when something iterates over it.
    Generator,
}

/// `for target in iter if a if b` of a comprehension.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// What is bound.
    pub target: Expr,
    /// What is walked.
    pub iter: Expr,
    /// The conditions.
    pub conditions: Vec<Expr>,
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `//`
    FloorDiv,
    /// `%`
    Mod,
    /// `**`
    Pow,
    /// `|`
    BitOr,
    /// `&`
    BitAnd,
    /// `^`
    BitXor,
    /// `<<`
    LeftShift,
    /// `>>`
    RightShift,
    /// `@`
    MatMul,
}

/// A unary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `not`
    Not,
    /// `-`
    Neg,
    /// `+`
    Pos,
    /// `~`
    Invert,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    /// `==`
    Eq,
    /// `!=`
    NotEq,
    /// `<`
    Lt,
    /// `<=`
    LtE,
    /// `>`
    Gt,
    /// `>=`
    GtE,
    /// `in`
    In,
    /// `not in`
    NotIn,
    /// `is`
    Is,
    /// `is not`
    IsNot,
}
