//! What of a text in YAML is a comment, and what its values join: for whoever reads what an author says to a
//! tool in a comment. What the values mean it does not know.

use spacelint_python::Span;
use tree_sitter::Parser;

/// Comments and values, in order.
#[derive(Debug, Default)]
pub struct Outline {
    /// From each `#` to the end of its line.
    pub comments: Vec<Span>,
    /// The scalars and flow collections that take several lines; none of a flow collection's parts.
    pub joined: Vec<Span>,
}

/// Reads the comments and values of a text, which may be broken.
pub fn outline(text: &str) -> Outline {
    let mut outline = Outline::default();
    let mut parser = Parser::new();
    // Only a build with mismatched libraries finds no language, and its tests fail.
    let tree = parser
        .set_language(&tree_sitter_yaml::LANGUAGE.into())
        .ok()
        .and_then(|()| parser.parse(text, None));
    let Some(tree) = tree else { return outline };
    let mut cursor = tree.walk();
    'nodes: loop {
        let node = cursor.node();
        let span = Span::new(node.start_byte(), node.end_byte());
        match node.kind() {
            "comment" => outline.comments.push(span),
            "block_scalar"
            | "double_quote_scalar"
            | "flow_mapping"
            | "flow_sequence"
            | "plain_scalar"
            | "single_quote_scalar"
                if node.start_position().row < node.end_position().row
                    && outline.joined.last().is_none_or(|last| last.end <= span.start) =>
            {
                outline.joined.push(span);
            }
            _ => {}
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                break 'nodes;
            }
        }
    }
    outline
}
