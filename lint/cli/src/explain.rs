//! `spacelint explain`: a rule's page, and what the page leaves to its listing.

use spacelint_rules::registry::RuleEntry;

use crate::formats::json;
use crate::markdown;
use crate::pages;
use crate::report;
use crate::terminal::{Style, Terminal};

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
