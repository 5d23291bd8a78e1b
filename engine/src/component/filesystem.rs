//! What the bindings of wasi:filesystem 0.2 and 0.3 have alike, under types of the same names.

/// Defines, for the types that are in scope where it stands: `code_of`, `type_of`, `stat_of`, `hash_of` and `at`.
/// `other_type` is for a descriptor that is none of the known ones, `codes` are those that the other version lacks.
macro_rules! conversions {
    (other_type: $other_type:expr, codes: { $($number:path => $code:path),* }) => {
        /// As wasi-libc and its relatives know them.
        fn code_of(error: &io::Error) -> ErrorCode {
            match error.raw_os_error().unwrap_or(libc::EIO) {
                $($number => $code,)*
                libc::EACCES => ErrorCode::Access,
                libc::EALREADY => ErrorCode::Already,
                libc::EBADF => ErrorCode::BadDescriptor,
                libc::EBUSY => ErrorCode::Busy,
                libc::EDEADLK => ErrorCode::Deadlock,
                libc::EDQUOT => ErrorCode::Quota,
                libc::EEXIST => ErrorCode::Exist,
                libc::EFBIG => ErrorCode::FileTooLarge,
                libc::EILSEQ => ErrorCode::IllegalByteSequence,
                libc::EINPROGRESS => ErrorCode::InProgress,
                libc::EINTR => ErrorCode::Interrupted,
                libc::EINVAL => ErrorCode::Invalid,
                libc::EISDIR => ErrorCode::IsDirectory,
                libc::ELOOP => ErrorCode::Loop,
                libc::EMLINK => ErrorCode::TooManyLinks,
                libc::EMSGSIZE => ErrorCode::MessageSize,
                libc::ENAMETOOLONG => ErrorCode::NameTooLong,
                libc::ENODEV => ErrorCode::NoDevice,
                libc::ENOENT => ErrorCode::NoEntry,
                libc::ENOLCK => ErrorCode::NoLock,
                libc::ENOMEM | libc::EMFILE | libc::ENFILE => ErrorCode::InsufficientMemory, // there is no code for descriptors
                libc::ENOSPC => ErrorCode::InsufficientSpace,
                libc::ENOTDIR => ErrorCode::NotDirectory,
                libc::ENOTEMPTY => ErrorCode::NotEmpty,
                libc::ENOTRECOVERABLE => ErrorCode::NotRecoverable,
                libc::ENOTSUP | libc::ENOSYS => ErrorCode::Unsupported,
                libc::ENOTTY => ErrorCode::NoTty,
                libc::ENXIO => ErrorCode::NoSuchDevice,
                libc::EOVERFLOW => ErrorCode::Overflow,
                libc::EPERM => ErrorCode::NotPermitted,
                libc::EPIPE => ErrorCode::Pipe,
                libc::EROFS => ErrorCode::ReadOnly,
                libc::ESPIPE => ErrorCode::InvalidSeek,
                libc::ETXTBSY => ErrorCode::TextFileBusy,
                libc::EXDEV => ErrorCode::CrossDevice,
                _ => ErrorCode::Io,
            }
        }

        fn type_of(kind: u8) -> DescriptorType {
            match kind {
                1 => DescriptorType::BlockDevice,
                2 => DescriptorType::CharacterDevice,
                3 => DescriptorType::Directory,
                4 => DescriptorType::RegularFile,
                5 | 6 => DescriptorType::Socket,
                7 => DescriptorType::SymbolicLink,
                _ => $other_type,
            }
        }

        fn stat_of(stat: mayfly_stat_t) -> DescriptorStat {
            DescriptorStat {
                type_: type_of(stat.kind),
                link_count: stat.links,
                size: stat.size,
                data_access_timestamp: time_of(stat.accessed),
                data_modification_timestamp: time_of(stat.modified),
                status_change_timestamp: time_of(stat.changed),
            }
        }

        fn hash_of(stat: mayfly_stat_t) -> MetadataHashValue {
            let (lower, upper) = stat.hash();
            MetadataHashValue { lower, upper }
        }

        fn at<'a>(flags: PathFlags, path: &'a str) -> At<'a> {
            At { path: Some(path), follow: flags.contains(PathFlags::SYMLINK_FOLLOW) }
        }
    };
}
pub(super) use conversions;
