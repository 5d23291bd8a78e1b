#pragma once

#include "base/guarded.h"
#include "invoke/fair_queue.h"
#include "net/loop.h"
#include "registry/version.h"

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

namespace mayfly::invoke {

struct Waiting;

// Whose turn an invocation of it takes.
inline Owner owner_of(const registry::Version& version) { return {version.settings().tenant, version.function()}; }

// Who may run now, of the whole process: each function up to its concurrency, all of them up to the sandboxes there
// are. Who may not waits: for its function first, in order of arrival; then for a sandbox, in fair turns. Any thread.
class Admission {
 public:
  explicit Admission(sandbox::Engine& engine) : engine_(engine) {}

  // What an invocation has of this: nothing, a place in a queue, or the right to run. Given back when it goes.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept
        : admission_(std::exchange(other.admission_, nullptr)),
          version_(std::move(other.version_)),
          waiting_(std::move(other.waiting_)) {}
    ~Place() { leave(); }
    void leave();
    // Whether its function lets it run, and only a sandbox is missing.
    bool waits_for_sandbox() const;

   private:
    friend class Admission;
    Admission* admission_ = nullptr;  // null outside
    registry::VersionPtr version_;
    std::shared_ptr<Waiting> waiting_;  // null when it had not to wait
  };

  enum class Entry { kAdmitted, kQueued };
  // Takes the right to run, or a place in the queue: then `admitted` is called on `loop` later, unless the place was
  // left before. kTooManyRequests when the function's queue is full, kOverloaded when the machine's is.
  Result<Entry> enter(Place& place, const registry::VersionPtr& version, net::Loop& loop,
                      std::function<void()> admitted);

  std::size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

 private:
  struct Queues {
    std::unordered_map<const metrics::Invocations*, std::deque<std::shared_ptr<Waiting>>> functions;
    FairQueue<std::shared_ptr<Waiting>> sandboxes;
  };

  bool try_enter(const registry::Version& version);
  void give_back(const registry::VersionPtr& version);
  void abandon(const std::shared_ptr<Waiting>& waiting);
  void hand_on(Queues& queues, const registry::Version& version);
  void hand_out_sandboxes(Queues& queues);
  void grant(const std::shared_ptr<Waiting>& waiting);

  sandbox::Engine& engine_;
  Guarded<Queues> queues_;
  std::atomic<std::size_t> waiting_ = 0;          // in any queue
  std::atomic<std::size_t> without_sandbox_ = 0;  // of those, for a sandbox alone
};

}  // namespace mayfly::invoke
