//! What can be said of a cause beyond its page: the numbers in its line, worked out with the tables.

use std::str::FromStr;

use pep440_rs::Version;
use spacelint_knowledge::debian;
use spacelint_knowledge::drift::{self, PYTHON};
use spacelint_knowledge::platform::{self, Backing, Size, Tier};
use spacelint_knowledge::quota::{self, Calls};

use super::{Cause, Subject};

/// Paragraphs of Markdown.
pub(super) fn of(cause: &Cause) -> Vec<String> {
    match &cause.subject {
        Some(Subject::Name(name)) => {
            let whose = package(name.package, name.range);
            vec![format!("`{}` is gone from {whose}. {}", name.name, name.instead)]
        }
        Some(Subject::Argument(it)) => {
            let whose = package(it.package, it.range);
            vec![format!("`{}` takes no `{}` in {whose}. {}", it.call, it.argument, it.instead)]
        }
        Some(Subject::Pair(pair)) => {
            let beside = package(pair.beside, pair.beside_range);
            let mut said = format!(
                "With {beside}, {} {}: {}.",
                pair.package,
                range(pair.range),
                // Some of these lead up to the error.
                pair.happens.trim_end_matches(':')
            );
            if !pair.mend.is_empty() {
                said.extend([" Add `", pair.mend, "` to `requirements.txt`."]);
            }
            if !pair.instead.is_empty() {
                said.extend([" ", pair.instead]);
            }
            vec![said]
        }
        Some(Subject::Library { library, uses, package: gone_from, range: versions }) => {
            let library = code(library);
            let older = versions.strip_prefix(">=").filter(|version| !version.contains(','));
            let older = older.map_or(String::new(), |version| {
                format!(" or for `{gone_from}<{version}` in `requirements.txt`")
            });
            vec![format!(
                "`{uses}` is gone from {}, and {library}, which is installed beside it, was made for an older one. Ask for \
                 a newer {library}{}.",
                package(gone_from, versions),
                if *gone_from == PYTHON { "" } else { &older }
            )]
        }
        Some(Subject::Conflict(asked)) => {
            let asked: Vec<String> = asked.iter().map(|asked| code(asked)).collect();
            vec![format!(
                "pip was asked for {} in one call, and what these ask for excludes each other. The lines after *The \
                 conflict is caused by* tell over what.",
                asked.join(" and ")
            )]
        }
        Some(Subject::Absent { name, instead }) => vec![match instead {
            Some(instead) => {
                format!(
                    "Nothing can be installed as {}: that module's package is `{instead}`.",
                    code(name)
                )
            }
            None => {
                format!("{} is a part of Python: take it out of the requirements.", code(name))
            }
        }],
        Some(Subject::Module { import, package: Some(package) }) => {
            vec![format!(
                "{} comes with the package `{package}`: add it to `requirements.txt`.",
                code(import)
            )]
        }
        Some(Subject::Module { import, package: None }) => vec![format!(
            "Nothing that is known by name brings {}. If it is a file or folder of the Space, it must lie where \
             the entry point finds it, in the same letters; else add the package that brings it to `requirements.txt`.",
            code(import)
        )],
        None => of_facts(cause),
    }
}

fn of_facts(cause: &Cause) -> Vec<String> {
    let fact = |name: &str| cause.facts.get(name).map(String::as_str);
    let seconds = |name: &str| fact(name)?.parse::<i64>().ok();
    if let Some(name) = fact("name") {
        return vec![variable(name)];
    }
    if let Some(supported) = fact("supported") {
        return vec![supported_torch(supported)];
    }
    match (seconds("requested"), seconds("left")) {
        (Some(requested), Some(left)) => quota_left(requested, left, fact("who"), fact("wait")),
        (Some(requested), None) => vec![asked(requested)],
        _ => package_of(fact("package"), fact("version"))
            .or_else(|| debian_package(fact("debian")?))
            .or_else(|| fact("needs").map(|needs| needed(needs, fact("found"))))
            .into_iter()
            .collect(),
    }
}

