//! What a function's text says, without how it is laid out: comments, blanks, quotes, brackets that change
//! nothing, docstrings and annotations are gone. Two texts with one form do the same.
//!
//! The form is kept in files and compared with that of a later build, so it must not change without need: a test
//! pins it.

use crate::syntax::{
    Arg, ArgKind, BinOp, ClassDef, Clause, CompareOp, ComprehensionKind, Expr, ExprKind,
    FStringPart, FunctionDef, Handler, ImportAlias, ImportNames, Name, Param, ParamKind, Pattern,
    Shown, Stmt, StmtKind, UnaryOp,
};

/// The form of `function`, with those of its decorators that `keeps` says.
pub fn canonical(function: &FunctionDef, keeps: impl Fn(&Expr) -> bool) -> String {
    let mut form = Form(String::new());
    let decorators: Vec<&Expr> = function.decorators.iter().filter(|it| keeps(it)).collect();
    form.function(function, &decorators);
    form.0
}

struct Form(String);

impl Form {
    fn word(&mut self, word: &str) {
        self.apart();
        self.0.push_str(word);
    }

    /// What comes next is told from what came before.
    fn apart(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with('(') {
            self.0.push(' ');
        }
    }

    /// `(head …)`
    fn list(&mut self, head: &str, rest: impl FnOnce(&mut Self)) {
        self.apart();
        self.0.push('(');
        self.0.push_str(head);
        rest(self);
        self.0.push(')');
    }

    /// A text in quotes, so that nothing in it is taken for the form's own.
    fn text(&mut self, text: &str) {
        self.apart();
        self.0.push('"');
        for one in text.chars() {
            match one {
                '"' | '\\' => self.0.extend(['\\', one]),
                '\n' => self.0.push_str("\\n"),
                _ => self.0.push(one),
            }
        }
        self.0.push('"');
    }

    fn name(&mut self, name: Option<&Name>) {
        self.word(name.map_or("-", |name| name));
    }

    fn names(&mut self, head: &str, names: &[Name]) {
        self.list(head, |form| names.iter().for_each(|name| form.word(name)));
    }

    fn function(&mut self, function: &FunctionDef, decorators: &[&Expr]) {
        let head = if function.is_async { "async-def" } else { "def" };
        self.list(head, |form| {
            form.word(&function.name);
            for decorator in decorators {
                form.list("decorated", |form| form.expression(decorator));
            }
            function.params.iter().for_each(|param| form.parameter(param));
            form.block(&function.body);
        });
    }

    fn class(&mut self, class: &ClassDef) {
        self.list("class", |form| {
            form.word(&class.name);
            for decorator in &class.decorators {
                form.list("decorated", |form| form.expression(decorator));
            }
            form.arguments(&class.bases);
            form.block(&class.body);
        });
    }

    fn parameter(&mut self, param: &Param) {
        let head = match param.kind {
            ParamKind::PositionalOnly => "/",
            ParamKind::Normal => "_",
            ParamKind::VarPositional => "*",
            ParamKind::KeywordOnly => "=",
            ParamKind::VarKeyword => "**",
        };
        self.list(head, |form| {
            form.word(&param.name);
            form.optional(param.default.as_deref());
        });
    }

    /// A sequence of statements. One that is a text alone does nothing.
    fn block(&mut self, body: &[Stmt]) {
        self.list("do", |form| {
            for statement in body {
                let is_docstring = matches!(
                    &statement.kind,
                    StmtKind::Expr(Expr { kind: ExprKind::Str(_) | ExprKind::Ellipsis, .. })
                );
                if !is_docstring {
                    form.statement(statement);
                }
            }
        });
    }

