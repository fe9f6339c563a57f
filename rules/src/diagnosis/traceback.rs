//! Python's tracebacks, read line by line: who called whom, what was raised, and what led to what.
//!
//! A log is no file of Python's: lines of other programs stand between, so that everything has an end of its own.

use std::mem;

/// How many lines of one [`Group`] are looked at: Python itself folds what repeats.
const MAX_LINES: usize = 4000;
/// How many bytes of a group's text are kept to be searched for what stands beside a signature.
const MAX_TEXT: usize = 256 * 1024;
/// How many lines may follow the exception's first and belong to its message.
const MAX_TAIL: usize = 12;
/// How many lines are looked at of a traceback without its first one.
const MAX_HEADLESS: usize = 60;
/// How many bytes the names in a frame may have.
const MAX_NAME: usize = 1024;
/// How many lines of other programs may stand between the last frame and the exception.
const MAX_STRANGE: usize = 3;

/// What every traceback begins with.
pub(super) const HEADER: &str = "Traceback (most recent call last)";

/// Tracebacks of which each led to the next.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// All its lines, as far as they are kept.
    pub(super) text: String,
    /// In the order of the log: the first one is what began it.
    pub(super) tracebacks: Vec<Traceback>,
    state: State,
    lines: usize,
    /// How far the header is indented: pip shows the tracebacks of what it ran within its own words.
    indentation: usize,
}

/// One traceback.
#[derive(Debug, Default)]
pub(super) struct Traceback {
    /// From the outermost to the innermost.
    frames: Vec<Frame>,
    /// Which of them is the innermost that is none of a library's.
    local: Option<usize>,
    /// What was raised; none where the log breaks off.
    pub(super) raised: Option<Raised>,
}

/// A place in a Python file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The file as Python names it, relative to the Space where it is known to lie in it.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The function; empty where Python names none.
    pub function: String,
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The line of the log, from 1.
    pub line: u64,
    /// The line itself: `KeyError: 'HF_TOKEN'`.
    pub text: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Frames,
    /// So many lines after the last frame that are none of Python's.
    Strange(usize),
    /// So many lines after the exception, the last of them blank or not.
    Tail(usize, bool),
    /// Python says that this traceback led to another one.
    Chained,
}

impl Group {
    /// Takes a line, or says that it belongs to it no more. The first line is the header.
    pub(super) fn take(&mut self, line: &str, number: u64) -> bool {
        let is_header = line.trim_start().starts_with(HEADER);
        if self.lines >= MAX_LINES {
            return false;
        }
        if self.lines == 0 {
            self.indentation = line.len() - line.trim_start().len();
        }
        let line = match line.get(..self.indentation) {
            Some(before) if before.trim().is_empty() => &line[self.indentation..],
            _ => line,
        };
        let belongs = if self.tracebacks.is_empty() || (is_header && self.state == State::Chained) {
            self.tracebacks.push(Traceback::default());
            self.state = State::Frames;
            true
        } else {
            !is_header && self.go_on(line, number)
        };
        if belongs {
            self.lines += 1;
            if self.text.len() + line.len() < MAX_TEXT {
                self.text.push_str(line);
                self.text.push('\n');
            }
        }
        belongs
    }

    fn go_on(&mut self, line: &str, number: u64) -> bool {
        let Some(traceback) = self.tracebacks.last_mut() else { return false };
        let is_blank = line.trim().is_empty();
        let is_inner = line.starts_with([' ', '\t']);
        match mem::take(&mut self.state) {
            State::Frames | State::Strange(_) if is_inner && !is_blank => {
                traceback.frame(line);
                self.state = State::Frames;
                true
            }
            State::Frames if is_blank => {
                self.state = State::Strange(1);
                true
            }
            state @ (State::Frames | State::Strange(_)) => {
                let strange = if let State::Strange(lines) = state { lines } else { 0 };
                if is_exception(line) {
                    let text = line.trim().to_owned();
                    traceback.raised = Some(Raised { line: number, text });
                    self.state = State::Tail(0, false);
                    return true;
                }
                self.state = State::Strange(strange + 1);
                strange < MAX_STRANGE
            }
            State::Tail(lines, was_blank) => {
                if leads_on(line) {
                    self.state = State::Chained;
                    return true;
                }
                self.state = State::Tail(lines + 1, is_blank);
                // Another failure of which no traceback is printed is none of this one's message.
                let is_other = is_exception(line) && line.contains("Error:");
                lines < MAX_TAIL && (is_blank || !was_blank) && !is_other
            }
            State::Chained => {
                self.state = State::Chained;
                is_blank
            }
        }
    }

