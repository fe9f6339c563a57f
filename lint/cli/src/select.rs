//! Names on the command line: which rules they mean, and what to say where they mean none.

use spacelint_rules::check::Selection;
use spacelint_rules::registry::{self, RuleEntry};

use crate::args::Check;

/// The rule of that name, which may be the name of a failure without a rule.
pub(crate) fn failure(name: &str) -> Result<&'static RuleEntry, String> {
    registry::find(name).ok_or_else(|| {
        let near = registry::nearest_failure(name);
        unknown(&format!("no rule or failure is called `{name}`"), near)
    })
}

/// What `--select`, `--ignore` and `--strict` ask for.
pub(crate) fn selection(args: &Check) -> Result<Selection, String> {
    let names = |given: &[String]| {
        given.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
    };
    let selection =
        Selection { select: names(&args.select), ignore: names(&args.ignore), strict: args.strict };
    match selection.unknown().first() {
        None => Ok(selection),
        Some(name) => Err(unknown(
            &format!("no rule or category is called `{name}`"),
            registry::nearest(name),
        )),
    }
}

fn unknown(what: &str, near: Option<&str>) -> String {
    match near {
        Some(near) => format!("{what}; did you mean `{near}`?"),
        None => format!("{what}; `spacelint rules` lists them all"),
    }
}
