#pragma once

#include "storage/file_system.h"

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace mayfly::storage {

// What goes wrong at which operation, counted from 1.
struct Fault {
  enum class Kind {
    kNone,
    kFailsOnce,  // this operation fails, the next ones work
    kDies,       // this operation and all after it do nothing: the process has died
  };
  Kind kind = Kind::kNone;
  std::size_t at = 0;
};

// What is gone when the machine comes back.
enum class Loss {
  kNothing,   // only the process died
  kContents,  // half of every file that was not synced
  kNames,     // that, and every name made in a folder that was not synced
};

// For tests: a real disk that logs its operations, fails where told, and loses what was not synced.
class FaultyFileSystem final : public FileSystem {
 public:
  // `root` is left out of the log.
  FaultyFileSystem(std::string root, Fault fault) : root_(std::move(root)), fault_(fault) {}

  const std::vector<std::string>& log() const { return log_; }
  bool faulted() const { return fault_.kind != Fault::Kind::kNone && log_.size() >= fault_.at; }

  // The power goes. Nothing may use the file system afterwards.
  void lose(Loss loss) {
    if (loss == Loss::kNothing) return;
    for (const std::string& path : unsynced_contents_) tear(path);
    if (loss == Loss::kContents) return;
    for (auto name = unsynced_names_.rbegin(); name != unsynced_names_.rend(); ++name) name->undo();
  }

  // FileSystem
  Status make_folder(const std::string& path) override {
    if (faults("make folder " + local(path))) return injected();
    if (std::filesystem::exists(path)) return {};
    unsynced_names_.push_back({parent(path), [path] { std::filesystem::remove_all(path); }});
    return disk_.make_folder(path);
  }

  Result<WrittenFile> write_file(const std::string& path, std::string_view bytes) override {
    const bool fault = faults("write " + local(path));
    if (dead()) return injected();
    unsynced_contents_.insert(path);
    unsynced_names_.push_back({parent(path), [path] { std::filesystem::remove(path); }});
    auto file = disk_.write_file(path, fault ? bytes.substr(0, bytes.size() / 2) : bytes);
    if (fault) return injected();
    return file;
  }

  Status sync_file(const WrittenFile& file) override {
    if (faults("sync " + local(file.path))) {
      // Linux drops the pages that it could not write, and tells of it once.
      if (fault_.kind == Fault::Kind::kFailsOnce) tear(file.path);
      return injected();
    }
    unsynced_contents_.erase(file.path);
    return disk_.sync_file(file);
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (faults("rename " + local(from) + " " + local(to))) return injected();
    if (unsynced_contents_.erase(from) != 0) unsynced_contents_.insert(to);
    unsynced_names_.push_back({parent(to), [from, to] {
                                 std::error_code gone;  // with its folder, maybe
                                 std::filesystem::rename(to, from, gone);
                               }});
    return disk_.rename(from, to);
  }

  Status sync_folder(const std::string& path) override {
    const std::string folder = normal(path);
    if (faults("sync folder " + local(folder))) return injected();
    std::erase_if(unsynced_names_, [&](const Name& name) { return name.folder == folder; });
    return disk_.sync_folder(path);
  }

  Result<std::optional<std::string>> read_file(const std::string& path) override {
    if (faults("read " + local(path))) return injected();
    return disk_.read_file(path);
  }

  Status remove_file(const std::string& path) override {
    if (faults("remove " + local(path))) return injected();
    unsynced_contents_.erase(path);
    return disk_.remove_file(path);
  }

  Result<std::vector<std::string>> list_folder(const std::string& path) override {
    if (faults("list " + local(path))) return injected();
    return disk_.list_folder(path);
  }

 private:
  struct Name {
    std::string folder;
    std::function<void()> undo;
  };

  // Logs an operation and says whether it is to fail.
  bool faults(std::string operation) {
    log_.push_back(std::move(operation));
    return (faulted() && log_.size() == fault_.at) || dead();
  }

  bool dead() const { return fault_.kind == Fault::Kind::kDies && log_.size() > fault_.at; }

  tl::unexpected<Error> injected() const { return fail(ErrorCode::kStorage, "injected: " + log_.back()); }

  static void tear(const std::string& path) {
    if (std::filesystem::exists(path)) {
      std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
    }
  }

  std::string local(const std::string& path) const {
    return path.starts_with(root_ + "/") ? path.substr(root_.size() + 1) : path;
  }
  static std::string normal(const std::filesystem::path& path) {
    std::string text = path.lexically_normal().string();
    if (text.ends_with('/')) text.pop_back();
    return text;
  }
  static std::string parent(const std::filesystem::path& path) { return normal(path.parent_path()); }

  const std::string root_;
  const Fault fault_;
  PosixFileSystem disk_;
  std::vector<std::string> log_;
  std::set<std::string> unsynced_contents_;
  std::vector<Name> unsynced_names_;  // oldest first
};

}  // namespace mayfly::storage
