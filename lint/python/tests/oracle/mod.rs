//! Our tree as ruff's parser would have it, so that the two can be compared whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use ruff_python_ast as ast;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_text_size::{Ranged, TextRange};
use spacelint_python::Span;
use spacelint_python::syntax::{
    Arg, ArgKind, BinOp, Case, ClassDef, Clause, CompareOp, ComprehensionKind, Expr, ExprKind,
    FStringPart, FunctionDef, Handler, ImportAlias, ImportNames, Name, Param, ParamKind, Pattern,
    Shown, Stmt, StmtKind, UnaryOp,
};

/// Reads `text` with ruff; `None` where ruff finds a syntax error.
pub(crate) fn parse(text: &str) -> Option<Vec<Stmt>> {
    let module = ruff_python_parser::parse_module(text).ok()?;
    Some(Oracle { text }.body(module.suite()))
}

struct Oracle<'a> {
    text: &'a str,
}

fn span(node: impl Ranged) -> Span {
    let range: TextRange = node.range();
    Span::new(range.start().to_usize(), range.end().to_usize())
}

fn name(text: &str) -> Name {
    Arc::from(text)
}

impl Oracle<'_> {
    fn body(&self, body: &[ast::Stmt]) -> Vec<Stmt> {
        body.iter().map(|stmt| self.stmt(stmt)).collect()
    }

    fn stmt(&self, stmt: &ast::Stmt) -> Stmt {
        Stmt { span: span(stmt), kind: self.stmt_kind(stmt) }
    }

    fn stmt_kind(&self, stmt: &ast::Stmt) -> StmtKind {
        match stmt {
            ast::Stmt::FunctionDef(def) => StmtKind::Function(Arc::new(self.function(def))),
            ast::Stmt::ClassDef(def) => StmtKind::Class(Arc::new(self.class(def))),
            ast::Stmt::Return(it) => StmtKind::Return(self.maybe(it.value.as_deref())),
            ast::Stmt::Delete(it) => StmtKind::Delete(self.exprs(&it.targets)),
            ast::Stmt::TypeAlias(_) | ast::Stmt::Pass(_) => StmtKind::Pass,
            ast::Stmt::Assign(it) => {
                StmtKind::Assign { targets: self.exprs(&it.targets), value: self.expr(&it.value) }
            }
            ast::Stmt::AugAssign(it) => StmtKind::AugAssign {
                target: self.boxed(&it.target),
                op: operator(it.op),
                value: self.expr(&it.value),
            },
            ast::Stmt::AnnAssign(it) => StmtKind::AnnAssign {
                target: self.boxed(&it.target),
                annotation: self.boxed(&it.annotation),
                value: self.maybe(it.value.as_deref()),
            },
            ast::Stmt::For(it) => StmtKind::For {
                target: self.boxed(&it.target),
                iter: self.boxed(&it.iter),
                body: self.body(&it.body),
                orelse: self.body(&it.orelse),
            },
            ast::Stmt::While(it) => StmtKind::While {
                test: self.expr(&it.test),
                body: self.body(&it.body),
                orelse: self.body(&it.orelse),
            },
            ast::Stmt::If(it) => {
                let mut arms = vec![(self.expr(&it.test), self.body(&it.body))];
                let mut orelse = Vec::new();
                for clause in &it.elif_else_clauses {
                    match &clause.test {
                        Some(test) => arms.push((self.expr(test), self.body(&clause.body))),
                        None => orelse = self.body(&clause.body),
                    }
                }
                StmtKind::If { arms, orelse }
            }
            ast::Stmt::With(it) => StmtKind::With {
                items: it
                    .items
                    .iter()
                    .map(|item| {
                        let target = self.maybe(item.optional_vars.as_deref());
                        (self.expr(&item.context_expr), target)
                    })
                    .collect(),
                body: self.body(&it.body),
            },
            ast::Stmt::Match(it) => StmtKind::Match {
                subject: self.expr(&it.subject),
                cases: it
                    .cases
                    .iter()
                    .map(|case| Case {
                        pattern: self.pattern(&case.pattern),
                        guard: self.maybe(case.guard.as_deref()),
                        body: self.body(&case.body),
                    })
                    .collect(),
            },
            ast::Stmt::Raise(it) => StmtKind::Raise {
                exception: self.maybe(it.exc.as_deref()),
                cause: self.maybe(it.cause.as_deref()),
            },
            ast::Stmt::Try(it) => StmtKind::Try {
                body: self.body(&it.body),
                handlers: it
                    .handlers
                    .iter()
                    .map(|ast::ExceptHandler::ExceptHandler(handler)| Handler {
                        span: span(handler),
                        class: self.maybe(handler.type_.as_deref()),
                        name: handler.name.as_ref().map(|it| name(it)),
                        body: self.body(&handler.body),
                    })
                    .collect(),
                orelse: self.body(&it.orelse),
                finally: self.body(&it.finalbody),
            },
            ast::Stmt::Assert(it) => StmtKind::Assert {
                test: self.expr(&it.test),
                message: self.maybe(it.msg.as_deref()),
            },
            ast::Stmt::Import(it) => StmtKind::Import(aliases(&it.names)),
            ast::Stmt::ImportFrom(it) => self.import_from(it),
            ast::Stmt::Global(it) => StmtKind::Global(it.names.iter().map(|it| name(it)).collect()),
            ast::Stmt::Nonlocal(it) => {
                StmtKind::Nonlocal(it.names.iter().map(|it| name(it)).collect())
            }
            ast::Stmt::Expr(it) => StmtKind::Expr(self.expr(&it.value)),
            ast::Stmt::Break(_) => StmtKind::Break,
            ast::Stmt::Continue(_) => StmtKind::Continue,
            ast::Stmt::IpyEscapeCommand(_) => panic!("a module is no notebook"),
        }
    }

    fn import_from(&self, it: &ast::StmtImportFrom) -> StmtKind {
        // ruff has no span for the dots: they and the module lie between `from` and `import`.
        let start = it.range.start().to_usize() + "from".len();
        let end = it.module.as_ref().map_or_else(
            || start + self.text[start..].find("import").expect("`from` has an `import`"),
            |module| module.range.end().to_usize(),
        );
        let between = self.text[start..end].trim_matches(|c: char| c.is_whitespace() || c == '\\');
        let start = between.as_ptr() as usize - self.text.as_ptr() as usize;
        let names = match &*it.names {
            [only] if &*only.name == "*" => ImportNames::Star,
            names => ImportNames::Names(aliases(names)),
        };
        StmtKind::ImportFrom {
            level: it.level,
            module: it.module.as_ref().map(|it| name(it)),
            module_span: Span::new(start, start + between.len()),
            names,
        }
    }

    fn function(&self, it: &ast::StmtFunctionDef) -> FunctionDef {
        let names = Names::of(&it.parameters, |names| names.visit_body(&it.body));
        FunctionDef {
            name: name(&it.name),
            name_span: span(&it.name),
            span: self.undecorated(it.range, &it.decorator_list),
            decorators: it.decorator_list.iter().map(|it| self.expr(&it.expression)).collect(),
            params: self.params(&it.parameters),
            returns: self.maybe(it.returns.as_deref()),
            body: self.body(&it.body),
            is_async: it.is_async,
            is_generator: names.is_generator,
            locals: names.locals(),
            globals: names.globals,
            nonlocals: names.nonlocals,
        }
    }

    fn lambda(&self, it: &ast::ExprLambda) -> FunctionDef {
        let none = ast::Parameters::default();
        let params = it.parameters.as_deref().unwrap_or(&none);
        let names = Names::of(params, |names| names.visit_expr(&it.body));
        let value = self.expr(&it.body);
        FunctionDef {
            name: name("<lambda>"),
            name_span: span(it),
            span: span(it),
            decorators: Vec::new(),
            params: self.params(params),
            returns: None,
            body: vec![Stmt { span: value.span, kind: StmtKind::Return(Some(value)) }],
            is_async: false,
            is_generator: names.is_generator,
            locals: names.locals(),
            globals: names.globals,
            nonlocals: names.nonlocals,
        }
    }

    fn class(&self, it: &ast::StmtClassDef) -> ClassDef {
        ClassDef {
            name: name(&it.name),
            name_span: span(&it.name),
            span: self.undecorated(it.range, &it.decorator_list),
            decorators: it.decorator_list.iter().map(|it| self.expr(&it.expression)).collect(),
            bases: it.arguments.as_deref().map_or_else(Vec::new, |it| self.args(it)),
            body: self.body(&it.body),
        }
    }

    /// The definition without its decorators: ruff's range has them.
    fn undecorated(&self, range: TextRange, decorators: &[ast::Decorator]) -> Span {
        let Some(last) = decorators.last() else { return span(range) };
        // Skip what closes the decorator, and comments and blank lines after it.
        let mut at = last.range.end().to_usize();
        loop {
            let rest = &self.text[at..];
            if ["def", "class", "async"].iter().any(|word| rest.starts_with(word)) {
                return Span::new(at, range.end().to_usize());
            }
            at += if rest.starts_with('#') { rest.find('\n').unwrap_or(rest.len()) } else { 1 };
        }
    }

    fn params(&self, it: &ast::Parameters) -> Vec<Param> {
        let with_default = |it: &ast::ParameterWithDefault, kind| Param {
            name: name(&it.parameter.name),
            kind,
            default: it.default.as_deref().map(|it| self.boxed(it)),
            annotation: it.parameter.annotation.as_deref().map(|it| self.boxed(it)),
            span: span(it),
        };
        let star = |it: &ast::Parameter, kind| Param {
            name: name(&it.name),
            kind,
            default: None,
            annotation: it.annotation.as_deref().map(|it| self.boxed(it)),
            span: span(it),
        };
        let mut params = Vec::new();
        params.extend(it.posonlyargs.iter().map(|it| with_default(it, ParamKind::PositionalOnly)));
        params.extend(it.args.iter().map(|it| with_default(it, ParamKind::Normal)));
        params.extend(it.vararg.iter().map(|it| star(it, ParamKind::VarPositional)));
        params.extend(it.kwonlyargs.iter().map(|it| with_default(it, ParamKind::KeywordOnly)));
        params.extend(it.kwarg.iter().map(|it| star(it, ParamKind::VarKeyword)));
        params
    }

    fn args(&self, it: &ast::Arguments) -> Vec<Arg> {
        let mut args: Vec<Arg> = it.args.iter().map(|arg| self.positional(arg)).collect();
        args.extend(it.keywords.iter().map(|keyword| Arg {
            span: span(keyword),
            kind: keyword.arg.as_ref().map_or(ArgKind::DoubleStar, |it| ArgKind::Keyword(name(it))),
            value: self.expr(&keyword.value),
        }));
        args.sort_by_key(|arg| arg.span.start);
        // ruff's ranges leave out the parentheses around an argument; a whole argument has them.
        let mut at = it.range.start().to_usize() + 1;
        for arg in args.iter_mut().filter(|_| self.text[it.range()].starts_with('(')) {
            at = self.skip(at, ',');
            let mut end = arg.span.end as usize;
            let (start, mut inner) = (at, at);
            while inner < arg.value.span.start as usize && arg.kind == ArgKind::Positional {
                // A generator or a tuple has its parentheses in its own range.
                if self.text[inner..].starts_with('(') {
                    end = self.skip(end, ',') + 1;
                }
                inner = self.skip(inner + 1, ',');
            }
            arg.span = Span::new(start, end);
            at = end;
        }
        args
    }

    fn positional(&self, arg: &ast::Expr) -> Arg {
        match arg {
            ast::Expr::Starred(star) => {
                Arg { span: span(arg), kind: ArgKind::Star, value: self.expr(&star.value) }
            }
            _ => Arg { span: span(arg), kind: ArgKind::Positional, value: self.expr(arg) },
        }
    }

    /// Past white space, comments, line continuations and `more`, from `at` on.
    fn skip(&self, mut at: usize, more: char) -> usize {
        loop {
            let rest = &self.text[at..];
            match rest.chars().next() {
                Some('#') => at += rest.find('\n').unwrap_or(rest.len()),
                Some(c) if c == more || c == '\\' || c.is_whitespace() => at += c.len_utf8(),
                _ => return at,
            }
        }
    }

    fn maybe(&self, expr: Option<&ast::Expr>) -> Option<Expr> {
        expr.map(|expr| self.expr(expr))
    }

    fn boxed(&self, expr: &ast::Expr) -> Box<Expr> {
        Box::new(self.expr(expr))
    }

    fn exprs(&self, exprs: &[ast::Expr]) -> Vec<Expr> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr(&self, expr: &ast::Expr) -> Expr {
        Expr { span: span(expr), kind: self.expr_kind(expr) }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind of expression")]
    fn expr_kind(&self, expr: &ast::Expr) -> ExprKind {
        match expr {
            ast::Expr::BoolOp(it) => {
                ExprKind::Logic { and: it.op == ast::BoolOp::And, values: self.exprs(&it.values) }
            }
            ast::Expr::Named(it) => ExprKind::Walrus {
                name: it.target.as_name_expr().map(|it| name(&it.id)).expect("walrus has a name"),
                value: self.boxed(&it.value),
            },
            ast::Expr::BinOp(it) => ExprKind::Binary {
                left: self.boxed(&it.left),
                op: operator(it.op),
                right: self.boxed(&it.right),
            },
            ast::Expr::UnaryOp(it) => ExprKind::Unary {
                op: match it.op {
                    ast::UnaryOp::Invert => UnaryOp::Invert,
                    ast::UnaryOp::Not => UnaryOp::Not,
                    ast::UnaryOp::UAdd => UnaryOp::Pos,
                    ast::UnaryOp::USub => UnaryOp::Neg,
                },
                operand: self.boxed(&it.operand),
            },
            ast::Expr::Lambda(it) => ExprKind::Lambda(Arc::new(self.lambda(it))),
            ast::Expr::If(it) => ExprKind::Conditional {
                test: self.boxed(&it.test),
                then: self.boxed(&it.body),
                orelse: self.boxed(&it.orelse),
            },
            ast::Expr::Dict(it) => ExprKind::Dict(
                it.items
                    .iter()
                    .map(|item| (self.maybe(item.key.as_ref()), self.expr(&item.value)))
                    .collect(),
            ),
            ast::Expr::Set(it) => ExprKind::Set(self.exprs(&it.elts)),
            ast::Expr::List(it) => ExprKind::List(self.exprs(&it.elts)),
            ast::Expr::Tuple(it) => ExprKind::Tuple(self.exprs(&it.elts)),
            ast::Expr::ListComp(it) => {
                self.comprehension(ComprehensionKind::List, self.expr(&it.elt), &it.generators)
            }
            ast::Expr::SetComp(it) => {
                self.comprehension(ComprehensionKind::Set, self.expr(&it.elt), &it.generators)
            }
            ast::Expr::Generator(it) => {
                self.comprehension(ComprehensionKind::Generator, self.expr(&it.elt), &it.generators)
            }
            ast::Expr::DictComp(it) => {
                let key = self.expr(it.key.as_deref().expect("no unpacking before 3.15"));
                let value = self.expr(&it.value);
                let element =
                    Expr { span: key.span.to(value.span), kind: ExprKind::Tuple(vec![key, value]) };
                self.comprehension(ComprehensionKind::Dict, element, &it.generators)
            }
            ast::Expr::Await(it) => ExprKind::Await(self.boxed(&it.value)),
            ast::Expr::Yield(it) => ExprKind::Yield {
                value: self.maybe(it.value.as_deref()).map(Box::new),
                from: false,
            },
            ast::Expr::YieldFrom(it) => {
                ExprKind::Yield { value: Some(self.boxed(&it.value)), from: true }
            }
            ast::Expr::Compare(it) => ExprKind::Compare {
                first: self.boxed(&it.left),
                rest: it
                    .ops
                    .iter()
                    .zip(&it.comparators)
                    .map(|(op, value)| (comparison(*op), self.expr(value)))
                    .collect(),
            },
            ast::Expr::Call(it) => {
                ExprKind::Call { callee: self.boxed(&it.func), args: self.args(&it.arguments) }
            }
            ast::Expr::FString(it) => {
                let mut parts = Parts::default();
                for part in &it.value {
                    match part {
                        ast::FStringPart::Literal(literal) => parts.text(&literal.value),
                        ast::FStringPart::FString(format) => {
                            self.format(&format.elements, &mut parts);
                        }
                    }
                }
                ExprKind::FString(parts.finish())
            }
            ast::Expr::TString(it) => {
                let mut parts = Parts::default();
                for part in &it.value {
                    self.format(&part.elements, &mut parts);
                }
                ExprKind::FString(parts.finish())
            }
            ast::Expr::StringLiteral(it) => ExprKind::Str(Arc::from(it.value.to_str())),
            ast::Expr::BytesLiteral(_) => ExprKind::Bytes,
            ast::Expr::NumberLiteral(it) => match &it.value {
                ast::Number::Int(int) => int.as_i64().map_or_else(
                    || big(&self.text[it.range.start().to_usize()..it.range.end().to_usize()]),
                    ExprKind::Int,
                ),
                ast::Number::Float(float) => ExprKind::Float(*float),
                ast::Number::Complex { .. } => ExprKind::Unknown,
            },
            ast::Expr::BooleanLiteral(it) => ExprKind::Bool(it.value),
            ast::Expr::NoneLiteral(_) => ExprKind::None,
            ast::Expr::EllipsisLiteral(_) => ExprKind::Ellipsis,
            ast::Expr::Attribute(it) => ExprKind::Attribute {
                value: self.boxed(&it.value),
                name: name(&it.attr),
                name_span: span(&it.attr),
            },
            ast::Expr::Subscript(it) => {
                ExprKind::Subscript { value: self.boxed(&it.value), index: self.boxed(&it.slice) }
            }
            ast::Expr::Starred(it) => ExprKind::Starred(self.boxed(&it.value)),
            ast::Expr::Name(it) => ExprKind::Name(name(&it.id)),
            ast::Expr::Slice(it) => ExprKind::Slice(Box::new(
                [&it.lower, &it.upper, &it.step].map(|part| part.as_ref().map(|it| self.expr(it))),
            )),
            ast::Expr::IpyEscapeCommand(_) => panic!("a module is no notebook"),
        }
    }

    fn comprehension(
        &self,
        kind: ComprehensionKind,
        element: Expr,
        clauses: &[ast::Comprehension],
    ) -> ExprKind {
        let clauses = clauses
            .iter()
            .map(|clause| Clause {
                target: self.expr(&clause.target),
                iter: self.expr(&clause.iter),
                conditions: self.exprs(&clause.ifs),
            })
            .collect();
        ExprKind::Comprehension { kind, element: Box::new(element), clauses }
    }

    fn format(&self, elements: &ast::InterpolatedStringElements, parts: &mut Parts) {
        for element in elements {
            match element {
                ast::InterpolatedStringElement::Literal(literal) => parts.text(&literal.value),
                ast::InterpolatedStringElement::Interpolation(it) => {
                    if let Some(debug) = &it.debug_text {
                        parts.text(debug.leading());
                        parts.text(debug.expression());
                        parts.text(debug.trailing());
                    }
                    let shown = self.shown(it);
                    parts.push(FStringPart::Value { value: self.expr(&it.expression), shown });
                    if let Some(format) = &it.format_spec {
                        let mut inner = Parts::default();
                        self.format(&format.elements, &mut inner);
                        for part in inner.finish() {
                            if matches!(part, FStringPart::Value { .. }) {
                                parts.push(part);
                            }
                        }
                    }
                }
            }
        }
    }

    fn shown(&self, it: &ast::InterpolatedElement) -> Shown {
        let Some(format) = &it.format_spec else {
            return match it.conversion {
                ast::ConversionFlag::None if it.debug_text.is_none() => Shown::Str,
                ast::ConversionFlag::None | ast::ConversionFlag::Repr => Shown::Repr,
                ast::ConversionFlag::Str => Shown::Str,
                ast::ConversionFlag::Ascii => Shown::Otherwise,
            };
        };
        let written = &self.text[format.range.start().to_usize()..format.range.end().to_usize()];
        // The grammar takes `{x:=10}` for a walrus.
        let is_walrus = written.starts_with('=');
        let is_ascii = it.conversion == ast::ConversionFlag::Ascii;
        if is_ascii || is_walrus || written.contains(['\\', '{', '\r', '\n']) {
            return Shown::Otherwise;
        }
        Shown::Format {
            of_repr: it.conversion == ast::ConversionFlag::Repr,
            spec: written.trim_start_matches(':').into(),
        }
    }

    fn pattern(&self, pattern: &ast::Pattern) -> Pattern {
        match pattern {
            ast::Pattern::MatchAs(it) if it.pattern.is_none() => {
                Pattern::Capture(it.name.as_ref().map(|it| name(it)))
            }
            ast::Pattern::MatchValue(it) => {
                let mut value = self.expr(&it.value);
                if is_complex(&it.value) {
                    value.kind = ExprKind::Unknown;
                }
                Pattern::Value(value)
            }
            ast::Pattern::MatchSingleton(it) => Pattern::Value(Expr {
                span: span(it),
                kind: match it.value {
                    ast::Singleton::None => ExprKind::None,
                    ast::Singleton::True => ExprKind::Bool(true),
                    ast::Singleton::False => ExprKind::Bool(false),
                },
            }),
            ast::Pattern::MatchOr(it) => {
                Pattern::Or(it.patterns.iter().map(|it| self.pattern(it)).collect())
            }
            ast::Pattern::MatchAs(it) => match (&it.pattern, &it.name) {
                (Some(pattern), Some(alias)) => {
                    Pattern::As(Box::new(self.pattern(pattern)), name(alias))
                }
                _ => Pattern::Capture(None),
            },
            ast::Pattern::MatchSequence(it) => {
                Pattern::Sequence(it.patterns.iter().map(|it| self.pattern(it)).collect())
            }
            ast::Pattern::MatchStar(it) => Pattern::Star(it.name.as_ref().map(|it| name(it))),
            ast::Pattern::MatchMapping(it) => Pattern::Mapping {
                pairs: it
                    .keys
                    .iter()
                    .zip(&it.patterns)
                    .map(|(key, pattern)| {
                        let mut value = self.expr(key);
                        if is_complex(key) {
                            value.kind = ExprKind::Unknown;
                        }
                        (value, self.pattern(pattern))
                    })
                    .collect(),
                rest: it.rest.as_ref().map(|it| name(it)),
            },
            ast::Pattern::MatchClass(it) => Pattern::Class {
                class: self.expr(&it.cls),
                positional: it.arguments.patterns.iter().map(|it| self.pattern(it)).collect(),
                keywords: it
                    .arguments
                    .keywords
                    .iter()
                    .map(|it| (name(&it.attr), self.pattern(&it.pattern)))
                    .collect(),
            },
        }
    }
}

