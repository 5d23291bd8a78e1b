// What a handler can do with streams, futures and waits, by the end of the path; each answers with what came of it.

use guests::chosen;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use wasip3::clocks::monotonic_clock::{now, wait_for, wait_until};
use wasip3::http::types::{ErrorCode, Fields, HeaderError, Method, Request, Response, Scheme};
use wasip3::wit_bindgen::{FutureReader, StreamReader, StreamResult, yield_async};
use wasip3::{spawn_local, wit_future, wit_stream};

const MILLISECOND: u64 = 1_000_000;

struct Streams;
wasip3::http::service::export!(Streams);

type Trailers = FutureReader<Result<Option<Fields>, ErrorCode>>;

fn trailers(value: Result<Option<Fields>, ErrorCode>) -> Trailers {
    let (writer, reader) = wit_future::new(|| Ok(None));
    spawn_local(async move { _ = writer.write(value).await });
    reader
}

fn contents(text: String) -> StreamReader<u8> {
    let (mut body, contents) = wit_stream::new();
    spawn_local(async move { _ = body.write_all(text.into_bytes()).await });
    contents
}

fn answer(text: impl Into<String>) -> Response {
    Response::new(Fields::new(), Some(contents(text.into())), trailers(Ok(None))).0
}

fn sized(length: &str, text: &str) -> Response {
    let headers = Fields::new();
    headers.append("content-length", length.as_bytes()).unwrap();
    Response::new(headers, Some(contents(text.to_owned())), trailers(Ok(None))).0
}

