//! `spacelint-profile run`, from its start to its exit status.

mod explain;
mod summary;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use indicatif::{ProgressBar, ProgressStyle};
use spacelint_knowledge::gradio;
use spacelint_knowledge::platform::{Backing, Size, duration};
use spacelint_space::escape::escape;
use spacelint_space::profile::Basis;
use spacelint_space::{Files, Space};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::args;
use crate::recording::{Call, End, Fault, Ready, Record, Recorder, SCHEMA};
use crate::zerogpu::calls::{self, Over};
use crate::zerogpu::device::Device;
use crate::zerogpu::hook::{SITECUSTOMIZE, Told};
use crate::zerogpu::ledger::{Ledger, Terms};
use crate::zerogpu::python;
use crate::zerogpu::server::{Scheduler, Seen, Setup};
use crate::zerogpu::space::{NotServed, Private, Process, Served, Start, free_port, last_lines};
use crate::zerogpu::visitor::{HEADER, Visitor};

use explain::Problem;

/// How long after its last call failed a Space may turn out to have ended.
const NOTICE: Duration = Duration::from_millis(500);

/// Why the run ends with its status.
enum Status {
    /// All went well.
    Kept,
    /// The Space broke a promise.
    Broken,
    /// The author cut it short.
    CutShort,
}

/// Runs it.
pub(crate) fn run(asked: &args::Run) -> ExitCode {
    // The Space is started from this thread, whose end would be the Space's.
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            crate::error(&format!("cannot start: {error}"));
            return ExitCode::from(2);
        }
    };
    let status = runtime.block_on(begin(asked));
    runtime.shutdown_timeout(Duration::from_secs(1));
    match status {
        Ok(Status::Kept) => ExitCode::SUCCESS,
        Ok(Status::Broken) => ExitCode::from(1),
        Ok(Status::CutShort) => ExitCode::from(130),
        Err(why) => {
            crate::error(&why);
            ExitCode::from(2)
        }
    }
}

/// How often the author asked for the end.
#[derive(Clone)]
struct Interrupts(watch::Receiver<u32>);

impl Interrupts {
    fn listen() -> Result<Self, String> {
        let (count, received) = watch::channel(0);
        for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
            let mut signals =
                signal(kind).map_err(|error| format!("cannot listen for Ctrl-C: {error}"))?;
            let count = count.clone();
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    count.send_modify(|count| *count += 1);
                }
            });
        }
        Ok(Self(received))
    }

    /// Waits for so many.
    async fn reach(&self, count: u32) {
        let mut received = self.0.clone();
        if received.wait_for(|seen| *seen >= count).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    fn has_any(&self) -> bool {
        *self.0.borrow() > 0
    }
}

/// What is known before the Space is started.
struct Plan<'a> {
    asked: &'a args::Run,
    root: PathBuf,
    command: Vec<OsString>,
    device: Device,
    versions: BTreeMap<String, String>,
    is_hooked: bool,
    needs_login: bool,
}

impl<'a> Plan<'a> {
    fn new(asked: &'a args::Run) -> Result<Self, String> {
        let shown = asked.path.display();
        let root = asked
            .path
            .canonicalize()
            .map_err(|error| format!("cannot open the Space `{shown}`: {error}"))?;
        let named = Utf8PathBuf::from_path_buf(root.clone())
            .map_err(|_| format!("`{shown}` is not Unicode; rename it"))?;
        let space = Space::read(&Files::disk(named));
        let (command, versions) = if asked.command.is_empty() {
            if space.entry.is_none() {
                return Err(format!(
                    "`{shown}` has no `{}`, with which a Space begins; name the Space's folder, or after `--` the \
                     command that starts it",
                    space.app_file
                ));
            }
            let python = python::choose(asked.python.as_deref());
            let versions = python::versions(&python)?;
            for package in ["gradio", "spaces"] {
                if !versions.contains_key(package) {
                    return Err(format!(
                        "`{package}` is not installed for `{}`; activate the environment that the Space runs in, or \
                         name its interpreter with --python",
                        python.display()
                    ));
                }
            }
            (vec![python.into(), OsString::from(space.app_file.as_str())], versions)
        } else {
            (asked.command.clone(), BTreeMap::new())
        };
        let device = if asked.cpu { Device::cpu() } else { Device::find() };
        let switch = space.card.as_ref().and_then(|card| card.str(gradio::oauth().switch));
        let needs_login = switch.is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Ok(Self { asked, root, command, device, versions, is_hooked: !asked.no_hook, needs_login })
    }

