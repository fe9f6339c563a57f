//! Drives a Space under the real Gradio, which the test installs into `target/`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Child;

use crate::drive::{
    Doorway, Driven, End, Examples, Gradio, How, Plan, Progress, Replay, Script, ScriptEnd,
};
use crate::recording::Argument;

/// The Python of a virtual environment with the packages of `tests/<name>.txt`, made if there is none yet.
fn python(name: &str) -> PathBuf {
    let program = std::env::current_exe().expect("this program is a file");
    let target = program.ancestors().nth(3).expect("it lies in target/debug/deps");
    let home = target.join("tmp/drive");
    std::fs::create_dir_all(&home).expect("target/ can be written");
    let folder = home.join(name);
    let python = folder.join("bin/python");
    let pins = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/drive/tests/{name}.txt"));
    let wanted = std::fs::read_to_string(&pins).expect("the pins are there");
    let made = folder.join("made-of.txt");
    // Another test run may be about to make the same one.
    let lock = File::create(home.join(format!("{name}.lock"))).expect("a lock");
    lock.lock().expect("it can be waited for");
    if std::fs::read_to_string(&made).is_ok_and(|made| made == wanted) {
        return python;
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("an old environment can be removed");
    }
    install(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    install(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&pins));
    std::fs::write(&made, wanted).expect("target/ can be written");
    python
}

/// Runs a step of the installation; without it nothing can be held.
#[track_caller]
fn install(command: &mut Command) {
    let why = match command.output() {
        Ok(output) if output.status.success() => return,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    panic!(
        "calls are held against the real Gradio, which this test installs with Python 3.11 or later, its venv and pip, \
         from a package index:\n{command:?}\n{why}"
    );
}

/// The Space of `app.py`, running; it ends with the test.
struct Space {
    folder: tempfile::TempDir,
    base: String,
    child: Child,
}

impl Space {
    async fn start(python: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("app.py"), include_str!("app.py")).expect("writable");
        let free = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        let log = File::create(folder.path().join("log")).expect("writable");
        let child = tokio::process::Command::new(python)
            .args(["-B", "app.py"])
            .current_dir(folder.path())
            .env("GRADIO_SERVER_PORT", port.to_string())
            .env("GRADIO_TEMP_DIR", folder.path().join("temporary"))
            .env("GRADIO_ANALYTICS_ENABLED", "False")
            .env("HF_HUB_OFFLINE", "1")
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("Python runs");
        Self { folder, base: format!("http://127.0.0.1:{port}"), child }
    }

    /// The Space, once it serves.
    async fn gradio(&mut self) -> Gradio {
        let began = Instant::now();
        loop {
            match Gradio::connect(&self.base, HeaderMap::new()).await {
                Ok(gradio) => return gradio,
                Err(error) => {
                    let ended = self.child.try_wait().expect("it can be asked");
                    let log = || std::fs::read_to_string(self.folder.path().join("log"));
                    let is_late = began.elapsed() > Duration::from_mins(2);
                    assert!(ended.is_none() && !is_late, "{error}\n{:?}", log());
                }
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    fn write(&self, name: &str, text: &str) -> Utf8PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("writable");
        path
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.folder.path().join(name)).expect("in UTF-8")
    }

    /// Makes the calls of recorded inputs.
    async fn replay(&self, gradio: &Gradio, text: &str, how: &How<'_>) -> Vec<Driven> {
        let replay = Replay::read(&self.write("inputs.jsonl", text)).expect("it can be read");
        let plan = replay.plan(gradio).await.expect("it fits");
        gradio.drive(&plan, how, std::future::pending(), |_| ()).await
    }
}

fn nobody(_: u64) -> HeaderMap {
    HeaderMap::new()
}

fn how(concurrency: usize, timeout: Duration) -> How<'static> {
    How { calls: None, concurrency, timeout, visitor: &nobody }
}

fn visitor(name: &str) -> HeaderMap {
    let name = HeaderValue::from_str(name).expect("it is a word");
    [("x-ip-token".parse().expect("a name"), name)].into_iter().collect()
}

