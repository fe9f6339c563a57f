//! Expressions.

use std::sync::Arc;

use tree_sitter::Node;

use super::kind::Kind;
use super::literal::{self, Opening};
use super::{Lower, span, unknown};
use crate::syntax::{
    Arg, ArgKind, BinOp, Clause, CompareOp, ComprehensionKind, Expr, ExprKind, FStringPart,
    FunctionDef, Shown, Stmt, StmtKind, UnaryOp,
};
use crate::text::Span;

impl<'t> Lower<'t> {
    /// The expression under the cursor.
    pub(super) fn expr(&mut self, node: Node<'t>, kind: Kind) -> Expr {
        let kind = match kind {
            Kind::Identifier => match self.slice(node) {
                // The parser made it up.
                "" => ExprKind::Unknown,
                text => ExprKind::Name(self.intern(text)),
            },
            Kind::None => ExprKind::None,
            Kind::True => ExprKind::Bool(true),
            Kind::False => ExprKind::Bool(false),
            Kind::Ellipsis => ExprKind::Ellipsis,
            Kind::Integer | Kind::Float => literal::number(self.slice(node)),
            Kind::String => self.string(node),
            Kind::ParenthesizedExpression
            | Kind::TuplePattern
            | Kind::Type
            | Kind::AsPattern
            | Kind::AsPatternTarget => return self.transparent(),
            _ => {
                let made = self.nested(1, || ExprKind::Unknown, |this| this.composite(node, kind));
                return hoist_star(Expr { span: span(node), kind: made });
            }
        };
        Expr { span: span(node), kind }
    }

    /// Passes, in a loop, all that makes no level of its own: parentheses, and wrappers of which
    /// only the first child counts.
    fn transparent(&mut self) -> Expr {
        let mut steps = 0;
        let made = loop {
            let node = self.cursor.node();
            let kind = Kind::of(node);
            match kind {
                Kind::ParenthesizedExpression
                | Kind::Type
                | Kind::AsPattern
                | Kind::AsPatternTarget => {}
                // On the left of `=` parentheses and tuples look the same.
                Kind::TuplePattern if !self.is_tuple() => {}
                Kind::TuplePattern => {
                    let kind = self.nested(
                        1,
                        || ExprKind::Unknown,
                        |this| ExprKind::Tuple(this.elements()),
                    );
                    break Expr { span: span(node), kind };
                }
                _ => break self.expr(node, kind),
            }
            if !self.goto_first_node() {
                break unknown(span(node));
            }
            steps += 1;
        };
        for _ in 0..steps {
            self.cursor.goto_parent();
        }
        made
    }

    /// Moves to the first child that is no token; stays where there is none.
    fn goto_first_node(&mut self) -> bool {
        if !self.cursor.goto_first_child() {
            return false;
        }
        loop {
            match Kind::of(self.cursor.node()) {
                Kind::Error => self.salvage(),
                Kind::Comment | Kind::LineContinuation => {}
                kind if kind.is_token() => {}
                _ => return true,
            }
            if !self.cursor.goto_next_sibling() {
                self.cursor.goto_parent();
                return false;
            }
        }
    }

    /// Whether the parentheses under the cursor make a tuple.
    fn is_tuple(&mut self) -> bool {
        let (mut nodes, mut comma) = (0, false);
        self.each(|_, _, kind| {
            comma |= kind == Kind::Comma;
            nodes += usize::from(!kind.is_token());
        });
        comma || nodes != 1
    }

