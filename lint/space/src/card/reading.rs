//! The two readings of a card's block, and their comparison.
//!
//! A block that both readers understand is read as a whole. Any other is read pair by pair, each
//! as a text of its own, so that a broken pair takes no good one with it.

use rustc_hash::{FxHashMap, FxHashSet};
use serde_yaml::{Mapping, Value};
use spacelint_python::Span;
use tree_sitter::{Node, Parser, Tree};

use super::{Card, CardFault, Entry, Item, lines};

/// The largest block that is read, in bytes. The largest card seen has some thousands.
const MAX_BLOCK_BYTES: usize = 1 << 17;
/// How deep brackets may stand in one another. `serde_yaml` refuses half of this, in time that
/// grows with the square of the depth.
const MAX_BRACKETS: usize = 256;
/// How many bytes of anchored pairs are kept for the pairs of a broken block that refer to them.
const MAX_CONTEXT_BYTES: usize = 1 << 12;
/// How many such pairs are read with them.
const MAX_CONTEXT_READINGS: u32 = 100;

/// Reads the block of `card` into its entries and faults.
pub(super) fn read(card: &mut Card) {
    let file = std::sync::Arc::clone(&card.file);
    let block = Part { text: file.text.slice(card.block), start: card.block.start as usize };
    if block.text.len() > MAX_BLOCK_BYTES {
        let message = format!("more than {MAX_BLOCK_BYTES} bytes, which is no card");
        card.faults.push(CardFault::Syntax { span: card.block, message });
        return;
    }
    let mut parser = Parser::new();
    if parser.set_language(&tree_sitter_yaml::LANGUAGE.into()).is_err() {
        // Only a build with mismatched libraries gets here, and its tests fail.
        return;
    }
    let mut reader = Reader { parser, anchors: FxHashMap::default(), faults: Vec::new() };
    card.entries = reader.block(block, card.block);
    merge(&mut card.entries);
    card.faults.append(&mut reader.faults);
}

/// A part of the file.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    start: usize,
}

impl<'a> Part<'a> {
    fn span(self, node: Node<'_>) -> Span {
        Span::new(self.start + node.start_byte(), self.start + node.end_byte())
    }

    fn slice(self, node: Node<'_>) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// Without line endings and comment lines behind it.
    fn whole(self) -> Span {
        Span::new(self.start, self.start + self.text.trim_end().len())
    }
}

struct Reader {
    parser: Parser,
    /// What has an anchor so far, the last of each name.
    anchors: FxHashMap<String, Item>,
    faults: Vec<CardFault>,
}

impl Reader {
    fn block(&mut self, block: Part<'_>, span: Span) -> Vec<Entry> {
        let meaning = meaning(block.text);
        let tree = self.tree(block.text);
        if let (Ok(Value::Mapping(meaning)), Some(tree)) = (&meaning, &tree)
            && let Some(root) = root(tree)
        {
            return self.pairs(block, root, meaning);
        }
        match &meaning {
            // Nothing but comments.
            Ok(Value::Null) => return Vec::new(),
            Ok(Value::Mapping(_)) | Err(_) => {}
            Ok(_) => {
                self.faults.push(CardFault::NotAMapping { span });
                return Vec::new();
            }
        }
        let entries = self.pair_by_pair(block);
        self.duplicates(&entries);
        if entries.is_empty() || self.faults.is_empty() {
            // Nothing good, or nothing that is wrong by itself: then what is wrong with the whole.
            self.faults.clear();
            self.faults.push(match meaning {
                Err(refusal) => syntax(block, refusal),
                Ok(_) => disagreement(span, "only one reader of YAML understands this"),
            });
        }
        entries
    }

    fn tree(&mut self, text: &str) -> Option<Tree> {
        self.parser.parse(text, None).filter(|tree| !tree.root_node().has_error())
    }

