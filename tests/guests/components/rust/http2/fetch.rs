//! Sends the request on to the URL that is its query, `/http2-fetch?http://127.0.0.1:9000/path`, and answers with the
//! response: its status, Content-Type, body and trailers. 502 with the reason if there is none. The request's
//! Content-Length and TE go along. Its fields `between-bytes` and `hold` are times in ms: for between-bytes-timeout,
//! and to wait before the response's body is read.

use guests::query;
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingRequest, IncomingResponse, OutgoingBody, OutgoingRequest,
    OutgoingResponse, RequestOptions, ResponseOutparam, Scheme, http_error_code,
};
use wasip2::io::streams::StreamError;

const CHUNK: u64 = 64 * 1024;

struct Fetch;
wasip2::http::proxy::export!(Fetch);

impl wasip2::exports::http::incoming_handler::Guest for Fetch {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let headers = request.headers();
        match sent(request, query(&target)) {
            Ok(from) => {
                let response = OutgoingResponse::new(picked(&from.headers(), &["content-type"]));
                response.set_status_code(from.status()).unwrap();
                let to = response.body().unwrap();
                ResponseOutparam::set(out, Ok(response));
                if let Some(time) = time(&headers, "hold") {
                    subscribe_duration(time).block();
                }
                pass_on(from.consume().unwrap(), to).unwrap(); // a body that broke off cuts the response
            }
            Err(error) => {
                let response = OutgoingResponse::new(Fields::new());
                response.set_status_code(502).unwrap();
                let body = response.body().unwrap();
                ResponseOutparam::set(out, Ok(response));
                let stream = body.write().unwrap();
                stream.blocking_write_and_flush(format!("{error:?}\n").as_bytes()).unwrap();
                drop(stream);
                OutgoingBody::finish(body, None).unwrap();
            }
        }
    }
}

/// The response to `request` from `url`. The whole request is sent before the response is waited for, unless the other
/// side has enough before.
fn sent(request: IncomingRequest, url: &str) -> Result<IncomingResponse, ErrorCode> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_string()),
    };
    let headers = request.headers();
    let onward = OutgoingRequest::new(picked(&headers, &["content-type", "content-length", "te"]));
    onward.set_method(&request.method()).unwrap();
    onward.set_scheme(Some(&scheme)).unwrap();
    onward.set_authority(Some(authority)).unwrap();
    onward.set_path_with_query(Some(if path.is_empty() { "/" } else { path })).unwrap();
    let to = onward.body().unwrap();
    let options = RequestOptions::new();
    options.set_between_bytes_timeout(time(&headers, "between-bytes")).unwrap();
    let response = outgoing_handler::handle(onward, Some(options))?;
    let _ = pass_on(request.consume().unwrap(), to);
    response.subscribe().block();
    response.get().unwrap().unwrap()
}

fn picked(from: &Fields, names: &[&str]) -> Fields {
    let headers = Fields::new();
    for name in names {
        headers.set(name, &from.get(name)).unwrap();
    }
    headers
}

/// Nanoseconds of a field in milliseconds.
fn time(headers: &Fields, name: &str) -> Option<u64> {
    let field = headers.get(name).pop()?;
    Some(std::str::from_utf8(&field).ok()?.parse::<u64>().ok()? * 1_000_000)
}

/// Copies a body and its trailers, as far as they come and are taken.
fn pass_on(from: IncomingBody, to: OutgoingBody) -> Result<(), ErrorCode> {
    let (input, output) = (from.stream().unwrap(), to.write().unwrap());
    loop {
        match output.blocking_splice(&input, CHUNK) {
            Ok(_) => {}
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(http_error_code(&error).unwrap_or(ErrorCode::InternalError(None)));
            }
        }
    }
    let _ = output.blocking_flush();
    drop((input, output));
    let trailers = IncomingBody::finish(from);
    trailers.subscribe().block();
    OutgoingBody::finish(to, trailers.get().unwrap().unwrap()?)
}
