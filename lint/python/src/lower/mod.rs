//! Lowers tree-sitter's tree into [`crate::syntax`] in one walk.
//!
//! Why by hand: compiling one query costs more than reading a whole file. Why tree-sitter: a Space
//! that is being edited is often half written, and what stands around the broken part still counts.
//!
//! The walk has one cursor. Every function here finds it on the node that it lowers and leaves it
//! there. Depth is counted in levels of the tree that is made, so both this walk and whoever walks
//! the result may recurse; parentheses, which make no level, are passed in a loop.

mod expression;
mod kind;
mod literal;
mod pattern;
mod statement;

use std::mem;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use tree_sitter::{Node, Parser, Tree, TreeCursor};

use self::kind::Kind;
use crate::syntax::{Expr, ExprKind, MAX_NESTING, Module, Name, Stmt};
use crate::text::Span;

/// Reads `text` as Python. Never fails: what cannot be understood is left out or
/// [`ExprKind::Unknown`], and [`Module::broken`] says where.
pub fn parse(text: &str) -> Module {
    stacker::maybe_grow(STACK, STACK, || parse_here(text))
}

/// Native stack for [`MAX_NESTING`] levels, twice of what they took when it was measured.
const STACK: usize = if cfg!(debug_assertions) { 2 << 20 } else { 1 << 20 };

fn parse_here(text: &str) -> Module {
    let mut parser = Parser::new();
    let language = tree_sitter_python::LANGUAGE.into();
    let tree = parser.set_language(&language).ok().and_then(|()| parser.parse(text, None));
    // Only a grammar of another ABI or a cancelled parse gives no tree; neither happens here.
    let Some(tree) = tree else {
        return Module { body: Vec::new(), broken: vec![Span::new(0, text.len())] };
    };
    let mut lower = Lower {
        text,
        cursor: tree.walk(),
        is_broken: tree.root_node().has_error(),
        depth: 0,
        names: FxHashMap::default(),
        bound: Vec::new(),
        scopes: vec![Scope::default()],
        salvaged: Vec::new(),
        salvaged_to: 0,
    };
    Module { body: lower.block(), broken: broken(&tree) }
}

/// The state of one walk.
struct Lower<'t> {
    text: &'t str,
    cursor: TreeCursor<'t>,
    /// Whether the tree has an error anywhere.
    is_broken: bool,
    /// Levels of the made tree above what is being lowered.
    depth: usize,
    /// One shared name per spelling.
    names: FxHashMap<&'t str, Name>,
    /// Names bound so far in the open scopes, innermost last, with repetitions.
    bound: Vec<Name>,
    /// The open scopes: the module, classes and functions. Never empty.
    scopes: Vec<Scope>,
    /// Statements found inside an error within the statement being lowered; they follow it.
    salvaged: Vec<Stmt>,
    /// Errors before this offset have been salvaged.
    salvaged_to: usize,
}

/// What a body says about its names, besides binding them.
#[derive(Default)]
struct Scope {
    /// Where its names begin in [`Lower::bound`].
    start: usize,
    globals: Vec<Name>,
    nonlocals: Vec<Name>,
    is_generator: bool,
}

/// What a closed [`Scope`] says about its names.
#[derive(Default)]
struct Names {
    locals: Vec<Name>,
    globals: Vec<Name>,
    nonlocals: Vec<Name>,
    is_generator: bool,
}

