//! The device API of the profiler: whatever is asked of it, in whatever order, it answers as HTTP, holds its books,
//! and signals no process that is not the Space's.
#![no_main]

use std::time::Instant;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use libfuzzer_sys::fuzz_target;
use spacelint_knowledge::platform::Tier;
use tower::ServiceExt;

#[expect(dead_code, unused_imports, reason = "what starts a Space and records it is not asked for")]
#[path = "../../../profiler/src"]
mod profiler {
    pub(crate) mod parts;
    pub(crate) mod recording;
    pub(crate) mod zerogpu {
        pub(crate) mod calls;
        pub(crate) mod hook;
        pub(crate) mod ledger;
        pub(crate) mod policy;
        pub(crate) mod processes;
        pub(crate) mod server;
        pub(crate) mod visitor;
        pub(crate) mod work;
    }
}
use profiler::zerogpu::hook::Told;
use profiler::zerogpu::ledger::{Ledger, Terms};
use profiler::zerogpu::server::{Scheduler, Setup};
pub(crate) use profiler::{parts, recording};

/// Each line is a request: a method, a path and a query, or what the hook writes.
fn run(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let hook = folder.path().join("told.jsonl");
    let told = Told::new(&hook, folder.path(), false).expect("a file");
    let Some((&first, rest)) = bytes.split_first() else { return };
    let tier = Tier::ALL[usize::from(first) % 4];
    let terms = Terms {
        slots: usize::from(first / 4 % 3) + 1,
        tier,
        quota_left: tier.quota_seconds(),
        cold_starts: u32::from(first / 16 % 3),
        client_factor: 1.0,
        platform_factor: 1.0,
    };
    let ledger = Ledger::new(terms, |number| format!("token-{number}"));
    let devices = vec!["0".to_owned()];
    let setup = Setup { ledger, told, began: Instant::now(), devices, tier };
    let (scheduler, mut seen) = Scheduler::new(setup);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let router = scheduler.router();
        for line in rest.split(|byte| *byte == b'\n').take(64) {
            if let Some(told) = line.strip_prefix(b"hook ") {
                let written = [told, b"\n"].concat();
                let mut file =
                    std::fs::OpenOptions::new().append(true).open(&hook).expect("it is there");
                std::io::Write::write_all(&mut file, &written).expect("there is room");
                scheduler.read_on();
                continue;
            }
            let Ok(line) = std::str::from_utf8(line) else { continue };
            let (method, uri) = line.split_once(' ').unwrap_or(("GET", line));
            let method = method.parse().unwrap_or(Method::GET);
            let Ok(request) = Request::builder().method(method).uri(uri).body(Body::empty()) else {
                continue;
            };
            let response = router.clone().oneshot(request).await.expect("nothing fails");
            let status = response.status();
            assert!(
                status.is_success()
                    || status.is_client_error()
                    || status == StatusCode::TOO_MANY_REQUESTS,
                "{status} for {line}"
            );
        }
        scheduler.close(true);
    });
    let mut over = 0;
    while seen.try_recv().is_ok() {
        over += 1;
    }
    assert!(over <= 256, "{over} things happened");
    assert_eq!(scheduler.ledger().waiting(), 0, "somebody still waits");
    assert!(scheduler.told().trouble.len() <= 64);
}

fuzz_target!(|bytes: &[u8]| run(bytes));
