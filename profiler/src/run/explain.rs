//! What was broken, each by the failure's own name, with what to do about it. A failure that a rule sees in the text
//! has the rule's name and page.

use std::collections::BTreeMap;

use spacelint_knowledge::failures;
use spacelint_knowledge::platform::{self, Symptom, Tier};
use spacelint_rules::registry;

use crate::recording::{Call, Outcome};
use crate::zerogpu::calls::{ABORTED, Over, QUEUE_TIMEOUT, UNPICKLABLE};
use crate::zerogpu::guard::Word;
use crate::zerogpu::policy;
use crate::zerogpu::space::NotServed;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The failure.
    pub(crate) name: String,
    /// What happened.
    pub(crate) message: String,
    /// What to do.
    pub(crate) help: String,
    /// To what: the same failure of the same function is told once.
    pub(crate) subject: String,
    /// How often.
    pub(crate) count: usize,
    /// Whether a recorded call says so already.
    pub(crate) is_of_call: bool,
}

impl Problem {
    fn new(name: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            message: message.into(),
            help: help.into(),
            subject: String::new(),
            count: 1,
            is_of_call: false,
        }
    }

    /// Whether `spacelint explain` has a page for it.
    pub(crate) fn has_page(&self) -> bool {
        registry::find(&self.name).is_some() || failures::failure(&self.name).is_some()
    }
}

/// The same failure once, in the order in which they came.
pub(crate) fn merged(problems: Vec<Problem>) -> Vec<Problem> {
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut merged: Vec<Problem> = Vec::new();
    for problem in problems {
        let key = (problem.name.clone(), problem.subject.clone());
        if let Some(place) = places.get(&key) {
            merged[*place].count += 1;
        } else {
            places.insert(key, merged.len());
            merged.push(problem);
        }
    }
    merged
}

/// What a call broke.
pub(crate) fn of_call(over: &Over, tier: Tier) -> Option<Problem> {
    let call = &over.call;
    let name = subject(call);
    let problem = match &call.outcome {
        Outcome::Done | Outcome::Left => return None,
        Outcome::Refused { verdict } => refused(call, &name, verdict, tier),
        Outcome::Stopped if over.has_cuda_result => cuda_result(&name),
        Outcome::Stopped => Problem::new(
            "tight-duration",
            format!(
                "{name} held the GPU for longer than the {} s that it is allowed, and was stopped: its visitor got \
                 \"{ABORTED}\"",
                call.allowed_seconds
            ),
            format!(
                "It declares {} s; declare more, or do less in one call.",
                call.declared_seconds
            ),
        ),
        Outcome::NeverReleased => Problem::new(
            "lost-release",
            format!(
                "{name} never gave the GPU back: until its {} s are over, nobody else has it",
                call.allowed_seconds
            ),
            if over.raised.as_ref().is_some_and(|raised| raised.is_message) {
                "It raised a class of its own, whose `__init__` takes other arguments than `gr.Error` does: `spaces` \
                 cannot hand that to the visitor's process. Raise `gr.Error` itself."
            } else {
                "The log may say what failed while its result was handed over."
            },
        ),
        Outcome::Failed { error } => failed(over, &name, error)?,
    };
    Some(Problem { is_of_call: true, subject: name, ..problem })
}

fn subject(call: &Call) -> String {
    match (&call.function, &call.endpoint) {
        (Some(function), _) => format!("`{}` ({}:{})", function.name, function.path, function.line),
        (None, Some(endpoint)) => format!("a GPU call of `{endpoint}`"),
        (None, None) => "a GPU call".to_owned(),
    }
}

fn refused(call: &Call, name: &str, verdict: &str, tier: Tier) -> Problem {
    let booked = call.booked_seconds;
    let label = tier.label();
    if verdict == QUEUE_TIMEOUT {
        return Problem::new(
            "gpu-queue-timeout",
            format!("{name} waited {} s for a GPU in vain", policy::QUEUE_SECONDS),
            "Calls that hold a GPU while they wait for another one do that; so do many calls at once: try --slots.",
        );
    }
    if verdict == "quota-exceeded" {
        return Problem::new(
            "quota-exceeded",
            format!("{name} books {booked} s, more than the {label} visitor had left"),
            "Declare a shorter duration: a call starts only if all that it books is left.",
        );
    }
    // More than the largest quota is more than anybody's.
    let most = Tier::ALL.into_iter().map(policy::largest_booking).max().unwrap_or_default();
    let rule = if booked > most { "illegal-duration" } else { "long-duration" };
    Problem::new(
        rule,
        format!(
            "{name} books {booked} s; {label} visitors have {} s a day, so it was refused before it began",
            tier.quota_seconds()
        ),
        format!("It declares {} s; declare what it needs.", call.declared_seconds),
    )
}

