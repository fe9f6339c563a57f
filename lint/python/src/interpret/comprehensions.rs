//! Comprehensions run where they stand; a generator expression is the generator function that
//! CPython makes of it, and runs when something iterates over it.

use std::sync::Arc;

use super::heap::{Content, Slot};
use super::iteration::Turn;
use super::keys::Table;
use super::{Eval, Flow, Frame, Interpreter, Stop};
use crate::syntax::{
    Clause, ComprehensionKind, Expr, ExprKind, FunctionDef, Name, Param, ParamKind, Stmt, StmtKind,
};
use crate::text::Span;
use crate::value::{Argument, Arguments, Value};
use crate::world::{Guard, World};

/// What the first iterable of a generator expression is called within it, as in CPython.
const FIRST: &str = ".0";

impl<W: World> Interpreter<'_, W> {
    pub(super) fn comprehension(
        &mut self,
        kind: ComprehensionKind,
        element: &Expr,
        clauses: &[Clause],
        span: Span,
    ) -> Eval<Value> {
        // The first iterable is evaluated outside.
        let first = self.eval(&clauses[0].iter)?;
        let first = self.iterator(&first, clauses[0].iter.span)?;
        if kind == ComprehensionKind::Generator {
            return self.generator_expression(first, element, clauses, span);
        }
        let names = self.heap.allocate(Content::Names);
        let frame = self.frame();
        let inner = Frame {
            module: Arc::clone(&frame.module),
            function: None,
            names,
            scopes: frame.inner_scopes(),
            prefix: Arc::clone(&frame.prefix),
            is_class: false,
            is_comprehension: true,
            returned: None,
            at: Span::empty(0),
            generator: None,
        };
        self.frames.push(inner);
        let mut made = Vec::new();
        let open = self.clause(&first, clauses, element, &mut made);
        self.frames.pop();
        let open = open?;
        Ok(match kind {
            ComprehensionKind::Dict => {
                let mut pairs = Table::of(Vec::with_capacity(made.len()));
                for pair in made {
                    if let Value::Tuple(pair) = pair
                        && let [key, value] = &*pair
                    {
                        let slot = Slot::of(value.clone());
                        pairs.insert(key.clone(), slot);
                    }
                }
                self.dict(pairs.into_entries(), open)
            }
            ComprehensionKind::Set => self.set(made, open),
            _ => self.list(made, open),
        })
    }

    /// One `for` of a comprehension and all that follow; whether more, or less, may be made than is
    /// known.
    fn clause(
        &mut self,
        iterator: &Value,
        clauses: &[Clause],
        element: &Expr,
        made: &mut Vec<Value>,
    ) -> Eval<bool> {
        let Some((clause, rest)) = clauses.split_first() else { return Ok(false) };
        let mut open = false;
        for turn in 0.. {
            let next = if self.may_turn(clause, turn) {
                self.advance(iterator)?
            } else {
                Turn::Rest(Value::Unknown)
            };
            match next {
                Turn::Item(value) => {
                    self.assign(&clause.target, value)?;
                    open |= self.turn(&clause.conditions, rest, element, made)?;
                }
                Turn::Perhaps(value) => {
                    open = true;
                    self.perhaps_element(clause, value, rest, element, made);
                }
                Turn::Rest(value) => {
                    self.perhaps_element(clause, value, rest, element, made);
                    return Ok(true);
                }
                Turn::End(_) => break,
            }
        }
        Ok(open)
    }

    fn perhaps_element(
        &mut self,
        clause: &Clause,
        value: Value,
        rest: &[Clause],
        element: &Expr,
        made: &mut Vec<Value>,
    ) {
        self.perhaps(None, |this| {
            let done = this
                .assign(&clause.target, value)
                .and_then(|()| this.turn(&clause.conditions, rest, element, made));
            this.may_have_stopped(done);
        });
    }

    /// One turn of a clause, from these conditions on.
    fn turn(
        &mut self,
        conditions: &[Expr],
        rest: &[Clause],
        element: &Expr,
        made: &mut Vec<Value>,
    ) -> Eval<bool> {
        let Some((condition, conditions)) = conditions.split_first() else {
            if let Some(next) = rest.first() {
                let iter = self.eval(&next.iter)?;
                let iterator = self.iterator(&iter, next.iter.span)?;
                return self.deeper(Ok(true), |this| this.clause(&iterator, rest, element, made));
            }
            made.push(self.eval(element)?);
            return Ok(false);
        };
        let value = self.eval(condition)?;
        match self.truth(&value)? {
            Some(true) => self.deeper(Ok(true), |this| this.turn(conditions, rest, element, made)),
            Some(false) => Ok(false),
            None => {
                let guard = Guard::Condition {
                    test: self.frozen(&value),
                    holds: true,
                    place: self.place(condition.span),
                };
                self.perhaps(Some(guard), |this| {
                    let done =
                        this.deeper(Ok(true), |this| this.turn(conditions, rest, element, made));
                    this.may_have_stopped(done);
                });
                Ok(true)
            }
        }
    }

    /// Something that only perhaps ran has perhaps not come to its end.
    pub(super) fn may_have_stopped<T>(&mut self, done: Eval<T>) {
        match done {
            Ok(_) => {}
            Err(Stop::Raise(exception)) => {
                self.raising.push(exception);
                self.may_leave(Flow::RAISE);
            }
            Err(Stop::Exit) => self.may_leave(Flow::EXIT),
        }
    }

    fn generator_expression(
        &mut self,
        first: Value,
        element: &Expr,
        clauses: &[Clause],
        span: Span,
    ) -> Eval<Value> {
        let place = self.place(span);
        let def = if let Some(def) = self.expressions.get(&place) {
            Arc::clone(def)
        } else {
            let def = Arc::new(as_function(element, clauses, span));
            self.expressions.insert(place, Arc::clone(&def));
            def
        };
        let Value::Function(function) = self.function(&def)? else { return Ok(Value::Unknown) };
        let items = vec![Argument { name: None, value: first, place }];
        Ok(self.suspended(&function, &Arguments { items, open: false }, place))
    }
}

/// The generator function that a generator expression is.
fn as_function(element: &Expr, clauses: &[Clause], span: Span) -> FunctionDef {
    let first: Name = FIRST.into();
    let of = |kind| Expr { span, kind };
    let yielded = of(ExprKind::Yield { value: Some(Box::new(element.clone())), from: false });
    let mut body = Stmt { span: element.span, kind: StmtKind::Expr(yielded) };
    for (index, clause) in clauses.iter().enumerate().rev() {
        for condition in clause.conditions.iter().rev() {
            let arms = vec![(condition.clone(), vec![body])];
            body = Stmt { span: condition.span, kind: StmtKind::If { arms, orelse: Vec::new() } };
        }
        let iter = match index {
            0 => Expr { span: clause.iter.span, kind: ExprKind::Name(Arc::clone(&first)) },
            _ => clause.iter.clone(),
        };
        let (target, iter) = (Box::new(clause.target.clone()), Box::new(iter));
        let kind = StmtKind::For { target, iter, body: vec![body], orelse: Vec::new() };
        body = Stmt { span: clause.iter.span, kind };
    }
    FunctionDef {
        name: "<genexpr>".into(),
        name_span: span,
        span,
        decorators: Vec::new(),
        params: vec![Param {
            name: first,
            kind: ParamKind::PositionalOnly,
            default: None,
            annotation: None,
            span,
        }],
        returns: None,
        body: vec![body],
        is_async: false,
        is_generator: true,
        locals: Vec::new(),
        globals: Vec::new(),
        nonlocals: Vec::new(),
    }
}
