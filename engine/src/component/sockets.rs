//! wasi:sockets: connections of TCP to where C++ allows them, names through the server's own resolver. Nothing listens,
//! and no datagram is sent.

use super::outside::{Outbox, mayfly_failure_t, mayfly_outside_t};
use super::state::State;
use std::future::ready;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddress, IpAddressFamily, Network};
use wasmtime_wasi::p2::bindings::sockets::tcp_create_socket::Host as _;
use wasmtime_wasi::p2::{DynPollable, Pollable, TcpSocket, subscribe};
use wasmtime_wasi::p3::bindings::sockets::{ip_name_lookup as p3, types as p3_types};
use wasmtime_wasi::sockets::{SocketAddrUse, WasiSocketsView};

/// The longest name there is, as text.
const MOST_NAME_BYTES: usize = 253;

/// Grants what `outside` allows.
pub(super) fn allow(wasi: &mut WasiCtxBuilder, outside: mayfly_outside_t) {
    wasi.allow_tcp(outside.tcp).allow_udp(false).allow_ip_name_lookup(false);
    wasi.socket_addr_check(move |address, usage| Box::pin(ready(may_use(&outside, address, usage))));
}

fn may_use(outside: &mayfly_outside_t, address: SocketAddr, usage: SocketAddrUse) -> bool {
    match usage {
        SocketAddrUse::TcpConnect => outside.may_connect(address),
        // What every connection does before it is made; a port of its own choice would be the machine's.
        SocketAddrUse::TcpBind => address.ip().is_unspecified() && address.port() == 0,
        _ => false,
    }
}

type Looked = Result<Vec<IpAddr>, mayfly_failure_t>;

async fn look_up(outbox: Arc<Outbox>, name: String) -> Looked {
    let literal = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name);
    if let Ok(address) = literal.parse() {
        return Ok(vec![address]);
    }
    if name.is_empty() || name.len() > MOST_NAME_BYTES {
        return Err(mayfly_failure_t::BadUrl);
    }
    outbox.look_up(name).await
}

/// A name on its way to its addresses, for 0.2.
enum Lookup {
    Running(Pin<Box<dyn Future<Output = Looked> + Send>>),
    Done(Result<std::vec::IntoIter<IpAddr>, ErrorCode>),
}

impl Lookup {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<&mut Result<std::vec::IntoIter<IpAddr>, ErrorCode>> {
        if let Self::Running(running) = self {
            let Poll::Ready(looked) = running.as_mut().poll(context) else { return Poll::Pending };
            *self = Self::Done(looked.map(Vec::into_iter).map_err(error_of));
        }
        match self {
            Self::Done(done) => Poll::Ready(done),
            Self::Running(_) => unreachable!("it is done"),
        }
    }
}

#[async_trait::async_trait]
impl Pollable for Lookup {
    async fn ready(&mut self) {
        std::future::poll_fn(|context| self.poll(context).map(|_| ())).await;
    }
}

fn error_of(why: mayfly_failure_t) -> ErrorCode {
    match why {
        mayfly_failure_t::NotAllowed => ErrorCode::AccessDenied,
        mayfly_failure_t::BadUrl => ErrorCode::InvalidArgument,
        mayfly_failure_t::Timeout => ErrorCode::TemporaryResolverFailure,
        _ => ErrorCode::NameUnresolvable,
    }
}

fn error_of_03(why: mayfly_failure_t) -> p3::ErrorCode {
    match why {
        mayfly_failure_t::NotAllowed => p3::ErrorCode::AccessDenied,
        mayfly_failure_t::BadUrl => p3::ErrorCode::InvalidArgument,
        mayfly_failure_t::Timeout => p3::ErrorCode::TemporaryResolverFailure,
        _ => p3::ErrorCode::NameUnresolvable,
    }
}

type Store<'a> = StoreContextMut<'a, State>;

