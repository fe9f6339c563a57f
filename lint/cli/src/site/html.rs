//! Markdown as HTML. Every text is escaped: raw HTML in a page is shown as it is written, comments,
//! which are for the tests, are left out.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd};
use spacelint_knowledge::failures;
use spacelint_rules::registry::{self, RuleEntry};

use super::code;
use crate::pages;

/// Where a text stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context {
    /// The way to the site's first folder, such as `../`.
    pub(crate) root: &'static str,
    /// The rule whose page it is.
    pub(crate) own: Option<&'static RuleEntry>,
    /// The failure without a rule whose page it is.
    pub(crate) failure: Option<&'static str>,
}

/// Code of so many bytes is never broken: it fits a line of a phone.
const SHORT: usize = 24;

/// `text` for a place between tags or in quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// `markdown` as blocks.
pub(crate) fn blocks(markdown: &str, context: Context) -> String {
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events(markdown, context).into_iter());
    out
}

/// `markdown`, which is one paragraph, as what stands in one.
pub(crate) fn inline(markdown: &str, context: Context) -> String {
    let events = events(markdown, context).into_iter().filter(|event| {
        !matches!(event, Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph))
    });
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events);
    out
}

/// What GitHub calls a heading in a link to it.
pub(crate) fn slug(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}

fn events(markdown: &str, context: Context) -> Vec<Event<'_>> {
    let mut parser = Parser::new_ext(markdown, Options::ENABLE_TABLES);
    let mut out: Vec<Event> = Vec::new();
    // Where a link stands already there cannot be another.
    let mut linked = false;
    while let Some(event) = parser.next() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let info = match &kind {
                    CodeBlockKind::Fenced(info) => info.as_ref(),
                    CodeBlockKind::Indented => "",
                };
                let text: String = parser
                    .by_ref()
                    .take_while(|event| !matches!(event, Event::End(TagEnd::CodeBlock)))
                    .map(|event| {
                        if let Event::Text(text) = event { text } else { "".into() }.into_string()
                    })
                    .collect();
                out.push(Event::Html(code::block(info, &text, context).into()));
            }
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            Event::Html(text) | Event::InlineHtml(text) => {
                if !text.trim_start().starts_with("<!--") {
                    out.push(Event::Text(text));
                }
            }
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                let inner: Vec<Event> = parser
                    .by_ref()
                    .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
                    .collect();
                let id = Some(slug(&plain(&inner)).into());
                out.push(Event::Start(Tag::Heading { level, id, classes, attrs }));
                out.extend(inner);
                out.push(Event::End(TagEnd::Heading(level)));
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                linked = true;
                let dest_url = target(dest_url);
                out.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            Event::End(TagEnd::Link) => {
                linked = false;
                out.push(Event::End(TagEnd::Link));
            }
            Event::Start(Tag::Table(columns)) => {
                out.push(Event::Html(
                    r#"<div class="scroll" tabindex="0" role="group" aria-label="Table">"#.into(),
                ));
                out.push(Event::Start(Tag::Table(columns)));
            }
            Event::End(TagEnd::Table) => {
                out.push(Event::End(TagEnd::Table));
                out.push(Event::Html("</div>".into()));
            }
            Event::Code(text) => out.push(Event::Html(code(&text, linked, context).into())),
            event => out.push(event),
        }
    }
    out
}

/// Code in a line. The name of another failure leads to its page.
fn code(text: &str, linked: bool, context: Context) -> String {
    let own = context.own.map(|entry| entry.info.name).or(context.failure);
    let class = if text.len() <= SHORT { " class=\"short\"" } else { "" };
    let code = format!("<code{class}>{}</code>", escape(text));
    let is_known = registry::find(text).is_some() || failures::failure(text).is_some();
    if is_known && !linked && own != Some(text) {
        format!("<a href=\"{}{}\">{code}</a>", context.root, pages::path(text))
    } else {
        code
    }
}

/// A path of the repository leads to the repository, which has no HTML.
fn target(url: CowStr<'_>) -> CowStr<'_> {
    let is_of_the_site = url.starts_with('#') || url.contains(".html");
    if is_of_the_site || url.contains("://") {
        url
    } else {
        format!("{}/blob/main/{url}", env!("CARGO_PKG_REPOSITORY")).into()
    }
}

fn plain(events: &[Event]) -> String {
    let text = events.iter().filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    text.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Context = Context { root: "../", own: None, failure: None };

    #[test]
    fn nothing_in_a_text_becomes_a_tag() {
        assert_eq!(
            escape("<a href='x'>\"&\"</a>"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;"
        );
        let hostile = "<script>alert(1)</script>\n\na <b>b</b> `<i>` [x](<javascript\"y>)\n\n<!-- for\nthe tests -->\n\n```\"><b>\n<u>\n```\n";
        let shown = blocks(hostile, HERE);
        for tag in ["<script", "<b>", "<i>", "<u>", "for\nthe tests"] {
            assert!(!shown.contains(tag), "{tag}: {shown}");
        }
        assert!(shown.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{shown}");
    }

    #[test]
    fn names_of_rules_and_paths_of_the_repository_become_links() {
        let shown = inline("see `old-gradio`, [the tables](rules/knowledge) and [x](#y)", HERE);
        assert!(
            shown.contains(
                r#"<a href="../rules/old-gradio.html"><code class="short">old-gradio</code></a>"#
            ),
            "{shown}"
        );
        assert!(shown.contains("/blob/main/rules/knowledge\""), "{shown}");
        assert!(shown.contains("href=\"#y\""), "{shown}");
        assert!(!shown.contains("<p>"), "{shown}");
        let failure = inline("`quota-exceeded`", HERE);
        assert!(failure.starts_with(r#"<a href="../failures/quota-exceeded.html">"#), "{failure}");
        let own = Context { failure: Some("quota-exceeded"), ..HERE };
        assert_eq!(inline("`quota-exceeded`", own), "<code class=\"short\">quota-exceeded</code>");
        let own = Context { own: registry::find("old-gradio"), ..HERE };
        assert_eq!(inline("`old-gradio`", own), "<code class=\"short\">old-gradio</code>");
    }

    #[test]
    fn a_heading_is_called_what_github_calls_it() {
        assert_eq!(slug("What `it` finds: A, b_c"), "what-it-finds-a-b_c");
    }
}
