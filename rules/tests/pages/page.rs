//! Reads a page: which of its code blocks make up which Space, and what is expected of each.

use std::collections::BTreeMap;

/// A Space that a page shows.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Case {
    /// The line of the page on which its first block begins.
    pub(crate) line: usize,
    pub(crate) files: Vec<Shown>,
    /// What `--fix` makes of it, if the page shows that.
    pub(crate) fixed: Option<Fixed>,
    /// Why it is not run in variants.
    pub(crate) no_variants: Option<String>,
    /// Whether it has no README.md, not even a healthy one.
    pub(crate) no_readme: bool,
    /// Whether it has no Dockerfile, not even a healthy one.
    pub(crate) no_dockerfile: bool,
    /// What it does under the real `spaces`, if the page says that.
    pub(crate) run: Option<Run>,
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Fixed {
    pub(crate) line: usize,
    /// Whether it takes `--unsafe-fixes`.
    pub(crate) is_unsafe: bool,
    pub(crate) files: Vec<Shown>,
    pub(crate) run: Option<Run>,
}

/// What a page promises of a Space under the real `spaces`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Run {
    /// Whether it needs torch and what goes with it.
    pub(crate) with_torch: bool,
    /// What is in each of its failures; without it nothing fails.
    pub(crate) fails: Option<String>,
    /// What its calls ask the platform for, if that is said.
    pub(crate) asks: Option<String>,
    /// What its endpoints answer, if that is said.
    pub(crate) answers: Option<String>,
}

/// A file as a page shows it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Shown {
    pub(crate) path: String,
    /// The line of the page on which its text begins.
    pub(crate) line: usize,
    /// The text without the marks.
    pub(crate) text: String,
    /// The marked lines, from 1, each with the names of the rules; empty for the page's own.
    pub(crate) marks: Vec<(usize, String)>,
}

struct Block {
    line: usize,
    end: usize,
    attributes: BTreeMap<String, String>,
    text: String,
}

/// The cases of `page`, in order; or what is wrong with it, with the line.
pub(crate) fn read(page: &str) -> Result<Vec<Case>, String> {
    let mut cases: Vec<Case> = Vec::new();
    let mut last: Option<(usize, bool)> = None;
    for block in blocks(page)? {
        let Block { line, end, attributes, text } = block;
        let error = |what: &str| Err(format!("line {line}: {what}"));
        let Some(path) = attributes.get("title") else {
            last = None;
            continue;
        };
        if let Some(name) = attributes.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return error(&format!("a block knows no `{name}`"));
        }
        let run = run(&attributes).map_err(|what| format!("line {line}: {what}"))?;
        let fixed = attributes.get("fixed").map(String::as_str);
        let is_fixed = fixed.is_some();
        // Only blank lines between two blocks of one kind: they belong together.
        let follows = last.is_some_and(|(end, kind)| {
            kind == is_fixed
                && page.lines().skip(end).take(line - 1 - end).all(|l| l.trim().is_empty())
        });
        last = Some((end, is_fixed));
        let mut shown = shown(path, line + 1, &text)?;
        let own = page.strip_prefix("# ").and_then(|title| title.lines().next());
        for (_, name) in shown.marks.iter_mut().filter(|(_, name)| Some(name.as_str()) == own) {
            name.clear();
        }
        if let Some(bytes) = attributes.get("bytes") {
            let Ok(bytes) = bytes.parse::<usize>() else { return error("how many `bytes`?") };
            shown.text.extend(std::iter::repeat_n('x', bytes.saturating_sub(shown.text.len())));
        }
        if !is_fixed {
            // A second block for a file is another Space's.
            let is_shown = |case: &Case| case.files.iter().any(|file| file.path == shown.path);
            if !follows || cases.last().is_some_and(is_shown) {
                cases.push(Case { line, ..Case::default() });
            }
            let Some(case) = cases.last_mut() else { return error("no case") };
            case.no_readme |= attributes.contains_key("no-readme");
            case.no_dockerfile |= attributes.contains_key("no-dockerfile");
            case.no_variants = attributes.get("no-variants").cloned().or(case.no_variants.take());
            case.run = run.or(case.run.take());
            case.files.push(shown);
            continue;
        }
        let is_unsafe = match fixed {
            Some("") => false,
            Some("unsafe") => true,
            _ => return error("`fixed` or `fixed=\"unsafe\"`"),
        };
        let section = page.lines().take(line).enumerate().filter(|(_, l)| l.starts_with("## "));
        let section = section.last().map_or(0, |(index, _)| index + 1);
        let nearest = cases.iter().rposition(|case| case.line > section && case.is_marked());
        let first = cases.iter().position(Case::is_marked);
        let Some(case) = nearest.or(first).and_then(|index| cases.get_mut(index)) else {
            return error("a fixed block has no case with a mark above it");
        };
        if !case.files.iter().any(|file| file.path == shown.path) {
            return error(&format!("`{path}` is not shown in the case of line {}", case.line));
        }
        if case.fixed.is_some() && !follows {
            return error(&format!("the case of line {} is fixed already", case.line));
        }
        let fixed = case.fixed.get_or_insert_with(|| Fixed { line, is_unsafe, ..Fixed::default() });
        if fixed.is_unsafe != is_unsafe {
            return error("the fixed blocks of one case are all safe or all unsafe");
        }
        fixed.run = run.or(fixed.run.take());
        fixed.files.push(shown);
    }
    Ok(cases)
}