    fn is_cpu(&self) -> bool {
        self.device.basis == Basis::Cpu
    }

    /// What the calls are multiplied by, here and on the platform.
    fn factors(&self, versions: &BTreeMap<String, String>) -> (f64, f64) {
        let platform = Backing::current().time_factor(Size::DEFAULT);
        let knows = versions
            .get("spaces")
            .is_none_or(|version| !explain::is_before(version, duration().factor_since_spaces));
        if !knows {
            // It asks for what is declared, here and there.
            return (1.0, 1.0);
        }
        let sees_platform = self.is_hooked || self.device.basis == Basis::PlatformGpu;
        let here =
            Backing::all().iter().find(|backing| Some(backing.gpu) == self.device.name.as_deref());
        let client = if sees_platform {
            platform
        } else {
            // A GPU that it does not know counts as the one without a factor.
            here.map_or(1.0, |backing| backing.time_factor(Size::DEFAULT))
        };
        (client, platform)
    }

    fn environment(
        &self,
        private: &Private,
        api: Option<&str>,
        port: u16,
    ) -> Result<Vec<(&'static str, Option<OsString>)>, String> {
        let name = self.root.file_name().unwrap_or_default().to_owned();
        let mut id = OsString::from("local/");
        id.push(&name);
        let mut set: Vec<(&'static str, Option<OsString>)> = vec![
            ("SYSTEM", Some("spaces".into())),
            ("SPACE_ID", Some(id)),
            ("SPACE_AUTHOR_NAME", Some("local".into())),
            ("SPACE_REPO_NAME", Some(name)),
            ("SPACE_HOST", Some(format!("127.0.0.1:{port}").into())),
            ("GRADIO_SERVER_NAME", Some("127.0.0.1".into())),
            ("GRADIO_SERVER_PORT", Some(port.to_string().into())),
            ("GRADIO_ANALYTICS_ENABLED", Some("False".into())),
            // The page is not what is measured, and needs Node.
            ("GRADIO_SSR_MODE", Some("False".into())),
            ("GRADIO_CACHE_MODE", Some("lazy".into())),
            ("PYTHONUNBUFFERED", Some("1".into())),
        ];
        if self.needs_login {
            for name in ["OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET"] {
                set.push((name, Some("local".into())));
            }
            set.push(("OAUTH_SCOPES", Some("openid profile".into())));
            set.push(("OPENID_PROVIDER_URL", Some("http://127.0.0.1:9".into())));
        }
        for name in ["SPACES_ZERO_GPU", "SPACES_ZERO_DEVICE_API_URL"] {
            set.push((name, None));
        }
        if let Some(api) = api {
            let never = private.join("nothing").join("*");
            // In the form that every version of `spaces` reads.
            let cgroup = private.write("cgroup", "1:devices:/spacelint\n")?;
            set.extend([
                ("SPACES_ZERO_GPU", Some("true".into())),
                ("SPACES_ZERO_DEVICE_API_URL", Some(api.into())),
                ("ZEROGPU_V2", Some("true".into())),
                // `spaces` empties this folder.
                ("ZEROGPU_OFFLOAD_DIR", Some(private.join("tensors").into())),
                // `spaces` deletes the files of weights that it has packed if they match this: the author's own.
                ("ZEROGPU_MMAP_AUTOPRUNE_PATTERN", Some(never.into())),
                ("ZEROGPU_PROC_SELF_CGROUP_PATH", Some(cgroup.into())),
                // As on ZeroGPU, where only workers have a GPU.
                ("CUDA_VISIBLE_DEVICES", Some("".into())),
            ]);
        }
        if self.is_hooked {
            let hook = private.write("hook/sitecustomize.py", SITECUSTOMIZE)?;
            let mut path = OsString::from(hook.parent().unwrap_or(private.path()));
            if let Some(before) = std::env::var_os("PYTHONPATH").filter(|it| !it.is_empty()) {
                path.push(":");
                path.push(before);
            }
            let mode = if api.is_some() { "zerogpu" } else { "plain" };
            set.extend([
                ("PYTHONPATH", Some(path)),
                ("SPACELINT_EVENTS", Some(private.join("events").into())),
                ("SPACELINT_MODE", Some(mode.into())),
                ("SPACELINT_GPU", Some(Backing::current().gpu.into())),
                ("SPACELINT_CPU", Some(if self.is_cpu() { "1" } else { "0" }.into())),
            ]);
        }
        Ok(set)
    }
}

