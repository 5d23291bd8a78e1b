//! wasi:http/types as a plain handler has it. Fields are the crate's own.

use super::channels::{Channel, Kind, Party, Side};
use super::source::Source;
use super::tasks::Tasks;
use crate::component::state::State;
use http::request::Parts;
use http::header::HOST;
use http::uri::Authority;
use http::{Request, StatusCode};
use wasmtime::component::{LinkerInstance, Resource};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi::TrappableError;
use wasmtime_wasi_http::p2::bindings::http::types::IncomingRequest;
use wasmtime_wasi_http::p3::bindings::http::types::{HeaderError, HostFields, Method, Scheme};
use wasmtime_wasi_http::{FieldMap, WasiBody, WasiHttpCtxView, WasiHttpHooks};

/// A request that a handler has, before it consumes the body.
pub(super) struct Incoming {
    head: Parts,
    /// Its headers, once they have been asked for.
    fields: Option<FieldMap>,
    body: WasiBody,
}

impl Incoming {
    pub fn new(request: Request<WasiBody>) -> Self {
        let (head, body) = request.into_parts();
        Self { head, fields: None, body }
    }

    /// Which HTTP/1.1 has in `Host`.
    fn authority(&self) -> Option<Authority> {
        let host = || self.head.headers.get(HOST).and_then(|host| host.as_bytes().try_into().ok());
        self.head.uri.authority().cloned().or_else(host)
    }

    fn fields(&mut self, hooks: &mut dyn WasiHttpHooks) -> FieldMap {
        let Self { head, fields, .. } = self;
        fields.get_or_insert_with(|| FieldMap::new_immutable(hooks, head.headers.clone())).clone()
    }
}

/// A response that a handler has made. Numbers of channels.
pub(super) struct Outgoing {
    pub status: StatusCode,
    pub fields: FieldMap,
    pub contents: Option<usize>,
    pub trailers: usize,
    pub sent: usize,
}

type Store<'a> = StoreContextMut<'a, State>;
type Headed<T> = Result<(Result<T, HeaderError>,)>;

fn headed<T>(result: Result<T, TrappableError<HeaderError>>) -> Headed<T> {
    Ok((match result {
        Ok(value) => Ok(value),
        Err(error) => Err(error.downcast()?),
    },))
}

fn fields(number: u32) -> Resource<FieldMap> {
    Resource::new_borrow(number)
}

impl State {
    /// For the crate's fields.
    fn fields(&mut self) -> WasiHttpCtxView<'_> {
        self.asked = true;
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.tasks.resources, hooks: &mut self.hooks }
    }

    fn request(&mut self, number: u32) -> Result<&mut Incoming> {
        Ok(self.tasks().resources.get_mut(&Resource::new_borrow(number))?)
    }

    fn response(&mut self, number: u32) -> Result<&mut Outgoing> {
        Ok(self.tasks().resources.get_mut(&Resource::new_borrow(number))?)
    }
}

impl Tasks {
    /// The stream of its bytes, and the future of its trailers.
    fn consume_body(&mut self, request: u32, res: u32) -> Result<(u32, u32)> {
        let Incoming { body, .. } = self.resources.delete(Resource::new_own(request))?;
        self.channels.take_reader(res, Kind::Sent, Party::Nobody)?; // what became of it is the guest's own matter
        let source = Party::Source(self.sources.insert(Source::new(body)));
        let [bytes, trailers] = [Kind::Bytes, Kind::Trailers].map(|kind| self.channels.add(Channel::new(kind, source)));
        Ok((self.channels.give_end(bytes, Side::Reader)?, self.channels.give_end(trailers, Side::Reader)?))
    }

    /// The response, and the future of how its sending went.
    fn new_response(&mut self, headers: u32, contents: Option<u32>, trailers: u32) -> Result<(u32, u32)> {
        let mut fields: FieldMap = self.resources.delete(Resource::new_own(headers))?;
        fields.set_immutable();
        let contents = contents.map(|end| self.channels.take_reader(end, Kind::Bytes, Party::Response)).transpose()?;
        let trailers = self.channels.take_reader(trailers, Kind::Trailers, Party::Response)?;
        let sent = self.channels.add(Channel::new(Kind::Sent, Party::Response));
        let told = self.channels.give_end(sent, Side::Reader)?;
        let response = Outgoing { status: StatusCode::OK, fields, contents, trailers, sent };
        Ok((self.resources.push(response)?.rep(), told))
    }

    fn drop_response(&mut self, response: u32) -> Result<()> {
        let Outgoing { contents, trailers, sent, .. } = self.resources.delete(Resource::new_own(response))?;
        contents.into_iter().for_each(|contents| self.leave(contents));
        self.leave(trailers);
        self.channels.at(sent).value = Some(Ok(None));
        self.end_writing(sent)
    }
}

pub(super) fn add_to(types: &mut LinkerInstance<'_, State>) -> Result<()> {
    add_fields(types)?;
    add_messages(types)?;
    types.resource("incoming-request", wasmtime::component::ResourceType::host::<IncomingRequest>(), |_, _| Ok(()))
}