impl<'t> Lower<'t> {
    /// Calls `visit` for each child of the current node but comments and errors, with the cursor on
    /// that child. Statements within errors are set aside in [`Self::salvaged`].
    #[inline]
    fn each(&mut self, mut visit: impl FnMut(&mut Self, Node<'t>, Kind)) {
        self.each_until(|this, node, kind| {
            visit(this, node, kind);
            false
        });
    }

    /// [`Self::each`] until `visit` says that no more is to come: to look for a sibling that is not
    /// there costs more than to find one. In a broken tree there may yet be an error to salvage.
    #[inline]
    fn each_until(&mut self, mut visit: impl FnMut(&mut Self, Node<'t>, Kind) -> bool) {
        if !self.cursor.goto_first_child() {
            return;
        }
        loop {
            let node = self.cursor.node();
            let is_last = match Kind::of(node) {
                Kind::Comment | Kind::LineContinuation => false,
                Kind::Error => {
                    self.salvage();
                    false
                }
                kind => visit(self, node, kind) && !self.is_broken,
            };
            if is_last || !self.cursor.goto_next_sibling() {
                break;
            }
        }
        self.cursor.goto_parent();
    }

    /// [`Self::each`] without the tokens.
    #[inline]
    fn each_node(&mut self, mut visit: impl FnMut(&mut Self, Node<'t>, Kind)) {
        self.each(|this, node, kind| {
            if !kind.is_token() {
                visit(this, node, kind);
            }
        });
    }

    /// Lowers the statements that stand in the error node under the cursor.
    #[cold]
    fn salvage(&mut self) {
        let error = self.cursor.node().byte_range();
        // Some nodes are visited twice.
        if error.start < self.salvaged_to {
            return;
        }
        let statements = self.nested(1, Vec::new, Self::block);
        self.salvaged.extend(statements);
        self.salvaged_to = self.salvaged_to.max(error.end);
    }

    /// The statements under the current node.
    fn block(&mut self) -> Vec<Stmt> {
        let outer = mem::take(&mut self.salvaged);
        let mut body = self.room();
        self.each(|this, node, kind| {
            body.append(&mut this.salvaged);
            this.statement(node, kind, &mut body);
        });
        body.append(&mut self.salvaged);
        body.shrink_to_fit();
        self.salvaged = outer;
        body
    }

    /// Room for what is made of each node under the current one: most lists are short, and a vector that grows takes
    /// four places for the first.
    fn room<T>(&self) -> Vec<T> {
        Vec::with_capacity(self.cursor.node().named_child_count())
    }

    /// Runs `make` for something that stands `levels` deeper, or `cut` where that is too deep for
    /// it to have any children.
    #[inline]
    fn nested<T>(
        &mut self,
        levels: usize,
        cut: impl FnOnce() -> T,
        make: impl FnOnce(&mut Self) -> T,
    ) -> T {
        if self.depth + levels >= MAX_NESTING {
            return cut();
        }
        self.depth += levels;
        let result = make(self);
        self.depth -= levels;
        result
    }

    /// The text under `node`.
    fn slice(&self, node: Node<'t>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// The shared name that `node` spells.
    fn name(&mut self, node: Node<'t>) -> Name {
        self.intern(self.slice(node))
    }

    fn intern(&mut self, text: &'t str) -> Name {
        Arc::clone(self.names.entry(text).or_insert_with(|| Arc::from(text)))
    }

    /// Notes that the innermost scope binds `name`.
    fn bind(&mut self, name: &Name) {
        // Nobody asks for the names of a module, nor of a class, whose names its end drops.
        if self.scopes.len() > 1 {
            self.bound.push(Arc::clone(name));
        }
    }

    /// Notes what assigning to `target` binds.
    fn bind_target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(name) => self.bind(name),
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                for item in items {
                    self.bind_target(item);
                }
            }
            ExprKind::Starred(value) => self.bind_target(value),
            _ => {}
        }
    }

    fn open_scope(&mut self) {
        self.scopes.push(Scope { start: self.bound.len(), ..Scope::default() });
    }

    fn close_scope(&mut self) -> Names {
        let Scope { start, mut globals, mut nonlocals, is_generator } =
            self.scopes.pop().unwrap_or_default();
        for declared in [&mut globals, &mut nonlocals] {
            declared.sort_unstable();
            declared.dedup();
        }
        let mut locals: Vec<Name> = self.bound.drain(start..).collect();
        locals.sort_unstable();
        locals.dedup();
        if !(globals.is_empty() && nonlocals.is_empty()) {
            let declared: FxHashSet<&Name> = globals.iter().chain(&nonlocals).collect();
            locals.retain(|name| !declared.contains(name));
        }
        Names { locals, globals, nonlocals, is_generator }
    }

    fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }
}

fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}

fn unknown(span: Span) -> Expr {
    Expr { span, kind: ExprKind::Unknown }
}

/// The outermost errors of the tree, and what the parser had to make up.
fn broken(tree: &Tree) -> Vec<Span> {
    let mut found = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let is_broken = node.is_error() || node.is_missing();
        if is_broken {
            found.push(span(node));
        }
        if !is_broken && node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}
