//! Python text: its lines, its syntax, and what a program of it does where all that can happen does.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacelint_fuzz::syntax::Tree;
use spacelint_fuzz::{file, fits};
use spacelint_python::{Limits, lines, parse};

#[expect(dead_code, reason = "it also reads the standard library, of which nobody here asks")]
#[path = "../../python/tests/endurance/world.rs"]
mod world;

fuzz_target!(|bytes: &[u8]| {
    let app = file("app.py", bytes);
    let text = app.text.as_str();
    let lines = lines(text);
    let mut end = 0;
    for line in &lines.logical {
        fits(text, *line);
        assert!(end <= line.start && line.start < line.end, "logical lines out of order");
        end = line.end;
    }
    let mut end = 0;
    for comment in &lines.comments {
        fits(text, *comment);
        let comment_text = app.text.slice(*comment);
        assert!(end <= comment.start && comment_text.starts_with('#'));
        assert!(!comment_text.contains('\n'));
        end = comment.end;
    }
    lines.strings.iter().for_each(|string| fits(text, *string));

    Tree::check(text, &parse(text));

    let limits = Limits { steps: 200_000, ..Limits::default() };
    let trace =
        world::follow(&world::Library::default(), world::Imports::Installed, &app.text, limits);
    // A step is counted before it is known to be one too many, and ends those around it.
    assert!(trace.steps <= 2 * limits.steps, "{} steps", trace.steps);
    assert!(trace.events.len() <= limits.events);
    trace.entry.iter().for_each(|span| fits(text, *span));
    for event in &trace.events {
        fits(text, event.place.span);
        trace.chain(event).iter().for_each(|link| fits(text, link.place.span));
        assert!(event.root.is_none_or(|root| root < trace.roots.len()));
        assert!(event.process < trace.processes.len());
    }
    for root in &trace.roots {
        fits(text, root.place.span);
    }
});