fn failed(over: &Over, name: &str, error: &str) -> Option<Problem> {
    let raised = over.raised.as_ref();
    if raised.is_some_and(|raised| raised.is_message) {
        // `gr.Error` is what the author says to the visitor.
        return None;
    }
    if over.has_cuda_result {
        return Some(cuda_result(name));
    }
    let said = raised
        .map_or_else(|| error.to_owned(), |raised| format!("{}: {}", raised.name, raised.text));
    if let Some(symptom) = symptom(&said) {
        return Some(Problem::new(symptom.rule, format!("{name} failed: {said}"), ""));
    }
    if error == UNPICKLABLE {
        let (rule, what) = if over.had_worker {
            ("unpicklable-result", "a result that cannot be handed back to the visitor's process")
        } else {
            ("unpicklable-argument", "an argument that cannot be handed to its worker")
        };
        return Some(Problem::new(rule, format!("{name} has {what} ({said})"), ""));
    }
    if error == ABORTED {
        return Some(Problem::new(
            "gpu-task-aborted",
            format!("the worker of {name} died: its visitor got \"{ABORTED}\""),
            "The end of the log may say why: memory, a crash of native code, or an exit in the function.",
        ));
    }
    Some(Problem::new(
        "gpu-worker-error",
        format!("{name} raised {said}; its visitor got \"{error}\" and no more"),
        "The traceback is in the log. What a visitor should read is raised as `gr.Error`.",
    ))
}

fn cuda_result(name: &str) -> Problem {
    Problem::new(
        "cuda-tensor-in-result",
        format!(
            "{name} returns a tensor that is on the GPU, which its visitor's process does not have"
        ),
        "Return `tensor.cpu()`.",
    )
}

/// What a text that ends in an exception is a sign of.
fn symptom(text: &str) -> Option<&'static Symptom> {
    platform::symptoms().iter().find(|symptom| text.contains(symptom.text))
}

/// Why a Space did not serve. An error where that is no fault of the Space's.
pub(crate) fn of_start(why: &NotServed, log: &[String], patience: u64) -> Result<Problem, String> {
    match why {
        NotServed::TookTooLong(addresses) => {
            let listens = match &addresses[..] {
                [] => "it listens on no port".to_owned(),
                [one, ..] => {
                    format!("it listens on {one}, and Gradio does not answer at `/config` there")
                }
            };
            Ok(Problem::new(
                "never-serves",
                format!("the Space did not serve within {patience} s: {listens}"),
                "Wait longer with --startup-timeout, or look at what it does in the log.",
            ))
        }
        NotServed::WantsLogin(address) => Err(format!(
            "the Space at http://{address} wants a login before it says anything; start it without `auth`"
        )),
        NotServed::Ended(word) => {
            let text = log.join("\n");
            if text.contains(platform::port_taken().text)
                || text.contains("address already in use")
                || text.contains("Address already in use")
            {
                return Err(
                    "the port that the Space asks for is taken by another program; end that one, or let the app \
                     leave the port to Gradio, which reads GRADIO_SERVER_PORT"
                        .to_owned(),
                );
            }
            if text.contains("No space left on device") {
                return Err(
                    "the disk is full: packed weights need as much room as the weights; free some, or name a place \
                     with more of it with --scratch"
                        .to_owned(),
                );
            }
            let last = log.iter().rev().find(|line| !line.starts_with(' '));
            let last = last.map_or_else(|| "it printed nothing".to_owned(), Clone::clone);
            let how = describe(word);
            let found = log.iter().rev().find_map(|line| symptom(line));
            // Raised without a word, and by `spaces` for one reason only.
            let bare = log.last().is_some_and(|line| line == "NotImplementedError")
                && text.contains("spaces/zero/decorator.py");
            let rule = if bare { Some("async-gpu-function") } else { found.map(|it| it.rule) };
            Ok(Problem::new(
                rule.unwrap_or("crash-at-startup"),
                format!("the Space {how} before it served: {last}"),
                "The traceback is in the log.",
            ))
        }
    }
}

/// A call that nobody answered.
pub(crate) fn unanswered(endpoint: &str, patience: u64) -> Problem {
    let problem = Problem::new(
        "never-answers",
        format!("`{endpoint}` was not answered within {patience} s, and its visitor left"),
        "Wait longer with --call-timeout, or look at what it does in the log: a GPU function is stopped when its \
         duration is over, what a handler does outside one is not.",
    );
    Problem { subject: endpoint.to_owned(), ..problem }
}