/// How the calls of one endpoint ended.
fn ends<'a>(driven: &'a [Driven], endpoint: &str) -> Vec<&'a End> {
    driven.iter().filter(|call| call.endpoint == endpoint).map(|call| &call.end).collect()
}

fn done(outputs: Value) -> End {
    End::Done(outputs)
}

const LONG: Duration = Duration::from_mins(1);

/// Holds all of it against one version.
async fn hold(name: &str) {
    let python = python(name);
    let mut space = Space::start(&python).await;
    let gradio = space.gradio().await;
    let examples = Examples::load(&gradio).await;
    let plan = Plan::examples(&gradio.page, &examples);
    every_endpoint_answers(&gradio, &plan).await;
    a_sweep_is_accepted(&gradio, &examples).await;
    time_and_stop_end_a_call(&space, &gradio).await;
    what_was_saved_can_be_replayed(&space, &gradio, &plan).await;
    a_script_drives(&space, &python).await;
    a_browser_comes_as_the_visitor(&space).await;
    a_dead_space_is_said(&mut space, &gradio).await;
}

async fn every_endpoint_answers(gradio: &Gradio, plan: &Plan) {
    let undriven: Vec<&str> = plan.undriven.iter().map(|one| one.endpoint.as_str()).collect();
    assert_eq!(undriven, ["/alone"]);
    let mut told = (0, 0);
    let visitor = |number: u64| visitor(&format!("visitor-{number}"));
    let how = How { calls: Some(plan.len() + 1), concurrency: 2, timeout: LONG, visitor: &visitor };
    let driven = gradio
        .drive(plan, &how, std::future::pending(), |progress| match progress {
            Progress::Began { of, .. } => {
                assert_eq!(of, plan.len() as u64 + 1);
                told.0 += 1;
            }
            Progress::Ended(_) => told.1 += 1,
        })
        .await;
    assert_eq!(told, (plan.len() + 1, plan.len() + 1));
    assert_eq!(driven.iter().map(|call| call.number).max(), Some(plan.len() as u64 + 1));
    // Round the plan, the first comes again.
    assert_eq!(driven.first().map(|call| &call.inputs), driven.last().map(|call| &call.inputs));
    let draw = |prompt: &str, size: u64, number: usize| {
        done(json!([format!("{prompt} (32, 16) 4 {size} visitor-{number}")]))
    };
    let numbers: Vec<usize> = driven
        .iter()
        .filter(|call| call.endpoint == "/draw")
        .map(|call| call.number as usize)
        .collect();
    assert_eq!(
        ends(&driven, "/draw"),
        [
            &draw("a cat", 1024, numbers[0]),
            &draw("a dog", 256, numbers[1]),
            &draw("a cat", 1024, numbers[2]),
        ]
    );
    let first = &driven[0].inputs;
    assert_eq!(first["prompt"], Argument::Characters(5));
    assert_eq!(first["steps"], Argument::Number(4.0));
    assert!(matches!(first["image"], Argument::File { bytes: 1.., seconds: None }), "{first:?}");
    assert_eq!(ends(&driven, "/hear"), [&done(json!(["204"]))]);
    assert_eq!(ends(&driven, "/tell"), [&done(json!(["hey"]))]);
    let yields = driven.iter().find(|call| call.endpoint == "/tell").map(|call| call.yields);
    assert!(yields.is_some_and(|yields| yields >= 2), "{yields:?}");
    let [End::Failed(said)] = ends(&driven, "/refuse")[..] else { panic!("{driven:?}") };
    assert!(said.contains("no luck"), "{said}");
    let [End::Failed(said)] = ends(&driven, "/fail")[..] else { panic!("{driven:?}") };
    assert!(said.contains("show_error=True"), "{said}");
    assert_eq!(ends(&driven, "/count"), [&done(json!([null, 3]))]);
    assert_eq!(ends(&driven, "/sleep"), [&done(json!(["1"]))]);
    let slept = driven.iter().find(|call| call.endpoint == "/sleep").expect("it was called");
    assert!(slept.seconds >= 1.0 && slept.queued_seconds.is_some(), "{slept:?}");
    assert_eq!(ends(&driven, "/predict"), [&done(json!(["xx"])), &done(json!(["yyy"]))]);
    let said: Vec<&Value> = ends(&driven, "/chat")
        .into_iter()
        .filter_map(|end| match end {
            End::Done(outputs) => Some(&outputs[0]),
            _ => None,
        })
        .collect();
    assert_eq!(said, ["hi 0.1", "bye 0.9"]);
}

