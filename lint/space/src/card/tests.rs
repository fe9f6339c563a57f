use std::sync::Arc;

use serde_yaml::{Mapping, Value};
use spacelint_python::Span;

use super::{Card, CardFault, Entry, Item};
use crate::files::SourceFile;
use crate::testing::{Xorshift, mutate};

fn card(text: &str) -> Card {
    parse(text.as_bytes()).expect("there is a card")
}

fn parse(bytes: &[u8]) -> Option<Card> {
    let card = Card::parse(&Arc::new(SourceFile::new("README.md", bytes.to_vec())));
    card.iter().for_each(check_spans);
    card
}

fn walk(entries: &[Entry], items: &[Item], seen: &mut impl FnMut(&Value, &str, Span, Span)) {
    for entry in entries {
        seen(&entry.value, &entry.text, entry.value_span, entry.inner_span);
        walk(&entry.entries, &entry.items, seen);
    }
    for item in items {
        seen(&item.value, &item.text, item.span, item.inner_span);
        walk(&item.entries, &item.items, seen);
    }
}

/// Every span slices back to what it claims.
fn check_spans(card: &Card) {
    let text = card.file.text.as_str();
    let slice = |span: Span| text.get(span.range()).expect("a span lies between characters");
    assert_eq!(slice(card.opening), "---");
    assert!(card.closing.is_none_or(|fence| slice(fence) == "---"));
    slice(card.block);
    slice(card.body());
    card.faults.iter().for_each(|fault| {
        slice(fault.span());
    });
    let item = |value: &Value, item_text: &str, span: Span, inner: Span| {
        assert!(card.block.contains(span), "{span:?} is outside {:?}", card.block);
        assert!(span.contains(inner));
        let (whole, inner) = (slice(span), slice(inner));
        let is_plain = !whole.starts_with(['"', '\'', '&', '*', '!', '|', '>', '[', '{']);
        if is_plain && !whole.contains(['\n', '\r']) && (value.is_string() || value.is_number()) {
            assert_eq!((whole, inner), (item_text, item_text));
        }
        if whole.starts_with(['"', '\'']) {
            assert_eq!(&whole[1..whole.len() - 1], inner);
        }
    };
    for entry in &card.entries {
        let key = slice(entry.key_span);
        let quoted =
            key.starts_with(['"', '\'', '?', '!', '&', '|', '>']) || key.contains(['\n', '\r']);
        assert!(quoted || key == entry.key, "{key:?} is not {:?}", entry.key);
    }
    walk(&card.entries, &[], &mut { item });
    // Two readers, one meaning.
    if card.faults.is_empty() {
        let block = slice(card.block);
        let meaning: Option<Mapping> =
            serde_yaml::from_str(block).expect("no fault, so it is read");
        let meaning = meaning.unwrap_or_default();
        let own = card.entries.len();
        let merged = card.entries.iter().filter(|entry| !meaning.contains_key(&entry.key)).count();
        assert!(own - merged <= meaning.len());
        for (key, value) in &meaning {
            if let Some(entry) = key.as_str().and_then(|key| card.get(key)) {
                assert_eq!(entry.value, *value);
            }
        }
    }
}

fn text_of(card: &Card, span: Span) -> &str {
    card.file.text.slice(span)
}

const USUAL: &str = "---
title: Chat with 🐨
emoji: \"🐨\"
colorFrom: 'indigo'
sdk: gradio # the only one
sdk_version: 5.10
python_version: \"3.10\"
pinned: false
short_description:
tags:
- a
- \"b: c\"
models: [x/y, 'z']
hf_oauth_scopes: {read: yes}
license: >-
  mit
  or so
---

# Page
";

