#include "compat/folder.h"

#include "base/file.h"

#include <fmt/format.h>
#include <pthread.h>

#include <chrono>

namespace mayfly::compat {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds kPeriod{250};

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
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  while (!stopped.wait_for(lock, stopping, kPeriod, [&] { return stopping.stop_requested(); })) refresh();
}

// `NAME.wasm` wins over `NAME.wat`.
Folder::Stamps Folder::look() const {
  Stamps stamps;
  std::error_code error;
  for (auto it = fs::directory_iterator(path_, error); !error && it != fs::directory_iterator(); it.increment(error)) {
    const fs::path& file = it->path();
    const std::string extension = file.extension();
    if (extension != ".wasm" && extension != ".wat") continue;
    std::error_code gone;
    if (!it->is_regular_file(gone)) continue;
    const Stamp stamp{file, it->file_size(gone), it->last_write_time(gone)};
    if (gone) continue;  // removed meanwhile
    if (extension == ".wasm") stamps[file.stem()] = stamp;
    else stamps.try_emplace(file.stem(), stamp);
  }
  return stamps;
}

void Folder::refresh() {
  Stamps found = look();
  if (found == known_) return;
  std::map<std::string, registry::FolderEntry> changed;
  for (const auto& [name, stamp] : found) {
    const auto before = known_.find(name);
    if (before != known_.end() && before->second == stamp) continue;
    changed.emplace(name, load(name, stamp));
  }
  registry_.update([&](registry::Snapshot& next) {
    std::erase_if(next.folder, [&](const auto& entry) { return !found.contains(entry.first); });
    for (auto& [name, entry] : changed) next.folder.insert_or_assign(name, std::move(entry));
  });
  known_ = std::move(found);
}

registry::FolderEntry Folder::load(const std::string& name, const Stamp& stamp) {
  auto bytes = read_file(stamp.file);
  if (!bytes) return fail(std::move(bytes.error()));
  auto made = deployer_.make_ephemeral({.name = name, .bytes = std::move(*bytes)});
  LogLine line("module");
  line.text("function", name);
  if (made) line.text("version", (*made)->facts().digest);
  else line.text("type", describe(made.error().code).slug).text("reason", made.error().message);
  log_.write(std::move(line));
  return made;
}

}  // namespace mayfly::compat