/// Everything up to the start of the Space: what fails here is no fault of the Space's.
async fn begin(asked: &args::Run) -> Result<Status, String> {
    let interrupts = Interrupts::listen()?;
    let plan = Plan::new(asked)?;
    // What the Space leaves behind comes to us, should its guard be killed.
    let own = i32::try_from(std::process::id()).unwrap_or(-1);
    rustix::process::set_child_subreaper(rustix::process::Pid::from_raw(own))
        .map_err(|error| format!("cannot look after the Space's processes: {error}"))?;
    let private = Private::new(asked.scratch.as_deref())?;
    let clock = Instant::now();
    let began = format!("{:.0}", jiff::Timestamp::now());
    let recorder = match &asked.record {
        Some(path) => Recorder::append(path)?,
        None => Recorder::fresh(&plan.root, &began)?,
    };
    let log = recorder.log();
    let told = Told::new(&private.join("events"), &plan.root, asked.plain)
        .map_err(|error| format!("cannot write in `{}`: {error}", private.path().display()))?;
    let (client_factor, platform_factor) = plan.factors(&plan.versions);
    let tier = asked.class.tier();
    let terms = Terms {
        slots: usize::from(asked.slots),
        tier,
        quota_left: asked.quota_left.unwrap_or(tier.quota_seconds()),
        client_factor,
        platform_factor,
    };
    let setup = Setup {
        ledger: Ledger::new(terms, new_token),
        told,
        began: clock,
        devices: plan.device.visible.clone(),
        tier,
    };
    let (scheduler, seen) = Scheduler::new(setup);
    let (api, serving) = scheduler.serve().await?;
    let port = free_port().await?;
    let api = (!asked.plain).then_some(api);
    let environment = plan.environment(&private, api.as_deref(), port)?;
    let progress = Progress::new();
    notes(&plan, &progress);
    let start = Start {
        root: &plan.root,
        command: plan.command.clone(),
        environment,
        log: &log,
        private: private.path(),
    };
    progress.show("the Space starts".to_owned());
    let process = Process::start(start).await?;
    scheduler.set_app(process.pid);
    let run = crate::recording::Run {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        began,
        basis: plan.device.basis,
        device: plan.device.name.clone(),
        versions: plan.versions.clone(),
        visitor: asked.class.name(),
        zerogpu: !asked.plain,
    };
    let mut session = Session {
        plan: &plan,
        scheduler,
        seen,
        recorder,
        head: Some(run),
        interrupts,
        progress,
        log,
        clock,
        has_report: false,
        calls: Vec::new(),
        problems: Vec::new(),
        leaked: 0,
    };
    let done = session.watch(&process, port).await;
    if session.interrupts.has_any() {
        session.progress.show("the Space is ended; Ctrl-C again ends it at once".to_owned());
    }
    // What is still on its way is looked at before the Space goes, and what it does while it goes is not.
    let finished = match &done {
        Ok(end) => session.finish_calls(matches!(end, Watched::Driven)),
        Err(_) => Ok(()),
    };
    let interrupts = session.interrupts.clone();
    // The first Ctrl-C may be why it ends; one more is haste.
    let haste = u32::from(interrupts.has_any()) + 1;
    let is_gone = process.end(async move { interrupts.reach(haste).await }).await;
    drop(serving);
    drop(private);
    session.progress.clear();
    let end = done?;
    finished?;
    if !is_gone {
        return Err("a process of the Space could not be ended: see `ps -ef`".to_owned());
    }
    session.conclude(&end)
}

