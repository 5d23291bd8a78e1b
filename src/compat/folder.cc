#include "compat/folder.h"

#include "base/file.h"
#include "net/workers.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace mayfly::compat {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds kPeriod{250};
constexpr std::int64_t kSlowBytes = 64 * 1024;  // a module that takes long enough to compile to publish what is ready
constexpr std::chrono::milliseconds kPublish{100};  // while compiling: what is ready does not wait for the rest

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

}  // namespace

Status Folder::start() {
  std::error_code error;
  if (!fs::is_directory(path_, error)) {
    return fail(ErrorCode::kBadConfig,
                fmt::format("--dir {}: {}", path_, error ? error.message() : "it is not a folder"));
  }
  refresh();
  thread_ = std::jthread([this](const std::stop_token& stopping) { run(stopping); });
  return {};
}

void Folder::run(const std::stop_token& stopping) {
  pthread_setname_np(pthread_self(), "folder");
  net::lower_priority();
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  while (!stopped.wait_for(lock, stopping, kPeriod, [&] { return stopping.stop_requested(); })) refresh();
}

// `NAME.wasm` wins over `NAME.wat`. An error when the folder cannot be read whole: then nothing is known of it.
Result<Folder::Stamps> Folder::look() const {
  Stamps stamps;
  std::error_code error;
  fs::directory_iterator it(path_, error);
  for (; !error && it != fs::directory_iterator(); it.increment(error)) {
    const fs::path& file = it->path();
    const std::string extension = file.extension();
    if (extension != ".wasm" && extension != ".wat") continue;
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;  // or removed meanwhile
    const Stamp stamp{file, status.st_size, status.st_ino, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
    if (extension == ".wasm") stamps[file.stem()] = stamp;
    else stamps.try_emplace(file.stem(), stamp);
  }
  if (error) return fail(ErrorCode::kStorage, fmt::format("cannot read {}: {}", path_, error.message()));
  return stamps;
}

void Folder::refresh() {
  auto looked = look();
  if (!looked) {
    if (!std::exchange(unreadable_, true))
      log_.write(std::move(LogLine("folder").text("reason", looked.error().message)));
    return;
  }
  unreadable_ = false;
  Stamps found = std::move(*looked);
  if (found == known_) return;
  registry_.update([&](registry::Snapshot& next) {
    std::erase_if(next.folder, [&](const auto& entry) { return !found.contains(entry.first); });
  });
  std::vector<std::pair<std::string, Stamp>> fresh;
  for (const auto& [name, stamp] : found) {
    const auto before = known_.find(name);
    if (before == known_.end() || before->second != stamp) fresh.emplace_back(name, stamp);
  }
  // The smallest first: they are ready soonest.
  std::ranges::sort(fresh, {}, [](const auto& file) { return file.second.size; });
  std::map<std::string, registry::FolderEntry> changed;
  auto published = std::chrono::steady_clock::now();
  for (const auto& [name, stamp] : fresh) {
    const bool due = stamp.size > kSlowBytes || std::chrono::steady_clock::now() - published > kPublish;
    if (due) {
      publish(changed);
      published = std::chrono::steady_clock::now();
    }
    if (auto bytes = read_file(stamp.file)) {
      changed.emplace(name, load(name, std::move(*bytes)));
    } else {
      log_.write(std::move(LogLine("folder").text("function", name).text("reason", bytes.error().message)));
      found.erase(name);  // it is looked at again
    }
  }
  publish(changed);
  known_ = std::move(found);
}

void Folder::publish(std::map<std::string, registry::FolderEntry>& changed) {
  registry_.update([&](registry::Snapshot& next) {
    for (auto& [name, entry] : changed) next.folder.insert_or_assign(name, std::move(entry));
  });
  changed.clear();
}

registry::FolderEntry Folder::load(const std::string& name, std::string bytes) {
  auto made = deployer_.make_ephemeral({.name = name, .bytes = std::move(bytes)});
  LogLine line("module");
  line.text("function", name);
  if (made) line.text("version", (*made)->facts().digest);
  else line.text("type", describe(made.error().code).slug).text("reason", made.error().message);
  log_.write(std::move(line));
  return made;
}

}  // namespace mayfly::compat
