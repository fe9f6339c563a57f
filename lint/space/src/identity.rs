//! What tells a GPU function from another, and from itself before an edit that may change how long it takes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use camino::Utf8Path;
use sha2::{Digest, Sha256};
use spacelint_python::syntax::ParamKind;
use spacelint_python::{Certainty, Function, Place, Value, canonical};

use crate::effect::{Effect, GpuDeclaration};
use crate::profile::{DefaultValue, FunctionIdentity, Parameter, ParameterKind};
use crate::trace::SpaceTrace;
use crate::world::Role;

/// How many bytes of a hash are kept: it protects against nothing but chance.
const HASH_BYTES: usize = 16;

/// A GPU function as a profile knows it.
#[derive(Clone, Debug)]
pub struct Identified {
    /// The function.
    pub function: Arc<Function>,
    /// Which one it is.
    pub identity: FunctionIdentity,
    /// What it takes, in order.
    pub parameters: Vec<Parameter>,
    /// The lines, from 1, on which it begins for Python and for a reader: that of its first decorator, and that
    /// of its name.
    pub lines: (u32, u32),
}

/// The GPU functions that a program declares, in order, each text once.
pub fn identify(trace: &SpaceTrace) -> Vec<Identified> {
    let declared = declarations(trace);
    let mut seen = BTreeSet::new();
    let in_order = trace.moments().filter_map(|moment| match &moment.event.effect {
        Effect::DeclareGpu(gpu) => gpu.function.as_ref(),
        _ => None,
    });
    in_order
        .filter(|function| seen.insert(function.place()))
        .map(|function| identified(trace, &declared, function))
        .collect()
}

/// The one that Python names so: the path within the Space, the first line with decorators or without, and the
/// `__qualname__`. Where a wrapper has taken over the name of what it wraps, the line tells; where the line is of
/// another function, the name does, if only one has it.
pub fn find<'a>(
    all: &'a [Identified],
    path: &Utf8Path,
    line: u32,
    name: &str,
) -> Option<&'a Identified> {
    let of_file = || all.iter().filter(|it| it.identity.path == path.as_str());
    let begins = |it: &&Identified| (it.lines.0..=it.lines.1).contains(&line);
    let named = |it: &&Identified| it.identity.name == name;
    let only = |found: Vec<&'a Identified>| match found[..] {
        [one] => Some(one),
        _ => None,
    };
    of_file()
        .find(|it| begins(it) && named(it))
        .or_else(|| only(of_file().filter(begins).collect()))
        .or_else(|| only(of_file().filter(named).collect()))
}

/// Every declaration of every GPU function, by where that stands.
fn declarations(trace: &SpaceTrace) -> BTreeMap<Place, Vec<&GpuDeclaration>> {
    let mut declared: BTreeMap<Place, Vec<&GpuDeclaration>> = BTreeMap::new();
    for moment in trace.moments() {
        let Effect::DeclareGpu(gpu) = &moment.event.effect else { continue };
        let Some(function) = &gpu.function else { continue };
        let known = declared.entry(function.place()).or_default();
        // The second decoration of a function gives back the first; what is sure is what counts.
        if moment.certainty() == Certainty::Always {
            known.insert(0, gpu);
        } else {
            known.push(gpu);
        }
    }
    declared
}

fn identified(
    trace: &SpaceTrace,
    declared: &BTreeMap<Place, Vec<&GpuDeclaration>>,
    function: &Arc<Function>,
) -> Identified {
    let file = trace.file(function.file);
    let own = function.place();
    let form = |function: &Function| {
        let gpu = declared.get(&function.place());
        canonical(&function.def, |decorator| {
            let is_this = |gpu: &&GpuDeclaration| {
                gpu.declared_at.file == function.file
                    && decorator.span.contains(gpu.declared_at.span)
            };
            !gpu.is_some_and(|all| all.iter().any(is_this))
        })
    };
    let mut parts = vec![form(function)];
    let reached = reached(trace, function);
    let mut others: Vec<String> = reached
        .iter()
        .filter(|other| other.place() != own && !is_within(other, &reached))
        .map(|other| form(other))
        .collect();
    // In which order they are reached depends on more than what they do.
    others.sort();
    others.dedup();
    parts.extend(others);
    let first = function.def.decorators.iter().map(|it| it.span.start).min();
    let start = function.def.span.start;
    let line = |offset: u32| file.text.line_of(offset);
    let gpu = declared.get(&own).and_then(|all| all.first());
    Identified {
        identity: FunctionIdentity {
            module: function.module.to_string(),
            name: function.qualname.to_string(),
            path: file.path.to_string(),
            hash: hash(&parts),
            declaration: gpu.map_or_else(String::new, |gpu| hash(&[declaration(trace, gpu)])),
        },
        parameters: parameters(function),
        lines: (line(first.unwrap_or(start).min(start)), line(function.def.name_span.start)),
        function: Arc::clone(function),
    }
}

