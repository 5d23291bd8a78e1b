//! wasi:filesystem 0.2, over the files of C++. In place of what wasmtime-wasi has: its descriptors are only labels here.

use super::filesystem::conversions;
use super::files::{At, Open, mayfly_change_t, mayfly_open_t, mayfly_stat_t, mayfly_time_t};
use super::state::State;
use bytes::Bytes;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use wasmtime::Result;
use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    self, Advice, Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, DirectoryEntryStream,
    ErrorCode, Filesize, HostDescriptor, HostDirectoryEntryStream, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, FsError, FsResult, InputStream, OutputStream, Pollable, StreamError, StreamResult,
};

/// Of one read or write.
const CHUNK: usize = 1 << 20;

/// Of a listing, read at once.
const ENTRIES: usize = 256;

/// The files of a guest.
pub(super) struct Files<'a>(&'a mut State);

struct HasFiles;
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

conversions! { other_type: DescriptorType::Unknown, codes: { libc::EAGAIN => ErrorCode::WouldBlock } }

fn failed(error: io::Error) -> FsError {
    code_of(&error).into()
}

const SECOND: u64 = 1_000_000_000;

fn time_of(nanoseconds: u64) -> Option<Datetime> {
    Some(Datetime { seconds: nanoseconds / SECOND, nanoseconds: (nanoseconds % SECOND) as u32 })
}

fn new_time(time: NewTimestamp) -> FsResult<mayfly_time_t> {
    let none = mayfly_time_t { seconds: 0, nanoseconds: 0, set: false, now: false };
    Ok(match time {
        NewTimestamp::NoChange => none,
        NewTimestamp::Now => mayfly_time_t { set: true, now: true, ..none },
        NewTimestamp::Timestamp(time) if u64::from(time.nanoseconds) < SECOND => mayfly_time_t {
            seconds: time.seconds.try_into().map_err(|_| ErrorCode::Overflow)?,
            nanoseconds: time.nanoseconds.into(),
            set: true,
            now: false,
        },
        NewTimestamp::Timestamp(_) => return Err(ErrorCode::Invalid.into()),
    })
}

/// What is read, from a place on.
struct Input {
    file: Arc<Open>,
    position: u64,
}

#[async_trait::async_trait]
impl InputStream for Input {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if size == 0 {
            return Ok(Bytes::new());
        }
        let read = self.file.read(self.position, size.min(CHUNK));
        let bytes = read.map_err(|error| StreamError::LastOperationFailed(error.into()))?;
        self.position += bytes.len() as u64;
        if bytes.is_empty() { Err(StreamError::Closed) } else { Ok(bytes.into()) }
    }
}

#[async_trait::async_trait]
impl Pollable for Input {
    async fn ready(&mut self) {}
}

/// What is written, from a place on or at the end.
struct Writing {
    file: Arc<Open>,
    position: Option<u64>,
}

#[async_trait::async_trait]
impl OutputStream for Writing {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut left = &bytes[..];
        while !left.is_empty() {
            let written = match self.file.write(self.position, left) {
                Ok(0) => return Err(StreamError::LastOperationFailed(io::Error::from_raw_os_error(libc::EIO).into())),
                Ok(written) => written,
                Err(error) => return Err(StreamError::LastOperationFailed(error.into())),
            };
            left = &left[written..];
            self.position = self.position.map(|position| position + written as u64);
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(CHUNK)
    }
}

#[async_trait::async_trait]
impl Pollable for Writing {
    async fn ready(&mut self) {}
}

/// A listing, read on as it is needed.
struct Listing {
    directory: Arc<Open>,
    cookie: u64,
    entries: VecDeque<(String, u8, u64)>,
}

