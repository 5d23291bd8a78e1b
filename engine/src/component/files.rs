//! The border of wasi:filesystem: C++ has the files, as modules see them. Descriptors are its numbers; what goes wrong
//! comes back as a number of errno.

use super::host::{Waiting, mayfly_bytes_t, mayfly_host_t};
use std::ffi::c_void;
use std::ops::Deref;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What a file or directory is. Times are in nanoseconds since 1970.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct mayfly_stat_t {
    pub device: u64,
    pub inode: u64,
    /// As WASI preview1 numbers them.
    pub kind: u8,
    pub links: u64,
    pub size: u64,
    pub accessed: u64,
    pub modified: u64,
    pub changed: u64,
}

impl mayfly_stat_t {
    /// Another one when the file is changed or replaced: the halves of a metadata-hash-value.
    pub fn hash(&self) -> (u64, u64) {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, self.device, self.inode, self.size, self.modified).hash(&mut hasher);
            hasher.finish()
        };
        (half(0), half(1))
    }
}

/// A time to set.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mayfly_time_t {
    pub seconds: i64,
    pub nanoseconds: i64,
    pub set: bool,
    pub now: bool,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct mayfly_open_t {
    pub read: bool,
    pub write: bool,
    pub create: bool,
    pub exclusive: bool,
    pub truncate: bool,
    pub directory: bool,
    pub follow: bool,
    pub sync: bool,
    pub data_sync: bool,
}

/// What is done to one path, or with two.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum mayfly_change_t {
    CreateDirectory = 0,
    RemoveDirectory = 1,
    Unlink = 2,
    Rename = 3,
    Link = 4,
    /// The second path is what the link says.
    Symlink = 5,
}

/// A disk that is waited for; C++ owns it until it answers.
pub struct mayfly_sync_t(oneshot::Sender<i32>);

/// Shows one entry of a directory; false when there are enough.
pub type mayfly_take_entry_t = extern "C" fn(into: *mut c_void, name: mayfly_bytes_t, kind: u8, next: u64) -> bool;
pub type mayfly_take_text_t = extern "C" fn(into: *mut c_void, text: mayfly_bytes_t);

/// Called on the thread that polls the instance, while it does. Those that return an i32 return 0, or a number of errno.
/// Where `path` may be empty, it is the descriptor itself that is meant then.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mayfly_files_t {
    /// Handed to each.
    pub data: *mut c_void,
    /// Directories there are from the start; their descriptors begin at `first_mount`, and are never closed.
    pub mount_count: u32,
    pub first_mount: u32,
    pub mount_path: extern "C" fn(data: *mut c_void, index: u32) -> mayfly_bytes_t,
    pub open: extern "C" fn(
        data: *mut c_void,
        directory: u32,
        path: mayfly_bytes_t,
        options: mayfly_open_t,
        opened: &mut u32,
        is_directory: &mut bool,
    ) -> i32,
    pub close: extern "C" fn(data: *mut c_void, descriptor: u32),
    pub read: extern "C" fn(
        data: *mut c_void,
        file: u32,
        offset: u64,
        into: *mut u8,
        room: usize,
        length: &mut usize,
    ) -> i32,
    /// At the end of the file when `append`.
    pub write: extern "C" fn(
        data: *mut c_void,
        file: u32,
        offset: u64,
        append: bool,
        bytes: mayfly_bytes_t,
        written: &mut usize,
    ) -> i32,
    pub resize: extern "C" fn(data: *mut c_void, file: u32, size: u64) -> i32,
    pub advise: extern "C" fn(data: *mut c_void, file: u32, offset: u64, length: u64, advice: u8) -> i32,
    pub stat: extern "C" fn(
        data: *mut c_void,
        descriptor: u32,
        path: mayfly_bytes_t,
        of_itself: bool,
        follow: bool,
        stat: &mut mayfly_stat_t,
    ) -> i32,
    pub set_times: extern "C" fn(
        data: *mut c_void,
        descriptor: u32,
        path: mayfly_bytes_t,
        of_itself: bool,
        follow: bool,
        accessed: mayfly_time_t,
        modified: mayfly_time_t,
    ) -> i32,
    pub change: extern "C" fn(
        data: *mut c_void,
        what: mayfly_change_t,
        directory: u32,
        path: mayfly_bytes_t,
        other_directory: u32,
        other: mayfly_bytes_t,
    ) -> i32,
    pub read_link: extern "C" fn(
        data: *mut c_void,
        directory: u32,
        path: mayfly_bytes_t,
        take: mayfly_take_text_t,
        into: *mut c_void,
    ) -> i32,
    pub list: extern "C" fn(
        data: *mut c_void,
        directory: u32,
        cookie: u64,
        take: mayfly_take_entry_t,
        into: *mut c_void,
    ) -> i32,
    /// When this returns 0, `sync` is answered: now, or later on the same thread.
    pub sync: extern "C" fn(data: *mut c_void, descriptor: u32, data_only: bool, sync: *mut mayfly_sync_t) -> i32,
}
unsafe impl Send for mayfly_files_t {} // of an instance, which has one owner at a time
unsafe impl Sync for mayfly_files_t {}

