//! Says hello.

use wasip3::http::types::{ErrorCode, Fields, Request, Response};
use wasip3::{spawn_local, wit_future, wit_stream};

const BODY: &[u8] = b"Hello, World!\n";

struct Hello;
wasip3::http::service::export!(Hello);

impl wasip3::exports::http::handler::Guest for Hello {
    async fn handle(_request: Request) -> Result<Response, ErrorCode> {
        let headers = Fields::new();
        headers.append("content-type", b"text/plain").unwrap();
        headers.append("content-length", BODY.len().to_string().as_bytes()).unwrap();
        let (mut body, contents) = wit_stream::new();
        let (_, trailers) = wit_future::new(|| Ok(None));
        let (response, _sent) = Response::new(headers, Some(contents), trailers);
        spawn_local(async move {
            body.write_all(BODY.to_vec()).await;
        });
        Ok(response)
    }
}