async fn read_all(mut from: StreamReader<u8>, at_once: usize) -> (usize, u64) {
    let (mut length, mut sum) = (0, 0u64);
    loop {
        let (result, part) = from.read(Vec::with_capacity(at_once)).await;
        length += part.len();
        sum = part.iter().fold(sum, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        if !matches!(result, StreamResult::Complete(_)) {
            return (length, sum);
        }
    }
}

/// Whether it is over within some turns.
async fn is_over(work: impl Future) -> bool {
    let mut work = pin!(work);
    for _ in 0..3 {
        if poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await {
            return true;
        }
        yield_async().await;
    }
    false
}

impl wasip3::exports::http::handler::Guest for Streams {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let target = request.get_path_with_query().unwrap_or_default();
        Ok(match chosen(&target) {
            "head" => {
                let method = match request.get_method() {
                    Method::Get => "GET".to_owned(),
                    Method::Post => "POST".to_owned(),
                    Method::Other(name) => name,
                    _ => "another".to_owned(),
                };
                let scheme = matches!(request.get_scheme(), Some(Scheme::Http));
                let authority = request.get_authority().unwrap_or_default();
                let fields = request.get_headers();
                let immutable = matches!(fields.append("a", b"b"), Err(HeaderError::Immutable));
                let has_host = fields.has("host");
                let copied = fields.get("x-test").iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect::<Vec<_>>();
                answer(format!("{method} {target} {scheme} {authority} {immutable} {has_host} {copied:?}\n"))
            }
            "fields" => {
                let fields = Fields::from_list(&[("a".to_owned(), b"1".to_vec()), ("A".to_owned(), b"2".to_vec())]).unwrap();
                let bad = matches!(fields.append("bad name", b""), Err(HeaderError::InvalidSyntax));
                let forbidden = matches!(fields.set("connection", &[b"close".to_vec()]), Err(HeaderError::Forbidden));
                fields.set("b", &[b"3".to_vec(), b"4".to_vec()]).unwrap();
                let taken = fields.get_and_delete("a").unwrap().len();
                let copy = fields.clone();
                fields.delete("b").unwrap();
                let response = Response::new(copy, None, trailers(Ok(None))).0;
                response.set_status_code(299).unwrap();
                let refused = response.set_status_code(99).is_err();
                let text = format!("{bad} {forbidden} {taken} {} {refused} {}", fields.copy_all().len(), response.get_status_code());
                let headers = response.get_headers().clone();
                headers.append("x-found", text.as_bytes()).unwrap();
                let response = Response::new(headers, None, trailers(Ok(None))).0;
                response.set_status_code(299).unwrap();
                response
            }
            "nothing" => Response::new(Fields::new(), None, trailers(Ok(None))).0,
            "error" => return Err(ErrorCode::InternalError(Some("on purpose".to_owned()))),
            "panic" => panic!("on purpose"),
            "unread" => {
                drop(request);
                answer("not read\n")
            }
            "sum" => {
                let (body, end) = Request::consume_body(request, wit_future::new(|| Ok(())).1);
                let (length, sum) = read_all(body, 1000).await;
                let names = match end.await {
                    Ok(Some(fields)) => fields.copy_all().into_iter().map(|(name, value)| name + "=" + &String::from_utf8_lossy(&value)).collect(),
                    Ok(None) => Vec::new(),
                    Err(code) => vec![format!("{code:?}")],
                };
                answer(format!("{length} {sum} {names:?}\n"))
            }
            "part" => {
                let (mut body, end) = Request::consume_body(request, wit_future::new(|| Ok(())).1);
                let (_, part) = body.read(Vec::with_capacity(4)).await;
                drop(body);
                drop(end);
                answer(format!("{}\n", String::from_utf8_lossy(&part)))
            }
            "inside" => {
                let (mut to, from) = wit_stream::new();
                spawn_local(async move {
                    for part in 0..100u32 {
                        _ = to.write_all(vec![part as u8; 777]).await;
                    }
                });
                let (length, sum) = read_all(from, 1000).await;
                answer(format!("{length} {sum}\n"))
            }
            "nobody" => {
                let (mut to, from) = wit_stream::new();
                drop(from);
                let (result, left) = to.write(vec![1u8; 10]).await;
                answer(format!("{} {}\n", matches!(result, StreamResult::Dropped), left.into_vec().len()))
            }
            "cancel" => {
                let (mut to, mut from) = wit_stream::new::<u8>();
                let written = is_over(to.write(vec![1, 2, 3])).await;
                let read = is_over(from.read(Vec::with_capacity(3))).await;
                let (again, (_, found)) = futures_join(to.write_all(vec![4, 5]), from.read(Vec::with_capacity(9))).await;
                answer(format!("{written} {read} {} {found:?}\n", again.len()))
            }
            "early" => {
                let (mut body, contents) = wit_stream::new();
                let early = is_over(body.write(b"gone".to_vec())).await;
                let response = Response::new(Fields::new(), Some(contents), trailers(Ok(None))).0;
                spawn_local(async move { _ = body.write_all(format!("{early}\n").into_bytes()).await });
                response
            }
            "trailers" => {
                let fields = Fields::new();
                fields.append("x-end", b"reached").unwrap();
                let headers = Fields::new();
                headers.append("trailer", b"x-end").unwrap();
                Response::new(headers, Some(contents("body\n".to_owned())), trailers(Ok(Some(fields)))).0
            }
            "bad-end" => {
                Response::new(Fields::new(), Some(contents("body\n".to_owned())), trailers(Err(ErrorCode::LoopDetected))).0
            }
            "sent" => {
                let (response, sent) = Response::new(Fields::new(), Some(contents("body\n".to_owned())), trailers(Ok(None)));
                spawn_local(async move { eprintln!("sent: {:?}", sent.await) });
                response
            }
            "short" => sized("10", "four"),
            "long" => sized("4", "too long"),
            "exact" => sized("4", "four"),
            "large" => {
                let (mut body, contents) = wit_stream::new();
                spawn_local(async move {
                    for part in 0..64u32 {
                        if !body.write_all(vec![part as u8; 100_000]).await.is_empty() {
                            return;
                        }
                    }
                });
                Response::new(Fields::new(), Some(contents), trailers(Ok(None))).0
            }
            "wait" => {
                let begun = now();
                wait_for(0).await;
                wait_for(30 * MILLISECOND).await;
                wait_until(now() + 30 * MILLISECOND).await;
                wait_until(begun).await;
                answer(format!("{}\n", (60..1000).contains(&((now() - begun) / MILLISECOND))))
            }
            "leave-wait" => {
                let left = is_over(wait_for(10_000 * MILLISECOND)).await;
                answer(format!("{left}\n"))
            }
            "yield" => {
                for _ in 0..100 {
                    yield_async().await;
                }
                answer("yielded\n")
            }
            "after" => {
                let response = answer("before\n");
                spawn_local(async {
                    wait_for(50 * MILLISECOND).await;
                    eprintln!("after");
                });
                response
            }
            "never" => {
                let (body, contents) = wit_stream::new::<u8>();
                std::mem::forget(body);
                Response::new(Fields::new(), Some(contents), trailers(Ok(None))).0
            }
            other => answer(format!("there is no {other}\n")),
        })
    }
}

async fn futures_join<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut from_a, mut from_b) = (None, None);
    poll_fn(|context| {
        if from_a.is_none() && let Poll::Ready(value) = a.as_mut().poll(context) {
            from_a = Some(value);
        }
        if from_b.is_none() && let Poll::Ready(value) = b.as_mut().poll(context) {
            from_b = Some(value);
        }
        if from_a.is_some() && from_b.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    (from_a.unwrap(), from_b.unwrap())
}
