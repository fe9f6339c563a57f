//! What a page must have. Whether what it shows is true is for the harness in `rules/tests`.

/// The sections of a page, in this order; others may stand between and after them.
const SECTIONS: [&str; 3] = ["What happens", "Why", "What to do"];

/// Says what `page` lacks of what the page of `name` must have.
pub(crate) fn check(page: &str, name: &str) -> Result<(), String> {
    let mut lines = page.lines();
    if lines.next().map(str::trim_end) != Some(&format!("# {name}")) {
        return Err(format!("must begin with `# {name}`"));
    }
    let mut wanted = SECTIONS.iter();
    let mut next = wanted.next();
    // The section being read, and whether anything stands in it yet.
    let mut section: Option<(String, bool)> = None;
    let mut fence: Option<String> = None;
    let mut shown = false;
    for line in lines {
        if let Some(open) = &fence {
            if line.trim_end() == open {
                fence = None;
            }
            continue;
        }
        if let Some(heading) = line.strip_prefix("## ") {
            ended(section.take())?;
            let heading = heading.trim();
            if next.is_some_and(|wanted| *wanted == heading) {
                next = wanted.next();
            } else if SECTIONS.contains(&heading) {
                return Err(format!("has `## {heading}` twice or out of order ({SECTIONS:?})"));
            }
            section = Some((heading.to_owned(), false));
            continue;
        }
        if let Some((_, filled)) = &mut section {
            *filled |= !line.trim().is_empty();
        }
        let ticks = line.chars().take_while(|c| *c == '`').count();
        if ticks >= 3 {
            fence = Some("`".repeat(ticks));
            if !shown && line.contains("title=") {
                shown = true;
                if section.as_ref().is_none_or(|(heading, _)| heading != SECTIONS[0]) {
                    return Err(format!("must show its first case under `## {}`", SECTIONS[0]));
                }
            }
        }
    }
    ended(section)?;
    if fence.is_some() {
        return Err("has a code block that is never closed".to_owned());
    }
    if let Some(missing) = next {
        return Err(format!("has no `## {missing}`"));
    }
    if !shown {
        return Err("shows no case: a code block with title=\"app.py\"".to_owned());
    }
    Ok(())
}

fn ended(section: Option<(String, bool)>) -> Result<(), String> {
    match section {
        Some((heading, false)) => Err(format!("has nothing under `## {heading}`")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    const CASE: &str = "```python title=\"app.py\"\n## Why\n```\n";

    fn page(sections: &[(&str, &str)]) -> String {
        let body: Vec<String> =
            sections.iter().map(|(name, text)| format!("## {name}\n\n{text}\n")).collect();
        format!("# x\n\n{}", body.join("\n"))
    }

    #[track_caller]
    fn refused(page: &str, because: &str) {
        let why = check(page, "x").expect_err("it should be refused");
        assert!(why.contains(because), "{why}");
    }

    #[test]
    fn a_whole_page_is_taken() {
        let whole =
            page(&[("What happens", CASE), ("Why", "y"), ("What to do", "z"), ("More", "m")]);
        assert_eq!(check(&whole, "x"), Ok(()));
    }

    #[test]
    fn what_is_missing_is_said() {
        refused("# y\n", "must begin with `# x`");
        refused(&page(&[("What happens", CASE), ("What to do", "z")]), "out of order");
        refused(&page(&[("What happens", CASE), ("Why", "y")]), "no `## What to do`");
        refused(
            &page(&[("What happens", CASE), ("Why", ""), ("What to do", "z")]),
            "nothing under",
        );
        refused(&page(&[("What happens", "t"), ("Why", "y"), ("What to do", "z")]), "no case");
        refused(&page(&[("What happens", "t"), ("Why", CASE), ("What to do", "z")]), "first case");
        refused(
            &page(&[("What happens", CASE), ("Why", "y"), ("What to do", "```\nz")]),
            "never closed",
        );
    }
}
