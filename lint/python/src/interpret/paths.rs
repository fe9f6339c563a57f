//! The functions of `os.path` that only work on text.

use super::fold::MAX_TEXT;
use crate::value::{Arguments, Value};

/// What such a function returns for constants.
pub(super) fn path_function(name: &str, arguments: &Arguments) -> Option<Value> {
    let parts: Option<Vec<&str>> =
        arguments.items.iter().map(|argument| argument.value.as_str()).collect();
    let parts = parts.filter(|_| !arguments.open)?;
    if parts.iter().map(|part| part.len()).sum::<usize>() > MAX_TEXT {
        return None;
    }
    let first = *parts.first()?;
    Some(match name {
        "join" => {
            let mut joined = String::new();
            for part in parts {
                if part.starts_with('/') {
                    joined.clear();
                } else if !joined.is_empty() && !joined.ends_with('/') {
                    joined.push('/');
                }
                joined.push_str(part);
            }
            Value::str(&joined)
        }
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
