//! wasi:filesystem 0.3, over the files of C++; as of 0.2, with streams of the component model.

use super::filesystem::conversions;
use super::files::{At, Open, mayfly_change_t, mayfly_open_t, mayfly_stat_t, mayfly_time_t};
use super::state::State;
use bytes::Bytes;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::oneshot;
use wasmtime::component::{
    Access, Accessor, Destination, FutureReader, HasData, Linker, Resource, Source, StreamConsumer, StreamProducer,
    StreamReader, StreamResult, VecBuffer,
};
use wasmtime::{Result, StoreContextMut};
use wasmtime_wasi::p3::bindings::clocks::system_clock::Instant;
use wasmtime_wasi::p3::bindings::filesystem::preopens;
use wasmtime_wasi::p3::bindings::filesystem::types::{
    self, Advice, Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, Filesize,
    MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p3::filesystem::{FilesystemError, FilesystemResult};

/// Of one read or write, and entries of one listing.
const CHUNK: usize = 64 << 10;
const ENTRIES: usize = 32;

/// The files of a guest.
pub(super) struct Files<'a>(&'a mut State);

pub(super) struct HasFiles;
impl HasData for HasFiles {
    type Data<'a> = Files<'a>;
}

/// In place of what wasmtime-wasi has of these.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> Result<()> {
    linker.allow_shadowing(true);
    types::add_to_linker::<State, HasFiles>(linker, |state| Files(state))?;
    preopens::add_to_linker::<State, HasFiles>(linker, |state| Files(state))?;
    linker.allow_shadowing(false);
    Ok(())
}

conversions! { other_type: DescriptorType::Other(None), codes: {} }

fn failed(error: io::Error) -> FilesystemError {
    code_of(&error).into()
}

const SECOND: u64 = 1_000_000_000;

fn time_of(nanoseconds: u64) -> Option<Instant> {
    Some(Instant { seconds: (nanoseconds / SECOND) as i64, nanoseconds: (nanoseconds % SECOND) as u32 })
}

fn new_time(time: NewTimestamp) -> FilesystemResult<mayfly_time_t> {
    let none = mayfly_time_t { seconds: 0, nanoseconds: 0, set: false, now: false };
    Ok(match time {
        NewTimestamp::NoChange => none,
        NewTimestamp::Now => mayfly_time_t { set: true, now: true, ..none },
        NewTimestamp::Timestamp(time) if u64::from(time.nanoseconds) < SECOND => {
            mayfly_time_t { seconds: time.seconds, nanoseconds: time.nanoseconds.into(), set: true, now: false }
        }
        NewTimestamp::Timestamp(_) => return Err(ErrorCode::Invalid.into()),
    })
}

/// How a stream ended, told once: without an error when nobody said so.
struct Ending(Option<oneshot::Sender<Result<(), ErrorCode>>>);

impl Ending {
    fn new() -> (Self, oneshot::Receiver<Result<(), ErrorCode>>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Some(sender)), receiver)
    }

    fn tell(&mut self, how: Result<(), ErrorCode>) -> Poll<Result<StreamResult>> {
        if let Some(sender) = self.0.take() {
            _ = sender.send(how);
        }
        Poll::Ready(Ok(StreamResult::Dropped))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        _ = self.tell(Ok(()));
    }
}

/// What is read, from a place on.
struct Reading {
    file: Arc<Open>,
    position: u64,
    ending: Ending,
}

