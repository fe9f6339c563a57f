//! Statements.

use std::mem;
use std::sync::Arc;

use tree_sitter::Node;

use super::expression::{binary_operator, extent};
use super::kind::Kind;
use super::{Lower, Names, span, unknown};
use crate::syntax::{
    Arg, ArgKind, BinOp, Case, ClassDef, Expr, ExprKind, FunctionDef, Handler, ImportAlias,
    ImportNames, Name, Param, ParamKind, Pattern, Stmt, StmtKind,
};
use crate::text::Span;

impl<'t> Lower<'t> {
    /// Adds the statement under the cursor to `body`; what is none is passed over. Cuts it off
    /// where it stands too deep.
    pub(super) fn statement(&mut self, node: Node<'t>, kind: Kind, body: &mut Vec<Stmt>) {
        if kind.is_token() {
            return;
        }
        // Only an error leaves a block among statements.
        if kind == Kind::Block {
            body.extend(self.nested(1, Vec::new, Self::block));
            return;
        }
        let made = self.nested(1, || None, |this| this.statement_kind(node, kind));
        let Some(kind) = made else { return };
        let mut span = span(node);
        // A block in tree-sitter goes on to the comments that follow it.
        span.end = end_of(&kind).unwrap_or(span.end);
        body.push(Stmt { span, kind });
    }

    fn statement_kind(&mut self, node: Node<'t>, kind: Kind) -> Option<StmtKind> {
        Some(match kind {
            Kind::ExpressionStatement => return self.expression_statement(node),
            Kind::Assignment => self.assignment(node),
            Kind::AugmentedAssignment => return self.augmented_assignment(),
            Kind::ImportStatement => StmtKind::Import(self.imports()),
            Kind::FutureImportStatement | Kind::ImportFromStatement => self.import_from(node, kind),
            Kind::PrintStatement => self.print(node),
            Kind::ExecStatement => StmtKind::Expr(self.python_2_call(node, "exec")),
            Kind::ReturnStatement => StmtKind::Return(self.first_expr()),
            Kind::DeleteStatement => self.delete(),
            Kind::RaiseStatement => self.raise(),
            Kind::AssertStatement => self.assert(node),
            Kind::GlobalStatement => {
                let names = self.identifiers();
                self.scope().globals.extend(names.iter().cloned());
                StmtKind::Global(names)
            }
            Kind::NonlocalStatement => {
                let names = self.identifiers();
                self.scope().nonlocals.extend(names.iter().cloned());
                StmtKind::Nonlocal(names)
            }
            Kind::TypeAliasStatement => self.type_alias(node),
            Kind::PassStatement => StmtKind::Pass,
            Kind::BreakStatement => StmtKind::Break,
            Kind::ContinueStatement => StmtKind::Continue,
            Kind::IfStatement => self.if_statement(node),
            Kind::ForStatement => self.for_statement(node),
            Kind::WhileStatement => self.while_statement(node),
            Kind::TryStatement => self.try_statement(),
            Kind::WithStatement => self.with_statement(),
            Kind::MatchStatement => self.match_statement(node),
            Kind::FunctionDefinition => self.function(node, Vec::new()),
            Kind::ClassDefinition => self.class(node, Vec::new()),
            Kind::DecoratedDefinition => return self.decorated(),
            _ => return None,
        })
    }

    fn expression_statement(&mut self, node: Node<'t>) -> Option<StmtKind> {
        let (mut values, mut comma, mut made) = (Vec::new(), false, None);
        self.each(|this, node, kind| match kind {
            Kind::Assignment => made = Some(this.assignment(node)),
            Kind::AugmentedAssignment => made = this.augmented_assignment(),
            Kind::Comma => comma = true,
            _ if kind.is_token() => {}
            // Several are a tuple, which is a level.
            _ => values.push(this.nested(1, || unknown(span(node)), |this| this.expr(node, kind))),
        });
        if made.is_some() {
            return made;
        }
        let value = match values.len() {
            0 => return None,
            1 if !comma => values.remove(0),
            _ => Expr { span: span(node), kind: ExprKind::Tuple(values) },
        };
        Some(StmtKind::Expr(value))
    }

