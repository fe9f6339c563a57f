//! `#[derive(Rule)]`: makes a rule's listing out of its struct, its attributes and its page.
//!
//! It exists so that a rule is two files and one line: the name, the summary and the page are
//! taken from where they stand anyway, and what is missing is a compile error at the rule. It knows
//! the shape of a page and nothing about what a rule does.

mod attributes;
mod page;

use std::path::PathBuf;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{DeriveInput, Error, Result};

use crate::attributes::Attributes;

/// Implements `Rule` for a struct, from
///
/// - its name, in kebab-case: the rule's name, and in `snake_case` the stem of its `.rs` and `.md`;
/// - the first line of its doc comment: the summary;
/// - `#[rule(…)]`, which may be repeated: `severity = error|warning|info`, `since = "0.1.0"`, one or
///   more `source = "…"`, and where they apply `fix = safe|unsafe` and `strict`;
/// - the Markdown file beside it: the page.
#[proc_macro_derive(Rule, attributes(rule))]
pub fn derive_rule(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    let file = input.ident.span().unwrap().local_file();
    expand(&input, file.as_deref().map(read_beside))
        .unwrap_or_else(Error::into_compile_error)
        .into()
}

/// The stem of a rule's file, and the page that stands beside it.
struct Beside {
    stem: String,
    page: std::result::Result<String, String>,
}

fn read_beside(file: &std::path::Path) -> Beside {
    let page: PathBuf = file.with_extension("md");
    Beside {
        stem: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        page: std::fs::read_to_string(&page)
            .map_err(|error| format!("{} cannot be read: {error}", page.display())),
    }
}

/// The implementation. `beside` is `None` where the compiler cannot say which file it reads (an
/// editor's expansion): then nothing of the page is checked.
fn expand(input: &DeriveInput, beside: Option<Beside>) -> Result<Tokens> {
    let ident = &input.ident;
    if !matches!(input.data, syn::Data::Struct(_)) {
        return Err(Error::new_spanned(ident, "a rule is a struct that holds one occurrence"));
    }
    let Attributes { summary, severity, fix, since, sources, strict } = Attributes::read(input)?;
    let name = separated(&ident.to_string(), '-');
    let stem = separated(&ident.to_string(), '_');
    if let Some(beside) = beside {
        if beside.stem != stem {
            let message =
                format!("the rule `{name}` must stand in `{stem}.rs`, its page beside it");
            return Err(Error::new_spanned(ident, message));
        }
        beside
            .page
            .and_then(|text| page::check(&text, &name).map_err(|why| format!("`{stem}.md` {why}")))
            .map_err(|why| Error::new_spanned(ident, format!("the page of `{name}`: {why}")))?;
    }
    let page = format!("{stem}.md");
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    Ok(quote! {
        impl #impl_generics crate::rule::Rule for #ident #type_generics #where_clause {
            const INFO: &'static crate::rule::RuleInfo = &crate::rule::RuleInfo {
                name: #name,
                summary: #summary,
                severity: #severity,
                fix: #fix,
                since: #since,
                source: &[#(#sources),*],
                strict: #strict,
                page: ::core::include_str!(#page),
            };
        }
    })
}

/// `CudaBeforeSpaces` as `cuda-before-spaces` or `cuda_before_spaces`.
fn separated(camel: &str, separator: char) -> String {
    let mut out = String::with_capacity(camel.len() + 4);
    for c in camel.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push(separator);
        }
        out.extend(c.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn page(name: &str) -> String {
        format!(
            "# {name}\n\n## What happens\n\n```python title=\"app.py\"\nx  # finding\n```\n\n\
             ## Why\n\nBecause.\n\n## What to do\n\nMend it.\n"
        )
    }

    fn beside(stem: &str, page: &str) -> Beside {
        Beside { stem: stem.into(), page: Ok(page.into()) }
    }

    fn error(input: &DeriveInput, beside: Option<Beside>) -> String {
        expand(input, beside).expect_err("it should be refused").to_string()
    }

    #[test]
    fn a_struct_with_a_lifetime_becomes_a_listing() {
        let input: DeriveInput = parse_quote! {
            /// CUDA is touched first.
            ///
            /// More.
            #[rule(severity = error, fix = safe, since = "0.1.0")]
            #[rule(source = "spaces 0.51.3", source = "lab", strict)]
            pub struct CudaBeforeSpaces<'a> { touch: &'a str }
        };
        let name = "cuda-before-spaces";
        let tokens = expand(&input, Some(beside("cuda_before_spaces", &page(name))))
            .expect("it is a whole rule")
            .to_string();
        for part in [
            "Rule for CudaBeforeSpaces < 'a >",
            "name : \"cuda-before-spaces\"",
            "summary : \"CUDA is touched first.\"",
            "Severity :: Error",
            "Applicability :: Safe",
            "since : \"0.1.0\"",
            "source : & [\"spaces 0.51.3\" , \"lab\"]",
            "strict : true",
            "include_str ! (\"cuda_before_spaces.md\")",
        ] {
            assert!(tokens.contains(part), "{part} is not in {tokens}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let whole: DeriveInput = parse_quote! {
            /// Summary.
            #[rule(severity = info, since = "0.1.0", source = "lab")]
            struct OldGradio;
        };
        assert!(
            error(&whole, Some(beside("gradio", &page("old-gradio")))).contains("`old_gradio.rs`")
        );
        assert!(
            error(&whole, Some(beside("old_gradio", &page("gradio")))).contains("# old-gradio")
        );
        let unread = Some(Beside { stem: "old_gradio".into(), page: Err("no such file".into()) });
        assert!(error(&whole, unread).contains("no such file"));

        let choice: DeriveInput = parse_quote! {
            /// Summary.
            #[rule(severity = info, since = "0.1.0", source = "lab")]
            enum OldGradio {}
        };
        assert!(error(&choice, None).contains("is a struct"));
    }

    #[test]
    fn without_a_known_file_the_page_is_still_included() {
        let input: DeriveInput = parse_quote! {
            /// Summary.
            #[rule(severity = info, since = "0.1.0", source = "lab")]
            struct OldGradio;
        };
        let tokens = expand(&input, None).expect("an editor may expand it").to_string();
        assert!(tokens.contains("include_str ! (\"old_gradio.md\")"));
    }
}
