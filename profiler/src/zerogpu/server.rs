//! The device API on loopback: what `spaces` says of its calls goes into the [ledger](super::ledger), and what that
//! decides goes back in the form that `spaces` understands. Parameters that nobody knows are passed over, so that one
//! server serves every version.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_core::Stream;
use rustix::process::Signal;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use spacelint_knowledge::platform::{self, Tier};

use super::calls::{self, Over};
use super::hook::{Ran, Told};
use super::ledger::{Answer, Ask, Effect, Ended, Grant, Ledger, Ticket, Turn};
use super::visitor::Visitor;
use super::{policy, processes};

/// How long after the last ping an answer is sent: `spaces` reads one event of what comes in one piece.
const APART: Duration = Duration::from_millis(20);
/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(100);

/// What happened.
#[derive(Debug)]
pub(crate) enum Seen {
    /// The Space said at launch that it has GPU functions.
    StartupReport,
    /// A call is over.
    Over(Box<Over>),
    /// A worker that nobody would have used again was ended.
    Leaked,
}

/// The scheduler, as all requests share it.
pub(crate) struct Scheduler {
    ledger: Mutex<Ledger>,
    told: Mutex<Told>,
    changed: Notify,
    began: Instant,
    seen: mpsc::UnboundedSender<Seen>,
    /// The process that the profiler itself is: what descends from it is the Space's.
    own: i32,
    /// The Space's main process; 0 before it is known.
    app: AtomicI32,
    devices: Vec<String>,
    tier: Tier,
    /// How many visitors came of whom nothing else tells them apart.
    visitors: AtomicU64,
}

/// What a [`Scheduler`] begins with.
pub(crate) struct Setup {
    /// Whose GPU is whose.
    pub(crate) ledger: Ledger,
    /// What the hook tells.
    pub(crate) told: Told,
    /// When the run began.
    pub(crate) began: Instant,
    /// The GPUs by what `CUDA_VISIBLE_DEVICES` takes; one at least.
    pub(crate) devices: Vec<String>,
    /// The visitors' class.
    pub(crate) tier: Tier,
}

impl Scheduler {
    /// A scheduler, and what it sees.
    pub(crate) fn new(setup: Setup) -> (Arc<Self>, mpsc::UnboundedReceiver<Seen>) {
        let (seen, received) = mpsc::unbounded_channel();
        let scheduler = Arc::new(Self {
            ledger: Mutex::new(setup.ledger),
            told: Mutex::new(setup.told),
            changed: Notify::new(),
            began: setup.began,
            seen,
            own: i32::try_from(std::process::id()).unwrap_or(-1),
            app: AtomicI32::new(0),
            devices: setup.devices,
            tier: setup.tier,
            visitors: AtomicU64::new(1),
        });
        (scheduler, received)
    }

