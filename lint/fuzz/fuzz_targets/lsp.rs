//! The editor's texts: after any changes they are what a plain reading of the protocol makes of them.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[expect(dead_code, reason = "a session asks for more than the changes")]
#[path = "../../cli/src/server"]
mod server {
    mod documents;
    mod uri;

    use camino::Utf8Path;
    use gen_lsp_types::{
        Position, Range, TextDocumentContentChangeEvent as Change,
        TextDocumentContentChangePartial, TextDocumentContentChangeWholeDocument,
    };
    use spacelint_fuzz::fits;
    use spacelint_python::{Span, Unit};
    use spacelint_rules::diff::{Diff, Sign};

    use self::documents::{Documents, range, span};

    const UNITS: [Unit; 3] = [Unit::Utf8, Unit::Utf16, Unit::Utf32];

    pub(super) fn run(bytes: &[u8]) {
        let Some((head, rest)) = bytes.split_at_checked(2) else { return };
        let unit = UNITS[usize::from(head[0]) % 3];
        let given = String::from_utf8_lossy(rest).into_owned();
        // What stands before the first mark is the text; each further piece is a change.
        let mut pieces = given.split('\u{1}');
        let first = pieces.next().unwrap_or_default().to_owned();
        let mut model = first.clone();
        let path = Utf8Path::new("/space/app.py");
        let mut documents = Documents::default();
        documents.open(path, uri::of(path).into(), 0, model.clone());
        let mut changes = Vec::new();
        for (version, piece) in pieces.enumerate() {
            let mut numbers = piece.chars();
            let mut number = || numbers.next().map_or(0, |c| c as u32 % 97);
            let (start, end) = ((number(), number()), (number(), number()));
            let text = numbers.as_str().to_owned();
            if start == (13, 13) {
                model.clone_from(&text);
                changes.push(Change::TextDocumentContentChangeWholeDocument(
                    TextDocumentContentChangeWholeDocument { text },
                ));
            } else {
                model = changed(&model, start, end, &text, unit);
                let position = |(line, character)| Position { line, character };
                let range = Range { start: position(start), end: position(end) };
                changes.push(Change::TextDocumentContentChangePartial(
                    TextDocumentContentChangePartial { range, text, ..Default::default() },
                ));
            }
            if head[1] % 2 == 0 {
                assert!(documents.change(path, version as i32, std::mem::take(&mut changes), unit));
            }
        }
        assert!(documents.change(path, 99, changes, unit));
        differ(&first, &model);
        let document = documents.get(path).expect("it is open");
        assert_eq!(document.text.as_str(), model);
        for (at, c) in model.char_indices().take(200) {
            let place = Span::new(at, at + c.len_utf8());
            let back = span(&document.text, range(&document.text, place, unit), unit);
            fits(&model, back);
            // The ending of a line and the byte order mark have no columns of their own.
            if !"\r\n\u{feff}".contains(c) {
                assert_eq!(back, place);
            }
        }
    }

    /// The edits that an editor is sent make one text of the other, and so does what a person is shown.
    fn differ(old: &str, new: &str) {
        let diff = Diff::new(old, new);
        let mut made = old.to_owned();
        let changes: Vec<_> = diff.changes().collect();
        for (before, after) in changes.into_iter().rev() {
            made.replace_range(before, &new[after]);
        }
        assert_eq!(made, new);
        let lines: Vec<_> = diff.hunks().flat_map(|hunk| hunk.lines).collect();
        let count = |sign| lines.iter().filter(|line| line.sign == sign).count();
        assert_eq!(old == new, count(Sign::Removed) + count(Sign::Added) == 0);
    }

    /// `text` with a change, character by character.
    fn changed(text: &str, start: (u32, u32), end: (u32, u32), new: &str, unit: Unit) -> String {
        let start = offset(text, start, unit);
        let end = offset(text, end, unit).max(start);
        format!("{}{new}{}", &text[..start], &text[end..])
    }

    fn offset(text: &str, (line, column): (u32, u32), unit: Unit) -> usize {
        let mut left = line;
        let mut at = 0;
        while left > 0 {
            match text[at..].find('\n') {
                Some(end) => at += end + 1,
                None => return text.len(),
            }
            left -= 1;
        }
        let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
        let whole = &text[at..end];
        // Without a line feed behind it, a carriage return ends no line.
        let content = whole.strip_suffix('\r').unwrap_or(whole);
        let content =
            if at == 0 { content.strip_prefix('\u{feff}').unwrap_or(content) } else { content };
        let from = end - whole.len() + if whole.starts_with('\u{feff}') && at == 0 { 3 } else { 0 };
        let mut counted = 0;
        for (index, c) in content.char_indices() {
            counted += match unit {
                Unit::Utf8 => c.len_utf8(),
                Unit::Utf16 => c.len_utf16(),
                Unit::Utf32 => 1,
            } as u32;
            if counted > column {
                return from + index;
            }
        }
        from + content.len()
    }
}

fuzz_target!(|bytes: &[u8]| server::run(bytes));