async fn a_sweep_is_accepted(gradio: &Gradio, examples: &Examples) {
    let plan = Plan::sweep(&gradio.page, examples, 36, 1);
    let how = how(4, LONG);
    let driven = gradio.drive(&plan, &how, std::future::pending(), |_| ()).await;
    assert_eq!(driven.len(), 36);
    for call in driven {
        let fails = call.endpoint == "/refuse" || call.endpoint == "/fail";
        assert_eq!(matches!(call.end, End::Failed(_)), fails, "{call:?}");
    }
}

async fn time_and_stop_end_a_call(space: &Space, gradio: &Gradio) {
    let sleep = "{\"endpoint\": \"/sleep\", \"data\": [2]}";
    let began = Instant::now();
    let driven = space.replay(gradio, sleep, &how(1, Duration::from_millis(300))).await;
    assert_eq!(ends(&driven, "/sleep"), [&End::TimedOut]);
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());

    let replay = Replay::read(&space.write("inputs.jsonl", sleep)).expect("it can be read");
    let plan = replay.plan(gradio).await.expect("it fits");
    let how = How { calls: Some(9), ..how(2, LONG) };
    let stop = tokio::time::sleep(Duration::from_millis(300));
    let mut ended = 0;
    let driven = gradio
        .drive(&plan, &how, stop, |progress| {
            ended += usize::from(matches!(progress, Progress::Ended(_)));
        })
        .await;
    assert_eq!(ends(&driven, "/sleep"), [&End::Left, &End::Left]);
    assert_eq!(ended, 2);
    assert!(driven[0].seconds < 1.5, "{driven:?}");

    let sleeps = "{\"endpoint\": \"/sleep\", \"data\": [1]}\n".repeat(2);
    // Those that were left run on, and hold two of the four places.
    let began = Instant::now();
    let driven = space.replay(gradio, &sleeps, &self::how(2, LONG)).await;
    assert!(driven.iter().all(|call| matches!(call.end, End::Done(_))), "{driven:?}");
    assert!(began.elapsed() < Duration::from_millis(5500), "{:?}", began.elapsed());
}

async fn what_was_saved_can_be_replayed(space: &Space, gradio: &Gradio, plan: &Plan) {
    let path = space.path("saved.jsonl");
    Replay::save(&path, gradio, plan).await.expect("it can be saved");
    let text = std::fs::read_to_string(&path).expect("it was saved");
    assert_eq!(text.lines().count(), plan.len());
    assert!(text.contains("\"path\":\"saved.jsonl.files/1-red.png\""), "{text}");
    let again = Replay::read(&path).expect("it can be read").plan(gradio).await.expect("it fits");
    let driven = gradio.drive(&again, &how(1, LONG), std::future::pending(), |_| ()).await;
    let first = done(json!(["a cat (32, 16) 4 1024 None"]));
    assert_eq!(ends(&driven, "/draw")[0], &first);
    assert_eq!(ends(&driven, "/hear"), [&done(json!(["204"]))]);
    std::fs::remove_dir_all(space.path("saved.jsonl.files")).expect("it was saved");
    let error = Replay::read(&path).expect("it can be read").plan(gradio).await;
    let error = error.expect_err("a file is gone").to_string();
    assert!(error.contains("saved.jsonl:1: ") && error.contains("cannot be read"), "{error}");
}