    fn statement(&mut self, statement: &Stmt) {
        match &statement.kind {
            StmtKind::Expr(value) => self.list("run", |form| form.expression(value)),
            StmtKind::Assign { targets, value } => self.list("set", |form| {
                form.expressions(targets);
                form.expression(value);
            }),
            StmtKind::AugAssign { target, op, value } => self.list("change", |form| {
                form.word(binary(*op));
                form.expression(target);
                form.expression(value);
            }),
            StmtKind::AnnAssign { target, value, .. } => self.list("set", |form| {
                form.expression(target);
                form.optional(value.as_ref());
            }),
            StmtKind::Import(names) => self.list("import", |form| form.aliases(names)),
            StmtKind::ImportFrom { level, module, names, .. } => self.list("from", |form| {
                form.word(&level.to_string());
                form.name(module.as_ref());
                match names {
                    ImportNames::Star => form.word("*"),
                    ImportNames::Names(names) => form.aliases(names),
                }
            }),
            StmtKind::Function(function) => {
                let decorators: Vec<&Expr> = function.decorators.iter().collect();
                self.function(function, &decorators);
            }
            StmtKind::Class(class) => self.class(class),
            StmtKind::Return(value) => self.list("return", |form| form.optional(value.as_ref())),
            StmtKind::Raise { exception, cause } => self.list("raise", |form| {
                form.optional(exception.as_ref());
                form.optional(cause.as_ref());
            }),
            StmtKind::Assert { test, message } => self.list("assert", |form| {
                form.expression(test);
                form.optional(message.as_ref());
            }),
            StmtKind::Delete(targets) => self.list("del", |form| form.expressions(targets)),
            StmtKind::Global(names) => self.names("global", names),
            StmtKind::Nonlocal(names) => self.names("nonlocal", names),
            StmtKind::Pass => {}
            StmtKind::Break => self.word("break"),
            StmtKind::Continue => self.word("continue"),
            StmtKind::If { .. }
            | StmtKind::For { .. }
            | StmtKind::While { .. }
            | StmtKind::Try { .. }
            | StmtKind::With { .. }
            | StmtKind::Match { .. } => self.compound(&statement.kind),
        }
    }

    fn compound(&mut self, statement: &StmtKind) {
        match statement {
            StmtKind::If { arms, orelse } => self.list("if", |form| {
                for (test, body) in arms {
                    form.expression(test);
                    form.block(body);
                }
                form.block(orelse);
            }),
            StmtKind::For { target, iter, body, orelse } => self.list("for", |form| {
                form.expression(target);
                form.expression(iter);
                form.block(body);
                form.block(orelse);
            }),
            StmtKind::While { test, body, orelse } => self.list("while", |form| {
                form.expression(test);
                form.block(body);
                form.block(orelse);
            }),
            StmtKind::Try { body, handlers, orelse, finally } => self.list("try", |form| {
                form.block(body);
                for Handler { class, name, body, .. } in handlers {
                    form.list("except", |form| {
                        form.optional(class.as_ref());
                        form.name(name.as_ref());
                        form.block(body);
                    });
                }
                form.block(orelse);
                form.block(finally);
            }),
            StmtKind::With { items, body } => self.list("with", |form| {
                for (context, target) in items {
                    form.expression(context);
                    form.optional(target.as_ref());
                }
                form.block(body);
            }),
            StmtKind::Match { subject, cases } => self.list("match", |form| {
                form.expression(subject);
                for case in cases {
                    form.list("case", |form| {
                        form.pattern(&case.pattern);
                        form.optional(case.guard.as_ref());
                        form.block(&case.body);
                    });
                }
            }),
            _ => {}
        }
    }

    fn aliases(&mut self, names: &[ImportAlias]) {
        for ImportAlias { name, alias, .. } in names {
            self.list(name, |form| form.name(alias.as_ref()));
        }
    }