#[test]
fn every_value_has_its_text_and_place() {
    let card = card(USUAL);
    assert_eq!(card.faults, []);
    assert_eq!(card.str("title"), Some("Chat with 🐨"));
    assert_eq!(card.str("emoji"), Some("🐨"));
    assert_eq!(card.str("sdk"), Some("gradio"));
    let version = card.get("sdk_version").expect("it is there");
    assert_eq!((version.text.as_str(), version.value.as_f64()), ("5.10", Some(5.1)));
    assert_eq!(text_of(&card, version.value_span), "5.10");
    let python = card.get("python_version").expect("it is there");
    assert_eq!((python.text.as_str(), python.value.as_str()), ("3.10", Some("3.10")));
    assert_eq!(text_of(&card, python.value_span), "\"3.10\"");
    assert_eq!(text_of(&card, python.inner_span), "3.10");
    assert_eq!(card.get("pinned").map(|entry| &entry.value), Some(&Value::Bool(false)));
    let empty = card.get("short_description").expect("it is there");
    assert_eq!((&empty.value, empty.text.as_str()), (&Value::Null, ""));
    assert_eq!(empty.value_span, Span::empty(empty.key_span.end as usize + 1));
    let tags = &card.get("tags").expect("it is there").items;
    assert_eq!(tags.iter().map(|tag| tag.text.as_str()).collect::<Vec<_>>(), ["a", "b: c"]);
    assert_eq!(text_of(&card, tags[1].inner_span), "b: c");
    let models = &card.get("models").expect("it is there").items;
    assert_eq!(text_of(&card, models[1].span), "'z'");
    let scopes = &card.get("hf_oauth_scopes").expect("it is there").entries;
    assert_eq!((scopes[0].key.as_str(), scopes[0].text.as_str()), ("read", "yes"));
    assert_eq!(card.str("license"), Some("mit or so"));
    assert_eq!(card.str("tags"), None);
    assert_eq!(card.str("short_description"), None);
    assert_eq!(text_of(&card, card.body()), "\n\n# Page\n");
}

#[test]
fn line_endings_and_a_mark_change_nothing_but_places() {
    let usual = card(USUAL);
    for text in [USUAL.replace('\n', "\r\n"), format!("\u{feff}{USUAL}"), format!("\n \n{USUAL}")] {
        let other = card(&text);
        assert_eq!(other.faults, []);
        for (entry, usual) in other.entries.iter().zip(&usual.entries) {
            assert_eq!(
                (&entry.key, &entry.text, &entry.value),
                (&usual.key, &usual.text, &usual.value)
            );
        }
        assert_eq!(other.entries.len(), usual.entries.len());
    }
    let spaces = card("---  \t\r\nsdk: gradio\r\n--- \r\nx\r\n");
    assert_eq!(spaces.str("sdk"), Some("gradio"));
    assert_eq!(text_of(&spaces, spaces.block), "sdk: gradio\r\n");
}

