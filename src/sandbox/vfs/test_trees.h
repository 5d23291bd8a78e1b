#pragma once

#include "sandbox/vfs/tmp.h"
#include "sandbox/vfs/volume.h"
#include "storage/temporary_folder.h"

#include <gtest/gtest.h>

#include <string>

namespace mayfly::sandbox::vfs {

using storage::TemporaryFolder;

// For tests: the operations of a directory on paths given as text, with 0 or an error number as their result.
class Shell {
 public:
  explicit Shell(std::unique_ptr<Directory> directory) : directory_(std::move(directory)) {}

  int mkdir(std::string_view path) {
    return with(path, [&](const Path& at) { return directory_->create_directory(at); });
  }
  int rmdir(std::string_view path) {
    return with(path, [&](const Path& at) { return directory_->remove_directory(at); });
  }
  int unlink(std::string_view path) {
    return with(path, [&](const Path& at) { return directory_->unlink(at); });
  }
  int symlink(std::string_view target, std::string_view path) {
    return with(path, [&](const Path& at) { return directory_->symlink(target, at); });
  }
  int rename(std::string_view from, std::string_view to) { return rename(from, *this, to); }
  int rename(std::string_view from, Shell& other, std::string_view to) {
    return with(from, [&](const Path& at) {
      return Path::parse(to).and_then([&](const Path& end) { return directory_->rename(at, *other.directory_, end); });
    });
  }
  int link(std::string_view from, std::string_view to) {
    return with(from, [&](const Path& at) {
      return Path::parse(to).and_then([&](const Path& end) { return directory_->link(at, *directory_, end); });
    });
  }
  int touch(std::string_view path) { return open(path, {.write = true, .create = true}); }
  int open(std::string_view path, const OpenOptions& options) {
    return with(path, [&](const Path& at) { return directory_->open(at, options).map([](Opened) {}); });
  }
  int write(std::string_view path, std::string_view bytes) {
    auto file = opened(path, {.write = true, .create = true, .truncate = true});
    if (!file) return static_cast<int>(file.error());
    const iovec buffer{const_cast<char*>(bytes.data()), bytes.size()};
    const auto written = (*file)->write({&buffer, 1}, 0);
    return written ? 0 : static_cast<int>(written.error());
  }
  // What a file holds, or the error in brackets.
  std::string read(std::string_view path, bool follow = true) {
    auto file = opened(path, {.read = true, .follow = follow});
    if (!file) return "[" + std::make_error_code(file.error()).message() + "]";
    std::string bytes(100, '\0');
    const iovec buffer{bytes.data(), bytes.size()};
    bytes.resize((*file)->read({&buffer, 1}, 0).value_or(0));
    return bytes;
  }
  Try<Stat> stat(std::string_view path, Follow follow = Follow::kNo) {
    return Path::parse(path).and_then([&](const Path& at) { return directory_->stat(at, follow); });
  }
  std::string read_link(std::string_view path) {
    return Path::parse(path).and_then([&](const Path& at) { return directory_->read_link(at); }).value_or("[none]");
  }
  std::unique_ptr<File> file(std::string_view path, const OpenOptions& options) {
    auto file = opened(path, options);
    EXPECT_TRUE(file) << path;
    return file ? std::move(*file) : nullptr;
  }
  Shell enter(std::string_view path) {
    auto opened = directory_->open(*Path::parse(path), {.read = true, .directory = true});
    EXPECT_TRUE(opened) << path;
    return Shell(std::move(std::get<std::unique_ptr<Directory>>(*opened)));
  }
  Directory& directory() { return *directory_; }

 private:
  template <typename Operation>
  static int with(std::string_view path, Operation operation) {
    const Try<void> done = Path::parse(path).and_then(operation);
    return done ? 0 : static_cast<int>(done.error());
  }
  Try<std::unique_ptr<File>> opened(std::string_view path, const OpenOptions& options) {
    auto opened = Path::parse(path).and_then([&](const Path& at) { return directory_->open(at, options); });
    if (!opened) return tl::unexpected(opened.error());
    auto* file = std::get_if<std::unique_ptr<File>>(&*opened);
    if (file == nullptr) return failed(EISDIR);
    return std::move(*file);
  }

  std::unique_ptr<Directory> directory_;
};

}  // namespace mayfly::sandbox::vfs