    fn pattern(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Capture(name) => self.name(name.as_ref()),
            Pattern::Value(value) => self.list("is", |form| form.expression(value)),
            Pattern::Or(patterns) => self.list("or", |form| form.patterns(patterns)),
            Pattern::Sequence(patterns) => self.list("list", |form| form.patterns(patterns)),
            Pattern::Star(name) => self.list("*", |form| form.name(name.as_ref())),
            Pattern::Mapping { pairs, rest } => self.list("dict", |form| {
                for (key, value) in pairs {
                    form.expression(key);
                    form.pattern(value);
                }
                form.name(rest.as_ref());
            }),
            Pattern::Class { class, positional, keywords } => self.list("class", |form| {
                form.expression(class);
                form.patterns(positional);
                for (name, pattern) in keywords {
                    form.list(name, |form| form.pattern(pattern));
                }
            }),
            Pattern::As(pattern, name) => self.list("as", |form| {
                form.pattern(pattern);
                form.word(name);
            }),
            Pattern::Unknown => self.word("?"),
        }
    }

    fn patterns(&mut self, patterns: &[Pattern]) {
        for pattern in patterns {
            self.pattern(pattern);
        }
    }

    fn optional(&mut self, expression: Option<&Expr>) {
        match expression {
            Some(expression) => self.expression(expression),
            None => self.word("-"),
        }
    }

    fn expressions(&mut self, expressions: &[Expr]) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    fn arguments(&mut self, arguments: &[Arg]) {
        for Arg { kind, value, .. } in arguments {
            match kind {
                ArgKind::Positional => self.expression(value),
                ArgKind::Keyword(name) => self.list("=", |form| {
                    form.word(name);
                    form.expression(value);
                }),
                ArgKind::Star => self.list("*", |form| form.expression(value)),
                ArgKind::DoubleStar => self.list("**", |form| form.expression(value)),
            }
        }
    }

    fn expression(&mut self, expression: &Expr) {
        match &expression.kind {
            ExprKind::Name(name) => self.word(name),
            ExprKind::None => self.word("None"),
            ExprKind::Bool(value) => self.word(if *value { "True" } else { "False" }),
            ExprKind::Int(value) => self.word(&value.to_string()),
            ExprKind::Float(value) => self.word(&format!("{value:?}")),
            ExprKind::Str(text) => self.text(text),
            ExprKind::Bytes => self.word("b"),
            ExprKind::Ellipsis => self.word("..."),
            ExprKind::FString(parts) => self.list("f", |form| form.parts(parts)),
            ExprKind::Attribute { value, name, .. } => self.list(".", |form| {
                form.expression(value);
                form.word(name);
            }),
            ExprKind::Subscript { value, index } => self.list("at", |form| {
                form.expression(value);
                form.expression(index);
            }),
            ExprKind::Slice(parts) => {
                self.list("slice", |form| parts.iter().for_each(|it| form.optional(it.as_ref())));
            }
            ExprKind::Call { callee, args } => self.list("call", |form| {
                form.expression(callee);
                form.arguments(args);
            }),
            ExprKind::Lambda(function) => self.function(function, &[]),
            ExprKind::Tuple(items) => self.list("tuple", |form| form.expressions(items)),
            ExprKind::List(items) => self.list("list", |form| form.expressions(items)),
            ExprKind::Set(items) => self.list("set", |form| form.expressions(items)),
            ExprKind::Dict(items) => self.list("dict", |form| {
                for (key, value) in items {
                    form.optional(key.as_ref());
                    form.expression(value);
                }
            }),
            ExprKind::Comprehension { kind, element, clauses } => {
                self.list("each", |form| {
                    form.word(match kind {
                        ComprehensionKind::List => "list",
                        ComprehensionKind::Set => "set",
                        ComprehensionKind::Dict => "dict",
                        ComprehensionKind::Generator => "generator",
                    });
                    form.expression(element);
                    for clause in clauses {
                        form.clause(clause);
                    }
                });
            }
            ExprKind::Await(value) => self.list("await", |form| form.expression(value)),
            ExprKind::Yield { value, from } => {
                let head = if *from { "yield-from" } else { "yield" };
                self.list(head, |form| form.optional(value.as_deref()));
            }
            ExprKind::Starred(value) => self.list("*", |form| form.expression(value)),
            ExprKind::Walrus { name, value } => self.list(":=", |form| {
                form.word(name);
                form.expression(value);
            }),
            ExprKind::Unknown => self.word("?"),
            ExprKind::Binary { .. }
            | ExprKind::Unary { .. }
            | ExprKind::Logic { .. }
            | ExprKind::Compare { .. }
            | ExprKind::Conditional { .. } => self.operation(&expression.kind),
        }
    }

    fn operation(&mut self, operation: &ExprKind) {
        match operation {
            ExprKind::Binary { left, op, right } => self.list(binary(*op), |form| {
                form.expression(left);
                form.expression(right);
            }),
            ExprKind::Unary { op, operand } => {
                let head = match op {
                    UnaryOp::Not => "not",
                    UnaryOp::Neg => "neg",
                    UnaryOp::Pos => "pos",
                    UnaryOp::Invert => "~",
                };
                self.list(head, |form| form.expression(operand));
            }
            ExprKind::Logic { and, values } => {
                self.list(if *and { "and" } else { "or" }, |form| form.expressions(values));
            }
            ExprKind::Compare { first, rest } => self.list("compare", |form| {
                form.expression(first);
                for (op, value) in rest {
                    form.word(comparison(*op));
                    form.expression(value);
                }
            }),
            ExprKind::Conditional { test, then, orelse } => self.list("if", |form| {
                form.expression(test);
                form.expression(then);
                form.expression(orelse);
            }),
            _ => {}
        }
    }

    fn clause(&mut self, clause: &Clause) {
        self.list("for", |form| {
            form.expression(&clause.target);
            form.expression(&clause.iter);
            form.expressions(&clause.conditions);
        });
    }

    fn parts(&mut self, parts: &[FStringPart]) {
        for part in parts {
            match part {
                FStringPart::Text(text) => self.text(text),
                FStringPart::Value { value, shown } => self.list("show", |form| {
                    form.expression(value);
                    match shown {
                        Shown::Str => {}
                        Shown::Repr => form.word("!r"),
                        Shown::Format { of_repr, spec } => {
                            form.word(if *of_repr { "!r:" } else { ":" });
                            form.text(spec);
                        }
                        Shown::Otherwise => form.word("!"),
                    }
                }),
            }
        }
    }
}

