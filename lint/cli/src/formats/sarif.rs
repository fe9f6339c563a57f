//! SARIF 2.1.0, for code scanning services.
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html>
//!
//! The results come first, so that none is kept; the rules that they name, and whether the run was whole,
//! follow when both are known.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use spacelint_python::Certainty;
use spacelint_rules::finding::{Edit, Finding, Location, Severity};
use spacelint_rules::registry;
use spacelint_rules::rule::RuleInfo;

use super::{LeftOut, Reported, Section, Total, fix_to_tell, json, paragraphs};
use crate::pages;
use crate::paths::Place;

/// What comes before the results.
pub(crate) const OPEN: &str = concat!(
    "{\"$schema\": \"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json\",\n",
    " \"version\": \"2.1.0\",\n \"runs\": [{\"columnKind\": \"unicodeCodePoints\",\n \"results\": ["
);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    level: &'static str,
    message: Message,
    locations: [SarifLocation; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<SarifLocation>,
    partial_fingerprints: PartialFingerprints<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    properties: ResultProperties,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifLocation {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

/// Lines and columns from 1, in code points; the end is the place behind the last character.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
struct PartialFingerprints<'a> {
    #[serde(rename = "spacelint/v1")]
    own: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix {
    description: Message,
    artifact_changes: Vec<ArtifactChange>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Message,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<SarifLocation>,
}

#[derive(Serialize)]
struct ResultProperties {
    certainty: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<SarifRule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRule<'a> {
    id: &'a str,
    short_description: Message,
    full_description: Message,
    help: Help<'a>,
    help_uri: String,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Help<'a> {
    text: &'a str,
    markdown: &'a str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: Vec<&'static str>,
    #[serde(rename = "problem.severity")]
    severity: &'static str,
}

/// The results of a Space, those that are left out too: a service shows them as closed.
pub(crate) fn results(section: &Section<'_>) -> Vec<String> {
    let place = section.place;
    let found = section.findings.iter().map(|reported| result(reported, None, place));
    let left_out =
        section.left_out.iter().map(|left_out| result(&left_out.reported, Some(left_out), place));
    found.chain(left_out).map(|result| json::to_string(&result)).collect()
}

fn result<'a>(
    reported: &Reported<'a>,
    left_out: Option<&LeftOut<'_>>,
    place: &Place,
) -> SarifResult<'a> {
    let finding = reported.finding;
    let related = finding.related.iter().enumerate().map(|(index, related)| SarifLocation {
        id: Some(index + 1),
        message: Some(message(&related.message)),
        ..location(&related.location, place)
    });
    SarifResult {
        rule_id: finding.rule.name,
        level: level(finding.rule.severity),
        message: Message { text: paragraphs(finding).join("\n\n") },
        locations: [location(&finding.location, place)],
        related_locations: related.collect(),
        partial_fingerprints: PartialFingerprints { own: reported.fingerprint.as_str() },
        fixes: fix(finding, place).into_iter().collect(),
        suppressions: left_out
            .map(|left_out| Suppression {
                kind: if left_out.comment.is_some() { "inSource" } else { "external" },
                location: left_out.comment.map(|comment| location(comment, place)),
            })
            .into_iter()
            .collect(),
        properties: ResultProperties {
            certainty: match finding.certainty {
                Certainty::Always => "always",
                Certainty::Sometimes => "sometimes",
            },
        },
    }
}

fn fix(finding: &Finding, place: &Place) -> Option<Fix> {
    let fix = fix_to_tell(finding)?;
    let mut changes: Vec<(&str, Vec<&Edit>)> = Vec::new();
    for edit in &fix.edits {
        let path = edit.location.file.path.as_str();
        match changes.iter_mut().find(|(changed, _)| *changed == path) {
            Some((_, edits)) => edits.push(edit),
            None => changes.push((path, vec![edit])),
        }
    }
    let changes = changes.into_iter().map(|(path, edits)| ArtifactChange {
        artifact_location: artifact(path, place),
        replacements: edits
            .into_iter()
            .map(|edit| Replacement {
                deleted_region: region(&edit.location),
                inserted_content: message(&edit.content),
            })
            .collect(),
    });
    Some(Fix { description: message(&fix.message), artifact_changes: changes.collect() })
}

fn location(location: &Location, place: &Place) -> SarifLocation {
    SarifLocation {
        id: None,
        physical_location: PhysicalLocation {
            artifact_location: artifact(location.file.path.as_str(), place),
            region: region(location),
        },
        message: None,
    }
}

fn artifact(path: &str, place: &Place) -> ArtifactLocation {
    /// All that a path in a URI may not hold, and `:`, which would end a scheme.
    const RESERVED: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b':')
        .add(b'<')
        .add(b'>')
        .add(b'?')
        .add(b'[')
        .add(b'\\')
        .add(b']')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    let path = place.relative(path.into());
    ArtifactLocation { uri: utf8_percent_encode(path.as_str(), RESERVED).to_string() }
}

fn region(location: &Location) -> Region {
    let text = &location.file.text;
    let (start, end) = (text.position(location.span.start), text.position(location.span.end));
    Region {
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}

fn message(text: &str) -> Message {
    Message { text: text.to_owned() }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// What comes after the results.
pub(crate) fn close(total: &Total) -> String {
    let driver = Driver {
        name: "spacelint",
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: env!("CARGO_PKG_REPOSITORY"),
        rules: total.rules.values().map(|rule| descriptor(rule)).collect(),
    };
    format!(
        "],\n \"tool\": {{\"driver\": {}}},\n \"invocations\": [{{\"executionSuccessful\": {}}}]}}]}}\n",
        json::to_string(&driver),
        !total.summary.incomplete
    )
}

fn descriptor(rule: &RuleInfo) -> SarifRule<'_> {
    let category = registry::find(rule.name).map(|entry| entry.category.name());
    SarifRule {
        id: rule.name,
        short_description: message(rule.summary),
        full_description: message(rule.summary),
        help: Help { text: rule.page, markdown: rule.page },
        help_uri: pages::url(rule.name),
        default_configuration: Configuration { level: level(rule.severity) },
        properties: RuleProperties {
            tags: category.into_iter().collect(),
            severity: match rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "recommendation",
            },
        },
    }
}
