//! What `os.path` and `pathlib` do that only works on text.

use std::sync::Arc;

use super::fold::MAX_TEXT;
use crate::value::{Argument, Arguments, External, Value};

/// What such a function returns for constants.
pub(super) fn path_function(name: &str, arguments: &Arguments) -> Option<Value> {
    let texts: Option<Vec<Arc<str>>> = arguments
        .items
        .iter()
        .map(|argument| match &argument.value {
            Value::Str(text) => Some(Arc::clone(text)),
            other => path_text(other),
        })
        .collect();
    let texts = texts.filter(|_| !arguments.open)?;
    let parts: Vec<&str> = texts.iter().map(|text| &**text).collect();
    if parts.iter().map(|part| part.len()).sum::<usize>() > MAX_TEXT {
        return None;
    }
    let first = *parts.first()?;
    Some(match name {
        "join" => {
            let mut joined = String::new();
            for part in parts {
                push(&mut joined, part);
            }
            Value::str(&joined)
        }
        "splitext" => {
            let last = split(first).1;
            let dot = last.rfind('.').filter(|dot| *dot > 0).unwrap_or(last.len());
            let at = first.len() - last.len() + dot;
            Value::Tuple([Value::str(&first[..at]), Value::str(&first[at..])].into())
        }
        "isabs" => Value::Bool(first.starts_with('/')),
        "dirname" => Value::str(split(first).0),
        "basename" => Value::str(split(first).1),
        "abspath" | "realpath" | "normpath" => Value::str(&normal(first)),
        "split" => {
            let (folder, file) = split(first);
            Value::Tuple([Value::str(folder), Value::str(file)].into())
        }
        _ => return None,
    })
}

fn split(path: &str) -> (&str, &str) {
    match path.rsplit_once('/') {
        Some(("", file)) => ("/", file),
        Some((folder, file)) => (folder, file),
        None => ("", path),
    }
}

fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if path.starts_with('/') { format!("/{joined}") } else { joined }
}

// `pathlib`: a path of settled text is the call `pathlib.Path("text")`, whatever made it.

/// The text of a `pathlib` path, where it is settled.
pub(super) fn path_text(value: &Value) -> Option<Arc<str>> {
    let Value::External(external) = value else { return None };
    text_of(external)
}

fn text_of(external: &External) -> Option<Arc<str>> {
    let External::Call { callee, arguments, .. } = external else { return None };
    let is_path = matches!(
        callee.name()?,
        "pathlib.Path" | "pathlib.PurePath" | "pathlib.PosixPath" | "pathlib.PurePosixPath"
    );
    if !is_path || arguments.open {
        return None;
    }
    let mut joined = String::new();
    for argument in &arguments.items {
        let part = match &argument.value {
            Value::Str(text) => Arc::clone(text),
            other => path_text(other)?,
        };
        push(&mut joined, &part);
    }
    let joined = plain(&joined);
    (joined.len() <= MAX_TEXT).then(|| joined.into())
}

/// The path with this text, made where `of` was.
fn path_like(of: &External, text: &str) -> Value {
    let External::Call { place, .. } = of else { return Value::Unknown };
    let argument = Argument { name: None, value: Value::str(text), place: *place };
    Value::External(Arc::new(External::Call {
        callee: Arc::new(External::Name("pathlib.Path".into())),
        arguments: Arc::new(Arguments { items: vec![argument], open: false }),
        place: *place,
    }))
}

/// `path / other` and `other / path`.
pub(super) fn path_joined(left: &Value, right: &Value) -> Option<Value> {
    let path = left.as_external().filter(|left| text_of(left).is_some());
    let path = path.or_else(|| right.as_external())?;
    let text = |value: &Value| match value {
        Value::Str(text) => Some(Arc::clone(text)),
        other => path_text(other),
    };
    path_text(left).or_else(|| path_text(right))?;
    let mut joined = text(left)?.to_string();
    push(&mut joined, &text(right)?);
    (joined.len() <= MAX_TEXT).then(|| path_like(path, &plain(&joined)))
}

/// An attribute of a path of settled text.
pub(super) fn path_attribute(path: &Arc<External>, name: &str) -> Option<Value> {
    let text = text_of(path)?;
    let last = split(&text).1;
    let dot = last.rfind('.').filter(|dot| *dot > 0 && dot + 1 < last.len());
    Some(match name {
        "parent" => path_like(path, parent(&text)),
        "parents" => {
            let mut parents = Vec::new();
            let mut at: &str = &text;
            while parent(at) != at && parents.len() < 64 {
                at = parent(at);
                parents.push(path_like(path, at));
            }
            Value::Tuple(parents.into())
        }
        "name" => Value::str(last),
        "stem" => Value::str(dot.map_or(last, |dot| &last[..dot])),
        "suffix" => Value::str(dot.map_or("", |dot| &last[dot..])),
        "parts" => {
            let root = text.starts_with('/').then(|| Value::str("/"));
            let parts = text.split('/').filter(|part| !part.is_empty()).map(Value::str);
            Value::Tuple(root.into_iter().chain(parts).collect())
        }
        _ => return None,
    })
}

/// A method of a path that only works on text.
pub(super) fn path_method(
    path: &Arc<External>,
    name: &str,
    arguments: &Arguments,
) -> Option<Value> {
    let text = text_of(path)?;
    let given: Option<Vec<Arc<str>>> = arguments
        .items
        .iter()
        .map(|argument| match &argument.value {
            Value::Str(text) => Some(Arc::clone(text)),
            other => path_text(other),
        })
        .collect();
    Some(match (name, given?.as_slice()) {
        // Links between folders are not followed.
        ("resolve" | "absolute" | "expanduser", []) if text.starts_with('/') => {
            path_like(path, &normal(&text))
        }
        ("as_posix" | "__str__" | "__fspath__", []) => Value::Str(text),
        ("joinpath", parts) => {
            let mut joined = text.to_string();
            for part in parts {
                push(&mut joined, part);
            }
            path_like(path, &plain(&joined))
        }
        ("with_suffix", [suffix]) => {
            let last = split(&text).1;
            let dot = last.rfind('.').filter(|dot| *dot > 0).unwrap_or(last.len());
            let kept = &text[..text.len() - last.len() + dot];
            path_like(path, &format!("{kept}{suffix}"))
        }
        ("with_name", [name]) => {
            let mut joined = parent(&text).to_owned();
            push(&mut joined, name);
            path_like(path, &plain(&joined))
        }
        _ => return None,
    })
}

fn push(joined: &mut String, part: &str) {
    if part.starts_with('/') {
        joined.clear();
    } else if !joined.is_empty() && !joined.ends_with('/') {
        joined.push('/');
    }
    joined.push_str(part);
}

/// A path as `pathlib` writes it: without empty and `.` parts.
fn plain(path: &str) -> String {
    let parts: Vec<&str> =
        path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let joined = parts.join("/");
    match (path.starts_with('/'), joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((parent, _)) => parent,
        None => ".",
    }
}
