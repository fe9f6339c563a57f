//! Code blocks: the file's name, what is found where, what the tests hold of it, and some colour.

use std::fmt::Write;

use spacelint_rules::registry;

use super::html::{Context, escape};
use super::rules;

/// What the line after the three ticks says.
#[derive(Debug, Default)]
struct Info<'a> {
    language: &'a str,
    title: Option<&'a str>,
    /// The flag whose work it shows.
    fixed: Option<&'static str>,
    fails: Option<&'a str>,
    runs: bool,
}

impl<'a> Info<'a> {
    fn new(info: &'a str) -> Self {
        let value = |name: &str| {
            let (_, rest) = info.split_once(&format!(" {name}=\""))?;
            Some(rest.split_once('"')?.0)
        };
        let has = |word: &str| info.split_whitespace().any(|one| one == word);
        let fixed = match value("fixed") {
            Some(_) => Some("--unsafe-fixes"),
            None => has("fixed").then_some("--fix"),
        };
        Self {
            language: info.split_whitespace().next().unwrap_or_default(),
            title: value("title"),
            fixed,
            fails: value("fails"),
            runs: has("runs"),
        }
    }
}

/// A code block.
pub(crate) fn block(info: &str, text: &str, context: Context) -> String {
    let info = Info::new(info);
    // A message of one line is prose, and breaks as prose does.
    let wrap = if info.title.is_none() && text.lines().count() == 1 { " wrap" } else { "" };
    let mut out = format!("<figure class=\"code{wrap}\">");
    if info.title.is_some() || info.fixed.is_some() {
        out.push_str("<figcaption>");
        if let Some(title) = info.title {
            let _ = write!(out, "<span>{}</span>", escape(title));
        }
        if let Some(flag) = info.fixed {
            let _ = write!(out, "<span class=\"after\">after <code>{flag}</code></span>");
        }
        out.push_str("</figcaption>");
    }
    let label = info.title.unwrap_or("Code");
    let _ =
        write!(out, "<pre tabindex=\"0\" role=\"group\" aria-label=\"{}\"><code>", escape(label));
    let mut painter = Painter { language: info.language, open: None };
    for line in text.lines() {
        push_line(&mut out, line, &mut painter, context);
    }
    out.push_str("</code></pre>");
    if let Some(text) = info.fails {
        let _ = write!(
            out,
            "<p class=\"held fails\">Tested with the real <code>spaces</code>: it fails with \
             <q>{}</q>.</p>",
            escape(text)
        );
    } else if info.runs {
        out.push_str(
            "<p class=\"held runs\">Tested with the real <code>spaces</code>: it runs.</p>",
        );
    }
    out.push_str("</figure>\n");
    out
}

fn push_line(out: &mut String, line: &str, painter: &mut Painter, context: Context) {
    let Some((code, names)) = marked(line) else {
        let _ = write!(out, "<span class=\"line\">{}\n</span>", painter.paint(line));
        return;
    };
    let found: Vec<_> = match (names, context.own) {
        ("", own) => own.into_iter().collect(),
        (names, _) => names.split(',').filter_map(|name| registry::find(name.trim())).collect(),
    };
    let class = found.first().map_or("info", |entry| rules::severity(entry));
    let _ = write!(
        out,
        "<span class=\"line found {class}\"><span>{}</span><span class=\"marks\">",
        painter.paint(code.trim_end())
    );
    for entry in found {
        let (class, name) = (rules::severity(entry), entry.info.name);
        let is_own = context.own.is_some_and(|own| own.info.name == name);
        let _ = if is_own {
            write!(out, "<span class=\"badge {class}\">{name}</span>")
        } else {
            let root = context.root;
            write!(out, "<a class=\"badge {class}\" href=\"{root}rules/{name}.html\">{name}</a>")
        };
    }
    // The end of the line is where no layout makes a line of it.
    out.push_str("\n</span></span>");
}

/// A line without the mark at its end, and the names in that, if it has one.
fn marked(line: &str) -> Option<(&str, &str)> {
    let (code, mark) = line.rsplit_once("# finding")?;
    let names = match mark.trim() {
        "" => "",
        names => names.strip_prefix('[')?.strip_suffix(']')?,
    };
    Some((code, names))
}

/// Words of Python that are no names.
const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// Colours one line after the other. What it takes for what is a matter of looks alone.
struct Painter<'a> {
    language: &'a str,
    /// The quotes that a string of several lines waits for.
    open: Option<&'static str>,
}

