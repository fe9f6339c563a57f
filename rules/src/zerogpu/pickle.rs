//! What cannot be pickled, as far as the text shows it: the arguments of a GPU function and its results
//! are, on the way between the main process and the worker.

use spacelint_knowledge::effects;
use spacelint_python::{Class, External, Function, Value};
use spacelint_space::SpaceTrace;

/// How deep a value is looked into.
const MAX_DEPTH: u32 = 6;

/// A part of a value that cannot be pickled.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fault {
    /// What it is: "a lambda", "an open file".
    pub(super) what: String,
    /// In which attribute of what it stands, if it does: "`lock` of a `Model`".
    pub(super) within: Option<String>,
    /// Whether the value is that on every way.
    pub(super) sure: bool,
}

impl Fault {
    /// "a lambda", "a `Model`, whose `lock` is a lock".
    pub(super) fn says(&self) -> String {
        match &self.within {
            None => self.what.clone(),
            Some(within) => format!("{within} is {}", self.what),
        }
    }
}

/// What of `value` cannot be pickled.
pub(super) fn fault(trace: &SpaceTrace, value: &Value) -> Option<Fault> {
    look(trace, value, MAX_DEPTH)
}

fn look(trace: &SpaceTrace, value: &Value, depth: u32) -> Option<Fault> {
    let depth = depth.checked_sub(1)?;
    let all = |values: &[Value]| values.iter().find_map(|value| look(trace, value, depth));
    match value {
        Value::OneOf(values) => {
            let faults: Vec<Option<Fault>> =
                values.iter().map(|value| look(trace, value, depth)).collect();
            let sure = faults.iter().all(|fault| fault.as_ref().is_some_and(|fault| fault.sure));
            faults.into_iter().flatten().next().map(|fault| Fault { sure, ..fault })
        }
        Value::Function(function) => local(function).map(Fault::of),
        Value::Suspended(function) if function.def.is_generator => {
            Some(Fault::of("a generator".to_owned()))
        }
        Value::Suspended(_) => Some(Fault::of("a coroutine".to_owned())),
        Value::Module(name, _) => Some(Fault::of(format!("the module `{name}`"))),
        Value::Class(class) if is_local(&class.qualname) => {
            Some(Fault::of(format!("the local class `{}`", class.def.name)))
        }
        Value::Instance(class, _) => instance(trace, value, class, depth),
        Value::Method(_, receiver) => look(trace, receiver, depth),
        Value::Partial(partial) => look(trace, &partial.callee, depth).or_else(|| {
            partial.arguments.items.iter().find_map(|argument| look(trace, &argument.value, depth))
        }),
        Value::Tuple(items) | Value::List(items) => all(items),
        Value::Dict(pairs) => pairs.iter().find_map(|(_, value)| look(trace, value, depth)),
        Value::External(external) => match &**external {
            External::Call { callee, .. } => {
                callee.name().and_then(effects::unpicklable).map(|what| Fault::of(what.to_owned()))
            }
            _ => None,
        },
        _ => None,
    }
}

impl Fault {
    fn of(what: String) -> Self {
        Self { what, within: None, sure: true }
    }
}

/// A function that pickle cannot find by its name again.
fn local(function: &Function) -> Option<String> {
    if &*function.def.name == "<lambda>" {
        return Some("a lambda".to_owned());
    }
    is_local(&function.qualname).then(|| format!("the local function `{}`", function.def.name))
}

/// Whether that stands in a function.
fn is_local(qualname: &str) -> bool {
    qualname.contains("<locals>")
}

fn instance(trace: &SpaceTrace, value: &Value, class: &Class, depth: u32) -> Option<Fault> {
    if says_how(class) {
        return None;
    }
    if is_local(&class.qualname) {
        return Some(Fault::of(format!("an instance of the local class `{}`", class.def.name)));
    }
    trace.attributes(value).iter().find_map(|(name, value)| {
        let fault = look(trace, value, depth)?;
        let within = match &fault.within {
            Some(within) => within.clone(),
            None => format!("a `{}`, whose `{name}`", class.def.name),
        };
        Some(Fault { within: Some(within), ..fault })
    })
}

/// Whether a class, or something that it is made of, may say by itself how it is pickled.
fn says_how(class: &Class) -> bool {
    use spacelint_python::syntax::StmtKind;
    const SAY: [&str; 5] =
        ["__getstate__", "__reduce__", "__reduce_ex__", "__getnewargs__", "__getnewargs_ex__"];
    let defines = class.def.body.iter().any(|statement| match &statement.kind {
        StmtKind::Function(def) => SAY.contains(&&*def.name),
        _ => false,
    });
    defines
        || class.bases.iter().any(|base| match base {
            Value::Class(base) => says_how(base),
            Value::External(external) => external.name() != Some("builtins.object"),
            _ => true,
        })
}
