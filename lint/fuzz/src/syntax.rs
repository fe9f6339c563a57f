//! What must hold of a Python syntax tree: every place in it fits the text and lies in what it is part of, and none
//! of it nests deeper than it may.

use spacelint_python::Span;
use spacelint_python::syntax::{
    Arg, Clause, Expr, ExprKind, FStringPart, FunctionDef, MAX_NESTING, Module, Pattern, Stmt,
    StmtKind,
};

use crate::fits;

/// A tree and its text.
pub struct Tree<'a> {
    text: &'a str,
    is_broken: bool,
    depth: usize,
}

impl<'a> Tree<'a> {
    /// Looks at all of `module`, which is that of `text`.
    pub fn check(text: &'a str, module: &Module) {
        module.broken.iter().for_each(|span| fits(text, *span));
        let mut from = 0;
        for stmt in &module.body {
            assert!(from <= stmt.span.start, "statements out of order at {:?}", stmt.span);
            // Where the text is broken, what stands in a function that is half there also stands beside it.
            from = if module.broken.is_empty() { stmt.span.end } else { stmt.span.start };
        }
        Self { text, is_broken: !module.broken.is_empty(), depth: 0 }
            .body(&module.body, Span::new(0, text.len()));
    }

    fn within(&self, span: Span, outer: Span) {
        fits(self.text, span);
        // Where the text is broken, so is the tree: a part may reach beyond the whole by what stands between them.
        assert!(self.is_broken || outer.contains(span), "{span:?} is not within {outer:?}");
    }

    fn body(&mut self, body: &[Stmt], outer: Span) {
        body.iter().for_each(|stmt| self.stmt(stmt, outer));
    }

    fn deeper(&mut self, look: impl FnOnce(&mut Self)) {
        self.depth += 1;
        // A level of the text may be two of the tree: a lambda is an expression and a function's body.
        assert!(self.depth <= 4 * MAX_NESTING, "it nests {} deep", self.depth);
        look(self);
        self.depth -= 1;
    }

    fn stmt(&mut self, stmt: &Stmt, outer: Span) {
        self.within(stmt.span, outer);
        let span = stmt.span;
        self.deeper(|tree| match &stmt.kind {
            StmtKind::Expr(value) => tree.expr(value),
            StmtKind::Assign { targets, value } => {
                tree.exprs(targets);
                tree.expr(value);
            }
            StmtKind::AugAssign { target, value, .. } => tree.exprs([target, value]),
            StmtKind::AnnAssign { target, annotation, value } => {
                tree.exprs([&**target, &**annotation]);
                tree.exprs(value);
            }
            StmtKind::Import(names) => names.iter().for_each(|name| tree.within(name.span, span)),
            StmtKind::ImportFrom { module_span, .. } => tree.within(*module_span, span),
            StmtKind::Function(function) => tree.function(function, span),
            StmtKind::Class(class) => {
                tree.within(class.span, span);
                tree.within(class.name_span, class.span);
                assert!(!class.name.is_empty());
                tree.exprs(&class.decorators);
                tree.args(&class.bases);
                tree.body(&class.body, class.span);
            }
            StmtKind::If { arms, orelse } => {
                for (test, body) in arms {
                    tree.expr(test);
                    tree.body(body, span);
                }
                tree.body(orelse, span);
            }
            StmtKind::For { target, iter, body, orelse } => {
                tree.exprs([&**target, &**iter]);
                tree.body(body, span);
                tree.body(orelse, span);
            }
            StmtKind::While { test, body, orelse } => {
                tree.expr(test);
                tree.body(body, span);
                tree.body(orelse, span);
            }
            StmtKind::Try { body, handlers, orelse, finally } => {
                tree.body(body, span);
                for handler in handlers {
                    tree.within(handler.span, span);
                    tree.exprs(&handler.class);
                    tree.body(&handler.body, handler.span);
                }
                tree.body(orelse, span);
                tree.body(finally, span);
            }
            StmtKind::With { items, body } => {
                for (context, target) in items {
                    tree.expr(context);
                    tree.exprs(target);
                }
                tree.body(body, span);
            }
            StmtKind::Match { subject, cases } => {
                tree.expr(subject);
                for case in cases {
                    tree.pattern(&case.pattern);
                    tree.exprs(&case.guard);
                    tree.body(&case.body, span);
                }
            }
            StmtKind::Return(value) => tree.exprs(value),
            StmtKind::Raise { exception, cause } => {
                tree.exprs(exception);
                tree.exprs(cause);
            }
            StmtKind::Assert { test, message } => {
                tree.expr(test);
                tree.exprs(message);
            }
            StmtKind::Delete(targets) => tree.exprs(targets),
            StmtKind::Global(_)
            | StmtKind::Nonlocal(_)
            | StmtKind::Pass
            | StmtKind::Break
            | StmtKind::Continue => {}
        });
    }