    /// Reads each pair of a block that is broken as a whole.
    fn pair_by_pair(&mut self, block: Part<'_>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        // The pairs with anchors, for those that refer to them.
        let mut context = String::new();
        let mut readings = 0;
        for pair in pairs_of(block) {
            let mut meaning = meaning(pair.text);
            if meaning.is_err()
                && !context.is_empty()
                && pair.text.contains('*')
                && readings < MAX_CONTEXT_READINGS
            {
                readings += 1;
                let both = serde_yaml::from_str::<Mapping>(&format!("{context}{}", pair.text));
                if let Ok(both) = both {
                    meaning = Ok(Value::Mapping(both.into_iter().last().into_iter().collect()));
                }
            }
            let tree = self.tree(pair.text);
            let root = tree.as_ref().and_then(root);
            match (meaning, root) {
                (Ok(Value::Mapping(meaning)), Some(root)) => {
                    entries.extend(self.pairs(pair, root, &meaning));
                    if pair.text.contains('&')
                        && context.len() + pair.text.len() <= MAX_CONTEXT_BYTES
                    {
                        context.push_str(pair.text);
                    }
                }
                (Ok(Value::Mapping(_)), None) => {
                    let message = "only one reader of YAML understands this";
                    self.faults.push(disagreement(pair.whole(), message));
                }
                (Ok(Value::Null), _) => {}
                (Ok(_), _) => {
                    let message = if pair.text.contains(':') {
                        "a space is missing behind the `:`"
                    } else {
                        "this is no `key: value`"
                    };
                    let fault = CardFault::Syntax { span: pair.whole(), message: message.into() };
                    self.faults.push(fault);
                }
                (Err(refusal), _) => entries.extend(self.broken(pair, refusal)),
            }
        }
        entries
    }

    /// Says what is wrong with a pair, and gives what is good of it.
    fn broken(&mut self, pair: Part<'_>, refusal: Refusal) -> Option<Entry> {
        let before = self.faults.len();
        self.nested_duplicates(pair);
        if self.faults.len() > before {
            return None;
        }
        let tab = lines(pair.text, 0).find_map(|(start, line)| {
            let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
            line[..indent].find('\t').map(|tab| (start, start + tab, start + indent))
        });
        let Some((line, tab, end)) = tab else {
            self.faults.push(syntax(pair, refusal));
            return None;
        };
        let span = Span::new(pair.start + tab, pair.start + end);
        self.faults.push(CardFault::Tab { span });
        // The pair before the line with the tab is often whole.
        let good = Part { text: &pair.text[..line], start: pair.start };
        let meaning = serde_yaml::from_str::<Mapping>(good.text).ok()?;
        let tree = self.tree(good.text)?;
        self.pairs(good, root(&tree)?, &meaning).pop().filter(|entry| !entry.value.is_null())
    }

    fn duplicates(&mut self, entries: &[Entry]) {
        let mut seen = FxHashMap::default();
        for entry in entries {
            let second = entry.key_span;
            if let Some(first) = seen.insert(entry.key.as_str(), second) {
                self.faults.push(CardFault::DuplicateKey { key: entry.key.clone(), first, second });
            }
        }
    }

    /// The keys that a mapping inside `pair` has twice. No recursion: nothing bounds the depth of a
    /// text that is broken.
    fn nested_duplicates(&mut self, pair: Part<'_>) {
        let Some(tree) = self.tree(pair.text) else { return };
        let mut cursor = tree.walk();
        let mut above = Vec::new();
        let mut seen = FxHashMap::default();
        loop {
            let node = cursor.node();
            if matches!(node.kind(), "block_mapping_pair" | "flow_pair")
                && let Some(key) = node.child_by_field_name("key")
            {
                let (text, span) = (pair.slice(key), pair.span(key));
                if let Some(first) = seen.insert((above.last().copied(), text), span) {
                    let key = text.trim_matches(['"', '\'']).to_owned();
                    self.faults.push(CardFault::DuplicateKey { key, first, second: span });
                }
            }
            if cursor.goto_first_child() {
                above.push(node.id());
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                above.pop();
            }
        }
    }