/// A name that nobody guesses for the call of that number.
fn new_token(number: u64) -> String {
    use std::fmt::Write as _;
    use std::io::Read as _;

    let mut bytes = [0u8; 16];
    let random =
        std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    let mut token = format!("{number}-");
    if random.is_ok() {
        for byte in bytes {
            // Writing to a String cannot fail.
            let _ = write!(token, "{byte:02x}");
        }
    }
    token
}

/// What the author should know before it begins.
fn notes(plan: &Plan<'_>, progress: &Progress) {
    if plan.is_cpu() && !plan.asked.cpu {
        progress.note(
            "no GPU is found here: GPU functions run on the CPU, and their times and memory say nothing of the \
             platform",
        );
    }
    if plan.is_cpu() && !plan.is_hooked {
        progress.note("without the hook, GPU functions that use torch fail on the CPU");
    }
    if let Some(device) = &plan.device.name
        && plan.device.basis == Basis::OtherGpu
    {
        progress.note(&format!(
            "the GPU is {}; ZeroGPU runs on {}",
            escape(device),
            Backing::current().gpu
        ));
    }
    if plan.asked.plain {
        progress.note(
            "the Space runs outside ZeroGPU: queues, workers, pickling, bookings and refusals are not known",
        );
    }
    if let Some(note) =
        plan.versions.get("spaces").and_then(|version| explain::unknown_spaces(version))
    {
        progress.note(&note);
    }
}

/// How the watch over a Space ended.
enum Watched {
    /// All was driven.
    Driven,
    /// It never served.
    NotServed(NotServed),
    /// It ended while it was driven.
    Ended(crate::zerogpu::guard::Word),
    /// The author wants no more.
    Interrupted,
}

/// A run that goes on.
struct Session<'a> {
    plan: &'a Plan<'a>,
    scheduler: std::sync::Arc<Scheduler>,
    seen: mpsc::UnboundedReceiver<Seen>,
    recorder: Recorder,
    /// The first record, which waits for what the hook tells of versions.
    head: Option<crate::recording::Run>,
    interrupts: Interrupts,
    progress: Progress,
    log: PathBuf,
    clock: Instant,
    has_report: bool,
    calls: Vec<Call>,
    problems: Vec<Problem>,
    leaked: u32,
}

