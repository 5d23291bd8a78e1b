//! Answers with the body and the trailers of the request, as they come. `?copy`: the body goes through the guest's
//! memory, else its stream is handed on. `?length`: with the request's Content-Length.

use guests::has;
use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::wit_bindgen::{StreamReader, StreamResult};
use wasip3::{spawn_local, wit_future, wit_stream};

const CHUNK: usize = 64 * 1024;

struct Echo;
wasip3::http::service::export!(Echo);

impl wasip3::exports::http::handler::Guest for Echo {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        let headers = Fields::new();
        let length = if has(&target, "length") { "content-length" } else { "trailer" };
        for name in ["content-type", "trailer", length] {
            headers.set(name, &request.get_headers().get(name)).unwrap();
        }
        let (_, done) = wit_future::new(|| Ok(()));
        let (body, trailers) = Request::consume_body(request, done);
        let contents = if has(&target, "copy") { copied(body) } else { body };
        let (response, _sent) = Response::new(headers, Some(contents), trailers);
        Ok(response)
    }
}

/// A stream of what `from` yields, which ends when that ends, and which stops reading when nobody reads it.
fn copied(mut from: StreamReader<u8>) -> StreamReader<u8> {
    let (mut to, copy) = wit_stream::new();
    spawn_local(async move {
        loop {
            let (result, chunk) = from.read(Vec::with_capacity(CHUNK)).await;
            let unread = to.write_all(chunk).await;
            if !unread.is_empty() || !matches!(result, StreamResult::Complete(_)) {
                return;
            }
        }
    });
    copy
}