    fn composite(&mut self, node: Node<'t>, kind: Kind) -> ExprKind {
        match kind {
            Kind::Attribute | Kind::MemberType => self.attribute(),
            Kind::Call => self.call(),
            Kind::Subscript | Kind::GenericType => self.subscript(),
            Kind::BinaryOperator => self.binary(),
            Kind::UnionType => self.union(node),
            Kind::BooleanOperator => self.logic(),
            Kind::ComparisonOperator => self.comparison(),
            Kind::UnaryOperator => self.unary(),
            Kind::NotOperator => self.only(|operand| ExprKind::Unary { op: UnaryOp::Not, operand }),
            Kind::Await => self.only(ExprKind::Await),
            Kind::ListSplat | Kind::ListSplatPattern | Kind::SplatType => {
                self.only(ExprKind::Starred)
            }
            Kind::ConditionalExpression => self.conditional(),
            Kind::NamedExpression => self.named(),
            Kind::Lambda => ExprKind::Lambda(Arc::new(self.lambda(node))),
            Kind::Yield => self.yielded(),
            Kind::Tuple | Kind::ExpressionList | Kind::PatternList | Kind::TuplePattern => {
                ExprKind::Tuple(self.elements())
            }
            Kind::List | Kind::ListPattern => ExprKind::List(self.elements()),
            Kind::Set => ExprKind::Set(self.elements()),
            Kind::Slice => self.slice_parts(),
            Kind::Dictionary => self.dictionary(),
            Kind::ListComprehension => self.comprehension(ComprehensionKind::List),
            Kind::SetComprehension => self.comprehension(ComprehensionKind::Set),
            Kind::DictionaryComprehension => self.comprehension(ComprehensionKind::Dict),
            Kind::GeneratorExpression => self.comprehension(ComprehensionKind::Generator),
            Kind::ConcatenatedString => self.strings(),
            _ => ExprKind::Unknown,
        }
    }

    /// The expressions under the current node; `comma` is the last one among them.
    pub(super) fn separated(&mut self, comma: &mut Option<Span>) -> Vec<Expr> {
        let mut elements = self.room();
        self.each_until(|this, node, kind| {
            match kind {
                Kind::Comma => *comma = Some(span(node)),
                Kind::Close | Kind::CloseBracket | Kind::CloseBrace => return true,
                _ if kind.is_token() => {}
                _ => elements.push(this.expr(node, kind)),
            }
            false
        });
        elements
    }

    /// The expressions under the current node.
    pub(super) fn elements(&mut self) -> Vec<Expr> {
        self.separated(&mut None)
    }

    fn slice_parts(&mut self) -> ExprKind {
        let mut parts = [None, None, None];
        let mut at = 0;
        self.each(|this, node, kind| match kind {
            Kind::Colon => at += 1,
            _ if kind.is_token() => {}
            _ => {
                if let Some(part) = parts.get_mut(at) {
                    *part = Some(this.expr(node, kind));
                }
            }
        });
        ExprKind::Slice(Box::new(parts))
    }

    /// Wraps the first expression under the current node.
    fn only(&mut self, wrap: impl FnOnce(Box<Expr>) -> ExprKind) -> ExprKind {
        let mut found = None;
        self.each_node(|this, node, kind| {
            if found.is_none() {
                found = Some(Box::new(this.expr(node, kind)));
            }
        });
        found.map_or(ExprKind::Unknown, wrap)
    }

    fn attribute(&mut self) -> ExprKind {
        let (mut value, mut name) = (None, None);
        self.each_until(|this, node, kind| {
            if kind.is_token() {
                return false;
            }
            if value.is_none() {
                value = Some(Box::new(this.expr(node, kind)));
            } else {
                name = Some(node);
            }
            name.is_some()
        });
        match (value, name) {
            (Some(value), Some(name)) => {
                ExprKind::Attribute { value, name: self.name(name), name_span: span(name) }
            }
            _ => ExprKind::Unknown,
        }
    }

    fn call(&mut self) -> ExprKind {
        let (mut callee, mut args) = (None, Vec::new());
        self.each_until(|this, node, kind| {
            match kind {
                Kind::ArgumentList => args = this.arguments(),
                _ if callee.is_none() => {
                    callee = Some(Box::new(this.expr(node, kind)));
                    return false;
                }
                _ => args.push(this.generator_argument(node, kind)),
            }
            true
        });
        callee.map_or(ExprKind::Unknown, |callee| ExprKind::Call { callee, args })
    }

