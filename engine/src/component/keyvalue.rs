//! wasi:keyvalue, in both of its drafts: in memory, for the invocations of one version of a function together, until the
//! server ends or the version is replaced.

use super::state::State;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};
use wasmtime::component::{ComponentNamedList, ComponentType, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType};
use wasmtime::{Result, StoreContextMut};

const DRAFT: &str = "0.2.0-draft";
const DRAFT_2: &str = "0.2.0-draft2";

/// What an entry takes beside its bytes.
const ENTRY_BYTES: usize = 128;
/// Of one answer to list-keys.
const KEYS: usize = 1000;

/// By bucket and key.
type Entries = BTreeMap<(String, String), Vec<u8>>;

#[derive(Default)]
struct Content {
    entries: Entries,
    bytes: usize,
}

/// What is kept, shared by the loops. The lock is held for one operation.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Content>);

#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum Error {
    #[component(name = "no-such-store")]
    NoSuchStore,
    #[component(name = "access-denied")]
    AccessDenied,
    #[component(name = "other")]
    Other(String),
}

type Tried<T> = Result<T, Error>;

/// A resource: its name is part of the keys.
pub(crate) struct Bucket(String);

/// What an entry was when a guest looked at it.
struct Cas {
    place: (String, String),
    seen: Option<Vec<u8>>,
}

#[derive(ComponentType, Lower)]
#[component(record)]
struct Keys<C> {
    keys: Vec<String>,
    cursor: Option<C>,
}

#[derive(ComponentType, Lower)]
#[component(variant)]
enum CasError {
    #[component(name = "store-error")]
    Store(Error),
    #[component(name = "cas-failed")]
    Failed(Resource<Cas>),
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Content {
    fn set(&mut self, most: usize, place: (String, String), value: Vec<u8>) -> Tried<()> {
        let size = |place: &(String, String), value: &[u8]| place.0.len() + place.1.len() + value.len() + ENTRY_BYTES;
        let before = self.entries.get(&place).map_or(0, |old| size(&place, old));
        let after = self.bytes - before + size(&place, &value);
        if after > most {
            return Err(Error::Other(format!("all entries of a function together take at most {most} bytes")));
        }
        self.bytes = after;
        self.entries.insert(place, value);
        Ok(())
    }

    fn delete(&mut self, place: &(String, String)) {
        if let Some(old) = self.entries.remove(place) {
            self.bytes -= place.0.len() + place.1.len() + old.len() + ENTRY_BYTES;
        }
    }

    /// The keys of a bucket after one, and whether there are more.
    fn keys(&self, bucket: &str, after: Option<String>) -> (Vec<String>, bool) {
        let from = match after {
            Some(key) => Bound::Excluded((bucket.to_owned(), key)),
            None => Bound::Included((bucket.to_owned(), String::new())),
        };
        let mut all = self.entries.range((from, Bound::Unbounded)).take_while(|((of, _), _)| of == bucket);
        let keys: Vec<String> = all.by_ref().take(KEYS).map(|((_, key), _)| key.clone()).collect();
        (keys, all.next().is_some())
    }

    /// Numbers are kept as decimal text.
    fn increment<N>(&mut self, most: usize, place: (String, String), add: impl Fn(N) -> Option<N>) -> Tried<N>
    where
        N: std::str::FromStr + std::fmt::Display + Default,
    {
        let bad = |why: &str| Error::Other(format!("the value of `{}` {why}", place.1));
        let before = match self.entries.get(&place) {
            None => N::default(),
            Some(value) => {
                let text = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                text.ok_or_else(|| bad("is not a number"))?
            }
        };
        let after = add(before).ok_or_else(|| bad("would pass the range of its type"))?;
        self.set(most, place, after.to_string().into_bytes())?;
        Ok(after)
    }
}

type Store<'a> = StoreContextMut<'a, State>;

/// What an operation needs: the content, its limit, and the name of the bucket.
struct Place {
    kept: Arc<Kept>,
    most: usize,
    bucket: String,
}

impl Place {
    fn of(store: &mut Store<'_>, bucket: &Resource<Bucket>) -> Result<Self> {
        let state = store.data_mut();
        let bucket = state.table.get(bucket)?.0.clone();
        Ok(Self { kept: state.kept.clone(), most: state.kept_most, bucket })
    }

