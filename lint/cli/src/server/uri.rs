//! `file:` URIs and paths. Editors spell one file in several ways: what they percent-encode differs, and
//! so do drive letters. Whatever names no file on this machine is none.

use camino::{Utf8Path, Utf8PathBuf};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The path that `uri` names.
pub(super) fn to_path(uri: &str) -> Option<Utf8PathBuf> {
    let (scheme, rest) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("file") {
        return None;
    }
    let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let (host, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/')?),
        None => ("", rest),
    };
    let path = decode(path)?;
    let path = match host {
        "" | "localhost" if cfg!(windows) => drive(&path)?,
        "" | "localhost" => path,
        host if cfg!(windows) => format!("//{host}{path}"),
        _ => return None,
    };
    let path = Utf8PathBuf::from(path);
    path.is_absolute().then_some(path)
}

/// All that a path's URI spells by its bytes.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The same, save for what ends the name of a drive.
const WITH_DRIVE: &AsciiSet = &PLAIN.remove(b':');

/// The URI of `path`, which is absolute.
pub(super) fn of(path: &Utf8Path) -> String {
    let path = path.as_str();
    let path = if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() };
    let mut uri = match path.strip_prefix("//") {
        // A host, on Windows alone.
        Some(_) => String::from("file:"),
        None if path.starts_with('/') => String::from("file://"),
        None => String::from("file:///"),
    };
    uri.extend(utf8_percent_encode(&path, if cfg!(windows) { WITH_DRIVE } else { PLAIN }));
    uri
}

/// `text` with `%41` as `A`; a `%` that begins nothing such stands for itself.
fn decode(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?.into_owned();
    (!text.contains('\0')).then_some(text)
}

/// `C:/x` of `/c:/x`.
fn drive(path: &str) -> Option<String> {
    let path = path.strip_prefix('/')?;
    let letter = path.chars().next()?;
    Some(format!("{}{}", letter.to_ascii_uppercase(), &path[letter.len_utf8()..]))
}

#[cfg(all(test, not(windows)))]
mod tests {
    use super::*;

    #[test]
    fn paths_go_out_and_come_back() {
        for path in ["/", "/a/b.py", "/a b/100%/%41/é漢😀/#?&+[x].py", "/c:/x"] {
            let uri = of(Utf8Path::new(path));
            assert!(uri.is_ascii() && uri.starts_with("file:///"), "{uri}");
            assert_eq!(to_path(&uri).as_deref(), Some(Utf8Path::new(path)));
        }
        assert_eq!(of(Utf8Path::new("/a b/é.py")), "file:///a%20b/%C3%A9.py");
    }

    #[test]
    fn every_spelling_of_an_editor_is_read() {
        let path = |uri: &str| to_path(uri).map(Utf8PathBuf::into_string);
        for uri in [
            "file:///a%20b/%C3%A9.py",
            "FILE:///a b/é.py",
            "file://localhost/a%20b/%c3%a9.py",
            "file:/a%20b/%C3%A9.py#L3",
        ] {
            assert_eq!(path(uri).as_deref(), Some("/a b/é.py"), "{uri}");
        }
        assert_eq!(path("file:///100%/%zz").as_deref(), Some("/100%/%zz"));
        for uri in ["untitled:app.py", "file:app.py", "file://host/x", "file:///%ff", "file:///%00"]
        {
            assert_eq!(path(uri), None, "{uri}");
        }
    }
}
