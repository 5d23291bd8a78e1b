//! Sends the request on to the URL that is its query, `/http3-fetch?http://127.0.0.1:9000/path`, and answers with the
//! response, whose body and trailers are handed on as they come. 502 with the reason if there is none.

use guests::query;
use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Fields, Request, Response, Scheme};
use wasip3::{spawn_local, wit_future, wit_stream};

struct Fetch;
wasip3::http::service::export!(Fetch);

impl wasip3::exports::http::handler::Guest for Fetch {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        match client::send(onward(request, query(&target))).await {
            Ok(response) => Ok(passed_on(response)),
            Err(error) => Ok(bad_gateway(format!("{error:?}\n"))),
        }
    }
}

/// `request`, to `url`: its method, Content-Type, Content-Length, TE, body and trailers.
fn onward(request: Request, url: &str) -> Request {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let headers = Fields::new();
    for name in ["content-type", "content-length", "te"] {
        headers.set(name, &request.get_headers().get(name)).unwrap();
    }
    let method = request.get_method();
    let (_, done) = wit_future::new(|| Ok(()));
    let (body, trailers) = Request::consume_body(request, done);
    let (onward, _sent) = Request::new(headers, Some(body), trailers, None);
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_string()),
    };
    onward.set_method(&method).unwrap();
    onward.set_scheme(Some(&scheme)).unwrap();
    onward.set_authority(Some(authority)).unwrap();
    onward.set_path_with_query(Some(if path.is_empty() { "/" } else { path })).unwrap();
    onward
}

fn passed_on(from: Response) -> Response {
    let headers = Fields::new();
    headers.set("content-type", &from.get_headers().get("content-type")).unwrap();
    let status = from.get_status_code();
    let (_, done) = wit_future::new(|| Ok(()));
    let (body, trailers) = Response::consume_body(from, done);
    let (response, _sent) = Response::new(headers, Some(body), trailers);
    response.set_status_code(status).unwrap();
    response
}

fn bad_gateway(reason: String) -> Response {
    let (mut body, contents) = wit_stream::new();
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (response, _sent) = Response::new(Fields::new(), Some(contents), trailers);
    response.set_status_code(502).unwrap();
    spawn_local(async move {
        body.write_all(reason.into_bytes()).await;
    });
    response
}