/// The attributes of a block that is a file of a Space.
const KNOWN: [&str; 11] = [
    "title",
    "fixed",
    "no-variants",
    "no-readme",
    "no-dockerfile",
    "bytes",
    "runs",
    "fails",
    "asks",
    "answers",
    "with",
];

/// What `runs`, `fails`, `asks`, `answers` and `with` say.
fn run(attributes: &BTreeMap<String, String>) -> Result<Option<Run>, &'static str> {
    let get = |name: &str| attributes.get(name).cloned();
    let run = Run {
        with_torch: match attributes.get("with").map(String::as_str) {
            None => false,
            Some("torch") => true,
            Some(_) => return Err("`with=\"torch\"`"),
        },
        fails: get("fails"),
        asks: get("asks"),
        answers: get("answers"),
    };
    let says_more = run.asks.is_some() || run.answers.is_some();
    match (get("runs"), run.fails.is_some()) {
        (Some(value), _) if !value.is_empty() => Err("`runs` has no value"),
        (Some(_), true) => Err("it runs or it fails"),
        (None, false) if says_more => Err("does it run, or fail?"),
        (None, false) if run.with_torch => Err("`with` what: does it run, or fail?"),
        (None, false) => Ok(None),
        _ => Ok(Some(run)),
    }
}

impl Case {
    /// Whether a finding of the page's own rule is expected.
    fn is_marked(&self) -> bool {
        self.files.iter().any(|file| file.marks.iter().any(|(_, rule)| rule.is_empty()))
    }
}

