//! Making the calls of a plan, some at a time.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use serde_json::Value;
use tokio::task::JoinSet;

use super::gradio::{Endpoint, Gradio, is_file};
use super::http::{Answer, Refusal};
use super::plan::{Plan, Planned};
use crate::recording::Argument;

/// How calls are made.
pub(crate) struct How<'a> {
    /// How many, going round the plan; those of the plan once if it is not said.
    pub(crate) calls: Option<usize>,
    /// How many at a time.
    pub(crate) concurrency: usize,
    /// How long one may take, waiting included.
    pub(crate) timeout: Duration,
    /// The headers of the call with this number, which go before those of the connection: who calls.
    pub(crate) visitor: &'a dyn Fn(u64) -> HeaderMap,
}

/// What goes on.
#[derive(Debug)]
pub(crate) enum Progress<'a> {
    /// A call is made.
    Began {
        /// Counts from 1.
        number: u64,
        /// How many there will be.
        of: u64,
        /// `/draw`
        endpoint: &'a str,
    },
    /// One ended.
    Ended(&'a Driven),
}

/// A call that was made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Driven {
    /// Counts from 1, in the order in which they began.
    pub(crate) number: u64,
    /// `/draw`
    pub(crate) endpoint: String,
    /// What it was given, by parameter, and never its content.
    pub(crate) inputs: BTreeMap<String, Argument>,
    /// When it began.
    pub(crate) began: Instant,
    /// How long the visitor waited for its end.
    pub(crate) seconds: f64,
    /// Of that, in Gradio's own queue; none if it never left it.
    pub(crate) queued_seconds: Option<f64>,
    /// How many results came before the last: of a generator.
    pub(crate) yields: u64,
    /// How it ended.
    pub(crate) end: End,
}

/// How a call ended, as the visitor saw it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    /// With these outputs.
    Done(Value),
    /// With this message.
    Failed(String),
    /// Not within the time that a call may take; the visitor left.
    TimedOut,
    /// The Space no longer answers, for this reason; no further call is made.
    Lost(String),
    /// The run was ended meanwhile; the visitor left.
    Left,
}

/// How long a call waits that found the queue full, before it asks again.
const AGAIN: Duration = Duration::from_millis(200);

impl Gradio {
    /// Makes the calls of `plan`, until they are made, `stop` comes, or the Space is gone. Gives those that began, in
    /// order. A call whose future is dropped leaves as a visitor does who closes the page.
    pub(crate) async fn drive(
        &self,
        plan: &Plan,
        how: &How<'_>,
        stop: impl Future<Output = ()>,
        mut tell: impl FnMut(Progress<'_>),
    ) -> Vec<Driven> {
        let mut stop = pin!(stop);
        let count = how.calls.unwrap_or(plan.calls.len());
        let planned = self.planned(plan);
        let mut waiting = planned.iter().cycle().take(count).zip(1u64..);
        // Dropping it ends all that run in it.
        let mut running = JoinSet::new();
        let mut began: Vec<Driven> = Vec::new();
        let mut ended = Vec::new();
        let mut is_over = false;
        loop {
            while !is_over && running.len() < how.concurrency.max(1) {
                let Some(((endpoint, call), number)) = waiting.next() else { break };
                tell(Progress::Began { number, of: count as u64, endpoint: &endpoint.name });
                began.push(begun(number, endpoint, call));
                let (http, headers) = (self.http.clone(), (how.visitor)(number));
                let (index, data) = (endpoint.index, endpoint.filled(&call.data));
                let timeout = how.timeout;
                // A queue that is full of this run's own calls has room when one of them has ended.
                let is_alone = how.concurrency <= 1;
                running.spawn(async move {
                    let call = async {
                        loop {
                            let answer = http.call(index, data.clone(), &headers).await;
                            if is_alone || !matches!(answer.end, Err(Refusal::Full(_))) {
                                return answer;
                            }
                            tokio::time::sleep(AGAIN).await;
                        }
                    };
                    (number, tokio::time::timeout(timeout, call).await.ok())
                });
            }
            let next = tokio::select! {
                () = &mut stop => break,
                next = running.join_next() => next,
            };
            let Some(next) = next else { break };
            // A task ends by itself or with the set: it neither panics nor is it cancelled.
            let Ok((number, answer)) = next else { continue };
            let Some(place) = began.iter().position(|call| call.number == number) else { continue };
            let mut driven = began.swap_remove(place);
            driven.seconds = driven.began.elapsed().as_secs_f64();
            driven.end = self.end(answer, &mut driven.yields, &mut driven.queued_seconds).await;
            is_over |= matches!(driven.end, End::Lost(_));
            tell(Progress::Ended(&driven));
            ended.push(driven);
        }
        for mut driven in began {
            driven.seconds = driven.began.elapsed().as_secs_f64();
            tell(Progress::Ended(&driven));
            ended.push(driven);
        }
        ended.sort_by_key(|driven| driven.number);
        ended
    }

    /// The calls of `plan` whose endpoints the page has.
    fn planned<'a>(&'a self, plan: &'a Plan) -> Vec<(&'a Endpoint, &'a Planned)> {
        let calls = plan.calls.iter();
        calls.filter_map(|call| Some((self.page.endpoint(&call.endpoint)?, call))).collect()
    }

