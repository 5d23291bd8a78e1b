//! One GET request through wasi:http.

use wasip2::http::outgoing_handler;
use wasip2::http::types::{ErrorCode, Fields, IncomingResponse, OutgoingRequest, Scheme};

const CHUNK: u64 = 64 * 1024;
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The status and the body, or why there is none.
pub fn get(scheme: &str, authority: &str, target: &str, headers: &[(String, String)]) -> Result<(u16, Vec<u8>), String> {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
    let request = OutgoingRequest::new(Fields::from_list(&headers).map_err(|error| error.to_string())?);
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    request.set_scheme(Some(&scheme)).map_err(|()| "the scheme was refused")?;
    request.set_authority(Some(authority)).map_err(|()| "the authority was refused")?;
    request.set_path_with_query(Some(target)).map_err(|()| "the path was refused")?;
    let response = send(request).map_err(|error| error.to_string())?;
    Ok((response.status(), body(&response)?))
}

fn send(request: OutgoingRequest) -> Result<IncomingResponse, ErrorCode> {
    let response = outgoing_handler::handle(request, None)?;
    response.subscribe().block();
    response.get().expect("it is ready").expect("it is taken once")
}

fn body(response: &IncomingResponse) -> Result<Vec<u8>, String> {
    let body = response.consume().map_err(|()| "the body was taken")?;
    let stream = body.stream().map_err(|()| "the body was taken")?;
    let mut bytes = Vec::new();
    while bytes.len() <= MAX_BODY {
        use wasip2::io::streams::StreamError::{Closed, LastOperationFailed};
        match stream.blocking_read(CHUNK) {
            Ok(chunk) => bytes.extend(chunk),
            Err(Closed) => return Ok(bytes),
            Err(LastOperationFailed(error)) => return Err(error.to_debug_string()),
        }
    }
    Err("the body is too large".to_string())
}
