//! `def`, `lambda` and `class`: what the definition itself runs, and what it makes.

use std::sync::Arc;

use super::heap::{Content, Slot};
use super::{Eval, Flow, Frame, Interpreter, Stop};
use crate::syntax::{Arg, ClassDef, Expr, ExprKind, FunctionDef, Name, ParamKind};
use crate::value::{Class, Function, Value};
use crate::world::World;

impl<W: World> Interpreter<'_, W> {
    pub(super) fn annotation(&mut self, annotation: &Expr) -> Eval<()> {
        // A string annotation is not evaluated, and most others are plain names.
        if !self.frame().module.lazy_annotations && !matches!(annotation.kind, ExprKind::Str(_)) {
            self.eval(annotation)?;
        }
        Ok(())
    }

    pub(super) fn define(&mut self, def: &Arc<FunctionDef>) -> Eval<Value> {
        let mut decorators = Vec::with_capacity(def.decorators.len());
        for decorator in &def.decorators {
            decorators.push((self.eval(decorator)?, decorator));
        }
        let mut value = self.function(def)?;
        for param in &def.params {
            if let Some(annotation) = &param.annotation {
                self.annotation(annotation)?;
            }
        }
        if let Some(returns) = &def.returns {
            self.annotation(returns)?;
        }
        for (decorator, expression) in decorators.into_iter().rev() {
            value = self.decorate(&decorator, value, expression.span)?;
        }
        Ok(value)
    }

    /// The function itself, without its decorators.
    pub(super) fn function(&mut self, def: &Arc<FunctionDef>) -> Eval<Value> {
        let mut defaults = Vec::with_capacity(def.params.len());
        for param in &def.params {
            defaults.push(match &param.default {
                Some(default) => {
                    let place = self.argument_place(default);
                    Some(Slot { value: self.eval(default)?, passed: Some(place) })
                }
                None => None,
            });
        }
        let frame = self.frame();
        let scopes = frame.inner_scopes();
        let function = Function {
            def: Arc::clone(def),
            file: frame.module.file,
            module: Arc::clone(&frame.module.name),
            qualname: format!("{}{}", frame.prefix, def.name).into(),
            defaults,
            scopes,
            owner: frame.is_class.then_some(frame.names),
            home: Arc::clone(&frame.module),
            id: self.functions,
        };
        self.functions += 1;
        Ok(Value::Function(Arc::new(function)))
    }

    pub(super) fn declare_field(&mut self, name: &Name) {
        let names = self.frame().names;
        let key: Name = FIELDS.into();
        let mut fields = match self.heap.get(names, FIELDS) {
            Some(Slot { value: Value::List(fields), .. }) => fields.to_vec(),
            _ => Vec::new(),
        };
        fields.push(Value::Str(Arc::clone(name)));
        self.heap.set(names, &key, Value::List(fields.into()));
    }

    pub(super) fn define_class(&mut self, def: &Arc<ClassDef>) -> Eval<Value> {
        let mut decorators = Vec::with_capacity(def.decorators.len());
        for decorator in &def.decorators {
            decorators.push((self.eval(decorator)?, decorator));
        }
        let mut bases = Vec::new();
        for Arg { kind, value, .. } in &def.bases {
            let value = self.eval(value)?;
            if matches!(kind, crate::syntax::ArgKind::Positional) {
                bases.push(value);
            }
        }
        let names = self.heap.allocate(Content::Names);
        let frame = self.frame();
        let qualname: Name = format!("{}{}", frame.prefix, def.name).into();
        let scopes = frame.inner_scopes();
        let class = Arc::new(Class {
            def: Arc::clone(def),
            file: frame.module.file,
            module: Arc::clone(&frame.module.name),
            qualname: Arc::clone(&qualname),
            bases,
            namespace: names,
        });
        let module = Arc::clone(&frame.module);
        self.frames.push(Frame {
            module,
            function: None,
            names,
            scopes,
            prefix: format!("{qualname}.").into(),
            is_class: true,
            is_comprehension: false,
            returned: None,
            yielded: Vec::new(),
        });
        let flow = self.block(&def.body);
        self.frames.pop();
        self.propagate(flow)?;
        self.heap.set(names, &OWNER.into(), Value::Class(Arc::clone(&class)));
        let mut value = Value::Class(class);
        for (decorator, expression) in decorators.into_iter().rev() {
            value = self.decorate(&decorator, value, expression.span)?;
        }
        Ok(value)
    }

    /// Passes on how a body of code was left to whatever evaluates it.
    pub(super) fn propagate(&mut self, flow: Flow) -> Eval<()> {
        let out = Flow(flow.0 & (Flow::RAISE | Flow::EXIT).0);
        if out == Flow::NONE {
            return Ok(());
        }
        if flow.has(Flow::NEXT | Flow::RETURN) {
            self.may_leave(out);
            return Ok(());
        }
        Err(if out.has(Flow::RAISE) {
            Stop::Raise(self.raising.pop().unwrap_or(Value::Unknown))
        } else {
            Stop::Exit
        })
    }

    pub(super) fn parameter_kinds(def: &FunctionDef) -> impl Iterator<Item = (usize, &Name)> {
        def.params
            .iter()
            .enumerate()
            .filter(|(_, param)| {
                matches!(param.kind, ParamKind::PositionalOnly | ParamKind::Normal)
            })
            .map(|(index, param)| (index, &param.name))
    }
}

/// The hidden names of a class: the fields it declares without a value, and itself.
pub(super) const FIELDS: &str = "<fields>";
pub(super) const OWNER: &str = "<class>";
