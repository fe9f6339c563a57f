//! Who calls the Space: the profiler itself with what the Space offers or what was recorded, a script of the author's,
//! or the author by hand.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use spacelint_space::escape::escape;

use super::explain::{self, Problem};
use super::progress::Progress;
use crate::args;
use crate::drive::{self, ScriptEnd};
use crate::drive::{Doorway, Driven, End, Examples, Gradio, How, Plan, Replay, Script};
use crate::zerogpu::guard::LEASH;
use crate::zerogpu::server::Scheduler;
use crate::zerogpu::visitor::{HEADER, Visitor};

/// How many calls a sweep makes where nobody says it: enough for the log-normal rule and for a fit.
const SWEEP: usize = 30;
/// What a sweep is drawn from: the same each time, so that two profiles can be compared.
const SEED: u64 = 20_261_201;

/// A Space that serves, and how it is to be driven.
pub(super) struct Driving<'a> {
    pub(super) asked: &'a args::Run,
    /// `http://127.0.0.1:7860`
    pub(super) base: String,
    /// The Python that has Gradio's client.
    pub(super) python: PathBuf,
    pub(super) progress: Progress,
    /// Who gives the GPU.
    pub(super) scheduler: &'a Scheduler,
    /// The file whose presence has calls looked into.
    pub(super) looked_into: PathBuf,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Came {
    /// What the author should know.
    pub(super) notes: Vec<String>,
    /// What the Space broke outside GPU calls.
    pub(super) problems: Vec<Problem>,
    /// Why not all could be driven, where that is no fault of the Space's.
    pub(super) trouble: Option<String>,
    /// Whether each visitor had an answer, whatever it said.
    pub(super) is_answered: bool,
    /// Whether a call ended as it does where the Space is no more.
    pub(super) is_doubtful: bool,
}