    /// `f(x for x in y)`: the call's parentheses belong to the tree's generator.
    fn generator_argument(&mut self, node: Node<'t>, kind: Kind) -> Arg {
        let mut value = self.expr(node, kind);
        if kind == Kind::GeneratorExpression {
            let mut inner: Option<Span> = None;
            self.each_node(|_, node, _| {
                inner = Some(inner.map_or(span(node), |inner| inner.to(span(node))));
            });
            value.span = inner.unwrap_or(value.span);
        }
        Arg { span: value.span, kind: ArgKind::Positional, value }
    }

    /// The arguments of a call or the bases of a class.
    pub(super) fn arguments(&mut self) -> Vec<Arg> {
        let mut args = self.room();
        self.each_until(|this, node, kind| {
            if !kind.is_token() {
                args.push(this.argument(node, kind));
            }
            kind == Kind::Close
        });
        args
    }

    fn argument(&mut self, node: Node<'t>, kind: Kind) -> Arg {
        let (mut how, mut value) = (ArgKind::Positional, None);
        match kind {
            Kind::KeywordArgument => {
                let mut name = None;
                self.each_until(|this, node, kind| {
                    if name.is_none() {
                        name = Some(this.name(node));
                    } else if !kind.is_token() {
                        value = Some(this.expr(node, kind));
                    }
                    value.is_some()
                });
                how = name.map_or(how, ArgKind::Keyword);
            }
            Kind::ListSplat | Kind::DictionarySplat => {
                how = if kind == Kind::ListSplat { ArgKind::Star } else { ArgKind::DoubleStar };
                self.each_node(|this, node, kind| value = Some(this.expr(node, kind)));
            }
            _ => {
                let expr = self.expr(node, kind);
                value = Some(match expr.kind {
                    ExprKind::Starred(inner) => {
                        how = ArgKind::Star;
                        *inner
                    }
                    _ => expr,
                });
            }
        }
        let span = span(node);
        Arg { span, kind: how, value: value.unwrap_or_else(|| unknown(span)) }
    }

    fn subscript(&mut self) -> ExprKind {
        let (mut value, mut indices, mut comma) = (None, Vec::new(), None);
        self.each(|this, node, kind| match kind {
            Kind::Comma => comma = Some(span(node)),
            _ if kind.is_token() => {}
            Kind::TypeParameter => {
                indices = this.nested(1, Vec::new, |this| this.separated(&mut comma));
            }
            _ if value.is_none() => value = Some(Box::new(this.expr(node, kind))),
            // Several indices are a tuple, which is a level.
            _ => indices.push(this.nested(1, || unknown(span(node)), |this| this.expr(node, kind))),
        });
        let Some(value) = value else { return ExprKind::Unknown };
        let is_tuple = comma.is_some()
            || indices.len() != 1
            || matches!(indices[0].kind, ExprKind::Starred(_));
        let index = if is_tuple {
            let Some(span) = extent(&indices, comma) else { return ExprKind::Unknown };
            Expr { span, kind: ExprKind::Tuple(indices) }
        } else {
            indices.remove(0)
        };
        ExprKind::Subscript { value, index: Box::new(index) }
    }

    fn binary(&mut self) -> ExprKind {
        let (mut left, mut op, mut right) = (None, None, None);
        self.each(|this, node, kind| {
            if kind.is_token() {
                op = binary_operator(kind);
            } else if left.is_none() {
                left = Some(Box::new(this.expr(node, kind)));
            } else {
                right = Some(Box::new(this.expr(node, kind)));
            }
        });
        match (left, op, right) {
            (Some(left), Some(op), Some(right)) => ExprKind::Binary { left, op, right },
            _ => ExprKind::Unknown,
        }
    }

    /// `dict[str, T] | A | None` as a type: the grammar takes what follows the first `|` for an
    /// expression of its own.
    fn union(&mut self, whole: Node<'t>) -> ExprKind {
        let (mut left, mut right) = (None, None);
        self.each_node(|this, node, kind| {
            let expr = this.nested(1, || unknown(span(node)), |this| this.expr(node, kind));
            match left {
                None => left = Some(expr),
                Some(_) => right = Some((expr, node.start_byte() as u32)),
            }
        });
        match (left, right) {
            (Some(left), Some((right, start))) => {
                join_union(self.text, left, right, start, whole.end_byte() as u32).kind
            }
            _ => ExprKind::Unknown,
        }
    }