/// The functions that a call of `function` in a worker enters, itself and what it hands over included.
fn reached<'a>(trace: &'a SpaceTrace, function: &'a Arc<Function>) -> Vec<&'a Arc<Function>> {
    let mut found = vec![function];
    let mut seen = BTreeSet::from([function.place()]);
    let mut next = 0;
    while let Some(&current) = found.get(next) {
        let roots = trace.roots();
        // A GPU function that another one calls runs in place.
        let is_root = |index: usize| {
            let root = &roots[index];
            root.role == Role::Gpu
                && root.function().is_some_and(|it| it.place() == current.place())
        };
        let within = |index: usize| {
            std::iter::successors(Some(index), |index| roots[*index].parent).any(is_root)
        };
        let own: Vec<usize> = (0..roots.len()).filter(|index| within(*index)).collect();
        let entered = own.iter().flat_map(|index| &roots[*index].enters);
        let called = trace.moments().filter_map(|moment| match &moment.event.effect {
            Effect::CallGpu(call) if moment.event.root.is_some_and(|it| own.contains(&it)) => {
                call.function()
            }
            _ => None,
        });
        found.extend(entered.chain(called).filter(|function| seen.insert(function.place())));
        next += 1;
    }
    found
}

/// Whether the text of a function is part of that of another one.
fn is_within(function: &Function, all: &[&Arc<Function>]) -> bool {
    all.iter().any(|other| {
        other.file == function.file
            && other.def.span != function.def.span
            && other.def.span.contains(function.def.span)
    })
}

/// How a duration is declared.
fn declaration(trace: &SpaceTrace, gpu: &GpuDeclaration) -> String {
    let Some(duration) = &gpu.duration else { return String::new() };
    if let Some(function) = duration.value.function() {
        return canonical(&function.def, |_| true);
    }
    let text = trace.file(duration.place.file).text.slice(duration.place.span);
    text.split_whitespace().collect()
}