    /// `a = b = c` nests to the right: walk down it.
    fn assignment(&mut self, node: Node<'t>) -> StmtKind {
        let (mut targets, mut annotation, mut value) = (Vec::with_capacity(1), None, None);
        let mut steps = 0;
        while self.cursor.goto_first_child() {
            steps += 1;
            let (mut is_left, mut descend) = (true, false);
            loop {
                let node = self.cursor.node();
                match Kind::of(node) {
                    Kind::Comment | Kind::LineContinuation | Kind::AugmentedAssignment => {}
                    Kind::Error => self.salvage(),
                    Kind::Type => annotation = Some(self.expr(node, Kind::Type)),
                    Kind::Assignment => descend = true,
                    kind if kind.is_token() => is_left = false,
                    kind if is_left => targets.push(self.expr(node, kind)),
                    kind => value = Some(self.expr(node, kind)),
                }
                if descend || !self.cursor.goto_next_sibling() {
                    break;
                }
            }
            if !descend {
                break;
            }
        }
        for _ in 0..steps {
            self.cursor.goto_parent();
        }
        for target in &targets {
            self.bind_target(target);
        }
        match annotation {
            Some(annotation) if targets.len() == 1 => StmtKind::AnnAssign {
                target: Box::new(targets.remove(0)),
                annotation: Box::new(annotation),
                value,
            },
            _ => StmtKind::Assign { targets, value: value.unwrap_or_else(|| unknown(span(node))) },
        }
    }

    fn augmented_assignment(&mut self) -> Option<StmtKind> {
        let (mut target, mut op, mut value) = (None, None, None);
        self.each(|this, node, kind| {
            if kind.is_token() {
                op = binary_operator(kind);
            } else if target.is_none() {
                target = Some(this.expr(node, kind));
            } else {
                value = Some(this.expr(node, kind));
            }
        });
        let (target, op) = (target?, op?);
        self.bind_target(&target);
        let value = value.unwrap_or_else(|| unknown(target.span));
        Some(StmtKind::AugAssign { target: Box::new(target), op, value })
    }

    fn imports(&mut self) -> Vec<ImportAlias> {
        let mut aliases = self.room();
        self.each_node(|this, node, kind| {
            let alias = this.alias(node, kind);
            if let Some(alias) = &alias.alias {
                this.bind(alias);
            } else {
                // `import a.b` binds `a`.
                let text = this.slice(node);
                let end = text.find(|c: char| c == '.' || c == '\\' || c.is_whitespace());
                let first = this.intern(&text[..end.unwrap_or(text.len())]);
                this.bind(&first);
            }
            aliases.push(alias);
        });
        aliases
    }

    fn alias(&mut self, node: Node<'t>, kind: Kind) -> ImportAlias {
        let (mut name, mut alias) = (None, None);
        if kind == Kind::AliasedImport {
            self.each_node(|this, node, kind| match kind {
                Kind::DottedName => name = Some(this.dotted_name(node)),
                _ => alias = Some(this.name(node)),
            });
        } else {
            name = Some(self.dotted_name(node));
        }
        ImportAlias { name: name.unwrap_or_else(|| self.intern("")), alias, span: span(node) }
    }

