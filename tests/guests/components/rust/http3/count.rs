//! Which request of its sandbox this one is, and how many were in it when it answered: `2 of 1\n`. `?wait=MS`: answers
//! after that time. `?trap`: traps after it. `?spin=MS`: computes for that time. `?print`: a line to standard error.
//! `?error`: answers with an error code.

use guests::{has, number};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::{spawn_local, wit_future, wit_stream};

const MILLISECOND: u64 = 1_000_000;
static BEGUN: AtomicU64 = AtomicU64::new(0);
static PRESENT: AtomicU64 = AtomicU64::new(0);

struct Count;
wasip3::http::service::export!(Count);

impl wasip3::exports::http::handler::Guest for Count {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let begun = BEGUN.fetch_add(1, Ordering::Relaxed) + 1;
        PRESENT.fetch_add(1, Ordering::Relaxed);
        if has(&target, "print") {
            eprintln!("request {begun}");
        }
        wait_for(number(&target, "wait", 0) * MILLISECOND).await;
        if has(&target, "trap") {
            panic!("on purpose");
        }
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(number(&target, "spin", 0)) {}
        let present = PRESENT.fetch_sub(1, Ordering::Relaxed);
        if has(&target, "error") {
            return Err(ErrorCode::InternalError(Some("on purpose".to_string())));
        }
        let (mut body, contents) = wit_stream::new();
        let (_, trailers) = wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(Fields::new(), Some(contents), trailers);
        spawn_local(async move {
            body.write_all(format!("{begun} of {present}\n").into_bytes()).await;
        });
        Ok(response)
    }
}