/// A Space that ended while it was called.
pub(crate) fn of_crash(word: &Word) -> Problem {
    Problem::new(
        "crash",
        format!("the Space {} while it was called", describe(word)),
        "The end of the log may say why.",
    )
}

fn describe(word: &Word) -> String {
    match word {
        Word::Exited(code) => format!("ended with status {code}"),
        Word::Killed(signal) => format!("was killed by signal {signal}"),
        Word::Failed(why) => format!("was lost ({why})"),
        Word::Started(_) => "ended".to_owned(),
    }
}

/// No GPU function was reported. Whether there are any.
pub(crate) fn no_report(has_functions: bool) -> Problem {
    let platform_says = platform::no_gpu_function().text;
    if has_functions {
        return Problem::new(
            "late-gpu-function",
            format!(
                "the Space has GPU functions and did not report them when it launched: ZeroGPU ends it with \
                 \"{platform_says}\""
            ),
            "Only `demo.launch()` reports, and only functions that are declared by then; see also `missing-launch`.",
        );
    }
    Problem::new(
        "no-gpu-function",
        format!("the Space declares no GPU function: ZeroGPU ends it with \"{platform_says}\""),
        "",
    )
}

/// What to say of a version of `spaces` that is not known.
pub(crate) fn unknown_spaces(version: &str) -> Option<String> {
    let (oldest, newest) = policy::KNOWN_SPACES;
    if is_prerelease(version) {
        Some(format!(
            "spaces {version} is a pre-release, which is not known here: what is seen may be wrong"
        ))
    } else if is_before(version, oldest) {
        Some(format!("spaces {version} is older than {oldest}, the oldest that is known here"))
    } else if is_before(newest, version) {
        Some(format!("spaces {version} is newer than {newest}, the newest that is known here"))
    } else {
        None
    }
}

fn is_prerelease(version: &str) -> bool {
    version.split('.').any(|part| part.contains(|c: char| c.is_ascii_alphabetic()))
}

/// Whether a version is older than another, by the numbers that they begin with.
pub(crate) fn is_before(version: &str, other: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        text.split('.')
            .map_while(|part| {
                let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
                part[..digits].parse().ok()
            })
            .collect()
    };
    numbers(version) < numbers(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symptom_is_of_a_rule() {
        for symptom in platform::symptoms() {
            assert!(registry::find(symptom.rule).is_some(), "{}", symptom.rule);
        }
        for rule in [
            "long-duration",
            "illegal-duration",
            "no-gpu-function",
            "late-gpu-function",
            "missing-launch",
            "unpicklable-result",
            "unpicklable-argument",
            "async-gpu-function",
        ] {
            assert!(registry::find(rule).is_some(), "{rule}");
        }
        for failure in
            ["gpu-worker-error", "gpu-task-aborted", "gpu-queue-timeout", "quota-exceeded"]
        {
            assert!(failures::failure(failure).is_some(), "{failure}");
        }
    }

    #[test]
    fn a_start_that_failed_is_called_by_its_name() {
        let ended = NotServed::Ended(Word::Exited(1));
        let of = |lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            of_start(&ended, &lines, 5)
        };
        let name = |lines: &[&str]| of(lines).map(|problem| problem.name);
        let module = ["Traceback:", "  File", "ModuleNotFoundError: No module named 'x'"];
        assert_eq!(name(&module).as_deref(), Ok("missing-requirement"));
        assert_eq!(name(&["ValueError: no"]).as_deref(), Ok("crash-at-startup"));
        let port = ["OSError: Cannot find empty port in range: 7860-7860."];
        assert!(of(&port).is_err_and(|why| why.contains("taken")));
        assert!(
            of(&["OSError: [Errno 28] No space left on device"])
                .is_err_and(|why| why.contains("full"))
        );
        let late =
            of_start(&NotServed::TookTooLong(Vec::new()), &[], 5).expect("it is the Space's");
        assert_eq!(late.name, "never-serves");
    }

    #[test]
    fn versions_that_are_not_known_are_said() {
        assert_eq!(unknown_spaces("0.51.3"), None);
        assert_eq!(unknown_spaces("0.40.1"), None);
        assert!(unknown_spaces("0.52.0.dev3").is_some_and(|note| note.contains("pre-release")));
        assert!(unknown_spaces("0.36.0").is_some_and(|note| note.contains("older")));
        assert!(unknown_spaces("1.0").is_some_and(|note| note.contains("newer")));
    }
}