    /// `a or b or c` nests to the left in tree-sitter; here it is one level, so walk down the
    /// left edge and collect on the way up.
    fn logic(&mut self) -> ExprKind {
        let mut steps = 0;
        while self.goto_first_node() {
            steps += 1;
            if Kind::of(self.cursor.node()) != Kind::BooleanOperator {
                break;
            }
        }
        // An `or` of `and`s is two levels.
        let node = self.cursor.node();
        let mut made = self.logic_operand(node, Kind::of(node));
        // A parenthesised operand stays one, though it may be the same operator.
        let mut may_join = false;
        for _ in 0..steps {
            let (mut and, mut right) = (None, None);
            while self.cursor.goto_next_sibling() {
                let node = self.cursor.node();
                match Kind::of(node) {
                    Kind::And => and = Some(true),
                    Kind::Or => and = Some(false),
                    Kind::Error => self.salvage(),
                    Kind::Comment | Kind::LineContinuation => {}
                    kind if kind.is_token() => {}
                    kind => right = Some(self.logic_operand(node, kind)),
                }
            }
            self.cursor.goto_parent();
            let (Some(and), Some(right)) = (and, right) else { continue };
            let span = span(self.cursor.node());
            let values = match made {
                Expr { kind: ExprKind::Logic { and: before, mut values }, .. }
                    if may_join && before == and =>
                {
                    values.push(right);
                    values
                }
                left => vec![left, right],
            };
            made = Expr { span, kind: ExprKind::Logic { and, values } };
            may_join = true;
        }
        made.kind
    }

    fn logic_operand(&mut self, node: Node<'t>, kind: Kind) -> Expr {
        self.nested(1, || unknown(span(node)), |this| this.expr(node, kind))
    }

    fn comparison(&mut self) -> ExprKind {
        let (mut first, mut rest, mut op) = (None, Vec::with_capacity(1), None);
        self.each(|this, node, kind| {
            if kind.is_token() {
                op = comparison_operator(kind);
            } else if first.is_none() {
                first = Some(Box::new(this.expr(node, kind)));
            } else if let Some(op) = op.take() {
                rest.push((op, this.expr(node, kind)));
            }
        });
        match first {
            Some(first) if !rest.is_empty() => ExprKind::Compare { first, rest },
            _ => ExprKind::Unknown,
        }
    }

    fn unary(&mut self) -> ExprKind {
        let (mut op, mut operand) = (None, None);
        self.each(|this, node, kind| match kind {
            Kind::Minus => op = Some(UnaryOp::Neg),
            Kind::Plus => op = Some(UnaryOp::Pos),
            Kind::Tilde => op = Some(UnaryOp::Invert),
            _ if kind.is_token() => {}
            _ => operand = Some(Box::new(this.expr(node, kind))),
        });
        match (op, operand) {
            (Some(op), Some(operand)) => ExprKind::Unary { op, operand },
            _ => ExprKind::Unknown,
        }
    }

