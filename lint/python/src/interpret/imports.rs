//! Imports: which module, in which order, and what it leaves behind.

use std::sync::Arc;

use super::heap::{Content, Slot};
use super::{Eval, Flow, Frame, Interpreter, ModuleInfo, Stop};
use crate::syntax::{Expr, ExprKind, ImportAlias, ImportNames, Module, Name, Stmt, StmtKind};
use crate::text::{Span, Text};
use crate::trace::{Budget, Step};
use crate::value::{FileId, Place, Value};
use crate::world::{Found, World};

impl<W: World> Interpreter<'_, W> {
    /// `import a.b.c as d`
    pub(super) fn import(&mut self, alias: &ImportAlias, span: Span) -> Eval<()> {
        let place = self.place(span);
        let leaf = self.import_module(&alias.name, place)?;
        if alias.name.split('.').next().is_some_and(|top| self.is_external(top)) {
            self.note_external(&alias.name, None, place);
        }
        if let Some(name) = &alias.alias {
            self.bind(name, leaf);
        } else {
            let top: Name = alias.name.split('.').next().unwrap_or_default().into();
            let value = self.module_value(&top);
            self.bind(&top, value);
        }
        Ok(())
    }

    /// `from ..a import b as c`
    pub(super) fn import_from(
        &mut self,
        level: u32,
        module: Option<&Name>,
        names: &ImportNames,
        span: Span,
    ) -> Eval<()> {
        let place = self.place(span);
        let Some(absolute) = self.absolute(level, module) else {
            return Ok(());
        };
        if &*absolute == "__future__" {
            return Ok(());
        }
        let value = self.import_module(&absolute, place)?;
        match names {
            ImportNames::Star => self.import_star(&value, &absolute, place)?,
            ImportNames::Names(names) => {
                for alias in names {
                    let value = self.import_name(&value, &absolute, &alias.name, place)?;
                    self.bind(alias.alias.as_ref().unwrap_or(&alias.name), value);
                }
            }
        }
        Ok(())
    }

    fn import_name(
        &mut self,
        module: &Value,
        absolute: &Name,
        name: &Name,
        place: Place,
    ) -> Eval<Value> {
        match module {
            Value::Module(_, names) => {
                if let Some(slot) = self.heap.get(*names, name) {
                    return Ok(slot.value.clone());
                }
                let submodule: Name = format!("{absolute}.{name}").into();
                match self.find(&submodule) {
                    Found::Local { .. } | Found::Namespace => {
                        return self.import_module(&submodule, place);
                    }
                    _ => {}
                }
                match self.heap.get(*names, "__getattr__").map(|slot| slot.value.clone()) {
                    Some(hook) => self.call_with(&hook, vec![Value::Str(Arc::clone(name))], place),
                    None => Ok(Value::Unknown),
                }
            }
            Value::OneOf(modules) => {
                let mut joined: Option<Value> = None;
                for module in modules.iter() {
                    let value = self.import_name(module, absolute, name, place)?;
                    joined = joined.into_iter().chain([value]).reduce(Value::or);
                }
                Ok(joined.unwrap_or(Value::Unknown))
            }
            Value::External(external) => {
                self.note_external(absolute, Some(name), place);
                let full = Arc::new(external.attribute(name));
                Ok(self.read(&full, place.span))
            }
            _ => Ok(Value::Unknown),
        }
    }

    fn import_star(&mut self, module: &Value, absolute: &Name, place: Place) -> Eval<()> {
        match module {
            Value::Module(_, names) => {
                let all = self.heap.get(*names, "__all__").map(|slot| slot.value.clone());
                let wanted: Vec<Name> = match all {
                    Some(all) => self
                        .elements(&all)?
                        .0
                        .iter()
                        .filter_map(|name| match name {
                            Value::Str(name) => Some(Arc::clone(name)),
                            _ => None,
                        })
                        .collect(),
                    None => self
                        .heap
                        .names(*names)
                        .into_iter()
                        .filter(|name| !name.starts_with('_'))
                        .collect(),
                };
                for name in wanted {
                    let value = self.import_name(module, absolute, &name, place)?;
                    self.bind(&name, value);
                }
            }
            Value::OneOf(modules) => {
                for module in modules.iter() {
                    let mut done = Ok(());
                    self.perhaps(None, |this| done = this.import_star(module, absolute, place));
                    done?;
                }
            }
            Value::External(_) => {
                self.note_external(absolute, Some(&"*".into()), place);
            }
            _ => {}
        }
        Ok(())
    }

    /// The absolute name of what a `from` names.
    fn absolute(&self, level: u32, module: Option<&Name>) -> Option<Name> {
        if level == 0 {
            return module.cloned();
        }
        let mut package: &str = &self.frame().module.package;
        for _ in 1..level {
            package = package.rsplit_once('.').map_or("", |(parent, _)| parent);
        }
        match module {
            Some(module) if package.is_empty() => Some(Arc::clone(module)),
            Some(module) => Some(format!("{package}.{module}").into()),
            None if package.is_empty() => None,
            None => Some(package.into()),
        }
    }

    /// Imports a module by its absolute name, its packages first, and returns it.
    pub(super) fn import_module(&mut self, name: &str, place: Place) -> Eval<Value> {
        let mut value = Value::Unknown;
        for end in name.match_indices('.').map(|(dot, _)| dot).chain([name.len()]) {
            let prefix: Name = name[..end].into();
            let parent = std::mem::replace(&mut value, Value::Unknown);
            if let Value::External(parent) = &parent {
                value = Value::External(Arc::new(
                    parent.attribute(prefix.rsplit('.').next().unwrap_or_default()),
                ));
                continue;
            }
            let known = self.heap.get(self.process.modules, &prefix).cloned();
            value = match known {
                Some(Slot { value, unsure: false, .. }) => value,
                // What was imported on some way only is imported here on the others.
                Some(Slot { value: known, .. }) => {
                    let mut loaded = Ok(Value::Unknown);
                    self.perhaps(None, |this| loaded = this.load(&prefix, place));
                    match loaded {
                        // The same module, whichever way made it: one of them stands for both.
                        Ok(loaded @ Value::Module(..)) => {
                            self.heap.set(self.process.modules, &prefix, loaded.clone());
                            loaded
                        }
                        Ok(loaded) => known.or(loaded),
                        Err(_) => {
                            self.may_leave(Flow::RAISE);
                            known
                        }
                    }
                }
                None => self.load(&prefix, place)?,
            };
            if let (Value::Module(_, names), Some((_, leaf))) = (&parent, prefix.rsplit_once('.')) {
                let leaf: Name = leaf.into();
                self.heap.set(*names, &leaf, value.clone());
            }
        }
        Ok(value)
    }

    fn load(&mut self, name: &Name, place: Place) -> Eval<Value> {
        match self.find(name) {
            Found::Local { file, text, package, path } => {
                if self.quiet == 0 && self.out.imports.len() < self.limits.events {
                    let import = self.happens(file, place);
                    self.out.imports.push(import);
                }
                let mut module = Ok(Value::Unknown);
                self.step_into(Step::Import(Arc::clone(name)), place, |this| {
                    module = this.run_module(name, (file, &text, package, &path));
                });
                module
            }
            Found::Namespace => {
                let names = self.heap.allocate(Content::Names);
                let value = Value::Module(Arc::clone(name), names);
                self.heap.set(self.process.modules, name, value.clone());
                Ok(value)
            }
            Found::Installed => Ok(Value::external(name)),
            Found::Unsure => {
                // It may be missing, and where somebody says what then, that counts. Elsewhere it is
                // there: the program needs it.
                if self.expects("ModuleNotFoundError") {
                    self.raising.push(Value::external("builtins.ModuleNotFoundError"));
                    self.may_leave(Flow::RAISE);
                }
                Ok(Value::external(name))
            }
            Found::Missing => Err(Stop::Raise(Value::external("builtins.ModuleNotFoundError"))),
        }
    }

    /// The tree of a file, parsed once; `None` where that is more than the budget allows.
    fn parse(&mut self, file: FileId, text: &Text) -> Option<Arc<Module>> {
        if let Some(tree) = self.parsed.get(&file) {
            return Some(Arc::clone(tree));
        }
        let text = text.as_str();
        if self.bytes + text.len() > self.limits.bytes {
            return None;
        }
        self.bytes += text.len();
        self.out.files.push(file);
        let tree = Arc::new(crate::parse(text));
        self.parsed.insert(file, Arc::clone(&tree));
        Some(tree)
    }

    /// Runs a module's body, unless it has run or is running.
    pub(super) fn run_module(
        &mut self,
        name: &Name,
        (file, text, package, path): (FileId, &Text, bool, &Arc<str>),
    ) -> Eval<Value> {
        let names = self.heap.allocate(Content::Names);
        let value = Value::Module(Arc::clone(name), names);
        // Before its body runs, so that a cycle finds it half made, as in CPython.
        self.heap.set(self.process.modules, name, value.clone());
        let Some(body) = self.parse(file, text) else {
            self.exhaust(Budget::Bytes);
            return Ok(value);
        };
        if self.frames.is_empty() {
            self.out.entry = movable(&body.body);
        }
        if self.frames.len() >= self.limits.calls {
            self.exhaust(Budget::Depth);
            return Ok(value);
        }
        let home: Name = if let Some(home) = self.package.take() {
            home
        } else if package {
            Arc::clone(name)
        } else {
            name.rsplit_once('.').map_or("", |(package, _)| package).into()
        };
        for (key, text) in [("__name__", name), ("__file__", path), ("__package__", &home)] {
            self.heap.set(names, &key.into(), Value::Str(Arc::clone(text)));
        }
        let lazy_annotations = body.body.iter().any(|statement| {
            matches!(&statement.kind, StmtKind::ImportFrom { module: Some(module), names: ImportNames::Names(names), .. }
                if &**module == "__future__" && names.iter().any(|alias| &*alias.name == "annotations"))
        });
        let module = Arc::new(ModuleInfo {
            name: Arc::clone(name),
            package: home,
            file,
            names,
            lazy_annotations,
        });
        self.frames.push(Frame {
            module,
            function: None,
            names,
            scopes: Arc::from([]),
            prefix: "".into(),
            is_class: false,
            is_comprehension: false,
            returned: None,
            at: Span::empty(0),
            generator: None,
        });
        let flow = self.deeper(Flow::NEXT, |this| this.block(&body.body));
        self.frames.pop();
        if self.frames.is_empty() {
            return Ok(value);
        }
        if let Err(stop) = self.propagate(flow) {
            // What failed is imported anew the next time.
            self.heap.put(self.process.modules, name, None);
            return Err(stop);
        }
        Ok(value)
    }

    pub(super) fn is_external(&self, top: &str) -> bool {
        !matches!(
            self.heap.get(self.process.modules, top).map(|slot| &slot.value),
            Some(Value::Module(..))
        )
    }

    pub(super) fn module_value(&mut self, name: &Name) -> Value {
        match self.heap.get(self.process.modules, name) {
            Some(slot) => slot.value.clone(),
            None => Value::external(name),
        }
    }

    /// Tells the world of an import from outside the program, and remembers it.
    pub(super) fn note_external(&mut self, module: &Name, name: Option<&Name>, place: Place) {
        let effects =
            self.ask(place, |world, now| world.import(module, name.map(|name| &**name), now));
        self.record(effects, place);
        let mut end = module.len();
        loop {
            self.note_import(module[..end].into());
            match module[..end].rfind('.') {
                Some(dot) => end = dot,
                None => break,
            }
        }
    }
}