    /// A dotted name without the spaces that may stand in it.
    fn dotted_name(&mut self, node: Node<'t>) -> Name {
        let text = self.slice(node);
        if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_') {
            return self.intern(text);
        }
        let mut joined = String::with_capacity(text.len());
        self.each_node(|this, node, _| {
            if !joined.is_empty() {
                joined.push('.');
            }
            joined.push_str(this.slice(node));
        });
        joined.into()
    }

    fn import_from(&mut self, node: Node<'t>, kind: Kind) -> StmtKind {
        let (mut level, mut module, mut module_span) = (0, None, Span::empty(node.start_byte()));
        let (mut star, mut aliases) = (false, Vec::new());
        let mut is_module = true;
        if kind == Kind::FutureImportStatement {
            module = Some(self.intern("__future__"));
        }
        self.each(|this, node, child| match child {
            Kind::RelativeImport => {
                module_span = span(node);
                is_module = false;
                this.each_node(|this, node, kind| match kind {
                    Kind::ImportPrefix => {
                        let dots = this.slice(node).bytes().filter(|byte| *byte == b'.');
                        level = dots.count() as u32;
                    }
                    _ => module = Some(this.dotted_name(node)),
                });
            }
            Kind::WildcardImport => star = true,
            // The grammar has `__future__` as a keyword.
            Kind::OtherToken if this.slice(node) == "__future__" => {
                module_span = span(node);
                is_module = false;
            }
            _ if child.is_token() => {}
            Kind::DottedName if is_module => {
                module_span = span(node);
                module = Some(this.dotted_name(node));
                is_module = false;
            }
            _ => {
                let alias = this.alias(node, child);
                this.bind(alias.alias.as_ref().unwrap_or(&alias.name));
                aliases.push(alias);
            }
        });
        let names = if star { ImportNames::Star } else { ImportNames::Names(aliases) };
        StmtKind::ImportFrom { level, module, module_span, names }
    }

    /// `print "x"` is a call to a reader of Python 2; `print >>f, x` is an expression to Python 3
    /// too, and so it stays one.
    fn print(&mut self, node: Node<'t>) -> StmtKind {
        let (mut comma, mut values) = (false, Vec::new());
        let mut name_span = Span::empty(node.start_byte());
        let mut shift = false;
        self.each(|this, node, kind| match kind {
            Kind::Comma => comma = true,
            Kind::Chevron => {
                shift = true;
                let name = this.intern("print");
                let file = this.nested(2, Vec::new, Self::elements).into_iter().next();
                let file = file.unwrap_or_else(|| unknown(span(node)));
                values.push(Expr {
                    span: name_span.to(span(node)),
                    kind: ExprKind::Binary {
                        left: Box::new(Expr { span: name_span, kind: ExprKind::Name(name) }),
                        op: BinOp::RightShift,
                        right: Box::new(file),
                    },
                });
            }
            _ if kind.is_token() => name_span = span(node),
            _ => values.push(this.nested(1, || unknown(span(node)), |this| this.expr(node, kind))),
        });
        if !shift {
            return StmtKind::Expr(self.call_of(node, name_span, "print", values));
        }
        StmtKind::Expr(match values.len() {
            1 if !comma => values.remove(0),
            _ => Expr { span: span(node), kind: ExprKind::Tuple(values) },
        })
    }

    fn python_2_call(&mut self, node: Node<'t>, name: &'t str) -> Expr {
        let values = self.nested(1, Vec::new, Self::elements);
        let start = node.start_byte();
        self.call_of(node, Span::new(start, start + name.len()), name, values)
    }

    fn call_of(
        &mut self,
        node: Node<'t>,
        name_span: Span,
        name: &'t str,
        values: Vec<Expr>,
    ) -> Expr {
        let callee = Expr { span: name_span, kind: ExprKind::Name(self.intern(name)) };
        let argument = |value: Expr| Arg { span: value.span, kind: ArgKind::Positional, value };
        let args = values.into_iter().map(argument).collect();
        Expr { span: span(node), kind: ExprKind::Call { callee: Box::new(callee), args } }
    }

    fn first_expr(&mut self) -> Option<Expr> {
        self.elements().into_iter().next()
    }

    fn delete(&mut self) -> StmtKind {
        let mut targets = Vec::new();
        self.each_node(|this, node, kind| match kind {
            Kind::ExpressionList => targets.append(&mut this.elements()),
            _ => targets.push(this.expr(node, kind)),
        });
        for target in &targets {
            self.bind_target(target);
        }
        StmtKind::Delete(targets)
    }

    fn raise(&mut self) -> StmtKind {
        let (mut exception, mut cause, mut from) = (None, None, false);
        self.each(|this, node, kind| match kind {
            Kind::From => from = true,
            _ if kind.is_token() => {}
            _ if from => cause = Some(this.expr(node, kind)),
            _ => exception = Some(this.expr(node, kind)),
        });
        StmtKind::Raise { exception, cause }
    }

    fn assert(&mut self, node: Node<'t>) -> StmtKind {
        let mut parts = self.elements().into_iter();
        let test = parts.next().unwrap_or_else(|| unknown(span(node)));
        StmtKind::Assert { test, message: parts.next() }
    }

    fn identifiers(&mut self) -> Vec<Name> {
        let mut names = self.room();
        self.each_node(|this, node, _| names.push(this.name(node)));
        names
    }

    fn type_alias(&mut self, node: Node<'t>) -> StmtKind {
        let (mut left, mut right) = (None, None);
        self.each_node(|this, node, kind| {
            let expr = this.nested(1, || unknown(span(node)), |this| this.expr(node, kind));
            if left.is_none() {
                left = Some((node, expr));
            } else {
                right = Some(expr);
            }
        });
        let Some((left_node, mut left)) = left else { return StmtKind::Pass };
        // The grammar takes `type(a).b = c` for an alias as well.
        if self.slice(left_node).starts_with(['(', '[']) {
            self.ungraft_type(&mut left, left_node.start_byte(), node.start_byte());
            let value = right.unwrap_or_else(|| unknown(span(node)));
            return StmtKind::Assign { targets: vec![left], value };
        }
        match left.kind {
            ExprKind::Subscript { value, .. } => self.bind_target(&value),
            _ => self.bind_target(&left),
        }
        StmtKind::Pass
    }

    /// Gives `expr`, which was read from `bracket` on, back the `type` that stands at `start` and
    /// is called or subscripted by what the bracket opens.
    fn ungraft_type(&mut self, expr: &mut Expr, bracket: usize, start: usize) {
        // What begins later stands in the parentheses of the call.
        if expr.span.start as usize == bracket
            && let ExprKind::Attribute { value: next, .. }
            | ExprKind::Subscript { value: next, .. }
            | ExprKind::Call { callee: next, .. } = &mut expr.kind
        {
            expr.span.start = start as u32;
            return self.ungraft_type(next, bracket, start);
        }
        let inner = mem::replace(expr, unknown(expr.span));
        let name_span = Span::new(start, start + "type".len());
        let name = Box::new(Expr { span: name_span, kind: ExprKind::Name(self.intern("type")) });
        let argument = |value: Expr| Arg { span: value.span, kind: ArgKind::Positional, value };
        let mut span = name_span.to(inner.span);
        let kind = match inner.kind {
            ExprKind::List(items) => {
                let index = match <[Expr; 1]>::try_from(items) {
                    Ok([only]) => only,
                    Err(items) => Expr { span: inner.span, kind: ExprKind::Tuple(items) },
                };
                ExprKind::Subscript { value: name, index: Box::new(index) }
            }
            ExprKind::Tuple(items) if inner.span.start as usize == bracket => {
                ExprKind::Call { callee: name, args: items.into_iter().map(argument).collect() }
            }
            kind => {
                let rest = self.text.get(span.end as usize..).unwrap_or_default();
                span.end += rest.find(')').map_or(0, |at| at as u32 + 1);
                let value = Expr { span: inner.span, kind };
                ExprKind::Call { callee: name, args: vec![argument(value)] }
            }
        };
        *expr = Expr { span, kind };
    }

    fn if_statement(&mut self, node: Node<'t>) -> StmtKind {
        let (mut arms, mut orelse) = (Vec::with_capacity(1), Vec::new());
        let mut first = Arm::default();
        self.each_node(|this, node, kind| match kind {
            Kind::ElifClause => {
                arms.extend(mem::take(&mut first).finish());
                let mut arm = Arm::default();
                this.each_node(|this, node, kind| this.arm(node, kind, &mut arm));
                arms.extend(arm.finish());
            }
            Kind::ElseClause => orelse = this.clause_body(),
            _ => this.arm(node, kind, &mut first),
        });
        arms.splice(0..0, first.finish());
        if arms.is_empty() {
            arms.push((unknown(span(node)), Vec::new()));
        }
        StmtKind::If { arms, orelse }
    }

    fn arm(&mut self, node: Node<'t>, kind: Kind, arm: &mut Arm) {
        match kind {
            Kind::Block => arm.body = self.block(),
            _ => arm.test = Some(self.expr(node, kind)),
        }
    }

    /// The block of an `else` or `finally`.
    fn clause_body(&mut self) -> Vec<Stmt> {
        let mut body = Vec::new();
        self.each_node(|this, _, kind| {
            if kind == Kind::Block {
                body = this.block();
            }
        });
        body
    }

    fn for_statement(&mut self, node: Node<'t>) -> StmtKind {
        let (mut target, mut iter) = (None, None);
        let (mut body, mut orelse) = (Vec::new(), Vec::new());
        self.each_node(|this, node, kind| match kind {
            Kind::Block => body = this.block(),
            Kind::ElseClause => orelse = this.clause_body(),
            _ if target.is_none() => {
                let made = this.expr(node, kind);
                this.bind_target(&made);
                target = Some(made);
            }
            _ => iter = Some(this.expr(node, kind)),
        });
        let missing = || unknown(span(node));
        StmtKind::For {
            target: Box::new(target.unwrap_or_else(missing)),
            iter: Box::new(iter.unwrap_or_else(missing)),
            body,
            orelse,
        }
    }

    fn while_statement(&mut self, node: Node<'t>) -> StmtKind {
        let (mut arm, mut orelse) = (Arm::default(), Vec::new());
        self.each_node(|this, node, kind| match kind {
            Kind::ElseClause => orelse = this.clause_body(),
            _ => this.arm(node, kind, &mut arm),
        });
        StmtKind::While {
            test: arm.test.unwrap_or_else(|| unknown(span(node))),
            body: arm.body,
            orelse,
        }
    }

    fn try_statement(&mut self) -> StmtKind {
        let (mut body, mut handlers) = (Vec::new(), Vec::with_capacity(1));
        let (mut orelse, mut finally) = (Vec::new(), Vec::new());
        self.each_node(|this, node, kind| match kind {
            Kind::Block => body = this.block(),
            Kind::ExceptClause => handlers.push(this.handler(node)),
            Kind::ElseClause => orelse = this.clause_body(),
            Kind::FinallyClause => finally = this.clause_body(),
            _ => {}
        });
        StmtKind::Try { body, handlers, orelse, finally }
    }

    fn handler(&mut self, node: Node<'t>) -> Handler {
        let (mut classes, mut name, mut body) = (Vec::new(), None, Vec::new());
        self.each_node(|this, node, kind| match kind {
            Kind::Block => {
                if let Some(name) = &name {
                    this.bind(name);
                }
                body = this.block();
            }
            Kind::AsPattern => {
                let (class, target) = this.as_pattern(node);
                classes.push(class);
                if let Some(Expr { kind: ExprKind::Name(target), .. }) = target {
                    name = Some(target);
                }
            }
            // `except A, B:` of Python 3.14; the tuple is a level.
            _ => classes.push(this.nested(1, || unknown(span(node)), |this| this.expr(node, kind))),
        });
        let class = match extent(&classes, None) {
            Some(span) if classes.len() > 1 => Some(Expr { span, kind: ExprKind::Tuple(classes) }),
            _ => classes.pop(),
        };
        let mut span = span(node);
        span.end = body.last().map_or(span.end, |last| last.span.end);
        Handler { span, class, name, body }
    }

    /// `value as target`.
    fn as_pattern(&mut self, node: Node<'t>) -> (Expr, Option<Expr>) {
        let (mut value, mut target) = (None, None);
        self.each_node(|this, node, kind| match kind {
            Kind::AsPatternTarget => target = Some(this.expr(node, kind)),
            _ => value = Some(this.nested(1, || unknown(span(node)), |this| this.expr(node, kind))),
        });
        (value.unwrap_or_else(|| unknown(span(node))), target)
    }

    fn with_statement(&mut self) -> StmtKind {
        let (mut items, mut body) = (Vec::with_capacity(1), Vec::new());
        self.each_node(|this, _, kind| match kind {
            Kind::Block => body = this.block(),
            Kind::WithClause => this.each_node(|this, _, _| {
                this.each_node(|this, node, kind| {
                    let item = this.with_item(node, kind);
                    if let (_, Some(target)) = &item {
                        this.bind_target(target);
                    }
                    items.push(item);
                });
            }),
            _ => {}
        });
        StmtKind::With { items, body }
    }

    fn with_item(&mut self, node: Node<'t>, kind: Kind) -> (Expr, Option<Expr>) {
        match kind {
            Kind::AsPattern => self.as_pattern(node),
            // `with (a as b):` has parentheses around its only item.
            Kind::ParenthesizedExpression => {
                let mut item = None;
                self.each_node(|this, node, kind| {
                    if kind == Kind::AsPattern {
                        item = Some(this.as_pattern(node));
                    }
                });
                item.unwrap_or_else(|| (self.expr(node, kind), None))
            }
            _ => (self.expr(node, kind), None),
        }
    }

    fn match_statement(&mut self, node: Node<'t>) -> StmtKind {
        let (mut subjects, mut comma, mut cases) = (Vec::new(), None, Vec::new());
        self.each(|this, node, kind| match kind {
            Kind::Comma => comma = Some(span(node)),
            _ if kind.is_token() => {}
            Kind::Block => this.each_node(|this, _, kind| {
                if kind == Kind::CaseClause {
                    cases.push(this.case());
                }
            }),
            _ => {
                subjects.push(this.nested(1, || unknown(span(node)), |this| this.expr(node, kind)));
            }
        });
        let subject = match extent(&subjects, comma) {
            Some(_) if comma.is_none() && subjects.len() == 1 => subjects.remove(0),
            Some(span) => Expr { span, kind: ExprKind::Tuple(subjects) },
            None => unknown(span(node)),
        };
        StmtKind::Match { subject, cases }
    }

    fn case(&mut self) -> Case {
        let (mut patterns, mut comma) = (Vec::new(), false);
        let (mut guard, mut body) = (None, Vec::new());
        self.each(|this, node, kind| match kind {
            Kind::Comma => comma = true,
            Kind::CasePattern => patterns.push(this.pattern(node, kind)),
            Kind::IfClause => guard = this.first_expr(),
            Kind::Block => body = this.block(),
            _ => {}
        });
        let pattern: Pattern = match patterns.len() {
            1 if !comma => patterns.remove(0),
            _ => Pattern::Sequence(patterns),
        };
        Case { pattern, guard, body }
    }

    fn decorated(&mut self) -> Option<StmtKind> {
        let (mut decorators, mut made) = (Vec::new(), None);
        self.each_node(|this, node, kind| match kind {
            Kind::Decorator => decorators.extend(this.first_expr()),
            Kind::FunctionDefinition => {
                made = Some(this.function(node, mem::take(&mut decorators)));
            }
            Kind::ClassDefinition => {
                made = Some(this.class(node, mem::take(&mut decorators)));
            }
            _ => {}
        });
        made
    }

    fn function(&mut self, node: Node<'t>, decorators: Vec<Expr>) -> StmtKind {
        let mut name = None;
        let (mut is_async, mut params, mut returns) = (false, Vec::new(), None);
        let (mut body, mut names) = (Vec::new(), Names::default());
        self.each(|this, node, kind| match kind {
            Kind::AsyncKeyword => is_async = true,
            Kind::Identifier if name.is_none() => name = Some((this.name(node), span(node))),
            Kind::Parameters => params = this.params(),
            Kind::Type => returns = Some(this.expr(node, kind)),
            Kind::Block => {
                this.open_scope();
                this.bind_params(&params);
                body = this.block();
                names = this.close_scope();
            }
            _ => {}
        });
        let (name, name_span) =
            name.unwrap_or_else(|| (self.intern(""), Span::empty(node.start_byte())));
        self.bind(&name);
        let mut span = span(node);
        span.end = body.last().map_or(span.end, |last| last.span.end);
        StmtKind::Function(Arc::new(FunctionDef {
            name,
            name_span,
            span,
            decorators,
            params,
            returns,
            body,
            is_async,
            is_generator: names.is_generator,
            locals: names.locals,
            globals: names.globals,
            nonlocals: names.nonlocals,
        }))
    }

    pub(super) fn bind_params(&mut self, params: &[Param]) {
        for param in params {
            self.bind(&param.name);
        }
    }

    pub(super) fn params(&mut self) -> Vec<Param> {
        let mut params: Vec<Param> = self.room();
        let mut default_kind = ParamKind::Normal;
        self.each_node(|this, node, kind| match kind {
            Kind::PositionalSeparator => {
                for param in &mut params {
                    param.kind = ParamKind::PositionalOnly;
                }
            }
            Kind::KeywordSeparator => default_kind = ParamKind::KeywordOnly,
            _ => {
                let param = this.param(node, kind, default_kind);
                if param.kind == ParamKind::VarPositional {
                    default_kind = ParamKind::KeywordOnly;
                }
                params.push(param);
            }
        });
        params
    }

    fn param(&mut self, node: Node<'t>, kind: Kind, default_kind: ParamKind) -> Param {
        let mut param = Param {
            name: self.intern(""),
            kind: default_kind,
            default: None,
            annotation: None,
            span: span(node),
        };
        let mut is_named = false;
        match kind {
            Kind::TypedParameter | Kind::DefaultParameter | Kind::TypedDefaultParameter => {
                self.each_node(|this, node, kind| match kind {
                    Kind::Type => param.annotation = Some(Box::new(this.expr(node, kind))),
                    _ if is_named => param.default = Some(Box::new(this.expr(node, kind))),
                    _ => {
                        is_named = true;
                        this.param_name(node, kind, &mut param);
                    }
                });
            }
            _ => self.param_name(node, kind, &mut param),
        }
        param
    }

    fn param_name(&mut self, node: Node<'t>, kind: Kind, param: &mut Param) {
        match kind {
            Kind::Identifier => param.name = self.name(node),
            Kind::ListSplatPattern | Kind::DictionarySplatPattern => {
                param.kind = match kind {
                    Kind::ListSplatPattern => ParamKind::VarPositional,
                    _ => ParamKind::VarKeyword,
                };
                self.each_node(|this, node, kind| {
                    if kind == Kind::Identifier {
                        param.name = this.name(node);
                    }
                });
            }
            // `def f((a, b)):` of Python 2 has no name to give.
            _ => {}
        }
    }

    fn class(&mut self, node: Node<'t>, decorators: Vec<Expr>) -> StmtKind {
        let (mut name, mut bases, mut body) = (None, Vec::new(), Vec::new());
        self.each_node(|this, node, kind| match kind {
            Kind::Identifier if name.is_none() => name = Some((this.name(node), span(node))),
            Kind::ArgumentList => bases = this.arguments(),
            Kind::Block => {
                this.open_scope();
                body = this.block();
                this.close_scope();
            }
            _ => {}
        });
        let (name, name_span) =
            name.unwrap_or_else(|| (self.intern(""), Span::empty(node.start_byte())));
        self.bind(&name);
        let mut span = span(node);
        span.end = body.last().map_or(span.end, |last| last.span.end);
        StmtKind::Class(Arc::new(ClassDef { name, name_span, span, decorators, bases, body }))
    }
}