impl Session<'_> {
    /// Follows the Space until all is driven, or something ends it.
    async fn watch(&mut self, process: &Process, port: u16) -> Result<Watched, String> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .build()
            .map_err(|error| format!("cannot make an HTTP client: {error}"))?;
        let patience = Duration::from_secs(self.plan.asked.startup_timeout);
        let starting = process.served(&client, port, patience);
        let served = match self.until(starting, None).await? {
            Ok(Ok(served)) => served,
            Ok(Err(why)) => return Ok(Watched::NotServed(why)),
            Err(end) => return Ok(end),
        };
        self.scheduler.read_on();
        let packed_bytes = self.scheduler.told().packed;
        let startup_seconds = calls::rounded(self.clock.elapsed().as_secs_f64());
        self.write(&Record::Ready(Ready { startup_seconds, packed_bytes }))?;
        self.progress
            .note(&format!("it serves after {startup_seconds:.1} s at http://{}", served.address));
        let progress = self.progress.bar.clone();
        let one_visitor = self.plan.asked.quota_left.is_some();
        let driving = drive(client, served, one_visitor, move |what| progress.set_message(what));
        match self.until(driving, Some(process)).await? {
            Ok(failed) => {
                let has_failed = !failed.is_empty();
                for message in failed {
                    self.progress.note(&message);
                }
                // Its visitors notice the end of a Space before its parent does.
                let ended = tokio::time::timeout(NOTICE, process.ended());
                match has_failed.then_some(ended) {
                    Some(ended) => Ok(ended.await.map_or(Watched::Driven, Watched::Ended)),
                    None => Ok(Watched::Driven),
                }
            }
            Err(end) => Ok(end),
        }
    }

    /// Waits for `work`, and records meanwhile what is seen. What ends it early is the inner error.
    async fn until<T>(
        &mut self,
        work: impl Future<Output = T>,
        process: Option<&Process>,
    ) -> Result<Result<T, Watched>, String> {
        let mut work = std::pin::pin!(work);
        let interrupts = self.interrupts.clone();
        let mut tick = tokio::time::interval(Duration::from_millis(200));
        let ended = async {
            match process {
                Some(process) => process.ended().await,
                None => std::future::pending().await,
            }
        };
        let mut ended = std::pin::pin!(ended);
        loop {
            tokio::select! {
                biased;
                seen = self.seen.recv() => {
                    if let Some(seen) = seen {
                        self.take(seen)?;
                    }
                }
                () = interrupts.reach(1) => return Ok(Err(Watched::Interrupted)),
                done = &mut work => return Ok(Ok(done)),
                end = &mut ended => return Ok(Err(Watched::Ended(end))),
                _ = tick.tick() => self.take_plain()?,
            }
        }
    }

    /// What the scheduler saw.
    fn take(&mut self, seen: Seen) -> Result<(), String> {
        match seen {
            Seen::StartupReport => self.has_report = true,
            Seen::Leaked => self.leaked += 1,
            Seen::Over(over) => self.take_call(*over)?,
        }
        Ok(())
    }

    fn take_call(&mut self, over: Over) -> Result<(), String> {
        self.problems.extend(explain::of_call(&over, self.plan.asked.class.tier()));
        self.write(&Record::Call(over.call.clone()))?;
        self.calls.push(over.call);
        self.progress.count(self.calls.len());
        Ok(())
    }

    /// What the hook alone saw, of a Space outside ZeroGPU.
    fn take_plain(&mut self) -> Result<(), String> {
        if !self.plan.asked.plain {
            return Ok(());
        }
        self.scheduler.read_on();
        let finished = self.scheduler.told().take_finished();
        for ran in finished {
            let at = self.scheduler.now();
            let number = self.calls.len() as u64 + 1;
            self.take_call(calls::of_plain(ran, number, at))?;
        }
        Ok(())
    }

    /// Looks at what is left of calls once nothing is driven any more.
    fn finish_calls(&mut self, is_answered: bool) -> Result<(), String> {
        self.take_plain()?;
        self.scheduler.close(is_answered);
        while let Ok(seen) = self.seen.try_recv() {
            self.take(seen)?;
        }
        Ok(())
    }

    /// Appends a record; before the first one, what is known of the run.
    fn write(&mut self, record: &Record) -> Result<(), String> {
        if let Some(mut head) = self.head.take() {
            self.scheduler.read_on();
            let versions = self.scheduler.told().versions.clone();
            if !versions.is_empty() {
                let (client, platform) = self.plan.factors(&versions);
                self.scheduler.ledger().set_factors(client, platform);
            }
            head.versions.extend(versions);
            self.recorder.write(&Record::Run(head))?;
        }
        self.recorder.write(record)
    }

    /// What is said and left when all is over.
    fn conclude(mut self, end: &Watched) -> Result<Status, String> {
        match end {
            Watched::NotServed(why) => {
                let tail = last_lines(&self.log, 200);
                let problem = explain::of_start(why, &tail, self.plan.asked.startup_timeout)?;
                self.problems.push(problem);
            }
            Watched::Ended(word) => self.problems.push(explain::of_crash(word)),
            Watched::Driven if !self.plan.asked.plain && !self.has_report => {
                let has_functions =
                    self.plan.is_hooked.then(|| self.scheduler.told().has_functions());
                self.problems.push(explain::no_report(has_functions, &self.calls));
            }
            Watched::Driven | Watched::Interrupted => {}
        }
        for problem in explain::merged(std::mem::take(&mut self.problems)) {
            if !problem.is_of_call {
                let fault =
                    Fault { failure: problem.name.clone(), message: problem.message.clone() };
                self.write(&Record::Fault(fault))?;
            }
            self.problems.push(problem);
        }
        let calls = self.calls.len() as u64;
        self.write(&Record::End(End { calls }))?;
        let mut text = String::new();
        if matches!(end, Watched::NotServed(_) | Watched::Ended(_)) {
            text += &summary::log(&last_lines(&self.log, 20), &self.log);
        }
        text += &summary::table(&self.calls);
        text += &summary::problems(&self.problems);
        text += &summary::notes(self.leaked, &self.scheduler.told().trouble);
        text += &summary::place(self.recorder.path());
        // Nobody is left to tell if standard output is gone.
        let _ = anstream::stdout().write_all(text.as_bytes());
        Ok(match end {
            Watched::Interrupted => Status::CutShort,
            _ if self.problems.is_empty() => Status::Kept,
            _ => Status::Broken,
        })
    }
}