impl Painter<'_> {
    fn paint(&mut self, line: &str) -> String {
        match self.language {
            "python" | "py" => self.python(line),
            "md" | "markdown" | "yaml" | "toml" => settings(line),
            "text" | "sh" if line.trim_start().starts_with('#') => span("c", line),
            "text" => report(line),
            _ => escape(line),
        }
    }

    fn python(&mut self, line: &str) -> String {
        let mut out = String::new();
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let (class, end) = if let Some(quotes) = self.open {
                let end = rest.find(quotes).map(|at| at + quotes.len());
                if end.is_some() {
                    self.open = None;
                }
                ("s", end.unwrap_or(rest.len()))
            } else if first == '#' {
                ("c", rest.len())
            } else if let Some(quotes) = ["\"\"\"", "'''"].into_iter().find(|q| rest.starts_with(q))
            {
                let end = rest[3..].find(quotes).map(|at| at + 6);
                if end.is_none() {
                    self.open = Some(quotes);
                }
                ("s", end.unwrap_or(rest.len()))
            } else if first == '"' || first == '\'' {
                ("s", string(rest, first))
            } else if first == '@' && line.trim_start().len() == rest.len() {
                ("d", run(rest, |c| c == '@' || c == '.' || is_word(c)))
            } else if first.is_ascii_digit() {
                ("n", run(rest, |c| c == '.' || is_word(c)))
            } else if is_word(first) {
                let end = run(rest, is_word);
                let word = &rest[..end];
                let prefix = word.len() <= 2 && rest[end..].starts_with(['"', '\'']);
                match word {
                    _ if prefix => ("s", end),
                    word if KEYWORDS.contains(&word) => ("k", end),
                    _ => ("", end),
                }
            } else {
                ("", first.len_utf8())
            };
            out.push_str(&span(class, &rest[..end]));
            rest = &rest[end..];
        }
        out
    }
}

/// The end of the string that `text` begins with.
fn string(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A line of what spacelint prints, or any other that is not like one.
fn report(line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    let first = line[indent..].chars().next();
    for (lead, class) in [("error[", "error"), ("warning[", "warning"), ("info[", "info")] {
        if line.starts_with(lead) {
            return span(class, line);
        }
    }
    for label in ["also:", "help:", "fix:"] {
        if line[indent..].starts_with(label) {
            let (label, rest) = line.split_at(indent + label.len());
            return format!("{}{}", span("c", label), escape(rest));
        }
    }
    match first {
        Some('×') if indent == 2 => span("error", line),
        Some('─' | '·') => span("error", line),
        Some('╭' | '╰') => span("c", line),
        _ => escape(line),
    }
}

/// A line of a card or of settings: the key, and a comment.
fn settings(line: &str) -> String {
    let (code, comment) = match line.find(" #") {
        Some(at) => line.split_at(at),
        None if line == "---" || line.starts_with("# ") => return span("c", line),
        None => (line, ""),
    };
    let key = run(code, |c| is_word(c) || c == '-');
    let is_key = key > 0 && code[key..].starts_with(':');
    let (key, value) = code.split_at(if is_key { key } else { 0 });
    format!("{}{}{}", span("k", key), escape(value), span("c", comment))
}

fn span(class: &str, text: &str) -> String {
    match (class, text) {
        (_, "") => String::new(),
        ("", text) => escape(text),
        (class, text) => format!("<span class=\"{class}\">{}</span>", escape(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paint(language: &str, text: &str) -> Vec<String> {
        let mut painter = Painter { language, open: None };
        text.lines().map(|line| painter.paint(line)).collect()
    }

    #[test]
    fn python_gets_some_colour() {
        assert_eq!(
            paint(
                "python",
                "@spaces.GPU(duration=3.5)\ndef f(x): return f'a\\'{x}' # <b>\n\"\"\"a\nb\"\"\" + c"
            ),
            [
                r#"<span class="d">@spaces.GPU</span>(duration=<span class="n">3.5</span>)"#,
                "<span class=\"k\">def</span> f(x): <span class=\"k\">return</span> \
                 <span class=\"s\">f</span><span class=\"s\">&#39;a\\&#39;{x}&#39;</span> \
                 <span class=\"c\"># &lt;b&gt;</span>",
                r#"<span class="s">&quot;&quot;&quot;a</span>"#,
                r#"<span class="s">b&quot;&quot;&quot;</span> + c"#,
            ]
        );
        assert_eq!(
            paint("md", "---\nsdk: gradio # é\nA: b"),
            [
                r#"<span class="c">---</span>"#,
                r#"<span class="k">sdk</span>: gradio<span class="c"> # é</span>"#,
                r#"<span class="k">A</span>: b"#,
            ]
        );
    }

    #[test]
    fn a_mark_is_no_part_of_the_code() {
        assert_eq!(marked("x = 1  # finding"), Some(("x = 1  ", "")));
        assert_eq!(marked("x  # finding[a, b]"), Some(("x  ", "a, b")));
        assert_eq!(marked("# findings of others"), None);
        assert_eq!(marked("x"), None);
    }

    #[test]
    fn a_block_says_what_it_shows() {
        let own = registry::find("old-gradio");
        let context = Context { root: "../", own, failure: None };
        let shown = block(
            "md title=\"README.md\" fixed=\"unsafe\" fails=\"<x>\"",
            "sdk: gradio  # finding[missing-sdk-version]\na: b  # finding\n",
            context,
        );
        for part in [
            "<span>README.md</span>",
            "after <code>--unsafe-fixes</code>",
            "it fails with <q>&lt;x&gt;</q>",
            "href=\"../rules/missing-sdk-version.html\">missing-sdk-version</a>",
            "<span class=\"badge warning\">old-gradio</span>",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains("# finding"), "{shown}");
    }
}