async fn a_script_drives(space: &Space, python: &Path) {
    let run = async |text: &str, stop: Duration| {
        let path = space.write("drive.py", text);
        let script = Script { before: Vec::new(), python: python.into(), path, calls: Some(3) };
        let mut lines = Vec::new();
        let stop = tokio::time::sleep(stop);
        let end = script
            .run(&space.base, &visitor("scripted"), stop, |line| lines.push(line.to_owned()))
            .await;
        (end, lines)
    };
    let text = "
import sys
print(calls, sys.argv[0].endswith('drive.py'), __name__)
print(client.predict('a cat', None, 2, 256, api_name='/draw'))
";
    let (end, lines) = run(text, LONG).await;
    assert_eq!(end, Ok(ScriptEnd::Done), "{lines:?}");
    assert_eq!(lines, ["3 True __main__", "a cat None 2 256 scripted"]);

    let (end, _) = run("client.predict(api_name='/nowhere')", LONG).await;
    let error = end.expect_err("there is no such endpoint").to_string();
    assert!(error.contains("drive.py failed (exit status: 1)"), "{error}");
    assert!(error.contains("/nowhere"), "{error}");

    let began = Instant::now();
    let (end, _) = run("import time\ntime.sleep(100)", Duration::from_secs(4)).await;
    assert_eq!(end, Ok(ScriptEnd::Stopped));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

    let mut script = Script {
        before: Vec::new(),
        python: python.into(),
        path: space.path("none.py"),
        calls: None,
    };
    let error = script.run(&space.base, &HeaderMap::new(), std::future::pending(), |_| ()).await;
    assert!(error.is_err_and(|error| error.to_string().contains("there is no script")));
    script.path = space.path("drive.py");
    script.python = "no-such-python".into();
    let error = script.run(&space.base, &HeaderMap::new(), std::future::pending(), |_| ()).await;
    assert!(error.is_err_and(|error| error.to_string().contains("with `no-such-python`")));
}

async fn a_browser_comes_as_the_visitor(space: &Space) {
    let doorway = Doorway::open(&space.base, visitor("by-hand")).await.expect("it opens");
    let url = doorway.url();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(doorway.serve(async {
        let _ = stopped.await;
    }));
    let gradio = Gradio::connect(&url, HeaderMap::new()).await.expect("it leads to the Space");
    // What the page then asks for must come through here too.
    let config = gradio.http.json("/config").await.expect("it answers");
    assert!(
        config["root"].as_str().is_some_and(|root| url.starts_with(root)),
        "{}",
        config["root"]
    );
    let calls = "{\"endpoint\": \"/draw\", \"data\": [\"a cat\", {\"path\": \"red.png\", \
                 \"meta\": {\"_type\": \"gradio.FileData\"}}, 4, 256]}\n\
                 {\"endpoint\": \"/tell\", \"data\": [\"hey\"]}";
    let driven = space.replay(&gradio, calls, &how(1, LONG)).await;
    assert_eq!(ends(&driven, "/draw"), [&done(json!(["a cat (32, 16) 4 256 by-hand"]))]);
    assert_eq!(ends(&driven, "/tell"), [&done(json!(["hey"]))]);
    stop.send(()).expect("it serves");
    serving.await.expect("it ends").expect("it served");
    let gone = Gradio::connect(&url, HeaderMap::new()).await.err();
    assert!(gone.is_some_and(|error| error.to_string().contains("does not answer")));
}

async fn a_dead_space_is_said(space: &mut Space, gradio: &Gradio) {
    let calls = "{\"endpoint\": \"/sleep\", \"data\": [9]}\n".repeat(3);
    let replay = Replay::read(&space.write("inputs.jsonl", &calls)).expect("it can be read");
    let plan = replay.plan(gradio).await.expect("it fits");
    let how = how(1, LONG);
    let drive = gradio.drive(&plan, &how, std::future::pending(), |_| ());
    let kill = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        space.child.kill().await.expect("it runs");
    };
    let (driven, ()) = tokio::join!(drive, kill);
    assert!(matches!(ends(&driven, "/sleep")[..], [End::Lost(_)]), "{driven:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gradio_6_is_driven() {
    hold("gradio-6").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gradio_5_is_driven() {
    hold("gradio-5").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "an old release, which no newer Python than 3.12 runs"]
async fn gradio_4_is_driven() {
    hold("gradio-4").await;
}