#[test]
fn utf_16_and_undecodable_cards_are_read() {
    let bytes: Vec<u8> =
        format!("\u{feff}{USUAL}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(parse(&bytes).expect("there is a card").str("sdk"), Some("gradio"));
    let card = parse(b"---\ntitle: \xff\nsdk: gradio\n---\n").expect("there is a card");
    assert_eq!(card.str("title"), Some("\u{fffd}"));
    assert_eq!(card.str("sdk"), Some("gradio"));
}

#[test]
fn what_does_not_begin_with_a_fence_has_no_card() {
    for text in [
        "",
        "\u{feff}",
        "\n\n",
        "# Page\n---\nsdk: gradio\n---\n",
        "x\n---\nsdk: gradio\n---\n",
        "----\nsdk: gradio\n----\n",
        "---sdk: gradio\n---\n",
        "--- # x\nsdk: gradio\n---\n",
        // A line across the page, and no second.
        "---\n\nText: text.\n",
        "---\nA sentence: and more.\n",
        "---",
        "---\n",
    ] {
        assert!(parse(text.as_bytes()).is_none(), "{text:?} has a card");
    }
}

#[test]
fn an_empty_card_is_a_card() {
    for text in ["---\n---\n", "---\n\n---", "---\n# later\n---\n", "---\r\n---\r\n"] {
        let card = card(text);
        assert!(card.entries.is_empty() && card.faults.is_empty(), "{text:?}: {:?}", card.faults);
    }
}

#[test]
fn an_unclosed_card_is_read_as_far_as_it_goes() {
    let text = "---\ntitle: A\n# later\ntags:\n  - a\nmodels:\n- b\nsdk: gradio\n\n# Page\n\nNote: this.\n";
    let card = card(text);
    assert_eq!(card.faults, [CardFault::Unclosed { span: Span::new(0, 3) }]);
    assert_eq!(card.closing, None);
    assert!(text_of(&card, card.block).ends_with("sdk: gradio\n"));
    assert!(text_of(&card, card.body()).starts_with("\n# Page"));
}

#[test]
fn a_pair_is_written_behind_another_where_it_would_be_one() {
    let behind = |text: &str| {
        let card = card(text);
        card.line_behind(card.get("sdk").expect("it is there"))
    };
    assert_eq!(behind("---\ntitle: A\nsdk: gradio\n---\n"), Some(4));
    assert_eq!(behind("---\nsdk: gradio"), Some(3));
    assert_eq!(behind("\u{feff}---\r\nsdk: >-\r\n  gradio\r\ntitle: A\r\n---\r\n"), Some(4));
    assert_eq!(behind("---\ntitle: A\rsdk: gradio\n---\n"), Some(3));
    for text in [
        "---\n{sdk: gradio}\n---\n",
        "---\n  sdk: gradio\n  title: A\n---\n",
        "---\nsdk: gradio\r---\nText.\n",
        "---\nsdk: gradio\rText.\n",
    ] {
        assert_eq!(behind(text), None, "{text:?}");
    }
}

#[test]
fn a_key_twice_is_a_fault_and_the_last_one_counts() {
    let card = card("---\nsdk: gradio\nsdk_version: 4.0.0\n\"sdk_version\": 5.0.0\n---\n");
    assert_eq!(card.str("sdk_version"), Some("5.0.0"));
    assert_eq!(card.str("sdk"), Some("gradio"));
    let [CardFault::DuplicateKey { key, first, second }] = &card.faults[..] else {
        panic!("{:?}", card.faults)
    };
    assert_eq!(key, "sdk_version");
    assert_eq!(text_of(&card, *first), "sdk_version");
    assert_eq!(text_of(&card, *second), "\"sdk_version\"");
    let nested = parse(b"---\nsdk: gradio\nm:\n  a: 1\n  b: 2\n  a: 3\n---\n").expect("a card");
    assert!(matches!(&nested.faults[..], [CardFault::DuplicateKey { key, .. }] if key == "a"));
    assert_eq!(nested.str("sdk"), Some("gradio"));
}

#[test]
fn a_broken_pair_takes_no_good_one_with_it() {
    for (broken, at) in [
        ("title: A: B", ": B"),
        ("title: @me", "@me"),
        ("title: `x`", "`x`"),
        ("title: \"open", "\"open"),
        ("title: [a", "title: [a"),
        ("title:A", "title:A"),
        ("just words", "just words"),
        ("title: 'a' b", "b"),
        ("title: *nowhere", "*nowhere"),
        ("title: a\u{7}", "title: a\u{7}"),
        ("\"title: A", "\"title: A"),
        ("}", "}"),
    ] {
        let card = card(&format!("---\nemoji: x\n{broken}\nsdk: gradio\nsdk_version: 5.10\n---\n"));
        let keys: Vec<_> = card.entries.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["emoji", "sdk", "sdk_version"], "{broken:?}");
        assert_eq!(card.str("sdk_version"), Some("5.10"));
        let [CardFault::Syntax { span, message }] = &card.faults[..] else {
            panic!("{broken:?}: {:?}", card.faults)
        };
        assert!(!message.contains("line"), "{message}");
        let line = card.file.text.position(span.start).line;
        assert_eq!(line, 3, "{broken:?}: {message} at {:?}, not {at:?}", text_of(&card, *span));
    }
}

#[test]
fn a_tab_is_said_to_be_one() {
    let card = card("---\ntags:\n\t- a\nsdk: gradio\n\tpinned: true\n---\n");
    assert!(
        matches!(card.faults[..], [CardFault::Tab { .. }, CardFault::Tab { .. }]),
        "{:?}",
        card.faults
    );
    assert_eq!(text_of(&card, card.faults[0].span()), "\t");
    assert_eq!(card.str("sdk"), Some("gradio"));
    assert!(card.get("tags").is_none(), "it is not empty: it has a tab");
    // Behind a colon it is as good as a space.
    let good = parse(b"---\nsdk:\tgradio\n---\n").expect("a card");
    assert_eq!((good.str("sdk"), good.faults.len()), (Some("gradio"), 0));
}

#[test]
fn what_is_no_mapping_is_said_to_be_none() {
    for text in ["---\n- sdk\n- gradio\n---\n", "---\nsdk gradio\n---\n", "---\n\"sdk\"\n---\n"] {
        let card = card(text);
        assert!(matches!(card.faults[..], [CardFault::NotAMapping { .. }]), "{:?}", card.faults);
        assert!(card.entries.is_empty());
    }
    let flow = card("---\n{sdk: gradio, pinned: true}\n---\n");
    assert_eq!((flow.str("sdk"), flow.faults.len()), (Some("gradio"), 0));
}