    /// Serves on a port of its own: the address for `SPACES_ZERO_DEVICE_API_URL`, and what ends with it.
    pub(crate) async fn serve(self: &Arc<Self>) -> Result<(String, Serving), String> {
        let refused = |error: std::io::Error| {
            format!("cannot open a port on 127.0.0.1 for the Space to ask for GPUs: {error}")
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let router = self.router();
        let server = tokio::spawn(async move {
            // It ends when it is told to, and with the profiler.
            let _ = axum::serve(listener, router).await;
        });
        let scheduler = Arc::clone(self);
        let clock = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(TICK);
            loop {
                ticks.tick().await;
                scheduler.tick();
            }
        });
        Ok((format!("http://{address}"), Serving { tasks: [server, clock] }))
    }

    /// What answers each request.
    pub(crate) fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/startup-report", post(startup_report))
            .route("/schedule", post(schedule))
            .route("/allow", post(allow))
            .route("/release", post(release))
            .route("/queue-size", get(queue_size))
            .fallback(unknown)
            .with_state(Arc::clone(self))
    }

    /// The Space's main process is known.
    pub(crate) fn set_app(&self, pid: i32) {
        self.app.store(pid, Ordering::Relaxed);
    }

    /// What the hook told so far.
    pub(crate) fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ledger.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seconds since the run began.
    pub(crate) fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Ends what is left of the calls. Whether all visitors have had their answers.
    pub(crate) fn close(&self, is_answered: bool) {
        self.read_on();
        let left = self.ledger().close(self.now(), is_answered);
        for ended in left {
            self.over(ended);
        }
    }

    /// Reads what the hook wrote.
    pub(crate) fn read_on(&self) {
        let (through, packed) = {
            let mut told = self.told();
            (told.read_on(), told.packed)
        };
        let mut ledger = self.ledger();
        for pid in through {
            ledger.through(pid);
        }
        if packed.is_some_and(|bytes| bytes > platform::promotion().bytes) {
            ledger.promote();
        }
    }

    /// A visitor who was not here before.
    fn somebody(&self, name: &str) -> String {
        format!("{name}-{}", self.visitors.fetch_add(1, Ordering::Relaxed))
    }

    fn say(&self, seen: Seen) {
        // Whoever does not listen any more is about to end.
        let _ = self.seen.send(seen);
    }

    fn over(&self, ended: Ended) {
        let ran = ended.pid.map_or_else(Ran::default, |pid| self.told().take(pid));
        let ran = match ran.function {
            Some(_) => ran,
            None => Ran { function: self.told().function(&ended.ask.task).cloned(), ..ran },
        };
        self.say(Seen::Over(Box::new(calls::over(ended, ran))));
        self.changed.notify_waiters();
    }

    fn kill(&self, pid: i32) {
        processes::signal(pid, self.own, Signal::KILL);
    }

    /// Ends forks of the Space that nobody has heard of since `mark`: workers that took on nothing.
    fn kill_unknown(&self, mark: u64) {
        let app = self.app.load(Ordering::Relaxed);
        let known = self.ledger().workers();
        let forks = if app == 0 { Vec::new() } else { processes::forks(app, mark) };
        for pid in forks {
            if !known.contains(&pid) {
                self.kill(pid);
                self.say(Seen::Leaked);
            }
        }
    }

    fn granted(&self, grant: &Grant) -> serde_json::Value {
        if let Some(pid) = grant.evicted {
            self.kill(pid);
        }
        self.ledger().mark(&grant.token, processes::latest());
        json!({
            "idle": grant.idle,
            "nvidiaIndex": grant.slot,
            "nvidiaUUID": self.devices[grant.slot % self.devices.len()],
            "allowToken": grant.token,
        })
    }

    fn tick(&self) {
        self.read_on();
        let effects = self.ledger().tick(self.now(), processes::is_alive);
        for effect in effects {
            match effect {
                Effect::Kill(pid) => self.kill(pid),
                Effect::KillSince(mark) => self.kill_unknown(mark),
                Effect::Ended(ended) => {
                    let worker = ended.pid;
                    self.over(*ended);
                    if let Some(pid) = worker {
                        self.kill(pid);
                    }
                }
            }
        }
    }

    /// What every answer to `/schedule` says of the visitor.
    fn headers(&self, is_visitor: bool, verdict: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-approve-result", HeaderValue::from_static(verdict));
        if is_visitor && let Some(level) = policy::authenticated(self.tier) {
            headers.insert("x-authenticated", HeaderValue::from_static(level));
        }
        headers
    }
}