fn is_complex(value: &ast::Expr) -> bool {
    matches!(value, ast::Expr::BinOp(_))
}

/// An integer that ruff has no number for; the value is not compared digit by digit.
fn big(literal: &str) -> ExprKind {
    let digits = literal.replace('_', "").to_lowercase();
    let (base, digits) = match digits.get(..2) {
        Some("0x") => (16.0, &digits[2..]),
        Some("0o") => (8.0, &digits[2..]),
        Some("0b") => (2.0, &digits[2..]),
        _ => return ExprKind::Float(digits.parse().expect("digits")),
    };
    let digit = |c: char| f64::from(c.to_digit(16).expect("a digit"));
    ExprKind::Float(digits.chars().fold(0.0, |sum, c| sum * base + digit(c)))
}

fn aliases(names: &[ast::Alias]) -> Vec<ImportAlias> {
    names
        .iter()
        .map(|it| ImportAlias {
            name: name(&it.name),
            alias: it.asname.as_ref().map(|it| name(it)),
            span: span(it),
        })
        .collect()
}

fn operator(op: ast::Operator) -> BinOp {
    match op {
        ast::Operator::Add => BinOp::Add,
        ast::Operator::Sub => BinOp::Sub,
        ast::Operator::Mult => BinOp::Mul,
        ast::Operator::MatMult => BinOp::MatMul,
        ast::Operator::Div => BinOp::Div,
        ast::Operator::Mod => BinOp::Mod,
        ast::Operator::Pow => BinOp::Pow,
        ast::Operator::LShift => BinOp::LeftShift,
        ast::Operator::RShift => BinOp::RightShift,
        ast::Operator::BitOr => BinOp::BitOr,
        ast::Operator::BitXor => BinOp::BitXor,
        ast::Operator::BitAnd => BinOp::BitAnd,
        ast::Operator::FloorDiv => BinOp::FloorDiv,
    }
}

