//! The few lines of code that a finding shows, laid out for miette.
//!
//! miette is given a small text of its own making: only the lines around the marks, escaped, their
//! tabs expanded, clipped to the width. So the cost of a finding does not depend on the size of its
//! file or of a line, and every line and column shown is [`Text::position`]'s, in code points.

use std::borrow::Cow;
use std::fmt::Write;

use camino::Utf8Path;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, Severity, SourceCode, SourceSpan, SpanContents, ThemeCharacters,
    ThemeStyles,
};
use spacelint_python::{BOM, Span, Text};
use spacelint_space::tokens::masked;
use textwrap::{WordSeparator, WordSplitter};
use unicode_width::UnicodeWidthChar;

use crate::escape;
use crate::terminal::{Terminal, wrapping};

/// A place to show, the most important first.
#[derive(Debug)]
pub(crate) struct Mark<'a> {
    /// The file, as the user would name it.
    pub(crate) path: &'a Utf8Path,
    /// Its text.
    pub(crate) text: &'a Text,
    /// Where in it.
    pub(crate) span: Span,
    /// What happens there.
    pub(crate) message: Option<&'a str>,
}

/// A mark whose words did not fit beside its code, or that has no code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// `path:line:column`, escaped.
    pub(crate) place: String,
    /// What happens there, escaped.
    pub(crate) message: Option<String>,
    /// The line of code, clipped and escaped, where no frame shows it.
    pub(crate) code: Option<String>,
}

/// A message over marked code.
#[derive(Debug)]
pub(crate) struct Frame {
    message: String,
    severity: Severity,
    /// The text that miette sees: the windows' lines, one window after the other.
    shown: String,
    windows: Vec<Window>,
    labels: Vec<LabeledSpan>,
    /// Of each label, by its offset in `shown`: the line and column in its file, from 0.
    positions: Vec<(usize, usize, usize)>,
    /// Which label is the finding's own place.
    primary: usize,
    /// What is said below.
    pub(crate) notes: Vec<Note>,
}

/// Some lines of one file that follow each other.
#[derive(Debug)]
struct Window {
    path: String,
    /// From 0.
    first_line: usize,
    line_count: usize,
    /// In the text shown.
    start: usize,
    end: usize,
}

/// The lines shown before and after the finding's own place. What leads there shows its line only.
const CONTEXT: u32 = 1;
/// Marks that span more lines than this are shown by their first.
const TALLEST: u32 = 4;
/// With more windows than this, only the first is framed; what is in the others is told in a line or
/// two each, so that a long chain stays a story that fits a screen.
const MOST_WINDOWS: usize = 4;
/// Where the lines of a note begin.
pub(crate) const NOTE_INDENT: usize = 8;
/// Words beside the code need at least this many columns.
const NARROWEST_LABEL: usize = 24;
const TAB: usize = 4;

