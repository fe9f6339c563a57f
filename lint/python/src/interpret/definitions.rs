//! `def`, `lambda` and `class`: what the definition itself runs, and what it makes.

use std::sync::Arc;

use super::attributes::{links, method};
use super::heap::{Content, Slot};
use super::instances::is_enum;
use super::{Eval, Flow, Frame, Interpreter, Stop, builtins};
use crate::syntax::{
    Arg, ArgKind, ClassDef, Expr, ExprKind, FunctionDef, Name, ParamKind, Stmt, StmtKind,
};
use crate::text::Span;
use crate::value::{Argument, Arguments, Class, Function, Value};
use crate::world::World;

impl<W: World> Interpreter<'_, W> {
    pub(super) fn annotation(&mut self, annotation: &Expr) -> Eval<Option<Value>> {
        // A string annotation is not evaluated, and most others are plain names.
        if matches!(annotation.kind, ExprKind::Str(_)) {
            return Ok(None);
        }
        if self.frame().module.lazy_annotations {
            // Whoever asks for it evaluates it later.
            return Ok(is_name(annotation).then(|| self.quietly(annotation)));
        }
        self.eval(annotation).map(Some)
    }

    pub(super) fn define(&mut self, def: &Arc<FunctionDef>) -> Eval<Value> {
        let mut decorators = Vec::with_capacity(def.decorators.len());
        for decorator in &def.decorators {
            decorators.push((self.eval(decorator)?, decorator));
        }
        let mut value = self.function(def)?;
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
                    Some(Slot::passed(self.eval(default)?, place))
                }
                None => None,
            });
        }
        let mut annotations = Vec::with_capacity(def.params.len());
        for param in &def.params {
            annotations.push(match &param.annotation {
                Some(annotation) => self.annotation(annotation)?,
                None => None,
            });
        }
        let parts = defaults.iter_mut().flatten().map(|slot: &mut Slot| &mut slot.value);
        let depth = links(parts.chain(annotations.iter_mut().flatten()));
        let frame = self.frame();
        let scopes = frame.inner_scopes();
        let function = Function {
            def: Arc::clone(def),
            file: frame.module.file,
            module: Arc::clone(&frame.module.name),
            qualname: format!("{}{}", frame.prefix, def.name).into(),
            defaults,
            annotations,
            scopes,
            owner: frame.is_class.then_some(frame.names),
            home: Arc::clone(&frame.module),
            id: self.functions,
            depth,
        };
        self.functions += 1;
        self.declared.extend(def.globals.iter().cloned());
        Ok(Value::Function(Arc::new(function)))
    }

    pub(super) fn declare_field(&mut self, name: &Name) {
        let names = self.frame().names;
        let key: Name = FIELDS.into();
        let mut fields = match self.heap.get(names, FIELDS) {
            Some(Slot { value: Value::List(fields), .. }) => fields.to_vec(),
            _ => Vec::new(),
        };
        let field = Value::Str(Arc::clone(name));
        if !fields.contains(&field) {
            fields.push(field);
        }
        self.heap.set(names, &key, Value::List(fields.into()));
    }

    pub(super) fn define_class(&mut self, def: &Arc<ClassDef>) -> Eval<Value> {
        let mut decorators = Vec::with_capacity(def.decorators.len());
        for decorator in &def.decorators {
            decorators.push((self.eval(decorator)?, decorator));
        }
        let mut bases = Vec::new();
        let mut keywords = Vec::new();
        let mut metaclass = None;
        for Arg { kind, value, .. } in &def.bases {
            let place = self.place(value.span);
            let value = self.eval(value)?;
            match kind {
                ArgKind::Positional => bases.push(value),
                ArgKind::Star => bases.extend(self.elements(&value)?.0),
                ArgKind::Keyword(name) if &**name != "metaclass" => {
                    keywords.push(Argument { name: Some(Arc::clone(name)), value, place });
                }
                ArgKind::Keyword(_) => metaclass = Some(value),
                ArgKind::DoubleStar => {}
            }
        }
        let names = self.heap.allocate(Content::Names);
        let frame = self.frame();
        let qualname: Name = format!("{}{}", frame.prefix, def.name).into();
        let scopes = frame.inner_scopes();
        let home = (frame.module.file, Arc::clone(&frame.module.name));
        let class =
            Arc::new(Class::new(Arc::clone(def), home, Arc::clone(&qualname), bases, names));
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
            at: Span::empty(0),
            generator: None,
        });
        let flow = self.block(&def.body);
        self.frames.pop();
        self.propagate(flow)?;
        self.heap.set(names, &OWNER.into(), Value::Class(Arc::clone(&class)));
        if is_enum(&class) {
            self.make_members(&class, &assigned_names(&def.body));
        }
        let mut value = Value::Class(Arc::clone(&class));
        if let Some(metaclass) = metaclass {
            self.tell_metaclass(&metaclass, &value, def)?;
        }
        self.tell_descriptors(&class, &value, def)?;
        self.tell_bases(&class, &value, keywords, def)?;
        for (decorator, expression) in decorators.into_iter().rev() {
            value = self.decorate(&decorator, value, expression.span)?;
        }
        Ok(value)
    }

    /// What a metaclass does when a class is made. The class stays what its body made it.
    fn tell_metaclass(&mut self, metaclass: &Value, class: &Value, def: &ClassDef) -> Eval<()> {
        let Value::Class(metaclass) = metaclass else { return Ok(()) };
        let Value::Class(made) = class else { return Ok(()) };
        let parts = vec![
            Value::Str(Arc::clone(&made.def.name)),
            Value::Tuple(made.bases.clone().into()),
            Value::Unknown,
        ];
        for (hook, first) in
            [("__new__", Value::Class(Arc::clone(metaclass))), ("__init__", class.clone())]
        {
            if let Some(hook) = self.class_attribute(metaclass, hook) {
                let place = self.place(def.name_span);
                let values = std::iter::once(first).chain(parts.clone()).collect();
                self.call_with(&hook, values, place)?;
            }
        }
        Ok(())
    }

    /// `__set_name__` of what the body of a class assigned.
    fn tell_descriptors(&mut self, class: &Arc<Class>, owner: &Value, def: &ClassDef) -> Eval<()> {
        for name in assigned_names(&def.body) {
            if let Some(slot) = self.heap.get(class.namespace, &name)
                && let value @ Value::Instance(..) = slot.value.clone()
            {
                let arguments = vec![owner.clone(), Value::Str(name)];
                self.special(&value, "__set_name__", arguments, def.span)?;
            }
        }
        Ok(())
    }

    /// `__init_subclass__` of the bases.
    fn tell_bases(
        &mut self,
        class: &Arc<Class>,
        value: &Value,
        keywords: Vec<Argument>,
        def: &ClassDef,
    ) -> Eval<()> {
        let hook = self.class_attribute_after(class, Some(class.namespace), "__init_subclass__");
        if let Some(hook) = hook {
            let hook = match builtins::descriptor(&hook) {
                Some((_, inner)) => inner,
                None => hook,
            };
            let place = self.place(def.name_span);
            let arguments = Arguments { items: keywords, open: false };
            self.call(&method(hook, value), arguments, place)?;
        }
        Ok(())
    }

    /// Passes on how a body of code was left to whatever evaluates it.
    pub(super) fn propagate(&mut self, flow: Flow) -> Eval<()> {
        let out = flow.within(Flow::RAISE | Flow::EXIT);
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

/// Whether this is a name, dotted or not.
fn is_name(expression: &Expr) -> bool {
    match &expression.kind {
        ExprKind::Name(_) => true,
        ExprKind::Attribute { value, .. } => is_name(value),
        _ => false,
    }
}

/// The names that the statements of a class body assign, in order.
fn assigned_names(body: &[Stmt]) -> Vec<Name> {
    let mut names = Vec::new();
    for statement in body {
        let targets: &[Expr] = match &statement.kind {
            StmtKind::Assign { targets, .. } => targets,
            StmtKind::AnnAssign { target, value: Some(_), .. } => std::slice::from_ref(target),
            _ => &[],
        };
        for target in targets {
            let parts = match &target.kind {
                ExprKind::Tuple(parts) | ExprKind::List(parts) => parts.as_slice(),
                _ => std::slice::from_ref(target),
            };
            names.extend(parts.iter().filter_map(|part| match &part.kind {
                ExprKind::Name(name) => Some(Arc::clone(name)),
                _ => None,
            }));
        }
    }
    names
}

/// The hidden names of a class: the fields it declares, and itself.
pub(super) const FIELDS: &str = "<fields>";
pub(super) const OWNER: &str = "<class>";
