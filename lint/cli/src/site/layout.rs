//! What every page has around it.

use super::html::escape;

/// A page of the site.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    pub(crate) description: &'a str,
    /// The way to the site's first folder, such as `../`.
    pub(crate) root: &'a str,
    /// The entry of the menu that it belongs to.
    pub(crate) entry: Entry,
    /// What stands in `<main>`.
    pub(crate) body: &'a str,
}

/// An entry of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The list of rules, which has a search field of its own.
    Rules,
    /// A rule.
    Rule,
    /// The list of failures, which has a search field of its own.
    Failures,
    /// A failure that no rule sees.
    Failure,
    /// The guide.
    Guide,
    /// The commands.
    Commands,
}

impl Page<'_> {
    /// The whole page.
    pub(crate) fn html(&self) -> String {
        let Self { root, entry, body, .. } = *self;
        let (title, description) = (escape(self.title), escape(self.description));
        let (repository, version) = (env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"));
        let link = |name: &str, file: &str, is_here: bool| {
            let here = if is_here { " aria-current=\"page\"" } else { "" };
            format!("<a href=\"{root}{file}\"{here}>{name}</a>")
        };
        let menu = [
            link("Rules", "index.html", entry == Entry::Rules),
            link("Failures", "failures.html", entry == Entry::Failures),
            link("Guide", "guide.html", entry == Entry::Guide),
            link("Commands", "commands.html", entry == Entry::Commands),
        ]
        .concat();
        let words = match entry {
            Entry::Rules => Some("search-index.js"),
            Entry::Failures => Some("failures-index.js"),
            Entry::Rule | Entry::Failure | Entry::Guide | Entry::Commands => None,
        };
        let (search, scripts) = if let Some(words) = words {
            let scripts = format!(
                "<script src=\"{words}\" defer=\"\"></script>\n\
                 <script src=\"search.js\" defer=\"\"></script>\n"
            );
            (String::new(), scripts)
        } else {
            let (list, what) = match entry {
                Entry::Failure => ("failures.html", "Search the failures"),
                _ => ("index.html", "Search the rules"),
            };
            let form = format!(
                "<form role=\"search\" action=\"{root}{list}\">\
                 <input type=\"search\" name=\"q\" aria-label=\"{what}\" \
                 placeholder=\"{what}\" autocomplete=\"off\" /></form>"
            );
            (form, String::new())
        };
        format!(
            "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\" />
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'\" />
<meta name=\"color-scheme\" content=\"light dark\" />
<meta name=\"description\" content=\"{description}\" />
<title>{title}</title>
<link rel=\"icon\" href=\"{root}icon.svg\" />
<link rel=\"stylesheet\" href=\"{root}style.css\" />
{scripts}</head>
<body>
<a class=\"skip\" href=\"#content\">Skip to the content</a>
<header>
<div class=\"bar\">
<a class=\"brand\" href=\"{root}index.html\"><img src=\"{root}icon.svg\" alt=\"\" width=\"24\" height=\"24\" />spacelint</a>
<nav aria-label=\"Site\">{menu}<a class=\"source\" href=\"{repository}\">Source</a></nav>
{search}
</div>
</header>
<main id=\"content\">
{body}</main>
<footer>
<p>spacelint {version}, <a href=\"{repository}\">source</a>. Made of the program itself by <code>spacelint site</code>.</p>
</footer>
</body>
</html>
"
        )
    }
}