impl Driving<'_> {
    /// Makes all calls.
    pub(super) async fn drive(&self) -> Came {
        let done = if self.asked.interactive {
            self.by_hand().await
        } else if let Some(path) = &self.asked.drive {
            self.by_script(path.clone()).await
        } else {
            self.by_plan().await
        };
        // It may be that the Space is gone.
        done.unwrap_or_else(|why| Came {
            trouble: Some(why.to_string()),
            is_doubtful: true,
            ..Came::default()
        })
    }

    async fn by_hand(&self) -> Result<Came, drive::Error> {
        let doorway = Doorway::open(&self.base, headers(&self.everybody())).await?;
        self.progress
            .note(&format!("open {} in a browser; Ctrl-C when you are done", doorway.url()));
        self.progress.show("you drive".to_owned());
        doorway.serve(std::future::pending()).await?;
        Ok(Came::default())
    }

    async fn by_script(&self, path: camino::Utf8PathBuf) -> Result<Came, drive::Error> {
        self.progress.show(format!("{} drives", escape(path.as_str())));
        // Should the profiler be killed, it goes too.
        let before = match std::env::current_exe() {
            Ok(own) => vec![own.into_os_string(), OsString::from(LEASH)],
            Err(_) => Vec::new(),
        };
        let calls = self.asked.calls.map(count);
        let script = Script { before, python: self.python.clone().into(), path, calls };
        let headers = headers(&self.everybody());
        let tell = |line: &str| self.progress.note(&escape(line));
        let end = script.run(&self.base, &headers, std::future::pending(), tell).await?;
        Ok(Came { is_answered: end == ScriptEnd::Done, ..Came::default() })
    }

    async fn by_plan(&self) -> Result<Came, drive::Error> {
        let gradio = Gradio::connect(&self.base, HeaderMap::new()).await?;
        let plan = if let Some(path) = &self.asked.replay {
            Replay::read(path)?.plan(&gradio).await?
        } else {
            let examples = Examples::load(&gradio).await;
            if self.asked.sweep {
                let calls = self.asked.calls.map_or(SWEEP, count);
                Plan::sweep(&gradio.page, &examples, calls, SEED)
            } else {
                Plan::examples(&gradio.page, &examples)
            }
        };
        let mut came = Came { notes: plan.notes.clone(), ..Came::default() };
        for undriven in &plan.undriven {
            let name = &undriven.endpoint;
            came.notes.push(format!("`{name}` is not called: {}", undriven.reason));
        }
        if plan.len() == 0 {
            came.trouble = Some(
                "no call could be made; drive the Space with a script (--drive) or by hand (--interactive)"
                    .to_owned(),
            );
            return Ok(came);
        }
        if let Some(path) = &self.asked.save_inputs {
            Replay::save(path, &gradio, &plan).await?;
            came.notes.push(format!(
                "what the calls are given is written to {path}, texts and files included; --replay {path} makes \
                 them again"
            ));
        }
        let calls = self.asked.calls.map_or(plan.len(), count);
        let endpoints: Vec<&str> = plan.endpoints().collect();
        let visitor = |number: u64| {
            // The calls go round the plan.
            let place = usize::try_from(number).unwrap_or(1).saturating_sub(1) % endpoints.len();
            headers(&self.visitor(number, endpoints[place]))
        };
        let how = How {
            calls: Some(calls),
            concurrency: usize::from(self.asked.concurrency),
            timeout: Duration::from_secs(self.asked.call_timeout),
            visitor: &visitor,
        };
        let tell = |what: drive::Progress<'_>| {
            self.progress.show(match what {
                drive::Progress::Began { number, of, endpoint } => {
                    format!("call {number} of {of}: {}", escape(endpoint))
                }
                drive::Progress::Ended(call) => {
                    format!(
                        "call {} took {:.1} s: {}",
                        call.number,
                        call.seconds,
                        escape(&call.endpoint)
                    )
                }
            });
        };
        let driven = gradio.drive(&plan, &how, std::future::pending(), tell).await;
        self.look_at(&driven, &mut came);
        if self.asked.parts && came.is_answered {
            self.look_into(&gradio, &gradio.longest(&plan, &driven), &mut came).await;
        }
        Ok(came)
    }

    /// Makes calls that are looked into, one after the other.
    async fn look_into(&self, gradio: &Gradio, plan: &Plan, came: &mut Came) {
        if let Err(error) = std::fs::write(&self.looked_into, "") {
            came.notes.push(format!("no call can be looked into: {error}"));
            return;
        }
        self.scheduler.ledger().be_lenient();
        let endpoints: Vec<&str> = plan.endpoints().collect();
        let visitor = |number: u64| {
            let place =
                usize::try_from(number).unwrap_or(1).saturating_sub(1) % endpoints.len().max(1);
            headers(&self.visitor(number, endpoints[place]))
        };
        let how = How {
            calls: None,
            concurrency: 1,
            timeout: Duration::from_secs(self.asked.call_timeout),
            visitor: &visitor,
        };
        let tell = |what: drive::Progress<'_>| {
            if let drive::Progress::Began { endpoint, .. } = what {
                self.progress.show(format!("looking into {}", escape(endpoint)));
            }
        };
        for call in gradio.drive(plan, &how, std::future::pending(), tell).await {
            let why = match call.end {
                End::Done(_) | End::Left => continue,
                End::Failed(message) => format!("it answered with an error: {message}"),
                End::TimedOut => "it did not answer in time".to_owned(),
                End::Lost(why) => {
                    came.is_doubtful = true;
                    why
                }
            };
            came.notes.push(format!("`{}` could not be looked into: {why}", call.endpoint));
        }
    }

    /// What the calls came to.
    fn look_at(&self, driven: &[Driven], came: &mut Came) {
        let mut failed: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for call in driven {
            match &call.end {
                End::Done(_) | End::Left => {}
                End::Failed(message) => {
                    *failed.entry((&call.endpoint, message)).or_default() += 1;
                }
                End::TimedOut => {
                    came.problems
                        .push(explain::unanswered(&call.endpoint, self.asked.call_timeout));
                }
                End::Lost(why) => came
                    .notes
                    .push(format!("the Space did not answer `{}` any more: {why}", call.endpoint)),
            }
        }
        for ((endpoint, message), times) in failed {
            let times = if times > 1 { format!(" ({times} times)") } else { String::new() };
            came.notes.push(format!("`{endpoint}` answered with an error{times}: {message}"));
        }
        let is_answer = |call: &Driven| matches!(call.end, End::Done(_) | End::Failed(_));
        came.is_answered = driven.iter().all(is_answer);
        came.is_doubtful = !driven.iter().all(|call| matches!(call.end, End::Done(_)));
    }

    /// Who makes the call of that number.
    fn visitor(&self, number: u64, endpoint: &str) -> Visitor {
        // Whoever has so much quota left is one and the same.
        let number = if self.asked.quota_left.is_some() { 1 } else { number };
        Visitor {
            name: format!("visitor-{number}"),
            endpoint: Some(endpoint.to_owned()),
            is_each: false,
        }
    }

    /// Who makes the calls of which it is not known how many there will be, nor of what.
    fn everybody(&self) -> Visitor {
        Visitor {
            name: "visitor".to_owned(),
            endpoint: None,
            is_each: self.asked.quota_left.is_none(),
        }
    }
}

/// What introduces them.
fn headers(visitor: &Visitor) -> HeaderMap {
    let token = HeaderValue::from_str(&visitor.token());
    let name = HeaderName::from_bytes(HEADER.as_bytes());
    // A token is base64 with points between, and the header's name is a constant.
    name.ok().zip(token.ok()).into_iter().collect()
}

fn count(calls: u32) -> usize {
    usize::try_from(calls).unwrap_or(usize::MAX)
}