fn blocks(page: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let mut open: Option<(Block, String)> = None;
    for (index, line) in page.lines().enumerate() {
        match &mut open {
            Some((_, fence)) if line.trim_end() == fence => {
                if let Some((mut block, _)) = open.take() {
                    block.end = index + 1;
                    blocks.push(block);
                }
            }
            Some((block, _)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {
                let ticks = line.chars().take_while(|c| *c == '`').count();
                if ticks >= 3 {
                    let attributes = attributes(&line[ticks..])
                        .ok_or_else(|| format!("line {}: a quote is not closed", index + 1))?;
                    let block = Block { line: index + 1, end: 0, attributes, text: String::new() };
                    open = Some((block, "`".repeat(ticks)));
                }
            }
        }
    }
    match open {
        Some((block, _)) => Err(format!("line {}: the block is never closed", block.line)),
        None => Ok(blocks),
    }
}

/// `python title="app.py" fixed` without its first word, which is the language.
fn attributes(info: &str) -> Option<BTreeMap<String, String>> {
    let info = info.trim();
    let mut rest = info.find(' ').map_or("", |at| info[at..].trim_start());
    let mut found = BTreeMap::new();
    while !rest.is_empty() {
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        let value = match rest[end..].strip_prefix("=\"") {
            None => {
                rest = &rest[end..];
                String::new()
            }
            Some(quoted) => {
                let close = quoted.find('"')?;
                rest = &quoted[close + 1..];
                quoted[..close].to_owned()
            }
        };
        found.insert(name, value);
        rest = rest.trim_start();
    }
    Some(found)
}

/// What a page does not write out, so that nobody takes a page for a leak.
const TOKEN: (&str, &str) = ("hf_…", "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");

fn shown(path: &str, first: usize, text: &str) -> Result<Shown, String> {
    let mut shown = Shown { path: path.to_owned(), line: first, ..Shown::default() };
    for (index, line) in text.lines().enumerate() {
        let (line, names) = mark(line).map_err(|why| format!("line {}: {why}", first + index))?;
        shown.text.push_str(&line.replace(TOKEN.0, TOKEN.1));
        shown.text.push('\n');
        shown.marks.extend(names.into_iter().map(|name| (index + 1, name)));
    }
    Ok(shown)
}

/// A line without its mark, and the rules that the mark names.
fn mark(line: &str) -> Result<(&str, Vec<String>), String> {
    let Some(at) = line.rfind("# finding") else { return Ok((line, Vec::new())) };
    let (before, mark) = line.split_at(at);
    let rest = mark["# finding".len()..].trim_end();
    let names = if rest.is_empty() {
        vec![String::new()]
    } else {
        let Some(list) = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
            return Err(format!("`{mark}` is no mark: write `# finding` or `# finding[rule]`"));
        };
        list.split(',').map(|name| name.trim().to_owned()).collect()
    };
    Ok((before.trim_end(), names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_without_words_between_them_are_one_space() {
        let page = "# x\n\n```python title=\"app.py\"\na = 1  # finding\nb\n```\n\n\
                    ```md title=\"README.md\" no-variants=\"why not\"\nc # finding[y, z]\n```\n\n\
                    Words.\n\n```bash\nls\n```\n\n````python title=\"app.py\"\n```\n````\n\n\
                    More.\n\n```md title=\"README.md\" fixed\nd\n```\n";
        let cases = read(page).expect("it is a page");
        assert_eq!(cases.len(), 2);
        let [first, second] = cases.as_slice() else { panic!("two cases") };
        assert_eq!(first.line, 3);
        assert_eq!(first.files[0].text, "a = 1\nb\n");
        assert_eq!(first.files[0].marks, [(1, String::new())]);
        assert_eq!(first.files[1].marks, [(1, "y".to_owned()), (1, "z".to_owned())]);
        assert_eq!(first.no_variants.as_deref(), Some("why not"));
        assert_eq!(second.files[0].text, "```\n");
        // The second has no mark, so it is the first that is fixed.
        let fixed = first.fixed.as_ref().expect("it is fixed");
        assert_eq!((fixed.line, fixed.is_unsafe, fixed.files[0].text.as_str()), (24, false, "d\n"));
    }

    #[test]
    fn a_second_block_for_a_file_begins_another_space() {
        let block = |path: &str| format!("```py title=\"{path}\"\nx\n```\n\n");
        let page = [block("a"), block("b"), block("a"), block("c")].concat();
        let cases = read(&page).expect("it is a page");
        let paths: Vec<Vec<&str>> = cases
            .iter()
            .map(|case| case.files.iter().map(|file| file.path.as_str()).collect())
            .collect();
        assert_eq!(paths, [["a", "b"], ["a", "c"]]);
    }

    #[test]
    fn fixed_is_the_nearest_bad_case_of_the_section_or_the_first_of_the_page() {
        let bad = "```py title=\"a\"\nx # finding\n```\n\nWords.\n\n";
        let fixed = "```py title=\"a\" fixed\ny\n```\n";
        let fixed_case = |page: String| {
            let cases = read(&page).expect("it is a page");
            cases.iter().position(|case| case.fixed.is_some())
        };
        assert_eq!(fixed_case(format!("{bad}## Why\n\n{bad}## What to do\n\n{fixed}")), Some(0));
        assert_eq!(fixed_case(format!("{bad}## What to do\n\n{bad}{fixed}")), Some(1));
    }

    #[test]
    fn what_a_space_does_is_said_on_any_of_its_blocks() {
        let page = "```py title=\"a\" fails=\"No: 1\" asks=\"90\"\nx # finding\n```\n\n\
                    ```py title=\"b\"\nx\n```\n\nWords.\n\n\
                    ```py title=\"a\" fixed runs with=\"torch\"\ny\n```\n";
        let cases = read(page).expect("it is a page");
        let text = |text: &str| Some(text.to_owned());
        let bad = Run { fails: text("No: 1"), asks: text("90"), ..Run::default() };
        assert_eq!(cases[0].run, Some(bad));
        let good = Run { with_torch: true, ..Run::default() };
        assert_eq!(cases[0].fixed.as_ref().and_then(|fixed| fixed.run.clone()), Some(good));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let error = |page: &str| read(page).expect_err("it is no page");
        let block = |info: &str| format!("```{info}\nx\n```\n");
        assert_eq!(error("\n```python title=\"a\"\n"), "line 2: the block is never closed");
        assert!(error(&block("python title=\"a\" fxed")).contains("knows no `fxed`"));
        assert!(error(&block("python title=\"a")).contains("quote"));
        assert!(error(&block("python title=\"a\" fixed")).contains("no case with a mark"));
        assert!(
            error("```py title=\"a\"\nx  # findings\n```\n").contains("line 2: `# findings` is no")
        );
        assert!(error(&block("python title=\"a\" runs fails=\"x\"")).contains("runs or it fails"));
        assert!(error(&block("python title=\"a\" with=\"torch\"")).contains("`with` what"));
        assert!(error(&block("python title=\"a\" runs with=\"jax\"")).contains("torch"));
        let other = "```py title=\"a\"\nx # finding\n```\n\n```py title=\"b\" fixed\nx\n```\n";
        assert!(error(other).contains("`b` is not shown in the case of line 1"));
    }
}
