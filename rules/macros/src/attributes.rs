//! What `#[rule(…)]` and the doc comment say.

use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{DeriveInput, Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, Result};

pub(crate) struct Attributes {
    pub(crate) summary: String,
    pub(crate) severity: Tokens,
    pub(crate) fix: Tokens,
    pub(crate) since: String,
    pub(crate) sources: Vec<String>,
    pub(crate) strict: bool,
}

impl Attributes {
    pub(crate) fn read(input: &DeriveInput) -> Result<Self> {
        let ident = &input.ident;
        let (mut severity, mut fix, mut since) = (None, None, None);
        let (mut sources, mut strict) = (Vec::new(), false);
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("rule")) {
            attribute.parse_nested_meta(|meta| {
                let key = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                let twice = || meta.error(format!("`{key}` is given twice"));
                match key.as_str() {
                    "severity" if severity.is_some() => Err(twice()),
                    "fix" if fix.is_some() => Err(twice()),
                    "since" if since.is_some() => Err(twice()),
                    "severity" => {
                        severity = Some(read_severity(&meta.value()?.parse()?)?);
                        Ok(())
                    }
                    "fix" => {
                        // `unsafe` is a keyword, which `Ident::parse` refuses.
                        let word = meta.value()?.call(syn::ext::IdentExt::parse_any)?;
                        fix = Some(read_fix(&word)?);
                        Ok(())
                    }
                    "since" => {
                        since = Some(read_release(&meta.value()?.parse()?)?);
                        Ok(())
                    }
                    "source" => {
                        let source: LitStr = meta.value()?.parse()?;
                        if source.value().trim().is_empty() {
                            return Err(Error::new_spanned(
                                source,
                                "a source names a line to read",
                            ));
                        }
                        sources.push(source.value());
                        Ok(())
                    }
                    "strict" => {
                        strict = true;
                        Ok(())
                    }
                    _ => {
                        Err(meta.error("expected `severity`, `fix`, `since`, `source` or `strict`"))
                    }
                }
            })?;
        }
        let missing = |what: &str| Error::new_spanned(ident, format!("this rule has no {what}"));
        if sources.is_empty() {
            return Err(missing("`source = \"…\"`: which line makes it true?"));
        }
        Ok(Self {
            summary: summary(input).ok_or_else(|| {
                missing("doc comment: its first line is what `spacelint rules` prints")
            })?,
            severity: severity.ok_or_else(|| missing("`severity = error|warning|info`"))?,
            fix: fix.unwrap_or_else(|| quote!(::core::option::Option::None)),
            since: since.ok_or_else(|| missing("`since = \"0.1.0\"`"))?,
            sources,
            strict,
        })
    }
}

fn read_severity(word: &Ident) -> Result<Tokens> {
    match word.to_string().as_str() {
        "error" => Ok(quote!(crate::finding::Severity::Error)),
        "warning" => Ok(quote!(crate::finding::Severity::Warning)),
        "info" => Ok(quote!(crate::finding::Severity::Info)),
        _ => Err(Error::new_spanned(word, "expected `error`, `warning` or `info`")),
    }
}

fn read_fix(word: &Ident) -> Result<Tokens> {
    let applicability = match word.to_string().as_str() {
        "safe" => quote!(crate::finding::Applicability::Safe),
        "unsafe" => quote!(crate::finding::Applicability::Unsafe),
        "none" => return Ok(quote!(::core::option::Option::None)),
        _ => return Err(Error::new_spanned(word, "expected `safe`, `unsafe` or `none`")),
    };
    Ok(quote!(::core::option::Option::Some(#applicability)))
}

fn read_release(text: &LitStr) -> Result<String> {
    let value = text.value();
    let numbers: Vec<&str> = value.split('.').collect();
    if numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u32>().is_ok()) {
        Ok(value)
    } else {
        Err(Error::new_spanned(text, "expected the release as three numbers, such as \"0.1.0\""))
    }
}

/// The first line of the doc comment that says something.
fn summary(input: &DeriveInput) -> Option<String> {
    input
        .attrs
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        })
        .flat_map(|text| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>())
        .find(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn error(input: &DeriveInput) -> String {
        Attributes::read(input).err().expect("it should be refused").to_string()
    }

    #[test]
    fn every_part_is_asked_for() {
        assert!(error(&parse_quote! { struct A; }).contains("no `source"));
        assert!(error(&parse_quote! { #[rule(source = "s")] struct A; }).contains("doc comment"));
        let no_severity = parse_quote! {
            /// S.
            #[rule(source = "s", since = "0.1.0")]
            struct A;
        };
        assert!(error(&no_severity).contains("severity"));
        let no_since = parse_quote! {
            /// S.
            #[rule(source = "s", severity = info)]
            struct A;
        };
        assert!(error(&no_since).contains("since"));
    }

    #[test]
    fn what_is_unknown_or_doubled_is_refused() {
        assert!(error(&parse_quote! { #[rule(severity = fatal)] struct A; }).contains("`warning`"));
        assert!(error(&parse_quote! { #[rule(fix = maybe)] struct A; }).contains("`unsafe`"));
        assert!(
            error(&parse_quote! { #[rule(since = "soon")] struct A; }).contains("three numbers")
        );
        assert!(error(&parse_quote! { #[rule(source = " ")] struct A; }).contains("names a line"));
        assert!(error(&parse_quote! { #[rule(weight = 3)] struct A; }).contains("`strict`"));
        let twice = parse_quote! { #[rule(severity = info, severity = error)] struct A; };
        assert!(error(&twice).contains("twice"));
    }

    #[test]
    fn an_unsafe_fix_is_a_keyword_and_reads_as_a_word() {
        let input = parse_quote! {
            /// S.
            #[rule(severity = info, since = "0.1.0", source = "s", fix = unsafe)]
            struct A;
        };
        let attributes = Attributes::read(&input).expect("it is whole");
        assert!(attributes.fix.to_string().contains("Unsafe"));
        assert!(!attributes.strict);
    }
}
