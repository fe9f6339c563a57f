//! Spaces that do not answer as they should.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::drive::{Driven, End, Examples, Gradio, How, Plan};

/// What is answered to each path: a status, and a body in pieces that come one by one.
type Answers = &'static [(&'static str, &'static str, &'static [&'static str])];

/// The address of a Space that answers so.
async fn space(answers: Answers) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, answers));
        }
    });
    format!("http://{address}/")
}

async fn answer(mut stream: TcpStream, answers: Answers) {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split_once("content-length: ").map_or("", |(_, rest)| rest);
            let length = length.lines().next().unwrap_or_default().parse().unwrap_or(0);
            if body.len() >= length {
                break;
            }
        }
        let mut piece = [0; 1024];
        match stream.read(&mut piece).await {
            Ok(read @ 1..) => request.extend_from_slice(&piece[..read]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request);
    let path = request.split([' ', '?']).nth(1).unwrap_or_default();
    let config = json!({
        "version": "6.0.0",
        "protocol": "sse_v3",
        "dependencies": [{ "id": 0, "api_name": "draw", "inputs": [] }],
    });
    let config = config.to_string();
    let plain = [config.as_str()];
    let found = answers.iter().find(|(of, ..)| *of == path);
    let (status, pieces) = match found {
        Some((_, status, pieces)) => (*status, *pieces),
        None if path == "/config" => ("200 OK", &plain[..]),
        None => ("404 Not Found", &[][..]),
    };
    // Only its close ends the body, but where something shorter than promised is the point.
    let length = if status.starts_with("206") { "content-length: 999\r\n" } else { "" };
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{length}\r\n");
    let _ = stream.write_all(head.as_bytes()).await;
    for piece in pieces {
        let _ = stream.write_all(piece.as_bytes()).await;
        let _ = stream.flush().await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How calls of its one endpoint go.
async fn drive(answers: Answers) -> Vec<Driven> {
    let gradio =
        Gradio::connect(&space(answers).await, HeaderMap::new()).await.expect("it answers");
    let plan = Plan::examples(&gradio.page, &Examples::load(&gradio).await);
    let visitor = |_| HeaderMap::new();
    let timeout = Duration::from_secs(5);
    let how = How { calls: Some(2), concurrency: 1, timeout, visitor: &visitor };
    gradio.drive(&plan, &how, std::future::pending(), |_| ()).await
}

/// What the first call says that failed, where the second is made all the same.
async fn failure(answers: Answers) -> String {
    let driven = drive(answers).await;
    let [Driven { end: End::Failed(said), .. }, _] = &driven[..] else { panic!("{driven:?}") };
    said.clone()
}

const JOINED: (&str, &str, &[&str]) = ("/queue/join", "200 OK", &["{\"event_id\": \"1\"}"]);

#[tokio::test]
async fn a_stream_comes_in_any_pieces() {
    const PIECES: &[&str] = &[
        ": a comment\r\n\r\nda",
        "ta: {\"msg\": \"process_starts\"}\n\ndata: not JSON\n\ndata:{\"msg\": \"process_gen",
        "erating\"}\r\n\r\nevent: x\ndata: {\"msg\": \"heartbeat\"}\n\ndata: {\"msg\": \"process_completed\", ",
        "\"success\": true, \"output\": {\"data\": [\"é\"]}}\n",
        "data: {\"msg\": \"close_stream\"}\n\n",
    ];
    let driven = drive(&[JOINED, ("/queue/data", "200 OK", PIECES)]).await;
    assert_eq!(driven[0].end, End::Done(json!(["é"])));
    assert_eq!((driven[0].yields, driven[0].queued_seconds.is_some()), (1, true));
}

#[tokio::test]
async fn what_goes_wrong_is_said() {
    const LOST: &[&str] = &["data: {\"msg\": \"unexpected_error\", \"message\": \"oh\"}\n\n"];
    const FULL: &[&str] = &["{\"detail\": \"Queue is full.\"}"];
    let said = failure(&[("/queue/join", "503 Service Unavailable", FULL)]).await;
    assert_eq!(said, "503 Service Unavailable: Queue is full.");

    assert_eq!(failure(&[JOINED, ("/queue/data", "200 OK", LOST)]).await, "oh");

    let said = failure(&[JOINED, ("/queue/data", "200 OK", &[])]).await;
    assert_eq!(said, "the Space ended the stream without a result");

    let said = failure(&[JOINED, ("/queue/data", "206 Partial Content", &["data: {"])]).await;
    assert!(said.starts_with("the connection broke: "), "{said}");

    let said = failure(&[JOINED]).await;
    assert_eq!(said, "404 Not Found: ");
}

#[tokio::test]
async fn what_is_no_space_is_said() {
    let why = async |answers: Answers| {
        let connected = Gradio::connect(&space(answers).await, HeaderMap::new()).await;
        connected.err().map(|error| error.to_string()).unwrap_or_default()
    };
    let said = why(&[("/config", "401 Unauthorized", &["{}"])]).await;
    assert!(said.contains("asks for a login"), "{said}");
    let said = why(&[("/config", "200 OK", &["<html>"])]).await;
    assert!(said.contains("is it a Gradio app?"), "{said}");
    let said = why(&[("/config", "500 Oh No", &["sorry"])]).await;
    assert!(said.contains("answers 500") && said.contains("sorry"), "{said}");
    let said = Gradio::connect("http://127.0.0.1:1", HeaderMap::new()).await;
    let said = said.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(said.contains("/config does not answer"), "{said}");
}
