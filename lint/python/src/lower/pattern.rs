//! The patterns of `match`.

use tree_sitter::Node;

use super::kind::Kind;
use super::{Lower, span, unknown};
use crate::syntax::{Expr, ExprKind, Name, Pattern, UnaryOp};

impl<'t> Lower<'t> {
    /// The pattern under the cursor; binds what it captures.
    pub(super) fn pattern(&mut self, node: Node<'t>, kind: Kind) -> Pattern {
        match kind {
            Kind::DottedName => self.dotted_pattern(node),
            Kind::Underscore => Pattern::Capture(None),
            Kind::String
            | Kind::ConcatenatedString
            | Kind::Integer
            | Kind::Float
            | Kind::True
            | Kind::False
            | Kind::None => Pattern::Value(self.expr(node, kind)),
            Kind::ComplexPattern => Pattern::Value(unknown(span(node))),
            Kind::SplatPattern => Pattern::Star(self.capture()),
            _ => self.nested(1, || Pattern::Unknown, |this| this.deep_pattern(kind)),
        }
    }

    fn deep_pattern(&mut self, kind: Kind) -> Pattern {
        match kind {
            Kind::CasePattern => self.single_pattern(),
            Kind::TuplePattern => self.tuple_pattern(),
            Kind::ListPattern => Pattern::Sequence(self.patterns()),
            Kind::UnionPattern => Pattern::Or(self.patterns()),
            Kind::AsPattern => {
                let (mut pattern, mut alias) = (Pattern::Unknown, None);
                self.each_node(|this, node, kind| {
                    if kind == Kind::Identifier {
                        alias = Some(this.name(node));
                    } else {
                        pattern = this.pattern(node, kind);
                    }
                });
                match alias {
                    Some(name) => {
                        self.bind(&name);
                        Pattern::As(Box::new(pattern), name)
                    }
                    None => pattern,
                }
            }
            Kind::DictPattern => self.mapping_pattern(),
            Kind::ClassPattern => self.class_pattern(),
            _ => Pattern::Unknown,
        }
    }

    fn mapping_pattern(&mut self) -> Pattern {
        let (mut pairs, mut rest) = (Vec::new(), None);
        let (mut key, mut sign, mut after_colon) = (None, None, false);
        self.each(|this, node, kind| match kind {
            Kind::Minus => sign = Some(node),
            Kind::Colon => after_colon = true,
            Kind::Comma => after_colon = false,
            Kind::SplatPattern => rest = this.capture(),
            _ if kind.is_token() && kind != Kind::Underscore => {}
            _ if after_colon => {
                let pattern = this.pattern(node, kind);
                pairs.extend(key.take().map(|key| (key, pattern)));
            }
            _ => {
                key = Some(match this.pattern(node, kind) {
                    Pattern::Value(value) => signed(sign.take(), value),
                    _ => unknown(span(node)),
                });
            }
        });
        Pattern::Mapping { pairs, rest }
    }

    fn class_pattern(&mut self) -> Pattern {
        let mut class = None;
        let (mut positional, mut keywords) = (Vec::new(), Vec::new());
        self.each_node(|this, node, kind| match kind {
            Kind::DottedName if class.is_none() => class = Some(this.dotted(node)),
            _ => match this.argument_pattern(node, kind) {
                (Some(name), pattern) => keywords.push((name, pattern)),
                (None, pattern) => positional.push(pattern),
            },
        });
        match class {
            Some(class) => Pattern::Class { class, positional, keywords },
            None => Pattern::Unknown,
        }
    }