    fn conditional(&mut self) -> ExprKind {
        let mut parts = self.elements().into_iter().map(Box::new);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(then), Some(test), Some(orelse)) => ExprKind::Conditional { test, then, orelse },
            _ => ExprKind::Unknown,
        }
    }

    fn named(&mut self) -> ExprKind {
        let (mut name, mut value) = (None, None);
        self.each_node(|this, node, kind| match name {
            None => name = Some(this.name(node)),
            Some(_) => value = Some(Box::new(this.expr(node, kind))),
        });
        match (name, value) {
            (Some(name), Some(value)) => {
                self.bind(&name);
                ExprKind::Walrus { name, value }
            }
            _ => ExprKind::Unknown,
        }
    }

    fn yielded(&mut self) -> ExprKind {
        self.scope().is_generator = true;
        let (mut from, mut value) = (false, None);
        self.each(|this, node, kind| match kind {
            Kind::From => from = true,
            _ if kind.is_token() => {}
            _ => value = Some(Box::new(this.expr(node, kind))),
        });
        ExprKind::Yield { value, from }
    }

    fn lambda(&mut self, node: Node<'t>) -> FunctionDef {
        let (mut params, mut body) = (Vec::new(), None);
        self.each_node(|this, node, kind| {
            if kind == Kind::LambdaParameters {
                params = this.params();
            } else {
                this.open_scope();
                this.bind_params(&params);
                // One level for the `return`.
                let value = this.nested(1, || unknown(span(node)), |this| this.expr(node, kind));
                body = Some((value, this.close_scope()));
            }
        });
        let span = span(node);
        let (body, names) = body.map_or_else(
            || (Vec::new(), super::Names::default()),
            |(value, names)| {
                let span = value.span;
                (vec![Stmt { span, kind: StmtKind::Return(Some(value)) }], names)
            },
        );
        FunctionDef {
            name: self.intern("<lambda>"),
            name_span: span,
            span,
            decorators: Vec::new(),
            params,
            returns: None,
            body,
            is_async: false,
            is_generator: names.is_generator,
            locals: names.locals,
            globals: names.globals,
            nonlocals: names.nonlocals,
        }
    }

    fn dictionary(&mut self) -> ExprKind {
        let mut items = self.room();
        self.each_node(|this, node, kind| match kind {
            Kind::Pair => {
                let mut parts = this.elements().into_iter();
                let key = parts.next();
                let value = parts.next().unwrap_or_else(|| unknown(span(node)));
                items.push((key, value));
            }
            Kind::DictionarySplat => {
                let value = this.elements().into_iter().next();
                items.push((None, value.unwrap_or_else(|| unknown(span(node)))));
            }
            _ => {}
        });
        ExprKind::Dict(items)
    }

    fn comprehension(&mut self, comprehension: ComprehensionKind) -> ExprKind {
        let (mut element, mut clauses) = (None, Vec::new());
        self.each_node(|this, node, kind| match kind {
            Kind::ForInClause => clauses.extend(this.clause()),
            Kind::IfClause => {
                let condition = this.elements().into_iter().next();
                if let Some(Clause { conditions, .. }) = clauses.last_mut() {
                    conditions.extend(condition);
                }
            }
            Kind::Pair => {
                let parts = this.nested(1, Vec::new, Self::elements);
                let span = extent(&parts, None).unwrap_or_else(|| span(node));
                element = Some(Expr { span, kind: ExprKind::Tuple(parts) });
            }
            _ => element = Some(this.expr(node, kind)),
        });
        match element {
            Some(element) if !clauses.is_empty() => {
                ExprKind::Comprehension { kind: comprehension, element: Box::new(element), clauses }
            }
            // It stands so deep that its clauses were cut.
            _ => ExprKind::Unknown,
        }
    }

    fn clause(&mut self) -> Option<Clause> {
        let mut parts = self.nested(1, Vec::new, Self::elements).into_iter();
        let (target, iter) = (parts.next()?, parts.next()?);
        let mut more: Vec<Expr> = parts.collect();
        let iter = match more.last() {
            None => iter,
            // `for x in 1, 2` of Python 2.
            Some(last) => {
                let span = iter.span.to(last.span);
                more.insert(0, iter);
                Expr { span, kind: ExprKind::Tuple(more) }
            }
        };
        Some(Clause { target, iter, conditions: Vec::new() })
    }

    fn string(&mut self, node: Node<'t>) -> ExprKind {
        let literal = self.slice(node);
        let opening = Opening::of(literal);
        if opening.is_bytes {
            return ExprKind::Bytes;
        }
        if !opening.is_format {
            // All that counts is in the text: no need to visit the children.
            return ExprKind::Str(opening.decode(opening.content(literal)).into());
        }
        self.nested(
            1,
            || ExprKind::Unknown,
            |this| {
                let mut join = Join::default();
                this.format_parts(opening, &mut join);
                join.finish(true)
            },
        )
    }

    /// Adjacent literals.
    fn strings(&mut self) -> ExprKind {
        let (mut join, mut is_format, mut is_bytes) = (Join::default(), false, false);
        self.each_node(|this, node, _| {
            let literal = this.slice(node);
            let opening = Opening::of(literal);
            if opening.is_format {
                is_format = true;
                this.format_parts(opening, &mut join);
            } else if opening.is_bytes {
                is_bytes = true;
            } else {
                join.text.push_str(&opening.decode(opening.content(literal)));
            }
        });
        if is_bytes { ExprKind::Bytes } else { join.finish(is_format) }
    }

    /// Takes for text all that stands between the values: after a backslash in a raw string the
    /// grammar may have no node for it, or count it to the quotes.
    fn format_parts(&mut self, opening: Opening, join: &mut Join) {
        let mut text_start = None;
        self.each_node(|this, node, kind| {
            if !matches!(kind, Kind::StringStart | Kind::Interpolation | Kind::StringEnd) {
                return;
            }
            if let Some(start) = text_start.replace(node.end_byte()) {
                let end = match kind {
                    Kind::StringEnd => node.end_byte().saturating_sub(opening.quotes),
                    _ => node.start_byte(),
                };
                let text = this.text.get(start..end).unwrap_or_default();
                join.text.push_str(&opening.decode(text));
            }
            if kind == Kind::Interpolation {
                this.interpolation(join);
            }
        });
    }

    fn interpolation(&mut self, join: &mut Join) {
        let (mut value, mut inner, mut converted) = (None, Vec::new(), false);
        let (mut shown, mut start) = (Shown::Str, None);
        self.each(|this, node, kind| match kind {
            Kind::Equal => {
                // `{x = }` shows its own text, then the `repr`.
                let rest = this.text.get(node.end_byte()..).unwrap_or_default();
                let end = this.text.len() - rest.trim_ascii_start().len();
                let text = start.and_then(|start| this.text.get(start..end));
                join.text.push_str(text.unwrap_or_default());
                shown = Shown::Repr;
            }
            _ if kind.is_token() => start = start.or(Some(node.end_byte())),
            Kind::TypeConversion => {
                shown = match this.slice(node) {
                    "!r" => Shown::Repr,
                    "!s" => Shown::Str,
                    _ => Shown::Otherwise,
                };
                converted = true;
            }
            Kind::FormatSpecifier => {
                let spec = this.slice(node).trim_start_matches(':');
                shown = match spec {
                    _ if spec.contains(['\\', '{', '\r', '\n']) => Shown::Otherwise,
                    _ if converted && shown == Shown::Otherwise => Shown::Otherwise,
                    spec => Shown::Format {
                        of_repr: converted && shown == Shown::Repr,
                        spec: spec.into(),
                    },
                };
                this.each_node(|this, _, kind| {
                    if kind == Kind::FormatExpression {
                        let mut nested = Join::default();
                        this.nested(1, || (), |this| this.interpolation(&mut nested));
                        inner.append(&mut nested.parts);
                    }
                });
            }
            // `{x:=10}` is no walrus but the format `=10`.
            Kind::NamedExpression => {
                shown = Shown::Otherwise;
                value = this.goto_first_node().then(|| {
                    let node = this.cursor.node();
                    let name = this.expr(node, Kind::of(node));
                    this.cursor.goto_parent();
                    name
                });
            }
            _ => value = Some(this.expr(node, kind)),
        });
        join.flush();
        join.parts.extend(value.map(|value| FStringPart::Value { value, shown }));
        join.parts.append(&mut inner);
    }
}

