//! `spacelint explain`: the page of a failure, and what the page leaves to its listing.

use spacelint_knowledge::failures::{self, Failure, Kind, Page};
use spacelint_rules::registry::RuleEntry;

use crate::formats::json;
use crate::markdown;
use crate::pages;
use crate::report;
use crate::select;
use crate::terminal::{Style, Terminal};

/// The page of the failure of that name.
pub(crate) fn named(name: &str, terminal: Terminal) -> Result<String, String> {
    let without_rule = failures::failure(name).and_then(|it| Some((it, it.page.as_ref()?)));
    match without_rule {
        Some((it, page)) => Ok(failure(it, page, terminal)),
        None => select::failure(name).map(|entry| self::page(entry, terminal)),
    }
}

/// The page of `entry`.
pub(crate) fn page(entry: &RuleEntry, terminal: Terminal) -> String {
    let info = entry.info;
    let (word, style) = report::severity_word(info.severity);
    let mut facts = vec![terminal.paint(style, word), entry.category.name().to_owned()];
    facts.push(match info.fix {
        Some(applicability) => format!("{} fix", json::applicability(applicability)),
        None => "no fix".to_owned(),
    });
    facts.push(if info.strict { "with --strict or by name" } else { "on by default" }.to_owned());
    facts.push(format!("since {}", info.since));
    let url = pages::url(info.name);
    // The page begins with its own name, which is above already.
    let body = match info.page.trim_start().split_once('\n') {
        Some((title, rest)) if title.trim_start_matches('#').trim() == info.name => rest,
        _ => info.page,
    };
    let mut footer = format!(
        "To silence it, end the line with `# spacelint: ignore[{name}]` where the file takes comments, or \
         leave it out with `--ignore {name}` or in the settings.\n\n",
        name = info.name
    );
    if let Some(failure) = failures::failure(info.name) {
        push_shows(&mut footer, failure);
    }
    footer.push_str("What makes it true:\n");
    for source in info.source {
        footer.extend(["- ", source, "\n"]);
    }
    footer.extend(["\nOn the web: <", &url, ">"]);
    format!(
        "{}\n{}\n\n{}\n{}",
        terminal.paint(Style::STRONG, info.name),
        facts.join(", "),
        markdown::render(body, terminal),
        markdown::render(&footer, terminal)
    )
}

/// The page of a failure that no rule sees.
fn failure(failure: &Failure, page: &Page, terminal: Terminal) -> String {
    let mut facts = vec![match failure.kind {
        Kind::Cause => "no rule sees it in the repository",
        Kind::Wrapper => "the dress of another failure",
        Kind::Noise => "no failure",
        Kind::Platform => "the platform's fault",
    }];
    if failure.unverified {
        facts.push("told by others and not proven");
    }
    let url = pages::url(failure.name);
    let mut body = format!(
        "**{}**\n\n## What happens\n\n{}\n\n## Why\n\n{}\n\n## What to do\n\n{}\n\n",
        failure.title, page.happens, page.why, page.mend
    );
    push_shows(&mut body, failure);
    body.push_str("What makes it true:\n");
    for source in failure.sources {
        body.extend(["- ", source, "\n"]);
    }
    body.extend(["\nOn the web: <", &url, ">"]);
    format!(
        "{}\n{}\n\n{}",
        terminal.paint(Style::STRONG, failure.name),
        facts.join(", "),
        markdown::render(&body, terminal)
    )
}

/// What a log shows of the failure, word for word, as far as that is long enough to be looked for and no other failure
/// shows it.
pub(crate) fn shows_as(failure: &Failure) -> Vec<&'static str> {
    const SHORTEST: usize = 14;
    let all = failures::failures();
    let is_others = |text: &str| {
        let mut others = all.iter().filter(|other| other.name != failure.name);
        others.any(|other| other.signatures.iter().any(|one| one.text == text))
    };
    let mut shows: Vec<&str> = Vec::new();
    for signature in failure.signatures {
        let text = signature.text.trim();
        if text.len() >= SHORTEST && !shows.contains(&text) && !is_others(signature.text) {
            shows.push(text);
        }
    }
    shows
}

fn push_shows(out: &mut String, failure: &Failure) {
    let shows = shows_as(failure);
    if shows.is_empty() {
        return;
    }
    out.push_str("It shows in a log as:\n");
    for text in shows {
        // Code in Markdown ends at the first backtick.
        let text = text.replace('`', "'");
        out.extend(["- `", &text, "`\n"]);
    }
    out.push('\n');
}