/// What a function takes.
fn parameters(function: &Function) -> Vec<Parameter> {
    let params = function.def.params.iter().enumerate();
    params
        .map(|(index, param)| Parameter {
            name: param.name.to_string(),
            kind: match param.kind {
                ParamKind::PositionalOnly => ParameterKind::PositionalOnly,
                ParamKind::Normal => ParameterKind::Normal,
                ParamKind::VarPositional => ParameterKind::VarPositional,
                ParamKind::KeywordOnly => ParameterKind::KeywordOnly,
                ParamKind::VarKeyword => ParameterKind::VarKeyword,
            },
            default: param.default.as_ref().map(|_| match function.default(index) {
                Some(Value::Bool(value)) => DefaultValue::Number(f64::from(u8::from(*value))),
                Some(Value::Int(value)) => number(*value),
                Some(Value::Float(value)) if value.is_finite() => DefaultValue::Number(*value),
                _ => DefaultValue::Other,
            }),
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "what no float holds is told apart before")]
fn number(value: i64) -> DefaultValue {
    const EXACT: u64 = 1 << 53;
    if value.unsigned_abs() <= EXACT {
        DefaultValue::Number(value as f64)
    } else {
        DefaultValue::Other
    }
}

/// The same for the same texts in every build.
fn hash(texts: &[String]) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update(text.as_bytes());
        hasher.update(b"\n");
    }
    let digest = hasher.finalize();
    digest[..HASH_BYTES].iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;
    use crate::{Files, Space};

    fn all(files: &[(&str, &str)]) -> Vec<Identified> {
        let files = files.iter().map(|(path, text)| (Utf8PathBuf::from(path), (*text).into()));
        let space = Space::read(&Files::memory(files));
        identify(space.trace().expect("there is a program"))
    }

    const APP: &str = "import spaces\nfrom work import Model\n\nmodel = Model()\n\n\ndef scaled(x):\n    return x * 2\n\
                       \n\ndef unrelated(x):\n    return x\n\n\n@spaces.GPU(duration=60)\ndef run(x, steps=20, *rest, \
                       seed=None, **more):\n    return model(scaled(x))\n";
    const WORK: &str = "class Model:\n    def __call__(self, x):\n        return self.half(x)\n\n    def half(self, x):\n        \
                        return x / 2\n\n    def other(self):\n        return 1\n";

    fn one(app: &str, work: &str) -> Identified {
        let mut all = all(&[("app.py", app), ("work.py", work)]);
        assert_eq!(all.len(), 1, "{app}");
        all.remove(0)
    }

    #[test]
    fn a_function_is_named_as_python_names_it() {
        let run = one(APP, WORK);
        let FunctionIdentity { module, name, path, .. } = &run.identity;
        assert_eq!((&**module, &**name, &**path), ("__main__", "run", "app.py"));
        assert_eq!(run.lines, (15, 16));
        let described: Vec<_> =
            run.parameters.iter().map(|it| (it.name.as_str(), it.kind, it.default)).collect();
        assert_eq!(
            described,
            [
                ("x", ParameterKind::Normal, None),
                ("steps", ParameterKind::Normal, Some(DefaultValue::Number(20.0))),
                ("rest", ParameterKind::VarPositional, None),
                ("seed", ParameterKind::KeywordOnly, Some(DefaultValue::Other)),
                ("more", ParameterKind::VarKeyword, None),
            ]
        );
    }

    #[test]
    fn the_hash_is_what_it_was() {
        let FunctionIdentity { hash, declaration, .. } = one(APP, WORK).identity;
        assert_eq!(
            (&*hash, &*declaration),
            ("f74697a8ce28108294eca127fedadb35", "95cf32708a31caa478a0e9141103ac56")
        );
    }

    #[test]
    fn what_it_reaches_counts_and_nothing_else() {
        let before = one(APP, WORK).identity;
        let changed = |app: &str, work: &str| one(app, work).identity.hash != before.hash;
        for (from, to) in [
            ("duration=60", "duration=lambda *a, **k: 90"),
            ("(duration=60)", ""),
            ("    return x\n", "    return -x\n"),
            ("import spaces\n", "# c\nimport spaces\n\nTITLE = 'x'\n"),
            ("def scaled(x):", "def scaled(x):  # twice"),
        ] {
            assert!(APP.contains(from));
            assert!(!changed(&APP.replacen(from, to, 1), WORK), "{to}");
        }
        assert!(changed(&APP.replace("x * 2", "x * 3"), WORK));
        assert!(changed(&APP.replace("steps=20", "steps=21"), WORK));
        assert!(changed(&APP.replace("model(scaled(x))", "scaled(model(x))"), WORK));
        assert!(changed(APP, &WORK.replace("x / 2", "x / 3")));
        assert!(!changed(APP, &WORK.replace("return 1", "return 2")));
    }

    #[test]
    fn a_declaration_is_known_by_its_text_or_by_what_computes_it() {
        let of = |duration: &str| {
            let app = APP.replace("duration=60", duration);
            let app =
                app.replace("@spaces", "def seconds(*a, **k):\n    return LIMIT\n\n\n@spaces");
            one(&app, WORK).identity.declaration
        };
        assert_eq!(of("duration=60"), of("60"));
        assert_ne!(of("duration=60"), of("duration=61"));
        assert_eq!(of("duration=seconds"), of("duration = (seconds)"));
        assert_ne!(of("duration=seconds"), of("duration=60"));
        let limited = APP.replace("@spaces", "def seconds(*a, **k):\n    return 3\n\n\n@spaces");
        let limited = limited.replace("duration=60", "duration=seconds");
        assert_ne!(of("duration=seconds"), one(&limited, WORK).identity.declaration);
    }

    #[test]
    fn what_runs_within_it_counts() {
        let app = "import spaces, threading\n\ndef inner(x):\n    return x\n\n@spaces.GPU\ndef nested(x):\n    return x + 1\n\
                   \n@spaces.GPU\ndef run(x):\n    threading.Thread(target=inner).start()\n    yield nested(x)\n\nrun(1)\n";
        let hash = |app: &str| {
            let all = all(&[("app.py", app)]);
            let run = all.iter().find(|it| it.identity.name == "run").expect("it is declared");
            run.identity.hash.clone()
        };
        assert_ne!(hash(app), hash(&app.replace("    return x\n", "    return -x\n")));
        assert_ne!(hash(app), hash(&app.replace("x + 1", "x + 2")));
        assert_eq!(hash(app), hash(&app.replace("@spaces.GPU\n", "@spaces.GPU(duration=5)\n")));
    }

    #[test]
    fn it_is_found_by_what_python_says_of_it() {
        let app = "import spaces\n\n\ndef timed(f):\n    def wrapper(*a):\n        return f(*a)\n    return wrapper\n\n\n\
                   @spaces.GPU\n@timed\ndef run(x):\n    return x\n\n\nclass A:\n    @spaces.GPU\n    def run(self):\n        \
                   return 1\n\n\nif spaces:\n    @spaces.GPU\n    def twice(): return 1\nelse:\n    @spaces.GPU\n    \
                   def twice(): return 2\n";
        let all = all(&[("app.py", app)]);
        let line = |path: &str, line: u32, name: &str| {
            let found = find(&all, Utf8Path::new(path), line, name)?;
            Some((found.identity.name.as_str(), found.lines.0))
        };
        assert_eq!(line("app.py", 5, "run"), Some(("timed.<locals>.wrapper", 5)));
        assert_eq!(line("app.py", 17, "A.run"), Some(("A.run", 17)));
        assert_eq!(line("app.py", 99, "A.run"), Some(("A.run", 17)));
        assert_eq!(line("other.py", 17, "A.run"), None);
        assert_eq!(line("app.py", 23, "twice"), Some(("twice", 23)));
        assert_eq!(line("app.py", 99, "nothing"), None);
    }
}