/// `left | right`, where `right` was read first though `|` associates to the left. What begins
/// at `start` stands in no parentheses.
fn join_union(text: &str, left: Expr, right: Expr, start: u32, end: u32) -> Expr {
    let span = Span { start: left.span.start, end };
    let (left, right) = match right.kind {
        ExprKind::Binary { left: first, op: BinOp::BitOr, right: last }
            if right.span.start == start =>
        {
            // Closing parentheses are in no span but that of the whole.
            let between = text.get(first.span.end as usize..last.span.start as usize);
            let closing = between.and_then(|between| between.split('|').next());
            let end = first.span.end + closing.unwrap_or_default().trim_end().len() as u32;
            (Box::new(join_union(text, left, *first, start, end)), last)
        }
        _ => (Box::new(left), Box::new(right)),
    };
    Expr { span, kind: ExprKind::Binary { left, op: BinOp::BitOr, right } }
}

/// The span of a tuple without parentheses; a last comma is part of it.
pub(super) fn extent(items: &[Expr], comma: Option<Span>) -> Option<Span> {
    let whole = items.first()?.span.to(items.last()?.span);
    Some(comma.map_or(whole, |comma| whole.to(comma)))
}

/// Among arguments the grammar binds a star tighter than all that follows it: `*a.b()` is to be
/// `*(a.b())`.
fn hoist_star(mut expr: Expr) -> Expr {
    let leftmost = match &mut expr.kind {
        ExprKind::Attribute { value: leftmost, .. }
        | ExprKind::Subscript { value: leftmost, .. }
        | ExprKind::Call { callee: leftmost, .. }
        | ExprKind::Binary { left: leftmost, .. }
        | ExprKind::Compare { first: leftmost, .. }
        | ExprKind::Conditional { then: leftmost, .. } => &mut **leftmost,
        ExprKind::Logic { values, .. } => match values.first_mut() {
            Some(leftmost) => leftmost,
            None => return expr,
        },
        _ => return expr,
    };
    if !matches!(leftmost.kind, ExprKind::Starred(_)) {
        return expr;
    }
    let star = std::mem::replace(leftmost, unknown(leftmost.span));
    if let ExprKind::Starred(value) = star.kind {
        *leftmost = *value;
    }
    let span = expr.span;
    expr.span.start = leftmost.span.start;
    Expr { span, kind: ExprKind::Starred(Box::new(expr)) }
}