fn binary(op: BinOp) -> &'static str {
    match op {
        BinOp::Add => "+",
        BinOp::Sub => "-",
        BinOp::Mul => "*",
        BinOp::Div => "/",
        BinOp::FloorDiv => "//",
        BinOp::Mod => "%",
        BinOp::Pow => "**",
        BinOp::BitOr => "|",
        BinOp::BitAnd => "&",
        BinOp::BitXor => "^",
        BinOp::LeftShift => "<<",
        BinOp::RightShift => ">>",
        BinOp::MatMul => "@",
    }
}

fn comparison(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::NotEq => "!=",
        CompareOp::Lt => "<",
        CompareOp::LtE => "<=",
        CompareOp::Gt => ">",
        CompareOp::GtE => ">=",
        CompareOp::In => "in",
        CompareOp::NotIn => "not-in",
        CompareOp::Is => "is",
        CompareOp::IsNot => "is-not",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    /// The form of the first function, without its first decorator.
    fn form(text: &str) -> String {
        let module = parse(text);
        let function = module.body.iter().find_map(|statement| match &statement.kind {
            StmtKind::Function(function) => Some(function),
            _ => None,
        });
        let function = function.expect("there is a function");
        let first = function.decorators.first().map(|it| it.span);
        canonical(function, |it| Some(it.span) != first)
    }

    const FUNCTION: &str = "@spaces.GPU(duration=60)\n@other\ndef f(a, *b, c: int = 2, **d) -> str:\n    \
                            for x in range(3):\n        a += f'{x:>3} {a!r}'\n    return {'k': [a, b'x'], **d} \
                            if not a < c else (yield)\n";

    #[test]
    fn the_form_is_what_it_was() {
        assert_eq!(
            form(FUNCTION),
            "(def f (decorated other) (_ a -) (* b -) (= c 2) (** d -) (do (for x (call range 3) (do \
             (change + a (f (show x : \">3\") \" \" (show a !r)))) (do)) (return (if (not (compare a < c)) \
             (dict \"k\" (list a b) - d) (yield -)))))"
        );
    }

    #[test]
    fn layout_is_no_part_of_it() {
        let same = "@spaces.GPU(duration=lambda *a: 30)\n# why\n@other\ndef f(\n    a,\n    *b,\n    c=2,  # two\n\
                    \t**d,\n):\n  \"\"\"Does.\"\"\"\n  for x in (range( 3, )):\n      a += f\"{x:>3} {a!r}\"; pass\n\
                    \n  return (\n      {\"k\": [a, b'x',], **d} if not (a < c) else (yield))\n";
        assert_eq!(form(same), form(FUNCTION));
        assert_eq!(form(&same.replace('\n', "\r\n")), form(FUNCTION));
    }

    #[test]
    fn whatever_changes_what_is_done_changes_it() {
        let mut seen = vec![form(FUNCTION)];
        for (from, to) in [
            ("range(3)", "range(4)"),
            ("+=", "-="),
            ("c: int = 2", "c: int = 2.0"),
            ("*b", "b"),
            ("@other", "@another"),
            ("'k'", "'\\\" k'"),
            ("not a < c", "not a <= c"),
            ("a += ", "a += 1\n        a += "),
            ("    return", "        return"),
        ] {
            let text = FUNCTION.replace(from, to);
            assert_ne!(text, FUNCTION, "{from}");
            let changed = form(&text);
            assert!(!seen.contains(&changed), "{to}");
            seen.push(changed);
        }
    }
}