fn add_fields(types: &mut LinkerInstance<'_, State>) -> Result<()> {
    types.func_wrap("fields-new", |mut store: Store, (): ()| Ok((store.data_mut().fields().new()?.rep(),)))?;
    types.func_wrap("fields-from-list", |mut store: Store, (entries,): (Vec<(String, Vec<u8>)>,)| {
        headed(store.data_mut().fields().from_list(entries).map(|made| made.rep()))
    })?;
    types.func_wrap("fields-get", |mut store: Store, (this, name): (u32, String)| {
        Ok((store.data_mut().fields().get(fields(this), name)?,))
    })?;
    types.func_wrap("fields-has", |mut store: Store, (this, name): (u32, String)| {
        Ok((store.data_mut().fields().has(fields(this), name)?,))
    })?;
    types.func_wrap("fields-set", |mut store: Store, (this, name, values): (u32, String, Vec<Vec<u8>>)| {
        headed(store.data_mut().fields().set(fields(this), name, values))
    })?;
    types.func_wrap("fields-delete", |mut store: Store, (this, name): (u32, String)| {
        headed(store.data_mut().fields().delete(fields(this), name))
    })?;
    types.func_wrap("fields-get-and-delete", |mut store: Store, (this, name): (u32, String)| {
        headed(store.data_mut().fields().get_and_delete(fields(this), name))
    })?;
    types.func_wrap("fields-append", |mut store: Store, (this, name, value): (u32, String, Vec<u8>)| {
        headed(store.data_mut().fields().append(fields(this), name, value))
    })?;
    types.func_wrap("fields-copy-all", |mut store: Store, (this,): (u32,)| {
        Ok((store.data_mut().fields().copy_all(fields(this))?,))
    })?;
    types.func_wrap("fields-clone", |mut store: Store, (this,): (u32,)| {
        Ok((HostFields::clone(&mut store.data_mut().fields(), fields(this))?.rep(),))
    })?;
    types.func_wrap("fields-drop", |mut store: Store, (this,): (u32,)| {
        HostFields::drop(&mut store.data_mut().fields(), Resource::new_own(this))
    })
}

fn add_messages(types: &mut LinkerInstance<'_, State>) -> Result<()> {
    types.func_wrap("request-get-method", |mut store: Store, (this,): (u32,)| {
        Ok((Method::from(&store.data_mut().request(this)?.head.method),))
    })?;
    types.func_wrap("request-get-path-with-query", |mut store: Store, (this,): (u32,)| {
        Ok((store.data_mut().request(this)?.head.uri.path_and_query().map(|path| path.as_str().to_owned()),))
    })?;
    types.func_wrap("request-get-scheme", |mut store: Store, (this,): (u32,)| {
        Ok((Some(store.data_mut().request(this)?.head.uri.scheme().map_or(Scheme::Http, Scheme::from)),))
    })?;
    types.func_wrap("request-get-authority", |mut store: Store, (this,): (u32,)| {
        Ok((store.data_mut().request(this)?.authority().map(|authority| authority.as_str().to_owned()),))
    })?;
    types.func_wrap("request-get-headers", |mut store: Store, (this,): (u32,)| {
        let State { tasks, hooks, .. } = store.data_mut();
        let fields = tasks.resources.get_mut::<Incoming>(&Resource::new_borrow(this))?.fields(hooks);
        Ok((tasks.resources.push(fields)?.rep(),))
    })?;
    types.func_wrap("request-consume-body", |mut store: Store, (this, res): (u32, u32)| {
        Ok((store.data_mut().tasks().consume_body(this, res)?,))
    })?;
    types.func_wrap("request-drop", |mut store: Store, (this,): (u32,)| {
        store.data_mut().tasks().resources.delete::<Incoming>(Resource::new_own(this))?;
        Ok(())
    })?;
    types.func_wrap("response-new", |mut store: Store, (headers, contents, trailers): (u32, Option<u32>, u32)| {
        Ok((store.data_mut().tasks().new_response(headers, contents, trailers)?,))
    })?;
    types.func_wrap("response-get-status-code", |mut store: Store, (this,): (u32,)| {
        Ok((store.data_mut().response(this)?.status.as_u16(),))
    })?;
    types.func_wrap("response-set-status-code", |mut store: Store, (this, code): (u32, u16)| {
        let response = store.data_mut().response(this)?;
        let status = StatusCode::from_u16(code).ok().filter(|_| code < 600); // as the crate has it
        status.into_iter().for_each(|status| response.status = status);
        Ok((status.map(|_| ()).ok_or(()),))
    })?;
    types.func_wrap("response-get-headers", |mut store: Store, (this,): (u32,)| {
        let fields = store.data_mut().response(this)?.fields.clone();
        Ok((store.data_mut().tasks.resources.push(fields)?.rep(),))
    })?;
    types.func_wrap("response-drop", |mut store: Store, (this,): (u32,)| store.data_mut().tasks().drop_response(this))
}
