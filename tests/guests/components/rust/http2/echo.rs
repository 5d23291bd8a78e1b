//! Answers with the body and the trailers of the request, as they come and no faster than they are taken.
//! `?splice`: the host copies the body from stream to stream, else it goes through the guest's memory. `?length`: with
//! the request's Content-Length.

use guests::has;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

const CHUNK: u64 = 64 * 1024;

struct Echo;
wasip2::http::proxy::export!(Echo);

impl wasip2::exports::http::incoming_handler::Guest for Echo {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let headers = Fields::new();
        let length = if has(&target, "length") { "content-length" } else { "trailer" };
        for name in ["content-type", "trailer", length] {
            headers.set(name, &request.headers().get(name)).unwrap();
        }
        let response = OutgoingResponse::new(headers);
        let to = response.body().unwrap();
        ResponseOutparam::set(out, Ok(response));

        let from = request.consume().unwrap();
        let (input, output) = (from.stream().unwrap(), to.write().unwrap());
        let step = if has(&target, "splice") { splice } else { copy };
        while step(&input, &output).is_ok() {}
        output.blocking_flush().unwrap();
        drop((input, output));

        let trailers = IncomingBody::finish(from);
        trailers.subscribe().block();
        let trailers = trailers.get().unwrap().unwrap().unwrap();
        OutgoingBody::finish(to, trailers).unwrap();
    }
}

/// Copies what has come, at least a byte; an error where the input ended.
fn copy(input: &InputStream, output: &OutputStream) -> Result<(), StreamError> {
    let mut rest = &input.blocking_read(CHUNK)?[..];
    while !rest.is_empty() {
        output.subscribe().block();
        let taken = rest.len().min(output.check_write().unwrap() as usize);
        output.write(&rest[..taken]).unwrap();
        rest = &rest[taken..];
    }
    Ok(())
}

fn splice(input: &InputStream, output: &OutputStream) -> Result<(), StreamError> {
    output.blocking_splice(input, CHUNK).map(|_| ())
}
