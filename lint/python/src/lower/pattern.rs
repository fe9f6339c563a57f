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
            Kind::SplatPattern => {
                let mut names = Vec::new();
                self.each_node(|this, node, kind| {
                    if kind == Kind::Identifier {
                        this.capture(node, &mut names);
                    }
                });
                Pattern::Other(names)
            }
            _ => self.nested(1, || Pattern::Other(Vec::new()), |this| this.deep_pattern(kind)),
        }
    }

    fn deep_pattern(&mut self, kind: Kind) -> Pattern {
        match kind {
            Kind::CasePattern => self.single_pattern(),
            Kind::TuplePattern => self.tuple_pattern(),
            Kind::UnionPattern => Pattern::Or(self.patterns()),
            Kind::AsPattern => {
                let mut names = Vec::new();
                self.each_node(|this, node, kind| {
                    if kind == Kind::Identifier {
                        this.capture(node, &mut names);
                    } else {
                        captured(this.pattern(node, kind), &mut names);
                    }
                });
                Pattern::Other(names)
            }
            // What is left has sub-patterns, and names that are no captures: the first child of a
            // class or keyword pattern, the keys of a mapping.
            _ => {
                let mut names = Vec::new();
                let mut skip = matches!(kind, Kind::ClassPattern | Kind::KeywordPattern);
                let is_mapping = kind == Kind::DictPattern;
                self.each_node(|this, node, kind| {
                    let is_key =
                        is_mapping && !matches!(kind, Kind::CasePattern | Kind::SplatPattern);
                    if !std::mem::take(&mut skip) && !is_key {
                        captured(this.pattern(node, kind), &mut names);
                    }
                });
                Pattern::Other(names)
            }
        }
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
                patterns.push(match (sign.take(), pattern) {
                    (Some(sign), Pattern::Value(value)) => Pattern::Value(Expr {
                        span: span(sign).to(value.span),
                        kind: ExprKind::Unary { op: UnaryOp::Neg, operand: Box::new(value) },
                    }),
                    (_, pattern) => pattern,
                });
            }
        });
        patterns
    }

    fn single_pattern(&mut self) -> Pattern {
        let mut patterns = self.patterns();
        match patterns.len() {
            1 => patterns.remove(0),
            _ => sequence(patterns),
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
            _ => sequence(patterns),
        }
    }

    fn dotted_pattern(&mut self, node: Node<'t>) -> Pattern {
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
        match value {
            Some(Expr { kind: ExprKind::Name(name), .. }) if &*name == "_" => {
                Pattern::Capture(None)
            }
            Some(Expr { kind: ExprKind::Name(name), .. }) => {
                self.bind(&name);
                Pattern::Capture(Some(name))
            }
            Some(value) => Pattern::Value(value),
            None => Pattern::Other(Vec::new()),
        }
    }

    fn capture(&mut self, node: Node<'t>, names: &mut Vec<Name>) {
        let name = self.name(node);
        if &*name != "_" {
            self.bind(&name);
            names.push(name);
        }
    }
}

/// A sequence pattern of `patterns`.
pub(super) fn sequence(patterns: Vec<Pattern>) -> Pattern {
    let mut names = Vec::new();
    for pattern in patterns {
        captured(pattern, &mut names);
    }
    Pattern::Other(names)
}

/// Adds the names that `pattern` binds.
fn captured(pattern: Pattern, names: &mut Vec<Name>) {
    match pattern {
        Pattern::Capture(name) => names.extend(name),
        Pattern::Or(patterns) => patterns.into_iter().for_each(|each| captured(each, names)),
        Pattern::Other(more) => names.extend(more),
        Pattern::Value(_) => {}
    }
}
