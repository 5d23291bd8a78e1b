#pragma once

#include "base/result.h"
#include "metrics/invocations.h"
#include "sandbox/program.h"
#include "sandbox/vfs/mounts.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mayfly::registry {

// A function whose component, in one version, is part of another's.
struct Plugged {
  std::string function;
  std::string version;  // its digest

  bool operator==(const Plugged&) const = default;
};

// One immutable version of a function. Its compiled program is loaded when it is first called and then kept, until
// others need the room; a baseline one gives way to the optimised one.
class Version {
 public:
  struct Facts {
    std::string function;       // name
    std::string digest;         // "sha256:..." of artefact, settings and bundle together: its identity
    std::string artefact;       // 64 hex digits of the module's bytes
    std::string bundle = {};    // 64 hex digits of the zip of its files; "" for none
    sandbox::EntryPoint entry;  // kind, and the export that is called
    sandbox::Settings settings;
    sandbox::Capabilities capabilities;
    std::uint64_t size = 0;                // bytes of the module
    std::int64_t created = 0;              // Unix milliseconds
    std::vector<std::string> stages = {};  // of a pipeline: names of the functions it calls, in order
    std::vector<Plugged> plugged = {};     // what it was composed with
    std::string component = {};            // then: 64 hex digits of what was uploaded
  };

  Version(Facts facts, std::shared_ptr<metrics::Invocations> metrics)
      : facts_(std::move(facts)), metrics_(std::move(metrics)) {}

  const Facts& facts() const { return facts_; }
  const std::string& function() const { return facts_.function; }
  bool is_pipeline() const { return facts_.entry.kind == sandbox::Kind::kPipeline; }
  const sandbox::Settings& settings() const { return facts_.settings; }
  metrics::Invocations& metrics() const { return *metrics_; }

  // What its invocations start from.
  struct Loaded {
    std::shared_ptr<const sandbox::Program> program;
    std::vector<sandbox::vfs::Mount> mounts;  // what they see of files
  };
  using LoadedPtr = std::shared_ptr<const Loaded>;
  // Null while it is not loaded, and of a pipeline; any thread. An invocation keeps what it got: a better one may take
  // its place, or none.
  LoadedPtr loaded() const { return loaded_.load(); }
  LoadedPtr set_loaded(Loaded loaded) const {
    auto made = std::make_shared<const Loaded>(std::move(loaded));
    called(Clock::now());
    loaded_.store(made);
    return made;
  }
  // Unless it has been replaced or unloaded since.
  void replace_loaded(LoadedPtr before, Loaded better) const {
    loaded_.compare_exchange_strong(before, std::make_shared<const Loaded>(std::move(better)));
  }
  // Unless somebody runs it, or has it.
  bool unload_idle() const {
    auto idle = loaded_.load();
    constexpr long kOwners = 2;  // this version, and we
    return idle != nullptr && idle.use_count() == kOwners && loaded_.compare_exchange_strong(idle, nullptr);
  }

  // Any thread, to the millisecond.
  using Clock = std::chrono::steady_clock;
  void called(Clock::time_point now) const {
    const auto then = std::chrono::floor<std::chrono::milliseconds>(now);
    // Most calls write nothing that other loops would have to read again.
    if (last_call_.load(std::memory_order_relaxed) != then) last_call_.store(then, std::memory_order_relaxed);
  }
  Clock::time_point last_call() const { return last_call_.load(std::memory_order_relaxed); }

 private:
  Facts facts_;
  std::shared_ptr<metrics::Invocations> metrics_;
  mutable std::atomic<LoadedPtr> loaded_;
  mutable std::atomic<Clock::time_point> last_call_{};
};

using VersionPtr = std::shared_ptr<const Version>;

}  // namespace mayfly::registry
