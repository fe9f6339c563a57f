//! Names and arguments that knowledge says drift, wherever the program uses them. Which versions the
//! Space gets is not asked here: that is for whoever reads the trace.

use std::borrow::Cow;
use std::sync::Arc;

use spacelint_knowledge::drift;
use spacelint_python::{Argument, External, Now, Value};

use super::calls::{Call, called as name_of};
use super::canonical;
use crate::effect::{ArgumentUse, Effect, NameUse, Way};

fn uses(name: Option<&'static str>, way: Way) -> Option<Effect> {
    Some(Effect::UseName(NameUse { name: name?, way }))
}

/// `import module` or `from module import name`: the packages around the module, itself, and the name.
pub(super) fn imported(module: &str, name: Option<&str>, now: &Now<'_>) -> Vec<Effect> {
    let ends = module.match_indices('.').map(|(dot, _)| dot).chain([module.len()]);
    let modules = ends.map(|end| &module[..end]).filter(|part| !now.imported.contains(*part));
    let known = |name: &str| drift::used(name).or_else(|| drift::met(name));
    let mut found: Vec<Effect> =
        modules.filter_map(|part| uses(known(part), Way::Imported)).collect();
    let name = name.and_then(|name| known(&format!("{module}.{name}")));
    found.extend(uses(name, Way::Imported));
    found
}

pub(super) fn read(external: &External) -> Option<Effect> {
    let name = match external {
        External::Name(name) => drift::used(name),
        External::Attribute { .. } => drift::used(&plain(&canonical(external)?)),
        _ => None,
    };
    uses(name, Way::Read)
}

pub(super) fn called(call: &Call<'_>, effects: &mut Vec<Effect>) {
    let Some(name) = canonical(call.callee) else { return };
    let name = plain(&name);
    effects.extend(uses(drift::met(&name), Way::Called));
    let is_named = |passed: &Argument| passed.name.is_some();
    if !call.arguments.items.iter().any(is_named) || !drift::has_arguments(&name) {
        return;
    }
    for passed in &call.arguments.items {
        let Some(keyword) = passed.name.as_deref() else { continue };
        let refused = drift::arguments(&name, keyword)
            .filter(|argument| argument.value.is_none_or(|it| passed.value.as_str() == Some(it)));
        effects.extend(refused.map(|argument| {
            let called = name_of(call.callee);
            Effect::PassArgument(Arc::new(ArgumentUse { called, argument, passed: passed.clone() }))
        }));
    }
}

/// What the program puts in the place of something outside it.
pub(super) fn set(target: &External) -> Option<Effect> {
    let name = match target {
        External::Name(name) => drift::used(name),
        External::Item { of, key: Value::Str(module) } if of.name() == Some("sys.modules") => {
            drift::used(module)
        }
        _ => None,
    };
    uses(name, Way::Set)
}

/// A component of Gradio under the one name that it has everywhere.
fn plain(name: &str) -> Cow<'_, str> {
    match name.strip_prefix("gradio.components.") {
        Some(component) => Cow::Owned(format!("gradio.{component}")),
        None => Cow::Borrowed(name),
    }
}
