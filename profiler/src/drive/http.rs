//! Gradio's queue over HTTP: a call joins it, and a stream tells what becomes of it.
//!
//! That is how the page itself calls. The simpler `/call/NAME` is not enough: before Gradio 6 it answers `null` where a
//! call fails, whatever the Space said, and cannot call a function that has a `gr.State`.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use super::Error;

/// The longest line that is read: a result's.
const LINE: usize = 256 << 20;
/// How long a Space may take to answer a question about itself.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// A Space's address, and how to speak to it.
#[derive(Clone)]
pub(super) struct Http {
    client: Client,
    pub(super) base: String,
    pub(super) prefix: String,
    headers: HeaderMap,
}

/// What came of a call.
#[derive(Debug)]
pub(super) struct Answer {
    /// What the Space gave, or said.
    pub(super) end: Result<Value, Refusal>,
    /// How long it waited in Gradio's own queue; none if it never left it.
    pub(super) queued: Option<Duration>,
    /// How many results came before the last.
    pub(super) yields: u64,
}

/// Why a call gave nothing.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The Space said no, or failed.
    Failed(String),
    /// As many wait already as the Space lets wait.
    Full(String),
    /// Nobody answers any more, as it seems.
    Lost(String),
}

impl Http {
    pub(super) fn new(base: &str, headers: HeaderMap) -> Result<Self, Error> {
        let client = client().map_err(|error| {
            Error::new(format!("no connection to the Space can be made: {}", chain(&error)))
        })?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { client, base, prefix: String::new(), headers })
    }

    /// What the Space answers at `path`, as JSON.
    pub(super) async fn json(&self, path: &str) -> Result<Value, Error> {
        let url = format!("{}{path}", self.base);
        let request = self.client.get(&url).headers(self.headers.clone()).timeout(PATIENCE);
        let response = request
            .send()
            .await
            .map_err(|error| Error::new(format!("{url} does not answer: {}", chain(&error))))?;
        let status = response.status();
        if status == StatusCode::UNAUTHORIZED {
            return Err(Error::new(format!(
                "{url} answers {status}: the Space asks for a login; drive it with a script (`--drive`) or by hand \
                 (`--interactive`)"
            )));
        }
        if !status.is_success() {
            return Err(Error::new(format!("{url} answers {status}: {}", said(response).await)));
        }
        let body = response.bytes().await;
        let body =
            body.map_err(|error| Error::new(format!("{url} breaks off: {}", chain(&error))))?;
        serde_json::from_slice(&body).map_err(|error| {
            Error::new(format!("{url} does not answer in JSON ({error}): is it a Gradio app?"))
        })
    }

    /// Whether anybody still answers.
    pub(super) async fn is_alive(&self) -> bool {
        let request = self.client.get(format!("{}/config", self.base));
        request.headers(self.headers.clone()).timeout(Duration::from_secs(5)).send().await.is_ok()
    }

    /// Calls the function with the number `index` as a visitor who has just come, and waits for its end.
    pub(super) async fn call(&self, index: u64, data: Vec<Value>, headers: &HeaderMap) -> Answer {
        let mut answer = Answer { end: Ok(Value::Null), queued: None, yields: 0 };
        answer.end = self.called(index, data, headers, &mut answer).await;
        answer
    }

    async fn called(
        &self,
        index: u64,
        data: Vec<Value>,
        headers: &HeaderMap,
        answer: &mut Answer,
    ) -> Result<Value, Refusal> {
        let began = Instant::now();
        let lost = |error: &reqwest::Error| Refusal::Lost(chain(error));
        let mut all = self.headers.clone();
        for (name, value) in headers {
            all.insert(name, value.clone());
        }
        // Each call is a session: what one visitor's `gr.State` holds is not for the next.
        let session = format!("{:016x}", RandomState::new().build_hasher().finish());
        let body = json!({
            "data": data,
            "event_data": null,
            "fn_index": index,
            "trigger_id": null,
            "session_hash": session,
        });
        let url = format!("{}{}/queue/join", self.base, self.prefix);
        let joined = self.client.post(url).headers(all.clone()).json(&body).send().await;
        let joined = joined.map_err(|error| lost(&error))?;
        if !joined.status().is_success() {
            let status = joined.status();
            let why = format!("{}: {}", status, said(joined).await);
            return Err(if status == StatusCode::SERVICE_UNAVAILABLE {
                Refusal::Full(why)
            } else {
                Refusal::Failed(why)
            });
        }
        let url = format!("{}{}/queue/data?session_hash={session}", self.base, self.prefix);
        let stream = self.client.get(url).headers(all).send().await;
        let stream = stream.map_err(|error| lost(&error))?;
        if !stream.status().is_success() {
            let status = stream.status();
            return Err(Refusal::Failed(format!("{}: {}", status, said(stream).await)));
        }
        let mut lines = Lines { stream, read: Vec::new() };
        // The stream is left at the result, never read to its end: a process that the Space has left behind may hold
        // it open.
        while let Some(message) = lines.next().await? {
            match message["msg"].as_str().unwrap_or_default() {
                "process_starts" => answer.queued = Some(began.elapsed()),
                "process_generating" if message["success"] != false => answer.yields += 1,
                "process_completed" if message["success"] != false => {
                    return Ok(message["output"]["data"].clone());
                }
                "process_completed" | "process_generating" => {
                    return Err(Refusal::Failed(failure(&message["output"])));
                }
                "unexpected_error" | "server_stopped" | "queue_full" => {
                    return Err(Refusal::Failed(failure(&message)));
                }
                "close_stream" => break,
                _ => {}
            }
        }
        Err(Refusal::Failed("the Space ended the stream without a result".to_owned()))
    }

    /// Hands a file to the Space, which says where it now lies.
    pub(super) async fn upload(&self, name: String, bytes: Vec<u8>) -> Result<String, Error> {
        let wrong =
            |why: String| Error::new(format!("the Space does not take the file `{name}`: {why}"));
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.clone());
        let form = reqwest::multipart::Form::new().part("files", part);
        let url = format!("{}{}/upload", self.base, self.prefix);
        let request = self.client.post(url).headers(self.headers.clone()).multipart(form);
        let response = request.send().await.map_err(|error| wrong(chain(&error)))?;
        let status = response.status();
        if !status.is_success() {
            return Err(wrong(format!("{status}: {}", said(response).await)));
        }
        let paths: Value = response.json().await.map_err(|error| wrong(chain(&error)))?;
        match paths[0].as_str() {
            Some(path) => Ok(path.to_owned()),
            None => Err(wrong("it does not say where it put it".to_owned())),
        }
    }

    /// A file that the Space serves.
    pub(super) async fn download(&self, path: &str) -> Result<Vec<u8>, Error> {
        let wrong =
            |why: String| Error::new(format!("the Space does not give the file `{path}`: {why}"));
        let url = format!("{}{}/file={}", self.base, self.prefix, encoded(path));
        let request = self.client.get(url).headers(self.headers.clone());
        let response = request.send().await.map_err(|error| wrong(chain(&error)))?;
        if !response.status().is_success() {
            return Err(wrong(response.status().to_string()));
        }
        let bytes = response.bytes().await.map_err(|error| wrong(chain(&error)))?;
        Ok(bytes.to_vec())
    }
}