    fn function(&mut self, function: &FunctionDef, outer: Span) {
        self.within(function.span, outer);
        self.within(function.name_span, function.span);
        self.exprs(&function.decorators);
        for param in &function.params {
            self.within(param.span, function.span);
            self.exprs(param.default.as_deref());
            self.exprs(param.annotation.as_deref());
        }
        self.exprs(&function.returns);
        self.body(&function.body, function.span);
        for names in [&function.locals, &function.globals, &function.nonlocals] {
            assert!(names.is_sorted(), "{names:?}");
        }
        // Whatever stands in it has a form.
        assert!(!spacelint_python::canonical(function, |_| true).is_empty());
    }

    fn pattern(&mut self, pattern: &Pattern) {
        self.deeper(|tree| match pattern {
            Pattern::Value(value) => tree.expr(value),
            Pattern::Or(parts) | Pattern::Sequence(parts) => {
                parts.iter().for_each(|part| tree.pattern(part));
            }
            Pattern::Mapping { pairs, .. } => {
                for (key, part) in pairs {
                    tree.expr(key);
                    tree.pattern(part);
                }
            }
            Pattern::Class { class, positional, keywords } => {
                tree.expr(class);
                positional.iter().for_each(|part| tree.pattern(part));
                keywords.iter().for_each(|(_, part)| tree.pattern(part));
            }
            Pattern::As(part, _) => tree.pattern(part),
            Pattern::Capture(_) | Pattern::Star(_) | Pattern::Unknown => {}
        });
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    fn args(&mut self, args: &[Arg]) {
        for arg in args {
            self.within(arg.value.span, arg.span);
            self.expr(&arg.value);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        let span = expr.span;
        fits(self.text, span);
        self.deeper(|tree| match &expr.kind {
            ExprKind::FString(parts) => {
                for part in parts {
                    if let FStringPart::Value { value, .. } = part {
                        tree.expr(value);
                    }
                }
            }
            ExprKind::Attribute { value, name_span, .. } => {
                tree.within(*name_span, span);
                tree.expr(value);
            }
            ExprKind::Subscript { value, index } => {
                tree.within(value.span, span);
                tree.exprs([&**value, &**index]);
            }
            ExprKind::Slice(parts) => tree.exprs(parts.iter().flatten()),
            ExprKind::Call { callee, args } => {
                tree.within(callee.span, span);
                args.iter().for_each(|arg| tree.within(arg.span, span));
                tree.expr(callee);
                tree.args(args);
            }
            ExprKind::Binary { left, right, .. } => tree.exprs([&**left, &**right]),
            ExprKind::Logic { values, .. } => tree.exprs(values),
            ExprKind::Compare { first, rest } => {
                tree.expr(first);
                tree.exprs(rest.iter().map(|(_, value)| value));
            }
            ExprKind::Conditional { test, then, orelse } => {
                tree.exprs([&**test, &**then, &**orelse]);
            }
            ExprKind::Lambda(function) => tree.function(function, span),
            ExprKind::Tuple(values) | ExprKind::List(values) | ExprKind::Set(values) => {
                tree.exprs(values);
            }
            ExprKind::Dict(pairs) => {
                for (key, value) in pairs {
                    tree.exprs(key);
                    tree.expr(value);
                }
            }
            ExprKind::Comprehension { element, clauses, .. } => {
                tree.expr(element);
                assert!(!clauses.is_empty());
                for Clause { target, iter, conditions } in clauses {
                    tree.exprs([target, iter]);
                    tree.exprs(conditions);
                }
            }
            ExprKind::Yield { value, .. } => tree.exprs(value.as_deref()),
            ExprKind::Unary { operand: value, .. }
            | ExprKind::Await(value)
            | ExprKind::Starred(value)
            | ExprKind::Walrus { value, .. } => tree.expr(value),
            ExprKind::Name(_)
            | ExprKind::None
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Str(_)
            | ExprKind::Bytes
            | ExprKind::Ellipsis
            | ExprKind::Unknown => {}
        });
    }
}