impl Listing {
    fn next(&mut self) -> io::Result<Option<DirectoryEntry>> {
        loop {
            if self.entries.is_empty() {
                self.entries = self.directory.list(self.cookie, ENTRIES)?.into();
            }
            let Some((name, kind, next)) = self.entries.pop_front() else { return Ok(None) };
            self.cookie = next;
            if name != "." && name != ".." {
                return Ok(Some(DirectoryEntry { type_: type_of(kind), name }));
            }
        }
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

    fn directory(&self, fd: &Fd) -> FsResult<Arc<Open>> {
        let open = self.get(fd).map_err(FsError::trap)?;
        if open.is_directory { Ok(open) } else { Err(ErrorCode::NotDirectory.into()) }
    }

    fn file(&self, fd: &Fd) -> FsResult<Arc<Open>> {
        let open = self.get(fd).map_err(FsError::trap)?;
        if open.is_directory { Err(ErrorCode::IsDirectory.into()) } else { Ok(open) }
    }

    fn any(&self, fd: &Fd) -> FsResult<Arc<Open>> {
        self.get(fd).map_err(FsError::trap)
    }

    fn change(&self, what: mayfly_change_t, fd: &Fd, path: &str) -> FsResult<()> {
        let directory = self.directory(fd)?;
        directory.change(what, path, &directory, "").map_err(failed)
    }

    fn writing(&mut self, fd: &Fd, position: Option<u64>) -> FsResult<Resource<DynOutputStream>> {
        let file = self.file(fd)?;
        if !file.options.write {
            return Err(ErrorCode::BadDescriptor.into());
        }
        let stream: DynOutputStream = Box::new(Writing { file, position });
        Ok(self.0.table.push(stream)?)
    }
}

impl types::Host for Files<'_> {
    fn convert_error_code(&mut self, error: FsError) -> Result<ErrorCode> {
        error.downcast()
    }

    fn filesystem_error_code(&mut self, error: Resource<wasmtime::Error>) -> Result<Option<ErrorCode>> {
        Ok(self.0.table.get(&error)?.downcast_ref::<io::Error>().map(code_of))
    }
}

impl preopens::Host for Files<'_> {
    fn get_directories(&mut self) -> Result<Vec<(Fd, String)>> {
        let mounts = self.0.files.mounts();
        mounts.into_iter().map(|(open, path)| Ok((self.push(open)?, path))).collect()
    }
}