impl Frame {
    /// Lays out `marks`, of which the first is the finding's own place, under `message`.
    pub(crate) fn new(
        message: &str,
        severity: Severity,
        marks: &[Mark<'_>],
        terminal: Terminal,
    ) -> Self {
        let mut frame = Self {
            message: escape::escape_lines(message),
            severity,
            shown: String::new(),
            windows: Vec::new(),
            labels: Vec::new(),
            positions: Vec::new(),
            primary: 0,
            notes: Vec::new(),
        };
        let placed: Vec<Placed<'_>> = marks
            .iter()
            .enumerate()
            .map(|(index, mark)| Placed::new(mark, if index == 0 { CONTEXT } else { 0 }))
            .collect();
        let mut told: Vec<bool> = vec![false; placed.len()];
        let mut labels = Vec::new();
        let mut framed: Vec<bool> = vec![false; placed.len()];
        let mut windows = group(&placed);
        if windows.len() > MOST_WINDOWS {
            windows.truncate(1);
        }
        for window in windows {
            frame.push_window(&window, &placed, terminal, &mut labels, &mut told);
            for mark in window {
                framed[mark] = true;
            }
        }
        labels.sort_by_key(|(_, span, _): &(usize, SourceSpan, _)| (span.offset(), span.len()));
        for (index, (mark, span, label)) in labels.into_iter().enumerate() {
            let Placed { mark: Mark { text, .. }, span: whole, .. } = &placed[mark];
            let position = text.position(whole.start);
            frame.positions.push((
                span.offset(),
                position.line as usize - 1,
                position.column as usize - 1,
            ));
            frame.labels.push(if mark == 0 {
                frame.primary = index;
                LabeledSpan::new_primary_with_span(label, span)
            } else {
                LabeledSpan::new_with_span(label, span)
            });
        }
        for (index, placed) in placed.iter().enumerate() {
            let mark = placed.mark;
            if (mark.message.is_some() && !told[index]) || !framed[index] {
                let room = terminal.prose_width().saturating_sub(NOTE_INDENT + 2);
                frame.notes.push(Note {
                    place: place(mark.path, mark.text, mark.span),
                    message: mark.message.map(|text| escape::escape(text).into_owned()),
                    code: (!framed[index])
                        .then(|| placed.line(room, terminal))
                        .filter(|line| !line.is_empty()),
                });
            }
        }
        frame
    }

    /// Appends the message and the code.
    pub(crate) fn render(&self, out: &mut String, terminal: Terminal) {
        let handler = GraphicalReportHandler::new_themed(self.theme(terminal))
            .with_width(terminal.prose_width())
            .with_word_separator(WordSeparator::AsciiSpace)
            .with_word_splitter(WordSplitter::NoHyphenation)
            .with_urls(false)
            .without_syntax_highlighting();
        // Writing to a String cannot fail, and every label lies in a window.
        let _ = handler.render_report(out, self);
    }

    fn theme(&self, terminal: Terminal) -> GraphicalTheme {
        let mut characters =
            if terminal.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
        if terminal.unicode {
            // The theme's own hand and triangle are wide or missing in many fonts.
            characters.warning = String::from("!");
            characters.advice = String::from("i");
        }
        let mut styles = ThemeStyles::none();
        if terminal.color {
            styles = ThemeStyles::ansi();
            let own = match self.severity {
                Severity::Error => styles.error,
                Severity::Warning => styles.warning,
                Severity::Advice => styles.advice,
            };
            let (own, other) = (own.bold(), styles.link.remove_all_effects().blue().bold());
            styles.link = styles.link.remove_all_effects().bold();
            styles.highlights = (0..self.labels.len().max(1))
                .map(|index| if index == self.primary { own } else { other })
                .collect();
        }
        GraphicalTheme { characters, styles }
    }

    fn push_window(
        &mut self,
        marks: &[usize],
        placed: &[Placed<'_>],
        terminal: Terminal,
        labels: &mut Vec<(usize, SourceSpan, Option<String>)>,
        told: &mut [bool],
    ) {
        let Mark { path, text, .. } = placed[marks[0]].mark;
        let (first, last) = marks.iter().fold((u32::MAX, 0), |(first, last), mark| {
            let (from, to) = placed[*mark].window();
            (first.min(from), last.max(to))
        });
        let is_tall = marks.iter().any(|mark| placed[*mark].last > placed[*mark].first);
        // miette's gutter: the line's number, a bar, and room for arrows along tall marks.
        let gutter = last.to_string().len() + 4 + if is_tall { 3 + marks.len() } else { 0 };
        let room = terminal.width.saturating_sub(gutter).max(16);
        let start = self.shown.len();
        // Where each mark starts and ends in the text shown, where it does.
        let mut edges: Vec<(Option<usize>, Option<usize>)> = vec![(None, None); marks.len()];
        let mut taken: Vec<(usize, usize)> = Vec::new();
        for line in first..=last {
            let here: Vec<LineMark> = marks
                .iter()
                .enumerate()
                .filter_map(|(index, mark)| placed[*mark].on_line(line, index))
                .collect();
            let focus = here.iter().min_by_key(|mark| marks[mark.index]).map(|mark| mark.range);
            let shown = ShownLine::new(&line_content(text, line), focus, room, terminal.ellipsis());
            for LineMark { index, range: (from, to), starts, ends } in here {
                if starts {
                    edges[index].0 = shown.offset(from).map(|offset| self.shown.len() + offset);
                }
                if ends {
                    edges[index].1 = shown.end(to).map(|offset| self.shown.len() + offset);
                }
            }
            self.shown.push_str(&shown.text);
            self.shown.push('\n');
        }
        // The most important mark takes its place first; one that would cover it is told instead.
        let mut order: Vec<usize> = (0..marks.len()).collect();
        order.sort_unstable_by_key(|index| marks[*index]);
        for index in order {
            let (Some(from), Some(to)) = edges[index] else { continue };
            let (mark, to) = (marks[index], to.max(from));
            let covers =
                |(start, end): &(usize, usize)| from == *start || (from < *end && *start < to);
            if taken.iter().any(covers) {
                continue;
            }
            taken.push((from, to));
            let message = placed[mark].mark.message;
            let label = message.and_then(|message| {
                let line_start = self.shown[..from].rfind('\n').map_or(0, |at| at + 1);
                let (before, under) = (&self.shown[line_start..from], &self.shown[from..to]);
                let column = if placed[mark].last > placed[mark].first {
                    0
                } else {
                    columns(before) + columns(under) / 2
                };
                wrap_label(message, room.saturating_sub(column + 4))
            });
            told[mark] = label.is_some();
            labels.push((mark, SourceSpan::from((from, to - from)), label));
        }
        self.windows.push(Window {
            path: escape::escape(path.as_str()).into_owned(),
            first_line: first as usize - 1,
            line_count: (last - first) as usize + 1,
            start,
            end: self.shown.len(),
        });
    }
}

/// `path:line:column`, escaped.
pub(crate) fn place(path: &Utf8Path, text: &Text, span: Span) -> String {
    let position = text.position(span.start);
    let mut place = escape::escape(path.as_str()).into_owned();
    // Writing to a String cannot fail.
    let _ = write!(place, ":{}:{}", position.line, position.column);
    place
}

/// The words beside a mark, in as many lines as they need, if there is room for any.
fn wrap_label(message: &str, room: usize) -> Option<String> {
    let message = escape::escape(message);
    if message.trim().is_empty() {
        return None;
    }
    // Below, a name is not broken in two.
    let longest = message.split(' ').map(columns).max().unwrap_or(0);
    if longest > room || (columns(&message) > room && room < NARROWEST_LABEL) {
        return None;
    }
    Some(textwrap::fill(&message, wrapping(room, "")))
}

/// The content of `line`, without its ending, without a byte order mark and with its tokens masked.
fn line_content(text: &Text, line: u32) -> Cow<'_, str> {
    let content = text.slice(text.line_span(line)).trim_end_matches(['\n', '\r']);
    masked(if line == 1 { content.strip_prefix(BOM).unwrap_or(content) } else { content })
}

/// A mark and the lines it is shown on.
struct Placed<'a> {
    mark: &'a Mark<'a>,
    /// Without blank space at its end.
    span: Span,
    first: u32,
    last: u32,
    /// The last line of the file.
    bottom: u32,
    /// Lines to show before and after.
    context: u32,
}

