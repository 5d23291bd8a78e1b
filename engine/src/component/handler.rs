//! A handler of HTTP requests that has no asynchronous functions: of wasi:http 0.2, or a plain one of 0.3.

use super::http::Client;
use super::rewinding::Rewinder;
use super::state::State;
use super::{http02, plain};
use http::Request;
use std::sync::Arc;
use wasmtime::component::{Component, Instance, InstancePre};
use wasmtime::{Result, Store};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::p2::bindings::{Proxy, ProxyIndices};

pub(crate) struct Handler {
    pub pre: InstancePre<State>,
    entry: Entry,
    /// Of one that can be put back.
    pub rewinder: Option<Rewinder>,
}

enum Entry {
    Http02(ProxyIndices),
    Plain(plain::Exports),
}

impl Handler {
    pub fn http02(pre: InstancePre<State>, component: &Component) -> Result<Self> {
        Ok(Self { entry: Entry::Http02(ProxyIndices::new(&pre)?), rewinder: Rewinder::of(component), pre })
    }

    pub fn plain(pre: InstancePre<State>, component: &Component, exports: plain::Exports) -> Self {
        Self { entry: Entry::Plain(exports), rewinder: Rewinder::of(component), pre }
    }

    pub fn is_http02(&self) -> bool {
        matches!(self.entry, Entry::Http02(_))
    }

    pub async fn instantiate(&self, store: &mut Store<State>) -> Result<(Instance, Entered)> {
        let instance = self.pre.instantiate_async(&mut *store).await?;
        let entered = match &self.entry {
            Entry::Http02(indices) => Entered::Http02(indices.load(&mut *store, &instance)?),
            Entry::Plain(exports) => Entered::Plain(exports.load(store, &instance)?),
        };
        Ok((instance, entered))
    }
}

/// What one instance is called through.
pub(super) enum Entered {
    Http02(Proxy),
    Plain(plain::Functions),
}

impl Entered {
    /// One request, from its head to the end of its response.
    pub async fn handle(&self, store: &mut Store<State>, request: Request<WasiBody>, client: &Arc<Client>) -> Result<()> {
        match self {
            Self::Http02(proxy) => http02::handle(store, proxy, request, client).await,
            Self::Plain(functions) => plain::handle(store, functions, request, client).await,
        }
    }
}
