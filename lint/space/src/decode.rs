//! Bytes to text and back. Whoever edits a file must give back the bytes it was made of, so the
//! encoding is remembered, and a text that cannot be given back exactly is never edited. Knows
//! nothing of what the text means, except that a Python file may name its own encoding.

use std::borrow::Cow;

use spacelint_python::BOM;

/// How a text stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 behind a byte order mark, which the text keeps.
    Utf8Bom,
    /// UTF-16, little-endian, behind a byte order mark, which the text keeps.
    Utf16Le,
    /// UTF-16, big-endian, behind a byte order mark, which the text keeps.
    Utf16Be,
    /// Latin-1, which a Python file's first two lines may ask for (PEP 263).
    Latin1,
    /// Whoever handed it over has decoded it, and encodes it again: an editor.
    Decoded,
    /// Undecodable: what could not be read was replaced, so that the text must not be written back.
    Lossy,
}

impl Encoding {
    /// Whether a text in this encoding may be edited and written back.
    pub fn is_editable(self) -> bool {
        self != Self::Lossy
    }

    /// `text` as bytes of this encoding. What Latin-1 cannot hold becomes `?`; nothing that was
    /// read from such a file does.
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 | Self::Utf8Bom | Self::Decoded | Self::Lossy => text.as_bytes().to_vec(),
            Self::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Self::Latin1 => text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect(),
        }
    }
}

/// Reads `bytes`. With `python`, a coding line is honoured as CPython honours it.
pub(crate) fn decode(bytes: Vec<u8>, python: bool) -> (String, Encoding) {
    let pair: fn([u8; 2]) -> u16 = match bytes.get(..2) {
        Some([0xff, 0xfe]) => u16::from_le_bytes,
        Some([0xfe, 0xff]) => u16::from_be_bytes,
        _ => return decode_bytes(bytes, python),
    };
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|units| pair(*units)).collect();
    match String::from_utf16(&units) {
        Ok(text) if rest.is_empty() => {
            let big = bytes.first() == Some(&0xfe);
            (text, if big { Encoding::Utf16Be } else { Encoding::Utf16Le })
        }
        _ => (String::from_utf16_lossy(&units), Encoding::Lossy),
    }
}

fn decode_bytes(bytes: Vec<u8>, python: bool) -> (String, Encoding) {
    // A mark and a coding line other than UTF-8 contradict each other; CPython refuses the file,
    // and the mark is the better witness.
    let marked = bytes.starts_with(&[0xef, 0xbb, 0xbf]);
    if python && !marked && !bytes.is_ascii() {
        match coding_line(&bytes).as_deref() {
            Some("latin-1" | "iso-8859-1" | "iso8859-1" | "latin1" | "l1" | "8859" | "cp819") => {
                return (bytes.into_iter().map(char::from).collect(), Encoding::Latin1);
            }
            // Windows-1252 differs from Latin-1 in this range alone.
            Some("cp1252" | "windows-1252" | "1252")
                if !bytes.iter().any(|b| (0x80..0xa0).contains(b)) =>
            {
                return (bytes.into_iter().map(char::from).collect(), Encoding::Latin1);
            }
            _ => {}
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) if text.starts_with(BOM) => (text, Encoding::Utf8Bom),
        Ok(text) => (text, Encoding::Utf8),
        Err(error) => match String::from_utf8_lossy(error.as_bytes()) {
            Cow::Owned(text) => (text, Encoding::Lossy),
            Cow::Borrowed(text) => (text.to_owned(), Encoding::Lossy),
        },
    }
}

/// The encoding that a comment in the first two lines names (PEP 263), in lower case, with `-` for
/// `_`.
fn coding_line(bytes: &[u8]) -> Option<String> {
    for line in bytes.splitn(3, |b| *b == b'\n').take(2) {
        let line = line.trim_ascii();
        if !line.starts_with(b"#") {
            // Only a blank first line or a comment lets the second line count.
            if line.is_empty() {
                continue;
            }
            return None;
        }
        let Some(at) = memchr::memmem::find(line, b"coding") else { continue };
        let Some(rest) = line[at + 6..].strip_prefix(b":").or(line[at + 6..].strip_prefix(b"="))
        else {
            continue;
        };
        let name: String = rest
            .trim_ascii_start()
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
            .map(|b| if *b == b'_' { '-' } else { char::from(b.to_ascii_lowercase()) })
            .collect();
        if !name.is_empty() {
            return Some(name);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(bytes: &[u8], python: bool) -> (String, Encoding) {
        let (text, encoding) = decode(bytes.to_vec(), python);
        if encoding.is_editable() {
            assert_eq!(encoding.encode(&text), bytes, "{encoding:?} does not give back its bytes");
        }
        (text, encoding)
    }

    #[test]
    fn every_encoding_gives_back_its_bytes() {
        assert_eq!(
            round_trip("gradio é\n".as_bytes(), false),
            ("gradio é\n".into(), Encoding::Utf8)
        );
        let marked = round_trip(b"\xef\xbb\xbf---\r\n", false);
        assert_eq!(marked, ("\u{feff}---\r\n".into(), Encoding::Utf8Bom));
        let little = round_trip(b"\xff\xfet\0o\0\n\0", false);
        assert_eq!(little, ("\u{feff}to\n".into(), Encoding::Utf16Le));
        let big = round_trip(b"\xfe\xff\0t\xd8\x3d\xde\x00", false);
        assert_eq!(big, ("\u{feff}t😀".into(), Encoding::Utf16Be));
        assert_eq!(round_trip(b"", true), (String::new(), Encoding::Utf8));
    }

    #[test]
    fn what_cannot_be_read_is_replaced_and_never_edited() {
        assert_eq!(round_trip(b"a\xffb", false), ("a\u{fffd}b".into(), Encoding::Lossy));
        // Half a unit, and half a surrogate pair.
        assert_eq!(round_trip(b"\xff\xfea\0b", false).1, Encoding::Lossy);
        assert_eq!(round_trip(b"\xff\xfe\x3d\xd8", false).1, Encoding::Lossy);
    }

    #[test]
    fn a_python_file_may_name_its_encoding() {
        let latin = b"#!/usr/bin/python\n# -*- coding: latin_1 -*-\nx = '\xe9'\n";
        let (text, encoding) = round_trip(latin, true);
        assert!(text.ends_with("x = 'é'\n"), "{text}");
        assert_eq!(encoding, Encoding::Latin1);
        assert_eq!(
            round_trip(b"# vim: set fileencoding=cp1252 :\n'\xe9'", true).1,
            Encoding::Latin1
        );
        assert_eq!(round_trip(b"# coding: cp1252\n'\x93'", true).1, Encoding::Lossy);
        // Not in a README, not after code, not on the third line, and not against a mark.
        assert_eq!(round_trip(latin, false).1, Encoding::Lossy);
        assert_eq!(round_trip(b"x = 1\n# coding: latin-1\n'\xe9'", true).1, Encoding::Lossy);
        assert_eq!(round_trip(b"\n\n# coding: latin-1\n'\xe9'", true).1, Encoding::Lossy);
        assert_eq!(round_trip(b"\xef\xbb\xbf# coding: latin-1\n'\xe9'", true).1, Encoding::Lossy);
        assert_eq!(round_trip("# coding: gbk\n'é'".as_bytes(), true).1, Encoding::Utf8);
    }
}
