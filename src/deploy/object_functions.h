#pragma once

#include "deploy/deployer.h"
#include "metrics/book.h"
#include "net/workers.h"
#include "storage/object_store.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mayfly::deploy {

// Files of buckets as functions: compiled when first called, and again when the file is another one. Any thread.
class ObjectFunctions {
 public:
  struct Services {
    storage::ObjectStore& store;
    Deployer& deployer;
    metrics::Book& metrics;
  };
  ObjectFunctions(const Services& services, unsigned threads) : services_(services), workers_("files", threads) {}

  using Done = std::function<void(const Result<registry::VersionPtr>&)>;
  // Calls `done` with what a file is as a function, at once or on `loop` later. After a change of the file through this
  // process that is the new one; after another's, in at most kObjectTrust.
  void find(const std::string& bucket, const std::string& key, net::Loop& loop, Done done);
  // A file has changed: whoever asks from now on gets what is there now.
  void changed(const std::string& bucket, const std::string& key);
  // And one is gone, with what was counted of it.
  void removed(const std::string& bucket, const std::string& key);

  storage::ObjectStore& store() { return services_.store; }
  // Runs `work`, which may ask the store, on a worker; then `done` with what it returned on the loop.
  template <typename Fn, typename Done>
  void on_worker(net::Loop& loop, Fn work, Done done) {
    net::run_on(workers_, loop, std::move(work), std::move(done));
  }
  // Whether more work may wait for a worker.
  bool has_room() const { return workers_.waiting() < kWaitingFiles; }

  // As Deployer::stop, and before it.
  bool stop(std::chrono::milliseconds patience) { return workers_.stop(patience); }

 private:
  struct Waiter {
    net::Loop& loop;
    Done done;
  };
  using Found = Result<registry::VersionPtr>;
  // One file. Guarded by mutex_, but for what never changes.
  struct Entry {
    const std::string bucket, key;
    std::string etag = {};
    std::optional<Found> found = {};
    std::chrono::steady_clock::time_point trusted_until = {};
    bool is_asked = false;  // a worker is at it
    bool is_away = false;   // the store did not answer: what is known counts until it does
    std::vector<Waiter> waiters = {};
    std::uint64_t used = 0;  // in calls_
  };
  using EntryPtr = std::shared_ptr<Entry>;

  EntryPtr entry_of(const std::string& bucket, const std::string& key);
  void ask(const EntryPtr& entry, const std::string& known);
  void compile(const EntryPtr& entry, storage::Object object);
  enum class Store { kThere, kAway };
  void keep(const EntryPtr& entry, Store store);
  void settle(const EntryPtr& entry, Found found, std::string etag, Store store = Store::kThere);
  void drop(const EntryPtr& entry);
  void forget_oldest();

  Services services_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, EntryPtr> entries_;
  std::uint64_t calls_ = 0;
  net::Workers workers_;
};

// The name of a file's function, for logs and metrics.
std::string object_function_name(const std::string& bucket, const std::string& key);

}  // namespace mayfly::deploy