/// A mark's part of one line, as bytes of the line's content.
struct LineMark {
    /// Which of the window's marks.
    index: usize,
    range: (usize, usize),
    starts: bool,
    ends: bool,
}

impl<'a> Placed<'a> {
    fn new(mark: &'a Mark<'a>, context: u32) -> Self {
        let text = mark.text;
        let covered = text.slice(mark.span).trim_end().len();
        let start = mark.span.start.min(text.as_str().len() as u32);
        let span = Span { start, end: start + covered as u32 };
        let first = text.line_of(start);
        let last = text.line_of(span.end);
        let last = if last - first >= TALLEST { first } else { last };
        // A text that ends in a line feed has no line after it that anybody would count.
        let bottom = match text.line_count() {
            count if count > 1 && text.slice(text.line_span(count)).is_empty() => count - 1,
            count => count,
        };
        Self { mark, span, first, last, bottom: bottom.max(last), context }
    }

    /// The first and last line to show. Blank context says nothing.
    fn window(&self) -> (u32, u32) {
        let says = |line: &u32| !line_content(self.mark.text, *line).trim().is_empty();
        let before = self.first.saturating_sub(self.context).max(1)..self.first;
        let after = self.last + 1..=(self.last + self.context).min(self.bottom);
        let first = before.into_iter().find(says).unwrap_or(self.first);
        (first, after.rev().find(says).unwrap_or(self.last))
    }