/// A name that is not in the program's environment.
fn variable(name: &str) -> String {
    if platform::is_platform_env(name) {
        return format!(
            "`{name}` is set by the platform, on every Space or on some: elsewhere, and where its setting is missing, it \
             is not there."
        );
    }
    let token = platform::hub_token();
    let other = match token.read.first() {
        Some(read) if token.not_read.contains(&name) => {
            format!(" Hugging Face's libraries do not read that name: they read `{read}`.")
        }
        _ => String::new(),
    };
    format!(
        "The program reads `{name}` from its environment. Add it in the Space's settings, under *Variables and secrets*, \
         with just this name, and restart. Whoever duplicates a Space gets none of its secrets.{other}"
    )
}

/// The versions of PyTorch that the builder says it takes.
fn supported_torch(supported: &str) -> String {
    let versions = supported.split(',').map(str::trim).filter_map(|it| Version::from_str(it).ok());
    let newest = versions.max().map_or(String::new(), |newest| {
        format!(", or pin one of them with what belongs to it: `torch=={newest}`")
    });
    format!(
        "The builder takes PyTorch {supported}. Write `torch` without a version, so that it chooses{newest}. \
         torchvision and torchaudio follow the same way."
    )
}

/// A call for which too little was left.
fn quota_left(requested: i64, left: i64, who: Option<&str>, wait: Option<&str>) -> Vec<String> {
    let mut said = vec![asked(requested)];
    let tier = match who.map(str::to_ascii_lowercase).as_deref() {
        Some("pro") => Some(Tier::Pro),
        Some("free") => Some(Tier::Free),
        _ => None,
    };
    let day = |tier: Tier| format!("{} s a day", tier.quota_seconds());
    let charged = match tier {
        Some(tier) => format!(
            "It counts against whoever calls and not against the author: here a signed-in {} visitor, who has {}, of \
             which {left} s were left.",
            tier.label(),
            day(tier)
        ),
        None => format!(
            "It counts against whoever calls and not against the author. The message names no class of visitor: who is \
             not signed in has {}, and shares them with everybody at the same address. {left} s were left.",
            day(Tier::Anonymous)
        ),
    };
    said.push(match wait {
        Some(wait) => format!("{charged} Enough for this call is back in {wait}."),
        None => charged,
    });
    let fits = |size: Size| first_declared(|declared| quota::booked(declared, size) > left) - 1;
    if left > 0 {
        said.push(format!(
            "A call fits into the {left} s that are left if it declares at most {} s at `{}`, or {} s at `{}`.",
            fits(Size::Large),
            Size::Large.name(),
            fits(Size::Xlarge),
            Size::Xlarge.name()
        ));
    }
    said
}

/// From what the scheduler was asked for to what the author declares, and whom it keeps out.
fn asked(requested: i64) -> String {
    let declares = |size: Size| {
        let factor = Backing::current().time_factor(size);
        let declared = first_declared(|declared| quota::booked(declared, size) >= requested);
        let is_it = quota::booked(declared, size) == requested;
        is_it.then(|| match (factor, size.facts().quota_factor) {
            (1.0, 1) => format!("`duration={declared}` at `{}`", size.name()),
            (factor, 1) => format!("`duration={declared}` at `{}` (× {factor})", size.name()),
            (_, twice) => format!("`duration={declared}` at `{}` (counted × {twice})", size.name()),
        })
    };
    let ways: Vec<String> = Size::ALL.into_iter().filter_map(declares).collect();
    let which = match &ways[..] {
        [] => String::new(),
        _ => format!(", which is {}", ways.join(" or ")),
    };
    let able: Vec<String> = Tier::ALL
        .into_iter()
        .map(|tier| match quota::calls(tier, requested, None) {
            Calls::Never => format!("{}: never", tier.label()),
            Calls::AtLeast(calls) | Calls::Exactly(calls) => format!("{}: {calls}", tier.label()),
            Calls::Unlimited => format!("{}: any number", tier.label()),
        })
        .collect();
    format!(
        "The call asked for {requested} s of the visitor's daily quota{which}. So many such calls fit into a full \
         day's quota if none ends early: {}.",
        able.join(", ")
    )
}

