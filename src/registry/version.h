#pragma once

#include "base/result.h"
#include "metrics/invocations.h"
#include "sandbox/program.h"
#include "sandbox/vfs/mounts.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace mayfly::registry {

// One immutable version of a function. Its compiled program is loaded when it is first called and then kept.
class Version {
 public:
  struct Facts {
    std::string function;       // name
    std::string digest;         // "sha256:..." of artefact and settings together: its identity
    std::string artefact;       // 64 hex digits of the module's bytes
    sandbox::EntryPoint entry;  // kind, and the export that is called
    sandbox::Settings settings;
    std::uint64_t size = 0;    // bytes of the module
    std::int64_t created = 0;  // Unix milliseconds
  };

  Version(Facts facts, std::shared_ptr<metrics::Invocations> metrics)
      : facts_(std::move(facts)), metrics_(std::move(metrics)) {}

  const Facts& facts() const { return facts_; }
  const std::string& function() const { return facts_.function; }
  const sandbox::Settings& settings() const { return facts_.settings; }
  metrics::Invocations& metrics() const { return *metrics_; }

  // What its invocations start from.
  struct Loaded {
    std::shared_ptr<const sandbox::Program> program;
    std::vector<sandbox::vfs::Mount> mounts;  // what they see of files
  };
  // Null until set_loaded(); any thread.
  const sandbox::Program* program() const { return program_.load(std::memory_order_acquire); }
  // Once program() is there.
  const std::vector<sandbox::vfs::Mount>& mounts() const { return loaded_.mounts; }
  // The first one stays; when this returns, program() has it.
  void set_loaded(Loaded loaded) const;

 private:
  Facts facts_;
  std::shared_ptr<metrics::Invocations> metrics_;
  mutable Loaded loaded_;
  mutable std::atomic<const sandbox::Program*> program_ = nullptr;
  mutable std::once_flag once_;
};

using VersionPtr = std::shared_ptr<const Version>;

}  // namespace mayfly::registry