fn comparison(op: ast::CmpOp) -> CompareOp {
    match op {
        ast::CmpOp::Eq => CompareOp::Eq,
        ast::CmpOp::NotEq => CompareOp::NotEq,
        ast::CmpOp::Lt => CompareOp::Lt,
        ast::CmpOp::LtE => CompareOp::LtE,
        ast::CmpOp::Gt => CompareOp::Gt,
        ast::CmpOp::GtE => CompareOp::GtE,
        ast::CmpOp::Is => CompareOp::Is,
        ast::CmpOp::IsNot => CompareOp::IsNot,
        ast::CmpOp::In => CompareOp::In,
        ast::CmpOp::NotIn => CompareOp::NotIn,
    }
}

/// The parts of an f-string, texts side by side joined.
#[derive(Default)]
struct Parts {
    text: String,
    parts: Vec<FStringPart>,
}

impl Parts {
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn push(&mut self, part: FStringPart) {
        if !self.text.is_empty() {
            self.parts.push(FStringPart::Text(Arc::from(std::mem::take(&mut self.text))));
        }
        self.parts.push(part);
    }

    fn finish(mut self) -> Vec<FStringPart> {
        if !self.text.is_empty() {
            self.parts.push(FStringPart::Text(Arc::from(self.text)));
        }
        self.parts
    }
}