impl HostDescriptor for Files<'_> {
    fn read_via_stream(&mut self, fd: Fd, offset: Filesize) -> FsResult<Resource<DynInputStream>> {
        let file = self.file(&fd)?;
        if !file.options.read {
            return Err(ErrorCode::BadDescriptor.into());
        }
        let stream: DynInputStream = Box::new(Input { file, position: offset });
        Ok(self.0.table.push(stream)?)
    }

    fn write_via_stream(&mut self, fd: Fd, offset: Filesize) -> FsResult<Resource<DynOutputStream>> {
        self.writing(&fd, Some(offset))
    }

    fn append_via_stream(&mut self, fd: Fd) -> FsResult<Resource<DynOutputStream>> {
        self.writing(&fd, None)
    }

    async fn advise(&mut self, fd: Fd, offset: Filesize, length: Filesize, advice: Advice) -> FsResult<()> {
        self.file(&fd)?.advise(offset, length, advice as u8).map_err(failed)
    }

    async fn sync_data(&mut self, fd: Fd) -> FsResult<()> {
        self.any(&fd)?.sync(true).await.map_err(failed)
    }

    async fn get_flags(&mut self, fd: Fd) -> FsResult<DescriptorFlags> {
        let open = self.any(&fd)?;
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

    async fn get_type(&mut self, fd: Fd) -> FsResult<DescriptorType> {
        Ok(type_of(self.any(&fd)?.stat(&At::ITSELF).map_err(failed)?.kind))
    }

    async fn set_size(&mut self, fd: Fd, size: Filesize) -> FsResult<()> {
        self.file(&fd)?.resize(size).map_err(failed)
    }

    async fn set_times(&mut self, fd: Fd, accessed: NewTimestamp, modified: NewTimestamp) -> FsResult<()> {
        self.any(&fd)?.set_times(&At::ITSELF, new_time(accessed)?, new_time(modified)?).map_err(failed)
    }

    async fn read(&mut self, fd: Fd, length: Filesize, offset: Filesize) -> FsResult<(Vec<u8>, bool)> {
        let room = usize::try_from(length).unwrap_or(CHUNK).min(CHUNK);
        let bytes = self.file(&fd)?.read(offset, room).map_err(failed)?;
        let end = bytes.is_empty() && room > 0;
        Ok((bytes, end))
    }

    async fn write(&mut self, fd: Fd, bytes: Vec<u8>, offset: Filesize) -> FsResult<Filesize> {
        let part = &bytes[..bytes.len().min(CHUNK)];
        Ok(self.file(&fd)?.write(Some(offset), part).map_err(failed)? as u64)
    }

    async fn read_directory(&mut self, fd: Fd) -> FsResult<Resource<DirectoryEntryStream>> {
        let directory = self.directory(&fd)?;
        let listing = self.0.table.push(Listing { directory, cookie: 0, entries: VecDeque::new() })?;
        Ok(Resource::new_own(listing.rep()))
    }

    async fn sync(&mut self, fd: Fd) -> FsResult<()> {
        self.any(&fd)?.sync(false).await.map_err(failed)
    }

    async fn create_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.change(mayfly_change_t::CreateDirectory, &fd, &path)
    }

    async fn stat(&mut self, fd: Fd) -> FsResult<DescriptorStat> {
        Ok(stat_of(self.any(&fd)?.stat(&At::ITSELF).map_err(failed)?))
    }

    async fn stat_at(&mut self, fd: Fd, flags: PathFlags, path: String) -> FsResult<DescriptorStat> {
        Ok(stat_of(self.directory(&fd)?.stat(&at(flags, &path)).map_err(failed)?))
    }

    async fn set_times_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let directory = self.directory(&fd)?;
        directory.set_times(&at(flags, &path), new_time(accessed)?, new_time(modified)?).map_err(failed)
    }

    /// A symbolic link is linked to itself, never to what it leads to.
    async fn link_at(&mut self, fd: Fd, flags: PathFlags, path: String, to: Fd, to_path: String) -> FsResult<()> {
        let (from, to) = (self.directory(&fd)?, self.directory(&to)?);
        if flags.contains(PathFlags::SYMLINK_FOLLOW) {
            return Err(ErrorCode::Invalid.into());
        }
        from.change(mayfly_change_t::Link, &path, &to, &to_path).map_err(failed)
    }

    async fn open_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
        open: OpenFlags,
        mode: DescriptorFlags,
    ) -> FsResult<Fd> {
        let directory = self.directory(&fd)?;
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
        let opened = directory.open(&path, options).map_err(failed)?;
        self.push(Arc::new(opened)).map_err(FsError::trap)
    }

    async fn readlink_at(&mut self, fd: Fd, path: String) -> FsResult<String> {
        self.directory(&fd)?.read_link(&path).map_err(failed)
    }

    async fn remove_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.change(mayfly_change_t::RemoveDirectory, &fd, &path)
    }

    async fn rename_at(&mut self, fd: Fd, path: String, to: Fd, to_path: String) -> FsResult<()> {
        let (from, to) = (self.directory(&fd)?, self.directory(&to)?);
        from.change(mayfly_change_t::Rename, &path, &to, &to_path).map_err(failed)
    }

    async fn symlink_at(&mut self, fd: Fd, target: String, path: String) -> FsResult<()> {
        let directory = self.directory(&fd)?;
        directory.change(mayfly_change_t::Symlink, &path, &directory, &target).map_err(failed)
    }

    async fn unlink_file_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.change(mayfly_change_t::Unlink, &fd, &path)
    }

    async fn is_same_object(&mut self, one: Fd, other: Fd) -> Result<bool> {
        Ok(self.get(&one)?.is_same(&*self.get(&other)?))
    }

    async fn metadata_hash(&mut self, fd: Fd) -> FsResult<MetadataHashValue> {
        Ok(hash_of(self.any(&fd)?.stat(&At::ITSELF).map_err(failed)?))
    }

    async fn metadata_hash_at(&mut self, fd: Fd, flags: PathFlags, path: String) -> FsResult<MetadataHashValue> {
        Ok(hash_of(self.directory(&fd)?.stat(&at(flags, &path)).map_err(failed)?))
    }

    fn drop(&mut self, fd: Fd) -> Result<()> {
        self.0.table.delete(Resource::<Arc<Open>>::new_own(fd.rep()))?;
        Ok(())
    }
}

impl HostDirectoryEntryStream for Files<'_> {
    async fn read_directory_entry(&mut self, stream: Resource<DirectoryEntryStream>) -> FsResult<Option<DirectoryEntry>> {
        let listing = self.0.table.get_mut(&Resource::<Listing>::new_borrow(stream.rep()))?;
        listing.next().map_err(failed)
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> Result<()> {
        self.0.table.delete(Resource::<Listing>::new_own(stream.rep()))?;
        Ok(())
    }
}