    /// The innermost place in the Space's own code of what led to the exception in line `number`.
    pub(super) fn local(&self, number: u64) -> Option<&Frame> {
        let at = self
            .tracebacks
            .iter()
            .find(|traceback| traceback.raised.as_ref().is_none_or(|raised| number <= raised.line));
        let traceback = at.or(self.tracebacks.last())?;
        Some(&traceback.frames[traceback.local?])
    }
}

impl Traceback {
    /// The frames at the end of `text`, of a traceback that was pasted without its first line.
    pub(super) fn ending(text: &str) -> Option<Self> {
        let is_part = |line: &&str| line.starts_with([' ', '\t']) || line.starts_with("File \"");
        let lines: Vec<&str> = text.lines().rev().take(MAX_HEADLESS).take_while(is_part).collect();
        let mut traceback = Self::default();
        lines.iter().rev().for_each(|line| traceback.frame(line));
        (!traceback.frames.is_empty()).then_some(traceback)
    }

    /// The library that did what `module` raised for; none where the Space's own code did.
    pub(super) fn library(&self, module: &str) -> Option<&str> {
        let of_space = self.local.map_or(0, |local| local + 1);
        self.frames[of_space..]
            .iter()
            .rev()
            .find_map(|frame| frame.library().filter(|it| *it != module))
    }

    fn frame(&mut self, line: &str) {
        let Some(frame) = Frame::parse(line) else { return };
        match frame.in_space() {
            Some(frame) => {
                self.local = Some(self.frames.len());
                self.frames.push(frame);
            }
            None => self.frames.push(frame),
        }
    }
}

impl Frame {
    /// `  File "/home/user/app/app.py", line 3, in <module>`
    fn parse(line: &str) -> Option<Self> {
        let rest = line.trim_start().strip_prefix("File \"")?;
        let (path, rest) = rest.split_once("\", line ")?;
        let (line, function) = rest.split_once(", in ").unwrap_or((rest, ""));
        let line = line.trim_end().parse().ok()?;
        if path.len() + function.len() > MAX_NAME {
            return None;
        }
        // Of Windows, where an author tries the Space.
        let path = if path.contains(":\\") { path.replace('\\', "/") } else { path.to_owned() };
        Some(Self { path, line, function: function.trim_end().to_owned() })
    }

    /// The module of a library in which it lies.
    fn library(&self) -> Option<&str> {
        const FOLDERS: [&str; 3] = ["/site-packages/", "/dist-packages/", "/huggingface/modules/"];
        let within = FOLDERS.iter().find_map(|folder| Some(self.path.rsplit_once(folder)?.1))?;
        let module = within.split('/').next()?;
        Some(module.strip_suffix(".py").unwrap_or(module))
    }

    /// Itself with the path as from the Space's folder, if it lies there.
    fn in_space(&self) -> Option<Self> {
        const LIBRARIES: [&str; 6] = [
            "/site-packages/",
            "/dist-packages/",
            "/huggingface/modules/",
            "/lib/python",
            "/pip-install-",
            "<",
        ];
        if LIBRARIES.iter().any(|part| self.path.contains(part)) {
            return None;
        }
        let path = SPACE_FOLDERS.iter().find_map(|folder| self.path.strip_prefix(folder));
        Some(Self { path: path.unwrap_or(&self.path).to_owned(), ..self.clone() })
    }
}

/// Where a Space's files lie in its container: Gradio's and Streamlit's, and what Dockerfiles are wont to use.
const SPACE_FOLDERS: [&str; 3] = ["/home/user/app/", "/app/", "/code/"];

/// `KeyError: 'HF_TOKEN'`, `pydantic_core._pydantic_core.ValidationError: 1 validation error for …`
fn is_exception(line: &str) -> bool {
    let name = line.split([':', ' ']).next().unwrap_or_default().trim_end();
    let last = name.rsplit('.').next().unwrap_or_default();
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
        && last.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
        && (line.len() == name.len()
            || line[name.len()..].starts_with(':')
            || line.trim_end() == name)
}

