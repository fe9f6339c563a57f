//! What breaks a Space: rules, fixes and suppression.
//!
//! A rule is a pure function of a [`Space`](spacelint_space::Space): it never parses, walks a directory
//! or prints. To add one, write `<category>/<name>.rs` and `<category>/<name>.md` and name it in the
//! list of `<category>/mod.rs`.

pub mod check;
pub mod diagnosis;
pub mod diff;
pub mod duration;
pub mod finding;
pub mod fingerprint;
pub mod fix;
pub mod lock;
pub mod models;
pub mod registry;
pub mod rule;
pub mod secrets;

mod card;
mod dependencies;
mod files;
mod identity;
mod installed;
mod keyword;
mod network;
mod spelling;
mod suppression;
#[cfg(test)]
mod testing;
mod versions;
mod written;
mod zerogpu;

pub use check::{InternalError, Report, Selection, Suppressed, check};
pub use finding::{Applicability, Edit, Finding, Fix, Location, Related, Severity};
pub use fingerprint::{Fingerprint, fingerprints};
pub use fix::{Fixed, fix};
pub use registry::{Category, RuleEntry, all, find, nearest};
pub use rule::{Check, Rule, RuleInfo};
pub use suppression::{ignored_at, ignoring};