/// What goes on, on standard error: a line that changes on a terminal, and else none.
struct Progress {
    bar: ProgressBar,
    is_terminal: bool,
}

impl Progress {
    fn new() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg} {prefix}") {
            bar.set_style(style);
        }
        if is_terminal {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar, is_terminal }
    }

    fn show(&self, what: String) {
        self.bar.set_message(what);
    }

    fn count(&self, calls: usize) {
        self.bar.set_prefix(format!("({calls} GPU calls)"));
    }

    /// A line that stays.
    fn note(&self, text: &str) {
        if self.is_terminal {
            self.bar.println(format!("note: {text}"));
        } else {
            let _ = writeln!(anstream::stderr(), "note: {text}");
        }
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Calls each public endpoint once, with the defaults and examples that Gradio gives for it. What did not go well, in
/// words.
async fn drive(
    client: reqwest::Client,
    served: Served,
    one_visitor: bool,
    show: impl Fn(String),
) -> Vec<String> {
    let base = format!("http://{}", served.address);
    let prefix =
        served.config.get("api_prefix").and_then(|it| it.as_str()).unwrap_or("").to_owned();
    let mut failed = Vec::new();
    let info: serde_json::Value = match client.get(format!("{base}{prefix}/info")).send().await {
        Ok(response) => response.json().await.unwrap_or_default(),
        Err(error) => return vec![format!("the Space does not describe its endpoints: {error}")],
    };
    let endpoints = info["named_endpoints"].as_object().cloned().unwrap_or_default();
    for (number, (name, endpoint)) in endpoints.iter().enumerate() {
        show(format!("calling {}", escape(name)));
        let data: Vec<_> = endpoint["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| {
                let has_default = parameter["parameter_has_default"] == true;
                let key = if has_default { "parameter_default" } else { "example_input" };
                parameter[key].clone()
            })
            .collect();
        let count = if one_visitor { 1 } else { number + 1 };
        let visitor = Visitor { name: format!("visitor-{count}"), endpoint: Some(name.clone()) };
        if let Err(why) =
            call(&client, &format!("{base}{prefix}/call{name}"), &data, &visitor).await
        {
            failed.push(format!("{}: {}", escape(name), escape(&why)));
        }
    }
    failed
}

async fn call(
    client: &reqwest::Client,
    url: &str,
    data: &[serde_json::Value],
    visitor: &Visitor,
) -> Result<(), String> {
    let said = |error: reqwest::Error| error.to_string();
    let request = client.post(url).header(HEADER, visitor.token());
    let begun: serde_json::Value = request
        .json(&serde_json::json!({ "data": data }))
        .send()
        .await
        .map_err(said)?
        .json()
        .await
        .map_err(said)?;
    let event = begun["event_id"].as_str().ok_or("no call began")?;
    let mut stream = client.get(format!("{url}/{event}")).send().await.map_err(said)?;
    let mut text = String::new();
    // Never to its end: a worker that was left behind may hold it open.
    while let Some(chunk) = stream.chunk().await.map_err(said)? {
        text.push_str(&String::from_utf8_lossy(&chunk));
        if text.contains("event: complete") {
            return Ok(());
        }
        if let Some((_, rest)) = text.split_once("event: error")
            && rest.contains("\n\n")
        {
            let data = rest.lines().find_map(|line| line.strip_prefix("data:"));
            return Err(data.unwrap_or("an error").trim().to_owned());
        }
    }
    Err("it ended without an answer".to_owned())
}