    /// The pairs of the mapping `node`, which means `meaning`. The recursion is as deep as the
    /// meaning, and `serde_yaml` bounds that.
    fn pairs(&mut self, part: Part<'_>, node: Node<'_>, meaning: &Mapping) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut count = 0;
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let (key, value) = match child.kind() {
                "block_mapping_pair" | "flow_pair" => {
                    (child.child_by_field_name("key"), child.child_by_field_name("value"))
                }
                // `{a, b}` has keys alone.
                "flow_node" => (Some(child), None),
                _ => continue,
            };
            count += 1;
            let Some(key_node) = key else { continue };
            let Some((key, is_plain)) = scalar_text(part, content(key_node)) else { continue };
            let found = meaning.get(key.as_str()).or_else(|| {
                let typed = serde_yaml::from_str::<Value>(&key).ok().filter(|_| is_plain)?;
                meaning.get(&typed)
            });
            let key_span = part.span(key_node);
            let Some(found) = found else {
                let message =
                    format!("one reader of YAML finds the key `{key}` here, another none");
                self.faults.push(disagreement(key_span, &message));
                continue;
            };
            let item = if let Some(value) = value {
                self.item(part, value, found)
            } else {
                let mut cursor = child.walk();
                let colon = child.children(&mut cursor).find(|child| child.kind() == ":");
                let at = colon.map_or(key_span.end, |colon| part.span(colon).end);
                self.nothing(at, found)
            };
            entries.push(Entry {
                key,
                key_span,
                value: item.value,
                text: item.text,
                value_span: item.span,
                inner_span: item.inner_span,
                items: item.items,
                entries: item.entries,
            });
        }
        if count != meaning.len() {
            let message =
                format!("one reader of YAML finds {count} keys here, another {}", meaning.len());
            self.faults.push(disagreement(part.span(node), &message));
        }
        entries
    }

    /// A key without a value.
    fn nothing(&mut self, at: u32, meaning: &Value) -> Item {
        let span = Span::empty(at as usize);
        if !meaning.is_null() {
            self.faults.push(disagreement(span, "only one reader of YAML finds a value here"));
        }
        Item {
            value: meaning.clone(),
            text: String::new(),
            span,
            inner_span: span,
            items: Vec::new(),
            entries: Vec::new(),
        }
    }

    fn item(&mut self, part: Part<'_>, node: Node<'_>, meaning: &Value) -> Item {
        let span = part.span(node);
        let inner = content(node);
        let mut item = Item {
            value: meaning.clone(),
            text: String::new(),
            span,
            inner_span: inner.map_or(span, |inner| part.span(inner)),
            items: Vec::new(),
            entries: Vec::new(),
        };
        let mut cursor = node.walk();
        let mut property =
            |kind| node.named_children(&mut cursor).find(|child| child.kind() == kind);
        let tagged = property("tag").is_some();
        let anchor = property("anchor").map(|anchor| part.slice(anchor)[1..].to_owned());
        // A tag of the card's own wraps the value.
        let meaning = match meaning {
            Value::Tagged(tagged) => &tagged.value,
            meaning => meaning,
        };
        match (inner.map(|inner| (inner, inner.kind())), meaning) {
            (Some((inner, "block_mapping" | "flow_mapping")), Value::Mapping(meaning)) => {
                item.entries = self.pairs(part, inner, meaning);
            }
            (Some((inner, "block_sequence" | "flow_sequence")), Value::Sequence(meaning)) => {
                item.items = self.items(part, inner, meaning);
            }
            (Some((inner, "alias")), meaning) => self.alias(part, inner, meaning, &mut item),
            (Some((inner, _)), meaning) => {
                let text = scalar_text(part, Some(inner));
                let settled = match (&text, meaning) {
                    (Some((text, _)), Value::String(meaning)) => {
                        if inner.kind() == "block_scalar" {
                            // Alone it has another indentation, and its last line no ending.
                            text.split_whitespace().eq(meaning.split_whitespace())
                        } else {
                            text == meaning
                        }
                    }
                    (Some((text, true)), meaning) => {
                        tagged || serde_yaml::from_str::<Value>(text).is_ok_and(|v| v == *meaning)
                    }
                    (Some(_), _) => tagged,
                    (None, _) => false,
                };
                if !settled {
                    let message = format!(
                        "one reader of YAML finds `{}` here, another something else",
                        part.slice(inner)
                    );
                    self.faults.push(disagreement(span, &message));
                }
                item.text = text.map(|(text, _)| text).unwrap_or_default();
                if let Value::String(meaning) = meaning {
                    item.text.clone_from(meaning);
                }
                if matches!(inner.kind(), "double_quote_scalar" | "single_quote_scalar") {
                    item.inner_span.start += 1;
                    item.inner_span.end = (item.inner_span.end - 1).max(item.inner_span.start);
                }
            }
            (None, meaning) => {
                if !(meaning.is_null() || tagged) {
                    self.faults.push(disagreement(span, "only one reader finds a value here"));
                }
            }
        }
        if let Some(name) = anchor {
            self.anchors.insert(name, item.clone());
        }
        item
    }

    fn items(&mut self, part: Part<'_>, node: Node<'_>, meaning: &[Value]) -> Vec<Item> {
        let mut items = Vec::new();
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let element = match child.kind() {
                "block_sequence_item" => {
                    let mut cursor = child.walk();
                    child.named_children(&mut cursor).find(|child| child.kind() != "comment")
                }
                "comment" => continue,
                _ => Some(child),
            };
            let Some(meaning) = meaning.get(items.len()) else { break };
            items.push(match element {
                // `[a: b]` is a list of one mapping without braces.
                Some(element) if element.kind() == "flow_pair" => {
                    let mut item = self.nothing(part.span(element).start, &Value::Null);
                    item.value = meaning.clone();
                    item.span = part.span(element);
                    item.inner_span = item.span;
                    item
                }
                Some(element) => self.item(part, element, meaning),
                None => self.nothing(part.span(child).end, meaning),
            });
        }
        if items.len() != meaning.len() {
            let message = "readers of YAML find lists of different length here";
            self.faults.push(disagreement(part.span(node), message));
        }
        items
    }

    fn alias(&mut self, part: Part<'_>, node: Node<'_>, meaning: &Value, item: &mut Item) {
        let name = part.slice(node).get(1..).unwrap_or_default();
        match self.anchors.get(name) {
            Some(meant) if meant.value == *meaning => {
                item.text.clone_from(&meant.text);
                item.items.clone_from(&meant.items);
                item.entries.clone_from(&meant.entries);
            }
            _ => {
                let message = format!("readers of YAML understand `*{name}` differently");
                self.faults.push(disagreement(part.span(node), &message));
            }
        }
    }
}

