//! The same as `http3-streams`, but that it could send requests: so Wasmtime's own asynchronous functions run it.

include!("streams.rs");

#[unsafe(no_mangle)]
pub extern "C" fn keeps_the_client(request: Request) {
    spawn_local(async move { drop(wasip3::http::client::send(request).await) });
}