/// Consumes `sync`. `error` is 0 or a number of errno.
#[unsafe(no_mangle)]
pub extern "C" fn mayfly_sync_answer(sync: Box<mayfly_sync_t>, error: i32) {
    _ = sync.0.send(error);
}

#[unsafe(no_mangle)]
pub extern "C" fn mayfly_sync_delete(_sync: Box<mayfly_sync_t>) {}

pub(crate) type Done<T> = io::Result<T>;

fn done(number: i32) -> Done<()> {
    if number == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(number)) }
}

/// The files of one invocation.
#[derive(Clone, Copy)]
pub(crate) struct Files {
    pub calls: mayfly_files_t,
    pub host: mayfly_host_t,
    pub waiting: Waiting,
}

impl Deref for Files {
    type Target = mayfly_files_t;

    fn deref(&self) -> &mayfly_files_t {
        &self.calls
    }
}

/// An open descriptor, closed when nothing uses it any more: the guest's handle, and streams of it.
pub(crate) struct Open {
    files: Files,
    pub number: u32,
    pub is_directory: bool,
    pub options: mayfly_open_t,
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.number >= self.files.first_mount + self.files.mount_count {
            (self.files.close)(self.files.data, self.number);
        }
    }
}

fn bytes(text: &str) -> mayfly_bytes_t {
    mayfly_bytes_t::of(text.as_bytes())
}

/// What a path leads to from a descriptor; without one, the descriptor itself.
pub(crate) struct At<'a> {
    pub path: Option<&'a str>,
    pub follow: bool,
}

impl At<'_> {
    pub const ITSELF: At<'static> = At { path: None, follow: true };

    fn bytes(&self) -> mayfly_bytes_t {
        bytes(self.path.unwrap_or(""))
    }
}

impl Files {
    pub fn mounts(&self) -> Vec<(Arc<Open>, String)> {
        let mount = |index| {
            let options = mayfly_open_t { read: true, ..Default::default() };
            let number = self.first_mount + index;
            let path = unsafe { (self.mount_path)(self.data, index).text() };
            (Arc::new(Open { files: *self, number, is_directory: true, options }), path)
        };
        (0..self.mount_count).map(mount).collect()
    }
}

impl Open {
    pub fn open(&self, path: &str, options: mayfly_open_t) -> Done<Open> {
        let (mut number, mut is_directory) = (0, false);
        let files = self.files;
        done((files.open)(files.data, self.number, bytes(path), options, &mut number, &mut is_directory))?;
        Ok(Open { files, number, is_directory, options })
    }

