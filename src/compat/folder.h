#pragma once

#include "base/log.h"
#include "deploy/deployer.h"

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace mayfly::compat {

// Seed 002: a folder whose modules are functions, `NAME.wasm` and `NAME.wat` at /NAME. A thread looks at it a few times
// a second; what was added, changed or removed is live or gone within one. A module that cannot be used answers why.
class Folder {
 public:
  Folder(std::string path, deploy::Deployer& deployer, registry::Registry& registry, Log& log)
      : path_(std::move(path)), deployer_(deployer), registry_(registry), log_(log) {}

  // Looks once, then starts the thread. kBadConfig when the path is not a folder.
  Status start();

 private:
  // What tells a changed file from an unchanged one: a file may be replaced by one as long and as old.
  struct Stamp {
    std::filesystem::path file;
    std::int64_t size = 0;
    std::uint64_t inode = 0;
    std::int64_t modified = 0, changed = 0;  // nanoseconds
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::map<std::string, Stamp>;

  void run(const std::stop_token& stopping);
  Result<Stamps> look() const;
  void refresh();
  void publish(std::map<std::string, registry::FolderEntry>& changed);
  registry::FolderEntry load(const std::string& name, std::string bytes);

  std::string path_;
  deploy::Deployer& deployer_;
  registry::Registry& registry_;
  Log& log_;
  Stamps known_;
  bool unreadable_ = false;
  std::jthread thread_;
};

}  // namespace mayfly::compat