    fn at(&self, key: String) -> (String, String) {
        (self.bucket.clone(), key)
    }
}

type OnKey<'a> = (Resource<Bucket>, String);
type Pairs = Vec<(String, Vec<u8>)>;

fn add_store(linker: &mut Linker<State>, version: &str) -> Result<()> {
    let mut store = linker.instance(&format!("wasi:keyvalue/store@{version}"))?;
    store.resource("bucket", ResourceType::host::<Bucket>(), |mut store, bucket| {
        store.data_mut().table.delete(Resource::<Bucket>::new_own(bucket))?;
        Ok(())
    })?;
    store.func_wrap("open", |mut store: Store<'_>, (name,): (String,)| {
        Ok((Tried::Ok(store.data_mut().table.push(Bucket(name))?),))
    })?;
    store.func_wrap("[method]bucket.get", |mut store: Store<'_>, (bucket, key): OnKey| {
        let place = Place::of(&mut store, &bucket)?;
        let found = place.kept.lock().entries.get(&place.at(key)).cloned();
        Ok((Tried::Ok(found),))
    })?;
    store.func_wrap("[method]bucket.set", |mut store: Store<'_>, (bucket, key, value): (Resource<Bucket>, String, Vec<u8>)| {
        let place = Place::of(&mut store, &bucket)?;
        Ok((place.kept.lock().set(place.most, place.at(key), value),))
    })?;
    store.func_wrap("[method]bucket.delete", |mut store: Store<'_>, (bucket, key): OnKey| {
        let place = Place::of(&mut store, &bucket)?;
        place.kept.lock().delete(&place.at(key));
        Ok((Tried::Ok(()),))
    })?;
    store.func_wrap("[method]bucket.exists", |mut store: Store<'_>, (bucket, key): OnKey| {
        let place = Place::of(&mut store, &bucket)?;
        let exists = place.kept.lock().entries.contains_key(&place.at(key));
        Ok((Tried::Ok(exists),))
    })?;
    if version == DRAFT_2 {
        add_listing(&mut store, |key, _| key, |cursor: String, _| Some(cursor))
    } else {
        // A number cannot say after which key to go on, so it counts those that were given out.
        add_listing(&mut store, |_, given| given, |cursor: u64, keys| {
            usize::try_from(cursor).ok()?.checked_sub(1).and_then(|last| keys().into_iter().nth(last))
        })
    }
}

/// `next` makes a cursor of the last key and of how many were given out; `after` finds the key to go on after.
fn add_listing<C>(
    store: &mut LinkerInstance<'_, State>,
    next: fn(String, u64) -> C,
    after: fn(C, &dyn Fn() -> Vec<String>) -> Option<String>,
) -> Result<()>
where
    C: Count + ComponentType + Lift + Lower + Send + Sync + 'static,
    (Tried<Keys<C>>,): ComponentNamedList + Lower,
{
    store.func_wrap("[method]bucket.list-keys", move |mut store: Store<'_>, (bucket, cursor): (Resource<Bucket>, Option<C>)| {
        let place = Place::of(&mut store, &bucket)?;
        let content = place.kept.lock();
        let given = cursor.as_ref().map_or(0, Count::count);
        let all = || content.entries.keys().filter(|(of, _)| *of == place.bucket).map(|(_, key)| key.clone()).collect();
        let from = cursor.and_then(|cursor| after(cursor, &all));
        let (keys, more) = content.keys(&place.bucket, from);
        let cursor = keys.last().filter(|_| more).map(|last| next(last.clone(), given + keys.len() as u64));
        Ok((Tried::Ok(Keys { keys, cursor }),))
    })
}

