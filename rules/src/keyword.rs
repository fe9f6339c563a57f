//! A keyword argument as it stands in the text, for what takes it out or writes it otherwise.

use std::sync::Arc;

use spacelint_python::{Argument, Span};
use spacelint_space::{Moment, SourceFile};

use crate::finding::{Edit, Location};

/// A keyword argument.
pub(crate) struct Keyword<'a> {
    file: &'a Arc<SourceFile>,
    /// The call that it is given to.
    call: Span,
    name: Span,
    value: Span,
}

impl<'a> Keyword<'a> {
    /// The keyword `name` of `argument`, which the call at `moment` is given, if it stands in that call and right
    /// before the value: one that is passed on, or comes out of a dict, does not.
    pub(crate) fn of(moment: &Moment<'a>, argument: &Argument, name: &str) -> Option<Self> {
        let (call, place) = (moment.place(), argument.place);
        if call.file != place.file || !call.span.contains(place.span) {
            return None;
        }
        let (call, value) = (call.span, place.span);
        let file = moment.trace().file(place.file);
        let before = &file.text.as_str()[..value.start as usize];
        let before = before.trim_end().strip_suffix('=')?.trim_end();
        let rest = before.strip_suffix(name)?;
        let is_whole = rest.ends_with([',', '(']) || rest.ends_with(char::is_whitespace);
        let name = Span::new(rest.len(), before.len());
        is_whole.then_some(Self { file, call, name, value })
    }

    /// Where its name stands.
    pub(crate) fn name(&self) -> Location {
        Location::new(self.file, self.name)
    }

    /// Where all of it stands.
    pub(crate) fn whole(&self) -> Location {
        Location::new(self.file, self.name.to(self.value))
    }

    /// What is left when it is gone: a comma goes with it, and the whole line where nothing else stands
    /// there. A comment stays its author's.
    pub(crate) fn removal(&self) -> Option<Edit> {
        let text = self.file.text.as_str();
        let (start, end) = (self.name.start as usize, self.value.end as usize);
        let (before, after) = self.neighbours()?;
        let follows_comma = text[..before].ends_with(',');
        let is_last = text[after..].starts_with(')');
        let from = text[..start].trim_end_matches(BLANKS).len();
        let is_alone = text[..from].ends_with('\n');
        let gone_to = if is_last {
            end
        } else if text[end..after].trim_matches(BLANKS).is_empty() {
            after + 1
        } else {
            return None;
        };
        let rest = text[gone_to..].trim_start_matches(BLANKS);
        let has_comment = rest.starts_with('#');
        let next_line = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'));
        let is_between_comments = has_comment || !text[before..start].trim().is_empty();
        let span = if is_last && !is_between_comments {
            // What stands before it is the last now.
            Span::new(before - usize::from(follows_comma), end)
        } else if let Some(next_line) = next_line.filter(|_| is_alone) {
            Span::new(from, text.len() - next_line.len())
        } else if is_alone || !(is_last || has_comment || next_line.is_some()) {
            Span::new(start, text.len() - rest.len())
        } else if follows_comma && !is_last {
            Span::new(before - 1, end)
        } else {
            Span::new(start, gone_to)
        };
        Some(Edit::delete(Location::new(self.file, span)))
    }

    /// Right behind the comma or opening bracket before it, and right before the comma or closing bracket behind
    /// it, whatever comments stand between.
    fn neighbours(&self) -> Option<(usize, usize)> {
        let text = self.file.text.as_str();
        let call = self.call.start as usize;
        let comments = spacelint_python::lines(text.get(self.call.range())?).comments;
        let comments = comments.iter().map(|it| (call + it.start as usize, call + it.end as usize));
        let mut before = text[..self.name.start as usize].trim_end().len();
        let mut after = self.value.end as usize;
        after += text[after..].len() - text[after..].trim_start().len();
        for (start, end) in comments.clone().rev() {
            if start < before && before <= end {
                before = text[..start].trim_end().len();
            }
        }
        for (start, end) in comments {
            if start == after {
                after = end + text[end..].len() - text[end..].trim_start().len();
            }
        }
        let is_it = text[..before].ends_with([',', '(']) && text[after..].starts_with([',', ')']);
        is_it.then_some((before, after))
    }
}

