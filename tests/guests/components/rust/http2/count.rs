//! Which request of its sandbox this one is: `2\n`. `?wait=MS`: answers after that time. `?trap`: traps. `?spin=MS`:
//! computes for that time. `?keep`: returns without the end of its body. `?print`: a line to standard error.

use guests::{has, number};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

const MILLISECOND: u64 = 1_000_000;
static BEGUN: AtomicU64 = AtomicU64::new(0);

struct Count;
wasip2::http::proxy::export!(Count);

impl wasip2::exports::http::incoming_handler::Guest for Count {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let begun = BEGUN.fetch_add(1, Ordering::Relaxed) + 1;
        if has(&target, "print") {
            eprintln!("request {begun}");
        }
        if has(&target, "trap") {
            panic!("on purpose");
        }
        subscribe_duration(number(&target, "wait", 0) * MILLISECOND).block();
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(number(&target, "spin", 0)) {}
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().unwrap();
        ResponseOutparam::set(out, Ok(response));
        let stream = body.write().unwrap();
        stream.blocking_write_and_flush(format!("{begun}\n").as_bytes()).unwrap();
        if has(&target, "keep") {
            std::mem::forget((body, stream));
        } else {
            drop(stream);
            OutgoingBody::finish(body, None).unwrap();
        }
    }
}
