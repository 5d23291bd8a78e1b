//! Server-sent events: `?events=N` of them (3), `&delay=MS` apart (100). The first is sent at once.

use guests::number;
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

const MILLISECOND: u64 = 1_000_000;

struct Events;
wasip2::http::proxy::export!(Events);

impl wasip2::exports::http::incoming_handler::Guest for Events {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (events, delay) = (number(&target, "events", 3), number(&target, "delay", 100));
        let headers = Fields::new();
        headers.append("content-type", b"text/event-stream").unwrap();
        let response = OutgoingResponse::new(headers);
        let body = response.body().unwrap();
        ResponseOutparam::set(out, Ok(response));
        let stream = body.write().unwrap();
        for event in 1..=events {
            if event > 1 {
                subscribe_duration(delay * MILLISECOND).block();
            }
            if stream.blocking_write_and_flush(format!("data: {event}\n\n").as_bytes()).is_err() {
                return;
            }
        }
        drop(stream);
        OutgoingBody::finish(body, None).unwrap();
    }
}