impl<D> StreamProducer<D> for Reading {
    type Item = u8;
    type Buffer = Bytes;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut store: StoreContextMut<'a, D>,
        mut to: Destination<'a, u8, Self::Buffer>,
        _finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let room = to.remaining(&mut store).unwrap_or(CHUNK).min(CHUNK);
        if room == 0 {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match self.file.read(self.position, room) {
            Ok(bytes) if bytes.is_empty() => self.ending.tell(Ok(())),
            Ok(bytes) => {
                self.position += bytes.len() as u64;
                to.set_buffer(bytes.into());
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Err(error) => self.ending.tell(Err(code_of(&error))),
        }
    }
}

/// What is written, from a place on or at the end.
struct Writing {
    file: Arc<Open>,
    position: Option<u64>,
    ending: Ending,
}

impl<D> StreamConsumer<D> for Writing {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<D>,
        from: Source<u8>,
        _finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let mut from = from.as_direct(store);
        let bytes = from.remaining();
        let part = &bytes[..bytes.len().min(CHUNK)];
        if part.is_empty() {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match self.file.write(self.position, part) {
            Ok(0) => self.ending.tell(Err(ErrorCode::Io)),
            Ok(written) => {
                from.mark_read(written);
                self.position = self.position.map(|position| position + written as u64);
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Err(error) => self.ending.tell(Err(code_of(&error))),
        }
    }
}

/// A listing, read on as it is needed.
struct Listing {
    directory: Arc<Open>,
    cookie: u64,
    ending: Ending,
}

impl<D> StreamProducer<D> for Listing {
    type Item = DirectoryEntry;
    type Buffer = VecBuffer<DirectoryEntry>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut store: StoreContextMut<'a, D>,
        mut to: Destination<'a, DirectoryEntry, Self::Buffer>,
        _finish: bool,
    ) -> Poll<Result<StreamResult>> {
        let room = to.remaining(&mut store).unwrap_or(ENTRIES).min(ENTRIES);
        if room == 0 {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let mut shown = Vec::new();
        while shown.is_empty() {
            let entries = match self.directory.list(self.cookie, room) {
                Ok(entries) if entries.is_empty() => return self.ending.tell(Ok(())),
                Ok(entries) => entries,
                Err(error) => return self.ending.tell(Err(code_of(&error))),
            };
            for (name, kind, next) in entries {
                self.cookie = next;
                if name != "." && name != ".." {
                    shown.push(DirectoryEntry { type_: type_of(kind), name });
                }
            }
        }
        to.set_buffer(shown.into());
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

type Fd = Resource<Descriptor>;

impl Files<'_> {
    fn get(&self, fd: &Fd) -> Result<Arc<Open>> {
        Ok(self.0.table.get(&Resource::<Arc<Open>>::new_borrow(fd.rep()))?.clone())
    }

    fn push(&mut self, open: Arc<Open>) -> Result<Fd> {
        Ok(Resource::new_own(self.0.table.push(open)?.rep()))
    }
}

fn any<U>(store: &Accessor<U, HasFiles>, fd: &Fd) -> FilesystemResult<Arc<Open>> {
    store.with(|mut store| store.get().get(fd)).map_err(FilesystemError::trap)
}

fn directory<U>(store: &Accessor<U, HasFiles>, fd: &Fd) -> FilesystemResult<Arc<Open>> {
    let open = any(store, fd)?;
    if open.is_directory { Ok(open) } else { Err(ErrorCode::NotDirectory.into()) }
}

fn file<U>(store: &Accessor<U, HasFiles>, fd: &Fd) -> FilesystemResult<Arc<Open>> {
    let open = any(store, fd)?;
    if open.is_directory { Err(ErrorCode::IsDirectory.into()) } else { Ok(open) }
}

/// Something new is not made at `..`: that leads out, and only then is it a name that is taken.
fn inside(path: &str) -> FilesystemResult<()> {
    if path.trim_end_matches('/') == ".." { Err(ErrorCode::NotPermitted.into()) } else { Ok(()) }
}

fn change<U>(store: &Accessor<U, HasFiles>, what: mayfly_change_t, fd: &Fd, path: &str) -> FilesystemResult<()> {
    inside(path)?;
    let directory = directory(store, fd)?;
    directory.change(what, path, &directory, "").map_err(failed)
}

/// The file, when it may be used so.
fn usable(open: &Open, may: bool) -> Result<(), ErrorCode> {
    match (open.is_directory, may) {
        (true, _) => Err(ErrorCode::IsDirectory),
        (false, false) => Err(ErrorCode::BadDescriptor),
        (false, true) => Ok(()),
    }
}

type Ended = FutureReader<Result<(), ErrorCode>>;

fn write_to<U: 'static>(
    mut store: Access<'_, U, HasFiles>,
    fd: &Fd,
    mut data: StreamReader<u8>,
    position: Option<u64>,
) -> Result<Ended> {
    let file = store.get().get(fd)?;
    let (mut ending, ended) = Ending::new();
    match usable(&file, file.options.write) {
        Ok(()) => data.pipe(&mut store, Writing { file, position, ending })?,
        Err(code) => {
            _ = ending.tell(Err(code));
            data.close(&mut store)?;
        }
    }
    FutureReader::new(&mut store, ended)
}

impl types::Host for Files<'_> {
    fn convert_error_code(&mut self, error: FilesystemError) -> Result<ErrorCode> {
        error.downcast()
    }
}

impl preopens::Host for Files<'_> {
    fn get_directories(&mut self) -> Result<Vec<(Fd, String)>> {
        let mounts = self.0.files.mounts();
        mounts.into_iter().map(|(open, path)| Ok((self.push(open)?, path))).collect()
    }
}

