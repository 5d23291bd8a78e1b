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
  // What tells a changed file from an unchanged one.
  struct Stamp {
    std::filesystem::path file;
    std::uintmax_t size = 0;
    std::filesystem::file_time_type time;
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::map<std::string, Stamp>;

  void run(const std::stop_token& stopping);
  Result<Stamps> look() const;
  void refresh();
  registry::FolderEntry load(const std::string& name, std::string bytes);

  std::string path_;
  deploy::Deployer& deployer_;
  registry::Registry& registry_;
  Log& log_;
  Stamps known_;
  std::jthread thread_;
};

}  // namespace mayfly::compat