    /// The first line, for where there is no frame.
    fn line(&self, room: usize, terminal: Terminal) -> String {
        let content = line_content(self.mark.text, self.first);
        let focus = self.on_line(self.first, 0).map(|mark| mark.range);
        let indent = content.len() - content.trim_start().len();
        let focus =
            focus.map(|(from, to)| (from.saturating_sub(indent), to.saturating_sub(indent)));
        ShownLine::new(content[indent..].trim_end(), focus, room, terminal.ellipsis()).text
    }

    fn on_line(&self, line: u32, index: usize) -> Option<LineMark> {
        if line < self.first || line > self.last {
            return None;
        }
        let text = self.mark.text;
        let whole = text.line_span(line);
        let content = line_content(text, line);
        let skipped = if line == 1 && text.as_str().starts_with(BOM) { BOM.len_utf8() } else { 0 };
        let start = whole.start as usize + skipped;
        let within = |offset: u32| (offset as usize).saturating_sub(start).min(content.len());
        let (starts, ends) = (line == self.first, line == self.last);
        let from = if starts { within(self.span.start) } else { 0 };
        let to = if ends { within(self.span.end) } else { content.len() };
        Some(LineMark { index, range: (from, to.max(from)), starts, ends })
    }
}

/// The marks of each window, windows in the order of their most important mark.
fn group(placed: &[Placed<'_>]) -> Vec<Vec<usize>> {
    let mut windows: Vec<(Vec<usize>, (u32, u32))> = Vec::new();
    for (index, mark) in placed.iter().enumerate() {
        if mark.mark.text.as_str().is_empty() {
            // A file that is empty, or not there: there is nothing to frame.
            continue;
        }
        let (mut first, mut last) = mark.window();
        let mut marks = vec![index];
        // A mark may close the gap between windows that were apart.
        let mut at = 0;
        let mut into = None;
        while at < windows.len() {
            let (others, (from, to)) = &windows[at];
            let is_near = placed[others[0]].mark.path == mark.mark.path
                && *from <= last + 1
                && first <= *to + 1;
            if is_near {
                (first, last) = (first.min(*from), last.max(*to));
                marks.extend_from_slice(others);
                windows.remove(at);
                into.get_or_insert(at);
            } else {
                at += 1;
            }
        }
        marks.sort_unstable();
        let into = into.unwrap_or(windows.len());
        windows.insert(into, (marks, (first, last)));
    }
    windows.into_iter().map(|(marks, _)| marks).collect()
}

/// A line of code made fit to be shown.
#[derive(Debug)]
struct ShownLine {
    text: String,
    /// Pairs of a byte offset in the line and one in `text`, ascending, the end of the last
    /// character shown included.
    offsets: Vec<(usize, usize)>,
}

impl ShownLine {
    /// Clips `line` to `room` columns so that `focus`, a byte range of it, is seen. Reads no more
    /// of the line than that needs.
    fn new(line: &str, focus: Option<(usize, usize)>, room: usize, ellipsis: &str) -> Self {
        let (focus, focus_end) = focus.unwrap_or((0, 0));
        let from = first_shown(line, focus, focus_end, room, columns(ellipsis));
        let mut text = String::new();
        let mut offsets = Vec::new();
        let mut column = 0;
        if from > 0 {
            text.push_str(ellipsis);
            column += columns(ellipsis);
        }
        // Where to cut if the rest does not fit: the last place with room for the ellipsis.
        let mut cut = (text.len(), offsets.len());
        let mut cell = String::new();
        for (at, c) in line[from..].char_indices() {
            cell.clear();
            if c == '\t' {
                cell.extend(std::iter::repeat_n(' ', TAB - column % TAB));
            } else {
                escape::push(&mut cell, c, &line[from + at..]);
            }
            let width = columns(&cell);
            if column + columns(ellipsis) <= room {
                cut = (text.len(), offsets.len());
            }
            if column + width > room {
                // Whatever was shown past the cut gives way to the ellipsis.
                let end = offsets.get(cut.1).map_or(from + at, |(byte, _)| *byte);
                text.truncate(cut.0);
                offsets.truncate(cut.1);
                offsets.push((end, text.len()));
                text.push_str(ellipsis);
                return Self { text, offsets };
            }
            offsets.push((from + at, text.len()));
            text.push_str(&cell);
            column += width;
        }
        offsets.push((line.len(), text.len()));
        Self { text, offsets }
    }

    /// Where the byte `at` of the line is shown, if it is.
    fn offset(&self, at: usize) -> Option<usize> {
        let index = self.offsets.partition_point(|(byte, _)| *byte < at);
        let first = self.offsets.first()?.0;
        (at >= first).then(|| self.offsets.get(index).map(|(_, shown)| *shown)).flatten()
    }

    /// Where a mark that ends at `at` is shown to end: at the cut, if it goes on behind it.
    fn end(&self, at: usize) -> Option<usize> {
        self.offset(at).or_else(|| self.offsets.last().map(|(_, shown)| *shown))
    }
}

/// The byte of `line` to begin with: the first if all up to the focus' end can then be seen, else
/// one shortly before the focus.
fn first_shown(line: &str, focus: usize, end: usize, room: usize, ellipsis: usize) -> usize {
    let earliest = before(line, end, room.saturating_sub(2 * ellipsis));
    if earliest == 0 {
        0
    } else if earliest <= focus {
        before(line, focus, room / 3).max(earliest)
    } else {
        before(line, focus, room / 8)
    }
}

/// The byte of `line` some `columns` before the byte `at`.
fn before(line: &str, at: usize, columns: usize) -> usize {
    let mut width = 0;
    let mut from = at;
    for (start, c) in line[..at].char_indices().rev() {
        width += shown_width(c);
        if width > columns {
            break;
        }
        from = start;
    }
    from
}

/// The columns of `text` as miette counts them: character by character.
fn columns(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

/// The columns of `c`, at most, as it is shown.
fn shown_width(c: char) -> usize {
    match c {
        '\t' => TAB,
        c if escape::is_plain(c) => c.width().unwrap_or(0),
        _ => "\\u{10ffff}".len(),
    }
}

impl std::fmt::Display for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Frame {}

impl Diagnostic for Frame {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

impl SourceCode for Frame {
    /// The window around `span`. miette asks without context for the position to print over it.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let window = self
            .windows
            .iter()
            .find(|window| {
                // Each line shown ends in a line feed, so a mark starts before the window's end.
                (window.start..window.end).contains(&span.offset())
                    && span.offset() + span.len() <= window.end
            })
            // Two windows never become one.
            .ok_or(MietteError::OutOfBounds)?;
        let (line, column) = if before == 0 {
            self.positions
                .iter()
                .find(|(offset, ..)| *offset == span.offset())
                .map_or((window.first_line, 0), |(_, line, column)| (*line, *column))
        } else {
            (window.first_line, 0)
        };
        Ok(Box::new(MietteSpanContents::new_named(
            window.path.clone(),
            &self.shown.as_bytes()[window.start..window.end],
            (window.start, window.end - window.start).into(),
            line,
            column,
            window.line_count,
        )))
    }
}
