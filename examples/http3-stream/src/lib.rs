use wasip3::clocks::monotonic_clock::wait_for;
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::{spawn_local, wit_future, wit_stream};

const SECOND: u64 = 1_000_000_000;
const EVENTS: u32 = 5;

struct Stream;
wasip3::http::service::export!(Stream);

impl wasip3::exports::http::handler::Guest for Stream {
    async fn handle(_request: Request) -> Result<Response, ErrorCode> {
        let headers = Fields::new();
        headers.append("content-type", b"text/event-stream").unwrap();
        let (mut body, contents) = wit_stream::new();
        let (_, trailers) = wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(headers, Some(contents), trailers);
        spawn_local(async move {
            for event in 1..=EVENTS {
                let unread = body.write_all(format!("data: {event}\n\n").into_bytes()).await;
                if !unread.is_empty() {
                    return;  // the client left
                }
                wait_for(SECOND / 5).await;
            }
        });
        Ok(response)
    }
}