/// The first number of seconds that an author can declare of which this is true, as it is of all that are larger.
fn first_declared(is_enough: impl Fn(i64) -> bool) -> i64 {
    let (mut low, mut high) = (0, platform::duration().day_seconds);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// A package that pip did not find.
fn package_of(package: Option<&str>, version: Option<&str>) -> Option<String> {
    let package = package?.replace('`', "'");
    let latest = drift::latest_of(&package.to_ascii_lowercase().replace('_', "-"))?;
    Some(match version {
        Some(version) => format!(
            "`{package}` has no version {} for this Python; the newest known is {latest}.",
            code(version)
        ),
        None => format!("The newest version of `{package}` that is known is {latest}."),
    })
}

/// A package that apt did not find.
fn debian_package(name: &str) -> Option<String> {
    let gone = debian::gone(name)?;
    Some(match gone.instead {
        Some(instead) => format!("`{name}` is no package of Debian any more: write `{instead}`."),
        None => format!("`{name}` is no package of Debian any more, and none takes its place."),
    })
}

/// What a library asks for, and what is there of it.
fn needed(needs: &str, found: Option<&str>) -> String {
    let needs = code(needs);
    match found {
        Some(found) => format!(
            "{needs} is asked for and {} is installed: take what pins it out of the requirements, or ask for {needs}.",
            code(found)
        ),
        None => format!("Add {needs} to `requirements.txt`."),
    }
}

/// What a log says, as code: nothing in it is Markdown.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

fn package(name: &str, versions: &str) -> String {
    let name = if name == PYTHON { "Python" } else { name };
    format!("{name} {}", range(versions))
}

/// A range as a person says it.
fn range(versions: &str) -> String {
    match versions {
        "" => "in every version".to_owned(),
        versions => format!("`{versions}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_led_back_to_what_was_declared() {
        let said = asked(90);
        assert!(
            said.contains(
                "`duration=60` at `large` (× 1.5) or `duration=45` at `xlarge` (counted × 2)"
            ),
            "{said}"
        );
        assert!(said.contains("anonymous: 1, free: 3"), "{said}");
        assert!(asked(450).contains("free: never"));
        // Nothing that an author could declare books that.
        assert!(!asked(1).contains("large`"), "{}", asked(1));
    }

    #[test]
    fn no_number_is_too_large() {
        for number in [0, -1, i64::MIN, i64::MAX, 86_400 * 2, 86_400 * 2 + 1] {
            assert!(asked(number).contains(&number.to_string()));
            let said = quota_left(number, number, None, None);
            assert!(!said.is_empty());
        }
        assert!(!asked(i64::MAX).contains("duration="), "{}", asked(i64::MAX));
        let all = quota_left(90, i64::MAX, None, None).join("\n");
        assert!(all.contains("at most 86399 s at `large`, or 86399 s at `xlarge`"), "{all}");
    }

    #[test]
    fn a_name_is_said_whose_it_is() {
        assert!(variable("SPACE_ID").contains("by the platform"));
        assert!(variable("HF_TOKEN").ends_with("secrets."), "{}", variable("HF_TOKEN"));
        assert!(variable("HUGGINGFACE_TOKEN").ends_with("they read `HF_TOKEN`."));
    }

    #[test]
    fn of_the_versions_that_a_builder_takes_the_newest_is_named() {
        let said = supported_torch("2.9.1, 2.11.0, 2.10.0");
        assert!(said.contains("`torch==2.11.0`"), "{said}");
        assert!(!supported_torch("x").contains("torch=="));
    }

    #[test]
    fn what_is_left_is_said_for_whom() {
        let said = quota_left(90, 25, Some("free"), Some("0:05:00")).join("\n");
        assert!(
            said.contains("a signed-in free visitor, who has 300 s a day, of which 25 s"),
            "{said}"
        );
        assert!(said.contains("at most 16 s at `large`, or 12 s at `xlarge`"), "{said}");
        assert!(quota_left(90, 0, None, None).join("\n").contains("not signed in"));
    }
}