/// A client for loopback alone.
pub(super) fn client() -> reqwest::Result<Client> {
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        // A worker inherits the connections that are open when it is forked, and then keeps one that the Space has
        // closed from looking closed: each request has its own.
        .pool_max_idle_per_host(0)
        .build()
}

/// `path` as a part of an address.
fn encoded(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            _ => text.extend(['%', hex(byte >> 4), hex(byte & 15)]),
        }
    }
    text
}

fn hex(digit: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(digit)])
}

/// What an error page says.
async fn said(response: Response) -> String {
    let text = response.text().await.unwrap_or_default();
    let detail = serde_json::from_str::<Value>(&text).ok();
    let detail = detail.and_then(|body| body["detail"].as_str().map(str::to_owned));
    detail.unwrap_or_else(|| text.chars().take(300).collect())
}

/// What a failed call says.
fn failure(output: &Value) -> String {
    let text = output["error"].as_str().or(output["message"].as_str());
    text.filter(|text| !text.is_empty()).map_or_else(
        || {
            "an exception that is not a `gr.Error`: its traceback is in the Space's log, and \
             `launch(show_error=True)` tells it to visitors too"
                .to_owned()
        },
        str::to_owned,
    )
}

/// An error with its causes, which say what the first line leaves out.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The messages of a stream: Gradio writes each on a line of its own.
struct Lines {
    stream: Response,
    read: Vec<u8>,
}

impl Lines {
    async fn next(&mut self) -> Result<Option<Value>, Refusal> {
        let mut searched = 0;
        loop {
            if let Some(end) = self.read[searched..].iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=searched + end).collect();
                searched = 0;
                if let Some(data) = line.strip_prefix(b"data:")
                    && let Ok(message) = serde_json::from_slice(data)
                {
                    return Ok(Some(message));
                }
                continue;
            }
            searched = self.read.len();
            if searched > LINE {
                let text = format!("its result is longer than {} MiB", LINE >> 20);
                return Err(Refusal::Failed(text));
            }
            match self.stream.chunk().await {
                Ok(Some(bytes)) => self.read.extend_from_slice(&bytes),
                Ok(None) => return Ok(None),
                Err(error) => return Err(Refusal::Lost(chain(&error))),
            }
        }
    }
}
