//! Handlers that do what they should not, each chosen by the query or the end of the path: `/http2-bad?never`,
//! `/http2-bad/never`.

use guests::chosen;
use std::time::{Duration, Instant};
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::OutputStream;

const CHUNK: [u8; 4096] = [b'x'; 4096];
const GIBIBYTE: usize = 1 << 30;
const SLOW_READ: Duration = Duration::from_millis(10);

struct Bad;
wasip2::http::proxy::export!(Bad);

impl wasip2::exports::http::incoming_handler::Guest for Bad {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        match chosen(&target) {
            "never" => {}
            "trap-first" => panic!("before a response was set"),
            "loop-first" => spin(),
            "error" => ResponseOutparam::set(out, Err(ErrorCode::InternalError(Some("on purpose".to_string())))),
            "no-body" => ResponseOutparam::set(out, Ok(OutgoingResponse::new(Fields::new()))),
            "status" => {
                let set = OutgoingResponse::new(Fields::new()).set_status_code(42);
                answer(out, format!("42: {set:?}\n").as_bytes());
            }
            "twice" => twice(out),
            "header" => illegal_headers(out),
            "short" => with_length(out, 10, b"short"),
            "long" => with_length(out, 10, b"longer than ten"),
            "keep" => {
                let (body, stream) = started(out);
                stream.blocking_write_and_flush(b"kept\n").unwrap();
                std::mem::forget((body, stream));
            }
            "drop" => {
                let (_body, stream) = started(out);
                stream.blocking_write_and_flush(b"dropped\n").unwrap();
            }
            "trap" => {
                let (_body, stream) = started(out);
                stream.blocking_write_and_flush(&CHUNK).unwrap();
                panic!("after the first chunk");
            }
            "loop" => {
                let (_body, stream) = started(out);
                stream.blocking_write_and_flush(&CHUNK).unwrap();
                spin();
            }
            "slow" => slow(request, out),
            "unread" => answer(out, b"not read\n"),
            "flood" => flood(out),
            "too-much" => {
                let (_body, stream) = started(out);
                let permitted = stream.check_write().unwrap() as usize;
                stream.write(&vec![b'x'; permitted + 1]).unwrap();
            }
            other => answer(out, format!("there is no {other}\n").as_bytes()),
        }
    }
}

fn started(out: ResponseOutparam) -> (OutgoingBody, OutputStream) {
    started_with(out, Fields::new())
}

fn started_with(out: ResponseOutparam, headers: Fields) -> (OutgoingBody, OutputStream) {
    let response = OutgoingResponse::new(headers);
    let body = response.body().unwrap();
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().unwrap();
    (body, stream)
}

fn answer(out: ResponseOutparam, text: &[u8]) {
    let (body, stream) = started(out);
    stream.blocking_write_and_flush(text).unwrap();
    drop(stream);
    OutgoingBody::finish(body, None).unwrap();
}

fn spin() {
    let start = Instant::now();
    while start.elapsed() < Duration::MAX {}
}

/// Sets the response a second time with the handle that the first time gave away.
fn twice(out: ResponseOutparam) {
    let handle = out.take_handle();
    for _ in 0..2 {
        answer(unsafe { ResponseOutparam::from_handle(handle) }, b"once\n");
    }
}

/// A line for each header that must not be sent: what the host said to it.
fn illegal_headers(out: ResponseOutparam) {
    let mut said = String::new();
    for (name, value) in [
        ("a b", "x"),
        ("", "x"),
        ("x-lines", "a\r\nx-smuggled: b"),
        ("x-zero", "a\0b"),
        ("connection", "close"),
        ("transfer-encoding", "chunked"),
        ("host", "elsewhere"),
    ] {
        let result = Fields::new().append(name, value.as_bytes());
        said += &format!("{name}: {result:?}\n");
    }
    answer(out, said.as_bytes());
}

fn with_length(out: ResponseOutparam, length: u64, text: &[u8]) {
    let headers = Fields::new();
    headers.append("content-length", length.to_string().as_bytes()).unwrap();
    let (body, stream) = started_with(out, headers);
    let written = stream.blocking_write_and_flush(text);
    drop(stream);
    let finished = OutgoingBody::finish(body, None);
    eprintln!("written: {written:?}, finished: {finished:?}");
}

/// Reads the body of the request a byte at a time, and says how many there were.
fn slow(request: IncomingRequest, out: ResponseOutparam) {
    let body = request.consume().unwrap();
    let stream = body.stream().unwrap();
    let mut read = 0;
    while let Ok(bytes) = stream.blocking_read(1) {
        read += bytes.len();
        subscribe_duration(SLOW_READ.as_nanos() as u64).block();
    }
    answer(out, format!("{read} bytes\n").as_bytes());
}

fn flood(out: ResponseOutparam) {
    let (body, stream) = started(out);
    for _ in 0..GIBIBYTE / CHUNK.len() {
        if stream.blocking_write_and_flush(&CHUNK).is_err() {
            return;
        }
    }
    drop(stream);
    OutgoingBody::finish(body, None).unwrap();
}