    /// No bytes at the end.
    pub fn read(&self, offset: u64, room: usize) -> Done<Vec<u8>> {
        let (mut into, mut length) = (vec![0; room], 0);
        done((self.files.read)(self.files.data, self.number, offset, into.as_mut_ptr(), room, &mut length))?;
        into.truncate(length);
        Ok(into)
    }

    /// At the end without an offset. Returns how many bytes were taken.
    pub fn write(&self, offset: Option<u64>, from: &[u8]) -> Done<usize> {
        let mut written = 0;
        let (at, append) = (offset.unwrap_or(0), offset.is_none());
        let from = mayfly_bytes_t::of(from);
        done((self.files.write)(self.files.data, self.number, at, append, from, &mut written))?;
        Ok(written)
    }

    pub fn resize(&self, size: u64) -> Done<()> {
        done((self.files.resize)(self.files.data, self.number, size))
    }

    pub fn advise(&self, offset: u64, length: u64, advice: u8) -> Done<()> {
        done((self.files.advise)(self.files.data, self.number, offset, length, advice))
    }

    pub fn stat(&self, at: &At) -> Done<mayfly_stat_t> {
        let mut stat = mayfly_stat_t::default();
        let itself = at.path.is_none();
        done((self.files.stat)(self.files.data, self.number, at.bytes(), itself, at.follow, &mut stat))?;
        Ok(stat)
    }

    pub fn set_times(&self, at: &At, accessed: mayfly_time_t, modified: mayfly_time_t) -> Done<()> {
        let itself = at.path.is_none();
        done((self.files.set_times)(self.files.data, self.number, at.bytes(), itself, at.follow, accessed, modified))
    }

    pub fn change(&self, what: mayfly_change_t, path: &str, other_directory: &Open, other: &str) -> Done<()> {
        let (files, to) = (&self.files, other_directory.number);
        done((files.change)(files.data, what, self.number, bytes(path), to, bytes(other)))
    }

    pub fn read_link(&self, path: &str) -> Done<String> {
        extern "C" fn take(into: *mut c_void, text: mayfly_bytes_t) {
            unsafe { *into.cast::<String>() = text.text() };
        }
        let mut target = String::new();
        let into = std::ptr::from_mut(&mut target).cast();
        done((self.files.read_link)(self.files.data, self.number, bytes(path), take, into))?;
        Ok(target)
    }

    /// At most `most` entries after `cookie`: names, kinds, and where to go on. None at the end.
    pub fn list(&self, cookie: u64, most: usize) -> Done<Vec<(String, u8, u64)>> {
        struct Entries(Vec<(String, u8, u64)>, usize);
        extern "C" fn take(into: *mut c_void, name: mayfly_bytes_t, kind: u8, next: u64) -> bool {
            let entries = unsafe { &mut *into.cast::<Entries>() };
            entries.0.push((unsafe { name.text() }, kind, next));
            entries.0.len() < entries.1
        }
        let mut entries = Entries(Vec::new(), most);
        let into = std::ptr::from_mut(&mut entries).cast();
        done((self.files.list)(self.files.data, self.number, cookie, take, into))?;
        Ok(entries.0)
    }

    /// Whether it is the same file or directory.
    pub fn is_same(&self, other: &Open) -> bool {
        let (one, other) = (self.stat(&At::ITSELF), other.stat(&At::ITSELF));
        matches!((one, other), (Ok(a), Ok(b)) if (a.device, a.inode) == (b.device, b.inode))
    }

    pub async fn sync(&self, data_only: bool) -> Done<()> {
        self.files.host.wait_for_home(self.files.waiting).await;
        let receiver = {
            let (sender, receiver) = oneshot::channel();
            let sync = Box::into_raw(Box::new(mayfly_sync_t(sender)));
            let started = (self.files.sync)(self.files.data, self.number, data_only, sync);
            if started != 0 {
                drop(unsafe { Box::from_raw(sync) });
            }
            done(started)?;
            receiver
        };
        done(receiver.await.unwrap_or(libc::EIO))
    }
}
