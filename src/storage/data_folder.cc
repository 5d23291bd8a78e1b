#include "storage/data_folder.h"

#include "storage/posix.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <charconv>

namespace mayfly::storage {
namespace {

constexpr unsigned kFormat = 1;

// Whatever keeps a server from writing its first files is one thing to its operator.
Error not_writable(Error error) {
  if (error.code == ErrorCode::kStorage) error.code = ErrorCode::kDataNotWritable;
  return error;
}

tl::unexpected<Error> in_use(const std::string& path, int lock) {
  std::array<char, 16> text;
  const ssize_t size = uninterrupted([&] { return ::pread(lock, text.data(), text.size(), 0); });
  unsigned pid = 0;
  if (size > 0) std::from_chars(text.data(), text.data() + size, pid);
  const std::string owner = pid == 0 ? "another process" : fmt::format("process {}", pid);
  return fail(ErrorCode::kDataInUse, fmt::format("data folder {} is in use by {}", path, owner));
}

// A lock of the open file: it ends with the process, however that ends.
Result<UniqueFd> lock_folder(const std::string& path) {
  const std::string name = path + "/lock";
  constexpr int kFlags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd lock(uninterrupted([&] { return ::open(name.c_str(), kFlags, 0600); }));
  if (!lock) return posix_failure("create", name);
  if (uninterrupted([&] { return ::flock(lock.get(), LOCK_EX | LOCK_NB); }) < 0) {
    return errno == EWOULDBLOCK ? in_use(path, lock.get()) : posix_failure("lock", name);
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  const auto write = [&] { return ::pwrite(lock.get(), pid.data(), pid.size(), 0); };
  if (::ftruncate(lock.get(), 0) < 0 || uninterrupted(write) < 0) {
    return posix_failure("write", name);
  }
  return lock;
}

// The folder is durable before its format file is: where there is a format, the parent is synced.
Status start_format(FileSystem& files, const std::string& path) {
  if (Status synced = files.sync_folder(path + "/.."); !synced) return synced;
  return write_durably(files, path + "/format.tmp", path, "format", fmt::format("{}\n", kFormat));
}

Status check_format(FileSystem& files, const std::string& path) {
  const auto text = files.read_file(path + "/format");
  if (!text) return fail(text.error());
  if (!*text) return start_format(files, path).map_error(not_writable);
  unsigned format = 0;
  const std::string& digits = **text;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), format);
  if (parsed.ec != std::errc() || format == 0) {
    return fail(ErrorCode::kStorage, fmt::format("{}/format is damaged: no version number", path));
  }
  if (format > kFormat) {
    return fail(
        ErrorCode::kDataTooNew,
        fmt::format("data folder {} has format {}, and this mayfly knows formats up to {}", path, format, kFormat));
  }
  return {};
}

}  // namespace

Result<DataFolder> DataFolder::open(FileSystem& files, std::string path) {
  auto lock = files.make_folder(path).and_then([&] { return lock_folder(path); });
  if (!lock) return fail(not_writable(std::move(lock.error())));
  if (Status checked = check_format(files, path); !checked) return fail(std::move(checked.error()));
  return DataFolder(std::move(path), std::move(*lock));
}

}  // namespace mayfly::storage