#[test]
fn anchors_aliases_and_merge_keys_are_followed() {
    let text = "---\nbase: &base\n  sdk: gradio\n  sdk_version: 5.10\nv: &v \"3.10\"\n\
                python_version: *v\nsdk: docker\n<<: *base\n---\n";
    let card = card(text);
    assert_eq!(card.faults, []);
    assert_eq!(card.str("python_version"), Some("3.10"));
    assert_eq!(card.str("sdk"), Some("docker"));
    assert_eq!(card.str("sdk_version"), Some("5.10"));
    let version = card.get("sdk_version").expect("it is brought");
    assert_eq!(text_of(&card, version.value_span), "5.10");
    let anchored = card.get("v").expect("it is there");
    assert_eq!(text_of(&card, anchored.value_span), "&v \"3.10\"");
    assert_eq!(text_of(&card, anchored.inner_span), "3.10");
    // Also where another line is broken, so that each pair is read alone.
    let broken = parse(format!("{}title: a: b\n---\n", &text[..text.len() - 4]).as_bytes());
    let broken = broken.expect("a card");
    assert_eq!(broken.str("python_version"), Some("3.10"));
    assert_eq!(broken.str("sdk_version"), Some("5.10"));
    assert_eq!(broken.faults.len(), 1, "{:?}", broken.faults);
    // Many times many, which would fill the memory.
    let mut bomb = "---\na0: &a0 x\n".to_owned();
    for n in 1..40 {
        let alias = format!("*a{},", n - 1).repeat(20);
        bomb = format!("{bomb}a{n}: &a{n} [{alias}]\n");
    }
    assert!(!parse(format!("{bomb}---\n").as_bytes()).expect("a card").faults.is_empty());
}

#[test]
fn scalars_of_every_style_are_read_alike_twice() {
    let card = card(
        "---\na: \"x\\ty\\u00e9\"\nb: 'it''s'\nc: |\n  one\n\n  two\nd: many\n  lines\ne: !!str 3.10\nf: ~\n\
         g: 0x1F\nh: .nan\ni: 1e3\nj: 2024-01-01\nk: on\nl: \"\"\nm: ''\n'n': &x\n? o\n: p\nq: |2\n    x\n\
         r: !mine {s: 1}\nt: {u, v: w}\n3: three\ntrue: yes\nz: [[1, \"2\"], {y: 3}]\n---\n",
    );
    assert_eq!(card.faults, []);
    let texts: Vec<_> = card.entries.iter().map(|e| (e.key.as_str(), e.text.as_str())).collect();
    assert_eq!(
        texts[..5],
        [("a", "x\tyé"), ("b", "it's"), ("c", "one\n\ntwo\n"), ("d", "many lines"), ("e", "3.10")]
    );
    assert_eq!(card.str("o"), Some("p"));
    assert_eq!(card.str("3"), Some("three"));
    let z = &card.get("z").expect("it is there").items;
    assert_eq!(z[0].items[1].text, "2");
    assert_eq!(z[1].entries[0].text, "3");
}

#[test]
fn no_mutation_of_a_card_panics_or_shifts_a_span() {
    let seeds = [
        USUAL.to_owned(),
        USUAL.replace('\n', "\r\n"),
        "---\nbase: &b\n  sdk: gradio\n<<: *b\nx: {a: [1, 'b'], c}\ny: |\n  t\n  u\n---\n"
            .to_owned(),
        "---\n? a\n: b\nt: !!str 3\nu: \"\\u00e9\\n\"\nv: >-\n\n  a\n\n  b\n---\nbody\n---\n"
            .to_owned(),
    ];
    let mut random = Xorshift::new(7);
    for round in 0..6000 {
        let seed = seeds[round % seeds.len()].as_bytes();
        parse(&mutate(seed, &mut random));
    }
}

#[test]
fn depth_ends_the_reading_and_not_the_stack() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
        let text =
            format!("---\na: {}x{}\nsdk: gradio\n---\n", open.repeat(5000), close.repeat(5000));
        let card = card(&text);
        assert!(!card.faults.is_empty());
        assert_eq!(card.str("sdk"), Some("gradio"), "{open}");
    }
}