/// What serves while this is held.
pub(crate) struct Serving {
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

type Parameters = Query<HashMap<String, String>>;
type Shared = State<Arc<Scheduler>>;

async fn startup_report(State(scheduler): Shared) -> Response {
    scheduler.say(Seen::StartupReport);
    Json(json!({})).into_response()
}

async fn queue_size(State(scheduler): Shared) -> Response {
    Json(json!(scheduler.ledger().waiting())).into_response()
}

async fn unknown(uri: Uri) -> Response {
    // Whatever a later version asks for besides, it learns that there is nothing.
    (StatusCode::NOT_FOUND, Json(json!({ "detail": format!("{} is not known", uri.path()) })))
        .into_response()
}

async fn schedule(State(scheduler): Shared, Query(mut given): Parameters) -> Response {
    // What comes without a token is asked for by the Space itself.
    let visitor = given.remove("token").map(|token| Visitor::read(&token));
    let (visitor, endpoint) = visitor.map_or((None, None), |visitor| {
        let name = if visitor.is_each { scheduler.somebody(&visitor.name) } else { visitor.name };
        (Some(name), visitor.endpoint)
    });
    let is_visitor = visitor.is_some();
    let ask = Ask {
        task: given.remove("taskId").unwrap_or_default(),
        seconds: given.get("durationSeconds").and_then(|text| text.parse().ok()),
        size: given.remove("gpuSize"),
        visitor,
        endpoint,
    };
    scheduler.read_on();
    let answer = scheduler.ledger().ask(scheduler.now(), ask, processes::is_alive);
    match answer {
        Answer::Granted(grant) => {
            let body = scheduler.granted(&grant);
            (scheduler.headers(is_visitor, "approved"), Json(body)).into_response()
        }
        Answer::Refused(refusal) => {
            let headers = scheduler.headers(is_visitor, refusal.verdict);
            let body = json!({ "left": refusal.left, "wait": refusal.wait });
            scheduler.over(refusal.ended);
            (StatusCode::TOO_MANY_REQUESTS, headers, Json(body)).into_response()
        }
        Answer::Queued(ticket) => {
            let mut headers = scheduler.headers(is_visitor, "approved");
            headers.insert("x-queuing-reason", HeaderValue::from_static("concurrency"));
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            let (events, stream) = mpsc::channel(1);
            tokio::spawn(wait_in_queue(scheduler, ticket, events));
            (headers, Body::from_stream(Events(stream))).into_response()
        }
    }
}

/// Tells a call that waits how it goes, until it has a GPU, has waited too long or is gone.
async fn wait_in_queue(
    scheduler: Arc<Scheduler>,
    ticket: Ticket,
    events: mpsc::Sender<Result<Bytes, Infallible>>,
) {
    let mut next_ping = tokio::time::interval(Duration::from_secs_f64(policy::PING_SECONDS));
    loop {
        let changed = scheduler.changed.notified();
        let turn = scheduler.ledger().turn(scheduler.now(), ticket, processes::is_alive);
        match turn {
            Turn::Granted(grant) => {
                let body = scheduler.granted(&grant);
                // The next in the queue may have a GPU of its own to look at.
                scheduler.changed.notify_waiters();
                tokio::time::sleep(APART).await;
                let event = format!("event: succeeded\ndata: {body}\n\n");
                if events.send(Ok(event.into())).await.is_err() {
                    let ended = scheduler.ledger().undelivered(scheduler.now(), &grant.token);
                    if let Some(ended) = ended {
                        scheduler.over(ended);
                    }
                }
                return;
            }
            Turn::Expired(ended) => {
                scheduler.over(ended);
                tokio::time::sleep(APART).await;
                let _ = events.send(Ok(Bytes::from_static(b"event: failed\n\n"))).await;
                return;
            }
            Turn::Wait => {}
        }
        let is_gone = tokio::select! {
            () = changed => false,
            _ = next_ping.tick() => {
                events.send(Ok(Bytes::from_static(b"event: ping\n\n"))).await.is_err()
            }
            () = events.closed() => true,
        };
        if is_gone {
            let ended = scheduler.ledger().leave(scheduler.now(), ticket);
            if let Some(ended) = ended {
                scheduler.over(ended);
            }
            return;
        }
    }
}

/// Events as the body of a response: each is written by itself.
struct Events(mpsc::Receiver<Result<Bytes, Infallible>>);

impl Stream for Events {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

async fn allow(State(scheduler): Shared, Query(given): Parameters) -> Response {
    let token = given.get("allowToken").map_or("", String::as_str);
    let pid = given.get("pid").and_then(|text| text.parse().ok()).unwrap_or(0);
    let is_known = scheduler.ledger().allow(scheduler.now(), token, pid);
    if is_known && let Some(app) = processes::parent(pid) {
        // Where a command started the Space, its main process is known by its workers.
        scheduler.set_app(app);
    }
    answer(is_known)
}

async fn release(State(scheduler): Shared, Query(given): Parameters) -> Response {
    let token = given.get("allowToken").map_or("", String::as_str);
    // Python's `True` where a client does not write it as HTTP does.
    let fail = given.get("fail").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    scheduler.read_on();
    let ended = scheduler.ledger().release(scheduler.now(), token, fail);
    let is_known = ended.is_some();
    if let Some(ended) = ended {
        let (worker, mark) = (ended.pid, ended.mark);
        scheduler.over(ended);
        match (fail, worker, mark) {
            // `spaces` never uses the worker of a failed call again, and never ends it.
            (true, Some(pid), _) => scheduler.kill(pid),
            // While another worker is on its way, nobody can tell the two apart.
            (true, None, Some(mark)) if !scheduler.ledger().is_worker_expected() => {
                scheduler.kill_unknown(mark);
            }
            _ => {}
        }
    }
    answer(is_known)
}

fn answer(is_known: bool) -> Response {
    let status = if is_known { StatusCode::OK } else { StatusCode::NOT_FOUND };
    (status, Json(json!({}))).into_response()
}
