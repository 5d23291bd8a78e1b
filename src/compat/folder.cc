#include "compat/folder.h"

#include "base/file.h"
#include "net/workers.h"

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
    std::error_code gone;
    if (!it->is_regular_file(gone)) continue;
    const Stamp stamp{file, it->file_size(gone), it->last_write_time(gone)};
    if (gone) continue;  // removed meanwhile
    if (extension == ".wasm") stamps[file.stem()] = stamp;
    else stamps.try_emplace(file.stem(), stamp);
  }
  if (error) return fail(ErrorCode::kStorage, fmt::format("cannot read {}: {}", path_, error.message()));
  return stamps;
}

void Folder::refresh() {
  auto looked = look();
  if (!looked) return log_.write(std::move(LogLine("folder").text("reason", looked.error().message)));
  Stamps found = std::move(*looked);
  if (found == known_) return;
  std::map<std::string, registry::FolderEntry> changed;
  for (auto it = found.begin(); it != found.end();) {
    const auto& [name, stamp] = *it;
    const auto before = known_.find(name);
    const bool same = before != known_.end() && before->second == stamp;
    auto bytes = same ? Result<std::string>() : read_file(stamp.file);
    if (!bytes) {  // it is looked at again
      log_.write(std::move(LogLine("folder").text("function", name).text("reason", bytes.error().message)));
      it = found.erase(it);
      continue;
    }
    if (!same) changed.emplace(name, load(name, std::move(*bytes)));
    ++it;
  }
  registry_.update([&](registry::Snapshot& next) {
    std::erase_if(next.folder, [&](const auto& entry) { return !found.contains(entry.first); });
    for (auto& [name, entry] : changed) next.folder.insert_or_assign(name, std::move(entry));
  });
  known_ = std::move(found);
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