/// Appends what merge keys bring: the pairs of another mapping whose keys are not here.
fn merge(entries: &mut Vec<Entry>) {
    if !entries.iter().any(|entry| entry.key == "<<") {
        return;
    }
    let brought: Vec<Entry> = entries
        .iter()
        .filter(|entry| entry.key == "<<")
        .flat_map(|entry| entry.entries.iter().chain(entry.items.iter().flat_map(|i| &i.entries)))
        .cloned()
        .collect();
    let mut keys: FxHashSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
    entries.extend(brought.into_iter().filter(|entry| keys.insert(entry.key.clone())));
}

/// The top-level mapping of a tree without errors.
fn root(tree: &Tree) -> Option<Node<'_>> {
    let mut node = tree.root_node();
    for kinds in
        [&["document"][..], &["block_node", "flow_node"], &["block_mapping", "flow_mapping"]]
    {
        let mut cursor = node.walk();
        let mut found =
            node.named_children(&mut cursor).filter(|child| kinds.contains(&child.kind()));
        let first = found.next()?;
        // A second document is not part of the card.
        if found.next().is_some() {
            return None;
        }
        node = first;
    }
    Some(node)
}

/// The value in a node, without tags, anchors and comments.
fn content(node: Node<'_>) -> Option<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor)
        .find(|child| !matches!(child.kind(), "tag" | "anchor" | "comment"))
}