/// A condition and what it guards.
#[derive(Default)]
struct Arm {
    test: Option<Expr>,
    body: Vec<Stmt>,
}

impl Arm {
    fn finish(self) -> Option<(Expr, Vec<Stmt>)> {
        self.test.map(|test| (test, self.body))
    }
}

/// Where the last statement of a compound statement ends.
fn end_of(kind: &StmtKind) -> Option<u32> {
    fn last(body: &[Stmt]) -> Option<u32> {
        body.last().map(|stmt| stmt.span.end)
    }
    match kind {
        StmtKind::Function(function) => Some(function.span.end),
        StmtKind::Class(class) => Some(class.span.end),
        StmtKind::If { arms, orelse } => {
            last(orelse).or_else(|| arms.iter().rev().find_map(|(_, body)| last(body)))
        }
        StmtKind::For { body, orelse, .. } | StmtKind::While { body, orelse, .. } => {
            last(orelse).or_else(|| last(body))
        }
        StmtKind::Try { body, handlers, orelse, finally } => last(finally)
            .or_else(|| last(orelse))
            .or_else(|| handlers.last().map(|handler| handler.span.end))
            .or_else(|| last(body)),
        StmtKind::With { body, .. } => last(body),
        StmtKind::Match { cases, .. } => cases.iter().rev().find_map(|case| last(&case.body)),
        _ => None,
    }
}
