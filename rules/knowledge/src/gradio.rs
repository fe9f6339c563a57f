//! What Gradio versions can and cannot do on Spaces. Versions are text: whoever compares them does so by
//! PEP 440, which this crate does not know.

use crate::Confidence;

include!(concat!(env!("OUT_DIR"), "/gradio.rs"));

/// Which Gradio there is, and which is advised.
#[derive(Debug)]
pub struct Releases {
    /// The newest release.
    pub latest: &'static str,
    /// The newest release of each major line, from oldest to newest.
    pub last_of_major: &'static [&'static str],
    /// The version that a Space should at least have.
    pub recommended: &'static str,
    /// The first version without a published flaw that reaches a Space.
    pub minimum_secure: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// From where on a call of another Space carries the visitor's identity by itself.
#[derive(Debug)]
pub struct Forwarding {
    /// The header that carries it.
    pub header: &'static str,
    /// The first Gradio whose client sends it with a call.
    pub client: &'static str,
    /// The first Gradio with which an app made by `gr.load` sends it.
    pub loaded: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What `launch(share=True)` does on a Space.
#[derive(Debug)]
pub struct Share {
    /// The first Gradio that warns and goes on.
    pub ignored_since: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What it takes that a visitor can sign in to the Hub.
#[derive(Debug)]
pub struct OAuth {
    /// The card's key that turns it on.
    pub switch: &'static str,
    /// The card's key that asks for scopes.
    pub list: &'static str,
    /// The environment variable by which Gradio sees that it is on.
    pub variable: &'static str,
    /// What an app with a sign-in button raises when it is served where it is off.
    pub error: &'static str,
    /// What a function says that asks for a visitor who is not signed in.
    pub signed_out: &'static str,
    /// Clients, each with the scope that a token needs for it; sorted.
    pub scopes: &'static [(&'static str, &'static str)],
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// The queue of an app on ZeroGPU that is not told how many calls may wait.
#[derive(Debug)]
pub struct ZeroGpuQueue {
    /// How many may.
    pub waiting: i64,
    /// What whoever comes then is told.
    pub refusal: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// A keyword that was given another name.
#[derive(Debug)]
pub struct Renamed {
    /// The calls that take it.
    pub calls: &'static [&'static str],
    /// Its name before.
    pub old: &'static str,
    /// Its name since.
    pub new: &'static str,
    /// The package that they are of.
    pub package: &'static str,
    /// That package's first version with the new name.
    pub since: &'static str,
    /// The first Gradio that comes with such a version.
    pub gradio: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// A Gradio whose pages do not tell ZeroGPU who the visitor is.
#[derive(Debug)]
pub struct NoHandshake {
    /// The first such version.
    pub since: &'static str,
    /// The first version that is well again.
    pub fixed: &'static str,
    /// Whether that are the pages that are made on the server, or those that are not.
    pub ssr: bool,
    /// What happens, as a clause.
    pub what: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Whom a [`Floor`] concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// A ZeroGPU Space.
    ZeroGpu,
    /// A ZeroGPU Space, whose visitors lose the quota that is theirs.
    Identity,
    /// The same, for a Space served by `gr.Server`.
    IdentityOfServer,
    /// Any Space.
    Security,
}

/// A version below which something does not work.
#[derive(Debug)]
pub struct Floor {
    /// The first version that is well.
    pub version: &'static str,
    /// Whom it concerns.
    pub scope: Scope,
    /// Whether the Space fails for everyone below it.
    pub hard: bool,
    /// What happens below it, as a sentence without its first capital and its full stop.
    pub reason: &'static str,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// What Gradio passes by itself to a function that it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Passed {
    /// `gr.Progress`.
    Progress,
    /// `gr.Cache`.
    Cache,
    /// `gr.Request`.
    Request,
    /// `gr.OAuthProfile`.
    Profile,
    /// `gr.OAuthToken`.
    Token,
    /// `gr.Header`: a header of the request.
    Header,
    /// `gr.EventData` and what is made of it: `gr.SelectData`.
    Event,
}

/// How a parameter asks for what Gradio passes by itself.
#[derive(Debug)]
pub struct Injected {
    /// What is passed.
    pub what: Passed,
    /// Whether the parameter's default asks for it; else its annotation does.
    pub by_default: bool,
    /// The full names of the classes that ask for it.
    pub names: &'static [&'static str],
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// A published vulnerability.
#[derive(Debug)]
pub struct Advisory {
    /// The first version without it.
    pub fixed: &'static str,
    /// Its CVE and GHSA numbers, sorted.
    pub ids: &'static [&'static str],
    /// What it lets somebody do.
    pub note: &'static str,
    /// Whether it can be used on a Space.
    pub on_spaces: bool,
    /// Where this comes from.
    pub source: &'static str,
    /// The day on which it was true, as `YYYY-MM-DD`.
    pub as_of: &'static str,
    /// How sure it is.
    pub confidence: Confidence,
}

/// Which Gradio there is, and which is advised.
pub fn releases() -> &'static Releases {
    &RELEASES
}

/// From where on a call of another Space carries the visitor's identity by itself.
pub fn forwarding() -> &'static Forwarding {
    &FORWARDING
}

/// What `launch(share=True)` does on a Space.
pub fn share() -> &'static Share {
    &SHARE
}

/// What it takes that a visitor can sign in to the Hub.
pub fn oauth() -> &'static OAuth {
    &OAUTH
}

/// The queue of an app on ZeroGPU that is not told how many calls may wait.
pub fn zerogpu_queue() -> &'static ZeroGpuQueue {
    &ZEROGPU_QUEUE
}

/// The keywords that were given another name.
pub fn renamed() -> &'static [Renamed] {
    RENAMED
}

/// The pages that do not tell ZeroGPU who the visitor is.
pub fn no_handshake() -> &'static [NoHandshake] {
    NO_HANDSHAKE
}

/// What Gradio passes by itself for a parameter whose default, or else whose annotation, is of the class
/// with that full name.
pub fn passed(class: &str, by_default: bool) -> Option<Passed> {
    let asks = |one: &&Injected| one.by_default == by_default && one.names.contains(&class);
    INJECTED.iter().find(asks).map(|one| one.what)
}

/// The floors, from oldest to newest.
pub fn floors() -> &'static [Floor] {
    FLOORS
}

/// The vulnerabilities, from oldest to newest fix.
pub fn advisories() -> &'static [Advisory] {
    ADVISORIES
}

/// What Gradio passes to the handler of a selection.
#[derive(Debug)]
pub struct SelectData {
    /// The class, by all its names.
    pub names: &'static [&'static str],
    /// The Gradio since which it can be pickled.
    pub pickled_since: &'static str,
}

/// What Gradio passes to the handler of a selection.
pub fn select_data() -> &'static SelectData {
    &SELECT_DATA
}