    /// Of the calls of `plan` that were `driven` and went well, the one of each endpoint that took longest.
    pub(crate) fn longest(&self, plan: &Plan, driven: &[Driven]) -> Plan {
        let planned = self.planned(plan);
        let mut longest: BTreeMap<&str, (f64, &Planned)> = BTreeMap::new();
        for call in driven.iter().filter(|call| matches!(call.end, End::Done(_))) {
            // The calls go round the plan.
            let number = usize::try_from(call.number).unwrap_or(1).saturating_sub(1);
            let Some((_, planned)) = planned.get(number % planned.len().max(1)) else { continue };
            let seconds = call.seconds - call.queued_seconds.unwrap_or(0.0);
            let kept = longest.entry(&planned.endpoint).or_insert((seconds, planned));
            if seconds > kept.0 {
                *kept = (seconds, planned);
            }
        }
        let calls = longest.into_values().map(|(_, call)| call.clone()).collect();
        Plan { calls, ..Plan::default() }
    }

    async fn end(&self, answer: Option<Answer>, yields: &mut u64, queued: &mut Option<f64>) -> End {
        let Some(answer) = answer else { return End::TimedOut };
        *yields = answer.yields;
        *queued = answer.queued.map(|queued| queued.as_secs_f64());
        match answer.end {
            Ok(outputs) => End::Done(outputs),
            Err(Refusal::Failed(message) | Refusal::Full(message)) => End::Failed(message),
            Err(Refusal::Lost(why)) if self.http.is_alive().await => {
                End::Failed(format!("the connection broke: {why}"))
            }
            Err(Refusal::Lost(why)) => End::Lost(why),
        }
    }
}

/// A call that begins; it has left unless something else is said.
fn begun(number: u64, endpoint: &Endpoint, call: &Planned) -> Driven {
    let inputs = endpoint.open().zip(&call.data);
    Driven {
        number,
        endpoint: endpoint.name.clone(),
        inputs: inputs.map(|(input, value)| (input.name.clone(), measure(value))).collect(),
        began: Instant::now(),
        seconds: 0.0,
        queued_seconds: None,
        yields: 0,
        end: End::Left,
    }
}

/// The measure of a value, without its content.
fn measure(value: &Value) -> Argument {
    match value {
        Value::Null => Argument::Other("None".to_owned()),
        Value::Bool(switch) => Argument::Switch(*switch),
        Value::Number(number) => Argument::Number(number.as_f64().unwrap_or_default()),
        Value::String(text) => Argument::Characters(text.chars().count() as u64),
        Value::Array(items) => Argument::Items(items.len() as u64),
        Value::Object(_) if is_file(value) => {
            // The Space runs here, so its files are here too.
            let size = value["size"].as_u64().or_else(|| {
                let path = value["path"].as_str()?;
                std::fs::metadata(path).ok().map(|data| data.len())
            });
            match size {
                Some(bytes) => Argument::File { bytes, seconds: None },
                None => Argument::Other("file".to_owned()),
            }
        }
        Value::Object(map) => Argument::Items(map.len() as u64),
    }
}