    /// A pattern within a class pattern, with its keyword.
    fn argument_pattern(&mut self, node: Node<'t>, kind: Kind) -> (Option<Name>, Pattern) {
        let keyword = node.named_child(0).filter(|_| kind == Kind::CasePattern);
        if keyword.is_none_or(|child| Kind::of(child) != Kind::KeywordPattern) {
            return (None, self.pattern(node, kind));
        }
        let (mut name, mut pattern) = (None, Pattern::Unknown);
        self.each_node(|this, _, _| {
            let mut patterns = this.nested(1, Vec::new, |this| {
                let mut sign = None;
                let mut patterns = Vec::new();
                this.each(|this, node, kind| match kind {
                    Kind::Minus => sign = Some(node),
                    Kind::Identifier if name.is_none() => name = Some(this.name(node)),
                    _ if kind.is_token() && kind != Kind::Underscore => {}
                    _ => patterns.push(with_sign(sign.take(), this.pattern(node, kind))),
                });
                patterns
            });
            pattern = patterns.pop().unwrap_or(Pattern::Unknown);
        });
        (name, pattern)
    }

    /// The alternatives under the current node, a minus sign joined to its number.
    pub(super) fn patterns(&mut self) -> Vec<Pattern> {
        let mut patterns = Vec::new();
        let mut sign = None;
        self.each(|this, node, kind| match kind {
            Kind::Minus => sign = Some(node),
            Kind::Underscore => patterns.push(Pattern::Capture(None)),
            _ if kind.is_token() => {}
            _ => {
                let pattern = this.pattern(node, kind);
                patterns.push(with_sign(sign.take(), pattern));
            }
        });
        patterns
    }

    fn single_pattern(&mut self) -> Pattern {
        let mut patterns = self.patterns();
        match patterns.len() {
            1 => patterns.remove(0),
            _ => Pattern::Sequence(patterns),
        }
    }

    fn tuple_pattern(&mut self) -> Pattern {
        let mut comma = false;
        let mut patterns = Vec::new();
        self.each(|this, node, kind| match kind {
            Kind::Comma => comma = true,
            _ if kind.is_token() => {}
            _ => patterns.push(this.pattern(node, kind)),
        });
        match patterns.len() {
            1 if !comma => patterns.remove(0),
            _ => Pattern::Sequence(patterns),
        }
    }

    fn dotted_pattern(&mut self, node: Node<'t>) -> Pattern {
        match self.dotted(node) {
            Expr { kind: ExprKind::Name(name), .. } if &*name == "_" => Pattern::Capture(None),
            Expr { kind: ExprKind::Name(name), .. } => {
                self.bind(&name);
                Pattern::Capture(Some(name))
            }
            value => Pattern::Value(value),
        }
    }

    /// A dotted name as an expression.
    fn dotted(&mut self, node: Node<'t>) -> Expr {
        let mut value: Option<Expr> = None;
        let mut levels = 0;
        self.each_node(|this, part, _| {
            let name = this.name(part);
            let kind = match value.take() {
                None => ExprKind::Name(name),
                Some(value) => {
                    levels += 1;
                    let value = Box::new(value);
                    ExprKind::Attribute { value, name, name_span: span(part) }
                }
            };
            let start = span(node).to(span(part)).start;
            let span = crate::text::Span { start, end: span(part).end };
            // Such a name nests to the left; one as long as this is not written by people.
            let cut = this.depth + levels + 1 >= crate::syntax::MAX_NESTING;
            value = Some(if cut { unknown(span) } else { Expr { span, kind } });
        });
        value.unwrap_or_else(|| unknown(span(node)))
    }

    /// The name that a star pattern under the cursor binds.
    fn capture(&mut self) -> Option<Name> {
        let mut captured = None;
        self.each_node(|this, node, kind| {
            if kind == Kind::Identifier {
                captured = Some(this.name(node)).filter(|name| &**name != "_");
            }
        });
        if let Some(name) = &captured {
            self.bind(name);
        }
        captured
    }
}

fn with_sign(sign: Option<Node<'_>>, pattern: Pattern) -> Pattern {
    match pattern {
        Pattern::Value(value) => Pattern::Value(signed(sign, value)),
        pattern => pattern,
    }
}

fn signed(sign: Option<Node<'_>>, value: Expr) -> Expr {
    match sign {
        Some(sign) => Expr {
            span: span(sign).to(value.span),
            kind: ExprKind::Unary { op: UnaryOp::Neg, operand: Box::new(value) },
        },
        None => value,
    }
}