/// What stands between words of a line.
const BLANKS: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use spacelint_space::Space;

    use crate::registry;
    use crate::testing::memory;

    /// The text from `launch` on without the `share=True` in it.
    fn without(app: &str) -> String {
        let app = format!("import gradio as gr\n{app}");
        let card = "---\nsdk: gradio\nsdk_version: 6.31.0\n---\n";
        let space = Space::read(&memory(&[("README.md", card), ("app.py", &app)]));
        let rule = registry::find("needless-share").expect("it is a rule");
        let found = (rule.run)(&space);
        assert_eq!(found.len(), 1, "{app}");
        let Some(fix) = &found[0].fix else { return "-".to_owned() };
        let [edit] = &*fix.edits else { panic!("one edit: {fix:?}") };
        let mut text = app.clone();
        text.replace_range(edit.location.span.range(), &edit.content);
        let is_python = spacelint_python::parse(&text).broken.is_empty();
        assert!(is_python, "{text}");
        text.split_once("launch").expect("it is there").1.to_owned()
    }

    fn call(arguments: &str) -> String {
        without(&format!("gr.Blocks().launch({arguments})\n")).trim_end().to_owned()
    }

    #[test]
    fn what_is_left_is_a_call() {
        for (arguments, left) in [
            ("share=True", "()"),
            ("share = True", "()"),
            ("share=True,", "()"),
            ("share=True, debug=True", "(debug=True)"),
            ("debug=True, share=True", "(debug=True)"),
            ("debug=True, share=True, quiet=True", "(debug=True, quiet=True)"),
            ("\n    share=True\n", "(\n)"),
            ("\n    share=True,\n", "(\n)"),
            ("share=True,\n    debug=True", "(\n    debug=True)"),
            ("debug=True, share=True,\n    quiet=True", "(debug=True,\n    quiet=True)"),
            ("\r\n    debug=True,\r\n    share=True,\r\n", "(\r\n    debug=True,\r\n)"),
        ] {
            assert_eq!(call(arguments), left, "{arguments}");
        }
    }

    #[test]
    fn a_comment_is_no_part_of_it_whatever_it_says() {
        for (arguments, left) in [
            ("debug=True,  # yes,\n    share=True", "(debug=True,  # yes,\n    )"),
            ("debug=True,  # yes,\n    share=True\n", "(debug=True,  # yes,\n)"),
            ("  # see (\n    share=True", "(  # see (\n    )"),
            ("\n    share=True,  # no, thanks\n", "(\n    # no, thanks\n)"),
            ("\n    share=True  # no, thanks\n", "(\n    # no, thanks\n)"),
            ("share=True,  # no)\n    debug=True", "(  # no)\n    debug=True)"),
            (
                "debug=True, share=True,  # a, b\n    quiet=True",
                "(debug=True,  # a, b\n    quiet=True)",
            ),
            ("debug=True, share=True  # a, b\n", "(debug=True,   # a, b\n)"),
            ("\n    share=True  # a, b\n    , debug=True", "-"),
            ("favicon_path='#,',\n    share=True", "(favicon_path='#,')"),
        ] {
            assert_eq!(call(arguments), left, "{arguments}");
        }
    }

    #[test]
    fn what_is_passed_on_is_left_to_its_author() {
        let passed = "def start(share):\n    gr.Blocks().launch(share=share)\nstart(share=True)\n";
        assert_eq!(without(passed), "-");
        let named =
            "def start(myshare):\n    gr.Blocks().launch(share=myshare)\nstart(myshare=True)\n";
        assert_eq!(without(named), "-");
    }
}