impl types::HostDescriptor for Files<'_> {
    fn drop(&mut self, fd: Fd) -> Result<()> {
        self.0.table.delete(Resource::<Arc<Open>>::new_own(fd.rep()))?;
        Ok(())
    }
}

impl<U: 'static> types::HostDescriptorWithStore<U> for HasFiles {
    fn read_via_stream(
        mut store: Access<U, Self>,
        fd: Fd,
        offset: Filesize,
    ) -> Result<(StreamReader<u8>, Ended)> {
        let file = store.get().get(&fd)?;
        let (mut ending, ended) = Ending::new();
        let stream = match usable(&file, file.options.read) {
            Ok(()) => StreamReader::new(&mut store, Reading { file, position: offset, ending })?,
            Err(code) => {
                _ = ending.tell(Err(code));
                StreamReader::new(&mut store, std::iter::empty())?
            }
        };
        Ok((stream, FutureReader::new(&mut store, ended)?))
    }

    fn write_via_stream(store: Access<'_, U, Self>, fd: Fd, data: StreamReader<u8>, offset: Filesize) -> Result<Ended> {
        write_to(store, &fd, data, Some(offset))
    }

    fn append_via_stream(store: Access<'_, U, Self>, fd: Fd, data: StreamReader<u8>) -> Result<Ended> {
        write_to(store, &fd, data, None)
    }

    fn read_directory(mut store: Access<'_, U, Self>, fd: Fd) -> Result<(StreamReader<DirectoryEntry>, Ended)> {
        let directory = store.get().get(&fd)?;
        let (mut ending, ended) = Ending::new();
        let stream = if directory.is_directory {
            StreamReader::new(&mut store, Listing { directory, cookie: 0, ending })?
        } else {
            _ = ending.tell(Err(ErrorCode::NotDirectory));
            StreamReader::new(&mut store, std::iter::empty())?
        };
        Ok((stream, FutureReader::new(&mut store, ended)?))
    }

    async fn advise(
        store: &Accessor<U, Self>,
        fd: Fd,
        offset: Filesize,
        length: Filesize,
        advice: Advice,
    ) -> FilesystemResult<()> {
        let open = any(store, &fd)?;
        if open.is_directory {
            return Err(ErrorCode::BadDescriptor.into());
        }
        open.advise(offset, length, advice as u8).map_err(failed)
    }

    async fn sync_data(store: &Accessor<U, Self>, fd: Fd) -> FilesystemResult<()> {
        any(store, &fd)?.sync(true).await.map_err(failed)
    }

    async fn get_flags(store: &Accessor<U, Self>, fd: Fd) -> FilesystemResult<DescriptorFlags> {
        let open = any(store, &fd)?;
        let given = [
            (open.options.read, DescriptorFlags::READ),
            (open.options.write, DescriptorFlags::WRITE),
            (open.options.sync, DescriptorFlags::FILE_INTEGRITY_SYNC),
            (open.options.data_sync, DescriptorFlags::DATA_INTEGRITY_SYNC),
            (open.is_directory, DescriptorFlags::MUTATE_DIRECTORY),
        ];
        let flags = given.iter().filter(|(is_given, _)| *is_given).map(|(_, flag)| *flag);
        Ok(flags.fold(DescriptorFlags::empty(), |all, flag| all | flag))
    }

    async fn get_type(store: &Accessor<U, Self>, fd: Fd) -> FilesystemResult<DescriptorType> {
        Ok(type_of(any(store, &fd)?.stat(&At::ITSELF).map_err(failed)?.kind))
    }

    async fn set_size(store: &Accessor<U, Self>, fd: Fd, size: Filesize) -> FilesystemResult<()> {
        file(store, &fd)?.resize(size).map_err(failed)
    }

    async fn set_times(
        store: &Accessor<U, Self>,
        fd: Fd,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FilesystemResult<()> {
        any(store, &fd)?.set_times(&At::ITSELF, new_time(accessed)?, new_time(modified)?).map_err(failed)
    }

    async fn sync(store: &Accessor<U, Self>, fd: Fd) -> FilesystemResult<()> {
        any(store, &fd)?.sync(false).await.map_err(failed)
    }

    async fn create_directory_at(store: &Accessor<U, Self>, fd: Fd, path: String) -> FilesystemResult<()> {
        change(store, mayfly_change_t::CreateDirectory, &fd, &path)
    }

    async fn stat(store: &Accessor<U, Self>, fd: Fd) -> FilesystemResult<DescriptorStat> {
        Ok(stat_of(any(store, &fd)?.stat(&At::ITSELF).map_err(failed)?))
    }

    async fn stat_at(
        store: &Accessor<U, Self>,
        fd: Fd,
        flags: PathFlags,
        path: String,
    ) -> FilesystemResult<DescriptorStat> {
        Ok(stat_of(directory(store, &fd)?.stat(&at(flags, &path)).map_err(failed)?))
    }

    async fn set_times_at(
        store: &Accessor<U, Self>,
        fd: Fd,
        flags: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FilesystemResult<()> {
        let directory = directory(store, &fd)?;
        directory.set_times(&at(flags, &path), new_time(accessed)?, new_time(modified)?).map_err(failed)
    }

    /// A symbolic link is linked to itself, never to what it leads to.
    async fn link_at(
        store: &Accessor<U, Self>,
        fd: Fd,
        flags: PathFlags,
        path: String,
        to: Fd,
        to_path: String,
    ) -> FilesystemResult<()> {
        let (from, to) = (directory(store, &fd)?, directory(store, &to)?);
        if flags.contains(PathFlags::SYMLINK_FOLLOW) {
            return Err(ErrorCode::Invalid.into());
        }
        inside(&to_path)?;
        from.change(mayfly_change_t::Link, &path, &to, &to_path).map_err(failed)
    }

    async fn open_at(
        store: &Accessor<U, Self>,
        fd: Fd,
        flags: PathFlags,
        path: String,
        open: OpenFlags,
        mode: DescriptorFlags,
    ) -> FilesystemResult<Fd> {
        let directory = directory(store, &fd)?;
        let write = mode.contains(DescriptorFlags::WRITE);
        let options = mayfly_open_t {
            read: mode.contains(DescriptorFlags::READ) || !write,
            write,
            create: open.contains(OpenFlags::CREATE),
            exclusive: open.contains(OpenFlags::EXCLUSIVE),
            truncate: open.contains(OpenFlags::TRUNCATE),
            directory: open.contains(OpenFlags::DIRECTORY),
            follow: flags.contains(PathFlags::SYMLINK_FOLLOW),
            sync: mode.intersects(DescriptorFlags::FILE_INTEGRITY_SYNC | DescriptorFlags::REQUESTED_WRITE_SYNC),
            data_sync: mode.contains(DescriptorFlags::DATA_INTEGRITY_SYNC),
        };
        if options.directory && (options.create || options.exclusive || options.truncate) {
            return Err(ErrorCode::Invalid.into());
        }
        let opened = Arc::new(directory.open(&path, options).map_err(failed)?);
        store.with(|mut store| store.get().push(opened)).map_err(FilesystemError::trap)
    }

    async fn readlink_at(store: &Accessor<U, Self>, fd: Fd, path: String) -> FilesystemResult<String> {
        directory(store, &fd)?.read_link(&path).map_err(failed)
    }

    async fn remove_directory_at(store: &Accessor<U, Self>, fd: Fd, path: String) -> FilesystemResult<()> {
        change(store, mayfly_change_t::RemoveDirectory, &fd, &path)
    }

    async fn rename_at(store: &Accessor<U, Self>, fd: Fd, path: String, to: Fd, to_path: String) -> FilesystemResult<()> {
        let (from, to) = (directory(store, &fd)?, directory(store, &to)?);
        from.change(mayfly_change_t::Rename, &path, &to, &to_path).map_err(failed)
    }

    async fn symlink_at(store: &Accessor<U, Self>, fd: Fd, target: String, path: String) -> FilesystemResult<()> {
        let directory = directory(store, &fd)?;
        directory.change(mayfly_change_t::Symlink, &path, &directory, &target).map_err(failed)
    }

    async fn unlink_file_at(store: &Accessor<U, Self>, fd: Fd, path: String) -> FilesystemResult<()> {
        change(store, mayfly_change_t::Unlink, &fd, &path)
    }

    async fn is_same_object(store: &Accessor<U, Self>, fd: Fd, other: Fd) -> Result<bool> {
        let (one, other) = store.with(|mut store| Ok::<_, wasmtime::Error>((store.get().get(&fd)?, store.get().get(&other)?)))?;
        Ok(one.is_same(&other))
    }

    async fn metadata_hash(store: &Accessor<U, Self>, fd: Fd) -> FilesystemResult<MetadataHashValue> {
        Ok(hash_of(any(store, &fd)?.stat(&At::ITSELF).map_err(failed)?))
    }

    async fn metadata_hash_at(
        store: &Accessor<U, Self>,
        fd: Fd,
        flags: PathFlags,
        path: String,
    ) -> FilesystemResult<MetadataHashValue> {
        Ok(hash_of(directory(store, &fd)?.stat(&at(flags, &path)).map_err(failed)?))
    }
}
