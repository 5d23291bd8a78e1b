#include "storage/file_system.h"

#include "storage/posix.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

namespace mayfly::storage {
namespace {

UniqueFd open_file(const std::string& path, int flags) {
  constexpr mode_t kOwnerOnly = 0600;
  return UniqueFd(uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kOwnerOnly); }));
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

Status PosixFileSystem::make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) < 0 && errno != EEXIST) {
    return posix_failure("make folder", path);
  }
  return {};
}

Result<WrittenFile> PosixFileSystem::write_file(const std::string& path, std::string_view bytes) {
  WrittenFile file{open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW), path};
  if (!file.fd) return posix_failure("create", path);
  while (!bytes.empty()) {
    const ssize_t written = uninterrupted([&] { return ::write(file.fd.get(), bytes.data(), bytes.size()); });
    if (written < 0) return posix_failure("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return file;
}

Status PosixFileSystem::sync_file(const WrittenFile& file) {
  if (uninterrupted([&] { return ::fsync(file.fd.get()); }) < 0) {
    return posix_failure("sync", file.path);
  }
  return {};
}

Status PosixFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) < 0) return posix_failure("rename " + from + " to", to);
  return {};
}

Status PosixFileSystem::sync_folder(const std::string& path) {
  const UniqueFd folder = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!folder) return posix_failure("open folder", path);
  if (uninterrupted([&] { return ::fsync(folder.get()); }) < 0) {
    return posix_failure("sync folder", path);
  }
  return {};
}

Result<std::optional<std::string>> PosixFileSystem::read_file(const std::string& path) {
  const UniqueFd file = open_file(path, O_RDONLY);
  if (!file && errno == ENOENT) return std::nullopt;
  if (!file) return posix_failure("open", path);

  std::string bytes;
  struct stat status;
  if (::fstat(file.get(), &status) < 0) return posix_failure("inspect", path);
  bytes.resize(static_cast<std::size_t>(status.st_size));
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count =
        uninterrupted([&] { return ::read(file.get(), bytes.data() + filled, bytes.size() - filled); });
    if (count < 0) return posix_failure("read", path);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

Status PosixFileSystem::remove_file(const std::string& path) {
  if (::unlink(path.c_str()) < 0) return posix_failure("remove", path);
  return {};
}

Result<std::vector<std::string>> PosixFileSystem::list_folder(const std::string& path) {
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));  // sets O_CLOEXEC
  if (!folder) return posix_failure("list", path);
  std::vector<std::string> names;
  errno = 0;  // readdir(3) tells its end from a failure by errno alone
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return posix_failure("list", path);
  return names;
}

Status write_durably(FileSystem& files, const std::string& temporary, const std::string& folder,
                     const std::string& name, std::string_view bytes) {
  const auto finish = [&](const WrittenFile& file) { return files.sync_file(file); };
  const Status kept = files.write_file(temporary, bytes).and_then(finish).and_then([&] {
    return files.rename(temporary, folder + "/" + name);
  });
  if (!kept) {
    // On a full disk the half of a file matters. If this fails too, the next start removes it.
    (void)files.remove_file(temporary);
    return kept;
  }
  return files.sync_folder(folder);
}

}  // namespace mayfly::storage