/// The statements of a module that need not be its first.
fn movable(body: &[Stmt]) -> Vec<Span> {
    let fixed = |(index, statement): &(usize, &Stmt)| match &statement.kind {
        StmtKind::Expr(Expr { kind: ExprKind::Str(_), .. }) => *index == 0,
        StmtKind::ImportFrom { level: 0, module: Some(module), .. } => &**module == "__future__",
        _ => false,
    };
    body.iter().enumerate().skip_while(fixed).map(|(_, statement)| statement.span).collect()
}

/// The top-level modules that CPython 3.10 to 3.14 all have (`sys.stdlib_module_names`, without
/// those that start with an underscore), sorted. Those that some of them lack are not sure to be
/// there.
const STANDARD: &[&str] = &[
    "abc",
    "antigravity",
    "argparse",
    "array",
    "ast",
    "asyncio",
    "atexit",
    "base64",
    "bdb",
    "binascii",
    "bisect",
    "builtins",
    "bz2",
    "cProfile",
    "calendar",
    "cmath",
    "cmd",
    "code",
    "codecs",
    "codeop",
    "collections",
    "colorsys",
    "compileall",
    "concurrent",
    "configparser",
    "contextlib",
    "contextvars",
    "copy",
    "copyreg",
    "csv",
    "ctypes",
    "curses",
    "dataclasses",
    "datetime",
    "dbm",
    "decimal",
    "difflib",
    "dis",
    "doctest",
    "email",
    "encodings",
    "ensurepip",
    "enum",
    "errno",
    "faulthandler",
    "fcntl",
    "filecmp",
    "fileinput",
    "fnmatch",
    "fractions",
    "ftplib",
    "functools",
    "gc",
    "genericpath",
    "getopt",
    "getpass",
    "gettext",
    "glob",
    "graphlib",
    "grp",
    "gzip",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "http",
    "imaplib",
    "importlib",
    "inspect",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "keyword",
    "linecache",
    "locale",
    "logging",
    "lzma",
    "mailbox",
    "marshal",
    "math",
    "mimetypes",
    "mmap",
    "modulefinder",
    "msvcrt",
    "multiprocessing",
    "netrc",
    "nt",
    "ntpath",
    "nturl2path",
    "numbers",
    "opcode",
    "operator",
    "optparse",
    "os",
    "pathlib",
    "pdb",
    "pickle",
    "pickletools",
    "pkgutil",
    "platform",
    "plistlib",
    "poplib",
    "posix",
    "posixpath",
    "pprint",
    "profile",
    "pstats",
    "pty",
    "pwd",
    "py_compile",
    "pyclbr",
    "pydoc",
    "pydoc_data",
    "pyexpat",
    "queue",
    "quopri",
    "random",
    "re",
    "readline",
    "reprlib",
    "resource",
    "rlcompleter",
    "runpy",
    "sched",
    "secrets",
    "select",
    "selectors",
    "shelve",
    "shlex",
    "shutil",
    "signal",
    "site",
    "smtplib",
    "socket",
    "socketserver",
    "sqlite3",
    "sre_compile",
    "sre_constants",
    "sre_parse",
    "ssl",
    "stat",
    "statistics",
    "string",
    "stringprep",
    "struct",
    "subprocess",
    "symtable",
    "sys",
    "sysconfig",
    "syslog",
    "tabnanny",
    "tarfile",
    "tempfile",
    "termios",
    "textwrap",
    "this",
    "threading",
    "time",
    "timeit",
    "tkinter",
    "token",
    "tokenize",
    "trace",
    "traceback",
    "tracemalloc",
    "tty",
    "turtle",
    "turtledemo",
    "types",
    "typing",
    "unicodedata",
    "unittest",
    "urllib",
    "uuid",
    "venv",
    "warnings",
    "wave",
    "weakref",
    "webbrowser",
    "winreg",
    "winsound",
    "wsgiref",
    "xml",
    "xmlrpc",
    "zipapp",
    "zipfile",
    "zipimport",
    "zlib",
    "zoneinfo",
];

/// Whether a dotted name leads into the standard library.
pub(super) fn is_standard(name: &str) -> bool {
    let top = name.split('.').next().unwrap_or(name);
    top.starts_with('_') || STANDARD.binary_search(&top).is_ok()
}