fn resolve_addresses(
    mut store: Store<'_>,
    (network, name): (Resource<Network>, String),
) -> Result<(Result<Resource<Lookup>, ErrorCode>,)> {
    let state = store.data_mut();
    state.table.get(&network)?;
    let mut lookup = Lookup::Running(Box::pin(look_up(state.hooks.0.clone(), name)));
    Ok((match lookup.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Err(code)) => Err(*code),
        _ => Ok(state.table.push(lookup)?),
    },))
}

fn resolve_next_address(
    mut store: Store<'_>,
    (lookup,): (Resource<Lookup>,),
) -> Result<(Result<Option<IpAddress>, ErrorCode>,)> {
    let lookup = store.data_mut().table.get_mut(&lookup)?;
    Ok((match lookup.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Pending => Err(ErrorCode::WouldBlock),
        Poll::Ready(Ok(addresses)) => Ok(addresses.next().map(Into::into)),
        Poll::Ready(Err(code)) => Err(*code),
    },))
}

fn subscribe_lookup(mut store: Store<'_>, (lookup,): (Resource<Lookup>,)) -> Result<(Resource<DynPollable>,)> {
    Ok((subscribe(&mut store.data_mut().table, lookup)?,))
}

/// A descriptor of the process each, so that they are counted.
fn create_tcp_socket(
    mut store: Store<'_>,
    (family,): (IpAddressFamily,),
) -> Result<(Result<Resource<TcpSocket>, ErrorCode>,)> {
    let state = store.data_mut();
    if state.sockets == state.hooks.0.outside.sockets {
        return Ok((Err(ErrorCode::NewSocketLimit),));
    }
    let made = match state.sockets().create_tcp_socket(family) {
        Ok(socket) => Ok(socket),
        Err(error) => Err(error.downcast()?),
    };
    state.sockets += usize::from(made.is_ok());
    Ok((made,))
}

fn drop_tcp_socket(mut store: Store<'_>, socket: u32) -> Result<()> {
    let state = store.data_mut();
    state.table.delete(Resource::<TcpSocket>::new_own(socket))?;
    state.sockets -= 1;
    Ok(())
}

/// Replaces what wasmtime-wasi has of these. The versions are those it names; the linker takes them for compatible ones.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    linker.allow_shadowing(true);
    let mut names = linker.instance("wasi:sockets/ip-name-lookup@0.2.12")?;
    names.resource("resolve-address-stream", ResourceType::host::<Lookup>(), |mut store, lookup| {
        store.data_mut().table.delete(Resource::<Lookup>::new_own(lookup))?;
        Ok(())
    })?;
    names.func_wrap("resolve-addresses", resolve_addresses)?;
    names.func_wrap("[method]resolve-address-stream.resolve-next-address", resolve_next_address)?;
    names.func_wrap("[method]resolve-address-stream.subscribe", subscribe_lookup)?;

    linker
        .instance("wasi:sockets/tcp@0.2.12")?
        .resource("tcp-socket", ResourceType::host::<TcpSocket>(), drop_tcp_socket)?;
    linker.instance("wasi:sockets/tcp-create-socket@0.2.12")?.func_wrap("create-tcp-socket", create_tcp_socket)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// The same for 0.3, in a linker for asynchronous functions.
pub(super) fn add_concurrent_to_linker(linker: &mut Linker<State>) -> Result<()> {
    linker.allow_shadowing(true);
    let mut names = linker.instance("wasi:sockets/ip-name-lookup@0.3.0")?;
    names.func_wrap_concurrent("resolve-addresses", |accessor, (name,): (String,)| {
        Box::pin(async move {
            let outbox = accessor.with(|mut store| store.data_mut().hooks.0.clone());
            let looked = look_up(outbox, name).await;
            let addresses = looked.map(|found| found.into_iter().map(p3_types::IpAddress::from).collect::<Vec<_>>());
            Ok((addresses.map_err(error_of_03),))
        })
    })?;
    linker.allow_shadowing(false);
    Ok(())
}