/// What a body binds and declares, found in another way than the lowering does.
#[derive(Default)]
struct Names {
    bound: BTreeSet<String>,
    globals: Vec<Name>,
    nonlocals: Vec<Name>,
    is_generator: bool,
}

impl Names {
    fn of(params: &ast::Parameters, body: impl FnOnce(&mut Self)) -> Self {
        let mut names = Self::default();
        names.bound.extend(params.iter().map(|it| it.name().to_string()));
        body(&mut names);
        for declared in [&mut names.globals, &mut names.nonlocals] {
            declared.sort();
            declared.dedup();
        }
        names
    }

    fn locals(&self) -> Vec<Name> {
        self.bound
            .iter()
            .map(|it| name(it))
            .filter(|it| !self.globals.contains(it) && !self.nonlocals.contains(it))
            .collect()
    }

    fn defaults(&mut self, params: &ast::Parameters) {
        for param in params {
            if let Some(default) = param.default() {
                self.visit_expr(default);
            }
        }
    }
}

impl<'a> Visitor<'a> for Names {
    fn visit_stmt(&mut self, stmt: &'a ast::Stmt) {
        match stmt {
            ast::Stmt::FunctionDef(it) => {
                self.bound.insert(it.name.to_string());
                it.decorator_list.iter().for_each(|it| self.visit_decorator(it));
                self.defaults(&it.parameters);
            }
            ast::Stmt::ClassDef(it) => {
                self.bound.insert(it.name.to_string());
                it.decorator_list.iter().for_each(|it| self.visit_decorator(it));
                it.arguments.iter().for_each(|it| self.visit_arguments(it));
            }
            ast::Stmt::Import(it) => self.bound.extend(it.names.iter().map(|alias| {
                let first = alias.name.split('.').next().expect("a name");
                alias.asname.as_ref().map_or(first, |it| it).to_string()
            })),
            ast::Stmt::ImportFrom(it) => {
                let bound = it.names.iter().filter(|alias| &*alias.name != "*");
                self.bound.extend(
                    bound.map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).to_string()),
                );
            }
            ast::Stmt::Global(it) => self.globals.extend(it.names.iter().map(|it| name(it))),
            ast::Stmt::Nonlocal(it) => self.nonlocals.extend(it.names.iter().map(|it| name(it))),
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a ast::Expr) {
        match expr {
            ast::Expr::Name(it) if !it.ctx.is_load() => {
                self.bound.insert(it.id.to_string());
            }
            ast::Expr::Lambda(it) => {
                it.parameters.iter().for_each(|it| self.defaults(it));
            }
            ast::Expr::Yield(_) | ast::Expr::YieldFrom(_) => {
                self.is_generator = true;
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_comprehension(&mut self, it: &'a ast::Comprehension) {
        self.visit_expr(&it.iter);
        it.ifs.iter().for_each(|it| self.visit_expr(it));
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(it) = handler;
        self.bound.extend(it.name.as_ref().map(ToString::to_string));
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a ast::Pattern) {
        let bound = match pattern {
            ast::Pattern::MatchAs(it) => &it.name,
            ast::Pattern::MatchStar(it) => &it.name,
            ast::Pattern::MatchMapping(it) => &it.rest,
            _ => &None,
        };
        self.bound.extend(bound.as_ref().map(ToString::to_string));
        visitor::walk_pattern(self, pattern);
    }
}