/// A string in the making.
#[derive(Default)]
struct Join {
    text: String,
    parts: Vec<FStringPart>,
}

impl Join {
    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(FStringPart::Text(self.text.as_str().into()));
            self.text.clear();
        }
    }

    fn finish(mut self, is_format: bool) -> ExprKind {
        if is_format {
            self.flush();
            ExprKind::FString(self.parts)
        } else {
            ExprKind::Str(self.text.into())
        }
    }
}

/// The operator that `token` is, alone or with `=`.
pub(super) fn binary_operator(token: Kind) -> Option<BinOp> {
    Some(match token {
        Kind::Plus | Kind::PlusEqual => BinOp::Add,
        Kind::Minus | Kind::MinusEqual => BinOp::Sub,
        Kind::Star | Kind::StarEqual => BinOp::Mul,
        Kind::Slash | Kind::SlashEqual => BinOp::Div,
        Kind::DoubleSlash | Kind::DoubleSlashEqual => BinOp::FloorDiv,
        Kind::Percent | Kind::PercentEqual => BinOp::Mod,
        Kind::DoubleStar | Kind::DoubleStarEqual => BinOp::Pow,
        Kind::Pipe | Kind::PipeEqual => BinOp::BitOr,
        Kind::Ampersand | Kind::AmpersandEqual => BinOp::BitAnd,
        Kind::Caret | Kind::CaretEqual => BinOp::BitXor,
        Kind::LeftShift | Kind::LeftShiftEqual => BinOp::LeftShift,
        Kind::RightShift | Kind::RightShiftEqual => BinOp::RightShift,
        Kind::At | Kind::AtEqual => BinOp::MatMul,
        _ => return None,
    })
}

fn comparison_operator(token: Kind) -> Option<CompareOp> {
    Some(match token {
        Kind::EqualEqual => CompareOp::Eq,
        Kind::NotEqual | Kind::LessGreater => CompareOp::NotEq,
        Kind::Less => CompareOp::Lt,
        Kind::LessEqual => CompareOp::LtE,
        Kind::Greater => CompareOp::Gt,
        Kind::GreaterEqual => CompareOp::GtE,
        Kind::In => CompareOp::In,
        Kind::NotIn => CompareOp::NotIn,
        Kind::Is => CompareOp::Is,
        Kind::IsNot => CompareOp::IsNot,
        _ => return None,
    })
}
