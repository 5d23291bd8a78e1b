#pragma once

#include "base/guarded.h"
#include "base/result.h"
#include "registry/name_map.h"
#include "registry/route_table.h"
#include "registry/version.h"

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace mayfly::registry {

// A module of a watched folder: what it is, or why it is nothing.
using FolderEntry = Result<VersionPtr>;

// What answers where, as of one moment. Immutable: a request sees one of these from start to end.
struct Snapshot {
  NameMap<VersionPtr> routes;                     // `GET /path`, of a configuration file; exact, with the query string
  NameMap<FolderEntry> folder;                    // by name, of a watched folder
  NameMap<VersionPtr> functions;                  // by name, deployed
  std::shared_ptr<const RouteTable> application;  // of WAGI; null without one
};

// The current snapshot. Written by deploys, one at a time; read by every loop through a Reader of its own.
class Registry {
 public:
  Registry() : current_(std::make_shared<const Snapshot>()) {}

  // Replaces the snapshot by an edited copy; live for the next request on every loop.
  template <typename Edit>
  void update(Edit edit) {
    auto current = current_.lock();
    auto next = std::make_shared<Snapshot>(**current);
    edit(*next);
    *current = std::move(next);
    generation_.fetch_add(1, std::memory_order_release);
  }

  std::shared_ptr<const Snapshot> current() {
    auto current = current_.lock();
    return *current;
  }

  // One per loop: costs a lock only after a change.
  class Reader {
   public:
    explicit Reader(Registry& registry) : registry_(registry) {}
    const std::shared_ptr<const Snapshot>& snapshot() {
      const std::uint64_t generation = registry_.generation_.load(std::memory_order_acquire);
      if (generation != generation_ || !snapshot_) {
        snapshot_ = registry_.current();
        generation_ = generation;
      }
      return snapshot_;
    }

   private:
    Registry& registry_;
    std::uint64_t generation_ = 0;
    std::shared_ptr<const Snapshot> snapshot_;
  };

 private:
  Guarded<std::shared_ptr<const Snapshot>> current_;
  std::atomic<std::uint64_t> generation_ = 0;
};

// Checks a name that a function is deployed under: kBadName or kReservedName.
Status check_name(std::string_view name);

// Up to three known names that are near to one that is not, as `, did you mean a, b?`; "" when none is.
std::string near_names(const Snapshot& snapshot, std::string_view name);

}  // namespace mayfly::registry
