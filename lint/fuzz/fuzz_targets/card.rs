//! The front matter of a `README.md`, as whoever reads YAML and whoever mends it sees it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacelint_fuzz::{file, fits};
use spacelint_python::Span;
use spacelint_space::card::Item;
use spacelint_space::{Card, Entry, yaml};

fuzz_target!(|bytes: &[u8]| {
    let readme = file("README.md", bytes);
    let text = readme.text.as_str();
    let outline = yaml::outline(text);
    outline.comments.iter().chain(&outline.joined).for_each(|span| fits(text, *span));
    let Some(card) = Card::parse(&readme) else { return };
    for span in [card.opening, card.block, card.body()].into_iter().chain(card.closing) {
        fits(text, span);
    }
    assert!(card.opening.end <= card.block.start && card.block.end <= card.body().start);
    for fault in &card.faults {
        fits(text, fault.span());
    }
    assert!(card.faults.is_sorted_by_key(|fault| fault.span()));
    entries(text, &card.entries, card.block);
    for entry in &card.entries {
        assert!(card.get(&entry.key).is_some());
        let _ = card.str(&entry.key);
    }
});

fn entries(text: &str, entries: &[Entry], outer: Span) {
    for Entry { key_span, value_span, inner_span, items: inside, entries: pairs, .. } in entries {
        fits(text, *key_span);
        place(text, *value_span, *inner_span, outer);
        assert!(outer.contains(*key_span), "{key_span:?} is not in {outer:?}");
        items(text, inside, outer);
        self::entries(text, pairs, outer);
    }
}

fn items(text: &str, found: &[Item], outer: Span) {
    for Item { span, inner_span, items: inside, entries: pairs, .. } in found {
        place(text, *span, *inner_span, outer);
        items(text, inside, outer);
        entries(text, pairs, outer);
    }
}

fn place(text: &str, value: Span, inner: Span, outer: Span) {
    fits(text, value);
    fits(text, inner);
    assert!(value.contains(inner), "{inner:?} is not in {value:?}");
    assert!(outer.contains(value), "{value:?} is not in {outer:?}");
}
