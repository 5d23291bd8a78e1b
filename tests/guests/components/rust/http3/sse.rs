//! Server-sent events: `?events=N` of them (3), `&delay=MS` apart (100). The first is sent at once.

use guests::number;
use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::{spawn_local, wit_future, wit_stream};

const MILLISECOND: u64 = 1_000_000;

struct Events;
wasip3::http::service::export!(Events);

impl wasip3::exports::http::handler::Guest for Events {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let (events, delay) = (number(&target, "events", 3), number(&target, "delay", 100));
        let headers = Fields::new();
        headers.append("content-type", b"text/event-stream").unwrap();
        let (mut body, contents) = wit_stream::new();
        let (_, trailers) = wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(headers, Some(contents), trailers);
        spawn_local(async move {
            for event in 1..=events {
                if event > 1 {
                    wait_for(delay * MILLISECOND).await;
                }
                let unread = body.write_all(format!("data: {event}\n\n").into_bytes()).await;
                if !unread.is_empty() {
                    return;
                }
            }
        });
        Ok(response)
    }
}