/// A scalar without its quotes, and whether it has none. None for what is no scalar.
fn scalar_text(part: Part<'_>, node: Option<Node<'_>>) -> Option<(String, bool)> {
    let node = node?;
    let text = part.slice(node);
    let is_plain = node.kind() == "plain_scalar";
    let quoted = || text.get(1..text.len().saturating_sub(1));
    let literal = match node.kind() {
        "plain_scalar" => Some(text),
        "double_quote_scalar" => quoted().filter(|text| !text.contains('\\')),
        "single_quote_scalar" => quoted().filter(|text| !text.contains('\'')),
        "block_scalar" => None,
        _ => return None,
    };
    match literal.filter(|text| !text.contains(['\n', '\r'])) {
        Some(literal) => Some((literal.to_owned(), is_plain)),
        // Folding and escapes are the reader's, which is given this text alone.
        None => serde_yaml::from_str(text).ok().map(|text| (text, is_plain)),
    }
}

/// The pairs of a block, each from its key's line to the next key's: the lines that begin in the
/// first column, save comments and list elements.
fn pairs_of(block: Part<'_>) -> impl Iterator<Item = Part<'_>> {
    let mut starts: Vec<usize> = lines(block.text, 0)
        .filter(|(_, line)| {
            !line.starts_with([' ', '\t', '#', '\r', '\n'])
                && !line.starts_with("- ")
                && line.trim_end() != "-"
        })
        .map(|(start, _)| start)
        .collect();
    starts.push(block.text.len());
    (1..starts.len()).map(move |index| {
        let (start, end) = (starts[index - 1], starts[index]);
        Part { text: &block.text[start..end], start: block.start + start }
    })
}

fn disagreement(span: Span, message: &str) -> CardFault {
    CardFault::Disagreement { span, message: message.to_owned() }
}

/// Why a text means nothing.
struct Refusal {
    /// Where, in characters from the start of the text, as the reader counts.
    place: usize,
    message: String,
}

/// What `text` means.
fn meaning(text: &str) -> Result<Value, Refusal> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_BRACKETS {
            let place = text[..at].chars().count();
            return Err(Refusal { place, message: "brackets too deep in one another".to_owned() });
        }
    }
    serde_yaml::from_str(text).map_err(|error| Refusal {
        place: error.location().map_or(0, |location| location.index()),
        message: without_places(&error.to_string()),
    })
}

fn syntax(part: Part<'_>, refusal: Refusal) -> CardFault {
    let at = part.text.char_indices().nth(refusal.place).map_or(part.text.len(), |(at, _)| at);
    // At the end of the text there is nothing to see: point at the last thing there.
    let at = at.min(part.text.trim_end().len());
    let end = part.text[at..].find(['\n', '\r']).map_or(part.text.len(), |end| at + end);
    let end = at + part.text[at..end].trim_end().len();
    let span = Span::new(part.start + at, part.start + end);
    CardFault::Syntax { span, message: refusal.message }
}

/// `message` without "at line 2 column 9": it counts from the wrong start, and every format gives
/// the place in its own way.
fn without_places(message: &str) -> String {
    let mut words: Vec<&str> = message.split(' ').collect();
    while let Some(at) =
        words.windows(5).position(|w| w[0] == "at" && w[1] == "line" && w[3] == "column")
    {
        let comma = words[at + 4].ends_with(',');
        words.drain(at..at + 5);
        if comma && at < words.len() {
            words.insert(at, ",");
        }
    }
    words.join(" ").replace(" ,", ",")
}
