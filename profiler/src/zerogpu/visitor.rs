//! Who asks for a GPU. On the platform the Hub's proxy introduces each visitor in a header, as a JSON Web Token that
//! `spaces` passes on unread; here the profiler writes it, unsigned, and reads it again.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The header with the token.
pub(crate) const HEADER: &str = "X-IP-Token";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Visitor {
    /// Whose quota is used.
    #[serde(rename = "spacelint_visitor")]
    pub(crate) name: String,
    /// The endpoint that they call, where that is known.
    #[serde(rename = "spacelint_endpoint", default, skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    /// Whether each call with this token is somebody else's: where one client speaks for all of them.
    #[serde(rename = "spacelint_each", default)]
    pub(crate) is_each: bool,
}

impl Visitor {
    /// The token that introduces them.
    pub(crate) fn token(&self) -> String {
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        // A value of strings always becomes JSON.
        let mut claims = serde_json::to_value(self).unwrap_or_default();
        claims["ip"] = "127.0.0.1".into();
        let head = part(serde_json::json!({ "alg": "none", "typ": "JWT" }));
        // Some versions of `spaces` take a token for one with three parts that are not empty.
        format!("{head}.{}.{}", part(claims), URL_SAFE_NO_PAD.encode("unsigned"))
    }

    /// Who is introduced by `token`: somebody without a name of ours is a visitor all the same.
    pub(crate) fn read(token: &str) -> Self {
        let claims = token.split('.').nth(1).and_then(|part| {
            let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
            serde_json::from_slice(&bytes).ok()
        });
        claims.unwrap_or_else(|| Self {
            name: "stranger".to_owned(),
            endpoint: None,
            is_each: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_is_known_by_their_token() {
        let endpoint = Some("/generate".to_owned());
        let visitor = Visitor { name: "visitor-7".to_owned(), endpoint, is_each: false };
        assert_eq!(Visitor::read(&visitor.token()), visitor);
        assert_eq!(visitor.token().split('.').filter(|part| !part.is_empty()).count(), 3);
        for odd in ["", "a.b.c", "..", "a.e30.c"] {
            assert_eq!(Visitor::read(odd).name, "stranger");
        }
    }
}
