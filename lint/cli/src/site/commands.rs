//! The help of every command, from the definition of the command line.

use std::fmt::Write;

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory};

use super::html::{self, Context, escape};
use super::layout::{Entry, Page};
use crate::args::Cli;

const HERE: Context = Context { root: "", own: None, failure: None };

/// The page of all commands.
pub(crate) fn page() -> String {
    let mut command = Cli::command();
    command.build();
    let shown: Vec<&Command> =
        command.get_subcommands().filter(|command| !command.is_hide_set()).collect();
    let mut body = String::from("<article>\n<h1>Commands</h1>\n<ul class=\"contents\">");
    for one in &shown {
        let (name, about) = (one.get_name(), prose(one.get_about()));
        let _ = write!(body, "<li><a href=\"#{name}\"><code>{name}</code></a> {about}</li>");
    }
    body.push_str("</ul>\n");
    if let Some(text) = command.get_after_help() {
        let _ = writeln!(body, "<p>{}.</p>", prose(Some(text)));
    }
    for one in shown {
        push_command(&mut body, one);
    }
    body.push_str("</article>\n");
    Page {
        title: "Commands - spacelint",
        description: "Every command of spacelint with its arguments and options",
        root: HERE.root,
        entry: Entry::Commands,
        body: &body,
    }
    .html()
}

fn push_command(body: &mut String, command: &Command) {
    let name = command.get_name();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    let _ = writeln!(
        body,
        "<h2 id=\"{name}\"><code>spacelint {name}</code></h2>\n<p>{}.</p>\n\
         <figure class=\"code\"><pre tabindex=\"0\" role=\"group\" aria-label=\"Usage\">\
         <code><span class=\"line\">{}\n</span></code></pre></figure>",
        prose(command.get_long_about().or(command.get_about())),
        escape(usage)
    );
    if let Some(after) = command.get_after_help() {
        let _ = writeln!(body, "<p>{}</p>", prose(Some(after)));
    }
    let mut headings: Vec<Option<&str>> = Vec::new();
    let arguments: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_hide_set()).collect();
    for argument in &arguments {
        if !headings.contains(&heading(argument)) {
            headings.push(heading(argument));
        }
    }
    for one in headings {
        if let Some(one) = one {
            let _ = writeln!(body, "<h3>{}</h3>", escape(one));
        }
        body.push_str("<dl class=\"options\">\n");
        for argument in arguments.iter().filter(|argument| heading(argument) == one) {
            push_argument(body, argument);
        }
        body.push_str("</dl>\n");
    }
}

/// What an argument stands under.
fn heading(argument: &Arg) -> Option<&str> {
    let usual = if argument.is_positional() { "Arguments" } else { "Options" };
    argument.get_help_heading().or(Some(usual))
}

fn push_argument(body: &mut String, argument: &Arg) {
    // As in the help: `-q, --quiet`, `--format <FORMAT>`, `[PATH]...`.
    let mut names: Vec<String> =
        argument.get_short().map(|short| format!("-{short}")).into_iter().collect();
    names.extend(argument.get_long().map(|long| format!("--{long}")));
    let takes = argument.get_action().takes_values();
    let values = argument.get_value_names().unwrap_or_default();
    let value = if argument.is_positional() {
        argument.to_string()
    } else if takes {
        values.iter().fold(String::new(), |text, value| format!("{text} <{value}>"))
    } else {
        String::new()
    };
    let _ = write!(
        body,
        "<div><dt><code>{}{}</code></dt><dd>{}.",
        escape(&names.join(", ")),
        escape(&value),
        prose(argument.get_long_help().or(argument.get_help()))
    );
    if takes {
        let defaults: Vec<_> =
            argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if !defaults.is_empty() {
            let _ = write!(body, " By default <code>{}</code>.", escape(&defaults.join(" ")));
        }
        let possible = argument.get_possible_values();
        if !possible.is_empty() {
            body.push_str("<ul>");
            for value in possible.iter().filter(|value| !value.is_hide_set()) {
                let help = value.get_help().map(|help| format!(": {}", prose(Some(help))));
                let _ = write!(
                    body,
                    "<li><code>{}</code>{}</li>",
                    escape(value.get_name()),
                    help.unwrap_or_default()
                );
            }
            body.push_str("</ul>");
        }
    }
    body.push_str("</dd></div>\n");
}

/// Help as HTML; its backticks are Markdown's, and its paragraphs are sentences here.
fn prose(text: Option<&StyledStr>) -> String {
    let text = text.map(ToString::to_string).unwrap_or_default();
    let sentences: Vec<&str> =
        text.split("\n\n").map(|text| text.trim().trim_end_matches('.')).collect();
    html::inline(&sentences.join(". "), HERE)
}
