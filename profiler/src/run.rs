//! `spacelint-profile run`, from its start to its exit status.

mod driving;
mod explain;
mod prepared;
mod profile;
mod progress;
mod summary;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use spacelint_knowledge::platform::Backing;
use spacelint_space::escape::escape;
use spacelint_space::profile::Basis;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::args;
use crate::recording::{Call, End, Fault, Ready, Record, Recorder, Recording, SCHEMA};
use crate::report::{self, Report};
use crate::zerogpu::calls::{self, Over};
use crate::zerogpu::hook::{LOOKED_INTO, Told};
use crate::zerogpu::ledger::{Ledger, Terms};
use crate::zerogpu::server::{Scheduler, Seen, Setup};
use crate::zerogpu::space::{NotServed, Private, Process, Start, free_port, last_lines};

use driving::{Came, Driving};
use explain::Problem;
use prepared::Prepared;
use progress::Progress;

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

/// Everything up to the start of the Space: what fails here is no fault of the Space's.
async fn begin(asked: &args::Run) -> Result<Status, String> {
    let interrupts = Interrupts::listen()?;
    let plan = Prepared::new(asked)?;
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
        cold_starts: asked.cold_starts,
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
        looked_into: private.join(LOOKED_INTO),
        clock,
        has_report: false,
        records: Vec::new(),
        called: 0,
        problems: Vec::new(),
        leaked: 0,
    };
    let done = session.watch(&process, port).await;
    if session.interrupts.has_any() {
        session.progress.show("the Space is ended; Ctrl-C again ends it at once".to_owned());
    }
    // What is still on its way is looked at before the Space goes, and what it does while it goes is not.
    let finished = match &done {
        Ok(end) => session.finish_calls(matches!(end, Watched::Driven(came) if came.is_answered)),
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
fn notes(plan: &Prepared<'_>, progress: &Progress) {
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
    progress.spaces(plan.versions.get("spaces"));
}

/// How the watch over a Space ended.
enum Watched {
    /// All was driven, as far as it could be.
    Driven(Came),
    /// It never served.
    NotServed(NotServed),
    /// It ended while it was driven.
    Ended(crate::zerogpu::guard::Word),
    /// The author wants no more.
    Interrupted,
}

/// A run that goes on.
struct Session<'a> {
    plan: &'a Prepared<'a>,
    scheduler: std::sync::Arc<Scheduler>,
    seen: mpsc::UnboundedReceiver<Seen>,
    recorder: Recorder,
    /// The first record, which waits for what the hook tells of versions.
    head: Option<crate::recording::Run>,
    interrupts: Interrupts,
    progress: Progress,
    log: PathBuf,
    /// The file whose presence has calls looked into.
    looked_into: PathBuf,
    clock: Instant,
    has_report: bool,
    /// What was recorded.
    records: Vec<Record>,
    /// How many calls are among it.
    called: usize,
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
        self.write(Record::Ready(Ready { startup_seconds, packed_bytes }))?;
        self.progress
            .note(&format!("it serves after {startup_seconds:.1} s at http://{}", served.address));
        let driving = Driving {
            asked: self.plan.asked,
            base: format!("http://{}", served.address),
            python: self.plan.python.clone(),
            progress: self.progress.clone(),
            scheduler: &self.scheduler.clone(),
            looked_into: self.looked_into.clone(),
        };
        match self.until(driving.drive(), Some(process)).await? {
            Ok(came) => {
                for note in &came.notes {
                    self.progress.note(&escape(note));
                }
                if came.is_doubtful {
                    // Its visitors notice the end of a Space before its parent does.
                    let ended = tokio::time::timeout(NOTICE, process.ended()).await;
                    return Ok(ended.map_or(Watched::Driven(came), Watched::Ended));
                }
                Ok(Watched::Driven(came))
            }
            // Nothing else tells that whoever drives by hand is done.
            Err(Watched::Interrupted) if self.plan.asked.interactive => {
                Ok(Watched::Driven(Came::default()))
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
        if over.is_looked_into {
            return self.take_parts(over);
        }
        self.problems.extend(explain::of_call(&over, self.plan.asked.class.tier()));
        self.write(Record::Call(over.call))?;
        self.called += 1;
        self.progress.count(self.called);
        Ok(())
    }

    /// A call that was looked into is none of those that were timed.
    fn take_parts(&mut self, over: Over) -> Result<(), String> {
        let Call { function, arguments, .. } = over.call;
        let seen =
            function.zip(over.work).and_then(|(function, work)| work.recorded(function, arguments));
        match seen {
            Some(parts) => self.write(Record::Parts(parts)),
            None => Ok(()),
        }
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
            let number = self.called as u64 + 1;
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
    fn write(&mut self, record: Record) -> Result<(), String> {
        if let Some(mut head) = self.head.take() {
            self.scheduler.read_on();
            let versions = self.scheduler.told().versions.clone();
            if !versions.is_empty() {
                let (client, platform) = self.plan.factors(&versions);
                self.scheduler.ledger().set_factors(client, platform);
            }
            head.versions.extend(versions);
            // Where a command starts the Space, only now; elsewhere it was said before it was started.
            let spaces = head.versions.get("spaces");
            if spaces != self.plan.versions.get("spaces") {
                self.progress.spaces(spaces);
            }
            let head = Record::Run(head);
            self.recorder.write(&head)?;
            self.records.push(head);
        }
        self.recorder.write(&record)?;
        self.records.push(record);
        Ok(())
    }

    /// The calls that are over.
    fn calls(&self) -> impl Iterator<Item = &Call> {
        self.records.iter().filter_map(|record| match record {
            Record::Call(call) => Some(call),
            _ => None,
        })
    }

    /// A path as the author would write it.
    fn shown(&self, path: &Path) -> PathBuf {
        match path.strip_prefix(&self.plan.root) {
            Ok(within) => self.plan.asked.path.join(within),
            Err(_) => path.to_owned(),
        }
    }

    /// Writes the page of the run beside its recording. Where it is, if there is anything to show.
    fn report(&self, found: &profile::Found) -> Result<Option<PathBuf>, String> {
        let path = self.recorder.path();
        let Some(Record::Run(run)) = self.records.first() else { return Ok(None) };
        // What is recorded may go elsewhere than into a file.
        if self.called == 0 || !path.is_file() {
            return Ok(None);
        }
        let path = path.with_extension("html");
        let name = self.plan.root.file_name().unwrap_or_default().to_string_lossy();
        let records = self.records.clone();
        let report = Report {
            space: &name,
            recording: &Recording { run: run.clone(), records, cut_off: false },
            recommendations: &found.recommendations,
            times_hold_on_platform: self.plan.asked.times_hold_on_platform,
        };
        report::write(&path, &report)?;
        Ok(Some(path))
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
            Watched::Driven(came) => {
                self.problems.extend(came.problems.iter().cloned());
                if !self.plan.asked.plain && !self.has_report {
                    let has_functions =
                        self.plan.is_hooked.then(|| self.scheduler.told().has_functions());
                    let has_calls = self.called > 0;
                    self.problems.push(explain::no_report(has_functions.unwrap_or(has_calls)));
                }
            }
            Watched::Interrupted => {}
        }
        for problem in explain::merged(std::mem::take(&mut self.problems)) {
            if !problem.is_of_call {
                let fault =
                    Fault { failure: problem.name.clone(), message: problem.message.clone() };
                self.write(Record::Fault(fault))?;
            }
            self.problems.push(problem);
        }
        let calls = self.called as u64;
        self.write(Record::End(End { calls }))?;
        let found = profile::of(self.plan, &self.records);
        let mut text = String::new();
        if matches!(end, Watched::NotServed(_) | Watched::Ended(_)) {
            text += &summary::log(&last_lines(&self.log, 20), &self.log);
        }
        let calls: Vec<&Call> = self.calls().collect();
        text += &summary::table(&calls, &found);
        text += &summary::problems(&self.problems);
        text += &summary::recommendations(&found);
        let is_part = |record: &Record| matches!(record, Record::Parts(_));
        if self.plan.asked.parts && !self.records.iter().any(is_part) {
            text += summary::NOT_LOOKED_INTO;
        }
        text += &summary::notes(self.leaked, &self.scheduler.told().trouble);
        text += &summary::place(&self.shown(self.recorder.path()));
        // What was cut short is no reason to forget what was measured before.
        let whole = matches!(end, Watched::Driven(_));
        let written = match &found.profile {
            Some(profile) if whole => profile::write(&self.plan.root, profile).map(Some),
            _ => Ok(None),
        };
        if let Ok(Some(path)) = &written {
            text += &summary::next(&self.plan.asked.path, &self.shown(path), &found);
        }
        let page = self.report(&found);
        if let Ok(Some(path)) = &page {
            text += &summary::report(&self.shown(path));
        }
        // Nobody is left to tell if standard output is gone.
        let _ = anstream::stdout().write_all(text.as_bytes());
        written?;
        page?;
        Ok(match end {
            Watched::Interrupted => Status::CutShort,
            Watched::Driven(Came { trouble: Some(why), .. }) if self.problems.is_empty() => {
                return Err(why.clone());
            }
            Watched::Driven(Came { trouble: Some(why), .. }) => {
                crate::error(why);
                Status::Broken
            }
            _ if !self.problems.is_empty() => Status::Broken,
            _ => Status::Kept,
        })
    }
}