/// How many keys a cursor stands behind, when it says so.
trait Count {
    fn count(&self) -> u64;
}
impl Count for u64 {
    fn count(&self) -> u64 {
        *self
    }
}
impl Count for String {
    fn count(&self) -> u64 {
        0
    }
}

fn add_batch(linker: &mut Linker<State>, version: &str) -> Result<()> {
    let mut batch = linker.instance(&format!("wasi:keyvalue/batch@{version}"))?;
    batch.func_wrap("get-many", |mut store: Store<'_>, (bucket, keys): (Resource<Bucket>, Vec<String>)| {
        let place = Place::of(&mut store, &bucket)?;
        let content = place.kept.lock();
        let get = |key: String| {
            let value = content.entries.get(&place.at(key.clone())).cloned();
            value.map(|value| (key, value))
        };
        Ok((Tried::Ok(keys.into_iter().map(get).collect::<Vec<_>>()),))
    })?;
    batch.func_wrap("set-many", |mut store: Store<'_>, (bucket, pairs): (Resource<Bucket>, Pairs)| {
        let place = Place::of(&mut store, &bucket)?;
        let mut content = place.kept.lock();
        Ok((pairs.into_iter().try_for_each(|(key, value)| content.set(place.most, place.at(key), value)),))
    })?;
    batch.func_wrap("delete-many", |mut store: Store<'_>, (bucket, keys): (Resource<Bucket>, Vec<String>)| {
        let place = Place::of(&mut store, &bucket)?;
        let mut content = place.kept.lock();
        keys.into_iter().for_each(|key| content.delete(&place.at(key)));
        Ok((Tried::Ok(()),))
    })
}

fn add_atomics(linker: &mut Linker<State>) -> Result<()> {
    let mut atomics = linker.instance(&format!("wasi:keyvalue/atomics@{DRAFT}"))?;
    atomics.func_wrap("increment", |mut store: Store<'_>, (bucket, key, by): (Resource<Bucket>, String, u64)| {
        let place = Place::of(&mut store, &bucket)?;
        Ok((place.kept.lock().increment(place.most, place.at(key), |before: u64| before.checked_add(by)),))
    })?;

    let mut atomics = linker.instance(&format!("wasi:keyvalue/atomics@{DRAFT_2}"))?;
    atomics.func_wrap("increment", |mut store: Store<'_>, (bucket, key, by): (Resource<Bucket>, String, i64)| {
        let place = Place::of(&mut store, &bucket)?;
        Ok((place.kept.lock().increment(place.most, place.at(key), |before: i64| before.checked_add(by)),))
    })?;
    atomics.resource("cas", ResourceType::host::<Cas>(), |mut store, cas| {
        store.data_mut().table.delete(Resource::<Cas>::new_own(cas))?;
        Ok(())
    })?;
    atomics.func_wrap("[static]cas.new", |mut store: Store<'_>, (bucket, key): OnKey| {
        let place = Place::of(&mut store, &bucket)?;
        let at = place.at(key);
        let seen = place.kept.lock().entries.get(&at).cloned();
        Ok((Tried::Ok(store.data_mut().table.push(Cas { place: at, seen })?),))
    })?;
    atomics.func_wrap("[method]cas.current", |mut store: Store<'_>, (cas,): (Resource<Cas>,)| {
        Ok((Tried::Ok(store.data_mut().table.get(&cas)?.seen.clone()),))
    })?;
    atomics.func_wrap("swap", |mut store: Store<'_>, (cas, value): (Resource<Cas>, Vec<u8>)| {
        let state = store.data_mut();
        let mut cas = state.table.delete(cas)?;
        let kept = state.kept.clone();
        let mut content = kept.lock();
        let now = content.entries.get(&cas.place);
        if now == cas.seen.as_ref() {
            return Ok((content.set(state.kept_most, cas.place, value).map_err(CasError::Store),));
        }
        cas.seen = now.cloned();
        Ok((Err(CasError::Failed(state.table.push(cas)?)),))
    })
}

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    for version in [DRAFT, DRAFT_2] {
        add_store(linker, version)?;
        add_batch(linker, version)?;
    }
    add_atomics(linker)
}