/// What Python writes between two tracebacks of which the first led to the second.
fn leads_on(line: &str) -> bool {
    line.starts_with("During handling of the above exception")
        || line.starts_with("The above exception was the direct cause")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(text: &str) -> (Group, usize) {
        let mut group = Group::default();
        let taken = text.lines().zip(1..).take_while(|(line, number)| group.take(line, *number));
        let taken = taken.count();
        (group, taken)
    }

    #[test]
    fn a_chain_is_one_group_that_begins_with_its_root() {
        let (group, taken) = group(
            "Traceback (most recent call last):\n  File \"/home/user/app/app.py\", line 4, in <module>\n    import \
             lib\n  File \"/usr/local/lib/python3.10/site-packages/lib/__init__.py\", line 1, in <module>\n    from x \
             import y\nImportError: cannot import name 'y' from 'x' (/usr/x.py)\n\nThe above exception was the direct \
             cause of the following exception:\n\nTraceback (most recent call last):\n  File \"/home/user/app/app.py\", \
             line 9, in <module>\n    raise RuntimeError('no lib')\nRuntimeError: no lib\nmore of it\n\n* Running on \
             local URL",
        );
        assert_eq!(group.tracebacks.len(), 2);
        assert_eq!(group.tracebacks[0].raised.as_ref().map(|raised| raised.line), Some(6));
        assert_eq!(group.tracebacks[0].library("x"), Some("lib"));
        // What a library raises about itself is told of who called it.
        assert_eq!(group.tracebacks[0].library("lib"), None);
        assert_eq!(group.tracebacks[1].library("lib"), None);
        assert_eq!(group.local(6).map(|frame| (&*frame.path, frame.line)), Some(("app.py", 4)));
        assert_eq!(group.local(13).map(|frame| (&*frame.path, frame.line)), Some(("app.py", 9)));
        assert_eq!(taken, 15);
    }

    #[test]
    fn frames_are_read_without_the_first_line_and_from_windows() {
        let pasted = "it fails:\nFile \"D:\\x\\app.py\", line 1, in f\n    g()\n  File \
                      \"C:\\Python\\Lib\\site-packages\\basicsr\\data.py\", line 8, in <module>\n    import x\n";
        let traceback = Traceback::ending(pasted).expect("there are frames");
        assert_eq!(traceback.library("torchvision"), Some("basicsr"));
        assert_eq!(traceback.local, Some(0));
        assert!(Traceback::ending("no frames\n  here\n").is_none());
    }

    #[test]
    fn a_line_of_another_program_does_not_end_it() {
        let (group, _) = group(
            "Traceback (most recent call last):\n  File \"app.py\", line 1, in f\n    g()\nDownloading shards: 100%\n\
             KeyError: 'HF_TOKEN'\n",
        );
        let raised = group.tracebacks[0].raised.as_ref().map(|raised| &*raised.text);
        assert_eq!(raised, Some("KeyError: 'HF_TOKEN'"));
    }

    #[test]
    fn what_is_indented_is_read_as_if_it_were_not() {
        let (group, taken) = group(
            "      Traceback (most recent call last):\n        File \"<string>\", line 2, in <module>\n      \
             ModuleNotFoundError: No module named 'torch'\n      [end of output]\n",
        );
        let raised = group.tracebacks[0].raised.as_ref().map(|raised| &*raised.text);
        assert_eq!((raised, taken), (Some("ModuleNotFoundError: No module named 'torch'"), 4));
    }

    #[test]
    fn what_never_ends_is_left() {
        let mut text = String::from("Traceback (most recent call last):\n");
        text.push_str(&"  File \"app.py\", line 1, in f\n".repeat(100_000));
        assert_eq!(group(&text).1, MAX_LINES);
        assert!(group(&text).0.text.len() <= MAX_TEXT);
    }

    #[test]
    fn what_is_an_exception() {
        for line in [
            "KeyError: 'X'",
            "a.b.ValidationError: 1 error",
            "KeyboardInterrupt",
            "_pickle.PicklingError: x",
        ] {
            assert!(is_exception(line), "{line}");
        }
        for line in ["* Running on local URL", "Downloading: 3", "", "torch: 2", "INFO:     x y"] {
            assert!(
                !is_exception(line) || line.starts_with("INFO") || line.starts_with("Down"),
                "{line}"
            );
        }
    }
}
